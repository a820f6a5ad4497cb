"""The Laguna format: calls between tags, between `<user>` tags, or as bare JSON.

    answer = [ thinking "</think>" ] { text | "<tool_call>" CALL "</tool_call>"
             | "<user>" CALL "</user>" | JSON }
    CALL   = NAME { "<arg_key>" K "</arg_key>" "<arg_value>" V "</arg_value>" } | NAME JSON | JSON

The last two forms count only when they name a declared tool; else they are text.
"""

import re
from collections.abc import Callable, Sequence
from typing import Final

from paddock.api import Message, Think, Tool
from paddock.output import argkeys
from paddock.output.chain import Chain
from paddock.output.events import BrokenCall, Content, Event, OutputParser, ToolCall
from paddock.output.formats import OutputFormat
from paddock.output.scanner import CUT, Edge, Gate, Sink, Span
from paddock.output.toolcalls import as_arguments, field
from paddock.output.values import SPACE, Brackets, CallError, Tools, by_name, read_object

_ALIASES: Final = {
    "read_file": "read",
    "write_file": "write",
    "edit_file": "edit",
    "web_fetch": "webfetch",
}
_TAG: Final = "<tool_call>"
_NAME: Final = re.compile(r"\s*([^\s<{]+)\s*")

# -- calls -----------------------------------------------------------------------------------------


def _declared(name: str, tools: Tools) -> str:
    alias = _ALIASES.get(name)
    return alias if name not in tools and alias is not None and alias in tools else name


def _call(body: str, tools: Tools) -> list[ToolCall]:
    """Each call once, however often the opening tag and the call behind it were repeated."""
    calls: list[ToolCall] = []
    for text in body.split(_TAG):
        if text.strip(SPACE):
            call = _one_call(text.strip(SPACE), tools)
            if call not in calls:
                calls.append(call)
    if not calls:
        raise CallError("empty function name")
    return calls


def _one_call(text: str, tools: Tools) -> ToolCall:
    if text.startswith("{"):
        return _json_call(text, tools)
    found = _NAME.match(text)
    if found is None:
        raise CallError("empty function name")
    name, rest = _declared(found[1], tools), text[found.end() :]
    if rest.startswith("{"):
        return ToolCall(name, read_object(rest))
    return argkeys.call(name + rest, tools)[0]


def _json_call(text: str, tools: Tools) -> ToolCall:
    envelope = read_object(text)
    name, arguments = field(envelope, "name"), field(envelope, "arguments")
    if not isinstance(name, str) or not name:
        raise CallError("empty function name")
    return ToolCall(_declared(name, tools), as_arguments(arguments))


def _cut_call(body: str, tools: Tools) -> list[ToolCall]:
    """A call without its closing tag, if nothing of it can be missing."""
    text = body.split(_TAG)[0].strip(SPACE)
    found = _NAME.match(text)
    if found is None or text[found.end() :].startswith("{"):
        return _call(body, tools)
    return argkeys.cut_call(_declared(found[1], tools) + text[found.end() :], tools)


# -- calls in the text -----------------------------------------------------------------------------

_MARKED: Final = Span(Sink.CONTENT, {"<user>": Edge("user"), "{": Edge("json")})
_USER_END: Final = "</user>"
_JSON_START: Final = re.compile(r'\{\s*"?')


class _CallsInText:
    """Content in which a call of a declared tool may stand without its tags."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._held = ""
        self._at = -1
        """Where in the held text a call may begin, or -1."""
        self._brackets = Brackets()
        self._seen = 0
        self._skipping = False

    def feed(self, text: str) -> list[Event]:
        if not self._held and not self._skipping and _MARKED.calm.fullmatch(text):
            return [Content(text)]
        self._held += text
        events: list[Event] = []
        while self._held and self._advance(events):
            pass
        return events

    def finish(self) -> list[Event]:
        held, self._held = self._held, ""
        at, self._at = self._at, -1
        if at >= 0 and '"name"' in held and '"arguments"' in held and held[at] == "{":
            before = [Content(held[:at].rstrip(SPACE))] if held[:at].strip(SPACE) else []
            return [*before, BrokenCall(held[at:], CUT, cut=True)]
        return [Content(held)] if held else []

    def _advance(self, events: list[Event]) -> bool:
        if self._skipping:
            self._held = self._held.lstrip(SPACE)
            self._skipping = not self._held
        if self._at < 0:
            found = _MARKED.marker.search(self._held)
            if found is None:
                self._give(_MARKED.held_from(self._held), events)
                return False
            self._at = found.start()
            self._brackets, self._seen = Brackets(), self._at
        end = self._end_of_user() if self._held[self._at] == "<" else self._end_of_json()
        if end is None:
            self._give(len(self._held[: self._at].rstrip(SPACE)), events)
            return False
        at, self._at = self._at, -1
        call = self._call(self._held[at:end])
        if call is None:
            self._give(end, events)
            return True
        if before := self._held[:at].rstrip(SPACE):
            events.append(Content(before))
        events.append(call)
        self._held = self._held[end:]
        self._skipping = True
        return True

    def _give(self, end: int, events: list[Event]) -> None:
        if end:
            events.append(Content(self._held[:end]))
            self._held = self._held[end:]
            if self._at >= 0:
                self._at -= end
                self._seen -= end

    def _end_of_user(self) -> int | None:
        """Where the candidate ends; a name that no tool has ends it at once."""
        end = self._held.find(_USER_END, self._at)
        if end >= 0:
            return end + len(_USER_END)
        inside = self._held[self._at + len("<user>") :].lstrip(SPACE)
        name = re.split(r"[\s<{]", inside, maxsplit=1)[0]
        names = (*self._tools, *_ALIASES)
        known = name in names if len(name) < len(inside) else any(n.startswith(name) for n in names)
        return None if known or not name else self._at + len("<user>")

    def _end_of_json(self) -> int | None:
        lead = _JSON_START.match(self._held, self._at)
        assert lead is not None
        if not lead.group().endswith('"'):
            return None if lead.end() == len(self._held) else self._at + 1
        found = self._brackets.feed(self._held[self._seen :])
        start, self._seen = self._seen, len(self._held)
        return None if found is None else start + found

    def _call(self, text: str) -> ToolCall | None:
        try:
            if text.startswith("<"):
                call = _call(text.removeprefix("<user>").removesuffix(_USER_END), self._tools)[0]
            else:
                call = _json_call(text, self._tools)
        except CallError:
            return None
        return call if call.name in self._tools else None


# -- the parser ------------------------------------------------------------------------------------

_FORMAT: Final = OutputFormat(
    {
        "start": Gate({"</think>": Edge("content")}, otherwise="content", drop_space=True),
        "thinking": Gate({"<think>": Edge("thought")}, otherwise="thought", drop_space=True),
        "thought": Span(Sink.THINKING, {"</think>": Edge("content"), _TAG: Edge("call")}),
        "content": Span(
            Sink.CONTENT, {_TAG: Edge("call"), "<think>": Edge("thinking", trim=False)}
        ),
        "call": Span(Sink.CALL, {"</tool_call>": Edge("content")}),
    },
    _call,
    _cut_call,
    trim_end=True,
)
_SILENT: Final = _FORMAT.without_thinking()


def maker(*, continues: bool) -> Callable[[Sequence[Tool], Message | None, Think], OutputParser]:
    """`continues`: an assistant message at the prompt's end is gone on with, not thought about."""

    def make(tools: Sequence[Tool], last: Message | None, think: Think) -> OutputParser:
        prefilled = continues and last is not None and last.role == "assistant"
        start = "thinking" if think and not prefilled else "start"
        tagged = (_FORMAT if think else _SILENT).parser(start, tools)
        return Chain(tagged, _CallsInText(by_name(tools))) if tools else tagged

    return make

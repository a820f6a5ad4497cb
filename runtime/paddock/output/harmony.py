"""The harmony format: messages with a header, whose channel and recipient say where a body goes.

    answer  = { "<|start|>" header "<|message|>" body [ "<|end|>" ] }
    header  = role [ " to=" recipient ] [ "<|channel|>" channel [ " to=" recipient ] ] …

The prompt ends inside the first header. Tools have names here that look like identifiers; `Names`
leads there and back.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from paddock.api import Message, Think, Tool
from paddock.output.events import BrokenCall, Content, Event, Thinking, ToolCall
from paddock.output.scanner import Edge, Sink, Span
from paddock.output.values import SPACE, CallError, read_object

# -- messages --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Begin:
    """A message begins."""


@dataclass(frozen=True, slots=True)
class Header:
    role: str
    channel: str = ""
    recipient: str = ""


@dataclass(frozen=True, slots=True)
class Body:
    """Text of the message whose header came last. Never empty."""

    text: str


@dataclass(frozen=True, slots=True)
class End:
    """The message is complete."""


Part = Begin | Header | Body | End

_START: Final = "<|start|>"
_CONSTRAIN: Final = "<|constrain|>"
_CHANNEL: Final = re.compile(r"<\|channel\|>(\S*)")


def read_header(text: str) -> Header:
    text = text.replace(_CONSTRAIN, f" {_CONSTRAIN}")
    channel = _CHANNEL.search(text)
    if channel is not None:
        text = f"{text[: channel.start()]}{text[channel.end() :]}"
    words = text.split()
    if words and words[0].startswith("to="):
        return Header("tool", channel[1] if channel else "", words[0][3:])
    recipient = words[1][3:] if len(words) > 1 and words[1].startswith("to=") else ""
    return Header(words[0] if words else "", channel[1] if channel else "", recipient)


class Messages:
    """Cuts streamed text into messages. `begun`: what of the first one stands in the prompt."""

    _STEPS: Final = {
        "outside": Span(Sink.NOWHERE, {_START: Edge("header", trim=False)}),
        "header": Span(Sink.NOWHERE, {"<|message|>": Edge("body", trim=False)}),
        "body": Span(Sink.NOWHERE, {"<|end|>": Edge("outside", trim=False)}),
    }

    def __init__(self, begun: str = "") -> None:
        self._step = "outside"
        self._held = begun

    def feed(self, text: str) -> list[Part]:
        self._held += text
        parts: list[Part] = []
        while self._advance(parts):
            pass
        return parts

    def finish(self) -> tuple[list[Part], str]:
        """What is certain now, and the text of a header that never ended."""
        held, self._held = self._held, ""
        if self._step == "header":
            return [], held
        return [Body(held)] if held and self._step == "body" else [], ""

    def _advance(self, parts: list[Part]) -> bool:
        span = self._STEPS[self._step]
        found = span.marker.search(self._held)
        if self._step == "body":
            cut = found.start() if found else span.held_from(self._held)
            if cut:
                parts.append(Body(self._held[:cut]))
            self._held = self._held[cut:]
        if found is None:
            return False
        match self._step:
            case "outside":
                parts.append(Begin())
            case "header":
                parts.append(read_header(self._held[: found.start()]))
            case _:
                parts.append(End())
        self._held = self._held[self._held.index(found.group()) + len(found.group()) :]
        self._step = span.edges[found.group()].to
        return True


# -- names -----------------------------------------------------------------------------------------

_OWN_TOOLS: Final = ("browser.open", "browser.search", "browser.find", "python")
_TO_UNDERSCORE: Final = re.compile(r"[ \-.]")


class Names:
    """Names of tools as the model must see them, and the way back."""

    def __init__(self) -> None:
        self._original: dict[str, str] = {}

    def shown(self, name: str) -> str:
        """A name not used before; the model's own tools keep theirs."""
        if name in _OWN_TOOLS:
            self._original.setdefault(name, name)
            return name
        plain = _identifier(name)
        shown, count = plain, 1
        while shown in self._original:
            count += 1
            shown = f"{plain}_{count}"
        self._original[shown] = name
        return shown

    def original(self, shown: str) -> str:
        return self._original.get(shown, shown)


def _identifier(name: str) -> str:
    joined = _TO_UNDERSCORE.sub("_", name)
    kept = "".join(letter for letter in joined if letter.isalnum() or letter in "_$")
    if not kept:
        return "unnamed"
    return f"_{kept}" if kept[0] in "0123456789" else kept


def shown_tools(tools: Sequence[Tool]) -> list[Tool]:
    """The tools as a prompt has to show them."""
    names = Names()
    return [_renamed(tool, names.shown) for tool in tools]


def _renamed(tool: Tool, rename: Callable[[str], str]) -> Tool:
    function = tool.function
    if function is None:
        return tool
    named = function.model_copy(update={"name": rename(function.name or "")})
    return tool.model_copy(update={"function": named})


# -- the parser ------------------------------------------------------------------------------------

_BEGUN: Final = "<|start|>assistant"
_MARKER: Final = re.compile(r"<\|\w+\|>")


class HarmonyParser:
    """Bodies to content, thinking or calls; a call is complete where its message ends."""

    def __init__(self, begun: str, names: Names) -> None:
        self._messages = Messages(begun)
        self._begun = len(begun.removeprefix(_START))
        self._names = names
        self._to: type[Content | Thinking | ToolCall] = Content
        self._recipient = ""
        self._body: list[str] = []
        self._calls = 0

    def feed(self, text: str) -> list[Event]:
        return [event for part in self._messages.feed(text) for event in self._route(part)]

    def finish(self) -> list[Event]:
        parts, header = self._messages.finish()
        events = [event for part in [*parts, End()] for event in self._route(part)]
        # A model that writes no header at all has still answered.
        rest = header[self._begun :]
        if rest.strip(SPACE) and not _MARKER.search(rest):
            events.append(Content(rest))
        return events

    def _route(self, part: Part) -> list[Event]:
        match part:
            case Begin():
                return []
            case Header():
                self._begun = 0
                self._to = self._destination(part)
                self._recipient = part.recipient
                return []
            case Body(text):
                if self._to is ToolCall:
                    self._body.append(text)
                    return []
                return [Thinking(text) if self._to is Thinking else Content(text)]
            case End():
                events = [self._call()] if self._to is ToolCall else []
                self._to = Content
                return events

    def _destination(self, header: Header) -> type[Content | Thinking | ToolCall]:
        match header.channel, bool(header.recipient):
            case "analysis" | "commentary", True:
                return ToolCall
            case "analysis", False:
                return Thinking
            case "commentary" | "final", _:
                return Content
            case _:
                return self._to

    def _call(self) -> Event:
        text = "".join(self._body)
        self._body.clear()
        name = self._names.original(self._recipient.removeprefix("functions."))
        try:
            call = ToolCall(name, read_object(text), self._calls)
        except CallError as error:
            return BrokenCall(text, f"error parsing tool call: {error}")
        self._calls += 1
        return call


def parser(tools: Sequence[Tool], begun: str) -> HarmonyParser:
    """`begun`: the message that the prompt ends in, from its start."""
    names = Names()
    for tool in tools:
        names.shown((tool.function.name if tool.function else None) or "")
    return HarmonyParser(begun, names)


def make(tools: Sequence[Tool], last: Message | None, think: Think) -> HarmonyParser:
    begun = _BEGUN
    if last is not None and last.role == "assistant":
        if last.content:
            begun += "<|channel|>final<|message|>"
        elif last.thinking:
            begun += "<|channel|>analysis<|message|>"
    return parser(tools, begun)

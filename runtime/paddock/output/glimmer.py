"""The Glimmer format: messages to recipients, and calls as blocks of `atem:` tags.

    answer = [ " to=" recipient ] "<|message|>" body { end "<|start|>assistant" … } [ end ]
    end    = "<|eom|>" | "<|eot|>" | nothing, where "<|start|>assistant" begins the next message
    call   = "<atem:function_calls>" "<atem:invoke name=" NAME ">" { parameter } "</atem:invoke>"
             "</atem:function_calls>"

The recipient `self` means thinking, a declared tool a call, everything else content. The prompt
ends inside the first header.
"""

import re
from collections.abc import Callable, Sequence
from enum import Enum
from typing import Any, Final

from paddock.api import Message, Think, Tool
from paddock.output.events import BrokenCall, Content, Event, Thinking, ToolCall
from paddock.output.scanner import CUT, Edge, Sink, Span
from paddock.output.values import SPACE, CallError, Tools, by_name, typed, types_of

_MESSAGE: Final = "<|message|>"
_START: Final = "<|start|>"
_BEGIN: Final = "<|start|>assistant"
_OPEN: Final = "<atem:function_calls>"
_CLOSE: Final = "</atem:function_calls>"

_HEADER: Final = Span(Sink.NOWHERE, {_MESSAGE: Edge("", trim=False)})
_TEXT: Final = Span(
    Sink.NOWHERE,
    {mark: Edge("", trim=False) for mark in ("<|eom|>", "<|eot|>", _START)},
)
_WRAPPED: Final = Span(Sink.NOWHERE, {_CLOSE: Edge("", trim=False)})
_RECIPIENT: Final = re.compile(r"\bto=(\S+)\s*\Z")
_INVOKE: Final = re.compile(
    r'<atem:invoke name="(?P<name>[^"<>]*)(?:<\|message\|>)*'
    r'(?:"\s*>|(?<=<\|message\|>)(?=<atem:parameter))'
)
_PARAMETER: Final = re.compile(
    r'<atem:parameter name="(?P<key>[^"]*)">(?P<value>.*?)</atem:parameter>', re.DOTALL
)


class _Kind(Enum):
    CONTENT = "content"
    THINKING = "thinking"
    DROPPED = "dropped"
    CALL = "call"


class GlimmerParser:
    def __init__(self, tools: Sequence[Tool], *, thinks: bool) -> None:
        self._tools = by_name(tools)
        self._thinks = thinks
        self._held = ""
        self._kind: _Kind | None = None
        """None while a header is read."""
        self._recipient = ""
        self._body: list[str] = []
        """Text of a call, and content that may be one."""
        self._undecided = False
        """At the beginning of a body that may be a block of calls."""
        self._wrapped = False
        """Inside a block of calls, where the end markers are text."""
        self._is_first = True
        self._calls = 0

    def feed(self, text: str) -> list[Event]:
        self._held += text
        events: list[Event] = []
        while self._held and self._advance(events):
            pass
        return events

    def finish(self) -> list[Event]:
        held, self._held = self._held, ""
        if self._kind is None:
            # Without any message the whole answer is content.
            header = not self._is_first and held.lstrip(SPACE).startswith(_START)
            return [Content(held)] if held.strip(SPACE) and not header else []
        events: list[Event] = []
        begins = not self._wrapped and len(held) > len(_BEGIN) and held.startswith(_BEGIN)
        if not begins:
            self._put(held, events)
        self._end(events, cut=True)
        return events

    def _advance(self, events: list[Event]) -> bool:
        if self._kind is None:
            return self._read_header()
        if self._undecided and not self._decide():
            return False
        if self._wrapped:
            return self._read_block()
        found = _TEXT.marker.search(self._held)
        cut = found.start() if found else _TEXT.held_from(self._held)
        if found and found.group() == _START:
            return self._at_start(cut, events)
        self._put(self._held[:cut], events)
        self._held = self._held[found.end() if found else cut :]
        if found is None:
            return False
        self._end(events)
        return True

    def _read_header(self) -> bool:
        found = _HEADER.marker.search(self._held)
        if found is None:
            return False
        recipient = _RECIPIENT.search(self._held[: found.start()])
        self._recipient = recipient[1] if recipient else ""
        self._held = self._held[found.end() :]
        self._kind = self._kind_of(self._recipient)
        self._undecided = bool(self._tools) and self._kind in (_Kind.CALL, _Kind.CONTENT)
        self._is_first = False
        return True

    def _kind_of(self, recipient: str) -> _Kind:
        if recipient == "self":
            return _Kind.THINKING if self._thinks else _Kind.DROPPED
        return _Kind.CALL if self._declared(recipient) else _Kind.CONTENT

    def _decide(self) -> bool:
        """Whether it is known now if the body that begins is a block of calls."""
        lead = self._held.lstrip(SPACE)
        if len(lead) < len(_OPEN) and _OPEN.startswith(lead):
            return False
        self._undecided = False
        if lead.startswith(_OPEN):
            self._wrapped = True
            self._body.append(self._held[: len(self._held) - len(lead) + len(_OPEN)])
            self._held = lead[len(_OPEN) :]
        return True

    def _read_block(self) -> bool:
        found = _WRAPPED.marker.search(self._held)
        cut = found.end() if found else _WRAPPED.held_from(self._held)
        self._body.append(self._held[:cut])
        self._held = self._held[cut:]
        self._wrapped = found is None
        return found is not None

    def _at_start(self, at: int, events: list[Event]) -> bool:
        """Whether a `<|start|>` begins the next message, is text, or is not known yet."""
        self._put(self._held[:at], events)
        self._held = self._held[at:]
        match self._next_message(self._held):
            case None:
                self._put(_START, events)
                self._held = self._held[len(_START) :]
                return True
            case "":
                return False
            case _:
                self._end(events)
                return True

    def _next_message(self, text: str) -> str | None:
        """The header that `text` begins with; "" while it may still be one; None if it is text."""
        recipients = ("self", "user", *self._tools)
        names = (*recipients, *(f"{name.partition('.')[0]}.{name}" for name in self._tools))
        headers = (f"{_BEGIN}{_MESSAGE}", *(f"{_BEGIN} to={name}{_MESSAGE}" for name in names))
        for header in headers:
            if text.startswith(header):
                return header
        return "" if any(header.startswith(text) for header in headers) else None

    def _put(self, text: str, events: list[Event]) -> None:
        if not text:
            return
        match self._kind:
            case _Kind.THINKING:
                events.append(Thinking(text))
            case _Kind.CONTENT if not self._body:
                events.append(Content(text))
            case _Kind.CALL | _Kind.CONTENT:
                self._body.append(text)
            case _:
                pass

    def _end(self, events: list[Event], *, cut: bool = False) -> None:
        """The message is complete."""
        body = "".join(self._body)
        kind, has_body = self._kind, bool(self._body)
        self._kind, self._wrapped, self._undecided = None, False, False
        self._body.clear()
        if kind is _Kind.CALL:
            try:
                self._call(body, self._recipient, events)
            except CallError as error:
                reason = f"{CUT}: {error}" if cut else str(error)
                events.append(BrokenCall(body, reason, cut))
        elif has_body:
            try:
                self._call(body, None, events)
            except CallError:
                events.append(Content(body))

    def _call(self, body: str, recipient: str | None, events: list[Event]) -> None:
        name, arguments = _read_call(body, self._tools, self._declared)
        declared = self._declared(name)
        if declared is None or (recipient and declared != self._declared(recipient)):
            raise CallError(f'recipient "{recipient}" does not match invoke "{name}"')
        events.append(ToolCall(declared, arguments, self._calls))
        self._calls += 1

    def _declared(self, name: str) -> str | None:
        """The declared tool that a name means; it may be repeated as its own name space."""
        if name in self._tools:
            return name
        space, _, function = name.partition(".")
        own = function in self._tools and space == function.partition(".")[0]
        return function if own else None


def _read_call(
    body: str, tools: Tools, declared: Callable[[str], str | None]
) -> tuple[str, dict[str, Any]]:
    """The one call of a block: the name as the model wrote it, and its typed arguments."""
    text = body.strip(SPACE)
    if not (text.startswith(_OPEN) and text.endswith(_CLOSE)):
        raise CallError("missing ATEM function_calls wrapper")
    text = text[len(_OPEN) : -len(_CLOSE)].strip(SPACE)
    invoke = _INVOKE.match(text)
    if invoke is None:
        raise CallError("missing ATEM invoke")
    name = invoke["name"]
    resolved = declared(name) or name
    arguments: dict[str, Any] = {}
    at = _after_space(text, invoke.end())
    while parameter := _PARAMETER.match(text, at):
        key = parameter["key"]
        arguments[key] = typed(parameter["value"], types_of(tools, resolved, key))
        at = _after_space(text, parameter.end())
    if text[at:] != "</atem:invoke>":
        raise CallError(f"{text[at:][:40]!r} stands where the ATEM invoke should end")
    return name, arguments


def _after_space(text: str, at: int) -> int:
    return len(text) - len(text[at:].lstrip(SPACE))


def make(tools: Sequence[Tool], last: Message | None, think: Think) -> GlimmerParser:
    return GlimmerParser(tools, thinks=think is not False)

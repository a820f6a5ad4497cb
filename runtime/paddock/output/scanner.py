"""Runs a table of modes and markers over streamed text. Knows markers; knows no format, no tool.

A format is a set of named modes. A `Span` is text of one kind up to one of its markers; a `Gate`
decides at the start of a text what it is; each marker's `Edge` says which mode follows and whether
the whitespace beside the marker belongs to it. Text that may be the start of a marker, or
whitespace that a marker may swallow, is held back; when no marker comes it is text after all.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import Final

from paddock.output.events import BrokenCall, Content, Event, Thinking, ToolCall

SPACE: Final = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
"""Unicode White_Space: unlike str.strip() without U+001C to U+001F."""

CUT: Final = "the answer ended inside the call"


class CallError(ValueError):
    """A call body that cannot be read; the message says why."""


Decode = Callable[[str], Sequence[ToolCall]]
"""A finished call body -> its calls. CallError if there is none to read."""


class Sink(Enum):
    """What becomes of the text of a span."""

    CONTENT = "content"
    THINKING = "thinking"
    CALL = "call"
    NOWHERE = "nowhere"


@dataclass(frozen=True, slots=True)
class Edge:
    """Where a marker leads."""

    to: str
    trim: bool = True
    """Whitespace before the marker is dropped."""
    skip: bool = True
    """Whitespace after the marker is dropped."""


@dataclass(frozen=True)
class Span:
    """Text of one kind, up to one of the markers; the one that stands first ends it."""

    sink: Sink
    edges: Mapping[str, Edge] = field(default_factory=dict[str, Edge])

    @cached_property
    def marker(self) -> re.Pattern[str] | None:
        return re.compile("|".join(map(re.escape, self.edges))) if self.edges else None

    @cached_property
    def longest(self) -> int:
        """Characters that an unfinished marker can have at most."""
        return max(map(len, self.edges)) - 1 if self.edges else 0

    @cached_property
    def trims(self) -> bool:
        return any(edge.trim for edge in self.edges.values())

    def held_from(self, text: str) -> int:
        """Where the end of `text` begins that cannot be given away yet."""
        held = len(text)
        for at in range(max(0, held - self.longest), held):
            tail = text[at:]
            if any(marker.startswith(tail) for marker in self.edges):
                held = at
                break
        return len(text[:held].rstrip(SPACE)) if self.trims else held


@dataclass(frozen=True)
class Gate:
    """The start of a text, after optional whitespace: one of the markers, or something else."""

    edges: Mapping[str, Edge]
    otherwise: str
    drop_space: bool = False
    """The whitespace is dropped even when no marker follows it."""


Mode = Span | Gate
Modes = Mapping[str, Mode]


class Scanner:
    """Takes one answer apart by a table of modes."""

    def __init__(
        self, modes: Modes, start: str, decode: Decode | None = None, *, skip: bool = False
    ) -> None:
        self._modes = modes
        self._mode = modes[start]
        self._decode = decode
        self._skipping = skip
        self._held = ""
        self._body: list[str] = []
        self._calls = 0

    def feed(self, text: str) -> list[Event]:
        events: list[Event] = []
        self._held += text
        while self._held and self._advance(events):
            pass
        return events

    def finish(self) -> list[Event]:
        events: list[Event] = []
        while isinstance(self._mode, Gate):
            self._pass(self._mode)
            while self._held and self._advance(events):
                pass
        if self._held:
            self._put(self._mode.sink, self._held, events)
            self._held = ""
        if self._mode.sink is Sink.CALL:
            self._cut(events)
        return events

    def _advance(self, events: list[Event]) -> bool:
        """Works off the buffer up to the next marker; False when it needs more text."""
        if self._skipping:
            self._held = self._held.lstrip(SPACE)
            if not self._held:
                return False
            self._skipping = False
        mode = self._mode
        return self._choose(mode) if isinstance(mode, Gate) else self._scan(mode, events)

    def _choose(self, gate: Gate) -> bool:
        lead = self._held.lstrip(SPACE)
        for marker, edge in gate.edges.items():
            if lead.startswith(marker):
                self._held = lead[len(marker) :]
                self._go(edge.to, edge.skip)
                return True
        if any(marker.startswith(lead) for marker in gate.edges):
            return False
        self._pass(gate)
        return True

    def _pass(self, gate: Gate) -> None:
        if gate.drop_space:
            self._held = self._held.lstrip(SPACE)
        self._go(gate.otherwise, skip=False)

    def _scan(self, span: Span, events: list[Event]) -> bool:
        text = self._held
        found = span.marker.search(text) if span.marker else None
        if found is None:
            cut = span.held_from(text)
            if cut:
                self._held = text[cut:]
                self._put(span.sink, text[:cut], events)
            return False
        edge = span.edges[found.group()]
        before = text[: found.start()]
        self._held = text[found.end() :]
        self._put(span.sink, before.rstrip(SPACE) if edge.trim else before, events)
        if span.sink is Sink.CALL:
            self._close(events)
        self._go(edge.to, edge.skip)
        return True

    def _go(self, name: str, skip: bool) -> None:
        self._mode = self._modes[name]
        self._skipping = skip

    def _put(self, sink: Sink, text: str, events: list[Event]) -> None:
        if not text:
            return
        if sink is Sink.CONTENT:
            events.append(Content(text))
        elif sink is Sink.THINKING:
            events.append(Thinking(text))
        elif sink is Sink.CALL:
            self._body.append(text)

    def _close(self, events: list[Event]) -> None:
        """The body of a call is complete."""
        body = "".join(self._body)
        self._body.clear()
        assert self._decode is not None
        try:
            calls = self._decode(body)
        except CallError as error:
            events.append(BrokenCall(body, str(error)))
            return
        for call in calls:
            events.append(ToolCall(call.name, call.arguments, self._calls, call.id))
            self._calls += 1

    def _cut(self, events: list[Event]) -> None:
        """The answer ended inside a call."""
        body = "".join(self._body)
        self._body.clear()
        events.append(BrokenCall(body, CUT, cut=True))

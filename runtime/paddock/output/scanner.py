"""Runs a table of modes and markers over streamed text. Knows markers; knows no format, no tool.

A format is a set of named modes. A `Span` is text of one kind up to one of its markers; a `Gate`
decides at the start of a text what it is; `Balanced` text ends where its brackets do. The `Edge` of
a marker says which mode follows and whether the whitespace beside the marker belongs to it.

Text that may be the start of a marker, or whitespace that a marker may swallow, is held back; when
no marker comes it is text after all. So how the text is cut makes no difference, and nothing but
markers and the whitespace beside them is lost.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import cached_property
from typing import Final

from paddock.output.events import BrokenCall, Content, Event, Thinking, ToolCall
from paddock.output.values import SPACE, Brackets, CallError

CUT: Final = "the answer ended inside the call"

Decode = Callable[[str], Sequence[ToolCall | BrokenCall]]
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
    keep: bool = False
    """The marker is the beginning of what follows."""
    inside: bool = False
    """The marker stands inside a call: it is part of the body, which goes on behind it."""


@dataclass(frozen=True)
class Span:
    """Text of one kind, up to one of the markers; the one that stands first ends it."""

    sink: Sink
    edges: Mapping[str, Edge] = field(default_factory=dict[str, Edge])

    @cached_property
    def marker(self) -> re.Pattern[str]:
        return _any_of(self.edges)

    @cached_property
    def begun(self) -> re.Pattern[str]:
        """The unfinished marker at the end of a text."""
        return re.compile("|".join(_unfinished(marker) for marker in self.edges if marker[1:]))

    @cached_property
    def calm(self) -> re.Pattern[str]:
        """Matches a whole text of which nothing has to be held back: most tokens."""
        first = "".join({re.escape(marker[0]) for marker in self.edges})
        if not first:
            return re.compile(r"(?s:.+)")
        return re.compile(f"[^{first}]*[^{first}{SPACE}]" if self.trims else f"[^{first}]+")

    @cached_property
    def longest(self) -> int:
        """Characters that an unfinished marker can have at most."""
        return max((len(marker) for marker in self.edges), default=1) - 1

    @cached_property
    def trims(self) -> bool:
        return any(edge.trim for edge in self.edges.values())

    def held_from(self, text: str) -> int:
        """Where the end of `text` begins that cannot be given away yet."""
        held = len(text)
        if self.longest:
            tail = max(0, held - self.longest)
            if found := self.begun.search(text, tail):
                held = found.start()
        return len(text[:held].rstrip(SPACE)) if self.trims else held


@dataclass(frozen=True)
class Gate:
    """The start of a text, after optional whitespace: one of the markers, or something else."""

    edges: Mapping[str, Edge]
    otherwise: str
    drop_space: bool = False
    """The whitespace is dropped even when no marker follows it."""


@dataclass(frozen=True)
class Balanced:
    """The rest of a call's body, which ends where its JSON does."""

    to: str
    skip: bool = False


Mode = Span | Gate | Balanced
Modes = Mapping[str, Mode]


def _any_of(markers: Iterable[str]) -> re.Pattern[str]:
    """Matches whichever stands first; never, when there are none."""
    return re.compile("|".join(map(re.escape, markers)) or r"(?!)")


def _unfinished(marker: str) -> str:
    """A pattern for every proper beginning of a marker: `<`, `<a`, `<a>` of `<a>b`."""
    first, *others = map(re.escape, marker[:-1])
    nested = ""
    for character in reversed(others):
        nested = f"(?:{character}{nested})?"
    return rf"(?:{first}{nested}\Z)"


class Scanner:
    """Takes one answer apart by a table of modes.

    `decode_cut` reads a body that the answer's end cut off, for formats that may leave out the
    closing marker there; `trim_end` drops the whitespace at the answer's end.
    """

    def __init__(
        self,
        modes: Modes,
        start: str,
        decode: Decode | None = None,
        decode_cut: Decode | None = None,
        *,
        skip: bool = False,
        trim_end: bool = False,
    ) -> None:
        self._modes = modes
        self._decode = decode
        self._decode_cut = decode_cut
        self._trim_end = trim_end
        self._held = ""
        self._body: list[str] = []
        self._brackets = Brackets()
        self._calls = 0
        self._go(start, skip)

    def feed(self, text: str) -> list[Event]:
        events: list[Event] = []
        mode = self._mode
        waits = self._held or self._skipping
        if isinstance(mode, Span) and not waits and mode.calm.fullmatch(text):
            self._put(mode.sink, text, events)
            return events
        self._held += text
        while self._held and self._advance(events):
            pass
        return events

    def finish(self) -> list[Event]:
        events: list[Event] = []
        while isinstance(mode := self._mode, Gate):
            self._pass(mode)
            while self._held and self._advance(events):
                pass
        if isinstance(mode, Balanced) or mode.sink is Sink.CALL:
            self._cut(events)
        else:
            rest = self._held.rstrip(SPACE) if self._trim_end else self._held
            self._put(mode.sink, rest, events)
        self._held = ""
        return events

    def _advance(self, events: list[Event]) -> bool:
        """Works off the text up to the next marker; False when that needs more of it."""
        if self._skipping:
            self._held = self._held.lstrip(SPACE)
            if not self._held:
                return False
            self._skipping = False
        match self._mode:
            case Span() as span:
                return self._scan(span, events)
            case Gate() as gate:
                return self._choose(gate)
            case Balanced() as balanced:
                return self._collect(balanced, events)

    def _scan(self, span: Span, events: list[Event]) -> bool:
        text = self._held
        found = span.marker.search(text)
        if found is None:
            cut = span.held_from(text)
            self._held = text[cut:]
            self._put(span.sink, text[:cut], events)
            return False
        marker = found.group()
        edge = span.edges[marker]
        before = text[: found.start()]
        self._held = text[found.start() if edge.keep else found.end() :]
        self._put(span.sink, before.rstrip(SPACE) if edge.trim else before, events)
        if edge.inside:
            self._body.append("" if edge.keep else marker)
        elif span.sink is Sink.CALL:
            self._close(events)
        self._go(edge.to, edge.skip)
        return True

    def _choose(self, gate: Gate) -> bool:
        lead = self._held.lstrip(SPACE)
        for marker, edge in gate.edges.items():
            if lead.startswith(marker):
                self._held = lead if edge.keep else lead[len(marker) :]
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

    def _collect(self, balanced: Balanced, events: list[Event]) -> bool:
        text = self._held
        end = self._brackets.feed(text)
        self._body.append(text[:end])
        self._held = "" if end is None else text[end:]
        if end is None:
            return False
        self._close(events)
        self._go(balanced.to, balanced.skip)
        return True

    def _go(self, name: str, skip: bool) -> None:
        self._mode = self._modes[name]
        self._skipping = skip
        if isinstance(self._mode, Balanced):
            self._brackets = Brackets()

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
        body = self._take_body()
        assert self._decode is not None
        try:
            self._add(self._decode(body), events)
        except CallError as error:
            events.append(BrokenCall(body, str(error)))

    def _cut(self, events: list[Event]) -> None:
        """The answer ended inside a call; the marker that was to end it may have begun."""
        body = self._take_body()
        reason = CUT
        if self._decode_cut is not None:
            try:
                found = self._decode_cut(body)
            except CallError as error:
                reason = f"{CUT}: {error}"
            else:
                self._add(found, events)
                if isinstance(last := events[-1], BrokenCall):
                    events[-1] = replace(last, cut=True)
                return
        events.append(BrokenCall(body + self._held, reason, cut=True))

    def _take_body(self) -> str:
        body = "".join(self._body)
        self._body.clear()
        return body

    def _add(self, found: Sequence[ToolCall | BrokenCall], events: list[Event]) -> None:
        for call in found:
            if isinstance(call, BrokenCall):
                events.append(call)
            else:
                events.append(replace(call, index=self._calls))
                self._calls += 1

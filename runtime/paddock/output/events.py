"""What an answer consists of, and what takes it apart. Knows no model, no token, no wire type."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Content:
    """Text of the answer itself. Never empty."""

    text: str


@dataclass(frozen=True, slots=True)
class Thinking:
    """Text of the reasoning before, or between, parts of the answer. Never empty."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A complete call. Parsers make no ids; `id` is one that the model itself wrote."""

    name: str
    arguments: dict[str, Any]
    index: int = 0
    """Place among the calls of this answer, from 0."""
    id: str | None = None


@dataclass(frozen=True, slots=True)
class BrokenCall:
    """A call that cannot be read. What follows it in the answer is still taken apart."""

    text: str
    """What stood where the call should be, without the markers around it."""
    reason: str
    cut: bool = False
    """The answer ended inside the call."""


Event = Content | Thinking | ToolCall | BrokenCall


class OutputParser(Protocol):
    """Takes one answer apart; one object per answer. How the text is cut makes no difference."""

    def feed(self, text: str) -> list[Event]:
        """What is certain now. Text that may yet be part of a marker is held back."""
        ...

    def finish(self) -> list[Event]:
        """The answer has ended: what was held back, as what it turned out to be."""
        ...


def joined(events: Iterable[Event]) -> list[Event]:
    """The same events with neighbouring pieces of one text put together."""
    whole: list[Event] = []
    for event in events:
        match event, whole[-1] if whole else None:
            case Content(text), Content(before):
                whole[-1] = Content(before + text)
            case Thinking(text), Thinking(before):
                whole[-1] = Thinking(before + text)
            case _:
                whole.append(event)
    return whole

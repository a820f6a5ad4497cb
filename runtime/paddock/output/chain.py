"""One parser behind another: the content that the first finds is taken apart by the second.

Knows neither.
"""

from collections.abc import Iterable
from dataclasses import replace

from paddock.output.events import Content, Event, OutputParser, ToolCall


class Chain:
    """Everything but content passes the second parser by, in its place; calls are counted here."""

    def __init__(self, first: OutputParser, second: OutputParser) -> None:
        self._first = first
        self._second = second
        self._calls = 0

    def feed(self, text: str) -> list[Event]:
        return self._numbered(self._passed(self._first.feed(text)))

    def finish(self) -> list[Event]:
        return self._numbered([*self._passed(self._first.finish()), *self._second.finish()])

    def _passed(self, events: Iterable[Event]) -> list[Event]:
        passed: list[Event] = []
        for event in events:
            if isinstance(event, Content):
                passed += self._second.feed(event.text)
            else:
                passed += self._second.finish()
                passed.append(event)
        return passed

    def _numbered(self, events: list[Event]) -> list[Event]:
        for at, event in enumerate(events):
            if isinstance(event, ToolCall):
                events[at] = replace(event, index=self._calls)
                self._calls += 1
        return events

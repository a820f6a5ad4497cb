"""Tool calls of any model whose template shows the text before them. Knows the tag and the tools.

What follows the tag is searched for JSON objects; the name of a tool that was declared makes one a
call, wherever it stands. Text between and behind calls is the model's own markup and is dropped.
With the tags `{` and `[` the answer must begin with the call, and is text when it holds none.
"""

from collections.abc import Iterator, Sequence
from enum import Enum
from typing import Any, Final, cast

from paddock.api import Tool
from paddock.output.events import BrokenCall, Content, Event, ToolCall
from paddock.output.scanner import CUT, Edge, Sink, Span
from paddock.output.values import SPACE, CallError, Objects, by_name, read_json, read_object

_BARE: Final = {"{": "{}", "[": "[]"}
"""Tags that are the JSON itself, and the brackets that end it."""


class _State(Enum):
    LOOKING = "looking"
    CALLING = "calling"
    TEXT = "text"


class InferredCalls:
    """Content, then calls behind a tag."""

    def __init__(self, tag: str, tools: Sequence[Tool]) -> None:
        self._tag = tag
        self._tools = by_name(tools)
        self._state = _State.LOOKING
        self._span = Span(Sink.CONTENT, {tag: Edge("calls", trim=False)})
        self._buffer = ""
        self._objects = Objects()
        self._whole = Objects(_BARE[tag]) if tag in _BARE else None
        self._behind = 0
        """Where the last object ended."""
        self._failed: list[BrokenCall] = []
        self._calls = 0

    def feed(self, text: str) -> list[Event]:
        if self._state is _State.TEXT:
            return [Content(text)] if text else []
        if self._state is _State.CALLING:
            return self._search(text)
        self._buffer += text
        at = self._buffer.find(self._tag)
        content = self._buffer[: self._span.held_from(self._buffer) if at < 0 else at]
        if self._whole and content.strip(SPACE):
            return self._as_text()
        self._buffer = self._buffer[len(content) :]
        events: list[Event] = [Content(content)] if content else []
        if at >= 0:
            self._state = _State.CALLING
            found, self._buffer = self._buffer, ""
            events += self._search(found)
        return events

    def finish(self) -> list[Event]:
        """What was held back; a next tag begins anew."""
        calling = self._state is _State.CALLING
        if not calling or (self._whole and not self._calls):
            rest, self._buffer = self._buffer, ""
            return [Content(rest)] if rest else []
        events: list[Event] = [*self._failed]
        if self._objects.is_open:
            events.append(BrokenCall(self._buffer[self._objects.start :], CUT, cut=True))
        elif not self._calls and not self._failed:
            events.append(BrokenCall(self._buffer.removeprefix(self._tag), CUT, cut=True))
        return events

    def _search(self, text: str) -> list[Event]:
        self._buffer += text
        events: list[Event] = []
        objects = self._objects.feed(text)
        ends = self._whole.feed(text) if self._whole else []
        for start, end in objects:
            if ends and start >= ends[0][1] and not self._calls:
                break
            try:
                events += self._read(self._buffer[self._behind : start], self._buffer[start:end])
            except CallError as error:
                self._failed.append(BrokenCall(self._buffer[start:end], str(error)))
            self._behind = end
        if ends and not self._calls:
            return self._as_text()
        return events

    def _as_text(self) -> list[Event]:
        self._state = _State.TEXT
        rest, self._buffer = self._buffer, ""
        return [Content(rest)]

    def _read(self, before: str, text: str) -> list[Event]:
        value = read_object(text)
        calls = list(self._calls_in(value)) or [self._named_beside(before, text, value)]
        events: list[Event] = [*self._failed]
        self._failed.clear()
        for name, arguments in calls:
            events.append(ToolCall(name, arguments, self._calls))
            self._calls += 1
        return events

    def _calls_in(self, value: Any) -> Iterator[tuple[str, dict[str, Any]]]:
        """Every envelope of a declared tool in a JSON value."""
        if isinstance(value, list):
            for item in cast("list[Any]", value):
                yield from self._calls_in(item)
        if not isinstance(value, dict):
            return
        given = cast("dict[str, Any]", value)
        if "name" in given:
            arguments = _arguments_of(given)
            if given["name"] in self._tools and arguments is not None:
                yield given["name"], arguments
            return
        for name in given:
            if name in self._tools and (arguments := _object_at(given, name)) is not None:
                yield name, arguments
                return
        for item in given.values():
            yield from self._calls_in(item)

    def _named_beside(
        self, before: str, text: str, value: dict[str, Any]
    ) -> tuple[str, dict[str, Any]]:
        """A call whose arguments are the whole object, and whose name is found in the text."""
        named = value.get("name")
        if "name" in value and not (self._first_in(before) and not _has_arguments(value)):
            known = isinstance(named, str) and named in self._tools
            raise CallError(
                "the call has no arguments object" if known else f'tool "{named}" is not declared'
            )
        name = self._first_in(before) or self._first_in(text)
        if name is None:
            raise CallError("the call names no declared tool")
        return name, value

    def _first_in(self, text: str) -> str | None:
        """The declared tool named first; of several at one place the longest."""
        found = [(at, -len(name), name) for name in self._tools if (at := text.find(name)) >= 0]
        return min(found)[2] if found else None


def _object_at(value: dict[str, Any], key: str) -> dict[str, Any] | None:
    """An object, or the JSON text of one."""
    found = value.get(key)
    if isinstance(found, str):
        try:
            found = read_json(found)
        except CallError:
            return None
    return cast("dict[str, Any]", found) if isinstance(found, dict) else None


def _arguments_of(envelope: dict[str, Any]) -> dict[str, Any] | None:
    found = (_object_at(envelope, key) for key in ("arguments", "parameters"))
    return next((arguments for arguments in found if arguments is not None), None)


def _has_arguments(value: dict[str, Any]) -> bool:
    return "arguments" in value or "parameters" in value

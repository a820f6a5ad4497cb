"""The built-in parsers: spec output-parsing.md section 6.

A case's chunks are fed one by one, the last one with `finish`; what each returned is compared as
text, thinking and calls. A call that the reference ends the stream for is a broken call here.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from paddock.api import Message, Tool
from paddock.output import registry
from paddock.output.events import BrokenCall, Content, Event, Thinking, ToolCall, joined

Json = dict[str, Any]


def parser(case: Json, file: Json) -> None:
    spec = registry.parser(file["parser"])
    assert spec.supports_tools == file["supports_tools"]
    assert spec.supports_thinking == file["supports_thinking"]
    assert set(spec.preserved_tokens) == set(file["preserved_tokens"] or ())
    steps = list(steps_of(_maker(case, file), case["chunks"]))
    if (error := case.get("error")) is None:
        assert [as_step(events) for events in steps] == [expected(step) for step in case["steps"]]
        return
    assert any(isinstance(event, BrokenCall) for event in steps[error["at_chunk"]])
    before = [as_step(events) for events in steps[: error["at_chunk"]]]
    assert before == [expected(step) for step in case["steps"]]


def steps_of(make: Callable[[], Any], chunks: Sequence[str]) -> Iterator[list[Event]]:
    made = make()
    for number, chunk in enumerate(chunks):
        events = made.feed(chunk)
        yield events + made.finish() if number == len(chunks) - 1 else events


def as_step(events: Iterable[Event]) -> Json:
    """Events in the form of the vectors; a broken call has no place in it and shows up."""
    step: Json = {"content": "", "thinking": "", "tool_calls": [], "broken": []}
    for event in events:
        match event:
            case Content(text):
                step["content"] += text
            case Thinking(text):
                step["thinking"] += text
            case ToolCall(name, arguments, index, id):
                step["tool_calls"].append((id, index, name, arguments))
            case BrokenCall(text):
                step["broken"].append(text)
    return {key: value for key, value in step.items() if value}


def expected(step: Json) -> Json:
    calls = [
        (
            call.get("id"),
            call["function"]["index"],
            call["function"]["name"],
            call["function"]["arguments"],
        )
        for call in step.get("tool_calls", ())
    ]
    return step | {"tool_calls": calls} if calls else step


def any_cut(case: Json, file: Json) -> None:
    """However the text is cut, the events are the same."""
    same_however_cut(_maker(case, file), "".join(case["chunks"]))


def same_however_cut(make: Callable[[], Any], text: str) -> None:
    whole = _events(make, [text])
    assert _events(make, list(text)) == whole, "as single characters"
    for at in range(1, len(text)):
        assert _events(make, [text[:at], text[at:]]) == whole, f"cut at {at}: {text[:at]!r}"


def _events(make: Callable[[], Any], chunks: Sequence[str]) -> list[Event]:
    return joined(event for events in steps_of(make, chunks or [""]) for event in events)


def _maker(case: Json, file: Json) -> Callable[[], Any]:
    spec = registry.parser(file["parser"])
    tools = [Tool(**tool) for tool in case.get("tools", ())]
    last = Message(**case["last_message"]) if case.get("last_message") else None
    return lambda: spec.make(tools, last, case.get("think"))


RUNNERS = {"parser": parser}
ALSO = {"parser": any_cut}

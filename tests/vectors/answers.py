"""What the vectors of parsers share: feeding chunks, and events in the form of their steps."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from paddock.output.events import (
    BrokenCall,
    Content,
    Event,
    OutputParser,
    Thinking,
    ToolCall,
    joined,
)

Json = dict[str, Any]
Make = Callable[[], OutputParser]


def fed(parser: OutputParser, chunks: Sequence[str]) -> Iterator[list[Event]]:
    """What each chunk gives; the last one together with the end of the answer."""
    for number, chunk in enumerate(chunks):
        events = parser.feed(chunk)
        yield events + parser.finish() if number == len(chunks) - 1 else events


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
    """A step of the reference, with its calls as `as_step` writes them."""
    calls = [
        (call.get("id"), made["index"], made["name"], made["arguments"])
        for call in step.get("tool_calls", ())
        for made in [call["function"]]
    ]
    return step | {"tool_calls": calls} if calls else step


def check_cuts(make: Make, text: str) -> None:
    """However a text is cut, the events are the same."""
    whole = _events(make, [text])
    assert _events(make, list(text)) == whole, "as single characters"
    for at in range(1, len(text)):
        assert _events(make, [text[:at], text[at:]]) == whole, f"cut behind {text[:at]!r}"


def _events(make: Make, chunks: Sequence[str]) -> list[Event]:
    return joined(event for events in fed(make(), chunks or [""]) for event in events)

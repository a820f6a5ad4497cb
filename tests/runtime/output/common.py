"""What the tests of answers share: tools, feeding, and every way to cut a text."""

from collections.abc import Callable, Sequence
from typing import Any

from paddock.api import Tool
from paddock.output.events import Event, OutputParser, joined

Make = Callable[[], OutputParser]


def tool(name: str, required: Sequence[str] = (), **properties: Any) -> Tool:
    """A tool whose parameters are given by their types, or by their whole schemas."""
    schemas = {
        key: value if isinstance(value, dict) else {"type": value}
        for key, value in properties.items()
    }
    parameters = {"type": "object", "properties": schemas, "required": list(required)}
    return Tool.model_validate({"function": {"name": name, "parameters": parameters}})


WEATHER = tool("weather", ["city"], city="string", days="integer")
SEARCH = tool(
    "search", query="string", limit="number", tags="array", where="object", deep="boolean"
)
TOOLS = [WEATHER, SEARCH]


def events_of(make: Make, *chunks: str) -> list[Event]:
    parser = make()
    found = [event for chunk in chunks for event in parser.feed(chunk)]
    return joined([*found, *parser.finish()])


def read(make: Make, text: str) -> list[Event]:
    """The events of a text, which are the same however it is cut."""
    whole = events_of(make, text)
    assert events_of(make, *text) == whole
    for at in range(1, len(text)):
        assert events_of(make, text[:at], text[at:]) == whole, text[:at]
    return whole

"""Server-sent events read back."""

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Event:
    name: str | None
    data: Any


def events(body: bytes) -> list[Event]:
    """The events of a body, which must be whole: JSON, or the text `[DONE]`."""
    text = body.decode()
    assert not text or text.endswith("\n\n")
    return [_event(block) for block in text.split("\n\n")[:-1]]


def _event(block: str) -> Event:
    fields = [line.partition(": ") for line in block.split("\n")]
    found = {name: value for name, _, value in fields}
    assert len(found) == len(fields)
    assert found.keys() <= {"event", "data"}
    data = found["data"]
    return Event(found.get("event"), data if data == "[DONE]" else json.loads(data))

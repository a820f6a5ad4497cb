"""The built-in parsers: spec output-parsing.md section 6.

What each chunk of a case gives is compared as text, thinking and calls. A call for which the
reference ends the answer with an error is a broken call here. ALSO cuts each case's text anywhere.
"""

from functools import cache
from typing import Any

from tests.vectors.answers import Make, as_step, check_cuts, expected, fed

from paddock.api import Message, Tool
from paddock.output import harmony, registry
from paddock.output.events import BrokenCall

Json = dict[str, Any]


def parser(case: Json, file: Json) -> None:
    spec = registry.parser(file["parser"])
    assert spec.supports_tools == file["supports_tools"]
    assert spec.supports_thinking == file["supports_thinking"]
    assert set(spec.preserved_tokens) == set(file["preserved_tokens"] or ())
    if shown := case.get("processed_tool_names"):
        assert [tool.function.name for tool in spec.shown(_tools(case)) if tool.function] == shown
    given = list(fed(_maker(case, file)(), case["chunks"]))
    steps = [expected(step) for step in case["steps"]]
    if (error := case.get("error")) is None:
        assert [as_step(events) for events in given] == steps
        return
    assert [as_step(events) for events in given[: error["at_chunk"]]] == steps
    assert any(isinstance(event, BrokenCall) for event in given[error["at_chunk"]])


def any_cut(case: Json, file: Json) -> None:
    text = "".join(case["chunks"])
    asked = (str(case.get(key)) for key in ("tools", "last_message", "think"))
    if _is_new(file["parser"], text, *asked):
        check_cuts(_maker(case, file), text)


@cache
def _seen() -> set[tuple[str, ...]]:
    return set()


def _is_new(*case: str) -> bool:
    """Many cases are one text cut in several ways."""
    known = case in _seen()
    _seen().add(case)
    return not known


def _maker(case: Json, file: Json) -> Make:
    spec = registry.parser(file["parser"])
    tools = _tools(case)
    last = Message(**case["last_message"]) if case.get("last_message") else None
    return lambda: spec.make(tools, last, case.get("think"))


def _tools(case: Json) -> list[Tool]:
    return [Tool(**tool) for tool in case.get("tools", ())]


def harmony_events(case: Json, _: Json) -> None:
    messages = harmony.Messages("<|start|>assistant" if case["implicit_start"] else "")
    given = [[_part(part) for part in messages.feed(chunk)] for chunk in case["chunks"]]
    assert given == case["events"]


def _part(part: harmony.Part) -> Json:
    match part:
        case harmony.Begin():
            return {"type": "message_start"}
        case harmony.Header(role, channel, recipient):
            return {"type": "header", "role": role, "channel": channel, "recipient": recipient}
        case harmony.Body(text):
            return {"type": "content", "content": text}
        case harmony.End():
            return {"type": "message_end"}


def harmony_headers(case: Json, _: Json) -> None:
    header = harmony.read_header(case["header"])
    assert header == harmony.Header(case["role"], case["channel"], case["recipient"])


def harmony_names(case: Json, _: Json) -> None:
    names = harmony.Names()
    assert [names.shown(name) for name in case["names"]] == case["converted"]


RUNNERS = {
    "parser": parser,
    "harmony_events": harmony_events,
    "harmony_headers": harmony_headers,
    "harmony_names": harmony_names,
}
ALSO = {"parser": any_cut}

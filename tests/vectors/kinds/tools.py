"""Tool calls: the tag that a template shows, and calls read out of answers."""

from typing import Any

from tests.vectors.answers import Make, as_step, check_cuts, expected, fed

from paddock.api import Message, Tool
from paddock.output import generic
from paddock.template.go import GoTemplate

Json = dict[str, Any]


def stream(case: Json, _: Json) -> None:
    parser = _inferred(case)()
    given = [as_step(parser.feed(chunk)) for chunk in case["chunks"]]
    assert given == [expected(step) for step in case["steps"]]
    assert as_step(parser.finish()) == ({"content": case["flush"]} if case["flush"] else {})


def _inferred(case: Json) -> Make:
    tools = [Tool(**tool) for tool in case["tools"]]
    return lambda: generic.parser_for(None, case["tag"], tools)


def stream_cut(case: Json, _: Json) -> None:
    check_cuts(_inferred(case), "".join(case["chunks"]))


def pipeline(case: Json, _: Json) -> None:
    """The messages of a chat turn; what is empty is not sent, unless it is the last one."""
    given = [as_step(events) for events in fed(_piped(case)(), case["chunks"])]
    events = [
        {key: value for key, value in expected(event).items() if key != "done"}
        for event in case["events"]
    ]
    assert [step for step in given if step] == [event for event in events if event]


def _piped(case: Json) -> Make:
    template = GoTemplate.parse(case["template"])
    tools = [Tool(**tool) for tool in case.get("tools", ())]
    think = case.get("think")
    messages = [Message(**message) for message in case["messages"]]
    prompt = template.render(messages, tools, think)
    tags, tag = template.thinking_tags, template.tool_tag
    return lambda: generic.parser_for(tags, tag, tools, think=think, rendered_prompt_tail=prompt)


def pipeline_cut(case: Json, _: Json) -> None:
    check_cuts(_piped(case), "".join(case["chunks"]))


def parse_tag(case: Json, _: Json) -> None:
    assert GoTemplate.parse(case["template"]).tool_tag == case["tag"]


RUNNERS: dict[str, Any] = {"tool_stream": stream, "pipeline": pipeline, "parse_tag": parse_tag}
ALSO = {"tool_stream": stream_cut, "pipeline": pipeline_cut}

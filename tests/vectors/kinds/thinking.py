"""Thinking: the tags that a template shows, and answers taken apart at them."""

from typing import Any

from tests.vectors.answers import as_step, check_cuts

from paddock.output import thinking
from paddock.output.events import OutputParser
from paddock.template.go import GoTemplate

Json = dict[str, Any]


def stream(case: Json, _: Json) -> None:
    parser, chunks = _opened(case), case["chunks"]
    assert [as_step(parser.feed(chunk)) for chunk in chunks] == case["steps"]


def _opened(case: Json) -> OutputParser:
    """What the reference feeds before is the opening tag at the end of a prompt."""
    start = "thinking" if "pre_fed" in case else "start"
    return thinking.parser(case["opening"], case["closing"], start)


def any_cut(case: Json, _: Json) -> None:
    check_cuts(lambda: _opened(case), "".join(case["chunks"]))


def infer_tags(case: Json, _: Json) -> None:
    tags = GoTemplate.parse(case["template"]).thinking_tags
    assert tags == (case["opening"], case["closing"])


RUNNERS: dict[str, Any] = {"thinking_stream": stream, "infer_tags": infer_tags}
ALSO = {"thinking_stream": any_cut}

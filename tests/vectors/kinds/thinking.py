"""Thinking: the tags that a template shows, and answers taken apart at them."""

from typing import Any

from tests.vectors.answers import as_step, check_cuts

from paddock.output import thinking
from paddock.output.events import OutputParser

Json = dict[str, Any]


def stream(case: Json, _: Json) -> None:
    parser, chunks = _opened(case), case["chunks"]
    assert [as_step(parser.feed(chunk)) for chunk in chunks] == case["steps"]


def _opened(case: Json) -> OutputParser:
    """What the reference feeds before is the opening tag at the end of a prompt."""
    return thinking.parser(case["opening"], case["closing"], opened="pre_fed" in case)


def any_cut(case: Json, _: Json) -> None:
    check_cuts(lambda: _opened(case), "".join(case["chunks"]))


RUNNERS: dict[str, Any] = {"thinking_stream": stream}
ALSO = {"thinking_stream": any_cut}

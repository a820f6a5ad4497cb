"""The parser for models that run by a Go template: thinking tags, then a tag before tool calls."""

from collections.abc import Sequence

from paddock.api import Tool
from paddock.output import thinking
from paddock.output.events import OutputParser
from paddock.output.scanner import SPACE, Scanner, Sink, Span


def parser_for(
    tags: tuple[str, str] | None,
    tool_tag: str | None,
    tools: Sequence[Tool] = (),
    *,
    think: bool | str | None = None,
    rendered_prompt_tail: str = "",
) -> OutputParser:
    """`tags`: opening and closing thinking tag of the template, `tool_tag`: what stands before
    its tool calls; None where it shows none. Thinking is taken out when `think` is true or a
    level, calls when there are `tools`."""
    if tags and all(tags) and think:
        opened = rendered_prompt_tail.rstrip(SPACE).endswith(tags[0])
        return thinking.parser(*tags, opened=opened)
    return Scanner({"content": Span(Sink.CONTENT)}, "content")

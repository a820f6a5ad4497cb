"""The parser for models that run by a Go template: thinking tags, then a tag before tool calls."""

from collections.abc import Sequence

from paddock.api import Tool
from paddock.output import thinking
from paddock.output.chain import Chain
from paddock.output.events import OutputParser
from paddock.output.inferred import InferredCalls
from paddock.output.scanner import Scanner, Sink, Span
from paddock.output.values import SPACE


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
    calls = InferredCalls(tool_tag, tools) if tool_tag and tools else None
    if not (tags and all(tags) and think):
        return calls or Scanner({"content": Span(Sink.CONTENT)}, "content")
    opened = rendered_prompt_tail.rstrip(SPACE).endswith(tags[0])
    thoughts = thinking.parser(*tags, "thinking" if opened else "start")
    return Chain(thoughts, calls) if calls else thoughts

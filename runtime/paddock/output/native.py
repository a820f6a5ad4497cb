"""Which parser fits a model that runs by its Jinja chat template, read from the template's text.

Knows the markers that published templates use; renders nothing.
"""

from collections.abc import Sequence
from typing import Final

from paddock.api import Tool
from paddock.output.events import OutputParser
from paddock.output.formats import ANY_JSON_IN_TAGS, THINK, OutputFormat
from paddock.output.scanner import Sink, Span
from paddock.output.values import SPACE

Think = bool | str | None

_PLAIN: Final = OutputFormat({"content": Span(Sink.CONTENT)})


def parser_for(
    chat_template: str, tools: Sequence[Tool], think: Think, rendered_prompt_tail: str
) -> OutputParser:
    """`rendered_prompt_tail`: the end of the prompt; it tells whether thinking has begun."""
    output = ANY_JSON_IN_TAGS
    if not tools:
        output = output.without_calls()
    return output.parser(_start(chat_template, rendered_prompt_tail), tools, skip=False)


def _start(chat_template: str, tail: str) -> str:
    opening, closing = THINK
    if opening not in chat_template and closing not in chat_template:
        return "content"
    tail = tail.rstrip(SPACE)
    if tail.endswith(opening):
        return "thinking"
    return "content" if tail.endswith(closing) else "start"

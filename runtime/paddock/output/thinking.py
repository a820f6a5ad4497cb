"""Thinking between two tags, for any pair of tags. Knows no model and no tool.

Thinking stands at the very start of an answer or nowhere: a tag that appears later is text.
"""

from paddock.output.events import OutputParser
from paddock.output.scanner import Edge, Gate, Modes, Scanner, Sink, Span


def parser(opening: str, closing: str, start: str = "start") -> OutputParser:
    """`start`: "thinking" where the prompt ends with the opening tag, "content" where it has both
    tags, "start" where it has none."""
    return Scanner(modes(opening, closing), start, skip=start == "thinking")


def modes(opening: str, closing: str) -> Modes:
    return {
        "start": Gate({opening: Edge("thinking")}, otherwise="content"),
        "thinking": Span(Sink.THINKING, {closing: Edge("content", trim=False)}),
        "content": Span(Sink.CONTENT),
    }

"""Thinking between two tags, for any pair of tags. Knows no model and no tool.

Thinking stands at the very start of an answer or nowhere: a tag that appears later is text.
"""

from paddock.output.events import OutputParser
from paddock.output.scanner import Edge, Gate, Modes, Scanner, Sink, Span


def parser(opening: str, closing: str, *, opened: bool = False) -> OutputParser:
    """`opened`: the prompt ends with the opening tag, so the answer begins inside."""
    return Scanner(modes(opening, closing), "thinking" if opened else "start", skip=opened)


def modes(opening: str, closing: str) -> Modes:
    return {
        "start": Gate({opening: Edge("thinking")}, otherwise="content"),
        "thinking": Span(Sink.THINKING, {closing: Edge("content", trim=False)}),
        "content": Span(Sink.CONTENT),
    }

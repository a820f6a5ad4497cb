"""The built-in parsers by the names that models' configs give. Knows formats; parses nothing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from paddock.api import Message, Think, Tool
from paddock.errors import UnknownParserError
from paddock.output.events import OutputParser
from paddock.output.formats import JSON_IN_TAGS, OutputFormat

Make = Callable[[Sequence[Tool], Message | None, Think], OutputParser]
Start = Callable[[Sequence[Tool], Message | None, Think], str]


@dataclass(frozen=True, slots=True)
class ParserSpec:
    """What is known of a parser before an answer begins."""

    name: str
    supports_tools: bool
    supports_thinking: bool
    preserved_tokens: tuple[str, ...]
    """Special tokens that must reach the parser as text."""
    make: Make
    """(tools, the prompt's last message, think) -> a parser for one answer"""


def parser(name: str) -> ParserSpec:
    """The parser of that name. UnknownParserError lists the names."""
    try:
        return PARSERS[name]
    except KeyError:
        raise UnknownParserError(name, PARSERS) from None


def prefilled(last: Message | None) -> bool:
    """The answer continues an assistant message that has content already."""
    return last is not None and last.role == "assistant" and bool(last.content)


# -- where an answer begins ------------------------------------------------------------------------


def in_content(tools: Sequence[Tool], last: Message | None, think: Think) -> str:
    return "content"


def thinking_by_default(tools: Sequence[Tool], last: Message | None, think: Think) -> str:
    return "content" if think is False else "thinking"


# -- the table -------------------------------------------------------------------------------------


def _spec(
    name: str, output: OutputFormat, start: Start, tokens: tuple[str, ...], *can: str
) -> ParserSpec:
    def make(tools: Sequence[Tool], last: Message | None, think: Think) -> OutputParser:
        return output.parser(start(tools, last, think), tools)

    return ParserSpec(name, "tools" in can, "thinking" in can, tokens, make)


_THINK: Final = ("<think>", "</think>")
_CALL: Final = ("<tool_call>", "</tool_call>")

PARSERS: Final[Mapping[str, ParserSpec]] = {
    spec.name: spec
    for spec in (
        _spec("qwen3", JSON_IN_TAGS, in_content, (*_THINK, *_CALL), "tools"),
        _spec(
            "qwen3-thinking",
            JSON_IN_TAGS,
            thinking_by_default,
            (*_THINK, *_CALL),
            "tools",
            "thinking",
        ),
    )
}

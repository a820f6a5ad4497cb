"""The built-in parsers by the names that models' configs give. Knows formats; parses nothing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from paddock.api import Message, Think, Tool
from paddock.errors import UnknownParserError
from paddock.output import formats, glimmer, harmony, laguna
from paddock.output.bare import BareCalls
from paddock.output.chain import Chain
from paddock.output.events import OutputParser
from paddock.output.formats import OutputFormat


@dataclass(frozen=True, slots=True)
class Asked:
    """What of a request decides how its answer begins."""

    tools: Sequence[Tool] = ()
    last: Message | None = None
    """The last message of the prompt."""
    think: Think = None

    @property
    def continues(self) -> bool:
        """The answer goes on with an assistant message that has content already."""
        return self.last is not None and self.last.role == "assistant" and bool(self.last.content)


Make = Callable[[Sequence[Tool], Message | None, Think], OutputParser]
Start = Callable[[Asked], str]


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
    shown: Callable[[Sequence[Tool]], list[Tool]] = list
    """The tools as the prompt has to show them; the parser is made with the tools as given."""


def parser(name: str) -> ParserSpec:
    """The parser of that name. UnknownParserError lists the names."""
    try:
        return PARSERS[name]
    except KeyError:
        raise UnknownParserError(name, PARSERS) from None


# -- where an answer begins ------------------------------------------------------------------------


def _content(asked: Asked) -> str:
    return "content"


def _start(asked: Asked) -> str:
    return "start"


def _thinks_unless_told(asked: Asked) -> str:
    return "content" if asked.think is False else "thinking"


def _thinks_unless_told_or_continuing(asked: Asked) -> str:
    return "content" if asked.continues else _thinks_unless_told(asked)


def _thinks_unless_continuing(asked: Asked) -> str:
    return "content" if asked.continues else "thinking"


def _thinks_when_told(asked: Asked) -> str:
    return "thinking" if asked.think and not asked.continues else "content"


def _thinks_when_told_without_tools(asked: Asked) -> str:
    return "content" if asked.tools else _thinks_when_told(asked)


def _thinks_or_starts(asked: Asked) -> str:
    return "start" if asked.think is False else "thinking"


def _starts_when_told(asked: Asked) -> str:
    return "start" if asked.think and not asked.continues else "content"


def _thinks_after_result(asked: Asked) -> str:
    after_result = asked.last is not None and asked.last.role == "tool"
    return "thought" if asked.think and after_result else "content"


def _cohere_start(asked: Asked) -> str:
    return "text" if asked.continues else _thinks_unless_told(asked)


# -- the table -------------------------------------------------------------------------------------


def _format(output: OutputFormat, start: Start) -> Make:
    def make(tools: Sequence[Tool], last: Message | None, think: Think) -> OutputParser:
        return output.parser(start(Asked(tools, last, think)), tools)

    return make


def _gemma(tools: Sequence[Tool], last: Message | None, think: Think) -> OutputParser:
    output = formats.GEMMA if think else formats.GEMMA.without_thinking()
    return output.parser(_thinks_after_result(Asked(tools, last, think)), tools)


def _lfm2(start: Start) -> Make:
    def make(tools: Sequence[Tool], last: Message | None, think: Think) -> OutputParser:
        tagged = formats.PYTHON_IN_TAGS.parser(start(Asked(tools, last, think)), tools)
        return Chain(tagged, BareCalls(tools)) if tools else tagged

    return make


_TOOLS: Final = (True, False)
_THINKING: Final = (False, True)
_BOTH: Final = (True, True)

_THINK: Final = ("<think>", "</think>")
_CALL: Final = ("<tool_call>", "</tool_call>")
_ARGUMENTS: Final = ("<arg_key>", "</arg_key>", "<arg_value>", "</arg_value>")
_SECTION: Final = (
    "</think>",
    "<｜tool▁calls▁begin｜>",
    "<｜tool▁calls▁end｜>",
    "<｜tool▁call▁begin｜>",
    "<｜tool▁call▁end｜>",
    "<｜tool▁sep｜>",
    "<｜tool▁output▁begin｜>",
    "<｜tool▁output▁end｜>",
)
_GEMMA_TOKENS: Final = (
    "<|channel>",
    "<channel|>",
    "<|tool_call>",
    "<tool_call|>",
    "<|tool_response>",
    '<|"|>',
)
_LFM2_TOKENS: Final = (*_THINK, "<|tool_call_start|>", "<|tool_call_end|>")
_COHERE_TOKENS: Final = tuple(
    f"<|{side}_{part}|>"
    for part in ("THINKING", "TEXT", "ACTION", "RESPONSE")
    for side in ("START", "END")
)
_HARMONY_TOKENS: Final = ("<|start|>", "<|end|>", "<|message|>", "<|channel|>", "<|constrain|>")
_LAGUNA_TOKENS: Final = (*_THINK, *_CALL, "<user>", "</user>", *_ARGUMENTS)
_OUTPUTS: Final = ("<｜tool▁outputs▁begin｜>", "<｜tool▁outputs▁end｜>")

_NANO: Final = _format(formats.XML_IN_TAGS, _thinks_unless_told_or_continuing)

_TABLE: Final[tuple[tuple[str, tuple[bool, bool], tuple[str, ...], Make], ...]] = (
    ("passthrough", (False, False), (), _format(formats.PLAIN, _content)),
    ("qwen3", _TOOLS, (*_THINK, *_CALL), _format(formats.JSON_IN_TAGS, _content)),
    (
        "qwen3-thinking",
        _BOTH,
        (*_THINK, *_CALL),
        _format(formats.JSON_IN_TAGS, _thinks_unless_told),
    ),
    (
        "qwen3-vl-instruct",
        _TOOLS,
        ("</think>", *_CALL),
        _format(formats.JSON_IN_TAGS_LITERAL, _content),
    ),
    (
        "qwen3-vl-thinking",
        _BOTH,
        ("</think>", *_CALL),
        _format(formats.JSON_IN_TAGS_LITERAL, _thinks_unless_continuing),
    ),
    ("qwen3-coder", _TOOLS, _CALL, _format(formats.XML_IN_TAGS, _content)),
    ("qwen3.5", _BOTH, (*_THINK, *_CALL), _NANO),
    ("ornith", _BOTH, (*_THINK, *_CALL), _NANO),
    ("nemotron-3-nano", _BOTH, (*_THINK, *_CALL), _NANO),
    ("nemotron-3.5-nano", _BOTH, (*_THINK, *_CALL), _NANO),
    ("deepseek3", _BOTH, _SECTION, _format(formats.DEEPSEEK, _thinks_when_told)),
    (
        "cogito",
        _BOTH,
        (*_SECTION, *_OUTPUTS),
        _format(formats.COGITO, _thinks_when_told_without_tools),
    ),
    (
        "glm-4.7",
        _BOTH,
        (*_THINK, *_CALL, *_ARGUMENTS),
        _format(formats.KEYS_IN_TAGS, _thinks_or_starts),
    ),
    (
        "glm-ocr",
        _TOOLS,
        (*_THINK, *_CALL, *_ARGUMENTS),
        _format(formats.KEYS_IN_TAGS, _start),
    ),
    (
        "olmo3",
        _TOOLS,
        ("<function_calls>", "</function_calls>"),
        _format(formats.LINES_IN_TAGS, _content),
    ),
    (
        "olmo3-think",
        _THINKING,
        ("</think>",),
        _format(formats.THINKING_ONLY, _thinks_unless_continuing),
    ),
    ("gemma4", _BOTH, _GEMMA_TOKENS, _gemma),
    (
        "gemma4-no-thinking",
        _TOOLS,
        _GEMMA_TOKENS,
        _format(formats.GEMMA.without_thinking(), _content),
    ),
    (
        "functiongemma",
        _TOOLS,
        ("<start_function_call>", "<end_function_call>"),
        _format(formats.FUNCTION_GEMMA, _content),
    ),
    ("lfm2", _TOOLS, _LFM2_TOKENS, _lfm2(_content)),
    ("lfm2-thinking", _BOTH, _LFM2_TOKENS, _lfm2(_starts_when_told)),
    (
        "ministral",
        _TOOLS,
        ("[TOOL_CALLS]", "[THINK]", "[/THINK]", "[ARGS]"),
        _format(formats.MINISTRAL, _content),
    ),
    ("cohere", _BOTH, _COHERE_TOKENS, _format(formats.COHERE, _cohere_start)),
    ("harmony", _BOTH, _HARMONY_TOKENS, harmony.make),
    ("laguna", _BOTH, _LAGUNA_TOKENS, laguna.maker(continues=True)),
    ("poolside-v1", _BOTH, _LAGUNA_TOKENS, laguna.maker(continues=False)),
    ("glimmer", _BOTH, ("<|start|>", "<|message|>", "<|eom|>", "<|eot|>"), glimmer.make),
)

_SHOWN: Final = {"harmony": harmony.shown_tools}

PARSERS: Final[Mapping[str, ParserSpec]] = {
    name: ParserSpec(name, tools, thinking, tokens, make, _SHOWN.get(name, list))
    for name, (tools, thinking), tokens, make in _TABLE
}

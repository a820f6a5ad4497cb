"""Which parser fits a model that runs by its Jinja chat template.

Knows the markers that published templates use; a template without any is asked what it renders. The
end of the prompt tells whether the answer begins inside its thinking.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from paddock.api import Think, Tool
from paddock.output import formats, glimmer, harmony, probe, thinking
from paddock.output.bare import BareCalls
from paddock.output.chain import Chain
from paddock.output.events import OutputParser
from paddock.output.formats import OutputFormat
from paddock.output.inferred import InferredCalls
from paddock.output.values import SPACE


@dataclass(frozen=True, slots=True)
class Asked:
    """What a parser is chosen by."""

    template: str
    tools: Sequence[Tool]
    think: Think
    tail: str
    """The end of the prompt, without the whitespace behind it."""
    render: probe.Render | None

    def says(self, *markers: str) -> bool:
        return all(marker in self.template for marker in markers)


def parser_for(
    chat_template: str,
    tools: Sequence[Tool],
    think: Think,
    rendered_prompt_tail: str,
    render: probe.Render | None = None,
) -> OutputParser:
    """A parser for one answer. Calls are looked for only when there are tools; thinking is taken
    out whether asked for or not.

    `render` renders the template, for those whose text alone does not tell.
    """
    tail = rendered_prompt_tail.rstrip(SPACE)
    asked = Asked(chat_template, tools, think, tail, render)
    return next(
        (known.make(asked) for known in _KNOWN if known.fits(asked)), None
    ) or _shown_parser(asked)


MARKERS: Final = (
    "<|python_tag|>",
    "[CALL_ID]",
    "<|tool_calls_section_begin|>",
    "<|tool_calls_section_end|>",
    "<|tool_call_begin|>",
    "<|tool_call_argument_begin|>",
    "<|tool_call_end|>",
    "<seed:think>",
    "</seed:think>",
)
"""Special tokens, beyond those of the built-in parsers, that a format here is written with."""

# -- where an answer begins ------------------------------------------------------------------------


def _start(asked: Asked, opening: str, closing: str) -> str:
    """Inside the thinking, behind it, or wherever the answer says."""
    if asked.tail.endswith(opening):
        return "thinking"
    return "content" if asked.tail.endswith(closing) else "start"


def _by_tail(output: OutputFormat) -> Callable[[Asked], OutputParser]:
    """A format with `<think>` tags, which count for templates that know them."""

    def make(asked: Asked) -> OutputParser:
        fitting = output if asked.tools else output.without_calls()
        thinks = "thinking" in output.modes and (asked.says("<think>") or asked.says("</think>"))
        return fitting.parser(_start(asked, *formats.THINK) if thinks else "content", asked.tools)

    return make


def _by_places(output: OutputFormat, **places: str) -> Callable[[Asked], OutputParser]:
    """A format in which the answer begins in the mode whose text the prompt ends with."""

    def make(asked: Asked) -> OutputParser:
        start = next((mode for mode, end in places.items() if asked.tail.endswith(end)), "content")
        fitting = output if asked.tools else output.without_calls()
        return fitting.parser(start, asked.tools)

    return make


# -- formats with parsers of their own -------------------------------------------------------------


def _harmony(asked: Asked) -> OutputParser:
    at = asked.tail.rfind("<|start|>")
    return harmony.parser(asked.tools, asked.tail[at:] if at >= 0 else "")


def _glimmer(asked: Asked) -> OutputParser:
    return glimmer.make(asked.tools, None, True)


def _lfm2(asked: Asked) -> OutputParser:
    tagged = _by_tail(formats.PYTHON_IN_TAGS)(asked)
    return Chain(tagged, BareCalls(asked.tools)) if asked.tools else tagged


def _llama(asked: Asked) -> OutputParser:
    first = formats.PYTHON_TAG.parser("begin", asked.tools)
    return Chain(first, InferredCalls("{", asked.tools)) if asked.tools else first


# -- the table -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Known:
    """A format that the text of its templates gives away."""

    markers: tuple[str, ...]
    make: Callable[[Asked], OutputParser]
    absent: tuple[str, ...] = field(default=())

    def fits(self, asked: Asked) -> bool:
        return asked.says(*self.markers) and not any(
            marker in asked.template for marker in self.absent
        )


_MINISTRAL: Final = _by_places(formats.MINISTRAL, thinking="[THINK]")

_KNOWN: Final = (
    Known(("<|channel|>",), _harmony),
    Known(("<atem:function_calls>", "<|eom|>"), _glimmer),
    Known(
        ("<|START_TEXT|>", "<|START_ACTION|>"),
        _by_places(formats.COHERE, thinking="<|START_THINKING|>", text="<|START_TEXT|>"),
    ),
    Known(("<|tool_list_start|>", "<|tool_list_end|>"), _lfm2),
    Known(("List of tools: [",), _lfm2),
    Known(
        ("'<|tool_call>call:'",),
        _by_places(formats.GEMMA, thinking="<|channel>", thought="thought"),
    ),
    Known(("[TOOL_CALLS]", "[ARGS]"), _MINISTRAL),
    Known(("[TOOL_CALLS]",), _by_places(formats.MISTRAL, thinking="[THINK]")),
    Known(("<tool_call>", "<function=", "<parameter="), _by_tail(formats.XML_IN_TAGS)),
    Known(("<tool_call>", "<arg_key>"), _by_tail(formats.KEYS_IN_TAGS)),
    Known(("<｜tool▁calls▁begin｜>", "```json"), _by_tail(formats.COGITO)),
    Known(("<｜tool▁calls▁begin｜>",), _by_tail(formats.DEEPSEEK)),
    Known(("<|tool_calls_section_begin|>",), _by_tail(formats.SECTION_TOKENS)),
    Known(("<start_function_call>",), _by_tail(formats.FUNCTION_GEMMA)),
    Known(("<function_calls>",), _by_tail(formats.LINES_IN_TAGS)),
    Known(("<tool_call>",), _by_tail(formats.ANY_JSON_IN_TAGS)),
    Known(("<function=", "</function>"), _by_tail(formats.FUNCTION_TAGS)),
    Known((">>>all",), _by_places(formats.RECIPIENTS, recipient=">>>")),
    Known(("<|start_header_id|>", "tools", '"parameters"'), _llama, ("<think>",)),
)
"""What a template's text must contain, and the parser for it; the first that fits counts."""

_THINKING_TAGS: Final = (
    formats.THINK,
    ("[THINK]", "[/THINK]"),
    ("<seed:think>", "</seed:think>"),
)


# -- everything else -------------------------------------------------------------------------------


def _shown_parser(asked: Asked) -> OutputParser:
    """By the tags that the template shows when it renders."""
    shown = probe.look(asked.render) if asked.render else probe.Shown()
    tags = shown.thinking or next((tags for tags in _THINKING_TAGS if asked.says(*tags)), None)
    calls = InferredCalls(shown.tool_tag, asked.tools) if shown.tool_tag and asked.tools else None
    if tags is None:
        return calls or formats.PLAIN.parser("content", asked.tools)
    thoughts = thinking.parser(*tags, start=_start(asked, *tags))
    return Chain(thoughts, calls) if calls else thoughts

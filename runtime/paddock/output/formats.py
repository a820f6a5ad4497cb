"""The output formats that one scanner runs, as data. Knows markers and modes; knows no request.

In every format the mode "content" is where an answer without thinking begins, "thinking" where one
begins whose prompt has opened the thinking, and "start" where that is left to the model.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from paddock.api import Tool
from paddock.output import argkeys, gemma
from paddock.output.events import BrokenCall, OutputParser, ToolCall
from paddock.output.pythonic import calls_in_lines, calls_in_list
from paddock.output.scanner import Balanced, Decode, Edge, Gate, Mode, Modes, Scanner, Sink, Span
from paddock.output.toolcalls import (
    action_list,
    any_json_call,
    fenced_call,
    function_call,
    indexed_call,
    json_call,
    named_call,
    prefixed_call,
    recipient_call,
    separated_call,
    xml_call,
)
from paddock.output.values import Tools, by_name

DecodeFor = Callable[[str, Tools], Sequence[ToolCall | BrokenCall]]


@dataclass(frozen=True)
class OutputFormat:
    """Modes of a scanner, and what reads the body of a call."""

    modes: Modes
    decode: DecodeFor | None = None
    decode_cut: DecodeFor | None = None
    """Reads a call that the answer's end cut off, where a format may leave its marker out."""
    trim_end: bool = False
    """Whitespace at the very end of an answer belongs to the format."""

    def parser(self, start: str, tools: Sequence[Tool], *, skip: bool = False) -> OutputParser:
        declared = by_name(tools)
        return Scanner(
            self.modes,
            start,
            _knowing(self.decode, declared),
            _knowing(self.decode_cut, declared),
            skip=skip,
            trim_end=self.trim_end,
        )

    def without_calls(self) -> "OutputFormat":
        """The same format for a request without tools, in which a call is text."""
        calls = {name for name, mode in self.modes.items() if _is_call(mode)}
        calls |= {name for name, mode in self.modes.items() if _leads_to(mode, calls)}
        return replace(
            self, modes={name: _without(mode, calls) for name, mode in self.modes.items()}
        )

    def without_thinking(self) -> "OutputFormat":
        """The same format, with the thinking dropped."""
        return replace(self, modes={name: _silenced(mode) for name, mode in self.modes.items()})


def _knowing(decode: DecodeFor | None, tools: Tools) -> Decode | None:
    return None if decode is None else lambda body: decode(body, tools)


def _is_call(mode: Mode) -> bool:
    return isinstance(mode, Balanced) or (isinstance(mode, Span) and mode.sink is Sink.CALL)


def _leads_to(mode: Mode, targets: set[str]) -> bool:
    """A mode that only stands between a marker and a call."""
    match mode:
        case Gate():
            return targets.issuperset((mode.otherwise, *(edge.to for edge in mode.edges.values())))
        case Span(sink=Sink.NOWHERE):
            return any(edge.to in targets for edge in mode.edges.values())
        case _:
            return False


def _without(mode: Mode, targets: set[str]) -> Mode:
    if isinstance(mode, Balanced):
        return mode
    edges = {marker: edge for marker, edge in mode.edges.items() if edge.to not in targets}
    if isinstance(mode, Gate) and mode.otherwise in targets:
        return replace(mode, edges=edges, otherwise="content")
    return replace(mode, edges=edges)


def _silenced(mode: Mode) -> Mode:
    thinks = isinstance(mode, Span) and mode.sink is Sink.THINKING
    return replace(mode, sink=Sink.NOWHERE) if thinks else mode


THINK: Final = ("<think>", "</think>")
TOOL_CALL: Final = ("<tool_call>", "</tool_call>")


def tagged(
    call: tuple[str, str] | None = None,
    decode: DecodeFor | None = None,
    decode_cut: DecodeFor | None = None,
    *,
    think: tuple[str, str] | None = THINK,
    spaced: bool = True,
    call_ends_thinking: bool = True,
    forgiving: bool = True,
    drop_space: bool = False,
) -> OutputFormat:
    """Thinking, then content with calls between tags.

    `spaced`: whitespace beside the call's tags belongs to them; `forgiving`: the opening tag is
    dropped when the model writes it although the prompt has it already; `drop_space`: whitespace
    at the start of an answer is dropped where thinking might have begun.
    """
    opening = {call[0]: Edge("call", spaced, spaced)} if call else {}
    modes: dict[str, Mode] = {"content": Span(Sink.CONTENT, opening)}
    if call:
        modes["call"] = Span(Sink.CALL, {call[1]: Edge("content", spaced, spaced)})
    if think:
        begin, end = think
        ends = {**(opening if call_ends_thinking else {}), end: Edge("content")}
        thought = Span(Sink.THINKING, ends)
        modes["thought"] = thought
        modes["thinking"] = Gate({begin: Edge("thought")}, "thought") if forgiving else thought
        modes["start"] = Gate({begin: Edge("thought")}, "content", drop_space)
    return OutputFormat(modes, decode, decode_cut)


PLAIN: Final = tagged(think=None)
THINKING_ONLY: Final = tagged(forgiving=False)
JSON_IN_TAGS: Final = tagged(TOOL_CALL, json_call)
JSON_IN_TAGS_LITERAL: Final = tagged(TOOL_CALL, json_call, forgiving=False)
XML_IN_TAGS: Final = tagged(TOOL_CALL, xml_call)
KEYS_IN_TAGS: Final = tagged(
    TOOL_CALL, argkeys.call, argkeys.cut_call, call_ends_thinking=False, forgiving=False
)
LINES_IN_TAGS: Final = tagged(
    ("<function_calls>", "</function_calls>"),
    lambda body, tools: calls_in_lines(body),
    think=None,
    spaced=False,
)
FUNCTION_GEMMA: Final = tagged(
    ("<start_function_call>", "<end_function_call>"), gemma.escaped_call, think=None, spaced=False
)
PYTHON_IN_TAGS: Final = tagged(
    ("<|tool_call_start|>", "<|tool_call_end|>"),
    lambda body, tools: calls_in_list(body),
    call_ends_thinking=False,
    forgiving=False,
    drop_space=True,
)


# -- sections of calls -----------------------------------------------------------------------------

_CALLS: Final = ("<｜tool▁calls▁begin｜>", "<｜tool▁calls▁end｜>")
_CALL: Final = ("<｜tool▁call▁begin｜>", "<｜tool▁call▁end｜>")
_OUTPUT: Final = ("<｜tool▁output▁begin｜>", "<｜tool▁output▁end｜>")
_OUTPUTS: Final = ("<｜tool▁outputs▁begin｜>", "<｜tool▁outputs▁end｜>")

_SECTIONS: Final[Modes] = {
    **THINKING_ONLY.modes,
    "calls": Span(Sink.NOWHERE, {_CALL[0]: Edge("call"), _CALLS[1]: Edge("content")}),
    "call": Span(Sink.CALL, {_CALL[1]: Edge("calls"), _CALLS[1]: Edge("content")}),
}
_TO_CALLS: Final = {_CALLS[0]: Edge("calls")}

DEEPSEEK: Final = OutputFormat(
    {
        **_SECTIONS,
        "content": Span(
            Sink.CONTENT, {**_TO_CALLS, _OUTPUT[0]: Edge("output", trim=False, skip=False)}
        ),
        "output": Span(Sink.CONTENT, {_OUTPUT[1]: Edge("content", trim=False, skip=False)}),
    },
    separated_call,
)
COGITO: Final = OutputFormat(
    {
        **_SECTIONS,
        "content": Span(
            Sink.CONTENT, {**_TO_CALLS, _OUTPUTS[0]: Edge("outputs", trim=False, skip=False)}
        ),
        "outputs": Span(Sink.NOWHERE, {_OUTPUTS[1]: Edge("content", trim=False, skip=False)}),
    },
    fenced_call,
)


# -- formats with marks of their own ---------------------------------------------------------------

MINISTRAL: Final = OutputFormat(
    {
        "content": Span(
            Sink.CONTENT,
            {"[TOOL_CALLS]": Edge("name", skip=False), "[THINK]": Edge("thought", skip=False)},
        ),
        "name": Span(Sink.CALL, {"[ARGS]": Edge("arguments", trim=False, skip=False, inside=True)}),
        "arguments": Balanced("content"),
        "thought": Span(Sink.THINKING, {"[/THINK]": Edge("content", trim=False)}),
        "thinking": Span(Sink.THINKING, {"[/THINK]": Edge("content", trim=False)}),
    },
    named_call,
)

_OPENERS: Final = {
    "<|START_TEXT|>": Edge("text", skip=False),
    "<|START_RESPONSE|>": Edge("text", skip=False),
    "<|START_ACTION|>": Edge("action"),
}
_ENDERS: Final = ("<|END_TEXT|>", "<|END_RESPONSE|>", "<|END_OF_TURN_TOKEN|>", "<|END_THINKING|>")

COHERE: Final = OutputFormat(
    {
        "thinking": Span(Sink.THINKING, {"<|END_THINKING|>": Edge("content")}),
        "content": Gate(
            {
                **_OPENERS,
                "<|START_THINKING|>": Edge("thinking"),
                "<|END_OF_TURN_TOKEN|>": Edge("content"),
            },
            otherwise="text",
            drop_space=True,
        ),
        "text": Span(
            Sink.CONTENT,
            {
                **{opener: replace(edge, trim=False) for opener, edge in _OPENERS.items()},
                **dict.fromkeys(_ENDERS, Edge("content", trim=False)),
            },
        ),
        "action": Span(Sink.CALL, {"<|END_ACTION|>": Edge("content")}),
    },
    action_list,
    action_list,
)

_GEMMA_OPENERS: Final = {"<|channel>": Edge("thinking", skip=False), "<|tool_call>": Edge("call")}

GEMMA: Final = OutputFormat(
    {
        "content": Span(Sink.CONTENT, _GEMMA_OPENERS),
        "thinking": Gate({"thought\n": Edge("thought", skip=False)}, otherwise="thought"),
        "thought": Span(Sink.THINKING, {"<channel|>": Edge("content")}),
        "call": Span(Sink.CALL, {"<tool_call|>": Edge("called")}),
        "called": Gate(
            {
                **_GEMMA_OPENERS,
                "<tool_call|>": Edge("called"),
                "<|tool_response>": Edge("called"),
            },
            otherwise="content",
            drop_space=True,
        ),
    },
    gemma.call,
    gemma.cut_call,
)


# -- formats of chat templates alone ---------------------------------------------------------------

ANY_JSON_IN_TAGS: Final = tagged(TOOL_CALL, any_json_call)
"""The usual tags with all the ways to write the JSON between them."""

MISTRAL: Final = OutputFormat(
    {
        **MINISTRAL.modes,
        "name": Gate({"[": Edge("list", keep=True), "{": Edge("list", keep=True)}, "named"),
        "named": Span(
            Sink.CALL, {"{": Edge("list", trim=False, skip=False, keep=True, inside=True)}
        ),
        "list": Balanced("content", skip=True),
    },
    prefixed_call,
)
"""A list of calls as JSON behind `[TOOL_CALLS]`, or one `NAME{…}`."""

FUNCTION_TAGS: Final = tagged(("<function=", "</function>"), function_call)

RECIPIENTS: Final = OutputFormat(
    {
        "recipient": Gate({"all\n": Edge("content", skip=False)}, otherwise="call"),
        "content": Span(Sink.CONTENT, {">>>": Edge("recipient")}),
        "call": Span(Sink.CALL, {">>>": Edge("recipient")}),
    },
    recipient_call,
    recipient_call,
)
"""`NAME` or `all` on a line of its own, then arguments or content up to `>>>`."""

SECTION_TOKENS: Final = OutputFormat(
    {
        **THINKING_ONLY.modes,
        "content": Span(Sink.CONTENT, {"<|tool_calls_section_begin|>": Edge("calls")}),
        "calls": Span(
            Sink.NOWHERE,
            {
                "<|tool_call_begin|>": Edge("call"),
                "<|tool_calls_section_end|>": Edge("content"),
            },
        ),
        "call": Span(
            Sink.CALL,
            {"<|tool_call_end|>": Edge("calls"), "<|tool_calls_section_end|>": Edge("content")},
        ),
    },
    indexed_call,
)

PYTHON_TAG: Final = OutputFormat(
    {
        "begin": Gate({"<|python_tag|>": Edge("content")}, otherwise="content"),
        "content": Span(Sink.CONTENT),
    }
)
"""A token that some models write before a call, and nothing else."""

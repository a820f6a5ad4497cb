"""The output formats that one scanner runs, as data. Knows markers and modes; knows no request."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from paddock.api import Tool
from paddock.output.events import OutputParser, ToolCall
from paddock.output.scanner import Edge, Gate, Mode, Modes, Scanner, Sink, Span
from paddock.output.toolcalls import any_json_call, json_call, xml_call
from paddock.output.values import Tools, by_name

DecodeFor = Callable[[str, Tools], Sequence[ToolCall]]


@dataclass(frozen=True)
class OutputFormat:
    """Modes of a scanner, and what reads the body of a call."""

    modes: Modes
    decode: DecodeFor | None = None

    def parser(self, start: str, tools: Sequence[Tool], *, skip: bool = False) -> OutputParser:
        decode = partial(self.decode, tools=by_name(tools)) if self.decode else None
        return Scanner(self.modes, start, decode, skip=skip)

    def without_calls(self) -> "OutputFormat":
        """The same format for a request without tools, in which a call is text."""
        calls = {
            name
            for name, mode in self.modes.items()
            if isinstance(mode, Span) and mode.sink is Sink.CALL
        }
        return replace(
            self, modes={name: _without(mode, calls) for name, mode in self.modes.items()}
        )


def _without(mode: Mode, targets: set[str]) -> Mode:
    edges = {marker: edge for marker, edge in mode.edges.items() if edge.to not in targets}
    return replace(mode, edges=edges)


def tagged_calls(
    opening: str, closing: str, decode: DecodeFor, *, think: tuple[str, str] | None = None
) -> OutputFormat:
    """Calls between tags in the content; with `think`, thinking before it that a call ends, too.

    "thinking" is where a prompt that opened the thinking leaves off: a model that writes the
    opening tag again is forgiven. "start" is where a prompt leaves that to the model.
    """
    modes: dict[str, Mode] = {
        "content": Span(Sink.CONTENT, {opening: Edge("call")}),
        "call": Span(Sink.CALL, {closing: Edge("content")}),
    }
    if think is not None:
        begin, end = think
        modes["thinking"] = Gate({begin: Edge("thought")}, otherwise="thought")
        modes["thought"] = Span(Sink.THINKING, {opening: Edge("call"), end: Edge("content")})
        modes["start"] = Gate({begin: Edge("thought")}, otherwise="content")
    return OutputFormat(modes, decode)


THINK: Final = ("<think>", "</think>")
TOOL_CALL: Final = ("<tool_call>", "</tool_call>")

JSON_IN_TAGS: Final = tagged_calls(*TOOL_CALL, json_call, think=THINK)
XML_IN_TAGS: Final = tagged_calls(*TOOL_CALL, xml_call, think=THINK)

ANY_JSON_IN_TAGS: Final = tagged_calls(*TOOL_CALL, any_json_call, think=THINK)
"""What templates outside the table ask for: the same tags, more ways to write the JSON."""

FORMATS: Final[Mapping[str, OutputFormat]] = {}

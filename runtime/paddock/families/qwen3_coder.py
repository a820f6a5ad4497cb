"""The prompt of qwen3-coder. Knows no thinking: it is neither asked for nor shown."""

from collections.abc import Sequence
from typing import Final

from paddock.api import Think, Tool
from paddock.families.base import Turn, neighbours
from paddock.families.chatml import ANSWER, END, block, tool_response
from paddock.families.text import argument_text, compact, sorted_maps
from paddock.families.xml_calls import CODER, INSTRUCTIONS, TOOLS_HEAD, xml_call

_DEFAULT_SYSTEM: Final = (
    "You are Qwen, a helpful AI assistant that can interact with a computer to solve tasks."
)


def write(shown: Sequence[Turn], tools: Sequence[Tool], think: Think) -> str:
    system = next((turn.content for turn in shown if turn.role == "system" and turn.content), "")
    talk = [turn for turn in shown if turn.role != "system"]
    text = _system(system, tools)
    for turn, before, after in neighbours(talk):
        match turn.role:
            case "assistant" if turn.calls:
                text += block("assistant", _calling(turn))
            case "assistant":
                text += block("assistant", turn.content, "" if after is None else END)
            case "tool":
                text += tool_response(turn.content, before, after)
            case role:
                text += block(role, turn.content)
    return text + (ANSWER if talk and talk[-1].role != "assistant" else "")


def _system(system: str, tools: Sequence[Tool]) -> str:
    if not tools:
        return block("system", system) if system else ""
    declared = "".join(CODER.declared(tool) for tool in tools)
    opening = f"{system or _DEFAULT_SYSTEM}\n\n{TOOLS_HEAD}"
    return block("system", f"{opening}{declared}\n</tools>{INSTRUCTIONS}")


def _calling(turn: Turn) -> str:
    opening = turn.content + "\n" if turn.content else ""
    return opening + "".join("\n" + xml_call(call, coder_argument) for call in turn.calls)


def coder_argument(value: object) -> str:
    return argument_text(value, lambda container: compact(sorted_maps(container)))

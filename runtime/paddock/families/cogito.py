"""The prompt of cogito. Knows no thinking of earlier turns: it is not shown."""

from collections.abc import Sequence
from typing import Final

from paddock.api import Think, Tool
from paddock.families.base import Turn, led_by, neighbours, thinks
from paddock.families.text import compact, indented, ordered, tool_form

BOS: Final = "<｜begin▁of▁sentence｜>"
END: Final = "<｜end▁of▁sentence｜>"
_SYSTEM: Final = (
    "You are Cogito, an AI assistant created by Deep Cogito, which is an AI research lab based in "
    "San Francisco."
)
_THINKING: Final = "Enable deep thinking subroutine.\n\n"
_TOOLS_HEAD: Final = "\nYou have the following functions available:\n"


def write(shown: Sequence[Turn], tools: Sequence[Tool], think: Think) -> str:
    is_thinking = thinks(think, default=False)
    system, talk = led_by(shown, "system")
    text = BOS + _system(system.content if system else "", tools, is_thinking)
    is_asked = False
    for turn, before, after in neighbours(talk):
        match turn.role:
            case "user":
                text += f"<｜User｜>{turn.content}<｜Assistant｜>"
            case "assistant":
                text += turn.content + _calls(turn) + END
            case "tool":
                opening = "" if before == "tool" else "<｜tool▁outputs▁begin｜>"
                closing = "\n" if after == "tool" else "<｜tool▁outputs▁end｜>"
                output = f"<｜tool▁output▁begin｜>{turn.content}<｜tool▁output▁end｜>"
                text += opening + output + closing
            case _:
                continue
        is_asked = turn.role == "user"
    return text + ("" if is_asked else "<｜Assistant｜>") + ("<think>\n" if is_thinking else "")


def _system(given: str, tools: Sequence[Tool], is_thinking: bool) -> str:
    text = (_THINKING if is_thinking else "") + _SYSTEM
    if given:
        text += f"\n\n{given}" + ("\n\n" if is_thinking else "")
    if tools:
        text += _TOOLS_HEAD
    return text + "".join(f"```json\n{indented(tool_form(tool))}\n```\n" for tool in tools)


def _calls(turn: Turn) -> str:
    if not turn.calls:
        return ""
    calls = "\n".join(
        f"<｜tool▁call▁begin｜>function<｜tool▁sep｜>{call.name}\n"
        f"```json\n{compact(ordered(call.arguments))}\n```<｜tool▁call▁end｜>"
        for call in turn.calls
    )
    return f"<｜tool▁calls▁begin｜>{calls}<｜tool▁calls▁end｜>"

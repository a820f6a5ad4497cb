"""The prompts of olmo3. Knows that the thinking variants have no tools; no history of thinking."""

from collections.abc import Sequence
from typing import Final

from paddock.api import Think, Tool
from paddock.families.base import Call, Turn, neighbours
from paddock.families.chatml import ANSWER, END, block
from paddock.families.text import compact, ordered, spaced, tool_form

DEFAULT_3: Final = "You are a helpful function-calling AI assistant. "
DEFAULT_3_1: Final = (
    "You are Olmo, a helpful AI assistant built by Ai2. Your date cutoff is December 2024, and "
    "your model weights are available at https://huggingface.co/allenai. "
)
DEFAULT_THINK: Final = DEFAULT_3_1[:-1]
DEFAULT_THINK_32B: Final = "You are a helpful AI assistant."
_NO_FUNCTIONS: Final = "You do not currently have access to any functions. "
_FUNCTIONS: Final = (
    "You are provided with function signatures within <functions></functions> XML tags. You may "
    "call one or more functions to assist with the user query. Output any function calls within "
    "<function_calls></function_calls> XML tags. Do not make assumptions about what values to "
    "plug into functions."
)


def write(shown: Sequence[Turn], tools: Sequence[Tool], think: Think, *, default: str) -> str:
    system, talk = _apart(shown)
    functions = f"<functions>{spaced([tool_form(tool) for tool in tools])}</functions>"
    if system is not None:
        opening = system.content + (functions if tools else "")
    elif tools:
        opening = default + _FUNCTIONS + functions
    else:
        opening = f"{default}{_NO_FUNCTIONS}<functions></functions>"
    text = block("system", opening)
    for turn, _, after in neighbours(talk):
        match turn.role:
            case "user":
                text += block("user", turn.content)
            case "assistant":
                is_open = after is None and not turn.calls
                text += block("assistant", turn.content + _calls(turn), "" if is_open else END)
            case "tool":
                text += block("environment", turn.content)
            case _:
                pass
    return text + ("" if talk and _goes_on(talk[-1]) else ANSWER)


def write_thinking(
    shown: Sequence[Turn], tools: Sequence[Tool], think: Think, *, default: str
) -> str:
    system, talk = _apart(shown)
    suffix = f" {_NO_FUNCTIONS}<functions></functions>"
    text = block("system", default if system is None else system.content + suffix)
    said = (turn for turn in talk if turn.role in ("user", "assistant"))
    return text + "".join(block(turn.role, turn.content) for turn in said) + ANSWER + "<think>"


def _apart(shown: Sequence[Turn]) -> tuple[Turn | None, list[Turn]]:
    """The first system message, wherever it stands, and what is no system message."""
    system = next((turn for turn in shown if turn.role == "system"), None)
    return system, [turn for turn in shown if turn.role != "system"]


def _goes_on(last: Turn) -> bool:
    return last.role == "assistant" and bool(last.content) and not last.calls


def _calls(turn: Turn) -> str:
    if not turn.calls:
        return ""
    return "<function_calls>" + "\n".join(map(_call, turn.calls)) + "</function_calls>"


def _call(call: Call) -> str:
    arguments = sorted(ordered(call.arguments).items())
    return f"{call.name}({', '.join(f'{name}={compact(value)}' for name, value in arguments)})"

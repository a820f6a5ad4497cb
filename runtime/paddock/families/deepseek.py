"""The prompt of deepseek3.1. Knows that thinking is opened or closed after a question only."""

from collections.abc import Sequence
from typing import Final

from paddock.api import Think, Tool
from paddock.families.base import Turn, last_user, thinks
from paddock.families.text import (
    compact,
    description_of,
    name_of,
    ordered,
    parameters_form,
)

BOS: Final = "<｜begin▁of▁sentence｜>"
END: Final = "<｜end▁of▁sentence｜>"
_TOOLS_HEAD: Final = "\n\n## Tools\nYou have access to the following tools:\n"
_TOOLS_TAIL: Final = """
IMPORTANT: ALWAYS adhere to this exact format for tool use:
<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>tool_call_name<｜tool▁sep｜>tool_call_arguments\
<｜tool▁call▁end｜>{{additional_tool_calls}}<｜tool▁calls▁end｜>

Where:

- `tool_call_name` must be an exact match to one of the available tools
- `tool_call_arguments` must be valid JSON that strictly follows the tool's Parameters Schema
- For multiple tool calls, chain them directly without separators or spaces
"""


def write(shown: Sequence[Turn], tools: Sequence[Tool], think: Think) -> str:
    is_thinking = thinks(think, default=False)
    systems = (turn.content for turn in shown if turn.role == "system")
    text = BOS + "\n\n".join(systems) + _tools(tools)
    question, before = last_user(shown), None
    for place, turn in enumerate(shown):
        match turn.role:
            case "user":
                text += f"<｜User｜>{turn.content}"
            case "assistant":
                if before == "user":
                    goes_on = is_thinking and bool(turn.thinking) and place > question
                    text += _answering(goes_on and not turn.calls)
                text += _answer(turn, before) + END
            case "tool":
                text += f"<｜tool▁output▁begin｜>{turn.content}<｜tool▁output▁end｜>"
            case _:
                continue
        before = turn.role
    return text + (_answering(is_thinking) if before == "user" else "")


def _tools(tools: Sequence[Tool]) -> str:
    if not tools:
        return ""
    declared = "".join(
        f"\n### {name_of(tool)}\nDescription: {description_of(tool)}\n\n"
        f"Parameters: {compact(parameters_form(tool))}\n"
        for tool in tools
    )
    return _TOOLS_HEAD + declared + _TOOLS_TAIL


def _answering(is_thinking: bool) -> str:
    return "<｜Assistant｜>" + ("<think>" if is_thinking else "</think>")


def _answer(turn: Turn, before: str | None) -> str:
    if turn.calls:
        calls = "".join(
            f"<｜tool▁call▁begin｜>{call.name}<｜tool▁sep｜>{compact(ordered(call.arguments))}"
            "<｜tool▁call▁end｜>"
            for call in turn.calls
        )
        return f"{turn.content}<｜tool▁calls▁begin｜>{calls}<｜tool▁calls▁end｜>"
    if before == "tool" or "</think>" not in turn.content:
        return turn.content
    return turn.content.partition("</think>")[2]

"""The prompts of qwen3-vl, which differ in whether thinking is on when nothing is said."""

from collections.abc import Sequence
from typing import Final

from paddock.api import Think, Tool
from paddock.families.base import Call, Turn, led_by, neighbours, thinks
from paddock.families.chatml import ANSWER, END, block, last_question, tool_response
from paddock.families.text import ordered, spaced, tool_form

_TOOLS_HEAD: Final = (
    "# Tools\n\nYou may call one or more functions to assist with the user query.\n\n"
    "You are provided with function signatures within <tools></tools> XML tags:\n<tools>"
)
_TOOLS_TAIL: Final = (
    "\n</tools>\n\nFor each function call, return a json object with function name and arguments "
    "within <tool_call></tool_call> XML tags:\n<tool_call>\n"
    '{"name": <function-name>, "arguments": <args-json-object>}\n</tool_call>'
)


def write(shown: Sequence[Turn], tools: Sequence[Tool], think: Think, *, by_default: bool) -> str:
    is_thinking = thinks(think, by_default)
    question = last_question(shown, [turn.content for turn in shown])
    question = len(shown) - 1 if question < 0 else question
    system, talk = led_by(shown, "system")
    text = _system(system, tools)
    for place, (turn, before, after) in enumerate(neighbours(talk), len(shown) - len(talk)):
        match turn.role:
            case "user" | "system":
                text += block(turn.role, turn.content)
            case "assistant":
                is_shown = is_thinking and place > question and (turn.thinking or after is None)
                said = _thought(turn) if is_shown else turn.content
                text += block("assistant", said + _calls(turn), "" if after is None else END)
            case "tool":
                text += tool_response(turn.content, before, after)
            case _:
                pass
    if shown and shown[-1].role == "assistant":
        return text
    return text + ANSWER + ("<think>\n" if is_thinking else "")


def _system(system: Turn | None, tools: Sequence[Tool]) -> str:
    if tools:
        given = system.content + "\n\n" if system else ""
        declared = "".join("\n" + spaced(tool_form(tool)) for tool in tools)
        return block("system", given + _TOOLS_HEAD + declared + _TOOLS_TAIL)
    return block("system", system.content) if system else ""


def _thought(turn: Turn) -> str:
    content = turn.content.lstrip("\n")
    behind = f"\n</think>\n\n{content}" if turn.content else ""
    return "<think>\n" + turn.thinking.strip("\n") + behind


def _calls(turn: Turn) -> str:
    written = "\n".join(_call(call) for call in turn.calls)
    return "\n" + written if written and turn.content else written


def _call(call: Call) -> str:
    return (
        f'<tool_call>\n{{"name": "{call.name}", "arguments": {spaced(ordered(call.arguments))}}}\n'
        "</tool_call>"
    )

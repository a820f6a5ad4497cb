"""The prompts of lfm2 and lfm2-thinking: calls written as Python, roles as they are."""

from collections.abc import Sequence
from typing import Final

from paddock.api import Think, Tool
from paddock.families.base import Call, Turn, last_place, led_by, thinks
from paddock.families.chatml import ANSWER, END, block
from paddock.families.text import function_form, ordered, spaced_bare, trim

BOS: Final = "<|startoftext|>"
_CALLS: Final = "<|tool_call_start|>"


def write(shown: Sequence[Turn], tools: Sequence[Tool], think: Think, *, has_thinking: bool) -> str:
    system, talk = led_by(shown, "system")
    text = BOS + _system(system.content if system else "", tools)
    keeps_thinking = thinks(think, default=False)
    newest = last_place(talk, lambda turn: turn.role == "assistant")
    for place, turn in enumerate(talk):
        match turn.role:
            case "assistant":
                keeps = keeps_thinking or place == newest
                thought, content = _parts(turn, keeps) if has_thinking else ("", turn.content)
                said = thought + _with_calls(turn.calls, content)
                text += block("assistant", said, "" if place == len(talk) - 1 else END)
            case "tool":
                result = f"<|tool_response_start|>{turn.content}<|tool_response_end|>"
                text += block("tool", result)
            case role:
                text += block(role, turn.content)
    return text + ("" if talk and talk[-1].role == "assistant" else ANSWER)


def _system(given: str, tools: Sequence[Tool]) -> str:
    functions = ", ".join(spaced_bare(function_form(tool)) for tool in tools)
    listed = f"List of tools: <|tool_list_start|>[{functions}]<|tool_list_end|>" if tools else ""
    content = "\n".join(part for part in (given, listed) if part)
    return block("system", content) if content else ""


def _parts(turn: Turn, keeps: bool) -> tuple[str, str]:
    """The thinking of a turn, and its content; both without thinking where it is not kept."""
    has_thought = bool(turn.thinking) and "</think>" not in turn.content
    if keeps:
        return f"<think>{turn.thinking}</think>" if has_thought else "", turn.content
    if has_thought or "</think>" in turn.content:
        return "", trim(turn.content.rpartition("</think>")[2])
    return "", turn.content


def _with_calls(calls: Sequence[Call], content: str) -> str:
    if not calls or _CALLS in content:
        return content
    gap = "\n" if trim(content) else ""
    return f"{_CALLS}[{','.join(map(_call, calls))}]<|tool_call_end|>{gap}{content}"


def _call(call: Call) -> str:
    arguments = sorted(ordered(call.arguments).items())
    return f"{call.name}({','.join(f'{name}={spaced_bare(value)}' for name, value in arguments)})"

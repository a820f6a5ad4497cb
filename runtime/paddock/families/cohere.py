"""The prompt of cohere. Knows that calls are numbered through the conversation."""

from collections.abc import Iterator, Sequence
from itertools import count
from typing import Final

from paddock.api import Think, Tool
from paddock.families.base import Turn, led_by, neighbours, thinks
from paddock.families.text import compact, function_form, ordered, spaced

BOS: Final = "<BOS_TOKEN>"
"""Not part of the prompt: the tokenizer adds it."""
_END: Final = "<|END_OF_TURN_TOKEN|>"
_ROLES: Final = {"user": "USER", "system": "SYSTEM"}


def write(shown: Sequence[Turn], tools: Sequence[Tool], think: Think) -> str:
    system, talk = led_by(shown, "system")
    given = system.content + "\n\n\n\n" if system and system.content else ""
    text = _turn("SYSTEM") + _text(given + _tools(tools)) + _END
    numbers, places = count(), dict[str, str]()
    for turn, before, after in neighbours(talk):
        match turn.role:
            case "assistant" | "chatbot" if turn.calls:
                text += _turn("CHATBOT") + _action(turn, numbers, places) + _END
            case "assistant" | "chatbot":
                said = _turn("CHATBOT") + _thought(turn) + "<|START_TEXT|>" + turn.content
                text += said if after is None else f"{said}<|END_TEXT|>{_END}"
            case "tool":
                opening = _turn("SYSTEM") + "<|START_TOOL_RESULT|>["
                text += "," if before == "tool" else opening
                text += _result(turn, places.get(turn.call_id, turn.call_id))
                text += "" if after == "tool" else f"\n\n]<|END_TOOL_RESULT|>{_END}"
            case "user" | "system":
                text += _turn(_ROLES[turn.role]) + _text(turn.content) + _END
            case _:
                pass
    if talk and talk[-1].role in ("assistant", "chatbot") and not talk[-1].calls:
        return text
    skips = "" if thinks(think, default=True) else "<|END_THINKING|>"
    return text + _turn("CHATBOT") + "<|START_THINKING|>" + skips


def _turn(role: str) -> str:
    return f"<|START_OF_TURN_TOKEN|><|{role}_TOKEN|>"


def _text(content: str) -> str:
    return f"<|START_TEXT|>{content}<|END_TEXT|>"


def _thought(turn: Turn) -> str:
    return f"<|START_THINKING|>{turn.thinking}<|END_THINKING|>" if turn.thinking else ""


def _tools(tools: Sequence[Tool]) -> str:
    forms = (function_form(tool, always_described=True) | {"responses": None} for tool in tools)
    declared = ",\n\n".join(f"\n    {spaced(form)}" for form in forms)
    return f"# Available Tools\n```json\n[\n{declared}\n\n\n]\n```"


def _action(turn: Turn, numbers: Iterator[int], places: dict[str, str]) -> str:
    calls: list[str] = []
    for call in turn.calls:
        number = str(next(numbers))
        if call.id:
            places[call.id] = number
        calls.append(
            f'\n\n    {{"tool_call_id": "{number}", "tool_name": {compact(call.name)}, '
            f'"parameters": {spaced(ordered(call.arguments))}}}'
        )
    opening = f"\n            \n                {_thought(turn)}<|START_ACTION|>["
    return f"{opening}{','.join(calls)}\n\n]<|END_ACTION|>"


def _result(turn: Turn, number: str) -> str:
    return (
        f'\n    {{\n        "tool_call_id": {compact(number)},\n        "results": {{\n\n'
        f'            \n            "0": {{"content": {compact(turn.content)}}}\n\n'
        '        },\n        "is_error": null\n    }'
    )

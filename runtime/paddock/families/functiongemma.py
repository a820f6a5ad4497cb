"""The prompt of functiongemma. Knows no thinking; results continue the turn of the model."""

from collections.abc import Mapping, Sequence
from typing import Final

from paddock.api import Think, Tool
from paddock.families.base import Turn, led_by, neighbours
from paddock.families.gemma_notation import Notation, joined
from paddock.families.text import Json, trim, types_in

BOS: Final = "<bos>"
_END: Final = "<end_of_turn>\n"
_ROLES: Final = {"assistant": "model"}
_RESPONSE: Final = "<start_function_response>"
_DEFAULT_SYSTEM: Final = "You can do function calling with the following functions:"
_NOTATION: Final = Notation("<escape>", "<nil>")


def write(shown: Sequence[Turn], tools: Sequence[Tool], think: Think) -> str:
    system, talk = led_by(shown, "system", "developer")
    text = BOS + _system(system.content if system else "", tools)
    names: list[str] = []
    is_awaited = False
    for turn, before, after in neighbours(talk):
        if turn.role == "tool":
            name = names.pop(0) if names else ""
            value = _NOTATION.string(turn.content)
            text += "" if is_awaited else _RESPONSE
            text += f"response:{name}{{{value}}}<end_function_response>"
            is_awaited = False
            continue
        continues = before == "tool" and turn.role in ("user", "assistant")
        text += "" if continues else f"<start_of_turn>{_ROLES.get(turn.role, turn.role)}\n"
        text += trim(turn.content)
        if turn.role == "assistant":
            names = [call.name for call in turn.calls]
            text += "".join(
                f"<start_function_call>{_NOTATION.call(call)}<end_function_call>"
                for call in turn.calls
            )
        is_awaited = turn.role == "assistant" and bool(turn.calls) and after == "tool"
        text += _RESPONSE if is_awaited else _END
    ends_in_results = bool(talk) and talk[-1].role == "tool"
    return text + ("" if ends_in_results else "<start_of_turn>model\n")


def _system(given: str, tools: Sequence[Tool]) -> str:
    if not given and not tools:
        return ""
    text = f"<start_of_turn>developer\n{trim(given)}"
    if tools:
        text += "\n" if given else ""
        text += "" if trim(given) == _DEFAULT_SYSTEM else _DEFAULT_SYSTEM
    return text + "".join(map(_declared, tools)) + _END


def _declared(tool: Tool) -> str:
    declaration = _NOTATION.declaration(tool, _properties)
    return f"<start_function_declaration>{declaration}<end_function_declaration>"


def _properties(properties: Mapping[str, Json]) -> str:
    shown = (f"{name}:{{{_property(form)}}}" for name, form in sorted(properties.items()))
    return "{" + ",".join(shown) + "}"


def _property(form: Json) -> str:
    types = types_in(form.get("type"))
    return joined(
        [
            f"description:{_NOTATION.string(form.get('description', ''))}",
            f"type:{_NOTATION.string(types[0].upper())}" if types else "",
        ]
    )

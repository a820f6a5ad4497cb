"""The prompts of glm-4.7 and glm-ocr. Knows that thinking of all turns is shown."""

from collections.abc import Sequence
from typing import Final

from paddock.api import Think, Tool
from paddock.families.base import Call, Turn, neighbours, thinks
from paddock.families.text import compact, sorted_maps, spaced, tool_form, trim

_START: Final = "[gMASK]<sop>"
_TOOLS_HEAD: Final = (
    "<|system|>\n# Tools\n\nYou may call one or more functions to assist with the user query.\n\n"
    "You are provided with function signatures within <tools></tools> XML tags:\n<tools>\n"
)
_TOOLS_TAIL: Final = (
    "</tools>\n\nFor each function call, output the function name and arguments within the "
    "following XML format:\n<tool_call>{function-name}<arg_key>{arg-key-1}</arg_key>"
    "<arg_value>{arg-value-1}</arg_value><arg_key>{arg-key-2}</arg_key>"
    "<arg_value>{arg-value-2}</arg_value>...</tool_call>"
)


def write(shown: Sequence[Turn], tools: Sequence[Tool], think: Think) -> str:
    text = _START + _tools(tools)
    for turn, before, _ in neighbours(shown):
        match turn.role:
            case "user" | "system":
                text += f"<|{turn.role}|>{turn.content}"
            case "assistant":
                thought = f"<think>{turn.thinking}" if turn.thinking else ""
                calls = "".join(map(_call, turn.calls))
                text += f"<|assistant|>{thought}</think>{turn.content}{calls}"
            case "tool":
                text += "" if before == "tool" else "<|observation|>"
                text += f"<tool_response>{turn.content}</tool_response>"
            case _:
                pass
    return text + "<|assistant|>" + ("<think>" if thinks(think, default=True) else "</think>")


def write_ocr(shown: Sequence[Turn], tools: Sequence[Tool], think: Think) -> str:
    text = _START + _tools(tools)
    for turn, before, _ in neighbours(shown):
        match turn.role:
            case "user":
                is_marked = think is not False or turn.content.endswith("/nothink")
                text += f"<|user|>\n{turn.content}" + ("" if is_marked else "/nothink")
            case "system":
                text += f"<|system|>\n{turn.content}\n"
            case "assistant":
                content = f"\n{trim(turn.content)}" if turn.content else ""
                calls = "".join("\n" + _call(call) for call in turn.calls)
                text += f"<|assistant|>\n<think>{trim(turn.thinking)}</think>{content}{calls}\n"
            case "tool":
                text += "" if before == "tool" else "<|observation|>"
                text += f"\n<tool_response>\n{turn.content}\n</tool_response>\n"
            case _:
                pass
    return text + "<|assistant|>\n" + ("<think></think>\n" if think is False else "")


def _tools(tools: Sequence[Tool]) -> str:
    if not tools:
        return ""
    declared = "".join(spaced(tool_form(tool)) + "\n" for tool in tools)
    return _TOOLS_HEAD + declared + _TOOLS_TAIL


def _call(call: Call) -> str:
    arguments = "".join(
        f"<arg_key>{name}</arg_key><arg_value>"
        f"{value if isinstance(value, str) else compact(sorted_maps(value))}</arg_value>"
        for name, value in call.arguments.items()
    )
    return f"<tool_call>{call.name}{arguments}</tool_call>"

"""The prompts of laguna and poolside-v1, which are one format with and without line breaks."""

from collections.abc import Sequence
from typing import Final

from paddock.api import Think, Tool
from paddock.families.base import Call, Turn, led_by, neighbours, thinks
from paddock.families.text import sorted_maps, spaced, tool_form, trim, trim_end

BOS: Final = "〈|EOS|〉"
_DEFAULT_SYSTEM: Final = (
    "You are a helpful, conversationally-fluent assistant made by Poolside. You are here to be "
    "helpful to users through natural language conversations."
)
_TOOLS_HEAD: Final = (
    "### Tools\n\nYou may call functions to assist with the user query.\n"
    "All available function signatures are listed below:\n<available_tools>\n"
)
_TOOLS_END: Final = "</available_tools>"
_HOW_TO_CALL: Final = (
    "return an unescaped XML-like object with function name and arguments within '<tool_call>' "
    "and '</tool_call>' tags, like here:\n"
)
_EXAMPLE: Final = (
    "<tool_call>function-name\n<arg_key>argument-key</arg_key>\n"
    "<arg_value>value-of-argument-key</arg_value>\n</tool_call>"
)
_CALLING: Final = f"\n\nFor each function call, {_HOW_TO_CALL}{_EXAMPLE}"
_CALLING_THINKING: Final = (
    "\n\nWrap your thinking in '<think>', '</think>' tags, followed by a function call. "
    f"For each function call, {_HOW_TO_CALL}<think> your thoughts here </think>\n{_EXAMPLE}"
)


def write(shown: Sequence[Turn], tools: Sequence[Tool], think: Think) -> str:
    is_thinking = thinks(think, default=False)
    system, talk = led_by(shown, "system")
    given = _given(system)
    listed = _tools(tools) + (_CALLING_THINKING if is_thinking else _CALLING) if tools else ""
    text = BOS
    if given or tools:
        header = ("\n" + given if given else "") + ("\n\n" + listed if listed else "")
        text += f"<system>\n{header}\n</system>\n"
    for turn, _, after in neighbours(talk):
        match turn.role:
            case "user" | "system":
                text += f"<{turn.role}>\n{turn.content}\n</{turn.role}>\n"
            case "assistant":
                text += _answer(turn, is_last=after is None)
            case "tool":
                text += f"<tool_response>\n{turn.content}\n</tool_response>\n"
            case _:
                pass
    if talk and talk[-1].role == "assistant":
        return text
    return text + "<assistant>\n" + ("<think>" if is_thinking else "</think>")


def write_poolside(shown: Sequence[Turn], tools: Sequence[Tool], think: Think) -> str:
    is_thinking = thinks(think, default=False)
    system, talk = led_by(shown, "system")
    given = _given(system)
    text = BOS
    if given or tools or is_thinking:
        header = "\n\n".join(part for part in (given, _tools(tools) if tools else "") if part)
        text += f"<system>{header}</system>\n"
    for turn in talk:
        match turn.role:
            case "user" | "system":
                text += f"<{turn.role}>{turn.content}</{turn.role}>\n"
            case "assistant":
                thought = f"<think>{turn.thinking}" if is_thinking else ""
                calls = "".join(_call(call, "") for call in turn.calls)
                text += f"<assistant>{thought}</think>{turn.content}{calls}</assistant>\n"
            case "tool":
                text += f"<tool_response>{turn.content}</tool_response>\n"
            case _:
                pass
    return text + "<assistant>" + ("<think>" if is_thinking else "</think>")


def _given(system: Turn | None) -> str:
    """The system text. An empty system message turns the default one off."""
    return trim_end(system.content) if system else _DEFAULT_SYSTEM


def _tools(tools: Sequence[Tool]) -> str:
    declared = "".join(spaced(tool_form(tool)) + "\n" for tool in tools)
    return _TOOLS_HEAD + declared + _TOOLS_END


def _answer(turn: Turn, is_last: bool) -> str:
    thinking, content = turn.thinking, turn.content
    if "</think>" in content:
        before, _, content = content.partition("</think>")
        thinking = thinking or before.rpartition("<think>")[2]
    thinking, content = trim(thinking), trim(content)
    said = f"<think>\n{thinking}\n</think>\n" if thinking else "</think>\n"
    said += content + "\n" if content else ""
    said += "".join(_call(call, "\n") + "\n" for call in turn.calls)
    is_open = is_last and (thinking or content or turn.calls)
    return f"<assistant>\n{said}" + ("" if is_open else "</assistant>\n")


def _call(call: Call, line: str) -> str:
    arguments = "".join(
        f"<arg_key>{name}</arg_key>{line}<arg_value>"
        f"{value if isinstance(value, str) else spaced(sorted_maps(value))}</arg_value>{line}"
        for name, value in call.arguments.items()
    )
    return f"<tool_call>{call.name}{line}{arguments}</tool_call>"

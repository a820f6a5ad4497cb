"""The prompt of glimmer. Knows recipients, and that every system message repeats the tools."""

import time
from collections.abc import Iterator, Sequence
from typing import Any, Final

from paddock.api import Think, Tool
from paddock.families.base import Call, Turn, neighbours
from paddock.families.text import (
    argument_text,
    compact,
    function_form,
    name_of,
    sorted_maps,
    spaced_bare,
)

BOS: Final = "<|begin_of_text|>"
_DEFAULT_SYSTEM: Final = "You are a helpful AI assistant.\nKnowledge cutoff: 2026-01-04."
_RENAMED: Final = {
    "reasoning effort": "reasoning strength",
    "Reasoning effort": "Reasoning strength",
    "Reasoning Effort": "Reasoning Strength",
    "REASONING EFFORT": "REASONING STRENGTH",
}
_TOOLS_HEAD: Final = """\
In this environment you have access to a set of tools you can use to answer the user's question.

You can invoke a function by writing a "<atem:function_calls>" block like the following:
<atem:function_calls>
<atem:invoke name="$FUNCTION_NAME">
<atem:parameter name="$PARAMETER_NAME">$PARAMETER_VALUE</atem:parameter>
...
</atem:invoke>
</atem:function_calls>

String and scalar parameters should be specified as is, while lists and objects should use JSON \
format. Note that spaces for string values are not stripped. The output is not expected to be \
valid XML and is parsed with regular expressions.
Here are the functions available in JSONSchema format:
// Tool metadata
"""
_TOOLS_TAIL: Final = """

Here's an example of how to call a function in the tool set:
(If the tool namespace is not specified, invoke the function directly as `example_function_name` \
rather than `example_tool_name.example_function_name`)

to=example_tool_name.example_function_name

<atem:function_calls>
<atem:invoke name="example_tool_name.example_function_name">
<atem:parameter name="example_parameter_1">value_1</atem:parameter>
<atem:parameter name="example_parameter_2">This is the value for the second parameter
that can span
"multiple" lines
</atem:parameter>
</atem:invoke>
</atem:function_calls>"""


def write(shown: Sequence[Turn], tools: Sequence[Tool], think: Think) -> str:
    level = think if isinstance(think, str) else "none" if think is False else "high"
    strength = f"\n\nReasoning strength: {level}."
    listed = _tools(tools)
    text = BOS
    if all(turn.role != "system" for turn in shown):
        today = time.strftime("%Y-%m-%d", time.localtime())
        text += _message("system", f"{_DEFAULT_SYSTEM}\nCurrent date: {today}.{strength}{listed}")
    names: dict[str, str] = {}
    for turn, _, after in neighbours(shown):
        match turn.role:
            case "system":
                text += _message("system", _system(turn.content, strength) + listed)
            case "user":
                text += _message("user", turn.content)
            case "assistant":
                names |= {call.id: call.name for call in turn.calls if call.id}
                text += "".join(_answer(turn, after))
            case "tool":
                name = turn.tool_name or names.get(turn.call_id, turn.call_id)
                output = f'<tool_output name="{name}">\n{turn.content}\n</tool_output>'
                text += _message(f"tool {name}", output)
            case _:
                pass
    return text + "<|start|>assistant"


def _message(header: str, content: str, end: str = "<|eot|>") -> str:
    return f"<|start|>{header}<|message|>{content}{end}"


def _system(given: str, strength: str) -> str:
    for effort, renamed in _RENAMED.items():
        given = given.replace(effort, renamed)
    return given if "reasoning strength" in given.lower() else given + strength


def _tools(tools: Sequence[Tool]) -> str:
    spaces = list(dict.fromkeys(name_of(tool).partition(".")[0] for tool in tools))
    recipients = ", ".join(['"self"', *(f'"{space}.*"' for space in spaces), '"user"'])
    if tools:
        metadata = "".join(f'{{"name": {compact(space)}, "description": ""}}\n' for space in spaces)
        schemas = "".join("\n" + spaced_bare(function_form(tool, True)) for tool in tools)
        listed = f"\n\n{_TOOLS_HEAD}{metadata}// Function schemas{schemas}{_TOOLS_TAIL}"
    else:
        listed = ""
    return f"{listed}\n\n# Valid recipients: {recipients}."


# -- answers ---------------------------------------------------------------------------------------


def _answer(turn: Turn, after: str | None) -> Iterator[str]:
    if turn.thinking:
        yield _message("assistant to=self", turn.thinking, "<|eom|>")
    if not turn.calls and (turn.content or not turn.thinking):
        yield _message("assistant to=user", turn.content)
    for left, call in zip(range(len(turn.calls) - 1, -1, -1), turn.calls, strict=True):
        goes_on = left > 0 or after == turn.role
        yield _message(
            f"assistant to={call.name}", _call(call), "<|eom|>" if goes_on else "<|eot|>"
        )


def _call(call: Call) -> str:
    parameters = "".join(
        f'<atem:parameter name="{name}">{_argument(value)}</atem:parameter>\n'
        for name, value in call.arguments.items()
    )
    return (
        f'<atem:function_calls>\n<atem:invoke name="{call.name}">\n{parameters}</atem:invoke>\n'
        "</atem:function_calls>"
    )


def _argument(value: Any) -> str:
    return argument_text(value, lambda container: spaced_bare(sorted_maps(container)))

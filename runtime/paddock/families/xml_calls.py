"""Calls and declarations in the XML-like notation `<function=name><parameter=name>`.

Knows the notation, which qwen3-coder, qwen3.5 and nemotron share; knows no conversation.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from paddock.api import Tool
from paddock.families.base import Call
from paddock.families.text import (
    Json,
    bare,
    compact,
    description_of,
    is_container,
    name_of,
    parameters_form,
    properties_of,
    scalar,
    sorted_maps,
    trim,
)

TOOLS_HEAD: Final = "# Tools\n\nYou have access to the following functions:\n\n<tools>"

INSTRUCTIONS: Final = """

If you choose to call a function ONLY reply in the following format with NO suffix:

<tool_call>
<function=example_function_name>
<parameter=example_parameter_1>
value_1
</parameter>
<parameter=example_parameter_2>
This is the value for the second parameter
that can span
multiple lines
</parameter>
</function>
</tool_call>

<IMPORTANT>
Reminder:
- Function calls MUST follow the specified format: an inner <function=...></function> block must \
be nested within <tool_call></tool_call> XML tags
- Required parameters MUST be specified
- You may provide optional reasoning for your function call in natural language BEFORE the \
function call, but NOT after
- If there is no function call available, answer the question like normal with your current \
knowledge and do not tell the user about function calls
</IMPORTANT>"""


def xml_call(call: Call, written: Callable[[Any], str]) -> str:
    """`written` gives the text of an argument."""
    arguments = "".join(
        f"<parameter={name}>\n{written(value)}\n</parameter>\n"
        for name, value in call.arguments.items()
    )
    return f"<tool_call>\n<function={call.name}>\n{arguments}</function>\n</tool_call>"


@dataclass(frozen=True, slots=True)
class Declarations:
    """How a family declares functions."""

    extras: tuple[str, ...]
    """Keys of a property that are shown besides its type and description, in this order."""
    union: Callable[[list[str]], str]
    extra: Callable[[Any], str]
    clean: Callable[[str], str]
    """What is done to descriptions."""

    def declared(self, tool: Tool) -> str:
        parameters = parameters_form(tool)
        properties = "".join(
            f"\n<parameter>\n<name>{name}</name>{self._shown('type', self._type(form))}"
            f"{self._shown('description', self.clean(form.get('description', '')))}"
            f"{self._extras(form, self.extras)}\n</parameter>"
            for name, form in properties_of(parameters).items()
        )
        description = self._shown("description", self.clean(description_of(tool)))
        extras = self._extras(parameters, ("$defs", "items", "required"))
        return (
            f"\n<function>\n<name>{name_of(tool)}</name>{description}\n<parameters>{properties}"
            f"{extras}\n</parameters>\n</function>"
        )

    def _type(self, form: Json) -> str:
        types = form.get("type", "")
        return types if isinstance(types, str) else self.union(types)

    def _extras(self, form: Json, keys: tuple[str, ...]) -> str:
        return "".join(self._shown(key, self.extra(form[key])) for key in keys if key in form)

    def _shown(self, tag: str, text: str) -> str:
        return f"\n<{tag}>{text}</{tag}>" if text else ""


def _quoted_list(names: list[str]) -> str:
    return "[" + ", ".join(f"'{name}'" for name in names) + "]"


CODER: Final = Declarations(
    # Reference: in random order, with the keys of nested schemas sorted.
    extras=("anyOf", "enum", "items", "properties", "required"),
    union=compact,
    extra=lambda value: compact(sorted_maps(value)) if is_container(value) else scalar(value),
    clean=str,
)
NEMOTRON: Final = Declarations(
    extras=("enum", "anyOf", "items", "properties", "required"),
    union=_quoted_list,
    extra=bare,
    clean=trim,
)

"""What a chat template shows of its model's answers when it renders small conversations.

Knows a function that renders; knows no template language. A template that refuses a conversation
shows nothing by it.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from paddock.errors import TemplateError
from paddock.output.values import SPACE

Render = Callable[..., str]
"""(messages=, tools=, add_generation_prompt=) -> prompt; raises TemplateError."""

_CONTENT: Final = "probing-content"
_THOUGHT: Final = "probing-thought"
_TOOL: Final = "probing_tool"
_ARGUMENTS: Final = {"probing_key": "probing_value"}
_USER: Final = {"role": "user", "content": "probing-question"}
_TOOLS: Final[Sequence[Mapping[str, Any]]] = (
    {
        "type": "function",
        "function": {
            "name": "probing_other",
            "description": "Probes.",
            "parameters": {"type": "object", "properties": {"other": {"type": "string"}}},
        },
    },
)


@dataclass(frozen=True, slots=True)
class Shown:
    """What was found; None for what was not."""

    thinking: tuple[str, str] | None = None
    tool_tag: str | None = None


def look(render: Render) -> Shown:
    plain = _rendered(render, {"content": _CONTENT})
    if plain is None:
        return Shown()
    return Shown(_thinking(render, plain), _tool_tag(render))


def _thinking(render: Render, plain: str) -> tuple[str, str] | None:
    """The texts around the thinking of the last message."""
    text = _rendered(render, {"content": _CONTENT, "reasoning_content": _THOUGHT})
    if text is None or _THOUGHT not in text:
        return None
    before, _, after = text.partition(_THOUGHT)
    opening = before[_shared(before, plain) :]
    closing = after.partition(_CONTENT)[0]
    tags = _last_line(opening), closing.strip(SPACE)
    return tags if all(tags) else None


def _last_line(text: str) -> str:
    """A tag at the end of what a message begins with: the rest belongs to the message itself."""
    return text.strip(SPACE).rpartition("\n")[2].strip(SPACE)


def _tool_tag(render: Render) -> str | None:
    """The text between the beginning of a message and the first call in it."""
    plain = _rendered(render, {"content": _CONTENT}, _TOOLS)
    for arguments in (_ARGUMENTS, json.dumps(_ARGUMENTS)):
        function = {"name": _TOOL, "arguments": arguments}
        call = {"type": "function", "id": "probe0000", "function": function}
        text = _rendered(render, {"content": "", "tool_calls": [call]}, _TOOLS)
        if plain is None or text is None or "probing_value" not in text:
            continue
        shared = _shared(text, plain)
        ends = [at for at in (text.find("{", shared), text.find(_TOOL, shared)) if at >= 0]
        return text[shared : min(ends)].strip(SPACE) or "{" if ends else None
    return None


def _shared(text: str, other: str) -> int:
    """Characters that both begin with."""
    pairs = enumerate(zip(text, other, strict=False))
    return next((at for at, (one, two) in pairs if one != two), min(len(text), len(other)))


def _rendered(
    render: Render, answer: dict[str, Any], tools: Sequence[Mapping[str, Any]] = ()
) -> str | None:
    messages = [_USER, {"role": "assistant", **answer}]
    given = {"tools": list(tools)} if tools else {}
    try:
        return render(messages=messages, add_generation_prompt=False, **given)
    except TemplateError:
        return None

"""How a chat template wants its messages, found out by rendering small conversations.

Knows messages as the plain dicts that templates read; knows no model and no request.
"""

from dataclasses import dataclass
from functools import lru_cache
from json import dumps
from typing import Any, Final

from paddock.errors import TemplateError
from paddock.template.jinja import JinjaTemplate

PlainMessage = dict[str, Any]
Part = dict[str, str]
Content = str | list[Part]

_MARK: Final = "paddock-probe"
_USER: Final[PlainMessage] = {"role": "user", "content": "hi"}
_ARGUMENTS: Final = {_MARK: "value"}
_TOOL: Final = {
    "type": "function",
    "function": {
        "name": "look",
        "description": "Look.",
        "parameters": {"type": "object", "properties": {_MARK: {"type": "string"}}},
    },
}


@dataclass(frozen=True, slots=True)
class Dialect:
    """What a template can read. The defaults are what almost all can."""

    has_system: bool = True
    has_developer: bool = False
    reads_parts: bool = False
    """Contents may be lists of parts."""
    wants_parts: bool = False
    """They have to be."""
    wants_argument_text: bool = False
    """Arguments of tool calls are JSON text, not objects."""

    def adapt(self, messages: list[PlainMessage]) -> list[PlainMessage]:
        """The messages in this dialect."""
        adapted = [self._adapt_one(message) for message in messages]
        if not self.has_system:
            adapted = _merge_system(adapted)
        return [message | {"content": self._content(message["content"])} for message in adapted]

    def _content(self, content: Content) -> Content:
        if isinstance(content, str):
            return parts(content) if self.wants_parts else content
        return content if self.reads_parts else _joined(content)

    def _adapt_one(self, message: PlainMessage) -> PlainMessage:
        if message["role"] == "developer" and not self.has_developer:
            message = message | {"role": "system"}
        if self.wants_argument_text and "tool_calls" in message:
            calls = [_with_argument_text(call) for call in message["tool_calls"]]
            message = message | {"tool_calls": calls}
        return message


def _with_argument_text(call: dict[str, Any]) -> dict[str, Any]:
    function = call["function"]
    text = dumps(function["arguments"], ensure_ascii=False)
    return call | {"function": function | {"arguments": text}}


def _merge_system(messages: list[PlainMessage]) -> list[PlainMessage]:
    """Leading system messages go into the message behind them, or nowhere if there is none."""
    first = next((i for i, m in enumerate(messages) if m["role"] != "system"), len(messages))
    if first in (0, len(messages)):
        return messages[first:]
    text = "".join(_joined(message["content"]) + "\n" for message in messages[:first])
    content = messages[first]["content"]
    merged = text + content if isinstance(content, str) else [*parts(text), *content]
    return [messages[first] | {"content": merged}, *messages[first + 1 :]]


def _joined(content: Content) -> str:
    return content if isinstance(content, str) else "".join(part["text"] for part in content)


def parts(*texts: str) -> list[Part]:
    """The content that consists of these texts."""
    return [{"type": "text", "text": text} for text in texts]


# -- probing ---------------------------------------------------------------------------------------


@lru_cache(maxsize=32)
def dialect_of(text: str) -> Dialect:
    """What the template of this text reads. Raises TemplateError when it cannot be parsed."""
    template = JinjaTemplate.parse(text)
    as_text, as_parts = (
        _render(template, [_message("user", content)]) or "" for content in (_MARK, parts(_MARK))
    )
    wants_parts = _MARK not in as_text and _MARK in as_parts

    def content(value: str) -> Content:
        return parts(value) if wants_parts else value

    user = _message("user", content("hi"))
    shows_user = _shows(template, _message("user", content(_MARK)))
    shows_system = _shows(template, _message("system", content(_MARK)), user)
    return Dialect(
        has_system=shows_system or not shows_user,
        has_developer="<|channel|>" in text,
        # A template that knows of no parts prints the list as Python does.
        reads_parts=wants_parts or (_MARK in as_parts and as_parts == as_text),
        wants_parts=wants_parts,
        wants_argument_text=_wants_argument_text(template, user),
    )


def _wants_argument_text(template: JinjaTemplate, user: PlainMessage) -> bool:
    as_object = _try_call(template, user, _ARGUMENTS)
    # Printed without `tojson`, an object has Python's quotes.
    if as_object is not None and f"{{'{_MARK}'" not in as_object:
        return False
    as_text = _try_call(template, user, dumps(_ARGUMENTS))
    return as_text is not None and _MARK in as_text


def _try_call(template: JinjaTemplate, user: PlainMessage, arguments: Any) -> str | None:
    function = {"name": "look", "arguments": arguments}
    call = {"id": "call00001", "type": "function", "function": function}
    asked = _message("assistant", "") | {"tool_calls": [call]}
    answered = _message("tool", "seen") | {"name": "look", "tool_call_id": "call00001"}
    return _render(template, [user, asked, answered], tools=[_TOOL])


def _message(role: str, content: Any) -> PlainMessage:
    return {"role": role, "content": content}


def _shows(template: JinjaTemplate, *messages: PlainMessage) -> bool:
    text = _render(template, list(messages))
    return text is not None and _MARK in text


def _render(template: JinjaTemplate, messages: list[PlainMessage], **extra: Any) -> str | None:
    try:
        return template.render(messages, **extra)
    except TemplateError:
        return None

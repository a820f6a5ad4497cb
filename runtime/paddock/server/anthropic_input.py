"""The history of Anthropic's messages in Ollama's words: which message each block is of. Pure."""

from collections.abc import Sequence
from typing import Any, Final

from pydantic import BaseModel

from paddock.api import Image, Message
from paddock.errors import RequestError
from paddock.server import openai
from paddock.server.openai import Json


class IncomingMessage(BaseModel):
    """One message of the history; `content` is a text, or a list of blocks."""

    role: str | None = None
    content: Any = None

    @property
    def blocks(self) -> list[Json]:
        """Raises RequestError."""
        match self.content:
            case None:
                return []
            case str():
                return [{"type": "text", "text": self.content}]
            case list() if all(isinstance(block, dict) for block in self.content):
                return self.content
            case _:
                raise RequestError("content must be a string or an array of blocks")


def native(message: IncomingMessage) -> list[Message]:
    """What was said, and a message of its own for every result of a tool."""
    blocks, role = message.blocks, (message.role or "").lower()
    results = [_RESULTS[kind(block)](block) for block in blocks if kind(block) in _RESULTS]
    said = Message(
        role=role,
        content=texts(blocks),
        images=[_image(block) for block in blocks if kind(block) == "image"] or None,
        tool_calls=[_call(block) for block in blocks if kind(block) in _CALLS] or None,
        thinking=next(
            (str(b.get("thinking") or "") for b in reversed(blocks) if kind(b) == "thinking"), None
        ),
    )
    is_something = said.content or said.images or said.tool_calls or said.thinking
    main = [said] if is_something else []
    return results + main if role == "user" else main + results


def kind(block: Json) -> str:
    """The type of a block; empty where it tells none."""
    return str(block.get("type") or "")


def texts(blocks: Sequence[Any]) -> str:
    """The text blocks put together."""
    return "".join(
        str(block.get("text") or "")
        for block in blocks
        if isinstance(block, dict) and block.get("type") == "text"
    )


_CALLS: Final = ("tool_use", "server_tool_use")


def _call(block: Json) -> Message.ToolCall:
    for name in ("id", "name"):
        if not block.get(name):
            raise RequestError(f"{kind(block)} block missing required '{name}' field")
    given = block.get("input")
    if not isinstance(given, dict | None):
        raise RequestError(f"{kind(block)} block: 'input' must be an object")
    return openai.called(str(block["name"]), given or {}, str(block["id"]))


def _image(block: Json) -> Image:
    source = block.get("source")
    if not isinstance(source, dict):
        raise RequestError("invalid image source")
    return _sourced(source)


def _sourced(source: Json) -> Image:
    if source.get("type") != "base64":
        raise RequestError(
            f"invalid image source type: {source.get('type') or ''}. "
            "Only base64 images are supported."
        )
    data = source.get("data")
    if not isinstance(data, str):
        raise RequestError("invalid image source")
    return openai.binary(data, "invalid base64 image data: illegal base64 data")


def _result(block: Json) -> Message:
    content, images = block.get("content"), list[Image]()
    if isinstance(content, list):
        for part in content:
            if isinstance(part, dict) and part.get("type") == "image":
                if not isinstance(part.get("source"), dict):
                    raise RequestError("invalid tool_result image source")
                images.append(_sourced(part["source"]))
        content = texts(content)
    text = content if isinstance(content, str) else ""
    return _answer(block, text, images)


def _search_result(block: Json) -> Message:
    match block.get("content"):
        case str(text):
            return _answer(block, text)
        case list(found):
            lines = (
                f"- {page.get('title') or ''}: {page.get('url') or ''}\n"
                for page in found
                if isinstance(page, dict) and page.get("type") == "web_search_result"
            )
            return _answer(block, "".join(lines))
        case {"error_code": code}:
            return _answer(block, f"web_search_tool_result_error: {code}")
        case _:
            return _answer(block, "")


def _answer(block: Json, text: str, images: Sequence[Image] = ()) -> Message:
    return Message(
        role="tool",
        content=text,
        images=list(images) or None,
        tool_call_id=str(block.get("tool_use_id") or "") or None,
    )


_RESULTS: Final = {"tool_result": _result, "web_search_tool_result": _search_result}

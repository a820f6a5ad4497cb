"""What OpenAI's routes share: the error body, reasoning efforts, images as URLs, choices of tools.

Knows OpenAI's words for them and Ollama's; knows no route and no reply.
"""

import json
import secrets
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from pydantic import BaseModel
from starlette.responses import Response

from paddock.api import ChatRequest, Image, Message, Metrics, Options, Think, build
from paddock.errors import PaddockError, RequestError
from paddock.server.exchange import Face
from paddock.server.refusal import public_text
from paddock.server.replies import SSE, json_reply

Json = dict[str, Any]

ERROR_TYPES: Final = {400: "invalid_request_error", 404: "not_found_error"}


def error_body(error: PaddockError) -> Json:
    return {
        "error": {
            "message": public_text(error),
            "type": ERROR_TYPES.get(error.status, "api_error"),
            "param": None,
            "code": None,
        }
    }


def failure(error: PaddockError) -> Response:
    return json_reply(error_body(error), error.status)


FACE: Final = Face("openai", failure, "EOF", SSE)


# -- requests --------------------------------------------------------------------------------------

_EFFORTS: Final[Mapping[str, Think]] = {
    "": None,
    "none": False,
    "minimal": "low",
    "low": "low",
    "medium": "medium",
    "high": "high",
    "xhigh": "max",
    "ultra": "max",
    "max": "max",
}


def thinking(effort: str | None) -> Think:
    """What a reasoning effort is in Ollama's words. Raises RequestError."""
    if (effort or "") not in _EFFORTS:
        raise RequestError(
            f'invalid reasoning value: "{effort}" (must be "minimal", "low", "medium", "high", '
            '"xhigh", "ultra", "max", or "none")'
        )
    return _EFFORTS[effort or ""]


_IMAGE_PREFIXES: Final = (
    "data:;base64,",
    *(f"data:image/{kind};base64," for kind in ("jpeg", "jpg", "png", "webp")),
)


def image(url: str) -> Image:
    """The image in a data URL; nothing is fetched. Raises RequestError."""
    if url.startswith(("http://", "https://")):
        raise RequestError(
            "image URLs are not currently supported, please use base64 encoded data instead"
        )
    prefix = next((prefix for prefix in _IMAGE_PREFIXES if url.startswith(prefix)), None)
    if prefix is None:
        raise RequestError("invalid image input")
    return binary(url.removeprefix(prefix), "invalid image input")


def binary(text: str, complaint: str) -> Image:
    """What base64 text stands for; line breaks in it do not count. Raises RequestError."""
    try:
        return Image(value=b64decode(text.translate({10: None, 13: None}), validate=True))
    except (Base64Error, ValueError):
        raise RequestError(complaint) from None


def arguments(text: str, complaint: str) -> Json:
    """The arguments of a call, which travel as JSON text; none at all is no argument. Raises
    RequestError."""
    try:
        value = json.loads(text or "{}")
    except (ValueError, RecursionError) as error:
        raise RequestError(complaint.format(error)) from None
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise RequestError(complaint.format("not an object"))
    return value


def called(name: str, given: Json, id: str) -> Message.ToolCall:
    """A call in the history. Reference: its index is not told."""
    function = Message.ToolCall.Function(index=0, name=name, arguments=given)
    return Message.ToolCall(id=id or None, function=function)


def go_type(value: Any) -> str:
    """How the reference names the type of what it cannot take."""
    names: dict[type, str] = {
        type(None): "<nil>",
        bool: "bool",
        int: "float64",
        float: "float64",
        list: "[]interface {}",
    }
    return names.get(type(value), "map[string]interface {}")


def options(**values: Any) -> Options:
    """Options of those that are given. Raises OptionError."""
    return build(Options, {name: value for name, value in values.items() if value is not None})


def choose(choice: Any, tools: Sequence[Json]) -> tuple[Any, list[Json]]:
    """A `tool_choice` and the tools that it leaves, each in its function's own form.

    Where a request has no tools there is nothing to choose. Reference: the choice is not read.
    Raises RequestError.
    """
    if not tools:
        return None, []
    if not isinstance(choice, dict) or choice.get("type") != "allowed_tools":
        return choice, list(tools)
    match choice.get("allowed_tools", choice):
        case {"tools": list(allowed), **rest}:
            names = [_name(tool) for tool in allowed]
            return rest.get("mode"), [tool for tool in tools if _name(tool) in names]
        case _:
            raise RequestError(
                'tool_choice: "allowed_tools" must have "mode" and a list of "tools"'
            )


def _name(tool: Any) -> Any:
    match tool:
        case {"function": {"name": name}} | {"name": name}:
            return name
        case _:
            return None


def chat_request(**fields: Any) -> ChatRequest:
    """A chat request of what is given. Raises RequestError."""
    return build(ChatRequest, {name: value for name, value in fields.items() if value is not None})


# -- replies ---------------------------------------------------------------------------------------


class CachedTokens(BaseModel):
    cached_tokens: int


class ReasoningTokens(BaseModel):
    reasoning_tokens: int


class Usage(BaseModel):
    """What an answer took. The details are paddock's own, in OpenAI's form."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    prompt_tokens_details: CachedTokens | None = None
    completion_tokens_details: ReasoningTokens | None = None


def usage(answer: Metrics) -> Usage:
    read, written = answer.prompt_eval_count or 0, answer.eval_count or 0
    spent = Usage(prompt_tokens=read, completion_tokens=written, total_tokens=read + written)
    if answer.prompt_cached_count is not None:
        spent.prompt_tokens_details = CachedTokens(cached_tokens=answer.prompt_cached_count)
    if answer.thinking_count is not None:
        spent.completion_tokens_details = ReasoningTokens(reasoning_tokens=answer.thinking_count)
    return spent


def shown(reply: BaseModel) -> Json:
    """A reply as JSON: what was set, null where it was set to nothing."""
    return reply.model_dump(exclude_unset=True, by_alias=True)


def seconds(moment: str | None) -> int:
    """Unix seconds of a time as answers carry it."""
    return int(datetime.fromisoformat(moment).timestamp()) if moment else 0


def reply_id(prefix: str) -> str:
    return f"{prefix}-{secrets.randbelow(999)}"


def json_text(value: Any) -> str:
    """Compact JSON as text, for arguments of calls."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

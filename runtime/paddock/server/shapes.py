"""Responses as the JSON of the native API: which keys, in which order, and when they are left out.

One table; paddock's own additions stand behind the reference's keys. Pure.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from pydantic import BaseModel

from paddock import api

# A key, and whether it stands there even when it is empty ("", 0, false, null, [], {}).
_ALWAYS: Final = True
_FILLED: Final = False
Layout = Mapping[str, bool]

_METRICS: Final = dict.fromkeys(
    (
        "total_duration",
        "load_duration",
        "prompt_eval_count",
        "prompt_eval_duration",
        "eval_count",
        "eval_duration",
        "prompt_cached_count",
        "prompt_original_count",
    ),
    _FILLED,
)
_ENTRY: Final = {"name": _ALWAYS, "model": _ALWAYS}

LAYOUTS: Final[dict[type[BaseModel], Layout]] = {
    api.GenerateResponse: {
        "model": _ALWAYS,
        "created_at": _ALWAYS,
        "response": _ALWAYS,
        "thinking": _FILLED,
        "done": _ALWAYS,
        "done_reason": _FILLED,
        "context": _FILLED,
        **_METRICS,
        "logprobs": _FILLED,
    },
    api.ChatResponse: {
        "model": _ALWAYS,
        "created_at": _ALWAYS,
        "message": _ALWAYS,
        "done": _ALWAYS,
        "done_reason": _FILLED,
        "logprobs": _FILLED,
        **_METRICS,
    },
    api.Message: {
        "role": _ALWAYS,
        "content": _ALWAYS,
        "thinking": _FILLED,
        "images": _FILLED,
        "tool_calls": _FILLED,
        "tool_name": _FILLED,
        "tool_call_id": _FILLED,
    },
    api.Message.ToolCall: {"id": _FILLED, "function": _ALWAYS},
    api.Message.ToolCall.Function: {"index": _ALWAYS, "name": _ALWAYS, "arguments": _ALWAYS},
    api.Logprob: {
        "token": _ALWAYS,
        "logprob": _ALWAYS,
        "bytes": _FILLED,
        "top_logprobs": _FILLED,
    },
    api.TokenLogprob: {"token": _ALWAYS, "logprob": _ALWAYS, "bytes": _FILLED},
}

_EMPTY: Final[dict[str, Any]] = {"content": "", "index": 0, "done": False, "response": ""}
"""What a key that always stands there says for nothing, where that is not null."""


def shown(value: Any) -> Any:
    """A response as JSON. Durations stay nanoseconds, times become RFC 3339."""
    if isinstance(value, BaseModel):
        layout = LAYOUTS.get(type(value))
        if layout is None:
            return value.model_dump(by_alias=True, exclude_none=True, mode="json")
        found: dict[str, Any] = {}
        for name, always in layout.items():
            inside = getattr(value, name)
            if always or inside:
                found[name] = _EMPTY.get(name) if inside is None else shown(inside)
        return found
    if isinstance(value, list):
        return [shown(item) for item in value]
    if isinstance(value, datetime):
        return timestamp(value)
    return value


def timestamp(moment: datetime) -> str:
    """RFC 3339 in the moment's own zone, no zeros at the end of the fraction."""
    text = moment.strftime("%Y-%m-%dT%H:%M:%S")
    if moment.microsecond:
        text += f".{moment.microsecond:06d}".rstrip("0")
    offset = moment.strftime("%z")
    is_utc = moment.tzinfo is UTC or offset in ("", "+0000")
    return text + ("Z" if is_utc else f"{offset[:3]}:{offset[3:5]}")

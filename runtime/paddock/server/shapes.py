"""Responses as the JSON of the native API: which keys, in which order, and when they are left out.

One table; paddock's own additions stand behind the reference's keys. Pure.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
from pydantic import BaseModel
from starlette.responses import Response

from paddock import api
from paddock.server.replies import JSON, dumps

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
        "prompt_dropped_count",
        "thinking_count",
        "queue_duration",
        "context_length",
        "seed",
    ),
    _FILLED,
)
_REMOTE: Final = dict.fromkeys(("remote_model", "remote_host"), _FILLED)

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
        "debug_info": _FILLED,
        "logprobs": _FILLED,
    },
    api.ChatResponse: {
        "model": _ALWAYS,
        "created_at": _ALWAYS,
        "message": _ALWAYS,
        "done": _ALWAYS,
        "done_reason": _FILLED,
        "debug_info": _FILLED,
        "logprobs": _FILLED,
        **_METRICS,
    },
    api.DebugInfo: {"rendered_template": _ALWAYS, "image_count": _FILLED},
    api.Message: {
        "role": _ALWAYS,
        "content": _ALWAYS,
        "thinking": _FILLED,
        "images": _FILLED,
        "tool_calls": _FILLED,
        "tool_name": _FILLED,
        "tool_call_id": _FILLED,
        "broken_calls": _FILLED,
    },
    api.Message.BrokenCall: {"text": _ALWAYS, "error": _ALWAYS},
    api.Message.ToolCall: {"id": _FILLED, "function": _ALWAYS},
    api.Message.ToolCall.Function: {"index": _ALWAYS, "name": _ALWAYS, "arguments": _ALWAYS},
    api.Logprob: {
        "token": _ALWAYS,
        "logprob": _ALWAYS,
        "bytes": _FILLED,
        "top_logprobs": _FILLED,
    },
    api.TokenLogprob: {"token": _ALWAYS, "logprob": _ALWAYS, "bytes": _FILLED},
    api.EmbedResponse: {
        "model": _ALWAYS,
        "total_duration": _FILLED,
        "load_duration": _FILLED,
        "prompt_eval_count": _FILLED,
        "truncated": _FILLED,
    },
    api.ModelDetails: {
        **dict.fromkeys(
            (
                "parent_model",
                "format",
                "family",
                "families",
                "parameter_size",
                "quantization_level",
            ),
            _ALWAYS,
        ),
        "context_length": _FILLED,
        "embedding_length": _FILLED,
    },
    api.ListResponse: {"models": _ALWAYS},
    api.ListResponse.Model: {
        "name": _ALWAYS,
        "model": _ALWAYS,
        **_REMOTE,
        "modified_at": _ALWAYS,
        "size": _ALWAYS,
        "digest": _ALWAYS,
        "details": _ALWAYS,
        "capabilities": _FILLED,
    },
    api.ProcessResponse: {"models": _ALWAYS},
    api.ProcessResponse.Model: {
        **dict.fromkeys(
            (
                "name",
                "model",
                "size",
                "digest",
                "details",
                "expires_at",
                "size_vram",
                "context_length",
            ),
            _ALWAYS,
        ),
        **dict.fromkeys(("parallel", "loads", "reason"), _FILLED),
    },
    api.ShowResponse: {
        **dict.fromkeys(
            ("license", "modelfile", "parameters", "template", "system"),
            _FILLED,
        ),
        "details": _ALWAYS,
        "messages": _FILLED,
        **_REMOTE,
        "modelinfo": _ALWAYS,
        "projector_info": _FILLED,
        "tensors": _FILLED,
        "capabilities": _FILLED,
        "modified_at": _ALWAYS,
        "requires": _FILLED,
        "instructions": _FILLED,
    },
    api.TensorShape: {"name": _ALWAYS, "type": _ALWAYS, "shape": _ALWAYS},
    api.ProgressResponse: {
        "status": _ALWAYS,
        "digest": _FILLED,
        "total": _FILLED,
        "completed": _FILLED,
    },
    api.StatusResponse: {"status": _ALWAYS},
}

_NAMES: Final = {"debug_info": "_debug_info", "modelinfo": "model_info"}
"""Keys that no field can have for a name, or that have another in the official client."""

_EMPTY: Final[dict[str, Any]] = {
    "content": "",
    "index": 0,
    "done": False,
    "response": "",
    "modelinfo": {},
    **dict.fromkeys(("parent_model", "format", "family", "parameter_size"), ""),
    "quantization_level": "",
    **dict.fromkeys(("size", "size_vram", "context_length"), 0),
}
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
                key = _NAMES.get(name, name)
                whole = _SHOWN.get(name, shown)
                found[key] = _EMPTY.get(name) if inside is None else whole(inside)
        return found
    if isinstance(value, list):
        return [shown(item) for item in value]
    if isinstance(value, datetime):
        return timestamp(value)
    return value


def _plain(value: Any) -> Any:
    """Numbers of a model's file, whole ones without a fraction, as the reference writes them."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    is_whole = isinstance(value, float) and value.is_integer() and abs(value) < 1e21
    return int(value) if is_whole else value


_SHOWN: Final[dict[str, Callable[[Any], Any]]] = dict.fromkeys(
    ("modelinfo", "projector_info"), _plain
)
"""What is written in another way than the rest."""


def timestamp(moment: datetime) -> str:
    """RFC 3339 in the moment's own zone, no zeros at the end of the fraction."""
    text = moment.strftime("%Y-%m-%dT%H:%M:%S")
    if moment.microsecond:
        text += f".{moment.microsecond:06d}".rstrip("0")
    offset = moment.strftime("%z")
    is_utc = moment.tzinfo is UTC or offset in ("", "+0000")
    return text + ("Z" if is_utc else f"{offset[:3]}:{offset[3:5]}")


# -- vectors ---------------------------------------------------------------------------------------


def vectors_reply(answer: api.EmbedResponse) -> Response:
    """`embeddings` behind the model, each number as short as a float32 can be told."""
    rows = [_row(np.array(vector, np.float32).astype("U").tolist()) for vector in answer.embeddings]
    about = shown(answer) if rows else {"model": answer.model}
    start = dumps({"model": about.pop("model")})[:-1]
    rest = b"," + dumps(about)[1:] if about else b"}"
    body = b"".join((start, b',"embeddings":[', ",".join(rows).encode(), b"]", rest))
    return Response(body, media_type=JSON)


def vector_reply(answer: api.EmbeddingsResponse) -> Response:
    """One vector, its float32 numbers as the doubles that they are."""
    row = _row(list(map(repr, answer.embedding)))
    return Response(f'{{"embedding":{row}}}'.encode(), media_type=JSON)


def _row(numbers: Sequence[str]) -> str:
    # Reference: a whole number has no fraction.
    return f"[{','.join(text.removesuffix('.0') for text in numbers)}]"

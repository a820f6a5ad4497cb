"""Replies: JSON in the reference's bytes, and its error envelope. Knows no route."""

import json
from typing import Any, Final

from pydantic_core import PydanticSerializationError, to_json
from starlette.responses import Response

from paddock.errors import PaddockError
from paddock.server.refusal import public_text

JSON: Final = "application/json; charset=utf-8"
NDJSON: Final = "application/x-ndjson"
SSE: Final = "text/event-stream"
UNCACHED: Final = {"cache-control": "no-cache", "connection": "keep-alive"}
"""Headers of events, which nothing on their way may keep back."""

_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)
# Reference: JSON can stand inside HTML.
_ESCAPES: Final = tuple(
    (character.encode(), f"\\u{ord(character):04x}".encode()) for character in "<>&\u2028\u2029"
)


def dumps(value: Any) -> bytes:
    """Compact JSON in UTF-8, safe inside HTML; half a surrogate pair becomes U+FFFD, what is no
    finite number null."""
    try:
        encoded = to_json(value, inf_nan_mode="null")
    except PydanticSerializationError:  # half a surrogate pair, or more levels than it goes down
        text = _ENCODER.encode(value)
        encoded = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()
    for character, escaped in _ESCAPES:
        if character in encoded:
            encoded = encoded.replace(character, escaped)
    return encoded


def json_reply(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(dumps(value), status, headers, media_type=JSON)


def native_failure(error: PaddockError) -> Response:
    """`{"error": "..."}` with the status that the error carries."""
    return json_reply({"error": public_text(error)}, error.status)

"""What a server said went wrong, as the error that this process would have raised itself.

A table of texts and one of statuses. Ollama's texts are stable and its clients match on them;
paddock's are its own errors' texts. Pure.
"""

import json
import re
from collections.abc import Callable
from typing import Any, Final, cast

from paddock.errors import (
    BlobNotFoundError,
    BusyError,
    ContextLengthError,
    DeadlineError,
    DigestMismatchError,
    GrammarError,
    InvalidDigestError,
    InvalidNameError,
    LoadError,
    ModelNotFoundError,
    NotFoundError,
    OptionError,
    OutOfMemoryError,
    PaddockError,
    QueueFullError,
    RequestError,
    ServerError,
    TemplateError,
    TransferError,
    UnauthorizedError,
    UnsupportedError,
)

_SHOWN: Final = 1000

Make = Callable[[str], PaddockError]


def _model_not_found(text: str) -> PaddockError:
    found = _MODEL.search(text)
    return ModelNotFoundError(found[1] if found else "", text)


_MODEL: Final = re.compile(r"""model ['"](.*?)['"] not found""")
_TEXTS: Final[tuple[tuple[re.Pattern[str], Make], ...]] = (
    (_MODEL, _model_not_found),
    (re.compile(r"^blob .* not found"), BlobNotFoundError),
    (re.compile(r"maximum pending requests exceeded"), lambda _: QueueFullError()),
    (re.compile(r"does not support|not currently supported"), UnsupportedError),
    (re.compile(r"context length|context window"), ContextLengthError),
    (re.compile(r"^invalid model name|^(name|source|destination) .* is invalid"), InvalidNameError),
    (re.compile(r"^digest mismatch"), DigestMismatchError),
    (re.compile(r"^invalid digest"), InvalidDigestError),
    (re.compile(r"^(unknown )?option \"|^unknown parameter"), OptionError),
    (re.compile(r"^invalid format|^grammar|JSON [Ss]chema"), GrammarError),
    (re.compile(r"^template error"), TemplateError),
    (re.compile(r"^pull model manifest|max retries exceeded"), TransferError),
    (re.compile(r"access denied|^unauthorized"), UnauthorizedError),
    (re.compile(r"out of memory|requires more system memory"), OutOfMemoryError),
    (re.compile(r"unable to load|failed to load|may be incompatible"), LoadError),
)
_STATUSES: Final[dict[int, Make]] = {
    400: RequestError,
    401: UnauthorizedError,
    404: NotFoundError,
    408: DeadlineError,
    503: BusyError,
    504: DeadlineError,
}


def refusal(status: int, reason: str, body: bytes) -> PaddockError:
    """The error of an answer that is no success; `reason` stands behind the status on the wire."""
    text = _told(body) or body[:_SHOWN].decode("utf-8", "replace").strip()
    return failure(text or f"{status} {reason}".rstrip(), status)


def failure(text: str, status: int | None = None) -> PaddockError:
    """The error that a text means, with the server's own status; None is that of the error."""
    make: Make = next(
        (make for pattern, make in _TEXTS if pattern.search(text)),
        _STATUSES.get(status or ServerError.status, ServerError),
    )
    error = make(text)
    if status is not None:
        error.status = status
    return error


def error_in(line: bytes) -> PaddockError | None:
    """The error that a line of an answer tells instead of going on with it."""
    text = _told(line) if b'"error"' in line else ""
    return failure(text) if text else None


def _told(body: bytes) -> str:
    """The words of `{"error": "..."}`, also of OpenAI's `{"error": {"message": "..."}}`."""
    try:
        value: Any = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    told = cast("dict[str, Any]", value).get("error") if isinstance(value, dict) else None
    if isinstance(told, dict):
        told = cast("dict[str, Any]", told).get("message")
    return told if isinstance(told, str) else ""

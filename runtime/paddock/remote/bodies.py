"""Requests as JSON, and JSON as parts of an answer. Knows no connection.

An error that stands in the place of a part is raised, and so is the end of an answer that lacks its
last part: a connection that breaks can look like an end.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Final, TypeVar

from pydantic import ValidationError
from pydantic_core import PydanticSerializationError

from paddock.api import ChatRequest, GenerateRequest, Image, StatusResponse, Wire
from paddock.errors import RequestError, ServerError
from paddock.remote.failures import error_in
from paddock.remote.lines import Lines

W = TypeVar("W", bound=Wire)

_SHOWN: Final = 200
_DONE: Final = b'{"status":"success"}'


def encoded(request: Wire) -> bytes:
    """What was set, as JSON. Reads images from files, so it may take long. Raises RequestError."""
    try:
        return request.model_dump_json(by_alias=True, exclude_none=True).encode()
    except PydanticSerializationError as error:
        for image in _images(request):
            image.read()  # tells what is wrong with it in words of its own
        raise RequestError(f"the request cannot be written as JSON: {error}") from error


def _images(request: Wire) -> Iterator[Image]:
    if isinstance(request, GenerateRequest):
        yield from request.images or ()
    elif isinstance(request, ChatRequest):
        for message in request.messages or ():
            yield from message.images or ()


async def read_whole(kind: type[W], pieces: AsyncIterator[bytes]) -> W:
    """A body that is one object. Raises the error it tells of, ServerError for anything else."""
    body = b"".join([piece async for piece in pieces])
    if not body and issubclass(kind, StatusResponse):
        body = _DONE  # reference: copy and delete say it by their status alone
    return _read(kind, body)


async def read_lines(
    kind: type[W],
    pieces: AsyncIterator[bytes],
    is_last: Callable[[W], bool],
    put: Callable[[W], object],
) -> None:
    """A body that is one object to a line, each of which is `put` as it comes.

    Raises the error that a line tells of, ServerError for anything else and for a missing end.
    """
    lines, ended = Lines(), False
    async for piece in pieces:
        for line in lines.feed(piece):
            part = _read(kind, line)
            put(part)
            ended = is_last(part)
    for line in lines.finish():
        part = _read(kind, line)
        put(part)
        ended = is_last(part)
    if not ended:
        raise ServerError("the server ended the answer before its last part")


def _read(kind: type[W], body: bytes) -> W:
    if (error := error_in(body)) is not None:
        raise error
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        shown = body[:_SHOWN].decode("utf-8", "replace")
        raise ServerError(f"the server sent what is no {kind.__name__}: {shown!r}") from error

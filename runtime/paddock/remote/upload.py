"""A file on its way into a server's store: its digest first, its bytes if the server lacks them.

Everything that touches the disk or hashes is done on threads. Knows no model.
"""

import asyncio
import hashlib
import stat
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from paddock.api import ProgressResponse
from paddock.errors import PaddockError, RequestError

if TYPE_CHECKING:
    from paddock.remote.connection import Connection

_PIECE: Final = 1 << 20
_FOUND: Final = 200


async def send(
    path: Path, connection: "Connection", put: Callable[[ProgressResponse], object]
) -> None:
    """Send a file. What is `put` tells the progress in bytes, at the end that all are there."""
    size = await asyncio.to_thread(_size_of, path)
    digest = await _digest_of(path)
    where = f"/api/blobs/{digest}"

    def report(completed: int) -> None:
        status = f"copying file {digest}"
        put(ProgressResponse(status=status, digest=digest, total=size, completed=completed))

    if await connection.status("HEAD", where) != _FOUND:
        headers = {"content-length": str(size), "content-type": "application/octet-stream"}
        body = _Body(path, size, report)
        async with connection.open("POST", where, body, headers) as answer:
            async for _ in answer:
                pass
    report(size)


class _Body:
    """The file's bytes, from the beginning each time that they are asked for: a redirect asks
    again."""

    def __init__(self, path: Path, size: int, report: Callable[[int], None]) -> None:
        self._path, self._size, self._report = path, size, report

    async def __aiter__(self) -> AsyncIterator[bytes]:
        sent, told = 0, -1
        async for piece in _pieces(self._path):
            percent = 100 * sent // max(self._size, 1)
            if percent != told:  # who waits for the end alone takes nothing until then
                told = percent
                self._report(sent)
            yield piece
            sent += len(piece)


async def _digest_of(path: Path) -> str:
    digest = hashlib.sha256()
    async for piece in _pieces(path):
        await asyncio.to_thread(digest.update, piece)
    return f"sha256:{digest.hexdigest()}"


async def _pieces(path: Path) -> AsyncIterator[bytes]:
    with _reading(path):
        file = await asyncio.to_thread(path.open, "rb")
        with file:
            while piece := await asyncio.to_thread(file.read, _PIECE):
                yield piece


def _size_of(path: Path) -> int:
    with _reading(path):
        status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise RequestError(f"{path}: not a regular file")
    return status.st_size


@contextmanager
def _reading(path: Path) -> Generator[None]:
    try:
        yield
    except OSError as error:
        if isinstance(error, PaddockError):
            raise
        raise RequestError(f"{path}: cannot be read ({error.strerror or error})") from error

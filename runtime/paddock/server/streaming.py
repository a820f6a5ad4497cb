"""Streams as HTTP bodies: lines of JSON, server-sent events, or one whole reply.

A client that goes away closes the Stream, which stops the work behind it; a client that reads
slowly holds up its own parts alone, and one that reads nothing for long is given up. Knows no route
and no wire type.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, Generic, Protocol, Self, TypeVar

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from paddock.errors import PaddockError
from paddock.server.refusal import ClientGoneError, public_text
from paddock.server.replies import NDJSON, dumps
from paddock.stream import Stream

logger = logging.getLogger(__name__)
T = TypeVar("T")
P = TypeVar("P", contravariant=True)

UNEXPECTED: Final = "internal server error"


class Framer(Protocol[P]):
    """Parts of an answer as bytes of a body. Each may be empty."""

    def feed(self, part: P, /) -> bytes: ...

    def finish(self) -> bytes:
        """What stands behind the last part."""
        ...

    def fail(self, error: PaddockError, /) -> bytes:
        """What stands in place of the rest when the answer breaks off."""
        ...


class Lines(Generic[T]):
    """The native framing: one JSON object to a line; an error is the last."""

    def __init__(self, shown: Callable[[T], Any]) -> None:
        self._shown = shown

    def feed(self, part: T) -> bytes:
        return dumps(self._shown(part)) + b"\n"

    def finish(self) -> bytes:
        return b""

    def fail(self, error: PaddockError) -> bytes:
        return dumps({"error": public_text(error)}) + b"\n"


def event(data: Any, name: str | None = None) -> bytes:
    """One server-sent event; a text stands as it is, anything else as JSON."""
    payload = data.encode() if isinstance(data, str) else dumps(data)
    start = b"event: %s\n" % name.encode() if name else b""
    return b"%sdata: %s\n\n" % (start, payload)


class Watch:
    """Closes a stream when its client goes away. Begin it when the body has been read."""

    def __init__(self, receive: Receive, stream: Stream[Any]) -> None:
        self.is_gone = False
        self._stream = stream
        self._task = asyncio.create_task(self._listen(receive))

    async def _listen(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self.is_gone = True
        self._stream.close()

    def end(self) -> None:
        """Stop the work, unless it is done, and watch no longer."""
        self._task.cancel()
        self._stream.close()


async def whole(receive: Receive, stream: Stream[T]) -> T:
    """The whole answer. Raises what the work raises, and ClientGoneError."""
    watch = Watch(receive, stream)
    try:
        return await stream
    except PaddockError:
        if watch.is_gone:
            raise ClientGoneError from None
        raise
    finally:
        watch.end()


async def streamed(
    receive: Receive,
    stream: Stream[T],
    framer: Framer[T],
    *,
    media_type: str = NDJSON,
    headers: Mapping[str, str] | None = None,
    seen: Callable[[T], object] = lambda _: None,
    patience: float = 60.0,
) -> Response:
    """A reply whose body is the answer as it comes; `seen` is told every part. It breaks off once
    the client has left what was sent unread for `patience` seconds.

    Waits for the first part, so that an error before it is raised here and has its own status.
    """
    watch = Watch(receive, stream)
    try:
        first = await anext(stream)
    except StopAsyncIteration:
        watch.end()
        raise ClientGoneError from None
    except BaseException:
        watch.end()
        raise
    return _Reply(first, stream, framer, watch, seen, Unread(patience), media_type, headers)


class Unread:
    """Raises TimeoutError in its block when one `sending` in it lasts longer than `patience`.

    One timer for all of them: to set one for each would cost more than to send it.
    """

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._scope = asyncio.timeout(None)
        self._began: float | None = None

    async def __aenter__(self) -> Self:
        await self._scope.__aenter__()
        self._loop = asyncio.get_running_loop()
        self._timer = self._loop.call_later(self._patience, self._look)
        return self

    async def __aexit__(self, *raised: Any) -> bool | None:
        self._timer.cancel()
        return await self._scope.__aexit__(*raised)

    async def sending(self, message: Awaitable[None]) -> None:
        self._began = self._loop.time()
        await message
        self._began = None

    def _look(self) -> None:
        now = self._loop.time()
        ends = (now if self._began is None else self._began) + self._patience
        if ends <= now:
            self._scope.reschedule(now)
        else:
            self._timer = self._loop.call_at(ends, self._look)


class _Reply(Response, Generic[T]):
    """Sends each part when it comes, whatever the one before took; several at once if it lags."""

    def __init__(
        self,
        first: T,
        stream: Stream[T],
        framer: Framer[T],
        watch: Watch,
        seen: Callable[[T], object],
        unread: Unread,
        media_type: str,
        headers: Mapping[str, str] | None,
    ) -> None:
        self.status_code = 200
        self.background = None
        self._first, self._stream, self._framer = first, stream, framer
        self._watch, self._seen, self._unread = watch, seen, unread
        # Told in full, or else Starlette puts a character set behind every text.
        self.init_headers({"content-type": media_type, **(headers or {})})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            async with self._unread:
                await self._body(send, await self._parts(send), more=False)
        except TimeoutError:
            logger.info("a client did not read its answer, which is given up")
        finally:
            self._watch.end()

    async def _parts(self, send: Send) -> bytes:
        """Sends all parts; what is left to send after them."""
        try:
            await self._send(send, [self._first])
            async for part in self._stream:
                await self._send(send, [part, *self._stream.take_ready()])
            return self._framer.finish()
        except PaddockError as error:
            return self._framer.fail(error)
        except Exception:
            logger.exception("an answer broke off unexpectedly")
            return self._framer.fail(PaddockError(UNEXPECTED))

    async def _send(self, send: Send, parts: Sequence[T]) -> None:
        pieces: list[bytes] = []
        for part in parts:
            self._seen(part)
            pieces.append(self._framer.feed(part))
        if body := b"".join(pieces):
            await self._body(send, body, more=True)

    async def _body(self, send: Send, body: bytes, *, more: bool) -> None:
        if not self._watch.is_gone:
            message = {"type": "http.response.body", "body": body, "more_body": more}
            await self._unread.sending(send(message))

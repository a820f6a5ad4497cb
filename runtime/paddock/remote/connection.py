"""Requests to one server through httpx, errors in our words. The one module here that knows httpx.

Lives on the loop of `loop`; what httpx makes of arguments is httpx's affair, with the defaults of
the official client. A caller without an event loop may hand over what suits httpx's other client,
blocking transports and plain functions as hooks; they are adapted.
"""

import asyncio
import inspect
import os
import platform
import ssl
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Callable,
    Generator,
    Iterator,
    Mapping,
)
from contextlib import asynccontextmanager, contextmanager
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final, cast

import httpx

from paddock.errors import (
    ConnectionFailedError,
    DeadlineError,
    PaddockError,
    RequestError,
    ServerError,
)
from paddock.remote.address import Address
from paddock.remote.failures import refusal

_CERTIFICATES: Final = ("SSL_CERT_FILE", "SSL_CERT_DIR")
_MAX_REFUSAL: Final = 1 << 20

Body = bytes | AsyncIterable[bytes] | None


class Connection:
    """A pool of connections to one server.

    `options` are httpx's own. Raises RequestError for arguments that httpx does not take.
    """

    def __init__(self, address: Address, options: Mapping[str, Any], api_key: str = "") -> None:
        self._address = address
        given = dict(options)
        try:
            if given.get("verify", True) is True and not given.get("cert"):
                given["verify"] = _certificates(given.get("trust_env", True))
            self._client = httpx.AsyncClient(
                base_url=address.url,
                headers=_headers(given.pop("headers", None) or {}, address, api_key),
                timeout=_timeout(given.pop("timeout", None)),
                follow_redirects=given.pop("follow_redirects", True),
                event_hooks=_hooks(given.pop("event_hooks", None) or {}),
                transport=_transport(given.pop("transport", None)),
                mounts={
                    pattern: _transport(mounted)
                    for pattern, mounted in (given.pop("mounts", None) or {}).items()
                },
                **given,
            )
        except (httpx.InvalidURL, ImportError, OSError, TypeError, ValueError) as error:
            raise RequestError(f"{address.url}: {error}") from error

    async def close(self) -> None:
        await self._client.aclose()

    async def status(self, method: str, path: str) -> int:
        """The status of an answer whose body does not matter."""
        with _in_our_words(self._address):
            return (await self._client.request(method, path)).status_code

    @asynccontextmanager
    async def open(
        self, method: str, path: str, body: Body = None, headers: Mapping[str, str] | None = None
    ) -> AsyncGenerator[AsyncIterator[bytes]]:
        """The body of an answer as it comes. Leaving the block before its end drops the connection.

        Raises ConnectionFailedError, DeadlineError, and for an answer that is no success what
        `failures` makes of it.
        """
        with _in_our_words(self._address):
            async with self._client.stream(
                method, path, content=body, headers=dict(headers or {})
            ) as response:
                if not response.is_success:
                    raise refusal(
                        response.status_code, response.reason_phrase, await _head(response)
                    )
                yield response.aiter_bytes()


async def _head(response: httpx.Response) -> bytes:
    content = b""
    async for piece in response.aiter_bytes():
        content += piece
        if len(content) > _MAX_REFUSAL:
            break
    return content


# -- arguments -------------------------------------------------------------------------------------


def _headers(own: Mapping[str, Any], address: Address, api_key: str) -> dict[str, str]:
    """The caller's headers over ours; credentials in the address over both."""
    headers: dict[str, Any] = {
        "accept": "application/json",
        "content-type": "application/json",
        "user-agent": user_agent(),
    }
    if api_key:
        headers["authorization"] = f"Bearer {api_key}"
    headers |= {name.lower(): value for name, value in own.items()}
    if address.authorization:
        headers["authorization"] = address.authorization
    return {name: value for name, value in headers.items() if value is not None}


def _timeout(value: Any) -> httpx.Timeout:
    """As httpx reads it, but that waiting for our own pool is no failure of the server."""
    if isinstance(value, int | float):
        return httpx.Timeout(value, pool=None)
    return httpx.Timeout(value)


@lru_cache(maxsize=4)
def _context(trust_env: bool, *_: str | None) -> ssl.SSLContext:
    return httpx.create_ssl_context(trust_env=trust_env)


def _certificates(trust_env: bool) -> ssl.SSLContext:
    """Whom to trust, by the usual variables; reading them all takes a tenth of a second."""
    return _context(trust_env, *(os.environ.get(name) for name in _CERTIFICATES))


def user_agent() -> str:
    try:
        own = f"paddock/{version('paddock')}"
    except PackageNotFoundError:
        own = "paddock"
    system = f"{platform.machine()} {platform.system().lower()}"
    return f"{own} ({system}) Python/{platform.python_version()}"


# -- errors ----------------------------------------------------------------------------------------


@contextmanager
def _in_our_words(address: Address) -> Generator[None]:
    try:
        yield
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
        raise _translated(address.url, error) from error


def _translated(url: str, error: Exception) -> PaddockError:
    match error:
        case httpx.ConnectError() | httpx.ConnectTimeout() | httpx.ProxyError():
            return ConnectionFailedError(
                f"could not connect to a server at {url} ({error or 'no answer'}); start one with "
                "`paddock serve` or `ollama serve`, or leave the host out to run models in this "
                "process"
            )
        case httpx.TimeoutException():
            return DeadlineError(f"{url}: nothing came within the time that `timeout` allows")
        case httpx.NetworkError() | httpx.RemoteProtocolError():
            return ConnectionFailedError(
                f"{url}: the connection broke before the answer ended "
                f"({error or type(error).__name__})"
            )
        case httpx.UnsupportedProtocol() | httpx.LocalProtocolError() | httpx.InvalidURL():
            return RequestError(f"{url}: {error}")
        case _:
            return ServerError(f"{url}: {error or type(error).__name__}")


# -- what was meant for httpx's blocking client ----------------------------------------------------

Hook = Callable[[Any], Any]


def _hooks(hooks: Mapping[str, list[Hook]]) -> dict[str, list[Hook]]:
    def awaited(hook: Hook) -> Hook:
        async def call(subject: Any) -> None:
            made = hook(subject)
            if inspect.isawaitable(made):
                await made

        return call

    return {event: [awaited(hook) for hook in each] for event, each in hooks.items()}


def _transport(transport: Any) -> Any:
    if isinstance(transport, httpx.BaseTransport) and not isinstance(
        transport, httpx.AsyncBaseTransport
    ):
        return _Blocking(transport)
    return transport


class _Blocking(httpx.AsyncBaseTransport):
    """A blocking transport, each step of it on a thread."""

    def __init__(self, transport: httpx.BaseTransport) -> None:
        self._transport = transport

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        whole = httpx.Request(
            request.method,
            request.url,
            headers=request.headers,
            content=_from_loop(asyncio.get_running_loop(), request.stream),
            extensions=request.extensions,
        )
        response = await asyncio.to_thread(self._transport.handle_request, whole)
        return httpx.Response(
            response.status_code,
            headers=response.headers,
            stream=_Steps(cast("httpx.SyncByteStream", response.stream)),
            extensions=response.extensions,
        )

    async def aclose(self) -> None:
        await asyncio.to_thread(self._transport.close)


def _from_loop(loop: asyncio.AbstractEventLoop, stream: Any) -> Iterator[bytes]:
    """A body that is made on the loop, for a thread to send."""
    pieces = aiter(stream)

    async def step() -> Any:
        return await anext(pieces, None)

    while (piece := asyncio.run_coroutine_threadsafe(step(), loop).result()) is not None:
        yield piece


class _Steps(httpx.AsyncByteStream):
    def __init__(self, stream: httpx.SyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        pieces = iter(self._stream)
        while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
            yield piece

    async def aclose(self) -> None:
        await asyncio.to_thread(self._stream.close)

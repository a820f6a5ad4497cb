"""One registry over HTTP: requests with the user's token, redirects, and errors in our words.

Knows which host may see the token, and no other ever does. Knows no blob and no file.
"""

import contextlib
import json
import os
import platform
import ssl
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final, Self

import httpcore
import httpx

from paddock.errors import RegistryError, RequestError, TransferError, UnauthorizedError
from paddock.names import ModelName, split_reference, split_source
from paddock.store.auth import Challenge, Key, default_key_path, make_nonce
from paddock.store.transfer import Policy, Stop

_CERTIFICATES: Final = ("SSL_CERT_FILE", "SSL_CERT_DIR")
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_PASSING: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
_MAX_REDIRECTS: Final = 10
_MAX_TEXT: Final = 64 << 10
_SHOWN: Final = 1000
_PIECE: Final = 1 << 20
_STALLED: Final = "nothing arrived for a while"
_ANNOUNCED: Final = "0.30.0"
"""The version of Ollama whose models we run; registries refuse newer models to older versions."""

Body = Callable[[], Iterable[bytes]]
"""Gives a request's body, anew for each time that it is sent."""


def target(reference: str, *, insecure: bool) -> tuple[ModelName, str]:
    """The name that a reference means to a registry, and the scheme to speak with its host.

    `insecure` is plain HTTP for whatever was asked for; it never means to pass over a certificate.
    """
    name = ModelName.parse(reference)
    scheme = split_reference(split_source(reference)[0]).scheme.lower() or "https"
    if scheme not in {"https", "http"}:
        raise RequestError(f"{scheme}: not a protocol of registries; use https")
    if scheme == "http" and not insecure:
        raise RequestError("insecure protocol http")
    return name, "http" if insecure else "https"


class Remote:
    """A model's place on a registry, for one pull or push. Any number of threads may use it."""

    def __init__(
        self,
        name: ModelName,
        scheme: str,
        *,
        key: Path | None = None,
        policy: Policy | None = None,
    ) -> None:
        self.policy = policy or Policy()
        self.name = name
        try:
            self.url = httpx.URL(f"{scheme}://{name.host}/v2/{name.namespace}/{name.model}/")
        except httpx.InvalidURL as error:
            raise RequestError(f'"{name.host}" is not the address of a registry: {error}') from None
        if self.url.port is not None and not 0 < self.url.port < 1 << 16:
            raise RequestError(f'"{name.host}" is not the address of a registry: no such port')
        self._key = key
        self._token = ""
        self._token_lock = threading.Lock()
        self._users = 1
        self._users_lock = threading.Lock()
        self._client = httpx.Client(
            follow_redirects=False,
            headers={"User-Agent": user_agent(), "Accept-Encoding": "identity"},
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=20),
            timeout=httpx.Timeout(self.policy.stall, connect=self.policy.connect, pool=None),
            verify=_certificates(*(os.environ.get(name) for name in _CERTIFICATES)),
        )

    def hold(self) -> Self:
        """One more user, who has to `close` it too."""
        with self._users_lock:
            self._users += 1
        return self

    def close(self) -> None:
        with self._users_lock:
            self._users -= 1
            is_last = self._users == 0
        if is_last:
            self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def at(self, path: str, **query: str) -> httpx.URL:
        return self.url.join(path).copy_merge_params(query) if query else self.url.join(path)

    def is_home(self, url: httpx.URL) -> bool:
        """Whether the URL is on the registry itself, where the token may go."""
        return _origin(url) == _origin(self.url)

    @contextlib.contextmanager
    def open(
        self,
        method: str,
        url: httpx.URL,
        stop: Stop,
        *,
        headers: Mapping[str, str] | None = None,
        body: Body | None = None,
    ) -> Generator[httpx.Response]:
        """The answer to a request, its body unread.

        A challenge is answered once. A GET or HEAD follows redirects; elsewhere than home it goes
        without the token. Raises RegistryError.
        """
        challenged = False
        for _ in range(_MAX_REDIRECTS + 2):
            response = self._send(method, url, stop, headers or {}, body)
            try:
                status = response.status_code
                if status == 401 and self.is_home(url):
                    if challenged:
                        raise UnauthorizedError("unauthorized: access denied", remote_status=401)
                    challenged = True
                    self._log_in(response, stop)
                    continue
                if status in _REDIRECTS and method in {"GET", "HEAD"}:
                    url = self.follow(response)
                    continue
                with stop.watching(_stream(response)), _in_our_words(url, stop):
                    yield response
                return
            finally:
                response.close()
        raise TransferError(f"maximum redirects exceeded ({_MAX_REDIRECTS}) for directURL")

    def chunks(self, response: httpx.Response) -> Generator[bytes]:
        """A body as it comes. Less than a trickle is as good as nothing: TransferError."""
        if response.headers.get("Content-Encoding", "identity") != "identity":
            raise TransferError(f"{response.url.host}: sends the content in an encoding of its own")
        since, arrived = time.monotonic(), 0
        for chunk in self._pieces(response):
            arrived += len(chunk)
            now = time.monotonic()
            if now - since > self.policy.stall:
                if arrived < self.policy.progress:
                    raise TransferError(f"{response.url.host}: {_STALLED}", passing=True)
                since, arrived = now, 0
            yield chunk

    def _pieces(self, response: httpx.Response) -> Iterator[bytes]:
        """A long body is read from the connection itself, once what came with the head is taken:
        what the library does with every byte costs more than a fast network does."""
        left = _length(response)
        body = response.iter_raw()  # whose end, were it forgotten, would be the connection's
        for chunk in body:
            yield chunk
            left -= len(chunk)
            if left > _PIECE:
                break
        else:
            return
        connection = response.extensions["network_stream"]
        while left > 0 and (chunk := connection.read(min(left, _PIECE), self.policy.stall)):
            yield chunk
            left -= len(chunk)

    def read_text(self, response: httpx.Response) -> str:
        """The beginning of a body, as the words of an error."""
        content = b""
        for chunk in self.chunks(response):
            content += chunk
            if len(content) > _MAX_TEXT:
                break
        return content[:_MAX_TEXT].decode("utf-8", "replace").strip()

    def refusal(self, response: httpx.Response, prefix: str = "") -> TransferError:
        """An answer that is no success, as an error; some of them pass."""
        status = response.status_code
        if status == 404:
            text = "file does not exist"
        else:
            text = f"{status}: {self.read_text(response)[:_SHOWN]}"
        return TransferError(prefix + text, remote_status=status, passing=status in _PASSING)

    def follow(self, response: httpx.Response) -> httpx.URL:
        """Where a redirect leads. Raises TransferError for what is no safe place."""
        text = response.headers.get("Location", "")
        try:
            url = response.url.join(text)
        except httpx.InvalidURL:
            url = httpx.URL("")
        allowed = {"https"} if self.url.scheme == "https" else {"https", "http"}
        if not text or url.scheme not in allowed or not url.host:
            raise TransferError(
                f'{self.url.host} redirects to "{text[:_SHOWN]}", where nothing is fetched from'
            )
        return url

    def _send(
        self,
        method: str,
        url: httpx.URL,
        stop: Stop,
        headers: Mapping[str, str],
        body: Body | None,
    ) -> httpx.Response:
        stop.check()
        token = self._token if self.is_home(url) else ""
        own = {"Authorization": f"Bearer {token}"} if token else {}
        with _in_our_words(url, stop):
            request = self._client.build_request(
                method, url, headers={**headers, **own}, content=body() if body else None
            )
            return self._client.send(request, stream=True)

    def _log_in(self, response: httpx.Response, stop: Stop) -> None:
        """Fetches a token with the user's key, which must come from the registry's own host."""
        used = response.request.headers.get("Authorization", "")
        with self._token_lock:
            if self._token and used != f"Bearer {self._token}":
                return  # another thread has just fetched one
            challenge = Challenge.parse(response.headers.get("WWW-Authenticate", ""))
            if not challenge.realm:
                raise UnauthorizedError("unauthorized: access denied", remote_status=401)
            challenge.check(self.url.scheme, self.url.netloc.decode("ascii"))
            url = challenge.token_url(int(time.time()), make_nonce())
            key = Key.load_or_make(self._key or default_key_path())
            headers = {"Authorization": key.authorization(url)}
            with _in_our_words(self.url, stop):
                request = self._client.build_request("GET", url, headers=headers)
                answer = self._client.send(request, stream=True)
            with (
                contextlib.closing(answer),
                stop.watching(_stream(answer)),
                _in_our_words(self.url, stop),
            ):
                text = self.read_text(answer)
            if answer.status_code != 200:
                raise UnauthorizedError(
                    f"{answer.status_code}: {text}", remote_status=answer.status_code
                )
            self._token = _token_in(text)


@lru_cache(maxsize=4)
def _certificates(*_: str | None) -> ssl.SSLContext:
    """Whom to trust, by the usual variables; reading them all takes a tenth of a second."""
    return httpx.create_ssl_context(trust_env=True)


def _token_in(text: str) -> str:
    try:
        fields: Any = json.loads(text)
    except (ValueError, RecursionError):
        fields = None
    token = fields.get("token") if isinstance(fields, dict) else None
    if not isinstance(token, str) or not token.isascii() or not token.isprintable():
        raise UnauthorizedError("the registry answered to the key with something that is no token")
    return token


@contextlib.contextmanager
def _in_our_words(url: httpx.URL, stop: Stop) -> Generator[None]:
    try:
        yield
    except (httpx.TransportError, httpcore.NetworkError, httpcore.TimeoutException) as error:
        stop.check()  # then it was us who broke the connection
        raise TransferError(_explain(url, error), passing=True) from error
    except (httpx.InvalidURL, httpx.StreamError) as error:
        stop.check()
        raise RegistryError(f"{url.host}: {error}") from error


def _explain(url: httpx.URL, error: Exception) -> str:
    match error:
        case httpx.ConnectTimeout() | httpx.ConnectError() | httpx.ProxyError():
            return (
                f'cannot reach "{url.netloc.decode("ascii")}": {error or "no answer"}; check the '
                "name, the network, and HTTPS_PROXY and SSL_CERT_FILE where they are needed"
            )
        case httpx.TimeoutException() | httpcore.TimeoutException():
            return f"{url.host}: {_STALLED}"
        case _:
            return f"{url.host}: the connection broke ({error or type(error).__name__})"


def _length(response: httpx.Response) -> int:
    """Bytes of a body that is sent as it is; 0 where that is not told."""
    text = response.headers.get("Content-Length", "")
    is_plain = "Transfer-Encoding" not in response.headers and text.isdecimal()
    return int(text) if is_plain and _stream(response) is not None else 0


def _stream(response: httpx.Response) -> Any:
    return response.extensions.get("network_stream")


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port or {"https": 443, "http": 80}.get(url.scheme)


def user_agent() -> str:
    try:
        own = f"paddock/{version('paddock')}"
    except PackageNotFoundError:
        own = "paddock"
    return (
        f"ollama/{_ANNOUNCED} ({platform.machine().lower()} {sys.platform}) "
        f"{own} Python/{platform.python_version()}"
    )

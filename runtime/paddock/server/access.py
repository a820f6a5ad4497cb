"""Who may ask: origins of web pages, the Host header, the API key, read-only mode, pull hosts.

Decides from values; the one part that touches a request is `Gate`, which stands before routing.
"""

import hmac
import ipaddress
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Final

import psutil
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from paddock.errors import RequestError
from paddock.names import DEFAULT_HOST, ModelName
from paddock.server.refusal import Refusal

_HOSTS: Final = ("localhost", "127.0.0.1", "0.0.0.0")
_SCHEMES: Final = (
    "http://",
    "https://",
    "chrome-extension://",
    "safari-extension://",
    "moz-extension://",
    "ms-browser-extension://",
)
DEFAULT_ORIGINS: Final = (
    *(
        origin
        for host in _HOSTS
        for origin in (f"http://{host}", f"https://{host}", f"http://{host}:*", f"https://{host}:*")
    ),
    *(f"{app}://*" for app in ("app", "file", "tauri", "vscode-webview", "vscode-file")),
)
PULL_HOSTS: Final = (DEFAULT_HOST, "hf.co", "huggingface.co")
"""Registries that a server which others can reach pulls from."""

_METHODS: Final = "GET,POST,PUT,PATCH,DELETE,HEAD,OPTIONS"
_STAINLESS: Final = (
    "Lang",
    "Package-Version",
    "Os",
    "Arch",
    "Retry-Count",
    "Runtime",
    "Runtime-Version",
    "Async",
    "Helper-Method",
    "Poll-Helper",
    "Custom-Poll-Interval",
    "Timeout",
)
_HEADERS: Final = ",".join(
    [
        "Authorization",
        "Content-Type",
        "User-Agent",
        "Accept",
        "X-Requested-With",
        "OpenAI-Beta",
        # Of the other clients: Anthropic's key and version.
        "X-Api-Key",
        "Anthropic-Version",
        "Anthropic-Beta",
        *(f"X-Stainless-{name}" for name in _STAINLESS),
    ]
)
_PREFLIGHT: Final = {
    "access-control-allow-methods": _METHODS,
    "access-control-allow-headers": _HEADERS,
    "access-control-max-age": "43200",
}


# -- origins ---------------------------------------------------------------------------------------


def parse_origins(text: str) -> tuple[str, ...]:
    """The entries of OLLAMA_ORIGINS. Raises RequestError for one that could never match."""
    origins = tuple(entry for part in text.split(",") if (entry := part.strip().lower()))
    for origin in origins:
        if origin.count("*") > 1:
            raise RequestError(f'origin "{origin}" may hold one * only')
        if "*" not in origin and not origin.startswith(_SCHEMES):
            raise RequestError(
                f'origin "{origin}" must hold a * or start with one of {", ".join(_SCHEMES)}'
            )
    return origins


def matches(origin: str, pattern: str) -> bool:
    """Whether an origin is the pattern, or fits around its one `*`."""
    before, star, after = pattern.partition("*")
    if not star:
        return origin == pattern
    fits = len(origin) >= len(before) + len(after)
    return fits and origin.startswith(before) and origin.endswith(after)


# -- the Host header -------------------------------------------------------------------------------


def host_of(address: str) -> str:
    """The host of `host:port`, `[::1]:port`, or either without a port; lower case."""
    text = address.strip().lower()
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.rpartition(":")[0] if text.count(":") == 1 else text


def is_loopback(host: str) -> bool:
    """Whether an address to listen on can be reached from this machine alone."""
    name = host_of(host)
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name.partition("%")[0]).is_loopback
    except ValueError:
        return False


_PRIVATE: Final = tuple(
    map(ipaddress.ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"))
)
"""Networks that are nobody's outside (RFC 1918, RFC 4193). Python calls others private too, which
are only not global."""


def is_own(host: str) -> bool:
    """Whether a Host header without its port names this machine, so that no foreign page can have
    sent it by giving its own name our address."""
    name = host.rstrip(".")
    try:
        address = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        suffixes = (".localhost", ".local", ".internal")
        return name in ("", "localhost", _own_name()) or name.endswith(suffixes)
    if address.is_loopback or address.is_unspecified or str(address) in _own_addresses():
        return True
    return any(address in network for network in _PRIVATE)


@lru_cache(maxsize=1)
def _own_name() -> str:
    return socket.gethostname().lower()


@lru_cache(maxsize=1)
def _own_addresses() -> frozenset[str]:
    interfaces = psutil.net_if_addrs().values()
    return frozenset(each.address.partition("%")[0] for all_ in interfaces for each in all_)


# -- who may do what -------------------------------------------------------------------------------


@dataclass(frozen=True)  # no slots: the lists are put together once
class Access:
    """The rules of one server."""

    bind: str | None = None
    """Where it listens; None where another application decides that, and checks hosts itself."""
    origins: tuple[str, ...] = ()
    """Allowed origins before the default ones."""
    api_key: str = field(default="", repr=False)
    """What `Authorization: Bearer` or `x-api-key` must hold; empty: no key is needed."""
    read_only: bool = False
    """Nobody changes the store over HTTP."""
    pull_hosts: tuple[str, ...] | None = None
    """Registries to pull from and push to; None: PULL_HOSTS, but any while only this machine can
    ask."""

    @cached_property
    def is_local(self) -> bool:
        """Whether only this machine can ask."""
        return self.bind is not None and is_loopback(self.bind)

    @cached_property
    def _origins(self) -> tuple[str, ...]:
        return (*self.origins, *DEFAULT_ORIGINS)

    def allows_origin(self, origin: str, host: str) -> bool:
        """Whether the page of an origin may ask a server that it calls `host`."""
        if origin in ("", f"http://{host}", f"https://{host}"):
            return True
        return any(matches(origin, pattern) for pattern in self._origins)

    def allowed_origin(self, origin: str) -> str:
        """What `Access-Control-Allow-Origin` says."""
        return "*" if "*" in self.origins else origin

    def allows_host(self, host: str) -> bool:
        return not self.is_local or is_own(host_of(host))

    def check_key(self, headers: Headers) -> None:
        """Raises Refusal (401) without the right key."""
        if not self.api_key:
            return
        scheme, _, token = headers.get("authorization", "").partition(" ")
        given = token.strip() if scheme.lower() == "bearer" else headers.get("x-api-key", "")
        # Compared as bytes: texts must be ASCII for it.
        if not hmac.compare_digest(given.encode(), self.api_key.encode()):
            raise Refusal(401, "unauthorized: send the server's API key as a bearer token")

    def check_write(self) -> None:
        """Raises Refusal (403) in read-only mode."""
        if self.read_only:
            raise Refusal(403, "this server is read-only: models cannot be changed over HTTP")

    def check_registry(self, model: str) -> None:
        """Raises Refusal (403) if the model's registry is not to be talked to."""
        hosts = self.pull_hosts
        if hosts is None:
            hosts = ("*",) if self.is_local else PULL_HOSTS
        host = ModelName.parse(model).host.lower()
        if "*" not in hosts and host not in hosts:
            raise Refusal(
                403,
                f'models of "{host}" are not allowed on this server; allowed: {", ".join(hosts)} '
                "(PADDOCK_PULL_HOSTS adds others, * allows all)",
            )


# -- before routing --------------------------------------------------------------------------------


class Gate:
    """Refuses foreign pages and foreign Host headers; tells allowed pages that they are."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app, self._access = app, access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        added, reply = self._judge(scope["method"], headers)

        async def send_with(message: Message) -> None:
            if message["type"] == "http.response.start" and added:
                MutableHeaders(scope=message).update(added)
            await send(message)

        if reply is not None:
            await reply(scope, receive, send_with)
        else:
            await self._app(scope, receive, send_with)

    def _judge(self, method: str, headers: Headers) -> tuple[dict[str, str], Response | None]:
        """Headers for the reply, and the reply if there is nothing more to ask."""
        access, host = self._access, headers.get("host", "")
        origin = headers.get("origin", "")
        added: dict[str, str] = {}
        if origin not in ("", f"http://{host}", f"https://{host}"):
            if not access.allows_origin(origin, host):
                return {}, Response(status_code=403)
            added = {"access-control-allow-origin": access.allowed_origin(origin)}
            if added["access-control-allow-origin"] != "*":
                added["vary"] = "Origin"
            if method == "OPTIONS":
                return added | _PREFLIGHT | _varying(added), Response(status_code=204)
        if not access.allows_host(host):
            return added, Response(status_code=403)
        if method == "OPTIONS" and access.is_local and not _is_address(host):
            return added, Response(status_code=204)
        return added, None


def _varying(added: dict[str, str]) -> dict[str, str]:
    if "vary" not in added:
        return {}
    fields = ("Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers")
    return {"vary": ", ".join(fields)}


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host_of(host))
    except ValueError:
        return False
    return True


def hosts(text: str | Iterable[str]) -> tuple[str, ...]:
    """Registries as a setting names them."""
    parts: Sequence[str] = text.split(",") if isinstance(text, str) else list(text)
    return tuple(part.strip().lower() for part in parts if part.strip())

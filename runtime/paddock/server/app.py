"""The ASGI application: the route table, and what happens to every request whatever it asks.

Order: the page's origin, the Host header, the route, the API key, read-only mode, the handler.
Each module of routes contributes its Endpoints; what errors look like is their Face's matter.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from starlette.applications import Starlette
from starlette.datastructures import URL
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Match, Route, Router
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocketClose

from paddock import __version__
from paddock.runtime import Runtime
from paddock.server import (
    anthropic,
    library,
    native,
    openai_chat,
    openai_completions,
    openai_embeddings,
    openapi,
    rerank,
    responses,
    status,
    tokens,
)
from paddock.server.access import Access, Gate, hosts, parse_origins
from paddock.server.bodies import Limits
from paddock.server.exchange import Endpoint, Exchange, Server, answer_for
from paddock.server.metrics import Metrics
from paddock.server.naming import FACE
from paddock.server.replies import json_reply

ENDPOINTS: Final[tuple[Endpoint, ...]] = (
    *status.ENDPOINTS,
    *native.ENDPOINTS,
    *library.ENDPOINTS,
    *tokens.ENDPOINTS,
    *rerank.ENDPOINTS,
    *openai_chat.ENDPOINTS,
    *openai_completions.ENDPOINTS,
    *openai_embeddings.ENDPOINTS,
    *responses.ENDPOINTS,
    *anthropic.ENDPOINTS,
)
"""The route table: what every face contributes."""


@lru_cache(maxsize=1)
def description() -> dict[str, Any]:
    """The table as an OpenAPI description."""
    return openapi.describe(ENDPOINTS, __version__)


async def _describe(_: Exchange) -> Response:
    return json_reply(description())


_DESCRIPTION: Final = Endpoint("GET", "/openapi.json", _describe, FACE)


def create_app(
    runtime: Runtime | None = None,
    *,
    bind: str | None = None,
    origins: str | Sequence[str] = (),
    api_key: str = "",
    read_only: bool = False,
    pull_hosts: Sequence[str] | None = None,
    limits: Limits | None = None,
) -> Starlette:
    """An application that serves a runtime (default: the one of the process), which others may use
    at the same time; it is not closed with the application.

    `bind` is the address that the application will listen on. A loopback address switches the check
    of Host headers on, and lets clients pull from any registry and name files of this machine.
    Mounted into another application, leave it out. `origins` are those of web pages allowed beside
    the local ones, `api_key` is asked of every client, `read_only` keeps the store as it is, and
    `pull_hosts` are the registries to be used (`*`: all). Raises RequestError for a bad origin.
    """
    listed = parse_origins(origins if isinstance(origins, str) else ",".join(origins))
    access = Access(
        bind=bind,
        origins=listed,
        api_key=api_key,
        read_only=read_only,
        pull_hosts=None if pull_hosts is None else hosts(pull_hosts),
    )
    server = Server(runtime or Runtime.default(), access, limits or Limits(), Metrics())
    app = Starlette(middleware=[Middleware(Gate, access=access)])
    app.router.routes.extend(routes(server, (*ENDPOINTS, _DESCRIPTION)))
    app.router.redirect_slashes = False
    app.router.default = _Unmatched(app.router)
    app.state.server = server
    return app


# -- routing ---------------------------------------------------------------------------------------


def routes(server: Server, endpoints: Iterable[Endpoint]) -> list[BaseRoute]:
    """One route per path, which knows all methods that are answered there."""
    by_path: dict[str, dict[str, Endpoint]] = {}
    for endpoint in endpoints:
        by_path.setdefault(endpoint.path, {})[endpoint.method] = endpoint
    return [Route(path, _Path(server, methods)) for path, methods in by_path.items()]


class _Path:
    """What is at one path: an endpoint per method."""

    def __init__(self, server: Server, endpoints: Mapping[str, Endpoint]) -> None:
        self._server, self._endpoints = server, endpoints

    def answers(self, method: str) -> bool:
        return method in self._endpoints

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        endpoint = self._endpoints.get(scope["method"])
        if endpoint is None:
            allowed = {"allow": ", ".join(self._endpoints)}
            await _plain("405 method not allowed", 405, allowed)(scope, receive, send)
            return
        metrics = self._server.metrics
        metrics.in_flight += 1
        try:
            reply = await answer(self._server, endpoint, Request(scope, receive, send))
            metrics.answered(endpoint.method, endpoint.path, reply.status_code)
            await reply(scope, receive, send)
        finally:
            metrics.in_flight -= 1


async def answer(server: Server, endpoint: Endpoint, request: Request) -> Response:
    """The reply of an endpoint, or the error that its clients understand."""
    try:
        if not endpoint.is_public:
            server.access.check_key(request.headers)
        if endpoint.writes:
            server.access.check_write()
        return await endpoint.answer(Exchange(server, endpoint, request))
    except Exception as error:  # noqa: BLE001 - the last handler: whatever it was has a reply
        return answer_for(error, endpoint.face)


class _Unmatched:
    """What the reference says of paths that it does not know, and of methods."""

    def __init__(self, router: Router) -> None:
        self._router = router

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._reply(scope)(scope, receive, send)
        else:
            await WebSocketClose()(scope, receive, send)

    def _reply(self, scope: Scope) -> Response:
        path = scope["path"]
        other = path.rstrip("/") if path.endswith("/") else f"{path}/"
        if other and self._answers({**scope, "path": other}):
            # No host: whoever stands in front may be known by another one.
            url = URL(path=other, query=scope["query_string"].decode("latin-1"))
            return RedirectResponse(str(url), 301 if scope["method"] == "GET" else 307)
        return _plain("404 page not found", 404)

    def _answers(self, scope: Scope) -> bool:
        paths = (
            route.endpoint
            for route in self._router.routes
            if isinstance(route, Route) and route.matches(scope)[0] is not Match.NONE
        )
        return any(isinstance(path, _Path) and path.answers(scope["method"]) for path in paths)


def _plain(text: str, status: int, headers: Mapping[str, str] | None = None) -> Response:
    return Response(text, status, headers, media_type="text/plain")

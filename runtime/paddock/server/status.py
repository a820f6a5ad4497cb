"""What the server says of itself: that it runs, its version, its metrics, that it has no cloud."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from starlette.responses import PlainTextResponse, Response

from paddock.errors import RequestError
from paddock.server import bodies
from paddock.server.exchange import Endpoint, Exchange
from paddock.server.metrics import CONTENT_TYPE
from paddock.server.naming import FACE
from paddock.server.refusal import Refusal
from paddock.server.replies import json_reply

API_LEVEL: Final = "0.32.0"
"""The version of Ollama whose API this is; clients compare it with what they need."""


Answer = Callable[[Exchange], Awaitable[Response]]


async def root(_: Exchange) -> Response:
    return PlainTextResponse("Ollama is running")


def _says(value: Mapping[str, Any], status: int = 200) -> Answer:
    async def say(_: Exchange) -> Response:
        return json_reply(value, status)

    return say


def _refuses(status: int, error: str) -> Answer:
    """Reference: a body is asked for before anything else, but not read."""

    async def refuse(exchange: Exchange) -> Response:
        body = await bodies.read(exchange.request, exchange.server.limits)
        if not body.strip():
            raise RequestError(exchange.endpoint.face.empty_body)
        raise Refusal(status, error)

    return refuse


_SIGNED_OUT: Final = _says({"error": "you are not currently signed in"}, 401)
_DISABLED: Final = "ollama cloud is disabled: web {} is unavailable"


async def metrics(exchange: Exchange) -> Response:
    loaded = (await asyncio.to_thread(exchange.runtime.ps)).models
    sizes = {model.name or "": model.size or 0 for model in loaded}
    return Response(exchange.server.metrics.text(sizes), media_type=CONTENT_TYPE)


_CLOUD: Final[tuple[tuple[str, str, Answer], ...]] = (
    ("GET", "/api/status", _says({"cloud": {"disabled": True, "source": "env"}})),
    ("POST", "/api/experimental/web_search", _refuses(403, _DISABLED.format("search"))),
    ("POST", "/api/experimental/web_fetch", _refuses(403, _DISABLED.format("fetch"))),
    ("GET", "/api/experimental/model-recommendations", _says({"recommendations": []})),
    ("POST", "/api/me", _says({"error": "account unavailable"}, 503)),
    ("POST", "/api/signout", _SIGNED_OUT),
    ("DELETE", "/api/user/keys/{key}", _SIGNED_OUT),
)
"""What a server says that has no cloud."""
_PUBLIC: Final[tuple[tuple[str, Answer, str], ...]] = (
    ("/", root, "Whether the server runs"),
    ("/api/version", _says({"version": API_LEVEL}), "The version of Ollama whose API this is"),
)

ENDPOINTS: Final[tuple[Endpoint, ...]] = (
    *(
        Endpoint(method, path, answer, FACE, is_public=True, summary=summary)
        for path, answer, summary in _PUBLIC
        for method in ("GET", "HEAD")
    ),
    Endpoint("GET", "/metrics", metrics, FACE, summary="Counters, as Prometheus reads them"),
    *(Endpoint(method, path, answer, FACE, is_described=False) for method, path, answer in _CLOUD),
)

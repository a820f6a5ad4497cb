"""One request and what its handler needs: the row of the route table, the server, the body.

Faces and endpoints are data: a module of routes lists Endpoints, whose Face says what errors look
like to its clients. Knows no route by itself.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from paddock.errors import PaddockError
from paddock.runtime import Runtime
from paddock.server import bodies, streaming
from paddock.server.access import Access
from paddock.server.bodies import Limits
from paddock.server.metrics import Metrics
from paddock.server.refusal import CloudError
from paddock.server.replies import NDJSON, json_reply, native_failure
from paddock.server.streaming import UNEXPECTED, Framer
from paddock.stream import Stream

logger = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Server:
    """What all requests share."""

    runtime: Runtime
    access: Access
    limits: Limits
    metrics: Metrics


@dataclass(frozen=True, slots=True)
class Face:
    """What one family of clients expects of every reply, whatever was asked."""

    name: str
    failure: Callable[[PaddockError], Response]
    """The reply for an error before anything was sent."""
    empty_body: str = "missing request body"
    """The error for a body of no bytes."""
    stream_type: str = NDJSON
    """The media type of an answer that comes in parts ..."""
    stream_headers: Mapping[str, str] = field(default_factory=dict[str, str])
    """... and its headers."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One row of the route table."""

    method: str
    path: str
    answer: "Callable[[Exchange], Awaitable[Response]]"
    face: Face
    summary: str = ""
    takes: type[BaseModel] | None = None
    """The JSON body, for the description of the API."""
    gives: type[BaseModel] | None = None
    """The JSON reply; with `streams`, each line of it too."""
    streams: bool = False
    is_public: bool = False
    """Answers without the API key."""
    writes: bool = False
    """Changes the store: not in read-only mode."""
    is_raw: bool = False
    """The body is no JSON."""
    is_described: bool = True
    """Stands in the OpenAPI description."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request on its way to a reply."""

    server: Server
    endpoint: Endpoint
    request: Request

    @property
    def runtime(self) -> Runtime:
        return self.server.runtime

    async def fields(self) -> dict[str, Any]:
        """The JSON object in the body. Raises RequestError, Refusal."""
        limits = self.server.limits
        raw = await bodies.read(self.request, limits)
        return bodies.json_object(raw, limits, empty=self.endpoint.face.empty_body)

    async def whole(self, stream: Stream[T]) -> T:
        """The whole answer; a client that goes away stops the work (ClientGoneError)."""
        part = await streaming.whole(self.request.receive, stream)
        self.server.metrics.count(part)
        return part

    async def answered(
        self, stream: Stream[T], whole: Callable[[T], Any], parts: Framer[T] | None
    ) -> Response:
        """The reply that brings an answer as it comes, in the form of `parts`; without these at
        once, as the JSON that `whole` makes of it. An error before the first part is raised."""
        if parts is None:
            return json_reply(whole(await self.whole(stream)))
        face = self.endpoint.face
        return await streaming.streamed(
            self.request.receive,
            stream,
            parts,
            media_type=face.stream_type,
            headers=face.stream_headers,
            seen=self.server.metrics.count,
            patience=self.server.limits.unread,
        )


def answer_for(error: Exception, face: Face) -> Response:
    """The reply for whatever a handler raised before anything was sent."""
    if not isinstance(error, PaddockError):
        logger.error("a request failed unexpectedly", exc_info=error)
        error = PaddockError(UNEXPECTED)
    return native_failure(error) if isinstance(error, CloudError) else face.failure(error)

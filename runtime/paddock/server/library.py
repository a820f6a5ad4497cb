"""Ollama's routes for the models of the store: list, show, create, copy, delete, pull, push, blobs.

Also in the forms of August 2024, which clients still send. Knows which requests may change what.
"""

import asyncio
from typing import Any, Final

from starlette.responses import Response

from paddock.api import (
    CopyRequest,
    CreateRequest,
    DeleteRequest,
    ListResponse,
    ProcessResponse,
    ProgressResponse,
    PullRequest,
    PushRequest,
    ShowRequest,
    ShowResponse,
)
from paddock.errors import InvalidNameError, ModelfileError, RequestError
from paddock.modelfile import Modelfile
from paddock.names import ModelName, parse_digest
from paddock.server import blobs, bodies
from paddock.server.exchange import Endpoint, Exchange
from paddock.server.naming import CREATE, DELETE, FACE, PUSH, SHOW, Wording, read
from paddock.server.replies import json_reply
from paddock.server.shapes import shown
from paddock.server.streaming import Lines
from paddock.stream import Stream


async def tags(exchange: Exchange) -> Response:
    return json_reply(shown(await asyncio.to_thread(exchange.runtime.list)))


async def ps(exchange: Exchange) -> Response:
    return json_reply(shown(await asyncio.to_thread(exchange.runtime.ps)))


async def show(exchange: Exchange) -> Response:
    request = await read(exchange, ShowRequest, SHOW)
    with SHOW.about(ModelName.parse(request.model).short):
        found = await asyncio.to_thread(exchange.runtime.show, request)
    if exchange.request.headers.get("user-agent", "").startswith("GitHubCopilotChat/"):
        # Reference: that client takes it for the name to show.
        info = found.modelinfo or {}
        found.modelinfo = dict(sorted((info | {"general.basename": request.model}).items()))
    return json_reply(shown(found))


async def copy(exchange: Exchange) -> Response:
    fields = bodies.named(CopyRequest, await exchange.fields())
    texts = {"source": "", "destination": ""} | fields
    request = bodies.parse(CopyRequest, texts)
    for side, name in (("source", request.source), ("destination", request.destination)):
        wording = Wording("", invalid=f'{side} "{{}}" is invalid', takes_stubs=True)
        if not name.strip():
            raise InvalidNameError(wording.invalid.format(name))
        wording.check(name)
    with Wording("", missing='model "{}" not found').about(request.source):
        await asyncio.to_thread(exchange.runtime.copy, request)
    return Response()


async def delete(exchange: Exchange) -> Response:
    request = await read(exchange, DeleteRequest, DELETE)
    with DELETE.about(request.model):
        await asyncio.to_thread(exchange.runtime.delete, request)
    return Response()


async def create(exchange: Exchange) -> Response:
    request = await read(exchange, CreateRequest, CREATE)
    is_local = exchange.server.access.is_local
    request = _of_2024(request, local_files=is_local)
    await asyncio.to_thread(_check_base, exchange, request)
    progress = exchange.runtime.create(request, local_files=is_local, over_http=True)
    return await _progress(exchange, progress, request.stream)


def _of_2024(request: CreateRequest, *, local_files: bool) -> CreateRequest:
    """A Modelfile counts where nothing else says what to make; it goes before a path to one."""
    changes: dict[str, Any] = {
        name: None for name in ("from_", "modelfile", "path") if not getattr(request, name)
    }
    if request.from_ or request.files:
        changes |= {"modelfile": None, "path": None}
    elif request.modelfile and not local_files:
        changes["path"] = None
    return request.model_copy(update=changes)


def _check_base(exchange: Exchange, request: CreateRequest) -> None:
    """What would be pulled must come from a registry that may be used. Raises Refusal."""
    names = [request.from_] if request.from_ else []
    if request.modelfile:
        try:
            parsed = Modelfile.parse(request.modelfile)
        except ModelfileError:
            return  # its own message comes from whoever reads it next
        names = [command.value for command in parsed.commands if command.word == "from"]
    store = exchange.runtime.models.store
    for name in names:
        try:
            if not store.manifest_path(store.resolve_name(ModelName.parse(name))).is_file():
                exchange.server.access.check_registry(name)
        except RequestError:
            continue  # a path, or no name: nothing to be pulled


async def pull(exchange: Exchange) -> Response:
    request = await read(exchange, PullRequest, CREATE)
    exchange.server.access.check_registry(request.model)
    return await _progress(exchange, exchange.runtime.pull(request), request.stream)


async def push(exchange: Exchange) -> Response:
    request = await read(exchange, PushRequest, PUSH)
    exchange.server.access.check_registry(request.model)
    return await _progress(exchange, exchange.runtime.push(request), request.stream)


async def _progress(
    exchange: Exchange, progress: Stream[ProgressResponse], stream: bool | None
) -> Response:
    return await exchange.answered(progress, shown, None if stream is False else Lines(shown))


async def head_blob(exchange: Exchange) -> Response:
    digest = parse_digest(exchange.request.path_params["digest"])
    await asyncio.to_thread(exchange.runtime.models.store.find_blob, digest)
    return Response()


async def put_blob(exchange: Exchange) -> Response:
    digest = parse_digest(exchange.request.path_params["digest"])
    store, limits = exchange.runtime.models.store, exchange.server.limits
    if await asyncio.to_thread(store.has_blob, digest):
        await asyncio.to_thread(store.refresh, digest)
        return Response(status_code=200)
    await blobs.receive(exchange.request, store, digest, limits)
    return Response(status_code=201)


ENDPOINTS: Final[tuple[Endpoint, ...]] = (
    *(
        Endpoint(
            method, "/api/tags", tags, FACE, gives=ListResponse, summary="The models of the store"
        )
        for method in ("GET", "HEAD")
    ),
    Endpoint("GET", "/api/ps", ps, FACE, gives=ProcessResponse, summary="The models in memory"),
    Endpoint(
        "POST",
        "/api/show",
        show,
        FACE,
        takes=ShowRequest,
        gives=ShowResponse,
        summary="All about one model",
    ),
    Endpoint(
        "POST",
        "/api/create",
        create,
        FACE,
        takes=CreateRequest,
        gives=ProgressResponse,
        streams=True,
        writes=True,
        summary="Make a model",
    ),
    Endpoint(
        "HEAD", "/api/blobs/{digest}", head_blob, FACE, summary="Whether the store has a blob"
    ),
    Endpoint(
        "POST",
        "/api/blobs/{digest}",
        put_blob,
        FACE,
        is_raw=True,
        writes=True,
        summary="Put a file into the store, for create",
    ),
    Endpoint(
        "POST",
        "/api/copy",
        copy,
        FACE,
        takes=CopyRequest,
        writes=True,
        summary="Give a model a second name",
    ),
    Endpoint(
        "DELETE",
        "/api/delete",
        delete,
        FACE,
        takes=DeleteRequest,
        writes=True,
        summary="Remove a model",
    ),
    Endpoint(
        "POST",
        "/api/pull",
        pull,
        FACE,
        takes=PullRequest,
        gives=ProgressResponse,
        streams=True,
        writes=True,
        summary="Fetch a model from its registry",
    ),
    Endpoint(
        "POST",
        "/api/push",
        push,
        FACE,
        takes=PushRequest,
        gives=ProgressResponse,
        streams=True,
        writes=True,
        summary="Bring a model to its registry",
    ),
)

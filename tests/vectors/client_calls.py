"""Calls of the official `ollama` client, made by it and by paddock's over one wire.

The wire answers as it did when the calls were recorded. Both clients must send what was recorded
and give the same objects, or the same error; paddock's may tell more.

Spec adapters.md section 5; vectors/clients/README.md.
"""

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import ollama
import pytest
from tests.wires import Asked, Told, Wire, lines, told

import paddock

Json = dict[str, Any]

_CALLS = {
    "/api/chat": "chat",
    "/api/generate": "generate",
    "/api/embed": "embed",
    "/api/embeddings": "embeddings",
    "/api/tags": "list",
    "/api/ps": "ps",
    "/api/show": "show",
    "/api/pull": "pull",
    "/api/push": "push",
    "/api/create": "create",
    "/api/copy": "copy",
    "/api/delete": "delete",
}


def run(case: Json, file: Json) -> None:
    for request in case["requests"]:
        if request["path"] not in _CALLS and not request["path"].startswith("/api/blobs/"):
            pytest.skip(f"paddock's client has no call for {request['path']}")
        _replay(request)


def _replay(request: Json) -> None:
    with _environment(request), Wire(_answer(request["answered"])) as wire:
        theirs = _outcome(lambda: _ask(ollama.Client(host=wire.url), request))
        sent = wire.last
        for ask in (
            lambda: _ask(paddock.Client(host=wire.url), request),
            lambda: asyncio.run(_ask_async(paddock.AsyncClient(host=wire.url), request)),
        ):
            found = _outcome(ask)
            assert _body(wire.last) == _body(sent)
            assert (wire.last.method, wire.last.path) == (sent.method, sent.path)
            assert wire.last.headers.get("authorization") == sent.headers.get("authorization")
            _check(found, theirs)


def _answer(answered: Json) -> Told | Callable[[Asked], Told]:
    if answered["kind"] == "ndjson":
        return lambda _: lines(*answered["lines"])
    if answered["kind"] == "json":
        return lambda _: told(answered["json"], answered["status"])
    return lambda _: Told(answered["status"])


@contextmanager
def _environment(request: Json) -> Iterator[None]:
    token = (request.get("headers_extra") or {}).get("authorization", "")
    with pytest.MonkeyPatch.context() as environment:
        for name in ("OLLAMA_API_KEY", "PADDOCK_API_KEY"):
            environment.delenv(name, raising=False)
        if token.startswith("Bearer "):
            environment.setenv("OLLAMA_API_KEY", token.removeprefix("Bearer "))
        yield


# -- calls -----------------------------------------------------------------------------------------


def _call(client: Any, request: Json) -> Any:
    """The call that sends such a request."""
    if request["path"].startswith("/api/blobs/"):
        return client.create_blob(__file__)
    fields = dict(request["body"] or {})
    if "from" in fields:
        fields["from_"] = fields.pop("from")
    return getattr(client, _CALLS[request["path"]])(**fields)


def _ask(client: Any, request: Json) -> Any:
    with client:
        answer = _call(client, request)
        return list(answer) if (request["body"] or {}).get("stream") else answer


async def _ask_async(client: paddock.AsyncClient, request: Json) -> Any:
    async with client:
        answer = await _call(client, request)
        if isinstance(answer, paddock.Stream):
            return [part async for part in answer]
        return answer


def _outcome(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except (ollama.ResponseError, paddock.ResponseError) as error:
        return error


# -- comparing -------------------------------------------------------------------------------------


def _body(asked: Asked) -> Any:
    """What was sent; that no tools are offered may be said or not."""
    if asked.path.startswith("/api/blobs/"):
        return asked.body
    fields = json.loads(asked.body) if asked.body else {}
    return {name: value for name, value in fields.items() if (name, value) != ("tools", [])}


def _check(found: Any, wanted: Any) -> None:
    if isinstance(wanted, ollama.ResponseError):
        assert isinstance(found, paddock.ResponseError)
        assert (found.error, found.status_code) == (wanted.error, wanted.status_code)
    elif isinstance(wanted, list):
        assert len(found) == len(wanted)
        for ours, theirs in zip(found, wanted, strict=True):
            _check(ours, theirs)
    elif isinstance(wanted, str):
        assert found == wanted
    else:
        assert type(found).__name__ == type(wanted).__name__
        _has(found.model_dump(), wanted.model_dump(exclude_none=True))


def _has(found: Any, wanted: Any) -> None:
    if isinstance(wanted, dict) and isinstance(found, dict):
        for name, value in wanted.items():
            _has(found[name], value)
    elif isinstance(wanted, list | tuple) and isinstance(found, list | tuple):
        assert len(found) == len(wanted)
        for ours, theirs in zip(found, wanted, strict=True):
            _has(ours, theirs)
    else:
        assert found == wanted

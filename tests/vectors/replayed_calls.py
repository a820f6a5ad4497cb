"""Requests of Ollama's clients, as they were recorded, put to paddock's server.

None may be refused that the recording's server took, and every answer has the recorded shape: its
status, one object or lines of them, and what the client reads in them, each of the recorded type.
What a model says is not compared, so `thinking`, calls and texts may be there or not.

Spec adapters.md section 5; vectors/clients/README.md.
"""

import atexit
import json
import tempfile
from collections.abc import Iterator
from functools import cache
from typing import Any

from starlette.testclient import TestClient

from paddock.client import Client
from paddock.runtime import Runtime
from paddock.server import create_app

Json = dict[str, Any]

_OF_THE_MODEL = frozenset({"thinking", "tool_calls", "content", "response", "logprobs", "context"})
"""What an answer has or not, as the model pleases."""


@cache
def _server() -> TestClient:
    folder = tempfile.TemporaryDirectory(prefix="paddock-clients-")
    runtime = Runtime(folder.name)
    models = Client(runtime=runtime)
    models.create("tiny", from_="demo", parameters={"num_predict": 12})
    models.copy("tiny", "other")
    models.copy("tiny", "llama3.2:1b")
    atexit.register(folder.cleanup)
    atexit.register(runtime.close)
    return TestClient(create_app(runtime, bind="127.0.0.1"), base_url="http://127.0.0.1")


def run(case: Json, file: Json) -> None:
    for request in case["requests"]:
        _replay(request, request["answered"])


def _replay(request: Json, answered: Json) -> None:
    body = request.get("body")
    if answered["status"] >= 500:
        return  # the recording's server was told to break down
    if answered["status"] >= 400:
        # It was told to know no model; paddock's knows this one.
        body = {**(body or {}), "model": "missing"}
    content = None if body is None else json.dumps(body)
    headers = {"content-type": "application/json"} | (request.get("headers_extra") or {})
    reply = _server().request(request["method"], request["path"], content=content, headers=headers)
    assert reply.status_code // 100 == answered["status"] // 100, reply.text
    if answered["status"] >= 400:
        assert isinstance(reply.json()["error"], str)
    elif answered["kind"] == "json":
        _check(reply.json(), answered["json"], request["path"])
    elif answered["kind"] == "ndjson":
        found, wanted = list(_lines(reply.text)), answered["lines"]
        for line in found:
            assert "error" not in line, line
        _check(found[0], wanted[0], "the first line")
        _check(found[-1], wanted[-1], "the last line")


def _lines(text: str) -> Iterator[Json]:
    *lines, end = text.split("\n")
    assert end == "", "every line has its end"
    for line in lines:
        yield json.loads(line)


def _check(found: Any, recorded: Any, where: str) -> None:
    """Whether `found` has what is recorded, each of its type."""
    if recorded is None:
        return
    assert isinstance(found, _kinds(recorded)), f"{where}: {found!r} for {recorded!r}"
    if isinstance(recorded, dict):
        for name, value in recorded.items():
            if name not in _OF_THE_MODEL or name in found:
                assert name in found, f"{where}: no {name} in {found!r}"
                _check(found[name], value, f"{where}.{name}")
    elif isinstance(recorded, list) and recorded and found:
        _check(found[0], recorded[0], f"{where}[0]")


def _kinds(value: Any) -> type | tuple[type, ...]:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return (int, float) if is_number else type(value)

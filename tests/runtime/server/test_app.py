"""The route table: its description, its counters, and requests made from it by chance."""

import json
import re
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from paddock.client import Client
from paddock.runtime import Runtime
from paddock.server import create_app, openapi
from paddock.server.app import ENDPOINTS, description

Json = dict[str, Any]


@pytest.fixture(scope="module")
def client(tiny_gguf: Path, tmp_path_factory: pytest.TempPathFactory) -> Generator[TestClient]:
    """An application with `tiny`; what it raises is its reply, as on a socket."""
    with Runtime(tmp_path_factory.mktemp("app")) as runtime:
        parameters = {"num_thread": 1, "num_predict": 2}
        Client(runtime=runtime).create("tiny", from_=str(tiny_gguf), parameters=parameters)
        app = create_app(runtime, bind="127.0.0.1:11434")
        with TestClient(app, base_url="http://127.0.0.1:11434") as client:
            yield client


def test_every_route_is_there_once():
    rows = [(endpoint.method, endpoint.path) for endpoint in ENDPOINTS]
    assert len(rows) == len(set(rows))


def test_the_description_names_every_route_and_resolves(client: TestClient):
    found = client.get("/openapi.json").json()
    described = {
        (method.upper(), path) for path in found["paths"] for method in found["paths"][path]
    }
    assert described == {
        (each.method, openapi.described(each.path)) for each in ENDPOINTS if each.is_described
    }
    for path, operations in found["paths"].items():
        for operation in operations.values():
            named = [each["name"] for each in operation.get("parameters", [])]
            assert re.findall(r"\{(.*?)\}", path) == named
    schemas = found["components"]["schemas"]
    for name in re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(found)):
        assert name in schemas
    ids = [each["operationId"] for path in found["paths"].values() for each in path.values()]
    assert len(ids) == len(set(ids))
    assert "_debug_render_only" in schemas["ChatRequest"]["properties"]


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/api/chat", "application/x-ndjson"),
        ("/api/pull", "application/x-ndjson"),
        ("/v1/chat/completions", "text/event-stream"),
        ("/v1/completions", "text/event-stream"),
        ("/v1/responses", "text/event-stream"),
        ("/v1/messages", "text/event-stream"),
    ],
)
def test_the_description_tells_how_an_answer_is_streamed(path: str, kind: str):
    reply = description()["paths"][path]["post"]["responses"]["200"]
    assert set(reply["content"]) == {"application/json", kind}


def test_the_description_tells_of_no_stream_where_there_is_none():
    reply = description()["paths"]["/v1/embeddings"]["post"]["responses"]["200"]
    assert set(reply["content"]) == {"application/json"}


def test_methods_are_told_where_the_one_asked_for_is_not(client: TestClient):
    reply = client.put("/api/blobs/x")
    assert (reply.status_code, reply.headers["allow"]) == (405, "HEAD, POST")
    assert client.head("/api/ps").status_code == 405


def test_counters_tell_requests_and_tokens(client: TestClient):
    def counted(name: str) -> int:
        found = re.search(rf"^{re.escape(name)} (\d+)$", client.get("/metrics").text, re.MULTILINE)
        return int(found[1]) if found else 0

    answered = 'paddock_requests_total{method="POST",path="/api/generate",status="200"}'
    before = counted(answered), counted("paddock_generated_tokens_total")
    body = {"model": "tiny", "prompt": "a", "stream": False}
    count = client.post("/api/generate", json=body).json()["eval_count"]
    assert counted(answered) == before[0] + 1
    assert counted("paddock_generated_tokens_total") == before[1] + count
    assert counted("paddock_requests_in_flight") == 1
    assert counted('paddock_model_bytes{model="tiny:latest"}') > 0


def test_tokens_go_there_and_back(client: TestClient):
    tokens = client.post("/api/tokenize", json={"model": "tiny", "text": "häß"}).json()["tokens"]
    assert tokens
    back = client.post("/api/detokenize", json={"model": "tiny", "tokens": tokens}).json()
    assert back == {"model": "tiny", "text": "häß"}
    for wrong in ([-1], [10**9], ["a"], 5):
        reply = client.post("/api/detokenize", json={"model": "tiny", "tokens": wrong})
        assert reply.status_code == 400
    assert client.post("/api/tokenize", json={"model": "no", "text": "a"}).status_code == 404


@pytest.mark.parametrize(("path", "missing"), [("tokenize", "text"), ("detokenize", "tokens")])
def test_nothing_to_tokenize_is_told(path: str, missing: str, client: TestClient):
    reply = client.post(f"/api/{path}", json={"model": "tiny", "prompt": "a"})
    assert reply.status_code == 400
    assert missing in reply.json()["error"]


def test_an_error_tells_no_folder_of_this_machine(client: TestClient, tmp_path: Path):
    client.post("/api/create", json={"model": "hurt", "from": "tiny", "stream": False})
    store = client.app.state.server.runtime.models.store  # type: ignore[attr-defined]
    name = next(found for found, _ in store.manifests() if found.model == "hurt")
    store.manifest_path(name).write_text("{")
    reply = client.post("/api/generate", json={"model": "hurt", "prompt": "a"})
    assert reply.status_code == 500
    assert str(store.root) not in reply.text
    assert "/" not in reply.json()["error"].replace("hurt/latest", "")
    client.request("DELETE", "/api/delete", json={"model": "hurt"})


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


@st.composite
def bodies(draw: st.DrawFn) -> tuple[str, str, Json]:
    """A route that takes JSON, with some of its own fields and any values."""
    taking = [
        each for each in ENDPOINTS if each.takes and each.path not in ("/api/pull", "/api/push")
    ]
    endpoint = draw(st.sampled_from(taking))
    assert endpoint.takes is not None
    fields = [field.alias or name for name, field in endpoint.takes.model_fields.items()]
    body = draw(st.dictionaries(st.sampled_from(fields), anything, max_size=5))
    if draw(st.booleans()):
        body |= {"model": "tiny", "options": {"num_predict": 1}}
    return endpoint.method, endpoint.path, {**body, "max_tokens": 1}


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(request=bodies())
def test_no_body_whatever_breaks_the_server(request: tuple[str, str, Json], client: TestClient):
    method, path, body = request
    if path == "/api/create":
        body |= {"from": None, "modelfile": None, "path": None}
    if path == "/api/delete":
        body |= {"model": "none", "name": "none"}
    content = json.dumps(body).encode("utf-8", "surrogatepass")
    reply = client.request(method, path, content=content)
    assert reply.status_code < 500 or reply.json()["error"]
    assert "internal server error" not in reply.text

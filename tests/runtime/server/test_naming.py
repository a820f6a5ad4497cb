"""Names that a server cannot use: what lies in a cloud, on every face."""

from collections.abc import Generator
from pathlib import Path
from typing import Any

import openai
import pytest
from starlette.testclient import TestClient
from tests.servers import serving

from paddock.client import Client
from paddock.runtime import Runtime
from paddock.server import create_app

CLOUD = {"error": "ollama cloud is disabled: remote model is unavailable"}


@pytest.fixture(scope="module")
def runtime(tiny_gguf: Path, tmp_path_factory: pytest.TempPathFactory) -> Generator[Runtime]:
    with Runtime(tmp_path_factory.mktemp("naming")) as runtime:
        Client(runtime=runtime).create("tiny", from_=str(tiny_gguf))
        yield runtime


@pytest.fixture(scope="module")
def client(runtime: Runtime) -> Generator[TestClient]:
    app = create_app(runtime, bind="127.0.0.1:11434")
    with TestClient(app, base_url="http://127.0.0.1:11434") as client:
        yield client


@pytest.mark.parametrize("name", ["x:cloud", "x:8b-cloud", " x:8b:CLOUD "])
@pytest.mark.parametrize(
    "path",
    [
        "/v1/chat/completions",
        "/v1/completions",
        "/v1/embeddings",
        "/v1/responses",
        "/v1/messages",
        "/v1/messages/count_tokens",
        "/v1/rerank",
    ],
)
def test_a_model_of_the_cloud_is_refused_before_anything_else(
    path: str, name: str, client: TestClient
):
    for rest in ({}, {"messages": 5, "input": 5, "stream": "yes"}):
        reply = client.post(path, json={"model": name, **rest})
        assert (reply.status_code, reply.json()) == (403, CLOUD)


@pytest.mark.parametrize("name", [None, 5, "", "a:cloud:local", "cloud", "my-cloud-model"])
def test_what_is_no_model_of_the_cloud_has_its_own_error(name: Any, client: TestClient):
    reply = client.post("/v1/chat/completions", json={"model": name, "messages": []})
    assert reply.status_code == 400
    assert reply.json()["error"]["type"] == "invalid_request_error"


def test_details_of_a_model_of_the_cloud_are_refused_in_the_same_form(client: TestClient):
    reply = client.get("/v1/models/x:cloud")
    told = {"error": "ollama cloud is disabled: remote model details are unavailable"}
    assert (reply.status_code, reply.json()) == (403, told)


def test_the_official_client_understands_the_refusal(runtime: Runtime):
    with serving(create_app(runtime, bind="127.0.0.1")) as url:
        official = openai.OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0)
        with official, pytest.raises(openai.PermissionDeniedError) as caught:
            official.chat.completions.create(
                model="x:cloud", messages=[{"role": "user", "content": "Hello"}]
            )
    assert caught.value.body == CLOUD["error"]


def test_what_a_store_keeps_of_the_cloud_can_be_copied_and_deleted(client: TestClient):
    def names() -> set[str]:
        return {model["name"] for model in client.get("/api/tags").json()["models"]}

    for source, copy in (("tiny", "tiny:cloud"), ("tiny:cloud", "tiny:8b-cloud")):
        reply = client.post("/api/copy", json={"source": source, "destination": copy})
        assert reply.status_code == 200
    assert names() == {"tiny:latest", "tiny:cloud", "tiny:8b-cloud"}
    for name in ("tiny:cloud", "tiny:8b:cloud"):
        assert client.request("DELETE", "/api/delete", json={"model": name}).status_code == 200
    assert names() == {"tiny:latest"}
    gone = client.request("DELETE", "/api/delete", json={"model": "tiny:cloud"})
    assert (gone.status_code, gone.json()) == (404, {"error": "model 'tiny:cloud' not found"})

"""Models made and shown over HTTP, where that differs from Python."""

from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from paddock.client import Client
from paddock.runtime import Runtime
from paddock.server import create_app


@pytest.fixture(scope="module")
def client(tiny_gguf: Path, tmp_path_factory: pytest.TempPathFactory) -> Generator[TestClient]:
    with Runtime(tmp_path_factory.mktemp("library")) as runtime:
        Client(runtime=runtime).create("tiny", from_=str(tiny_gguf))
        app = create_app(runtime, bind="127.0.0.1:11434")
        with TestClient(app, base_url="http://127.0.0.1:11434") as client:
            yield client


def made(client: TestClient, **fields: Any) -> Any:
    return client.post("/api/create", json={"model": "made", "stream": False, **fields})


def test_parameters_are_stored_as_they_are_and_fail_where_they_are_used(client: TestClient):
    parameters = {"temperature": "hot", "unheard_of": [1, {"a": 2.0}], "seed": None}
    assert made(client, **{"from": "tiny"}, parameters=parameters).json() == {"status": "success"}
    shown = client.post("/api/show", json={"model": "made"})
    assert shown.status_code == 200
    assert '"hot"' in shown.json()["parameters"]
    assert client.get("/api/tags").status_code == 200
    run = client.post("/api/generate", json={"model": "made", "prompt": "a"})
    assert run.json() == {"error": 'option "temperature" must be of type float32'}
    again = made(client, **{"from": "made"}, parameters={"temperature": 0, "num_predict": 1})
    assert again.json() == {"status": "success"}
    assert client.post("/api/generate", json={"model": "made", "prompt": "a"}).status_code == 200


def test_a_file_of_this_machine_is_no_base_whether_it_is_there_or_not(
    client: TestClient, tiny_gguf: Path, tmp_path: Path
):
    (tmp_path / "there").write_text("text")
    for path in (tmp_path / "there", tmp_path / "absent", tiny_gguf):
        reply = made(client, **{"from": str(path)})
        assert (reply.status_code, reply.json()) == (400, {"error": "invalid model name"})


def test_whole_numbers_of_a_file_have_no_fraction(client: TestClient):
    text = client.post("/api/show", json={"model": "demo"}).text
    assert '"llama.rope.freq_base":100000000,' in text

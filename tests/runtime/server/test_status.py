"""What a server says that has no cloud."""

from collections.abc import Generator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from paddock.runtime import Runtime
from paddock.server import create_app


@pytest.fixture
def client(tmp_path: Path) -> Generator[TestClient]:
    with Runtime(tmp_path) as runtime, TestClient(create_app(runtime)) as client:
        yield client


@pytest.mark.parametrize("what", ["search", "fetch"])
def test_the_web_is_refused_whatever_is_asked_of_it(what: str, client: TestClient):
    path = f"/api/experimental/web_{what}"
    for content in (b"{", b"5", b'{"query": "a"}'):
        reply = client.post(path, content=content)
        told = {"error": f"ollama cloud is disabled: web {what} is unavailable"}
        assert (reply.status_code, reply.json()) == (403, told)
    for content in (b"", b" \n"):
        reply = client.post(path, content=content)
        assert (reply.status_code, reply.json()) == (400, {"error": "missing request body"})

"""A wire, and a client at its end."""

from collections.abc import Iterator

import pytest
from tests.wires import Wire

from paddock.client import Client
from paddock.remote import RemoteRuntime


@pytest.fixture(autouse=True)
def _nothing_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OLLAMA_API_KEY", "PADDOCK_API_KEY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def wire() -> Iterator[Wire]:
    with Wire() as wire:
        yield wire


@pytest.fixture
def client(wire: Wire) -> Iterator[Client]:
    with Client(host=wire.url) as client:
        yield client


@pytest.fixture
def remote(client: Client) -> RemoteRuntime:
    runtime = client.runtime
    assert isinstance(runtime, RemoteRuntime)
    return runtime

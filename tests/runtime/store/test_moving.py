"""pull, export and import_ as users call them: clients, streams, settings, closing."""

import asyncio
import hashlib
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.registries import Answer, FakeRegistry, Request

from paddock.api import PullRequest, PushRequest
from paddock.client import AsyncClient, Client
from paddock.errors import (
    EngineClosedError,
    ModelNotFoundError,
    RegistryError,
    RequestError,
    StoreError,
)
from paddock.names import ModelName
from paddock.runtime import Runtime
from paddock.settings import Settings
from paddock.store.local import Layer, LocalStore, Manifest, media_type

WEIGHTS = b"weights" * 20_000


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def fake() -> Iterator[FakeRegistry]:
    with FakeRegistry() as fake:
        fake.add_model("me/m/latest", WEIGHTS)
        yield fake


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    with Client(models=tmp_path / "models") as client:
        yield client


def held(release: threading.Event) -> object:
    """Answers to requests for blobs wait."""

    def lie(request: Request, answer: Answer) -> Answer:
        if "/blobs/" in request.path:
            release.wait(10)
        return answer

    return lie


def wait_for_a_blob(fake: FakeRegistry) -> None:
    deadline = time.monotonic() + 30
    while not any("/blobs/" in path for path in fake.paths()):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_pull_streams_or_waits(client: Client, fake: FakeRegistry) -> None:
    name = f"{fake.address}/me/m"
    assert client.pull(name, insecure=True).status == "success"
    parts = list(client.pull(name, insecure=True, stream=True))
    assert parts[0].status == "pulling manifest"
    assert parts[1].total == parts[1].completed == len(WEIGHTS)
    assert parts[-1].status == "success"
    assert [model.name for model in client.list().models] == [f"{name}:latest"]


def test_what_fails_is_raised(client: Client, fake: FakeRegistry) -> None:
    with pytest.raises(RegistryError, match="file does not exist"):
        client.pull(f"{fake.address}/me/nothing", insecure=True)
    with pytest.raises(RequestError, match="model is required"):
        client.pull("")
    with pytest.raises(ModelNotFoundError):
        client.push("nothing")
    with pytest.raises(RequestError, match="insecure protocol http"):
        client.pull(f"http://{fake.address}/me/m")
    assert PullRequest(model="m").insecure is None
    assert PushRequest(model="m").stream is None


async def test_async_pulls_are_cancelled_with_their_task(
    tmp_path: Path, fake: FakeRegistry
) -> None:
    release = threading.Event()
    fake.lie = held(release)  # type: ignore[assignment]
    async with AsyncClient(models=tmp_path / "models") as client:
        pull = asyncio.create_task(client.pull(f"{fake.address}/me/m", insecure=True))
        await asyncio.to_thread(wait_for_a_blob, fake)
        pull.cancel()
        with pytest.raises(asyncio.CancelledError):
            await pull
        release.set()
        assert (await client.pull(f"{fake.address}/me/m", insecure=True)).status == "success"


def test_closing_ends_what_is_on_its_way(tmp_path: Path, fake: FakeRegistry) -> None:
    release = threading.Event()
    fake.lie = held(release)  # type: ignore[assignment]
    runtime = Runtime(tmp_path / "models")
    stream = runtime.pull(PullRequest(model=f"{fake.address}/me/m", insecure=True))
    wait_for_a_blob(fake)
    runtime.close()
    with pytest.raises(EngineClosedError):
        stream.result()
    with pytest.raises(EngineClosedError):
        runtime.pull(PullRequest(model="m")).result()
    release.set()


def test_a_model_leaves_and_comes_as_a_file(
    client: Client, fake: FakeRegistry, tmp_path: Path
) -> None:
    # A model that resolves needs no more than its files.
    name, file = f"{fake.address}/me/m", tmp_path / "m.tar"
    client.pull(name, insecure=True)
    assert client.export(name, file).status == "success"
    client.delete(name)
    statuses = [part.status for part in client.import_(file, "mine", stream=True)]
    assert statuses[0] == "importing manifest"
    assert statuses[-1] == "success"
    assert [model.name for model in client.list().models] == ["mine:latest"]
    with pytest.raises(ModelNotFoundError):
        client.export("nothing", file)
    with pytest.raises(StoreError):
        client.import_(tmp_path)


def test_a_file_becomes_a_blob(client: Client, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"content")
    digest = client.create_blob(file)
    assert digest == "sha256:" + hashlib.sha256(b"content").hexdigest()
    assert client.runtime.models.store.read_blob(digest) == b"content"
    with pytest.raises(StoreError):
        client.create_blob(tmp_path / "missing")


def test_leftovers_go_before_the_first_pull_unless_told_otherwise(
    tmp_path: Path, fake: FakeRegistry
) -> None:
    left = tmp_path / "models" / "blobs" / "sha256-4711"
    left.parent.mkdir(parents=True)
    for noprune in (True, False):
        left.write_bytes(b"")
        os.utime(left, (1, 1))
        settings = Settings(models=tmp_path / "models", noprune=noprune)
        with Runtime(settings=settings) as runtime:
            request = PullRequest(model=f"{fake.address}/me/m", insecure=True)
            runtime.pull(request).result()
        assert left.exists() == noprune


def test_folders_of_others_are_named_by_a_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    foreign = LocalStore(tmp_path / "foreign")
    blob = foreign.put_blob(b"licence")
    layer = Layer(media_type=media_type("license"), digest=blob.digest, size=blob.size)
    foreign.write_manifest(ModelName.parse("theirs"), Manifest(layers=(layer,)))
    paths = os.pathsep.join([str(tmp_path / "nowhere"), str(foreign.root)])
    monkeypatch.setenv("PADDOCK_MODELS_READ_ONLY", paths)
    with Client(models=tmp_path / "models") as client:
        assert [model.name for model in client.list().models] == ["theirs:latest"]
        assert client.show("THEIRS").license == "licence"
        client.copy("theirs", "mine")
        with pytest.raises(StoreError, match="only read"):
            client.delete("theirs")
        client.delete("mine")
    assert foreign.read_blob(blob.digest) == b"licence"

"""Against a registry that nobody here wrote: Debian's docker-registry on loopback."""

import random
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.processes import ROOT
from tests.registries import BreakingWire, docker_registry

from paddock.api import ProgressResponse
from paddock.client import Client
from paddock.errors import ModelNotFoundError, RegistryError
from paddock.names import ModelName
from paddock.runtime import Runtime
from paddock.store import partial, registry
from paddock.store.local import Layer, LocalStore, Manifest, media_type
from paddock.store.manifest import CONFIG_TYPE
from paddock.store.transfer import Policy, Stop
from paddock.store.upkeep import verify

SIZE = 8_000_000
HASTY = Policy(first_wait=0.01, save=0.05)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with docker_registry(tmp_path_factory.mktemp("registry")) as address:
        yield address


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    """With a model of its own bytes."""
    store = LocalStore(tmp_path / "models")
    weights = random.Random(str(tmp_path)).randbytes(SIZE)
    blobs = [("model", weights), ("license", b"licence"), ("config", b"{}\n")]
    layers = [
        Layer(
            media_type=CONFIG_TYPE if kind == "config" else media_type(kind),
            digest=blob.digest,
            size=blob.size,
        )
        for kind, blob in ((kind, store.put_blob(content)) for kind, content in blobs)
    ]
    manifest = Manifest(config=layers[-1], layers=tuple(layers[:-1]))
    store.write_manifest(ModelName.parse("m"), manifest)
    return store


@pytest.fixture
def other(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "other")


def push(store: LocalStore, reference: str) -> list[ProgressResponse]:
    store.copy(ModelName.parse("m"), ModelName.parse(reference))
    events: list[ProgressResponse] = []
    registry.push(store, reference, events.append, Stop(), insecure=True, policy=HASTY)
    return events


def pull(store: LocalStore, reference: str) -> None:
    registry.pull(store, reference, lambda _: None, Stop(), insecure=True, policy=HASTY)


def test_what_is_pushed_can_be_pulled(address: str, store: LocalStore, other: LocalStore) -> None:
    events = push(store, f"{address}/me/whole:v1")
    statuses = list(dict.fromkeys(event.status for event in events))
    assert statuses[0] == "retrieving manifest"
    assert statuses[-2:] == ["pushing manifest", "success"]
    pull(other, f"{address}/me/whole:v1")
    found = verify(other)
    assert (found.models, found.blobs, found.problems) == (1, 3, ())
    there = store.read_manifest_bytes(ModelName.parse("m"))
    here = other.read_manifest_bytes(ModelName.parse(f"{address}/me/whole:v1"))
    assert here == there.rstrip(b"\n")


def test_what_is_there_is_not_sent_again(address: str, store: LocalStore) -> None:
    push(store, f"{address}/me/twice")
    with BreakingWire(address) as wire:
        push(store, f"{wire.address}/me/twice:again")
    assert wire.passed["up"] < 10_000


def test_a_blob_is_taken_from_the_model_it_came_from(address: str, store: LocalStore) -> None:
    push(store, f"{address}/me/base")
    manifest = store.read_manifest(ModelName.parse("m"))
    layers = tuple(replace(layer, from_="me/base:latest") for layer in manifest.layers)
    store.write_manifest(ModelName.parse("m"), replace(manifest, layers=layers))
    with BreakingWire(address) as wire:
        push(store, f"{wire.address}/me/derived")
    assert wire.passed["up"] < 10_000


def test_parts_are_sent_one_after_another(
    address: str, store: LocalStore, other: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partial, "_MIN_PART", 1_000_000)
    push(store, f"{address}/me/parts")
    pull(other, f"{address}/me/parts")
    assert verify(other).problems == ()


def test_ten_cuts_cost_less_than_a_tenth_more(
    address: str, store: LocalStore, other: LocalStore
) -> None:
    push(store, f"{address}/me/cut")
    with BreakingWire(address, down=[SIZE // 12] * 10) as wire:
        pull(other, f"{wire.address}/me/cut")
    assert wire.n_broken == 10
    assert wire.passed["down"] <= 1.1 * SIZE
    assert verify(other).problems == ()


@pytest.mark.parametrize("part", [100_000_000, 1_000_000])
def test_a_push_survives_cuts(
    address: str,
    store: LocalStore,
    other: LocalStore,
    monkeypatch: pytest.MonkeyPatch,
    part: int,
) -> None:
    monkeypatch.setattr(partial, "_MIN_PART", part)
    with BreakingWire(address, up=[300_000] * 3) as wire:
        push(store, f"{wire.address}/me/pushed{part}")
    assert wire.n_broken == 3
    pull(other, f"{address}/me/pushed{part}")
    assert verify(other).problems == ()


PULL = """
import sys
from pathlib import Path
from paddock.store import registry
from paddock.store.local import LocalStore
from paddock.store.transfer import Stop

store = LocalStore(Path(sys.argv[1]))
registry.pull(store, sys.argv[2], lambda event: print(event.status), Stop(), insecure=True)
"""


def test_two_processes_pull_a_model_once(
    address: str, store: LocalStore, other: LocalStore
) -> None:
    push(store, f"{address}/me/shared")
    with BreakingWire(address) as wire:
        arguments = [sys.executable, "-c", PULL, other.root, f"{wire.address}/me/shared"]
        processes = [
            subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.PIPE, text=True)
            for _ in range(2)
        ]
        outputs = [process.communicate(timeout=150)[0] for process in processes]
        assert wire.passed["down"] < 1.1 * SIZE
    assert [process.returncode for process in processes] == [0, 0]
    assert all(output.endswith("success\n") for output in outputs)
    assert verify(other).problems == ()


def test_what_is_not_there_is_said_in_the_references_words(
    address: str, store: LocalStore, other: LocalStore
) -> None:
    with pytest.raises(RegistryError, match=r"^pull model manifest: file does not exist$"):
        pull(other, f"{address}/me/nothing")
    events: list[ProgressResponse] = []
    with pytest.raises(ModelNotFoundError):
        registry.push(store, f"{address}/me/nothing", events.append, Stop(), insecure=True)
    assert [event.status for event in events] == [
        "retrieving manifest",
        "couldn't retrieve manifest",
    ]


@pytest.mark.engine
def test_a_model_is_pushed_wiped_pulled_and_run(
    address: str, tiny_gguf: Path, tmp_path: Path
) -> None:
    name = f"{address}/me/tiny"
    with Runtime(tmp_path / "models") as runtime, Client(runtime=runtime) as client:
        client.create(name, from_=str(tiny_gguf), parameters={"num_thread": 1})
        assert client.push(name, insecure=True).status == "success"
        client.delete(name)
        assert list((tmp_path / "models" / "blobs").iterdir()) == []
        parts = list(client.pull(name, insecure=True, stream=True))
        assert parts[0].status == "pulling manifest"
        assert parts[-1].status == "success"
        answer = client.generate(name, "the cat", options={"num_predict": 3, "temperature": 0})
        assert answer.eval_count == 3


async def test_leaving_a_pull_stops_it(address: str, store: LocalStore, tmp_path: Path) -> None:
    push(store, f"{address}/me/left")
    from paddock.client import AsyncClient

    async with AsyncClient(models=tmp_path / "async") as client:
        async with await client.pull(f"{address}/me/left", insecure=True, stream=True) as stream:
            async for part in stream:
                assert part.status == "pulling manifest"
                break
        assert (await client.pull(f"{address}/me/left", insecure=True)).status == "success"
        digest = await client.create_blob(__file__)
        assert client.runtime.models.store.has_blob(digest)
    for thread in threading.enumerate():
        if thread.name.startswith("paddock-"):
            thread.join(10)

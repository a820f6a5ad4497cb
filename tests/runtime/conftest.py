"""Runtimes over a models folder with real, small models."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from paddock import random_model
from paddock.client import Client
from paddock.random_model import Shape
from paddock.runtime import Runtime

ONE_THREAD = {"num_thread": 1}
"""Two threads wait for each other after every operation of so small a model; on a busy machine
that takes a hundred times as long as the work."""


def add_model(folder: Path, name: str, weights: Path, **parameters: object) -> str:
    with Runtime(folder) as runtime:
        client = Client(runtime=runtime)
        client.create(name, from_=str(weights), parameters=ONE_THREAD | parameters)
    return name


@pytest.fixture(scope="session")
def models(tiny_gguf: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A models folder with `tiny`."""
    folder = tmp_path_factory.mktemp("models")
    add_model(folder, "tiny", tiny_gguf)
    return folder


@pytest.fixture(scope="session")
def minilm(models: Path, minilm_gguf: Path) -> str:
    """The name of the embedding model in `models`."""
    return add_model(models, "minilm", minilm_gguf)


@pytest.fixture(scope="session")
def slow(models: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of a model in `models` that takes some milliseconds per token."""
    shape = Shape(layers=8, width=384, heads=6, kv_heads=2, feed_forward=1024)
    weights = random_model.write(tmp_path_factory.mktemp("slow") / "slow.gguf", shape, type="Q8_0")
    return add_model(models, "slow", weights, num_batch=64)


@pytest.fixture(scope="module")
def runtime(models: Path) -> Iterator[Runtime]:
    with Runtime(models) as runtime:
        yield runtime


@pytest.fixture(scope="module")
def client(runtime: Runtime) -> Client:
    return Client(runtime=runtime)

"""A server with real models on a real socket."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.servers import serving

from paddock.client import Client
from paddock.runtime import Runtime
from paddock.server import create_app


@pytest.fixture(scope="session")
def served(
    minilm_gguf: Path, tiny_gguf: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Runtime]:
    """A runtime with `minilm` and `tiny` in its store; `demo` comes with the package."""
    with Runtime(tmp_path_factory.mktemp("served")) as runtime:
        client = Client(runtime=runtime)
        client.create("minilm", from_=str(minilm_gguf))
        client.create("tiny", from_=str(tiny_gguf), parameters={"num_thread": 1})
        yield runtime


@pytest.fixture(scope="session")
def url(served: Runtime) -> Iterator[str]:
    """Where that runtime is served."""
    with serving(create_app(served, bind="127.0.0.1")) as url:
        yield url

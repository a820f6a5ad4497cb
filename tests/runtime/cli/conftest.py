"""The command in processes of its own, over a models folder of its own."""

import subprocess
from pathlib import Path

import pytest
from tests.runtime.cli.program import PROGRAM, Paddock, environment

from paddock.client import Client


@pytest.fixture(scope="session")
def tiny_models(tiny_gguf: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A models folder with `tiny`, whose answers have 8 tokens, and `endless`."""
    folder = tmp_path_factory.mktemp("cli") / "models"
    with Client(models=folder) as client:
        once = {"num_thread": 1, "seed": 1}
        client.create("tiny", from_=str(tiny_gguf), parameters=once | {"num_predict": 8})
        client.create("endless", from_="tiny", parameters=once | {"num_predict": 1_000_000})
    return folder


@pytest.fixture
def paddock(tiny_models: Path, tmp_path: Path) -> Paddock:
    """Runs `paddock` with these words; nothing on stdin unless there is `input`."""

    def run(
        *words: str, input: str = "", models: Path = tiny_models, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*PROGRAM, *words],
            cwd=tmp_path,
            env=environment(models, tmp_path, **variables),
            input=input,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run

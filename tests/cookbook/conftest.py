"""Runs the scripts of the cookbook as a user does: in a process and with a store of their own."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

COOKBOOK = Path(__file__).resolve().parents[2] / "cookbook"

Cook = Callable[..., str]


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The models of all runs: the embedding model is made once."""
    return tmp_path_factory.mktemp("models")


@pytest.fixture
def cook(store: Path) -> Cook:
    """What a script of the cookbook prints; it must end well, unless `fails`."""

    def run(script: str, *arguments: str, fails: bool = False) -> str:
        done = subprocess.run(
            [sys.executable, str(COOKBOOK / script), *arguments],
            env=os.environ | {"PADDOCK_MODELS": str(store), "PYTHONIOENCODING": "utf-8"},
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
        assert (done.returncode != 0) == fails, done.stderr
        return done.stderr if fails else done.stdout

    return run

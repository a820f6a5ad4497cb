import collections.abc
import inspect
import json
import os
import subprocess
import sys
import typing
from importlib import metadata
from pathlib import Path

import ollama
import pytest

import paddock
from paddock import errors

HEAVY = (
    *("asyncio", "httpx", "langchain_core", "llama_cpp", "llama_index", "logging", "numpy"),
    *("pydantic", "rich", "starlette", "torch", "typer"),
)
IMPORTED = (typing.TYPE_CHECKING, typing.Any, typing.Final, collections.abc.Iterable)


def python(*arguments: str, home: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, "HOME": str(home), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_all_is_sorted_and_is_what_can_be_imported():
    assert sorted(paddock.__all__) == paddock.__all__
    assert set(paddock.__all__) <= set(dir(paddock))
    assert all(getattr(paddock, name) is not None for name in paddock.__all__)
    public = {name for name, value in vars(paddock).items() if is_own(name, value)}
    assert public == set(paddock.__all__)


def is_own(name: str, value: object) -> bool:
    """Whether a name of the package is neither private, nor a submodule, nor what it is made of."""
    return not (name.startswith("_") or inspect.ismodule(value)) and value not in IMPORTED


def test_a_name_that_is_not_there_is_told():
    with pytest.raises(AttributeError, match="module 'paddock' has no attribute 'Chat'"):
        _ = paddock.Chat  # type: ignore[attr-defined]


def test_every_error_is_public():
    tree = {
        name
        for name, value in vars(errors).items()
        if inspect.isclass(value) and issubclass(value, errors.PaddockError)
    }
    assert tree <= set(paddock.__all__)


def test_the_names_of_the_official_client_are_there():
    absent = {name for name in ollama.__all__ if not name.startswith(("SystemOne", "Web"))}
    assert absent - set(paddock.__all__) == set()
    assert paddock.ResponseError is paddock.PaddockError


def test_the_version_is_the_distributions():
    assert paddock.__version__ == metadata.version("paddock")


def test_importing_loads_no_engine_starts_no_thread_and_touches_no_models_folder(tmp_path: Path):
    report = (
        "import json, sys, threading, paddock;"
        f"heavy = [name for name in {HEAVY!r} if name in sys.modules];"
        "print(json.dumps([heavy, threading.active_count()]))"
    )
    done = python("-c", report, home=tmp_path)
    assert done.stderr == ""
    assert json.loads(done.stdout) == [[], 1]
    assert list(tmp_path.iterdir()) == []


def test_python_dash_m_runs_the_command_line(tmp_path: Path):
    done = python("-m", "paddock", "--help", home=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "usage" in done.stdout.lower()

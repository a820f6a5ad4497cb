import inspect
import json
import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import ollama

import paddock
from paddock import errors

HEAVY = ["langchain_core", "llama_cpp", "llama_index", "rich", "starlette", "torch", "typer"]


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
    importable = {
        name
        for name, value in vars(paddock).items()
        if not name.startswith("_")
        and not inspect.ismodule(value)
        and value not in (metadata.version, metadata.PackageNotFoundError)
    }
    assert sorted(paddock.__all__) == paddock.__all__
    assert set(paddock.__all__) == importable


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

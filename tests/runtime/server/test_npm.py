"""The native API with the `ollama` package of npm, on Node."""

import json
import subprocess
import time
from pathlib import Path
from shutil import which
from typing import Any

import pytest
from tests.registries import FakeRegistry

from paddock.runtime import Runtime

SCRIPT = Path(__file__).with_name("every_method.mjs")
PATIENCE = 120


def run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=PATIENCE, check=False
    )


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the package is installed."""
    npm = which("npm")
    if npm is None or which("node") is None:
        pytest.skip("needs node and npm")
    folder = tmp_path_factory.mktemp("npm")
    (folder / "package.json").write_text("{}")
    quiet = ["--no-audit", "--no-fund", "--prefer-offline", "--fetch-retries=0"]
    try:
        done = run([npm, "install", "ollama@0.6", *quiet], folder)
    except subprocess.TimeoutExpired:
        pytest.skip("npm does not come to an end of installing ollama")
    if done.returncode != 0:
        pytest.skip(f"npm cannot install ollama: {done.stderr.strip()[-200:]}")
    return folder


@pytest.fixture(scope="session")
def told(package: Path, url: str, tiny_gguf: Path) -> Any:
    """What every method answered."""
    with FakeRegistry() as registry:
        registry.add_model("me/m/latest", tiny_gguf.read_bytes())
        done = run(["node", str(SCRIPT), url, f"{registry.address}/me/m"], package)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])  # the package prints too


@pytest.mark.engine
def test_answers_come_whole_and_in_parts(told: Any):
    for call, said in (
        ("chat", lambda part: part["message"]["content"]),
        ("generate", lambda part: part["response"]),
    ):
        whole, parts = told[call], told[f"{call}Parts"]
        assert whole["done"]
        assert said(whole) == "".join(map(said, parts))
        assert [part["done"] for part in parts] == [False] * (len(parts) - 1) + [True]


@pytest.mark.engine
def test_texts_are_embedded(told: Any):
    assert [len(vector) for vector in told["embed"]["embeddings"]] == [384, 384]
    assert len(told["embeddings"]["embedding"]) == 384


@pytest.mark.engine
def test_models_are_made_shown_copied_listed_and_removed(told: Any):
    success = {"status": "success"}
    assert told["create"] == told["createParts"][-1] == told["copy"] == success
    assert told["show"]["details"]["family"] == "llama"
    assert {"js:latest", "js-too:latest"} <= {each["name"] for each in told["list"]["models"]}
    assert "minilm:latest" in {each["name"] for each in told["ps"]["models"]}
    assert told["delete"] == [success, success]


@pytest.mark.engine
def test_models_are_pulled(told: Any):
    assert told["pullParts"][0] == {"status": "pulling manifest"}
    assert told["pullParts"][-1] == told["pull"] == {"status": "success"}


@pytest.mark.engine
def test_errors_are_the_packages_own(told: Any):
    assert told["missing"] == {
        "name": "ResponseError",
        "message": "model 'missing' not found",
        "status": 404,
    }
    assert told["push"]["name"] == "ResponseError"
    assert told["unknownRoute"]["status"] == 404


@pytest.mark.engine
def test_an_aborted_answer_frees_the_model(told: Any, served: Runtime):
    assert told["aborted"]["name"] == "AbortError"
    end = time.monotonic() + PATIENCE
    while any(row.busy for row in served._scheduler.ps()):
        assert time.monotonic() < end, "the answer goes on"
        time.sleep(0.02)


@pytest.mark.engine
def test_the_rest_needs_no_model(told: Any):
    assert told["image"] == "AQID"
    assert told["version"]["version"].count(".") == 2

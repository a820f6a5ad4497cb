"""The bench of the HTTP server: real servers, tiny models."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from paddock import random_model
from paddock.cli import bench_server
from paddock.cli.bench import Arrivals
from paddock.cli.bench_command import _server_text
from paddock.cli.bench_server import Comparison, FirstByte, ServerReport
from paddock.cli.main import run
from paddock.errors import PaddockError
from paddock.random_model import Shape

SHORT = ["--sequences", "1,2", "--tokens", "24", "--rounds", "1", "--threads", "1"]
SHAPE = Shape(layers=4, width=256, heads=4, kv_heads=2, feed_forward=768)
"""Slow enough for its tokens to come one by one."""
WINDOW = ["--prompt-tokens", "16", "--prefix-tokens", "16"]


@pytest.fixture(autouse=True)
def _own_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PADDOCK_MODELS", str(tmp_path / "models"))


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    return random_model.write(tmp_path / "small.gguf", SHAPE, type="Q8_0")


def report(capsys: pytest.CaptureFixture[str], *arguments: object) -> Any:
    assert run(["bench", *map(str, arguments), "--json", *SHORT, *WINDOW]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.engine
def test_answers_over_http_are_measured_next_to_those_in_process(
    weights: Path, capsys: pytest.CaptureFixture[str]
):
    found = report(capsys, weights, "--server")
    rows = [(row["measure"], row["at_once"], row["beside"]) for row in found["results"]]
    assert rows == [("generation", 1, "in process"), ("generation", 2, "in process")]
    alone = found["results"][0]  # two need not run together on a busy machine
    assert alone["server"] > 0
    assert alone["ratio"] == pytest.approx(alone["server"] / alone["other"])
    assert found["llama_server"] is None
    assert [first["at_once"] for first in found["first_bytes"]] == [1, 2]
    assert all(first["slowest_ms"] >= first["median_ms"] > 0 for first in found["first_bytes"])


@pytest.mark.engine
def test_embeddings_over_http_are_measured_too(
    minilm_gguf: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(bench_server, "embed_texts", lambda: ["one", "two words"])
    (row,) = report(capsys, minilm_gguf, "--server")["results"]
    assert (row["measure"], row["unit"], row["beside"]) == ("embedding", "texts/s", "in process")
    assert row["server"] > 0


def llama_server() -> str | None:
    return os.environ.get("LLAMA_SERVER") or shutil.which("llama-server")


@pytest.mark.engine
@pytest.mark.skipif(
    llama_server() is None, reason="needs llama-server, on PATH or named by LLAMA_SERVER"
)
def test_llama_server_answers_beside_it(
    weights: Path,
    minilm_gguf: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(bench_server, "embed_texts", lambda: ["one", "two words"])
    for model, measures in ((weights, ["generation"] * 2), (minilm_gguf, ["embedding"])):
        found = report(capsys, model, "--llama-server", llama_server())
        rows = [row for row in found["results"] if row["beside"] == "llama-server"]
        assert [row["measure"] for row in rows] == measures
        assert rows[0]["other"] > 0
        assert found["llama_server"]


def test_each_comparison_is_a_line_of_the_table():
    row = Comparison("generation", 8, "tokens/s", 95.0, "llama-server", 100.0, 0.95)
    text = _server_text(ServerReport("m", 2, 5, "123 (abc)", [row]))
    assert text.startswith("m: 2 threads, 5 rounds, llama-server 123 (abc)\n\nMEASURE")
    assert text.splitlines()[-1].split("    ")[-3:] == ["llama-server", "100.0 tokens/s", "0.950"]


def test_the_first_bytes_stand_below_the_table():
    first = FirstByte(8, 1.23, 4.56)
    text = _server_text(ServerReport("m", 2, 5, first_bytes=[first]))
    assert text.endswith("8 at once: at most 1.2 ms (slowest 4.6 ms)")


def test_what_is_no_llama_server_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert run(["bench", "demo", "--llama-server", str(tmp_path / "none")]) == 1
    assert "cannot be run as llama-server" in capsys.readouterr().err
    assert run(["bench", "demo", "--llama-server", sys.executable]) == 1
    assert "tells no version" in capsys.readouterr().err


def test_a_server_that_ends_at_once_is_told_with_its_last_words(tmp_path: Path):
    command = [sys.executable, "-c", "print('no room'); raise SystemExit(3)", bench_server._PORT]
    with pytest.raises(PaddockError, match="no room"), bench_server.running(command, "/"):
        pass


def test_a_server_is_ended_with_the_block(tmp_path: Path):
    command = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", bench_server._PORT]
    with bench_server.running(command, "/") as url:
        assert bench_server._is_healthy(url)
    assert not bench_server._is_healthy(url)


MEASURING = """
import sys, time
from paddock.cli import bench_server
command = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", bench_server._PORT]
with bench_server.running(command, "/") as url:
    print(url, flush=True)
    time.sleep(60)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="nothing can be asked to end there")
def test_a_server_ends_with_the_process_that_is_asked_to_end():
    command = [sys.executable, "-c", MEASURING]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout
        url = program.stdout.readline().strip()
        assert bench_server._is_healthy(url)
        program.terminate()
        assert program.wait(30) == 128 + signal.SIGTERM
    assert not bench_server._is_healthy(url)


@pytest.mark.parametrize("start", ["", "data: "])
def test_lines_and_events_are_heard_alike(start: str):
    lines = [f'{start}{{"a":1}}', "", f'{start}{{"a":2}}', f'{start}{{"done":true,"n":7}}', ""]
    heard = bench_server.heard(lines, "n")
    assert (len(heard.moments), heard.tokens) == (2, 7)
    assert isinstance(heard, Arrivals)


def test_the_first_token_came_before_the_time_that_the_answer_took():
    final = {"total_duration": 90_000_000, "eval_duration": 60_000_000}
    assert bench_server.until_first_token(final) == pytest.approx(0.03)


def test_an_answer_that_breaks_off_is_no_measurement():
    with pytest.raises(PaddockError, match="broke off"):
        bench_server.heard(['{"error":"gone"}'], "n")

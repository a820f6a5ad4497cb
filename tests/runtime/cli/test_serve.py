"""`paddock serve` as a process of its own, and what it says when it cannot serve."""

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import Popen

import httpx
import pytest
from tests.runtime.cli.program import PROGRAM, Paddock, environment

from paddock.cli.main import run


@contextmanager
def serving(models: Path, home: Path, **variables: str) -> Iterator[tuple[Popen[str], str]]:
    """The program, and the address that it tells."""
    program = Popen(
        [*PROGRAM, "serve", "--host", "127.0.0.1:0"],
        env=environment(models, home, **variables),
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert program.stderr is not None
        told = program.stderr.readline()
        found = re.fullmatch(r"Listening on (127\.0\.0\.1:\d+)\n", told)
        assert found, told
        yield program, f"http://{found[1]}"
    finally:
        program.kill()
        program.communicate()


def test_a_server_answers_and_ends_with_success_when_it_is_stopped(
    tiny_models: Path, tmp_path: Path
):
    with serving(tiny_models, tmp_path) as (program, url):
        assert httpx.get(url).text == "Ollama is running"
        body = {"model": "tiny", "prompt": "a", "stream": False}
        answer = httpx.post(f"{url}/api/generate", json=body, timeout=120).json()
        assert answer["eval_count"] == 8
        program.send_signal(signal.SIGTERM)
        assert program.wait(timeout=60) == 0


def test_a_running_answer_ends_before_the_server_does(tiny_models: Path, tmp_path: Path):
    with serving(tiny_models, tmp_path) as (program, url):
        body = {"model": "tiny", "prompt": "a", "options": {"num_predict": 50}}
        with httpx.stream("POST", f"{url}/api/generate", json=body, timeout=60) as answer:
            lines = answer.iter_lines()
            next(lines)
            program.send_signal(signal.SIGINT)
            assert '"done":true' in list(lines)[-1]
        assert program.wait(timeout=60) == 0


def test_the_key_of_the_environment_is_asked_for(tiny_models: Path, tmp_path: Path):
    with serving(tiny_models, tmp_path, PADDOCK_API_KEY="secret") as (_, url):
        assert httpx.get(f"{url}/api/tags").status_code == 401
        key = {"authorization": "Bearer secret"}
        assert httpx.get(f"{url}/api/tags", headers=key).status_code == 200


def test_the_list_of_an_empty_store_offers_a_model(tmp_path: Path):
    with serving(tmp_path / "models", tmp_path) as (_, url):
        listed = httpx.get(f"{url}/api/tags").json()["models"]
        assert [model["model"] for model in listed] == ["demo:latest"]


def test_a_store_with_models_offers_these(tiny_models: Path, tmp_path: Path):
    with serving(tiny_models, tmp_path) as (_, url):
        listed = httpx.get(f"{url}/api/tags").json()["models"]
        assert "demo:latest" not in [model["model"] for model in listed]


def test_a_taken_address_is_an_error_that_names_it(paddock: Paddock):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        done = paddock("serve", OLLAMA_HOST=address)
    assert done.returncode == 1
    assert done.stderr == f"Error: listen tcp {address}: bind: address already in use\n"


def test_others_are_not_served_without_a_key_in_strict_mode(paddock: Paddock):
    done = paddock("serve", "--host", "0.0.0.0:0", PADDOCK_STRICT="1")
    assert done.returncode == 1
    assert "PADDOCK_API_KEY" in done.stderr


def test_an_origin_that_can_never_match_is_an_error(paddock: Paddock):
    done = paddock("serve", "--host", "127.0.0.1:0", OLLAMA_ORIGINS="ftp://x")
    assert done.returncode == 1
    assert 'origin "ftp://x" must' in done.stderr


def test_without_its_extra_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    for name in [name for name in sys.modules if name.startswith("paddock.server")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "starlette", None)
    assert run(["serve"]) == 1
    assert 'pip install "paddock[server]"' in capsys.readouterr().err

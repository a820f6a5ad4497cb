"""`paddock serve` as a process of its own, and what it says when it cannot serve."""

import signal
import socket
import sys
from pathlib import Path

import httpx
import pytest
from tests.runtime.cli.program import Paddock, serving

from paddock.cli.main import run
from paddock.errors import PaddockError
from paddock.server import serving as serving_


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


def test_a_new_key_is_made_and_told_once(tiny_models: Path, tmp_path: Path):
    path = tmp_path / ".ollama" / "id_ed25519"
    with serving(tiny_models, tmp_path) as (program, _):
        program.send_signal(signal.SIGTERM)
        assert program.wait(timeout=60) == 0
        assert program.stdout is not None
        told = program.stdout.read()
    public = path.with_name("id_ed25519.pub").read_text().strip()
    assert told == (
        f"Couldn't find '{path}'. Generating new private key.\n"
        f"Your new public key is: \n\n{public}\n\n"
    )
    with serving(tiny_models, tmp_path) as (program, _):
        program.send_signal(signal.SIGTERM)
        assert program.wait(timeout=60) == 0
        assert program.stdout is not None
        assert program.stdout.read() == ""


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


def test_an_address_that_nobody_knows_is_named_with_the_resolvers_reason():
    with pytest.raises(PaddockError, match=r"listen tcp nowhere\.invalid:1: bind: \w+ \w+"):
        serving_.listen("nowhere.invalid", 1)


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


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="the system has no such limit")
def test_connections_of_clients_that_read_nothing_are_ended_by_the_system():
    with (
        serving_.listen("127.0.0.1", 0) as listener,
        socket.create_connection(listener.getsockname()),
        listener.accept()[0] as accepted,
    ):
        limit = accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)
    assert 0 < limit <= 120_000

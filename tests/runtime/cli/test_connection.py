"""Command lines that ask a server: the same words, the same output, the models there."""

import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.runtime.cli.program import Paddock
from tests.servers import serving
from tests.wires import Told, Wire, told

from paddock import __version__, random_model
from paddock.cli.connection import answers, connect
from paddock.cli.main import run
from paddock.client import Client
from paddock.remote import RemoteRuntime
from paddock.remote.address import Address
from paddock.runtime import Runtime
from paddock.server import create_app
from paddock.server.status import API_LEVEL


@pytest.fixture(scope="module")
def server(tiny_gguf: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server with `tiny` and `endless`."""
    once = {"num_thread": 1, "seed": 1}
    with Runtime(tmp_path_factory.mktemp("served")) as runtime:
        client = Client(runtime=runtime)
        client.create("tiny", from_=str(tiny_gguf), parameters=once | {"num_predict": 8})
        client.create("endless", from_="tiny", parameters=once | {"num_predict": 1_000_000})
        with serving(create_app(runtime, bind="127.0.0.1")) as url:
            yield url


@pytest.fixture
def nothing_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """This process has no models, an empty working folder and nothing on stdin."""
    for name in ("PADDOCK_HOST", "OLLAMA_HOST", "OLLAMA_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PADDOCK_MODELS", str(tmp_path / "models"))
    monkeypatch.setattr(Runtime, "_default", None)
    monkeypatch.chdir(tmp_path)
    with Path(os.devnull).open() as nothing:
        monkeypatch.setattr(sys, "stdin", nothing)
        yield tmp_path
    Runtime.default().close()


@pytest.fixture
def there(nothing_here: Path, server: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The environment names the server."""
    monkeypatch.setenv("OLLAMA_HOST", server)
    return nothing_here


# -- whom it asks ----------------------------------------------------------------------------------


def test_a_server_is_asked_if_one_is_named(
    nothing_here: Path,
    server: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    assert run(["list"]) == 0
    assert "tiny" not in capsys.readouterr().out
    assert run(["list", "--host", server]) == 0
    assert "tiny:latest" in capsys.readouterr().out
    monkeypatch.setenv("OLLAMA_HOST", server.removeprefix("http://"))
    assert run(["list"]) == 0
    assert "tiny:latest" in capsys.readouterr().out
    monkeypatch.setenv("PADDOCK_HOST", "127.0.0.1:9")  # goes first, and nobody answers there
    assert run(["list"]) == 0
    assert "tiny" not in capsys.readouterr().out


def test_a_server_in_the_flag_that_does_not_answer_is_an_error(
    nothing_here: Path, capsys: pytest.CaptureFixture[str]
):
    for words in (["list"], ["ps"], ["run", "tiny", "hi"], ["pull", "tiny"], ["rm", "tiny"]):
        assert run([*words, "--host", "127.0.0.1:9"]) == 1
        error = capsys.readouterr().err
        assert "Error: could not connect to a server at http://127.0.0.1:9" in error
        assert "`paddock serve`" in error


def test_credentials_in_the_host_reach_the_server(monkeypatch: pytest.MonkeyPatch):
    with Wire(lambda asked: Told(200) if asked.method == "HEAD" else told({"models": []})) as wire:
        monkeypatch.setenv("PADDOCK_HOST", f"http://me:secret@{wire.address}/behind")
        with connect(None) as client:
            assert isinstance(client.runtime, RemoteRuntime)
            client.list()
    assert [(asked.method, asked.path) for asked in wire.asked] == [
        ("HEAD", "/behind/"),
        ("GET", "/behind/api/tags"),
    ]
    assert {asked.headers["authorization"] for asked in wire.asked} == {"Basic bWU6c2VjcmV0"}


def test_only_a_server_that_says_so_answers():
    with Wire(Told(404)) as wire:
        assert not answers(Address.parse(wire.url))
    assert not answers(Address.parse(wire.url))


# -- what it prints --------------------------------------------------------------------------------


def test_models_there_are_listed_shown_copied_and_removed(
    there: Path, capsys: pytest.CaptureFixture[str]
):
    assert run(["cp", "tiny", "other"]) == 0
    assert capsys.readouterr().out == "copied 'tiny' to 'other'\n"
    assert run(["ls", "OTH"]) == 0
    header, row = capsys.readouterr().out.splitlines()
    assert header.split() == ["NAME", "ID", "SIZE", "MODIFIED"]
    assert re.match(r"other:latest    [0-9a-f]{12}    \d+ KB    .* ago", row)
    assert run(["show", "other"]) == 0
    assert capsys.readouterr().out.startswith("  Model\n    architecture        llama")
    assert run(["show", "other", "--parameters"]) == 0
    assert "num_predict                    8\n" in capsys.readouterr().out
    assert run(["rm", "other", "nothing"]) == 1
    printed = capsys.readouterr()
    assert printed.out == "deleted 'other'\n"
    assert printed.err == "Error: model 'nothing' not found\n"


def test_answers_come_from_there(there: Path, server: str, capsys: pytest.CaptureFixture[str]):
    assert run(["run", "tiny", "hello", "--keepalive", "10m"]) == 0
    text = capsys.readouterr().out
    assert text.endswith("\n\n")
    assert len(text) > 2
    assert run(["ps"]) == 0
    row = capsys.readouterr().out.splitlines()[1]
    assert row.startswith("tiny:latest    ")
    assert row.rstrip().endswith(("9 minutes from now", "10 minutes from now"))
    assert run(["stop", "tiny"]) == 0
    assert run(["ps"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1
    assert run(["stop", "nothing"]) == 1
    assert capsys.readouterr().err == 'Error: couldn\'t find model "nothing" to stop\n'


def test_vectors_come_from_there(there: Path, capsys: pytest.CaptureFixture[str]):
    assert run(["embed", "tiny", "one", "two"]) == 0
    vectors = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [len(vector) for vector in vectors] == [64, 64]


def test_a_modelfile_makes_a_model_there_of_files_here(
    there: Path, capsys: pytest.CaptureFixture[str]
):
    random_model.write(there / "weights.gguf", type="F16")
    (there / "Modelfile").write_text("FROM ./weights.gguf\nSYSTEM Be brief.\n")
    assert run(["create", "made"]) == 0
    told = capsys.readouterr().err.splitlines()
    assert told[0] == "gathering model components"
    assert re.match(r"copying file sha256:[0-9a-f]{64} 100% of ", told[1])
    assert told[-1] == "success"
    assert run(["show", "made", "--system"]) == 0
    assert capsys.readouterr().out == "Be brief."
    assert run(["rm", "made"]) == 0


def test_a_model_that_neither_has_is_pulled_there(there: Path, capsys: pytest.CaptureFixture[str]):
    assert run(["run", "127.0.0.1:9/library/nothing", "hello"]) == 1
    error = capsys.readouterr().err
    assert error.startswith("pulling manifest\nError: ")
    assert "127.0.0.1:9" in error


def test_archives_stay_where_the_models_are(there: Path, capsys: pytest.CaptureFixture[str]):
    assert run(["export", "tiny", "archive"]) == 1
    assert "leave the host out" in capsys.readouterr().err
    assert not (there / "archive").exists()


def test_a_program_of_its_own_ends_cleanly(paddock: Paddock, server: str):
    done = paddock("run", "tiny", "hello", OLLAMA_HOST=server)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout) > 2


# -- versions --------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [["--version"], ["-v"], ["version"]])
def test_the_version_told_is_that_of_the_server_that_is_named(
    words: list[str], there: Path, capsys: pytest.CaptureFixture[str]
):
    assert run(words) == 0
    told = capsys.readouterr().out
    assert told == f"ollama version is {API_LEVEL}\nWarning: client version is {__version__}\n"


def test_a_server_of_the_same_version_needs_no_second_line(
    nothing_here: Path, capsys: pytest.CaptureFixture[str]
):
    with Wire(told({"version": __version__})) as wire:
        assert run(["version", "--host", wire.url]) == 0
    assert capsys.readouterr().out == f"ollama version is {__version__}\n"


def test_where_nobody_answers_the_version_is_our_own(
    nothing_here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1:1")
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == (
        "Warning: could not connect to a running Ollama instance\n"
        f"Warning: client version is {__version__}\n"
    )

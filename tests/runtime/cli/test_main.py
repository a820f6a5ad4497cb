"""Whole command lines. What needs no process of its own runs in this one."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from tests.registries import Answer, FakeRegistry
from tests.runtime.cli.program import PROGRAM, Paddock, environment

from paddock.cli.main import run
from paddock.client import Client
from paddock.runtime import Runtime

HEAVY = (
    *("llama_cpp", "numpy", "jinja2", "rich", "prompt_toolkit", "httpx", "cryptography", "psutil"),
    *("filelock", "starlette", "uvicorn", "langchain_core", "llama_index", "pydantic", "asyncio"),
    *("concurrent.futures", "ssl", "http.client", "email", "importlib.metadata", "zipfile"),
    *("paddock.client", "paddock.runtime", "paddock.api"),
)


@pytest.fixture
def here(tiny_models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Runs in this process see `tiny_models` and an empty working folder."""
    for name in ("PADDOCK_HOST", "OLLAMA_HOST"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PADDOCK_MODELS", str(tiny_models))
    monkeypatch.setattr(Runtime, "_default", None)
    monkeypatch.chdir(tmp_path)
    with Path(os.devnull).open() as nothing:
        monkeypatch.setattr(sys, "stdin", nothing)
        yield tmp_path
    Runtime.default().close()


# -- words -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["frob"], 'unknown command "frob" for "paddock"'),
        (["--frob"], "unknown flag: --frob"),
        (["run", "--frob"], "unknown flag: --frob"),
        (["run", "-x"], "unknown shorthand flag: 'x' in -x"),
        (["show"], "accepts 1 arg(s), received 0"),
        (["cp", "a"], "accepts 2 arg(s), received 1"),
        (["rm"], "requires at least 1 arg(s), only received 0"),
        (["run"], "requires at least 1 arg(s), only received 0"),
        (["export", "a"], "accepts 2 arg(s), received 1"),
        (
            ["run", "m", "--think=hard"],
            'invalid value for --think: "hard" (must be true, false, high, medium, low, or max)',
        ),
        (
            ["run", "m", "--keepalive", "300"],
            'invalid argument "300" for "--keepalive" flag: time: missing unit in duration "300"',
        ),
        (["run", "m", "--format", "[1]"], '--format must be "json" or a JSON schema, not [1]'),
        (
            ["show", "m", "--system", "--template"],
            (
                "only one of '--license', '--modelfile', '--parameters', '--system', or "
                "'--template' can be specified"
            ),
        ),
        (["create", "a b"], "invalid model name: a b"),
        (["stop", "nothing"], 'couldn\'t find model "nothing" to stop'),
        (["rm", "nothing"], 'model "nothing" not found, try pulling it first'),
        (["cp", "nothing", "x"], 'model "nothing" not found, try pulling it first'),
        (
            ["run", "./nothing.gguf"],
            "file not found: ./nothing.gguf; give the path of a .gguf file or a Modelfile",
        ),
    ],
)
def test_what_cannot_be_done_is_one_line_on_stderr(
    here: Path, capsys: pytest.CaptureFixture[str], words: list[str], complaint: str
):
    assert run(words) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err == f"Error: {complaint}\n"


def test_a_command_that_is_nearly_one_is_suggested(capsys: pytest.CaptureFixture[str]):
    assert run(["lisst"]) == 1
    assert "\nDid you mean this?\n\tlist\n" in capsys.readouterr().err


@pytest.mark.parametrize("words", [[], ["--help"], ["-h"], ["help"]])
def test_without_a_command_there_is_help(words: list[str], capsys: pytest.CaptureFixture[str]):
    assert run(words) == 0
    text = capsys.readouterr().out
    for name in ("serve", "create", "show", "run", "pull", "list", "ps", "cp", "rm", "doctor"):
        assert f"\n  {name} " in text


@pytest.mark.parametrize("words", [["run", "--help"], ["run", "m", "-h"], ["help", "run"]])
def test_every_command_explains_itself(words: list[str], capsys: pytest.CaptureFixture[str]):
    assert run(words) == 0
    text = capsys.readouterr().out
    assert "paddock run MODEL [PROMPT] [flags]" in text
    assert "--think[=LEVEL]" in text
    assert f"      {'OLLAMA_EDITOR':<27}   " in text


@pytest.mark.parametrize("words", [["--version"], ["-v"], ["version"]])
def test_the_version_is_printed(words: list[str], capsys: pytest.CaptureFixture[str]):
    assert run(words) == 0
    assert capsys.readouterr().out.startswith("paddock version is ")


def test_flags_of_the_program_may_stand_before_the_command(
    here: Path, capsys: pytest.CaptureFixture[str]
):
    assert run(["--host=", "list", "--", "tiny"]) == 0
    assert "tiny:latest" in capsys.readouterr().out


# -- the store -------------------------------------------------------------------------------------


def test_models_are_listed_shown_copied_and_removed(here: Path, capsys: pytest.CaptureFixture[str]):
    assert run(["cp", "tiny", "other"]) == 0
    assert capsys.readouterr().out == "copied 'tiny' to 'other'\n"
    assert run(["ls", "OTH"]) == 0
    header, row = capsys.readouterr().out.splitlines()
    assert header.split() == ["NAME", "ID", "SIZE", "MODIFIED"]
    assert row.startswith("other:latest    ")
    assert run(["show", "other"]) == 0
    assert capsys.readouterr().out.startswith("  Model\n    architecture        llama")
    assert run(["rm", "other", "nothing"]) == 1
    printed = capsys.readouterr()
    assert printed.out == "deleted 'other'\n"
    assert printed.err == 'Error: model "nothing" not found, try pulling it first\n'


def test_texts_of_a_model_are_printed_alone(here: Path, capsys: pytest.CaptureFixture[str]):
    with Client(models=Runtime.default().models.store.root) as client:
        client.create("brief", from_="tiny", system="Be brief.", license="MIT")
    printed = {}
    for flag in ("--license", "--system", "--parameters", "--modelfile", "--template"):
        assert run(["show", "brief", flag]) == 0
        printed[flag] = capsys.readouterr().out
    assert run(["rm", "brief"]) == 0
    assert printed["--license"] == "MIT\n"
    assert printed["--system"] == "Be brief."
    assert printed["--parameters"].endswith("\n")
    assert printed["--modelfile"].startswith("# Modelfile generated by")
    assert not printed["--template"].endswith("\n\n")


def test_nothing_is_loaded_in_a_process_that_just_began(
    here: Path, capsys: pytest.CaptureFixture[str]
):
    assert run(["ps"]) == 0
    assert capsys.readouterr().out.split() == [
        "NAME", "ID", "SIZE", "PROCESSOR", "CONTEXT", "UNTIL"
    ]  # fmt: skip
    assert run(["stop", "tiny"]) == 0
    assert capsys.readouterr().out == ""


def test_loaded_models_are_listed_with_their_place_and_time(
    here: Path, capsys: pytest.CaptureFixture[str]
):
    assert run(["run", "tiny", "hello", "--keepalive", "10m"]) == 0
    capsys.readouterr()
    assert run(["ps"]) == 0
    row = capsys.readouterr().out.splitlines()[1]
    assert row.startswith("tiny:latest    ")
    assert row.rstrip().endswith("9 minutes from now")
    assert run(["stop", "tiny"]) == 0
    assert run(["ps"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1


# -- create and archives ---------------------------------------------------------------------------


def test_a_modelfile_makes_a_model(here: Path, tiny_gguf: Path, capsys: pytest.CaptureFixture[str]):
    folder = here / "made"
    folder.mkdir()
    (folder / "weights.gguf").write_bytes(tiny_gguf.read_bytes())
    text = "FROM ./weights.gguf\nPARAMETER top_k 3\nPARAMETER low_vram 1\nSYSTEM Be brief.\n"
    (folder / "Modelfile").write_text(text)
    assert run(["create", "made", "-f", str(folder / "Modelfile")]) == 0
    printed = capsys.readouterr()
    assert printed.out == "warning: parameter low_vram is deprecated\n"
    assert printed.err.splitlines()[0] == "gathering model components"
    assert printed.err.splitlines()[-1] == "success"
    assert run(["show", "made", "--system"]) == 0
    assert capsys.readouterr().out == "Be brief."
    assert run(["rm", "made"]) == 0


def test_without_a_modelfile_the_folder_is_the_model(here: Path, tiny_gguf: Path):
    (here / "weights.gguf").write_bytes(tiny_gguf.read_bytes())
    assert run(["create", "folder"]) == 0
    assert run(["rm", "folder"]) == 0


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (None, "other: specified Modelfile wasn't found"),
        ("SYSTEM hi\n", "no FROM line"),
        ("FROM tiny\nPARAMETER top_k x\n", "invalid int value [x]"),
        ("FROM ./nothing.gguf\n", "./nothing.gguf: no such file or folder"),
    ],
)
def test_a_modelfile_that_does_not_work_makes_nothing(
    here: Path, capsys: pytest.CaptureFixture[str], text: str | None, complaint: str
):
    if text is not None:
        (here / "other").write_text(text)
    assert run(["create", "made", "-f", "other"]) == 1
    assert f"Error: {complaint}\n" in capsys.readouterr().err
    assert run(["show", "made"]) == 1


def test_draft_weights_to_quantise_need_a_draft(here: Path, capsys: pytest.CaptureFixture[str]):
    (here / "Modelfile").write_text("FROM tiny\n")
    assert run(["create", "made", "--draft-quantize", "q8_0"]) == 1
    assert "--draft-quantize requires a DRAFT model" in capsys.readouterr().err


def test_a_model_travels_in_an_archive(here: Path, capsys: pytest.CaptureFixture[str]):
    assert run(["export", "tiny", "tiny.archive"]) == 0
    assert run(["import", "tiny.archive", "travelled"]) == 0
    capsys.readouterr()
    assert run(["list", "travelled"]) == 0
    assert "travelled:latest" in capsys.readouterr().out
    assert run(["rm", "travelled"]) == 0


def test_the_key_for_pushing_is_printed_and_stays_the_same(paddock: Paddock, tmp_path: Path):
    first = paddock("signin")
    assert (first.returncode, first.stderr) == (0, "")
    line = (tmp_path / ".ollama" / "id_ed25519.pub").read_text()
    assert line.startswith("ssh-ed25519 ")
    assert line in first.stdout
    assert (tmp_path / ".ollama" / "id_ed25519").stat().st_mode & 0o777 == 0o600
    assert paddock("login").stdout == first.stdout


def test_whom_a_registry_does_not_know_is_told_what_to_do_before_anything_is_sent(
    here: Path, capsys: pytest.CaptureFixture[str]
):
    with FakeRegistry() as registry:
        registry.lie = lambda request, answer: Answer(401, body=b"no")
        name = f"{registry.address}/me/tiny"
        assert run(["cp", "tiny", name]) == 0
        assert run(["push", name, "--insecure"]) == 1
        assert run(["rm", name]) == 0
    assert {request.method for request in registry.requests} == {"HEAD"}
    errors = capsys.readouterr().err
    assert "Error: you are not authorized to push to this namespace" in errors
    assert "`paddock signin`" in errors


# -- run -------------------------------------------------------------------------------------------


def test_one_prompt_gets_one_answer(paddock: Paddock):
    first = paddock("run", "tiny", "hello", "you")
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout.endswith("\n\n")
    assert len(first.stdout) > 2
    assert paddock("run", "tiny", "hello you").stdout == first.stdout
    assert paddock("run", "tiny", "you", input="hello").stdout == first.stdout


@pytest.mark.parametrize("words", [[], [""]])
def test_an_empty_prompt_loads_the_model_and_says_nothing(paddock: Paddock, words: list[str]):
    done = paddock("run", "tiny", *words)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_statistics_go_to_stderr(paddock: Paddock):
    done = paddock("run", "tiny", "--verbose", "hello")
    labels = [line.partition(":")[0] for line in done.stderr.splitlines()]
    assert labels[-2:] == ["eval duration", "eval rate"]
    assert "eval count:           8 token(s)" in done.stderr


def test_a_schema_shapes_the_answer(here: Path, capsys: pytest.CaptureFixture[str]):
    schema = {"type": "object", "properties": {"n": {"type": "boolean"}}, "required": ["n"]}
    assert run(["run", "endless", "hello", "--format", json.dumps(schema)]) == 0
    assert isinstance(json.loads(capsys.readouterr().out)["n"], bool)


def test_vectors_are_printed_one_a_line(paddock: Paddock):
    done = paddock("embed", "tiny", input="one\n\ntwo\n")
    vectors = [json.loads(line) for line in done.stdout.splitlines()]
    assert [len(vector) for vector in vectors] == [64, 64]
    numbers = done.stdout.splitlines()[0].strip("[]").split(",")
    assert numbers == [str(np.float32(number)) for number in vectors[0]]
    assert ": " not in done.stdout
    assert paddock("embed", "tiny", "one").stdout == f"{done.stdout.splitlines()[0]}\n"
    nothing = paddock("embed", "tiny")
    assert (nothing.returncode, nothing.stdout) == (1, "")


def test_an_interrupt_stops_the_answer_and_is_no_error(tiny_models: Path, tmp_path: Path):
    process = subprocess.Popen(
        [*PROGRAM, "run", "endless", "hello"],
        env=environment(tiny_models, tmp_path),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    begun = process.stdout.read(20)
    process.send_signal(signal.SIGINT)
    rest, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, b"")
    assert len(begun) == 20
    assert rest.endswith(b"\n\n")


def test_whoever_reads_the_output_may_leave(tiny_models: Path, tmp_path: Path):
    process = subprocess.Popen(
        [*PROGRAM, "run", "endless", "hello"],
        env=environment(tiny_models, tmp_path),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    process.stdout.read(20)
    process.stdout.close()
    assert process.stderr is not None
    errors = process.stderr.read()
    process.stderr.close()
    assert process.wait(60) == 1
    assert errors == b""


def test_a_model_that_is_not_there_is_pulled_first(paddock: Paddock):
    done = paddock("run", "127.0.0.1:9/library/nothing", "hello")
    assert done.returncode == 1
    assert done.stderr.startswith("pulling manifest\nError: ")


# -- imports ---------------------------------------------------------------------------------------


def test_listing_imports_neither_the_engine_nor_what_only_others_need(
    tiny_models: Path, tmp_path: Path
):
    script = (
        "import json, sys\nfrom paddock.cli.main import run\nassert run(['list']) == 0\n"
        f"print(json.dumps([name for name in {HEAVY!r} if name in sys.modules]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=environment(tiny_models, tmp_path),
        capture_output=True,
        text=True,
        check=True,
    )
    assert "tiny:latest" in done.stdout
    assert json.loads(done.stdout.splitlines()[-1]) == []


def test_the_log_is_as_loud_as_the_environment_says(paddock: Paddock):
    quiet = paddock("run", "tiny", "hello")
    loud = paddock("run", "tiny", "hello", OLLAMA_DEBUG="1")
    assert quiet.stderr == ""
    assert "DEBUG" in loud.stderr or "INFO" in loud.stderr

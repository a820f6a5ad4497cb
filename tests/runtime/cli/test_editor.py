import asyncio
import contextlib
import io
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from prompt_toolkit.data_structures import Size
from prompt_toolkit.input import PipeInput, create_pipe_input
from prompt_toolkit.output import DummyOutput
from prompt_toolkit.output.vt100 import Vt100_Output

from paddock.cli.editor import PLACEHOLDER, EditedLines, Interrupted, edited


@contextmanager
def typed(tmp_path: Path, keys: str, **options: object) -> Iterator[EditedLines]:
    pipe: PipeInput
    with create_pipe_input() as pipe:
        pipe.send_text(keys)
        yield EditedLines(tmp_path / "history", input=pipe, output=DummyOutput(), **options)
    asyncio.set_event_loop(None)


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ("hello\r", "hello"),
        ("one\ntwo\r", "one\ntwo"),
        ("a\tb\r", "a        b"),
        ("wrong\x15right\r", "right"),
        ("one two\x17\r", "one "),
        ("bc\x01a\x05d\r", "abcd"),
        ("abc\x02\x02\x0b\r", "a"),
        ("ab\x08\r", "a"),
        ("ab\x01\x04\r", "b"),
        ("日本\r", "日本"),
        ("\x1b[200~one\r\ntwo\x1b[201~ three\r", "one\ntwo three"),
    ],
)
def test_keys_edit_the_line(tmp_path: Path, keys: str, line: str):
    with typed(tmp_path, keys) as lines:
        assert lines.read() == line


def test_what_was_typed_before_comes_back(tmp_path: Path):
    with typed(tmp_path, "one\rtwo\r") as lines:
        assert (lines.read(), lines.read()) == ("one", "two")
    with typed(tmp_path, "\x10\x10\r") as lines:
        assert lines.read() == "one"
    assert (tmp_path / "history").read_text() == "one\ntwo\none\n"


def test_without_history_nothing_is_kept(tmp_path: Path):
    with typed(tmp_path, "one\rtwo\rthree\r", keeps_history=False) as lines:
        lines.read()
        lines.keep_history(True)
        lines.read()
        lines.keep_history(False)
        lines.read()
    assert (tmp_path / "history").read_text() == "two\n"


def test_end_of_input_leaves_and_ctrl_d_deletes(tmp_path: Path):
    with typed(tmp_path, "\x04") as lines, pytest.raises(EOFError):
        lines.read()


@pytest.mark.parametrize("keys", ["\r", "\x03", "\x04"])
def test_a_line_that_is_left_empty_does_not_keep_its_placeholder(tmp_path: Path, keys: str):
    screen = io.StringIO()
    terminal = Vt100_Output(screen, lambda: Size(24, 80), term="xterm", enable_cpr=False)
    with create_pipe_input() as pipe:
        pipe.send_text(keys)
        lines = EditedLines(tmp_path / "history", input=pipe, output=terminal)
        with contextlib.suppress(EOFError, Interrupted):
            lines.read()
    asyncio.set_event_loop(None)
    assert screen.getvalue().count(PLACEHOLDER) == 1


@pytest.mark.parametrize(("keys", "had_text"), [("\x03", False), ("abc\x03", True)])
def test_ctrl_c_drops_what_was_typed(tmp_path: Path, keys: str, had_text: bool):
    with typed(tmp_path, keys) as lines, pytest.raises(Interrupted) as caught:
        lines.read()
    assert caught.value.had_text is had_text


def script(path: Path, text: str) -> str:
    path.write_text(f"#!{sys.executable}\nimport sys, pathlib\n{text}\n")
    path.chmod(0o755)
    return str(path)


def test_ctrl_g_opens_the_editor(tmp_path: Path):
    editor = script(
        tmp_path / "editor",
        "file = pathlib.Path(sys.argv[1]); file.write_text(file.read_text() + ' dog\\n')",
    )
    with create_pipe_input() as pipe:
        lines = EditedLines(tmp_path / "history", editor=editor, input=pipe, output=DummyOutput())

        def send_what_was_edited() -> None:
            buffer = lines._prompt.default_buffer
            while buffer.text != "hot dog":
                time.sleep(0.01)
            pipe.send_text("\r")

        threading.Thread(target=send_what_was_edited, daemon=True).start()
        pipe.send_text("hot\x07")
        assert lines.read() == "hot dog"


def test_an_editor_that_fails_changes_nothing(tmp_path: Path):
    assert edited("text", script(tmp_path / "editor", "sys.exit(1)")) == ""


def test_an_editor_that_is_not_there_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", "no-such-editor -w")
    assert edited("text") == ""
    assert capsys.readouterr().err == (
        'error: editor "no-such-editor -w" not found, set OLLAMA_EDITOR to the path of your '
        "preferred editor\n"
    )

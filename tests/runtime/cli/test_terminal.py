"""The program at a terminal: a pseudo terminal on which this file types and reads."""

import os
import re
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from tests.runtime.cli.program import PROGRAM, environment, serving

if sys.platform == "win32":
    pytest.skip("there are no pseudo terminals", allow_module_level=True)

import pty
import termios

ESCAPES = re.compile(r"\x1b(\[[0-9;?<>=]*[a-zA-Z]|[=>]|\][^\x07]*\x07)")
PATIENCE = 150
CTRL_C, CTRL_D, ENTER = "\x03", "\x04", "\r"
OWN_TERMINAL = (
    "import fcntl, os, sys, termios; os.setsid(); fcntl.ioctl(0, termios.TIOCSCTTY, 0);"
    "os.execv(sys.argv[1], sys.argv[1:])"
)


class Terminal:
    """A program that believes a person sits before it."""

    def __init__(self, words: list[str], variables: dict[str, str], folder: Path) -> None:
        self._ours, theirs = pty.openpty()
        termios.tcsetwinsize(self._ours, (24, 80))
        self._process = subprocess.Popen(
            [sys.executable, "-c", OWN_TERMINAL, *words],
            cwd=folder,
            env=variables | {"TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1"},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        )
        os.close(theirs)
        self._raw = b""
        self._seen = 0

    def type(self, text: str) -> None:
        os.write(self._ours, text.encode())

    def wait_for(self, text: str) -> str:
        """What was printed since the last wait, up to this text, without escape sequences."""
        deadline = time.monotonic() + PATIENCE
        while (at := self._shown().find(text, self._seen)) < 0:
            assert self._read(deadline), f"no {text!r} in {self._shown()[self._seen :]!r}"
        before, self._seen = self._shown()[self._seen : at], at + len(text)
        return before

    def rest(self) -> str:
        """Whatever else is printed until the program ends."""
        deadline = time.monotonic() + PATIENCE
        while self._read(deadline):
            pass
        return self._shown()[self._seen :]

    def end(self) -> int:
        self.rest()
        return self._process.wait(PATIENCE)

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._ours)

    def _shown(self) -> str:
        return ESCAPES.sub("", self._raw.decode("utf-8", "replace"))

    def _read(self, deadline: float) -> bool:
        while (left := deadline - time.monotonic()) > 0:
            if not select.select([self._ours], [], [], min(left, 1.0))[0]:
                continue
            try:
                content = os.read(self._ours, 65536)
            except OSError:  # how Linux says that nobody is there any more
                return False
            self._raw += content
            return bool(content)
        return False


@pytest.fixture
def at_terminal(tiny_models: Path, tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    opened: list[Terminal] = []

    def start(*words: str, program: list[str] = PROGRAM, **variables: str) -> Terminal:
        terminal = Terminal(
            [*program, *words], environment(tiny_models, tmp_path, **variables), tmp_path
        )
        opened.append(terminal)
        return terminal

    yield start
    for terminal in opened:
        terminal.close()


AtTerminal = Callable[..., Terminal]


@pytest.mark.timeout(600)
def test_a_conversation(at_terminal: AtTerminal, tmp_path: Path):
    terminal = at_terminal("run", "tiny")
    terminal.wait_for(">>> ")
    terminal.wait_for("Send a message (/? for help)")
    terminal.type(f"/set verbose{ENTER}")
    terminal.wait_for("Set 'verbose' mode.")
    terminal.wait_for(">>> ")
    terminal.type(f'"""hello{ENTER}')
    terminal.wait_for("... ")
    terminal.type(f'you"""{ENTER}')
    terminal.wait_for("eval rate:")
    terminal.wait_for(">>> ")
    terminal.type(CTRL_C)
    terminal.wait_for("Use Ctrl + d or /bye to exit.")
    terminal.wait_for(">>> ")
    terminal.type(f"dropped{CTRL_C}")
    terminal.wait_for(">>> ")
    terminal.type(CTRL_D)
    assert terminal.end() == 0
    history = tmp_path / ".paddock" / "history"
    assert history.read_text() == '/set verbose\n"""hello\nyou"""\n'


@pytest.mark.timeout(600)
def test_ctrl_c_stops_the_answer_and_the_conversation_goes_on(at_terminal: AtTerminal):
    terminal = at_terminal("run", "endless", OLLAMA_NOHISTORY="1")
    terminal.wait_for(">>> ")
    terminal.type(f"hello{ENTER}")
    terminal.wait_for("\n")
    terminal.wait_for("e")
    terminal.type(CTRL_C)
    terminal.wait_for(">>> ")
    terminal.type(f"/set parameter num_predict 4{ENTER}")
    terminal.wait_for("Set parameter 'num_predict' to '4'")
    terminal.wait_for(">>> ")
    terminal.type(f"/set verbose{ENTER}")
    terminal.wait_for("Set 'verbose' mode.")
    terminal.wait_for(">>> ")
    terminal.type(f"again{ENTER}")
    terminal.wait_for("eval count:           4 token(s)")
    terminal.wait_for(">>> ")
    terminal.type(f"/bye{ENTER}")
    assert terminal.end() == 0


@pytest.mark.timeout(600)
def test_what_is_typed_during_an_answer_is_said_after_it(at_terminal: AtTerminal):
    terminal = at_terminal("run", "endless", OLLAMA_NOHISTORY="1")
    terminal.wait_for(">>> ")
    terminal.type(f"/set parameter num_predict 300{ENTER}")
    terminal.wait_for("Set parameter 'num_predict' to '300'")
    terminal.wait_for(">>> ")
    terminal.type(f"hello{ENTER}")
    terminal.wait_for("\n")
    terminal.wait_for("e")
    terminal.type(f"/set verbose{ENTER}")
    answer = terminal.wait_for(">>> ")
    assert "/set verbose" not in answer
    terminal.wait_for("Set 'verbose' mode.")
    terminal.wait_for(">>> ")
    terminal.type(f"/bye{ENTER}")
    assert terminal.end() == 0


@pytest.mark.timeout(600)
def test_a_conversation_with_the_models_of_a_server(
    at_terminal: AtTerminal, tiny_models: Path, tmp_path: Path
):
    with serving(tiny_models, tmp_path / "there") as (_, url):
        terminal = at_terminal(
            "run", "tiny", PADDOCK_MODELS=str(tmp_path / "nothing"), OLLAMA_HOST=url
        )
        terminal.wait_for(">>> ")
        assert [model["name"] for model in httpx.get(f"{url}/api/ps").json()["models"]] == [
            "tiny:latest"
        ]
        said = (
            ("hello", "\n"),
            ("/set system Be brief.", "Set system message."),
            ("/save kept", "Created new model 'kept'"),
            ("/list kept", "kept:latest"),
            ("/load kept", "Loading model 'kept'"),
            ("/show system", "Be brief."),
            ("/load nothing", "Couldn't find model 'nothing'"),
            ("/show parameters", "Model defined parameters:"),
        )
        for text, answer in said:
            terminal.type(f"{text}{ENTER}")
            terminal.wait_for(answer)
            terminal.wait_for(">>> ")
        terminal.type(f"/bye{ENTER}")
        assert terminal.end() == 0
        assert httpx.request("DELETE", f"{url}/api/delete", json={"model": "kept"}).is_success
    assert not (tmp_path / "nothing").exists()


@pytest.mark.timeout(600)
def test_history_is_off_when_the_environment_says_so(at_terminal: AtTerminal, tmp_path: Path):
    terminal = at_terminal("run", "tiny", OLLAMA_NOHISTORY="1")
    terminal.wait_for(">>> ")
    terminal.type(f"/bye{ENTER}")
    assert terminal.end() == 0
    assert not (tmp_path / ".paddock").exists()


@pytest.mark.timeout(600)
def test_a_prompt_on_the_command_line_is_answered_without_a_conversation(at_terminal: AtTerminal):
    terminal = at_terminal("run", "tiny", "hello", "--verbose")
    assert "eval count:           8 token(s)" in terminal.rest()
    assert terminal.end() == 0


@pytest.mark.timeout(600)
def test_progress_is_drawn_in_place(at_terminal: AtTerminal, tmp_path: Path):
    (tmp_path / "Modelfile").write_text("FROM tiny\nSYSTEM Be brief.\n")
    terminal = at_terminal("create", "drawn")
    shown = terminal.rest()
    assert terminal.end() == 0
    assert "gathering model components " in shown
    assert shown.rstrip().endswith("success")
    assert "Error" not in shown


@pytest.mark.timeout(600)
def test_what_the_conversation_needs_is_named_if_it_is_missing(at_terminal: AtTerminal):
    hidden = (
        "import sys; sys.modules['prompt_toolkit'] = None;from paddock.cli.main import main; main()"
    )
    terminal = at_terminal("run", "tiny", program=[sys.executable, "-c", hidden])
    assert 'Error: this needs prompt_toolkit: pip install "paddock[cli]"' in terminal.rest()
    assert terminal.end() == 1

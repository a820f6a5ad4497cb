"""The line in which a message is written: keys, history, paste, an editor. Knows no model.

`Lines` is what a conversation reads from; `EditedLines` reads a terminal.
"""

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final, Protocol

from prompt_toolkit import PromptSession
from prompt_toolkit.application import get_app, run_in_terminal
from prompt_toolkit.formatted_text import FormattedText
from prompt_toolkit.history import History
from prompt_toolkit.input import Input
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.output import Output

from paddock.cli.history import HistoryFile

FIRST: Final = ">>> "
NEXT: Final = "... "
PLACEHOLDER: Final = "Send a message (/? for help)"
NEXT_PLACEHOLDER: Final = "Press Enter to send"
_GREY: Final = "fg:#8a8a8a"
_TAB: Final = " " * 8


class Interrupted(Exception):  # noqa: N818 - what the user did, not an error
    """Ctrl+C while writing. `had_text` tells whether anything was dropped by it."""

    def __init__(self, had_text: bool) -> None:
        super().__init__()
        self.had_text = had_text


class Lines(Protocol):
    """Where a conversation's lines come from."""

    def read(self, *, continues: bool = False) -> str:
        """The next line. Raises EOFError at the end, Interrupted for Ctrl+C."""
        ...

    def keep_history(self, keeps: bool) -> None: ...


class EditedLines:
    """Lines written at a terminal."""

    def __init__(
        self,
        history: Path,
        *,
        keeps_history: bool = True,
        editor: str = "",
        input: Input | None = None,
        output: Output | None = None,
    ) -> None:
        self._history = _History(HistoryFile(history), keeps_history)
        self._prompt: PromptSession[str] = PromptSession(
            history=self._history,
            key_bindings=_keys(editor),
            multiline=True,
            prompt_continuation=NEXT,
            enable_suspend=True,
            enable_open_in_editor=False,
            input=input,
            output=output,
        )

    def read(self, *, continues: bool = False) -> str:
        hint = FormattedText([(_GREY, NEXT_PLACEHOLDER if continues else PLACEHOLDER)])

        def placeholder() -> FormattedText:
            return FormattedText() if get_app().is_done else hint  # a line that was left is empty

        return self._prompt.prompt(NEXT if continues else FIRST, placeholder=placeholder)

    def keep_history(self, keeps: bool) -> None:
        self._history.keeps = keeps


class _History(History):
    """prompt_toolkit's view of the history file."""

    def __init__(self, file: HistoryFile, keeps: bool) -> None:
        super().__init__()
        self._file = file
        self.keeps = keeps

    def load_history_strings(self) -> Iterable[str]:
        return reversed(self._file.read()) if self.keeps else ()

    def append_string(self, string: str) -> None:
        if string.strip() and self.keeps:
            super().append_string(string)

    def store_string(self, string: str) -> None:
        self._file.write([*self._file.read(), string])


# -- keys ------------------------------------------------------------------------------------------


def _keys(editor: str) -> KeyBindings:
    keys = KeyBindings()
    keys.add("enter")(_send)
    keys.add("c-j")(_inserting("\n"))
    keys.add("tab")(_inserting(_TAB))
    keys.add("c-c")(_interrupt)
    keys.add("c-g")(_editing(editor))
    return keys


def _inserting(text: str) -> Callable[[KeyPressEvent], None]:
    def insert(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text(text)

    return insert


def _send(event: KeyPressEvent) -> None:
    event.current_buffer.validate_and_handle()


def _interrupt(event: KeyPressEvent) -> None:
    event.app.exit(exception=Interrupted(bool(event.current_buffer.text)), style="class:aborting")


def _editing(editor: str) -> Callable[[KeyPressEvent], None]:
    def begin(event: KeyPressEvent) -> None:
        buffer = event.current_buffer

        def edit() -> None:
            text = edited(buffer.text, editor)
            if text:
                buffer.text = text
                buffer.cursor_position = len(text)

        run_in_terminal(edit)

    return begin


def edited(text: str, editor: str = "") -> str:
    """What a text became in the user's editor; empty if that did not work, which is said."""
    variables = (os.environ.get(name, "") for name in ("VISUAL", "EDITOR"))
    program = editor or next(filter(None, variables), "notepad" if os.name == "nt" else "vi")
    command = shlex.split(program)
    if not command or shutil.which(command[0]) is None:
        print(
            f'error: editor "{program}" not found, set OLLAMA_EDITOR to the path of your preferred '
            "editor",
            file=sys.stderr,
        )
        return ""
    with tempfile.TemporaryDirectory(prefix="paddock-") as folder:
        path = Path(folder, "message.txt")
        path.write_text(text, "utf-8")
        done = subprocess.run([*command, str(path)], check=False)
        return path.read_text("utf-8", "replace").rstrip("\r\n") if done.returncode == 0 else ""

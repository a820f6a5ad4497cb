"""The conversation at a terminal: messages, and commands that begin with a slash.

Knows the client, the session and where lines come from; knows no keys and no model's inside.
"""

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import ClassVar, Final

from paddock.api import Message, ShowResponse
from paddock.cli import chat_help as texts
from paddock.cli.editor import Interrupted, Lines
from paddock.cli.files import Attachment, begins_with_path, extract
from paddock.cli.progress import waiting
from paddock.cli.reply import print_reply
from paddock.cli.session import Session, parameter_texts, save_request
from paddock.cli.show import show_text
from paddock.cli.store import list_text, rows_of
from paddock.cli.thinking import parse_think
from paddock.client import Client
from paddock.errors import OptionError, PaddockError, RequestError
from paddock.modelfile import Command, Modelfile, parameter
from paddock.names import ModelName

_QUOTES: Final = '"""'
_NOT_FOUND: Final = 404
_SURVIVED: Final = ("does not support thinking", "invalid think value")
_LEAVE: Final = object()


class Chat:
    """One conversation. `run` returns when the user leaves it."""

    def __init__(self, client: Client, session: Session, lines: Lines) -> None:
        self._client = client
        self._session = session
        self._lines = lines

    def run(self) -> None:
        self._replay()
        while True:
            try:
                line = self._lines.read()
                if line.startswith(_QUOTES):
                    self._send(self._block(line[len(_QUOTES) :]))
                elif self._is_command(line):
                    if self._command(line):
                        return
                elif line.strip():
                    self._send(line)
            except EOFError:
                print()
                return
            except Interrupted as interrupted:
                if not interrupted.had_text:
                    print("Use Ctrl + d or /bye to exit.")

    def _block(self, begun: str) -> str:
        """The text up to the line that ends with three quotes."""
        text = begun
        while not text.endswith(_QUOTES):
            text += f"\n{self._lines.read(continues=True)}"
        return text.removesuffix(_QUOTES)

    def _replay(self) -> None:
        """The examples that a model brings along, as if they had been said here."""
        for message in self._session.model_messages:
            if message.role == "user":
                print(f">>> {message.content or ''}")
            elif message.role == "assistant":
                print(f"{message.content or ''}\n\n", end="")

    # -- messages --

    def _send(self, text: str) -> None:
        if not text.strip():
            return
        session = self._session
        images: list[bytes] = []
        if session.is_multimodal:
            text, images = attach(text)
        message = Message.model_validate(
            {"role": "user", "content": text} | ({"images": images} if images else {})
        )
        session.messages.append(message)
        try:
            reply = print_reply(
                session,
                lambda think: self._client.chat(
                    session.model,
                    session.messages,
                    stream=True,
                    format=session.format,
                    options=session.options or None,
                    keep_alive=session.keep_alive,
                    think=think,
                ),
            )
        except PaddockError as error:
            if not any(words in str(error) for words in _SURVIVED):
                raise
            print(f"error: {error}")
            return
        if not reply.was_stopped:
            session.messages.append(reply.message())

    # -- commands --

    def _is_command(self, line: str) -> bool:
        if not line.startswith("/"):
            return False
        is_media = self._session.is_multimodal and begins_with_path(line)
        return not is_media or any(map(line.startswith, self._COMMANDS))

    def _command(self, line: str) -> bool:
        """Does it; True if the conversation is over."""
        for prefix, does in self._COMMANDS.items():
            if line.startswith(prefix):
                return does(self, line.split()[1:]) is _LEAVE
        print(f"Unknown command '{line.split()[0]}'. Type /? for help")
        return False

    def _list(self, words: list[str]) -> None:
        prefix = words[0] if words else ""
        print(list_text(rows_of(self._client.list()), prefix, datetime.now(UTC)), end="")

    def _load(self, words: list[str]) -> None:
        if len(words) != 1:
            print("Usage:\n  /load <modelname>")
            return
        name = words[0]
        print(f"Loading model '{name}'")
        try:
            response = self._client.show(name)
            load(self._client, name, self._session.keep_alive)
        except PaddockError as error:
            is_unknown = error.status == _NOT_FOUND
            print(f"Couldn't find model '{name}'" if is_unknown else f"error: {error}")
            return
        adopt(self._session, name, response)
        self._session.clear()
        self._replay()

    def _save(self, words: list[str]) -> None:
        if len(words) != 1:
            print("Usage:\n  /save <modelname>")
            return
        name = words[0]
        try:
            ModelName.parse(name)
        except RequestError:
            print(f"error: The model name '{name}' is invalid")
            return
        fields = save_request(self._session, name)
        base = fields.pop("from")
        try:
            with waiting() as spinner:
                for event in self._client.create(from_=base, stream=True, **fields):
                    spinner.feed(event)
        except PaddockError as error:
            print(f"error: {error}")
            return
        print(f"Created new model '{name}'")

    def _clear(self, _: list[str]) -> None:
        self._session.clear()
        print("Cleared session context")

    def _help(self, words: list[str]) -> None:
        print(texts.HELP.get(words[0] if words else "", texts.COMMANDS), file=sys.stderr)

    def _leave(self, _: list[str]) -> object:
        return _LEAVE

    # -- /set --

    def _set(self, words: list[str]) -> None:
        if not words:
            print(texts.SET, file=sys.stderr)
            return
        does = self._SETTINGS.get(words[0])
        if does is None:
            print(f"Unknown command '/set {words[0]}'. Type /? for help")
            return
        does(self, words[1:])

    def _set_wraps(self, value: bool, word: str) -> None:
        self._session.wraps = value
        print(f"Set '{word}' mode.")

    def _set_verbose(self, value: bool, word: str) -> None:
        self._session.is_verbose = value
        print(f"Set '{word}' mode.")

    def _set_history(self, keeps: bool) -> None:
        self._lines.keep_history(keeps)

    def _set_think(self, words: list[str]) -> None:
        try:
            self._session.think = parse_think(words[0] if words else "")
        except RequestError:
            print(f'Couldn\'t set think: "{words[0]}"')
            return
        print(f"Set 'think' mode to '{words[0]}'." if words else "Set 'think' mode.")
        self._warn_of_thinking()

    def _set_nothink(self, _: list[str]) -> None:
        self._session.think = False
        print("Set 'nothink' mode.")
        self._warn_of_thinking()

    def _warn_of_thinking(self) -> None:
        if not self._session.can_think:
            print(
                f'warning: model "{self._session.model}" does not support thinking output',
                file=sys.stderr,
            )

    def _set_format(self, words: list[str]) -> None:
        if words != ["json"]:
            print("Invalid or missing format. For 'json' mode use '/set format json'")
            return
        self._session.format = "json"
        print("Set format to 'json' mode.")

    def _set_no_format(self, _: list[str]) -> None:
        self._session.format = None
        print("Disabled format.")

    def _set_parameter(self, words: list[str]) -> None:
        if len(words) < 2:
            print(texts.PARAMETERS, file=sys.stderr)
            return
        name, *values = words
        try:
            self._session.options[name] = parameter(name, values)
        except OptionError as error:
            print(f'Couldn\'t set parameter: "{error}"')
            return
        print(f"Set parameter '{name}' to '{', '.join(values)}'")

    def _set_system(self, words: list[str]) -> None:
        if not words:
            print(texts.SET, file=sys.stderr)
            return
        text = " ".join(words)
        is_block = text.startswith(_QUOTES)
        if is_block:
            text = self._block(text[len(_QUOTES) :])
        self._session.set_system(text, replaces=not is_block)
        print("Set system message.")

    # -- /show --

    def _show(self, words: list[str]) -> None:
        if not words:
            print(texts.SHOW, file=sys.stderr)
            return
        shows = self._SHOWN.get(words[0])
        if shows is None:
            print(f"Unknown command '/show {words[0]}'. Type /? for help")
            return
        shows(self, self._client.show(self._session.model))

    def _show_info(self, response: ShowResponse) -> None:
        fields = response.model_dump(by_alias=True, exclude_none=True)
        if self._session.system:
            fields["system"] = self._session.system
        print(show_text(fields), end="", file=sys.stderr)

    def _show_license(self, response: ShowResponse) -> None:
        print(response.license or "No license was specified for this model.")

    def _show_modelfile(self, response: ShowResponse) -> None:
        print(self._modelfile(response.modelfile or ""))

    def _show_parameters(self, response: ShowResponse) -> None:
        print("Model defined parameters:")
        own = (response.parameters or "").splitlines()
        for line in own or ["No additional parameters were specified for this model."]:
            print(f"  {line}")
        if self._session.options:
            print("\nUser defined parameters:")
            for name, value in parameter_texts(self._session.options):
                print(f"  {name:<30} {value}")
        print()

    def _show_system(self, response: ShowResponse) -> None:
        text = self._session.system or response.system
        print(text or "No system message was specified for this model.")

    def _show_template(self, response: ShowResponse) -> None:
        print(response.template or "No prompt template was specified for this model.")

    def _modelfile(self, text: str) -> str:
        """A model's Modelfile with what the session sets in the place of its own."""
        session = self._session
        header = text.partition("\n\n")[0] if text.startswith("#") else ""
        kept = [
            command
            for command in Modelfile.parse(text).commands
            if not (command.word == "system" and session.system)
            and not (command.word == "parameter" and command.name in session.options)
        ]
        system = [Command("system", session.system)] if session.system else []
        own = [
            Command("parameter", value, name) for name, value in parameter_texts(session.options)
        ]
        body = str(Modelfile((*kept, *system, *own)))
        return f"{header}\n\n{body}" if header else body

    # -- tables --

    _SETTINGS: ClassVar["dict[str, Callable[[Chat, list[str]], None]]"] = {
        "history": lambda self, _: self._set_history(True),
        "nohistory": lambda self, _: self._set_history(False),
        "wordwrap": lambda self, _: self._set_wraps(True, "wordwrap"),
        "nowordwrap": lambda self, _: self._set_wraps(False, "nowordwrap"),
        "verbose": lambda self, _: self._set_verbose(True, "verbose"),
        "quiet": lambda self, _: self._set_verbose(False, "quiet"),
        "think": _set_think,
        "nothink": _set_nothink,
        "format": _set_format,
        "noformat": _set_no_format,
        "parameter": _set_parameter,
        "system": _set_system,
    }
    _SHOWN: ClassVar["dict[str, Callable[[Chat, ShowResponse], None]]"] = {
        "info": _show_info,
        "license": _show_license,
        "modelfile": _show_modelfile,
        "parameters": _show_parameters,
        "system": _show_system,
        "template": _show_template,
    }
    _COMMANDS: ClassVar["dict[str, Callable[[Chat, list[str]], object]]"] = {
        "/list": _list,
        "/load": _load,
        "/save": _save,
        "/clear": _clear,
        "/set": _set,
        "/show": _show,
        "/help": _help,
        "/?": _help,
        "/exit": _leave,
        "/bye": _leave,
    }
    """In the order in which they are tried: what begins like one is one."""


# -- what `run` does too ---------------------------------------------------------------------------


def adopt(session: Session, name: str, response: ShowResponse) -> None:
    """Make a model the one that the session talks to."""
    session.model = name
    session.parent = (response.details and response.details.parent_model) or ""
    session.capabilities = tuple(response.capabilities or ())
    session.model_messages = tuple(response.messages or ())


def load(client: Client, name: str, keep_alive: str | None) -> None:
    with waiting():
        client.generate(name, keep_alive=keep_alive)


def attach(text: str) -> tuple[str, list[bytes]]:
    """The text without the files it names, and these; a file that cannot be used is an error."""

    def report(attachment: Attachment) -> None:
        print(f"Added {attachment.noun} '{attachment.path}'", file=sys.stderr)

    try:
        return extract(text, report)
    except RequestError:
        print(f'Couldn\'t process file: "{text}"', file=sys.stderr)
        raise

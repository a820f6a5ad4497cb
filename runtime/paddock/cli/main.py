"""The `paddock` command: finds the command meant, and turns errors into a line and a status.

0 is success, 1 any error, 130 an interrupt. Knows no model's inside.
"""

import difflib
import logging
import os
import sys
from collections.abc import Sequence
from typing import Final

from paddock.cli.arguments import Flag, parse
from paddock.cli.commands import (
    COMMANDS,
    HOST,
    NO_WORD_WRAP,
    VERBOSE,
    Command,
    version_text,
)
from paddock.cli.help import HELP, command_help, root_help
from paddock.errors import PaddockError, RequestError

INTERRUPTED: Final = 130
_EXTRA: Final = frozenset({"rich", "prompt_toolkit"})
_ROOT_FLAGS: Final = (
    Flag("version", "Print the version", short="v", default=False),
    VERBOSE,
    NO_WORD_WRAP,
    HOST,
    HELP,
)
_NAMES: Final = {name: command for command in COMMANDS for name in (command.name, *command.aliases)}


def main() -> None:
    """Run the command line of this process."""
    # Plugins of pydantic are looked for in every package that is installed, which takes longer
    # than most commands.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    sys.exit(run(sys.argv[1:]))


def run(words: Sequence[str]) -> int:
    """The exit status of a command line. An error is one line on stderr."""
    try:
        return _dispatch(list(words))
    except PaddockError as error:
        lines = [f"Error: {error}", *getattr(error, "__notes__", ())]
        print("\n".join(lines), file=sys.stderr)
        return 1
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _EXTRA:
            raise
        print(f'Error: this needs {error.name}: pip install "paddock[cli]"', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output left; Python would complain once more when it flushes at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _dispatch(words: list[str]) -> int:
    at = _command_index(words)
    if at is None:
        return _root(words)
    name = words.pop(at)
    if name == "help":
        name, words = (words[0], ["--help"]) if words else ("", ["--help"])
        if not name:
            return _root(words)
    command = _find(name)
    line = parse(_flags_of(command), words)
    if line["help"]:
        print(command_help(command, _flags_of(command)), end="")
        return 0
    command.arity(line.arguments)
    _configure_log()
    return command.run(line)


def _command_index(words: Sequence[str]) -> int | None:
    """Where the command stands: the first word that is neither a flag nor the value of one."""
    takes_value = {f"--{flag.name}" for flag in _ROOT_FLAGS if flag.without_value is None}
    skips = False
    for index, word in enumerate(words):
        if word == "--":
            return None
        if skips:
            skips = False
        elif word.startswith("-") and word != "-":
            skips = word in takes_value
        else:
            return index
    return None


def _root(words: Sequence[str]) -> int:
    line = parse(_ROOT_FLAGS, words)
    if line.arguments:
        _find(line.arguments[0])
    print(f"{version_text(line)}\n" if line["version"] else root_help(_ROOT_FLAGS), end="")
    return 0


def _find(name: str) -> Command:
    command = _NAMES.get(name)
    if command is not None:
        return command
    error = RequestError(f'unknown command "{name}" for "paddock"')
    if near := difflib.get_close_matches(name, _NAMES):
        error.add_note("\nDid you mean this?\n" + "".join(f"\t{name}\n" for name in near))
    raise error


def _flags_of(command: Command) -> tuple[Flag, ...]:
    """Its own, and those that every command takes; its own go first."""
    own = {flag.name for flag in command.flags}
    return (*command.flags, *(flag for flag in (HOST, HELP) if flag.name not in own))


def _configure_log() -> None:
    """Warnings on stderr, or what OLLAMA_DEBUG asks for."""
    from paddock.settings import Settings

    level = Settings().debug
    logging.basicConfig(
        level=logging.WARNING if level == logging.INFO else level,
        format="%(levelname)s %(name)s: %(message)s",
        stream=sys.stderr,
    )


if __name__ == "__main__":
    main()

"""The grammar of a command line: flags and arguments in any order. Knows no command's meaning.

A switch takes a value only with `=`; `--` ends the flags; a lone `-` is an argument. The complaints
are worded as the reference words them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from paddock.errors import RequestError

_SWITCH: Final = {
    **dict.fromkeys(("1", "t", "T", "TRUE", "true", "True"), True),
    **dict.fromkeys(("0", "f", "F", "FALSE", "false", "False"), False),
}


def switch(text: str) -> bool:
    """The value of a switch; only a few spellings are one."""
    if text not in _SWITCH:
        raise ValueError("must be true or false")
    return _SWITCH[text]


@dataclass(frozen=True, slots=True)
class Flag:
    """One flag of a command.

    `parse` raises ValueError with the reason, or RequestError with the whole complaint.
    """

    name: str
    help: str
    short: str = ""
    value: str = ""
    """What the help calls the value; empty for a switch."""
    parse: Callable[[str], Any] = str
    default: Any = None
    bare: str | None = None
    """What the flag means without a value; None if it needs one. A switch means "true"."""

    @property
    def is_switch(self) -> bool:
        return not self.value

    def read(self, text: str, shown: str) -> Any:
        try:
            return switch(text) if self.is_switch else self.parse(text)
        except RequestError:  # it says all
            raise
        except ValueError as error:
            raise RequestError(f'invalid argument "{text}" for "{shown}" flag: {error}') from error

    @property
    def without_value(self) -> str | None:
        return "true" if self.is_switch else self.bare


@dataclass(frozen=True, slots=True)
class Line:
    """A command line that was read: its arguments, and the flags that were given."""

    arguments: tuple[str, ...]
    given: Mapping[str, Any]
    flags: Mapping[str, Flag]

    def __getitem__(self, flag: str) -> Any:
        return self.given[flag] if flag in self.given else self.flags[flag].default

    def has(self, flag: str) -> bool:
        """Whether the flag was given, with whatever value."""
        return flag in self.given


def parse(flags: Sequence[Flag], words: Sequence[str]) -> Line:
    """Reads the words of a command line. Raises RequestError for what is no flag of it."""
    reader = _Reader(flags)
    reader.read(list(words))
    return Line(tuple(reader.arguments), reader.given, reader.long)


class _Reader:
    def __init__(self, flags: Sequence[Flag]) -> None:
        self.long = {flag.name: flag for flag in flags}
        self.short = {flag.short: flag for flag in flags if flag.short}
        self.arguments: list[str] = []
        self.given: dict[str, Any] = {}

    def read(self, words: list[str]) -> None:
        while words:
            word = words.pop(0)
            if word == "--":
                self.arguments += words
                return
            if word.startswith("--"):
                self._long(word, words)
            elif word.startswith("-") and word != "-":
                self._short(word, words)
            else:
                self.arguments.append(word)

    def _long(self, word: str, rest: list[str]) -> None:
        name, has_value, value = word[2:].partition("=")
        if not name or name.startswith("-"):
            raise RequestError(f"bad flag syntax: {word}")
        flag = self.long.get(name)
        if flag is None:
            raise RequestError(f"unknown flag: --{name}")
        if not has_value:
            value = self._value(flag, rest, f"--{name}")
        self.given[flag.name] = flag.read(value, f"--{name}")

    def _short(self, word: str, rest: list[str]) -> None:
        letters = word[1:]
        while letters:
            letter, letters = letters[0], letters[1:]
            flag = self.short.get(letter)
            if flag is None:
                raise RequestError(f"unknown shorthand flag: '{letter}' in {word}")
            shown = f"-{letter}, --{flag.name}"
            if letters.startswith("="):
                value, letters = letters[1:], ""
            elif letters and flag.without_value is None:
                value, letters = letters, ""
            else:
                value = self._value(flag, rest, f"'{letter}' in {word}")
            self.given[flag.name] = flag.read(value, shown)

    @staticmethod
    def _value(flag: Flag, rest: list[str], shown: str) -> str:
        if flag.without_value is not None:
            return flag.without_value
        if not rest:
            raise RequestError(f"flag needs an argument: {shown}")
        return rest.pop(0)


# -- how many arguments ----------------------------------------------------------------------------

Arity = Callable[[Sequence[str]], None]
"""Complains about a wrong number of arguments with RequestError."""


def exactly(count: int) -> Arity:
    def check(arguments: Sequence[str]) -> None:
        if len(arguments) != count:
            raise RequestError(f"accepts {count} arg(s), received {len(arguments)}")

    return check


def at_least(count: int) -> Arity:
    def check(arguments: Sequence[str]) -> None:
        if len(arguments) < count:
            raise RequestError(f"requires at least {count} arg(s), only received {len(arguments)}")

    return check


def at_most(count: int) -> Arity:
    def check(arguments: Sequence[str]) -> None:
        if len(arguments) > count:
            raise RequestError(f"accepts at most {count} arg(s), received {len(arguments)}")

    return check


def between(low: int, high: int) -> Arity:
    def check(arguments: Sequence[str]) -> None:
        if not low <= len(arguments) <= high:
            raise RequestError(
                f"accepts between {low} and {high} arg(s), received {len(arguments)}"
            )

    return check


def any_number(_: Sequence[str]) -> None:
    """What is too much is ignored."""

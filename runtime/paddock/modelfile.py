"""Modelfile text <-> commands, and what the values of its PARAMETER lines mean. Pure.

Knows the grammar, encodings and quoting, byte for byte as the reference reads them; opens no file,
resolves no path and knows no store.

    modelfile := (comment | command)*
    comment   := "#" rest of the line, only where a command could start
    command   := word blank value            word in COMMANDS, in any case
               | "PARAMETER" blank name blank value
               | "MESSAGE" blank role blank value
    value     := rest of the line, trimmed, or if that begins with a quote, " or three of them, all
                 up to the next line that ends with the same quote

There is no escape character, and quotes count only at the start of a value and at the end of a
line. Characters that cannot be printed are dropped, as the reference drops them.
"""

import codecs
import difflib
import math
import re
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from paddock.errors import ModelfileError, OptionError

Word = Literal[
    "from",
    "license",
    "template",
    "system",
    "adapter",
    "draft",
    "renderer",
    "parser",
    "parameter",
    "message",
    "requires",
]
COMMANDS: Final[dict[str, Word]] = {
    "from": "from",
    "license": "license",
    "template": "template",
    "system": "system",
    "adapter": "adapter",
    "draft": "draft",
    "renderer": "renderer",
    "parser": "parser",
    "parameter": "parameter",
    "message": "message",
    "requires": "requires",
}
"""In the order in which the reference's complaint lists them."""
ROLES: Final = ("system", "user", "assistant")


def _listed(names: Sequence[str]) -> str:
    quoted = [f'"{name}"' for name in names]
    return ", ".join(quoted[:-1]) + f", or {quoted[-1]}"


_BAD_COMMAND: Final = f"command must be one of {_listed(tuple(COMMANDS))}"
_BAD_ROLE: Final = f"message role must be one of {_listed(ROLES)}"
_BAD_VERSION: Final = "requires must be a valid semver (e.g. 0.14.0)"

_BLANKS: Final = " \t"
_WHITE: Final = " \t\r\n"
_MARKS: Final = ('"""', '"')
_BETWEEN: Final = re.compile(r"[ \t\r\n]*(?:#[^\r\n]*[ \t\r\n]*)*")
_WORD: Final = re.compile(r".[A-Za-z]*", re.DOTALL)
_NAME: Final = re.compile(r"[A-Za-z0-9_]*")
_ROLE: Final = re.compile(r"[A-Za-z]*")
_LINE: Final = re.compile(r"[^\r\n]*")
_NEWLINES: Final = re.compile(r"[\r\n]")
_SHOWN: Final = 60
"""Characters of a line that an error shows on either side of the place."""

_BYTE_ORDER_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


@dataclass(frozen=True, slots=True)
class Command:
    """One command of a Modelfile."""

    word: Word
    value: str
    name: str = ""
    """Of a PARAMETER its name, of a MESSAGE its role, else empty."""

    def __str__(self) -> str:
        name = f"{self.name} " if self.word in _NAMED else ""
        return f"{self.word.upper()} {name}{quoted(self.value)}"


_NAMED: Final = ("parameter", "message")


@dataclass(frozen=True, slots=True)
class Modelfile:
    """The commands of a Modelfile in their order. `str()` prints them as a Modelfile again."""

    commands: tuple[Command, ...]

    @classmethod
    def parse(cls, content: str | bytes) -> "Modelfile":
        """Bytes may begin with the mark of UTF-8 or of either UTF-16. Raises ModelfileError."""
        text = decode(content) if isinstance(content, bytes) else content
        commands = tuple(_commands(text))
        if not any(command.word == "from" for command in commands):
            raise ModelfileError("no FROM line")
        return cls(commands)

    def __str__(self) -> str:
        return "".join(f"{command}\n" for command in self.commands)

    def all(self, word: Word) -> tuple[str, ...]:
        return tuple(command.value for command in self.commands if command.word == word)

    def last(self, word: Word) -> str:
        """The value that counts of a command that may stand several times; empty without one."""
        return next(reversed(self.all(word)), "")

    def fields(self) -> dict[str, Any]:
        """What a create request says of it, but for the models and files it names.

        Raises OptionError for a parameter, ModelfileError for a version.
        """
        found: dict[str, Any] = {
            "template": self.last("template"),
            "system": self.last("system"),
            "renderer": self.last("renderer"),
            "parser": self.last("parser"),
            "requires": version(self.last("requires")) if self.all("requires") else "",
            "license": list(self.all("license")),
            "parameters": self.parameters(),
            "messages": [
                {"role": command.name, "content": command.value}
                for command in self.commands
                if command.word == "message"
            ],
        }
        return {name: value for name, value in found.items() if value}

    def parameters(self) -> dict[str, Any]:
        """The PARAMETER lines as values: of a repeated name the last, of `stop` all."""
        found: dict[str, Any] = {}
        for command in self.commands:
            if command.word == "parameter" and command.name not in DEPRECATED:
                value = parameter(command.name, (command.value,))
                if isinstance(value, list):
                    value = [*found.get(command.name, ()), *value]
                found[command.name] = value
        return found

    def current(self) -> "Modelfile":
        """Without the parameters that mean nothing any more."""
        return Modelfile(
            tuple(
                command
                for command in self.commands
                if not (command.word == "parameter" and command.name in DEPRECATED)
            )
        )

    def warnings(self) -> tuple[str, ...]:
        """What its author should know, in the reference's words."""
        return tuple(
            f"warning: parameter {command.name} is deprecated"
            for command in self.commands
            if command.word == "parameter" and command.name in DEPRECATED
        )


def decode(content: bytes) -> str:
    """The text of a file. What is no valid sequence becomes U+FFFD and stays."""
    for mark, encoding in _BYTE_ORDER_MARKS:
        if content.startswith(mark):
            return content[len(mark) :].decode(encoding, "replace")
    return content.decode("utf-8", "replace")


# -- reading ---------------------------------------------------------------------------------------


def _commands(text: str) -> Iterator[Command]:
    at = _after(_BETWEEN, text, 0)
    while at < len(text):
        word, at = _word(text, at)
        name = ""
        if word == "parameter":
            name, at = _name(text, at, _NAME)
        elif word == "message":
            name, at = _name(text, at, _ROLE)
            if name not in ROLES:
                raise _error(_BAD_ROLE, text, at - 1, numbered=True)
        value, at = _value(text, at)
        yield Command(word, value, name)
        at = _after(_BETWEEN, text, at)


def _after(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    return at if match is None else match.end()


def _word(text: str, start: int) -> tuple[Word, int]:
    """A command and where what follows its blank begins."""
    end = _after(_WORD, text, start)
    if end == len(text):
        raise _error("unexpected EOF", text, end)
    word = COMMANDS.get(_printable(text[start:end]).lower())
    if word is None or text[end] not in _BLANKS:
        raise _error(_BAD_COMMAND, text, end, numbered=True)
    return word, end + 1


def _name(text: str, start: int, pattern: re.Pattern[str]) -> tuple[str, int]:
    """A parameter's name or a message's role, which exactly one blank divides from its value."""
    end = _after(pattern, text, start)
    if end == len(text):
        raise _error("unexpected EOF", text, end)
    if text[end] not in _BLANKS:
        raise _error(f"unexpected EOF: {text[start:end]}", text, end)
    return text[start:end], end + 1


def _value(text: str, start: int) -> tuple[str, int]:
    end = _after(_LINE, text, start)
    lines = [_printable(text[start:end]).lstrip(_BLANKS)]
    first = lines[0].rstrip(_BLANKS)
    mark = next((mark for mark in _MARKS if first.startswith(mark)), "")
    if not mark:
        return first, end
    closed = len(first) >= 2 * len(mark) and first.endswith(mark)
    while not closed:
        if end == len(text):
            raise _error("unexpected EOF", text, start)
        begin, end = end + 1, _after(_LINE, text, end + 1)
        lines += text[begin - 1], _printable(text[begin:end])
        closed = lines[-1].rstrip(_BLANKS).endswith(mark)
    return "".join(lines).rstrip(_WHITE)[len(mark) : -len(mark)], end


def _printable(line: str) -> str:
    if line.isprintable():
        return line
    return "".join(char for char in line if char.isprintable() or char == "\t")


def _error(message: str, text: str, at: int, *, numbered: bool = False) -> ModelfileError:
    """The reference's message, and what it does not show: the line, and a caret under the place."""
    # Reference: CR and LF count one each, and the offending character itself counts too.
    number = f"(line {1 + len(_NEWLINES.findall(text[: at + 1]))}): " if numbered else ""
    before = text[:at].replace("\r\n", "\n").replace("\r", "\n")
    left = before[before.rfind("\n") + 1 :][-_SHOWN:]
    right = text[at : _after(_LINE, text, at)][:_SHOWN]
    shown, indent = (_printable(part).replace("\t", " ") for part in (left + right, left))
    excerpt = f"{shown}\n{' ' * len(indent)}^"
    return ModelfileError(number + message, before.count("\n") + 1, excerpt)


# -- printing --------------------------------------------------------------------------------------


def quoted(value: str) -> str:
    """A value as it stands in a Modelfile: as plainly as it can be read back.

    Reference: quotes only where a value has newlines or outer blanks; three of them if it has
    quotes itself. It loses quotes around a value, and lone CRs, which are quoted here. A value with
    a line, other than the last, that ends with three quotes has no form that reads back.
    """
    forms = [f'"{value}"', f'"""{value}"""']
    if '"' in value:
        forms.reverse()
    if "\n" not in value and value == value.strip(" "):
        forms.insert(0, value)
    return next((form for form in forms if _reads_back(form, value)), forms[0])


def _reads_back(form: str, value: str) -> bool:
    try:
        return _value(form, 0) == (value, len(form))
    except ModelfileError:
        return False


# -- parameters ------------------------------------------------------------------------------------

_INTEGERS: Final = (
    "num_ctx",
    "num_batch",
    "num_gpu",
    "main_gpu",
    "num_thread",
    "draft_num_predict",
    "num_keep",
    "seed",
    "num_predict",
    "top_k",
    "repeat_last_n",
    "mirostat",
)
_FLOATS: Final = (
    "top_p",
    "min_p",
    "typical_p",
    "temperature",
    "repeat_penalty",
    "presence_penalty",
    "frequency_penalty",
    "mirostat_tau",
    "mirostat_eta",
)
Kind = Literal["int", "float", "bool", "strings"]
PARAMETERS: Final[Mapping[str, Kind]] = {
    **dict.fromkeys(_INTEGERS, "int"),
    **dict.fromkeys(_FLOATS, "float"),
    "use_mmap": "bool",
    "stop": "strings",
}
"""Every name that a PARAMETER line may have, and of what kind its value is."""

DEPRECATED: Final = frozenset(
    ("penalize_newline", "low_vram", "f16_kv", "logits_all", "vocab_only", "use_mlock")
)
"""Accepted with a warning and then ignored. (Reference: mirostat too, which paddock still has.)"""

_TRUE: Final = ("1", "t", "T", "TRUE", "true", "True")
_FALSE: Final = ("0", "f", "F", "FALSE", "false", "False")
_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,64}")
_FLOAT: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_VERSION: Final = re.compile(
    r"v?(?P<version>(?:0|[1-9]\d*)(?:\.(?:0|[1-9]\d*)(?:\.(?:0|[1-9]\d*)"
    r"(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?)?)?)",
    re.ASCII,
)


def parameter(name: str, values: Sequence[str]) -> int | float | bool | list[str]:
    """The value that the words after a parameter's name mean; but for lists the first one counts.

    Raises OptionError.
    """
    kind = PARAMETERS.get(name)
    if kind is None:
        error = OptionError(f"unknown parameter '{name}'")
        near = difflib.get_close_matches(name, PARAMETERS, n=1)
        error.add_note(f"did you mean {near[0]}?" if near else f"known: {', '.join(PARAMETERS)}")
        raise error
    if kind == "strings":
        return list(values)
    value = _READERS[kind](values[0] if values else "")
    if value is None:
        raise OptionError(f"invalid {kind} value [{' '.join(values)}]")
    return value


def version(text: str) -> str:
    """A semantic version without its leading v. Raises ModelfileError."""
    match = _VERSION.fullmatch(text)
    if match is None:
        raise ModelfileError(_BAD_VERSION)
    return match["version"]


def _integer(text: str) -> int | None:
    if _INTEGER.fullmatch(text) is None:
        return None
    value = int(text)
    return value if -(2**63) <= value < 2**63 else None


def _float(text: str) -> float | None:
    """With 32 bits of precision, as the shortest number that has them: 0.7 stays 0.7."""
    if _FLOAT.fullmatch(text) is None:
        return None
    try:
        single = _single(float(text))
    except OverflowError:
        return None
    if not math.isfinite(single):
        return None
    digits = (float(f"{single:.{count}g}") for count in range(1, 18))
    return next(value for value in digits if _is_single(value, single))


def _single(value: float) -> float:
    return struct.unpack("<f", struct.pack("<f", value))[0]


def _is_single(value: float, single: float) -> bool:
    """False, too, for what rounding brought beyond the largest number."""
    try:
        return _single(value) == single
    except OverflowError:
        return False


def _bool(text: str) -> bool | None:
    return True if text in _TRUE else False if text in _FALSE else None


_READERS: Final = {"int": _integer, "float": _float, "bool": _bool}

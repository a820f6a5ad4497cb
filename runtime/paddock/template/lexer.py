"""The text of a Go template as tokens. Knows delimiters, trimming and literals; knows no grammar.

Outside actions the text is one `text` token between two actions; inside, every run of white space
is a token, since `.A .B` and `.A.B` differ by it. Comments vanish here.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from paddock.errors import TemplateError

CHARACTERS: Final = 64 * 1024
"""Longest template. The largest published ones have some 12,000 characters."""

_SHOWN: Final = 72

KEYWORDS: Final = frozenset(
    {
        "block",
        "break",
        "continue",
        "define",
        "else",
        "end",
        "if",
        "nil",
        "range",
        "template",
        "with",
    }
)

_SPACE: Final = " \t\r\n"
_OPENING: Final = re.compile(r"(?P<text>.*?)\{\{(?P<trim>-(?=[ \t\r\n]))?", re.DOTALL)
_CLOSING: Final = re.compile(r"(?P<trim>[ \t\r\n]-)?\}\}")
_SPACES: Final = re.compile(r"[ \t\r\n]+")
_QUOTED: Final = re.compile(r'"(?:\\.|[^"\\\n])*(?P<end>")?')
_RAW: Final = re.compile(r"`[^`]*(?P<end>`)?")
_CHARACTER: Final = re.compile(r"'(?:\\[^\n]|[^'\\\n])*(?P<end>')?")
_NUMBER: Final = re.compile(
    r"[+-]?(?:0[xX][0-9a-fA-F_]*(?:\.[0-9a-fA-F_]*)?(?:[pP][+-]?[0-9_]*)?"
    r"|0[oO][0-7_]*(?:\.[0-7_]*)?|0[bB][01_]*(?:\.[01_]*)?"
    r"|[0-9_]*(?:\.[0-9_]*)?(?:[eE][+-]?[0-9_]*)?)i?"
)
_PUNCTUATION: Final = {"=": "assign", "|": "pipe"}


@dataclass(frozen=True, slots=True)
class Token:
    kind: str
    """`text`, `open`, `close`, `space`, `end of text`, a keyword, or the kind of an operand."""
    text: str
    at: int


def located(source: str, at: int, message: str) -> TemplateError:
    """An error that names line and column and shows the place."""
    at = min(at, len(source))
    start = source.rfind("\n", 0, at) + 1
    end = source.find("\n", at)
    line = source[start : len(source) if end < 0 else end].rstrip("\r")
    column = at - start
    first = max(0, column - _SHOWN // 2)
    shown = "".join(char if char.isprintable() else " " for char in line[first : first + _SHOWN])
    place = f"line {source.count(chr(10), 0, at) + 1}, column {column + 1}"
    return TemplateError(f"template: {place}: {message}\n  {shown}\n  {' ' * (column - first)}^")


def tokens(source: str) -> Iterator[Token]:
    """The tokens of a template, `end of text` last. Raises TemplateError where one is malformed."""
    if len(source) > CHARACTERS:
        raise TemplateError(f"the template has more than {CHARACTERS} characters")
    at, trims = 0, False
    while True:
        opening = _OPENING.match(source, at)
        text = source[at:] if opening is None else opening["text"]
        kept = text.lstrip(_SPACE) if trims else text
        start = at + len(text) - len(kept)
        if opening is not None and opening["trim"]:
            kept = kept.rstrip(_SPACE)
        if kept:
            yield Token("text", kept, start)
        if opening is None:
            yield Token("end of text", "", len(source))
            return
        if source.startswith("/*", opening.end() + bool(opening["trim"])):
            at, trims = _skip_comment(source, opening.end() + bool(opening["trim"]))
            continue
        action = _Action(source, opening.end())
        yield Token("open", "{{", opening.end("text"))
        yield from action.tokens()
        at, trims = action.at, action.trims


def _skip_comment(source: str, start: int) -> tuple[int, bool]:
    end = source.find("*/", start + 2)
    if end < 0:
        raise located(source, start, "unclosed comment")
    closing = _CLOSING.match(source, end + 2)
    if closing is None:
        raise located(source, end + 2, "comment ends before closing delimiter")
    return closing.end(), closing["trim"] is not None


def is_word(char: str) -> bool:
    return char == "_" or char.isalpha() or char.isdecimal()


class _Action:
    """What stands between `{{` and `}}`. `at` and `trims` are where and how it ended."""

    def __init__(self, source: str, at: int) -> None:
        self._source = source
        self.at = at
        self.trims = False
        self._open = 0

    def tokens(self) -> Iterator[Token]:
        while True:
            closing = _CLOSING.match(self._source, self.at)
            if closing is not None:
                if self._open:
                    raise self._error("unclosed left paren")
                yield Token("close", "}}", self.at)
                self.at, self.trims = closing.end(), closing["trim"] is not None
                return
            yield self._next()

    def _next(self) -> Token:
        char = self._source[self.at : self.at + 1]
        if not char:
            raise self._error("unclosed action")
        if char in _SPACE:
            return self._space()
        if char in _PUNCTUATION:
            return self._take(_PUNCTUATION[char], 1)
        reader = _READERS.get(char)
        if reader is not None:
            return reader(self)
        if is_word(char):
            return self.number() if char in "0123456789" else self._word()
        if char.isascii() and char.isprintable():
            return self._take("character", 1)
        raise self._error(f"unrecognized character in action: U+{ord(char):04X}")

    def _take(self, kind: str, length: int) -> Token:
        start = self.at
        self.at += length
        return Token(kind, self._source[start : self.at], start)

    def _error(self, message: str) -> TemplateError:
        return located(self._source, self.at, message)

    def _space(self) -> Token:
        found = _SPACES.match(self._source, self.at)
        assert found is not None
        # The last space before `-}}` belongs to the trim marker.
        marks = self._source.startswith("-}}", found.end())
        return self._take("space", len(found[0]) - marks)

    def declare(self) -> Token:
        if not self._source.startswith(":=", self.at):
            raise self._error("expected :=")
        return self._take("declare", 2)

    def parenthesis(self) -> Token:
        opens = self._source[self.at] == "("
        self._open += 1 if opens else -1
        if self._open < 0:
            raise self._error("unexpected right paren")
        return self._take("(" if opens else ")", 1)

    def _matched(self, kind: str, pattern: re.Pattern[str], unclosed: str) -> Token:
        found = pattern.match(self._source, self.at)
        assert found is not None
        if found["end"] is None:
            raise self._error(f"unterminated {unclosed}")
        return self._take(kind, len(found[0]))

    def quoted(self) -> Token:
        return self._matched("string", _QUOTED, "quoted string")

    def raw(self) -> Token:
        return self._matched("string", _RAW, "raw quoted string")

    def character(self) -> Token:
        return self._matched("character constant", _CHARACTER, "character constant")

    def _word(self) -> Token:
        word = self._letters(self.at)
        kind = "bool" if word in ("true", "false") else "identifier"
        return self._terminated(word if word in KEYWORDS else kind, len(word))

    def variable(self) -> Token:
        return self._terminated("variable", 1 + len(self._letters(self.at + 1)))

    def field(self) -> Token:
        following = self._source[self.at + 1 : self.at + 2]
        if following and following in "0123456789":
            return self.number()
        name = self._letters(self.at + 1)
        return self._terminated("field" if name else "dot", 1 + len(name))

    def _letters(self, start: int) -> str:
        end = start
        while end < len(self._source) and is_word(self._source[end]):
            end += 1
        return self._source[start:end]

    def _terminated(self, kind: str, length: int) -> Token:
        end = self.at + length
        following = self._source[end : end + 1]
        if following and following not in " \t\r\n.,|:)(" and self._source[end : end + 2] != "}}":
            self.at = end
            raise self._error(f"bad character U+{ord(following):04X} {following!r}")
        return self._take(kind, length)

    def number(self) -> Token:
        end = self._number_end(self.at)
        kind = "number"
        if end is not None and self._source[end : end + 1] in ("+", "-"):
            end = self._number_end(end)
            kind = "complex"
            if end is not None and self._source[end - 1] != "i":
                end = None
        if end is None:
            raise self._error("bad number syntax")
        return self._take(kind, end - self.at)

    def _number_end(self, start: int) -> int | None:
        found = _NUMBER.match(self._source, start)
        assert found is not None
        following = self._source[found.end() : found.end() + 1]
        return None if following and is_word(following) else found.end()


_READERS: Final[dict[str, Callable[[_Action], Token]]] = {
    '"': _Action.quoted,
    "`": _Action.raw,
    "'": _Action.character,
    "$": _Action.variable,
    ".": _Action.field,
    ":": _Action.declare,
    "(": _Action.parenthesis,
    ")": _Action.parenthesis,
    "+": _Action.number,
    "-": _Action.number,
}

"""Regular expressions, as GBNF for the inside of a string. Knows the syntax that JSON schemas use.

    pattern  = branch { "|" branch }            each branch may begin with ^ and end with $
    branch   = { atom [ "*" | "+" | "?" | "{" m [ "," [ n ] ] "}" ] [ "?" ] }
    atom     = character | "." | "[" set "]" | escape | "(" [ "?:" | "?<name>" ] pattern ")"

What looks around, refers back or depends on flags is no regular language's, and refused.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from typing import Final

from paddock.engine import gbnf
from paddock.engine.notation import Notation
from paddock.errors import GrammarError

MAX_CHARACTERS: Final = 1000
MAX_TIMES: Final = 2000
MAX_DEPTH: Final = 50

Ranges = tuple[tuple[str, str], ...]

_DIGITS: Final[Ranges] = (("0", "9"),)
_WORD: Final[Ranges] = (("a", "z"), ("A", "Z"), ("0", "9"), ("_", "_"))
_BLANK: Final[Ranges] = ((" ", " "), ("\t", "\t"), ("\n", "\n"), ("\r", "\r"))
_CLASSES: Final = {"d": _DIGITS, "w": _WORD, "s": _BLANK}
_NOT_CLASSES: Final[dict[str, Ranges]] = {
    # Of what is not in a class only ASCII: engines differ in what else they count to it.
    "D": ((" ", "/"), (":", "~")),
    "W": ((" ", "/"), (":", "@"), ("[", "^"), ("`", "`"), ("{", "~")),
    "S": (("!", "~"),),
}
_NAMED: Final = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "v": "\v", "0": "\0", "a": "\a"}
_CODE: Final = re.compile(r"x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|u\{([0-9a-fA-F]{1,6})\}")
_TIMES: Final = re.compile(r"\{(\d{1,9})(,(\d{1,9})?)?\}", re.ASCII)
_GROUP: Final = re.compile(r"\((?:\?(?::|P?<[A-Za-z_]\w*>))?")


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of the grammar, and how many characters it can read."""

    text: str
    least: int
    most: int | None


@dataclass(frozen=True, slots=True)
class Chars:
    """One character."""

    ranges: Ranges
    negated: bool = False


ANY: Final = Chars((("\n", "\n"),), negated=True)


class Writer:
    """Writes characters as they stand in a string of a notation; `barred` ones only escaped."""

    def __init__(self, notation: Notation, barred: Iterable[str] = ()) -> None:
        self._notation = notation
        self._barred = frozenset(barred)

    def char(self, chars: Chars) -> str | None:
        """None: no such character can be written."""
        if chars.negated:
            excluded = "".join(_written(*pair) for pair in chars.ranges)
            barred = "".join(map(gbnf.escaped, sorted(self._barred)))
            return f"[^{self._notation.forbidden}{barred}{excluded}]"
        special = [char for char in self._special() if _holds(chars.ranges, char)]
        plain = _without(chars.ranges, special)
        ways = [f"[{''.join(_written(*pair) for pair in plain)}]"] if plain else []
        ways += [way for char in special if (way := self._escape(char)) is not None]
        if not ways:
            return None
        return ways[0] if len(ways) == 1 else f"({' | '.join(ways)})"

    def _special(self) -> list[str]:
        notation = self._notation
        forbidden = re.compile(f"[{notation.forbidden}]") if notation.forbidden else None
        ascii_ones = map(chr, range(128))
        return [
            char
            for char in sorted({*ascii_ones, *self._barred})
            if char in self._barred or (forbidden and forbidden.match(char))
        ]

    def _escape(self, char: str) -> str | None:
        notation = self._notation
        if notation.escapes is None:
            return gbnf.literal(char) if char in self._barred else None
        if char in notation.escapable:
            written = notation.quoted(char)
            return gbnf.literal(written[1:-1]) if written else None
        return (
            gbnf.literal(f"\\u{ord(char):04x}")
            if notation.has_codes and ord(char) < 65536
            else None
        )


def _written(low: str, high: str) -> str:
    return gbnf.escaped(low) if low == high else f"{gbnf.escaped(low)}-{gbnf.escaped(high)}"


def _holds(ranges: Ranges, char: str) -> bool:
    return any(low <= char <= high for low, high in ranges)


def _without(ranges: Ranges, chars: Iterable[str]) -> Ranges:
    return reduce(_without_one, chars, ranges)


def _without_one(ranges: Ranges, char: str) -> Ranges:
    kept: list[tuple[str, str]] = []
    for low, high in ranges:
        if not low <= char <= high:
            kept.append((low, high))
            continue
        if low < char:
            kept.append((low, chr(ord(char) - 1)))
        if char < high:
            kept.append((chr(ord(char) + 1), high))
    return tuple(kept)


def pattern(source: object, writer: Writer, least: int = 0, most: int | None = None) -> str:
    """Strings that match, of `least` to `most` characters. Raises GrammarError."""
    if not isinstance(source, str) or len(source) > MAX_CHARACTERS:
        raise GrammarError(
            f"format: pattern must be a string of at most {MAX_CHARACTERS} characters"
        )
    part = _Reader(source, writer, least, most).whole()
    if part.least < least or (most is not None and (part.most is None or part.most > most)):
        raise GrammarError(
            f"format: pattern {source!r} and minLength or maxLength cannot both be enforced; put "
            "the length into the pattern, as in ^[a-z]{1,20}$"
        )
    return part.text


class _Reader:
    def __init__(self, source: str, writer: Writer, least: int, most: int | None) -> None:
        self._source = source
        self._writer = writer
        self._bounds = least, most
        self._at = 0
        self._depth = 0

    def whole(self) -> Part:
        part = self._branches(is_top=True)
        if self._at < len(self._source):
            raise self._stray()
        return part

    def _error(self, what: str) -> GrammarError:
        return GrammarError(f"format: pattern {self._source[:80]!r} {what}")

    def _stray(self) -> GrammarError:
        return self._error(f"has a stray {self._source[self._at]!r}")

    def _looks_at(self, text: str) -> bool:
        return self._source.startswith(text, self._at)

    def _branches(self, *, is_top: bool = False) -> Part:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._error(f"is nested more than {MAX_DEPTH} deep")
        parts = [self._branch(is_top)]
        while self._looks_at("|"):
            self._at += 1
            parts.append(self._branch(is_top))
        self._depth -= 1
        longest = [part.most for part in parts]
        text = " | ".join(part.text for part in parts)
        return Part(
            f"({text})" if len(parts) > 1 else text,
            min(part.least for part in parts),
            None if None in longest else max(most or 0 for most in longest),
        )

    def _branch(self, is_top: bool) -> Part:
        parts: list[Part] = []
        open_start = is_top and not self._looks_at("^")
        open_end = is_top
        if is_top and self._looks_at("^"):
            self._at += 1
        start = self._at
        while self._at < len(self._source) and self._source[self._at] not in "|)":
            if (
                is_top
                and self._looks_at("$")
                and self._source[self._at + 1 : self._at + 2] in ("", "|")
            ):
                self._at += 1
                open_end = False
                break
            alone = is_top and self._at == start and not open_start
            parts.append(self._repeated(alone))
        # With any text on both sides there would be many ways to read one: the match comes first.
        before = [self._filler()] if open_start and not open_end else []
        return _joined([*before, *parts, *([self._filler()] if open_end else [])])

    def _filler(self) -> Part:
        return Part(f"{self._writer.char(ANY)}*", 0, None)

    def _repeated(self, alone: bool) -> Part:
        """`alone`: what may be all of the pattern can take the length's bounds over."""
        begin = self._at
        item = self._atom()
        counts = self._counts()
        at_end = self._source[self._at :] in ("$", "")
        if counts is None:
            return item
        least, most = counts
        if alone and at_end and self._source.endswith("$") and (item.least, item.most) == (1, 1):
            low, high = self._bounds
            least = max(least, low)
            most = high if most is None else most if high is None else min(most, high)
            if most is not None and most < least:
                raise self._error("leaves no length between minLength and maxLength")
        if max(least, most or 0) > MAX_TIMES and not (item.least, item.most) == (1, 1):
            raise self._error(
                f"repeats {self._source[begin : self._at]!r}; at most {MAX_TIMES} work"
            )
        text = gbnf.repeated(f"({item.text})", least, most)
        longest = None if most is None or item.most is None else most * item.most
        return Part(text, least * item.least, longest)

    def _counts(self) -> tuple[int, int | None] | None:
        found = _TIMES.match(self._source, self._at)
        if found:
            least = int(found[1])
            most = least if found[2] is None else int(found[3]) if found[3] else None
            if most is not None and most < least:
                raise self._error(f"repeats {found[0]} times")
            if max(least, most or 0) > gbnf.MAX_TIMES:
                raise self._error(f"repeats {found[0]} times; at most {gbnf.MAX_TIMES:,} work")
            self._at = found.end()
        else:
            mark = self._source[self._at : self._at + 1]
            bounds = {"*": (0, None), "+": (1, None), "?": (0, 1)}
            if mark not in bounds or not mark:
                if mark == "{":
                    raise self._stray()
                return None
            least, most = bounds[mark]
            self._at += 1
        if self._looks_at("?"):
            self._at += 1  # lazy or not, the same texts match
        if self._source[self._at : self._at + 1] in ("+", "*"):
            raise self._stray()
        return least, most

    def _atom(self) -> Part:
        char = self._source[self._at]
        match char:
            case "(":
                return self._group()
            case "[":
                return self._one(self._set())
            case ".":
                self._at += 1
                return self._one(ANY)
            case "\\":
                return self._one(self._escape())
            case "^" | "$":
                raise self._error(f"has a {char} that is not at its beginning or end")
            case "*" | "+" | "?" | "{" | "}" | "]":
                raise self._stray()
            case _:
                self._at += 1
                return self._one(Chars(((char, char),)))

    def _one(self, chars: Chars) -> Part:
        text = self._writer.char(chars)
        if text is None:
            raise self._error("needs a character that cannot be written here")
        return Part(text, 1, 1)

    def _group(self) -> Part:
        found = _GROUP.match(self._source, self._at)
        assert found is not None
        if found[0] == "(" and self._looks_at("(?"):
            mark = self._source[self._at : self._at + 4]
            raise self._error(f"uses {mark!r}; only plain, (?:) and named groups can be enforced")
        self._at = found.end()
        inside = self._branches()
        if not self._looks_at(")"):
            raise self._error("has a group that is never closed")
        self._at += 1
        return Part(f"({inside.text})", inside.least, inside.most)

    def _escape(self) -> Chars:
        """A character or a class behind a backslash."""
        rest = self._source[self._at + 1 :]
        if not rest:
            raise self._error("ends with a backslash")
        name = rest[0]
        if code := _CODE.match(rest):
            self._at += 1 + code.end()
            number = int(next(filter(None, code.groups())), 16)
            if number > 0x10FFFF or 0xD800 <= number <= 0xDFFF:
                raise self._error("names half of a character")
            return Chars(((chr(number), chr(number)),))
        self._at += 2
        if ranges := _CLASSES.get(name) or _NOT_CLASSES.get(name):
            return Chars(ranges)
        if char := _NAMED.get(name):
            return Chars(((char, char),))
        if name.isalnum():
            raise self._error(f"uses \\{name}, which cannot be enforced")
        return Chars(((name, name),))

    def _set(self) -> Chars:
        self._at += 1
        negated = self._looks_at("^")
        self._at += negated
        ranges: list[tuple[str, str]] = []
        while not self._looks_at("]"):
            if self._at >= len(self._source):
                raise self._error("has a stray '['")
            low = self._in_set()
            if not self._is_range() or len(low) != 1 or low[0][0] != low[0][1]:
                ranges += low
                continue
            self._at += 1
            high = self._in_set()
            if len(high) != 1 or high[0][0] != high[0][1] or high[0][0] < low[0][0]:
                raise self._error("has a range that ends before it begins")
            ranges.append((low[0][0], high[0][0]))
        self._at += 1
        if not ranges:
            raise self._error("has a set of no characters")
        return Chars(tuple(ranges), negated)

    def _is_range(self) -> bool:
        following = self._source[self._at + 1 : self._at + 2]
        return self._looks_at("-") and following not in ("]", "")

    def _in_set(self) -> Ranges:
        char = self._source[self._at]
        if char == "\\":
            if self._source[self._at + 1 : self._at + 2] == "b":
                self._at += 2
                return (("\b", "\b"),)
            return self._escape().ranges
        self._at += 1
        return ((char, char),)


def _joined(parts: list[Part]) -> Part:
    longest = [part.most for part in parts]
    return Part(
        " ".join(part.text for part in parts) or '""',
        sum(part.least for part in parts),
        None if None in longest else sum(most or 0 for most in longest),
    )


_DATE: Final = (
    r"[1-9]\d{3}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])"
    r"|(?:0[469]|11)-(?:0[1-9]|[12]\d|30)|02-(?:0[1-9]|1\d|2[0-8]))"
)
_TIME: Final = r"(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,6})?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)"
_UUID: Final = "[0-9a-f]{8}-[0-9a-f]{4}-[VERSION][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
_URI: Final = (
    r"[a-z]{2,10}://[a-z0-9]{1,30}(?:[.-][a-z0-9]{1,30}){0,5}(?::[1-9]\d{0,3})?"
    r"(?:/[a-zA-Z0-9._~%-]{0,60}){0,8}(?:\?[a-zA-Z0-9._~=&-]{0,200})?"
)
_BYTE: Final = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_CLOCK: Final = r"(?:\d{1,2}H(?:\d{1,2}M(?:\d{1,2}S)?)?|\d{1,2}M(?:\d{1,2}S)?|\d{1,2}S)"

FORMATS: Final = {
    name: f"^{expression}$"
    for name, expression in {
        "date": f"(?:{_DATE})",
        "time": _TIME,
        "date-time": f"(?:{_DATE})T{_TIME}",
        "duration": rf"P(?:[1-9]\d{{0,3}}D(?:T{_CLOCK})?|T{_CLOCK})",
        "uuid": _UUID.replace("VERSION", "1-5"),
        **{f"uuid{version}": _UUID.replace("VERSION", version) for version in "1345"},
        "email": (
            r"[a-zA-Z0-9]{1,30}(?:[._+-][a-zA-Z0-9]{1,30}){0,3}"
            r"@[a-z0-9]{1,30}(?:-[a-z0-9]{1,30}){0,2}(?:\.[a-z]{2,10}){1,3}"
        ),
        "uri": _URI,
        "url": _URI,
        "hostname": r"[a-z0-9]{1,30}(?:-[a-z0-9]{1,30})?(?:\.[a-z0-9]{1,30}){0,5}",
        "ipv4": rf"(?:{_BYTE}\.){{3}}{_BYTE}",
        "ipv6": r"(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}",
    }.items()
}
"""Formats of strings, each as a pattern for a good part of what it allows."""

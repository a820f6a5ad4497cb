"""How JSON values are written down: as JSON, or as one of the notations that models use instead.

Knows quotes and keys; knows no schema and no grammar but the escapes of a notation.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

_JSON_ESCAPES: Final = (
    r'"\\" (["\\/bfnrt] | "u" ([0-9a-ceA-CE-Fef] [0-9a-fA-F]{3} | [dD] [0-7] [0-9a-fA-F]{2}))'
)
"""No half of a surrogate pair: alone it is no character."""
_CONTROL: Final = r"\x00-\x1F\x7F"
_SPACE: Final = '| " " | "\\n" [ \\t]{0,20}'
_BARE_KEY: Final = re.compile(r"\w+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Notation:
    """How the values are written that JSON has."""

    opening: str = '"'
    closing: str = '"'
    """What stands around a string."""
    escapes: str | None = _JSON_ESCAPES
    """An escaped character, as GBNF; None: the characters of a string stand as they are."""
    escapable: str = '"\\\b\f\n\r\t'
    """Characters that can be escaped by name."""
    has_codes: bool = True
    """Any character can be escaped by its number."""
    forbidden: str = rf'"\\{_CONTROL}'
    """Characters that never stand in a string as they are, as in a set of GBNF."""
    bare_keys: bool = False
    """Keys of letters, digits and `_` have no quotes."""
    null: str | None = "null"
    space: str = _SPACE
    """The optional whitespace between two parts, as GBNF."""
    stop: str = ""
    """What may not occur in a string, where that is not what closes it."""
    refused: str = ""
    """A text that would not be read as a string."""

    @property
    def ends(self) -> tuple[str, ...]:
        """What a string without escapes cannot hold."""
        stop = self.stop or self.closing
        return (stop,) if self.escapes is None and stop else ()

    @property
    def _comma(self) -> str:
        return "," if self.bare_keys else ", "

    def quoted(self, text: str) -> str | None:
        """A string as it is written; None where it cannot be."""
        if self.escapes is None:
            barred = self.forbidden and re.search(f"[{self.forbidden}]", text)
            refused = self.refused and text.lower() == self.refused
            if barred or refused or any(end in text for end in self.ends):
                return None
            return self.opening + text + self.closing
        written = json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
        if not self.has_codes and re.search(r"(?<!\\)(?:\\\\)*\\[ubf]", written):
            return None
        return written

    def key(self, name: str) -> str | None:
        if self.bare_keys and _BARE_KEY.fullmatch(name):
            return name
        return self.quoted(name) if self.escapes is not None else None

    def written(self, value: Any) -> str | None:
        """Any value as text; None where the notation has no way to write it."""
        match value:
            case None:
                return self.null
            case str():
                return self.quoted(value)
            case list():
                items = [self.written(item) for item in cast("list[Any]", value)]
                return None if None in items else f"[{self._comma.join(cast('list[str]', items))}]"
            case dict():
                return self._object(cast("dict[str, Any]", value))
            case _:
                return json.dumps(value)

    def _object(self, value: Mapping[str, Any]) -> str | None:
        pairs: list[str] = []
        for name, item in value.items():
            key, text = self.key(name), self.written(item)
            if key is None or text is None:
                return None
            pairs.append(f"{key}:{text}" if self.bare_keys else f"{key}: {text}")
        return f"{{{self._comma.join(pairs)}}}"


JSON: Final = Notation()

ONE_LINE: Final = Notation(
    escapes=r'"\\" ["\\nrt]', escapable='"\\\n\r\t', has_codes=False, space='" "?'
)
"""JSON that takes one line, with the escapes that Python's literals share with it."""


def raw(quote: str = "", forbidden: str = "", *, stop: str = "", refused: str = "") -> Notation:
    """Strings that stand as they are."""
    return Notation(quote, quote, None, "", False, forbidden, stop=stop, refused=refused)


def braced(quote: str, *, null: str | None = "null") -> Notation:
    """Objects with bare keys, strings as they are between two marks, and no whitespace."""
    return Notation(
        quote, quote, None, "", False, forbidden="", bare_keys=True, null=null, space='""'
    )


@dataclass(frozen=True, slots=True)
class Fields:
    """The arguments of a call one by one, each between marks of its own."""

    opening: str
    """`KEY` stands for the name."""
    closing: str
    between: str = ""
    strings: tuple[Notation, ...] = (JSON,)
    """The ways to write a string that is an argument."""
    values: Notation = JSON
    """The way to write everything else, and what is inside of it."""

    def open(self, key: str) -> str:
        return self.opening.replace("KEY", key)

    def written(self, arguments: Mapping[str, Any]) -> str | None:
        parts: list[str] = []
        for name, value in arguments.items():
            ways = self.strings if isinstance(value, str) else (self.values,)
            text = next((text for way in ways if (text := way.written(value)) is not None), None)
            if text is None:
                return None
            parts.append(f"{self.open(name)}{text}{self.closing}")
        return self.between.join(parts)

"""Texts and characters as literals of Go's, the way `%q` writes them. Pure."""

from collections.abc import Iterable
from typing import Final

_SHORT: Final = {
    "\a": "\\a",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\v": "\\v",
    "\\": "\\\\",
}


def quoted(text: str, *, ascii_only: bool = False) -> str:
    """A string literal of Go's."""
    return f'"{_escaped(text, chr(34), ascii_only)}"'


def quoted_rune(char: str, *, ascii_only: bool = False) -> str:
    return f"'{_escaped(char, chr(39), ascii_only)}'"


def _escaped(text: Iterable[str], quote: str, ascii_only: bool) -> str:
    return "".join(_escape(char, quote, ascii_only) for char in text)


def _escape(char: str, quote: str, ascii_only: bool) -> str:
    if char == quote:
        return "\\" + char
    if char in _SHORT:
        return _SHORT[char]
    if is_printable(char) and (char.isascii() or not ascii_only):
        return char
    point = ord(char)
    if 0xDC80 <= point <= 0xDCFF:
        return f"\\x{point - 0xDC00:02x}"
    if point < 0x20 or point == 0x7F:
        return f"\\x{point:02x}"
    return f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"


def is_printable(char: str) -> bool:
    return char.isprintable()


def can_backquote(text: str) -> bool:
    return not any(
        char in "`\x7f\ufeff" or (char < " " and char != "\t") or "\ud800" <= char <= "\udfff"
        for char in text
    )


def rune(value: int) -> str:
    is_valid = 0 <= value <= 0x10FFFF and not 0xD800 <= value < 0xE000
    return chr(value) if is_valid else "\ufffd"

"""The literals of Go templates: numbers, characters, quoted strings. Pure.

Strings are Go's: bytes. Those that are no UTF-8 stand in Python's as lone surrogates, the way of
the error handler `surrogateescape`.
"""

import math
import re
from typing import Final

_ESCAPES: Final = {
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
    "\\": "\\",
    '"': '"',
    "'": "'",
}
_ESCAPE: Final = re.compile(
    r"\\(?:x(?P<hex>[0-9a-fA-F]{2})|(?P<octal>[0-7]{3})|u(?P<four>[0-9a-fA-F]{4})"
    r"|U(?P<eight>[0-9a-fA-F]{8})|(?P<plain>.))",
    re.DOTALL,
)
_INTEGER: Final = re.compile(
    r"(?P<sign>[+-]?)(?:0[xX](?P<hex>(?:_?[0-9a-fA-F])+)|0[bB](?P<binary>(?:_?[01])+)"
    r"|0[oO]?(?P<octal>(?:_?[0-7])+)|(?P<decimal>0|[1-9](?:_?[0-9])*))"
)
_BASES: Final = {"hex": 16, "binary": 2, "octal": 8, "decimal": 10}
_HEX_FLOAT: Final = re.compile(
    r"[+-]?0[xX](?:_?[0-9a-fA-F])*(?:\.[0-9a-fA-F](?:_?[0-9a-fA-F])*|\.)?[pP][+-]?[0-9](?:_?[0-9])*"
)
_FLOAT: Final = re.compile(
    r"[+-]?(?:[0-9](?:_?[0-9])*(?:\.(?:[0-9](?:_?[0-9])*)?)?|\.[0-9](?:_?[0-9])*)"
    r"(?:[eE][+-]?[0-9](?:_?[0-9])*)?"
)
_HIGHEST: Final = 2**63 - 1
_LOWEST: Final = -(2**63)


def utf8(text: str) -> bytes:
    """The bytes of a string of Go's; a surrogate that stands for no byte becomes U+FFFD."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return re.sub("[\ud800-\udc7f\udd00-\udfff]", "\ufffd", text).encode(
            "utf-8", "surrogateescape"
        )


def from_utf8(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def unquote(text: str) -> str:
    """The value of a string literal, `"..."` or in backquotes. Raises ValueError."""
    if text[0] == "`":
        return text[1:-1].replace("\r", "")
    return _unescape(text[1:-1], '"')


def character(text: str) -> int:
    """The code point of a character literal. Raises ValueError."""
    inner = text[1:-1]
    escape = _ESCAPE.match(inner)
    length = 1 if escape is None else escape.end()
    if not inner or length != len(inner):
        raise ValueError(f"malformed character constant: {text}")
    if escape is not None and (escape["hex"] or escape["octal"]):
        return int(escape["hex"], 16) if escape["hex"] else _octal(escape["octal"])
    return ord(_unescape(inner, "'"))


def _unescape(text: str, quote: str) -> str:
    if "\\" not in text:
        return text
    parts: list[bytes] = []
    at = 0
    while at < len(text):
        escape = _ESCAPE.match(text, at)
        if escape is None:
            end = text.find("\\", at)
            end = len(text) if end < 0 else end
            if end == at:
                raise ValueError("invalid syntax")
            parts.append(utf8(text[at:end]))
            at = end
            continue
        parts.append(_escaped(escape, quote))
        at = escape.end()
    return from_utf8(b"".join(parts))


def _escaped(escape: re.Match[str], quote: str) -> bytes:
    if escape["hex"]:
        return bytes([int(escape["hex"], 16)])
    if escape["octal"]:
        return bytes([_octal(escape["octal"])])
    digits = escape["four"] or escape["eight"]
    if digits:
        point = int(digits, 16)
        if point > 0x10FFFF or 0xD800 <= point < 0xE000:
            raise ValueError("invalid syntax")
        return chr(point).encode()
    plain = escape["plain"]
    if plain not in _ESCAPES or (plain in "\"'" and plain != quote):
        raise ValueError("invalid syntax")
    return _ESCAPES[plain].encode()


def _octal(digits: str) -> int:
    value = int(digits, 8)
    if value > 255:
        raise ValueError("invalid syntax")
    return value


def number(text: str) -> int | float | complex | None:
    """The value of a number; None for an integer of 64 bits without a sign. Raises ValueError."""
    if text.endswith("i"):
        return complex(0.0, _float(text[:-1]))
    integer = _integer(text)
    if integer is not None:
        if _LOWEST <= integer <= _HIGHEST:
            return integer
        if 0 <= integer < 2**64 and text[0] != "+":
            return None
        raise ValueError(f"integer overflow: {text!r}")
    value = _float(text)
    if not any(char in text for char in ".eEpP"):
        raise ValueError(f"illegal number syntax: {text!r}")
    return value


def complex_number(text: str) -> complex:
    """The value of `1+2i`. Raises ValueError."""
    middle = max(text.rfind("+"), text.rfind("-"))
    if text[middle - 1] in "eEpP":
        middle = max(text.rfind("+", 0, middle), text.rfind("-", 0, middle))
    real, imaginary = text[:middle], text[middle:-1]
    return complex(_float(real), _float(imaginary))


def _integer(text: str) -> int | None:
    found = _INTEGER.fullmatch(text)
    if found is None:
        return None
    assert found.lastgroup is not None
    digits = found[found.lastgroup].replace("_", "")
    value = int(digits, _BASES[found.lastgroup])
    return -value if found["sign"] == "-" else value


def _float(text: str) -> float:
    if _HEX_FLOAT.fullmatch(text):
        try:
            value = float.fromhex(text.replace("_", ""))
        except OverflowError:
            value = math.inf
    elif _FLOAT.fullmatch(text):
        value = float(text.replace("_", ""))
    else:
        raise ValueError(f"illegal number syntax: {text!r}")
    if math.isinf(value):
        raise ValueError(f"illegal number syntax: {text!r}")
    return value

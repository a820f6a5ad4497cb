"""Calls written as Python: `name(key=value, …)`. Knows no streams and no tags around them.

calls = "[" call { "," call } "]" | call { "," call }
call  = NAME "(" [ KEY "=" value { "," KEY "=" value } ] ")"
value = "text" | 'text' | true | null | 12 | 1.5 | [value, …] | {key: value, …} | bare text
"""

import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from paddock.output.events import ToolCall
from paddock.output.values import SPACE, CallError, check_depth, read_json

Value = Callable[[str], Any]

_CALL: Final = re.compile(r"(?P<name>[^\s()\[\]{},='\"]+)\s*\((?P<arguments>.*)\)", re.DOTALL)
_WORD_CALL: Final = re.compile(r"(?P<name>\w+)\((?P<arguments>.*)\)", re.DOTALL)
_WORDS: Final[dict[str, Any]] = {
    "true": True,
    "True": True,
    "false": False,
    "False": False,
    "null": None,
    "None": None,
}
_WHOLE: Final = re.compile(r"[+-]?[0-9]+")
_DECIMAL: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_ESCAPE: Final = re.compile(r"\\([\\\"'ntr])")
_ESCAPED: Final = {"n": "\n", "t": "\t", "r": "\r"}
_QUOTES: Final = "\"'"
_PAIRS: Final = {"[": "]", "{": "}", "(": ")"}


def calls_in_lines(body: str) -> list[ToolCall]:
    """One call per line; a single unreadable line makes the whole body unreadable."""
    lines = (line.strip(SPACE) for line in body.split("\n"))
    return [_call(line, _WORD_CALL, _unescaped) for line in lines if line]


def calls_in_list(body: str) -> list[ToolCall]:
    """Calls in one list, with or without its brackets."""
    text = body.strip(SPACE)
    if text.startswith("[") and text.endswith("]"):
        text = text[1:-1]
    calls = [_call(part.strip(SPACE), _CALL, _raw) for part in _split(text)]
    if not calls:
        raise CallError("no call stands here")
    return calls


def _call(text: str, shape: re.Pattern[str], value: Value) -> ToolCall:
    check_depth(text)
    found = shape.fullmatch(text)
    if found is None:
        raise CallError(f"{text[:80]!r} is not of the form name(key=value, …)")
    arguments: dict[str, Any] = {}
    for part in _split(found["arguments"]):
        key, equals, written = part.partition("=")
        key, written = key.strip(SPACE), written.strip(SPACE)
        if not (equals and key and written):
            raise CallError(f"{part.strip(SPACE)[:80]!r} is not of the form key=value")
        arguments[key] = value(written)
    return ToolCall(found["name"], arguments)


def _split(text: str, separator: str = ",") -> Iterator[str]:
    """The parts between separators that stand outside of quotes and brackets."""
    start = 0
    for at in _outside(text):
        if text[at] == separator:
            yield text[start:at]
            start = at + 1
    if text[start:].strip(SPACE):
        yield text[start:]


def _outside(text: str) -> Iterator[int]:
    """Positions of the characters that stand outside of quotes and brackets."""
    depth, quote, at = 0, "", 0
    while at < len(text):
        character = text[at]
        if quote:
            if character == "\\":
                at += 1
            elif character == quote:
                quote = ""
        elif character in _QUOTES:
            quote = character
        elif character in _PAIRS:
            depth += 1
        elif character in _PAIRS.values():
            depth -= 1
        elif depth <= 0:
            yield at
        at += 1


def _raw(text: str) -> Any:
    """A value whose strings stand as they are between their quotes."""
    if _is_quoted(text):
        return text[1:-1]
    if text[0] in "[{":
        try:
            return read_json(text)
        except CallError:
            try:
                return _nested(text, _literal)
            except CallError:
                return text
    return _scalar(text, text)


def _unescaped(text: str) -> Any:
    """A value whose strings have escapes; what is nothing else is bare text."""
    if _is_quoted(text):
        return _without_escapes(text)
    if text[0] in "[{" and text.endswith(_PAIRS[text[0]]):
        return _nested(text, _unescaped)
    return None if text == "nil" else _scalar(text, text)


def _literal(text: str) -> Any:
    """A value inside a Python list or dict, where bare text has no place."""
    if _is_quoted(text):
        return _without_escapes(text)
    if text[0] in "[{":
        return _nested(text, _literal)
    missing = object()
    if (value := _scalar(text, missing)) is missing:
        raise CallError(f"{text[:80]!r} is not a Python literal")
    return value


def _nested(text: str, value: Value) -> Any:
    if not text.endswith(_PAIRS[text[0]]):
        raise CallError(f"{text[:80]!r} is not closed")
    parts = (part.strip(SPACE) for part in _split(text[1:-1]))
    if text[0] == "[":
        return [value(part) for part in parts if part]
    return dict(_entry(part, value) for part in parts if part)


def _entry(text: str, value: Value) -> tuple[str, Any]:
    colon = next((at for at in _outside(text) if text[at] == ":"), None)
    if colon is None or not text[colon + 1 :].strip(SPACE):
        raise CallError(f"{text[:80]!r} is not of the form key: value")
    key = text[:colon].strip(SPACE)
    return _without_escapes(key) if _is_quoted(key) else key, value(text[colon + 1 :].strip(SPACE))


def _is_quoted(text: str) -> bool:
    return len(text) > 1 and text[0] in _QUOTES and text[-1] == text[0]


def _without_escapes(text: str) -> str:
    return _ESCAPE.sub(lambda found: _ESCAPED.get(found[1], found[1]), text[1:-1])


def _scalar(text: str, otherwise: Any) -> Any:
    if text in _WORDS:
        return _WORDS[text]
    try:
        if _WHOLE.fullmatch(text):
            return int(text)
        return float(text) if _DECIMAL.fullmatch(text) else otherwise
    except ValueError:
        return otherwise

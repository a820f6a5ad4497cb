"""Argument values: strict JSON, and text read by the type that a tool declares.

Knows no format and no stream.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, cast

from paddock.api import Tool

SPACE: Final = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
"""Unicode White_Space: unlike str.strip() without U+001C to U+001F."""


class CallError(ValueError):
    """A call that cannot be read; the message says why."""


Types = Sequence[str]
Tools = Mapping[str, Tool]

_SURROGATE: Final = re.compile(r"[\ud800-\udfff]")
_WHOLE: Final = re.compile(r"[+-]?[0-9]+")
_DECIMAL: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_INT64: Final = 2**63
_LARGEST_PLAIN: Final = 1e21
"""From here on JSON writers print whole floats with an exponent."""


def by_name(tools: Iterable[Tool]) -> Tools:
    return {tool.function.name: tool for tool in tools if tool.function and tool.function.name}


# -- JSON ------------------------------------------------------------------------------------------


def read_json(text: str) -> Any:
    """Strict JSON: nothing behind the value, no NaN, no trailing comma. CallError says where."""
    try:
        value = json.loads(text, parse_float=_float, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise CallError(f"invalid JSON: {error}") from None
    return _without_surrogates(value) if "\\u" in text else value


def read_object(text: str) -> dict[str, Any]:
    value = read_json(text)
    if not isinstance(value, dict):
        raise CallError(f"a JSON object is expected, not {type(value).__name__}")
    return cast("dict[str, Any]", value)


def _float(text: str) -> float | int:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise ValueError(f"the number {text[:40]} is too large")
    return int(value) if value.is_integer() and abs(value) < _LARGEST_PLAIN else value


def _no_constant(text: str) -> Any:
    raise ValueError(f"{text} is not a JSON value")


def _without_surrogates(value: Any) -> Any:
    """Half a character that was escaped alone cannot be written as UTF-8."""
    match value:
        case str():
            return _SURROGATE.sub("\ufffd", value)
        case list():
            return [_without_surrogates(item) for item in cast("list[Any]", value)]
        case dict():
            items = cast("dict[str, Any]", value).items()
            return {_SURROGATE.sub("\ufffd", key): _without_surrogates(item) for key, item in items}
        case _:
            return value


class Brackets:
    """Finds the end of a JSON object or list in streamed text, minding strings and escapes."""

    _MARKS: Final = re.compile(r'["{}\[\]]')
    _IN_STRING: Final = re.compile(r'["\\]')

    def __init__(self) -> None:
        self._depth = 0
        self._in_string = False
        self._escaped = False

    def feed(self, text: str) -> int | None:
        """Where the value is complete; None when it goes on behind `text`."""
        at = 0
        if self._escaped and text:
            self._escaped = False
            at = 1
        while mark := (self._IN_STRING if self._in_string else self._MARKS).search(text, at):
            at = mark.end()
            match mark.group():
                case '"':
                    self._in_string = not self._in_string
                case "\\":
                    self._escaped = at == len(text)
                    at += 1
                case "{" | "[":
                    self._depth += 1
                case _:
                    self._depth -= 1
                    if self._depth <= 0:
                        return at
        return None


class Objects:
    """Finds complete outermost objects, or lists, in streamed text, minding strings and escapes.

    Strings count outside of them, too; a closing bracket without an opening one is text.
    """

    _IN_STRING: Final = re.compile(r'["\\]')

    def __init__(self, brackets: str = "{}") -> None:
        self._opening = brackets[0]
        self._marks = re.compile(rf'["\\\{brackets[0]}\{brackets[1]}]')
        self._fed = 0
        self.start = 0
        """Where the last one that was begun begins."""
        self._depth = 0
        self._in_string = False
        self._escaped = False

    @property
    def is_open(self) -> bool:
        return self._depth > 0

    def feed(self, text: str) -> list[tuple[int, int]]:
        """Start and end of each one completed by `text`, counted from the first text fed."""
        found: list[tuple[int, int]] = []
        at = 0
        if self._escaped and text:
            self._escaped = False
            at = 1
        while mark := (self._IN_STRING if self._in_string else self._marks).search(text, at):
            at = mark.end()
            match mark.group():
                case '"':
                    self._in_string = not self._in_string
                case "\\":
                    self._escaped = at == len(text)
                    at += 1
                case bracket if bracket == self._opening:
                    if self._depth == 0:
                        self.start = self._fed + mark.start()
                    self._depth += 1
                case _ if self._depth:
                    self._depth -= 1
                    if self._depth == 0:
                        found.append((self.start, self._fed + at))
                case _:
                    pass
        self._fed += len(text)
        return found


_DEEPEST: Final = 200
_BRACKET: Final = re.compile(r"[\[\](){}]")


def check_depth(text: str) -> None:
    """Refuses what would take a reader that goes down bracket by bracket too long."""
    depth = 0
    for bracket in _BRACKET.finditer(text):
        depth += 1 if bracket.group() in "[({" else -1
        if depth > _DEEPEST:
            raise CallError("the arguments are nested too deeply")


# -- by declared type ------------------------------------------------------------------------------


def parameters_of(tools: Tools, name: str) -> Mapping[str, Tool.Function.Parameters.Property]:
    """What a tool declares of its parameters, in its order; nothing for an unknown one."""
    tool = tools.get(name)
    parameters = tool.function.parameters if tool and tool.function else None
    return (parameters.properties if parameters else None) or {}


def types_of(tools: Tools, name: str, parameter: str) -> tuple[str, ...]:
    """The types that a tool declares for a parameter; none when nothing is known.

    Reference: knows `type` and those in `anyOf`, so that an argument whose schema stands in `$defs`
    stays a text.
    """
    found = parameters_of(tools, name).get(parameter)
    if found is None:
        return ()
    function = tools[name].function
    parameters = function.parameters if function else None
    known = {"$defs": parameters.defs, **(parameters.model_extra or {})} if parameters else {}
    schema = {**(found.model_extra or {}), "type": found.type, "enum": found.enum}
    return tuple(dict.fromkeys(_types_in(schema, known, 0)))


_MOST_STEPS: Final = 20
"""From one schema to the next."""
_KINDS: Final = (
    (bool, "boolean"),
    (str, "string"),
    (int, "integer"),
    (float, "number"),
    (list, "array"),
    (dict, "object"),
)


def _types_in(node: Any, root: Mapping[str, Any], steps: int) -> Iterator[str]:
    if not isinstance(node, dict) or steps > _MOST_STEPS:
        return
    schema = cast("dict[str, Any]", node)
    if options := schema.get("anyOf") or schema.get("oneOf"):
        for option in cast("list[Any]", options if isinstance(options, list) else []):
            yield from _types_in(option, root, steps + 1)
        return
    named = schema.get("type")
    names = cast("list[Any]", [named] if isinstance(named, str) else named or [])
    yield from (name for name in names if isinstance(name, str))
    if names:
        return
    if isinstance(reference := schema.get("$ref"), str):
        yield from _types_in(_at(reference, root), root, steps + 1)
    for part in cast("list[Any]", schema.get("allOf") or []):
        yield from _types_in(part, root, steps + 1)
    values = [schema["const"]] if "const" in schema else schema.get("enum") or []
    for value in cast("list[Any]", values):
        yield from (name for kind, name in _KINDS if _is_kind(value, kind))


def _is_kind(value: Any, kind: type) -> bool:
    return isinstance(value, kind) and isinstance(value, bool) is (kind is bool)


def _at(reference: str, root: Mapping[str, Any]) -> Any:
    """What `#/$defs/NAME` refers to; None where that is nothing."""
    found: Any = root
    for step in reference.removeprefix("#").split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        found = cast("dict[str, Any]", found).get(key) if isinstance(found, Mapping) else None
    return found


def typed(text: str, types: Types) -> Any:
    """The value that a text stands for, tried from the narrowest declared type to the widest."""
    if text.lower() == "null":
        return None
    for name, read in _READERS:
        if name in types:
            try:
                return read(text)
            except ValueError:
                if name == "boolean" and len(types) == 1:
                    return False
    return text


def unwrapped(text: str) -> str:
    """Without the one newline that formats put on either side of a value."""
    return text.removeprefix("\n").removesuffix("\n")


def _read_boolean(text: str) -> bool:
    try:
        return {"true": True, "false": False}[text.lower()]
    except KeyError:
        raise ValueError(text) from None


def _read_integer(text: str) -> int:
    if not _WHOLE.fullmatch(text) or not -_INT64 <= (value := int(text)) < _INT64:
        raise ValueError(text)
    return value


def _read_number(text: str) -> float | int:
    if not _DECIMAL.fullmatch(text):
        raise ValueError(text)
    return _float(text)


def _read_list(text: str) -> list[Any]:
    value = read_json(text)
    if not isinstance(value, list):
        raise CallError("not a list")
    return cast("list[Any]", value)


_READERS: Final = (
    ("boolean", _read_boolean),
    ("integer", _read_integer),
    ("number", _read_number),
    ("array", _read_list),
    ("object", read_object),
)

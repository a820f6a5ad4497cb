"""Go's values as templates see them: kinds, text form, JSON. Pure. Their truth is Python's.

| Go                  | here                                                    |
| ------------------- | ------------------------------------------------------- |
| nil, no value       | None; inside a list or map, `NULL` once it is reached   |
| bool, int, float64  | bool, int, float; a kind is never taken for another     |
| string              | str; bytes that are no UTF-8 are lone surrogates in it  |
| []byte              | bytes                                                   |
| []any, map          | list, dict; `NIL_LIST` is the list that was never given |
| struct              | Struct                                                  |
"""

import math
import re
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from json.encoder import encode_basestring  # type: ignore[attr-defined]
from typing import Any, ClassVar, Final

from paddock.template.literals import utf8


class GoValueError(Exception):
    """What a template does cannot be done. Whoever knows the place in the source says where."""


class _Null:
    """A null that was an element of a list or map; asking it for a field is an error."""

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "NULL"


NULL: Final = _Null()

Methods = Mapping[str, Callable[[Any], Any]]
NO_METHODS: Final[Methods] = {}


class Struct:
    """Fields in a fixed order. `text` and `json` are the forms that its Go type gives itself."""

    __slots__ = ("fields",)
    kind: ClassVar[str] = "struct"
    methods: ClassVar[Methods] = NO_METHODS

    def __init__(self, **fields: Any) -> None:
        self.fields = fields

    def text(self) -> str | None:
        """Its own text form; None for that of its fields."""
        return None

    def json(self) -> Any:
        """What stands for it in JSON; mappings keep their order."""
        return Ordered(self.fields)


class Ordered(dict[str, Any]):
    """JSON of a struct: a mapping in its own order. It never is a value of a template."""


class NamedMap(dict[str, Any]):
    """A map with methods of its own; `json` as in Struct."""

    kind: ClassVar[str] = "map"
    methods: ClassVar[Methods] = {"String": lambda value: value.text()}

    def text(self) -> str | None:
        return None

    def json(self) -> Any:
        return dict(self)


class NamedList(list[Any]):
    """A list with methods of its own; its slices are too."""

    kind: ClassVar[str] = "list"
    methods: ClassVar[Methods] = {"String": lambda value: value.text()}

    def text(self) -> str | None:
        return None

    def json(self) -> Any:
        return list(self)


class NilList(NamedList):
    """A list that was never given: empty, equal to nil, `null` in JSON."""

    methods: ClassVar[Methods] = NO_METHODS

    def json(self) -> Any:
        return None


NIL_LIST: Final = NilList()

NAMED: Final = (Struct, NamedMap, NamedList)


# -- kinds -----------------------------------------------------------------------------------------

_KINDS: Final[dict[type, str]] = {
    bool: "bool",
    int: "int",
    float: "float64",
    complex: "complex128",
    str: "string",
    bytes: "[]uint8",
    list: "[]interface {}",
    dict: "map[string]interface {}",
}
BASIC: Final = frozenset({bool, int, float, complex, str})
"""Types that compare among themselves; each is a kind of its own."""


def type_name(value: Any) -> str:
    if value is None or value is NULL:
        return "<nil>"
    if isinstance(value, NAMED):
        return value.kind
    return _KINDS[type(value)]


def is_nil(value: Any) -> bool:
    return value is None or value is NULL or isinstance(value, NilList)


# -- text form -------------------------------------------------------------------------------------


def printed(value: Any) -> str:
    """What an action prints."""
    if type(value) is str:
        return value
    return "<no value>" if value is None or value is NULL else text_form(value)


def text_form(value: Any) -> str:
    """The form of a value inside others, and of an argument of `print`."""
    kind = type(value)
    form = _FORMS.get(kind)
    if form is not None:
        return form(value)
    if isinstance(value, NAMED):
        own = value.text()
        if own is not None:
            return own
        if isinstance(value, Struct):
            return "{" + " ".join(map(text_form, value.fields.values())) + "}"
        return _list_form(value) if isinstance(value, list) else _map_form(value)
    raise GoValueError(f"cannot print a value of type {kind.__name__}")


def float_form(value: float) -> str:
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    if math.isnan(value):
        return "NaN"
    sign, digits, exponent = shortest(value)
    if exponent < -4 or exponent >= 6:
        return f"{sign}{scientific(digits, exponent)}"
    return sign + decimal(digits, exponent)


def shortest(value: float) -> tuple[str, str, int]:
    """Sign, shortest digits that read back as the value, and the exponent of the first of them."""
    mantissa, _, exponent = f"{value!r}".partition("e")
    sign, mantissa = ("-", mantissa[1:]) if mantissa.startswith("-") else ("", mantissa)
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    if not digits:
        return sign, "0", 0
    leading = len(whole + fraction) - len(digits)
    point = len(whole) - 1 - leading + int(exponent or 0)
    return sign, digits.rstrip("0") or "0", point


def scientific(digits: str, exponent: int) -> str:
    fraction = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{digits[0]}{fraction}e{exponent:+03d}"


def decimal(digits: str, exponent: int) -> str:
    if exponent < 0:
        return "0." + "0" * (-exponent - 1) + digits
    if len(digits) <= exponent + 1:
        return digits + "0" * (exponent + 1 - len(digits))
    return f"{digits[: exponent + 1]}.{digits[exponent + 1 :]}"


def _complex_form(value: complex) -> str:
    imaginary = float_form(value.imag)
    sign = "" if imaginary[0] in "+-" else "+"
    return f"({float_form(value.real)}{sign}{imaginary}i)"


def _list_form(value: Iterable[Any]) -> str:
    return "[" + " ".join(map(text_form, value)) + "]"


def _map_form(value: Mapping[str, Any]) -> str:
    return "map[" + " ".join(f"{key}:{text_form(value[key])}" for key in sorted(value)) + "]"


def _bytes_form(value: bytes) -> str:
    return "[" + " ".join(map(str, value)) + "]"


_FORMS: Final[dict[type, Callable[[Any], str]]] = {
    str: str,
    int: str,
    bool: lambda value: "true" if value else "false",
    type(None): lambda _: "<nil>",
    _Null: lambda _: "<nil>",
    float: float_form,
    complex: _complex_form,
    list: _list_form,
    dict: _map_form,
    bytes: _bytes_form,
}


# -- JSON ------------------------------------------------------------------------------------------

_UNSAFE: Final = re.compile("[<>&\u2028\u2029\ud800-\udfff]")
_SPECIAL: Final = {
    "<": "\\u003c",
    ">": "\\u003e",
    "&": "\\u0026",
    "\u2028": "\\u2028",
    "\u2029": "\\u2029",
}
_encode_string: Callable[[str], str] = encode_basestring


def to_json(value: Any) -> str:
    """Compact JSON: maps sorted, structs in their order, `<`, `>` and `&` escaped."""
    parts: list[str] = []
    _write(value, parts.append)
    return "".join(parts)


def _write(value: Any, put: Callable[[str], None]) -> None:
    kind = type(value)
    if kind is str:
        put(json_string(value))
    elif kind is Ordered:
        _write_map(value, value, put)
    elif kind is dict:
        _write_map(sorted(value), value, put)
    elif kind is list:
        _write_list(value, put)
    elif isinstance(value, NAMED):
        _write(value.json(), put)
    else:
        put(_scalar(value))


def _write_map(keys: Iterable[str], value: Mapping[str, Any], put: Callable[[str], None]) -> None:
    before = "{"
    for key in keys:
        put(before + json_string(key) + ":")
        _write(value[key], put)
        before = ","
    put("}" if before == "," else "{}")


def _write_list(value: list[Any], put: Callable[[str], None]) -> None:
    before = "["
    for item in value:
        put(before)
        _write(item, put)
        before = ","
    put("]" if before == "," else "[]")


def _scalar(value: Any) -> str:
    if value is None or value is NULL:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return _json_float(value)
    if isinstance(value, bytes):
        return f'"{b64encode(value).decode()}"'
    raise GoValueError(f"json: unsupported type: {type_name(value)}")


def _json_float(value: float) -> str:
    if not math.isfinite(value):
        raise GoValueError(f"json: unsupported value: {float_form(value)}")
    sign, digits, exponent = shortest(value)
    if digits != "0" and not -6 <= exponent < 21:
        fraction = f".{digits[1:]}" if len(digits) > 1 else ""
        return f"{sign}{digits[0]}{fraction}e{'+' if exponent > 0 else '-'}{abs(exponent)}"
    return sign + decimal(digits, exponent)


def json_string(text: str) -> str:
    encoded = _encode_string(text)
    if _UNSAFE.search(encoded):
        # A byte that is no UTF-8, and a surrogate that is none at all.
        return _UNSAFE.sub(_json_escape, encoded)
    return encoded


def _json_escape(found: re.Match[str]) -> str:
    return _SPECIAL.get(found[0], "\\ufffd")


def byte_length(text: str) -> int:
    return len(text) if text.isascii() else len(utf8(text))

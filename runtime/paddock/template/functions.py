"""The functions of Go templates, as a table. Knows values and a budget; knows no tree.

A function gets the context of the rendering and its arguments, as many as its row allows. What it
cannot do is a GoValueError; what goes beyond the budget a TemplateError.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from sys import getsizeof
from typing import Any, Final
from urllib.parse import quote_plus

from paddock.template.formatting import sprintf
from paddock.template.limits import Budget
from paddock.template.literals import from_utf8, utf8
from paddock.template.values import (
    BASIC,
    NULL,
    GoValueError,
    Struct,
    byte_length,
    is_nil,
    text_form,
    to_json,
    type_name,
)


@dataclass(frozen=True, slots=True)
class Context:
    """What one rendering gives its functions."""

    budget: Budget
    today: date


@dataclass(frozen=True, slots=True)
class Function:
    run: Callable[..., Any]
    least: int = 0
    most: int | None = None
    strings: tuple[int, ...] | None = ()
    """Which arguments must be strings; None means all."""

    def problem(self, name: str, count: int) -> str | None:
        """What is wrong with that many arguments."""
        if count < self.least:
            least = f"at least {self.least}" if self.most != self.least else f"{self.least}"
            return f"wrong number of args for {name}: want {least} got {count}"
        if self.most is not None and count > self.most:
            return f"wrong number of args for {name}: want {self.most} got {count}"
        return None


# -- logic and comparison --------------------------------------------------------------------------


def _all_of(_: Context, *args: Any) -> Any:
    return next((value for value in args if not value), args[-1])


def _any_of(_: Context, *args: Any) -> Any:
    return next((value for value in args if value), args[-1])


def _not(_: Context, value: Any) -> bool:
    return not value


def _equal(_: Context, first: Any, *others: Any) -> bool:
    if not others:
        raise GoValueError("missing argument for comparison")
    if len(others) == 1:
        return _same(first, others[0])
    return any(_same(first, other) for other in others)


def _same(left: Any, right: Any) -> bool:
    left_kind, right_kind = type(left), type(right)
    if left_kind is right_kind and left_kind in BASIC:
        return left == right
    if left_kind in BASIC or right_kind in BASIC:
        if _is_none(left) or _is_none(right):
            return False
    elif is_nil(left) or is_nil(right):
        _check_shapes(left, right)
        return is_nil(left) and is_nil(right)
    names = f"{type_name(left)} and {type_name(right)}"
    raise GoValueError(f"incompatible types for comparison: {names}")


def _is_none(value: Any) -> bool:
    return value is None or value is NULL


def _check_shapes(left: Any, right: Any) -> None:
    shapes = {type(left).__mro__[-2], type(right).__mro__[-2]}
    if not (_is_none(left) or _is_none(right)) and len(shapes) > 1:
        raise GoValueError(f"non-comparable types {type_name(left)}, {type_name(right)}")


def _not_equal(context: Context, left: Any, right: Any) -> bool:
    return not _equal(context, left, right)


_ORDERED: Final = frozenset({int, float, str})


def _less(context: Context, left: Any, right: Any) -> bool:
    _encodes(context, left)
    _encodes(context, right)
    for value in (left, right):
        if type(value) not in BASIC:
            raise GoValueError("invalid type for comparison")
    if type(left) is not type(right):
        names = f"{type_name(left)} and {type_name(right)}"
        raise GoValueError(f"incompatible types for comparison: {names}")
    if type(left) not in _ORDERED:
        raise GoValueError("invalid type for comparison")
    if type(left) is str and not (left.isascii() and right.isascii()):
        return utf8(left) < utf8(right)
    return left < right


def _less_or_equal(context: Context, left: Any, right: Any) -> bool:
    return _less(context, left, right) or left == right


def _greater(context: Context, left: Any, right: Any) -> bool:
    return not _less_or_equal(context, left, right)


def _greater_or_equal(context: Context, left: Any, right: Any) -> bool:
    return not _less(context, left, right)


# -- lists, maps, strings --------------------------------------------------------------------------


def _index(context: Context, item: Any, *indexes: Any) -> Any:
    _encodes(context, item)
    if item is None:
        raise GoValueError("index of untyped nil")
    for index in indexes:
        if _is_none(item):
            raise GoValueError("index of nil pointer")
        if isinstance(item, dict):
            if type(index) is not str:
                raise GoValueError(f"value has type {type_name(index)}; should be string")
            item = item.get(index)
        elif isinstance(item, list | str | bytes):
            item = _element(item, index)
        else:
            raise GoValueError(f"can't index item of type {type_name(item)}")
    return item


def _element(item: Any, index: Any) -> Any:
    data = utf8(item) if isinstance(item, str) else item
    place = _bound(index, len(data))
    if place == len(data):
        raise GoValueError(f"index out of range: {place}")
    return data[place]


def _bound(index: Any, most: int) -> int:
    if type(index) is not int:
        of = "nil" if _is_none(index) else f"type {type_name(index)}"
        raise GoValueError(f"cannot index slice/array with {of}")
    if not 0 <= index <= most:
        raise GoValueError(f"index out of range: {index}")
    return index


def _slice(context: Context, item: Any, *indexes: Any) -> Any:
    _encodes(context, item)
    if _is_none(item):
        raise GoValueError("slice of untyped nil")
    if not isinstance(item, list | str | bytes):
        raise GoValueError(f"can't slice item of type {type_name(item)}")
    if isinstance(item, str) and len(indexes) == 3:
        raise GoValueError("cannot 3-index slice a string")
    length = byte_length(item) if isinstance(item, str) else len(item)
    bounds = [_bound(index, length) for index in indexes]
    start = bounds[0] if bounds else 0
    end = bounds[1] if len(bounds) > 1 else length
    for low, high in ((start, end), (end, bounds[2] if len(bounds) > 2 else length)):
        if low > high:
            raise GoValueError(f"invalid slice index: {low} > {high}")
    if isinstance(item, str):
        text = item[start:end] if item.isascii() else from_utf8(utf8(item)[start:end])
        return _made(context, text)
    context.budget.spend(8 * (end - start))
    return type(item)(item[start:end])


def _length(context: Context, value: Any) -> int:
    if isinstance(value, str):
        _encodes(context, value)
        return byte_length(value)
    if isinstance(value, list | dict | bytes):
        return len(value)
    raise GoValueError(
        "len of nil pointer" if _is_none(value) else f"len of type {type_name(value)}"
    )


# -- text ------------------------------------------------------------------------------------------


def _print(context: Context, *args: Any) -> str:
    parts: list[str] = []
    for place, value in enumerate(args):
        if place and not (isinstance(value, str) or isinstance(args[place - 1], str)):
            parts.append(" ")
        parts.append(_form(context, value))
    return _made(context, "".join(parts))


def _println(context: Context, *args: Any) -> str:
    return _made(context, " ".join(_form(context, value) for value in args) + "\n")


def _form(context: Context, value: Any) -> str:
    if isinstance(value, str):
        return value
    text = text_form(value)
    context.budget.room(len(text))
    return text


def _made(context: Context, text: str) -> str:
    context.budget.spend(getsizeof(text))
    return text


def _grows(context: Context, text: Any, factor: int) -> None:
    """Account for work on every character, which makes up to `factor` of each."""
    if isinstance(text, str) and len(text) > _LONG:
        context.budget.room(factor * len(text))
        context.budget.step(1 + len(text) // _CHARACTERS_PER_STEP)


def _encodes(context: Context, text: Any) -> None:
    """Account for looking at the bytes of a text."""
    if isinstance(text, str) and len(text) > _LONG and not text.isascii():
        context.budget.step(1 + len(text) // _LONG)


def _printf(context: Context, form: str, *args: Any) -> str:
    return _made(context, sprintf(context.budget, form, args))


def _joined(context: Context, args: tuple[Any, ...]) -> str:
    """What the escaping functions escape."""
    return _print(context, *("<no value>" if _is_none(value) else value for value in args))


_HTML: Final = {
    "&": "&amp;",
    "\0": "\ufffd",
    '"': "&#34;",
    "'": "&#39;",
    "<": "&lt;",
    ">": "&gt;",
}
_JS: Final = {
    "\\": "\\\\",
    "'": "\\'",
    '"': '\\"',
    "<": "\\u003C",
    ">": "\\u003E",
    "&": "\\u0026",
    "=": "\\u003D",
}
_CHARACTERS_PER_STEP: Final = 16
_LONG: Final = 4096


def _html(context: Context, *args: Any) -> str:
    text = _joined(context, args)
    _grows(context, text, 6)
    for char, escape in _HTML.items():
        text = text.replace(char, escape)
    return _made(context, text)


def _js(context: Context, *args: Any) -> str:
    text = _joined(context, args)
    _grows(context, text, 6)
    return _made(context, "".join(map(_js_character, text)))


def _js_character(char: str) -> str:
    if char in _JS:
        return _JS[char]
    if char >= " " and (char.isascii() or char.isprintable() or "\udc80" <= char <= "\udcff"):
        return char
    return f"\\u{ord(char):04X}"


def _urlquery(context: Context, *args: Any) -> str:
    text = _joined(context, args)
    _grows(context, text, 9)
    return _made(context, quote_plus(utf8(text), safe=""))


def _call(_: Context, function: Any, *__: Any) -> Any:
    if _is_none(function):
        raise GoValueError("call of nil")
    raise GoValueError(f"non-function of type {type_name(function)}")


# -- what the reference adds -----------------------------------------------------------------------


def _json(context: Context, value: Any) -> str:
    _grows(context, value, 6)
    return _made(context, to_json(value))


def _current_date(context: Context, *_: str) -> str:
    return context.today.isoformat()


def _yesterday_date(context: Context, *_: str) -> str:
    return (context.today - timedelta(days=1)).isoformat()


def _typescript(_: Context, value: Any) -> str:
    method = value.methods.get("ToTypeScriptType") if isinstance(value, Struct) else None
    return "any" if method is None else method(value)


STANDARD: Final[Mapping[str, Function]] = {
    # The evaluator runs these two itself: they look at no more arguments than they need.
    "and": Function(_all_of, least=1),
    "or": Function(_any_of, least=1),
    "not": Function(_not, least=1, most=1),
    "eq": Function(_equal, least=1),
    "ne": Function(_not_equal, least=2, most=2),
    "lt": Function(_less, least=2, most=2),
    "le": Function(_less_or_equal, least=2, most=2),
    "gt": Function(_greater, least=2, most=2),
    "ge": Function(_greater_or_equal, least=2, most=2),
    "index": Function(_index, least=1),
    "slice": Function(_slice, least=1, most=4),
    "len": Function(_length, least=1, most=1),
    "print": Function(_print),
    "println": Function(_println),
    "printf": Function(_printf, least=1, strings=(0,)),
    "html": Function(_html),
    "js": Function(_js),
    "urlquery": Function(_urlquery),
    "call": Function(_call, least=1),
}
"""What every Go template knows."""

ALL: Final[Mapping[str, Function]] = {
    **STANDARD,
    "json": Function(_json, least=1, most=1),
    "currentDate": Function(_current_date, strings=None),
    "yesterdayDate": Function(_yesterday_date, strings=None),
    "toTypeScriptType": Function(_typescript, least=1, most=1),
}

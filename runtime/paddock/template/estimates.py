"""How large or slow an operation of a template may become, judged before it runs.

Knows Python's string methods, operators and jinja2's filters; runs none of them.
"""

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from paddock.errors import TemplateError
from paddock.template.limits import Budget

Check = Callable[..., None]
"""Takes the budget and the operation's arguments; raises TemplateError."""

WIDE: Final = re.compile(r"\d{5}")
"""A width in a format that no text needs."""


def _extent(value: Any) -> int:
    """Bytes that one more copy of a string's characters or a list's items takes."""
    if isinstance(value, str):
        return len(value) if value.isascii() else 4 * len(value)
    return 8 * len(value) if isinstance(value, list | tuple) else 64


def check_width(budget: Budget, text: Any, width: Any = 80, *_: Any, **__: Any) -> None:
    if isinstance(width, int):
        budget.room(4 * width)


def _check_count(budget: Budget, value: Any, count: Any = 0, *_: Any, **__: Any) -> None:
    if isinstance(count, int):
        budget.room(64 * count)


def _check_indent(budget: Budget, text: Any, width: Any = 4, *_: Any, **__: Any) -> None:
    size = _extent(width) if isinstance(width, str) else int(width)
    budget.room(str(text).count("\n") * size + size)


def _check_replace(
    budget: Budget, text: Any, old: Any = "", new: Any = "", *_: Any, **__: Any
) -> None:
    source = str(text)
    budget.room(sys.getsizeof(source) + source.count(str(old)) * _extent(str(new)))


def _check_join(budget: Budget, items: Any, d: Any = "", *_: Any, **__: Any) -> None:
    if isinstance(items, Sequence | Mapping):
        budget.room(budget.weight(items) + len(items) * _extent(str(d)))


def _check_join_method(budget: Budget, glue: str, items: Any = ()) -> None:
    _check_join(budget, items, glue)


def _check_search(budget: Budget, text: str, part: Any = None, *_: Any, **__: Any) -> None:
    # Backward searches and strips compare every pair of characters in the worst case.
    if isinstance(part, str):
        budget.multiply(len(str(text)), len(part))


def _check_split(budget: Budget, text: str, sep: Any = None, *_: Any, **__: Any) -> None:
    pieces = text.count(sep) if isinstance(sep, str) and sep else len(text) // 2
    budget.room(sys.getsizeof(text) + 64 * pieces)


def _check_rsplit(budget: Budget, text: str, sep: Any = None, *_: Any, **__: Any) -> None:
    _check_search(budget, text, sep)
    _check_split(budget, text, sep)


def _check_characters(budget: Budget, value: Any, *_: Any, **__: Any) -> None:
    if isinstance(value, str):
        budget.room(84 * len(value))


def _check_precision(budget: Budget, value: Any, precision: Any = 0, *_: Any, **__: Any) -> None:
    if isinstance(precision, int) and abs(precision) > 30:
        raise TemplateError("round: the precision is too large")


def _check_sum(budget: Budget, items: Any, attribute: Any = None, start: Any = 0) -> None:
    # Adding up lists takes the square of their number.
    if not isinstance(start, int | float):
        raise TemplateError("sum: only numbers can be added up")


def _check_format(budget: Budget, text: str, values: Any) -> None:
    """`text % values`: every conversion prints one value, or pads to a width of its own."""
    items = values if isinstance(values, tuple) else (values,)
    wide = "*" in text and any(isinstance(item, int) and abs(item) > 9999 for item in items)
    if wide or WIDE.search(text):
        raise TemplateError("format: the width is too large")
    budget.text_room(values)
    largest = max(map(budget.weight, items), default=0)
    budget.room(sys.getsizeof(text) + text.count("%") * (10_000 + largest))


def _check_format_filter(budget: Budget, text: Any, *args: Any, **kwargs: Any) -> None:
    _check_format(budget, str(text), kwargs or args)


METHOD_CHECKS: dict[str, Check] = {
    "center": check_width,
    "join": _check_join_method,
    "ljust": check_width,
    "lstrip": _check_search,
    "replace": _check_replace,
    "rfind": _check_search,
    "rindex": _check_search,
    "rjust": check_width,
    "rpartition": _check_search,
    "rsplit": _check_rsplit,
    "rstrip": _check_search,
    "split": _check_split,
    "splitlines": _check_split,
    "strip": _check_search,
    "zfill": check_width,
}

FILTER_CHECKS: dict[str, Check] = {
    "batch": _check_count,
    "center": check_width,
    "format": _check_format_filter,
    "indent": _check_indent,
    "join": _check_join,
    "list": _check_characters,
    "replace": _check_replace,
    "reverse": _check_characters,
    "round": _check_precision,
    "slice": _check_count,
    "sort": _check_characters,
    "sum": _check_sum,
    "title": _check_characters,
    "trim": _check_search,
    "unique": _check_characters,
}


def _check_add(budget: Budget, left: Any, right: Any) -> None:
    if isinstance(left, str | list | tuple):
        budget.room(sys.getsizeof(left) + sys.getsizeof(right))


def _check_multiply(budget: Budget, left: Any, right: Any) -> None:
    for value, times in ((left, right), (right, left)):
        if isinstance(value, str | list | tuple) and isinstance(times, int):
            budget.room(_extent(value) * times)


def _check_power(budget: Budget, left: Any, right: Any) -> None:
    if isinstance(left, int) and isinstance(right, int) and abs(left) > 1 and right > 64:
        raise TemplateError("the template computes too large a number")


def _check_modulo(budget: Budget, left: Any, right: Any) -> None:
    if isinstance(left, str):
        _check_format(budget, left, right)


OPERATOR_CHECKS: dict[str, Check] = {
    "+": _check_add,
    "*": _check_multiply,
    "**": _check_power,
    "%": _check_modulo,
}

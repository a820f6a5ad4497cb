"""The matchers of HTTP vectors: objects with one key that starts with `$` inside expectations."""

import re
from collections.abc import Callable
from typing import Any

import pytest

Check = Callable[[Any, Any], bool]
ABSENT = object()
"""Stands for a key that is not there."""


def matches(found: Any, expected: Any) -> bool:
    """Whether a value is the expected one, its matchers applied."""
    if isinstance(expected, dict):
        if len(expected) == 1 and (name := next(iter(expected))).startswith("$"):
            return MATCHERS[name](found, expected[name])
        return isinstance(found, dict) and _members(found, expected, found.keys() | expected.keys())
    if isinstance(expected, list):
        return (
            isinstance(found, list)
            and len(found) == len(expected)
            and all(map(matches, found, expected))
        )
    return (
        type(found) is type(expected) and found == expected
        if _is_plain(expected)
        else (not isinstance(found, bool) and found == expected)
    )


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, bool | str)


def _members(found: dict[str, Any], expected: dict[str, Any], keys: Any) -> bool:
    return all(key in expected and matches(found.get(key, ABSENT), expected[key]) for key in keys)


def _set(found: Any, wanted: list[Any]) -> bool:
    left = list(found)
    for item in wanted:
        hit = next((each for each in left if matches(each, item)), ABSENT)
        if hit is ABSENT:
            return False
        left.remove(hit)
    return not left


def in_order(lines: list[Any], wanted: list[Any]) -> bool:
    """Whether the lines are among others in this order."""
    rest = iter(lines)
    return all(any(matches(line, want) for line in rest) for want in wanted)


MATCHERS: dict[str, Check] = {
    "$re": lambda found, regex: isinstance(found, str) and re.search(regex, found) is not None,
    "$int": lambda found, _: isinstance(found, int) and not isinstance(found, bool),
    "$any": lambda found, _: found is not ABSENT,
    "$absent": lambda found, _: found is ABSENT,
    "$approx": lambda found, want: found == pytest.approx(want[0], abs=want[1]),
    "$subset": lambda found, want: isinstance(found, dict) and _members(found, want, want),
    "$contains": lambda found, text: isinstance(found, str) and text.lower() in found.lower(),
    "$set": _set,
    "$in": lambda found, values: any(matches(found, value) for value in values),
}


def check(found: Any, expected: Any, what: str = "") -> None:
    """Fail with both values if they do not match."""
    assert matches(found, expected), f"{what}\nfound:    {found!r}\nexpected: {expected!r}"

"""Numbers between bounds, as GBNF. Knows digits; knows no schema.

Digits are compared from the left: what has grown larger than the lower bound, and stayed smaller
than the upper one, may go on with any digits.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

MOST_DIGITS: Final = 16
"""Of a whole number without a bound."""
_MOST_DECIMALS: Final = 10
"""Behind those of a bound."""

INTEGER: Final = f'"-"? ("0" | [1-9] [0-9]{{0,{MOST_DIGITS - 1}}})'
NUMBER: Final = f'{INTEGER} ("." [0-9]{{1,{MOST_DIGITS - 1}}})? ([eE] [-+]? [0-9]{{1,2}})?'


# -- whole numbers ---------------------------------------------------------------------------------


def integers(low: int | None, high: int | None) -> str | None:
    """None: there are none."""
    if low is None and high is None:
        return INTEGER
    parts: list[str] = []
    if low is None or low < 0:
        least = 1 if high is None or high >= -1 else -high
        parts += [f'"-" {part}' for part in _naturals(least, None if low is None else -low)]
    if high is None or high >= 0:
        parts += _naturals(max(low or 0, 0), high)
    return " | ".join(parts) or None


def _naturals(low: int, high: int | None) -> list[str]:
    first = len(str(low))
    last = len(str(high)) if high is not None else first
    parts: list[str] = []
    for size in range(first, last + 1):
        least = max(low, 10 ** (size - 1) if size > 1 else 0)
        most = 10**size - 1 if high is None else min(high, 10**size - 1)
        if least <= most:
            parts.append(_between(str(least), str(most)))
    if high is None:
        parts.append(f"[1-9] [0-9]{{{first},{max(first, MOST_DIGITS - 1)}}}")
    return parts


def _between(low: str, high: str) -> str:
    """Numerals of one length, both bounds included."""
    if not low:
        return '""'
    if set(low) == {"0"} and set(high) == {"9"}:
        return _any(len(low))
    if low[0] == high[0]:
        return _then(low[0], _between(low[1:], high[1:])) if low[1:] else f'"{low}"'
    size = len(low) - 1
    parts = [_then(low[0], _between(low[1:], "9" * size))]
    parts += _then_any(int(low[0]) + 1, int(high[0]) - 1, size)
    parts.append(_then(high[0], _between("0" * size, high[1:])))
    return f"({' | '.join(parts)})"


def _any(size: int) -> str:
    return f"[0-9]{{{size}}}" if size else '""'


def _then(digit: str, rest: str) -> str:
    return f'"{digit}"' if rest == '""' else f'"{digit}" {rest}'


def _then_any(low: int, high: int, size: int) -> list[str]:
    digits = _digits(low, high)
    return [f"{digits} {_any(size)}" if size else digits] if digits else []


def _digits(low: int, high: int) -> str:
    return "" if low > high else f"[{low}-{high}]" if low < high else f'"{low}"'


# -- decimals --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Bound:
    value: Decimal
    is_open: bool = False
    """The bound itself is outside."""


def numbers(low: Bound | None, high: Bound | None) -> str | None:
    """None: there are none. Numbers between bounds are written without an exponent."""
    if low is None and high is None:
        return NUMBER
    zero, above_zero = Bound(Decimal(0)), Bound(Decimal(0), is_open=True)
    parts: list[str] = []
    if low is None or low.value < 0:
        least = _negated(high) if high is not None and high.value < 0 else above_zero
        parts += [f'"-" {part}' for part in _positive(least, _negated(low) if low else None)]
    if high is None or high.value >= 0:
        parts += _positive(low if low is not None and low.value >= 0 else zero, high)
    return " | ".join(parts) or None


def _negated(bound: Bound) -> Bound:
    return Bound(-bound.value, bound.is_open)


def _split(value: Decimal) -> tuple[int, str]:
    """The whole part, and the decimals without zeros behind them."""
    text = f"{value:f}"
    whole, _, decimals = text.partition(".")
    return int(whole), decimals.rstrip("0")


def _positive(low: Bound, high: Bound | None) -> list[str]:
    whole, decimals = _split(low.value)
    if high is None:
        above = " | ".join(_naturals(whole + 1, None))
        same = f'"{whole}"{_fraction(_at_least(decimals, low.is_open))}'
        return [same, f"({above}){_ANY_FRACTION}"]
    top, top_decimals = _split(high.value)
    if whole > top:
        return []
    if whole == top:
        found = _inside(decimals, top_decimals, low.is_open, high.is_open)
        return [f'"{whole}"{_fraction(found)}'] if found else []
    parts = [f'"{whole}"{_fraction(_at_least(decimals, low.is_open))}']
    if top - whole > 1:
        parts.append(f"({' | '.join(_naturals(whole + 1, top - 1))}){_ANY_FRACTION}")
    last = _at_most(top_decimals, high.is_open)
    return [*parts, f'"{top}"{_fraction(last)}'] if last else parts


@dataclass(frozen=True, slots=True)
class _Decimals:
    """Digits behind a point."""

    alternatives: tuple[str, ...]
    may_lack: bool
    """There may be none."""

    def behind(self, digit: str) -> str:
        if not self.alternatives:
            return f'"{digit}"'
        return f'"{digit}" ({" | ".join(self.alternatives)}){"?" if self.may_lack else ""}'


_TAIL: Final = f"[0-9]{{0,{_MOST_DECIMALS}}}"
_ANY: Final = _Decimals((f"[0-9]{{1,{_MOST_DECIMALS}}}",), may_lack=True)
_ANY_FRACTION: Final = f' ("." [0-9]{{1,{_MOST_DECIMALS}}})?'
_ZEROS: Final = _Decimals((f'"0"{{1,{_MOST_DECIMALS}}}',), may_lack=True)
_ABOVE_ZERO: Final = _Decimals((f'"0"{{0,{_MOST_DECIMALS}}} [1-9] {_TAIL}',), may_lack=False)


def _fraction(decimals: _Decimals) -> str:
    if not decimals.alternatives:
        return ""
    text = f'"." ({" | ".join(decimals.alternatives)})'
    return f" ({text})?" if decimals.may_lack else f" {text}"


def _at_least(digits: str, is_open: bool) -> _Decimals:
    if not digits:
        return _ABOVE_ZERO if is_open else _ANY
    rest = _at_least(digits[1:], is_open)
    ways = [rest.behind(digits[0]), *_with_tail(int(digits[0]) + 1, 9)]
    return _Decimals(tuple(ways), may_lack=False)


def _at_most(digits: str, is_open: bool) -> _Decimals | None:
    """None: not even zero."""
    if not digits:
        return None if is_open else _ZEROS
    rest = _at_most(digits[1:], is_open)
    # Without the last digit the number is smaller, since that digit is not zero.
    same = [rest.behind(digits[0])] if rest else []
    return _Decimals((*same, *_with_tail(0, int(digits[0]) - 1)), may_lack=True)


def _inside(low: str, high: str, low_open: bool, high_open: bool) -> _Decimals | None:
    """None: nothing lies between the bounds."""
    if not low and not low_open:
        return _at_most(high, high_open)
    if not high:
        return None
    first, last = int(low[0]) if low else 0, int(high[0])
    if first > last:
        return None
    if first == last:
        rest = _inside(low[1:], high[1:], low_open, high_open)
        return _Decimals((rest.behind(high[0]),), may_lack=False) if rest else None
    below = _at_most(high[1:], high_open)
    ways = [
        _at_least(low[1:], low_open).behind(str(first)),
        *_with_tail(first + 1, last - 1),
        *([below.behind(high[0])] if below else []),
    ]
    return _Decimals(tuple(ways), may_lack=False)


def _with_tail(low: int, high: int) -> list[str]:
    digits = _digits(low, high)
    return [f"{digits} {_TAIL}"] if digits else []

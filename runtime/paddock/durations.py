"""Go durations and keep_alive values. Knows nanoseconds and their spellings; knows no clock.

Grammar: https://pkg.go.dev/time#ParseDuration
"""

import math
import re
from typing import Final

from paddock.errors import RequestError

FOREVER: Final = 2**63 - 1
"""The largest duration; a negative keep_alive means this (reference: never expires)."""

_NANOSECONDS = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,
    "μs": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
}
_TERM = re.compile(r"(?P<whole>[0-9]*)(?:\.(?P<fraction>[0-9]*))?(?P<unit>[^0-9.]*)")


def parse_duration(text: str) -> int:
    """Go's `time.ParseDuration`: nanoseconds of "1h30m", "300ms", "-1.5s"; only "0" needs no
    unit."""
    rest, sign = text, 1
    if rest[:1] in ("-", "+"):
        sign = -1 if rest[0] == "-" else 1
        rest = rest[1:]
    if rest == "0":
        return 0
    if not rest:
        raise RequestError(f'time: invalid duration "{text}"')
    total = 0
    while rest:
        term = _TERM.match(rest)
        if term is None or not (term["whole"] or term["fraction"]):
            raise RequestError(f'time: invalid duration "{text}"')
        unit = term["unit"]
        if not unit:
            raise RequestError(f'time: missing unit in duration "{text}"')
        if unit not in _NANOSECONDS:
            raise RequestError(f'time: unknown unit "{unit}" in duration "{text}"')
        scale, fraction = _NANOSECONDS[unit], term["fraction"] or ""
        total += int(term["whole"] or 0) * scale
        total += int(fraction or 0) * scale // 10 ** len(fraction)
        rest = rest[term.end() :]
    if total > FOREVER:
        raise RequestError(f'time: invalid duration "{text}"')
    return sign * total


def parse_keep_alive(value: float | str) -> int:
    """Nanoseconds to keep a model after its last request; negative or endless values mean FOREVER.

    A number counts seconds, a string is a Go duration.
    """
    if isinstance(value, str):
        nanoseconds = parse_duration(value)
    elif isinstance(value, bool):
        raise RequestError("Unsupported type: 'bool'")
    elif math.isnan(value):
        raise RequestError("keep_alive must be a number of seconds or a duration, not NaN")
    elif abs(value) >= FOREVER / 1_000_000_000:
        nanoseconds = FOREVER if value > 0 else -1
    else:
        nanoseconds = int(value * 1_000_000_000)
    return FOREVER if nanoseconds < 0 else min(nanoseconds, FOREVER)

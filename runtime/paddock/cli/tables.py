"""Sizes, ages and tables as the reference prints them. Knows no models and no terminal."""

from collections.abc import Sequence
from datetime import timedelta

_UNITS = ((10**12, "TB"), (10**9, "GB"), (10**6, "MB"), (10**3, "KB"))
_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_AGES = (  # below this many seconds: this unit
    (2 * 7 * _DAY, _DAY, "days"),
    (2 * 30 * _DAY, 7 * _DAY, "weeks"),
    (2 * 365 * _DAY, 30 * _DAY, "months"),
)
_FOREVER = timedelta(days=20 * 365)


def human_size(size: int) -> str:
    """Bytes in decimal units: `1.5 KB`, `42 GB`."""
    for scale, unit in _UNITS:
        if size >= scale:
            value = size / scale
            has_decimals = value < 10 and value != int(value)
            return f"{value:.1f} {unit}" if has_decimals else f"{int(value)} {unit}"
    return f"{size} B"


def human_age(age: timedelta) -> str:
    """How long ago; a negative age lies in the future."""
    if age < timedelta():
        return "Forever" if -age > _FOREVER else f"{_span(-age)} from now"
    return f"{_span(age)} ago"


def _span(age: timedelta) -> str:
    seconds = int(age.total_seconds())
    if seconds < _MINUTE:
        return _seconds(seconds)
    if seconds < _HOUR:
        minutes = seconds // _MINUTE
        return "About a minute" if minutes == 1 else f"{minutes} minutes"
    hours = int(age.total_seconds() / _HOUR + 0.5)
    if hours < 48:
        return "About an hour" if hours == 1 else f"{hours} hours"
    for below, unit, name in _AGES:
        if hours * _HOUR < below:
            return f"{hours * _HOUR // unit} {name}"
    return f"{seconds // (365 * _DAY)} years"


def _seconds(seconds: int) -> str:
    if seconds < 1:
        return "Less than a second"
    return "1 second" if seconds == 1 else f"{seconds} seconds"


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Left-aligned columns, four blanks apart."""
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]

    def line(cells: Sequence[str]) -> str:
        return "    ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True))

    return "".join([f"{line(header)} \n", *(f"{line(row)}    \n" for row in rows)])

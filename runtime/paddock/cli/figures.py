"""Sizes, ages and durations as the reference prints them. Knows no models and no terminal."""

from datetime import datetime, timedelta
from typing import Final

_DECIMAL: Final = ((10**12, "TB"), (10**9, "GB"), (10**6, "MB"), (10**3, "KB"))
_BINARY: Final = ((2**40, "TiB"), (2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB"))
_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_AGES = (  # below this many seconds: this unit
    (2 * 7 * _DAY, _DAY, "days"),
    (2 * 30 * _DAY, 7 * _DAY, "weeks"),
    (2 * 365 * _DAY, 30 * _DAY, "months"),
)
_FOREVER = timedelta(days=20 * 365)
_YEAR_ONE: Final = 1
_CLOCK: Final = ((3_600_000_000_000, "h"), (60_000_000_000, "m"))
_FRACTIONS: Final = ((1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "µs"))


def human_size(size: int) -> str:
    """Bytes in decimal units: `1.5 KB`, `42 GB`."""
    for scale, unit in _DECIMAL:
        if size >= scale:
            value = size / scale
            has_decimals = value < 10 and value != int(value)
            return f"{value:.1f} {unit}" if has_decimals else f"{int(value)} {unit}"
    return f"{size} B"


def binary_size(size: int) -> str:
    """Bytes as memory is counted: `1.5 GiB`."""
    for scale, unit in _BINARY:
        if size >= scale:
            return f"{size / scale:.1f} {unit}"
    return f"{size} B"


def human_time(moment: datetime | None, now: datetime, zero: str = "Never") -> str:
    """How long ago, or how far ahead, a moment is; `zero` for none (the year one stands for it)."""
    if moment is None or moment.year == _YEAR_ONE:
        return zero
    return human_age(now - moment)


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


def duration(nanoseconds: int) -> str:
    """A duration in Go's notation and full precision: `1h2m3.5s`, `130.079ms`, `0s`."""
    sign, rest = ("-", -nanoseconds) if nanoseconds < 0 else ("", nanoseconds)
    if rest < _FRACTIONS[0][0]:
        return sign + _below_a_second(rest)
    text = sign
    for scale, unit in _CLOCK:
        if rest >= scale or text not in ("", "-"):
            text += f"{rest // scale}{unit}"
            rest %= scale
    return text + _in_unit(rest, *_FRACTIONS[0])


def _below_a_second(nanoseconds: int) -> str:
    if nanoseconds == 0:
        return "0s"
    for scale, unit in _FRACTIONS[1:]:
        if nanoseconds >= scale:
            return _in_unit(nanoseconds, scale, unit)
    return f"{nanoseconds}ns"


def _in_unit(nanoseconds: int, scale: int, unit: str) -> str:
    whole, rest = divmod(nanoseconds, scale)
    digits = len(str(scale)) - 1
    fraction = f".{rest:0{digits}}".rstrip("0").rstrip(".")
    return f"{whole}{fraction}{unit}"


def processor(size: int, size_vram: int) -> str:
    """Where a loaded model lies: `100% GPU`, `48%/52% CPU/GPU` ..."""
    if size_vram == 0:
        return "100% CPU"
    if size_vram == size:
        return "100% GPU"
    if size_vram > size or size == 0:
        return "Unknown"
    on_cpu = int((size - size_vram) / size * 100 + 0.5)
    return f"{on_cpu}%/{100 - on_cpu}% CPU/GPU"

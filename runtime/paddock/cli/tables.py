"""Text in columns: how wide it is, how it wraps, tables. Knows no models and no terminal."""

import unicodedata
from collections.abc import Iterator, Sequence
from itertools import zip_longest


def width(text: str) -> int:
    """Columns that a text takes: wide characters two, combining and control ones none."""
    if text.isascii() and text.isprintable():
        return len(text)
    return sum(map(width_of, text))


def width_of(char: str) -> int:
    if unicodedata.east_asian_width(char) in "WF":
        return 2
    return 0 if unicodedata.category(char) in ("Mn", "Me", "Cf", "Cc") else 1


def padded(text: str, columns: int) -> str:
    return text + " " * (columns - width(text))


def wrapped(text: str, columns: int) -> list[str]:
    """Lines of at most so many columns, broken at blanks; a longer word stays whole."""
    if width(text) <= columns:
        return [text]
    lines: list[str] = []
    for word in text.split():
        if lines and width(lines[-1]) + 1 + width(word) <= columns:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines or [""]


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Left-aligned columns, four blanks apart."""
    widths = [max(map(width, column)) for column in zip(header, *rows, strict=True)]
    lines = [f"{_line(header, widths)} ", *(f"{_line(row, widths)}    " for row in rows)]
    return "".join(f"{line}\n" for line in lines)


def grid(rows: Sequence[Sequence[str]], limit: int) -> str:
    """Rows without a header, four blanks before, between and after; wide cells wrap at `limit`."""
    lines = [line for row in rows for line in _wrapped_row(row, limit)]
    widths = [max(map(width, column)) for column in zip_longest(*lines, fillvalue="")]
    return "".join(f"    {_line(line, widths)}    \n" for line in lines)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    filled = [*cells, *[""] * (len(widths) - len(cells))]
    return "    ".join(map(padded, filled, widths))


def _wrapped_row(row: Sequence[str], limit: int) -> Iterator[Sequence[str]]:
    return zip_longest(*(wrapped(cell, limit) for cell in row), fillvalue="")

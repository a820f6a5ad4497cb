"""Which of paddock's own templates a model needs, told by the chat template of its weights.

Knows signatures of published chat templates, not their texts: every word, run of white space and
run of signs as six bits of length and six of a hash. Two texts are compared as such sequences; what
differs counts with its length, so the distance is about that of the characters.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from importlib.resources import files
from itertools import accumulate, takewhile
from typing import Final

DISTANCE: Final = 100
"""Texts that differ by less are the same template. (Reference: by characters.)"""

_LONGEST: Final = 63
_PIECE: Final = re.compile(rf"\w{{1,{_LONGEST}}}|\s{{1,{_LONGEST}}}|[^\w\s]{{1,{_LONGEST}}}")
_SYMBOLS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_VALUES: Final = {symbol: value for value, symbol in enumerate(_SYMBOLS)}


@dataclass(frozen=True, slots=True)
class BuiltIn:
    """A prompt format as a Go template, and the texts that end an answer in it."""

    name: str
    template: str
    stop: tuple[str, ...]


def detect(chat_template: str) -> BuiltIn | None:
    """The nearest template, if there is one that is near."""
    if len(chat_template) > _longest() + DISTANCE:
        return None
    pieces = _pieces(signature(chat_template))
    best, least = None, DISTANCE
    for name, known in signatures():
        found = _distance(pieces, known, least)
        if found < least:
            best, least = name, found
    return None if best is None else built_in(best)


def built_in(name: str) -> BuiltIn:
    """Raises KeyError for a name that `names` does not list."""
    if name not in names():
        raise KeyError(name)
    folder = files("paddock.template") / "builtin"
    template = (folder / f"{name}.gotmpl").read_text("utf-8").replace("\r\n", "\n")
    stop = json.loads((folder / f"{name}.json").read_text("utf-8"))["stop"]
    return BuiltIn(name, template, tuple(stop))


@cache
def names() -> tuple[str, ...]:
    folder = files("paddock.template") / "builtin"
    found = (file.name.removesuffix(".gotmpl") for file in folder.iterdir())
    return tuple(sorted(name for name in found if "." not in name))


# -- signatures ------------------------------------------------------------------------------------


def signature(text: str) -> str:
    """Two symbols for every piece of the text: its length and its hash."""
    return "".join(
        _SYMBOLS[len(piece)] + _SYMBOLS[blake2b(piece.encode(), digest_size=1).digest()[0] % 64]
        for piece in _PIECE.findall(text)
    )


Pieces = list[tuple[str, int]]
"""Each piece as its two symbols, and its length."""


def _pieces(signed: str) -> Pieces:
    return [
        (signed[place : place + 2], _VALUES[signed[place]]) for place in range(0, len(signed), 2)
    ]


@cache
def signatures() -> tuple[tuple[str, Pieces], ...]:
    """Those of the published chat templates, with the name of the template of ours."""
    text = (files("paddock.template") / "builtin" / "signatures.json").read_text("utf-8")
    known: Mapping[str, list[str]] = json.loads(text)
    return tuple((name, _pieces(each)) for name, signed in known.items() for each in signed)


@cache
def _longest() -> int:
    return max(_length(known) for _, known in signatures())


# -- distances -------------------------------------------------------------------------------------


def _distance(left: Pieces, right: Pieces, limit: int) -> int:
    """What it takes to make one from the other, or `limit` where it is not less."""
    if abs(_length(left) - _length(right)) >= limit:
        return limit
    start = _shared(left, right)
    left, right = left[start:], right[start:]
    end = _shared(left[::-1], right[::-1])
    return _edits(left[: len(left) - end], right[: len(right) - end], limit)


def _shared(left: Pieces, right: Pieces) -> int:
    """How many pieces both begin with."""
    pairs = zip(left, right, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _length(pieces: Pieces) -> int:
    return sum(length for _, length in pieces)


def _edits(left: Pieces, right: Pieces, limit: int) -> int:
    """Pieces removed and added count by their length, replaced ones by that of the longer."""
    row = [0, *accumulate(length for _, length in right)]
    for place, (piece, removed) in enumerate(left):
        # No cell farther from the diagonal is below the limit: each step off it costs at least 1.
        first, last = max(0, place - limit), min(len(right), place + limit)
        following = [limit] * (len(right) + 1)
        following[0] = row[0] + removed
        for column in range(first, last):
            other, added = right[column]
            replaced = row[column] + (0 if piece == other else max(removed, added))
            following[column + 1] = min(
                replaced, row[column + 1] + removed, following[column] + added
            )
        row = following
        if min(row) >= limit:
            return limit
    return min(row[-1], limit)

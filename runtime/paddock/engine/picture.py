"""A picture as a model takes it: rows in place of tokens. Knows numbers; knows no file and no C.

Among tokens each row of a picture stands as the picture's `mark`, a negative number that belongs to
its content alone. So whatever compares token ids (prefixes, slots) compares pictures too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import numpy as np

Rows: TypeAlias = "np.ndarray[Any, np.dtype[np.float32]]"
Positions: TypeAlias = "np.ndarray[Any, np.dtype[np.int32]]"


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Where the rows of a picture stand, for models whose positions have several parts (M-RoPE)."""

    at_zero: Positions
    """(parts, rows): the positions where the picture begins at 0."""
    steps: Positions
    """(parts, rows): what to add for each position that it begins later."""
    extent: int
    """Positions from its beginning to that of what follows."""


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """What an encoder made of one picture, or of one tile of it."""

    mark: int
    """Negative; stands for every row."""
    rows: Rows
    """(rows, width), C-contiguous and finite."""
    is_causal: bool = True
    """A row attends to earlier ones only. Else all of them are to be evaluated in one piece."""
    grid: Grid | None = None
    """None: one position a row."""

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def extent(self) -> int:
        """Positions from its beginning to that of what follows."""
        return len(self) if self.grid is None else self.grid.extent

    def positions(self, start: int, first: int, count: int) -> Positions:
        """Those of `count` rows from row `first` on, where the picture begins at `start`: (parts,
        count), C-contiguous."""
        import numpy as np  # which programs without a picture need not wait for

        if self.grid is None:
            return np.arange(start + first, start + first + count, dtype=np.int32)[None]
        part = slice(first, first + count)
        return np.ascontiguousarray(self.grid.at_zero[:, part] + start * self.grid.steps[:, part])


Piece = list[int] | Picture
"""What stands in a prompt for a picture is made of these: rows, and the tokens that begin, separate
or end them."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A picture in a prompt: its marks are the tokens [start, end)."""

    start: int
    picture: Picture

    @property
    def end(self) -> int:
        return self.start + len(self.picture)


def position_of(index: int, pictures: Sequence[Placed]) -> int:
    """The position of the token at `index`, inside a picture that of its beginning. The two differ
    where a picture before takes another number of positions than it has rows."""
    spared = 0
    for placed in pictures:
        if index <= placed.start:
            break
        if index < placed.end and placed.picture.grid is not None:
            return placed.start - spared
        spared += 0 if placed.picture.grid is None else len(placed.picture) - placed.picture.extent
    return index - spared


def whole(tokens: Sequence[int], length: int) -> int:
    """The most of the first `length` tokens that does not end inside a picture, which is of use as
    a whole only."""
    while 0 < length < len(tokens) and tokens[length] < 0 and tokens[length - 1] == tokens[length]:
        length -= 1
    return length


def without_pictures(tokens: Sequence[int], pictures: Sequence[Placed]) -> Sequence[int]:
    return [token for token in tokens if token >= 0] if pictures else tokens

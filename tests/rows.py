"""Pictures as the engine gets them, with rows of a width of 8."""

import numpy as np

from paddock.engine.picture import Grid, Picture


def picture(
    mark: int, rows: int, *, is_causal: bool = True, grid: tuple[int, int] | None = None
) -> Picture:
    """`grid`: its columns and lines, where positions have parts."""
    placed = None
    if grid is not None:
        columns, lines = grid
        numbers = np.arange(rows, dtype=np.int32)
        zeros = np.zeros(rows, np.int32)
        at_zero = np.array([zeros, numbers // columns, numbers % columns, zeros])
        steps = np.array([zeros + 1, zeros + 1, zeros + 1, zeros])
        placed = Grid(at_zero, steps, max(columns, lines))
    return Picture(mark, np.full((rows, 8), mark, np.float32), is_causal=is_causal, grid=placed)

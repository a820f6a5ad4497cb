"""What surrounds the evaluation of an embedding: how long a text may be, and the unit vector.

Knows token counts and arrays; knows no tokenizer and no engine.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from paddock.errors import ContextLengthError, DecodeError

_SMALLEST_NORM = 1e-12


def limit(num_ctx: int, n_ctx_train: int, adds_bos: bool, adds_eos: bool) -> int:
    """Most tokens of one text, not counting those that the tokenizer adds around it."""
    return min(num_ctx, n_ctx_train) - adds_bos - adds_eos


def fit(tokens: Sequence[int], limit: int, *, truncate: bool) -> list[int]:
    """The tokens that may be embedded. Raises ContextLengthError where they are too many."""
    if len(tokens) <= limit:
        return list(tokens)
    if not truncate:
        raise ContextLengthError("the input length exceeds the context length")
    if limit <= 0:
        raise ContextLengthError("input after truncation exceeds maximum context length")
    return list(tokens[:limit])


def beginning(
    tokenize: Callable[[str], list[int]], text: str, limit: int
) -> tuple[list[int], bool]:
    """Tokens of the text, or of a beginning that has more than `limit`; and whether it is all."""
    # Tokenising megabytes takes long, and a token seldom has more than a few characters. But a run
    # of blanks has none in some vocabularies, so what counts is the number of tokens.
    size = max(4096, 64 * limit)
    while True:
        tokens = tokenize(text[:size])
        if size >= len(text) or len(tokens) > limit:
            return tokens, size >= len(text)
        size *= 2


def normalise(vector: ArrayLike, dimensions: int = 0) -> NDArray[np.float32]:
    """The vector at length 1, of its first `dimensions` values if that is fewer than it has.

    A vector of zeros stays one. Raises DecodeError for NaN or infinity.
    """
    values: NDArray[np.float32] = np.asarray(vector, dtype=np.float32)
    if not np.isfinite(values).all():
        raise DecodeError("embedding contains NaN or Inf values")
    values = _unit(values)
    if 0 < dimensions < values.size:
        values = _unit(values[:dimensions])
    return values


def _unit(values: NDArray[np.float32]) -> NDArray[np.float32]:
    # In doubles: the squares of large single-precision values would overflow.
    wide = values.astype(np.float64)
    return (wide / max(float(np.linalg.norm(wide)), _SMALLEST_NORM)).astype(np.float32)

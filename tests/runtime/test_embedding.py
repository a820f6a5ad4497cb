import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from paddock import embedding
from paddock.errors import ContextLengthError, DecodeError

FINITE = st.floats(width=32, allow_nan=False, allow_infinity=False)


def test_special_tokens_take_their_place_from_the_text() -> None:
    assert embedding.limit(2048, 512, True, True) == 510
    assert embedding.limit(256, 512, False, True) == 255


def test_a_limit_that_leaves_nothing_is_an_error() -> None:
    with pytest.raises(ContextLengthError, match="after truncation"):
        embedding.fit([1, 2], 0, truncate=True)


@given(arrays(np.float32, st.integers(1, 40), elements=FINITE), st.integers(0, 50))
def test_vectors_have_length_one_or_are_zero(vector: np.ndarray, dimensions: int) -> None:
    unit = embedding.normalise(vector, dimensions)
    assert unit.dtype == np.float32
    assert unit.size == (dimensions if 0 < dimensions < vector.size else vector.size)
    length = float(np.linalg.norm(unit))
    # What is cut off may leave next to nothing, which the formula's epsilon keeps from length 1.
    kept = embedding.normalise(vector)[: unit.size]
    is_small = min(np.abs(vector).max(), np.abs(kept).max()) < 1e-5
    assert length == pytest.approx(1, abs=1e-5) or is_small or length == 0


def test_the_given_vector_is_not_changed() -> None:
    vector = np.array([3, 4], dtype=np.float32)
    embedding.normalise(vector)
    assert vector.tolist() == [3, 4]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_values_that_are_no_numbers_are_an_error(bad: float) -> None:
    with pytest.raises(DecodeError, match="NaN or Inf"):
        embedding.normalise([1, 2, bad], 2)

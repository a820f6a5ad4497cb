import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tests.rows import picture

from paddock.engine.picture import Placed, position_of, whole, without_pictures


def test_a_picture_of_a_grid_takes_fewer_positions_than_it_has_rows() -> None:
    pictures = [Placed(3, picture(-1, 12, grid=(4, 3))), Placed(20, picture(-2, 4))]
    assert [position_of(index, pictures) for index in (0, 3, 4, 14, 15, 20, 22, 24)] == [
        *(0, 3, 3, 3),
        7,  # behind the picture, whose larger side is 4
        *(12, 14, 16),
    ]


def test_rows_of_a_grid_stand_where_the_picture_begins_and_beside_and_below_it() -> None:
    seen = picture(-1, 6, grid=(3, 2))
    time, down, across, rest = seen.positions(10, 2, 3).tolist()
    assert time == [10, 10, 10]
    assert down == [10, 11, 11]
    assert across == [12, 10, 11]
    assert rest == [0, 0, 0]
    assert picture(-1, 6).positions(10, 2, 3).tolist() == [[12, 13, 14]]
    assert seen.positions(10, 2, 3).flags["C_CONTIGUOUS"]


TOKENS = st.lists(st.sampled_from([1, 2, -1, -1, -2]), max_size=12)


@given(TOKENS, st.integers(0, 12))
def test_what_is_kept_of_tokens_never_ends_inside_a_picture(tokens: list[int], length: int) -> None:
    length = min(length, len(tokens))
    kept = whole(tokens, length)
    assert kept <= length
    if 0 < kept < len(tokens):
        assert tokens[kept] >= 0 or tokens[kept] != tokens[kept - 1]
    assert len(set(tokens[kept:length])) <= 1, "no more than one picture is given up"


@given(TOKENS)
def test_a_text_alone_is_what_is_left_without_the_marks(tokens: list[int]) -> None:
    pictures = [Placed(0, picture(-1, 1))]
    assert list(without_pictures(tokens, pictures)) == [token for token in tokens if token > 0]
    assert without_pictures(tokens, ()) is tokens


def test_rows_are_counted() -> None:
    assert len(picture(-1, 5)) == 5
    assert picture(-1, 5).rows.dtype == np.float32

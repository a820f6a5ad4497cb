import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from tests.pictures import BLUE, RED, picture
from tests.projectors import KINDS, TEXT_WIDTH, qwen2vl_text

from paddock import random_model
from paddock.engine import media, pixels
from paddock.engine.backend import LoadSpec
from paddock.engine.llama import Weights
from paddock.engine.media import Projector
from paddock.engine.picture import Picture, Piece
from paddock.errors import EngineClosedError, ProjectorError, QueueFullError, RequestError
from paddock.random_model import Shape

pytestmark = pytest.mark.engine


@pytest.fixture
def opened(tiny_gguf: Path, tmp_path: Path) -> Iterator[Callable[..., Projector]]:
    """Opens a projector of a kind beside the text model that goes with it."""
    projectors: list[Projector] = []
    weights: list[Weights] = []

    def open_kind(kind: str, **fields: int) -> Projector:
        text = tiny_gguf
        if kind == "qwen2vl":
            text = qwen2vl_text(tmp_path / "text.gguf", tiny_gguf)
        weights.append(Weights(LoadSpec(text, num_ctx=64, num_thread=1, **fields)))
        path = KINDS[kind](tmp_path / f"{kind}.gguf")
        projectors.append(Projector(weights[-1], path))
        return projectors[-1]

    yield open_kind
    for projector in projectors:
        projector.close()
    for each in weights:
        each.close()


def only_picture(pieces: list[Piece]) -> Picture:
    (found,) = (piece for piece in pieces if isinstance(piece, Picture))
    return found


@pytest.mark.parametrize(
    ("kind", "rows", "is_causal"), [("llava", 4, True), ("gemma3", 4, False), ("qwen2vl", 12, True)]
)
def test_each_kind_makes_rows_as_wide_as_the_model(
    opened: Callable[..., Projector], kind: str, rows: int, is_causal: bool
) -> None:
    found = only_picture(opened(kind).encode(picture(60, 40, noise=1)))
    assert found.rows.shape == (rows, TEXT_WIDTH)
    assert found.is_causal is is_causal
    assert found.mark < 0
    assert np.isfinite(found.rows).all()


def test_a_grid_has_the_form_of_the_picture(opened: Callable[..., Projector]) -> None:
    found = only_picture(opened("qwen2vl").encode(picture(60, 40, noise=1)))
    assert found.grid is not None
    assert found.extent == 4
    assert found.positions(5, 0, 6).tolist() == [
        [5] * 6,
        [5, 5, 5, 5, 6, 6],
        [5, 6, 7, 8, 5, 6],
        [0] * 6,
    ]


def test_least_rows_enlarge_a_small_picture(opened: Callable[..., Projector]) -> None:
    found = only_picture(opened("qwen2vl", image_min_tokens=64).encode(picture(10, 10)))
    assert len(found) >= 64


def test_tokens_begin_and_end_a_picture_where_the_kind_has_them(
    opened: Callable[..., Projector],
) -> None:
    begin, seen, end = opened("gemma3").encode(picture())
    assert isinstance(begin, list)
    assert isinstance(seen, Picture)
    assert isinstance(end, list)
    assert opened("llava").encode(picture())[1:] == []


def test_the_same_file_has_the_same_mark_and_is_encoded_once(
    opened: Callable[..., Projector], monkeypatch: pytest.MonkeyPatch
) -> None:
    projector = opened("llava")
    first = only_picture(projector.encode(picture(noise=1)))
    other = only_picture(projector.encode(picture(noise=2)))
    monkeypatch.setattr(pixels, "read", lambda _: pytest.fail("read again"))
    assert only_picture(projector.encode(picture(noise=1))) is first
    assert other.mark != first.mark
    assert not np.allclose(first.rows, other.rows)


def test_a_picture_that_was_given_up_gets_its_mark_back(
    opened: Callable[..., Projector], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media, "KEPT_BYTES", 4 * TEXT_WIDTH * 4)
    projector = opened("llava")
    first = only_picture(projector.encode(picture(colour=RED)))
    projector.encode(picture(colour=BLUE))
    again = only_picture(projector.encode(picture(colour=RED)))
    assert again is not first
    assert again.mark == first.mark
    assert (again.rows == first.rows).all()


@pytest.mark.parametrize("kind", list(KINDS))
@pytest.mark.parametrize("size", [(1, 1), (1, 200), (200, 1), (3, 500), (1000, 17), (1500, 1500)])
def test_pictures_of_any_size_are_seen(
    opened: Callable[..., Projector], kind: str, size: tuple[int, int]
) -> None:
    assert len(only_picture(opened(kind).encode(picture(*size)))) > 0


def test_a_damaged_file_is_refused_and_the_next_one_is_read(
    opened: Callable[..., Projector],
) -> None:
    projector = opened("llava")
    with pytest.raises(RequestError, match="none of the formats"):
        projector.encode(b"no picture")
    assert projector.encode(picture())


def test_what_waits_for_its_turn_can_be_given_up_and_is_counted(
    opened: Callable[..., Projector],
) -> None:
    projector = opened("llava")
    projector._places = threading.BoundedSemaphore(1)
    with projector._one_at_a_time(), pytest.raises(QueueFullError):
        projector.encode(picture())

    def give_up() -> None:
        raise KeyError

    with pytest.raises(KeyError):
        projector.encode(picture(), give_up)
    assert projector.encode(picture())


def test_a_closed_projector_says_so(opened: Callable[..., Projector]) -> None:
    projector = opened("llava")
    projector.close()
    projector.close()
    with pytest.raises(EngineClosedError):
        projector.encode(picture())


def test_a_projector_of_another_models_width_is_refused_without_a_folder_in_the_words(
    tiny_gguf: Path, tmp_path: Path
) -> None:
    wide = Shape(layers=1, width=128, heads=4, kv_heads=2, feed_forward=128)
    weights = Weights(LoadSpec(random_model.write(tmp_path / "wide.gguf", wide), num_ctx=64))
    with pytest.raises(ProjectorError, match="mismatch between text model") as raised:
        Projector(weights, KINDS["llava"](tmp_path / "llava.gguf"))
    assert str(tmp_path) not in str(raised.value)
    weights.close()

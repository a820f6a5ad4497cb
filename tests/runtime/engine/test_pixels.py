from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests.pictures import GREEN, RED, picture, promising_png

from paddock.engine import pixels
from paddock.errors import RequestError, UnsupportedError


def saved(image: Image.Image, kind: str, **how: Any) -> bytes:
    file = BytesIO()
    image.save(file, kind, **how)
    return file.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP"])
def test_every_format_is_read(kind: str) -> None:
    found = pixels.read(picture(9, 5, GREEN, kind=kind))
    assert found.shape == (5, 9, 3)
    assert np.abs(found.astype(int) - GREEN).max() < 8


def test_lossless_pixels_arrive_as_they_are() -> None:
    file = picture(31, 17, noise=1)
    assert (pixels.read(file) == np.array(Image.open(BytesIO(file)))).all()


def test_a_photo_is_turned_the_way_people_see_it() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held upright
    image = Image.new("RGB", (20, 10), RED)
    assert pixels.read(saved(image, "JPEG", exif=exif)).shape == (20, 10, 3)


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGBA", "1", "I;16"])
def test_every_kind_of_pixels_becomes_red_green_and_blue(mode: str) -> None:
    if mode == "I;16":
        image = Image.fromarray(np.full((4, 6), 200 << 8, np.uint16))
    else:
        image = Image.new("L", (6, 4), 200).convert(mode)
    found = pixels.read(saved(image, "PNG"))
    assert found.shape == (4, 6, 3)
    assert found.dtype == np.uint8
    assert found.min() >= (199 if mode != "1" else 0)


BAD: list[tuple[str, bytes, type[RequestError], str]] = [
    ("nothing", b"", RequestError, "none of the formats"),
    ("text", b"cat", RequestError, "none of the formats"),
    ("cut", picture(64, 64, noise=1)[:300], RequestError, "damaged"),
    ("cut JPEG header", picture(64, 64, kind="JPEG")[:30], RequestError, "an image"),
    ("svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", RequestError, "none of the formats"),
    ("gigabytes", promising_png(30_000, 30_000), RequestError, "too many pixels"),
    ("more than allowed", promising_png(9_000, 9_000), RequestError, "9000 x 9000 pixels"),
    ("a bit more", promising_png(8_001, 8_000), RequestError, "scale it down"),
    ("no pixels behind the header", promising_png(100, 100), RequestError, "damaged"),
    ("a line", picture(300, 1), RequestError, "200 times as long"),
    ("a sound", b"RIFF\x24\0\0\0WAVEfmt ", UnsupportedError, "audio"),
    ("an mp3", b"ID3\x04\0\0", UnsupportedError, "audio"),
]


@pytest.mark.parametrize(("file", "kind", "message"), [b[1:] for b in BAD], ids=[b[0] for b in BAD])
def test_what_is_no_usable_picture_is_refused_with_the_reason(
    file: bytes, kind: type[RequestError], message: str
) -> None:
    with pytest.raises(kind, match=message):
        pixels.read(file)


def test_a_file_is_not_read_beyond_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pixels, "MAX_BYTES", 100)
    with pytest.raises(RequestError, match="larger than the 100 allowed"):
        pixels.read(picture(64, 64, noise=1))

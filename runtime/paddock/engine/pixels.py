"""Reads the file of a picture into pixels. Knows formats and bounds; knows no model.

Whatever the file claims, nothing is decoded before its format and its size are known to be allowed.
"""

from io import BytesIO
from typing import Any, Final

import numpy as np
from PIL import Image, ImageOps

from paddock.errors import RequestError, UnsupportedError

Pixels = np.ndarray[Any, np.dtype[np.uint8]]

MAX_BYTES: Final = 100 << 20
MAX_PIXELS: Final = 64_000_000
"""More than any encoder looks at; every one takes 10 bytes while the picture is prepared."""
MAX_RATIO: Final = 200
"""Of the sides. Encoders scale a picture by its longer one, and nothing would be left."""
_FORMATS: Final = ("JPEG", "PNG", "WEBP", "GIF", "BMP")
_SOUNDS: Final = (b"ID3", b"fLaC", b"OggS")


def read(file: bytes) -> Pixels:
    """The first picture in a file, the way up that people see it: (height, width, 3) of RGB.

    Raises RequestError that says what is wrong and what to do, UnsupportedError for a sound.
    """
    if len(file) > MAX_BYTES:
        raise RequestError(
            f"an image of {len(file):,} bytes is larger than the {MAX_BYTES:,} allowed; scale it "
            "down"
        )
    if _is_sound(file):
        raise UnsupportedError("audio: paddock does not hear; send a transcript")
    try:
        with _opened(file) as image:
            _check_size(*image.size)
            return _rgb(ImageOps.exif_transpose(image))
    except RequestError:
        raise
    except Exception as error:  # a damaged file raises anything
        raise RequestError(f"an image cannot be read, its file is damaged: {error}") from error


def _opened(file: bytes) -> Image.Image:
    try:
        return Image.open(BytesIO(file), formats=_FORMATS)
    except Image.UnidentifiedImageError as error:
        raise RequestError(
            f"an image is in none of the formats {', '.join(_FORMATS)}; convert it to one of them"
        ) from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise RequestError(f"an image has too many pixels ({error}); scale it down") from error


def _check_size(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise RequestError(
            f"an image of {width} x {height} pixels has more than the {MAX_PIXELS:,} allowed; "
            "scale it down"
        )
    if max(width, height) > MAX_RATIO * min(width, height):
        raise RequestError(
            f"an image of {width} x {height} pixels is more than {MAX_RATIO} times as long as "
            "wide; cut it into pieces"
        )


def _rgb(image: Image.Image) -> Pixels:
    if image.mode.startswith("I;16"):  # which `convert` would cut off at 255
        image = Image.fromarray((np.array(image) >> 8).astype(np.uint8))
    return np.ascontiguousarray(image.convert("RGB"))


def _is_sound(file: bytes) -> bool:
    is_wave = file[:4] == b"RIFF" and file[8:12] == b"WAVE"
    is_mpeg = len(file) > 1 and file[0] == 0xFF and file[1] & 0xE0 == 0xE0
    return is_wave or is_mpeg or file.startswith(_SOUNDS)

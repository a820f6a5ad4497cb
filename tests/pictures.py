"""Files of pictures, good ones and bad."""

import struct
import zlib
from io import BytesIO

import numpy as np
from PIL import Image

RED, GREEN, BLUE = (200, 30, 20), (20, 180, 60), (30, 40, 210)


def picture(
    width: int = 28,
    height: int = 28,
    colour: tuple[int, int, int] = RED,
    *,
    noise: int | None = None,
    kind: str = "PNG",
) -> bytes:
    """The file of a picture of one colour, or of random pixels by a seed."""
    image = Image.new("RGB", (width, height), colour)
    if noise is not None:
        pixels = np.random.default_rng(noise).integers(0, 256, (height, width, 3), np.uint8)
        image = Image.fromarray(pixels)
    file = BytesIO()
    image.save(file, kind)
    return file.getvalue()


def promising_png(width: int, height: int) -> bytes:
    """A PNG whose header promises more pixels than it holds."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 100)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, body) for kind, body in parts)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

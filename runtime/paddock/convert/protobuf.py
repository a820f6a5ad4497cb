"""Reads tokenizer.model, a protocol buffer of SentencePiece. Knows the few fields that matter.

The file is untrusted: every length is checked against what is left.
Format: https://github.com/google/sentencepiece/blob/master/src/sentencepiece_model.proto
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from struct import unpack
from typing import Final

from paddock.errors import RequestError

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_BPE: Final = 2
_NORMAL: Final = 1

Value = int | float | bytes


@dataclass(frozen=True, slots=True)
class Piece:
    text: str
    score: float
    type: int


@dataclass(frozen=True, slots=True)
class Model:
    pieces: tuple[Piece, ...]
    is_bpe: bool
    add_dummy_prefix: bool


def read_model(path: Path) -> Model:
    """RequestError for a file that is no such model."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise RequestError(f"{path}: cannot be read ({error.strerror})") from error
    try:
        return _model(data)
    except ValueError as error:
        raise RequestError(
            f"{path}: no SentencePiece model, or an incomplete one ({error}); download it again"
        ) from error


def _model(data: bytes) -> Model:
    pieces: list[Piece] = []
    is_bpe, add_dummy_prefix = False, True
    for number, value in fields(data):
        match number, value:
            case 1, bytes():
                pieces.append(_piece(value))
            case 2, bytes():  # how it was trained
                is_bpe = dict(fields(value)).get(3, 1) == _BPE
            case 3, bytes():  # how texts are normalised
                add_dummy_prefix = bool(dict(fields(value)).get(3, True))
            case _:
                pass
    if not pieces:
        raise ValueError("it has no pieces")
    return Model(tuple(pieces), is_bpe, add_dummy_prefix)


def _piece(data: bytes) -> Piece:
    found = dict(fields(data))
    text, score, kind = found.get(1, b""), found.get(2, 0.0), found.get(3, _NORMAL)
    if not isinstance(text, bytes) or not isinstance(score, float) or not isinstance(kind, int):
        raise ValueError("a piece has fields of other types")
    return Piece(text.decode("utf-8"), score, kind)


def fields(data: bytes) -> Iterator[tuple[int, Value]]:
    """Number and value of each field. ValueError when the bytes are no message."""
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        kind = tag & 7
        if kind == _VARINT:
            value, at = _varint(data, at)
            yield tag >> 3, value
            continue
        if kind == _BYTES:
            length, at = _varint(data, at)
        elif kind in (_FIXED32, _FIXED64):
            length = 4 if kind == _FIXED32 else 8
        else:
            raise ValueError(f"a field of the unknown kind {kind}")
        chunk = data[at : at + length]
        if len(chunk) < length:
            raise ValueError("it is cut short")
        at += length
        yield tag >> 3, _decoded(kind, chunk)


def _decoded(kind: int, chunk: bytes) -> Value:
    if kind == _BYTES:
        return chunk
    return unpack("<f" if kind == _FIXED32 else "<d", chunk)[0]


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """The number at a position, and the position behind it."""
    number = 0
    for shift in range(0, 70, 7):
        if at >= len(data):
            raise ValueError("it is cut short")
        byte = data[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, at
    raise ValueError("a number is too long")

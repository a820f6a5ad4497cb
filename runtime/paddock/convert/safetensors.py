"""Reads safetensors files. Knows the container and its number formats; knows no model.

A file is untrusted: nothing its header says is used before it was checked against the file's size.
Format: https://huggingface.co/docs/safetensors
"""

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any, Final

import numpy as np

from paddock.errors import RequestError, UnsupportedError

FloatArray = np.ndarray[Any, np.dtype[np.float32]]

_MAX_HEADER: Final = 100_000_000
_STORED_AS = {"F32": "<f4", "F16": "<f2", "BF16": "<u2", "F64": "<f8"}


@dataclass(frozen=True, slots=True)
class TensorInfo:
    """Where a tensor lies; `start` counts from the beginning of the file."""

    file: Path
    name: str
    dtype: str
    shape: tuple[int, ...]
    start: int
    size: int

    def read(self) -> FloatArray:
        """The values as float32. UnsupportedError for other than floating-point tensors."""
        return next(self.chunks(self.size), np.empty(0, np.float32)).reshape(self.shape)

    def chunks(self, limit: int) -> Iterator[FloatArray]:
        """The values as float32 in their order, flat, at most `limit` stored bytes at a time."""
        stored = self.check()
        step = max(limit // stored.itemsize, 1) * stored.itemsize
        with self.file.open("rb") as file:
            file.seek(self.start)
            for start in range(0, self.size, step):
                data = file.read(min(step, self.size - start))
                if len(data) != min(step, self.size - start):
                    raise _broken(self.file, f"tensor {self.name} is cut short")
                yield _to_float(self.dtype, np.frombuffer(data, stored))

    def check(self) -> np.dtype[Any]:
        """The type its numbers are stored as, if they can be read."""
        if self.dtype not in _STORED_AS:
            raise UnsupportedError(
                f"{self.file}: tensor {self.name} is {self.dtype}; paddock converts "
                f"{', '.join(_STORED_AS)}. Get the original weights, or the model as a GGUF file"
            )
        stored = np.dtype(_STORED_AS[self.dtype])
        if self.size != prod(self.shape) * stored.itemsize:
            raise _broken(self.file, f"tensor {self.name} does not have the size of its shape")
        return stored


def _to_float(dtype: str, values: np.ndarray[Any, np.dtype[Any]]) -> FloatArray:
    if dtype == "BF16":
        return (values.astype(np.uint32) << 16).view(np.float32)
    return values.astype(np.float32)


def read_header(path: Path) -> dict[str, TensorInfo]:
    """The tensors of a file by name. RequestError when it is no well-formed safetensors file."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(8)
            length = struct.unpack("<Q", head)[0] if len(head) == 8 else size
            if not 2 <= length <= min(size - 8, _MAX_HEADER):
                raise _broken(path, "its header is longer than the file")
            header = json.loads(file.read(length))
    except OSError as error:
        raise RequestError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        if isinstance(error, RequestError):
            raise
        raise _broken(path, "its header is not JSON") from error
    if not isinstance(header, dict):
        raise _broken(path, "its header is not a JSON object")
    data = 8 + length
    return {
        name: _tensor(path, name, entry, data, size)
        for name, entry in header.items()
        if name != "__metadata__"
    }


def _tensor(path: Path, name: str, entry: Any, data: int, size: int) -> TensorInfo:
    match entry:
        case {"dtype": str(dtype), "shape": list(shape), "data_offsets": [start, end]} if all(
            type(number) is int and number >= 0 for number in (*shape, start, end)
        ):
            if not start <= end <= size - data:
                raise _broken(path, f"tensor {name} lies outside the file")
            return TensorInfo(path, name, dtype, tuple(shape), data + start, end - start)
        case _:
            raise _broken(path, f"the entry of tensor {name} is malformed")


def _broken(path: Path, reason: str) -> RequestError:
    return RequestError(
        f"{path}: not a safetensors file, or an incomplete one ({reason}); download it again"
    )

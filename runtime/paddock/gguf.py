"""Reads a GGUF file's key-values and tensor table, and refuses what native code must not see.

Knows the container (format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md); knows no
model family and reads no weights. Arrays are walked over unless asked for: a vocabulary of 150,000
tokens costs milliseconds. The file is read through a small window, never mapped, so that a file cut
short by somebody else is an error and not a signal.
"""

import os
import stat
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from math import prod
from pathlib import Path
from struct import Struct
from typing import Any, BinaryIO, Final, TypeVar

from paddock import charsmap
from paddock.errors import GGUFError

T = TypeVar("T")

MAGIC: Final = b"GGUF"
_VERSIONS: Final = (2, 3)
_BIG_ENDIAN_VERSIONS: Final = tuple(version << 24 for version in (1, *_VERSIONS))

_SCALARS: Final[dict[int, Struct]] = {
    0: Struct("<B"),
    1: Struct("<b"),
    2: Struct("<H"),
    3: Struct("<h"),
    4: Struct("<I"),
    5: Struct("<i"),
    6: Struct("<f"),
    7: Struct("<?"),
    10: Struct("<Q"),
    11: Struct("<q"),
    12: Struct("<d"),
}
_STRING: Final = 8
_ARRAY: Final = 9
_U32: Final = _SCALARS[4]
_U64: Final = _SCALARS[10]

TENSOR_TYPES: Final[dict[int, tuple[int, int]]] = {
    0: (1, 4),
    1: (1, 2),
    2: (32, 18),
    3: (32, 20),
    6: (32, 22),
    7: (32, 24),
    8: (32, 34),
    9: (32, 40),
    10: (256, 84),
    11: (256, 110),
    12: (256, 144),
    13: (256, 176),
    14: (256, 210),
    15: (256, 292),
    16: (256, 66),
    17: (256, 74),
    18: (256, 98),
    19: (256, 50),
    20: (32, 18),
    21: (256, 110),
    22: (256, 82),
    23: (256, 136),
    24: (1, 1),
    25: (1, 2),
    26: (1, 4),
    27: (1, 8),
    28: (1, 8),
    29: (256, 56),
    30: (1, 2),
    34: (256, 54),
    35: (256, 66),
    39: (32, 17),
    40: (64, 36),
    41: (128, 18),
}
"""Tensor type -> elements per block, bytes per block."""

TYPE_NAMES: Final[dict[int, str]] = {
    0: "F32",
    1: "F16",
    2: "Q4_0",
    3: "Q4_1",
    6: "Q5_0",
    7: "Q5_1",
    8: "Q8_0",
    9: "Q8_1",
    10: "Q2_K",
    11: "Q3_K",
    12: "Q4_K",
    13: "Q5_K",
    14: "Q6_K",
    15: "Q8_K",
    16: "IQ2_XXS",
    17: "IQ2_XS",
    18: "IQ3_XXS",
    19: "IQ1_S",
    20: "IQ4_NL",
    21: "IQ3_S",
    22: "IQ2_S",
    23: "IQ4_XS",
    24: "I8",
    25: "I16",
    26: "I32",
    27: "I64",
    28: "F64",
    29: "IQ1_M",
    30: "BF16",
    34: "TQ1_0",
    35: "TQ2_0",
    39: "MXFP4",
    40: "NVFP4",
    41: "Q1_0",
}
"""Tensor type -> its name."""

FILE_TYPES: Final[dict[int, str]] = {
    0: "F32",
    1: "F16",
    2: "Q4_0",
    3: "Q4_1",
    7: "Q8_0",
    8: "Q5_0",
    9: "Q5_1",
    10: "Q2_K",
    11: "Q3_K_S",
    12: "Q3_K_M",
    13: "Q3_K_L",
    14: "Q4_K_S",
    15: "Q4_K_M",
    16: "Q5_K_S",
    17: "Q5_K_M",
    18: "Q6_K",
    19: "IQ2_XXS",
    20: "IQ2_XS",
    21: "Q2_K_S",
    22: "IQ3_XS",
    23: "IQ3_XXS",
    24: "IQ1_S",
    25: "IQ4_NL",
    26: "IQ3_S",
    27: "IQ3_M",
    28: "IQ2_S",
    29: "IQ2_M",
    30: "IQ4_XS",
    31: "IQ1_M",
    32: "BF16",
    36: "TQ1_0",
    37: "TQ2_0",
    38: "MXFP4_MOE",
    39: "NVFP4",
    40: "Q1_0",
}
"""`general.file_type` -> the name of the quantisation."""

_WINDOW: Final = 1 << 20
_GLANCE: Final = 1 << 14
_MAX_STRING: Final = 16 << 20
_MAX_KEY: Final = 65_535
_MAX_TENSOR_NAME: Final = 63
_MAX_DIMS: Final = 4
_MAX_ARRAY: Final = 1 << 22
_MAX_ALIGNMENT: Final = 1 << 20
_MAX_ELEMENTS: Final = 2**63 - 1
_MAX_FLOAT: Final = 3.4e38
_MIN_KEY_VALUE: Final = 8 + 1 + 4 + 1
_MIN_TENSOR: Final = 8 + 4 + 4 + 8
_TOKENIZER: Final = "tokenizer."
_TOKENS: Final = "tokenizer.ggml.tokens"
_CHARSMAP: Final = "tokenizer.ggml.precompiled_charsmap"
_ARRAY_KINDS: Final[dict[str, tuple[int, ...]]] = {
    _TOKENS: (_STRING,),
    "tokenizer.ggml.merges": (_STRING,),
    _CHARSMAP: (0, 1),
}
"""Where the loader ends the process (GGML_ASSERT) for other types."""
_NON_ZERO: Final = ("context_length", "embedding_length", "vocab_size")
_BOUNDS: Final[dict[str, tuple[float, float]]] = {
    "block_count": (1, 512),
    "attention.layer_norm_epsilon": (0.0, _MAX_FLOAT),
    "attention.layer_norm_rms_epsilon": (0.0, _MAX_FLOAT),
    "attention.group_norm_epsilon": (0.0, _MAX_FLOAT),
}
"""Beyond them the library ends the process (GGML_ASSERT), when it loads or at the first step."""


@dataclass(frozen=True, slots=True)
class TensorInfo:
    name: str
    dims: tuple[int, ...]
    type: int
    offset: int
    """From the start of the file's tensor data."""
    size: int
    """In bytes."""

    @property
    def elements(self) -> int:
        return prod(self.dims)


@dataclass(frozen=True, slots=True)
class GGUF:
    """The header of one file."""

    path: Path
    version: int
    metadata: Mapping[str, Any]
    """Scalars and strings, and those arrays that were asked for."""
    array_lengths: Mapping[str, int]
    """Every array's number of elements."""
    tensors: tuple[TensorInfo, ...]
    data_offset: int
    """Where the tensor data starts in the file."""
    kinds: Mapping[str, int] = field(default_factory=dict[str, int])
    """Of scalars and strings, as the file numbers them: some readers end the process at another
    than the expected one."""

    @property
    def architecture(self) -> str:
        """Empty when the file does not say."""
        return self.metadata.get("general.architecture", "")

    def get(self, key: str, default: Any = None) -> Any:
        """The value of `<architecture>.<key>`."""
        return self.metadata.get(f"{self.architecture}.{key}", default)

    @property
    def n_params(self) -> int:
        return sum(tensor.elements for tensor in self.tensors)

    @property
    def file_type(self) -> str:
        """Name of the quantisation; an explicit 0 is F32, only an absent value is unknown."""
        number = self.metadata.get("general.file_type")
        return FILE_TYPES.get(number, "unknown") if isinstance(number, int) else "unknown"


def is_gguf(path: Path) -> bool:
    """Whether the file starts like a GGUF; says nothing about the rest."""
    try:
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


def read(path: Path, *, arrays: bool | Collection[str] = False) -> GGUF:
    """The checked header of a file. `arrays`: True for all, or the keys of those wanted.

    Raises GGUFError, and nothing else, for whatever the file may hold.
    """
    return _opened(path, lambda cursor: _read(cursor, arrays), _WINDOW)


def glance(path: Path) -> Mapping[str, Any]:
    """The keys before the vocabulary, which is most of a header: enough to list a model.

    Nothing that follows is looked at, so the file is not fit for native code yet. Raises GGUFError.
    """
    return _opened(path, _glance, _GLANCE)


def _opened(path: Path, read: "Callable[[_Cursor], T]", window: int) -> T:
    try:
        # A FIFO would block in open() and a device never ends.
        if not stat.S_ISREG(path.stat().st_mode):
            raise GGUFError(f"{path}: not a regular file; give the path of a .gguf file")
        with path.open("rb", buffering=0) as file:
            size = os.fstat(file.fileno()).st_size
            return read(_Cursor(file, path, size, window))
    except FileNotFoundError as error:
        raise GGUFError(f"{path}: no such file") from error
    except (OSError, ValueError) as error:
        if isinstance(error, GGUFError):
            raise
        raise GGUFError(f"{path}: cannot be read: {error}") from error


class _Cursor:
    """A position in the file and the window of bytes around it; nothing is read past the end."""

    def __init__(self, file: BinaryIO | Any, path: Path, size: int, reach: int) -> None:
        self._file = file
        self._size = size
        self._reach = reach
        self._window = b""
        self._start = 0
        self._at = 0
        self.path = path

    @property
    def position(self) -> int:
        return self._start + self._at

    @property
    def remaining(self) -> int:
        return self._size - self.position

    @property
    def size(self) -> int:
        return self._size

    def error(self, what: str) -> GGUFError:
        return GGUFError(f"{self.path}: {what}")

    def truncated(self, what: str) -> GGUFError:
        return self.error(
            f"truncated or damaged: {what} does not fit the file's {self._size} bytes; "
            "download or convert it again"
        )

    def take(self, count: int, what: str) -> bytes:
        self._need(count, what)
        self._at += count
        return self._window[self._at - count : self._at]

    def unpack(self, struct: Struct, what: str) -> Any:
        if self._at + struct.size > len(self._window):
            self._need(struct.size, what)
        self._at += struct.size
        return struct.unpack_from(self._window, self._at - struct.size)[0]

    def skip(self, count: int, what: str) -> None:
        if count > self.remaining:
            raise self.truncated(what)
        self._at += count

    def skip_strings(self, count: int, what: str) -> None:
        unpack = _U64.unpack_from
        while count:
            self._need(_U64.size, what)
            window, at = self._window, self._at
            last = len(window) - _U64.size
            while count and at <= last:
                at += _U64.size + unpack(window, at)[0]
                count -= 1
            self.skip(at - self._at, what)

    def strings(self, count: int, what: str) -> list[bytes]:
        found: list[bytes] = []
        unpack = _U64.unpack_from
        while len(found) < count:
            window, at = self._window, self._at
            last = len(window) - _U64.size
            while len(found) < count and at <= last:
                end = at + _U64.size + unpack(window, at)[0]
                if end > len(window):
                    break
                found.append(window[at + _U64.size : end])
                at = end
            self._at = at
            if len(found) < count:  # the next one lies across the window's edge
                found.append(self.string(_MAX_STRING, what))
        return found

    def string(self, limit: int, what: str) -> bytes:
        length = self.unpack(_U64, what)
        if length > self.remaining:
            raise self.truncated(what)
        if length > limit:
            raise self.error(f"{what} is {length} bytes long, more than the {limit} allowed")
        return self.take(length, what)

    def text(self, limit: int, what: str) -> str:
        return self.string(limit, what).decode("utf-8", "replace")

    def _need(self, count: int, what: str) -> None:
        """Moves the window until `count` bytes lie ahead of the position in it."""
        if count <= len(self._window) - self._at:
            return
        if count > self.remaining:
            raise self.truncated(what)
        self._start, self._at = self.position, 0
        self._file.seek(self._start)
        self._window = self._read(max(count, min(self._reach, self._size - self._start)))
        if len(self._window) < count:  # the file shrank since its size was taken
            raise self.truncated(what)

    def _read(self, count: int) -> bytes:
        chunks: list[bytes] = []
        while count and (chunk := self._file.read(count)):
            chunks.append(chunk)
            count -= len(chunk)
        return b"".join(chunks)


def _read(cursor: _Cursor, arrays: bool | Collection[str]) -> GGUF:
    version, n_tensors, n_key_values = _beginning(cursor)
    metadata, lengths, kinds = _key_values(cursor, n_key_values, arrays)
    _check_metadata(cursor, metadata)
    alignment = _alignment(cursor, metadata)
    tensors = tuple(_tensor(cursor, alignment) for _ in range(n_tensors))
    data_offset = -(-cursor.position // alignment) * alignment
    _check_tensors(cursor, tensors, data_offset)
    return GGUF(cursor.path, version, metadata, lengths, tensors, data_offset, kinds)


def _glance(cursor: _Cursor) -> Mapping[str, Any]:
    _, _, n_key_values = _beginning(cursor)
    metadata, _, _ = _key_values(cursor, n_key_values, False, until=_TOKENIZER)
    _check_metadata(cursor, metadata)
    return metadata


def _beginning(cursor: _Cursor) -> tuple[int, int, int]:
    """Version, number of tensors, number of keys."""
    version = _version(cursor)
    n_tensors = cursor.unpack(_U64, "the number of tensors")
    n_key_values = cursor.unpack(_U64, "the number of keys")
    if n_tensors * _MIN_TENSOR + n_key_values * _MIN_KEY_VALUE > cursor.remaining:
        raise cursor.truncated(f"a header of {n_key_values} keys and {n_tensors} tensors")
    return version, n_tensors, n_key_values


def _version(cursor: _Cursor) -> int:
    if cursor.size < len(MAGIC) or cursor.take(len(MAGIC), "the magic bytes") != MAGIC:
        raise cursor.error("not a GGUF file (wrong magic bytes); give the path of a .gguf file")
    version = cursor.unpack(_U32, "the version")
    if version in _BIG_ENDIAN_VERSIONS:
        raise cursor.error("a big-endian GGUF; convert the model again for a little-endian machine")
    if version not in _VERSIONS:
        raise cursor.error(
            f"GGUF version {version} is not supported, only 2 and 3; convert the model again"
        )
    return version


def _key_values(
    cursor: _Cursor, count: int, arrays: bool | Collection[str], until: str = ""
) -> tuple[dict[str, Any], dict[str, int], dict[str, int]]:
    """All of them, or those before the first key that begins with `until`: values, lengths of
    arrays, kinds of the others."""
    metadata: dict[str, Any] = {}
    lengths: dict[str, int] = {}
    kinds: dict[str, int] = {}
    for index in range(count):
        key = cursor.text(_MAX_KEY, f"key {index}")
        if until and key.startswith(until):
            break
        if not key or key in metadata or key in lengths:
            raise cursor.error(f"key {index} {key!r} is empty or appears twice; convert it again")
        kind = cursor.unpack(_U32, f"the type of {key!r}")
        if kind != _ARRAY:
            if key in _ARRAY_KINDS:
                raise cursor.error(f"{key!r} is no array; convert the model again")
            metadata[key] = _value(cursor, kind, key)
            kinds[key] = kind
            continue
        wanted = arrays if isinstance(arrays, bool) else key in arrays
        values, lengths[key] = _array(cursor, key, wanted)
        if wanted:
            metadata[key] = values
    return metadata, lengths, kinds


def _value(cursor: _Cursor, kind: int, key: str) -> Any:
    if kind == _STRING:
        return cursor.text(_MAX_STRING, f"the value of {key!r}")
    struct = _SCALARS.get(kind)
    if struct is None:
        raise cursor.error(f"{key!r} has the unknown type {kind}; convert the model again")
    return cursor.unpack(struct, f"the value of {key!r}")


def _array(cursor: _Cursor, key: str, wanted: bool) -> tuple[list[Any], int]:
    kind = cursor.unpack(_U32, f"the element type of {key!r}")
    count = cursor.unpack(_U64, f"the length of {key!r}")
    if kind == _ARRAY:
        raise cursor.error(f"{key!r} is an array of arrays, which no loader accepts")
    if kind not in _ARRAY_KINDS.get(key, (_STRING, *_SCALARS)):
        raise cursor.error(f"{key!r} has the wrong element type {kind}; convert the model again")
    width = _U64.size if kind == _STRING else _SCALARS[kind].size
    if count * width > cursor.remaining:
        raise cursor.truncated(f"the array {key!r} of {count} elements")
    if count > _MAX_ARRAY:
        raise cursor.error(f"the array {key!r} has {count} elements, {_MAX_ARRAY} are allowed")
    if kind == _STRING:
        return _strings(cursor, key, count, wanted), count
    if not wanted and key != _CHARSMAP:
        cursor.skip(count * width, f"the array {key!r}")
        return [], count
    data = cursor.take(count * width, f"the array {key!r}")
    if key == _CHARSMAP and not charsmap.is_safe(data):
        raise cursor.error(
            f"{key!r} is damaged, and would be read beyond its end; download or convert it again"
        )
    if not wanted:
        return [], count
    return [value for (value,) in _SCALARS[kind].iter_unpack(data)], count


def _strings(cursor: _Cursor, key: str, count: int, wanted: bool) -> list[str]:
    if not wanted and key != _TOKENS:
        cursor.skip_strings(count, f"the array {key!r}")
        return []
    found = cursor.strings(count, f"the array {key!r}")
    if key == _TOKENS:
        _check_tokens(cursor, found)
    return [text.decode("utf-8", "replace") for text in found] if wanted else []


def _check_tokens(cursor: _Cursor, tokens: list[bytes]) -> None:
    """The loader ends the process (GGML_ASSERT) when two are equal; empty ones it renames."""
    if len(set(tokens)) + max(tokens.count(b"") - 1, 0) != len(tokens):
        raise cursor.error("two tokens of the vocabulary are equal; convert the model again")


def _check_metadata(cursor: _Cursor, metadata: Mapping[str, Any]) -> None:
    architecture = metadata.get("general.architecture", "")
    if not isinstance(architecture, str):
        raise cursor.error("general.architecture is not a text; convert the model again")
    for name in _NON_ZERO:
        if metadata.get(f"{architecture}.{name}", 1) == 0:
            raise cursor.error(f"{architecture}.{name} is 0; convert the model again")
    for name, (low, high) in _BOUNDS.items():
        value = metadata.get(f"{architecture}.{name}", low)
        if isinstance(value, int | float) and not low <= value <= high:
            raise cursor.error(
                f"{architecture}.{name} is {value}, not between {low:g} and {high:g}; "
                "convert the model again"
            )


def _alignment(cursor: _Cursor, metadata: Mapping[str, Any]) -> int:
    alignment = metadata.get("general.alignment", 32)
    if (
        not isinstance(alignment, int)
        or not 0 < alignment <= _MAX_ALIGNMENT
        or alignment.bit_count() != 1
    ):
        raise cursor.error(f"the alignment {alignment!r} is no power of two up to {_MAX_ALIGNMENT}")
    return alignment


def _tensor(cursor: _Cursor, alignment: int) -> TensorInfo:
    name = cursor.text(_MAX_TENSOR_NAME, "a tensor's name")
    n_dims = cursor.unpack(_U32, f"the dimensions of tensor {name!r}")
    if n_dims > _MAX_DIMS:
        raise cursor.error(f"tensor {name!r} has {n_dims} dimensions, {_MAX_DIMS} are allowed")
    dims = tuple(cursor.unpack(_U64, f"the dimensions of tensor {name!r}") for _ in range(n_dims))
    kind = cursor.unpack(_U32, f"the type of tensor {name!r}")
    offset = cursor.unpack(_U64, f"the offset of tensor {name!r}")
    if kind not in TENSOR_TYPES:
        raise cursor.error(
            f"tensor {name!r} has the unknown type {kind}; a newer paddock may know it, or use "
            "another quantisation of the model"
        )
    block, width = TENSOR_TYPES[kind]
    elements = prod(dims)
    if max(dims, default=0) > _MAX_ELEMENTS or elements > _MAX_ELEMENTS:
        raise cursor.error(f"tensor {name!r} of shape {dims} has more elements than can be counted")
    if (dims[0] if dims else 1) % block:
        raise cursor.error(f"tensor {name!r} of shape {dims} has rows that are no whole blocks")
    if offset % alignment:
        raise cursor.error(f"tensor {name!r} starts at {offset}, which is not aligned")
    return TensorInfo(name, dims, kind, offset, elements // block * width)


def _check_tensors(cursor: _Cursor, tensors: tuple[TensorInfo, ...], data_offset: int) -> None:
    if len({tensor.name for tensor in tensors}) != len(tensors):
        raise cursor.error("two tensors have the same name; convert the model again")
    for tensor in tensors:
        end = data_offset + tensor.offset + tensor.size
        if end > cursor.size:
            raise cursor.truncated(f"tensor {tensor.name!r}, which ends at byte {end},")
    for before, after in pairwise(sorted(tensors, key=lambda tensor: (tensor.offset, tensor.size))):
        if before.offset + before.size > after.offset:
            raise cursor.error(f"tensors {before.name!r} and {after.name!r} overlap")

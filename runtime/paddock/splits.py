"""Joins the shards of a split GGUF into one: `m-00001-of-00003.gguf` and its companions.

Knows file names, split metadata and the container; knows no store and no model family. The joined
file is the first shard's metadata without what speaks of the split, then all tensors in the order
of the shards. Weights pass through in small pieces.
"""

import re
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from struct import Struct
from typing import Final

from paddock import gguf
from paddock.errors import GGUFError
from paddock.gguf import GGUF, TensorInfo

SHARD_NAME: Final = re.compile(
    r"(?P<prefix>.*)-(?P<index>\d{5})-of-(?P<count>\d{5})\.gguf", re.DOTALL
)
_SPLIT_KEYS: Final = (b"split.no", b"split.count", b"split.tensors.count")
_CHUNK: Final = 1 << 20
_COUNTS_END: Final = 24
_U32: Final = Struct("<I")
_U64: Final = Struct("<Q")
_WIDTHS: Final = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
"""Bytes of a scalar of each type."""
_STRING: Final = 8
_ARRAY: Final = 9


@dataclass(frozen=True, slots=True)
class _Shard:
    name: str
    header: GGUF
    prefix: str
    index: int
    """From 0."""
    count: int


def shard_count(header: GGUF) -> int:
    """Of how many files this one is a part; 1 if it is whole."""
    for count in (header.metadata.get("split.count"), header.get("split.count")):
        if isinstance(count, int) and count > 1:
            return count
    return 1


def grouped(headers: Mapping[str, GGUF]) -> list[tuple[GGUF, ...]]:
    """The files by model: whole ones alone, shards together and in their order.

    Raises GGUFError for shards that are no complete set.
    """
    groups: dict[str, list[_Shard]] = {}
    models: list[tuple[str, GGUF | None]] = []
    for name, header in headers.items():
        if shard_count(header) == 1:
            models.append((name, header))
            continue
        shard = _shard(name, header)
        if shard.prefix not in groups:
            models.append((shard.prefix, None))
        groups.setdefault(shard.prefix, []).append(shard)
    return [_complete(groups[name]) if header is None else (header,) for name, header in models]


def _shard(name: str, header: GGUF) -> _Shard:
    match = SHARD_NAME.fullmatch(name.rsplit("/", 1)[-1])
    if match is None:
        raise GGUFError(f'split GGUF "{name}" must use llama.cpp split filename pattern')
    count, index = int(match["count"]), int(match["index"]) - 1
    stated, number = shard_count(header), _number(header)
    if count != stated:
        raise GGUFError(
            f'split GGUF "{name}" filename count {count} does not match metadata count {stated}'
        )
    if number is None:
        raise GGUFError(f'split GGUF "{name}" is missing split.no metadata')
    if index != number:
        raise GGUFError(
            f'split GGUF "{name}" filename index {index} does not match metadata index {number}'
        )
    return _Shard(name, header, match["prefix"], index, count)


def _number(header: GGUF) -> int | None:
    for number in (header.metadata.get("split.no"), header.get("split.no")):
        if isinstance(number, int):
            return number
    return None


def _complete(shards: Sequence[_Shard]) -> tuple[GGUF, ...]:
    first = shards[0]
    by_index: dict[int, GGUF] = {}
    for shard in shards:
        if shard.count != first.count:
            raise GGUFError(
                f'split GGUF "{shard.name}" has {shard.count} shards, expected {first.count}'
            )
        if shard.index in by_index:
            raise GGUFError(f"split GGUF has duplicate shard index {shard.index}")
        by_index[shard.index] = shard.header
    missing = [index for index in range(first.count) if index not in by_index]
    if missing:
        raise GGUFError(f'split GGUF "{first.name}" is missing shard {missing[0]}')
    return tuple(by_index[index] for index in range(first.count))


# -- joining ---------------------------------------------------------------------------------------


def joined(shards: Sequence[GGUF]) -> Iterator[bytes]:
    """The bytes of the one file that the shards are.

    Raises GGUFError for shards that do not belong together, or were changed meanwhile.
    """
    first = shards[0]
    alignment: int = first.metadata.get("general.alignment", 32)
    tensors = [tensor for shard in shards for tensor in shard.tensors]
    _check(first, tensors)
    count, metadata = _metadata(first)
    infos, offset = bytearray(), 0
    for tensor in tensors:
        infos += _info(replace(tensor, offset=offset))
        offset += tensor.size + -tensor.size % alignment
    counts = _U64.pack(len(tensors)) + _U64.pack(count)
    head = gguf.MAGIC + _U32.pack(first.version) + counts + metadata + infos
    yield head + bytes(-len(head) % alignment)
    for shard in shards:
        yield from _weights(shard, alignment)


def _check(first: GGUF, tensors: Sequence[TensorInfo]) -> None:
    if len({tensor.name for tensor in tensors}) != len(tensors):
        raise GGUFError(f"{first.path}: two shards have the same tensor; download them again")
    stated = first.metadata.get("split.tensors.count")
    if isinstance(stated, int) and stated != len(tensors):
        raise GGUFError(
            f"{first.path}: the shards have {len(tensors)} tensors, not {stated} as stated; "
            "download them again"
        )


def _info(tensor: TensorInfo) -> bytes:
    name = tensor.name.encode()
    dims = b"".join(map(_U64.pack, tensor.dims))
    return (
        _U64.pack(len(name)) + name + _U32.pack(len(tensor.dims)) + dims
        + _U32.pack(tensor.type) + _U64.pack(tensor.offset)
    )  # fmt: skip


def _weights(shard: GGUF, alignment: int) -> Iterator[bytes]:
    with shard.path.open("rb") as file:
        for tensor in shard.tensors:
            file.seek(shard.data_offset + tensor.offset)
            left = tensor.size
            while left:
                chunk = file.read(min(left, _CHUNK))
                if not chunk:
                    raise GGUFError(f"{shard.path}: was cut while it was read; download it again")
                left -= len(chunk)
                yield chunk
            yield bytes(-tensor.size % alignment)


def _metadata(header: GGUF) -> tuple[int, bytes]:
    """The key-values of a checked file as they are, without those of the split; and their number.

    Taken as bytes, so that types stay what they were.
    """
    with header.path.open("rb") as file:
        content = file.read(header.data_offset)
    kept: list[bytes] = []
    dropped = {*_SPLIT_KEYS, *(f"{header.architecture}.".encode() + key for key in _SPLIT_KEYS)}
    try:
        at = _COUNTS_END
        for _ in range(_U64.unpack_from(content, _COUNTS_END - _U64.size)[0]):
            start = at
            length = _U64.unpack_from(content, at)[0]
            key = content[at + 8 : at + 8 + length]
            at = _after_value(content, at + 8 + length)
            if key not in dropped:
                kept.append(content[start:at])
    except (struct.error, KeyError, OverflowError) as error:
        raise GGUFError(f"{header.path}: was changed while it was read; try again") from error
    return len(kept), b"".join(kept)


def _after_value(content: bytes, at: int) -> int:
    kind = _U32.unpack_from(content, at)[0]
    at += 4
    count = 1
    if kind == _ARRAY:
        kind, count = _U32.unpack_from(content, at)[0], _U64.unpack_from(content, at + 4)[0]
        at += 12
    if kind != _STRING:
        return at + _WIDTHS[kind] * count
    for _ in range(count):
        at += 8 + _U64.unpack_from(content, at)[0]
    return at

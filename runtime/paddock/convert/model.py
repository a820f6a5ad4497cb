"""A converted model as values, and the GGUF file made of it. Knows the container and its number
formats; knows no family and no folder.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import Any, BinaryIO, Final, Literal, get_args

import numpy as np
from gguf import GGMLQuantizationType, GGUFWriter, LlamaFileType

from paddock import gguf
from paddock.convert.safetensors import FloatArray, TensorInfo
from paddock.errors import RequestError, UnsupportedError

Fact = (
    str
    | bytes
    | bool
    | int
    | float
    | Sequence[str]
    | Sequence[int]
    | Sequence[float]
    | Sequence[bool]
)
Facts = Mapping[str, Fact]
"""Keys of a GGUF, in which `{arch}` stands for the architecture, and their values."""

Change = Callable[[FloatArray], FloatArray]
"""What a tensor's values become; its shape stays."""

Precision = Literal["F16", "BF16", "F32"]

_CHUNK: Final = 64 * 2**20
"""Bytes of a tensor read at once, where it is taken over as it is."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A tensor that the GGUF must have."""

    name: str
    shape: tuple[int, ...]
    is_exact: bool = False
    """A matrix that stays f32 because llama.cpp needs it so; vectors always do."""
    change: Change | None = None


@dataclass(frozen=True, slots=True)
class Weight:
    """A wanted tensor and its values."""

    wanted: Wanted
    source: TensorInfo | FloatArray

    def chunks(self) -> Iterator[FloatArray]:
        """The values in order, some rows at a time."""
        if isinstance(self.source, TensorInfo) and self.wanted.change is None:
            yield from self.source.chunks(_CHUNK)
            return
        values = self.source.read() if isinstance(self.source, TensorInfo) else self.source
        yield values if self.wanted.change is None else self.wanted.change(values)


@dataclass(frozen=True, slots=True)
class Model:
    """Everything a GGUF file says."""

    architecture: str
    facts: Facts
    weights: Sequence[Weight] = field(default_factory=tuple[Weight, ...])


def parse_precision(name: str) -> Precision:
    """UnsupportedError for another than the three, which can be had by quantising only."""
    wanted = name.upper()
    for precision in get_args(Precision):
        if wanted == precision:
            return precision
    raise UnsupportedError(
        f"weights are converted to {', '.join(get_args(Precision))}, not to {name}; quantise the "
        "converted model"
    )


def write(model: Model, output: Path, precision: Precision) -> None:
    """Matrices as `precision`, the rest as f32. On any error `output` is as before."""
    partial = output.with_name(output.name + ".partial")
    try:
        _write_head(model, partial, precision)
        with partial.open("ab") as file:
            _pad(file)
            for weight in model.weights:
                _write_values(file, weight, _stored(weight.wanted, precision))
                _pad(file)
        gguf.read(partial)
        partial.replace(output)
    finally:
        partial.unlink(missing_ok=True)


def _write_head(model: Model, path: Path, precision: Precision) -> None:
    writer = GGUFWriter(path, model.architecture)
    try:
        for key, fact in model.facts.items():
            _add(writer, key.format(arch=model.architecture), fact)
        writer.add_file_type(_FORMATS[precision].file_type)
        for weight in model.weights:
            name, shape = weight.wanted.name, weight.wanted.shape
            stored = _stored(weight.wanted, precision)
            writer.add_tensor_info(
                name, shape, stored.dtype, prod(shape) * stored.dtype.itemsize, stored.kind
            )
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_ti_data_to_file()
    finally:
        writer.close()


def _add(writer: GGUFWriter, key: str, fact: Fact) -> None:
    match fact:
        case str():
            # The writer's own method leaves empty ones out.
            writer.add_string(key, fact)
        case bytes():
            writer.add_array(key, fact)
        case bool():
            writer.add_bool(key, fact)
        case int():
            writer.add_uint32(key, fact)
        case float():
            writer.add_float32(key, fact)
        case _:
            writer.add_array(key, list(fact))


def _pad(file: BinaryIO) -> None:
    file.write(bytes(-file.tell() % _ALIGNMENT))


def _write_values(file: BinaryIO, weight: Weight, stored: "_Format") -> None:
    for values in weight.chunks():
        with np.errstate(over="ignore"):
            encoded = stored.encode(values)
        is_sound = np.isfinite(encoded if stored.kind != GGMLQuantizationType.BF16 else values)
        if not is_sound.all():
            source = weight.source
            where = f"{source.file}: tensor {source.name}" if isinstance(source, TensorInfo) else ""
            raise RequestError(
                f"{where or weight.wanted.name} has values that {stored.kind.name.lower()} cannot "
                "hold; download the weights again"
            )
        file.write(np.ascontiguousarray(encoded).data)


# -- number formats --------------------------------------------------------------------------------

_ALIGNMENT: Final = 32


@dataclass(frozen=True, slots=True)
class _Format:
    kind: GGMLQuantizationType
    file_type: LlamaFileType
    dtype: np.dtype[Any]
    encode: Callable[[FloatArray], np.ndarray[Any, np.dtype[Any]]]


def _to_bf16(values: FloatArray) -> np.ndarray[Any, np.dtype[Any]]:
    """Rounded to nearest, ties to even."""
    bits = np.ascontiguousarray(values, np.float32).view(np.uint32)
    return ((bits + (0x7FFF + ((bits >> 16) & 1))) >> 16).astype(np.uint16)


_FORMATS: Final[dict[Precision, _Format]] = {
    "F32": _Format(
        GGMLQuantizationType.F32,
        LlamaFileType.ALL_F32,
        np.dtype("<f4"),
        lambda values: values.astype("<f4", copy=False),
    ),
    "F16": _Format(
        GGMLQuantizationType.F16,
        LlamaFileType.MOSTLY_F16,
        np.dtype("<f2"),
        lambda values: values.astype("<f2"),
    ),
    "BF16": _Format(
        GGMLQuantizationType.BF16, LlamaFileType.MOSTLY_BF16, np.dtype("<u2"), _to_bf16
    ),
}


def _stored(wanted: Wanted, precision: Precision) -> _Format:
    is_exact = wanted.is_exact or len(wanted.shape) == 1
    return _FORMATS["F32" if is_exact else precision]

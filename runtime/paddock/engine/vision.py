"""Whether a projector's file is one that libmtmd survives: it ends the process at what it does not
expect. Pure; knows metadata and shapes, and reads no tensor.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from paddock import gguf
from paddock.errors import GGUFError, UnsupportedError
from paddock.gguf import GGUF

_U32, _I32, _F32, _BOOL, _STRING = 4, 5, 6, 7, 8

_KINDS: Final[dict[str, int]] = {
    "general.name": _STRING,
    "general.description": _STRING,
    "clip.projector_type": _STRING,
    "clip.vision.projector_type": _STRING,
    "clip.audio.projector_type": _STRING,
    "clip.gen.audio.projector_type": _STRING,
    "clip.gen.audio.model_variant": _STRING,
    "clip.vision.mm_patch_merge_type": _STRING,
    "clip.has_vision_encoder": _BOOL,
    "clip.has_audio_encoder": _BOOL,
    "clip.has_gen_audio_encoder": _BOOL,
    "clip.use_gelu": _BOOL,
    "clip.use_silu": _BOOL,
    "clip.minicpmv_version": _I32,
    "clip.vision.attention.layer_norm_epsilon": _F32,
    "clip.audio.attention.layer_norm_epsilon": _F32,
    "clip.gen.audio.attention.layer_norm_epsilon": _F32,
    "clip.vision.swiglu_clamp": _F32,
}
"""What the library takes these keys for; every other number is an unsigned one of 32 bits."""

_SIDE: Final = 1 << 14
_BOUNDS: Final[dict[str, tuple[int, int]]] = {
    "clip.vision.embedding_length": (1, 1 << 16),
    "clip.vision.attention.head_count": (1, 1 << 10),
    "clip.vision.attention.head_count_kv": (1, 1 << 10),
    "clip.vision.attention.head_dim": (1, 1 << 12),
    "clip.vision.feed_forward_length": (0, 1 << 20),
    "clip.vision.block_count": (1, 512),
    "clip.vision.projection_dim": (0, 1 << 20),
    "clip.vision.image_size": (1, _SIDE),
    "clip.vision.patch_size": (1, 1 << 10),
    "clip.vision.image_min_pixels": (1, _SIDE * _SIDE),
    "clip.vision.image_max_pixels": (1, _SIDE * _SIDE),
    "clip.vision.preproc_image_size": (1, _SIDE),
    "clip.vision.preproc_min_tiles": (0, 256),
    "clip.vision.preproc_max_tiles": (1, 256),
    "clip.vision.projector.scale_factor": (1, 64),
    "clip.vision.projector.query_side": (1, 1 << 10),
    "clip.vision.projector.window_side": (1, 1 << 10),
    "clip.vision.spatial_merge_size": (1, 64),
    "clip.vision.n_wa_pattern": (0, 512),
    "clip.vision.window_size": (0, _SIDE),
    "clip.vision.sam.head_count": (1, 1 << 10),
    "clip.vision.sam.block_count": (1, 512),
    "clip.vision.sam.embedding_length": (1, 1 << 16),
    "clip.vision.expert_used_count": (1, 1 << 10),
    "clip.minicpmv_query_num": (0, 1 << 12),
}
_PINPOINTS: Final = "clip.vision.image_grid_pinpoints"
_MAX_PINPOINTS: Final = 128
_PLACED: Final = frozenset({"deepseek4v", "hunyuanvl"})
"""Kinds whose rows depend on where in a prompt the image stands, which rows that are made once and
reused cannot."""


def check(path: Path) -> None:
    """Raises GGUFError for a file that would end the process, and UnsupportedError for a projector
    of sounds only, or of a kind that paddock cannot place."""
    header = gguf.read(path, arrays=(_PINPOINTS,))
    metadata = header.metadata
    if metadata.get("clip.has_vision_encoder") is not True:
        raise UnsupportedError("the model's projector reads no images (it may be one of sounds)")
    kind = metadata.get("clip.projector_type") or metadata.get("clip.vision.projector_type")
    if kind in _PLACED:
        raise UnsupportedError(f"paddock cannot read images through a projector of kind {kind!r}")
    for wrong in _wrong(header):
        raise GGUFError(f"the projector {path.name}: {wrong}; convert the model again")


def _wrong(header: GGUF) -> Iterator[str]:
    metadata = header.metadata
    yield from _wrong_kinds(header.kinds)
    for key, (low, high) in _BOUNDS.items():
        value = metadata.get(key, low)
        if not low <= value <= high:
            yield f"{key} is {value}, not between {low} and {high}"
    width = metadata.get("clip.vision.embedding_length", 1)
    heads = metadata.get("clip.vision.attention.head_count", 1)
    if "clip.vision.attention.head_dim" not in metadata and width % heads:
        yield f"{heads} heads do not divide the width of {width}"
    if metadata.get("clip.vision.patch_size", 1) > metadata.get("clip.vision.image_size", _SIDE):
        yield "a patch is larger than the image"
    low, high = (metadata.get(f"clip.vision.image_{end}_pixels") for end in ("min", "max"))
    if low is not None and high is not None and low > high:
        yield "image_min_pixels is more than image_max_pixels"
    yield from _wrong_pinpoints(metadata.get(_PINPOINTS, ()))
    yield from _wrong_shapes({tensor.name: tensor.dims for tensor in header.tensors}, width)


def _wrong_kinds(kinds: Mapping[str, int]) -> Iterator[str]:
    for key, kind in kinds.items():
        expected = _KINDS.get(key, _U32 if key.startswith("clip.") else kind)
        if kind != expected:
            yield f"{key} is of the kind {kind}, not {expected}"


def _wrong_pinpoints(sides: Any) -> Iterator[str]:
    if len(sides) > _MAX_PINPOINTS or any(
        not isinstance(side, int) or not 0 < side <= _SIDE for side in sides
    ):
        yield f"{_PINPOINTS} are no sizes of images"


def _wrong_shapes(shapes: Mapping[str, Sequence[int]], width: int) -> Iterator[str]:
    if any(not dims or 0 in dims for dims in shapes.values()):
        yield "a tensor is empty"

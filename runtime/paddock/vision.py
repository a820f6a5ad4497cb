"""Whether a projector's file is one that libmtmd survives: it ends the process at what it does not
expect. Pure; knows metadata and shapes, and reads no file.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from paddock.errors import GGUFError, UnsupportedError
from paddock.gguf import GGUF

_Shapes = Mapping[str, Sequence[int]]

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
"""What the library takes these keys for. It reads no others but numbers."""

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
_NUMBERS: Final = frozenset(
    {
        *_BOUNDS,
        *(
            f"clip.{side}.{name}"
            for side in ("audio", "gen.audio")
            for name in (
                *("embedding_length", "feed_forward_length", "block_count", "projection_dim"),
                *("attention.head_count", "attention.head_count_kv", "attention.head_dim"),
            )
        ),
        *(
            f"clip.audio.{name}"
            for name in (
                *("num_mel_bins", "chunk_size", "conv_kernel_size", "max_pos_emb", "window_size"),
                *("projector.stack_factor", "projector.window_size", "projector.head_count"),
                *("projector.downsample_rate", "rvq.num_quantizers", "rvq.codebook_size"),
                *("local_block_count", "local_group_size", "subsampling_factor"),
            )
        ),
    }
)
"""Keys of unsigned numbers of 32 bits. Older files have others, which nobody reads any more."""
PINPOINTS: Final = "clip.vision.image_grid_pinpoints"
_MAX_PINPOINTS: Final = 128
_PLAIN: Final = frozenset({"mlp", "gemma3", "qwen2vl_merger", "qwen2.5vl_merger"})
_WITH_POSITIONS: Final = frozenset({"mlp", "gemma3"})
_MERGED: Final = {"qwen2vl_merger": 4, "qwen2.5vl_merger": 4}
"""Patches that become one row."""
_NORMS: Final = ("ln1.weight", "ln1.bias", "ln2.weight", "ln2.bias")
_NORMS_OF_ALL: Final = (
    *("pre_ln.weight", "pre_ln.bias", "post_ln.weight", "post_ln.bias"),
    *("class_embd", "patch_embd.bias"),
)
_F32_TENSOR: Final = 0
_NO_WEIGHTS: Final = frozenset(range(24, 29))
"""Whole numbers and F64, as tensors have their types."""
_PLACED: Final = frozenset({"deepseek4v", "hunyuanvl"})
"""Kinds whose rows depend on where in a prompt the image stands, which rows that are made once and
reused cannot."""


def check(header: GGUF) -> None:
    """Raises GGUFError for a file that would end the process, and UnsupportedError for a projector
    of sounds only, or of a kind that paddock cannot place. The header needs its PINPOINTS."""
    metadata = header.metadata
    if metadata.get("clip.has_vision_encoder") is not True:
        raise UnsupportedError("the model's projector reads no images (it may be one of sounds)")
    kind = metadata.get("clip.projector_type") or metadata.get("clip.vision.projector_type")
    if kind in _PLACED:
        raise UnsupportedError(f"paddock cannot read images through a projector of kind {kind!r}")
    for wrong in _wrong(header):
        raise GGUFError(f"the projector {header.path.name}: {wrong}; convert the model again")


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
    yield from _wrong_pinpoints(metadata.get(PINPOINTS, ()))
    eps = metadata.get("clip.vision.attention.layer_norm_epsilon", 0.0)
    if not 0 <= eps < math.inf:
        yield f"layer_norm_epsilon is {eps}"
    yield from _wrong_tensors(header)


def _wrong_kinds(kinds: Mapping[str, int]) -> Iterator[str]:
    for key, kind in kinds.items():
        expected = _U32 if key in _NUMBERS else _KINDS.get(key, kind)
        if kind != expected:
            yield f"{key} is of the kind {kind}, not {expected}"


def _wrong_pinpoints(sides: Any) -> Iterator[str]:
    if len(sides) > _MAX_PINPOINTS or any(
        not isinstance(side, int) or not 0 < side <= _SIDE for side in sides
    ):
        yield f"{PINPOINTS} are no sizes of images"


def _wrong_tensors(header: GGUF) -> Iterator[str]:
    """Of the kinds that are known to be plain vision transformers, whose graphs hold the library to
    these shapes; of others only what no graph takes."""
    kind = header.metadata.get("clip.projector_type", "")
    vectors = ("v.", "mm.") if kind in _PLAIN else "v.blk."
    for tensor in header.tensors:
        if not tensor.dims or 0 in tensor.dims:
            yield f"tensor {tensor.name} is empty"
        if tensor.type in _NO_WEIGHTS:
            yield f"tensor {tensor.name} is of a type that holds no weights"
        is_added = len(tensor.dims) == 1 or (kind == "gemma3" and "position_embd" in tensor.name)
        if is_added and tensor.type != _F32_TENSOR and tensor.name.startswith(vectors):
            yield f"tensor {tensor.name} is not F32"
    if kind in _PLAIN:
        shapes = {tensor.name: tensor.dims for tensor in header.tensors}
        yield from _wrong_ends(header, kind, shapes)
        for block in range(header.metadata.get("clip.vision.block_count", 0)):
            yield from _wrong_layer(shapes, f"v.blk.{block}.", header)


def _wrong_ends(header: GGUF, kind: str, shapes: _Shapes) -> Iterator[str]:
    """What stands before and behind the layers."""
    width, patch = _width(header), header.metadata.get("clip.vision.patch_size", 0)
    ends = {"v.patch_embd.weight": (patch, patch, 3, width)}
    ends |= {f"v.{name}": (width,) for name in _NORMS_OF_ALL if f"v.{name}" in shapes}
    if kind in _MERGED:
        ends["v.patch_embd.weight.1"] = ends["v.patch_embd.weight"]
        if width // header.metadata.get("clip.vision.attention.head_count", 1) % 4:
            yield "the width of a head is no multiple of 4"
    if kind in _WITH_POSITIONS:
        side = header.metadata.get("clip.vision.image_size", 0) // max(patch, 1)
        least = side * side + ("v.class_embd" in shapes)
        found = shapes.get("v.position_embd.weight", ())
        if len(found) != 2 or found[0] != width or found[1] < least:
            yield f"v.position_embd.weight has the shape {found}, not {(width, least)}"
        if kind == "gemma3" and found[1:] != (least,):
            yield f"v.position_embd.weight has {found[1:]} rows, not {least}"
    if kind == "gemma3":
        ends["mm.soft_emb_norm.weight"] = (width,)
        into = shapes.get("mm.input_projection.weight", ())
        if len(into) != 2 or into[1] != width:
            yield f"mm.input_projection.weight has the shape {into}"
    elif "clip.vision.feature_layer" not in header.array_lengths:
        yield from _wrong_mlp(shapes, width * _MERGED.get(kind, 1))
    yield from _unlike(shapes, ends)


def _wrong_mlp(shapes: _Shapes, width: int) -> Iterator[str]:
    """Two layers, each of which takes what the one before gives."""
    for name in ("mm.0", "mm.2"):
        weight, bias = shapes.get(f"{name}.weight"), shapes.get(f"{name}.bias")
        if weight is None and "mm.3.weight" in shapes:
            return
        if weight is None or bias is None or len(weight) != 2 or weight[0] != width:
            yield f"{name}.weight has the shape {weight}, its bias {bias}"
            return
        width = weight[1]
        if tuple(bias) != (width,):
            yield f"{name}.bias has the shape {bias}"


def _wrong_layer(shapes: _Shapes, name: str, header: GGUF) -> Iterator[str]:
    width = _width(header)
    parts = ("attn_q", "attn_k", "attn_v")
    if f"{name}attn_qkv.weight" in shapes:
        parts = ("attn_qkv",)
    up, down = (tuple(shapes.get(f"{name}ffn_{part}.weight", ())) for part in ("up", "down"))
    if len(up) != 2 or up[::-1] != down or width not in up:
        yield f"{name}ffn_up.weight has the shape {up}, and ffn_down.weight {down}"
        return
    wanted: dict[str, Sequence[int]] = {
        **{
            f"{name}{part}.weight": (width, width * len(part.removeprefix("attn_")))
            for part in parts
        },
        f"{name}attn_out.weight": (width, width),
        f"{name}ffn_up.weight": up,
        f"{name}ffn_down.weight": down,
    }
    if f"{name}ffn_gate.weight" in shapes:
        wanted[f"{name}ffn_gate.weight"] = up
    needs_biases = header.metadata.get("clip.projector_type") in _MERGED
    biases = {weight.removesuffix("weight") + "bias": shape[1:] for weight, shape in wanted.items()}
    wanted |= {
        bias: shape
        for bias, shape in biases.items()
        if bias in shapes or (needs_biases and "attn_" in bias and "out" not in bias)
    }
    wanted |= {f"{name}{norm}": (width,) for norm in _NORMS if f"{name}{norm}" in shapes}
    yield from _unlike(shapes, wanted)


def _unlike(shapes: _Shapes, wanted: Mapping[str, Sequence[int]]) -> Iterator[str]:
    for name, shape in wanted.items():
        if tuple(shapes.get(name, ())) != tuple(shape):
            yield f"{name} has the shape {shapes.get(name)}, not {tuple(shape)}"


def _width(header: GGUF) -> int:
    return header.metadata.get("clip.vision.embedding_length", 0)

"""Small random projectors (mmproj files) of three kinds, and a text model with M-RoPE for one."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from gguf import GGUFWriter, Keys
from tests.ggufs import copy_tokenizer, written

WIDTH, HEADS, FEED_FORWARD, LAYERS, PATCH = 32, 2, 64, 2, 14
SIDE = 28
"""Pixels of the square that `mlp` and `gemma3` look at."""
TEXT_WIDTH = 64


class _Tensors:
    """Adds random weights; activations keep about their size through every layer."""

    def __init__(self, writer: GGUFWriter, seed: int) -> None:
        self._writer = writer
        self._random = np.random.default_rng(seed)

    def matrix(self, name: str, *shape: int, gain: float = 1.0) -> None:
        inputs = float(np.prod(shape[1:]))
        weights = self._random.standard_normal(shape, np.float32)
        self._writer.add_tensor(name, weights * np.float32(gain / inputs**0.5))

    def ones(self, name: str, size: int) -> None:
        self._writer.add_tensor(name, np.ones(size, np.float32))

    def small(self, name: str, size: int) -> None:
        self._writer.add_tensor(name, self._random.standard_normal(size, np.float32) * 0.1)


def _layers(tensors: _Tensors) -> None:
    for block in range(LAYERS):
        name = f"v.blk.{block}."
        for part in ("attn_q", "attn_k", "attn_v", "attn_out"):
            tensors.matrix(f"{name}{part}.weight", WIDTH, WIDTH)
            tensors.small(f"{name}{part}.bias", WIDTH)
        for norm in ("ln1", "ln2"):
            tensors.ones(f"{name}{norm}.weight", WIDTH)
            tensors.small(f"{name}{norm}.bias", WIDTH)
        tensors.matrix(f"{name}ffn_up.weight", FEED_FORWARD, WIDTH)
        tensors.small(f"{name}ffn_up.bias", FEED_FORWARD)
        tensors.matrix(f"{name}ffn_down.weight", WIDTH, FEED_FORWARD)
        tensors.small(f"{name}ffn_down.bias", WIDTH)


def _started(path: Path, kind: str, *, side: int, layers: int = LAYERS) -> GGUFWriter:
    writer = GGUFWriter(path, "clip")
    writer.add_type("mmproj")
    writer.add_bool(Keys.Clip.HAS_VISION_ENCODER, True)
    writer.add_string(Keys.Clip.PROJECTOR_TYPE, kind)
    writer.add_bool("clip.use_gelu", True)
    vision = {
        Keys.ClipVision.EMBEDDING_LENGTH: WIDTH,
        Keys.ClipVision.FEED_FORWARD_LENGTH: FEED_FORWARD,
        Keys.ClipVision.BLOCK_COUNT: layers,
        Keys.ClipVision.PROJECTION_DIM: TEXT_WIDTH,
        Keys.ClipVision.Attention.HEAD_COUNT: HEADS,
        Keys.ClipVision.IMAGE_SIZE: side,
        Keys.ClipVision.PATCH_SIZE: PATCH,
    }
    for key, value in vision.items():
        writer.add_uint32(key, value)
    writer.add_float32(Keys.ClipVision.Attention.LAYERNORM_EPS, 1e-5)
    writer.add_array(Keys.ClipVision.IMAGE_MEAN, [0.5, 0.5, 0.5])
    writer.add_array(Keys.ClipVision.IMAGE_STD, [0.5, 0.5, 0.5])
    return writer


def llava(path: Path, *, seed: int = 7) -> Path:
    """Four rows for a picture, after a class embedding; causal."""
    # Its last layer is not used: features come from the one before.
    writer = _started(path, "mlp", side=SIDE, layers=LAYERS)
    tensors = _Tensors(writer, seed)
    tensors.small("v.class_embd", WIDTH)
    tensors.matrix("v.patch_embd.weight", WIDTH, 3, PATCH, PATCH, gain=2.0)
    tensors.matrix("v.position_embd.weight", (SIDE // PATCH) ** 2 + 1, WIDTH)
    tensors.ones("v.pre_ln.weight", WIDTH)
    tensors.small("v.pre_ln.bias", WIDTH)
    _layers(tensors)
    tensors.matrix("mm.0.weight", TEXT_WIDTH, WIDTH)
    tensors.small("mm.0.bias", TEXT_WIDTH)
    tensors.matrix("mm.2.weight", TEXT_WIDTH, TEXT_WIDTH, gain=4.0)
    tensors.small("mm.2.bias", TEXT_WIDTH)
    return written(writer, path)


def gemma3(path: Path, *, side: int = 112, seed: int = 7) -> Path:
    """Four rows for a picture, which see each other: attention over it is not causal."""
    writer = _started(path, "gemma3", side=side)
    tensors = _Tensors(writer, seed)
    tensors.matrix("v.patch_embd.weight", WIDTH, 3, PATCH, PATCH, gain=2.0)
    tensors.small("v.patch_embd.bias", WIDTH)
    tensors.matrix("v.position_embd.weight", (side // PATCH) ** 2, WIDTH)
    _layers(tensors)
    tensors.ones("v.post_ln.weight", WIDTH)
    tensors.small("v.post_ln.bias", WIDTH)
    tensors.matrix("mm.input_projection.weight", WIDTH, TEXT_WIDTH, gain=4.0)
    tensors.ones("mm.soft_emb_norm.weight", WIDTH)
    return written(writer, path)


def qwen2vl(path: Path, *, seed: int = 7) -> Path:
    """Rows by the size of a picture, in a grid whose positions are M-RoPE's."""
    writer = _started(path, "qwen2vl_merger", side=560)
    tensors = _Tensors(writer, seed)
    tensors.matrix("v.patch_embd.weight", WIDTH, 3, PATCH, PATCH, gain=2.0)
    tensors.matrix("v.patch_embd.weight.1", WIDTH, 3, PATCH, PATCH, gain=2.0)
    _layers(tensors)
    tensors.ones("v.post_ln.weight", WIDTH)
    tensors.small("v.post_ln.bias", WIDTH)
    tensors.matrix("mm.0.weight", 4 * WIDTH, 4 * WIDTH)
    tensors.small("mm.0.bias", 4 * WIDTH)
    tensors.matrix("mm.2.weight", TEXT_WIDTH, 4 * WIDTH, gain=4.0)
    tensors.small("mm.2.bias", TEXT_WIDTH)
    return written(writer, path)


def qwen2vl_text(path: Path, vocab: Path, *, context: int = 4096, seed: int = 3) -> Path:
    """A random text model whose positions have three parts, with the tokenizer of another GGUF."""
    heads, head, kv_heads, feed_forward = 4, 16, 2, 128
    writer = GGUFWriter(path, "qwen2vl")
    writer.add_block_count(2)
    writer.add_context_length(context)
    writer.add_embedding_length(TEXT_WIDTH)
    writer.add_feed_forward_length(feed_forward)
    writer.add_head_count(heads)
    writer.add_head_count_kv(kv_heads)
    writer.add_rope_freq_base(100_000.0)
    writer.add_rope_dimension_sections([2, 3, 3, 0])
    writer.add_layer_norm_rms_eps(1e-5)
    count = copy_tokenizer(writer, vocab)
    tensors = _Tensors(writer, seed)
    tensors.matrix("token_embd.weight", count, TEXT_WIDTH, gain=2.5)
    signs = np.random.default_rng(seed).choice((1.0, -1.0), TEXT_WIDTH).astype(np.float32)
    writer.add_tensor("output_norm.weight", signs)
    for block in range(2):
        name = f"blk.{block}."
        tensors.ones(name + "attn_norm.weight", TEXT_WIDTH)
        for part, rows in (("q", heads * head), ("k", kv_heads * head), ("v", kv_heads * head)):
            tensors.matrix(f"{name}attn_{part}.weight", rows, TEXT_WIDTH, gain=1.5)
            tensors.small(f"{name}attn_{part}.bias", rows)
        tensors.matrix(name + "attn_output.weight", TEXT_WIDTH, heads * head)
        tensors.ones(name + "ffn_norm.weight", TEXT_WIDTH)
        for part in ("gate", "up"):
            tensors.matrix(f"{name}ffn_{part}.weight", feed_forward, TEXT_WIDTH)
        tensors.matrix(name + "ffn_down.weight", TEXT_WIDTH, feed_forward, gain=2.0)
    return written(writer, path)


KINDS: dict[str, Callable[[Path], Path]] = {"llava": llava, "gemma3": gemma3, "qwen2vl": qwen2vl}

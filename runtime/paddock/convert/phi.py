"""Phi 3, 3.5 and 4: queries, keys and values are one matrix, and so are gate and up."""

from pathlib import Path

from gguf import MODEL_ARCH, MODEL_TENSOR, Keys

from paddock.convert import decoder
from paddock.convert.folder import Length
from paddock.convert.model import Fact, Model
from paddock.errors import UnsupportedError


class _Config(decoder.DecoderConfig):
    sliding_window: Length | None = None


def read(folder: Path) -> Model:
    """A window over the last tokens is told to llama.cpp, which does not apply it yet."""
    config = decoder.read_config(_Config, folder)
    if config.query_width != config.hidden_size or config.attention_bias:
        raise UnsupportedError(
            f"{folder / 'config.json'}: unsupported head_dim or attention_bias; llama.cpp wants "
            "hidden_size / num_attention_heads and no bias"
        )
    width, wide = config.hidden_size, config.intermediate_size
    block = {
        tensor: shape for tensor, shape in decoder.block(config).items() if tensor not in _FUSED
    } | {
        MODEL_TENSOR.ATTN_QKV: (config.query_width + 2 * config.kv_width, width),
        MODEL_TENSOR.FFN_UP: (2 * wide, width),
    }
    facts: dict[str, Fact] = {Keys.Attention.SLIDING_WINDOW: config.sliding_window or 0}
    plan = decoder.Plan(
        MODEL_ARCH.PHI3,
        config,
        decoder.rope_of(folder, config, ("default", "longrope"), is_partial=True),
        block,
        facts=facts,
    )
    return decoder.convert(folder, plan)


_FUSED = (
    MODEL_TENSOR.ATTN_Q,
    MODEL_TENSOR.ATTN_K,
    MODEL_TENSOR.ATTN_V,
    MODEL_TENSOR.FFN_GATE,
    MODEL_TENSOR.FFN_UP,
)

"""Llama and Mistral."""

from pathlib import Path

from gguf import MODEL_ARCH, MODEL_TENSOR

from paddock.convert import decoder
from paddock.convert.model import Model

_ATTENTION = (
    MODEL_TENSOR.ATTN_Q,
    MODEL_TENSOR.ATTN_K,
    MODEL_TENSOR.ATTN_V,
    MODEL_TENSOR.ATTN_OUT,
)
_FEED_FORWARD = (MODEL_TENSOR.FFN_GATE, MODEL_TENSOR.FFN_UP, MODEL_TENSOR.FFN_DOWN)


class _Config(decoder.DecoderConfig):
    mlp_bias: bool = False


def read(folder: Path) -> Model:
    """A window over the last tokens, as the first Mistral has it, is not applied by llama.cpp: up
    to its length nothing changes, and beyond more is seen."""
    config = decoder.read_config(_Config, folder)
    plan = decoder.Plan(
        MODEL_ARCH.LLAMA,
        config,
        decoder.rope_of(folder, config, ("default", "linear", "llama3", "yarn")),
        decoder.block(config),
        biases=_ATTENTION * config.attention_bias + _FEED_FORWARD * config.mlp_bias,
        changes={
            MODEL_TENSOR.ATTN_Q: decoder.paired(config.num_attention_heads),
            MODEL_TENSOR.ATTN_K: decoder.paired(config.kv_heads),
        },
    )
    return decoder.convert(folder, plan)

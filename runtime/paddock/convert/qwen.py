"""Qwen 2 (and 2.5) and Qwen 3, without experts and without eyes."""

from pathlib import Path

from gguf import MODEL_ARCH, MODEL_TENSOR

from paddock.convert import decoder
from paddock.convert.decoder import DecoderConfig
from paddock.convert.folder import Count
from paddock.convert.model import Model
from paddock.errors import UnsupportedError

_BIASED = (MODEL_TENSOR.ATTN_Q, MODEL_TENSOR.ATTN_K, MODEL_TENSOR.ATTN_V)
_ROPE = ("default", "linear", "yarn")


class _Config(DecoderConfig):
    use_sliding_window: bool = False


class _Config3(_Config):
    head_dim: Count | None = 128


def read_qwen2(folder: Path) -> Model:
    config = _read(_Config, folder)
    if config.query_width != config.hidden_size:
        raise UnsupportedError(
            f"{folder / 'config.json'}: unsupported head_dim {config.head_width}; llama.cpp wants "
            "hidden_size / num_attention_heads"
        )
    plan = decoder.Plan(
        MODEL_ARCH.QWEN2,
        config,
        decoder.rope_of(folder, config, _ROPE),
        decoder.block(config),
        biases=_BIASED,
    )
    return decoder.convert(folder, plan)


def read_qwen3(folder: Path) -> Model:
    config = _read(_Config3, folder)
    if config.attention_bias:
        raise UnsupportedError(f"{folder / 'config.json'}: attention_bias is not converted")
    norm = (config.head_width,)
    plan = decoder.Plan(
        MODEL_ARCH.QWEN3,
        config,
        decoder.rope_of(folder, config, _ROPE),
        decoder.block(config) | {MODEL_TENSOR.ATTN_Q_NORM: norm, MODEL_TENSOR.ATTN_K_NORM: norm},
    )
    return decoder.convert(folder, plan)


def _read(kind: type[_Config], folder: Path) -> _Config:
    config = decoder.read_config(kind, folder)
    if config.use_sliding_window:
        raise UnsupportedError(f"{folder / 'config.json'}: use_sliding_window is not converted")
    return config

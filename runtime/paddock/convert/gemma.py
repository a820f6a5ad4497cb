"""Gemma 1, 2 and 3: their text; what Gemma 3 sees with is left out."""

from pathlib import Path
from typing import Any, Final, TypeVar

from gguf import MODEL_ARCH, MODEL_TENSOR, Keys
from pydantic import PositiveInt, model_validator

from paddock.convert import decoder
from paddock.convert.decoder import DecoderConfig, Plan
from paddock.convert.folder import Count, Length, Positive
from paddock.convert.model import Change, Fact, Model
from paddock.errors import UnsupportedError

_ACTIVATIONS: Final = ("gelu_pytorch_tanh", "gelu")
"""Both mean the tanh form: early files said gelu for it."""

_NORMS: Final[tuple[MODEL_TENSOR, ...]] = (
    MODEL_TENSOR.OUTPUT_NORM,
    MODEL_TENSOR.ATTN_NORM,
    MODEL_TENSOR.ATTN_POST_NORM,
    MODEL_TENSOR.ATTN_Q_NORM,
    MODEL_TENSOR.ATTN_K_NORM,
    MODEL_TENSOR.FFN_NORM,
    MODEL_TENSOR.FFN_PRE_NORM,
    MODEL_TENSOR.FFN_POST_NORM,
)
_CHANGES: Final[dict[MODEL_TENSOR, Change]] = dict.fromkeys(_NORMS, decoder.plus_one)


class _Config(DecoderConfig):
    head_dim: Count | None = 256
    hidden_act: str | None = "gelu_pytorch_tanh"
    tie_word_embeddings: bool = True


def read_gemma(folder: Path) -> Model:
    config = _read(_Config, folder)
    plan = Plan(
        MODEL_ARCH.GEMMA,
        config,
        decoder.rope_of(folder, config, ("default", "linear")),
        decoder.block(config),
        changes=_CHANGES,
    )
    return decoder.convert(folder, plan)


# -- layers that see a window ----------------------------------------------------------------------


class _WindowConfig(_Config):
    sliding_window: Length | None = 4096
    layer_types: list[str] | None = None
    query_pre_attn_scalar: Positive = 256
    attn_logit_softcapping: Positive | None = None
    final_logit_softcapping: Positive | None = None


class _Config2(_WindowConfig):
    attn_logit_softcapping: Positive | None = 50.0
    final_logit_softcapping: Positive | None = 30.0


class _Config3(_WindowConfig):
    """The defaults are those of the 4B model, whose file leaves out what equals them."""

    vocab_size: Count = 262_208
    num_attention_heads: Count = 8
    num_key_value_heads: Count | None = 4
    max_position_embeddings: Length = 131_072
    sliding_window_pattern: PositiveInt = 6

    @model_validator(mode="before")
    @classmethod
    def _text(cls, given: Any) -> Any:
        """Of a model that also sees, the part that reads and writes."""
        if isinstance(given, dict) and isinstance(given.get("text_config"), dict):
            return {**given, **given["text_config"], "architectures": given.get("architectures")}
        return given


_LARGEST: Final = {MODEL_ARCH.GEMMA2: 46, MODEL_ARCH.GEMMA3: 62}
"""The number of layers by which llama.cpp knows the models whose queries are scaled another way."""


def read_gemma2(folder: Path) -> Model:
    config = _read(_Config2, folder)
    path = folder / "config.json"
    if config.attn_logit_softcapping is None or config.final_logit_softcapping is None:
        raise UnsupportedError(f"{path}: without logit soft-capping is not converted")
    _check_scale(path, MODEL_ARCH.GEMMA2, config)
    facts: dict[str, Fact] = {
        Keys.LLM.ATTN_LOGIT_SOFTCAPPING: config.attn_logit_softcapping,
        Keys.LLM.FINAL_LOGIT_SOFTCAPPING: config.final_logit_softcapping,
    }
    plan = Plan(
        MODEL_ARCH.GEMMA2,
        config,
        decoder.rope_of(folder, config, ("default", "linear")),
        _windowed_block(config),
        changes=_CHANGES,
        facts=facts | _windows(path, config, pattern=2, default=2),
    )
    return decoder.convert(folder, plan)


def read_gemma3(folder: Path) -> Model:
    config = _read(_Config3, folder)
    path = folder / "config.json"
    if config.attn_logit_softcapping is not None:
        raise UnsupportedError(f"{path}: attn_logit_softcapping is not converted")
    _check_scale(path, MODEL_ARCH.GEMMA3, config)
    facts: dict[str, Fact] = {}
    if config.final_logit_softcapping is not None:
        facts[Keys.LLM.FINAL_LOGIT_SOFTCAPPING] = config.final_logit_softcapping
    norm = (config.head_width,)
    plan = Plan(
        MODEL_ARCH.GEMMA3,
        config,
        decoder.rope_of(
            folder, config, ("default", "linear"), base=1_000_000.0, local_base=10_000.0
        ),
        _windowed_block(config) | {MODEL_TENSOR.ATTN_Q_NORM: norm, MODEL_TENSOR.ATTN_K_NORM: norm},
        changes=_CHANGES,
        facts=facts | _windows(path, config, config.sliding_window_pattern, default=6),
        plain=_text_only,
    )
    return decoder.convert(folder, plan)


def _text_only(name: str) -> str | None:
    """The tensor's name in a checkpoint of text alone; newer ones put `model.` in front."""
    inner = name.removeprefix("model.")
    if inner.startswith(("vision_tower.", "multi_modal_projector.")):
        return None
    if inner.startswith("language_model."):
        return inner.removeprefix("language_model.")
    return name


def _windowed_block(config: DecoderConfig) -> dict[MODEL_TENSOR, tuple[int, ...]]:
    norm = (config.hidden_size,)
    return decoder.block(config) | {
        MODEL_TENSOR.ATTN_POST_NORM: norm,
        MODEL_TENSOR.FFN_POST_NORM: norm,
    }


def _windows(path: Path, config: _WindowConfig, pattern: int, *, default: int) -> dict[str, Fact]:
    """Which layers see a window only; llama.cpp is told where it would not guess right, which is
    that every `default`-th sees everything."""
    count = config.num_hidden_layers
    kinds = config.layer_types or [
        "sliding_attention" if (layer + 1) % pattern else "full_attention" for layer in range(count)
    ]
    if len(kinds) != count or not set(kinds) <= {"sliding_attention", "full_attention"}:
        raise UnsupportedError(f"{path}: unsupported layer_types")
    has_window = [kind == "sliding_attention" for kind in kinds]
    if config.sliding_window is None:
        raise UnsupportedError(f"{path}: without a sliding_window is not converted")
    facts: dict[str, Fact] = {Keys.Attention.SLIDING_WINDOW: config.sliding_window}
    if has_window != [bool((layer + 1) % default) for layer in range(count)]:
        facts[Keys.Attention.SLIDING_WINDOW_PATTERN] = has_window
    return facts


def _check_scale(path: Path, arch: MODEL_ARCH, config: _WindowConfig) -> None:
    scale = config.head_width
    if config.num_hidden_layers == _LARGEST[arch]:
        scale = config.hidden_size // config.num_attention_heads
    if config.query_pre_attn_scalar != scale:
        raise UnsupportedError(
            f"{path}: unsupported query_pre_attn_scalar {config.query_pre_attn_scalar:g}; for this "
            f"shape llama.cpp computes with {scale}"
        )


C = TypeVar("C", bound=_Config)


def _read(kind: type[C], folder: Path) -> C:
    config = decoder.read_config(kind, folder, _ACTIVATIONS)
    path = folder / "config.json"
    if config.attention_bias:
        raise UnsupportedError(f"{path}: attention_bias is not converted")
    if not config.tie_word_embeddings and kind is not _Config3:
        raise UnsupportedError(f"{path}: tie_word_embeddings must be true")
    return config

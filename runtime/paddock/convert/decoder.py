"""What the text generating families share: their configs, the facts and tensors of a block, and how
a folder becomes a Model. Knows no family by name.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from gguf import MODEL_ARCH, MODEL_ARCH_NAMES, MODEL_TENSOR, TENSOR_NAMES, Keys
from pydantic import Field

from paddock.convert import checkpoint, rope, tokenizer
from paddock.convert.folder import Count, Layers, Positive, read_json
from paddock.convert.model import Change, Fact, Facts, Model, Wanted, Weight
from paddock.convert.pooling import read_pooling
from paddock.convert.rope import Rope, RopeConfig
from paddock.errors import RequestError, UnsupportedError

Shapes = Mapping[MODEL_TENSOR, tuple[int, ...]]


class DecoderConfig(RopeConfig):
    """What config.json says, as far as it shapes the weights or their use. Defaults are those of
    the first Llama; a family overrides its own."""

    architectures: list[str] = Field(default_factory=list[str])
    vocab_size: Count
    hidden_size: Count
    intermediate_size: Count
    num_hidden_layers: Layers
    num_attention_heads: Count
    num_key_value_heads: Count | None = None
    head_dim: Count | None = None
    rms_norm_eps: Positive = 1e-6
    hidden_act: str | None = "silu"
    hidden_activation: str | None = None
    """Gemma's name for it, which counts where both are given."""
    attention_bias: bool = False
    tie_word_embeddings: bool = False
    is_causal: bool = True
    use_bidirectional_attention: bool | None = None
    quantization_config: Any = None

    @property
    def kv_heads(self) -> int:
        return self.num_key_value_heads or self.num_attention_heads

    @property
    def head_width(self) -> int:
        return self.head_dim or self.hidden_size // self.num_attention_heads

    @property
    def query_width(self) -> int:
        return self.num_attention_heads * self.head_width

    @property
    def kv_width(self) -> int:
        return self.kv_heads * self.head_width


C = TypeVar("C", bound=DecoderConfig)


def read_config(kind: type[C], folder: Path, activations: Collection[str] = ("silu",)) -> C:
    """The checked config of a folder."""
    path = folder / "config.json"
    config = read_json(kind, path)
    if config.quantization_config:
        raise UnsupportedError(
            f"{path}: the weights are quantised already; get the original ones, or a GGUF file"
        )
    activation = config.hidden_activation or config.hidden_act
    if activation not in activations:
        raise UnsupportedError(
            f'{path}: unsupported hidden_act "{activation}"; only {", ".join(activations)}'
        )
    if not config.is_causal or config.use_bidirectional_attention:
        raise UnsupportedError(f"{path}: attention in both directions is not converted")
    if config.head_dim is None and config.hidden_size % config.num_attention_heads:
        raise RequestError(f"{path}: hidden_size is not a multiple of num_attention_heads")
    if config.num_attention_heads % config.kv_heads:
        raise RequestError(f"{path}: num_attention_heads is not a multiple of num_key_value_heads")
    if config.head_width % 2:
        raise RequestError(f"{path}: head_dim is odd")
    return config


def rope_of(
    folder: Path,
    config: DecoderConfig,
    kinds: Collection[str],
    *,
    base: float = 10_000.0,
    local_base: float | None = None,
    is_partial: bool = False,
) -> Rope:
    """See `rope.plan`."""
    try:
        return rope.plan(
            config,
            config.head_width,
            kinds=kinds,
            base=base,
            local_base=local_base,
            is_partial=is_partial,
        )
    except UnsupportedError as error:
        raise UnsupportedError(f"{folder / 'config.json'}: {error}") from error


def block(config: DecoderConfig) -> dict[MODEL_TENSOR, tuple[int, ...]]:
    """The matrices and norms of one block, as the first Llama has them."""
    width, wide = config.hidden_size, config.intermediate_size
    return {
        MODEL_TENSOR.ATTN_NORM: (width,),
        MODEL_TENSOR.ATTN_Q: (config.query_width, width),
        MODEL_TENSOR.ATTN_K: (config.kv_width, width),
        MODEL_TENSOR.ATTN_V: (config.kv_width, width),
        MODEL_TENSOR.ATTN_OUT: (width, config.query_width),
        MODEL_TENSOR.FFN_NORM: (width,),
        MODEL_TENSOR.FFN_GATE: (wide, width),
        MODEL_TENSOR.FFN_UP: (wide, width),
        MODEL_TENSOR.FFN_DOWN: (width, wide),
    }


@dataclass(frozen=True, slots=True)
class Plan:
    """How one family's folder is to be read."""

    arch: MODEL_ARCH
    config: DecoderConfig
    rope: Rope
    block: Shapes
    biases: Collection[MODEL_TENSOR] = ()
    """Tensors of a block that have a bias beside the weight."""
    changes: Mapping[MODEL_TENSOR, Change] = field(default_factory=dict[MODEL_TENSOR, Change])
    facts: Facts = field(default_factory=dict[str, Fact])
    """What only this family says."""
    plain: Callable[[str], str | None] = lambda name: name


def convert(folder: Path, plan: Plan) -> Model:
    config = plan.config
    pooling = read_pooling(folder)
    # What only embeds comes without the matrix that predicts, and without a prefix on its tensors.
    is_embedder = pooling is not None or not any("For" in name for name in config.architectures)
    has_output = not config.tie_word_embeddings and not is_embedder

    def plain(name: str) -> str | None:
        known = plan.plain(name)
        if known is None or known.endswith("rotary_emb.inv_freq"):
            return None
        if known.startswith("lm_head."):
            return known if has_output else None
        return known if known.startswith("model.") else f"model.{known}"

    weights = checkpoint.collect(
        folder, plan.arch, config.num_hidden_layers, _wanted(plan, has_output), plain
    )
    factors = (Weight(Wanted(name, v.shape), v) for name, v in plan.rope.factors.items())
    facts = {**_facts(config), **plan.rope.facts, **plan.facts}
    if pooling is not None:
        facts[Keys.LLM.POOLING_TYPE] = pooling.value
    words = tokenizer.read(folder, config.vocab_size)
    return Model(MODEL_ARCH_NAMES[plan.arch], {**facts, **words}, (*factors, *weights))


def _facts(config: DecoderConfig) -> dict[str, Fact]:
    return {
        Keys.LLM.VOCAB_SIZE: config.vocab_size,
        Keys.LLM.BLOCK_COUNT: config.num_hidden_layers,
        Keys.LLM.CONTEXT_LENGTH: config.max_position_embeddings,
        Keys.LLM.EMBEDDING_LENGTH: config.hidden_size,
        Keys.LLM.FEED_FORWARD_LENGTH: config.intermediate_size,
        Keys.Attention.HEAD_COUNT: config.num_attention_heads,
        Keys.Attention.HEAD_COUNT_KV: config.kv_heads,
        Keys.Attention.KEY_LENGTH: config.head_width,
        Keys.Attention.VALUE_LENGTH: config.head_width,
        Keys.Attention.LAYERNORM_RMS_EPS: config.rms_norm_eps,
    }


def _wanted(plan: Plan, has_output: bool) -> Iterator[Wanted]:
    config = plan.config
    embeddings = (config.vocab_size, config.hidden_size)
    yield from _tensor(plan, MODEL_TENSOR.TOKEN_EMBD, embeddings)
    yield from _tensor(plan, MODEL_TENSOR.OUTPUT_NORM, (config.hidden_size,))
    if has_output:
        yield from _tensor(plan, MODEL_TENSOR.OUTPUT, embeddings)
    for number in range(config.num_hidden_layers):
        for tensor, shape in plan.block.items():
            yield from _tensor(plan, tensor, shape, number)


def _tensor(
    plan: Plan, tensor: MODEL_TENSOR, shape: tuple[int, ...], number: int = 0
) -> Iterable[Wanted]:
    name = TENSOR_NAMES[tensor].format(bid=number)
    change = plan.changes.get(tensor)
    yield Wanted(f"{name}.weight", shape, change=change)
    if tensor in plan.biases:
        yield Wanted(f"{name}.bias", shape[:1], change=change)


# -- pieces that several families use --------------------------------------------------------------


def plus_one(values: np.ndarray[Any, np.dtype[np.float32]]) -> Any:
    """Gemma's norms are stored as their distance from one."""
    return values + np.float32(1)


def paired(heads: int) -> Change:
    """Rows in the order of llama.cpp's `norm` rope: two numbers that turn together lie side by
    side, where Hugging Face has the first halves of all pairs, then the second."""

    def change(values: np.ndarray[Any, np.dtype[np.float32]]) -> Any:
        halves = values.reshape(heads, 2, values.shape[0] // heads // 2, *values.shape[1:])
        return halves.swapaxes(1, 2).reshape(values.shape)

    return change

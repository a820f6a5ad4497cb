"""Encoders: BERT, XLM-RoBERTa, each as a sentence encoder or with a reranker's head, and the one of
Nomic with rotary positions and a gated feed-forward.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

from gguf import MODEL_ARCH, MODEL_ARCH_NAMES, MODEL_TENSOR, TENSOR_NAMES, Keys, PoolingType
from pydantic import AliasChoices, BaseModel, Field, PositiveInt

from paddock.convert import checkpoint, unigram
from paddock.convert.folder import Count, Layers, Positive, read_json
from paddock.convert.model import Fact, Model, Wanted, Weight
from paddock.convert.pooling import read_pooling
from paddock.convert.safetensors import TensorInfo
from paddock.convert.wordpiece import Vocabulary
from paddock.errors import RequestError, UnsupportedError


class _Config(BaseModel):
    """What config.json says, as far as it shapes the weights."""

    vocab_size: Count
    hidden_size: Count
    intermediate_size: Count
    num_hidden_layers: Layers
    num_attention_heads: Count
    max_position_embeddings: Count
    type_vocab_size: Count = 2
    layer_norm_eps: Positive = 1e-12
    hidden_act: str = "gelu"
    position_embedding_type: str | None = None
    pad_token_id: Annotated[int, Field(ge=0, lt=16)] = 1
    id2label: dict[int, str] | None = None
    num_labels: int | None = None

    @property
    def labels(self) -> Sequence[str]:
        if self.id2label:
            return [self.id2label[number] for number in sorted(self.id2label)]
        return [f"LABEL_{number}" for number in range(self.num_labels or 2)]


@dataclass(frozen=True, slots=True)
class _Kind:
    """In what the members of the family differ."""

    plain: checkpoint.Plain
    vocabulary: Callable[[Path, int], dict[str, Fact]]
    is_padded: bool = False
    """Positions are counted on from the number of the padding token."""
    has_head: bool = False
    """It scores a pair of texts, and has one label for that."""


def read_bert(folder: Path) -> Model:
    return _read(folder, _Kind(_plain, _word_pieces))


def read_bert_reranker(folder: Path) -> Model:
    return _read(folder, _Kind(_plain_with_head, _word_pieces, has_head=True))


def read_xlm_roberta(folder: Path) -> Model:
    return _read(folder, _Kind(_plain_roberta, unigram.read, is_padded=True))


def read_xlm_roberta_reranker(folder: Path) -> Model:
    return _read(folder, _Kind(_plain_roberta, unigram.read, is_padded=True, has_head=True))


def _read(folder: Path, kind: _Kind) -> Model:
    path = folder / "config.json"
    config = read_json(_Config, path)
    _check_heads(path, config.hidden_size, config.num_attention_heads)
    if not config.hidden_act.startswith("gelu"):
        raise UnsupportedError(f'{path}: unsupported hidden_act "{config.hidden_act}"; only gelu')
    if config.position_embedding_type not in (None, "absolute"):
        raise UnsupportedError(
            f'{path}: unsupported position_embedding_type "{config.position_embedding_type}"; '
            "only absolute"
        )
    if kind.has_head and len(config.labels) != 1:
        raise UnsupportedError(
            f"{path}: a classifier of {len(config.labels)} labels; of classifiers, paddock "
            "converts rerankers, which have one"
        )
    unused = config.pad_token_id + 1 if kind.is_padded else 0
    if config.max_position_embeddings <= unused:
        raise RequestError(f"{path}: max_position_embeddings leaves no room for a text")
    facts: dict[str, Fact] = {
        Keys.LLM.BLOCK_COUNT: config.num_hidden_layers,
        # The trained window. sentence_bert_config.json only says where that library cuts by
        # default.
        Keys.LLM.CONTEXT_LENGTH: config.max_position_embeddings - unused,
        Keys.LLM.EMBEDDING_LENGTH: config.hidden_size,
        Keys.LLM.FEED_FORWARD_LENGTH: config.intermediate_size,
        Keys.Attention.HEAD_COUNT: config.num_attention_heads,
        Keys.Attention.LAYERNORM_EPS: config.layer_norm_eps,
    }
    width, wide = config.hidden_size, config.intermediate_size
    once = {
        MODEL_TENSOR.TOKEN_EMBD: (config.vocab_size, width),
        MODEL_TENSOR.TOKEN_TYPES: (config.type_vocab_size, width),
        MODEL_TENSOR.POS_EMBD: (config.max_position_embeddings, width),
    }
    block = {
        MODEL_TENSOR.ATTN_Q: (width, width),
        MODEL_TENSOR.ATTN_K: (width, width),
        MODEL_TENSOR.ATTN_V: (width, width),
        MODEL_TENSOR.ATTN_OUT: (width, width),
        MODEL_TENSOR.ATTN_OUT_NORM: (width,),
        MODEL_TENSOR.FFN_UP: (wide, width),
        MODEL_TENSOR.FFN_DOWN: (width, wide),
        MODEL_TENSOR.LAYER_OUT_NORM: (width,),
    }
    wanted = [*_wanted(once, block, config.num_hidden_layers, biases=tuple(block))]
    if kind.has_head:
        facts[Keys.LLM.POOLING_TYPE] = PoolingType.RANK.value
        facts[Keys.Classifier.OUTPUT_LABELS] = config.labels
        wanted += _head(width)
    else:
        facts[Keys.LLM.POOLING_TYPE] = _pooling(folder)
    layers = config.num_hidden_layers
    weights = checkpoint.collect(folder, MODEL_ARCH.BERT, layers, wanted, kind.plain)
    facts |= _said_of(once) | kind.vocabulary(folder, config.vocab_size)
    cut = tuple(_without_first_rows(weight, unused) for weight in weights)
    return Model(MODEL_ARCH_NAMES[MODEL_ARCH.BERT], facts, cut)


def _head(width: int) -> Iterator[Wanted]:
    """A layer of its own for the first token's vector, and the one that makes the score of it."""
    for tensor, rows in ((MODEL_TENSOR.CLS, width), (MODEL_TENSOR.CLS_OUT, 1)):
        yield Wanted(f"{TENSOR_NAMES[tensor]}.weight", (rows, width))
        yield Wanted(f"{TENSOR_NAMES[tensor]}.bias", (rows,))


def _without_first_rows(weight: Weight, count: int) -> Weight:
    """The table of positions without those before the first of a text; other weights as they
    are."""
    wanted = weight.wanted
    if not count or wanted.name != f"{TENSOR_NAMES[MODEL_TENSOR.POS_EMBD]}.weight":
        return weight
    values = weight.source.read() if isinstance(weight.source, TensorInfo) else weight.source
    rows, width = wanted.shape
    return Weight(Wanted(wanted.name, (rows - count, width), wanted.is_exact), values[count:])


# -- Nomic -----------------------------------------------------------------------------------------


class _NomicRope(BaseModel):
    rope_type: str = "default"
    rope_theta: Positive


class _NomicConfig(BaseModel):
    """Names of the model's own code, and those transformers gave them later."""

    vocab_size: Count
    width: Count = Field(validation_alias=AliasChoices("n_embd", "hidden_size"))
    wide: Count = Field(validation_alias=AliasChoices("n_inner", "intermediate_size"))
    layers: Layers = Field(validation_alias=AliasChoices("n_layer", "num_hidden_layers"))
    heads: Count = Field(validation_alias=AliasChoices("n_head", "num_attention_heads"))
    window: Annotated[
        Count, Field(validation_alias=AliasChoices("n_positions", "max_position_embeddings"))
    ] = 2048
    trained: Annotated[PositiveInt, Field(validation_alias="max_trained_positions")] = 2048
    types: Annotated[Count, Field(validation_alias="type_vocab_size")] = 2
    eps: Annotated[
        Positive,
        Field(validation_alias=AliasChoices("layer_norm_epsilon", "layer_norm_eps")),
    ] = 1e-12
    activation: Annotated[
        str, Field(validation_alias=AliasChoices("activation_function", "hidden_act"))
    ] = "swiglu"
    base: Annotated[Positive, Field(validation_alias="rotary_emb_base")] = 1000.0
    rope_parameters: _NomicRope | None = None
    rotary_emb_fraction: float = 1.0
    rotary_emb_interleaved: bool = False
    rotary_emb_scale_base: float | None = None
    moe_every_n_layers: int | None = None
    causal: bool = False
    prenorm: bool = False
    qkv_proj_bias: bool = False
    mlp_fc1_bias: bool = False
    mlp_fc2_bias: bool = False


_NOMIC: Final = {
    "activation": ("swiglu", "silu"),
    "rotary_emb_fraction": (1.0,),
    "rotary_emb_interleaved": (False,),
    "rotary_emb_scale_base": (None,),
    "moe_every_n_layers": (None, 0),
    "causal": (False,),
    "prenorm": (False,),
    "qkv_proj_bias": (False,),
    "mlp_fc1_bias": (False,),
    "mlp_fc2_bias": (False,),
}
"""The settings that llama.cpp's graph has."""


def read_nomic(folder: Path) -> Model:
    path = folder / "config.json"
    config = read_json(_NomicConfig, path)
    _check_heads(path, config.width, config.heads)
    for name, allowed in _NOMIC.items():
        value = getattr(config, name)
        if value not in allowed:
            raise UnsupportedError(f"{path}: unsupported {name} {value!r}; only {allowed[0]!r}")
    rope = config.rope_parameters or _NomicRope(rope_theta=config.base)
    if rope.rope_type != "default":
        raise UnsupportedError(
            f'{path}: unsupported rope scaling "{rope.rope_type}"; only default is converted'
        )
    facts: dict[str, Fact] = {
        Keys.LLM.BLOCK_COUNT: config.layers,
        # Positions can be stretched further, but nobody trained them so.
        Keys.LLM.CONTEXT_LENGTH: min(config.window, config.trained),
        Keys.LLM.EMBEDDING_LENGTH: config.width,
        Keys.LLM.FEED_FORWARD_LENGTH: config.wide,
        Keys.Attention.HEAD_COUNT: config.heads,
        Keys.Attention.LAYERNORM_EPS: config.eps,
        Keys.Rope.FREQ_BASE: rope.rope_theta,
    }
    width, wide = config.width, config.wide
    once = {
        MODEL_TENSOR.TOKEN_EMBD: (config.vocab_size, width),
        MODEL_TENSOR.TOKEN_TYPES: (config.types, width),
    }
    norms = (MODEL_TENSOR.ATTN_OUT_NORM, MODEL_TENSOR.LAYER_OUT_NORM)
    block = {
        MODEL_TENSOR.ATTN_QKV: (3 * width, width),
        MODEL_TENSOR.ATTN_OUT: (width, width),
        MODEL_TENSOR.ATTN_OUT_NORM: (width,),
        MODEL_TENSOR.FFN_UP: (wide, width),
        MODEL_TENSOR.FFN_GATE: (wide, width),
        MODEL_TENSOR.FFN_DOWN: (width, wide),
        MODEL_TENSOR.LAYER_OUT_NORM: (width,),
    }
    wanted = _wanted(once, block, config.layers, biases=norms)
    weights = checkpoint.collect(folder, MODEL_ARCH.NOMIC_BERT, config.layers, wanted, _plain)
    facts[Keys.LLM.POOLING_TYPE] = _pooling(folder)
    facts |= _said_of(once) | _word_pieces(folder, config.vocab_size)
    return Model(MODEL_ARCH_NAMES[MODEL_ARCH.NOMIC_BERT], facts, weights)


# -- what both share -------------------------------------------------------------------------------

_Shapes = dict[MODEL_TENSOR, tuple[int, ...]]

_UNUSED: Final = ("pooler.", "cls.", "embeddings.position_ids")
"""Heads that sentence vectors do not need, and a buffer that is no weight."""

_EXACT: Final = (MODEL_TENSOR.POS_EMBD, MODEL_TENSOR.TOKEN_TYPES)
"""llama.cpp adds the two small tables to f32 activations."""


def _check_heads(path: Path, width: int, heads: int) -> None:
    if width % heads:
        raise RequestError(f"{path}: hidden_size is not a multiple of num_attention_heads")


def _wanted(
    once: _Shapes, block: _Shapes, layers: int, *, biases: tuple[MODEL_TENSOR, ...]
) -> Iterator[Wanted]:
    for tensor, shape in once.items():
        yield Wanted(f"{TENSOR_NAMES[tensor]}.weight", shape, is_exact=tensor in _EXACT)
    norm = TENSOR_NAMES[MODEL_TENSOR.TOKEN_EMBD_NORM]
    width = once[MODEL_TENSOR.TOKEN_EMBD][1:]
    yield Wanted(f"{norm}.weight", width)
    yield Wanted(f"{norm}.bias", width)
    for layer in range(layers):
        for tensor, shape in block.items():
            name = TENSOR_NAMES[tensor].format(bid=layer)
            yield Wanted(f"{name}.weight", shape)
            if tensor in biases:
                yield Wanted(f"{name}.bias", shape[:1])


def _pooling(folder: Path) -> int:
    return (read_pooling(folder) or PoolingType.MEAN).value  # as sentence-transformers does


def _said_of(once: _Shapes) -> dict[str, Fact]:
    return {
        Keys.Attention.CAUSAL: False,
        Keys.Tokenizer.TOKEN_TYPE_COUNT: once[MODEL_TENSOR.TOKEN_TYPES][0],
    }


def _word_pieces(folder: Path, size: int) -> dict[str, Fact]:
    return Vocabulary.read(folder, size).facts()


def _plain(source: str) -> str | None:
    """The tensor's name without the prefix of a head's checkpoint or the names of older ones."""
    name = source.removeprefix("bert.")
    if name.startswith(_UNUSED):
        return None
    for old, new in ((".gamma", ".weight"), (".beta", ".bias")):
        if name.endswith(old):
            name = name.removesuffix(old) + new
    return name


def _plain_with_head(source: str) -> str | None:
    """As above, with the names that a RoBERTa has for the two layers of the head."""
    name = source.removeprefix("bert.")
    for old, new in (
        ("pooler.dense.", "classifier.dense."),
        ("classifier.", "classifier.out_proj."),
    ):
        if name.startswith(old):
            return new + name.removeprefix(old)
    return _plain(source)


def _plain_roberta(source: str) -> str | None:
    name = source.removeprefix("roberta.")
    return None if name.startswith("lm_head.") else _plain(name)

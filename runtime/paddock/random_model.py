"""Writes GGUFs of random weights, for benchmarks and tests: what they answer is noise.

Knows shapes, a small vocabulary and how to scale weights; knows no store and no engine.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from gguf import (
    MODEL_TENSOR,
    TENSOR_NAMES,
    GGMLQuantizationType,
    GGUFReader,
    GGUFValueType,
    GGUFWriter,
    Keys,
    LlamaFileType,
    TokenType,
)
from gguf.quants import quantize

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, slots=True)
class Shape:
    """The sizes of a llama-architecture model, embeddings tied to the output."""

    layers: int
    width: int
    heads: int
    kv_heads: int
    feed_forward: int
    context: int = 2048

    @property
    def head_width(self) -> int:
        return self.width // self.heads


TINY = Shape(layers=2, width=64, heads=4, kv_heads=2, feed_forward=128)
SMOL_135M = Shape(layers=30, width=576, heads=9, kv_heads=3, feed_forward=1536, context=8192)

CHATML = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)

_FILE_TYPES = {
    "F32": LlamaFileType.ALL_F32,
    "F16": LlamaFileType.MOSTLY_F16,
    "Q8_0": LlamaFileType.MOSTLY_Q8_0,
}
_CONTROLS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
# In the byte-level alphabet, where Ġ is the blank. Every part is a byte or an earlier merge.
_MERGES = (
    *("t h", "h e", "i n", "e r", "a n", "r e", "o n", "a t", "e n", "o r", "e s", "i s", "o u"),
    *("th e", "an d", "in g", "o f", "t o", "u s", "us er", "a s", "as s", "is t", "an t", "s t"),
    *("Ġ the", "Ġ and", "Ġ of", "Ġ to", "Ġ in", "Ġ is", "Ġ a", "Ġ s", "Ġ w"),
)
_LOGIT_SPREAD = 2.5
_QUERY_GAIN = 2.0
_FEED_FORWARD_GAIN = 2.0  # gating halves what comes in


def write(
    path: Path,
    shape: Shape = TINY,
    *,
    seed: int = 0,
    vocab: Path | None = None,
    type: Literal["F32", "F16", "Q8_0"] = "F32",
    chat_template: str | None = CHATML,
) -> Path:
    """Write a random model to `path`; the same arguments give the same bytes.

    `vocab` is a GGUF whose tokenizer is copied; without it, a byte-level one of about 300 tokens.
    """
    tokenizer = _byte_tokenizer() if vocab is None else _copied_tokenizer(vocab)
    if chat_template is not None:
        tokenizer[Keys.Tokenizer.CHAT_TEMPLATE] = (chat_template, (GGUFValueType.STRING,))
    quantization = GGMLQuantizationType[type]

    partial = path.with_name(path.name + ".partial")
    writer = GGUFWriter(partial, "llama", use_temp_file=False)
    _add_facts(writer, shape)
    writer.add_file_type(_FILE_TYPES[type])
    for key, (value, types) in tokenizer.items():
        writer.add_key_value(key, value, types[0], types[-1] if len(types) > 1 else None)
    for name, weights in _tensors(shape, _token_types(tokenizer), np.random.default_rng(seed)):
        kind = GGMLQuantizationType.F32 if weights.ndim == 1 else quantization
        writer.add_tensor(name, quantize(weights, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return partial.replace(path)


def _add_facts(writer: GGUFWriter, shape: Shape) -> None:
    writer.add_name("Random weights")
    writer.add_block_count(shape.layers)
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.width)
    writer.add_feed_forward_length(shape.feed_forward)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.kv_heads)
    writer.add_rope_dimension_count(shape.head_width)
    writer.add_rope_freq_base(100_000.0)
    writer.add_layer_norm_rms_eps(1e-5)


# -- vocabulary -----------------------------------------------------------------------------------

_Tokenizer = dict[str, tuple[Any, tuple[GGUFValueType, ...]]]
"""Key -> value and its type; an array's type is followed by that of its elements."""


def _byte_tokenizer() -> _Tokenizer:
    """All bytes, a few frequent English pieces, and the control tokens of ChatML."""
    tokens = [*_byte_alphabet(), *(merge.replace(" ", "") for merge in _MERGES)]
    types = [TokenType.NORMAL] * len(tokens) + [TokenType.CONTROL] * len(_CONTROLS)
    tokens += _CONTROLS
    strings = (GGUFValueType.ARRAY, GGUFValueType.STRING)
    integers = (GGUFValueType.ARRAY, GGUFValueType.INT32)
    end = tokens.index("<|im_end|>")
    start = tokens.index("<|endoftext|>")
    return {
        Keys.Tokenizer.MODEL: ("gpt2", (GGUFValueType.STRING,)),
        Keys.Tokenizer.PRE: ("gpt-2", (GGUFValueType.STRING,)),
        Keys.Tokenizer.LIST: (tokens, strings),
        Keys.Tokenizer.TOKEN_TYPE: ([int(kind) for kind in types], integers),
        Keys.Tokenizer.MERGES: (list(_MERGES), strings),
        Keys.Tokenizer.BOS_ID: (start, (GGUFValueType.UINT32,)),
        Keys.Tokenizer.EOS_ID: (end, (GGUFValueType.UINT32,)),
        Keys.Tokenizer.EOT_ID: (end, (GGUFValueType.UINT32,)),
        Keys.Tokenizer.PAD_ID: (start, (GGUFValueType.UINT32,)),
        Keys.Tokenizer.ADD_BOS: (False, (GGUFValueType.BOOL,)),
    }


def _byte_alphabet() -> list[str]:
    """The printable character that stands for each byte in byte-level BPE vocabularies."""
    printable = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    others = iter(range(0x100, 0x200))
    return [chr(byte if byte in printable else next(others)) for byte in range(256)]


def _copied_tokenizer(vocab: Path) -> _Tokenizer:
    fields = GGUFReader(vocab).fields.items()
    return {
        key: (field.contents(), tuple(field.types))
        for key, field in fields
        if key.startswith("tokenizer.") and key != Keys.Tokenizer.CHAT_TEMPLATE
    }


def _token_types(tokenizer: _Tokenizer) -> Array:
    count = len(tokenizer[Keys.Tokenizer.LIST][0])
    types, _ = tokenizer.get(Keys.Tokenizer.TOKEN_TYPE, ([TokenType.NORMAL] * count, ()))
    return np.array(types)


# -- weights ---------------------------------------------------------------------------------------


def _tensors(
    shape: Shape, token_types: Array, random: np.random.Generator
) -> Iterator[tuple[str, Array]]:
    """Names and float32 weights.

    Activations keep their size through every layer. The signs of the last norm turn the final state
    away from the last token's own embedding; without them the tied output would find that token
    likeliest and repeat it for ever. Attention is sharp enough that the answer depends on the whole
    context, and the logits are spread like those of a trained model.
    """
    kv_width = shape.kv_heads * shape.head_width
    ones = np.ones(shape.width, np.float32)

    def matrix(tensor: MODEL_TENSOR, rows: int, columns: int, gain: float = 1.0, block: int = 0):
        weights = random.standard_normal((rows, columns), np.float32)
        return _name(tensor, block), weights * np.float32(gain / columns**0.5)

    name, embeddings = matrix(
        MODEL_TENSOR.TOKEN_EMBD, len(token_types), shape.width, gain=_LOGIT_SPREAD
    )
    # Small rows give small logits: noise does not end itself, so answers have the length asked.
    embeddings[token_types != TokenType.NORMAL] *= np.float32(0.1)
    yield name, embeddings
    yield _name(MODEL_TENSOR.OUTPUT_NORM), random.choice((ones[0], -ones[0]), shape.width)
    for block in range(shape.layers):
        yield _name(MODEL_TENSOR.ATTN_NORM, block), ones
        yield matrix(MODEL_TENSOR.ATTN_Q, shape.width, shape.width, _QUERY_GAIN, block)
        yield matrix(MODEL_TENSOR.ATTN_K, kv_width, shape.width, 1.0, block)
        yield matrix(MODEL_TENSOR.ATTN_V, kv_width, shape.width, 1.0, block)
        yield matrix(MODEL_TENSOR.ATTN_OUT, shape.width, shape.width, 1.0, block)
        yield _name(MODEL_TENSOR.FFN_NORM, block), ones
        yield matrix(MODEL_TENSOR.FFN_GATE, shape.feed_forward, shape.width, 1.0, block)
        yield matrix(MODEL_TENSOR.FFN_UP, shape.feed_forward, shape.width, 1.0, block)
        yield matrix(
            MODEL_TENSOR.FFN_DOWN, shape.width, shape.feed_forward, _FEED_FORWARD_GAIN, block
        )


def _name(tensor: MODEL_TENSOR, block: int = 0) -> str:
    return TENSOR_NAMES[tensor].format(bid=block) + ".weight"

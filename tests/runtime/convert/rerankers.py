"""Tiny cross-encoders as Hugging Face folders, and what they answer, computed in numpy.

The reference was compared with transformers 5.24 (BertForSequenceClassification and
XLMRobertaForSequenceClassification) once: the same scores to five digits.
"""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tests.runtime.convert.checkpoints import (
    HEADS,
    WIDE,
    WIDTH,
    Array,
    values,
    wordpiece,
    write_json,
    write_safetensors,
)

WORDS = ("the", "cat", "dog", "sits", "runs", "fast", "where", "does", "live", "in", "house", "sea")
LAYERS = 2
SEQUENCES = 96
"""Positions of a text."""

BERT: dict[str, Any] = {
    "architectures": ["BertForSequenceClassification"],
    "model_type": "bert",
    "hidden_size": WIDTH,
    "intermediate_size": WIDE,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": HEADS,
    "max_position_embeddings": SEQUENCES,
    "type_vocab_size": 2,
    "layer_norm_eps": 1e-12,
    "hidden_act": "gelu",
    "id2label": {"0": "LABEL_0"},
    "pad_token_id": 0,
}
ROBERTA: dict[str, Any] = BERT | {
    "architectures": ["XLMRobertaForSequenceClassification"],
    "model_type": "xlm-roberta",
    "max_position_embeddings": SEQUENCES + 2,
    "type_vocab_size": 1,
    "layer_norm_eps": 1e-5,
    "pad_token_id": 1,
}
SPECIALS = ("<s>", "<pad>", "</s>", "<unk>")


def words() -> dict[str, Any]:
    """tokenizer.json of a BERT that knows a few words."""
    tokenizer = wordpiece()
    vocab = tokenizer["model"]["vocab"]
    for word in (*WORDS, "?", "."):
        vocab.setdefault(word, len(vocab))
    return tokenizer


def pieces() -> dict[str, Any]:
    """tokenizer.json of an XLM-RoBERTa that knows a few words, and letters."""
    known = [*(f"▁{word}" for word in WORDS), "▁", *"abcdefghijklmnopqrstuvwxyz?."]
    special = [{"SpecialToken": {"id": text, "type_id": 0}} for text in ("<s>", "</s>")]
    first, second = ({"Sequence": {"id": name, "type_id": 0}} for name in "AB")
    return {
        "version": "1.0",
        "added_tokens": [
            {
                "id": number,
                "content": text,
                "special": True,
                "single_word": False,
                "lstrip": False,
                "rstrip": False,
                "normalized": False,
            }
            for number, text in enumerate(SPECIALS)
        ],
        "normalizer": None,
        "pre_tokenizer": {
            "type": "Sequence",
            "pretokenizers": [
                {"type": "WhitespaceSplit"},
                {
                    "type": "Metaspace",
                    "replacement": "▁",
                    "prepend_scheme": "always",
                    "split": True,
                },
            ],
        },
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [special[0], first, special[1]],
            "pair": [special[0], first, special[1], special[1], second, special[1]],
            "special_tokens": {
                text: {"id": text, "ids": [number], "tokens": [text]}
                for number, text in enumerate(SPECIALS)
                if text in ("<s>", "</s>")
            },
        },
        "model": {
            "type": "Unigram",
            "unk_id": 3,
            "byte_fallback": False,
            "vocab": [
                *([text, 0.0] for text in SPECIALS),
                *([text, -1.0 - number / 10] for number, text in enumerate(known)),
            ],
        },
    }


def tensors(config: Mapping[str, Any]) -> dict[str, Array]:
    """By their names in the file."""
    is_bert = config["architectures"][0].startswith("Bert")
    shapes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (config["vocab_size"], WIDTH),
        "embeddings.position_embeddings.weight": (config["max_position_embeddings"], WIDTH),
        "embeddings.token_type_embeddings.weight": (config["type_vocab_size"], WIDTH),
        **_norm("embeddings.LayerNorm"),
    }
    for layer in range(LAYERS):
        name = f"encoder.layer.{layer}."
        for part in ("attention.self.query", "attention.self.key", "attention.self.value"):
            shapes |= _linear(name + part, WIDTH, WIDTH)
        shapes |= _linear(name + "attention.output.dense", WIDTH, WIDTH)
        shapes |= _norm(name + "attention.output.LayerNorm")
        shapes |= _linear(name + "intermediate.dense", WIDE, WIDTH)
        shapes |= _linear(name + "output.dense", WIDTH, WIDE)
        shapes |= _norm(name + "output.LayerNorm")
    labels = len(config["id2label"])
    prefix, head = ("bert.", "bert.pooler.dense") if is_bert else ("roberta.", "classifier.dense")
    out = "classifier" if is_bert else "classifier.out_proj"
    shapes = {prefix + name: shape for name, shape in shapes.items()}
    shapes |= _linear(head, WIDTH, WIDTH) | _linear(out, labels, WIDTH)
    return {name: values(name, shape) for name, shape in shapes.items()}


def _linear(name: str, rows: int, columns: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (rows, columns), f"{name}.bias": (rows,)}


def _norm(name: str) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (WIDTH,), f"{name}.bias": (WIDTH,)}


def write(folder: Path, kind: Mapping[str, Any], **fields: Any) -> Path:
    """A complete folder of either kind; `fields` change its config."""
    is_bert = kind["architectures"][0].startswith("Bert")
    tokenizer = words() if is_bert else pieces()
    config = {**kind, "vocab_size": len(tokenizer["model"]["vocab"]), **fields}
    folder.mkdir(parents=True)
    write_json(folder / "config.json", config)
    write_json(folder / "tokenizer.json", tokenizer)
    names = {
        "tokenizer_class": "XLMRobertaTokenizer",
        "bos_token": "<s>",
        "eos_token": "</s>",
        "sep_token": "</s>",
        "cls_token": "<s>",
        "unk_token": "<unk>",
        "pad_token": "<pad>",
    }
    write_json(folder / "tokenizer_config.json", {"do_lower_case": True} if is_bert else names)
    write_safetensors(folder / "model.safetensors", tensors(config))
    return folder


# -- what they answer ------------------------------------------------------------------------------


def pair(kind: Mapping[str, Any], query: str, document: str) -> tuple[list[int], list[int]]:
    """Token ids of texts that are made of WORDS, and which of the two each belongs to."""
    if kind["architectures"][0].startswith("Bert"):
        vocab = words()["model"]["vocab"]
        first = ["[CLS]", *query.split(), "[SEP]"]
        second = [*document.split(), "[SEP]"]
    else:
        vocab = {text: number for number, (text, _) in enumerate(pieces()["model"]["vocab"])}
        first = ["<s>", *(f"▁{word}" for word in query.split()), "</s>"]
        second = ["</s>", *(f"▁{word}" for word in document.split()), "</s>"]
    ids = [vocab[text] for text in (*first, *second)]
    is_typed = kind["type_vocab_size"] > 1
    return ids, [0] * len(first) + [int(is_typed)] * len(second)


def score(kind: Mapping[str, Any], ids: Sequence[int], types: Sequence[int]) -> float:
    """The logit of a pair."""
    is_bert = kind["architectures"][0].startswith("Bert")
    size = len((words() if is_bert else pieces())["model"]["vocab"])
    weights = tensors(dict(kind) | {"vocab_size": size})
    prefix = "bert." if is_bert else "roberta."
    inner = {name.removeprefix(prefix): value.astype(np.float64) for name, value in weights.items()}
    offset = 0 if is_bert else kind["pad_token_id"] + 1
    eps = kind["layer_norm_eps"]
    rows = (
        inner["embeddings.word_embeddings.weight"][list(ids)]
        + inner["embeddings.token_type_embeddings.weight"][list(types)]
        + inner["embeddings.position_embeddings.weight"][offset : offset + len(ids)]
    )
    rows = _normed(rows, inner, "embeddings.LayerNorm", eps)
    for layer in range(LAYERS):
        rows = _block(rows, inner, f"encoder.layer.{layer}.", eps)
    head, out = ("pooler.dense", "classifier") if is_bert else ("classifier.dense", "")
    first = np.tanh(_dense(rows[0], inner, head))
    return float(_dense(first, inner, out or "classifier.out_proj")[0])


def _block(rows: Array, weights: Mapping[str, Array], name: str, eps: float) -> Array:
    query, key, value = (
        _dense(rows, weights, f"{name}attention.self.{part}")
        .reshape(len(rows), HEADS, -1)
        .swapaxes(0, 1)
        for part in ("query", "key", "value")
    )
    scores = query @ key.swapaxes(1, 2) / math.sqrt(WIDTH // HEADS)
    shares = np.exp(scores - scores.max(-1, keepdims=True))
    shares /= shares.sum(-1, keepdims=True)
    mixed = (shares @ value).swapaxes(0, 1).reshape(len(rows), WIDTH)
    mixed = _dense(mixed, weights, f"{name}attention.output.dense")
    rows = _normed(rows + mixed, weights, f"{name}attention.output.LayerNorm", eps)
    wide = _dense(rows, weights, f"{name}intermediate.dense")
    wide = wide * (1 + np.vectorize(math.erf)(wide / math.sqrt(2))) / 2
    narrow = _dense(wide, weights, f"{name}output.dense")
    return _normed(rows + narrow, weights, f"{name}output.LayerNorm", eps)


def _dense(rows: Array, weights: Mapping[str, Array], name: str) -> Array:
    return rows @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]


def _normed(rows: Array, weights: Mapping[str, Array], name: str, eps: float) -> Array:
    centred = rows - rows.mean(-1, keepdims=True)
    spread = np.sqrt((centred**2).mean(-1, keepdims=True) + eps)
    return centred / spread * weights[f"{name}.weight"] + weights[f"{name}.bias"]

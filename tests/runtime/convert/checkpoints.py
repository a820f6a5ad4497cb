"""Tiny Hugging Face folders of every family; the weights depend on nothing but their names."""

import json
import struct
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

WIDTH, WIDE, HEADS, KV_HEADS = 64, 96, 4, 2
GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
CHATML = "{% for message in messages %}{{ message.role }}: {{ message.content }}\n{% endfor %}"

# -- files -----------------------------------------------------------------------------------------

_CODES = {"F32": "<f4", "F16": "<f2", "F64": "<f8"}


def write_safetensors(path: Path, tensors: Mapping[str, Array], dtype: str = "F32") -> Path:
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    chunks: list[bytes] = []
    start = 0
    for name, values in tensors.items():
        if dtype == "BF16":
            data = (values.astype("<f4").view("<u4") >> 16).astype("<u2").tobytes()
        else:
            data = values.astype(_CODES.get(dtype, "u1")).tobytes()
        header[name] = {
            "dtype": dtype,
            "shape": list(values.shape),
            "data_offsets": [start, start + len(data)],
        }
        chunks.append(data)
        start += len(data)
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(chunks))
    return path


def write_json(path: Path, content: Any) -> Path:
    path.write_text(json.dumps(content), "utf-8")
    return path


def change(path: Path, **fields: Any) -> None:
    """Set fields of a JSON file; None takes one away."""
    content = json.loads(path.read_text("utf-8")) if path.exists() else {}
    content |= fields
    write_json(path, {key: value for key, value in content.items() if value is not None})


# -- tokenizers ------------------------------------------------------------------------------------


def byte_alphabet() -> list[str]:
    printable = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    others = iter(range(0x100, 0x200))
    return [chr(byte if byte in printable else next(others)) for byte in range(256)]


BYTE_MERGES = ("t h", "th e", "i n", "Ġ the", "e r", "Ġ w", "o r", "Ġw or", "l d", "Ġwor ld")


def byte_level(
    cut: str = LLAMA3, *, specials: Sequence[str] = ("<|begin|>", "<|end_of_text|>", "<|im_end|>")
) -> dict[str, Any]:
    """tokenizer.json in the way of Llama 3."""
    words = [*byte_alphabet(), *(merge.replace(" ", "") for merge in BYTE_MERGES)]
    return {
        "added_tokens": [
            {"id": len(words) + number, "content": text, "special": True}
            for number, text in enumerate(specials)
        ],
        "normalizer": None,
        "pre_tokenizer": {
            "type": "Sequence",
            "pretokenizers": [
                {
                    "type": "Split",
                    "pattern": {"Regex": cut},
                    "behavior": "Isolated",
                    "invert": False,
                },
                {
                    "type": "ByteLevel",
                    "add_prefix_space": False,
                    "trim_offsets": True,
                    "use_regex": False,
                },
            ],
        },
        "post_processor": {
            "type": "Sequence",
            "processors": [
                {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": False},
                {
                    "type": "TemplateProcessing",
                    "single": [
                        {"SpecialToken": {"id": "<|begin|>", "type_id": 0}},
                        {"Sequence": {"id": "A", "type_id": 0}},
                    ],
                },
            ],
        },
        "model": {
            "type": "BPE",
            "byte_fallback": False,
            "ignore_merges": True,
            "vocab": {word: number for number, word in enumerate(words)},
            "merges": [merge.split(" ") for merge in BYTE_MERGES],
        },
    }


PIECES = ("▁the", "▁world", "▁", "t", "h", "e", "w", "o", "r", "l", "d", "i", "n", "s", "a", ".")
PIECE_MERGES = ("▁ t", "h e", "▁t he", "▁ w", "o r", "l d", "▁w or", "▁wor ld", "i n", "e r")
SPECIALS = ("<unk>", "<s>", "</s>")


def sentencepiece(*, is_gemma: bool = False) -> dict[str, Any]:
    """tokenizer.json in the way of Llama 2, or of Gemma, which puts no blank in front."""
    words = [*SPECIALS, *(f"<0x{byte:02X}>" for byte in range(256)), *PIECES]
    words += [word for merge in PIECE_MERGES if (word := merge.replace(" ", "")) not in words]
    replaced = {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}
    prepended = {"type": "Prepend", "prepend": "▁"}
    normalizer = {"type": "Sequence", "normalizers": [prepended, replaced]}
    return {
        "added_tokens": [
            {"id": number, "content": text, "special": True} for number, text in enumerate(SPECIALS)
        ],
        "normalizer": replaced if is_gemma else normalizer,
        "pre_tokenizer": None,
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [
                {"SpecialToken": {"id": "<s>", "type_id": 0}},
                {"Sequence": {"id": "A", "type_id": 0}},
            ],
        },
        "model": {
            "type": "BPE",
            "byte_fallback": True,
            "unk_token": "<unk>",
            "vocab": {word: number for number, word in enumerate(words)},
            "merges": list(PIECE_MERGES),
        },
    }


def wordpiece() -> dict[str, Any]:
    specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    words = [*specials, *(chr(letter) for letter in range(97, 123)), "the", "##s"]
    return {
        "added_tokens": [
            {"id": number, "content": text, "special": True} for number, text in enumerate(specials)
        ],
        "normalizer": {"type": "BertNormalizer", "lowercase": True},
        "model": {"type": "WordPiece", "vocab": {word: n for n, word in enumerate(words)}},
    }


# -- families --------------------------------------------------------------------------------------

CONFIG: dict[str, Any] = {
    "vocab_size": 300,
    "hidden_size": WIDTH,
    "intermediate_size": WIDE,
    "num_hidden_layers": 3,
    "num_attention_heads": HEADS,
    "num_key_value_heads": KV_HEADS,
    "max_position_embeddings": 128,
    "rms_norm_eps": 1e-5,
    "rope_theta": 10000.0,
    "bos_token_id": 266,
    "eos_token_id": 267,
    "tie_word_embeddings": False,
}
GEMMA = {"head_dim": 32, "tie_word_embeddings": True, "hidden_activation": "gelu_pytorch_tanh"}
WINDOWED = GEMMA | {"query_pre_attn_scalar": 32, "sliding_window": 8}
VISION = {"hidden_size": 32, "intermediate_size": 32, "num_hidden_layers": 1}

FAMILIES: dict[str, dict[str, Any]] = {
    "llama": {
        "architectures": ["LlamaForCausalLM"],
        "rope_scaling": {
            "rope_type": "llama3",
            "factor": 8.0,
            "low_freq_factor": 1.0,
            "high_freq_factor": 4.0,
            "original_max_position_embeddings": 32,
        },
    },
    "llama-biased": {
        "architectures": ["LlamaForCausalLM"],
        "attention_bias": True,
        "mlp_bias": True,
        "rope_theta": None,
        "rope_parameters": {"rope_type": "linear", "factor": 2.0, "rope_theta": 500.0},
    },
    "llama-yarn": {
        "architectures": ["LlamaForCausalLM"],
        "tie_word_embeddings": True,
        "rope_scaling": {
            "type": "yarn",
            "factor": 4.0,
            "original_max_position_embeddings": 32,
            "attention_factor": 1.3,
        },
    },
    "mistral": {
        "architectures": ["MistralForCausalLM"],
        "head_dim": 32,
        "sliding_window": None,
    },
    "qwen2": {"architectures": ["Qwen2ForCausalLM"], "tie_word_embeddings": True},
    "qwen3": {
        "architectures": ["Qwen3ForCausalLM"],
        "head_dim": 32,
        "rope_scaling": {
            "rope_type": "yarn",
            "factor": 4.0,
            "original_max_position_embeddings": 32,
        },
    },
    "gemma": GEMMA | {"architectures": ["GemmaForCausalLM"]},
    "gemma2": WINDOWED
    | {
        "architectures": ["Gemma2ForCausalLM"],
        "attn_logit_softcapping": 50.0,
        "final_logit_softcapping": 30.0,
    },
    "gemma3": WINDOWED
    | {
        "architectures": ["Gemma3ForCausalLM"],
        "num_hidden_layers": 7,
        "rope_theta": 1e6,
        "rope_local_base_freq": 1e4,
        "rope_scaling": {"rope_type": "linear", "factor": 8.0},
    },
    "gemma3-layers": WINDOWED
    | {
        "architectures": ["Gemma3ForCausalLM"],
        "layer_types": ["full_attention", "sliding_attention", "full_attention"],
        "final_logit_softcapping": 20.0,
        "rope_theta": None,
        "rope_parameters": {
            "full_attention": {"rope_type": "linear", "factor": 4.0, "rope_theta": 1e5},
            "sliding_attention": {"rope_type": "default", "rope_theta": 1e3},
        },
    },
    "phi3": {"architectures": ["Phi3ForCausalLM"], "num_key_value_heads": None},
    "phi3-long": {
        "architectures": ["Phi3ForCausalLM"],
        "original_max_position_embeddings": 32,
        "partial_rotary_factor": 0.75,
        "rope_scaling": {
            "type": "longrope",
            "long_factor": [1.5, 2.0, 2.5, 3.0, 3.5, 4.0],
            "short_factor": [1.0, 1.1, 1.2, 1.3, 1.4, 1.5],
        },
    },
}


def config_of(name: str) -> dict[str, Any]:
    merged = CONFIG | FAMILIES[name]
    return {key: value for key, value in merged.items() if value is not None}


def _block(config: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    architecture = config["architectures"][0]
    head = config.get("head_dim", WIDTH // HEADS)
    query = HEADS * head
    kv = config.get("num_key_value_heads", HEADS) * head
    shapes: dict[str, tuple[int, ...]] = {
        "input_layernorm.weight": (WIDTH,),
        "post_attention_layernorm.weight": (WIDTH,),
        "self_attn.o_proj.weight": (WIDTH, query),
        "mlp.down_proj.weight": (WIDTH, WIDE),
    }
    if architecture == "Phi3ForCausalLM":
        shapes["self_attn.qkv_proj.weight"] = (query + 2 * kv, WIDTH)
        shapes["mlp.gate_up_proj.weight"] = (2 * WIDE, WIDTH)
    else:
        shapes["self_attn.q_proj.weight"] = (query, WIDTH)
        shapes["self_attn.k_proj.weight"] = (kv, WIDTH)
        shapes["self_attn.v_proj.weight"] = (kv, WIDTH)
        shapes["mlp.gate_proj.weight"] = (WIDE, WIDTH)
        shapes["mlp.up_proj.weight"] = (WIDE, WIDTH)
    if architecture.startswith(("Gemma2", "Gemma3")):
        shapes["pre_feedforward_layernorm.weight"] = (WIDTH,)
        shapes["post_feedforward_layernorm.weight"] = (WIDTH,)
    if architecture.startswith(("Qwen3", "Gemma3")):
        shapes["self_attn.q_norm.weight"] = (head,)
        shapes["self_attn.k_norm.weight"] = (head,)
    biased = ["q_proj", "k_proj", "v_proj"] * (architecture == "Qwen2ForCausalLM")
    biased += ["q_proj", "k_proj", "v_proj", "o_proj"] * config.get("attention_bias", False)
    biased += ["gate_proj", "up_proj", "down_proj"] * config.get("mlp_bias", False)
    weights = [(name, shape) for name, shape in shapes.items() if name.endswith("_proj.weight")]
    for name, shape in weights:
        if name.split(".")[1] in biased:
            shapes[name.removesuffix("weight") + "bias"] = shape[:1]
    return shapes


def tensors_of(config: Mapping[str, Any]) -> dict[str, Array]:
    shapes: dict[str, tuple[int, ...]] = {
        "model.embed_tokens.weight": (config["vocab_size"], WIDTH),
        "model.norm.weight": (WIDTH,),
    }
    if not config["tie_word_embeddings"]:
        shapes["lm_head.weight"] = (config["vocab_size"], WIDTH)
    for layer in range(config["num_hidden_layers"]):
        for name, shape in _block(config).items():
            shapes[f"model.layers.{layer}.{name}"] = shape
    is_gemma = config["architectures"][0].startswith("Gemma")
    return {name: values(name, shape, around=not is_gemma) for name, shape in shapes.items()}


def values(name: str, shape: tuple[int, ...], *, around: bool = True) -> Array:
    """Between -1 and 1, matrices scaled by their width, norms around one (or zero)."""
    random = np.random.default_rng(zlib.crc32(name.encode())).random(shape) * 2 - 1
    if "norm" in name.lower() and name.endswith("weight"):
        return (0.3 * random + around).astype(np.float32)
    if len(shape) == 1:
        return (0.2 * random).astype(np.float32)
    gain = 1.0 if "embed" in name else 3.0
    return (random * gain / shape[-1] ** 0.5).astype(np.float32)


def write_folder(
    folder: Path, name: str, tokenizer: Mapping[str, Any] | None = None, **fields: Any
) -> Path:
    """A complete folder of a family; `fields` change its config."""
    config = {key: v for key, v in (config_of(name) | fields).items() if v is not None}
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "config.json", config)
    write_json(folder / "tokenizer.json", tokenizer or byte_level())
    write_json(
        folder / "tokenizer_config.json",
        {"bos_token": "<|begin|>", "eos_token": {"content": "<|end_of_text|>"}},
    )
    write_safetensors(folder / "model.safetensors", tensors_of(config))
    return folder


NOMIC: dict[str, Any] = {
    "architectures": ["NomicBertModel"],
    "vocab_size": 40,
    "n_embd": WIDTH,
    "n_inner": WIDE,
    "n_layer": 2,
    "n_head": HEADS,
    "n_positions": 8192,
    "type_vocab_size": 2,
    "layer_norm_epsilon": 1e-12,
    "activation_function": "swiglu",
    "rotary_emb_base": 1000,
    "rotary_emb_fraction": 1.0,
    "rotary_emb_interleaved": False,
    "rotary_emb_scale_base": None,
    "rotary_scaling_factor": None,
    "causal": False,
    "prenorm": False,
    "qkv_proj_bias": False,
    "mlp_fc1_bias": False,
    "mlp_fc2_bias": False,
}


def nomic_tensors() -> dict[str, Array]:
    shapes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (40, WIDTH),
        "embeddings.token_type_embeddings.weight": (2, WIDTH),
        "emb_ln.norm.weight": (WIDTH,),
        "emb_ln.norm.bias": (WIDTH,),
    }
    for layer in range(2):
        name = f"encoder.layers.{layer}."
        shapes |= {
            name + "attn.Wqkv.weight": (3 * WIDTH, WIDTH),
            name + "attn.out_proj.weight": (WIDTH, WIDTH),
            name + "mlp.fc11.weight": (WIDE, WIDTH),
            name + "mlp.fc12.weight": (WIDE, WIDTH),
            name + "mlp.fc2.weight": (WIDTH, WIDE),
            name + "norm1.weight": (WIDTH,),
            name + "norm1.bias": (WIDTH,),
            name + "norm2.weight": (WIDTH,),
            name + "norm2.bias": (WIDTH,),
        }
    return {name.replace("ln.norm.", "ln."): values(name, s) for name, s in shapes.items()}


def write_nomic(folder: Path, **fields: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "config.json", NOMIC | fields)
    write_json(folder / "tokenizer.json", wordpiece())
    write_safetensors(folder / "model.safetensors", nomic_tensors())
    return folder

"""Small GGUF files of other kinds than the random llama: a recurrent model, a LoRA adapter, a
sentence-piece vocabulary, the shards of a model."""

from pathlib import Path
from typing import Any

import numpy as np
from gguf import GGUFReader, GGUFValueType, GGUFWriter, Keys, PoolingType, TokenType


def mamba(path: Path, vocab: Path, *, width: int = 64) -> Path:
    """A random Mamba of two layers with the tokenizer of another GGUF."""
    inner, state, rank, conv = 2 * width, 16, 4, 4
    writer = GGUFWriter(path, "mamba")
    writer.add_block_count(2)
    writer.add_context_length(256)
    writer.add_embedding_length(width)
    writer.add_feed_forward_length(0)
    writer.add_head_count(0)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_ssm_conv_kernel(conv)
    writer.add_ssm_inner_size(inner)
    writer.add_ssm_state_size(state)
    writer.add_ssm_time_step_rank(rank)
    count = copy_tokenizer(writer, vocab)
    random = np.random.default_rng(0)

    def add(name: str, *shape: int, gain: float = 1.0) -> None:
        weights = random.standard_normal(shape, np.float32) * np.float32(gain / shape[-1] ** 0.5)
        writer.add_tensor(name, weights)

    add("token_embd.weight", count, width, gain=2.5)
    writer.add_tensor("output_norm.weight", random.choice((1.0, -1.0), width).astype(np.float32))
    for block in range(2):
        name = f"blk.{block}."
        writer.add_tensor(name + "attn_norm.weight", np.ones(width, np.float32))
        add(name + "ssm_in.weight", 2 * inner, width)
        add(name + "ssm_conv1d.weight", inner, conv)
        writer.add_tensor(name + "ssm_conv1d.bias", np.zeros(inner, np.float32))
        add(name + "ssm_x.weight", rank + 2 * state, inner)
        add(name + "ssm_dt.weight", inner, rank)
        writer.add_tensor(name + "ssm_dt.bias", np.full(inner, -2.0, np.float32))
        decay = -np.tile(np.arange(1, state + 1, dtype=np.float32), (inner, 1))
        writer.add_tensor(name + "ssm_a", decay)
        writer.add_tensor(name + "ssm_d", np.ones(inner, np.float32))
        add(name + "ssm_out.weight", width, inner)
    return written(writer, path)


def empty_bert(path: Path) -> Path:
    """The header of an embedding model, without a tensor: enough to look at, nothing to load."""
    writer = GGUFWriter(path, "bert")
    writer.add_context_length(256)
    writer.add_embedding_length(8)
    writer.add_pooling_type(PoolingType.NONE)
    return written(writer, path)


def empty_projector(path: Path) -> Path:
    """The header of a file that turns images into embeddings: what it is for can be told."""
    writer = GGUFWriter(path, "clip")
    writer.add_bool("clip.has_vision_encoder", True)
    return written(writer, path)


def lora(path: Path, *, width: int = 64, rank: int = 4, architecture: str = "llama") -> Path:
    """A LoRA adapter that changes the queries of the first layer."""
    writer = GGUFWriter(path, architecture)
    writer.add_type("adapter")
    writer.add_string(Keys.Adapter.TYPE, "lora")
    writer.add_float32(Keys.Adapter.LORA_ALPHA, 8.0)
    random = np.random.default_rng(1)
    for end, shape in (("a", (rank, width)), ("b", (width, rank))):
        weights = random.standard_normal(shape, np.float32)
        writer.add_tensor(f"blk.0.attn_q.weight.lora_{end}", weights)
    return written(writer, path)


def sentence_pieces(path: Path) -> Path:
    """Nothing but a vocabulary of the sentence-piece kind: bytes, letters and a few words."""
    words = ["▁", *"abcdefghijklmnopqrstuvwxyz.", "▁t", "he", "▁the", "at", "▁cat", "▁c"]
    tokens = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), *words]
    kinds = [TokenType.UNKNOWN, TokenType.CONTROL, TokenType.CONTROL]
    kinds += [TokenType.BYTE] * 256 + [TokenType.NORMAL] * len(words)
    writer = GGUFWriter(path, "llama")
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_scores([float(-index) for index in range(len(tokens))])
    writer.add_token_types([int(kind) for kind in kinds])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    return written(writer, path)


def split(whole: Path, folder: Path, *, shards: int) -> list[Path]:
    """A GGUF cut as llama.cpp cuts it, with the metadata alone in the first shard."""
    reader = GGUFReader(whole)
    folder.mkdir(exist_ok=True)
    parts = [np.array([], int), *np.array_split(np.arange(len(reader.tensors)), shards - 1)]
    paths = [folder / f"m-{index + 1:05}-of-{shards:05}.gguf" for index in range(shards)]
    for index, (path, part) in enumerate(zip(paths, parts, strict=True)):
        writer = GGUFWriter(path, reader.get_field(Keys.General.ARCHITECTURE).contents())
        writer.add_uint16("split.no", index)
        writer.add_uint16("split.count", shards)
        writer.add_int32("split.tensors.count", len(reader.tensors))
        if index == 0:
            _copy_facts(writer, reader)
        for number in part:
            tensor = reader.tensors[number]
            writer.add_tensor(tensor.name, tensor.data, raw_dtype=tensor.tensor_type)
        written(writer, path)
    return paths


def _copy_facts(writer: GGUFWriter, reader: GGUFReader) -> None:
    for key, field in reader.fields.items():
        if not key.startswith("GGUF.") and key != Keys.General.ARCHITECTURE:
            types: list[GGUFValueType] = field.types
            kind = types[-1] if len(types) > 1 else None
            writer.add_key_value(key, field.contents(), types[0], kind)


def copy_tokenizer(writer: GGUFWriter, vocab: Path) -> int:
    count = 0
    for key, field in GGUFReader(vocab).fields.items():
        if key.startswith("tokenizer.") and key != Keys.Tokenizer.CHAT_TEMPLATE:
            value: Any = field.contents()
            types: list[GGUFValueType] = field.types
            writer.add_key_value(key, value, types[0], types[-1] if len(types) > 1 else None)
            count = len(value) if key == Keys.Tokenizer.LIST else count
    return count


def written(writer: GGUFWriter, path: Path) -> Path:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path

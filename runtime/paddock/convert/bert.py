"""A sentence encoder of the BERT family: its configs, its tensors, and how they become a GGUF."""

from collections.abc import Callable, Iterator
from math import prod
from pathlib import Path
from typing import Annotated, Any, Final

import numpy as np
from gguf import (
    MODEL_ARCH,
    MODEL_TENSOR,
    TENSOR_NAMES,
    GGUFWriter,
    LlamaFileType,
    PoolingType,
    get_tensor_name_map,
)
from pydantic import BaseModel, Field, PositiveFloat, RootModel

from paddock.convert.folder import read_json
from paddock.convert.safetensors import TensorInfo, read_header
from paddock.convert.wordpiece import Vocabulary
from paddock.errors import RequestError, UnsupportedError

ARCHITECTURES: Final = ("BertModel", "BertForMaskedLM")
"""What `convert` reads, as named in config.json."""

Count = Annotated[int, Field(gt=0, lt=2**24)]


def convert(folder: Path, output: Path, *, progress: Callable[[str], None] | None = None) -> None:
    """Write the model of `folder` to `output`: matrices as f16, the rest as f32.

    RequestError or UnsupportedError, naming the file at fault, when that cannot be done; `output`
    is then as before. Equal folders give equal bytes.
    """
    if progress is not None:
        progress("converting model")
    config = _config(folder)
    pooling = _pooling(folder)
    vocabulary = Vocabulary.read(folder, config.vocab_size)
    tensors = _tensors(folder, config)

    partial = output.with_name(output.name + ".partial")
    writer = GGUFWriter(partial, "bert")
    _add_facts(writer, config, pooling)
    vocabulary.add_to(writer)
    for name, info in tensors.items():
        stored = _stored_as(name, info)
        writer.add_tensor_info(name, info.shape, stored, prod(info.shape) * stored.itemsize)
    try:
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_ti_data_to_file()
        for name, info in tensors.items():
            writer.write_tensor_data(_values(info, _stored_as(name, info)))
        writer.close()
        partial.replace(output)
    finally:
        writer.close()
        partial.unlink(missing_ok=True)


# -- configuration ---------------------------------------------------------------------------------


class _Architectures(BaseModel):
    architectures: list[str] | None = None


class _Config(BaseModel):
    """What config.json says, as far as it shapes the weights."""

    vocab_size: Count
    hidden_size: Count
    intermediate_size: Count
    num_hidden_layers: Annotated[int, Field(gt=0, le=1024)]
    num_attention_heads: Count
    max_position_embeddings: Count
    type_vocab_size: Count = 2
    layer_norm_eps: PositiveFloat = 1e-12
    hidden_act: str = "gelu"
    position_embedding_type: str | None = None


def _config(folder: Path) -> _Config:
    path = folder / "config.json"
    names = read_json(_Architectures, path).architectures or []
    if not names:
        raise UnsupportedError(f"{path}: unknown architecture; it must name one in architectures")
    if names[0] not in ARCHITECTURES:
        raise UnsupportedError(
            f'{path}: unsupported architecture "{names[0]}"; paddock converts '
            f"{' and '.join(ARCHITECTURES)}. Get this model as a GGUF file instead"
        )
    config = read_json(_Config, path)
    if not config.hidden_act.startswith("gelu"):
        raise UnsupportedError(f'{path}: unsupported hidden_act "{config.hidden_act}"; only gelu')
    if config.position_embedding_type not in (None, "absolute"):
        raise UnsupportedError(
            f'{path}: unsupported position_embedding_type "{config.position_embedding_type}"; '
            "only absolute"
        )
    if config.hidden_size % config.num_attention_heads:
        raise RequestError(f"{path}: hidden_size is not a multiple of num_attention_heads")
    return config


def _add_facts(writer: GGUFWriter, config: _Config, pooling: PoolingType) -> None:
    writer.add_block_count(config.num_hidden_layers)
    # The trained window. sentence_bert_config.json only says where that library cuts by default.
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_layer_norm_eps(config.layer_norm_eps)
    writer.add_causal_attention(False)
    writer.add_pooling_type(pooling)
    writer.add_token_type_count(config.type_vocab_size)
    writer.add_file_type(LlamaFileType.MOSTLY_F16)


# -- pooling ---------------------------------------------------------------------------------------


class _Module(BaseModel):
    type: str
    path: str = ""


class _Modules(RootModel[list[_Module]]):
    pass


class _Pooling(BaseModel):
    """sentence-transformers writes one flag per mode; its newest versions one name."""

    pooling_mode: str | None = None
    pooling_mode_mean_tokens: bool = False
    pooling_mode_cls_token: bool = False
    pooling_mode_lasttoken: bool = False
    pooling_mode_max_tokens: bool = False
    pooling_mode_mean_sqrt_len_tokens: bool = False
    pooling_mode_weightedmean_tokens: bool = False


_POOLINGS = {
    frozenset({"pooling_mode_mean_tokens"}): PoolingType.MEAN,
    frozenset({"pooling_mode_cls_token"}): PoolingType.CLS,
    frozenset({"pooling_mode_lasttoken"}): PoolingType.LAST,
}
_POOLING_NAMES = {
    "mean": PoolingType.MEAN,
    "cls": PoolingType.CLS,
    "lasttoken": PoolingType.LAST,
}
_MODULES = ("Transformer", "Pooling", "Normalize")


def _pooling(folder: Path) -> PoolingType:
    """How token vectors become one; the mean if nothing is said, like sentence-transformers."""
    path = folder / "modules.json"
    modules = read_json(_Modules, path).root if path.is_file() else []
    kinds = {module.type.rpartition(".")[2]: module for module in modules}
    for kind in kinds:
        if kind not in _MODULES:
            raise UnsupportedError(
                f"{path}: unsupported module {kind}; paddock converts {', '.join(_MODULES)}"
            )
    if "Pooling" in kinds:
        return _pooling_mode(folder / kinds["Pooling"].path / "config.json")
    default = folder / "1_Pooling" / "config.json"
    return _pooling_mode(default) if default.is_file() else PoolingType.MEAN


def _pooling_mode(path: Path) -> PoolingType:
    config = read_json(_Pooling, path)
    chosen = frozenset(name for name, value in config if value is True)
    mode = _POOLINGS.get(chosen) or _POOLING_NAMES.get(config.pooling_mode or "")
    if mode is None:
        raise UnsupportedError(f"{path}: unsupported pooling; mean, cls or lasttoken alone is")
    return mode


# -- tensors ---------------------------------------------------------------------------------------

_UNUSED_PREFIXES = ("pooler.", "cls.", "embeddings.position_ids")
"""Heads that sentence vectors do not need, and a buffer that is no weight."""
_AS_F32 = ("position_embd.", "token_types.")


def _tensors(folder: Path, config: _Config) -> dict[str, TensorInfo]:
    """The tensors of the model under their GGUF names, in the order of the file."""
    files = sorted(folder.glob("model*.safetensors"))
    if not files:
        raise RequestError(
            f"{folder}: no model*.safetensors found; other formats must be converted to it, or to "
            "GGUF, first"
        )
    names = get_tensor_name_map(MODEL_ARCH.BERT, config.num_hidden_layers)
    found: dict[str, TensorInfo] = {}
    for file in files:
        for source, info in read_header(file).items():
            plain = _plain(source)
            if plain.startswith(_UNUSED_PREFIXES):
                continue
            name = names.get_name(plain, try_suffixes=(".weight", ".bias"))
            if name is None:
                raise RequestError(f"{file}: unexpected tensor {source}")
            if name in found:
                raise RequestError(
                    f"{file}: duplicate tensor name '{name}' was found for this model"
                )
            found[name] = info
    expected = dict(_expected(config))
    for name, shape in expected.items():
        if name not in found:
            raise RequestError(f"{folder}: the weights lack {name}; download the folder again")
        if found[name].shape != shape:
            raise RequestError(
                f"{found[name].file}: tensor {found[name].name} has the shape "
                f"{list(found[name].shape)}, config.json asks for {list(shape)}"
            )
    return {name: found[name] for name in expected}


def _plain(source: str) -> str:
    """The tensor's name without the prefix of a head's checkpoint or the names of older ones."""
    name = source.removeprefix("bert.")
    for old, new in ((".gamma", ".weight"), (".beta", ".bias")):
        if name.endswith(old):
            name = name.removesuffix(old) + new
    return name


def _expected(config: _Config) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Every tensor of the model and its shape."""
    width, wide = config.hidden_size, config.intermediate_size
    once = {
        MODEL_TENSOR.TOKEN_EMBD: (config.vocab_size, width),
        MODEL_TENSOR.TOKEN_TYPES: (config.type_vocab_size, width),
        MODEL_TENSOR.POS_EMBD: (config.max_position_embeddings, width),
    }
    per_block = {
        MODEL_TENSOR.ATTN_Q: (width, width),
        MODEL_TENSOR.ATTN_K: (width, width),
        MODEL_TENSOR.ATTN_V: (width, width),
        MODEL_TENSOR.ATTN_OUT: (width, width),
        MODEL_TENSOR.ATTN_OUT_NORM: (width,),
        MODEL_TENSOR.FFN_UP: (wide, width),
        MODEL_TENSOR.FFN_DOWN: (width, wide),
        MODEL_TENSOR.LAYER_OUT_NORM: (width,),
    }
    for tensor, shape in once.items():
        yield f"{TENSOR_NAMES[tensor]}.weight", shape
    yield f"{TENSOR_NAMES[MODEL_TENSOR.TOKEN_EMBD_NORM]}.weight", (width,)
    yield f"{TENSOR_NAMES[MODEL_TENSOR.TOKEN_EMBD_NORM]}.bias", (width,)
    for block in range(config.num_hidden_layers):
        for tensor, shape in per_block.items():
            name = TENSOR_NAMES[tensor].format(bid=block)
            yield f"{name}.weight", shape
            yield f"{name}.bias", shape[:1]


def _stored_as(name: str, info: TensorInfo) -> np.dtype[Any]:
    # llama.cpp adds the two small tables to f32 activations, so they stay f32.
    is_exact = len(info.shape) == 1 or name.startswith(_AS_F32)
    return np.dtype(np.float32 if is_exact else np.float16)


def _values(info: TensorInfo, stored: np.dtype[Any]) -> np.ndarray[Any, np.dtype[Any]]:
    with np.errstate(over="ignore"):
        values = info.read().astype(stored)
    if not np.isfinite(values).all():
        raise RequestError(f"{info.file}: tensor {info.name} has values that f16 cannot hold")
    return values

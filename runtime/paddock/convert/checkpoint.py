"""The weights of a Hugging Face folder: the files they lie in, and what a GGUF wants of them."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final

from gguf import MODEL_ARCH, get_tensor_name_map
from pydantic import BaseModel

from paddock.convert.folder import read_json
from paddock.convert.model import Wanted, Weight
from paddock.convert.safetensors import TensorInfo, read_header
from paddock.errors import RequestError, UnsupportedError

_INDEX: Final = "model.safetensors.index.json"
_FOREIGN: Final = ("consolidated", "adapter", "optimizer")
"""Beginnings of the names of files that hold the weights once more, or other ones."""

Plain = Callable[[str], str | None]
"""The name a tensor has in the first checkpoints of its family; None for one that is not needed."""


class _Index(BaseModel):
    weight_map: dict[str, str]


def collect(
    folder: Path, arch: MODEL_ARCH, blocks: int, wanted: Iterable[Wanted], plain: Plain
) -> tuple[Weight, ...]:
    """The wanted tensors, in that order. RequestError when one is absent, has another shape, or is
    there though nobody wants it."""
    names = get_tensor_name_map(arch, blocks)
    expected = {tensor.name: tensor for tensor in wanted}
    found: dict[str, TensorInfo] = {}
    for info in _tensors(folder):
        source = plain(info.name)
        if source is None:
            continue
        name = names.get_name(source, try_suffixes=(".weight", ".bias"))
        if name in found:
            raise RequestError(
                f"{info.file}: duplicate tensor name '{name}' was found for this model"
            )
        if name is None or name not in expected:
            raise RequestError(
                f"{info.file}: unexpected tensor {info.name}, which config.json does not speak of"
            )
        found[name] = info
    return tuple(_weight(folder, tensor, found) for tensor in expected.values())


def _weight(folder: Path, wanted: Wanted, found: dict[str, TensorInfo]) -> Weight:
    info = found.get(wanted.name)
    if info is None:
        raise RequestError(f"{folder}: the weights lack {wanted.name}; download the folder again")
    if info.shape != wanted.shape:
        raise RequestError(
            f"{info.file}: tensor {info.name} has the shape {list(info.shape)}, config.json asks "
            f"for {list(wanted.shape)}"
        )
    info.check()
    return Weight(wanted, info)


def _tensors(folder: Path) -> Iterable[TensorInfo]:
    for file in _files(folder):
        yield from read_header(file).values()


def _files(folder: Path) -> Sequence[Path]:
    """The files that the index names, or else those called model*, or else all."""
    index = folder / _INDEX
    if index.is_file():
        return _indexed(index)
    files = sorted(folder.glob("model*.safetensors")) or sorted(
        file for file in folder.glob("*.safetensors") if not file.name.startswith(_FOREIGN)
    )
    if files:
        return files
    pickles = sorted((*folder.glob("*.bin"), *folder.glob("*.pth"), *folder.glob("*.pt")))
    if pickles:
        raise UnsupportedError(
            f"{pickles[0]}: PyTorch pickles are not read, since they can run any code; save the "
            "model as safetensors (save_pretrained of transformers does), or get it as a GGUF file"
        )
    raise RequestError(
        f"{folder}: no model*.safetensors found; other formats must be converted to it, or to "
        "GGUF, first"
    )


def _indexed(index: Path) -> Sequence[Path]:
    tensors = read_json(_Index, index).weight_map
    for name in set(tensors.values()):
        if name in ("", ".", "..") or any(char in name for char in "/\\\0"):
            raise RequestError(f"{index}: {name!r} is no file of this folder")
    files = [index.with_name(name) for name in sorted(set(tensors.values()))]
    if not files:
        raise RequestError(f"{index}: names no file; download it again")
    for file in files:
        if not file.is_file():
            raise RequestError(f"{file}: is missing, though {index.name} names it; download it")
    return files

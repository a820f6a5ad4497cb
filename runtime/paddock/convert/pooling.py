"""How token vectors become one: what sentence-transformers wrote beside the weights."""

from pathlib import Path
from typing import Final

from gguf import PoolingType
from pydantic import BaseModel, RootModel

from paddock.convert.folder import read_json
from paddock.errors import UnsupportedError


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


_POOLINGS: Final = {
    frozenset({"pooling_mode_mean_tokens"}): PoolingType.MEAN,
    frozenset({"pooling_mode_cls_token"}): PoolingType.CLS,
    frozenset({"pooling_mode_lasttoken"}): PoolingType.LAST,
}
_POOLING_NAMES: Final = {
    "mean": PoolingType.MEAN,
    "cls": PoolingType.CLS,
    "lasttoken": PoolingType.LAST,
}
_MODULES: Final = ("Transformer", "Pooling", "Normalize")


def read_pooling(folder: Path) -> PoolingType | None:
    """None when the folder says nothing. UnsupportedError for what llama.cpp cannot do."""
    path = folder / "modules.json"
    modules = read_json(_Modules, path).root if path.is_file() else []
    kinds = {module.type.rpartition(".")[2]: module for module in modules}
    for kind in kinds:
        if kind not in _MODULES:
            raise UnsupportedError(
                f"{path}: unsupported module {kind}; paddock converts {', '.join(_MODULES)}"
            )
    if "Pooling" in kinds:
        return _mode(folder / kinds["Pooling"].path / "config.json")
    default = folder / "1_Pooling" / "config.json"
    return _mode(default) if default.is_file() else None


def _mode(path: Path) -> PoolingType:
    config = read_json(_Pooling, path)
    chosen = frozenset(name for name, value in config if value is True)
    mode = _POOLINGS.get(chosen) or _POOLING_NAMES.get(config.pooling_mode or "")
    if mode is None:
        raise UnsupportedError(f"{path}: unsupported pooling; mean, cls or lasttoken alone is")
    return mode

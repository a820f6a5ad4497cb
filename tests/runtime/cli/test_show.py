import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.cli.show import number, show_text


def test_architecture_and_lengths_come_from_the_weights():
    text = show_text(
        {
            "details": {"family": "other", "quantization_level": "Q4_0"},
            "model_info": {
                "general.architecture": "llama",
                "general.parameter_count": 8030261312,
                "llama.context_length": 131072,
                "llama.embedding_length": 4096.0,
            },
        }
    )
    assert [line.split() for line in text.splitlines()] == [
        ["Model"],
        ["architecture", "llama"],
        ["parameters", "8.0B"],
        ["context", "length", "131072"],
        ["embedding", "length", "4096"],
        ["quantization", "Q4_0"],
        [],
    ]


def test_a_long_license_is_cut_after_two_lines():
    text = show_text({"license": "\n  one \n\ntwo\nthree\n", "capabilities": ["completion"]})
    assert text.endswith(
        "  Capabilities\n    completion    \n\n  License\n    one    \n    two    \n    ...    \n\n"
    )


def test_metadata_and_tensors_are_for_the_curious():
    response = {
        "model_info": {"b": [1, 2, 3, 4, 5], "a": None, "c": ["a long first element", "x"]},
        "tensors": [{"name": "t", "type": "F32", "shape": [2, 3]}],
    }
    assert "Metadata" not in show_text(response)
    text = show_text(response, verbose=True)
    assert ["a"] in [line.split() for line in text.splitlines()]
    assert "[1 2 3 ...+2 more]" in text
    assert "[a long first element ...+1" in text
    assert "    t    F32    [2 3]    \n" in text


def test_the_projector_of_sounds_is_shown_too():
    text = show_text(
        {"projector_info": {"general.architecture": "clip", "clip.audio.embedding_length": 1280}}
    )
    assert "    embedding length    1280    \n" in text
    assert "dimensions" not in text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (1000, "1000"),
        (500000, "500000"),
        (1_000_000, "1e+06"),
        (8030261312, "8.030261312e+09"),
        (1e-05, "1e-05"),
        (0.0001, "0.0001"),
        (-2.5e-7, "-2.5e-07"),
        (1e300, "1e+300"),
        (math.inf, "+Inf"),
        (-math.inf, "-Inf"),
        (math.nan, "NaN"),
    ],
)
def test_numbers_are_doubles_in_their_shortest_form(value: float, text: str):
    assert number(value) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_printed_number_is_the_same_double(value: float):
    assert float(number(value)) == value

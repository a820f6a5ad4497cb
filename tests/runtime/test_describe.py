"""The texts of show. The reference's cases run in tests/vectors."""

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from paddock.api import Message
from paddock.describe import human_count, modelfile_text, parameters_text
from paddock.modelfile import Modelfile


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (8_030_261_248, "8.0B"),
        (8_000_000_000, "8B"),
        (22_565_376, "22.57M"),
        (22_000_000, "22M"),
        (134_515, "135K"),
        (999, "999"),
        (0, "0"),
    ],
)
def test_parameters_are_counted_in_words(count: int, text: str) -> None:
    assert human_count(count) == text


def test_values_that_would_be_cut_are_quoted() -> None:
    text = modelfile_text(
        "m:latest",
        None,
        template="a\nb",
        system=' say "hi"',
        renderer="r",
        parser="p",
        parameters={"stop": ["User: ", "x"], "seed": 1e6},
        licenses=["MIT"],
        messages=[Message(role="user", content="hello")],
    )
    assert text.split("\n\n", 1)[1] == (
        'FROM m:latest\nTEMPLATE "a\nb"\nSYSTEM """ say "hi""""\nRENDERER r\nPARSER p\n'
        'PARAMETER seed 1000000\nPARAMETER stop "User: "\nPARAMETER stop x\nLICENSE MIT\n'
        "MESSAGE user hello\n"
    )


def test_parameters_are_sorted_by_name() -> None:
    lines = parameters_text({"top_k": 5, "stop": ["b", "a"], "seed": 42.0}).splitlines()
    assert [line.split() for line in lines] == [
        ["seed", "42"],
        ["stop", '"b"'],
        ["stop", '"a"'],
        ["top_k", "5"],
    ]


@given(
    st.text(st.characters(exclude_categories=("C", "Z"), include_characters=" \n")),
    st.lists(st.sampled_from(["User: ", '"', "", "</s>", " \n"]), min_size=1),
)
@example('"quoted"', ["x"])
@settings(deadline=None)
def test_the_modelfile_says_what_the_model_has(text: str, stop: list[str]) -> None:
    assume('"""\n' not in text.replace(" ", ""))
    shown = modelfile_text(
        "m:latest",
        "/a folder /m.gguf ",
        template=text,
        system=text,
        parameters={"stop": stop, "temperature": 0.7, "seed": 2.0**40},
        licenses=[text],
        messages=[Message(role="user", content=text)],
    )
    read = Modelfile.parse(shown)
    assert read.all("from") == ("/a folder /m.gguf ",)
    assert read.fields() == {
        "template": text or "{{ .Prompt }}",
        "parameters": {"stop": stop, "temperature": 0.7, "seed": 2**40},
        "messages": [{"role": "user", "content": text}],
        **({"system": text, "license": [text]} if text else {}),
    }

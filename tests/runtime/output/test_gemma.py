"""Calls of the Gemma family."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.runtime.output.common import TOOLS

from paddock.output import gemma
from paddock.output.values import CallError, by_name

DECLARED = by_name(TOOLS)
Q = '<|"|>'


@pytest.mark.parametrize(
    ("written", "arguments"),
    [
        ("{}", {}),
        (f'{{city:{Q}a \\n "b" {{c:d}}{Q},days:3}}', {"city": 'a \\n "b" {c:d}', "days": 3}),
        (
            f"{{a:[{{ b:{Q}x{Q} }}, null, true],c_1:-1.5}}",
            {"a": [{"b": "x"}, None, True], "c_1": -1.5},
        ),
        ('{a:"q, b: 1"}', {"a": "q, b: 1"}),
        (f"{{city:'P',note:{Q}x{Q}}}", {"city": "P", "note": "x"}),
        (f"{{city:{Q}P}}", {"city": "P"}),
        (f"{{city:{Q}P", {"city": "P"}),
        ("{city:Paris, France,days:3}", {"city": "Paris, France", "days": 3}),
    ],
)
def test_arguments_of_gemma(written: str, arguments: Any) -> None:
    (call,) = gemma.call(f"call: weather {written}", DECLARED)
    assert (call.name, call.arguments) == ("weather", arguments)


@pytest.mark.parametrize(
    "body", ["", "weather{}", "call:weather", f"call:f{{a:{Q}x,b:{Q}y{Q}}}", "call:f{a:b}"]
)
def test_what_gemma_cannot_have_meant_is_an_error(body: str) -> None:
    with pytest.raises(CallError):
        gemma.call(body, DECLARED)


@pytest.mark.parametrize(
    ("written", "arguments"),
    [
        ("", {}),
        ("a:<escape>x, {y}: [z]\n<escape>,b:<escape><escape>", {"a": "x, {y}: [z]\n", "b": ""}),
        (
            "a:true,b:false,c:-3,d:1.5,e:2024-01-05",
            {"a": True, "b": False, "c": -3, "d": 1.5, "e": "2024-01-05"},
        ),
        ("a:[1,<escape>x<escape>,{b:2}],c", {"a": [1, "x", {"b": 2}]}),
    ],
)
def test_arguments_of_function_gemma(written: str, arguments: Any) -> None:
    (call,) = gemma.escaped_call(f"call:f{{{written}}}", DECLARED)
    assert (call.name, call.arguments) == ("f", arguments)


PIECES = st.sampled_from([*"{}[]:,ab1\" '", Q, "<escape>", "city:", "days:"])


@settings(deadline=None)
@given(st.lists(PIECES))
def test_any_text_is_a_call_or_an_error(pieces: list[str]) -> None:
    for read in (gemma.call, gemma.escaped_call):
        try:
            read("call:weather{" + "".join(pieces), DECLARED)
        except CallError:
            continue

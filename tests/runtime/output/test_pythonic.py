"""Calls written as Python."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paddock.output.pythonic import calls_in_lines, calls_in_list
from paddock.output.values import CallError


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ('"a, b)"', "a, b)"),
        (r"'it\'s\n'", "it's\n"),
        ("true", True),
        ("False", False),
        ("nil", None),
        ("None", None),
        ("-12", -12),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("12345678901234567890", 12345678901234567890),
        ("0x10", "0x10"),
        ("[1, [2, 'x'], {a: 1}]", [1, [2, "x"], {"a": 1}]),
        ('{"a": {"b": [1]}, c: d}', {"a": {"b": [1]}, "c": "d"}),
        ("bare words", "bare words"),
    ],
)
def test_values_of_a_line(written: str, value: Any) -> None:
    (call,) = calls_in_lines(f"f(v={written})")
    assert (call.name, call.arguments) == ("f", {"v": value})


@pytest.mark.parametrize(
    ("written", "value"),
    [
        (r'"C:\dir"', r"C:\dir"),
        ("['a', True, None]", ["a", True, None]),
        ('{"a": 1.5}', {"a": 1.5}),
        ("[a, b]", "[a, b]"),
        ("nil", "nil"),
        ("null", None),
    ],
)
def test_values_of_a_list(written: str, value: Any) -> None:
    (call,) = calls_in_list(f"[f(v={written})]")
    assert call.arguments == {"v": value}


def test_several_calls() -> None:
    assert [call.name for call in calls_in_lines("a()\n\n b(x=1) \n")] == ["a", "b"]
    assert [call.name for call in calls_in_list("[a(), b.c-d(x='),(')]")] == ["a", "b.c-d"]
    assert [call.arguments for call in calls_in_list("a( x = 1 , y = 2 )")] == [{"x": 1, "y": 2}]


@pytest.mark.parametrize("body", ["f", "f(x)", "f(x=)", "f(=1)", "a() b", "f(x=1"])
def test_what_is_no_call_is_an_error(body: str) -> None:
    for read in (calls_in_lines, calls_in_list):
        with pytest.raises(CallError):
            read(body)


def test_deep_nesting_is_an_error_and_no_crash() -> None:
    with pytest.raises(CallError):
        calls_in_lines(f"f(x={'[' * 5000}{']' * 5000})")


@settings(deadline=None)
@given(st.text(alphabet="f(x=1)[]{}'\",\\: \n"))
def test_any_text_is_calls_or_an_error(text: str) -> None:
    for read in (calls_in_lines, calls_in_list):
        try:
            read(text)
        except CallError:
            continue

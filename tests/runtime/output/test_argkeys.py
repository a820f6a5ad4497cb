"""Calls of keys and values between tags."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.runtime.output.common import TOOLS

from paddock.output import argkeys
from paddock.output.events import ToolCall
from paddock.output.values import CallError, by_name

DECLARED = by_name(TOOLS)


def pair(key: str, value: str) -> str:
    return f"<arg_key>{key}</arg_key>\n<arg_value>{value}</arg_value>\n"


def test_values_are_literal_and_typed() -> None:
    body = f" weather\n{pair(' city ', 'a <b> & c')}{pair('days', '3')}{pair('other', '4')}"
    assert argkeys.call(body, DECLARED) == [
        ToolCall("weather", {"city": "a <b> & c", "days": 3, "other": "4"})
    ]


@pytest.mark.parametrize(
    "body",
    [
        "weather<arg_key>city</arg_key><arg_value>P",
        "weather<arg_key>city</arg_key>P</arg_value>",
        "weather city</arg_key>P</arg_value>",
        "weather\ncity</arg_key><arg_value>P</arg_value>",
        "weather<arg_key>city<arg_value>P",
        "weather<arg_key>city<arg_value>P</arg_value>",
    ],
)
def test_forgotten_tags_are_put_back(body: str) -> None:
    assert argkeys.call(body, DECLARED) == [ToolCall("weather", {"city": "P"})]
    assert argkeys.call(body + "<arg_key>days</arg_key><arg_value>3</arg_value>", DECLARED) == [
        ToolCall("weather", {"city": "P", "days": 3})
    ]


@pytest.mark.parametrize("body", ["", " ", pair("a", "1"), "f<arg_key>a</arg_key>", "f<arg_key>a"])
def test_what_cannot_be_mended_is_an_error(body: str) -> None:
    with pytest.raises(CallError):
        argkeys.call(body, DECLARED)


def test_a_cut_call_counts_only_when_nothing_can_be_missing() -> None:
    whole = f"weather{pair('city', 'P')}"
    assert argkeys.cut_call(whole, DECLARED) == [ToolCall("weather", {"city": "P"})]
    missing = ["", "wea", "weather", whole[:-4], f"unknown{pair('city', 'P')}", whole + "<arg_key>"]
    for body in [*missing, f"weather{pair('', 'P')}"]:
        with pytest.raises(CallError):
            argkeys.cut_call(body, DECLARED)


PIECES = st.sampled_from(["f", " ", "x", "<arg_key>", "</arg_key>", "<arg_value>", "</arg_value>"])


@settings(deadline=None)
@given(st.lists(PIECES))
def test_any_text_is_a_call_or_an_error(pieces: list[str]) -> None:
    try:
        (call,) = argkeys.call("".join(pieces), DECLARED)
    except CallError:
        return
    assert call.name

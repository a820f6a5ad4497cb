import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paddock.template.values import (
    NIL_LIST,
    NULL,
    GoValueError,
    Ordered,
    Struct,
    float_form,
    printed,
    text_form,
    to_json,
    type_name,
)


@pytest.mark.parametrize(
    ("value", "text", "in_json"),
    [
        (7.0, "7", "7"),
        (100000.0, "100000", "100000"),
        (999999.5, "999999.5", "999999.5"),
        (1000000.0, "1e+06", "1000000"),
        (1234567.5, "1.2345675e+06", "1234567.5"),
        (0.0001, "0.0001", "0.0001"),
        (0.00001, "1e-05", "0.00001"),
        (0.0000001, "1e-07", "1e-7"),
        (1e20, "1e+20", "100000000000000000000"),
        (1e21, "1e+21", "1e+21"),
        (-0.0, "-0", "-0"),
        (5e-324, "5e-324", "5e-324"),
        (1.7976931348623157e308, "1.7976931348623157e+308", "1.7976931348623157e+308"),
    ],
)
def test_floats_have_one_form_in_text_and_one_in_json(
    value: float, text: str, in_json: str
) -> None:
    assert (float_form(value), to_json(value)) == (text, in_json)


@settings(deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_both_forms_of_a_float_read_back_as_it(value: float) -> None:
    assert float(float_form(value)) == value
    assert float(json.loads(to_json(value))) == value


def test_what_is_no_number_has_a_name_in_text_and_no_json() -> None:
    assert [float_form(each) for each in (math.inf, -math.inf, math.nan)] == ["+Inf", "-Inf", "NaN"]
    with pytest.raises(GoValueError, match="unsupported value"):
        to_json(math.inf)
    with pytest.raises(GoValueError, match="unsupported type"):
        to_json(2j)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "<nil>"),
        (NULL, "<nil>"),
        (True, "true"),
        (3, "3"),
        (2j, "(0+2i)"),
        (1 - 2j, "(1-2i)"),
        ([1, "a b", None, [True]], "[1 a b <nil> [true]]"),
        ({"b": 1.0, "a": {"x": None}}, "map[a:map[x:<nil>] b:1]"),
        (b"\x01\xff", "[1 255]"),
        (NIL_LIST, "[]"),
        (Struct(A=1, B="x", C=None), "{1 x <nil>}"),
    ],
)
def test_values_have_gos_text_form(value: object, text: str) -> None:
    assert text_form(value) == text


def test_nothing_is_printed_as_no_value() -> None:
    assert (printed(None), printed(NULL), printed([None])) == (
        "<no value>",
        "<no value>",
        "[<nil>]",
    )


def test_null_is_false_and_every_struct_is_true() -> None:
    assert not NULL
    assert Struct()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": [1, None], "a": "<&>\u2028é😀\x7f"},
         '{"a":"\\u003c\\u0026\\u003e\\u2028é😀\x7f","b":[1,null]}'),
        (Ordered(b=1, a=2), '{"b":1,"a":2}'),
        (Struct(B=NIL_LIST, A=[]), '{"B":null,"A":[]}'),
        ("\x00\b\t\n\f\r\"\\/", '"\\u0000\\b\\t\\n\\f\\r\\"\\\\/"'),
        ("a\udcff", '"a\\ufffd"'),
        (b"ab", '"YWI="'),
        ({}, "{}"),
    ],
)  # fmt: skip
def test_json_is_compact_sorted_and_safe_in_html(value: object, text: str) -> None:
    assert to_json(value) == text


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@settings(deadline=None)
@given(_JSON)
def test_json_reads_back_as_the_value(value: object) -> None:
    text = to_json(value)
    assert json.loads(text) == value
    assert not set("<>&\u2028\u2029") & set(text)


def test_types_have_gos_names() -> None:
    values = [None, True, 1, 1.0, "a", [], {}, b""]
    assert [type_name(value) for value in values] == [
        "<nil>",
        "bool",
        "int",
        "float64",
        "string",
        "[]interface {}",
        "map[string]interface {}",
        "[]uint8",
    ]

from datetime import date
from typing import Any

import pytest

from paddock.errors import TemplateError
from paddock.template.evaluate import Program
from paddock.template.functions import ALL, STANDARD
from paddock.template.limits import Budget
from paddock.template.syntax import parse
from paddock.template.values import NIL_LIST, Struct

DATA: dict[str, Any] = {
    "L": [1, "b", None],
    "M": {"a": 1},
    "S": "héllo",
    "N": None,
    "F": 2.5,
    "Nil": NIL_LIST,
    "T": Struct(A=1),
}


def run(template: str) -> str:
    program = Program(template, parse(template, ALL), ALL)
    return program.run(DATA, Budget([]), date(2026, 3, 1))


@pytest.mark.parametrize(
    ("template", "text"),
    [
        # truth
        ("{{ not 0 }}{{ not nil }}{{ not 0.1 }}{{ not .T }}", "truetruefalsefalse"),
        ('{{ and 1 "" 5 }}|{{ or 0 "" }}|{{ or 0 7 }}', "||7"),
        # comparison
        ('{{ eq 1 1 "x" }}{{ eq "a" "b" "a" }}{{ ne 1.0 1.5 }}', "truetruetrue"),
        ("{{ eq .N nil }}{{ eq .N 1 }}{{ ne .N .L }}{{ eq .Nil nil }}", "truefalsetruetrue"),
        ("{{ eq .Nil .L }}{{ eq .N .T }}", "falsefalse"),
        ('{{ lt 1 2 }}{{ le 2 2 }}{{ gt 2.5 1.5 }}{{ ge "a" "B" }}', "truetruetruetrue"),
        ('{{ lt "z" "é" }}', "true"),
        # index, slice, len
        ('{{ index .L 1 }}{{ index .M "a" }}{{ index .M "b" }}{{ index .S 0 }}', "b1<no value>104"),
        ("{{ index .L }}{{ slice .L }}{{ slice .L 1 }}{{ slice .L 0 1 2 }}",
         "[1 b <nil>][1 b <nil>][b <nil>][1]"),
        ("{{ slice .S 3 }}{{ slice .S 0 3 }}{{ len .S }}{{ len .L }}{{ len .M }}", "llohé631"),
        # text
        ('{{ print 1 2 "a" 3 "b" true nil }}', "1 2a3btrue <nil>"),
        ('[{{ println "a" 1 nil }}]', "[a 1 <nil>\n]"),
        ("{{ html \"<a href='x'>&\" }}{{ html .N 1 }}",
         "&lt;a href=&#39;x&#39;&gt;&amp;&lt;no value&gt;1"),
        (r"""{{ js "<'a=\\\"&\n\u200bé>" }}""", r"\u003C\'a\u003D\\\"\u0026\u000A\u200Bé\u003E"),
        ('{{ urlquery "a b&c/é~" }}', "a+b%26c%2F%C3%A9~"),
        # added by the reference
        ('{{ json .M }}{{ json "<" }}{{ json nil }}', '{"a":1}"\\u003c"null'),
        ('{{ currentDate }} {{ yesterdayDate "x" "y" }}', "2026-03-01 2026-02-28"),
        ("{{ toTypeScriptType .M }}{{ toTypeScriptType nil }}", "anyany"),
    ],
)  # fmt: skip
def test_functions_do_as_gos(template: str, text: str) -> None:
    assert run(template) == text


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ('eq 1 "1"', "incompatible types for comparison: int and string"),
        ("eq 1 1.0", "incompatible types for comparison: int and float64"),
        ("eq true 1", "incompatible"),
        ("eq .L .L", "incompatible"),
        ("eq .T .T", "incompatible"),
        ("eq .Nil .M", "non-comparable"),
        ('eq .Nil "x"', "incompatible"),
        ("eq 1", "missing argument"),
        ("ne 1 2 3", "wrong number of args"),
        ("lt true false", "invalid type for comparison"),
        ("lt .N 1", "invalid type for comparison"),
        ("lt 1 1.5", "incompatible"),
        ("index nil 1", "index of untyped nil"),
        ('index .M "b" "c"', "index of nil pointer"),
        ("index .L 1.0", "cannot index slice/array with type float64"),
        ("index .L nil", "cannot index slice/array with nil"),
        ("index .L -1", "index out of range: -1"),
        ("index .L 3", "index out of range: 3"),
        ("index .M 1", "value has type int; should be string"),
        ("index 5 1", "can't index item of type int"),
        ("slice .N", "slice of untyped nil"),
        ("slice .M", "can't slice item of type map"),
        ("slice .S 0 1 2", "cannot 3-index slice a string"),
        ("slice .L 2 1", "invalid slice index: 2 > 1"),
        ("slice .L 0 2 1", "invalid slice index: 2 > 1"),
        ("slice .L 0 9", "index out of range: 9"),
        ("len nil", "len of nil pointer"),
        ("len 3", "len of type int"),
        ("printf 5", "expected string"),
        ("yesterdayDate nil", "expected string"),
        ("call nil", "call of nil"),
        ("call .S", "non-function of type string"),
        ("json", "wrong number of args"),
        ("json 2i", "unsupported type"),
    ],
)
def test_what_they_cannot_do_is_named(call: str, message: str) -> None:
    with pytest.raises(TemplateError) as caught:
        run("{{ " + call + " }}")
    assert message in str(caught.value)


def test_the_standard_functions_are_all_but_the_reference_s_own() -> None:
    own = {"json", "currentDate", "yesterdayDate", "toTypeScriptType"}
    assert ALL.keys() - STANDARD.keys() == own

import contextlib
import threading
import time
import tracemalloc
from datetime import date
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from paddock.errors import TemplateError
from paddock.template.evaluate import Program
from paddock.template.functions import ALL
from paddock.template.limits import Budget
from paddock.template.syntax import parse

TODAY = date(2026, 3, 1)


def run(template: str, data: Any = None) -> str:
    return Program(template, parse(template, ALL), ALL).run(data, Budget([data]), TODAY)


DATA: dict[str, Any] = {
    "A": "a",
    "Empty": "",
    "N": None,
    "L": [1, 2, 3],
    "M": {"b": 2, "a": 1, "C": 3},
    "D": {"deep": {"er": "x"}},
    "Holes": [{"k": 1}, None],
}


@pytest.mark.parametrize(
    ("template", "text"),
    [
        # fields
        ("{{ .D.deep.er }}{{ (index .L 1) }}{{ $.A }}", "x2a"),
        ("{{ .Missing }}|{{ .N }}|{{ if .Missing }}{{ else }}no{{ end }}",
         "<no value>|<no value>|no"),
        ("{{ $x := .N }}{{ $x.A }}|{{ (.N).A }}", "<no value>|<no value>"),
        # branches
        ("{{ if .Empty }}1{{ else if .L }}2{{ else }}3{{ end }}", "2"),
        ("{{ with .D.deep }}{{ .er }}{{ $.A }}{{ else }}no{{ end }}", "xa"),
        ("{{ with .Empty }}{{ else with .A }}{{ . }}{{ end }}", "a"),
        ("{{ if $x := .Empty }}{{ else }}[{{ $x }}]{{ end }}", "[]"),
        # ranges
        ("{{ range $i, $e := .L }}{{ $i }}{{ $e }} {{ end }}", "01 12 23 "),
        ("{{ range $k, $v := .M }}{{ $k }}{{ $v }} {{ end }}", "C3 a1 b2 "),
        ("{{ range 3 }}{{ . }}{{ end }}{{ range 0 }}{{ else }}none{{ end }}", "012none"),
        ("{{ range .N }}x{{ else }}{{ .A }}{{ end }}", "a"),
        ("{{ range .L }}{{ if eq . 2 }}{{ continue }}{{ end }}{{ . }}{{ end }}", "13"),
        ("{{ range .L }}{{ if eq . 2 }}{{ break }}{{ end }}{{ . }}{{ end }}", "1"),
        ("{{ range .L }}{{ range $.L }}{{ break }}{{ end }}{{ . }}{{ end }}", "123"),
        ("{{ range .L }}{{ with . }}{{ if eq . 2 }}{{ break }}{{ end }}{{ end }}{{ . }}{{ end }}",
         "1"),
        # variables
        ("{{ $x := 1 }}{{ range .L }}{{ $x = . }}{{ end }}{{ $x }}", "3"),
        ("{{ $x := 1 }}{{ range .L }}{{ $x := . }}{{ end }}{{ $x }}", "1"),
        ("{{ $i := 0 }}{{ $e := 0 }}{{ range $i, $e = .L }}{{ end }}{{ $i }}{{ $e }}", "23"),
        ("{{ $ = 5 }}{{ $ }}", "5"),
        ("{{ print ($x := 1) $x }}", "1 1"),
        ("{{ $x := 1 }}{{ and false ($x := 2) }}{{ $x }}", "false1"),
        ("{{ $x := 1 }}{{ and true ($x := 2) }}{{ $x }}", "22"),
        ("{{ $x := 0 }}{{ range .L }}{{ and (eq . 2) ($x := .) }}{{ $x }} {{ end }}",
         "false0 22 false0 "),
        # templates
        ('{{ define "t" }}<{{ . }}{{ $ }}>{{ end }}{{ template "t" .A }}', "<aa>"),
        ('{{ define "t" }}{{ . }}{{ end }}{{ template "t" }}', "<no value>"),
        ('{{ block "b" .A }}[{{ . }}]{{ end }}{{ template "b" 1 }}', "[a][1]"),
        (('{{ define "t" }}{{ with .deep }}{{ template "t" . }}{{ end }}{{ .er }}{{ end }}'
         '{{ template "t" .D }}'), "x<no value>"),
        # pipelines
        ('{{ "abc" | len | printf "%d!" }}', "3!"),
        ("{{ 1 | and 0 }}{{ 0 | or 1 }}{{ 5 | or }}", "015"),
        ("{{ and .Missing .Missing.Deep.Deeper }}", "<no value>"),
        ("{{ 1 | eq 2 3 1 }}{{ .N | eq nil }}", "falsetrue"),
    ],
)  # fmt: skip
def test_templates_print_what_gos_do(template: str, text: str) -> None:
    assert run(template, DATA) == text


def test_without_any_data_every_field_is_nothing() -> None:
    assert run("{{ .A }}{{ .A.B }}{{ .A 1 }}") == "<no value>" * 3


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{{ .Missing.Field }}", "nil pointer evaluating interface {}.Field"),
        ("{{ if .N.Field }}{{ end }}", "nil pointer"),
        ("{{ range .Holes }}{{ .k }}{{ end }}", "nil pointer"),
        ("{{ .A.B }}", "can't evaluate field B in type string"),
        ("{{ .L.B }}", "can't evaluate field B in type []interface {}"),
        ("{{ .A 1 }}", "can't give argument to non-function .A"),
        ("{{ 3 4 }}", "can't give argument"),
        ('{{ "a" | .A }}', "can't give argument"),
        ("{{ nil }}", "nil is not a command"),
        ("{{ range .A }}{{ end }}", "range can't iterate over string"),
        ("{{ range $i, $e := 2 }}{{ end }}", "more than one variable"),
        ('{{ template "t" . }}', 'template "t" not defined'),
        ("{{ $x = 1 }}", "undefined variable: $x"),
        ("{{ len }}", "wrong number of args for len: want 1 got 0"),
        ("{{ eq }}", "want at least 1 got 0"),
        ("{{ 1 | slice .L 1 2 3 }}", "want 4 got 5"),
        ("{{ printf .L }}", "expected string"),
        ("{{ currentDate 1 }}", "expected string"),
        ("{{ index .L 3 }}", "error calling index: index out of range: 3"),
        ("{{ 18446744073709551615 }}", "overflows int"),
    ],
)
def test_what_cannot_be_done_is_named_with_its_place(template: str, message: str) -> None:
    with pytest.raises(TemplateError, match="line 1, column") as caught:
        run(template, DATA)
    assert message in str(caught.value)


def test_halves_of_a_character_join_and_lone_ones_are_replaced() -> None:
    assert run('{{ slice "é" 0 1 }}{{ slice "é" 1 }}') == "é"
    assert run('a{{ slice "é" 0 1 }}') == "a\ufffd"


def test_a_program_serves_many_threads() -> None:
    template = "{{ $x := . }}{{ range 50 }}{{ $x = print $x . }}{{ end }}{{ $x }}"
    program = Program(template, parse(template, ALL), ALL)
    expected = [program.run(str(i), Budget(), TODAY) for i in range(4)]
    found: dict[int, set[str]] = {i: set() for i in range(4)}

    def work(i: int) -> None:
        for _ in range(20):
            found[i].add(program.run(str(i), Budget(), TODAY))

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found[i] for i in range(4)] == [{text} for text in expected]


_LONG = '{{ $x := printf "%999999s" "é" }}'
_TWICE = '{{ define "t%d" }}{{ template "t%d" . }}{{ template "t%d" . }}{{ end }}'
BOMBS = {
    "endless loop": "{{ range 1000000000 }}{{ end }}",
    "nested loops": "{{ range 100000 }}" * 3 + "{{ end }}" * 3,
    "long output": "{{ range 100000 }}" + "x" * 10_000 + "{{ end }}",
    "doubling": '{{ $x := "ab" }}{{ range 64 }}{{ $x = print $x $x }}{{ end }}',
    "doubling in quotes": r'{{ $x := "\"" }}{{ range 64 }}{{ $x = printf "%q%q" $x $x }}{{ end }}',
    "printed often": _LONG + "{{ range 1000 }}{{ $x }}{{ end }}",
    "wide json": '{{ $x := printf "%999999s" "<" }}{{ range 99 }}{{ $x = json $x }}{{ end }}',
    "escaped": '{{ $x := printf "%999999c" 60 }}{{ range 99 }}{{ $x = html $x }}{{ end }}',
    "slow looks": _LONG + "{{ range 9999 }}{{ $y := len $x }}{{ end }}",
    "slow slices": _LONG + "{{ range 9999 }}{{ $y := slice $x 1 }}{{ end }}",
    "queries": _LONG + "{{ range 9 }}{{ $x = urlquery $x }}{{ end }}",
    "itself": '{{ define "t" }}{{ template "t" . }}{{ end }}{{ template "t" . }}',
    "itself twice": _TWICE.replace("%d", "") + '{{ template "t" 3 }}',
    "the whole itself": 'x{{ template "" . }}',
    "many defined": "".join(_TWICE % (i, i + 1, i + 1) for i in range(90))
    + '{{ define "t90" }}{{ end }}{{ template "t0" . }}',
}


@pytest.mark.parametrize("template", BOMBS.values(), ids=BOMBS.keys())
def test_a_bomb_ends_in_an_error_within_a_second_and_64_mib(template: str) -> None:
    parsed = parse(template, ALL)
    program = Program(template, parsed, ALL)
    tracemalloc.start()
    started = time.thread_time()
    try:
        with pytest.raises(TemplateError):
            program.run({}, Budget({}), TODAY)
        assert time.thread_time() - started < 1.0
        assert tracemalloc.get_traced_memory()[1] < 64 * 2**20
    finally:
        tracemalloc.stop()


_PIECES = st.sampled_from(
    [
        "x", "{{ end }}", "{{ else }}", "{{ if .A }}", "{{ with .M }}", "{{ range $k, $v := .M }}",
        "{{ range .L }}", "{{ range $v = 2 }}", "{{ break }}", "{{ continue }}", "{{ $v := .A }}",
        "{{ $v = . }}", "{{ $v.b }}", "{{ . }}", "{{ .b.c }}", "{{ $ }}", "{{ (index .L 1).k }}",
        "{{ slice $.L 1 | len }}", '{{ printf "%5.1v%q" . $v }}', "{{ json . | html | js }}",
        "{{ eq . $v }}", "{{ lt . 2 }}", "{{ and .A (or .N $v) | not }}", '{{ template "t" . }}',
        '{{ define "t" }}{{ . }}{{ end }}', "{{ len . | print nil }}", "{{ urlquery . 1 2i }}",
        "{{ toTypeScriptType . }}", "{{ index $ `A` 0 }}", "{{ slice .A 1 2 }}", "{{ $v | $v }}",
    ]
)  # fmt: skip


@settings(deadline=None)
@given(st.lists(_PIECES, max_size=12).map("".join))
@example("{{ range .M }}{{ end }}{{ slice .L 9 }}")
def test_any_template_ends_in_text_or_a_template_error(template: str) -> None:
    with contextlib.suppress(TemplateError):
        assert isinstance(run("{{ $v := 1 }}" + template, DATA), str)

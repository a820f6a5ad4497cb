import re
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paddock.errors import TemplateError
from paddock.template import jinja
from paddock.template.jinja import JinjaTemplate

HELLO = [{"role": "user", "content": "Hello"}]


def render(text: str, messages: list[dict[str, Any]] = HELLO, **variables: Any) -> str:
    return JinjaTemplate.parse(text).render(messages, **variables)


@pytest.mark.parametrize(
    ("text", "rendered"),
    [
        ("a\n{% if true %}\n  b\n  {% endif %}\nc\n", "a\n  b\nc"),
        ("{% for i in range(9) %}{% if i == 2 %}{% break %}{% endif %}{{ i }}{% endfor %}", "01"),
        ("{{ {'b': '<é&', 'a': [1, none]} | tojson }}", '{"b": "<é&", "a": [1, null]}'),
        ("{{ {'a': 1} | tojson(indent=2) }}", '{\n  "a": 1\n}'),
        ("{{ [1, 2] | tojson(separators=(',', ':')) }}", "[1,2]"),
        ("{{ {'b': 1, 'a': 2} | tojson(sort_keys=true) }}", '{"a": 2, "b": 1}'),
        ("{{ '<b>' }}", "<b>"),
        ("{{ missing }}|{{ missing is defined }}", "|False"),
        ("{{ messages[0].content }}{{ messages[0]['role'] }}", "Hellouser"),
        ("{% generation %}{{ messages[0].content }}{% endgeneration %}", "Hello"),
        (
            "{% set n = namespace(x=1) %}{% for i in [2] %}{% set n.x = i %}{% endfor %}{{ n.x }}",
            "2",
        ),
        ("{{ '{:>4}|{}'.format(7, 'x') }}", "   7|x"),
        ("{{ '%s-%03d' % ('a', 7) }}", "a-007"),
        ("{{ '%s' | format('a') }}", "a"),
        ("{{ 'a,b,c'.split(',') | join('+') }}", "a+b+c"),
        ("{{ '</s>'.join(['a', 'b']) }}", "a</s>b"),
        ("{{ messages | selectattr('role', 'equalto', 'user') | list | length }}", "1"),
        ("{% if messages | selectattr('role', 'equalto', 'x') %}always{% endif %}", "always"),
        ("{% if false %}{{ 1 | no_such_filter }}{% endif %}ok", "ok"),
        ("{% macro m(a, b='c') %}{{ a }}{{ b }}{% endmacro %}{{ m('a') }}", "ac"),
        ("{{ 2 ** 10 }} {{ 7 % 4 }} {{ 'ab' * 2 }} {{ [1] + [2] }}", "1024 3 abab [1, 2]"),
        (
            "{% for x in [1, [2]] recursive %}{{ loop(x) if x is iterable else x }}{% endfor %}",
            "12",
        ),
        ("{{ messages[0].items() | list }}", "[('role', 'user'), ('content', 'Hello')]"),
        ("{{ ('<b>' | safe) + '<' }}", "<b>&lt;"),
        ("{{ 'abc'[::-1] }}{{ [1, 2, 3][1:] }}", "cba[2, 3]"),
    ],
)
def test_templates_render_as_in_transformers(text: str, rendered: str) -> None:
    assert render(text) == rendered


def test_the_clock_is_given() -> None:
    now = datetime(2024, 2, 9, tzinfo=UTC)
    assert render("{{ strftime_now('%d %b %Y') }}", now=now) == "09 Feb 2024"


def test_without_a_clock_it_is_today() -> None:
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", render("{{ strftime_now('%Y-%m-%d') }}"))


def test_tokens_and_further_variables_reach_the_template() -> None:
    text = (
        "{{ bos_token }}{{ enable_thinking }}{{ tools[0] }}{{ eos_token }}"
        "{{ add_generation_prompt }}"
    )
    rendered = render(text, bos_token="<s>", eos_token="</s>", enable_thinking=False, tools=["t"])
    assert rendered == "<s>Falset</s>True"


def test_a_template_may_refuse_its_messages_with_its_own_words() -> None:
    with pytest.raises(TemplateError, match=r"^Only users!$"):
        render("{{ raise_exception('Only users!') }}")


@pytest.mark.parametrize(
    "text",
    [
        "{{ }}",
        "{% if %}",
        "{% for x in y %}",
        "{% nonsense %}",
        "{{ 'a",
        "{% raw %} x",
        "{# never",
        "{% break %}",
        "{% macro %}",
        "{{ 1 | no_such_filter }}",
        "{{ 1 is no_such_test }}",
        "{{ 1 / 0 }}",
        "{{ 'a' + 1 }}",
        "{{ missing.field }}",
        "{{ none.x.y }}",
        "{{ [] | first | upper | x }}",
        "{{ messages | tojson(indent='x', separators=3) }}",
        "{{ {[]: 1} }}",
        "{{ ('9' * 25) | int }}",
        "{{ 9 ** 99 }}",
        "{% include 'x' %}",
        "{% import 'x' as y %}",
        "{% extends 'x' %}",
        "{% from 'x' import y %}",
        "{% autoescape true %}{% endautoescape %}",
        "{{ strftime_now(3) }}",
        "{{ '%d' % 'a' }}",
        "{{ '{'.format(1) }}",
        "{{ '{a.b.c}'.format(a=1) }}",
        "{{ loop.index }}",
        "{{ self.x() }}",
        "{{ super() }}",
        "{{ joiner(1)()() + 'a' }}",
        "{{ range(1, 2, 0) }}",
    ],
)
def test_every_failure_is_a_template_error(text: str) -> None:
    with pytest.raises(TemplateError):
        render(text)


def test_an_error_says_where() -> None:
    with pytest.raises(TemplateError, match=r"TemplateSyntaxError: .*line 2"):
        JinjaTemplate.parse("a\n{% if %}")


def test_messages_nested_without_end_are_a_template_error() -> None:
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(TemplateError, match="nested too deeply"):
        render("x", [{"role": "user", "content": endless}])


def test_parsing_the_same_text_again_reuses_the_template() -> None:
    before = jinja._compile.cache_info().hits
    JinjaTemplate.parse("{{ 'parsed twice' }}")
    JinjaTemplate.parse("{{ 'parsed twice' }}")
    assert jinja._compile.cache_info().hits == before + 1


def test_messages_are_not_changed_by_a_template() -> None:
    with pytest.raises(TemplateError, match="unsafe"):
        render("{{ messages.append(1) }}")
    with pytest.raises(TemplateError, match="unsafe"):
        render("{{ messages[0].update({'role': 'system'}) }}")
    assert HELLO == [{"role": "user", "content": "Hello"}]


def test_a_long_conversation_is_no_bomb() -> None:
    text = (
        "{% set n = namespace(system='') %}{% for m in messages %}"
        "{% if m.role == 'system' %}{% set n.system = n.system + m.content %}{% endif %}"
        "{% endfor %}"
        "{{ n.system }}{% for m in messages %}<|{{ m.role }}|>"
        "{{ m.content | trim }}{{ m.content.split('</think>')[-1].strip() }}\n{% endfor %}"
    )
    messages = [{"role": "user", "content": f"{i} word " * 500} for i in range(1000)]
    assert len(render(text, messages)) > 2 * 1000 * 500 * 6


WORDS = (
    *(
        "{%",
        "%}",
        "{{",
        "}}",
        "{%-",
        "-%}",
        "{#",
        "#}",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ",",
        ":",
        ".",
    ),
    *("|", "~", "+", "-", "*", "/", "//", "**", "%", "==", "!=", "<", ">", "=", "\\", "\n", "\x00"),
    *(
        "{% if",
        "{% elif",
        "{% else %}",
        "{% endif %}",
        "{% for x in",
        "{% endfor %}",
        "{% set n.x =",
    ),
    *(
        "{% set",
        "{% endset %}",
        "{% macro m(a) %}",
        "{% endmacro %}",
        "{% call m() %}",
        "in",
        "not",
    ),
    *("{% endcall %}", "{% filter upper %}", "{% endfilter %}", "{% block b %}", "{% endblock %}"),
    *("{% raw %}", "{% endraw %}", "{% generation %}", "{% endgeneration %}", "{% break %}", "and"),
    *(
        "{% with %}",
        "{% endwith %}",
        "recursive",
        "or",
        "is",
        "a",
        "b",
        "n",
        "x",
        "m(1)",
        "messages",
    ),
    *(
        "loop",
        "loop(x)",
        "self",
        "caller()",
        "namespace(x=1)",
        "range(3)",
        "'x'",
        '"y"',
        "1",
        "2.5",
    ),
    *(
        "10000",
        "none",
        "true",
        "x.y",
        "x[0]",
        "|upper",
        "|join",
        "|list",
        "|tojson",
        "|sort",
        "|int",
    ),
    *("|replace('a', 'b')", "|map('upper')", "|batch(2)", "|format(1)", ".format(1)", ".split()"),
)
GARBAGE = st.lists(st.one_of(st.sampled_from(WORDS), st.text(max_size=5)), max_size=25)


@settings(max_examples=300, deadline=None)
@given(GARBAGE, st.sampled_from(["", " "]))
def test_garbage_renders_or_is_a_template_error(words: list[str], glue: str) -> None:
    try:
        render(glue.join(words), a=[1, "b", {"c": None}], b="text", x=1.5)
    except TemplateError:
        return


FILTERS = sorted(jinja._sandbox.filters)
OPERATORS = ["+", "-", "*", "/", "//", "%", "**", "~", "==", "<", "in", "and", "or", "is"]
SUFFIXES = [".split('x')", ".items()", ".get(1)", "[0]", "[1:]", ".format(1)", "()", ".x"]
VALUES = ["a", "b", "messages", "1", "2.5", "'x'", "none", "missing", "-1", "10000", "range(3)"]


def larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    suffix = st.sampled_from(SUFFIXES + [f"|{name}" for name in FILTERS])
    return st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from(OPERATORS), inner),
        st.builds("({}){}".format, inner, suffix),
        st.builds("({})|{}({})".format, inner, st.sampled_from(FILTERS), inner),
        st.builds("[{}, {}]".format, inner, inner),
        st.builds("{{'k': {}, 'l': {}}}".format, inner, inner),
        st.builds("({} if {} else {})".format, inner, inner, inner),
    )


EXPRESSIONS = st.recursive(st.sampled_from(VALUES), larger, max_leaves=12)


@settings(max_examples=500, deadline=None)
@given(EXPRESSIONS)
def test_any_expression_renders_or_is_a_template_error(expression: str) -> None:
    try:
        render("{{ " + expression + " }}", a=[1, "b", {"c": None}], b="text %s {}")
    except TemplateError:
        return

"""Rows 14 and 15 of the security table: escapes and bombs."""

import re
import time
import tracemalloc
from itertools import pairwise
from pathlib import Path

import pytest

import paddock
from paddock.errors import TemplateError
from paddock.template.jinja import CHARACTERS, TOKENS, JinjaTemplate

MESSAGES = [{"role": "user", "content": "hi"}]


def attempt(text: str) -> str:
    return JinjaTemplate.parse(text).render(MESSAGES, bos_token="<s>")


ESCAPES = [
    "{{ ''.__class__ }}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ ''['__class__'] }}",
    "{{ ''|attr('__class__') }}",
    "{{ ''|attr('\\x5f\\x5fclass\\x5f\\x5f') }}",
    "{{ messages|map(attribute='__class__')|list|join }}",
    "{{ messages|map('attr', '__class__')|list }}",
    "{{ messages|selectattr('__class__.__init__')|first }}",
    "{{ (messages|groupby('__class__')|first)[0] }}",
    "{{ messages|sort(attribute='__class__.__mro__.x') }}",
    "{{ messages|sum(attribute='__class__') }}",
    "{{ '{0.__class__.__init__.__globals__}'.format(messages) }}",
    "{{ '{0.__class__}'.format_map({'0': 1}) }}",
    "{{ ('{0.__class__.__mro__.x}'|safe).format(1) }}",
    "{{ raise_exception.__globals__ }}",
    "{{ raise_exception.__globals__['sys'].modules }}",
    "{{ strftime_now.__closure__[0] }}",
    "{{ strftime_now.__code__.co_consts }}",
    "{{ namespace.__init__.__globals__ }}",
    "{{ joiner.__init__.__globals__.os }}",
    "{{ dict.mro() }}",
    "{{ dict.fromkeys('ab') }}",
    "{{ range.__class__('x', (), {})() }}",
    "{{ self.__init__.__globals__ }}",
    "{{ self._TemplateReference__context.environment.x }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ lipsum.__globals__['os'].popen('id').read() }}",
    "{{ get_flashed_messages.__globals__ }}",
    "{{ url_for.__globals__ }}",
    "{{ config.items() }}",
    "{{ environment.filters.x }}",
    "{{ context.vars.x }}",
    "{% for x in () %}{% else %}{{ loop.__class__.x }}{% endfor %}",
    "{% for x in [1] %}{{ loop._iterable.x }}{% endfor %}",
    "{% for x in [1] %}{{ loop.__init__.__globals__ }}{% endfor %}",
    "{% macro m() %}{% endmacro %}{{ m.__call__.__globals__ }}",
    "{% macro m() %}{% endmacro %}{{ m._func.__globals__ }}",
    "{% macro m() %}{% endmacro %}{{ m._environment.filters }}",
    "{% macro m() %}{{ caller.__init__.__globals__ }}{% endmacro %}{% call m() %}{% endcall %}",
    "{% set n = namespace() %}{% set n.__class__ = 1 %}{{ n.__class__.x }}",
    "{% set n = namespace() %}{{ n._Namespace__attrs.x }}",
    "{{ missing.__class__.__init__ }}",
    "{{ missing._undefined_name.x }}",
    "{{ messages.append({}) }}",
    "{{ messages.clear() }}",
    "{{ messages[0].pop('role') }}",
    "{{ messages[0].setdefault('a', 1) }}",
    "{{ messages[0].__setitem__('a', 1) }}",
    "{{ 'a'.encode('utf-8').x }}",
    "{{ 1.0.as_integer_ratio() }}",
    "{{ (1).to_bytes(1000000000, 'big') }}",
    "{{ ''.join.__self__.__class__ }}",
    "{{ ''.maketrans({}).x.y }}",
    "{% include '/etc/passwd' %}",
    "{% import '/etc/passwd' as x %}",
    "{% extends '/etc/passwd' %}",
    "{% set x = 'a'.__class__ %}{{ x.y }}",
    "{{ (messages|list).__iter__().__reduce__() }}",
    "{{ (messages|map('length')).gi_frame.f_globals }}",
    "{{ messages|map('length').gi_code }}",
    "{{ messages[0].values().mapping.x }}",
    "{{ messages|tojson(default=raise_exception) }}",
    "{% debug %}",
    "{% do messages.append(1) %}",
    "{{ eval('1') }}",
    "{{ __import__('os') }}",
    "{{ open('/etc/passwd') }}",
]


@pytest.mark.parametrize("text", ESCAPES)
def test_nothing_leads_out_of_the_sandbox(text: str) -> None:
    try:
        rendered = attempt(text)
    except TemplateError:
        rendered = ""
    # An attribute that may not be read is undefined, and undefined prints as nothing.
    assert rendered in ("", "{}")
    assert MESSAGES == [{"role": "user", "content": "hi"}]


def test_no_other_jinja_environment_exists() -> None:
    sources = Path(paddock.__file__).parent.rglob("*.py")
    makers = re.compile(
        r"jinja2\.Template\(|Environment\(|from_string\(|NativeEnvironment|Sandbox\("
    )
    found = {path.name for path in sources if makers.search(path.read_text("utf-8"))}
    assert found == {"jinja.py", "sandbox.py"}


def doubling(expression: str, end: str = "") -> str:
    return (
        "{% set n = namespace(x='ab', y='ab') %}{% for i in range(60) %}"
        "{% set n.x = " + expression + " %}{% endfor %}" + end
    )


def repeating(statement: str, times: int) -> str:
    return "{% for i in range(" + str(times) + ") %}" + statement + "{% endfor %}"


def nested_macros(levels: int) -> str:
    names = "abcdefghijklmnop"
    first = "{% macro a() %}" + "{{ 'xxxxxxxxxx' }}" * 20 + "{% endmacro %}"
    others = [
        "{% macro " + name + "() %}" + ("{{ " + below + "() }}") * 20 + "{% endmacro %}"
        for below, name in pairwise(names[:levels])
    ]
    return first + "".join(others) + "{{ " + names[levels - 1] + "() }}"


BOMBS = {
    "string times number": "{{ 'a' * 10**9 }}",
    "string times number in steps": "{% set x = 'a' * 1000000 %}{% set y = x * 1000 %}",
    "list times number": "{% set x = [1] * 10**9 %}",
    "power": "{{ 10 ** 10**8 }}",
    "repeated square": doubling("(n.x if i else 9) * (n.x if i else 9)"),
    "10^8 loop steps": repeating(repeating("", 10_000), 10_000),
    "10^10 filtered loop steps": "{% for a in range(100000) %}{% for b in range(100000) if b.x %}"
    "{% endfor %}{% endfor %}",
    "many filtered loops": "{% for a in range(100000) if false %}{% endfor %}" * 400,
    "too large a range": "{{ range(10**12) | list }}",
    "nested macros": nested_macros(10),
    "macro calling itself": "{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}",
    "block calling itself": "{% block a %}{{ self.a() }}{% endblock %}",
    "loop calling itself": "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}",
    "nested calls": "{% macro m() %}{{ caller() }}{{ caller() }}{% endmacro %}"
    + "{% call m() %}" * 20
    + "x" * 100
    + "{% endcall %}" * 20,
    "literal text": "{% for i in range(100000) %}" + "y" * 50_000 + "{% endfor %}",
    "literal text kept": "{% macro m() %}"
    + "y" * 50_000
    + "{% endmacro %}{% set n = namespace(l=[]) %}"
    "{% for i in range(9999) %}{% set n.l = n.l + [m()] %}{% endfor %}",
    "concatenation": doubling("n.x ~ n.x"),
    "addition": doubling("n.x + n.x"),
    "set block": "{% set n = namespace(x='') %}"
    + repeating("{% set n.x %}{{ n.x }}{{ n.x }}ab{% endset %}", 60),
    "nested lists printed": doubling("[n.x, n.x]", "{{ n.x }}"),
    "nested tuples hashed": doubling("(n.x, n.x)", "{{ {n.x: 1} }}"),
    "nested dicts as JSON": doubling("{'a': n.x, 'b': n.x}", "{{ n.x | tojson }}"),
    "nested lists compared": doubling("[n.x, n.x]", "{{ n.x == n.y }}"),
    "nested batches": doubling("[n.x, n.x] | batch(1) | list"),
    "center": "{{ 'a' | center(1000000000) }}",
    "ljust": "{{ 'a'.ljust(1000000000) }}",
    "zfill": "{{ 'a'.zfill(1000000000) }}",
    "indent": "{{ ('a\n' * 100000) | indent(100000) }}",
    "replace": "{{ ('a' * 100000) | replace('a', 'b' * 100000) }}",
    "replace nothing": "{{ ('a' * 100000).replace('', 'b' * 100000) }}",
    "join": "{{ range(100000) | join('b' * 100000) }}",
    "join method": "{{ ('b' * 100000).join(['a'] * 100000) }}",
    "format width": "{{ '%1000000000d' % 1 }}",
    "format width after a strange key": "{{ '%((a))1000000000d' % {'(a)': 1} }}",
    "format star": "{{ '%*d' % (1000000000, 1) }}",
    "format filter": "{{ '%1000000000d' | format(1) }}",
    "format method": "{{ '{:1000000000}'.format(1) }}",
    "format method, nested": "{{ '{:{}}'.format(1, 1000000000) }}",
    "format method, many fields": "{{ ('{0}' * 100000).format('a' * 100000) }}",
    "backward search": "{{ ('a' * 2000000).rfind('b' + 'a' * 1000000) }}",
    "strip": "{{ ('a' * 1000000).strip('b' * 1000000 + 'a') }}",
    "trim": "{{ ('a' * 1000000) | trim('b' * 1000000 + 'a') }}",
    "batch": "{{ [1] | batch(1000000000, 0) | list }}",
    "slice": "{{ [1] | slice(1000000000) | list }}",
    "round": "{{ 1.5 | round(1000000000, 'ceil') }}",
    "JSON indent": "{{ [1] | tojson(indent=1000000000) }}",
    "JSON indent, many lines": "{{ range(100) | list | tojson(indent=1000000) }}",
    "sum of lists": "{{ ([[1] * 1000] * 1000) | sum(start=[]) }}",
    "characters of a text": "{{ ('é' * 1000000) | list }}",
    "words of a text": "{{ ('é ' * 1000000).split() }}",
    "loop over a text": "{% for c in 'a' * 4000000 %}{% endfor %}",
    "filtered loop over a text": "{% for c in 'a' * 4000000 if c.x %}{% endfor %}",
    "date format": "{{ strftime_now('%1000000000Y') }}",
    "printing a range": "{{ range(100000) | list }}" * 50,
    "filters over and over": repeating("{% set x = range(99999) | map('string') %}", 1000),
    "greatest over and over": repeating("{% set x = range(99999) | max %}", 1000),
    "search over and over": "{% set t = 'a' * 2000000 %}"
    + repeating("{% set x = 'b' in t %}", 99_999),
    "kept slices": "{% set t = 'a' * 2000000 %}{% set n = namespace(l=[]) %}"
    "{% for i in range(1000) %}{% set n.l = n.l + [t[i:]] %}{% endfor %}",
    "default of a macro": "{% macro m(a='x' * 10**9) %}{{ a }}{% endmacro %}{{ m() }}",
    "markup": "{{ ('<%s>' | safe) % ('<' * 4000000) }}",
    "1 MiB of actions": "{{ a }}" * 150_000,
    "1 MiB of text": "x" * 2**20,
    "many actions": "{{a}}" * 10_000,
    "parentheses": "{{ " + "(" * 20_000 + "1" + ")" * 20_000 + " }}",
    "brackets": "{{ " + "[" * 20_000 + "]" * 20_000 + " }}",
    "conditions": "{% if 1 %}" * 1000 + "{% endif %}" * 1000,
    "loops in loops": "{% for a in [1] %}" * 30 + "{% endfor %}" * 30,
    "a long sum": "{{ 1" + "+1" * 2500 + " }}",
    "a long path": "{{ a" + ".a" * 2500 + " }}",
    "a long pipe": "{{ 1" + "|int" * 2500 + " }}",
    "a long literal": "{{ " + "9" * 40_000 + " }}",
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_ends_in_an_error_within_a_second(name: str) -> None:
    started = time.thread_time()
    with pytest.raises(TemplateError):
        attempt(BOMBS[name])
    assert time.thread_time() - started < 1


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_takes_no_memory(name: str) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(TemplateError):
            attempt(BOMBS[name])
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 64 * 2**20


def test_the_size_of_a_template_is_limited() -> None:
    JinjaTemplate.parse("x" * CHARACTERS)
    with pytest.raises(TemplateError, match="characters"):
        JinjaTemplate.parse("x" * (CHARACTERS + 1))
    with pytest.raises(TemplateError, match="tokens"):
        JinjaTemplate.parse("{{a}}" * TOKENS)


def test_namespaces_that_hold_each_other_print_shortly() -> None:
    text = "{% set n = namespace() %}{% set n.x = [n, n] %}{{ n.x }}"
    assert attempt(text) == "[<Namespace>, <Namespace>]"

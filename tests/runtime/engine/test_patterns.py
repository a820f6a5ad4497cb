import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.grammars import reads, writes

from paddock.engine.notation import JSON
from paddock.engine.patterns import FORMATS, Writer, pattern
from paddock.errors import GrammarError


def grammar(source: str) -> str:
    return f"root ::= {pattern(source, Writer(JSON))}"


@pytest.mark.parametrize(
    ("source", "good", "bad"),
    [
        (r"^\d{3}-\d+$", ["123-4"], ["12-3", "123-"]),
        (r"^[\w.-]+@\w+\.com$", ["a.b-c@d_e.com"], ["@d.com", "a@bXcom"]),
        (r"^[\.\]]\]\\\\$", [r".]\\\\", r"]]\\\\"], ["a]"]),
        ("^(?:a|bc)*?d?$", ["", "abcad", "bc"], ["b"]),
        ("^a{2,999}b{1}$", ["aab"], ["ab", "aabb"]),
        ("b+", ["b", "bbcc"], ["a", ""]),
        ("^a|b$|^c$", ["ax", "xb", "c"], ["xc", "x"]),
        ("^(?<y>x|y)[^a-y]$", ["xz", "yA"], ["xb"]),
        (r"^\u0041\x42\D$", ["AB-"], ["AB1"]),
        ('^"$', [r"\""], ['"']),
        (r"^\n\t$", [r"\n\t"], ["\n\t"]),
        ("^.$", ["é", "😀"], ["", "ab"]),
    ],
)
def test_patterns_read_what_they_match(source: str, good: list[str], bad: list[str]) -> None:
    assert [text for text in good if not reads(grammar(source), text)] == []
    assert [text for text in bad if reads(grammar(source), text)] == []


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("^a]$", "stray ']'"),
        ("^a}$", "stray '}'"),
        ("^[a$", "stray '['"),
        ("^a)$", "stray ')'"),
        ("^(a$", "has a $ that is not"),
        ("^(a", "never closed"),
        ("^a{5,3}$", "{5,3} times"),
        ("^a{1 2}$", "stray '{'"),
        ("^a{1000000}$", "1000000"),
        ("^(ab){5000}$", "at most 2000"),
        ("*a", "stray '*'"),
        ("^a**$", "stray '*'"),
        ("^[]$", "a set of no characters"),
        ("^[z-a]$", "ends before it begins"),
        ("(?=a)b", "uses '(?=a'"),
        ("(?i)a", "uses '(?i)'"),
        (r"^(a)\1$", r"uses \1"),
        (r"\bword\b", r"uses \b"),
        ("a\\", "ends with a backslash"),
        ("^" + "a" * 1000 + "$", "at most 1000 characters"),
        ("(" * 60 + ")" * 60, "more than 50 deep"),
        (5, "must be a string"),
    ],
)
def test_what_no_grammar_can_hold_to_is_named(source: object, message: str) -> None:
    with pytest.raises(GrammarError, match="format: pattern") as error:
        pattern(source, Writer(JSON))
    assert message in str(error.value)


def test_a_length_is_put_into_the_pattern_or_refused() -> None:
    text = f"root ::= {pattern('^[a-z]+$', Writer(JSON), 2, 4)}"
    assert [size for size in range(7) if reads(text, "a" * size)] == [2, 3, 4]
    assert pattern("^a{1,3}b$", Writer(JSON), 2, 4)
    with pytest.raises(GrammarError, match="maxLength cannot both be enforced"):
        pattern("^a+b$", Writer(JSON), 0, 4)


@pytest.mark.parametrize("name", FORMATS)
def test_formats_write_what_their_patterns_match(name: str) -> None:
    for seed in range(5):
        assert re.fullmatch(FORMATS[name], writes(grammar(FORMATS[name]), seed))


_PARTS = st.sampled_from(
    ["a", "b", "[ab]", "[^a]", ".", r"\d", "(", ")", "(?:", "|", "*", "+", "?", "{2}", "{1,3}"]
)


@given(st.lists(_PARTS, max_size=10), st.text("ab01", max_size=6))
@settings(max_examples=200, deadline=None)
def test_a_pattern_is_refused_or_agrees_with_pythons(parts: list[str], text: str) -> None:
    source = f"^(?:{''.join(parts)})$"
    try:
        found = reads(grammar(source), text)
        expected = re.compile(source)
    except (GrammarError, re.error):
        return
    assert found is bool(expected.search(text))

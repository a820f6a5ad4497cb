import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paddock.engine.grammar import MAX_CHARACTERS, check_grammar
from paddock.errors import GrammarError

JSON = r"""
root   ::= object
value  ::= object | array | string | number | ("true" | "false" | "null") ws
object ::= "{" ws ( string ":" ws value ("," ws string ":" ws value)* )? "}" ws
array  ::= "[" ws ( value ("," ws value)* )? "]" ws
string ::= "\"" ( [^"\\\x7F\x00-\x1F] | "\\" (["\\bfnrt] | "u" [0-9a-fA-F]{4}) )* "\"" ws # text
number ::= ("-"? ([0-9] | [1-9] [0-9]{0,15})) ("." [0-9]+)? ([eE] [-+]? [0-9]{1,15})? ws
ws ::= | " " | "\n" [ \t]{0,20}
"""

GOOD = {
    "json": JSON,
    "one word": 'root ::= "yes" | "no"',
    "nothing": 'root ::= ""',
    "any character": "root ::= .*",
    "sets and escapes": r'root ::= [a-z\-\]\[\\"\t] [^\n\x41-\x5A] "\u00e9\U0001F600" [-a] [a-]',
    "right recursion": 'root ::= "(" root ")" | "x"',
    "a list": 'root ::= item (", " item)*\nitem ::= [a-z]+',
    "many repetitions": "root ::= [0-9]{0,2000}",
    "no upper bound": 'root ::= "a"{3,} "b"{2,999999}',
    "repetition of a group": 'root ::= ("a" | "b" "c"){2,4} "."',
    "comments and line ends": '# first\r\nroot ::= ( "a" # then\n | "b" )\r\n\r\nother ::= root',
}

BAD = {
    "no text": ("", "a rule named root"),
    "no root": ('other ::= "a"', "a rule named root"),
    "no such rule": ("root ::= other", "no rule named other"),
    "nonsense": ("root ::= $", "unexpected '$'"),
    "no name": ('"a"', "must begin with its name"),
    "open string": ('root ::= "a', 'line 1: " is never closed'),
    "open set": ('x ::= "a"\nroot ::= [a', "line 2: [ is never closed"),
    "empty set": ("root ::= []", "allows no character"),
    "open parenthesis": ('root ::= ("a"', "( is never closed"),
    "stray parenthesis": ('root ::= "a")', ") without ("),
    "unknown escape": (r'root ::= "\q"', "unknown escape"),
    "unknown escape in a set": (r"root ::= [\d]", "unknown escape"),
    "nothing to repeat": ("root ::= *", "nothing to repeat"),
    "empty text repeated": ('root ::= ""{3}', "nothing to repeat"),
    "NUL": ('root ::= "a\0"', "NUL"),
    "half a pair": ('root ::= "\ud800"', "surrogate"),
    "left recursion": ('root ::= root "a" | "b"', "left recursion"),
    "left recursion behind what may be empty": (
        'root ::= b root "x"\nb ::= c\nc ::= "y"?',
        "root begins with itself",
    ),
    "repeated emptiness": ('root ::= ("a"*)*', "left recursion"),
    "reversed bounds": ('root ::= "a"{5,3}', "upper bound is below"),
    "huge repetition": ('root ::= "a"{1000000}', "at most 2000"),
    "a number of many digits": ('root ::= "a"{' + "9" * 5000 + "}", "too many digits"),
    "long text repeated": ('root ::= "' + "a" * 100 + '"{1900}', "more than 50,000 elements"),
    "repetitions of repetitions": ('root ::= (("a"{0,99}){99} "b"?){0,99}', "more than 2000 rules"),
    "tokens": ('root ::= "a" !<[5]>', "references to tokens"),
    "deep": ("root ::= " + "(" * 100_000, "more than 300 deep"),
    "long": ("#" * (MAX_CHARACTERS + 1), "262,145 characters"),
    "a set of many": ("root ::= [" + "a" * 200_000 + "]", "more than 50,000 elements"),
    "many alternatives": (
        "root ::= " + " | ".join(f'"v{n}"' for n in range(5000)),
        "more than 1,000 ways at one place",
    ),
    "optional parts that multiply": (
        'r ::= ("a"* "b"){0,40}\nroot ::= (r "c"?){0,49}\n'
        + "\n".join(f"x{n} ::= x{n + 1} | x{n + 1}" for n in range(60))
        + '\nx60 ::= "x"',
        "more than 1,000 ways at one place",
    ),
    "a chain of rules": (
        "root ::= r0\n" + "\n".join(f"r{n} ::= r{n + 1}" for n in range(5000)) + '\nr5000 ::= "x"',
        "too many rules",
    ),
    "repeated repetition": ('root ::= ("-"+)+ "."', "read in more than 1,000 ways"),
    "equal alternatives repeated": ('root ::= ("ab" | "ab")* "."', "read in more than 1,000 ways"),
    "alternatives that begin alike, nested": (
        'root ::= "-" root "b" | "-" root "c" | "-"',
        "read in more than 1,000 ways",
    ),
}


@pytest.mark.parametrize("name", GOOD)
def test_ordinary_grammars_pass(name: str) -> None:
    check_grammar(GOOD[name])


@pytest.mark.parametrize("name", BAD)
def test_what_would_hurt_is_refused_at_once(name: str) -> None:
    text, message = BAD[name]
    started = time.process_time()
    with pytest.raises(GrammarError) as error:
        check_grammar(text)
    assert time.process_time() - started < 1
    assert message in str(error.value)
    assert len(str(error.value)) < 300


_WORDS = st.sampled_from(
    ['"a"', '"bc"', "[a-c]", "[^x]", ".", "x", "root", "(", ")", "*", "+", "?", "{2,3}", "|", "\n"]
)


@given(st.lists(_WORDS, max_size=15), st.lists(_WORDS, max_size=15))
@settings(max_examples=300)
def test_any_sequence_of_words_is_read_or_refused(root: list[str], other: list[str]) -> None:
    try:
        check_grammar(f"root ::= {' '.join(root)}\nx ::= {' '.join(other)}")
    except GrammarError:
        return

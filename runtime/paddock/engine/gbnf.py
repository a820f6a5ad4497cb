"""Grammars put together from grammars, as GBNF text. Knows rules and characters; knows no format.

Free text up to a marker is a rule for every beginning of a marker that has just been written (the
automaton of Aho and Corasick), so that there is only ever one way to read it.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from paddock.engine.grammar import NAMES

_PLAIN: Final = re.compile(r"[A-Za-z0-9 ]")
_JSON_STRINGS: Final = (
    (re.compile(r'(?m)^string ::= "\\"" char\* "\\"" space$'), "space"),
    (re.compile(r'(?ms)^string ::=\s+"\\"" \(.*?\)\* "\\"" ws$'), "ws"),
)
"""The rules for a string of any length, of schemas and of plain JSON, and what may follow it."""
_BOUNDED: Final = ('char ::= [^"\\\\', 'dot ::= [^"\\\\')
_ESCAPE: Final = r'"\\" (["\\/bfnrt] | "u" [0-9a-fA-F] [0-9a-fA-F] [0-9a-fA-F] [0-9a-fA-F])'


def literal(text: str) -> str:
    """The text itself."""
    return f'"{"".join(map(_escaped, text))}"'


def _escaped(char: str) -> str:
    code = ord(char)
    if _PLAIN.match(char):
        return char
    return f"\\x{code:02X}" if code < 0x80 else char


def prefixed(grammar: str, prefix: str) -> str:
    """The same grammar with every rule's name behind the prefix."""
    return NAMES.sub(lambda found: prefix + found[1] if found[1] else found[0], grammar)


def until(name: str, ends: Mapping[str, str], never: Iterable[str] = ()) -> str:
    """Rules for any text up to the first of the markers, after which the rule that `ends` names
    goes on; what is in `never` does not occur in the text."""
    return _automaton(name, {**dict.fromkeys(never), **ends}, "", ())


def strings_without(grammar: str, markers: Iterable[str]) -> str:
    """A grammar of `grammar_of` in whose strings the markers are not written out; escaped they may
    be. Strings of bounded length do without the markers' first characters."""
    avoided = [mark for mark in markers if mark and not re.search(r'["\\\x00-\x1f\x7f]', mark)]
    if not avoided:
        return grammar
    firsts = "".join(map(_escaped, sorted({mark[0] for mark in avoided})))
    for bounded in _BOUNDED:
        grammar = grammar.replace(bounded, bounded + firsts)
    for pattern, space in _JSON_STRINGS:
        if pattern.search(grammar):
            others = (f'"\\"" {space}', f"{_ESCAPE} text-0")
            rules = _automaton("text", dict.fromkeys(avoided), r'"\\\x7F\x00-\x1F', others)
            grammar = pattern.sub(lambda _: 'string ::= "\\"" text-0', grammar) + "\n" + rules
    return grammar


def _automaton(
    name: str, markers: Mapping[str, str | None], forbidden: str, others: Iterable[str]
) -> str:
    """`forbidden`: characters that never occur, as in a set; `others`: further ways to go on from
    any state. A marker that leads to no rule cannot be completed."""
    states = sorted({mark[:size] for mark in markers for size in range(len(mark))})
    number = {state: index for index, state in enumerate(states)}
    alphabet = sorted({char for mark in markers for char in mark})
    rules: list[str] = []
    for state in states:
        ways = list(others)
        special = ""
        for char in alphabet:
            text = state + char
            ended = max((mark for mark in markers if text.endswith(mark)), key=len, default=None)
            if ended is None:
                following = next(text[at:] for at in range(len(text) + 1) if text[at:] in number)
                if not following:
                    continue
                ways.append(f"{literal(char)} {name}-{number[following]}")
            elif (target := markers[ended]) is not None:
                ways.append(f"{literal(char)} {target}")
            special += _escaped(char)
        ways.append(f"[^{forbidden}{special}] {name}-0")
        rules.append(f"{name}-{number[state]} ::= {' | '.join(ways)}")
    return "\n".join(rules) + "\n"

"""Grammars put together from grammars, as GBNF text. Knows rules and characters; knows no format.

Free text up to a marker is a rule for every beginning of a marker that has just been written (the
automaton of Aho and Corasick), so that there is only ever one way to read it.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Final

from paddock.engine.grammar import NAMES
from paddock.errors import GrammarError

_PLAIN: Final = re.compile(r"[A-Za-z0-9 ]")
_BLOCK: Final = 100
"""Repetitions beyond it are written in blocks of so many."""
MAX_TIMES: Final = 100_000
_MAX_NESTING: Final = 100
_ITEM: Final = re.compile(r'[a-z0-9-]+|"(?:[^"\\]|\\.)*"')


def literal(text: str) -> str:
    """The text itself."""
    return f'"{"".join(map(escaped, text))}"'


def escaped(char: str) -> str:
    """A character as it stands in a text or a set."""
    code = ord(char)
    if _PLAIN.match(char):
        return char
    return f"\\x{code:02X}" if code < 0x80 else char


def one_of(texts: Iterable[str]) -> str:
    """One of these texts. What begins alike is written once, since the matcher tries each
    alternative for every token. Raises GrammarError where that nests too deep."""
    return _branching(sorted(set(texts)), 0, 0)


def _branching(texts: Sequence[str], start: int, depth: int) -> str:
    """The texts, which are sorted and begin alike, from `start` on."""
    if depth > _MAX_NESTING:
        raise GrammarError("choices, or an enum: too many texts that begin with one another")
    first, last = texts[0], texts[-1]
    end = start
    while end < min(len(first), len(last)) and first[end] == last[end]:
        end += 1
    prefix = literal(first[start:end])
    if len(texts) == 1:
        return prefix
    may_end = len(first) == end
    branches = groupby(texts[may_end:], lambda text: text[end])
    inner = (_branching(tuple(branch), end, depth + 1) for _, branch in branches)
    choice = f"({' | '.join(inner)}){'?' if may_end else ''}"
    return f"{prefix} {choice}" if end > start else choice


class Rules:
    """The rules of a grammar that grows. One body is one rule, however often it is used."""

    def __init__(self) -> None:
        self._bodies: dict[str, str] = {}
        self._names: dict[str, str] = {}
        self._included: list[str] = []
        self._count = 0

    def __contains__(self, name: str) -> bool:
        return name in self._bodies

    def __setitem__(self, name: str, body: str) -> None:
        self._bodies[name] = body

    def add(self, body: str) -> str:
        """The name of a rule with this body."""
        if body not in self._names:
            self._names[body] = name = self.new_name("part")
            self._bodies[name] = body
        return self._names[body]

    def new_name(self, kind: str) -> str:
        """One that no rule has, nor the beginning of its name."""
        self._count += 1
        return f"{kind}-{self._count}"

    def group(self, expression: str) -> str:
        """An expression as one item. What is long, or a choice, is a rule."""
        return expression if _ITEM.fullmatch(expression) else self.add(expression)

    def include(self, rules: str) -> None:
        """Rules that are written already."""
        self._included.append(rules)

    def text(self) -> str:
        bodies = (f"{name} ::= {body}\n" for name, body in self._bodies.items())
        return "".join([*bodies, *self._included])


def prefixed(grammar: str, prefix: str) -> str:
    """The same grammar with every rule's name behind the prefix."""
    return NAMES.sub(lambda found: prefix + found[1] if found[1] else found[0], grammar)


def repeated(item: str, least: int, most: int | None) -> str:
    """An item so many times. The native parser writes every repetition out, so large numbers are
    put together from blocks; a text is still read in one way."""
    if most is None:
        return f"{_exactly(item, least)} {item}*".strip()
    more = most - least
    if most <= 2 * _BLOCK:
        return f"{item}{{{least},{most}}}" if most else '""'
    blocks, rest = divmod(more, _BLOCK)
    block = f"({item}{{{_BLOCK}}})"
    if not blocks:
        return f"{_exactly(item, least)} {item}{{0,{rest}}}"
    ends = f"{block}{{0,{blocks - 1}}} {item}{{0,{_BLOCK - 1}}}"
    full = f"{block}{{{blocks}}} {item}{{0,{rest}}}"
    return f"{_exactly(item, least)} ({ends} | {full})".strip()


def _exactly(item: str, times: int) -> str:
    blocks, rest = divmod(times, _BLOCK)
    parts = [f"({item}{{{_BLOCK}}}){{{blocks}}}"] if blocks else []
    return " ".join([*parts, *([f"{item}{{{rest}}}"] if rest else [])])


def until(
    name: str, ends: Mapping[str, str], never: Iterable[str] = (), *, may_end: bool = False
) -> str:
    """Rules for any text up to the first of the markers, after which the rule that `ends` names
    goes on; what is in `never` does not occur in the text. With `may_end` the text may also be
    all there is. It begins with the rule NAME-0."""
    others = ('""',) if may_end else ()
    return _Automaton(name, {**dict.fromkeys(never), **ends}).rules(others)


def text(
    name: str,
    never: Iterable[str] = (),
    *,
    forbidden: str = "",
    others: Iterable[str] = (),
    refused: str = "",
) -> str:
    """Rules for any text, empty ones too, in which no marker of `never` occurs.

    `forbidden`: characters that never do, as in a set. `others`: what may stand for a character
    besides. `refused`: a word that the whole text must not be, in any case.
    """
    ways = (*(f"{other} {name}-0" for other in others), '""')
    automaton = _Automaton(name, dict.fromkeys(never), forbidden)
    rules = automaton.rules(ways)
    if not refused:
        return f"{name} ::= {name}-0\n{rules}"
    return f"{name} ::= {name}-r0\n{rules}{automaton.all_but(refused, ways)}"


class _Automaton:
    """`markers`: the rule that goes on behind each; one that leads to none cannot be completed."""

    def __init__(self, name: str, markers: Mapping[str, str | None], forbidden: str = "") -> None:
        self._name = name
        self._markers = markers
        self._forbidden = forbidden
        states = sorted({"", *(mark[:size] for mark in markers for size in range(len(mark)))})
        self._number = {state: index for index, state in enumerate(states)}
        self._alphabet = sorted({char for mark in markers for char in mark})

    def rules(self, others: Iterable[str]) -> str:
        """`others`: further ways to go on, or to end, from any state."""
        rules = (
            f"{self._name}-{number} ::= {' | '.join([*others, *self._ways(state)])}\n"
            for state, number in self._number.items()
        )
        return "".join(rules)

    def all_but(self, word: str, others: Sequence[str]) -> str:
        """Rules that begin with NAME-r0, for texts that are not this word. It begins no marker."""
        rules: list[str] = []
        for place in range(len(word) + 1):
            name = f"{self._name}-r{place}"
            ends = [other for other in others if other != '""'] if place == len(word) else others
            both = ""
            if place < len(word):
                both = escaped(word[place].lower()) + escaped(word[place].upper())
            ways = [*ends, *self._ways("", both)]
            if both:
                ways.append(f"[{both}] {self._name}-r{place + 1}")
            rules.append(f"{name} ::= {' | '.join(ways)}\n")
        return "".join(rules)

    def _ways(self, state: str, special: str = "") -> list[str]:
        ways: list[str] = []
        for char in self._alphabet:
            written = state + char
            ended = max(
                (mark for mark in self._markers if written.endswith(mark)), key=len, default=None
            )
            if ended is None:
                following = next(
                    written[at:] for at in range(len(written) + 1) if written[at:] in self._number
                )
                if not following:
                    continue
                ways.append(f"{literal(char)} {self._name}-{self._number[following]}")
            elif (target := self._markers[ended]) is not None:
                ways.append(f"{literal(char)} {target}")
            special += escaped(char)
        excluded = self._forbidden + special
        return [*ways, f"{f'[^{excluded}]' if excluded else '.'} {self._name}-0"]

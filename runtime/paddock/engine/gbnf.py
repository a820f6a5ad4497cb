"""Grammars put together from grammars, as GBNF text. Knows rules and characters; knows no format.

Free text up to a marker is a rule for every beginning of a marker that has just been written (the
automaton of Aho and Corasick), so that there is only ever one way to read it.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from os.path import commonprefix
from typing import Final

from paddock.engine.grammar import NAMES
from paddock.errors import GrammarError

_PLAIN: Final = re.compile(r"[A-Za-z0-9 ]")
_BLOCK: Final = 100
"""Repetitions beyond it are written in blocks of so many."""
MAX_TIMES: Final = 100_000
_MAX_NESTING: Final = 100


def literal(text: str) -> str:
    """The text itself."""
    return f'"{"".join(map(escaped, text))}"'


def escaped(char: str) -> str:
    """A character as it stands in a text or a set."""
    code = ord(char)
    if _PLAIN.match(char):
        return char
    return f"\\x{code:02X}" if code < 0x80 else char


def one_of(texts: Iterable[str], depth: int = 0) -> str:
    """One of these texts. What begins alike is written once, since the matcher tries each
    alternative for every token. Raises GrammarError where that nests too deep."""
    rest = sorted(set(texts)) if depth == 0 else list(texts)
    if depth > _MAX_NESTING:
        raise GrammarError("choices, or an enum: too many texts that begin with one another")
    prefix = commonprefix((rest[0], rest[-1]))  # noqa: RUF071 - of texts, not paths
    rest = [text[len(prefix) :] for text in rest]
    if rest == [""]:
        return literal(prefix)
    branches = (tuple(group) for _, group in groupby(filter(None, rest), lambda text: text[0]))
    inner = (one_of(branch, depth + 1) for branch in branches)
    choice = f"({' | '.join(inner)}){'' if rest[0] else '?'}"
    return f"{literal(prefix)} {choice}" if prefix else choice


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

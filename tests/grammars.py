"""Reads and writes by a grammar, one character at a time: what may be written, and what is when
the writer wants something else."""

import random
from collections.abc import Sequence
from functools import cache

from paddock.engine import grammar as native

Stack = tuple[tuple[int, int, int], ...]
Stacks = frozenset[Stack]
_ENDLESS = 1 << 40


class Grammar:
    """The native matcher's way to follow a grammar: all the stacks that are left."""

    def __init__(self, text: str) -> None:
        native.check_grammar(text)
        parser = native._Parser(text)
        self._rules = parser.read()
        self._root = parser.ids["root"]
        self._expand = cache(self._expanded)
        self._shortest = _shortest(self._rules)
        self.left = cache(self._left)

    def start(self) -> Stacks:
        return self._ready([((self._root, n, 0),) for n in range(len(self._rules[self._root]))])

    def _ready(self, stacks: list[Stack]) -> Stacks:
        return frozenset(stack for one in stacks for stack in self._expand(one))

    def _expanded(self, stack: Stack) -> Stacks:
        """The stacks that wait for a character, or are at the end."""
        found: set[Stack] = set()
        seen: set[Stack] = set()
        pending = [stack]
        while pending:
            one = pending.pop()
            if one in seen:
                continue
            seen.add(one)
            if not one:
                found.add(one)
                continue
            rule, alternative, place = one[-1]
            sequence = self._rules[rule][alternative]
            if place == len(sequence):
                pending.append(one[:-1])
                continue
            element = sequence[place]
            below = one[:-1]
            if place + 1 < len(sequence):
                below = (*below, (rule, alternative, place + 1))
            if isinstance(element, int):
                pending += [(*below, (element, n, 0)) for n in range(len(self._rules[element]))]
            else:
                found.add(one)
        return frozenset(found)

    def step(self, stacks: Stacks, char: str) -> Stacks:
        following: list[Stack] = []
        for stack in stacks:
            if stack and ord(char) in self._waits_for(stack):
                rule, alternative, place = stack[-1]
                following.append((*stack[:-1], (rule, alternative, place + 1)))
        return self._ready(following)

    def _waits_for(self, stack: Stack) -> native.Chars:
        rule, alternative, place = stack[-1]
        element = self._rules[rule][alternative][place]
        assert isinstance(element, native.Chars)
        return element

    def any_char(self, stack: Stack, choose: random.Random) -> str:
        """One of the characters that a stack waits for."""
        chars = self._waits_for(stack)
        if chars.negated:
            return choose.choice([c for c in 'ab z0-.,:{}[]<>/"\\\n日' if ord(c) in chars] or ["é"])
        low, high = choose.choice(chars.ranges)
        return chr(choose.choice([low, high, choose.randint(low, high)]))

    def _left(self, stack: Stack) -> int:
        """How many characters a stack has to read at least."""
        return sum(
            _length(self._rules[rule][alternative][place:], self._shortest)
            for rule, alternative, place in stack
        )


def _shortest(rules: list[native.Rule]) -> list[int]:
    """The length of the shortest text of each rule."""
    lengths = [_ENDLESS] * len(rules)
    is_settled = False
    while not is_settled:
        found = [min(_length(sequence, lengths) for sequence in rule) for rule in rules]
        is_settled, lengths = found == lengths, found
    return lengths


def _length(sequence: list[native.Element], lengths: list[int]) -> int:
    return min(sum(lengths[e] if isinstance(e, int) else 1 for e in sequence), _ENDLESS)


def reads(text: str, answer: str) -> bool:
    """Whether the grammar allows the whole answer."""
    grammar = Grammar(text)
    stacks = grammar.start()
    for char in answer:
        stacks = grammar.step(stacks, char)
    return () in stacks


def writes(text: str, seed: int, wants: Sequence[str] = (), most: int = 1500) -> str:
    """What comes of someone who writes one of the words after the other, skips of it what the
    grammar refuses, and stops when that is allowed; after so many characters, as soon as it can
    be."""
    choose = random.Random(seed)
    grammar = Grammar(text)
    stacks = grammar.start()
    written: list[str] = []
    while not (() in stacks and (len(stacks) == 1 or choose.random() < 0.3)):
        is_tired = len(written) >= most
        for char in "" if is_tired else choose.choice(wants or [""]):
            if following := grammar.step(stacks, char):
                stacks = following
                written.append(char)
        if waiting := sorted(filter(None, stacks)):
            stack = min(waiting, key=grammar.left) if is_tired else choose.choice(waiting)
            written.append(grammar.any_char(stack, choose))
            stacks = grammar.step(stacks, written[-1])
    return "".join(written)

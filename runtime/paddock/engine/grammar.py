"""Whether a grammar may be handed to the native parser and matcher. Knows GBNF; knows no model.

The native code trusts what it gets: a reversed repetition (`"a"{5,3}`) or a hidden left recursion
never ends, deep nesting overflows the stack, a reference to a token can end the process, and a
token of 60 dashes is tried against `("-"+)+` along 2**60 paths. So a grammar is read here first,
into the rules that the native parser makes of it, and walked a little.
"""

import random
import re
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from paddock.errors import GrammarError

MAX_CHARACTERS = 1 << 18
MAX_DEPTH = 300
"""Nested parentheses."""
MAX_REPETITIONS = 2000
"""As in the native parser, which takes a larger upper bound for none."""
MAX_ELEMENTS = 50_000
"""Characters, sets and references after repetitions are written out."""
MAX_CHOICES = 1000
"""Ways to go on at one place, and rules on the way there. Each is tried for every token of the
vocabulary."""
MAX_PATHS = 1000
"""Ways to read one text: what a token may cost that fits at first and fails at its end."""
_WALKS, _STEPS, _MIN_STEPS, _WORK = 24, 80, 12, 12_000


@dataclass(frozen=True, slots=True)
class Chars:
    """A set of characters as the ranges it names, or leaves out."""

    ranges: tuple[tuple[int, int], ...]
    negated: bool = False

    def __contains__(self, char: int) -> bool:
        return any(low <= char <= high for low, high in self.ranges) is not self.negated

    def example(self, choose: random.Random) -> int:
        if not self.negated:
            return choose.choice(self.ranges)[0]
        return next((char for char in (0x61, 0x20, 0x2D, 0x41, 0x30) if char in self), 0x3B1)


Element = Chars | int
"""A character to read, or the index of a rule."""
Rule = list[list[Element]]
"""Alternatives, each a sequence."""


@lru_cache(maxsize=64)
def check_grammar(text: str) -> None:
    """Raises GrammarError for what would hurt or never end; the native parser has the last word
    on what is valid."""
    if len(text) > MAX_CHARACTERS:
        raise GrammarError(
            f"grammar: {len(text):,} characters; at most {MAX_CHARACTERS:,} are read"
        )
    if re.search("[\0\ud800-\udfff]", text):
        raise GrammarError("grammar: holds a NUL character or half of a surrogate pair")
    parser = _Parser(text)
    rules = parser.read()
    if "root" not in parser.ids:
        raise GrammarError("grammar: needs a rule named root")
    _check_choices(rules, parser.name_of)
    _check_paths(rules, parser.ids["root"])


# -- reading ---------------------------------------------------------------------------------------

_TOKEN = re.compile(
    r"""(?P<blank>[ \t\r\n]+|\#[^\r\n]*)
      | (?P<rule>[a-zA-Z0-9-]+)[ \t]*::=
      | (?P<name>[a-zA-Z0-9-]+)
      | "(?P<text>(?:[^"\\]|\\.)*)"
      | \[(?P<set>\^?(?:[^\]\\]|\\.)*)\]
      | (?P<any>\.)
      | (?P<mark>[*+?]|\{\s*\d+\s*(?:,\s*\d*\s*)?\})
      | (?P<sign>[()|])""",
    re.VERBOSE | re.DOTALL | re.ASCII,
)
NAMES = re.compile(
    r"""\#[^\r\n]* | "(?:[^"\\]|\\.)*" | \[\^?(?:[^\]\\]|\\.)*\] | \{[^}]*\}
      | ([a-zA-Z0-9-]+)""",
    re.VERBOSE | re.DOTALL | re.ASCII,
)
"""Finds the names of rules, as its group 1, among what else a grammar is made of."""
_CHAR = re.compile(
    r"\\x([0-9a-fA-F]{2})|\\u([0-9a-fA-F]{4})|\\U([0-9a-fA-F]{8})|\\([tnr\\\"\[\]-])|([^\\])",
    re.DOTALL,
)
_ESCAPES = {"t": "\t", "n": "\n", "r": "\r"}
_MARKS: dict[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}


@dataclass(slots=True)
class _Group:
    """A rule or a parenthesis under way."""

    rule: int
    num_rules: int
    """Rules there were before it."""
    alternatives: Rule = field(default_factory=lambda: [[]])
    last: int | None = None
    """Where the last item of the last alternative begins."""
    weight: int = 1
    """Rules that the last item stands for."""


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._rules: list[Rule | None] = []
        self._open: list[_Group] = []
        self._size = 0
        self.ids: dict[str, int] = {}

    def read(self) -> list[Rule]:
        while self._at < len(self._text):
            match = _TOKEN.match(self._text, self._at)
            if match is None or match.lastgroup is None:
                raise self._error(self._unknown())
            self._take(match.lastgroup, match[match.lastgroup])
            self._at = match.end()
        self._end_rule()
        if missing := [name for name, index in self.ids.items() if self._rules[index] is None]:
            raise GrammarError(f"grammar: no rule named {missing[0]}")
        return [rule for rule in self._rules if rule is not None]

    def name_of(self, index: int) -> str:
        return next((name for name, known in self.ids.items() if known == index), "a group")

    def _error(self, what: str) -> GrammarError:
        line = self._text.count("\n", 0, self._at) + 1
        return GrammarError(f"grammar, line {line}: {what}")

    def _unknown(self) -> str:
        rest = self._text[self._at : self._at + 20]
        if rest[0] in "<!":
            return "references to tokens (<...>) are not supported; write the text itself"
        if rest[0] in '"[':
            return f"{rest[0]} is never closed"
        return f"unexpected {rest!r}"

    def _take(self, kind: str, text: str) -> None:
        if kind == "blank":
            return
        if kind == "rule":
            self._end_rule()
            self._open.append(_Group(self._id(text), len(self._rules)))
            return
        if not self._open:
            raise self._error("a rule must begin with its name and ::=")
        match kind, text:
            case "sign", "(":
                self._begin_group()
            case "sign", ")":
                self._end_group()
            case "sign", _:
                self._open[-1].alternatives.append([])
                self._open[-1].last = None
            case "mark", _:
                self._repeat(*self._times(text))
            case _:
                self._add(self._item(kind, text))

    def _item(self, kind: str, text: str) -> list[Element]:
        match kind:
            case "name":
                return [self._id(text)]
            case "text":
                return [Chars(((char, char),)) for char in self._chars(text)]
            case "set":
                return [self._set(text)]
            case _:
                return [Chars((), negated=True)]

    def _id(self, name: str) -> int:
        if name not in self.ids:
            self.ids[name] = self._new_rule(None)
        return self.ids[name]

    def _new_rule(self, rule: Rule | None) -> int:
        self._rules.append(rule)
        return len(self._rules) - 1

    def _add(self, item: list[Element], weight: int = 1) -> None:
        group = self._open[-1]
        self._grow(len(item) + 1)
        group.last = len(group.alternatives[-1])
        group.weight = weight
        group.alternatives[-1] += item

    def _grow(self, count: int, coming: int = 0) -> None:
        self._size += count
        if self._size + coming > MAX_ELEMENTS:
            raise self._error(
                f"more than {MAX_ELEMENTS:,} elements once repetitions are written out; "
                "allow fewer repetitions, or any number (*, +)"
            )

    def _begin_group(self) -> None:
        if len(self._open) > MAX_DEPTH:
            raise self._error(f"parentheses nested more than {MAX_DEPTH} deep")
        num_rules = len(self._rules)
        self._open.append(_Group(self._new_rule(None), num_rules))

    def _end_group(self) -> None:
        group = self._open.pop()
        if not self._open:
            raise self._error(") without (")
        self._rules[group.rule] = group.alternatives
        self._add([group.rule], max(1, len(self._rules) - group.num_rules))

    def _end_rule(self) -> None:
        if len(self._open) > 1:
            raise self._error("( is never closed")
        if self._open:
            group = self._open.pop()
            self._rules[group.rule] = group.alternatives

    def _times(self, mark: str) -> tuple[int, int | None]:
        if mark in _MARKS:
            return _MARKS[mark]
        if len(mark) > 40:
            raise self._error("a repetition count of too many digits")
        least, comma, most = mark[1:-1].partition(",")
        low = int(least)
        high = int(most) if most.strip() else None if comma else low
        if low > MAX_REPETITIONS:
            raise self._error(f"{low} repetitions; at most {MAX_REPETITIONS} can be asked for")
        if high is not None and high < low:
            raise self._error(f"{mark}: the upper bound is below the lower one")
        return low, None if high is not None and high > MAX_REPETITIONS else high

    def _repeat(self, low: int, high: int | None) -> None:
        """As the native parser writes it out: S{2,4} is S S (S (S)?)?, S* is a rule that ends with
        itself."""
        group = self._open[-1]
        sequence = group.alternatives[-1]
        if group.last is None or group.last == len(sequence):
            raise self._error("nothing to repeat")
        item = sequence[group.last :]
        times = high or low or 1
        if group.weight * times > MAX_REPETITIONS:
            raise self._error(
                f"repetitions within repetitions make more than {MAX_REPETITIONS} rules"
            )
        self._grow((len(item) + 3) * times)
        sequence[group.last :] = item * low
        tail: int | None = None
        if high is None:
            tail = self._new_rule(None)
            self._rules[tail] = [[*item, tail], []]
        for _ in range((high or 0) - low):
            tail = self._new_rule([item if tail is None else [*item, tail], []])
        if tail is not None:
            sequence.append(tail)
        group.weight *= times

    def _chars(self, text: str) -> list[int]:
        self._grow(0, len(text))
        if "\\" not in text:
            return [ord(char) for char in text]
        chars: list[int] = []
        at = 0
        while at < len(text):
            char, at = self._char(text, at)
            chars.append(char)
        return chars

    def _char(self, text: str, at: int) -> tuple[int, int]:
        """The character written at `at`, and where the next one begins."""
        match = _CHAR.match(text, at)
        if match is None:
            raise self._error(f"unknown escape {text[at : at + 2]!r}")
        *codes, escaped, plain = match.groups()
        code = next((code for code in codes if code), None)
        char = int(code, 16) if code else ord(_ESCAPES.get(escaped, escaped or plain))
        return char, match.end()

    def _set(self, text: str) -> Chars:
        self._grow(0, len(text))
        negated = text.startswith("^")
        ranges: list[tuple[int, int]] = []
        at = int(negated)
        while at < len(text):
            low, at = self._char(text, at)
            high = low
            if text.startswith("-", at) and at + 1 < len(text):
                high, at = self._char(text, at + 1)
            ranges.append((low, high))
        if not ranges:
            raise self._error("[] allows no character")
        self._grow(len(ranges))
        return Chars(tuple(ranges), negated)


# -- ways to go on ---------------------------------------------------------------------------------


def _check_choices(rules: list[Rule], name_of: Callable[[int], str]) -> None:
    """No rule may begin with itself, and nowhere may there be too many ways to go on."""
    empty = _nullable(rules)
    begins = [_beginnings(rule, empty) for rule in rules]
    choices = [0] * len(rules)
    for index in _innermost_first(begins, name_of):
        choices[index] = 1 + sum(_choices(sequence, empty, choices)[0] for sequence in rules[index])
        if choices[index] > MAX_CHOICES:
            raise _too_many_choices(name_of(index))
    for index, rule in enumerate(rules):
        if any(max(_choices(sequence, empty, choices)) > MAX_CHOICES for sequence in rule):
            raise _too_many_choices(name_of(index))


def _too_many_choices(name: str) -> GrammarError:
    return GrammarError(
        f"grammar: {name} can go on in more than {MAX_CHOICES:,} ways at one place; allow fewer "
        "alternatives or optional parts"
    )


def _nullable(rules: list[Rule]) -> list[bool]:
    """Which rules can read nothing."""
    users: list[list[int]] = [[] for _ in rules]
    for index, rule in enumerate(rules):
        for sequence in rule:
            for element in sequence:
                if isinstance(element, int):
                    users[element].append(index)
    empty = [False] * len(rules)
    pending = deque(range(len(rules)))
    while pending:
        index = pending.popleft()
        if not empty[index] and any(_is_empty(sequence, empty) for sequence in rules[index]):
            empty[index] = True
            pending.extend(users[index])
    return empty


def _is_empty(sequence: list[Element], empty: list[bool]) -> bool:
    return all(isinstance(element, int) and empty[element] for element in sequence)


def _beginnings(rule: Rule, empty: list[bool]) -> list[int]:
    """The rules that a rule can begin with."""
    found: dict[int, None] = {}
    for sequence in rule:
        for element in sequence:
            if not isinstance(element, int):
                break
            found[element] = None
            if not empty[element]:
                break
    return list(found)


def _innermost_first(begins: list[list[int]], name_of: Callable[[int], str]) -> Iterator[int]:
    """Every rule after those it can begin with. A circle among them would never end."""
    done = [False] * len(begins)
    for first in range(len(begins)):
        path = {} if done[first] else {first: iter(begins[first])}
        while path:
            index, rest = next(reversed(path.items()))
            following = next((other for other in rest if not done[other]), None)
            if following is None:
                done[index] = True
                del path[index]
                yield index
            elif following in path:
                raise GrammarError(
                    f"grammar: {name_of(following)} begins with itself (left recursion); put what "
                    "must come first in front of it"
                )
            elif len(path) > MAX_REPETITIONS:
                raise GrammarError("grammar: too many rules that begin with one another")
            else:
                path[following] = iter(begins[following])


def _choices(sequence: list[Element], empty: list[bool], choices: list[int]) -> tuple[int, int]:
    """Ways to go on at a sequence's beginning, and at its worst place."""
    here = worst = 1
    for element in reversed(sequence):
        if not isinstance(element, int):
            here = 1
        elif empty[element]:
            here += choices[element]
        else:
            here = choices[element]
        worst = max(worst, here)
    return here, worst


# -- ways to read ----------------------------------------------------------------------------------

_Stack = int
"""Index of a stack of the walker; 0 is the empty one."""


def _check_paths(rules: list[Rule], root: int) -> None:
    """Walk through the grammar at random and count in how many ways it reads what was walked.

    Whether a grammar has too many is undecidable; the walks find what grows within one token.
    """
    choose = random.Random(0)
    walker = _Walker(rules)
    first = walker.expand([walker.stack(root, n, 0, 0) for n in range(len(rules[root]))])
    for walk in range(_WALKS):
        counts = Counter(first)
        char: int | None = None
        for step in range(_STEPS):
            if not counts or (walker.work > _WORK and step >= _MIN_STEPS):
                break
            before = walker.work
            counts, char = walker.step(counts, char, choose, daring=0.4 * (walk % 2))
            if counts.total() > MAX_PATHS or walker.work - before > 10 * MAX_PATHS:
                raise GrammarError(
                    f"grammar: what goes on with {chr(char or 0)!r} is read in more than "
                    f"{MAX_PATHS:,} ways; remove repetitions within repetitions, and alternatives "
                    "that begin alike"
                )


class _Walker:
    """The native matcher's stacks, with how many paths lead to each."""

    def __init__(self, rules: list[Rule]) -> None:
        self._rules = rules
        self._stacks: list[tuple[int, int, int, _Stack]] = [(0, 0, 0, 0)]
        self._known: dict[tuple[int, int, int, _Stack], _Stack] = {}
        self.work = 0

    def stack(self, rule: int, alternative: int, place: int, below: _Stack) -> _Stack:
        """The stack that goes on at this place, and at `below` after the rule's end."""
        if place == len(self._rules[rule][alternative]):
            return below
        key = rule, alternative, place, below
        if key not in self._known:
            self._known[key] = len(self._stacks)
            self._stacks.append(key)
        return self._known[key]

    def expand(self, stacks: list[_Stack]) -> list[_Stack]:
        """The stacks that wait for a character, or are at the end."""
        found: list[_Stack] = []
        seen: set[_Stack] = set()
        pending = stacks
        while pending:
            stack = pending.pop()
            if stack in seen:
                continue
            seen.add(stack)
            self.work += 1
            element, left = self._top(stack)
            if isinstance(element, int):
                count = len(self._rules[element])
                pending += [self.stack(element, n, 0, left) for n in range(count)]
            else:
                found.append(stack)
        return found

    def _top(self, stack: _Stack) -> tuple[Element | None, _Stack]:
        """What a stack waits for, and what is left once that is read."""
        if stack == 0:
            return None, 0
        rule, alternative, place, below = self._stacks[stack]
        left = self.stack(rule, alternative, place + 1, below)
        return self._rules[rule][alternative][place], left

    def step(
        self,
        counts: "Counter[_Stack]",
        last: int | None,
        choose: random.Random,
        *,
        daring: float,
    ) -> tuple["Counter[_Stack]", int | None]:
        """Read one character: of a few the one that the most paths wait for, or with probability
        `daring` any."""
        tops = [(self._top(stack), count) for stack, count in counts.items()]
        sets = [(chars, left, n) for (chars, left), n in tops if isinstance(chars, Chars)]
        if not sets:
            return Counter(), None
        drawn = [choose.choice(sets)[0].example(choose) for _ in range(4)]
        char = drawn[0]
        if choose.random() >= daring:
            seen = drawn if last is None else [last, *drawn]
            char = max(seen, key=lambda char: sum(n for chars, _, n in sets if char in chars))
        following: Counter[_Stack] = Counter()
        for chars, left, count in sets:
            if char in chars:
                for stack in self.expand([left]):
                    following[stack] += count
        return following, char

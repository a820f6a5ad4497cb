"""Strings in a grammar: of some length, of a pattern or format, in which no marker occurs. Knows
notations; knows no other value than strings.
"""

import re
from collections.abc import Collection, Iterable
from typing import Final

from paddock.engine import gbnf, patterns
from paddock.engine.keywords import Schema, counts_of
from paddock.engine.notation import Notation
from paddock.errors import GrammarError

_UNSAYABLE: Final = re.compile(r'[\x00-\x1f\x7f"\\]')
"""What a key cannot hold as it stands."""


class Strings:
    """Writes into the rules of one grammar. `never`: what no string may hold."""

    def __init__(self, rules: gbnf.Rules, never: Iterable[str]) -> None:
        self._rules = rules
        self._never = tuple(mark for mark in never if mark)
        self._texts: dict[Notation, str] = {}
        """The rules for strings of any length."""

    def string(self, node: Schema, notation: Notation) -> str:
        """An expression for the strings of a schema that combines nothing."""
        inside = self._inside(node, notation, *counts_of(node, "Length"))
        opening, closing = (
            gbnf.literal(mark) if mark else "" for mark in (notation.opening, notation.closing)
        )
        return " ".join(filter(None, (opening, inside, closing)))

    def _inside(self, node: Schema, notation: Notation, least: int, most: int | None) -> str:
        """The text between the marks of a string."""
        if "pattern" in node:
            writer = patterns.Writer(notation, self._firsts(notation))
            return self._rules.add(patterns.pattern(node["pattern"], writer, least, most))
        if (form := node.get("format")) is not None:
            if not isinstance(form, str):
                raise GrammarError(f"format: format must be a string, not {form!r}")
            if (text := self._formatted(form, notation, least, most)) is not None:
                return text
        if least == 0 and most is None:
            return self._text(notation)
        return gbnf.repeated(self._char(notation), least, most)

    def _formatted(self, form: str, notation: Notation, least: int, most: int | None) -> str | None:
        """None for formats that say nothing about the text, and those that cannot keep to the
        length: formats are annotations first."""
        if form not in patterns.FORMATS:
            return None
        writer = patterns.Writer(notation, self._firsts(notation))
        try:
            return self._rules.add(patterns.pattern(patterns.FORMATS[form], writer, least, most))
        except GrammarError:
            return None

    def _firsts(self, notation: Notation) -> set[str]:
        return {mark[0] for mark in (*self._never, *notation.ends)}

    def _char(self, notation: Notation) -> str:
        """A character of which nothing can be said but that no marker begins with it."""
        barred = "".join(map(gbnf.escaped, sorted(self._firsts(notation))))
        excluded = notation.forbidden + barred
        plain = f"[^{excluded}]" if excluded else "."
        return self._rules.add(f"{plain} | {notation.escapes}" if notation.escapes else plain)

    def _text(self, notation: Notation) -> str:
        if notation not in self._texts:
            # A marker with what no string holds as it stands does not occur anyway.
            held = re.compile(f"[{notation.forbidden}]") if notation.forbidden else None
            never = [mark for mark in self._never if not (held and held.search(mark))]
            name = f"text{len(self._texts) or ''}"
            self._texts[notation] = name
            self._rules.include(
                gbnf.text(
                    name,
                    [*never, *notation.ends],
                    forbidden=notation.forbidden,
                    others=[notation.escapes] if notation.escapes else [],
                    refused=notation.refused,
                )
            )
        return self._texts[notation]

    # keys and constants

    def constant(self, text: str, notation: Notation) -> str:
        """The text of a value that is known, so that it holds no marker."""
        if notation.has_codes and any(mark in text for mark in self._never):
            firsts = {mark[0] for mark in self._never if mark in text} - {'"', "\\"}
            return "".join(f"\\u{ord(char):04x}" if char in firsts else char for char in text)
        return text

    def other_key(self, names: Collection[str], notation: Notation) -> str:
        """A key that is none of the names."""
        if not names:
            return self._rules.group(self.string({}, notation))
        known = [name for name in names if not _UNSAYABLE.search(name)]
        states = sorted({name[:size] for name in known for size in range(len(name) + 1)})
        number = {state: index for index, state in enumerate(states)}
        barred = self._firsts(notation)
        lead = self._rules.new_name("key")
        more = f"{self._char(notation)}*"
        for state, index in number.items():
            following = sorted(
                {name[len(state)] for name in known if name.startswith(state) and name != state}
            )
            special = "".join(map(gbnf.escaped, sorted({*following, *barred})))
            ways = [f"{gbnf.literal(char)} {lead}-{number[state + char]}" for char in following]
            ways.append(f"[^{notation.forbidden}{special}] {more}")
            # The empty name is left alone: nobody means it.
            self._rules[f"{lead}-{index}"] = " | ".join(
                [*ways, *(['""'] if state and state not in known else [])]
            )
        opening, closing = gbnf.literal(notation.opening), gbnf.literal(notation.closing)
        return f"{opening} {lead}-{number['']} {closing}"

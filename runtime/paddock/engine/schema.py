"""JSON schemas -> grammars: what a model writes then follows the schema. Knows no sampler.

A schema is first spread out into alternatives that combine nothing; each becomes an expression, and
what is used again becomes a rule. A keyword that cannot be enforced is an error that names it; only
annotations, and what no specification knows, are passed over. The grammar may allow less than the
schema does (objects have their properties in the order given, and no others unless it says so),
never more.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, cast

from paddock.engine import gbnf, numerals
from paddock.engine.alternatives import MAX_DEPTH, Schemas
from paddock.engine.grammar import check_grammar
from paddock.engine.keywords import (
    Schema,
    additional_of,
    constants_of,
    counts_of,
    is_in,
    item_schemas,
    kinds_of,
    limits_of,
    power_of_ten,
    properties_of,
    unsupported,
)
from paddock.engine.notation import JSON, Fields, Notation
from paddock.engine.strings import Strings
from paddock.errors import GrammarError

MAX_CHARACTERS: Final = 1 << 18
MAX_SETS: Final = 32
"""Values of which a list without duplicates is made."""


def grammar_of(format: Any) -> str | None:
    """GBNF for a request's `format`: "json", a JSON schema, or nothing. Raises GrammarError."""
    if format is None or format == "":
        return None
    return value_grammar({"type": "object"} if format == "json" else format)


def value_grammar(schema: object, notation: Notation = JSON, never: Iterable[str] = ()) -> str:
    """GBNF for the values of a schema; `never`: texts that no string may hold. Raises
    GrammarError."""
    return _compiled(_checked(schema), notation, tuple(never))


def arguments_grammar(schema: object, fields: Fields, never: Iterable[str] = ()) -> str:
    """GBNF for the arguments that a schema describes, one by one. Raises GrammarError."""
    return _compiled(_checked(schema), fields, tuple(never))


def _checked(schema: object) -> str:
    if not isinstance(schema, dict):
        raise GrammarError(
            f'format: must be "json" or a JSON schema object, not {type(schema).__name__}'
        )
    try:
        text = json.dumps(schema, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise GrammarError(f"format: the schema is no JSON ({error})") from error
    if len(text) > MAX_CHARACTERS:
        raise GrammarError(
            f"format: the schema has {len(text):,} characters; at most {MAX_CHARACTERS:,} are read"
        )
    return text


@lru_cache(maxsize=64)
def _compiled(text: str, how: Notation | Fields, never: tuple[str, ...]) -> str:
    try:
        root: Schema = json.loads(text)
    except RecursionError as error:
        raise GrammarError(f"format: the schema is nested more than {MAX_DEPTH} deep") from error
    notation = how if isinstance(how, Notation) else how.values
    grammar = _Compiler(root, notation, never).grammar(how if isinstance(how, Fields) else None)
    check_grammar(grammar)
    return grammar


# -- compiling -------------------------------------------------------------------------------------


class _Compiler:
    """One schema to one grammar."""

    def __init__(self, root: Schema, notation: Notation, never: Sequence[str]) -> None:
        self._root = root
        self._notation = notation
        self._schemas = Schemas(root)
        self._rules = gbnf.Rules()
        self._strings = Strings(self._rules, never)
        self._references: dict[str, str] = {}
        """The rules that stand for alternatives with a `$ref`, by these as JSON."""
        self._pending: list[tuple[str, Schema]] = []

    def grammar(self, fields: Fields | None) -> str:
        root = self.value(self._root or {"type": "object"}) if fields is None else ""
        self._rules["root"] = root if fields is None else self._fields(fields)
        while self._pending:
            name, one = self._pending.pop()
            self._rules[name] = self._either(self._schemas.resolved(one), one)
        return self._rules.text()

    # values

    def value(self, node: Any, depth: int = 0) -> str:
        """An expression for the values of a schema."""
        return self._either(self._schemas.alternatives(node, depth), node, depth)

    def _either(self, alternatives: Sequence[Schema], node: Any, depth: int = 0) -> str:
        ways = self._ways(alternatives, depth)
        if not ways:
            raise GrammarError(
                f"format: no value can follow {json.dumps(node)[:80]}, which allows nothing"
            )
        return " | ".join(dict.fromkeys(ways))

    def _ways(self, alternatives: Sequence[Schema], depth: int) -> list[str]:
        named = [one for one in alternatives if _names_values(one)]
        others = [one for one in alternatives if not _names_values(one)]
        return [
            *self._constants(named),
            *(way for one in others for way in self._plain(one, depth)),
        ]

    def _plain(self, node: Schema, depth: int) -> list[str]:
        """Expressions for the values of an alternative that does not name them."""
        if "$ref" in node:
            return [self._reference(node)]
        kinds = kinds_of(node)
        if not kinds:
            return [self._anything()]
        found = [self._of_kind(kind, node, depth) for kind in kinds]
        return [way for way in found if way is not None]

    def _reference(self, one: Schema) -> str:
        key = json.dumps(one)
        if key not in self._references:
            self._references[key] = f"definition-{len(self._references)}"
            self._pending.append((self._references[key], one))
        return self._references[key]

    def _constants(self, nodes: Iterable[Schema]) -> list[str]:
        """One expression for all the values that alternatives name."""
        values = (value for node in nodes for value in constants_of(node) or ())
        texts = [text for value in values if (text := self._notation.written(value)) is not None]
        return [gbnf.one_of(map(self._constant, texts))] if texts else []

    def _constant(self, text: str) -> str:
        return self._strings.constant(text, self._notation)

    def _of_kind(self, kind: str, node: Schema, depth: int) -> str | None:
        match kind:
            case "null":
                null = self._notation.null
                return None if null is None else gbnf.literal(null)
            case "boolean":
                return '"true" | "false"'
            case "integer" | "number":
                return _number(node, whole=kind == "integer")
            case "string":
                return self._strings.string(node, self._notation)
            case "array":
                return self._array(node, depth)
            case _:
                return self._object(node, depth)

    def _anything(self) -> str:
        if "anything" not in self._rules:
            self._rules["anything"] = ""  # what is inside of it may be anything again
            kinds = ("object", "array", "string", "number", "boolean", "null")
            ways = (self._of_kind(kind, {}, 0) for kind in kinds)
            self._rules["anything"] = " | ".join(filter(None, ways))
        return "anything"

    @property
    def _space(self) -> str:
        self._rules["space"] = self._notation.space
        return "space"

    # arrays

    def _array(self, node: Schema, depth: int) -> str | None:
        least, most = counts_of(node, "Items")
        first, others = item_schemas(node)
        begun = [self._rules.group(self.value(part, depth + 1)) for part in first[:most]]
        space = self._space
        if node.get("uniqueItems") and most != 1:
            inside = self._unique(others, begun, least, most)
        else:
            inside = self._items(others, begun, least, most, depth)
        return None if inside is None else f'"[" {space} {inside}"]"'

    def _items(
        self, others: Any, begun: list[str], least: int, most: int | None, depth: int
    ) -> str | None:
        space, comma = self._space, f'"," {self._space}'
        room = None if most is None else most - len(begun)
        need = max(least - len(begun), 0)
        if others is False or room == 0:
            if need:
                return None
            return f"{f' {comma} '.join(begun)} {space} " if begun else ""
        if not begun and others not in ({}, True):
            # A list without any item needs no way to write one.
            ways = self._ways(self._schemas.alternatives(others, depth + 1), depth + 1)
            if not ways:
                return None if need else ""
        item = self._rules.group(self.value(others, depth + 1))
        further = self._rules.add(f"{comma} {item}")
        if begun:
            more = gbnf.repeated(further, need, room)
            return f"{f' {comma} '.join(begun)} {more} {space} "
        more = gbnf.repeated(further, max(need - 1, 0), None if room is None else room - 1)
        filled = f"{item} {more} {space}"
        return f"{filled} " if need else f"({filled})? "

    def _unique(self, others: Any, begun: list[str], least: int, most: int | None) -> str | None:
        """A list of different values: some of a known few, in their order."""
        values = self._known_values(others)
        if begun or values is None or len(values) > MAX_SETS:
            raise unsupported("uniqueItems", f"it works for an enum of at most {MAX_SETS} values")
        texts = [self._notation.written(value) for value in values]
        known = [gbnf.literal(self._constant(text)) for text in texts if text is not None]
        last = len(known)
        following: dict[tuple[int, int], str] = {}
        """The rule for what may follow once so many values were decided on, and so many written."""
        for at in reversed(range(last + 1)):
            for count in range(min(at, last if most is None else most) + 1):
                ways = [self._space if count else '""'] if at == last and count >= least else []
                if (rest := following.get((at + 1, count + 1))) is not None:
                    comma = f'"," {self._space} ' if count else ""
                    ways.append(f"{comma}{known[at]} {rest}")
                if (rest := following.get((at + 1, count))) is not None:
                    ways.append(rest)
                if ways:
                    following[at, count] = self._rules.add(" | ".join(ways))
        start = following.get((0, 0))
        return None if start is None else f"{start} "

    def _known_values(self, node: Any) -> list[Any] | None:
        """All the values of a schema, where it has but a few."""
        found: list[Any] = []
        for one in self._schemas.plain(node):
            values = constants_of({"enum": [False, True]} if one.get("type") == "boolean" else one)
            if values is None:
                return None
            found += [value for value in values if not is_in(value, found)]
        return found

    # objects

    def _object(self, node: Schema, depth: int) -> str | None:
        properties, required = properties_of(node)
        space, comma = self._space, f'"," {self._space}'
        extra = self._extra(node, properties, depth)
        pairs: list[tuple[str, bool]] = []
        for name, part in properties.items():
            key = self._notation.key(name)
            if key is None:
                raise GrammarError(f"format: the property {name!r} cannot be written here")
            value = self._property(part, name in required, depth)
            if value is None:
                continue
            colon = f'":" {space}'
            pair = f"{gbnf.literal(self._constant(key))} {colon} {value}"
            pairs.append((pair, name in required))
        low, high = self._bounds(node, len(required), len(pairs), has_extra=extra is not None)
        if not pairs:
            if extra is None or high == 0:
                return None if low else f'"{{" {space} "}}"'
            further = self._rules.add(f"{comma} {extra}")
            more = gbnf.repeated(further, max(low - 1, 0), None if high is None else high - 1)
            filled = f"{extra} {more} {space}"
            return f'"{{" {space} {filled if low else f"({filled})?"} "}}"'
        inside = self._members(
            pairs, comma, self._rules.add(f"{comma} {extra}") if extra else None, extra
        )
        return f'"{{" {space} {inside} {space} "}}"'

    def _property(self, part: Any, is_required: bool, depth: int) -> str | None:
        """None for an optional property that can have no value."""
        ways = self._ways(self._schemas.alternatives(part, depth + 1), depth + 1)
        if ways or is_required:
            return self._rules.group(" | ".join(dict.fromkeys(ways)) or self.value(part, depth + 1))
        return None

    def _members(
        self, pairs: Sequence[tuple[str, bool]], comma: str, further: str | None, extra: str | None
    ) -> str:
        """Pairs in their order, of which the optional ones may lack, then any further ones."""
        behind = f"{further}*" if further else '""'
        first = f"({extra} {behind})?" if extra else '""'
        for pair, is_required in reversed(pairs):
            here, rest = f"{pair} {behind}", f"{comma} {pair} {behind}"
            if not is_required:
                here, rest = f"{here} | {first}", f"{rest} | {behind}"
            first, behind = self._rules.add(here), self._rules.add(rest)
        return first

    def _extra(self, node: Schema, properties: Mapping[str, Any], depth: int) -> str | None:
        """A pair whose name is not among the properties; None where there are none."""
        patterned = node.get("patternProperties")
        additional = additional_of(node)
        named = node.get("propertyNames", True)
        if patterned:
            if properties or additional not in (True, False) or named is not True:
                raise unsupported("patternProperties", "it works beside no other properties")
            if not isinstance(patterned, dict):
                raise GrammarError("format: patternProperties must be an object")
            (source, part), *others = cast("Schema", patterned).items()
            if others:
                raise unsupported("patternProperties", "it works for one pattern")
            key = self._key_of({"pattern": source})
            return f'{key} ":" {self._space} {self._rules.group(self.value(part, depth + 1))}'
        if named is not True and properties:
            raise unsupported("propertyNames", "it works beside no other properties")
        if additional is False:
            return None
        value = self._property(additional, is_required=False, depth=depth)
        if value is None:
            return None
        if named is not True:
            key = self._key_of(named)
        else:
            key = self._strings.other_key(properties, self._notation)
        return self._rules.group(f'{key} ":" {self._space} {value}')

    def _key_of(self, node: Any) -> str:
        """A key that follows a schema."""
        nodes = self._schemas.plain({"allOf": [{"type": "string"}, node]})
        ways = self._constants(filter(_names_values, nodes))
        ways += [
            self._strings.string(one, self._notation) for one in nodes if not _names_values(one)
        ]
        if not ways:
            raise GrammarError("format: propertyNames allows no name")
        return self._rules.group(" | ".join(dict.fromkeys(ways)))

    @staticmethod
    def _bounds(
        node: Schema, num_required: int, num_pairs: int, *, has_extra: bool
    ) -> tuple[int, int | None]:
        """How many pairs there are to be, of those that are not named."""
        low, high = counts_of(node, "Properties")
        if num_pairs:
            if low > num_required:
                raise unsupported("minProperties", "optional properties are not counted")
            if high is not None and (has_extra or high < num_pairs):
                raise unsupported("maxProperties", "optional properties are not counted")
            return 0, None
        if low > 1 and has_extra:
            raise unsupported("minProperties", "above 1, since a name may be written twice")
        return low, high

    # arguments

    def _fields(self, fields: Fields) -> str:
        """The properties of the root one by one."""
        nodes = self._schemas.plain({"type": "object", **self._root})
        if len(nodes) != 1:
            raise GrammarError("format: the arguments of a call cannot be one of several objects")
        properties, required = properties_of(nodes[0])
        closing = gbnf.literal(fields.closing) if fields.closing else ""
        pairs: list[tuple[str, bool]] = []
        for name, part in properties.items():
            ways = self._field(part, fields)
            if not ways and name not in required:
                continue
            if not ways:
                raise GrammarError(f"format: no value of {name!r} can be written here")
            value = self._rules.group(" | ".join(dict.fromkeys(ways)))
            opening = gbnf.literal(fields.open(name))
            pairs.append((f"{opening} {value} {closing}", name in required))
        if not pairs:
            return '""'
        between = gbnf.literal(fields.between) if fields.between else '""'
        return self._members(pairs, between, None, None)

    def _field(self, part: Any, fields: Fields) -> list[str]:
        """Ways to write an argument. What may be anything is written as a string."""
        ways: list[str] = []
        for one in self._schemas.plain(part, 1):
            kinds = kinds_of(one) or ["string"]
            if _names_values(one):
                ways += self._field_constants(one, fields)
                continue
            if "string" in kinds:
                ways += [self._strings.string(one, notation) for notation in fields.strings]
            if others := [kind for kind in kinds if kind != "string"]:
                ways += self._plain({**one, "type": others}, 1)
        return ways

    def _field_constants(self, node: Schema, fields: Fields) -> list[str]:
        texts: list[str] = []
        for value in constants_of(node) or ():
            ways = fields.strings if isinstance(value, str) else (self._notation,)
            text = next((text for way in ways if (text := way.written(value)) is not None), None)
            if text is not None:
                texts.append(text)
        return [gbnf.one_of(texts)] if texts else []


def _names_values(one: Schema) -> bool:
    return "const" in one or "enum" in one


# -- numbers ---------------------------------------------------------------------------------------


def _number(node: Schema, *, whole: bool) -> str | None:
    low, high = limits_of(node)
    zeros = power_of_ten(node)
    if not whole and zeros is None:
        return numerals.numbers(low, high)
    if zeros is not None and zeros != 0 and (low or high):
        raise unsupported("multipleOf", "beside bounds")
    if zeros is not None and zeros < 0 and not whole:
        return f'{numerals.INTEGER} ("." [0-9]{{1,{-zeros}}})?'
    if zeros is not None and zeros > 0:
        return f'"0" | "-"? [1-9] [0-9]{{0,{numerals.MOST_DIGITS - 1 - zeros}}} "{"0" * zeros}"'
    return numerals.integers(_whole(low, 1), _whole(high, -1))


def _whole(bound: numerals.Bound | None, sign: int) -> int | None:
    """The first whole number inside of a bound."""
    if bound is None:
        return None
    exact = bound.value
    nearest = exact.to_integral_value("ROUND_CEILING" if sign > 0 else "ROUND_FLOOR")
    inside = int(nearest)
    return inside + sign if bound.is_open and nearest == exact else inside

"""JSON schemas -> grammars: what a model writes then follows the schema. Knows no sampler.

A schema is first spread out into alternatives without `allOf`, `anyOf` or `$ref`; each becomes an
expression, and what is used again becomes a rule. A keyword that cannot be enforced is an error
that names it; only annotations, and what no specification knows, are passed over. The grammar may
allow less than the schema does (objects have their properties in the order given, and no others
unless it says so), never more; one exception is `oneOf`, which is read as `anyOf`.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, cast
from urllib.parse import unquote

from paddock.engine import gbnf, numerals, patterns
from paddock.engine.grammar import check_grammar
from paddock.engine.notation import JSON, Fields, Notation
from paddock.errors import GrammarError

MAX_CHARACTERS: Final = 1 << 18
MAX_DEPTH: Final = 64
MAX_PARTS: Final = 5000
"""Subschemas, with those that stand in several alternatives."""
MAX_VALUES: Final = 5000
"""Values of one `enum`, alternatives of one `anyOf`."""
MAX_SETS: Final = 32
"""Values of which a list without duplicates is made."""

Schema = dict[str, Any]

_REFUSED: Final = frozenset(
    (
        *("not", "if", "then", "else", "contains", "minContains", "maxContains"),
        *("dependentRequired", "dependentSchemas", "dependencies"),
        *("unevaluatedProperties", "unevaluatedItems", "$dynamicRef", "$recursiveRef"),
    )
)
_OF_TYPE: Final = {
    "string": ("minLength", "maxLength", "pattern", "format"),
    "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    "array": ("items", "prefixItems", "additionalItems", "minItems", "maxItems", "uniqueItems"),
    "object": (
        *("properties", "required", "additionalProperties", "patternProperties", "propertyNames"),
        *("minProperties", "maxProperties"),
    ),
}
"""The keywords that constrain the values of one type."""
_TYPES: Final = ("object", "array", "string", "number", "integer", "boolean", "null")
_COMBINING: Final = ("allOf", "anyOf", "oneOf", "$ref")
_ASSERTING: Final = frozenset(
    {"type", "enum", "const", "nullable", *(key for keys in _OF_TYPE.values() for key in keys)}
)


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


# -- spreading out ---------------------------------------------------------------------------------


class _Schemas:
    """Schemas of one document, spread out into alternatives."""

    def __init__(self, root: Schema) -> None:
        self._root = root
        self._parts = 0

    def alternatives(self, node: Any, depth: int = 0) -> list[Schema]:
        """Schemas of which a value has to follow one. One that is `{"$ref": …}` and nothing else
        stands for itself; all others combine nothing."""
        self._count(depth)
        if node is True:
            return [{}]
        if node is False:
            return []
        if not isinstance(node, dict):
            raise GrammarError(f"format: expected a schema, not {json.dumps(node)[:60]}")
        given = cast("Schema", node)
        refused = next((key for key in given if key in _REFUSED), None)
        if refused is not None:
            raise _unsupported(refused)
        own = {key: value for key, value in given.items() if key in _ASSERTING}
        found = [own] if own or not given.keys() & set(_COMBINING) else []
        for key in _COMBINING:
            if key in given:
                found = self._combined(found, key, given[key], depth)
        return found

    def _count(self, depth: int) -> None:
        self._parts += 1
        if self._parts > MAX_PARTS:
            raise GrammarError(f"format: the schema has more than {MAX_PARTS:,} parts")
        if depth > MAX_DEPTH:
            raise GrammarError(f"format: the schema is nested more than {MAX_DEPTH} deep")

    def _combined(self, found: list[Schema], key: str, value: Any, depth: int) -> list[Schema]:
        match key:
            case "$ref":
                return self._both(found, [{"$ref": self.checked_reference(value)}], depth)
            case "allOf":
                for part in items_of(value, key):
                    found = self._both(found, self.alternatives(part, depth + 1), depth)
                return found
            case _:
                parts = items_of(value, key)
                choices = [one for part in parts for one in self.alternatives(part, depth + 1)]
                return self._both(found, choices, depth)

    def _both(self, these: list[Schema], those: list[Schema], depth: int) -> list[Schema]:
        """Every one of these together with every one of those. Nothing yet is no constraint."""
        if not these:
            return those
        self._parts += len(these) * len(those)
        self._count(depth)
        pairs = ((this, that) for this in these for that in those)
        return [both for this, that in pairs for both in self._merged(this, that, depth)]

    def _merged(self, this: Schema, that: Schema, depth: int) -> list[Schema]:
        for one, other in ((this, that), (that, this)):
            if not one:
                return [other]
            if "$ref" in one:
                target = self.alternatives(self.target(one["$ref"]), depth + 1)
                return self._both(target, [other], depth + 1)
        merged = _merge(this, that)
        return [] if merged is None else [merged]

    # references

    def checked_reference(self, reference: Any) -> str:
        if not isinstance(reference, str) or not reference.startswith("#"):
            raise GrammarError(
                f"format: $ref {json.dumps(reference)[:80]} leads out of the schema; only "
                "references that begin with # are followed"
            )
        return reference

    def target(self, reference: str) -> Any:
        target: Any = self._root
        for step in unquote(reference[1:]).split("/")[1:]:
            key = step.replace("~1", "/").replace("~0", "~")
            try:
                target = target[int(key) if isinstance(target, list) else key]
            except (LookupError, TypeError, ValueError):
                raise GrammarError(f"format: $ref {reference[:80]!r} leads nowhere") from None
        return target


def _unsupported(keyword: str, why: str = "") -> GrammarError:
    return GrammarError(
        f"format: {keyword} cannot be enforced{f': {why}' if why else ''}; leave it out of the "
        "schema, and check the answer for it"
    )


def items_of(value: Any, key: str) -> list[Any]:
    """A list of values or schemas that is not empty."""
    if not isinstance(value, list) or not value:
        raise GrammarError(f"format: {key} must be an array that is not empty")
    if len(value) > MAX_VALUES:
        raise GrammarError(
            f"format: {key} has {len(value):,} values; at most {MAX_VALUES:,} can be told apart"
        )
    return cast("list[Any]", value)


def _merge(this: Schema, that: Schema) -> Schema | None:
    """What both ask for; None where they contradict each other."""
    merged = dict(this)
    for key, value in that.items():
        if key not in merged or merged[key] == value:
            merged[key] = value
            continue
        merge = _MERGES.get(key)
        if merge is None:
            raise _unsupported(key, "allOf gives it twice, with different values")
        merged[key] = merge(merged[key], value)
        if merged[key] == []:
            return None
    for closed, other in ((this, that), (that, this)):
        if closed.get("additionalProperties") is False:
            kept = closed.get("properties") or {}
            names = merged.get("properties") or {}
            merged["properties"] = {name: part for name, part in names.items() if name in kept}
            lost = [name for name in other.get("required") or () if name not in kept]
            if lost:
                return None
    return merged


def _all_of(one: Any, other: Any) -> Schema:
    return {"allOf": [one, other]}


def _merge_properties(one: Any, other: Any) -> Any:
    if not isinstance(one, dict) or not isinstance(other, dict):
        return one
    mine, yours = cast("Schema", one), cast("Schema", other)
    both = {name: _all_of(mine[name], yours[name]) for name in mine.keys() & yours.keys()}
    return {**mine, **yours, **both}


def _merge_types(one: Any, other: Any) -> list[str]:
    mine, yours = _type_list(one), _type_list(other)
    kept = [kind for kind in mine if kind in yours]
    whole = "number" in {*mine} ^ {*yours} and "integer" in {*mine, *yours}
    return kept + (["integer"] if whole and "integer" not in kept else [])


def _type_list(value: Any) -> list[str]:
    kinds = cast("list[Any]", value if isinstance(value, list) else [value])
    for kind in kinds:
        if kind not in _TYPES:
            raise GrammarError(
                f"format: the schema names a type {json.dumps(kind)[:60]}; the types are: "
                f"{', '.join(_TYPES)}"
            )
    if not kinds:
        raise GrammarError("format: type must be an array that is not empty")
    return cast("list[str]", kinds)


def _merge_additional(one: Any, other: Any) -> Any:
    if False in (one, other):
        return False
    return other if one is True else one if other is True else _all_of(one, other)


def _both_lists(one: list[Any], other: list[Any]) -> list[Any]:
    return list(dict.fromkeys([*one, *other]))


def _common(one: list[Any], other: list[Any]) -> list[Any]:
    return [value for value in one if _is_in(value, other)]


_LEAST: Final = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_MERGES: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "type": _merge_types,
    "properties": _merge_properties,
    "required": _both_lists,
    "enum": _common,
    "items": _all_of,
    "additionalProperties": _merge_additional,
    "propertyNames": _all_of,
    "nullable": min,
    "uniqueItems": max,
    **dict.fromkeys(_LEAST, max),
    **dict.fromkeys((key.replace("min", "max").replace("Min", "Max") for key in _LEAST), min),
}
"""What comes of two values of one keyword that both count."""


def _is_in(value: Any, values: Iterable[Any]) -> bool:
    """As JSON compares: true is not 1."""
    return any(value == other and type(value) is type(other) for other in values)


# -- compiling -------------------------------------------------------------------------------------


class _Compiler:
    """One schema to one grammar."""

    def __init__(self, root: Schema, notation: Notation, never: Sequence[str]) -> None:
        self._root = root
        self._notation = notation
        self._never = tuple(mark for mark in never if mark)
        self._schemas = _Schemas(root)
        self._rules: dict[str, str] = {}
        self._names: dict[str, str] = {}
        """The rule that has a certain body."""
        self._pending: list[tuple[str, str]] = []
        self._references: dict[str, str] = {}
        self._texts: dict[Notation, str] = {}
        """Rules for strings of any length."""

    def grammar(self, fields: Fields | None) -> str:
        if fields is None:
            node = self._root or {"type": "object"}
            self._rules["root"] = self.value(node)
        else:
            self._rules["root"] = self._fields(fields)
        while self._pending:
            name, reference = self._pending.pop()
            self._rules[name] = self.value(self._schemas.target(reference))
        rules = (f"{name} ::= {body}\n" for name, body in self._rules.items())
        return "".join([*rules, *self._texts.values()])

    def _rule(self, body: str, kind: str = "part") -> str:
        """The name of a rule with this body."""
        if body not in self._names:
            name = f"{kind}-{len(self._names)}"
            self._names[body] = name
            self._rules[name] = body
        return self._names[body]

    def _group(self, expression: str) -> str:
        """An expression as one item. What is long, or a choice, is a rule."""
        is_item = re.fullmatch(r'[a-z0-9-]+|"(?:[^"\\]|\\.)*"', expression)
        return expression if is_item else self._rule(expression)

    # values

    def value(self, node: Any, depth: int = 0) -> str:
        """An expression for the values of a schema."""
        ways = self._ways(self._schemas.alternatives(node, depth), depth)
        if not ways:
            raise GrammarError(
                f"format: no value can follow {json.dumps(node)[:80]}, which allows nothing"
            )
        return " | ".join(dict.fromkeys(ways))

    def _ways(self, alternatives: Sequence[Schema], depth: int) -> list[str]:
        return [way for node in alternatives for way in self._plain(node, depth)]

    def _plain(self, node: Schema, depth: int) -> list[str]:
        """Expressions for the values of a schema that combines nothing."""
        if "$ref" in node:
            return [self._reference(node["$ref"])]
        if "const" in node or "enum" in node:
            return self._constants(node)
        kinds = _kinds(node)
        if not kinds:
            return [self._anything()]
        found = [self._of_kind(kind, node, depth) for kind in kinds]
        return [way for way in found if way is not None]

    def _reference(self, reference: str) -> str:
        if reference not in self._references:
            name = f"definition-{len(self._references)}"
            self._references[reference] = name
            self._schemas.target(reference)
            self._pending.append((name, reference))
        return self._references[reference]

    def _constants(self, node: Schema) -> list[str]:
        texts = [self._notation.written(value) for value in _constant_values(node) or ()]
        known = [self._unmarked(text) for text in texts if text is not None]
        return [gbnf.one_of(known)] if known else []

    def _unmarked(self, text: str) -> str:
        """A constant that holds no marker."""
        if self._notation.has_codes and any(mark in text for mark in self._never):
            firsts = {mark[0] for mark in self._never if mark in text} - {'"', "\\"}
            return "".join(f"\\u{ord(char):04x}" if char in firsts else char for char in text)
        return text

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
                return self.string(node, self._notation)
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

    # strings

    def string(self, node: Schema, notation: Notation) -> str:
        least, most = _count(node, "minLength") or 0, _count(node, "maxLength")
        _check_order(least, most, "Length")
        inside = self._inside(node, notation, least, most)
        opening, closing = (
            gbnf.literal(mark) if mark else "" for mark in (notation.opening, notation.closing)
        )
        return " ".join(filter(None, (opening, inside, closing)))

    def _inside(self, node: Schema, notation: Notation, least: int, most: int | None) -> str:
        """The text between the marks of a string."""
        if "pattern" in node:
            writer = patterns.Writer(notation, self._firsts(notation))
            return self._rule(patterns.pattern(node["pattern"], writer, least, most))
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
            return self._rule(patterns.pattern(patterns.FORMATS[form], writer, least, most))
        except GrammarError:
            return None

    def _firsts(self, notation: Notation) -> set[str]:
        return {mark[0] for mark in (*self._never, *notation.ends)}

    def _char(self, notation: Notation) -> str:
        """A character of which nothing can be said but that no marker begins with it."""
        barred = "".join(map(gbnf.escaped, sorted(self._firsts(notation))))
        excluded = notation.forbidden + barred
        plain = f"[^{excluded}]" if excluded else "."
        return self._rule(f"{plain} | {notation.escapes}" if notation.escapes else plain, "char")

    def _text(self, notation: Notation) -> str:
        number = list(self._texts).index(notation) if notation in self._texts else len(self._texts)
        name = f"text{number or ''}"
        if notation not in self._texts:
            # A marker with what no string holds as it stands does not occur anyway.
            held = re.compile(f"[{notation.forbidden}]") if notation.forbidden else None
            never = [mark for mark in self._never if not (held and held.search(mark))]
            self._texts[notation] = gbnf.text(
                name,
                [*never, *notation.ends],
                forbidden=notation.forbidden,
                others=[notation.escapes] if notation.escapes else [],
                refused=notation.refused,
            )
        return name

    # arrays

    def _array(self, node: Schema, depth: int) -> str | None:
        least, most = _count(node, "minItems") or 0, _count(node, "maxItems")
        _check_order(least, most, "Items")
        first, others = _item_schemas(node)
        begun = [self._group(self.value(part, depth + 1)) for part in first[:most]]
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
        item = self._group(self.value(others, depth + 1))
        further = self._rule(f"{comma} {item}")
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
            raise _unsupported("uniqueItems", f"it works for an enum of at most {MAX_SETS} values")
        texts = [self._notation.written(value) for value in values]
        known = [gbnf.literal(self._unmarked(text)) for text in texts if text is not None]
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
                    following[at, count] = self._rule(" | ".join(ways))
        start = following.get((0, 0))
        return None if start is None else f"{start} "

    def _known_values(self, node: Any) -> list[Any] | None:
        """All the values of a schema, where it has but a few."""
        alternatives = self._schemas.alternatives(node)
        found: list[Any] = []
        for one in alternatives:
            if "$ref" in one:
                return self._known_values(self._schemas.target(one["$ref"]))
            plain = {"enum": [False, True]} if one.get("type") == "boolean" else one
            values = _constant_values(plain)
            if values is None:
                return None
            found += [value for value in values if not _is_in(value, found)]
        return found

    # objects

    def _object(self, node: Schema, depth: int) -> str | None:
        properties, required = _properties(node)
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
            pairs.append((f"{gbnf.literal(self._unmarked(key))} {colon} {value}", name in required))
        low, high = self._bounds(node, len(required), len(pairs), has_extra=extra is not None)
        if not pairs:
            if extra is None:
                return f'"{{" {space} "}}"'
            further = self._rule(f"{comma} {extra}")
            more = gbnf.repeated(further, max(low - 1, 0), None if high is None else high - 1)
            filled = f"{extra} {more} {space}"
            return f'"{{" {space} {filled if low else f"({filled})?"} "}}"'
        inside = self._members(
            pairs, comma, self._rule(f"{comma} {extra}") if extra else None, extra
        )
        return f'"{{" {space} {inside} {space} "}}"'

    def _property(self, part: Any, is_required: bool, depth: int) -> str | None:
        """None for an optional property that can have no value."""
        ways = self._ways(self._schemas.alternatives(part, depth + 1), depth + 1)
        if ways or is_required:
            return self._group(" | ".join(dict.fromkeys(ways)) or self.value(part, depth + 1))
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
            first, behind = self._rule(here), self._rule(rest)
        return first

    def _extra(self, node: Schema, properties: Mapping[str, Any], depth: int) -> str | None:
        """A pair whose name is not among the properties; None where there are none."""
        patterned = node.get("patternProperties")
        additional = node.get("additionalProperties", "properties" not in node and not patterned)
        named = node.get("propertyNames", True)
        if patterned:
            if properties or additional not in (True, False) or named is not True:
                raise _unsupported("patternProperties", "it works beside no other properties")
            if not isinstance(patterned, dict):
                raise GrammarError("format: patternProperties must be an object")
            ways = [
                f'{self._key_of({"type": "string", "pattern": source})} ":" {self._space} '
                f"{self._group(self.value(part, depth + 1))}"
                for source, part in cast("Schema", patterned).items()
            ]
            return self._group(" | ".join(ways))
        if additional is False:
            return None
        if named is not True and properties:
            raise _unsupported("propertyNames", "it works beside no other properties")
        value = self._property(additional, is_required=False, depth=depth)
        if value is None:
            return None
        key = self._key_of(named) if named is not True else self._other_key(properties)
        return self._group(f'{key} ":" {self._space} {value}')

    def _key_of(self, node: Any) -> str:
        """A key that follows a schema of strings."""
        ways: list[str] = []
        for one in self._schemas.alternatives(node):
            plain = one
            if "$ref" in one:
                ways.append(self._key_of(self._schemas.target(one["$ref"])))
                continue
            if "enum" in plain or "const" in plain:
                ways += self._constants(plain)
            else:
                ways.append(self.string(plain, self._notation))
        if not ways:
            raise GrammarError("format: propertyNames allows no name")
        return self._group(" | ".join(dict.fromkeys(ways)))

    def _other_key(self, names: Iterable[str]) -> str:
        """A key that is none of the names."""
        notation = self._notation
        if not names:
            return self._group(self.string({}, notation))
        known = [name for name in names if not re.search(r'[\x00-\x1f\x7f"\\]', name)]
        states = sorted({name[:size] for name in known for size in range(len(name) + 1)})
        number = {state: index for index, state in enumerate(states)}
        barred = self._firsts(notation)
        lead = f"key-{len(self._names)}"
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
        self._names[lead] = lead
        return (
            f"{gbnf.literal(notation.opening)} {lead}-{number['']} {gbnf.literal(notation.closing)}"
        )

    @staticmethod
    def _bounds(
        node: Schema, num_required: int, num_pairs: int, *, has_extra: bool
    ) -> tuple[int, int | None]:
        """How many pairs there are to be, of those that are not named."""
        low, high = _count(node, "minProperties") or 0, _count(node, "maxProperties")
        _check_order(low, high, "Properties")
        if num_pairs:
            if low > num_required:
                raise _unsupported("minProperties", "optional properties are not counted")
            if high is not None and (has_extra or high < num_pairs):
                raise _unsupported("maxProperties", "optional properties are not counted")
            return 0, None
        if low > 1 and has_extra:
            raise _unsupported("minProperties", "above 1, since a name may be written twice")
        return low, high

    # arguments

    def _fields(self, fields: Fields) -> str:
        """The properties of the root one by one."""
        nodes = self._schemas.alternatives({"type": "object", **self._root})
        if len(nodes) != 1 or "$ref" in nodes[0]:
            nodes = [one for node in nodes for one in self._resolved(node)]
        if len(nodes) != 1:
            raise GrammarError("format: the arguments of a call cannot be one of several objects")
        properties, required = _properties(nodes[0])
        closing = gbnf.literal(fields.closing) if fields.closing else ""
        pairs: list[tuple[str, bool]] = []
        for name, part in properties.items():
            ways = self._field(part, fields)
            if not ways and name not in required:
                continue
            if not ways:
                raise GrammarError(f"format: no value of {name!r} can be written here")
            value = self._group(" | ".join(dict.fromkeys(ways)))
            opening = gbnf.literal(fields.open(name))
            pairs.append((f"{opening} {value} {closing}", name in required))
        if not pairs:
            return '""'
        between = gbnf.literal(fields.between) if fields.between else '""'
        return self._members(pairs, between, None, None)

    def _resolved(self, node: Schema) -> list[Schema]:
        return (
            self._schemas.alternatives(self._schemas.target(node["$ref"]))
            if "$ref" in node
            else [node]
        )

    def _field(self, part: Any, fields: Fields) -> list[str]:
        """Ways to write an argument. What may be anything is written as a string."""
        ways: list[str] = []
        for node in self._schemas.alternatives(part, 1):
            for one in self._resolved(node):
                if "$ref" in one:
                    ways.append(self._reference(one["$ref"]))
                    continue
                kinds = _kinds(one) or ["string"]
                if "const" in one or "enum" in one:
                    ways += self._field_constants(one, fields)
                    continue
                if "string" in kinds:
                    ways += [self.string(one, notation) for notation in fields.strings]
                if others := [kind for kind in kinds if kind != "string"]:
                    ways += self._plain({**one, "type": others}, 1)
        return ways

    def _field_constants(self, node: Schema, fields: Fields) -> list[str]:
        texts: list[str] = []
        for value in _constant_values(node) or ():
            ways = fields.strings if isinstance(value, str) else (self._notation,)
            text = next((text for way in ways if (text := way.written(value)) is not None), None)
            if text is not None:
                texts.append(text)
        return [gbnf.one_of(texts)] if texts else []


# -- reading keywords ------------------------------------------------------------------------------


def _kinds(node: Schema) -> list[str]:
    """The types of the values; empty for any."""
    if "type" in node:
        kinds = list(dict.fromkeys(_type_list(node["type"])))
    else:
        kinds = [kind for kind, keys in _OF_TYPE.items() if node.keys() & set(keys)]
    if "number" in kinds and "integer" in kinds:
        kinds.remove("integer")
    if node.get("nullable") is True and kinds and "null" not in kinds:
        kinds.append("null")
    return kinds


def _count(node: Schema, key: str) -> int | None:
    value = node.get(key)
    if value is None:
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise GrammarError(f"format: {key} must be a whole number of at least 0, not {value!r}")
    if value > gbnf.MAX_TIMES:
        raise GrammarError(f"format: {key} is {value}; at most {gbnf.MAX_TIMES:,} can be enforced")
    return value


def _check_order(least: int, most: int | None, what: str) -> None:
    if most is not None and most < least:
        raise GrammarError(f"format: max{what} {most} is below min{what} {least}")


def _item_schemas(node: Schema) -> tuple[list[Any], Any]:
    """The schemas of the first items, and that of all others: False for none."""
    items, prefix = node.get("items"), node.get("prefixItems")
    if isinstance(items, list):
        return cast("list[Any]", items), node.get("additionalItems", False)
    if prefix is not None:
        return items_of(prefix, "prefixItems"), False if items is None else items
    return [], True if items is None else items


def _properties(node: Schema) -> tuple[Schema, list[str]]:
    properties, required = node.get("properties") or {}, node.get("required") or []
    if not isinstance(properties, dict) or not isinstance(required, list):
        raise GrammarError("format: properties must be an object and required an array")
    named = cast("Schema", properties)
    names = [name for name in cast("list[Any]", required) if isinstance(name, str)]
    unknown = {name: True for name in names if name not in named}
    if unknown and node.get("additionalProperties") is False:
        raise GrammarError(
            f"format: required names {next(iter(unknown))!r}, which is no property of the object"
        )
    return ({**named, **unknown} if named else unknown), names


def _constant_values(node: Schema) -> list[Any] | None:
    """The values to choose from; None where they are not named."""
    if "const" in node:
        values = [node["const"]]
        if "enum" in node:
            values = [value for value in values if _is_in(value, items_of(node["enum"], "enum"))]
    elif "enum" in node:
        values = items_of(node["enum"], "enum")
    else:
        return None
    return [value for value in values if _fits(value, node)]


def _fits(value: Any, node: Schema) -> bool:
    """Whether a constant follows what else its schema says."""
    if "type" in node and not any(_is_of(value, kind) for kind in _kinds(node)):
        return False
    if isinstance(value, str):
        least, most = _count(node, "minLength") or 0, _count(node, "maxLength")
        is_long = most is not None and len(value) > most
        if len(value) < least or is_long:
            return False
        source = node.get("pattern")
        return not isinstance(source, str) or bool(re.search(source, value))
    if isinstance(value, int | float) and not isinstance(value, bool):
        low, high = _limits(node)
        exact = Decimal(str(value))
        is_low = low and (exact < low.value or (low.is_open and exact == low.value))
        is_high = high and (exact > high.value or (high.is_open and exact == high.value))
        return not (is_low or is_high)
    return True


def _is_of(value: Any, kind: str) -> bool:
    match kind:
        case "null":
            return value is None
        case "boolean":
            return isinstance(value, bool)
        case "integer":
            return (isinstance(value, int) and not isinstance(value, bool)) or (
                isinstance(value, float) and value.is_integer()
            )
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "string":
            return isinstance(value, str)
        case "array":
            return isinstance(value, list)
        case _:
            return isinstance(value, dict)


# -- numbers ---------------------------------------------------------------------------------------


def _limits(node: Schema) -> tuple[numerals.Bound | None, numerals.Bound | None]:
    return _limit(node, "minimum", "exclusiveMinimum", 1), _limit(
        node, "maximum", "exclusiveMaximum", -1
    )


def _limit(node: Schema, closed: str, opened: str, sign: int) -> numerals.Bound | None:
    """The narrower of the two bounds; the older drafts say by a boolean that it is open."""
    value, beyond = _finite(node, closed), node.get(opened)
    if beyond is True:
        return None if value is None else numerals.Bound(value, is_open=True)
    limit = None if beyond is False else _finite(node, opened)
    bounds = [
        *([numerals.Bound(value)] if value is not None else []),
        *([numerals.Bound(limit, is_open=True)] if limit is not None else []),
    ]
    return max(bounds, key=lambda bound: (sign * bound.value, bound.is_open), default=None)


def _finite(node: Schema, key: str) -> Decimal | None:
    value = node.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise GrammarError(f"format: {key} must be a number, not {value!r}")
    exact = Decimal(str(value))
    if abs(exact.adjusted()) > 40:
        raise GrammarError(
            f"format: {key} is {value}; numbers of at most 40 digits can be enforced"
        )
    return exact


def _number(node: Schema, *, whole: bool) -> str | None:
    low, high = _limits(node)
    zeros = _power_of_ten(node)
    if not whole and zeros is None:
        return numerals.numbers(low, high)
    if zeros is not None and zeros != 0 and (low or high):
        raise _unsupported("multipleOf", "beside bounds")
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


def _power_of_ten(node: Schema) -> int | None:
    """The exponent of `multipleOf`; None where there is none. No other divisor can be enforced."""
    value = _finite(node, "multipleOf")
    if value is None:
        return None
    digits = value.normalize()
    if digits <= 0 or digits.as_tuple().digits != (1,) or abs(digits.adjusted()) > 12:
        raise _unsupported("multipleOf", "it works for powers of ten, like 1, 100 or 0.01")
    return digits.adjusted()

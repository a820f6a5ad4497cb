"""Schemas spread out into alternatives that combine nothing, each of which a value may follow.

Knows how `allOf`, `anyOf`, `oneOf` and `$ref` put schemas together; knows no grammar. Of `oneOf` it
has to be shown that no value follows two of the alternatives; where a property tells them apart,
it must be there. What cannot be shown is an error.
"""

import json
from collections.abc import Callable, Sequence
from itertools import combinations
from typing import Any, Final, cast
from urllib.parse import unquote

from paddock.engine.keywords import (
    OF_TYPE,
    TAGGED,
    TYPES,
    Schema,
    additional_of,
    constants_of,
    is_in,
    items_of,
    kinds_of,
    limits_of,
    may_follow,
    properties_of,
    type_list,
    unsupported,
)
from paddock.errors import GrammarError

MAX_DEPTH: Final = 64
MAX_PARTS: Final = 5000
"""Subschemas, with those that stand in several alternatives."""
MAX_COMPARISONS: Final = 20_000
"""Pairs of alternatives, and of what is inside of them, that are told apart."""
_MAX_APART: Final = 4
"""How deep inside of two alternatives something is looked for that tells them apart."""

_REFUSED: Final = frozenset(
    (
        *("not", "if", "then", "else", "contains", "minContains", "maxContains"),
        *("dependentRequired", "dependentSchemas", "dependencies"),
        *("unevaluatedProperties", "unevaluatedItems", "$dynamicRef", "$recursiveRef"),
    )
)
_COMBINING: Final = ("allOf", "anyOf", "oneOf", "$ref")
_ASSERTING: Final = frozenset(
    {"type", "enum", "const", *(key for keys in OF_TYPE.values() for key in keys)}
)


class Schemas:
    """Schemas of one document, spread out into alternatives."""

    def __init__(self, root: Schema) -> None:
        self._root = root
        self._parts = 0
        self._comparisons = 0

    def alternatives(self, node: Any, depth: int = 0) -> list[Schema]:
        """Schemas of which a value has to follow one: such that combine nothing, or a `$ref` with
        nothing but tags besides, which stands for itself."""
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
            raise unsupported(refused)
        own = {key: value for key, value in given.items() if key in _ASSERTING}
        if given.get("nullable") is True and "type" in own:  # OpenAPI's
            own["type"] = _both_lists(type_list(own["type"]), ["null"])
        found = [own]
        for key in _COMBINING:
            if key in given:
                found = self._combined(found, key, given[key], depth)
        return found

    def plain(self, node: Any, depth: int = 0) -> list[Schema]:
        """The same without any `$ref`."""
        found = self.alternatives(node, depth)
        return [plain for one in found for plain in self.resolved(one, depth)]

    def resolved(self, one: Schema, depth: int = 0) -> list[Schema]:
        """What one of the alternatives stands for: itself, but for a `$ref`."""
        if "$ref" not in one:
            return [one]
        target = self.plain(self._target(one["$ref"]), depth + 1)
        besides = {key: value for key, value in one.items() if key != "$ref"}
        return self._both(target, [besides], depth + 1) if besides else target

    def _count(self, depth: int) -> None:
        self._parts += 1
        if self._parts > MAX_PARTS:
            raise GrammarError(f"format: the schema has more than {MAX_PARTS:,} parts")
        if depth > MAX_DEPTH:
            raise GrammarError(f"format: the schema is nested more than {MAX_DEPTH} deep")

    def _combined(self, found: list[Schema], key: str, value: Any, depth: int) -> list[Schema]:
        match key:
            case "$ref":
                return self._both(found, [{"$ref": self._checked(value)}], depth)
            case "allOf":
                for part in items_of(value, key):
                    found = self._both(found, self.alternatives(part, depth + 1), depth)
                return found
            case _:
                parts = [self.alternatives(part, depth + 1) for part in items_of(value, key)]
                if key == "oneOf":
                    parts = self._told_apart(parts, depth)
                return self._both(found, [one for part in parts for one in part], depth)

    def _both(self, these: list[Schema], those: list[Schema], depth: int) -> list[Schema]:
        """Every one of these together with every one of those."""
        if these == [{}]:
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
                return self._both(self.resolved(one, depth), [other], depth + 1)
        merged = _merge(this, that)
        return [] if merged is None else [merged]

    # references

    def _checked(self, reference: Any) -> str:
        if not isinstance(reference, str) or not reference.startswith("#"):
            raise GrammarError(
                f"format: $ref {json.dumps(reference)[:80]} leads out of the schema; only "
                "references that begin with # are followed"
            )
        self._target(reference)
        return reference

    def _target(self, reference: str) -> Any:
        target: Any = self._root
        for step in unquote(reference[1:]).split("/")[1:]:
            key = step.replace("~1", "/").replace("~0", "~")
            try:
                target = target[int(key) if isinstance(target, list) else key]
            except (LookupError, TypeError, ValueError):
                raise GrammarError(f"format: $ref {reference[:80]!r} leads nowhere") from None
        return target

    # telling apart

    def _told_apart(self, parts: list[list[Schema]], depth: int) -> list[list[Schema]]:
        """Parts of a `oneOf`, of which no value follows two. Raises GrammarError."""
        if self._are_apart(parts, depth):
            return parts
        for name in self._names_in(parts, depth):
            tagged = [[self._requiring(one, name, depth) for one in part] for part in parts]
            if self._are_apart(tagged, depth):
                return tagged
        raise unsupported(
            "oneOf",
            "a value might follow two of its schemas. Use anyOf, or give each a property with a "
            "const of its own",
        )

    def _names_in(self, parts: Sequence[Sequence[Schema]], depth: int) -> list[str]:
        """The names of properties that one of the alternatives has."""
        plain = [node for part in parts for one in part for node in self.resolved(one, depth)]
        return list(dict.fromkeys(name for node in plain for name in properties_of(node)[0]))

    def _requiring(self, one: Schema, name: str, depth: int) -> Schema:
        """The same with a property that has to be there, if it may."""
        if not any(name in properties_of(node)[0] for node in self.resolved(one, depth)):
            return one
        return {**one, TAGGED: _both_lists(one.get(TAGGED, []), [name])}

    def _are_apart(self, parts: Sequence[Sequence[Schema]], depth: int) -> bool:
        known = [_known(part) for part in parts]
        if None not in known:
            values = [value for part in known for value in part or ()]
            return len(values) == len(set(values))
        pairs = ((a, b) for one, other in combinations(parts, 2) for a in one for b in other)
        return all(
            self._refuses(a, b, depth, _MAX_APART) and self._refuses(b, a, depth, _MAX_APART)
            for a, b in pairs
        )

    def _refuses(self, that: Schema, this: Schema, depth: int, inside: int) -> bool:
        """Whether it is certain that no value which is written for this schema follows that."""
        self._comparisons += 1
        if self._comparisons > MAX_COMPARISONS:
            raise unsupported("oneOf", f"it takes over {MAX_COMPARISONS:,} comparisons")
        if "$ref" in that or "$ref" in this:
            return all(
                self._refuses(a, b, depth + 1, inside)
                for a in self.resolved(that, depth)
                for b in self.resolved(this, depth)
            )
        if (values := constants_of(this)) is not None:
            return not any(_is_value(value, that) for value in values)
        if (values := constants_of(that)) is not None:
            return not any(_is_value(value, this) for value in values)
        return all(
            not _takes(that, kind)
            or (kind in _NUMBERS and _are_beside(this, that))
            or (kind == "object" and self._refuses_objects(that, this, depth, inside))
            for kind in kinds_of(this) or TYPES
        )

    def _refuses_objects(self, that: Schema, this: Schema, depth: int, inside: int) -> bool:
        mine, always = properties_of(this)
        yours, needed = properties_of(that, written=False)
        if not (this.get("patternProperties") or that.get("patternProperties")):
            if additional_of(this) is False and any(name not in mine for name in needed):
                return True
            if that.get("additionalProperties") is False and not yours.keys() >= {*always}:
                return True
        return inside > 0 and any(
            (name in always or name in needed)
            and self._parts_refuse(yours[name], mine[name], depth, inside - 1)
            for name in mine.keys() & yours.keys()
        )

    def _parts_refuse(self, that: Any, this: Any, depth: int, inside: int) -> bool:
        return all(
            self._refuses(a, b, depth + 1, inside)
            for a in self.alternatives(that, depth + 1)
            for b in self.alternatives(this, depth + 1)
        )


_NUMBERS: Final = frozenset({"integer", "number"})


def _known(part: Sequence[Schema]) -> set[str] | None:
    """The values of alternatives that name them all, as JSON."""
    named = [constants_of(one) for one in part]
    if None in named:
        return None
    return {_json(value) for values in named for value in values or ()}


def _json(value: Any) -> str:
    is_whole = isinstance(value, float) and value.is_integer()
    return json.dumps(int(value) if is_whole else value, sort_keys=True)


def _is_value(value: Any, node: Schema) -> bool:
    """False only where it is certain that the value does not follow the schema."""
    values = constants_of(node)
    return may_follow(value, node) if values is None else _json(value) in map(_json, values)


def _takes(node: Schema, kind: str) -> bool:
    """Whether some value of this type may follow the schema. One that names no type takes all."""
    if "type" not in node:
        return True
    kinds = kinds_of(node)
    return kind in kinds or (kind in _NUMBERS and not _NUMBERS.isdisjoint(kinds))


def _are_beside(this: Schema, that: Schema) -> bool:
    """Whether all numbers of one lie below those of the other."""
    for one, other in ((this, that), (that, this)):
        high, low = limits_of(one)[1], limits_of(other)[0]
        if (
            high
            and low
            and (
                high.value < low.value
                or (high.value == low.value and (high.is_open or low.is_open))
            )
        ):
            return True
    return False


# -- merging ---------------------------------------------------------------------------------------


def _merge(this: Schema, that: Schema) -> Schema | None:
    """What both ask for; None where they contradict each other."""
    merged = dict(this)
    for key, value in that.items():
        if key not in merged or merged[key] == value:
            merged[key] = value
            continue
        if key == "const":
            return None
        merge = _MERGES.get(key)
        if merge is None:
            raise unsupported(key, "allOf gives it twice, with different values")
        try:
            merged[key] = merge(merged[key], value)
        except TypeError:
            raise GrammarError(f"format: {key} has a value of the wrong type") from None
        if merged[key] == []:
            return None
    for one, other in ((this, that), (that, this)):
        if _has_first_items(one) and "items" in other and one.get("items") != other["items"]:
            raise unsupported("items", "allOf puts it beside items that are given one by one")
        if not _close(merged, one, other):
            return None
    return merged


def _has_first_items(node: Schema) -> bool:
    return "prefixItems" in node or isinstance(node.get("items"), list)


def _close(merged: Schema, one: Schema, other: Schema) -> bool:
    """Hold properties that one schema does not name to what it says of such; False where there
    has to be one that must not be."""
    additional = one.get("additionalProperties", True)
    names = merged.get("properties")
    if additional is True or not isinstance(names, dict):
        return True
    kept = one.get("properties") or {}
    if additional is False:
        merged["properties"] = {name: part for name, part in names.items() if name in kept}
        return all(name in kept for name in other.get("required") or ())
    merged["properties"] = {
        name: part if name in kept else _all_of(part, additional)
        for name, part in cast("Schema", names).items()
    }
    return True


def _all_of(one: Any, other: Any) -> Schema:
    return {"allOf": [one, other]}


def _merge_properties(one: Any, other: Any) -> Any:
    if not isinstance(one, dict) or not isinstance(other, dict):
        return one
    mine, yours = cast("Schema", one), cast("Schema", other)
    both = {name: _all_of(mine[name], yours[name]) for name in mine.keys() & yours.keys()}
    return {**mine, **yours, **both}


def _merge_types(one: Any, other: Any) -> list[str]:
    mine, yours = type_list(one), type_list(other)
    kept = [kind for kind in mine if kind in yours]
    whole = "number" in {*mine} ^ {*yours} and "integer" in {*mine, *yours}
    return kept + (["integer"] if whole and "integer" not in kept else [])


def _merge_additional(one: Any, other: Any) -> Any:
    if False in (one, other):
        return False
    return other if one is True else one if other is True else _all_of(one, other)


def _both_lists(one: list[Any], other: list[Any]) -> list[Any]:
    return list(dict.fromkeys([*one, *other]))


def _common(one: list[Any], other: list[Any]) -> list[Any]:
    return [value for value in one if is_in(value, other)]


_LEAST: Final = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_MERGES: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "type": _merge_types,
    "properties": _merge_properties,
    "required": _both_lists,
    TAGGED: _both_lists,
    "enum": _common,
    "items": _all_of,
    "additionalProperties": _merge_additional,
    "propertyNames": _all_of,
    "uniqueItems": max,
    **dict.fromkeys(_LEAST, max),
    **dict.fromkeys((key.replace("min", "max").replace("Min", "Max") for key in _LEAST), min),
}
"""What comes of two values of one keyword that both count."""

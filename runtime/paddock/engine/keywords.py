"""What the keywords of one JSON schema say, and what they leave open. Pure; knows no grammar.

A schema here is one that combines nothing: no `allOf`, `anyOf`, `oneOf` or `$ref`.
"""

import json
from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final, cast

from paddock.engine import gbnf, numerals
from paddock.errors import GrammarError

MAX_VALUES: Final = 5000
"""Values of one `enum`, alternatives of one `anyOf`."""

Schema = dict[str, Any]

OF_TYPE: Final = {
    "string": ("minLength", "maxLength", "pattern", "format"),
    "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    "array": ("items", "prefixItems", "additionalItems", "minItems", "maxItems", "uniqueItems"),
    "object": (
        *("properties", "required", "additionalProperties", "patternProperties", "propertyNames"),
        *("minProperties", "maxProperties"),
    ),
}
"""The keywords that constrain the values of one type."""
TYPES: Final = ("object", "array", "string", "number", "integer", "boolean", "null")


def unsupported(keyword: str, why: str = "") -> GrammarError:
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


# -- types and counts ------------------------------------------------------------------------------


def type_list(value: Any) -> list[str]:
    kinds = cast("list[Any]", value if isinstance(value, list) else [value])
    for kind in kinds:
        if kind not in TYPES:
            raise GrammarError(
                f"format: the schema names a type {json.dumps(kind)[:60]}; the types are: "
                f"{', '.join(TYPES)}"
            )
    if not kinds:
        raise GrammarError("format: type must be an array that is not empty")
    return cast("list[str]", kinds)


def kinds_of(node: Schema) -> list[str]:
    """The types of the values; empty for any."""
    if "type" in node:
        kinds = list(dict.fromkeys(type_list(node["type"])))
    else:
        kinds = [kind for kind, keys in OF_TYPE.items() if node.keys() & set(keys)]
    if "number" in kinds and "integer" in kinds:
        kinds.remove("integer")
    return kinds


def count_of(node: Schema, key: str) -> int | None:
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


def counts_of(node: Schema, what: str) -> tuple[int, int | None]:
    """The bounds that `minWhat` and `maxWhat` set."""
    least, most = count_of(node, f"min{what}") or 0, count_of(node, f"max{what}")
    if most is not None and most < least:
        raise GrammarError(f"format: max{what} {most} is below min{what} {least}")
    return least, most


# -- parts -----------------------------------------------------------------------------------------


def item_schemas(node: Schema) -> tuple[list[Any], Any]:
    """The schemas of the first items, and that of all others: False for none."""
    items, prefix = node.get("items"), node.get("prefixItems")
    if isinstance(items, list):
        return cast("list[Any]", items), node.get("additionalItems", False)
    if prefix is not None:
        return items_of(prefix, "prefixItems"), False if items is None else items
    return [], True if items is None else items


TAGGED: Final = "tagged"
"""Not a keyword, but names that are written as if they were `required`."""


def properties_of(node: Schema, *, written: bool = True) -> tuple[Schema, list[str]]:
    """The named properties, and the names of those that must be there: where they are `written`, or
    to follow the schema."""
    properties, required = node.get("properties") or {}, node.get("required") or []
    if not isinstance(properties, dict) or not isinstance(required, list):
        raise GrammarError("format: properties must be an object and required an array")
    named = cast("Schema", properties)
    names = [name for name in cast("list[Any]", required) if isinstance(name, str)]
    names += node.get(TAGGED, []) if written else []
    additional = node.get("additionalProperties", True)
    unknown = {name: additional for name in names if name not in named}
    if unknown and additional is False:
        raise GrammarError(
            f"format: required names {next(iter(unknown))!r}, which is no property of the object"
        )
    return ({**named, **unknown} if named else unknown), names


def additional_of(node: Schema) -> Any:
    """The schema of properties without a name, False for none. Where some are named, and nothing
    is said of others, nobody means them."""
    is_open = "properties" not in node and not node.get("patternProperties")
    return node.get("additionalProperties", is_open)


# -- values ----------------------------------------------------------------------------------------


def constants_of(node: Schema) -> list[Any] | None:
    """The values to choose from; None where they are not named."""
    if "const" in node:
        values = [node["const"]]
        if "enum" in node:
            values = [value for value in values if is_in(value, items_of(node["enum"], "enum"))]
    elif "enum" in node:
        values = items_of(node["enum"], "enum")
    else:
        return None
    found = [value for value in values if may_follow(value, node)]
    for kind, keys in _UNTRIED.items():
        besides = next((key for key in keys if key in node), None)
        if besides and any(is_of(value, kind) for value in found):
            raise unsupported(besides, "beside values that are given one by one")
    return found


_UNTRIED: Final = {
    "string": ("pattern",),
    "array": OF_TYPE["array"],
    "object": OF_TYPE["object"],
}
"""Keywords that constants of a type are not tried on."""


def is_in(value: Any, values: Iterable[Any]) -> bool:
    """As JSON compares: true is not 1."""
    return any(value == other and type(value) is type(other) for other in values)


def may_follow(value: Any, node: Schema) -> bool:
    """False where a constant goes against the type, the length or the bounds of a schema."""
    if "type" in node and not any(is_of(value, kind) for kind in kinds_of(node)):
        return False
    if isinstance(value, str):
        least, most = counts_of(node, "Length")
        return least <= len(value) and (most is None or len(value) <= most)
    if isinstance(value, int | float) and not isinstance(value, bool):
        low, high = limits_of(node)
        exact, step = Decimal(str(value)), _finite(node, "multipleOf")
        is_low = low and (exact < low.value or (low.is_open and exact == low.value))
        is_high = high and (exact > high.value or (high.is_open and exact == high.value))
        return not (is_low or is_high or (step and Fraction(exact) % Fraction(step)))
    return True


def is_of(value: Any, kind: str) -> bool:
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


def limits_of(node: Schema) -> tuple[numerals.Bound | None, numerals.Bound | None]:
    return (
        _limit(node, "minimum", "exclusiveMinimum", 1),
        _limit(node, "maximum", "exclusiveMaximum", -1),
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


def power_of_ten(node: Schema) -> int | None:
    """The exponent of `multipleOf`; None where there is none. No other divisor can be enforced."""
    value = _finite(node, "multipleOf")
    if value is None:
        return None
    digits = value.normalize()
    if digits <= 0 or digits.as_tuple().digits != (1,) or abs(digits.adjusted()) > 12:
        raise unsupported("multipleOf", "it works for powers of ten, like 1, 100 or 0.01")
    return digits.adjusted()

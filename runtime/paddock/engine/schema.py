"""JSON schemas made fit for the converter of the bindings. Knows schemas; knows no grammar text.

The converter writes repetitions out, follows every use of a reference whose name has an underscore
again, takes two definitions of one name for the same, lets quotes in values end the literal, and
never returns from a pattern with a stray bracket. So it gets only what it reads, in a form that it
reads well, and placeholders for names and values.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from os.path import commonprefix
from typing import Any
from urllib.parse import unquote

from paddock.errors import GrammarError

MAX_CHARACTERS = 1 << 18
MAX_DEPTH = 64
MAX_NODES = 2000
"""Subschemas."""
MAX_VALUES = 5000
"""Values of one `enum`, alternatives of one `anyOf`."""
MAX_OPTIONAL = 100
"""Optional properties of one object; the grammar grows with their square."""
MAX_COUNT = 256
"""Largest length or number of items that is enforced; a higher upper bound counts as none."""

_ANYTHING = {"type": "value"}
_BOUNDS = (("minItems", "maxItems"), ("minLength", "maxLength"))


@dataclass(frozen=True, slots=True)
class Prepared:
    """A schema for the converter, as JSON."""

    text: str
    literals: tuple[tuple[str, ...], ...]
    """JSON of the name, or of the values to choose from, that each placeholder stands for."""

    def filled(self, grammar: str) -> str:
        """The converter's grammar with the literals in their places."""
        return _PLACEHOLDER.sub(lambda match: _factored(self.literals[int(match[1])]), grammar)


_PLACEHOLDER = re.compile(r'"\\"@([0-9]+)@\\""')


def _factored(texts: Sequence[str]) -> str:
    """One of these texts, as GBNF. What begins alike is written once, since the matcher tries each
    alternative for every token."""
    prefix = commonprefix(texts)  # noqa: RUF071 - of texts, not paths
    rest = sorted({text[len(prefix) :] for text in texts})
    escaped = prefix.replace("\\", "\\\\").replace('"', '\\"')
    if rest == [""]:
        return f'"{escaped}"'
    branches = (tuple(group) for _, group in groupby(filter(None, rest), lambda text: text[0]))
    choice = f"({' | '.join(map(_factored, branches))}){'' if rest[0] else '?'}"
    return f'"{escaped}" {choice}' if prefix else choice


def prepared(schema: object) -> Prepared:
    """The schema, once nothing in it can harm. Raises GrammarError."""
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
    rewriter = _Rewriter(json.loads(text))
    return Prepared(json.dumps(rewriter.whole()), tuple(rewriter.literals))


class _Rewriter:
    def __init__(self, root: dict[str, Any]) -> None:
        self._root = root
        self._names: dict[str, str] = {}
        self._targets: list[Any] = []
        self._nodes = 0
        self.literals: list[tuple[str, ...]] = []

    def whole(self) -> dict[str, Any]:
        root = self._schema(self._root, 0)
        definitions: dict[str, Any] = {}
        for target in self._targets:  # grows meanwhile
            definitions[f"definition-{len(definitions)}"] = self._schema(target, 0)
        if root == _ANYTHING:
            root = {"type": "object"}
        if definitions:  # which the converter does not look into beside a $ref
            root = {**({"anyOf": [root]} if "$ref" in root else root), "$defs": definitions}
        return root

    def _literal(self, *values: Any) -> str:
        self.literals.append(tuple(json.dumps(value, ensure_ascii=False) for value in values))
        return f"@{len(self.literals) - 1}@"

    def _schema(self, node: Any, depth: int) -> dict[str, Any]:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise GrammarError(f"format: the schema has more than {MAX_NODES:,} parts")
        if depth > MAX_DEPTH:
            raise GrammarError(f"format: the schema is nested more than {MAX_DEPTH} deep")
        if node is True:
            return dict(_ANYTHING)
        if not isinstance(node, dict):
            raise GrammarError(f"format: expected a schema, not {json.dumps(node)[:60]}")
        if "$ref" in node:
            return {"$ref": self._reference(node["$ref"])}
        if isinstance(node.get("type"), list) and not node.keys() & {"enum", "const"}:
            node = {"anyOf": [{**node, "type": kind} for kind in _items(node, "type")]}
        if len(node.get("allOf") or ()) == 1 and "properties" not in node:
            return self._schema(_items(node, "allOf")[0], depth + 1)
        return self._parts(node, depth + 1) or dict(_ANYTHING)

    def _parts(self, node: dict[str, Any], depth: int) -> dict[str, Any]:
        if "const" in node:
            return {"const": self._literal(node["const"])}
        if "enum" in node:
            return {"const": self._literal(*_items(node, "enum"))}
        result = {key: node[key] for key in ("type", "format") if key in node}
        for key in ("anyOf", "oneOf", "allOf", "prefixItems"):
            if key in node:
                result[key] = [self._schema(item, depth) for item in _items(node, key)]
        if "items" in node:
            result["items"] = self._schemas(node["items"], depth)
        if isinstance(extra := node.get("additionalProperties"), dict) or extra is True:
            result["additionalProperties"] = self._schema(extra, depth)
        elif extra is not None:
            result["additionalProperties"] = extra
        if "properties" in node:
            result |= self._properties(node, depth)
        if "pattern" in node:
            result["pattern"] = _pattern(node["pattern"])
        return result | _bounds(node)

    def _schemas(self, items: Any, depth: int) -> Any:
        if isinstance(items, list):
            return [self._schema(item, depth) for item in items]
        return self._schema(items, depth)

    def _properties(self, node: dict[str, Any], depth: int) -> dict[str, Any]:
        properties, required = node["properties"], node.get("required", [])
        if not isinstance(properties, dict) or not isinstance(required, list):
            raise GrammarError("format: properties must be an object and required an array")
        optional = len(properties.keys() - {name for name in required if isinstance(name, str)})
        if optional > MAX_OPTIONAL:
            raise GrammarError(
                f"format: an object has {optional} optional properties; at most {MAX_OPTIONAL} "
                "work, so make more of them required"
            )
        names = {name: self._literal(name) for name in properties}
        return {
            "properties": {
                names[name]: self._schema(part, depth) for name, part in properties.items()
            },
            "required": [names[name] for name in required if name in names],
        }

    def _reference(self, reference: Any) -> str:
        if not isinstance(reference, str) or not reference.startswith("#"):
            raise GrammarError(
                f"format: $ref {json.dumps(reference)[:80]} leads out of the schema; only "
                "references that begin with # are followed"
            )
        if reference not in self._names:
            self._names[reference] = f"#/$defs/definition-{len(self._targets)}"
            self._targets.append(self._target(reference))
        return self._names[reference]

    def _target(self, reference: str) -> Any:
        target: Any = self._root
        for step in unquote(reference[1:]).split("/")[1:]:
            key = step.replace("~1", "/").replace("~0", "~")
            try:
                target = target[int(key) if isinstance(target, list) else key]
            except (LookupError, TypeError, ValueError):
                raise GrammarError(f"format: $ref {reference[:80]!r} leads nowhere") from None
        return target


def _items(node: dict[str, Any], key: str) -> list[Any]:
    items = node[key]
    if not isinstance(items, list) or not items:
        raise GrammarError(f"format: {key} must be an array that is not empty")
    if len(items) > MAX_VALUES:
        raise GrammarError(
            f"format: {key} has {len(items):,} values; at most {MAX_VALUES:,} can be told apart"
        )
    return items


def _bounds(node: dict[str, Any]) -> dict[str, int]:
    """The bounds that are enforced."""
    result: dict[str, int] = {}
    for least, most in _BOUNDS:
        low, high = (_count(node, key) for key in (least, most))
        if low:
            result[least] = _enforced(low, least)
        if high is not None and high < (low or 0):
            raise GrammarError(f"format: {most} {high} is below {least} {low}")
        if high is not None and high <= MAX_COUNT:
            result[most] = high
    return result


def _count(node: dict[str, Any], key: str) -> int | None:
    value = node.get(key)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
        raise GrammarError(f"format: {key} must be a whole number of at least 0, not {value!r}")
    return value


def _enforced(count: int, what: str) -> int:
    if count > MAX_COUNT:
        raise GrammarError(f"format: {what} is {count}; at most {MAX_COUNT} can be asked for")
    return count


# -- patterns --------------------------------------------------------------------------------------

_PART = re.compile(
    r"(?P<escape>\\.)|\[(?P<set>(?:[^\]\\]|\\.)*)\]|\{(?P<times>[0-9, ]*)\}|[^\[\]{}\\]", re.DOTALL
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_CLASSES = {"d": "0-9", "w": "a-zA-Z0-9_", "s": " \\t\\r\\n"}
_IN_GRAMMARS = frozenset('tnrx\\"[]-()|{}*+?')
"""What may follow a backslash in what the converter writes."""


def _pattern(pattern: Any) -> str:
    """A regular expression in the syntax that ends up in the grammar."""
    if not isinstance(pattern, str) or len(pattern) > 1000:
        raise GrammarError("format: pattern must be a string of at most 1000 characters")
    if not (pattern.startswith("^") and pattern.endswith("$")):
        raise GrammarError(f"format: pattern {pattern!r} must begin with ^ and end with $")
    parts: list[str] = []
    at, end = 1, len(pattern) - 1
    while at < end:
        match = _PART.match(pattern, at, end)
        if match is None:
            raise GrammarError(f"format: pattern {pattern!r} has a stray {pattern[at]!r}")
        parts.append(_translated(match))
        at = match.end()
    return f"^{''.join(parts)}$"


def _translated(match: "re.Match[str]") -> str:
    if (escape := match["escape"]) is not None:
        if escape[1] in _CLASSES:
            return f"[{_CLASSES[escape[1]]}]"
        return escape if escape[1] in _IN_GRAMMARS or escape[1].isalnum() else f"[{escape[1]}]"
    if (inside := match["set"]) is not None:
        return f"[{_ESCAPED.sub(_in_set, inside)}]"
    if (times := match["times"]) is not None:
        return _times(times)
    return match[0]


def _in_set(match: "re.Match[str]") -> str:
    char = match[1]
    return _CLASSES.get(char) or (match[0] if char in "tnrx\\]-[" or char.isalnum() else char)


def _times(text: str) -> str:
    low, comma, high = (part.strip() for part in text.partition(","))
    if not (low or "0").isdecimal() or not (high or "0").isdecimal() or len(text) > 20:
        raise GrammarError(f"format: pattern repeats {{{text}}} times")
    least = _enforced(int(low or 0), "a repetition in pattern")
    if not comma:
        return f"{{{least}}}"
    if high and int(high) < least:
        raise GrammarError(f"format: pattern repeats {{{text}}} times")
    return f"{{{least},{high if high and int(high) <= MAX_COUNT else ''}}}"

"""JSON schemas made by chance: every keyword that is enforced, some that are not, and nonsense."""

import random
from typing import Any

Json = dict[str, Any]

NAMES = ["a", "b", "ab", "kind", "x y", "é"]
SCALARS = [None, True, False, 0, 1, -3, 7, 1.0, 2.5, "a", "b", "ab", "", "né", '"q"', 100]
PATTERNS = ["^a+$", "^[a-c]{1,3}$", "b", "^x", r"^\d{2}-\d$", "^(ab|c)*$", r"\w$", "^[^b]*$"]
TYPES = ["string", "integer", "number", "boolean", "null", "array", "object", "object", "object"]
NUMBERS: dict[str, list[float]] = {
    "minimum": [-10, 0, 1, 2.5, 99],
    "maximum": [0, 5, 10.5, 1000],
    "exclusiveMinimum": [-1, 0, 3],
    "exclusiveMaximum": [1, 4, 100],
    "multipleOf": [1, 10, 3],
}
KEYS: list[Any] = [
    {"maxLength": 3},
    {"enum": ["a", 1, "b"]},
    {"pattern": "^a"},
    {"type": "integer"},
]
BROKEN = ["minimum", "required", "properties", "enum", "type", "items", "allOf", "minLength"]


class Maker:
    """Makes one schema after the other, smaller ones inside of larger ones."""

    def __init__(self, seed: int) -> None:
        self._choose = random.Random(seed)
        self._known: list[str] = []

    def document(self) -> Json:
        self._known = self._choose.sample(["d", "e"], self._choose.randint(0, 2))
        root = self._schema(0)
        root = dict(root) if isinstance(root, dict) else {"anyOf": [root, {"type": "null"}]}
        defs = {name: self._schema(1) for name in self._known}
        return {**root, "$defs": defs} if defs else root

    def _maybe(self, chance: float) -> bool:
        return self._choose.random() < chance

    def _schema(self, depth: int) -> Any:
        chance = self._choose.random()
        if chance < 0.05:
            return self._choose.choice([True, True, False, {}])
        if self._known and chance < 0.15:
            reference = {"$ref": f"#/$defs/{self._choose.choice(self._known)}"}
            return self._beside(reference, depth) if self._maybe(0.2) else reference
        if depth < 3 and chance < 0.3:
            key = self._choose.choice(["anyOf", "anyOf", "oneOf", "oneOf", "allOf"])
            parts = [self._schema(depth + 1) for _ in range(self._choose.randint(1, 3))]
            return self._beside({key: parts}, depth + 1) if self._maybe(0.3) else {key: parts}
        if chance < 0.4:
            values = [self._value() for _ in range(self._choose.randint(1, 4))]
            return {"enum": values} if self._maybe(0.6) else {"const": values[0]}
        return self._typed(depth)

    def _beside(self, schema: Json, depth: int) -> Json:
        more = self._typed(depth + 1)
        return {**more, **schema}

    def _value(self, depth: int = 0) -> Any:
        if depth > 1 or self._maybe(0.7):
            return self._choose.choice(SCALARS)
        items = [self._value(depth + 1) for _ in range(self._choose.randint(0, 2))]
        return items if self._maybe(0.5) else dict(zip(NAMES, items, strict=False))

    def _typed(self, depth: int) -> Json:
        kind = self._choose.choice(TYPES)
        made: Json = {}
        if self._maybe(0.9):
            other = self._choose.choice(["null", "boolean", "array"])
            made["type"] = kind if kind == other or self._maybe(0.85) else [kind, other]
        match kind:
            case "string":
                self._string(made)
            case "integer" | "number":
                made |= {
                    key: self._choose.choice(values)
                    for key, values in NUMBERS.items()
                    if self._maybe(0.2)
                }
            case "array":
                self._array(made, depth)
            case "object":
                self._object(made, depth)
            case _:
                pass
        if self._maybe(0.03):
            made[self._choose.choice(["not", "if", "contains"])] = {}
        if self._maybe(0.02):
            made[self._choose.choice(BROKEN)] = self._choose.choice([5, "x", None, [], {}, [1], -1])
        return made

    def _string(self, made: Json) -> None:
        if self._maybe(0.3):
            made["minLength"] = self._choose.randint(0, 3)
        if self._maybe(0.3):
            made["maxLength"] = self._choose.randint(2, 6)
        if self._maybe(0.2):
            made["pattern"] = self._choose.choice(PATTERNS)
        if self._maybe(0.1):
            made["format"] = self._choose.choice(["date", "uuid", "ipv4", "email", "weird"])

    def _array(self, made: Json, depth: int) -> None:
        if depth < 3 and self._maybe(0.7):
            made["items"] = self._schema(depth + 1)
        if depth < 3 and self._maybe(0.2):
            made["prefixItems"] = [self._schema(depth + 1)]
        if self._maybe(0.3):
            made["minItems"] = self._choose.randint(0, 2)
        if self._maybe(0.3):
            made["maxItems"] = self._choose.randint(0, 3)
        if self._maybe(0.1):
            made["uniqueItems"] = True

    def _object(self, made: Json, depth: int) -> None:
        names = self._choose.sample(NAMES, self._choose.randint(0, 3))
        if self._maybe(0.85):
            made["properties"] = {
                name: self._schema(depth + 1) if depth < 3 else {"type": "boolean"}
                for name in names
            }
        if self._maybe(0.6):
            known = names if names and self._maybe(0.9) else NAMES
            made["required"] = self._choose.sample(known, self._choose.randint(0, len(known) // 2))
        if self._maybe(0.4):
            made["additionalProperties"] = self._choose.choice([False, True, self._schema(3)])
        if self._maybe(0.1):
            pattern = self._choose.choice(["^a", "b$", "^z+$"])
            made["patternProperties"] = {pattern: self._schema(3)}
        if self._maybe(0.08):
            made["propertyNames"] = self._choose.choice(KEYS)
        for key in ("minProperties", "maxProperties"):
            if self._maybe(0.1):
                made[key] = self._choose.randint(0, 2)

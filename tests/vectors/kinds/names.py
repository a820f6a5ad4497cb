"""Model names: spec store-and-registry.md section 1."""

import tempfile
from pathlib import Path
from typing import Any

import pytest

from paddock.errors import InvalidNameError
from paddock.names import (
    ModelName,
    is_valid_part,
    split_reference,
    split_source,
    stored_reference,
)
from paddock.store.local import LocalStore

Json = dict[str, Any]
DEFAULTS = {"host": "registry.ollama.ai", "namespace": "library", "model": "", "tag": "latest"}
PARTS = tuple(DEFAULTS)


def is_valid(parts: Json) -> bool:
    return all(is_valid_part(part, parts[part]) for part in PARTS)


def parse(case: Json, _: Json) -> None:
    expected = case["expected"]
    written = split_reference(case["input"])
    bare = {part: getattr(written, part) for part in (*PARTS, "scheme")}
    merged = {part: bare[part] or DEFAULTS[part] for part in PARTS}
    assert bare == expected["bare"]
    assert is_valid(bare) == expected["fully_qualified"]
    assert is_valid(merged) == expected["valid_with_defaults"]
    full = "{host}/{namespace}/{model}:{tag}".format(**merged)
    assert full == expected["full_string"]
    if not expected["valid_with_defaults"]:
        with pytest.raises(InvalidNameError):
            ModelName(**merged)
        return
    name = ModelName.parse(case["input"])
    found = (name.full, name.path, name.short)
    assert found == (full, expected["relative_path"], expected["short"])


def display_short(case: Json, _: Json) -> None:
    assert ModelName.parse(case["input"]).short == case["expected"]


def existing_name(case: Json, _: Json) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for relative in case["existing"]:
            path = Path(folder, "manifests", relative)
            path.parent.mkdir(parents=True)
            path.touch()
        found = LocalStore(Path(folder)).resolve_name(ModelName.parse(case["input"]))
    assert found.full == case["expected"]


def from_manifest_path(case: Json, _: Json) -> None:
    try:
        name = ModelName.from_path(case["input"])
    except InvalidNameError:
        assert case["expected"] is None
        return
    assert {part: getattr(name, part) for part in PARTS} | {"scheme": ""} == case["expected"]


def source_suffix(case: Json, _: Json) -> None:
    expected = case["expected"]
    if "error" in expected:
        with pytest.raises(InvalidNameError) as caught:
            split_source(case["input"])
        assert str(caught.value) == expected["error"]
        return
    base, source = split_source(case["input"])
    assert {
        "base": base,
        "source": source,
        "has_explicit_tag": bool(split_reference(base).tag),
        "pull_name": stored_reference(case["input"]),
    } == expected


def valid_part(case: Json, _: Json) -> None:
    assert is_valid_part(case["part"], case["value"]) == case["expected"]


RUNNERS = {
    "parse": parse,
    "display_short": display_short,
    "existing_name": existing_name,
    "from_manifest_path": from_manifest_path,
    "source_suffix": source_suffix,
    "valid_part": valid_part,
}

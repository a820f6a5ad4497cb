"""The store on disk: spec store-and-registry.md sections 2 to 4."""

import tempfile
from pathlib import Path
from typing import Any

import pytest

from paddock.errors import InvalidDigestError
from paddock.names import ModelName
from paddock.store.local import LocalStore
from paddock.store.manifest import Config, Manifest, json_layer

Json = dict[str, Any]


def blob_path(case: Json, _: Json) -> None:
    store, expected = LocalStore(Path("models")), case["expected"]
    if "error" in expected:
        with pytest.raises(InvalidDigestError) as caught:
            store.blob_path(case["digest"])
        assert str(caught.value) == expected["error"]
        return
    assert store.blob_path(case["digest"]) == Path("models", expected["relative_path"])


def layer_bytes(case: Json, _: Json) -> None:
    value, expected = case["value"], case["expected"]
    if isinstance(value, str):
        content = value.encode()
    elif case["layer"] == "config":
        content = Config.model_validate(value).to_bytes()
    else:
        content = json_layer(value)
    assert content.decode() == expected["bytes"]
    with tempfile.TemporaryDirectory() as folder:
        blob = LocalStore(Path(folder)).put_blob(content)
    assert blob == (expected["digest"], expected["size"])


def list_entry(case: Json, _: Json) -> None:
    content = case["manifest"].encode()
    with tempfile.TemporaryDirectory() as folder:
        store, name = LocalStore(Path(folder)), ModelName.parse("m")
        store.manifest_path(name).parent.mkdir(parents=True)
        store.manifest_path(name).write_bytes(content)
        stored = store.load(name)
    found = {"digest": stored.digest, "id12": stored.digest[:12], "size": stored.manifest.size}
    assert found == case["expected"]


def manifest_walk(case: Json, _: Json) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for relative in case["manifest_files"]:
            path = Path(folder, "manifests", relative)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(Manifest().to_bytes())
        found = sorted(name.full for name, _ in LocalStore(Path(folder)).manifests())
    assert found == case["expected"]


RUNNERS = {
    "blob_path": blob_path,
    "layer_bytes": layer_bytes,
    "list_entry": list_entry,
    "manifest_walk": manifest_walk,
}

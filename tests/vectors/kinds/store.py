"""The store on disk: spec store-and-registry.md sections 2 to 4."""

import base64
import hashlib
import tempfile
from pathlib import Path
from typing import Any

import pytest

from paddock.api import CreateRequest, build
from paddock.creation import create
from paddock.errors import InvalidDigestError, PaddockError
from paddock.models import Models
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


def sequences(case: Json, _: Json) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = LocalStore(Path(folder))
        models = Models(store)
        for step in case["steps"]:
            store.put_blob(base64.b64decode(case["gguf_base64"]), case["gguf_digest"])
            run(models, step)
        manifests = {name.path: path for name, path in store.manifests()}
        expected = case["expected"]
        assert {key: path.read_text("utf-8") for key, path in manifests.items()} == {
            key: manifest["text"] for key, manifest in expected["manifests"].items()
        }
        assert {
            key: hashlib.sha256(path.read_bytes()).hexdigest() for key, path in manifests.items()
        } == {key: manifest["digest"] for key, manifest in expected["manifests"].items()}
        assert sorted(path.name for path in (store.root / "blobs").iterdir()) == expected["blobs"]


def run(models: Models, step: Json) -> None:
    ((action, argument),) = step.items()
    match action:
        case "create":
            create(models, build(CreateRequest, argument), lambda _: None)
        case "copy":
            models.copy(*argument)
        case "delete":
            models.delete(argument)
        case _:
            raise AssertionError(f"unknown step {action}")


def create_file_paths(case: Json, _: Json) -> None:
    digest = "sha256:" + hashlib.sha256(b"").hexdigest()
    request = CreateRequest(model="m", files={case["path"]: digest})
    with tempfile.TemporaryDirectory() as folder, pytest.raises(PaddockError) as caught:
        create(Models(LocalStore(Path(folder))), request, lambda _: None)
    expected = case["expected"].get("error")
    assert (str(caught.value) == "file path must be relative") == (expected is not None)


RUNNERS = {
    "sequences": sequences,
    "create_file_paths": create_file_paths,
    "blob_path": blob_path,
    "layer_bytes": layer_bytes,
    "list_entry": list_entry,
    "manifest_walk": manifest_walk,
}

"""The store on disk and the registry protocol: spec store-and-registry.md."""

import base64
import dataclasses
import hashlib
import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from paddock.api import CreateRequest, build
from paddock.creation import create
from paddock.errors import InvalidDigestError, PaddockError, UnauthorizedError
from paddock.models import Models
from paddock.names import ModelName
from paddock.store.auth import Challenge, Key, signed_text
from paddock.store.local import LocalStore
from paddock.store.manifest import Config, Manifest, json_layer
from paddock.store.partial import Part, plan
from paddock.store.upkeep import clean, rename_old_blobs

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
        content = Config.parse(json.dumps(value).encode()).to_bytes()
    else:
        content = json_layer(value)
    assert content.decode() == expected["bytes"]
    with tempfile.TemporaryDirectory() as folder:
        blob = LocalStore(Path(folder)).put_blob(content)
    assert (blob.digest, blob.size) == (expected["digest"], expected["size"])


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


def auth_challenge(case: Json, _: Json) -> None:
    assert dataclasses.asdict(Challenge.parse(case["header"])) == case["expected"]


def auth_realm_host(case: Json, _: Json) -> None:
    challenge = Challenge(case["realm"], "", "")
    if "error" not in case["expected"]:
        challenge.check("https", case["request_host"])
        return
    with pytest.raises(UnauthorizedError) as caught:
        challenge.check("https", case["request_host"])
    assert str(caught.value) == case["expected"]["error"]


def auth_token_url(case: Json, _: Json) -> None:
    challenge = Challenge(**case["challenge"])
    assert challenge.token_url(case["unix_time"], case["nonce"]) == case["expected"]


def auth_signature(case: Json, _: Json) -> None:
    key = Key(Ed25519PrivateKey.from_private_bytes(bytes.fromhex(case["seed_hex"])))
    assert key.public_line == case["public_key_line"]
    assert signed_text(case["url"]) == case["expected"]["signed_payload"]
    assert key.authorization(case["url"]) == case["expected"]["authorization"]


def part_plan(case: Json, _: Json) -> None:
    parts = plan(case["total"])
    first, last = (parts[0], parts[-1]) if parts else (None, None)
    assert {
        "count": len(parts),
        "first": first and [first.offset, first.size],
        "last": last and [last.offset, last.size],
        "first_range": first and first.range,
        "last_range": last and last.range,
        "upload_first_content_range": first and first.content_range,
    } == case["expected"]


def resume_part(case: Json, _: Json) -> None:
    part = Part(*(case["part"][name] for name in ("N", "Offset", "Size", "Completed")))
    assert Part.parse(part.to_bytes()) == part
    found = {"file_json": part.to_bytes().decode(), "file_suffix": part.suffix}
    if part.remaining:
        found |= {"range": part.range, "remaining": part.remaining}
    else:
        found |= {"skip": True}
    assert found == case["expected"]


def startup_prune(case: Json, _: Json) -> None:
    now = time.time()
    with tempfile.TemporaryDirectory() as folder:
        store = LocalStore(Path(folder))
        for blob in case["blobs"]:
            path = write(store.root / "blobs" / blob["file"], b"")
            os.utime(path, (now - blob["age_seconds"],) * 2)
        for relative, manifest in case["manifests"].items():
            write(store.root / "manifests" / relative, json.dumps(manifest).encode())
        deleted = () if case["noprune"] else clean(store, now)
        left = {path.name for path in (store.root / "blobs").iterdir()}
    assert sorted(path.name for path in deleted) == case["expected_deleted"]
    assert sorted({blob["file"] for blob in case["blobs"]} - left) == case["expected_deleted"]


def legacy_blob_names(case: Json, _: Json) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for relative in case["files"]:
            write(root / relative, b"")
        rename_old_blobs(root)
        found = (path for path in root.rglob("*") if path.is_file())
        assert sorted(path.relative_to(root).as_posix() for path in found) == case["expected"]


def remote_url(_: Json, __: Json) -> None:
    pytest.skip("models that run elsewhere are not made here, so no address of one is stored")


def write(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


RUNNERS = {
    "auth_challenge": auth_challenge,
    "auth_realm_host": auth_realm_host,
    "auth_signature": auth_signature,
    "auth_token_url": auth_token_url,
    "legacy_blob_names": legacy_blob_names,
    "part_plan": part_plan,
    "remote_url": remote_url,
    "resume_part": resume_part,
    "startup_prune": startup_prune,
    "sequences": sequences,
    "create_file_paths": create_file_paths,
    "blob_path": blob_path,
    "layer_bytes": layer_bytes,
    "list_entry": list_entry,
    "manifest_walk": manifest_walk,
}

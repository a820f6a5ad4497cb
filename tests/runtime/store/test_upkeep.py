"""Cleaning and verifying a store."""

import os
import time
from pathlib import Path

import pytest
from filelock import FileLock

from paddock.names import ModelName
from paddock.store.local import Layer, LocalStore, Manifest, media_type
from paddock.store.upkeep import GRACE_SECONDS, clean, verify

NAME = ModelName.parse("m")
NOW = time.time()
OLD = NOW - GRACE_SECONDS - 60
HEX = "0123456789abcdef" * 4


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "models")


def add(store: LocalStore, content: bytes, name: ModelName = NAME) -> Path:
    blob = store.put_blob(content)
    layer = Layer(media_type=media_type("license"), digest=blob.digest, size=blob.size)
    store.write_manifest(name, Manifest(layers=(layer,)))
    return store.find_blob(blob.digest)


def leave(path: Path, modified: float = OLD) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"left")
    os.utime(path, (modified, modified))
    return path


def age(path: Path) -> None:
    os.utime(path, (OLD, OLD))


OURS = (
    f"sha256-{HEX}",
    f"sha256-{HEX}-partial",
    f"sha256-{HEX}-partial-12",
    "sha256-4711",
    "sha256-4711-ab_c9",
)
FOREIGN = (
    "notes.txt",
    ".hidden",
    "sha256",
    f"sha256-{HEX}x",
    f"sha256-{HEX[1:]}",
    f"sha256-{HEX}-partial-",
    f"sha256-{HEX}-partial-1.bak",
    f"sha512-{HEX}",
)


def test_what_interrupted_work_left_goes_after_an_hour(store: LocalStore) -> None:
    needed = add(store, b"needed")
    age(needed)
    blobs = store.root / "blobs"
    old = [leave(blobs / name) for name in OURS]
    foreign = [leave(blobs / name) for name in FOREIGN]
    deleted = clean(store, NOW)
    assert set(deleted) == set(old)
    assert not any(path.exists() for path in old)
    assert all(path.exists() for path in (needed, *foreign))


@pytest.mark.parametrize("name", OURS)
def test_what_is_young_stays(store: LocalStore, name: str) -> None:
    young = leave(store.root / "blobs" / name, NOW - GRACE_SECONDS + 60)
    assert clean(store, NOW) == ()
    assert young.exists()


def test_links_and_folders_are_left_alone(store: LocalStore, tmp_path: Path) -> None:
    outside = leave(tmp_path / "outside")
    blobs = store.root / "blobs"
    blobs.mkdir(parents=True)
    link = blobs / f"sha256-{HEX}"
    link.symlink_to(outside)
    (blobs / "sha256-4711").mkdir()
    (tmp_path / "work").mkdir()
    inside = leave(tmp_path / "work" / "file")
    (store.root / ".create-x").symlink_to(tmp_path / "work")
    assert clean(store, NOW) == ()
    assert link.is_symlink()
    assert inside.exists()


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("h/n/m/t", b"{"),
        ("h/n/m/t", b""),
        ("h/n/m/t", b'{"layers": [{"digest": "sha256:x"}]}'),
        ("h/n/m/.hidden", Manifest().to_bytes()),
        ("h/n.n/m/t", Manifest().to_bytes()),
    ],
)
def test_nothing_goes_while_a_manifest_cannot_be_read(
    store: LocalStore, path: str, content: bytes
) -> None:
    bad = store.root / "manifests" / path
    bad.parent.mkdir(parents=True)
    bad.write_bytes(content)
    old = leave(store.root / "blobs" / OURS[0])
    assert clean(store, NOW) == ()
    assert old.exists()


def test_old_spellings_are_renamed_and_still_protected(store: LocalStore) -> None:
    path = add(store, b"old")
    path.rename(path.with_name(path.name.replace("-", ":")))
    age(path.with_name(path.name.replace("-", ":")))
    assert clean(store, NOW) == ()
    assert path.read_bytes() == b"old"


def test_temporary_files_workspaces_and_empty_folders_go(store: LocalStore) -> None:
    manifest = leave(store.root / "manifests" / "sha256-12-abc")
    empty = store.root / "manifests" / "h" / "n" / "m"
    empty.mkdir(parents=True)
    workspace = store.root / ".create-abc"
    leave(workspace / "deep" / "model.gguf")
    age(workspace / "deep")
    age(workspace)
    clean(store, NOW)
    assert not manifest.exists()
    assert not workspace.exists()
    assert list((store.root / "manifests").iterdir()) == []


def test_work_of_others_that_takes_long_is_left_alone(store: LocalStore) -> None:
    workspace = store.root / ".create-abc"
    leave(workspace / "model.gguf", NOW)
    os.utime(workspace, (OLD, OLD))
    held, free = (leave(store.root / ".transfers" / name) for name in ("held", "free"))
    with FileLock(held):
        age(held)
        clean(store, NOW)
        assert held.exists()
    assert workspace.exists()
    assert not free.exists()


def test_a_store_that_is_not_there_is_not_made(store: LocalStore) -> None:
    assert clean(store, NOW) == ()
    assert verify(store).problems == ()
    assert not store.root.exists()


def test_a_whole_store_has_no_problems(store: LocalStore) -> None:
    add(store, b"a")
    add(store, b"", ModelName.parse("n"))
    leave(store.root / "blobs" / "notes.txt")
    found = verify(store)
    assert (found.models, found.blobs, found.problems) == (2, 2, ())


def test_every_damage_is_named(store: LocalStore) -> None:
    for content in (b"flipped", b"missing", b"shorter"):
        add(store, content, ModelName.parse(content.decode()))
    store.find_blob(add(store, b"x").name).write_bytes(b"y")
    (store.root / "manifests" / "registry.ollama.ai" / "library" / "bad").mkdir()
    (store.root / "manifests" / "registry.ollama.ai" / "library" / "bad" / "t").write_bytes(b"{")
    leave(store.root / "manifests" / "h" / "n" / "m" / ".hidden")
    paths = {
        content: store.find_blob(store.put_blob(content).digest)
        for content in (b"flipped", b"missing", b"shorter")
    }
    paths[b"flipped"].write_bytes(b"flippeD")
    paths[b"missing"].unlink()
    paths[b"shorter"].write_bytes(b"short")
    problems = verify(store).problems
    assert len([line for line in problems if "holds other bytes" in line]) == 3
    assert len([line for line in problems if "is missing" in line]) == 1
    assert len([line for line in problems if "has 5 bytes instead of 7" in line]) == 1
    assert len([line for line in problems if "not valid JSON" in line]) == 1
    assert len([line for line in problems if "not a model's name" in line]) == 1
    assert len(problems) == 7

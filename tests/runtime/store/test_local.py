"""The store on disk: what is written, what is found again, and what is never touched."""

import hashlib
import os
import re
import threading
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from paddock.errors import (
    BlobNotFoundError,
    CorruptManifestError,
    DigestMismatchError,
    InvalidDigestError,
    ModelNotFoundError,
    StoreError,
)
from paddock.names import Digest, ModelName
from paddock.store.local import Blob, Layer, LocalStore, Manifest, media_type, share_blocks


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "models")


def name(text: str) -> ModelName:
    return ModelName.parse(text)


def model_of(store: LocalStore, *contents: bytes) -> Manifest:
    blobs = [store.put_blob(content) for content in contents]
    return Manifest(
        layers=tuple(
            Layer(media_type=media_type("license"), digest=blob.digest, size=blob.size)
            for blob in blobs
        )
    )


def files(store: LocalStore) -> set[str]:
    return {path.name for path in (store.root / "blobs").iterdir()}


def sha(content: bytes) -> Digest:
    return Digest("sha256:" + hashlib.sha256(content).hexdigest())


def test_reading_creates_nothing(store: LocalStore) -> None:
    assert list(store.manifests()) == []
    assert not store.has_blob(sha(b""))
    assert store.resolve_name(name("m")) == name("m")
    with pytest.raises(ModelNotFoundError, match='model "m:latest" not found'):
        store.read_manifest(name("m"))
    with pytest.raises(BlobNotFoundError):
        store.read_blob(sha(b""))
    assert not store.root.exists()


def test_a_blob_lies_under_its_digest(store: LocalStore) -> None:
    blob = store.put_blob(iter([b"hel", b"lo"]))
    assert blob == Blob(sha(b"hello"), 5)
    path = store.find_blob(blob.digest)
    assert path == store.blob_path(blob.digest)
    assert path.read_bytes() == store.read_blob(blob.digest) == b"hello"
    assert path.stat().st_mode & 0o777 == 0o644
    assert files(store) == {path.name}


def test_a_blob_that_is_there_is_kept_and_refreshed(store: LocalStore) -> None:
    path = store.find_blob(store.put_blob(b"x").digest)
    inode = path.stat().st_ino
    os.utime(path, (1, 1))
    store.put_blob(b"x")
    assert path.stat().st_ino == inode
    assert path.stat().st_mtime > 1


def test_a_blob_cut_short_on_disk_is_replaced(store: LocalStore) -> None:
    path = store.find_blob(store.put_blob(b"hello").digest)
    path.write_bytes(b"he")
    store.put_blob(b"hello")
    assert path.read_bytes() == b"hello"


def test_a_failing_source_leaves_nothing(store: LocalStore) -> None:
    def chunks() -> Iterator[bytes]:
        yield b"some"
        raise RuntimeError("gone")

    with pytest.raises(RuntimeError):
        store.put_blob(chunks())
    assert files(store) == set()


def test_other_bytes_than_announced_are_an_error(store: LocalStore) -> None:
    with pytest.raises(DigestMismatchError, match="digest mismatch, expected"):
        store.put_blob(b"x", sha(b"y"))
    assert not store.has_blob(sha(b"y"))
    hyphen = Digest(sha(b"x").replace(":", "-"))
    assert store.put_blob(b"x", hyphen).digest == sha(b"x")


def test_a_file_is_copied_once(store: LocalStore, tmp_path: Path) -> None:
    source = tmp_path / "weights"
    source.write_bytes(b"weights" * 1000)
    first = store.put_file(source)
    assert store.find_blob(first.digest).read_bytes() == source.read_bytes()
    inode = store.find_blob(first.digest).stat().st_ino
    assert store.put_file(source, first.digest) == first
    assert store.find_blob(first.digest).stat().st_ino == inode
    with pytest.raises(DigestMismatchError):
        store.put_file(source, sha(b""))


def test_blocks_are_shared_as_a_whole_or_not_at_all(tmp_path: Path) -> None:
    source, target = tmp_path / "weights", tmp_path / "copy"
    source.write_bytes(b"weights" * 100_000)
    with source.open("rb") as original, target.open("wb") as copy:
        is_shared = share_blocks(original.fileno(), copy.fileno())
    assert target.read_bytes() == (source.read_bytes() if is_shared else b"")
    with source.open("rb") as original, target.open("rb") as unwritable:
        assert not share_blocks(original.fileno(), unwritable.fileno())


def test_a_stored_file_is_a_file_of_its_own(store: LocalStore, tmp_path: Path) -> None:
    source = tmp_path / "weights"
    source.write_bytes(b"weights" * 100_000)
    told: list[tuple[int, int]] = []
    blob = store.put_file(source, report=lambda copied, size: told.append((copied, size)))
    assert (blob.digest, blob.size) == (sha(source.read_bytes()), 700_000)
    assert told == [(700_000, 700_000)]
    with source.open("r+b") as file:
        file.write(b"changed")
    assert sha(store.find_blob(blob.digest).read_bytes()) == blob.digest


def test_what_is_no_file_is_not_stored(store: LocalStore, tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing", Path(os.devnull)):
        with pytest.raises(StoreError, match=str(path)):
            store.put_file(path)


def test_old_blob_names_are_found(store: LocalStore) -> None:
    path = store.find_blob(store.put_blob(b"old").digest)
    old = path.with_name(path.name.replace("-", ":"))
    path.rename(old)
    assert store.find_blob(sha(b"old")) == old


@pytest.mark.parametrize("digest", ["../../x", "sha256:../x", "sha256:" + "0" * 63, "", "\x00"])
def test_bad_digests_reach_no_path(store: LocalStore, digest: str) -> None:
    for use in (store.blob_path, store.find_blob, store.has_blob, store.read_blob):
        with pytest.raises(InvalidDigestError):
            use(digest)


def test_only_one_function_joins_digests_to_paths() -> None:
    package = Path(__file__).parents[3] / "runtime" / "paddock"
    joins = [
        (path.name, line.strip())
        for path in package.rglob("*.py")
        for line in path.read_text("utf-8").splitlines()
        if re.search(r"blobs\W* / |/ \S*digest", line)
    ]
    assert joins == [("local.py", 'return self._blobs / parse_digest(digest).replace(":", "-", 1)')]


def test_a_manifest_is_found_by_name_with_its_digest(store: LocalStore) -> None:
    manifest = model_of(store, b"a")
    store.write_manifest(name("m"), manifest)
    stored = store.load(name("m"))
    assert stored.manifest == manifest
    assert stored.digest == hashlib.sha256(manifest.to_bytes()).hexdigest()
    path = store.manifest_path(name("m"))
    assert path.read_bytes() == manifest.to_bytes()
    assert path.stat().st_mode & 0o777 == 0o644
    assert list(store.manifests()) == [(name("m"), path)]
    assert sorted(entry.name for entry in path.parents[3].iterdir()) == ["registry.ollama.ai"]


def test_bytes_of_a_registry_are_stored_as_they_came(store: LocalStore) -> None:
    content = model_of(store, b"a").to_bytes().replace(b",", b" , ")
    store.write_manifest(name("m"), content)
    assert store.manifest_path(name("m")).read_bytes() == content


def test_a_manifest_whose_blob_is_gone_is_not_written(store: LocalStore) -> None:
    manifest = model_of(store, b"a")
    store.find_blob(sha(b"a")).unlink()
    with pytest.raises(BlobNotFoundError):
        store.write_manifest(name("m"), manifest)
    assert list(store.manifests()) == []


def test_a_new_manifest_drops_what_only_the_old_one_needed(store: LocalStore) -> None:
    store.write_manifest(name("m"), model_of(store, b"a", b"shared"))
    store.write_manifest(name("n"), model_of(store, b"b"))
    store.put_blob(b"foreign")
    store.write_manifest(name("m"), model_of(store, b"c", b"shared"))
    left = {sha(content).replace(":", "-") for content in (b"b", b"c", b"shared", b"foreign")}
    assert files(store) == left
    store.write_manifest(name("m"), model_of(store, b"shared"), prune=False)
    assert files(store) == left


def test_deleting_spares_what_others_need_and_what_nobody_named(store: LocalStore) -> None:
    store.write_manifest(name("ns/m:a"), model_of(store, b"a", b"shared"))
    store.write_manifest(name("ns/m:b"), model_of(store, b"b", b"shared"))
    for foreign in (
        "notes.txt",
        sha(b"q").replace(":", "-"),
        sha(b"a").replace(":", "-") + "-partial",
    ):
        (store.root / "blobs" / foreign).write_bytes(b"")
    store.delete(name("ns/m:a"))
    assert not store.has_blob(sha(b"a"))
    assert store.has_blob(sha(b"b"))
    assert store.has_blob(sha(b"shared"))
    assert len(files(store)) == 5
    assert store.manifest_path(name("ns/m:b")).is_file()
    store.delete(name("ns/m:b"))
    assert list((store.root / "manifests").iterdir()) == []
    with pytest.raises(ModelNotFoundError):
        store.delete(name("ns/m:b"))


def test_a_damaged_manifest_still_protects_the_blobs_it_names(store: LocalStore) -> None:
    manifest = model_of(store, b"a")
    store.write_manifest(name("m"), manifest)
    store.write_manifest(name("n"), manifest)
    path = store.manifest_path(name("n"))
    path.write_bytes(path.read_bytes()[:-10])
    store.delete(name("m"))
    assert store.has_blob(sha(b"a"))
    with pytest.raises(CorruptManifestError):
        store.load(name("n"))
    store.delete(name("n"))
    assert not store.has_blob(sha(b"a"))


def test_links_out_of_the_store_are_not_followed(store: LocalStore, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    (outside / "library" / "m").mkdir(parents=True)
    (outside / "library" / "m" / "latest").write_bytes(model_of(store, b"a").to_bytes())
    (store.root / "manifests").mkdir()
    (store.root / "manifests" / "host").symlink_to(outside)
    linked = name("host/library/m")
    assert store.load(linked).manifest.layers
    for change in (
        lambda: store.delete(linked),
        lambda: store.write_manifest(linked, Manifest()),
        lambda: store.copy(linked, name("host/library/other")),
    ):
        with pytest.raises(StoreError, match="out of the store"):
            change()
    assert (outside / "library" / "m" / "latest").is_file()

    target = tmp_path / "precious"
    target.write_bytes(b"precious")
    store.blob_path(sha(b"precious")).symlink_to(target)
    store.write_manifest(name("m"), model_of(store, b"precious"))
    store.delete(name("m"))
    assert target.read_bytes() == b"precious"


def test_a_copy_shares_the_blobs(store: LocalStore) -> None:
    store.write_manifest(name("m"), model_of(store, b"a"))
    store.copy(name("m"), name("n"))
    store.copy(name("n"), name("n"))
    assert store.load(name("n")).digest == store.load(name("m")).digest
    store.delete(name("m"))
    assert store.has_blob(sha(b"a"))
    with pytest.raises(ModelNotFoundError):
        store.copy(name("m"), name("o"))


def test_an_exact_name_wins_over_other_cases(store: LocalStore) -> None:
    for text in ("Model:Tag", "model:TAG", "me/other:V1"):
        store.write_manifest(name(text), model_of(store, b"a"))
    assert store.resolve_name(name("model:TAG")) == name("model:TAG")
    assert store.resolve_name(name("MODEL:tag")).full.lower() == name("model:tag").full
    assert store.resolve_name(name("Me/new:v1")) == name("me/new:V1")


def test_only_files_four_folders_deep_with_valid_names_are_models(store: LocalStore) -> None:
    content = model_of(store, b"a").to_bytes()
    for relative in ("h/n/m/t", "h/n/file", "h/n/m2/t/deep", "h/n.n/m/t", "h/n/m/.DS_Store", "x"):
        path = store.root / "manifests" / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    assert [found.path for found, _ in store.manifests()] == ["h/n/m/t"]


def test_readers_never_see_half_a_manifest(store: LocalStore) -> None:
    one, two = model_of(store, b"a" * 10), model_of(store, *(bytes([i]) for i in range(100)))
    store.write_manifest(name("m"), one)
    stop = threading.Event()
    seen: list[Manifest] = []

    def read() -> None:
        while not stop.is_set():
            seen.append(store.read_manifest(name("m")))

    reader = threading.Thread(target=read)
    reader.start()
    deadline = time.monotonic() + 0.5
    while time.monotonic() < deadline:
        store.write_manifest(name("m"), two, prune=False)
        store.write_manifest(name("m"), one, prune=False)
    stop.set()
    reader.join()
    assert all(manifest in (one, two) for manifest in seen)
    assert seen


def test_concurrent_creates_and_deletes_leave_a_whole_store(store: LocalStore) -> None:
    def churn(number: int) -> None:
        for _ in range(10):
            with store.changing():
                manifest = model_of(store, b"shared", bytes([number]))
                store.write_manifest(name(f"m{number}"), manifest)
            store.delete(name(f"m{number}"))
        with store.changing():
            store.write_manifest(name(f"m{number}"), model_of(store, b"shared"))

    threads = [threading.Thread(target=churn, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(list(store.manifests())) == 4
    assert files(store) == {sha(b"shared").replace(":", "-")}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_a_store_error(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(StoreError, match="permissions"):
        LocalStore(tmp_path / "models").put_blob(b"x")


def test_a_file_in_the_place_of_the_folder_is_a_store_error(tmp_path: Path) -> None:
    (tmp_path / "models").write_bytes(b"")
    store = LocalStore(tmp_path / "models")
    with pytest.raises(StoreError, match="another models folder"):
        store.put_blob(b"x")
    with pytest.raises(StoreError, match="another models folder"):
        store.delete(name("m"))


# -- folders that are only read


@pytest.fixture
def foreign(tmp_path: Path) -> LocalStore:
    """A store of somebody else's, made long ago and in the old spelling."""
    foreign = LocalStore(tmp_path / "foreign")
    foreign.write_manifest(name("theirs"), model_of(foreign, b"weights", b"old"))
    foreign.write_manifest(name("both"), model_of(foreign, b"weights"))
    old = foreign.find_blob(sha(b"old"))
    old.rename(old.with_name(old.name.replace("-", ":")))
    (foreign.root / ".paddock.lock").unlink()
    for path in foreign.root.rglob("*"):
        os.utime(path, (1, 1))
    return foreign


def look(root: Path) -> dict[str, tuple[int, int]]:
    return {
        str(path.relative_to(root)): (path.stat().st_mtime_ns, path.stat().st_size)
        for path in (root, *root.rglob("*"))
    }


def test_models_of_a_folder_that_is_only_read_can_be_used(
    store: LocalStore, foreign: LocalStore
) -> None:
    store = LocalStore(store.root, read_only=[foreign.root])
    before = look(foreign.root)
    assert store.resolve_name(name("THEIRS")) == name("theirs")
    assert store.read_manifest(name("theirs")).layers
    assert store.read_blob(sha(b"old")) == b"old"
    assert [found for found, _ in store.manifests()] == [name("both"), name("theirs")]
    assert not store.root.exists()

    store.write_manifest(name("both"), model_of(store, b"own"))
    found = dict(store.manifests())
    assert found[name("both")].is_relative_to(store.root)
    assert store.read_manifest(name("both")).size == 3
    store.delete(name("both"))
    assert store.read_manifest(name("both")).size == 7
    for model in ("theirs", "both"):
        with pytest.raises(StoreError, match="only read"):
            store.delete(name(model))
    assert look(foreign.root) == before


def test_own_models_may_stand_on_foreign_blobs(store: LocalStore, foreign: LocalStore) -> None:
    before = look(foreign.root)
    store = LocalStore(store.root, read_only=[foreign.root])
    store.refresh(sha(b"weights"))
    store.copy(name("theirs"), name("mine"))
    source = foreign.root.parent / "weights"
    source.write_bytes(b"weights")
    assert store.put_file(source).digest == sha(b"weights")
    assert not (store.root / "blobs").exists()
    assert LocalStore(store.root).read_manifest(name("mine")).layers
    store.write_manifest(name("mine"), model_of(store, b"own"))
    store.delete(name("mine"))
    assert files(store) == set()
    assert look(foreign.root) == before


def test_a_folder_that_is_only_read_need_not_be_there(store: LocalStore, tmp_path: Path) -> None:
    store = LocalStore(store.root, read_only=[tmp_path / "nowhere"])
    assert list(store.manifests()) == []
    store.write_manifest(name("m"), model_of(store, b"a"))
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_can_change_the_store(store: LocalStore) -> None:
    store.write_manifest(name("m"), model_of(store, b"a"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        child = os.fork()
    if child == 0:
        try:
            store.copy(name("m"), name("n"))
            os._exit(0)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    store.copy(name("n"), name("o"))
    assert len(list(store.manifests())) == 3


def test_bytes_of_another_digest_need_not_be_kept(store: LocalStore) -> None:
    with pytest.raises(DigestMismatchError):
        store.put_blob(b"x", sha(b"y"), keep_other=False)
    assert files(store) == set()
    assert store.put_blob(b"x", sha(b"x"), keep_other=False) == Blob(sha(b"x"), 1)

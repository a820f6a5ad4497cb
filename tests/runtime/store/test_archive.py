"""One model as a file: out of one store, into another, and what is not let in."""

import io
import random
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from paddock.api import ProgressResponse
from paddock.errors import (
    CorruptManifestError,
    DigestMismatchError,
    ModelNotFoundError,
    PaddockError,
    StoreError,
)
from paddock.names import ModelName
from paddock.store import archive
from paddock.store.local import Layer, LocalStore, Manifest, media_type
from paddock.store.transfer import Stop
from paddock.store.upkeep import verify
from paddock.stream import Cancelled

NAME = ModelName.parse("host:5000/me/m:tag")
WEIGHTS = random.Random(3).randbytes(70_000)


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    """With a model whose manifest is not as paddock would write it."""
    store = LocalStore(tmp_path / "models")
    blobs = [("model", WEIGHTS), ("license", b"one"), ("license", b"one"), ("system", b"")]
    layers = tuple(
        Layer(media_type=media_type(kind), digest=blob.digest, size=blob.size)
        for kind, blob in ((kind, store.put_blob(content)) for kind, content in blobs)
    )
    content = Manifest(layers=layers).to_bytes().replace(b",", b" ,\n")
    store.write_manifest(NAME, content)
    return store


@pytest.fixture
def other(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "other")


@pytest.fixture
def file(store: LocalStore, tmp_path: Path) -> Path:
    path = tmp_path / "m.tar"
    export(store, path)
    return path


def export(store: LocalStore, path: Path, name: ModelName = NAME) -> list[str | None]:
    events: list[ProgressResponse] = []
    archive.export(store, name, path, events.append, Stop())
    return [event.status for event in events]


def take_in(store: LocalStore, path: Path, name: ModelName | None = None) -> ModelName:
    return archive.import_(store, path, lambda _: None, Stop(), name=name)


def test_a_model_moves_to_another_store_byte_for_byte(
    store: LocalStore, other: LocalStore, file: Path
) -> None:
    assert take_in(other, file) == NAME
    assert other.read_manifest_bytes(NAME) == store.read_manifest_bytes(NAME)
    assert verify(other) == verify(store)
    assert other.load(NAME).digest == store.load(NAME).digest
    assert take_in(other, file, ModelName.parse("mine")) == ModelName.parse("mine")


def test_an_archive_is_a_plain_tar_and_always_the_same(
    store: LocalStore, file: Path, tmp_path: Path
) -> None:
    with tarfile.open(file) as tar:
        members = tar.getmembers()
    assert [member.name for member in members][:2] == ["paddock.json", "manifest"]
    assert all(member.isreg() and member.mode == 0o644 for member in members)
    assert len(members) == 2 + 3
    statuses = export(store, tmp_path / "again.tar")
    assert statuses[0] == "exporting manifest"
    assert statuses[-1] == "success"
    assert (tmp_path / "again.tar").read_bytes() == file.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["again.tar", "m.tar", "models"]


def test_a_model_that_is_not_there_leaves_no_file(store: LocalStore, tmp_path: Path) -> None:
    with pytest.raises(ModelNotFoundError):
        export(store, tmp_path / "x.tar", ModelName.parse("x"))
    assert [path.name for path in tmp_path.iterdir()] == ["models"]


def test_a_damaged_blob_is_not_exported(store: LocalStore, tmp_path: Path) -> None:
    blob = store.find_blob(store.put_blob(WEIGHTS).digest)
    blob.write_bytes(WEIGHTS[:-1] + b"?")
    (tmp_path / "x.tar").write_bytes(b"older")
    with pytest.raises(DigestMismatchError):
        export(store, tmp_path / "x.tar")
    assert (tmp_path / "x.tar").read_bytes() == b"older"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["models", "x.tar"]


def test_stopping_leaves_nothing(store: LocalStore, other: LocalStore, file: Path) -> None:
    stop = Stop()
    stop.set()
    with pytest.raises(Cancelled):
        archive.import_(other, file, lambda _: None, stop)
    assert list((other.root / "blobs").iterdir()) == []


Members = list[tuple[tarfile.TarInfo, bytes]]


def members_of(path: Path) -> Members:
    with tarfile.open(path) as tar:
        return [(member, tar.extractfile(member).read()) for member in tar]  # type: ignore[union-attr]


def write(path: Path, members: Members) -> None:
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as tar:
        for member, content in members:
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))


def rename(number: int, name: str) -> Callable[[Members], None]:
    def change(members: Members) -> None:
        members[number][0].name = name

    return change


def retype(number: int, kind: bytes, target: str = "") -> Callable[[Members], None]:
    def change(members: Members) -> None:
        members[number][0].type, members[number][0].linkname = kind, target
        members[number] = members[number][0], b""

    return change


def replace(number: int, content: bytes) -> Callable[[Members], None]:
    def change(members: Members) -> None:
        members[number] = members[number][0], content

    return change


def add(name: str, content: bytes = b"") -> Callable[[Members], None]:
    return lambda members: members.append((tarfile.TarInfo(name), content))


EVIL: dict[str, Callable[[Members], None]] = {
    "climbing": rename(2, "../blobs/evil"),
    "absolute": rename(2, "/etc/passwd"),
    "another blob": rename(2, "blobs/sha256-" + "0" * 64),
    "a long name in a pax header": rename(2, "x" * 300),
    "a link": retype(2, tarfile.SYMTYPE, "/etc/passwd"),
    "a hard link": retype(2, tarfile.LNKTYPE, "/etc/passwd"),
    "a device": retype(2, tarfile.CHRTYPE),
    "a pipe": retype(0, tarfile.FIFOTYPE),
    "a folder": retype(1, tarfile.DIRTYPE),
    "one more": add("blobs/sha256-" + "0" * 64),
    "one twice": add("manifest", b"{}"),
    "one missing": lambda members: members.pop(),  # type: ignore[dict-item, return-value]
    "reversed": lambda members: members.reverse(),
    "other bytes": replace(2, WEIGHTS[:-1] + b"?"),
    "more bytes": replace(2, WEIGHTS + b"?"),
    "fewer bytes": replace(2, WEIGHTS[:-1]),
    "no JSON": replace(0, b"{"),
    "no object": replace(0, b"[]"),
    "a later format": replace(0, b'{"format":2,"name":"m"}'),
    "no name": replace(0, b'{"format":1,"name":7}'),
    "a bad name": replace(0, b'{"format":1,"name":"../m"}'),
    "a large header": replace(0, b" " * 5000),
    "no manifest": replace(1, b"{}"),
    "a manifest of something else": replace(
        1, b'{"layers":[{"mediaType":"x","digest":"sha256:' + b"0" * 64 + b'"}]}'
    ),
    "a huge manifest": replace(1, b" " * (5 << 20)),
}


@pytest.mark.parametrize("change", EVIL.values(), ids=EVIL)
def test_what_is_no_archive_of_ours_is_not_let_in(
    other: LocalStore, file: Path, change: Callable[[Members], None]
) -> None:
    members = members_of(file)
    change(members)
    write(file, members)
    with pytest.raises(PaddockError):
        take_in(other, file)
    assert list(other.manifests()) == []
    assert verify(other).problems == ()


def test_an_archive_cut_anywhere_is_refused(other: LocalStore, file: Path) -> None:
    content = file.read_bytes()
    for length in (0, 1, 511, 512, 700, 1024, 1500, 40_000, len(content) - 1700):
        file.write_bytes(content[:length])
        with pytest.raises(StoreError):
            take_in(other, file)
    assert list(other.manifests()) == []


def test_flipped_bytes_end_in_our_errors(other: LocalStore, file: Path) -> None:
    content, chance = file.read_bytes(), random.Random(11)
    for _ in range(60):
        mutated = bytearray(content)
        mutated[chance.randrange(3000)] ^= 1 << chance.randrange(8)
        file.write_bytes(mutated)
        try:
            take_in(other, file)
        except PaddockError:
            continue
    assert [each.problems for each in [verify(other)]] == [()]


def test_giants_are_refused_before_anything_is_written(other: LocalStore, tmp_path: Path) -> None:
    path = tmp_path / "giant.tar"
    layer = Layer(media_type=media_type("model"), digest="sha256:" + "0" * 64, size=2**60)  # type: ignore[arg-type]
    members = [
        (tarfile.TarInfo("paddock.json"), b'{"format":1,"name":"m"}'),
        (tarfile.TarInfo("manifest"), Manifest(layers=(layer,)).to_bytes()),
    ]
    write(path, members)
    with pytest.raises(StoreError, match="are free"):
        take_in(other, path)
    with pytest.raises(CorruptManifestError):
        archive.checked(b"{}", "x")


def test_what_is_no_file_is_a_store_error(other: LocalStore, tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing"):
        with pytest.raises(StoreError):
            take_in(other, path)

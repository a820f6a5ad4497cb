"""Parts of a blob: the plan, their states on disk, and when those are believed."""

import hashlib
import json
import random
import threading
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paddock.errors import DigestMismatchError, StoreError
from paddock.names import Digest
from paddock.store import partial
from paddock.store.local import Layer, LocalStore
from paddock.store.partial import Part, PartialBlob, plan
from paddock.store.transfer import Stop
from paddock.stream import Cancelled

CONTENT = bytes(range(256)) * 40


@pytest.fixture
def blob(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PartialBlob:
    monkeypatch.setattr(partial, "_MIN_PART", 4096)
    return PartialBlob(LocalStore(tmp_path / "models"), layer())


def layer(content: bytes = CONTENT) -> Layer:
    digest = "sha256:" + hashlib.sha256(content).hexdigest()
    return Layer(media_type="x", digest=Digest(digest), size=len(content))


def files(tmp_path: Path) -> list[str]:
    return sorted(path.name[71:] for path in (tmp_path / "models" / "blobs").iterdir())


def write(blob: PartialBlob, part: Part, count: int | None = None) -> None:
    end = part.last + 1 if count is None else part.first + count
    with blob.writer(part) as take:
        take(CONTENT[part.first : end])


@settings(deadline=None)
@given(total=st.integers(0, 40_000_000_000))
def test_a_plan_covers_the_blob_once(total: int) -> None:
    parts = plan(total)
    ends = [0, *(part.offset + part.size for part in parts)]
    assert [part.offset for part in parts] == ends[:-1]
    assert ends[-1] == total
    assert [part.number for part in parts] == list(range(len(parts)))
    assert all(100_000_000 <= part.size <= 1_000_000_000 for part in parts[:-1])
    assert all(part.size > 0 for part in parts)


@settings(deadline=None)
@given(st.integers(0), st.integers(0), st.integers(0), st.data())
def test_a_state_is_what_its_bytes_say(
    number: int, offset: int, size: int, data: st.DataObject
) -> None:
    part = Part(number, offset, size, data.draw(st.integers(0, size)))
    assert Part.parse(part.to_bytes()) == part


@settings(deadline=None)
@given(st.binary() | st.recursive(
    st.none() | st.integers() | st.booleans() | st.text() | st.floats(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["N", "Offset", "Size", "Completed"]), inner),  # noqa: E501
).map(lambda value: json.dumps(value).encode()))  # fmt: skip
def test_anything_else_is_no_state(content: bytes) -> None:
    part = Part.parse(content)
    assert part is None or Part.parse(part.to_bytes()) == part


def test_a_blob_whose_parts_come_in_any_order_is_whole(blob: PartialBlob, tmp_path: Path) -> None:
    blob.open()
    assert [part.size for part in blob.parts] == [4096, 4096, 2048]
    for number in (2, 0, 1):
        assert not list((tmp_path / "models" / "blobs").glob("sha256-" + "?" * 64))
        write(blob, blob.parts[number])
        while blob.hash_ahead():
            pass
    blob.finish()
    store = LocalStore(tmp_path / "models")
    assert store.read_blob(layer().digest) == CONTENT
    assert files(tmp_path) == [""]


def test_what_was_saved_goes_on_elsewhere(blob: PartialBlob, tmp_path: Path) -> None:
    blob.open()
    write(blob, blob.parts[0], 100)
    write(blob, blob.parts[1])
    blob.save()
    again = PartialBlob(LocalStore(tmp_path / "models"), layer())
    assert again.look() == 4196
    again.open()
    assert [part.completed for part in again.parts] == [100, 4096, 0]
    write(again, again.parts[0])
    write(again, again.parts[2])
    again.finish()
    assert LocalStore(tmp_path / "models").read_blob(layer().digest) == CONTENT


@pytest.mark.parametrize(
    "damage",
    [
        lambda base: base.unlink(),
        lambda base: base.write_bytes(b"short"),
        lambda base: base.with_name(base.name + "-1").unlink(),
        lambda base: base.with_name(base.name + "-1").write_bytes(b"{}"),
        lambda base: base.with_name(base.name + "-1").write_bytes(Part(1, 4000, 99, 9).to_bytes()),
        lambda base: base.with_name(base.name + "-9").write_bytes(Part(9, 10240, 9, 9).to_bytes()),
    ],
    ids=range(6),
)  # fmt: skip
def test_states_that_do_not_fit_begin_anew(
    blob: PartialBlob, tmp_path: Path, damage: object
) -> None:
    blob.open()
    for part in blob.parts:
        write(blob, part)
    blob.save()
    damage(next((tmp_path / "models" / "blobs").glob("*-partial")))  # type: ignore[operator]
    blob.open()
    assert blob.completed == 0
    assert files(tmp_path) == ["-partial", "-partial-0", "-partial-1", "-partial-2"]
    assert next((tmp_path / "models" / "blobs").glob("*-partial")).stat().st_size == len(CONTENT)


def test_wrong_bytes_leave_nothing(blob: PartialBlob, tmp_path: Path) -> None:
    blob.open()
    for part in blob.parts:
        with blob.writer(part) as take:
            take(bytes(part.size))
    with pytest.raises(DigestMismatchError, match=r"want sha256:.*, got sha256:"):
        blob.finish()
    assert files(tmp_path) == []


def test_a_hole_is_not_finished(blob: PartialBlob, tmp_path: Path) -> None:
    blob.open()
    write(blob, blob.parts[0])
    write(blob, blob.parts[2])
    with pytest.raises(DigestMismatchError):
        blob.finish()
    assert files(tmp_path) == []


def test_one_at_a_time(blob: PartialBlob, tmp_path: Path) -> None:
    other = PartialBlob(LocalStore(tmp_path / "models"), layer())
    waited, entered = threading.Event(), threading.Event()

    def claim() -> None:
        with other.claim(waited.set):
            entered.set()

    thread = threading.Thread(target=claim)
    with blob.claim(lambda: None):
        thread.start()
        assert waited.wait(5)
        assert not entered.is_set()
    thread.join(5)
    assert entered.is_set()


def test_waiting_ends_when_it_is_told_to(blob: PartialBlob, tmp_path: Path) -> None:
    other, stop = PartialBlob(LocalStore(tmp_path / "models"), layer()), Stop()
    stop.set()
    with blob.claim(lambda: None), pytest.raises(Cancelled), other.claim(stop.check):
        raise AssertionError


def test_a_folder_that_cannot_be_made_is_a_store_error(tmp_path: Path) -> None:
    (tmp_path / "models").write_bytes(b"")
    blob = PartialBlob(LocalStore(tmp_path / "models"), layer())
    with pytest.raises(StoreError, match="another models folder"):
        blob.open()
    with pytest.raises(StoreError, match="another models folder"), blob.claim(lambda: None):
        raise AssertionError


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0), ahead=st.integers(0, 6000))
def test_pieces_of_any_size_hashed_at_any_moment_make_the_blob(seed: int, ahead: int) -> None:
    chance = random.Random(seed)
    with pytest.MonkeyPatch.context() as patched, TemporaryDirectory() as folder:
        patched.setattr(partial, "_MIN_PART", 4096)
        patched.setattr(partial, "_LARGE", 512)
        patched.setattr(partial, "_AHEAD", ahead)
        store = LocalStore(Path(folder))
        blob = PartialBlob(store, layer())
        blob.open()
        while unfinished := [part for part in blob.parts if part.remaining]:
            part = chance.choice(unfinished)
            write(blob, part, min(chance.randint(1, 2000), part.remaining))
            for _ in range(chance.randrange(3)):
                blob.hash_ahead()
        blob.finish()
        assert store.read_blob(layer().digest) == CONTENT

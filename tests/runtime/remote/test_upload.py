import asyncio
import hashlib
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.wires import Asked, Told, Wire, told

from paddock import errors
from paddock.client import AsyncClient, Client
from paddock.remote import RemoteRuntime

CONTENT = b"0123456789abcdef" * 200_000  # more than two pieces
DIGEST = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "weights.gguf"
    path.write_bytes(CONTENT)
    return path


def store(asked: Asked) -> Told:
    """A server that lacks every blob."""
    return Told(404) if asked.method == "HEAD" else Told(201)


def test_a_file_is_sent_under_its_digest_with_its_length(client: Client, wire: Wire, file: Path):
    wire.answer = store
    assert client.create_blob(file) == DIGEST
    assert [(asked.method, asked.path) for asked in wire.asked] == [
        ("HEAD", f"/api/blobs/{DIGEST}"),
        ("POST", f"/api/blobs/{DIGEST}"),
    ]
    assert wire.last.body == CONTENT
    assert wire.last.headers["content-length"] == str(len(CONTENT))
    assert wire.last.headers["content-type"] == "application/octet-stream"
    assert "transfer-encoding" not in wire.last.headers


async def test_an_event_loop_sends_files_too(wire: Wire, file: Path):
    wire.answer = store
    async with AsyncClient(host=wire.url) as client:
        assert await client.create_blob(str(file)) == DIGEST
    assert wire.last.body == CONTENT


def test_what_the_server_has_is_not_sent_again(client: Client, wire: Wire, file: Path):
    wire.answer = Told(200)
    assert client.create_blob(file) == DIGEST
    assert [asked.method for asked in wire.asked] == ["HEAD"]


def test_progress_is_told_in_bytes_up_to_the_last(remote: RemoteRuntime, wire: Wire, file: Path):
    for answer in (store, Told(200)):
        wire.answer = answer
        events = list(remote.upload(file))
        assert {event.digest for event in events} == {DIGEST}
        assert {event.status for event in events} == {f"copying file {DIGEST}"}
        completed = [event.completed or 0 for event in events]
        assert completed == sorted(completed)
        assert (completed[-1], events[-1].total) == (len(CONTENT), len(CONTENT))


def test_an_empty_file_is_a_file(client: Client, wire: Wire, tmp_path: Path):
    (tmp_path / "empty").write_bytes(b"")
    wire.answer = store
    assert client.create_blob(tmp_path / "empty") == f"sha256:{hashlib.sha256().hexdigest()}"
    assert wire.last.body == b""


def test_a_redirect_is_given_the_whole_file(wire: Wire, file: Path):
    with Wire(store) as other:

        def elsewhere(asked: Asked) -> Told:
            return Told(307, headers={"Location": f"{other.url}{asked.path}"})

        wire.answer = elsewhere
        with Client(host=wire.url) as client:
            assert client.create_blob(file) == DIGEST
        assert other.last.body == CONTENT


def test_a_refused_file_is_an_error(client: Client, wire: Wire, file: Path):
    refused = told({"error": 'digest mismatch, expected "a", got "b"'}, 400)
    wire.answer = lambda asked: Told(404) if asked.method == "HEAD" else refused
    with pytest.raises(errors.DigestMismatchError, match="digest mismatch"):
        client.create_blob(file)


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (lambda path: None, "cannot be read .No such file"),
        (lambda path: path.mkdir(), "not a regular file"),
    ],
)
def test_what_is_no_file_is_refused_before_anything_is_asked(
    client: Client, wire: Wire, tmp_path: Path, make: Callable[[Path], None], complaint: str
):
    make(tmp_path / "thing")
    with pytest.raises(errors.RequestError, match=complaint):
        client.create_blob(tmp_path / "thing")
    assert wire.asked == []


async def test_a_cancelled_upload_stops(wire: Wire, file: Path):
    hangs, asked = threading.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def answer(_: Asked) -> Told:
        loop.call_soon_threadsafe(asked.set)
        hangs.wait(20)
        return Told(404)

    wire.answer = answer
    async with AsyncClient(host=wire.url) as client:
        task = asyncio.create_task(client.create_blob(file))
        await asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        hangs.set()
    assert [each.method for each in wire.asked] == ["HEAD"]

"""Bodies: what is read, what is refused, and how soon."""

import asyncio
import socket
from collections.abc import Generator, Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.servers import serving

from paddock.api import ChatRequest, GenerateRequest
from paddock.durations import FOREVER, parse_keep_alive
from paddock.errors import RequestError
from paddock.runtime import Runtime
from paddock.server import bodies, create_app
from paddock.server.bodies import Limits
from paddock.server.refusal import Refusal

LIMITS = Limits(body=10_000, blob=20_000, patience=0.5, rate=1 << 20)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that has little patience."""
    with (
        Runtime(tmp_path_factory.mktemp("bodies")) as runtime,
        serving(create_app(runtime, bind="127.0.0.1", limits=LIMITS)) as url,
    ):
        yield url


@pytest.fixture
def http(url: str) -> Generator[httpx.Client]:
    with httpx.Client(base_url=url, timeout=60) as client:
        yield client


def read(text: str | bytes) -> dict[str, object]:
    raw = text if isinstance(text, bytes) else text.encode()
    return bodies.json_object(raw, empty="missing request body")


# -- JSON ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"a": 1} trailing', {"a": 1}),
        ("null", {}),
        (" \n {} ", {}),
        ('{"a": 1, "a": 2}', {"a": 2}),
        ('\ufeff{"a": "\u00e9"}', {"a": "\u00e9"}),
        (b'{"a": "\xff"}', {"a": "\ufffd"}),
        (r'{"a": "\ud83d\ude00"}', {"a": "\U0001f600"}),
        (r'{"a": ["\ud83d"], "\udc00": 1}', {"a": ["\ufffd"], "\ufffd": 1}),
    ],
)
def test_bodies_are_read_as_the_reference_reads_them(text: str | bytes, found: object):
    assert read(text) == found


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "missing request body"),
        (" \n", "missing request body"),
        ('{"a": ', "unexpected EOF"),
        ('{"a": "b', "unexpected EOF"),
        ("[1]", "must be a JSON object, not an array"),
        ('"x"', "not a string"),
        ("{'a': 1}", "invalid JSON at character 2"),
        ('{"a": NaN}', "invalid character 'N'"),
        ('{"a": ' + "[" * 100 + "]" * 100 + "}", "more than 64 levels"),
        ('{"a": ' + "[" * 100_000, "nested too deeply"),
        ('{"a": ' + "1" * 5000 + "}", "digits"),
    ],
)
def test_what_cannot_be_read_is_refused(text: str, complaint: str):
    with pytest.raises(RequestError, match=complaint):
        read(text)


def test_too_many_values_are_refused():
    with pytest.raises(Refusal) as caught:
        read('{"input": [' + ",".join(["0"] * 1_000_000) + "]}")
    assert caught.value.status == 413


@given(st.binary(max_size=60))
def test_any_bytes_are_an_object_or_an_error_of_ours(raw: bytes):
    with suppress(RequestError, Refusal):
        assert isinstance(bodies.json_object(raw, empty="nothing"), dict)


def test_names_match_in_any_case_and_the_exact_one_wins():
    fields = {"MODEL": "a", "Messages": [{"ROLE": "user", "Content": "x"}], "Think": True}
    request = bodies.parse(ChatRequest, fields)
    assert (request.model, request.think) == ("a", True)
    assert request.messages is not None
    assert request.messages[0].content == "x"
    assert bodies.parse(ChatRequest, {"MODEL": "a", "model": "b"}).model == "b"


@pytest.mark.parametrize(
    "fields",
    [
        {"stream": "false"},
        {"stream": 1},
        {"prompt": 5},
        {"top_logprobs": "5"},
        {"context": ["1"]},
        {"context": [1.5]},
        {"raw": "true"},
        {"options": []},
    ],
)
def test_nothing_is_coerced(fields: dict[str, object]):
    with pytest.raises(RequestError):
        bodies.parse(GenerateRequest, {"model": "m"} | fields)


def test_what_nobody_knows_is_left_out_and_null_is_absence():
    fields = {
        "model": "m",
        "bogus": 1,
        "stream": None,
        "options": {"tfs_z": 1, "nope": 2, "seed": 3},
    }
    request = bodies.parse(GenerateRequest, fields)
    assert request.stream is None
    assert request.options is not None
    assert request.options.model_dump(exclude_none=True) == {"seed": 3}


def test_tokens_are_the_keys_of_an_object():
    request = bodies.parse(GenerateRequest, {"model": "m", "logit_bias": {"5": -1, "7": 0.5}})
    assert request.logit_bias == {5: -1.0, 7: 0.5}
    with pytest.raises(RequestError, match="logit_bias"):
        bodies.parse(GenerateRequest, {"model": "m", "logit_bias": {"x": 1}})


def test_a_keep_alive_beyond_all_time_is_for_ever():
    fields = {"model": "m", "keep_alive": 1e308}
    keep_alive = bodies.parse(GenerateRequest, fields).keep_alive
    assert keep_alive is not None
    assert parse_keep_alive(keep_alive) == FOREVER


def test_images_are_bytes_whatever_their_text_looks_like(tmp_path: Path):
    fields = bodies.with_images({"model": "m", "images": ["aGVs\nbG8="]}, ("images",))
    assert bodies.parse(GenerateRequest, fields).images[0].read() == b"hello"  # type: ignore[index]
    with pytest.raises(RequestError, match="illegal base64 data at input byte 4"):
        bodies.with_images({"messages": [{"images": ["aGVs!G8="]}]}, ("messages",))
    unread = {"messages": [{"images": ["aGVs!G8="]}]}
    assert bodies.with_images(unread, ("images",)) == unread
    file = tmp_path / "image"
    file.write_bytes(b"secret")
    with pytest.raises(RequestError, match="illegal base64"):
        bodies.with_images({"images": [f"{file}.x"]}, ("images",))


# -- limits ----------------------------------------------------------------------------------------


def test_a_body_that_is_too_large_is_refused(http: httpx.Client):
    told = http.post("/api/chat", content=b" " * 10_001)
    assert told.status_code == 413
    chunks = (b" " * 1000 for _ in range(1000))
    assert http.post("/api/chat", content=chunks).status_code == 413
    blob = http.post(f"/api/blobs/sha256:{'0' * 64}", content=b"x" * 20_001)
    assert blob.status_code == 413


@pytest.mark.parametrize("encoding", ["gzip", "zstd", "br", "deflate, gzip"])
def test_a_compressed_body_is_refused(encoding: str, http: httpx.Client):
    reply = http.post("/api/chat", headers={"content-encoding": encoding}, content=b"{}")
    assert reply.status_code == 415
    assert encoding in reply.json()["error"]


@pytest.mark.parametrize("path", ["/api/chat", f"/api/blobs/sha256:{'0' * 64}"])
def test_a_body_that_drips_is_given_up(path: str, url: str):
    host, _, port = url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        connection.sendall(
            f"POST {path} HTTP/1.1\r\nhost: {host}\r\ncontent-length: 9999\r\n\r\n{{".encode()
        )
        assert b" 408 " in connection.recv(4096)


async def test_slow_and_idle_clients_do_not_hold_up_others(url: str):
    host, _, port = url.removeprefix("http://").partition(":")
    writers: list[asyncio.StreamWriter] = []
    try:
        for number in range(300):
            _, writer = await asyncio.open_connection(host, int(port))
            if number % 2:
                writer.write(
                    b"POST /api/chat HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\n"
                )
            writers.append(writer)
        async with httpx.AsyncClient(base_url=url, timeout=60) as client:
            reply = await client.get("/api/tags")
        assert reply.json() == {"models": []}
    finally:
        for writer in writers:
            writer.close()

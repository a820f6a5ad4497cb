"""What the caller hands to httpx, meant for whichever of its clients."""

import ssl
import threading
from pathlib import Path

import httpx
import pytest
from tests.certificates import make_certificate
from tests.wires import NDJSON, Asked, Told, Wire, endless, line, lines, told

from paddock import errors
from paddock.client import Client

HI = [{"role": "user", "content": "hi"}]
SAYS = {"message": {"role": "assistant", "content": "x"}, "done": False}
DONE = SAYS | {"done": True}


@pytest.mark.parametrize("transport", [httpx.HTTPTransport, httpx.AsyncHTTPTransport])
def test_transports_of_either_kind_are_used(wire: Wire, tmp_path: Path, transport: type):
    (tmp_path / "file").write_bytes(b"content" * 400_000)
    with Client(host=wire.url, transport=transport(local_address="127.0.0.1")) as client:
        wire.answer = lines(SAYS, SAYS, DONE)
        parts = [part.message.content for part in client.chat("m", HI, stream=True)]
        assert parts == ["x", "x", "x"]
        wire.answer = lambda asked: Told(404) if asked.method == "HEAD" else Told(201)
        client.create_blob(tmp_path / "file")
        assert wire.last.body == b"content" * 400_000
        wire.answer = told({"error": "model 'm' not found"}, 404)
        with pytest.raises(errors.ModelNotFoundError):
            client.show("m")


def test_a_blocking_transport_gives_each_part_as_it_comes(wire: Wire):
    go_on = threading.Event()

    def pieces():
        yield line(SAYS)
        assert go_on.wait(20)
        yield line(DONE)

    wire.answer = Told(200, pieces(), {"Content-Type": NDJSON})
    with Client(host=wire.url, mounts={"http://": httpx.HTTPTransport()}) as client:
        stream = client.chat("m", HI, stream=True)
        assert next(stream).message.content == "x"
        go_on.set()
        assert next(stream).done


def test_a_transport_of_a_test_needs_no_server():
    def answer(request: httpx.Request) -> httpx.Response:
        assert request.url == "http://ollama.invalid:11434/api/tags"
        return httpx.Response(200, json={"models": [{"name": "m"}]})

    with Client(host="ollama.invalid", transport=httpx.MockTransport(answer)) as client:
        assert [model.name for model in client.list().models] == ["m"]


def test_hooks_may_wait_or_not(wire: Wire):
    seen: list[str] = []

    async def waits(request: httpx.Request) -> None:
        seen.append(request.url.path)

    def does_not(response: httpx.Response) -> None:
        seen.append(str(response.status_code))

    wire.answer = told({"models": []})
    with Client(host=wire.url, event_hooks={"request": [waits], "response": [does_not]}) as client:
        client.list()
    assert seen == ["/api/tags", "200"]


def test_auth_and_cookies_are_httpxs(wire: Wire):
    wire.answer = told({"models": []})
    with Client(host=wire.url, auth=("me", "secret"), cookies={"a": "b"}) as client:
        client.list()
    assert wire.last.headers["authorization"] == "Basic bWU6c2VjcmV0"
    assert wire.last.headers["cookie"] == "a=b"


def test_a_number_of_connections_is_a_queue_and_no_failure(wire: Wire):
    wire.answer = lambda _: lines(SAYS, DONE)
    limits = httpx.Limits(max_connections=1)
    with Client(host=wire.url, limits=limits, timeout=20) as client:
        streams = [client.chat("m", HI, stream=True) for _ in range(8)]
        assert all(stream.result().done for stream in streams)
    assert wire.connections == 1


def test_a_stream_that_nobody_reads_holds_up_no_other(wire: Wire):
    def answer(asked: Asked) -> Told:
        is_list = asked.path == "/api/tags"
        return told({"models": []}) if is_list else Told(200, endless(SAYS, pause=0.001))

    wire.answer = answer
    with Client(host=wire.url) as client, client.chat("m", HI, stream=True) as unread:
        for _ in range(20):
            client.list()
        assert next(unread).message.content == "x"


def test_certificates_are_checked_unless_told_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    certificate = make_certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    trusting = ssl.create_default_context(cafile=str(certificate))
    with Wire(lambda _: told({"models": []}), tls=context) as wire:
        with (
            Client(host=wire.url) as client,
            pytest.raises(errors.ConnectionFailedError, match="certificate"),
        ):
            client.list()
        assert wire.asked == []
        for verify in (trusting, False):
            with Client(host=wire.url, verify=verify) as client:
                assert client.list().models == []
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "nothing"))
        with Client(host=wire.url) as client:
            with pytest.raises(errors.RequestError, match="No such file"):
                client.list()
            monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
            assert client.list().models == []

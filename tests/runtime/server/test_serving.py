"""The socket, the signals and the log of a server that is a process of its own."""

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator

import httpx
import pytest

from paddock.server.serving import listen

SERVING = """
import logging
from paddock.server import serving

async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"a part", "more_body": True})
    logging.warning("given up")

logging.basicConfig()
with serving.listen("127.0.0.1", 0) as listener:
    port = listener.getsockname()[1]
    serving.serve(app, listener, lambda: print(port, flush=True))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="nothing can be asked to end there")
def test_a_client_that_was_given_up_is_told_of_once():
    command = [sys.executable, "-c", SERVING]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True) as program:
        assert program.stdout
        port = int(program.stdout.readline())
        with pytest.raises(httpx.RemoteProtocolError):
            httpx.get(f"http://127.0.0.1:{port}/", timeout=60, trust_env=False)
        program.send_signal(signal.SIGTERM)
        _, errors = program.communicate(timeout=60)
    assert program.returncode == 0
    assert errors == "WARNING:root:given up\n"


@pytest.fixture
def port() -> Iterator[int]:
    """Where a server that is a process of its own listens."""
    command = [sys.executable, "-c", SERVING]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout
        yield int(program.stdout.readline())
        program.kill()


@pytest.mark.parametrize("begun", ["GET /", "GET / HTTP/1.1\r\nhost: x\r\na: "])
def test_a_head_without_end_is_given_up(port: int, begun: str):
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(begun.encode())
        with pytest.raises(ConnectionError):  # noqa: PT012 -- which one of them ends it
            for _ in range(1000):
                connection.sendall(b"a" * 65536)


def test_what_is_sent_does_not_wait_for_an_acknowledgement():
    with listen("127.0.0.1", 0) as listener, socket.create_connection(listener.getsockname()):
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)

"""A server on loopback that answers what a test says, byte for byte, and remembers what was asked.

For recorded forms of the wire and for what no well-behaved server does: pieces cut anywhere,
connections that break, answers that never end.
"""

import contextlib
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self, cast

NDJSON = "application/x-ndjson"
PATIENCE = 20.0


@dataclass
class Asked:
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes
    gone: threading.Event = field(default_factory=threading.Event)
    """Set once the client has dropped the connection before the answer's end."""

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Told:
    """One answer."""

    status: int = 200
    pieces: Iterable[bytes] = ()
    headers: dict[str, str] = field(default_factory=dict)
    breaks: bool = False
    """The connection is cut behind the last piece."""


def told(value: Any, status: int = 200) -> Told:
    """A whole body of JSON."""
    return Told(status, [json.dumps(value).encode()], {"Content-Type": "application/json"})


def line(value: Any) -> bytes:
    return json.dumps(value).encode() + b"\n"


def lines(*values: Any) -> Told:
    """A stream, each line a piece."""
    return Told(200, [line(value) for value in values], {"Content-Type": NDJSON})


class Wire:
    """Runs while its `with` block lasts. `answer` may be changed at any time."""

    def __init__(
        self,
        answer: Callable[[Asked], Told] | Told | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.answer = answer or Told(404, [b'{"error":"nothing is told"}'])
        self.asked: list[Asked] = []
        self.connections = 0
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.wire = self
        self.address = f"127.0.0.1:{self._server.server_port}"
        self.url = f"{'https' if tls else 'http'}://{self.address}"
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def last(self) -> Asked:
        return self.asked[-1]

    def tell(self, asked: Asked) -> Told:
        self.asked.append(asked)
        return self.answer(asked) if callable(self.answer) else self.answer


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    wire: Wire

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that go away are what many tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = PATIENCE

    def setup(self) -> None:
        super().setup()
        cast("_Server", self.server).wire.connections += 1

    def handle_one_request(self) -> None:
        with contextlib.suppress(ConnectionError):
            super().handle_one_request()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):
            return self._handle
        raise AttributeError(name)

    def _handle(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        asked = Asked(self.command, self.path, headers, self._body(headers))
        answer = cast("_Server", self.server).wire.tell(asked)
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if self.command == "HEAD":
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        try:
            for piece in answer.pieces:
                if self._is_gone():
                    raise ConnectionError
                self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            if answer.breaks:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
            else:
                self.wfile.write(b"0\r\n\r\n")
        except OSError:
            asked.gone.set()
            self.close_connection = True

    def _is_gone(self) -> bool:
        if isinstance(self.connection, ssl.SSLSocket):
            return False  # cannot be looked into
        self.connection.setblocking(False)
        try:
            return self.connection.recv(1, socket.MSG_PEEK) == b""
        except BlockingIOError:
            return False
        finally:
            self.connection.settimeout(PATIENCE)

    def _body(self, headers: dict[str, str]) -> bytes:
        if headers.get("transfer-encoding") != "chunked":
            return self.rfile.read(int(headers.get("content-length", 0)))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def log_message(self, *_: object) -> None:
        """Silent."""


def endless(part: Any, pause: float = 0.01) -> Iterator[bytes]:
    """Lines for ever."""
    rest = threading.Event()
    while True:
        yield line(part)
        rest.wait(pause)

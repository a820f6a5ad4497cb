"""Registries on loopback: Debian's real one, one of ours that can lie, and a wire that breaks."""

import contextlib
import hashlib
import json
import re
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

MANIFEST_TYPE = "application/vnd.docker.distribution.manifest.v2+json"
KINDS = "application/vnd.ollama.image."


# -- the real one ----------------------------------------------------------------------------------


@contextlib.contextmanager
def docker_registry(folder: Path) -> Iterator[str]:
    """Runs `docker-registry` over a folder; its address."""
    program = shutil.which("docker-registry")
    if program is None:
        pytest.skip("needs docker-registry: apt-get install docker-registry")
    address = f"127.0.0.1:{free_port()}"
    config = folder / "config.yml"
    config.write_text(
        "version: 0.1\n"
        "log: {level: error, accesslog: {disabled: true}}\n"
        f"storage: {{filesystem: {{rootdirectory: {json.dumps(str(folder / 'data'))}}}}}\n"
        f"http: {{addr: '{address}'}}\n"
    )
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([program, "serve", config], stdout=log, stderr=log)
    try:
        wait_for(address, process)
        yield address
    finally:
        process.terminate()
        process.wait(10)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(address: str, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(200):
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"http://{address}/v2/", trust_env=False).status_code == 200:
                return
        assert process.poll() is None, "docker-registry ended"
        time.sleep(0.05)
    raise AssertionError("docker-registry does not answer")


# -- one that can lie ------------------------------------------------------------------------------


@dataclass
class Request:
    """What a client asked for."""

    method: str
    path: str
    headers: dict[str, str]


@dataclass
class Answer:
    """What it is told; `body` may be cut into pieces with pauses by a generator."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | Callable[[], Iterator[bytes]] = b""
    length: int | None = None
    """Content-Length, where it is not the body's."""


Lie = Callable[[Request, Answer], Answer]


class FakeRegistry:
    """Serves blobs and manifests from memory, remembers every request, and passes each answer
    through `lie`."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.blobs: dict[str, bytes] = {}
        self.manifests: dict[str, bytes] = {}
        self.requests: list[Request] = []
        self.sent = 0
        self.lie: Lie = lambda request, answer: answer
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.registry = self
        self.address = f"127.0.0.1:{self._server.server_port}"
        self.url = f"{'https' if tls else 'http'}://{self.address}"
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)

    def __enter__(self) -> "FakeRegistry":
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def add_blob(self, content: bytes) -> str:
        digest = "sha256:" + hashlib.sha256(content).hexdigest()
        self.blobs[digest] = content
        return digest

    def add_model(self, path: str, *contents: bytes, **changes: Any) -> bytes:
        """`namespace/model/tag` with the contents as layers: weights, then licences."""
        layers = [
            {
                "mediaType": KINDS + ("license" if number else "model"),
                "digest": self.add_blob(content),
                "size": len(content),
            }
            for number, content in enumerate(contents)
        ]
        config = b'{"model_format":"gguf"}\n'
        manifest: dict[str, Any] = {
            "schemaVersion": 2,
            "mediaType": MANIFEST_TYPE,
            "config": {
                "mediaType": "application/vnd.docker.container.image.v1+json",
                "digest": self.add_blob(config),
                "size": len(config),
            },
            "layers": layers,
        }
        # Not as paddock writes it: what is stored must be these very bytes.
        self.manifests[path] = json.dumps(manifest | changes, indent=1).encode()
        return self.manifests[path]

    def paths(self, method: str = "GET") -> list[str]:
        return [request.path for request in self.requests if request.method == method]

    def answer(self, request: Request) -> Answer:
        path = request.path.partition("?")[0]
        if found := re.fullmatch(r"/v2/(\w+/[\w.-]+)/manifests/([\w.-]+)", path):
            content = self.manifests.get(f"{found[1]}/{found[2]}")
        elif found := re.fullmatch(r"/v2/\w+/[\w.-]+/blobs/(sha256:\w+)", path):
            content = self.blobs.get(found[1])
        else:
            content = None
        if content is None:
            return Answer(404)
        asked = re.fullmatch(r"bytes=(\d+)-(\d+)", request.headers.get("range", ""))
        if asked is None:
            return Answer(200, body=content)
        first, last = int(asked[1]), min(int(asked[2]), len(content) - 1)
        if first >= len(content):
            return Answer(416)
        told = {"Content-Range": f"bytes {first}-{last}/{len(content)}"}
        return Answer(206, told, content[first : last + 1])


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    registry: "FakeRegistry"

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that left: that is what the tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _serve(self) -> None:
        registry = cast("_Server", self.server).registry
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, self.path, headers)
        registry.requests.append(request)
        answer = registry.lie(request, registry.answer(request))
        body = answer.body
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        length = answer.length
        if length is None and isinstance(body, bytes):
            length = len(body)
        if length is None:
            self.send_header("Connection", "close")
            self.close_connection = True
        else:
            self.send_header("Content-Length", str(length))
        self.end_headers()
        if self.command == "HEAD":
            return
        pieces = iter((body,)) if isinstance(body, bytes) else body()
        with contextlib.suppress(OSError):
            for piece in pieces:
                self.wfile.write(piece)
                registry.sent += len(piece)
        if length is not None and isinstance(body, bytes) and length > len(body):
            self.close_connection = True

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = _serve  # noqa: N815 - the base looks for them

    def log_message(self, *_: object) -> None:
        pass


# -- a wire that breaks ----------------------------------------------------------------------------


class BreakingWire:
    """Forwards connections to an address, and breaks each that is told to after some bytes.

    `down` and `up` hold, for the transfers to come, how many bytes pass to the client, or from it,
    before the break.
    """

    def __init__(self, target: str, *, down: Iterable[int] = (), up: Iterable[int] = ()) -> None:
        host, _, port = target.rpartition(":")
        self._target = host, int(port)
        self._limits = {"down": iter(down), "up": iter(up)}
        self._lock = threading.Lock()
        self.passed = {"down": 0, "up": 0}
        self.n_broken = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> "BreakingWire":
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client = self._listener.accept()[0]
            except OSError:
                return
            server = socket.create_connection(self._target)
            for direction, source, sink in (("down", server, client), ("up", client, server)):
                threading.Thread(
                    target=self._forward, args=(direction, source, sink), daemon=True
                ).start()

    def _forward(self, direction: str, source: socket.socket, sink: socket.socket) -> None:
        limit: int | None = None
        here = 0
        with contextlib.suppress(OSError):
            while chunk := source.recv(1 << 16):
                here += len(chunk)
                if here > 4096 and limit is None:  # a transfer, no small talk
                    with self._lock:
                        limit = next(self._limits[direction], -1)
                if limit is not None and 0 <= limit < here:
                    self.n_broken += 1
                    break
                sink.sendall(chunk)
                self.passed[direction] += len(chunk)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        source.close()

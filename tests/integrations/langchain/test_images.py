"""Images behind addresses: from files and from a server, where the caller allows it."""

import threading
from base64 import b64decode
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import HumanMessage

from langchain_paddock import ChatPaddock, _images
from paddock import RequestError, UnsupportedError

PNG = b64decode("iVBORw0KGgo=")


class Pictures(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/moved.png":
            self.send_response(302)
            self.send_header("Location", "/cat.png")
            self.end_headers()
            return
        found = self.path == "/cat.png"
        self.send_response(200 if found else 404)
        self.end_headers()
        self.wfile.write(PNG if found else b"")

    def log_message(self, format: str, *args: Any) -> None: ...


@pytest.fixture
def address(socket_enabled: None) -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Pictures) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def message(address: str) -> HumanMessage:
    return HumanMessage([{"type": "image", "url": address}, {"type": "text", "text": "What?"}])


def sent(runtime: Any) -> bytes:
    (image,) = runtime.requests[-1].messages[0].images
    return image.read()


async def test_files_are_read_where_that_is_allowed(hello: Any, tmp_path: Path) -> None:
    picture = tmp_path / "a cat.png"
    picture.write_bytes(PNG)
    model = ChatPaddock(model="tiny", runtime=hello, read_files=True)
    model.invoke([message(picture.as_uri())])
    assert sent(hello) == PNG
    await model.ainvoke([message(str(picture))])
    assert sent(hello) == PNG
    with pytest.raises(RequestError, match=r"message 0: the image .*nothing.* cannot be read"):
        model.invoke([message(str(tmp_path / "nothing.png"))])
    with pytest.raises(UnsupportedError, match="fetch_urls=True"):
        model.invoke([message("http://127.0.0.1/cat.png")])


async def test_addresses_are_fetched_where_that_is_allowed(hello: Any, address: str) -> None:
    model = ChatPaddock(model="tiny", runtime=hello)
    await model.ainvoke([message(f"{address}/moved.png")], fetch_urls=True)
    assert sent(hello) == PNG
    with pytest.raises(RequestError, match=r"message 0: the image at .* cannot be fetched: .*404"):
        model.invoke([message(f"{address}/dog.png")], fetch_urls=True)
    with pytest.raises(UnsupportedError, match="read_files=True"):
        model.invoke([message("file:///etc/passwd")], fetch_urls=True)


def test_what_is_too_large_for_an_image_is_not_taken(
    hello: Any, tmp_path: Path, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_images, "MAX_BYTES", 4)
    picture = tmp_path / "cat.png"
    picture.write_bytes(PNG)
    model = ChatPaddock(model="tiny", runtime=hello, read_files=True, fetch_urls=True)
    for where in (str(picture), f"{address}/cat.png"):
        with pytest.raises(RequestError, match="is larger than"):
            model.invoke([message(where)])

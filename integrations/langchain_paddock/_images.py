"""Bytes behind the addresses of images, for callers who allow it: files, and http(s)."""

from pathlib import Path
from typing import Final
from urllib.parse import urlsplit
from urllib.request import url2pathname

from langchain_paddock._convert import Open, opens_nothing
from paddock import RequestError

MAX_BYTES: Final = 64 << 20
_SECONDS: Final = 60


def opener(*, fetch_urls: bool, read_files: bool) -> Open:
    """Blocks while it reads."""

    def opened(address: str) -> bytes:
        scheme = urlsplit(address).scheme
        if scheme in ("http", "https") and fetch_urls:
            return _fetched(address)
        if scheme == "file" and read_files:
            return _read(Path(url2pathname(urlsplit(address).path)))
        if "://" not in address and read_files:
            return _read(Path(address).expanduser())
        return opens_nothing(address)

    return opened


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise RequestError(f"the image {path} is larger than {MAX_BYTES >> 20} MiB")
        return path.read_bytes()
    except OSError as error:
        raise RequestError(f"the image {path} cannot be read: {error}") from error


def _fetched(url: str) -> bytes:
    import httpx  # a tenth of a second that few need

    content = bytearray()
    try:
        with httpx.stream("GET", url, follow_redirects=True, timeout=_SECONDS) as response:
            response.raise_for_status()
            for piece in response.iter_bytes():
                content += piece
                if len(content) > MAX_BYTES:
                    raise RequestError(f"the image at {url} is larger than {MAX_BYTES >> 20} MiB")
    except httpx.HTTPError as error:
        raise RequestError(f"the image at {url} cannot be fetched: {error}") from error
    return bytes(content)

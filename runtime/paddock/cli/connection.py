"""Whom a command asks: the models of this process, or a server. Knows addresses; speaks no API."""

import os
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from paddock.client import Client
    from paddock.remote.address import Address

_PATIENCE: Final = 1.0
_ENOUGH: Final = 1 << 16
_VARIABLES: Final = ("PADDOCK_HOST", "OLLAMA_HOST")


def connect(host: str | None) -> "Client":
    """A client for the server that is meant, else for the models of this process."""
    from paddock.client import Client

    return Client(host=server(host))


def server(host: str | None) -> str | None:
    """What `--host` says, else the server that the environment names, if one answers there."""
    if host:
        return host
    named = named_server()
    if not named:
        return None
    from paddock.remote.address import Address

    return named if answers(Address.parse(named)) else None


def named_server() -> str:
    """What the environment says, whether or not anything answers there."""
    return next((text for name in _VARIABLES if (text := os.environ.get(name, "").strip())), "")


def answers(address: "Address") -> bool:
    """Whether a server of Ollama's kind is there."""
    return _asked(address, "HEAD", "/") is not None


def version_of(address: "Address") -> str | None:
    """What the server says that it is; None if none is there."""
    import json

    body = _asked(address, "GET", "/api/version")
    try:
        return None if body is None else str(json.loads(body)["version"])
    except (ValueError, KeyError, TypeError):
        return None


def _asked(address: "Address", method: str, path: str) -> bytes | None:
    """The body of an answer that says yes, soon."""
    import http.client

    parts = urlsplit(address.url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=_PATIENCE)
    headers = {"Authorization": address.authorization} if address.authorization else {}
    try:
        connection.request(method, f"{parts.path}{path}", headers=headers)
        reply = connection.getresponse()
        return reply.read(_ENOUGH) if reply.status == http.client.OK else None
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()

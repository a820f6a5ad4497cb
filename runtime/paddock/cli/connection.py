"""Whom a command asks: the models of this process, or a server. Knows addresses; speaks no API."""

import os
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from paddock.client import Client
    from paddock.remote.address import Address

_PATIENCE: Final = 1.0
_VARIABLES: Final = ("PADDOCK_HOST", "OLLAMA_HOST")


def connect(host: str | None) -> "Client":
    """A client for the server that is meant, else for the models of this process."""
    from paddock.client import Client

    return Client(host=server(host))


def server(host: str | None) -> str | None:
    """What `--host` says, else the server that the environment names, if one answers there."""
    if host:
        return host
    named = next((text for name in _VARIABLES if (text := os.environ.get(name, "").strip())), "")
    if not named:
        return None
    from paddock.remote.address import Address

    return named if answers(Address.parse(named)) else None


def answers(address: "Address") -> bool:
    """Whether a server of Ollama's kind is there."""
    import http.client

    parts = urlsplit(address.url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=_PATIENCE)
    headers = {"Authorization": address.authorization} if address.authorization else {}
    try:
        connection.request("HEAD", f"{parts.path}/", headers=headers)
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()

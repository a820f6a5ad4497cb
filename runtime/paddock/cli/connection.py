"""Whom a command asks: the models of this process, or a server. Knows addresses; speaks no API."""

import http.client
import os
from typing import Final
from urllib.parse import urlsplit

from paddock.client import Client
from paddock.remote.address import Address

_PATIENCE: Final = 1.0
_VARIABLES: Final = ("PADDOCK_HOST", "OLLAMA_HOST")


def connect(host: str | None) -> Client:
    """A client for `--host`, else for the server that the environment names if one answers there,
    else for the models of this process."""
    if host:
        return Client(host=host)
    named = next((text for name in _VARIABLES if (text := os.environ.get(name, "").strip())), "")
    if named and answers(Address.parse(named)):
        return Client(host=named)
    return Client()


def answers(address: Address) -> bool:
    """Whether a server of Ollama's kind is there."""
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

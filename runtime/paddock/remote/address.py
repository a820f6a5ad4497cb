"""Where a server is: what a user writes for a host, as a URL to dial and what shall say who asks.

Pure. How the text becomes a URL is `settings`' knowledge, since a server listens by the same rules.
"""

import re
from base64 import b64encode
from dataclasses import dataclass, field
from typing import Final, Self
from urllib.parse import unquote, urlsplit

from paddock.errors import RequestError
from paddock.settings import connectable_url, server_url

_SCHEMES: Final = frozenset({"http", "https"})
_NO_HOST: Final = re.compile(r"[\s?#\\<>\"{}|^`%]")


@dataclass(frozen=True, slots=True)
class Address:
    """A server. `url` may be shown to anyone; `authorization`, a header's value, to the server."""

    url: str
    authorization: str | None = field(default=None, repr=False)

    @classmethod
    def parse(cls, host: str) -> Self:
        """`[scheme://][user:password@]host[:port][/path]`, all of it optional but the host.

        A server that listens everywhere is dialled on loopback. Raises RequestError.
        """
        scheme, separator, rest = host.strip().strip("\"'").rpartition("://")
        if separator and scheme.lower() not in _SCHEMES:
            raise RequestError(f"{scheme}: not a protocol that servers speak; use http or https")
        authority, slash, path = rest.partition("/")
        user, at, name = authority.rpartition("@")
        url = connectable_url(server_url(f"{scheme}{separator}{name}{slash}{path}"))
        _check(url)
        return cls(url, _basic(user) if at else None)


def _check(url: str) -> None:
    try:
        name = urlsplit(url).hostname
    except ValueError:  # brackets that enclose no IPv6 address
        name = None
    if not name or _NO_HOST.search(url):
        raise RequestError(f'"{url}" is not the address of a server, like http://127.0.0.1:11434')


def _basic(user: str) -> str:
    name, _, password = user.partition(":")
    return "Basic " + b64encode(f"{unquote(name)}:{unquote(password)}".encode()).decode()

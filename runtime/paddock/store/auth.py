"""Who the user is to a registry: the ed25519 key, and the answer to a registry's challenge.

Knows the key file, the challenge header, and the text that is signed. Sends nothing.
"""

import base64
import contextlib
import hashlib
import logging
import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from paddock.errors import StoreError, UnauthorizedError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

logger = logging.getLogger(__name__)

_EMPTY_BODY: Final = base64.b64encode(hashlib.sha256(b"").hexdigest().encode()).decode()


def default_key_path() -> Path:
    """The key that Ollama made, or would make, for this user."""
    return Path.home() / ".ollama" / "id_ed25519"


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a registry answers to a request without a token: where to fetch one, and for what."""

    realm: str
    service: str
    scope: str

    @classmethod
    def parse(cls, header: str) -> Self:
        """Of `Bearer realm="…",service="…",scope="…"`; what is not there is empty."""
        return cls(*(_quoted(header, name) for name in ("realm", "service", "scope")))

    def check(self, scheme: str, host: str) -> None:
        """The token must come from the registry itself, as safely as the request went there.

        A foreign realm would be handed a signature that it could use elsewhere.
        """
        realm = urlsplit(self.realm)
        if realm.netloc != host:
            raise UnauthorizedError(
                f'realm host "{realm.netloc}" does not match original host "{host}"'
            )
        if realm.scheme not in {"https", scheme}:
            raise UnauthorizedError(f'realm "{self.realm}" is not https; no key is used there')

    def token_url(self, unix_time: int, nonce: str) -> str:
        realm = urlsplit(self.realm)
        query = [
            *parse_qsl(realm.query, keep_blank_values=True),
            ("service", self.service),
            *(("scope", scope) for scope in self.scope.split(" ")),
            ("ts", str(unix_time)),
            ("nonce", nonce),
        ]
        query.sort(key=lambda item: item[0])
        return urlunsplit(realm._replace(query=urlencode(query)))


def _quoted(header: str, name: str) -> str:
    # A value ends at a quote that a comma or the end follows: scopes may hold commas.
    found = re.search(rf'(?:^|[ ,]){name}="(.*?)"(?:,|$)', header)
    return found[1] if found else ""


def make_nonce() -> str:
    return base64.urlsafe_b64encode(os.urandom(16)).rstrip(b"=").decode()


def signed_text(url: str) -> str:
    """What is signed for the request of a token: method, address, hash of the empty body."""
    return f"GET,{url},{_EMPTY_BODY}"


class Key:
    """The user's private key."""

    def __init__(self, private: "Ed25519PrivateKey") -> None:
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        self._private = private
        self.public_line = (
            private.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
        )
        """`ssh-ed25519 AAAA…`: what a user adds to an account to push, or to pull in private."""

    @classmethod
    def load(cls, path: Path) -> Self:
        """The key of a file. Raises FileNotFoundError, and StoreError for what is no such key."""
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.serialization import load_ssh_private_key

        remedy = "move it away, and the next pull or push makes a new one"
        try:
            private = load_ssh_private_key(path.read_bytes(), password=None)
        except FileNotFoundError:
            raise
        except OSError as error:
            raise StoreError(f"{path}: {error.strerror}; a registry asks for this key") from error
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise StoreError(
                f"{path}: not an OpenSSH private key without a passphrase; {remedy}"
            ) from error
        if not isinstance(private, Ed25519PrivateKey):
            raise StoreError(f"{path}: not an ed25519 key; {remedy}")
        return cls(private)

    @classmethod
    def load_or_make(cls, path: Path) -> Self:
        """The key of a file, which is made if it is missing."""
        try:
            return cls.load(path)
        except FileNotFoundError:
            _make(path)
        logger.info("made a new key for registries: %s", path)
        return cls.load(path)

    def authorization(self, url: str) -> str:
        """The header that asks `url` for a token: who we are, and proof of it."""
        signature = self._private.sign(signed_text(url).encode())
        return f"{self.public_line.split(' ')[1]}:{base64.b64encode(signature).decode()}"


def _make(path: Path) -> None:
    """Writes a new key and its public half; a key that another process made meanwhile stays."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    private = Ed25519PrivateKey.generate()
    content = private.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # mkstemp files are 0600 whatever the umask; the link appears whole, or not at all.
        descriptor, temporary = tempfile.mkstemp(prefix=".id_ed25519-", dir=path.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
            with contextlib.suppress(FileExistsError):
                _link(Path(temporary), path)
                path.with_name(path.name + ".pub").write_text(Key(private).public_line + "\n")
        finally:
            Path(temporary).unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(
            f"{error.filename or path}: {error.strerror}; a registry asks for a key, which paddock "
            "keeps there"
        ) from error


def _link(temporary: Path, path: Path) -> None:
    try:
        path.hardlink_to(temporary)
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        with path.open("xb") as file:
            path.chmod(0o600)
            file.write(temporary.read_bytes())

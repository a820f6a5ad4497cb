"""The key file, and the answer to a challenge."""

import base64
import os
import shutil
import subprocess
import threading
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from paddock.errors import StoreError, UnauthorizedError
from paddock.store.auth import Challenge, Key, make_nonce, signed_text

quotable = st.text(st.characters(exclude_characters='"\n\r', exclude_categories=["Cs"]))


@settings(deadline=None)
@given(realm=quotable, service=quotable, scope=quotable)
def test_a_challenge_is_read_as_it_was_written(realm: str, service: str, scope: str) -> None:
    header = f'Bearer realm="{realm}",service="{service}",scope="{scope}"'
    if not any(f' {name}="' in header[7:] for name in ("realm", "service", "scope")):
        assert Challenge.parse(header) == Challenge(realm, service, scope)


@settings(deadline=None)
@given(st.text())
def test_any_header_is_some_challenge(header: str) -> None:
    Challenge.parse(header)


def test_scopes_may_hold_commas() -> None:
    header = 'Bearer realm="https://r/t",scope="repository:a/b:pull,push",service="s"'
    assert Challenge.parse(header) == Challenge("https://r/t", "s", "repository:a/b:pull,push")


def test_the_realm_must_be_the_registry_itself() -> None:
    Challenge("https://r:5/t", "", "").check("https", "r:5")
    Challenge("http://r:5/t", "", "").check("http", "r:5")
    Challenge("https://r:5/t", "", "").check("http", "r:5")
    for realm, scheme in (("http://r:5/t", "https"), ("ftp://r:5/t", "http"), ("//r:5/t", "https")):
        with pytest.raises(UnauthorizedError, match="not https"):
            Challenge(realm, "", "").check(scheme, "r:5")
    for realm in ("https://r/t", "https://r:5@evil/t", "https://evil/r:5", "", "https://R:5/t"):
        with pytest.raises(UnauthorizedError, match="does not match"):
            Challenge(realm, "", "").check("https", "r:5")


def test_nonces_differ_and_need_no_escaping() -> None:
    nonces = {make_nonce() for _ in range(100)}
    assert len(nonces) == 100
    assert all(
        len(nonce) == 22 and nonce.replace("-", "").replace("_", "").isalnum() for nonce in nonces
    )


def test_a_missing_key_is_made_for_the_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "deep" / ".ollama" / "id_ed25519"
    before = os.umask(0)
    try:
        key = Key.load_or_make(path)
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert path.read_bytes().startswith(b"-----BEGIN OPENSSH PRIVATE KEY-----")
    assert path.with_name("id_ed25519.pub").read_text() == key.public_line + "\n"
    assert sorted(each.name for each in path.parent.iterdir()) == ["id_ed25519", "id_ed25519.pub"]
    assert Key.load_or_make(path).public_line == key.public_line


def test_those_who_make_a_key_at_once_get_the_same(tmp_path: Path) -> None:
    path, lines = tmp_path / "id_ed25519", set[str]()
    threads = [
        threading.Thread(target=lambda: lines.add(Key.load_or_make(path).public_line))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(lines) == 1


def test_the_signature_is_the_keys_own(tmp_path: Path) -> None:
    key, url = Key.load_or_make(tmp_path / "id_ed25519"), "https://r/t?nonce=n"
    blob, _, signature = key.authorization(url).partition(":")
    assert key.public_line == f"ssh-ed25519 {blob}"
    private = Key.load(tmp_path / "id_ed25519")._private
    private.public_key().verify(base64.b64decode(signature), signed_text(url).encode())


def test_what_is_no_such_key_is_named_with_the_remedy(tmp_path: Path) -> None:
    other = generate_private_key(65537, 2048).private_bytes(
        Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()
    )
    for content in (b"", b"no key", other):
        (tmp_path / "key").write_bytes(content)
        with pytest.raises(StoreError, match="makes a new one"):
            Key.load_or_make(tmp_path / "key")
        assert (tmp_path / "key").read_bytes() == content
    with pytest.raises(StoreError, match="a registry asks"):
        Key.load_or_make(tmp_path)
    with pytest.raises(StoreError, match="a registry asks"):
        Key.load_or_make(tmp_path / "key" / "below")


def test_a_key_with_a_passphrase_is_named_with_the_remedy(tmp_path: Path) -> None:
    program = shutil.which("ssh-keygen")
    if program is None:
        pytest.skip("needs ssh-keygen")
    path = tmp_path / "id_ed25519"
    subprocess.run([program, "-q", "-t", "ed25519", "-N", "secret", "-f", path], check=True)
    with pytest.raises(StoreError, match="without a passphrase"):
        Key.load_or_make(path)


def test_a_key_of_ssh_keygen_is_taken(tmp_path: Path) -> None:
    program = shutil.which("ssh-keygen")
    if program is None:
        pytest.skip("needs ssh-keygen")
    path = tmp_path / "id_ed25519"
    subprocess.run([program, "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", path], check=True)
    assert (
        Key.load_or_make(path).public_line == path.with_name("id_ed25519.pub").read_text().strip()
    )

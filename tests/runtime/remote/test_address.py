from base64 import b64decode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ollama._client import _parse_host

from paddock.errors import PaddockError, RequestError
from paddock.remote.address import Address

LOOPBACK = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]"}


@pytest.mark.parametrize("scheme", ["", "http://", "https://"])
@pytest.mark.parametrize(
    "host", ["1.2.3.4", "example.com", "localhost", "[1:2::3]", "0.0.0.0", "[::]"]
)
@pytest.mark.parametrize("port", ["", ":1234"])
@pytest.mark.parametrize("path", ["", "/", "/path", "/a/b/"])
def test_a_host_is_read_as_the_official_client_does(scheme: str, host: str, port: str, path: str):
    dialled = scheme + LOOPBACK.get(host, host) + port + path
    assert Address.parse(scheme + host + port + path).url == _parse_host(dialled)


@pytest.mark.parametrize(
    ("host", "url"),
    [
        (":1234", "http://127.0.0.1:1234"),
        (" 'example.com' ", "http://example.com:11434"),
        ("HTTP://example.com", "http://example.com:80"),
        ("::1", "http://[::1]:11434"),
    ],
)
def test_spaces_quotes_and_short_forms_are_understood(host: str, url: str):
    assert Address.parse(host).url == url


@pytest.mark.parametrize("scheme", ["", "http://", "https://"])
def test_credentials_leave_the_address_and_become_a_header(scheme: str):
    address = Address.parse(f"{scheme}me%40home:p%3Ass:word@example.com:1234/path")
    assert address.url == f"{scheme or 'http://'}example.com:1234/path"
    assert address.authorization is not None
    kind, _, text = address.authorization.partition(" ")
    assert (kind, b64decode(text)) == ("Basic", b"me@home:p:ss:word")
    assert "word" not in repr(address)


@pytest.mark.parametrize(
    ("host", "complaint"),
    [
        ("ftp://example.com", "ftp: not a protocol"),
        ("exa mple.com", "not the address of a server"),
        ("http://example.com?model=x", "not the address of a server"),
        ("http://[1::2", "not the address of a server"),
        ("example.com\n", None),
        ("a\nb", "not the address of a server"),
    ],
)
def test_what_is_no_address_is_refused(host: str, complaint: str | None):
    if complaint is None:
        assert Address.parse(host).url == "http://example.com:11434"
        return
    with pytest.raises(RequestError, match=complaint):
        Address.parse(host)


@given(st.text(max_size=40))
def test_any_text_is_an_address_or_an_error_of_ours(text: str):
    try:
        address = Address.parse(text)
    except PaddockError:
        return
    assert address.url.startswith(("http://", "https://"))

"""Where requests go: addresses, proxies, certificates, redirects."""

import os
import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.certificates import make_certificate
from tests.registries import Answer, FakeRegistry, Request

from paddock.errors import RegistryError, TransferError
from paddock.names import ModelName
from paddock.store import registry
from paddock.store.local import LocalStore
from paddock.store.remote import Remote, target, user_agent
from paddock.store.transfer import Policy, Stop
from paddock.store.upkeep import verify

HASTY = Policy(attempts=2, first_wait=0.01, stall=5, connect=5)


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "models")


def pull(store: LocalStore, reference: str, *, insecure: bool = False) -> None:
    registry.pull(store, reference, lambda _: None, Stop(), insecure=insecure, policy=HASTY)


@pytest.mark.parametrize(
    ("reference", "insecure", "url"),
    [
        ("m", False, "https://registry.ollama.ai/v2/library/m/manifests/latest"),
        ("me/m:1b", False, "https://registry.ollama.ai/v2/me/m/manifests/1b"),
        ("hf.co/u/r:Q4_K_M", False, "https://hf.co/v2/u/r/manifests/Q4_K_M"),
        ("https://host:5000/u/r.x", False, "https://host:5000/v2/u/r.x/manifests/latest"),
        ("http://host:5000/u/r", True, "http://host:5000/v2/u/r/manifests/latest"),
        ("https://host/u/r", True, "http://host/v2/u/r/manifests/latest"),
        ("host/u/r:local", True, "http://host/v2/u/r/manifests/latest"),
    ],
)
def test_a_name_is_an_address(reference: str, insecure: bool, url: str) -> None:
    name, scheme = target(reference, insecure=insecure)
    with Remote(name, scheme) as remote:
        assert str(remote.at(f"manifests/{name.tag}")) == url


def test_home_is_one_scheme_one_host_one_port() -> None:
    with Remote(ModelName.parse("host/u/r"), "https") as remote:
        for url in ("https://host/x", "https://HOST:443/"):
            assert remote.is_home(httpx.URL(url))
        for url in ("http://host/", "https://host:444/", "https://a.host/", "https://host.evil/"):
            assert not remote.is_home(httpx.URL(url))


def test_a_redirect_never_leads_to_less_safety() -> None:
    def answer(location: str) -> httpx.Response:
        request = httpx.Request("GET", "https://host/v2/u/r/blobs/x")
        return httpx.Response(307, headers={"Location": location}, request=request)

    with Remote(ModelName.parse("host/u/r"), "https") as remote:
        assert remote.follow(answer("/elsewhere")) == "https://host/elsewhere"
        assert remote.follow(answer("https://cdn/x?sig=1")) == "https://cdn/x?sig=1"
        for location in ("http://host/x", "file:///etc/passwd", "ftp://host/", ""):
            with pytest.raises(TransferError, match="nothing is fetched"):
                remote.follow(answer(location))


def test_registries_see_ollamas_version_first() -> None:
    product, _, version = user_agent().partition(" ")[0].partition("/")
    assert product == "ollama"
    assert len(version.split(".")) == 3
    assert "paddock/" in user_agent()


def test_a_proxy_is_used_as_the_variables_say(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FakeRegistry() as proxy:
        proxy.add_model("me/m/latest", b"weights")

        def behind(request: Request, _: Answer) -> Answer:
            path = request.path.removeprefix("http://registry.invalid")
            return proxy.answer(Request(request.method, path, request.headers))

        proxy.lie = behind
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        pull(store, "registry.invalid/me/m", insecure=True)
        assert all(path.startswith("http://registry.invalid/v2/") for path in proxy.paths())
        assert verify(store).problems == ()
        proxy.requests.clear()
        monkeypatch.setenv("NO_PROXY", "registry.invalid")
        with pytest.raises(RegistryError, match="cannot reach"):
            pull(store, "registry.invalid/me/m", insecure=True)
        assert proxy.requests == []


@pytest.fixture
def secured(tmp_path: Path) -> Iterator[FakeRegistry]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(make_certificate(tmp_path))
    with FakeRegistry(context) as fake:
        fake.add_model("me/m/latest", b"weights" * 10_000)
        yield fake


def test_a_private_authority_is_trusted_when_a_variable_names_it(
    store: LocalStore, secured: FakeRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(RegistryError, match="SSL_CERT_FILE"):
        pull(store, f"{secured.address}/me/m")
    assert secured.requests == []
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
    pull(store, f"{secured.address}/me/m")
    assert verify(store).problems == ()


def test_a_secure_registry_may_not_send_blobs_in_the_clear(
    store: LocalStore, secured: FakeRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
    with FakeRegistry() as plain:
        secured.lie = lambda request, answer: (
            Answer(307, {"Location": plain.url + request.path})
            if "/blobs/" in request.path
            else answer
        )
        with pytest.raises(TransferError, match="nothing is fetched"):
            pull(store, f"{secured.address}/me/m")
        assert plain.requests == []


def test_a_fast_download_comes_in_large_pieces() -> None:
    with FakeRegistry() as fake:
        digest = fake.add_blob(bytes(8 << 20))
        with Remote(ModelName.parse(f"{fake.address}/me/m"), "http") as remote:
            url = remote.at(f"blobs/{digest}")
            with remote.open("GET", url, Stop()) as response:
                pieces = [len(chunk) for chunk in remote.chunks(response)]
    assert sum(pieces) == 8 << 20
    assert max(pieces) > 64 << 10

"""Who may ask: origins, Host headers, keys, read-only mode, registries. Row by row of what can go
wrong; the cases of the reference stand in the vectors."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from paddock.errors import RequestError
from paddock.runtime import Runtime
from paddock.server import create_app
from paddock.server.access import host_of, is_loopback, is_own, matches, parse_origins
from paddock.server.app import ENDPOINTS

LOCAL = "http://127.0.0.1:11434"


@pytest.fixture
def runtime(tmp_path: Path) -> Generator[Runtime]:
    with Runtime(tmp_path / "models") as runtime:
        yield runtime


@contextmanager
def asked(runtime: Runtime, *, base: str = LOCAL, **about: Any) -> Generator[TestClient]:
    app = create_app(runtime, **({"bind": "127.0.0.1:11434"} | about))
    with TestClient(app, base_url=base, follow_redirects=False) as client:
        yield client


@pytest.mark.parametrize(
    "host",
    [
        "",
        "localhost",
        "LOCALHOST:11434",
        "localhost.",
        "a.localhost",
        "printer.local",
        "box.internal:80",
        "127.0.0.1:1",
        "127.8.8.8",
        "[::1]:11434",
        "10.0.0.3",
        "192.168.1.1:11434",
        "0.0.0.0:11434",
    ],
)
def test_a_host_that_means_this_machine_or_its_network_is_allowed(host: str):
    assert is_own(host_of(host))


@pytest.mark.parametrize(
    "host",
    [
        "evil.test",
        "evil.test:11434",
        "localhost.evil.test",
        "8.8.8.8",
        "1.1.1.1:80",
        "local",
        "internal",
        "127.0.0.1.evil.test",
        "169.254.1.1",
        "[2001:db8::1]:80",
    ],
)
def test_a_host_that_anybody_can_have_is_not(host: str):
    assert not is_own(host_of(host))


@pytest.mark.parametrize(
    ("bind", "claim"),
    [
        ("127.0.0.1:11434", True),
        ("localhost", True),
        ("::1", True),
        ("[::1]:11434", True),
        ("", False),
        ("0.0.0.0", False),
        ("::", False),
        ("192.168.1.5", False),
        ("example.com:80", False),
    ],
)
def test_only_an_address_of_this_machine_is_local(bind: str, claim: bool):
    assert is_loopback(bind) is claim


@pytest.mark.parametrize(
    ("origin", "pattern", "claim"),
    [
        ("http://a.test", "http://a.test", True),
        ("http://a.test:1", "http://a.test:*", True),
        ("app://x", "app://*", True),
        ("http://a.test", "http://a.test:*", False),
        ("http://x.b.test", "http://*.b.test", True),
        ("http://b.test", "http://*.b.test", False),
        ("ab", "ab*ab", False),
    ],
)
def test_one_star_stands_for_any_text(origin: str, pattern: str, claim: bool):
    assert matches(origin, pattern) is claim


@pytest.mark.parametrize("text", ["http://*.a.*", "a.test", "ftp://a.test"])
def test_an_origin_that_can_never_match_is_refused_at_the_start(text: str):
    with pytest.raises(RequestError, match="origin"):
        parse_origins(text)


def test_a_foreign_page_changes_nothing_even_without_a_preflight(runtime: Runtime):
    with asked(runtime) as client:
        headers = {"origin": "https://evil.test", "content-type": "text/plain"}
        content = '{"model": "m", "modelfile": "FROM demo"}'
        made = client.post("/api/create", headers=headers, content=content)
        assert (made.status_code, made.content) == (403, b"")
        gone = client.request("DELETE", "/api/delete", headers=headers, content='{"name":"m"}')
        assert gone.status_code == 403
    assert runtime.list().models == []


def test_checks_run_for_what_is_not_there_too(runtime: Runtime):
    with asked(runtime) as client:
        assert client.get("/nothing", headers={"host": "evil.test"}).status_code == 403
        assert client.get("/nothing", headers={"origin": "https://evil.test"}).status_code == 403


PUBLIC = {("GET", "/"), ("HEAD", "/"), ("GET", "/api/version"), ("HEAD", "/api/version")}
PLACES = {"{digest}": "sha256:" + "0" * 64, "{key}": "k", "{model}": "m", "{model:path}": "m"}


def url_of(path: str) -> str:
    for name, text in PLACES.items():
        path = path.replace(name, text)
    return path


@pytest.mark.parametrize(
    "endpoint", ENDPOINTS, ids=[f"{each.method} {each.path}" for each in ENDPOINTS]
)
def test_every_route_but_the_public_ones_asks_for_the_key(endpoint: Any, runtime: Runtime):
    where = endpoint.method, url_of(endpoint.path)
    is_public = (endpoint.method, endpoint.path) in PUBLIC
    with asked(runtime, api_key="geheim", read_only=True) as client:
        for headers in ({}, {"authorization": "Bearer wrong"}, {"x-api-key": "wröng".encode()}):
            reply = client.request(*where, headers=headers)
            assert (reply.status_code == 401) is not is_public
        for headers in ({"authorization": "Bearer geheim"}, {"x-api-key": "geheim"}):
            reply = client.request(*where, headers=headers)
            signed_out = "signout" in endpoint.path or "/keys/" in endpoint.path
            assert reply.status_code != 401 or signed_out


def test_the_description_of_the_routes_asks_for_the_key_too(runtime: Runtime):
    with asked(runtime, api_key="geheim") as client:
        assert client.get("/openapi.json").status_code == 401
        key = {"authorization": "Bearer geheim"}
        assert "/api/chat" in client.get("/openapi.json", headers=key).json()["paths"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/create"),
        ("POST", "/api/copy"),
        ("DELETE", "/api/delete"),
        ("POST", "/api/pull"),
        ("POST", "/api/push"),
        ("POST", f"/api/blobs/sha256:{'0' * 64}"),
    ],
)
def test_a_read_only_server_changes_nothing(method: str, path: str, runtime: Runtime):
    with asked(runtime, read_only=True) as client:
        reply = client.request(method, path, json={"model": "m", "name": "m"})
        assert reply.status_code == 403
        assert "read-only" in reply.json()["error"]
        assert client.get("/api/tags").status_code == 200


@pytest.mark.parametrize(
    "name",
    ["127.0.0.1:9/x/y", "169.254.169.254/a/b", "http://2130706433/x/y", "evil.test/x/y:z"],
)
@pytest.mark.parametrize("path", ["/api/pull", "/api/push"])
def test_beyond_loopback_models_come_from_known_registries(name: str, path: str, runtime: Runtime):
    with asked(runtime, bind="0.0.0.0:11434") as client:
        reply = client.post(path, json={"model": name, "insecure": True})
        assert reply.status_code == 403
        assert "PADDOCK_PULL_HOSTS" in reply.json()["error"]
        made = client.post("/api/create", json={"model": "m", "from": name})
        assert made.status_code == 403
        text = client.post("/api/create", json={"name": "m", "modelfile": f"FROM {name}"})
        assert text.status_code == 403


def test_registries_can_be_named_or_all_be_allowed(runtime: Runtime):
    for hosts in (["127.0.0.1:9"], ["*"]):
        with asked(runtime, bind="0.0.0.0:11434", pull_hosts=hosts) as client:
            body = {"model": "127.0.0.1:9/x/y", "insecure": True, "stream": False}
            assert client.post("/api/pull", json=body).status_code == 500


def test_files_of_the_server_are_for_local_clients_alone(runtime: Runtime, tmp_path: Path):
    there = tmp_path / "Modelfile"
    there.write_text("FROM demo")
    with asked(runtime, bind="0.0.0.0:11434") as client:
        replies = [
            client.post("/api/create", json={"name": "m", "path": str(path), "stream": False})
            for path in (there, tmp_path / "missing")
        ]
        assert [reply.status_code for reply in replies] == [400, 400]
        assert replies[0].json() == replies[1].json()
        assert str(tmp_path) not in replies[0].text
    with asked(runtime) as client:
        body = {"name": "m", "path": str(there), "stream": False}
        assert client.post("/api/create", json=body).json() == {"status": "success"}


def test_a_mounted_application_leaves_hosts_to_the_one_around_it(runtime: Runtime):
    around = Starlette(routes=[Mount("/models", create_app(runtime))])
    with TestClient(around, base_url="http://shop.test", follow_redirects=False) as client:
        assert client.get("/models/").text == "Ollama is running"
        assert client.get("/models/api/tags").json() == {"models": []}
        moved = client.get("/models/api/tags/")
        assert moved.status_code == 301
        assert moved.headers["location"] == "/models/api/tags"
        assert client.post("/models/api/show/").status_code == 307
        assert client.get("/models/api/show/").status_code == 404
        assert client.get("/models/nothing").text == "404 page not found"


@pytest.mark.parametrize("path", ["/api/show", "/api/pull", "/api/create"])
def test_a_field_of_another_route_is_not_read(path: str, runtime: Runtime):
    fields = {"format": "xml", "messages": [{"role": "user", "images": ["!"]}], "images": ["!"]}
    plain = {"model": "127.0.0.1:9/a/none", "stream": False}
    with asked(runtime) as client:
        if path == "/api/create":
            del fields["messages"]  # it has these
        replies = [client.post(path, json=body) for body in (plain, plain | fields)]
    assert replies[0].json() == replies[1].json()
    assert replies[0].status_code == replies[1].status_code


def test_blanks_are_told_as_they_were_sent(runtime: Runtime):
    with asked(runtime) as client:
        reply = client.post("/api/generate", json={"model": "  "})
    assert (reply.status_code, reply.json()) == (404, {"error": "model '  ' not found"})

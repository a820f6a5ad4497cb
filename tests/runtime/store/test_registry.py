"""Pull against a registry that may lie: what is stored, what is refused, and who sees the token."""

import base64
import dataclasses
import hashlib
import json
import os
import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import load_ssh_public_key
from tests.registries import Answer, FakeRegistry, Request

from paddock.api import ProgressResponse
from paddock.errors import (
    BlobNotFoundError,
    CorruptManifestError,
    DigestMismatchError,
    InvalidNameError,
    PaddockError,
    RegistryError,
    RequestError,
    StoreError,
    TransferError,
    UnauthorizedError,
    UnsupportedError,
)
from paddock.names import ModelName
from paddock.store import partial, registry
from paddock.store.local import LocalStore
from paddock.store.transfer import Policy, Stop
from paddock.store.upkeep import clean, verify
from paddock.stream import Cancelled

WEIGHTS = random.Random(1).randbytes(300_000)
HASTY = Policy(attempts=3, first_wait=0.01, stall=1, connect=2, tick=0.01, save=0.02, ramp=0.01)


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "models")


@pytest.fixture
def fake() -> Iterator[FakeRegistry]:
    with FakeRegistry() as fake:
        fake.add_model("me/m/latest", WEIGHTS, b"licence")
        yield fake


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partial, "_MIN_PART", 50_000)


class Pulls:
    """Pulls of one store, and what they told."""

    def __init__(self, store: LocalStore, key: Path) -> None:
        self.store, self.key = store, key
        self.events: list[ProgressResponse] = []

    def __call__(
        self, reference: str, stop: Stop | None = None, *, policy: Policy = HASTY, **options: bool
    ) -> ModelName:
        options.setdefault("insecure", True)
        self.events.clear()
        return registry.pull(
            self.store,
            reference,
            self.events.append,
            stop or Stop(),
            key=self.key,
            policy=policy,
            **options,
        )

    @property
    def statuses(self) -> list[str]:
        """Each once, in order."""
        return list(dict.fromkeys(event.status or "" for event in self.events))


@pytest.fixture
def pull(store: LocalStore, tmp_path: Path) -> Pulls:
    return Pulls(store, tmp_path / "keys" / "id_ed25519")


def digest(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


def leftovers(store: LocalStore) -> list[str]:
    folder = store.root / "blobs"
    return sorted(path.name[71:] for path in folder.glob("*-partial*")) if folder.is_dir() else []


def blob_requests(fake: FakeRegistry) -> list[Request]:
    return [request for request in fake.requests if "/blobs/" in request.path]


# -- what works


def test_a_model_arrives_as_the_registry_has_it(pull: Pulls, fake: FakeRegistry) -> None:
    name = pull(f"{fake.address}/me/m")
    assert name == ModelName(fake.address, "me", "m", "latest")
    assert pull.store.manifest_path(name).read_bytes() == fake.manifests["me/m/latest"]
    assert pull.store.read_blob(digest(WEIGHTS)) == WEIGHTS
    assert verify(pull.store).problems == ()
    assert leftovers(pull.store) == []
    short = digest(WEIGHTS)[7:19]
    assert pull.statuses[:2] == ["pulling manifest", f"pulling {short}"]
    assert pull.statuses[-3:] == ["verifying sha256 digest", "writing manifest", "success"]
    last = [event for event in pull.events if event.digest == digest(WEIGHTS)][-1]
    assert (last.total, last.completed) == (300_000, 300_000)
    assert fake.requests[0].headers["accept"] == MANIFEST_TYPE
    assert fake.requests[0].headers["user-agent"].startswith("ollama/")


MANIFEST_TYPE = "application/vnd.docker.distribution.manifest.v2+json"


def test_what_is_there_is_not_fetched_again(pull: Pulls, fake: FakeRegistry) -> None:
    pull(f"{fake.address}/me/m")
    fake.requests.clear()
    pull(f"{fake.address}/me/m")
    assert fake.paths() == ["/v2/me/m/manifests/latest"]
    told = [(event.total, event.completed) for event in pull.events if event.digest]
    assert told == [(300_000, 300_000), (7, 7), (24, 24)]


def test_a_blob_cut_short_on_disk_is_fetched_again(pull: Pulls, fake: FakeRegistry) -> None:
    pull(f"{fake.address}/me/m")
    pull.store.find_blob(digest(WEIGHTS)).write_bytes(b"short")
    pull(f"{fake.address}/me/m")
    assert verify(pull.store).problems == ()


def test_a_newer_version_drops_what_only_the_old_one_needed(
    pull: Pulls, fake: FakeRegistry
) -> None:
    pull(f"{fake.address}/me/m")
    fake.add_model("me/m/latest", WEIGHTS + b"!", b"licence")
    pull(f"{fake.address}/me/m", prune=False)
    assert "removing unused layers" not in pull.statuses
    assert pull.store.has_blob(digest(WEIGHTS))
    fake.add_model("me/m/latest", b"third", b"licence")
    pull(f"{fake.address}/me/m")
    assert pull.statuses[-2:] == ["removing unused layers", "success"]
    assert not pull.store.has_blob(digest(WEIGHTS + b"!"))
    assert pull.store.has_blob(digest(b"licence"))


def test_the_registry_is_asked_as_typed_and_the_store_keeps_its_spelling(
    pull: Pulls, fake: FakeRegistry
) -> None:
    pull(f"{fake.address}/me/m")
    fake.manifests["ME/m/LATEST"] = fake.manifests["me/m/latest"]
    assert pull(f"{fake.address}/ME/m:LATEST").short == f"{fake.address}/me/m:latest"
    assert fake.paths()[-1] == "/v2/ME/m/manifests/LATEST"


def test_a_blob_named_twice_comes_once(pull: Pulls, fake: FakeRegistry) -> None:
    fake.add_model("me/m/latest", WEIGHTS, b"same", b"same")
    pull(f"{fake.address}/me/m")
    assert sum(digest(b"same") in path for path in fake.paths()) == 1


def test_an_empty_blob_needs_no_request(pull: Pulls, fake: FakeRegistry) -> None:
    fake.add_model("me/m/latest", WEIGHTS, b"")
    pull(f"{fake.address}/me/m")
    assert pull.store.read_blob(digest(b"")) == b""
    assert not any(digest(b"") in path for path in fake.paths())


@pytest.mark.usefixtures("small_parts")
def test_parts_come_side_by_side_each_once(pull: Pulls, fake: FakeRegistry) -> None:
    together = threading.Barrier(3, timeout=5)

    def lie(request: Request, answer: Answer) -> Answer:
        if answer.status == 206 and len(answer.body) == 50_000:  # type: ignore[arg-type]
            together.wait()  # only with others on their way does any of them arrive
        return answer

    fake.lie = lie
    pull(f"{fake.address}/me/m")
    ranges = [
        request.headers["range"] for request in fake.requests if digest(WEIGHTS) in request.path
    ]
    assert len(ranges) == len(set(ranges)) == 6
    assert verify(pull.store).problems == ()
    assert fake.sent < 1.1 * len(WEIGHTS)


def test_two_callers_share_one_transfer(pull: Pulls, fake: FakeRegistry) -> None:
    started = threading.Event()

    def lie(request: Request, answer: Answer) -> Answer:
        started.wait(5)
        return answer

    fake.lie = lie
    pulls = [Pulls(pull.store, pull.key) for _ in range(3)]
    threads = [threading.Thread(target=each, args=(f"{fake.address}/me/m",)) for each in pulls]
    for thread in threads:
        thread.start()
    started.set()
    for thread in threads:
        thread.join()
    assert all(each.statuses[-1] == "success" for each in pulls)
    assert sum(digest(WEIGHTS) in path for path in fake.paths()) == 1
    assert verify(pull.store).problems == ()


def test_a_blob_deleted_by_another_process_is_fetched_again(
    pull: Pulls, fake: FakeRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, times = pull.store.write_manifest, 0

    def delete_before(*arguments: object, **options: object) -> object:
        nonlocal times
        times += 1
        if times == 1:
            pull.store.find_blob(digest(b"licence")).unlink()
        return write(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(pull.store, "write_manifest", delete_before)
    pull(f"{fake.address}/me/m")
    assert verify(pull.store).problems == ()
    assert times == 2


# -- resuming


def test_a_cancelled_pull_goes_on_where_it_was(pull: Pulls, fake: FakeRegistry) -> None:
    stop, half = Stop(), len(WEIGHTS) // 2

    def lie(request: Request, answer: Answer) -> Answer:
        content = answer.body
        assert isinstance(content, bytes)
        if len(content) < half:
            return answer

        def body() -> Iterator[bytes]:
            yield content[:half]
            stop.set()
            time.sleep(5)

        return dataclasses.replace(answer, body=body, length=len(content))

    fake.lie = lie
    begun = time.monotonic()
    with pytest.raises(Cancelled):
        pull(f"{fake.address}/me/m", stop)
    assert time.monotonic() - begun < 2
    wait_until(lambda: not list((pull.store.root / ".transfers").iterdir()))
    assert leftovers(pull.store) == ["-partial", "-partial-0"]
    with pytest.raises(BlobNotFoundError):
        pull.store.find_blob(digest(WEIGHTS))
    fake.lie = lambda request, answer: answer
    pull(f"{fake.address}/me/m")
    # The last piece read before the cancel may not be on the disk.
    start, end = blob_requests(fake)[1].headers["range"].removeprefix("bytes=").split("-")
    assert 0 < int(start) <= half
    assert int(end) == len(WEIGHTS) - 1
    assert verify(pull.store).problems == ()


def wait_until(is_so: object, seconds: float = 5) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_cuts_cost_only_their_retries(pull: Pulls, fake: FakeRegistry) -> None:
    fake.lie = cut_after(20_000)
    pull(f"{fake.address}/me/m")  # fifteen cuts, three attempts: each brings bytes
    assert verify(pull.store).problems == ()
    assert fake.sent < 1.1 * len(WEIGHTS)


def cut_after(n: int) -> object:
    def lie(request: Request, answer: Answer) -> Answer:
        content = answer.body
        assert isinstance(content, bytes)
        if "/blobs/" not in request.path or len(content) <= n:
            return answer
        return dataclasses.replace(answer, body=content[:n], length=len(content))

    return lie


def test_a_busy_server_is_asked_again(pull: Pulls, fake: FakeRegistry) -> None:
    busy = iter([503, 429, None, 500])

    def lie(request: Request, answer: Answer) -> Answer:
        status = next(busy, None) if "/blobs/" in request.path else None
        return Answer(status, body=b"later") if status else answer

    fake.lie = lie
    pull(f"{fake.address}/me/m")
    assert pull.statuses[-1] == "success"


def test_a_registry_that_stays_busy_is_given_up(pull: Pulls, fake: FakeRegistry) -> None:
    fake.lie = lambda request, answer: (
        Answer(503, body=b"busy") if "/blobs/" in request.path else answer
    )
    with pytest.raises(TransferError, match="max retries exceeded: 503: busy"):
        pull(f"{fake.address}/me/m")
    assert len(blob_requests(fake)) == HASTY.attempts


def test_states_that_outlived_their_file_are_not_believed(pull: Pulls, fake: FakeRegistry) -> None:
    blobs = pull.store.root / "blobs"
    blobs.mkdir(parents=True)
    base = blobs / (digest(WEIGHTS).replace(":", "-") + "-partial")
    state = {"N": 0, "Offset": 0, "Size": len(WEIGHTS), "Completed": len(WEIGHTS)}
    base.with_name(base.name + "-0").write_text(json.dumps(state))
    pull(f"{fake.address}/me/m")
    assert verify(pull.store).problems == ()
    assert leftovers(pull.store) == []


def test_a_partial_file_with_wrong_bytes_ends_in_an_error_and_vanishes(
    pull: Pulls, fake: FakeRegistry
) -> None:
    blobs = pull.store.root / "blobs"
    blobs.mkdir(parents=True)
    base = blobs / (digest(WEIGHTS).replace(":", "-") + "-partial")
    base.write_bytes(bytes(len(WEIGHTS)))
    state = {"N": 0, "Offset": 0, "Size": len(WEIGHTS), "Completed": 1000}
    base.with_name(base.name + "-0").write_text(json.dumps(state))
    with pytest.raises(DigestMismatchError, match="must be downloaded again"):
        pull(f"{fake.address}/me/m")
    assert leftovers(pull.store) == []
    pull(f"{fake.address}/me/m")


# -- lies


def changed(**fields: object) -> object:
    def lie(request: Request, answer: Answer) -> Answer:
        if digest(WEIGHTS) not in request.path:
            return answer
        return dataclasses.replace(answer, **fields)  # type: ignore[arg-type]

    return lie


def pieces(*contents: bytes) -> object:
    return lambda: iter(contents)


N = len(WEIGHTS)
WRONG = WEIGHTS[:-1] + b"?"
LIES = {
    "wrong bytes": changed(body=WRONG),
    "longer, as announced": changed(body=WEIGHTS + b"!"),
    "longer than announced": changed(body=pieces(WEIGHTS, b"!"), length=None),
    "shorter, as announced": changed(body=WEIGHTS[:1000]),
    "shorter without announcement": changed(body=pieces(WEIGHTS[:100])),
    "another range": changed(headers={"Content-Range": f"bytes 1-{N - 1}/{N}"}),
    "another total": changed(headers={"Content-Range": f"bytes 0-{N - 1}/{N + 1}"}),
    "no range": changed(headers={}),
    "nonsense for a range": changed(headers={"Content-Range": "bytes x-y/z"}),
    "compressed": changed(
        headers={"Content-Range": f"bytes 0-{N - 1}/{N}", "Content-Encoding": "gzip"}
    ),
    "an error page": changed(status=200, headers={}, body=b"<html>"),
    "not there": changed(status=404, headers={}, body=b""),
    "teapot": changed(status=418, headers={}, body=b"teapot"),
    "redirect to a file": changed(status=307, headers={"Location": "file:///etc/passwd"}, body=b""),
    "redirect to nowhere": changed(status=307, headers={}, body=b""),
    "redirect to nonsense": changed(status=302, headers={"Location": "http://[::1"}, body=b""),
    "redirect in circles": changed(status=307, headers={"Location": "?again"}, body=b""),
    "redirect to a closed port": changed(
        status=307, headers={"Location": "http://127.0.0.1:9/"}, body=b""
    ),
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_a_lying_server_gets_no_file_into_the_store(
    pull: Pulls, fake: FakeRegistry, lie: object
) -> None:
    fake.lie = lie  # type: ignore[assignment]
    with pytest.raises((RegistryError, DigestMismatchError)):
        pull(f"{fake.address}/me/m")
    assert not pull.store.has_blob(digest(WEIGHTS))
    assert list(pull.store.manifests()) == []
    clean(pull.store, time.time() + 4000)
    left = [path.name for path in (pull.store.root / "blobs").iterdir()]
    assert left == []


@pytest.mark.usefixtures("small_parts")
def test_the_whole_blob_for_a_range_is_refused(pull: Pulls, fake: FakeRegistry) -> None:
    fake.lie = changed(status=200, headers={}, body=WEIGHTS)  # type: ignore[assignment]
    with pytest.raises(TransferError, match="cannot send ranges"):
        pull(f"{fake.address}/me/m")
    assert not pull.store.has_blob(digest(WEIGHTS))


def test_a_server_without_ranges_serves_blobs_of_one_part(pull: Pulls, fake: FakeRegistry) -> None:
    fake.lie = changed(status=200, headers={}, body=WEIGHTS)  # type: ignore[assignment]
    pull(f"{fake.address}/me/m")
    assert verify(pull.store).problems == ()


@pytest.mark.parametrize("first", [0, 10])
def test_a_server_that_falls_silent_or_drips_is_given_up(
    pull: Pulls, fake: FakeRegistry, first: int
) -> None:
    def body() -> Iterator[bytes]:
        yield WEIGHTS[:first]
        for _ in range(40):
            time.sleep(0.05)
            yield b"." if first else b""

    fake.lie = changed(body=body)  # type: ignore[assignment]
    policy = dataclasses.replace(HASTY, stall=0.3, attempts=2)
    with pytest.raises(TransferError, match="nothing arrived for a while"):
        pull(f"{fake.address}/me/m", policy=policy)


def test_an_unreachable_host_is_named_with_the_remedy(pull: Pulls) -> None:
    with pytest.raises(RegistryError, match=r'cannot reach "127.0.0.1:9".*HTTPS_PROXY'):
        pull("127.0.0.1:9/me/m")
    assert not (pull.store.root / "manifests").exists()


# -- manifests


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        (Answer(404), "pull model manifest: file does not exist"),
        (Answer(500, body=b"broken"), "pull model manifest: 500: broken"),
        (Answer(412, body=b"too old"), "pull model manifest: 412: too old"),
        (Answer(200, body=b"<html>"), "pull model manifest: not valid JSON"),
        (Answer(200, body=b"[]"), "pull model manifest: not a JSON object"),
        (Answer(200, body=b"{}"), "no layers"),
        (Answer(200, body=b'{"manifests": []}'), "no layers"),
        (Answer(200, body=b" " * (5 << 20)), "larger than"),
    ],
    ids=range(8),
)
def test_a_manifest_that_is_none_starts_no_download(
    pull: Pulls, fake: FakeRegistry, answer: Answer, complaint: str
) -> None:
    fake.lie = lambda request, _: answer
    with pytest.raises(PaddockError, match=complaint) as caught:
        pull(f"{fake.address}/me/m")
    assert caught.value.status == 500
    assert blob_requests(fake) == []


def layer(**changes: object) -> list[dict[str, object]]:
    whole = {"mediaType": "application/vnd.ollama.image.model", "digest": digest(b""), "size": 1}
    return [whole | changes]


@pytest.mark.parametrize(
    ("changes", "error", "complaint"),
    [
        ({"layers": layer(mediaType="application/x-tar")}, CorruptManifestError, "no part of a"),
        ({"layers": layer(size=-1)}, CorruptManifestError, "size"),
        ({"layers": layer(size=2**62)}, StoreError, "are free"),
        ({"layers": layer(digest="sha256:../../x")}, CorruptManifestError, "digest"),
        (
            {"layers": layer(mediaType="application/vnd.ollama.image.system", size=2**30)},
            CorruptManifestError,
            "too many for a text",
        ),
        ({"layers": layer() + layer(size=2)}, CorruptManifestError, "two sizes"),
        (
            {"layers": layer(mediaType="application/vnd.ollama.image.tensor")},
            UnsupportedError,
            "this model requires MLX support",
        ),
        ({"mediaType": "application/vnd.oci.image.index.v1+json"}, CorruptManifestError, "type"),
    ],
    ids=range(8),
)
def test_a_manifest_that_asks_for_too_much_starts_no_download(
    pull: Pulls,
    fake: FakeRegistry,
    changes: dict[str, object],
    error: type[Exception],
    complaint: str,
) -> None:
    fake.add_model("me/m/latest", WEIGHTS, **changes)
    with pytest.raises(error, match=complaint):
        pull(f"{fake.address}/me/m")
    assert blob_requests(fake) == []


def test_damaged_manifests_end_in_our_errors(pull: Pulls, fake: FakeRegistry) -> None:
    content, chance = fake.manifests["me/m/latest"], random.Random(7)
    pull(f"{fake.address}/me/m")
    refused = 0
    for _ in range(100):
        mutated = bytearray(content)
        for _ in range(chance.randint(1, 4)):
            mutated[chance.randrange(len(mutated))] = chance.randrange(256)
        fake.manifests["me/m/latest"] = bytes(mutated)
        try:
            pull(f"{fake.address}/me/m")
        except PaddockError:
            refused += 1
    assert refused > 50
    assert verify(pull.store).problems == ()


# -- names


@pytest.mark.parametrize(
    ("reference", "error", "complaint"),
    [
        ("http://HOST/me/m", RequestError, "^insecure protocol http$"),
        ("ftp://HOST/me/m", RequestError, "not a protocol"),
        ("HOST/../m", InvalidNameError, "invalid model name"),
        ("HOST/me/m:cloud", UnsupportedError, "cloud"),
        ("a:b:c/me/m", RequestError, "not the address"),
        ("host:99999999/me/m", RequestError, "not the address"),
        ("", RequestError, "model is required"),
    ],
)
def test_what_cannot_be_asked_is_not(
    pull: Pulls, fake: FakeRegistry, reference: str, error: type[Exception], complaint: str
) -> None:
    with pytest.raises(error, match=complaint):
        pull(reference.replace("HOST", fake.address), insecure=False)
    assert fake.requests == []


def test_http_needs_the_flag_and_https_is_not_spoken_to_a_plain_server(
    pull: Pulls, fake: FakeRegistry
) -> None:
    pull(f"http://{fake.address}/me/m")
    pull(f"https://{fake.address}/me/m:latest:local")
    with pytest.raises(RegistryError):
        pull(f"{fake.address}/me/m", insecure=False)


# -- who sees the token


def guarded(fake: FakeRegistry, realm: str = "") -> object:
    """Wants a token, and gives one for a good signature."""

    def lie(request: Request, answer: Answer) -> Answer:
        if request.path.startswith("/token?"):
            return Answer(200, body=b'{"token": "secret"}')
        if request.headers.get("authorization") == "Bearer secret":
            return answer
        told = f'Bearer realm="{realm or fake.url + "/token"}",service="s",scope="repo:me/m:pull"'
        return Answer(401, {"WWW-Authenticate": told}, b"who are you?")

    return lie


def test_a_challenge_is_answered_with_the_key(pull: Pulls, fake: FakeRegistry) -> None:
    fake.lie = guarded(fake)  # type: ignore[assignment]
    pull(f"{fake.address}/me/m")
    asked = [request for request in fake.requests if request.path.startswith("/token?")]
    assert len(asked) == 1
    public, _, signature = asked[0].headers["authorization"].partition(":")
    line = pull.key.with_name("id_ed25519.pub").read_text()
    assert line.split() == ["ssh-ed25519", public]
    text = f"GET,{fake.url}{asked[0].path},{base64.b64encode(EMPTY).decode()}"
    load_ssh_public_key(line.encode()).verify(base64.b64decode(signature), text.encode())  # type: ignore[union-attr, call-arg]


EMPTY = hashlib.sha256(b"").hexdigest().encode()


@pytest.mark.parametrize(
    "realm", ["http://127.0.0.1:1/token", "https://127.0.0.1/token", "file:///x"]
)
def test_no_key_is_shown_to_another_host(pull: Pulls, fake: FakeRegistry, realm: str) -> None:
    fake.lie = guarded(fake, realm)  # type: ignore[assignment]
    with pytest.raises(UnauthorizedError, match="does not match original host"):
        pull(f"{fake.address}/me/m")
    assert len(fake.requests) == 1
    assert not pull.key.exists()


@pytest.mark.parametrize(
    "token",
    [
        Answer(403, body=b"unknown key"),
        Answer(200, body=b"{}"),
        Answer(200, body=b'{"token": "a\\r\\nb"}'),
        Answer(307, {"Location": "http://127.0.0.1:9/"}),
        Answer(200, body=b'{"token": "stale"}'),
    ],
    ids=range(5),
)
def test_without_a_good_token_nothing_is_pulled(
    pull: Pulls, fake: FakeRegistry, token: Answer
) -> None:
    lie = guarded(fake)
    fake.lie = lambda request, answer: (
        token if request.path.startswith("/token?") else lie(request, answer)  # type: ignore[operator]
    )
    with pytest.raises(UnauthorizedError):
        pull(f"{fake.address}/me/m")
    assert blob_requests(fake) == []


def test_a_bare_refusal_is_access_denied(pull: Pulls, fake: FakeRegistry) -> None:
    fake.lie = lambda request, answer: Answer(401, body=b"no")
    with pytest.raises(UnauthorizedError, match="unauthorized: access denied"):
        pull(f"{fake.address}/me/m")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_the_token_stays_at_home_when_blobs_lie_elsewhere(
    pull: Pulls, fake: FakeRegistry, status: int
) -> None:
    with FakeRegistry() as elsewhere:
        elsewhere.blobs = dict(fake.blobs)
        lie = guarded(fake)

        def redirect(request: Request, answer: Answer) -> Answer:
            answer = lie(request, answer)  # type: ignore[operator]
            if "/blobs/" in request.path and answer.status != 401:
                return Answer(status, {"Location": elsewhere.url + request.path})
            return answer

        fake.lie = redirect
        pull(f"{fake.address}/me/m")
        assert verify(pull.store).problems == ()
        assert len(elsewhere.requests) == 3
        for request in elsewhere.requests:
            assert "authorization" not in request.headers
            assert "secret" not in str(request)


def test_a_challenge_from_elsewhere_is_not_answered(pull: Pulls, fake: FakeRegistry) -> None:
    with FakeRegistry() as elsewhere:
        elsewhere.lie = guarded(elsewhere)  # type: ignore[assignment]
        fake.lie = lambda request, answer: (
            Answer(307, {"Location": elsewhere.url + request.path})
            if "/blobs/" in request.path
            else answer
        )
        with pytest.raises(TransferError, match="401"):
            pull(f"{fake.address}/me/m")
        assert not any("/token" in request.path for request in elsewhere.requests)
    assert not pull.key.exists()


def test_an_address_that_expires_is_asked_for_anew(pull: Pulls, fake: FakeRegistry) -> None:
    with FakeRegistry() as elsewhere:
        elsewhere.blobs = dict(fake.blobs)
        uses: dict[str, int] = {}

        def once(request: Request, answer: Answer) -> Answer:
            uses[request.path] = uses.get(request.path, 0) + 1
            if uses[request.path] > 1:
                return Answer(403, body=b"expired")
            content = answer.body
            assert isinstance(content, bytes)
            if len(content) > 100_000:
                return dataclasses.replace(answer, body=content[:100_000], length=len(content))
            return answer

        elsewhere.lie = once
        fake.lie = lambda request, answer: (
            Answer(307, {"Location": f"{elsewhere.url}{request.path}?{len(fake.requests)}"})
            if "/blobs/" in request.path
            else answer
        )
        pull(f"{fake.address}/me/m")
    assert verify(pull.store).problems == ()

"""A blob of the store to a registry: asked for first, mounted if it is there already, else sent in
parts.

Knows one blob and its parts; knows no manifest.
"""

import contextlib
import hashlib
import re
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Final

import httpx

from paddock.errors import RequestError, TransferError
from paddock.names import ModelName
from paddock.store.download import Report
from paddock.store.local import LocalStore, disk
from paddock.store.manifest import Layer
from paddock.store.partial import Part, plan
from paddock.store.remote import Remote
from paddock.store.transfer import Stop, retry

_CHUNK: Final = 256 << 10
_LOST: Final = frozenset({400, 404, 416})
"""What registries that cannot continue a cut upload say to the rest of it."""
_RECEIVED: Final = re.compile(r"(?:bytes=)?0-(\d+)")


def send(store: LocalStore, remote: Remote, layer: Layer, report: Report, stop: Stop) -> None:
    """Brings the blob to the registry unless it is there; `report` is told how many bytes went.

    Raises BlobNotFoundError, RegistryError; Cancelled when `stop` is set.
    """
    upload = _Upload(remote, layer, store.find_blob(layer.digest))
    upload.start()
    try:
        while not upload.done.wait(remote.policy.tick):
            stop.check()
            report(upload.completed)
    finally:
        upload.stop.set()
    if upload.error is not None:
        raise upload.error
    report(layer.size)


class _UploadLostError(Exception):
    """The registry has forgotten what it had of the blob."""


class _Upload:
    """One transfer, on threads of its own."""

    def __init__(self, remote: Remote, layer: Layer, path: Path) -> None:
        self.done = threading.Event()
        self.error: BaseException | None = None
        self.stop = Stop()
        self._remote = remote.hold()
        self._layer = layer
        self._path = path
        self._digest = layer.digest.replace("-", ":", 1)
        self._parts = plan(layer.size)
        self._redirected: list[Future[None]] = []
        self._md5: dict[int, bytes] = {}

    @property
    def completed(self) -> int:
        return sum(part.completed for part in self._parts)

    def start(self) -> None:
        threading.Thread(target=self._run, name="paddock-upload", daemon=True).start()

    def _run(self) -> None:
        try:
            if not self._is_remote():
                retry(self._attempt, lambda: 0, self._remote.policy, self.stop)
        except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
            self.error = error
        finally:
            self._remote.close()
            self.done.set()

    def _attempt(self) -> None:
        location = self._begin()
        if location is None:
            return
        try:
            self._send_parts(location)
        except _UploadLostError as error:
            raise TransferError(f"{error} and has to start anew", passing=True) from None

    def _is_remote(self) -> bool:
        url = self._remote.at(f"blobs/{self._digest}")
        with self._remote.open("HEAD", url, self.stop) as response:
            if response.status_code == 404:
                return False
            self._require(response)
            return True

    def _begin(self) -> httpx.URL | None:
        """Where the first part goes; None if the blob could be taken from another model."""
        url = self._remote.at("blobs/uploads/", **_mount(self._layer.from_, self._digest))
        with self._remote.open("POST", url, self.stop) as response:
            self._require(response)
            return None if response.status_code == 201 else self._next(response)

    def _send_parts(self, location: httpx.URL) -> None:
        self._md5.clear()
        self._redirected.clear()
        for part in self._parts:
            part.completed = 0
        with ThreadPoolExecutor(self._remote.policy.streams, "paddock-upload-part") as pool:
            try:
                for part in self._parts:
                    location = self._send(part, location, pool)
                for redirected in self._redirected:
                    redirected.result()
            except BaseException as error:
                if not isinstance(error, _UploadLostError):
                    self.stop.set()
                raise
        self._end(location)

    def _send(self, part: Part, location: httpx.URL, pool: ThreadPoolExecutor) -> httpx.URL:
        """Sends a part, after a cut what is missing of it. Returns where the next one goes."""
        places = [location]
        confirmed = 0
        is_repeated = False

        def attempt() -> None:
            nonlocal confirmed, is_repeated
            was_cut, is_repeated = is_repeated, True
            if was_cut:
                self._ask(part, places)
                confirmed = part.completed
            if part.remaining:
                try:
                    self._patch(part, places, pool)
                except TransferError as error:
                    if was_cut and error.remote_status in _LOST:
                        raise _UploadLostError("the upload was cut off") from error
                    raise

        retry(attempt, lambda: confirmed, self._remote.policy, self.stop)
        return places[-1]

    def _patch(self, part: Part, places: list[httpx.URL], pool: ThreadPoolExecutor) -> None:
        headers = {
            "Content-Type": "application/octet-stream",
            "Content-Length": str(part.remaining),
            "Content-Range": part.content_range,
            "X-Redirect-Uploads": "1",
        }
        start = part.completed
        with self._remote.open(
            "PATCH", places[-1], self.stop, headers=headers, body=lambda: self._body(part, start)
        ) as response:
            if response.status_code == 307:
                target = self._remote.follow(response)
                part.completed = 0
                self._redirected.append(pool.submit(self._put, part, target))
            else:
                self._require(response)
            places.append(self._next(response))

    def _put(self, part: Part, target: httpx.URL) -> None:
        """Sends a part straight to where the registry keeps its blobs; no token goes there."""
        headers = {"Content-Length": str(part.size)}

        def attempt() -> None:
            with self._remote.open(
                "PUT", target, self.stop, headers=headers, body=lambda: self._body(part, 0)
            ) as response:
                self._require(response)

        retry(attempt, lambda: 0, self._remote.policy, self.stop)

    def _ask(self, part: Part, places: list[httpx.URL]) -> None:
        """After a cut: how much of the part has arrived. Whoever does not say gets it again."""
        part.completed = 0
        with self._remote.open("GET", places[-1], self.stop) as response:
            found = _RECEIVED.fullmatch(response.headers.get("Range", ""))
            if response.status_code != 204 or found is None:
                return
            received = int(found[1]) + 1 - part.offset
            # "0-0" is also what is said of nothing at all.
            if 0 < received <= part.size and found[1] != "0":
                part.completed = received
            with contextlib.suppress(TransferError):
                places.append(self._next(response))

    def _body(self, part: Part, start: int) -> Iterator[bytes]:
        part.completed = start
        digest = hashlib.md5(usedforsecurity=False)
        with disk(self._path), self._path.open("rb", buffering=0) as file:
            file.seek(part.first)
            while part.remaining:
                self.stop.check()
                chunk = file.read(min(_CHUNK, part.remaining))
                if not chunk:
                    raise TransferError(f"{self._path}: the file has become shorter")
                digest.update(chunk)
                part.completed += len(chunk)
                yield chunk
        if start == 0:
            self._md5[part.number] = digest.digest()

    def _end(self, location: httpx.URL) -> None:
        sums = b"".join(self._md5_of(part) for part in self._parts)
        etag = f"{hashlib.md5(sums, usedforsecurity=False).hexdigest()}-{len(self._parts)}"
        url = location.copy_merge_params({"digest": self._digest, "etag": etag})
        is_repeated = False

        def attempt() -> None:
            nonlocal is_repeated
            if is_repeated and self._is_remote():
                return  # only the answer was lost
            is_repeated = True
            headers = {"Content-Length": "0"}
            with self._remote.open("PUT", url, self.stop, headers=headers) as response:
                self._require(response)

        retry(attempt, lambda: 0, self._remote.policy, self.stop)

    def _md5_of(self, part: Part) -> bytes:
        if part.number not in self._md5:
            for _ in self._body(part, 0):
                pass
        return self._md5[part.number]

    def _next(self, response: httpx.Response) -> httpx.URL:
        text = response.headers.get("Docker-Upload-Location") or response.headers.get("Location")
        if not text:
            raise TransferError(f"{response.url.host}: does not say where to send the blob")
        try:
            return response.url.join(text)
        except httpx.InvalidURL as error:
            raise TransferError(f"{response.url.host}: {text[:200]!r}: {error}") from error

    def _require(self, response: httpx.Response) -> None:
        status = response.status_code
        if status >= 300:
            error = self._remote.refusal(response)
            if status != 404:
                reason = response.reason_phrase
                text = str(error).partition(": ")[2]
                error = TransferError(
                    f"http status {status} {reason}: {text}",
                    remote_status=status,
                    passing=error.passing,
                )
            raise error


def _mount(base: str, digest: str) -> Mapping[str, str]:
    """The query that asks for the blob of the model that it came from."""
    try:
        name = ModelName.parse(base)
    except RequestError:  # a file's name, or none
        return {}
    return {"mount": digest, "from": f"{name.namespace}/{name.model}"}

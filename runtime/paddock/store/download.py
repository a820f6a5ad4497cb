"""A blob from a registry into the store: parallel ranges, retries, resuming, one transfer for all.

Knows parts and byte ranges; knows no manifest. Whoever wants a blob joins the transfer of it that
this process has; another process's is waited for. When the last one leaves, the transfer stops, and
what has come stays on disk for the next.
"""

import contextlib
import os
import threading
import time
from collections.abc import Callable
from typing import Final

import httpx

from paddock.errors import PaddockError, StoreError, TransferError
from paddock.store.local import LocalStore
from paddock.store.manifest import Layer
from paddock.store.partial import Part, PartialBlob
from paddock.store.remote import Remote
from paddock.store.transfer import Stop, retry

_EXPIRED: Final = frozenset({400, 401, 403, 404, 410})
"""Answers of an address that was good for a while; the registry gives another one."""

Report = Callable[[int], None]

_running: "dict[tuple[str, str], _Download]" = {}
_running_lock = threading.Lock()


def _forget() -> None:
    # In a forked child nobody runs them.
    global _running_lock
    _running.clear()
    _running_lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


def fetch(store: LocalStore, remote: Remote, layer: Layer, report: Report, stop: Stop) -> None:
    """Waits until the blob is in the store, verified; `report` is told how many bytes have come.

    Raises RegistryError, DigestMismatchError, StoreError; Cancelled when `stop` is set.
    """
    download = _join(store, remote, layer)
    try:
        while not download.done.wait(remote.policy.tick):
            stop.check()
            report(download.completed)
        if download.error is not None:
            raise download.error
    finally:
        _leave(download)


def _join(store: LocalStore, remote: Remote, layer: Layer) -> "_Download":
    key = str(store.blob_path(layer.digest)), str(remote.url)
    with _running_lock:
        download = _running.get(key)
        if download is None:
            download = _running[key] = _Download(store, remote.hold(), layer, key)
            download.start()
        download.n_waiting += 1
        return download


def _leave(download: "_Download") -> None:
    with _running_lock:
        download.n_waiting -= 1
        if download.n_waiting == 0:
            download.stop.set()
            if _running.get(download.key) is download:
                del _running[download.key]


class _Download:
    """One transfer, on threads of its own."""

    def __init__(
        self, store: LocalStore, remote: Remote, layer: Layer, key: tuple[str, str]
    ) -> None:
        self.key = key
        self.n_waiting = 0
        self.completed = 0
        self.done = threading.Event()
        self.stop = Stop()
        self.error: BaseException | None = None
        self._store = store
        self._remote = remote
        self._policy = remote.policy
        self._layer = layer
        self._partial = PartialBlob(store, layer)
        self._url = remote.at(f"blobs/{layer.digest.replace('-', ':', 1)}")
        self._direct: httpx.URL | None = None
        self._waiting: list[Part] = []
        self._n_streams = 0
        self._lock = threading.Lock()
        self._progress = threading.Condition(self._lock)

    def start(self) -> None:
        threading.Thread(target=self._run, name="paddock-download", daemon=True).start()

    def _run(self) -> None:
        try:
            with self._partial.claim(self._watch_another):
                if not is_there(self._store, self._layer):
                    self._transfer()
        except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
            self.error = error
        finally:
            with _running_lock:
                if _running.get(self.key) is self:
                    del _running[self.key]
            self._remote.close()
            self.done.set()

    def _watch_another(self) -> None:
        self.completed = self._partial.look()
        self.stop.wait(self._policy.tick)

    def _transfer(self) -> None:
        partial = self._partial
        partial.open()
        self._waiting = [part for part in reversed(partial.parts) if part.remaining]
        is_over = threading.Event()
        flusher = threading.Thread(target=self._flush, args=(partial, is_over), daemon=True)
        flusher.start()
        try:
            self._oversee(partial)
        finally:
            self._end_streams()
            is_over.set()
            flusher.join()
            with contextlib.suppress(StoreError):  # a full disk: the error that ended us says so
                partial.save()
        while partial.hash_ahead():
            self.stop.check()
        partial.finish()

    def _oversee(self, partial: PartialBlob) -> None:
        """Opens streams, hashes behind them and writes down what has come, until all has."""
        policy = self._policy
        opened = saved = refreshed = time.monotonic()
        before = self.completed = partial.completed
        self._open_stream()
        while self._n_streams or self._waiting:
            self.stop.check()
            if self.error is not None:
                raise self.error
            now = time.monotonic()
            self.completed = partial.completed
            if now - opened >= policy.ramp:
                if self.completed - before < policy.plenty * (now - opened):
                    self._open_stream()
                opened, before = now, self.completed
            if now - saved >= policy.save:
                is_aging = now - refreshed >= policy.refresh
                partial.save(refresh=is_aging)
                saved, refreshed = now, now if is_aging else refreshed
            if not partial.hash_ahead():
                with self._progress:
                    if self._n_streams:
                        self._progress.wait(min(policy.tick, policy.ramp))
        self.completed = partial.completed
        if self.error is not None:
            raise self.error

    def _flush(self, partial: PartialBlob, is_over: threading.Event) -> None:
        while not is_over.wait(self._policy.save):
            with contextlib.suppress(StoreError):  # it is tried, and told, again at the end
                partial.flush()

    # -- streams: each takes part after part --

    def _open_stream(self) -> None:
        with self._lock:
            if not self._waiting or self._n_streams >= self._policy.streams:
                return
            self._n_streams += 1
        threading.Thread(target=self._stream, name="paddock-download-part", daemon=True).start()

    def _stream(self) -> None:
        try:
            while (part := self._next()) is not None:
                retry(
                    lambda part=part: self._read(part),
                    lambda part=part: part.completed,
                    self._policy,
                    self.stop,
                )
        except BaseException as error:  # noqa: BLE001 - raised again by the thread that oversees
            with self._lock:
                self.error = self.error or error
        finally:
            with self._progress:
                self._n_streams -= 1
                self._progress.notify_all()

    def _next(self) -> Part | None:
        with self._lock:
            return self._waiting.pop() if self._waiting and self.error is None else None

    def _end_streams(self) -> None:
        with self._progress:
            self._waiting.clear()
            if self._n_streams:
                self.stop.set()
            while self._n_streams:
                self._progress.wait()

    # -- one request --

    def _read(self, part: Part) -> None:
        if not part.remaining:
            return
        direct = self._direct
        headers = {"Range": part.range}
        with self._remote.open("GET", direct or self._url, self.stop, headers=headers) as response:
            if direct is not None and response.status_code in _EXPIRED:
                self._direct = None
                raise TransferError(f"{direct.host}: the address has expired", passing=True)
            self._check(part, response)
            if not self._remote.is_home(response.url):
                self._direct = response.url
            with self._partial.writer(part) as write:
                for chunk in self._remote.chunks(response):
                    if len(chunk) > part.remaining:
                        raise TransferError(f"{response.url.host}: sends more than was asked for")
                    write(chunk)
        if part.remaining:
            raise TransferError(f"{self._url.host}: sent less than was asked for", passing=True)

    def _check(self, part: Part, response: httpx.Response) -> None:
        """Whether exactly the bytes that were asked for will come. Raises TransferError."""
        host = response.url.host
        if response.status_code == 200:
            # The whole blob is what was asked for if nothing of it is here, and it is one part.
            if part.first or part.size != self._layer.size:
                raise TransferError(
                    f"{host}: answers a request for {part.range} with the whole blob; a registry "
                    "that cannot send ranges cannot be used for this blob"
                )
        elif response.status_code == 206:
            told = response.headers.get("Content-Range", "")
            wanted = f"bytes {part.first}-{part.last}/"
            if told not in {f"{wanted}{self._layer.size}", f"{wanted}*"}:
                raise TransferError(
                    f"{host}: announces {told!r} for {part.range} of {self._layer.size}"
                )
        else:
            raise self._remote.refusal(response)
        length = response.headers.get("Content-Length")
        if length is not None and length != str(part.remaining):
            raise TransferError(f"{host}: announces {length} bytes instead of {part.remaining}")


def is_there(store: LocalStore, layer: Layer) -> bool:
    """Whether the store has the blob, at its full length."""
    try:
        return store.find_blob(layer.digest).stat().st_size == layer.size
    except (PaddockError, OSError):
        return False

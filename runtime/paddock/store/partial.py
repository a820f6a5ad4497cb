"""The unfinished copy of a blob on disk: its bytes, and how far each part of it has come.

Knows the plan of parts and the two kinds of files, which a download of Ollama's can be resumed
from, and the other way round. Fetches nothing.

    sha256-<hex>-partial         the blob at full length, with holes where nothing has arrived
    sha256-<hex>-partial-<N>     {"N":0,"Offset":0,"Size":100000000,"Completed":0} and a newline
"""

import contextlib
import hashlib
import json
import os
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from filelock import FileLock, Timeout

from paddock.errors import DigestMismatchError
from paddock.store.local import LocalStore, canonical, disk
from paddock.store.manifest import Layer

_PARTS: Final = 16
_MIN_PART: Final = 100_000_000
_MAX_PART: Final = 1_000_000_000
_CHUNK: Final = 1 << 20
_AHEAD: Final = 8 << 20
"""How far behind the writing the hashing may be without having to read."""
_LARGE: Final = 64 << 10
"""Smaller pieces are not kept in memory for it."""
TRANSFERS: Final = ".transfers"
"""Folder of the store with a lock for each blob that is on its way."""
_FIELDS: Final = ("N", "Offset", "Size", "Completed")


@dataclass(slots=True)
class Part:
    """A range of a blob; whoever transfers it counts `completed` up."""

    number: int
    offset: int
    size: int
    completed: int = 0

    @property
    def remaining(self) -> int:
        return self.size - self.completed

    @property
    def first(self) -> int:
        """Offset of the first byte that is missing."""
        return self.offset + self.completed

    @property
    def last(self) -> int:
        return self.offset + self.size - 1

    @property
    def range(self) -> str:
        """Of what is missing, as a Range header has it."""
        return f"bytes={self.first}-{self.last}"

    @property
    def content_range(self) -> str:
        """Of what is missing, as the header of an upload has it: without a unit."""
        return f"{self.first}-{self.last}"

    @property
    def suffix(self) -> str:
        return f"-partial-{self.number}"

    def to_bytes(self) -> bytes:
        values = (self.number, self.offset, self.size, self.completed)
        fields = dict(zip(_FIELDS, values, strict=True))
        return (json.dumps(fields, separators=(",", ":")) + "\n").encode()

    @classmethod
    def parse(cls, content: bytes) -> Self | None:
        """None for anything but a part's state."""
        try:
            fields: Any = json.loads(content)
            values = [fields[name] for name in _FIELDS]
        except (ValueError, RecursionError, KeyError, TypeError):
            return None
        if not all(isinstance(value, int) and not isinstance(value, bool) for value in values):
            return None
        part = cls(*values)
        return part if 0 <= part.completed <= part.size and part.offset >= 0 else None


def plan(total: int) -> list[Part]:
    """A sixteenth of the blob per part, but not below 100 MB and not above 1 GB."""
    size = min(max(total // _PARTS, _MIN_PART), _MAX_PART)
    offsets = range(0, total, size)
    return [
        Part(number, offset, min(size, total - offset)) for number, offset in enumerate(offsets)
    ]


class PartialBlob:
    """One blob on its way into the store. One thread owns it; others may write its parts."""

    def __init__(self, store: LocalStore, layer: Layer) -> None:
        self._store = store
        self._layer = layer
        self._final = store.blob_path(layer.digest)
        self._path = self._final.with_name(self._final.name + "-partial")
        self._saved: dict[int, int] = {}
        self._hash = hashlib.sha256()
        self._hashed = 0
        self._fresh: dict[int, bytes] = {}
        """By its offset, the little that was written last: it need not be read to be hashed."""
        self.parts: list[Part] = []

    @contextlib.contextmanager
    def claim(self, wait: Callable[[], None]) -> Generator[None]:
        """Holds the blob against other downloads of it, in this process or another; `wait` is
        called while one is at work, and ends the wait by raising.

        On disks where locks do nothing this saves no work any more; the digest is checked anyway.
        """
        folder = self._store.root / TRANSFERS
        with disk(folder):
            folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / self._final.name, thread_local=False)
        while not _taken(lock):
            wait()
        try:
            yield
        finally:
            # While it is held: whoever opened it meanwhile finds the blob, or begins anew.
            with contextlib.suppress(OSError):
                Path(lock.lock_file).unlink()
            lock.release()

    @property
    def completed(self) -> int:
        return sum(part.completed for part in self.parts)

    def look(self) -> int:
        """How many bytes somebody else's download has so far, by what it saved."""
        return sum(part.completed for part in self._read_states())

    def open(self) -> None:
        """Finds out what is there already, or makes room for all of it."""
        self._hash, self._hashed, self._fresh, self._saved = hashlib.sha256(), 0, {}, {}
        self.parts = self._read_states()
        if self._is_sound():
            self._saved = {part.number: part.completed for part in self.parts}
            return
        self.discard()
        self.parts = plan(self._layer.size)
        with disk(self._path):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("wb") as file:
                file.truncate(self._layer.size)
        self.save()

    def _read_states(self) -> list[Part]:
        states: list[Part] = []
        for path in self._path.parent.glob(self._path.name + "-*"):
            with contextlib.suppress(OSError):
                part = Part.parse(path.read_bytes()[:4096])
                if part is not None and path.name == self._final.name + part.suffix:
                    states.append(part)
        return sorted(states, key=lambda part: part.offset)

    def _is_sound(self) -> bool:
        """Parts without gaps over a file of full length; states that outlived their file lie."""
        end = 0
        for part in self.parts:
            if part.offset != end:
                return False
            end += part.size
        try:
            return end == self._path.stat().st_size == self._layer.size > 0
        except OSError:
            return False

    @contextlib.contextmanager
    def writer(self, part: Part) -> Generator[Callable[[bytes], None]]:
        """Takes the part's next bytes; what was taken is counted."""
        with disk(self._path), self._path.open("r+b", buffering=0) as file:
            file.seek(part.first)

            def write(chunk: bytes) -> None:
                offset, left = part.first, memoryview(chunk)
                with disk(self._path):
                    while left:
                        written = file.write(left)
                        left = left[written:]
                        is_near = 0 <= offset - self._hashed < _AHEAD
                        if not left and is_near and len(chunk) >= _LARGE:
                            self._fresh[offset] = chunk
                        part.completed += written

            yield write

    def save(self, *, refresh: bool = False) -> None:
        """Writes down what has changed; `refresh` also makes the rest young again."""
        for part in self.parts:
            completed = part.completed
            if refresh or self._saved.get(part.number) != completed:
                state = Part(part.number, part.offset, part.size, completed)
                self._store.write_file(self._state_path(part), state.to_bytes())
                self._saved[part.number] = completed

    def hash_ahead(self) -> bool:
        """Hashes a bit of what has come without a gap; False if there is nothing to hash."""
        end = 0
        for part in self.parts:
            end = part.first
            if part.remaining:
                break
        if self._hashed >= end:
            return False
        content = self._unhashed(end)
        self._hash.update(content)
        self._hashed += len(content)
        return bool(content)

    def _unhashed(self, end: int) -> bytes:
        """The next bytes to hash, which are in the file in any case."""
        content = self._fresh.pop(self._hashed, None)
        if content is not None:
            return content
        for offset in list(self._fresh):  # others may be writing
            if offset < self._hashed:
                del self._fresh[offset]
            else:
                end = min(end, offset)
        with disk(self._path), self._path.open("rb", buffering=0) as file:
            file.seek(self._hashed)
            return file.read(min(end - self._hashed, _CHUNK))

    def flush(self) -> None:
        """Has what has come written to the disk, so that little is left to be at the end."""
        with disk(self._path), self._path.open("rb+", buffering=0) as file:
            os.fsync(file.fileno())

    def finish(self) -> None:
        """Makes it a blob of the store, if it is the right one.

        Raises DigestMismatchError, after which nothing of it is left.
        """
        while self.hash_ahead():
            pass
        digest = f"sha256:{self._hash.hexdigest()}"
        if digest != canonical(self._layer.digest) or self._hashed != self._layer.size:
            self.discard()
            raise DigestMismatchError(
                "digest mismatch, file must be downloaded again: want "
                f"{self._layer.digest}, got {digest}"
            )
        self.flush()
        self._store.adopt(self._path, self._layer.digest)
        self._drop_states()

    def discard(self) -> None:
        with disk(self._path):
            self._path.unlink(missing_ok=True)
            self._drop_states()

    def _drop_states(self) -> None:
        with disk(self._path):
            for path in self._path.parent.glob(self._path.name + "-*"):
                path.unlink(missing_ok=True)

    def _state_path(self, part: Part) -> Path:
        return self._final.with_name(self._final.name + part.suffix)


def _taken(lock: FileLock) -> bool:
    with disk(Path(lock.lock_file)):
        try:
            lock.acquire(blocking=False)
        except Timeout:
            return False
    return True

"""Blobs and manifests on disk, in Ollama's layout: put, verify, find, link, delete.

Knows digests, names and files; knows no model and no registry. Every blob and manifest appears by a
rename of a finished temporary file, so that readers of any process see all of it or nothing; the
lock saves two writers from each other's pruning. Reading creates nothing.

    <root>/manifests/<host>/<namespace>/<model>/<tag>      one JSON file per model
    <root>/blobs/sha256-<64 hex>                           everything a manifest points to
    <root>/blobs/sha256-<64 hex>-partial[-<N>]             a download in progress (see partial.py)

Folders of others can be read along: their models are found after the store's own, their blobs
serve models of the store, and nothing in them is ever changed, not even a file's time.
"""

import contextlib
import hashlib
import logging
import os
import re
import stat
import sys
import tempfile
import threading
import time
import weakref
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from paddock.errors import (
    BlobNotFoundError,
    DigestMismatchError,
    InvalidNameError,
    ModelNotFoundError,
    StoreError,
)
from paddock.names import Digest, ModelName, parse_digest
from paddock.store.manifest import MAX_MANIFEST, Config, Layer, Manifest, json_layer, media_type

if TYPE_CHECKING:
    from filelock import FileLock

__all__ = ["Blob", "Config", "Layer", "LocalStore", "Manifest", "json_layer", "media_type"]

logger = logging.getLogger(__name__)

_MAX_TEXT: Final = 16 << 20
_CHUNK: Final = 1 << 20
_LOCK_SECONDS: Final = 60.0
_FICLONE: Final = 0x40049409
_DIGEST_IN_TEXT: Final = re.compile(r"sha256[:-][0-9a-fA-F]{64}")


@dataclass(frozen=True, slots=True)
class Blob:
    """A blob that is in the store now."""

    digest: Digest
    size: int
    written: int | None = field(default=None, compare=False)
    """The file's time in nanoseconds, if it was written for this and not there already. A later
    time means that somebody else wants it too."""


@dataclass(frozen=True, slots=True)
class StoredManifest:
    """A manifest as it was found."""

    name: ModelName
    manifest: Manifest
    digest: str
    """Hexadecimal SHA-256 of the file; the model's ID."""
    modified_ns: int


_stores: "weakref.WeakSet[LocalStore]" = weakref.WeakSet()


class LocalStore:
    """One models folder. Any number of threads and processes may use the same one."""

    def __init__(self, root: Path, *, read_only: Iterable[Path] = ()) -> None:
        self.root = root
        self.read_only = tuple(read_only)
        """Roots of stores that are only read."""
        self._blobs = root / "blobs"
        self._manifests = root / "manifests"
        self._make_lock()
        _stores.add(self)

    def _make_lock(self) -> None:
        self._lock: FileLock | None = None
        self._making = threading.Lock()

    @classmethod
    def after_fork_in_child(cls) -> None:
        """A lock is its process's own: what the parent holds, the child must wait for."""
        for store in list(_stores):
            store._make_lock()

    # blobs

    def blob_path(self, digest: str) -> Path:
        """Where the blob is, or would be. The only place that joins a digest to a path."""
        return self._blobs / parse_digest(digest).replace(":", "-", 1)

    def find_blob(self, digest: str) -> Path:
        """The path of a blob that is there. Raises BlobNotFoundError."""
        name = self.blob_path(digest).name
        for folder in (self._blobs, *(root / "blobs" for root in self.read_only)):
            # The last is how very old stores spell it.
            for spelling in (name, name.lower(), name.replace("-", ":", 1)):
                path = folder.joinpath(spelling)
                if path.is_file():
                    return path
        raise BlobNotFoundError(f'blob "{digest}" not found')

    def has_blob(self, digest: str) -> bool:
        try:
            self.find_blob(digest)
        except BlobNotFoundError:
            return False
        return True

    def read_blob(self, digest: str) -> bytes:
        """The content of a small blob: a template, a config, a licence."""
        path = self.find_blob(digest)
        with disk(path):
            if path.stat().st_size > _MAX_TEXT:
                raise StoreError(f"{path}: too large for a text layer; pull the model again")
            return path.read_bytes()

    def put_blob(
        self,
        chunks: bytes | Iterable[bytes],
        expected: Digest | None = None,
        *,
        keep_other: bool = True,
    ) -> Blob:
        """Stores bytes under the digest they turn out to have.

        A blob that is there already is kept and its time refreshed, which protects it from being
        pruned before a manifest names it. Raises DigestMismatchError when `expected` is another
        digest; the bytes stay stored under their own if `keep_other`.
        """
        pieces = (chunks,) if isinstance(chunks, bytes) else chunks
        return self._put(
            lambda descriptor: self._write(descriptor, pieces), expected, keep_other=keep_other
        )

    def _put(
        self, fill: Callable[[int], Blob], expected: Digest | None, *, keep_other: bool
    ) -> Blob:
        with self._temporary(self._blobs) as (descriptor, temporary):
            blob = fill(descriptor)
            os.fsync(descriptor)
            is_other = expected is not None and canonical(expected) != blob.digest
            if keep_other or not is_other:
                blob = self._keep(temporary, blob)
        if is_other:
            raise DigestMismatchError(
                f'digest mismatch, expected "{expected}", got "{blob.digest}"'
            )
        return blob

    def put_file(
        self,
        path: Path,
        expected: Digest | None = None,
        *,
        report: Callable[[int, int], None] = lambda copied, size: None,
    ) -> Blob:
        """Stores a copy of a file; a file that the store has already is only read.

        Where the file system can share blocks between files, the copy takes no room of its own.

        `report` is told the bytes that were copied, and of how many; it may end the work by
        raising.
        """
        with disk(path), path.open("rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise StoreError(f"{path}: not a regular file")
            if self._has_blob_of_size(status.st_size):
                digest = Digest("sha256:" + hashlib.file_digest(file, "sha256").hexdigest())
                if self.has_blob(digest) and canonical(expected or digest) == digest:
                    self.refresh(digest)
                    return Blob(digest, status.st_size)
                file.seek(0)

            def chunks(source: BinaryIO) -> Iterator[bytes]:
                while chunk := source.read(_CHUNK):
                    yield chunk
                    report(source.tell(), status.st_size)

            def fill(descriptor: int) -> Blob:
                if not share_blocks(file.fileno(), descriptor):
                    return self._write(descriptor, chunks(file))
                with open(descriptor, "rb", closefd=False) as copy:  # the file may change meanwhile
                    return _measured(chunks(copy), len)

            return self._put(fill, expected, keep_other=True)

    def refresh(self, digest: str) -> None:
        """Makes a blob of the store's own young again: pruning spares what was just wanted.

        Raises BlobNotFoundError.
        """
        with self.changing():  # not while somebody takes it back
            path = self.find_blob(digest)
            if path.parent == self._blobs:
                with disk(path), contextlib.suppress(PermissionError):
                    os.utime(path)

    def write_file(self, path: Path, content: bytes) -> None:
        """Replaces a file of the store's blobs folder as a whole."""
        with self._temporary(path.parent) as (descriptor, temporary), disk(path):
            os.write(descriptor, content)
            temporary.replace(path)

    def adopt(self, path: Path, digest: str) -> int:
        """Gives a finished, verified file of the disk its blob's name; see `Blob.written`."""
        target = self.blob_path(digest)
        with disk(target):
            path.chmod(0o644)
            # To the nanosecond: the system's own notion of now lasts for milliseconds, in which
            # another could refresh the blob.
            now = time.time_ns()
            os.utime(path, ns=(now, now))
            written = path.stat().st_mtime_ns
            path.replace(target)
        return written

    def _write(self, descriptor: int, chunks: Iterable[bytes]) -> Blob:
        with open(descriptor, "wb", closefd=False) as file:
            return _measured(chunks, file.write)

    def _keep(self, temporary: Path, blob: Blob) -> Blob:
        path = self.blob_path(blob.digest)
        with self.changing():  # not while somebody takes it back
            if path.is_file() and path.stat().st_size == blob.size:
                os.utime(path)
                return blob
            return replace(blob, written=self.adopt(temporary, blob.digest))

    def _has_blob_of_size(self, size: int) -> bool:
        for root in (self.root, *self.read_only):
            with contextlib.suppress(OSError), os.scandir(root / "blobs") as entries:
                if any(entry.stat().st_size == size for entry in entries):
                    return True
        return False

    # manifests

    def manifest_path(self, name: ModelName) -> Path:
        """Where the name's manifest is, or would be in the store itself."""
        for root in (self.root, *self.read_only):
            path = root / "manifests" / name.path
            if path.is_file():
                return path
        return self._manifests / name.path

    def manifests(self) -> Iterator[tuple[ModelName, Path]]:
        """Every manifest file, exactly four folders deep; other names are passed over.

        A name that the store has hides the same name of a folder that is only read.
        """
        seen: set[ModelName] = set()
        for root in (self.root, *self.read_only):
            for name, path in manifests_below(root / "manifests"):
                if name is None:
                    logger.info("not a model, passed over: %s", path)
                elif name not in seen:
                    seen.add(name)
                    yield name, path

    def resolve_name(self, name: ModelName) -> ModelName:
        """The spelling under which the store has the name, compared without regard to case.

        An exact match comes first, then the whole name in another case; else each part takes the
        spelling that any model has for it (reference: a tag `q8_0` becomes another's `Q8_0`).
        """
        if self.manifest_path(name).is_file():
            return name
        existing = [found for found, _ in self.manifests()]
        for found in existing:
            if found.full.lower() == name.full.lower():
                return found
        return ModelName(
            *(
                _spelling(getattr(name, part), {getattr(found, part) for found in existing})
                for part in ("host", "namespace", "model", "tag")
            )
        )

    def load(self, name: ModelName) -> StoredManifest:
        """A manifest and the digest of its bytes.

        Raises ModelNotFoundError, CorruptManifestError.
        """
        path = self.manifest_path(name)
        content, status = self._read(name, path)
        manifest = Manifest.parse(content, path)
        digest = hashlib.sha256(content).hexdigest()
        return StoredManifest(name, manifest, digest, status.st_mtime_ns)

    def read_manifest(self, name: ModelName) -> Manifest:
        return self.load(name).manifest

    def read_manifest_bytes(self, name: ModelName) -> bytes:
        """The manifest as it is stored, unread. Raises ModelNotFoundError."""
        return self._read(name, self.manifest_path(name))[0]

    def write_manifest(
        self, name: ModelName, manifest: Manifest | bytes, *, prune: bool = True
    ) -> frozenset[str]:
        """Makes the name mean this manifest; bytes (of a registry) are stored as they came.

        Blobs that only the name's old manifest needed are deleted, or, without `prune`, returned.
        Raises BlobNotFoundError when a blob is missing: another process may have deleted what this
        one had found.
        """
        content = manifest if isinstance(manifest, bytes) else manifest.to_bytes()
        parsed = Manifest.parse(content)
        with self.changing():
            for layer in parsed.blobs:
                self.find_blob(layer.digest)
            before = self._digests_in(self._own_manifest(name))
            self._replace_manifest(name, content)
            unused = self._unused(before)
            if prune:
                self._delete_blobs(unused)
            return unused

    def take_back(self, blobs: Iterable[Blob]) -> None:
        """Deletes blobs that were written for something that failed.

        Those that a manifest names stay, and those that somebody else wanted meanwhile, who may
        not have named them yet.
        """
        with self.changing():
            self._delete_blobs(self._unused(blob.digest for blob in blobs if self._is_alone(blob)))

    def _is_alone(self, blob: Blob) -> bool:
        try:
            return self.blob_path(blob.digest).stat().st_mtime_ns == blob.written
        except OSError:
            return False

    def prune(self, digests: Iterable[str]) -> None:
        """Deletes those of the blobs that no manifest of the store names."""
        with self.changing():
            self._delete_blobs(self._unused(digests))

    def copy(self, source: ModelName, destination: ModelName) -> None:
        """Gives a model a second name; no blob is touched. Raises ModelNotFoundError."""
        with self.changing():
            content = self.read_manifest_bytes(source)
            if source != destination:
                self._replace_manifest(destination, content)

    def delete(self, name: ModelName) -> None:
        """Removes a name and the blobs that no other manifest needs. Raises ModelNotFoundError."""
        with self.changing():
            path = self._inside(self._own_manifest(name))
            digests = self._digests_in(path)
            with disk(path):
                try:
                    path.unlink()
                except (FileNotFoundError, NotADirectoryError):
                    raise self._not_ours(name) from None
            self.remove_empty_folders(path.parent)
            self._delete_blobs(self._unused(digests))

    @contextlib.contextmanager
    def changing(self) -> Generator[None]:
        """Holds the store against other writers; take it from finding a blob to naming it."""
        from filelock import FileLock, Timeout  # what only reads does without

        with disk(self.root):
            self.root.mkdir(parents=True, exist_ok=True)
            with self._making:
                self._lock = self._lock or FileLock(
                    self.root / ".paddock.lock", timeout=_LOCK_SECONDS
                )
            try:
                held = self._lock.acquire()
            except Timeout as error:
                raise StoreError(
                    f"{self.root}: another process has been changing the store for "
                    f"{_LOCK_SECONDS:.0f} s; wait for it or end it, then try again"
                ) from error
        with held:
            yield

    def _read(self, name: ModelName, path: Path) -> tuple[bytes, os.stat_result]:
        try:
            with path.open("rb") as file:
                return file.read(MAX_MANIFEST + 1), os.fstat(file.fileno())
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            raise ModelNotFoundError(name.short) from None
        except OSError as error:
            raise StoreError(f"{path}: {error.strerror}") from error

    def _own_manifest(self, name: ModelName) -> Path:
        return self._manifests / name.path

    def _not_ours(self, name: ModelName) -> ModelNotFoundError | StoreError:
        path = self.manifest_path(name)
        if path == self._own_manifest(name):
            return ModelNotFoundError(name.short)
        return StoreError(f'model "{name.short}" lies in a folder that is only read ({path})')

    def _replace_manifest(self, name: ModelName, content: bytes) -> None:
        path = self._own_manifest(name)
        # Not beside the manifest: a stray file there would switch off the reference's pruning.
        with disk(path), self._temporary(self._manifests) as (descriptor, temporary):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._write(descriptor, (content,))
            temporary.chmod(0o644)
            temporary.replace(self._inside(path))

    def _inside(self, path: Path) -> Path:
        """The path, unless a link leads it out of the folder of manifests."""
        if not path.parent.resolve().is_relative_to(self._manifests.resolve()):
            raise StoreError(f"{path}: a link leads out of the store; nothing was changed")
        return path

    def remove_empty_folders(self, folder: Path) -> None:
        """From a folder below the manifests upwards; the folder of manifests itself stays."""
        with contextlib.suppress(OSError):  # not empty, or being filled by another process
            while folder != self._manifests:
                folder.rmdir()
                folder = folder.parent

    def _digests_in(self, path: Path) -> set[str]:
        """All digests in a manifest file, even if it is damaged or half written by a reference."""
        try:
            text = path.read_bytes()[:MAX_MANIFEST].decode("utf-8", "replace")
        except OSError:
            return set()
        return {canonical(digest) for digest in _DIGEST_IN_TEXT.findall(text)}

    def referenced(self) -> set[str]:
        """Every digest that a manifest of the store names, in lower case."""
        digests: set[str] = set()
        for _, path in manifests_below(self._manifests):
            digests |= self._digests_in(path)
        return digests

    def _unused(self, digests: Iterable[str]) -> frozenset[str]:
        left = {canonical(digest) for digest in digests}
        for _, path in manifests_below(self._manifests):
            if not left:
                break
            left -= self._digests_in(path)
        return frozenset(left)

    def _delete_blobs(self, digests: Iterable[str]) -> None:
        for digest in digests:
            with contextlib.suppress(BlobNotFoundError), disk(self._blobs):
                path = self.find_blob(digest)
                if path.parent == self._blobs:
                    path.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _temporary(self, folder: Path) -> Generator[tuple[int, Path]]:
        """A file that no other process has; gone afterwards unless it was renamed."""
        with disk(folder):
            folder.mkdir(parents=True, exist_ok=True)
            descriptor, text = tempfile.mkstemp(prefix=f"sha256-{os.getpid()}-", dir=folder)
        temporary = Path(text)
        try:
            with disk(folder):
                yield descriptor, temporary
        finally:
            os.close(descriptor)
            temporary.unlink(missing_ok=True)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=LocalStore.after_fork_in_child)


def share_blocks(source: int, target: int) -> bool:
    """Makes an empty file the copy of another without copying, where the file system can (Btrfs,
    XFS); else leaves it empty."""
    if sys.platform != "linux":
        return False
    import fcntl

    try:
        fcntl.ioctl(target, _FICLONE, source)
    except OSError:
        return False
    return True


def _measured(chunks: Iterable[bytes], take: Callable[[bytes], int]) -> Blob:
    """What the chunks come to, each of which is handed on."""
    digest, size = hashlib.sha256(), 0
    for chunk in chunks:
        digest.update(chunk)
        size += take(chunk)
    return Blob(Digest("sha256:" + digest.hexdigest()), size)


def canonical(digest: str) -> str:
    """The one spelling of a digest, for comparing."""
    return digest.replace("-", ":", 1).lower()


def manifests_below(folder: Path) -> Iterator[tuple[ModelName | None, Path]]:
    """The files exactly four folders deep, sorted; no name where the path is none of a model."""
    for path in _below(str(folder), depth=4):
        file = Path(path)
        try:
            name = ModelName(*file.parts[-4:])
        except InvalidNameError:
            name = None
        yield name, file


def _below(folder: str, depth: int) -> Iterator[str]:
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except OSError:  # missing, not a folder, or not ours to read
        return
    for entry in entries:
        if depth > 1:
            yield from _below(entry.path, depth - 1)
        elif entry.is_file():
            yield entry.path


def _spelling(part: str, existing: set[str]) -> str:
    same = sorted(found for found in existing if found.lower() == part.lower())
    return part if part in same or not same else same[0]


@contextlib.contextmanager
def disk(path: Path) -> Generator[None]:
    """What the operating system refuses, said as a StoreError with the way out."""
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"{error.filename or path}: {error.strerror or error}; check the folder's permissions "
            "and free space, or use another models folder"
        ) from error

"""Blobs and manifests on disk, in Ollama's layout: put, verify, find, link, delete.

Knows digests, names and files; knows no model and no registry. Every blob and manifest appears by a
rename of a finished temporary file, so that readers of any process see all of it or nothing; the
lock saves two writers from each other's pruning. Reading creates nothing.

    <root>/manifests/<host>/<namespace>/<model>/<tag>      one JSON file per model
    <root>/blobs/sha256-<64 hex>                           everything a manifest points to
"""

import contextlib
import hashlib
import logging
import os
import re
import stat
import tempfile
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from filelock import FileLock, Timeout

from paddock.errors import (
    BlobNotFoundError,
    DigestMismatchError,
    InvalidNameError,
    ModelNotFoundError,
    StoreError,
)
from paddock.names import Digest, ModelName, parse_digest
from paddock.store.manifest import MAX_MANIFEST, Config, Layer, Manifest, json_layer, media_type

__all__ = ["Blob", "Config", "Layer", "LocalStore", "Manifest", "json_layer", "media_type"]

logger = logging.getLogger(__name__)

_MAX_TEXT: Final = 16 << 20
_CHUNK: Final = 1 << 20
_LOCK_SECONDS: Final = 60.0
_DIGEST_IN_TEXT: Final = re.compile(r"sha256[:-][0-9a-fA-F]{64}")


class Blob(NamedTuple):
    """A blob that is in the store now."""

    digest: Digest
    size: int


@dataclass(frozen=True, slots=True)
class StoredManifest:
    """A manifest as it was found."""

    name: ModelName
    manifest: Manifest
    digest: str
    """Hexadecimal SHA-256 of the file; the model's ID."""
    modified_ns: int


class LocalStore:
    """One models folder. Any number of threads and processes may use the same one."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._blobs = root / "blobs"
        self._manifests = root / "manifests"
        self._lock = FileLock(root / ".paddock.lock", timeout=_LOCK_SECONDS)

    # blobs

    def blob_path(self, digest: str) -> Path:
        """Where the blob is, or would be. The only place that joins a digest to a path."""
        return self._blobs / parse_digest(digest).replace(":", "-", 1)

    def find_blob(self, digest: str) -> Path:
        """The path of a blob that is there. Raises BlobNotFoundError."""
        path = self.blob_path(digest)
        old_store = path.with_name(path.name.replace("-", ":", 1))
        for spelling in (path, path.with_name(path.name.lower()), old_store):
            if spelling.is_file():
                return spelling
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
        with _disk(path):
            if path.stat().st_size > _MAX_TEXT:
                raise StoreError(f"{path}: too large for a text layer; pull the model again")
            return path.read_bytes()

    def put_blob(self, chunks: bytes | Iterable[bytes], expected: Digest | None = None) -> Blob:
        """Stores bytes under the digest they turn out to have.

        A blob that is there already is kept and its time refreshed, which protects it from being
        pruned before a manifest names it. Raises DigestMismatchError when `expected` is another
        digest; the bytes stay stored under their own.
        """
        with self._temporary(self._blobs) as (descriptor, temporary):
            blob = self._write(descriptor, (chunks,) if isinstance(chunks, bytes) else chunks)
            self._keep(temporary, blob)
        if expected is not None and _canonical(expected) != blob.digest:
            raise DigestMismatchError(
                f'digest mismatch, expected "{expected}", got "{blob.digest}"'
            )
        return blob

    def put_file(self, path: Path, expected: Digest | None = None) -> Blob:
        """Stores a copy of a file; a file that the store has already is only read."""
        with _disk(path), path.open("rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise StoreError(f"{path}: not a regular file")
            if self._has_blob_of_size(status.st_size):
                digest = Digest("sha256:" + hashlib.file_digest(file, "sha256").hexdigest())
                if self.has_blob(digest) and _canonical(expected or digest) == digest:
                    os.utime(self.find_blob(digest))
                    return Blob(digest, status.st_size)
                file.seek(0)
            return self.put_blob(iter(lambda: file.read(_CHUNK), b""), expected)

    def _write(self, descriptor: int, chunks: Iterable[bytes]) -> Blob:
        digest, size = hashlib.sha256(), 0
        with open(descriptor, "wb", closefd=False) as file:
            for chunk in chunks:
                digest.update(chunk)
                size += file.write(chunk)
        os.fsync(descriptor)
        return Blob(Digest("sha256:" + digest.hexdigest()), size)

    def _keep(self, temporary: Path, blob: Blob) -> None:
        path = self.blob_path(blob.digest)
        if path.is_file() and path.stat().st_size == blob.size:
            os.utime(path)
        else:
            temporary.chmod(0o644)
            temporary.replace(path)

    def _has_blob_of_size(self, size: int) -> bool:
        try:
            with os.scandir(self._blobs) as entries:
                return any(entry.stat().st_size == size for entry in entries)
        except FileNotFoundError:
            return False

    # manifests

    def manifest_path(self, name: ModelName) -> Path:
        return self._manifests / name.path

    def manifests(self) -> Iterator[tuple[ModelName, Path]]:
        """Every manifest file, exactly four folders deep; other names are passed over."""
        for path in _below(self._manifests, depth=4):
            relative = path.relative_to(self._manifests).as_posix()
            try:
                yield ModelName.from_path(relative), path
            except InvalidNameError:
                logger.info("not a model, passed over: %s", path)

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
        try:
            with path.open("rb") as file:
                status = os.fstat(file.fileno())
                content = file.read(MAX_MANIFEST + 1)
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            raise ModelNotFoundError(name.short) from None
        except OSError as error:
            raise StoreError(f"{path}: {error.strerror}") from error
        manifest = Manifest.parse(content, path)
        digest = hashlib.sha256(content).hexdigest()
        return StoredManifest(name, manifest, digest, status.st_mtime_ns)

    def read_manifest(self, name: ModelName) -> Manifest:
        return self.load(name).manifest

    def write_manifest(
        self, name: ModelName, manifest: Manifest | bytes, *, prune: bool = True
    ) -> None:
        """Makes the name mean this manifest; bytes (of a registry) are stored as they came.

        Blobs that only the name's old manifest needed are deleted. Raises BlobNotFoundError when a
        blob is missing: another process may have deleted what this one had found.
        """
        content = manifest if isinstance(manifest, bytes) else manifest.to_bytes()
        parsed = Manifest.parse(content)
        with self.changing():
            for layer in parsed.blobs:
                self.find_blob(layer.digest)
            before = self._digests_in(self.manifest_path(name))
            self._replace_manifest(name, content)
            if prune:
                self._prune(before)

    def copy(self, source: ModelName, destination: ModelName) -> None:
        """Gives a model a second name; no blob is touched. Raises ModelNotFoundError."""
        with self.changing():
            if source != destination:
                content = self._content(source)
                self._replace_manifest(destination, content)

    def delete(self, name: ModelName) -> None:
        """Removes a name and the blobs that no other manifest needs. Raises ModelNotFoundError."""
        with self.changing():
            path = self._own(self.manifest_path(name))
            digests = self._digests_in(path)
            with _disk(path):
                try:
                    path.unlink()
                except FileNotFoundError:
                    raise ModelNotFoundError(name.short) from None
            self._remove_empty_folders(path.parent)
            self._prune(digests)

    @contextlib.contextmanager
    def changing(self) -> Generator[None]:
        """Holds the store against other writers; take it from finding a blob to naming it."""
        with _disk(self.root):
            self.root.mkdir(parents=True, exist_ok=True)
            try:
                held = self._lock.acquire()
            except Timeout as error:
                raise StoreError(
                    f"{self.root}: another process has been changing the store for "
                    f"{_LOCK_SECONDS:.0f} s; wait for it or end it, then try again"
                ) from error
        with held:
            yield

    def _content(self, name: ModelName) -> bytes:
        path = self.manifest_path(name)
        with _disk(path):
            try:
                return path.read_bytes()
            except (FileNotFoundError, NotADirectoryError):
                raise ModelNotFoundError(name.short) from None

    def _replace_manifest(self, name: ModelName, content: bytes) -> None:
        path = self.manifest_path(name)
        # Not beside the manifest: a stray file there would switch off the reference's pruning.
        with _disk(path), self._temporary(self._manifests) as (descriptor, temporary):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._write(descriptor, (content,))
            temporary.chmod(0o644)
            temporary.replace(self._own(path))

    def _own(self, path: Path) -> Path:
        """The path, unless a link leads it out of the folder of manifests."""
        if not path.parent.resolve().is_relative_to(self._manifests.resolve()):
            raise StoreError(f"{path}: a link leads out of the store; nothing was changed")
        return path

    def _remove_empty_folders(self, folder: Path) -> None:
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
        return {digest.replace("-", ":", 1).lower() for digest in _DIGEST_IN_TEXT.findall(text)}

    def _prune(self, digests: set[str]) -> None:
        """Deletes those of the blobs that no manifest names any more."""
        for _, path in self.manifests():
            if not digests:
                return
            digests = digests - self._digests_in(path)
        for digest in digests:
            with contextlib.suppress(BlobNotFoundError), _disk(self._blobs):
                self.find_blob(digest).unlink(missing_ok=True)

    @contextlib.contextmanager
    def _temporary(self, folder: Path) -> Generator[tuple[int, Path]]:
        """A file that no other process has; gone afterwards unless it was renamed."""
        with _disk(folder):
            folder.mkdir(parents=True, exist_ok=True)
            descriptor, text = tempfile.mkstemp(prefix=f"sha256-{os.getpid()}-", dir=folder)
        temporary = Path(text)
        try:
            with _disk(folder):
                yield descriptor, temporary
        finally:
            os.close(descriptor)
            temporary.unlink(missing_ok=True)


def _canonical(digest: str) -> str:
    return digest.replace("-", ":", 1).lower()


def _below(folder: Path, depth: int) -> Iterator[Path]:
    try:
        entries = sorted(folder.iterdir())
    except OSError:  # missing, not a folder, or not ours to read
        return
    for entry in entries:
        if depth > 1:
            yield from _below(entry, depth - 1)
        elif entry.is_file():
            yield entry


def _spelling(part: str, existing: set[str]) -> str:
    same = sorted(found for found in existing if found.lower() == part.lower())
    return part if part in same or not same else same[0]


@contextlib.contextmanager
def _disk(path: Path) -> Generator[None]:
    """What the operating system refuses, said as a StoreError with the way out."""
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"{error.filename or path}: {error.strerror or error}; check the folder's permissions "
            "and free space, or use another models folder"
        ) from error

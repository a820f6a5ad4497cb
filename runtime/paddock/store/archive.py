"""One model as one file: written from the store, read into another, every byte verified.

Knows a tar of plain files in a fixed order, so that any tar program can list one, and reads nothing
else than that: no links, no extensions, no names of its own making.

    paddock.json             {"format":1,"name":"registry.ollama.ai/library/m:latest"}
    manifest                 the manifest as it is stored
    blobs/sha256-<64 hex>    each blob that it names, once, in its order
"""

import contextlib
import hashlib
import json
import os
import tarfile
import tempfile
from collections.abc import Callable, Generator, Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final

from paddock.api import ProgressResponse
from paddock.errors import DigestMismatchError, StoreError
from paddock.names import ModelName
from paddock.store.local import LocalStore, canonical, disk
from paddock.store.manifest import MAX_MANIFEST, Layer, Manifest
from paddock.store.registry import Progress, checked, reporter, require_room
from paddock.store.transfer import Stop

_HEADER: Final = "paddock.json"
_MANIFEST: Final = "manifest"
_FORMAT: Final = 1
_BLOCK: Final = tarfile.BLOCKSIZE
_CHUNK: Final = 1 << 20
_MAX_HEADER: Final = 4096
_MAX_PADDING: Final = 1 << 20
"""Zeros after the last member."""


# -- writing ---------------------------------------------------------------------------------------


def export(store: LocalStore, name: ModelName, path: Path, progress: Progress, stop: Stop) -> None:
    """Writes the model to a file, which appears when it is whole; an older one is replaced.

    Raises ModelNotFoundError, BlobNotFoundError, StoreError, and DigestMismatchError for a damaged
    blob.
    """
    content = store.read_manifest_bytes(name)
    manifest = checked(content, name.short)
    header = json.dumps({"format": _FORMAT, "name": name.full}, separators=(",", ":")).encode()
    progress(ProgressResponse(status="exporting manifest"))
    with _appearing(path) as file:
        _write(file, path, _HEADER, len(header), (header,))
        _write(file, path, _MANIFEST, len(content), (content,))
        for layer in _distinct(manifest):
            report = reporter("exporting", layer, progress)
            with disk(path), store.find_blob(layer.digest).open("rb") as blob:
                _write(
                    file,
                    path,
                    _member(layer),
                    layer.size,
                    _verified(layer, _reported(_chunks(blob, layer.size), report, stop)),
                )
        with disk(path):
            file.write(bytes(2 * _BLOCK))
    progress(ProgressResponse(status="success"))


@contextlib.contextmanager
def _appearing(path: Path) -> Generator[BinaryIO]:
    """A file beside `path` that takes its place at the end, or vanishes."""
    with disk(path):
        descriptor, text = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    temporary = Path(text)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            with disk(path):
                file.flush()
                os.fsync(file.fileno())
        with disk(path):
            temporary.chmod(0o644)
            temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _write(file: BinaryIO, path: Path, name: str, size: int, content: Iterable[bytes]) -> None:
    member = tarfile.TarInfo(name)
    member.size = size
    with disk(path):
        file.write(member.tobuf(tarfile.GNU_FORMAT))
        file.writelines(content)
        file.write(bytes(-size % _BLOCK))


# -- reading ---------------------------------------------------------------------------------------


def import_(
    store: LocalStore,
    path: Path,
    progress: Progress,
    stop: Stop,
    *,
    name: ModelName | None = None,
) -> ModelName:
    """Puts an archive's model into the store, under its own name or another one.

    A blob is kept when its last byte has come and all of them are the right ones; the manifest is
    written last. Raises StoreError, DigestMismatchError, CorruptManifestError, UnsupportedError.
    """
    try:
        with path.open("rb") as file:
            return _import(store, file, progress, stop, name)
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror or error}") from error


def _import(
    store: LocalStore, file: BinaryIO, progress: Progress, stop: Stop, name: ModelName | None
) -> ModelName:
    progress(ProgressResponse(status="importing manifest"))
    own_name = _name_in(_small_member(file, _HEADER, _MAX_HEADER))
    name = store.resolve_name(name or own_name)
    content = _small_member(file, _MANIFEST, MAX_MANIFEST)
    manifest = checked(content, f"{file.name}: {_MANIFEST}")
    require_room(store, manifest)
    for layer in _distinct(manifest):
        size = _next_member(file, _member(layer))
        if size != layer.size:
            raise StoreError(f"{file.name}: {_member(layer)} has {size} bytes, not {layer.size}")
        report = reporter("importing", layer, progress)
        chunks = _reported(_chunks(file, size), report, stop)
        store.put_blob(chunks, layer.digest, keep_other=False)
        _skip_padding(file, size)
    rest = file.read(_MAX_PADDING)
    if rest.strip(b"\0") or file.read(1):
        raise StoreError(f"{file.name}: more follows the last blob; not an archive of paddock")
    progress(ProgressResponse(status="writing manifest"))
    store.write_manifest(name, content)
    progress(ProgressResponse(status="success"))
    return name


def _next_member(file: BinaryIO, expected: str) -> int:
    """Reads the header that must come now; the size of what follows."""
    block = file.read(_BLOCK)
    try:
        member = tarfile.TarInfo.frombuf(block, "utf-8", "strict")
    except (tarfile.HeaderError, UnicodeDecodeError) as error:
        raise StoreError(f"{file.name}: no archive of paddock, or cut short: {error}") from error
    if member.name != expected or member.type not in (tarfile.REGTYPE, tarfile.AREGTYPE):
        raise StoreError(
            f"{file.name}: {member.name[:100]!r} where the file {expected!r} belongs; "
            "not an archive of paddock"
        )
    if member.size < 0:
        raise StoreError(f"{file.name}: {expected} has a size below zero")
    return member.size


def _small_member(file: BinaryIO, name: str, limit: int) -> bytes:
    size = _next_member(file, name)
    if size > limit:
        raise StoreError(f"{file.name}: {name} is larger than {limit} bytes")
    content = b"".join(_chunks(file, size))
    _skip_padding(file, size)
    return content


def _skip_padding(file: BinaryIO, size: int) -> None:
    file.read(-size % _BLOCK)


def _name_in(content: bytes) -> ModelName:
    try:
        fields: Any = json.loads(content)
        version, name = fields["format"], fields["name"]
    except (ValueError, RecursionError, KeyError, TypeError) as error:
        raise StoreError(f"{_HEADER}: not the beginning of an archive of paddock") from error
    if version != _FORMAT or not isinstance(name, str):
        raise StoreError(f"{_HEADER}: an archive of another version; update paddock to read it")
    return ModelName.parse_stored(name)


# -- both ------------------------------------------------------------------------------------------


def _distinct(manifest: Manifest) -> list[Layer]:
    return list({canonical(layer.digest): layer for layer in manifest.blobs}.values())


def _member(layer: Layer) -> str:
    return "blobs/" + canonical(layer.digest).replace(":", "-")


def _chunks(file: BinaryIO, size: int) -> Iterator[bytes]:
    while size:
        chunk = file.read(min(size, _CHUNK))
        if not chunk:
            raise StoreError(f"{file.name}: ends too early")
        size -= len(chunk)
        yield chunk


def _reported(
    chunks: Iterable[bytes], report: Callable[[int], None], stop: Stop
) -> Iterator[bytes]:
    completed = 0
    for chunk in chunks:
        stop.check()
        completed += len(chunk)
        report(completed)
        yield chunk


def _verified(layer: Layer, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The chunks; after the last, DigestMismatchError if they were not the layer's."""
    digest = hashlib.sha256()
    for chunk in chunks:
        digest.update(chunk)
        yield chunk
    found = f"sha256:{digest.hexdigest()}"
    if found != canonical(layer.digest):
        raise DigestMismatchError(f'digest mismatch, expected "{layer.digest}", got "{found}"')

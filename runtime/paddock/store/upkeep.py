"""A whole store looked after: cleaned of what crashes and cuts left behind, and verified.

Knows which file names paddock and Ollama give, and touches no others.
"""

import contextlib
import hashlib
import logging
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from paddock.errors import BlobNotFoundError, InvalidDigestError, StoreError
from paddock.names import parse_digest
from paddock.store.local import LocalStore, canonical, manifests_below
from paddock.store.manifest import MAX_MANIFEST, Manifest
from paddock.store.partial import TRANSFERS

logger = logging.getLogger(__name__)

GRACE_SECONDS: Final = 3600.0
"""Younger files may belong to a create or pull whose manifest is yet to come."""

_TRANSIENT: Final = re.compile(
    r"sha256-[0-9a-fA-F]{64}-partial(-[0-9]+)?"  # a download
    r"|sha256-[0-9]+(-[A-Za-z0-9_]+)?"  # a blob or manifest being written
)
_OLD_PREFIX: Final = "sha256:"
_WORKSPACES: Final = ".create-*"


# -- cleaning --------------------------------------------------------------------------------------


def clean(store: LocalStore, now: float) -> tuple[Path, ...]:
    """Deletes what is older than an hour and left over: downloads that were given up, temporary
    files, blobs that no manifest names. Blobs of very old stores get today's names.

    Does nothing while a manifest cannot be read: what it needs is not known. Files that neither
    paddock nor Ollama made, links and folders stay. Returns what was deleted. Raises StoreError.
    """
    if not store.root.is_dir():
        return ()
    with store.changing():
        try:
            return _clean(store, now)
        except OSError as error:
            raise StoreError(
                f"{error.filename or store.root}: {error.strerror}; the store was not cleaned"
            ) from error


def _clean(store: LocalStore, now: float) -> tuple[Path, ...]:
    blobs, manifests = store.root / "blobs", store.root / "manifests"
    rename_old_blobs(blobs)
    for name, path in manifests_below(manifests):
        if name is None or not _is_manifest(path):
            logger.warning("not a readable manifest: %s; no blob is deleted until it is", path)
            return ()
    referenced = store.referenced()
    deleted: list[Path] = []
    for path in (*_old_files(blobs, now), *_old_files(manifests, now)):
        if _is_left_over(path.name, referenced):
            path.unlink(missing_ok=True)
            deleted.append(path)
    for path in _old_files(store.root / TRANSFERS, now):
        with contextlib.suppress(Timeout), FileLock(path, blocking=False):
            path.unlink(missing_ok=True)
    for workspace in store.root.glob(_WORKSPACES):
        if not workspace.is_symlink() and _is_old(_newest(workspace), now):
            shutil.rmtree(workspace, ignore_errors=True)
            deleted.append(workspace)
    for folder in _folders_below(manifests):
        store.remove_empty_folders(folder)
    return tuple(deleted)


def rename_old_blobs(blobs: Path) -> None:
    """`sha256:…`, as files were called once, becomes `sha256-…`."""
    for folder, _, files in os.walk(blobs):
        for name in files:
            if name.startswith(_OLD_PREFIX):
                new = Path(folder, name.replace(":", "-", 1))
                if not new.exists():
                    Path(folder, name).rename(new)


def _manifest(path: Path) -> Manifest:
    with path.open("rb") as file:
        return Manifest.parse(file.read(MAX_MANIFEST + 1), path)


def _is_manifest(path: Path) -> bool:
    try:
        _manifest(path)
    except (OSError, StoreError):
        return False
    return True


def _is_left_over(name: str, referenced: set[str]) -> bool:
    try:
        return canonical(parse_digest(name)) not in referenced
    except InvalidDigestError:
        return _TRANSIENT.fullmatch(name) is not None


def _old_files(folder: Path, now: float) -> Iterator[Path]:
    """Regular files, no links."""
    if not folder.is_dir():
        return
    with os.scandir(folder) as entries:
        found = [entry for entry in entries if entry.is_file(follow_symlinks=False)]
    for entry in found:
        if _is_old(entry.stat(follow_symlinks=False).st_mtime, now):
            yield Path(entry.path)


def _newest(folder: Path) -> float:
    """When something in the folder was written last."""
    return max(path.lstat().st_mtime for path in (folder, *folder.rglob("*")))


def _is_old(modified: float, now: float) -> bool:
    return now - modified > GRACE_SECONDS


def _folders_below(folder: Path) -> list[Path]:
    """The deepest first."""
    return [Path(path) for path, _, _ in os.walk(folder, topdown=False) if Path(path) != folder]


# -- verifying -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Verification:
    """What a look at every byte of a store found."""

    models: int
    blobs: int
    problems: tuple[str, ...]
    """One line each, naming the file; none if everything is whole."""


def verify(store: LocalStore) -> Verification:
    """Reads every manifest, and every blob to its last byte. Changes nothing.

    Blobs that no model needs and downloads in progress are no problem; a model without one of its
    blobs, and a blob with other bytes than its name says, are.
    """
    problems: list[str] = []
    sizes: dict[str, int] = {}
    for path in _blob_files(store):
        try:
            digest, size = _measure(path)
        except OSError as error:
            problems.append(f"{path}: {error.strerror}")
            continue
        sizes[canonical(path.name)] = size
        if digest != canonical(path.name):
            problems.append(f"{path}: holds other bytes than its name says ({digest})")
    n_models = 0
    for name, path in manifests_below(store.root / "manifests"):
        if name is None:
            problems.append(f"{path}: not a model's name")
            continue
        n_models += 1
        try:
            problems += _problems_of(store, _manifest(path), sizes, path)
        except (OSError, StoreError) as error:
            problems.append(str(error))
    return Verification(n_models, len(sizes), tuple(problems))


def _blob_files(store: LocalStore) -> Iterator[Path]:
    folder = store.root / "blobs"
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        try:
            parse_digest(path.name)
        except InvalidDigestError:
            continue
        if path.is_file():
            yield path


def _measure(path: Path) -> tuple[str, int]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return f"sha256:{digest}", os.fstat(file.fileno()).st_size


def _problems_of(
    store: LocalStore, manifest: Manifest, sizes: dict[str, int], path: Path
) -> Iterator[str]:
    for layer in manifest.blobs:
        size = sizes.get(canonical(layer.digest))
        try:
            if size is None:
                size = store.find_blob(layer.digest).stat().st_size
        except BlobNotFoundError:
            yield f"{path}: {layer.digest} is missing"
            continue
        if size != layer.size:
            yield f"{path}: {layer.digest} has {size} bytes instead of {layer.size}"

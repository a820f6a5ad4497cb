"""Pull and push: a model between the store and a registry, told step by step.

Knows manifests and the order of things; blobs are moved by download.py and upload.py. A pull checks
all that a manifest says before it fetches a byte, and writes the manifest last, so that the name
means the old model or the new one at any moment.
"""

import contextlib
import logging
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from paddock.api import ProgressResponse
from paddock.errors import (
    BlobNotFoundError,
    CorruptManifestError,
    ModelNotFoundError,
    RegistryError,
    StoreError,
    UnsupportedError,
)
from paddock.names import ModelName
from paddock.store import download, upload
from paddock.store.local import LocalStore, canonical, disk
from paddock.store.manifest import MANIFEST_TYPE, MAX_MANIFEST, Layer, Manifest
from paddock.store.partial import PartialBlob
from paddock.store.remote import Remote, target
from paddock.store.transfer import Policy, Stop

logger = logging.getLogger(__name__)

Progress = Callable[[ProgressResponse], None]

_MANIFEST_TYPES: Final = frozenset(
    {"", MANIFEST_TYPE, "application/vnd.oci.image.manifest.v1+json"}
)
_LARGE: Final = frozenset({"model", "projector", "adapter", "draft", "embed"})
"""Kinds of layers that hold weights; all others are read into memory."""
_MAX_TEXT: Final = 16 << 20
_ROUNDS: Final = 3
"""How often blobs are fetched again that another process deleted before they had a manifest."""


def pull(
    store: LocalStore,
    reference: str,
    progress: Progress,
    stop: Stop,
    *,
    insecure: bool = False,
    prune: bool = True,
    key: Path | None = None,
    policy: Policy | None = None,
) -> ModelName:
    """Makes the store have the model as the registry has it now; its name in the store.

    `progress` is told the reference's status lines. Raises RequestError, RegistryError,
    DigestMismatchError, CorruptManifestError, StoreError; Cancelled when `stop` is set.
    """
    asked, scheme = target(reference, insecure=insecure)
    name = store.resolve_name(asked)
    logger.info("pulling %s from %s", asked.full, asked.host)
    progress(ProgressResponse(status="pulling manifest"))
    with Remote(asked, scheme, key=key, policy=policy) as remote:
        content = _fetch_manifest(remote, stop)
        manifest = checked(content, "pull model manifest")
        require_room(store, manifest)
        rounds_left = _ROUNDS
        while True:
            _fetch_blobs(store, remote, manifest, progress, stop)
            progress(ProgressResponse(status="verifying sha256 digest"))
            progress(ProgressResponse(status="writing manifest"))
            try:
                unused = store.write_manifest(name, content, prune=False)
                break
            except BlobNotFoundError:
                rounds_left -= 1
                if not rounds_left:
                    raise
    if prune and unused:
        _prune(store, unused, progress)
    progress(ProgressResponse(status="success"))
    return name


def checked(content: bytes, where: str) -> Manifest:
    """The manifest of a model from elsewhere, if it is one that can be stored and run.

    Raises CorruptManifestError, UnsupportedError.
    """
    manifest = Manifest.parse(content, where)
    for layer in manifest.layers:
        if layer.kind == "tensor":
            raise UnsupportedError(
                "this model requires MLX support, but the MLX runtime is not available"
            )
    complaint = next(_complaints(manifest), None)
    if complaint is not None:
        raise CorruptManifestError(f"{where}: {complaint}")
    return manifest


def _complaints(manifest: Manifest) -> Iterator[str]:
    if manifest.media_type not in _MANIFEST_TYPES:
        yield f'type "{manifest.media_type}", which is not that of one model'
    if not manifest.names_layers:
        yield "no layers, as if it were something else than a model"
    for layer in manifest.layers:
        if not layer.kind:
            yield f'a layer of type "{layer.media_type}", which is no part of a model'
    sizes: dict[str, int] = {}
    for layer in manifest.blobs:
        if layer.kind not in _LARGE and layer.size > _MAX_TEXT:
            yield f"{layer.digest}: {layer.size} bytes, too many for a text"
        if sizes.setdefault(canonical(layer.digest), layer.size) != layer.size:
            yield f"{layer.digest}: named with two sizes"


def _fetch_manifest(remote: Remote, stop: Stop) -> bytes:
    prefix = "pull model manifest: "
    headers = {"Accept": MANIFEST_TYPE}
    try:
        url = remote.at(f"manifests/{remote.name.tag}")
        with remote.open("GET", url, stop, headers=headers) as response:
            if response.status_code != 200:
                raise remote.refusal(response)
            content = bytearray()
            for chunk in remote.chunks(response):
                content += chunk
                if len(content) > MAX_MANIFEST:
                    break
            return bytes(content)
    except RegistryError as error:
        raise type(error)(prefix + str(error), remote_status=error.remote_status) from error


def require_room(store: LocalStore, manifest: Manifest) -> None:
    """Before anything is fetched: a disk that fills up helps nobody."""
    missing = {
        canonical(layer.digest): layer.size - PartialBlob(store, layer).look()
        for layer in manifest.blobs
        if not download.is_there(store, layer)
    }
    with disk(store.root):
        store.root.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(store.root).free
    if sum(missing.values()) > free:
        raise StoreError(
            f"{store.root}: {sum(missing.values()):,} bytes are to come and {free:,} are free; "
            "make room, or use another models folder"
        )


def _fetch_blobs(
    store: LocalStore, remote: Remote, manifest: Manifest, progress: Progress, stop: Stop
) -> None:
    done: list[Layer] = []
    refreshed = time.monotonic()

    def keep_young() -> None:
        """What has come must outlive another process's cleaning until the manifest names it."""
        nonlocal refreshed
        if time.monotonic() - refreshed > remote.policy.refresh:
            refreshed = time.monotonic()
            _refresh(store, done)

    for layer in manifest.blobs:
        report = reporter("pulling", layer, progress, keep_young)
        if not download.is_there(store, layer):
            download.fetch(store, remote, layer, report, stop)
        report(layer.size)
        done.append(layer)
    _refresh(store, done)


def _refresh(store: LocalStore, layers: list[Layer]) -> None:
    for layer in layers:
        with contextlib.suppress(BlobNotFoundError):  # it is fetched again, see pull
            store.refresh(layer.digest)


def reporter(
    verb: str, layer: Layer, progress: Progress, also: Callable[[], None] = lambda: None
) -> download.Report:
    digest = layer.digest
    status = f"{verb} {canonical(digest).partition(':')[2][:12]}"

    reported = -1

    def report(completed: int) -> None:
        nonlocal reported
        also()
        if completed == reported:
            return
        reported = completed
        progress(
            ProgressResponse(
                status=status, digest=digest, total=layer.size, completed=completed or None
            )
        )

    return report


def _prune(store: LocalStore, unused: frozenset[str], progress: Progress) -> None:
    progress(ProgressResponse(status="removing unused layers"))
    try:
        store.prune(unused)
    except StoreError as error:
        progress(ProgressResponse(status=f"couldn't remove unused layers: {error}"))


def push(
    store: LocalStore,
    reference: str,
    progress: Progress,
    stop: Stop,
    *,
    insecure: bool = False,
    key: Path | None = None,
    policy: Policy | None = None,
) -> None:
    """Makes the registry have the model as the store has it.

    Raises RequestError, ModelNotFoundError, BlobNotFoundError, RegistryError; Cancelled.
    """
    asked, scheme = target(reference, insecure=insecure)
    progress(ProgressResponse(status="retrieving manifest"))
    try:
        manifest = store.read_manifest(store.resolve_name(asked))
    except ModelNotFoundError:
        progress(ProgressResponse(status="couldn't retrieve manifest"))
        raise ModelNotFoundError(reference) from None
    logger.info("pushing %s to %s", asked.full, asked.host)
    with Remote(asked, scheme, key=key, policy=policy) as remote:
        for layer in manifest.blobs:
            upload.send(store, remote, layer, reporter("pushing", layer, progress), stop)
        progress(ProgressResponse(status="pushing manifest"))
        content = manifest.to_bytes().rstrip(b"\n")
        url = remote.at(f"manifests/{asked.tag}")
        headers = {"Content-Type": MANIFEST_TYPE, "Content-Length": str(len(content))}
        with remote.open("PUT", url, stop, headers=headers, body=lambda: (content,)) as response:
            if response.status_code >= 300:
                raise remote.refusal(response)
    progress(ProgressResponse(status="success"))

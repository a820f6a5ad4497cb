"""Weights -> layers: files sorted by what they are, shards joined, folders converted, quantised.

Knows GGUF headers, the converters and the store's blobs; knows no request, no config, no manifest.
Files that are blobs already are not copied, and none but finished layers become blobs, so that an
assembly that fails leaves the store as it was.
"""

import contextlib
import hashlib
import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final, Self

from paddock import convert, gguf
from paddock.api import ProgressResponse
from paddock.convert import quantisation
from paddock.errors import (
    BlobNotFoundError,
    InvalidDigestError,
    RequestError,
    StoreError,
    UnsupportedError,
)
from paddock.gguf import GGUF
from paddock.ingredients import Files, content_of
from paddock.names import Digest, parse_digest
from paddock.splits import grouped, joined
from paddock.store.local import (
    Blob,
    Layer,
    LocalStore,
    Manifest,
    canonical,
    disk,
    media_type,
)
from paddock.store.manifest import CONFIG_TYPE

logger = logging.getLogger(__name__)

Progress = Callable[[ProgressResponse], None]

_NO_DIGEST: Final = "0000000000000000000"


@dataclass(frozen=True, slots=True)
class _Part:
    """A model in one file or in several shards."""

    kind: str
    shards: tuple[GGUF, ...]

    @property
    def is_whole(self) -> bool:
        return len(self.shards) == 1

    @property
    def file_type(self) -> str:
        return self.shards[0].file_type


class Assembly:
    """The layers of one new model. Leave its `with` block to have what is unneeded removed."""

    def __init__(self, store: LocalStore, progress: Progress) -> None:
        self._store = store
        self.progress = progress
        self._known = _digests(store.root).union(*map(_digests, store.read_only))
        self._new: list[Blob] = []
        self._stack = contextlib.ExitStack()
        self._workspace: Path | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()
        if not self._new:
            return
        try:
            self._store.take_back(self._new)
        except StoreError as error:
            logger.warning("left for the next cleaning of the store: %s", error)

    def finish(self, manifest: Manifest) -> None:
        """What is named in a manifest stays."""
        named = {layer.digest for layer in manifest.blobs}
        self._new = [blob for blob in self._new if blob.digest not in named]

    # -- layers --

    def content(self, kind: str, content: bytes) -> Layer:
        return blob_layer(media_type(kind), self._put(self._store.put_blob(content)))

    def config(self, content: bytes) -> Layer:
        return blob_layer(CONFIG_TYPE, self._put(self._store.put_blob(content)))

    def weights(self, files: Files, quantize: str = "") -> tuple[Layer, ...]:
        """A model's own files: weights and projectors, of which the former are quantised."""
        parts = self._parts(files, "model", quantize)
        if not any(part.kind == "model" for part in parts):
            kinds = ", ".join(part.kind for part in parts)
            raise RequestError(f"no model weights among the files, only: {kinds}")
        return tuple(
            self._finished(part, quantize if part.kind == "model" else "") for part in parts
        )

    def adapters(self, files: Files) -> tuple[Layer, ...]:
        if not files:
            return ()
        parts = self._parts(files, "adapter")
        if len(parts) > 1:
            raise RequestError("only one adapter is currently supported")
        if parts[0].kind != "adapter":
            name = next(iter(files))
            raise RequestError(f"{name}: not an adapter; its general.type must be adapter")
        return (self._finished(parts[0]),)

    def draft(self, files: Files, quantize: str = "") -> tuple[Layer, ...]:
        """A smaller model that proposes what the model itself then checks."""
        if not files:
            return ()
        parts = self._parts(files, "draft", quantize)
        if [part.kind for part in parts] != ["model"]:
            raise RequestError(
                f"a DRAFT is the weights of one model, not of {len(parts)} files: "
                f"{', '.join(part.kind for part in parts)}"
            )
        return (self._finished(_Part("draft", parts[0].shards), quantize),)

    def quantised(self, layer: Layer, quantize: str) -> Layer:
        """A layer of a base, which stays itself if it has that type."""
        part = _Part(layer.kind, (gguf.read(self._store.find_blob(layer.digest)),))
        return layer if part.file_type == quantize else self._finished(part, quantize)

    def announce(self, layers: Iterable[Layer]) -> None:
        for layer in layers:
            is_old = canonical(layer.digest) in self._known
            self.report(f"{'using existing' if is_old else 'creating new'} layer {layer.digest}")

    def report(self, status: str) -> None:
        self.progress(ProgressResponse(status=status))

    # -- files --

    def _parts(self, files: Files, role: str, quantize: str = "") -> list[_Part]:
        if any(name.endswith(".safetensors") for name in files):
            precision = quantize if quantize in quantisation.UNQUANTISED else "F16"
            return [_part((gguf.read(self._converted(files, role, precision)),))]
        weights = {name: path for name, path in sorted(files.items()) if _is_weights(name, path)}
        if not weights:
            _refuse_checkpoints(files)
            raise RequestError("unknown type")
        headers: dict[str, GGUF] = {}
        for name, path in weights.items():
            self.report("parsing GGUF")
            headers[name] = gguf.read(path)
        return [_part(shards) for shards in grouped(headers)]

    def _converted(self, files: Files, role: str, precision: str) -> Path:
        if role == "adapter":
            raise UnsupportedError(
                "paddock converts no safetensors adapters; make a GGUF of it with llama.cpp's "
                "convert_lora_to_gguf.py and name that file"
            )
        output = self._folder() / f"{role}.gguf"
        with disk(self._store.root):
            folder = _common_root(files) or self._linked(files)
            convert.convert(folder, output, precision=precision, progress=self.report)
        return output

    def _finished(self, part: _Part, quantize: str = "") -> Layer:
        if quantize and quantize != part.file_type:
            blob = self._quantised(part, quantize)
        elif part.is_whole:
            blob = self._stored(part.shards[0].path)
        else:
            blob = self._put(self._store.put_blob(joined(part.shards)))
        return blob_layer(media_type(part.kind), blob)

    def _quantised(self, part: _Part, quantize: str) -> Blob:
        from paddock.engine.quantiser import quantise  # brings the engine, which few models need

        kind = quantisation.source_type(part.shards[0], is_draft=part.kind == "draft")
        source = self._whole(part)
        target = self._folder() / f"{part.kind}-{quantize}.gguf"
        size = source.stat().st_size
        status = f"quantizing {kind} model to {quantize}"
        progress = ProgressResponse(status=status, digest=_NO_DIGEST, total=size)
        self.progress(progress)
        with disk(self._store.root):
            quantise(source, target, quantize)
        self.progress(progress.model_copy(update={"completed": size}))
        self.report("verifying conversion")
        gguf.read(target)
        return self._stored(target)

    def _whole(self, part: _Part) -> Path:
        if part.is_whole:
            return part.shards[0].path
        path = self._folder() / f"{part.kind}.gguf"
        with disk(path), path.open("wb") as file:
            file.writelines(joined(part.shards))
        return path

    # -- blobs --

    def _stored(self, path: Path) -> Blob:
        """The blob of a file: the file itself if it is one, or was made here, else its copy."""
        digest = self._digest_of_blob(path)
        if digest is not None:
            self._store.refresh(digest)
            return Blob(digest, path.stat().st_size)
        if self._workspace is not None and path.parent == self._workspace:
            return self._put(self._moved(path))

        def report(copied: int, size: int) -> None:
            # Its name stands for the digest, which is not known before the end.
            self.progress(
                ProgressResponse(
                    status=f"copying file {path.name}",
                    digest=path.name,
                    total=size,
                    completed=copied,
                )
            )

        return self._put(self._store.put_file(path, report=report))

    def _digest_of_blob(self, path: Path) -> Digest | None:
        try:
            digest = parse_digest(path.name.replace("-", ":", 1))
            is_blob = self._store.find_blob(digest).samefile(path)
        except (InvalidDigestError, BlobNotFoundError):
            return None
        return Digest(digest.lower()) if is_blob else None

    def _moved(self, path: Path) -> Blob:
        with disk(path):
            with path.open("rb+") as file:
                os.fsync(file.fileno())
                digest = Digest("sha256:" + hashlib.file_digest(file, "sha256").hexdigest())
                size = os.fstat(file.fileno()).st_size
            with self._store.changing():
                if self._store.has_blob(digest):
                    self._store.refresh(digest)
                    return Blob(digest, size)
                self._store.blob_path(digest).parent.mkdir(exist_ok=True)
                return Blob(digest, size, self._store.adopt(path, digest))

    def _put(self, blob: Blob) -> Blob:
        if blob.written is not None:
            self._new.append(blob)
        return blob

    # -- the workspace --

    def _folder(self) -> Path:
        """A folder on the disk of the store, which is the one with room for weights."""
        if self._workspace is None:
            root = self._store.root
            with disk(root):
                root.mkdir(parents=True, exist_ok=True)
                folder = tempfile.TemporaryDirectory(prefix=".create-", dir=root)
            self._workspace = Path(self._stack.enter_context(folder))
        return self._workspace

    def _linked(self, files: Files) -> Path:
        """A folder in which the files have their names."""
        folder = Path(tempfile.mkdtemp(dir=self._folder()))
        for name, path in files.items():
            place = folder / name
            place.parent.mkdir(parents=True, exist_ok=True)
            try:
                place.hardlink_to(path)
            except OSError:  # another disk, or a file system without links
                shutil.copyfile(path, place)
        return folder


def blob_layer(media_type: str, blob: Blob) -> Layer:
    return Layer(media_type=media_type, digest=blob.digest, size=blob.size)


def _digests(root: Path) -> frozenset[str]:
    folder = root / "blobs"
    names = (blob.name for blob in folder.iterdir()) if folder.is_dir() else ()
    return frozenset(canonical(name) for name in names)


def _common_root(files: Files) -> Path | None:
    """The folder in which all files have their names already."""
    name, path = next(iter(files.items()))
    root = path
    for _ in PurePosixPath(name).parts:
        root = root.parent
    return root if all(root / name == path for name, path in files.items()) else None


# -- what a file is --------------------------------------------------------------------------------


def _is_weights(name: str, path: Path) -> bool:
    if gguf.is_gguf(path):
        return True
    if name.endswith(".gguf") and path.suffix != ".gguf":  # a blob, whose path says nothing
        raise RequestError("supplied file was not in GGUF format")
    return name.endswith(".gguf")


def _refuse_checkpoints(files: Files) -> None:
    for name, path in files.items():
        if content_of(path) == "zip":
            raise UnsupportedError(
                f"{name}: a PyTorch checkpoint, which may run code when it is read; get the model "
                "as safetensors or GGUF"
            )


def _part(shards: Sequence[GGUF]) -> _Part:
    return _Part(_kind(shards[0]), tuple(shards))


def _kind(header: GGUF) -> str:
    match header.metadata.get("general.type"):
        case "adapter":
            return "adapter"
        case "projector" | "mmproj":
            return "projector"
        case _:
            return "projector" if _is_projector(header) else "model"


def _is_projector(header: GGUF) -> bool:
    if header.get("block_count"):
        return False
    metadata = header.metadata
    encodes = metadata.get("clip.has_vision_encoder") or metadata.get("clip.has_audio_encoder")
    return bool(header.get("vision.block_count") or (header.architecture == "clip" and encodes))

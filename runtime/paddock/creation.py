"""New models: from GGUF files, safetensors folders, and other models of the store.

Knows which layers and which config a request means, and writes them in the reference's order and
bytes. Knows no engine and no template language. What can be checked is checked before a blob is
written; the manifest comes last, so a failure leaves the store's models as they were.
"""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from paddock import convert, gguf
from paddock.api import CreateRequest, Message, Options, ProgressResponse
from paddock.errors import (
    InvalidNameError,
    ModelNotFoundError,
    NotFoundError,
    RequestError,
    StoreError,
    UnsupportedError,
)
from paddock.gguf import GGUF
from paddock.models import Models, config_of
from paddock.names import Digest, ModelName, parse_digest
from paddock.store.local import Blob, Config, Layer, LocalStore, Manifest, json_layer, media_type
from paddock.store.manifest import CONFIG_TYPE, json_object

Progress = Callable[[ProgressResponse], None]

_INHERITED: Final = {"model_format", "renderer", "parser", "requires", "capabilities"}
"""Settings of a base's config that hold for what is made from it."""


@dataclass(frozen=True, slots=True)
class _Base:
    """What a model starts from: its layers, and the config of the model they came from."""

    layers: tuple[Layer, ...]
    config: Config


def create(models: Models, request: CreateRequest, progress: Progress) -> None:
    """Make the model that the request describes; an existing one of that name is replaced.

    `progress` is told the reference's status lines. Raises RequestError for a request that cannot
    be met, NotFoundError for a base that is not there, StoreError when the disk fails.
    """
    store = models.store
    name = store.resolve_name(ModelName.parse(request.model))
    _check(request)
    known = _blob_names(store)
    adapters = _adapters(store, request)
    base = _base(store, request, progress)
    layers = _overridden(store, base.layers + adapters, request)
    for layer in layers:
        is_old = store.blob_path(layer.digest).name in known
        status = "using existing layer" if is_old else "creating new layer"
        progress(ProgressResponse(status=f"{status} {layer.digest}"))
    config = store.put_blob(_config(store, layers, base.config).to_bytes())
    progress(ProgressResponse(status="writing manifest"))
    manifest = {"config": _blob_layer(CONFIG_TYPE, config), "layers": layers}
    store.write_manifest(name, Manifest.model_validate(manifest))
    progress(ProgressResponse(status="success"))


def _check(request: CreateRequest) -> None:
    """Whatever is wrong with the request by itself."""
    if request.quantize:
        raise UnsupportedError(
            "paddock cannot quantise yet; leave quantize out, or quantise the GGUF beforehand"
        )
    for path, digest in (request.files or {}).items():
        if not _is_clean(path):
            raise RequestError("file path must be relative")
        parse_digest(digest)
    adapters = request.adapters or {}
    for digest in adapters.values():
        parse_digest(digest)
    if len(adapters) > 1:
        raise RequestError("only one adapter is currently supported")
    Options.parse(request.parameters)


def _is_clean(path: str) -> bool:
    segments = path.split("/")
    is_foreign = any(char in path for char in "\\:\0")
    return not is_foreign and not any(segment in ("", ".", "..") for segment in segments)


def _blob_names(store: LocalStore) -> frozenset[str]:
    folder = store.root / "blobs"
    return frozenset(blob.name for blob in folder.iterdir()) if folder.is_dir() else frozenset()


# -- the base --------------------------------------------------------------------------------------


def _base(store: LocalStore, request: CreateRequest, progress: Progress) -> _Base:
    if request.from_:
        found = _find(store, request.from_)
        if isinstance(found, ModelName):
            return _from_model(store, found)
        return _Base(_from_path(store, found, progress), Config())
    if request.files is None:
        raise RequestError("neither 'from' or 'files' was specified")
    return _Base(_from_files(store, request.files, progress), Config())


def _find(store: LocalStore, text: str) -> ModelName | Path:
    """A model of the store, or a file or folder.

    What is written like a path means the file if there is one; anything else means the model.
    """
    path = _path(text)
    is_path = text.startswith((".", "~")) or path.is_absolute() or path.suffix in _WEIGHTS
    if is_path and _exists(path):
        return path
    try:
        name = store.resolve_name(ModelName.parse(text))
        store.read_manifest(name)
    except (ModelNotFoundError, InvalidNameError):
        if _exists(path):
            return path
        if is_path:
            raise NotFoundError(f"{text}: no such file or folder") from None
        raise
    return name


_WEIGHTS: Final = frozenset({".gguf", ".safetensors", ".bin"})


def _path(text: str) -> Path:
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        raise RequestError(f"{text}: {error}") from error


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # too long, or not ours to look at
        return False


def _from_model(store: LocalStore, name: ModelName) -> _Base:
    manifest = store.read_manifest(name)
    config = _read_config(store, manifest)
    if config.remote_host:
        raise UnsupportedError(
            f'model "{name.short}" runs elsewhere; paddock runs local models only'
        )
    for layer in manifest.layers:
        _refresh(store.find_blob(layer.digest))
    return _Base(
        tuple(layer.model_copy(update={"from_": name.short}) for layer in manifest.layers),
        config,
    )


def _read_config(store: LocalStore, manifest: Manifest) -> Config:
    if manifest.config is None:
        return Config()
    return Config.parse(store.read_blob(manifest.config.digest), manifest.config.digest)


def _from_path(store: LocalStore, path: Path, progress: Progress) -> tuple[Layer, ...]:
    if path.is_dir():
        if any(path.glob("*.safetensors")):
            return _convert(store, path, progress)
        files = sorted(path.glob("*.gguf"))
        if not files:
            raise RequestError(f"{path}: holds neither .safetensors nor .gguf files")
    elif path.suffix == ".safetensors":
        raise RequestError(f"{path}: name the folder instead; its config and tokenizer are needed")
    else:
        files = [path]
    kinds = _kinds(files, progress)
    return tuple(
        _layer(kind, store.put_file(file)) for kind, file in zip(kinds, files, strict=True)
    )


def _from_files(
    store: LocalStore, files: Mapping[str, str], progress: Progress
) -> tuple[Layer, ...]:
    """From blobs of the store, which keep their bytes and so their digests."""
    blobs = {path: store.find_blob(digest) for path, digest in sorted(files.items())}
    if any(path.endswith(".safetensors") for path in files):
        with _workspace(store) as folder:
            for path, blob in blobs.items():
                _place(blob, folder / path)
            return _convert(store, folder, progress)
    weights = {
        path: blob for path, blob in blobs.items() if path.endswith(".gguf") or gguf.is_gguf(blob)
    }
    if not weights:
        raise RequestError("unknown type")
    if not all(gguf.is_gguf(blob) for blob in weights.values()):
        raise RequestError("supplied file was not in GGUF format")
    kinds = _kinds(weights.values(), progress)
    return tuple(
        _layer(kind, _stored(store, files[path])) for kind, path in zip(kinds, weights, strict=True)
    )


def _place(blob: Path, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        path.hardlink_to(blob)
    except OSError:  # a file system without links
        shutil.copyfile(blob, path)


@contextlib.contextmanager
def _workspace(store: LocalStore) -> Generator[Path]:
    """A folder on the disk of the store, which is the one with room for weights."""
    try:
        store.root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".create-", dir=store.root) as folder:
            yield Path(folder)
    except OSError as error:
        raise StoreError(
            f"{store.root}: cannot write ({error.strerror}); free some space or choose another "
            "models folder"
        ) from error


def _convert(store: LocalStore, folder: Path, progress: Progress) -> tuple[Layer, ...]:
    with _workspace(store) as workspace:
        output = workspace / "model.gguf"
        convert.convert(
            folder, output, progress=lambda status: progress(ProgressResponse(status=status))
        )
        return (_layer("model", store.put_file(output)),)


def _kinds(files: Iterable[Path], progress: Progress) -> list[str]:
    """Which layer each GGUF makes; one of them must be the weights."""
    kinds: list[str] = []
    for file in files:
        progress(ProgressResponse(status="parsing GGUF"))
        kinds.append(_kind(gguf.read(file)))
    if "model" not in kinds:
        raise RequestError(f"no model weights among the files, only: {', '.join(kinds)}")
    return kinds


def _kind(header: GGUF) -> str:
    n_parts = header.metadata.get("split.count") or header.get("split.count")
    if isinstance(n_parts, int) and n_parts > 1:
        raise UnsupportedError(
            f"{header.path}: one part of a split GGUF; join the parts with "
            "`llama-gguf-split --merge` first"
        )
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


def _adapters(store: LocalStore, request: CreateRequest) -> tuple[Layer, ...]:
    layers: list[Layer] = []
    for name, digest in (request.adapters or {}).items():
        if _kind(gguf.read(store.find_blob(digest))) != "adapter":
            raise RequestError(f"{name}: not an adapter; its general.type must be adapter")
        layers.append(_layer("adapter", _stored(store, digest)))
    return tuple(layers)


def _stored(store: LocalStore, digest: str) -> Blob:
    path = store.find_blob(digest)
    _refresh(path)
    return Blob(Digest(digest.replace("-", ":", 1).lower()), path.stat().st_size)


def _refresh(blob: Path) -> None:
    """Fresh blobs are spared by a pruning that runs before the new manifest names them."""
    with contextlib.suppress(PermissionError):
        os.utime(blob)


def _layer(kind: str, blob: Blob) -> Layer:
    return _blob_layer(media_type(kind), blob)


def _blob_layer(media_type: str, blob: Blob) -> Layer:
    return Layer.model_validate({"mediaType": media_type, "digest": blob.digest, "size": blob.size})


# -- what the request says on top ------------------------------------------------------------------


def _overridden(
    store: LocalStore, layers: tuple[Layer, ...], request: CreateRequest
) -> tuple[Layer, ...]:
    """The base's layers and the request's own; a replaced one moves to the end."""
    licenses = [request.license] if isinstance(request.license, str) else request.license or []
    parameters = _parameters(store, layers, request)
    messages = [_message(message) for message in request.messages or []]
    contents: list[tuple[str, bytes]] = [
        ("template", _text(request.template)),
        ("system", _text(request.system)),
        *(("license", _text(text)) for text in licenses),
        ("params", json_layer(parameters) if parameters else b""),
        ("messages", json_layer(messages) if messages else b""),
    ]
    for kind, content in contents:
        if content:
            kept = layers if kind == "license" else _without(kind, layers)
            layers = (*kept, _layer(kind, store.put_blob(content)))
    return layers


def _text(text: str | None) -> bytes:
    return (text or "").encode("utf-8", "replace")


def _without(kind: str, layers: Iterable[Layer]) -> tuple[Layer, ...]:
    return tuple(layer for layer in layers if layer.kind != kind)


def _parameters(
    store: LocalStore, layers: tuple[Layer, ...], request: CreateRequest
) -> dict[str, Any]:
    """The inherited parameters with the request's over them; empty when it has none."""
    own = Options.parse(request.parameters).model_dump(exclude_none=True)
    if not own:
        return {}
    inherited: dict[str, Any] = {}
    for layer in layers:
        if layer.kind == "params":
            inherited |= json_object(store.read_blob(layer.digest), layer.digest)
    return inherited | own


def _message(message: Message) -> dict[str, Any]:
    fields = message.model_dump(exclude_none=True, mode="json")
    return {"role": fields.pop("role"), "content": fields.pop("content", "")} | fields


# -- the config ------------------------------------------------------------------------------------


def _config(store: LocalStore, layers: Iterable[Layer], inherited: Config) -> Config:
    """What the weights say of themselves, and the settings that are inherited."""
    weights = [
        gguf.read(store.find_blob(layer.digest)) for layer in layers if layer.kind == "model"
    ]
    if not weights:
        raise UnsupportedError("the base has no GGUF weights; name another model")
    own = config_of(weights[0]).model_copy(
        update={"model_families": [header.architecture for header in weights]}
    )
    settings = inherited.model_dump(include=_INHERITED)
    return own.model_copy(update={key: value for key, value in settings.items() if value})

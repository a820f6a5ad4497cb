"""Models: what a name stands for, with everything that its manifest points to.

Knows the store and GGUF headers; loads nothing and renders nothing. Looking a model up costs a few
stat calls: manifests are kept until their file changes, headers by digest.
"""

import hashlib
import logging
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from paddock import capabilities as capability
from paddock import gguf as gguf_files
from paddock import ingredients, vision
from paddock.describe import human_count, modelfile_text, parameters_text
from paddock.errors import (
    BlobNotFoundError,
    CorruptManifestError,
    GGUFError,
    InvalidNameError,
    ModelNotFoundError,
    NotFoundError,
    StoreError,
    UnsupportedError,
)
from paddock.gguf import GGUF
from paddock.modelfile import Modelfile
from paddock.names import ModelName
from paddock.store.local import LocalStore, StoredManifest
from paddock.store.manifest import Config, Layer, Manifest, json_object, parse_json

if TYPE_CHECKING:  # they take longer to import than a store takes to list
    from paddock.api import (
        Instructions,
        ListResponse,
        Message,
        ModelDetails,
        Options,
        ShowResponse,
        TensorShape,
    )

logger = logging.getLogger(__name__)

_HIDDEN_INFO: Final = ("general.name", capability.CHAT_TEMPLATE)
_GIVE: Final = "give the path of a .gguf file or a Modelfile"
_PATH_START: Final = ("/", "./", "../", "~", ".\\", "..\\")


@lru_cache(maxsize=256)
def _header(path: Path, digest: str) -> GGUF:
    """A digest stands for one content for ever, so its header is read once."""
    return gguf_files.read(path)


@dataclass(frozen=True)  # no slots: what is derived from the files is computed once and kept
class Model:
    """A resolved manifest, or a GGUF file used without one."""

    name: ModelName
    digest: str
    """Hexadecimal SHA-256 of the manifest: the model's ID."""
    size: int
    modified_at: datetime
    weights: Path | None
    weights_digest: str
    projectors: tuple[Path, ...]
    adapters: tuple[Path, ...]
    draft: Path | None
    template: str | None
    """The TEMPLATE layer, in Go's template language."""
    system: str | None
    raw_parameters: Mapping[str, Any]
    raw_messages: Any
    licenses: tuple[str, ...]
    config: Config
    parent: str = ""
    """Short name of the model that the weights came from."""
    layer_counts: bool | None = None
    """The TEMPLATE layer goes before the weights' template (True) or never counts (False); None:
    the one that offers more does."""

    @cached_property
    def parameters(self) -> "Options":
        """The PARAMETER values. Raises OptionError: nobody checked them when they were stored."""
        from paddock.api import Options

        return Options.parse(self.raw_parameters, strict=False)

    @cached_property
    def messages(self) -> "tuple[Message, ...]":
        """The MESSAGE examples. Raises CorruptManifestError for what is no list of messages."""
        return () if self.raw_messages is None else _messages(self.raw_messages, self.name)

    @cached_property
    def gguf(self) -> GGUF:
        """The weights' checked header; ask for it before the file reaches native code.

        Raises UnsupportedError for a model without weights, BlobNotFoundError, GGUFError.
        """
        if self.weights is None:
            raise UnsupportedError(
                f'model "{self.name.short}" has no weights in this store (it runs in a cloud or is '
                "in another format than GGUF); use another model"
            )
        if not self.weights.is_file():
            raise BlobNotFoundError(
                f'the weights of model "{self.name.short}" are missing in the store '
                f"({self.weights_digest}); pull or create the model again"
            )
        return _header(self.weights, self.weights_digest)

    @cached_property
    def parts(self) -> tuple[GGUF, ...]:
        """The checked headers of projectors and adapters, to be asked for likewise."""
        paths = (*self.projectors, *self.adapters)
        return tuple(gguf_files.read(path, arrays=(vision.PINPOINTS,)) for path in paths)

    @property
    def chat_template(self) -> str | None:
        """The Jinja template inside the weights."""
        text = self.gguf.metadata.get(capability.CHAT_TEMPLATE)
        return text if isinstance(text, str) else None

    @cached_property
    def template_in_use(self) -> capability.InUse:
        """What builds prompts, by the reference's rules."""
        config = self.config.as_dict()
        return capability.template_in_use(
            config, self.gguf.metadata, self.template, self.layer_counts
        )

    @cached_property
    def capabilities(self) -> tuple[str, ...]:
        """completion, embedding, vision, tools, thinking, insert ..., in the reference's order."""
        return _capabilities(self, None if self.weights is None else self.gguf)

    def check(self, *wanted: str) -> None:
        """Raises UnsupportedError that names what the model cannot do."""
        capability.check(wanted, self.capabilities, self.name.full)

    @cached_property
    def entry(self) -> "ListResponse.Model":
        """What `list` tells, from the beginning of the weights' file alone. Not to be changed."""
        return _entry(self)

    def details(self) -> "ModelDetails":
        from paddock.api import ModelDetails

        return ModelDetails(
            parent_model=self.parent,
            format=self.config.model_format,
            family=self.config.model_family,
            families=self.config.model_families,
            parameter_size=self.config.model_type,
            quantization_level=self.config.file_type,
        )


_Cache = dict[ModelName, tuple[tuple[int, ...], Model]]
"""Each with the version of its manifest's file."""


class Models:
    """The models of a store by name."""

    def __init__(
        self,
        store: LocalStore,
        *,
        layers_count: bool | None = None,
        provided: Callable[[str], str] = str,
    ) -> None:
        """`layers_count`: what every model's `layer_counts` is. `provided`: the name under which
        the base of a Modelfile is in the store.
        """
        self.store = store
        self._layers_count = layers_count
        self._provided = provided
        self._cache: _Cache = {}
        self._listed: _Cache = {}

    def resolve(self, name: str) -> Model:
        """What a name, or the path of a GGUF file or a Modelfile, stands for.

        Raises InvalidNameError, ModelNotFoundError, NotFoundError for a path that is not there,
        StoreError, GGUFError and ModelfileError for files that cannot be used.
        """
        path = self._as_path(name)
        if path is not None:
            return self._of_path(path)
        model = self._find(ModelName.parse(name), name)
        for part in (model.weights, *model.projectors, *model.adapters):
            if part is not None and not part.is_file():
                raise BlobNotFoundError(
                    f'a part of model "{name}" is missing in the store ({part.name}); '
                    "pull or create the model again"
                )
        return model

    def list(self) -> "ListResponse":
        """All of them, the newest first."""
        from paddock.api import ListResponse

        return ListResponse(models=[_copy(model.entry) for model in self.newest_first()])

    def newest_first(self) -> Sequence[Model]:
        """Every readable model, without the texts that a list has no use for (see `_listed`)."""
        found: list[Model] = []
        for name, path in self.store.manifests():
            try:
                found.append(self._kept(self._listed, _listed, name, path))
            except (StoreError, NotFoundError) as error:
                logger.warning("model left out of the list: %s: %s", path, error)
        found.sort(key=lambda model: (-int(model.modified_at.timestamp()), model.name))
        return found

    def show(
        self,
        name: str,
        verbose: bool = False,
        *,
        system: str | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> "ShowResponse":
        """All about one model. `verbose` also gives the arrays of the GGUF metadata.

        A `system` is told in place of the model's own, `options` go over its parameters in the
        Modelfile.
        """
        from paddock.api import ShowResponse

        path = self._as_path(name)
        model = self._of_path(path) if path else self._find(ModelName.parse_stored(name), name)
        uses_chat_template = model.weights is not None and model.template_in_use == "chat template"
        template = model.chat_template if uses_chat_template else model.template
        return ShowResponse(
            modelfile=_modelfile(model, system, options),
            parameters=parameters_text(model.raw_parameters) or None,
            template=template or capability.DEFAULT_TEMPLATE,
            system=system or model.system or None,
            license="\n".join(model.licenses) or None,
            details=_repaired(model.details(), _readable_header(model)),
            messages=list(model.messages) or None,
            remote_model=model.config.remote_model or None,
            remote_host=model.config.remote_host or None,
            model_info=_model_info(model, verbose),
            projector_info=_projector_info(model, verbose),
            tensors=_tensors(model),
            capabilities=list(model.capabilities),
            modified_at=model.modified_at,
            requires=model.config.requires or None,
            instructions=_instructions(model),
        )

    def copy(self, source: str, destination: str) -> None:
        """Gives a model a second name; an existing destination is overwritten."""
        stored = self.store.resolve_name(_parse(source, f'source "{source}" is invalid'))
        target = _parse(destination, f'destination "{destination}" is invalid')
        try:
            self.store.copy(stored, self.store.resolve_name(target))
        except ModelNotFoundError:
            raise ModelNotFoundError(source) from None

    def delete(self, name: str) -> Model | None:
        """Removes a name, and the blobs that no other model needs; returns what the name stood for,
        None where that could not be read."""
        stored = self.store.resolve_name(_parse(name, f'name "{name}" is invalid'))
        try:
            model = self._readable(stored)
            self.store.delete(stored)
        except ModelNotFoundError:
            raise ModelNotFoundError(name) from None
        return model

    def _readable(self, name: ModelName) -> Model | None:
        try:
            return self._load(name)
        except (StoreError, BlobNotFoundError):
            return None

    def _as_path(self, name: str) -> Path | None:
        """The path that the text means; None if it is a name. Raises NotFoundError."""
        is_path = name.startswith(_PATH_START) or os.path.isabs(name)  # noqa: PTH117 -- also C:\
        if not is_path and not name.lower().endswith(".gguf"):
            return None
        try:
            path = Path(name).expanduser()
            if path.is_file():
                return path
        except (OSError, RuntimeError) as error:  # too long, forbidden, nobody's home folder
            raise NotFoundError(f"file not found: {name} ({error}); {_GIVE}") from error
        if not is_path:
            try:
                if self.store.manifest_path(ModelName.parse(name)).is_file():
                    return None
            except InvalidNameError:
                pass
        raise NotFoundError(f"file not found: {name}; {_GIVE}")

    def _of_path(self, path: Path) -> Model:
        if path.suffix.lower() == ".gguf" or ingredients.content_of(path) != "text":
            return _model_of_file(path)
        return self._of_modelfile(path)

    def _of_modelfile(self, path: Path) -> Model:
        """What its FROM names, with what else it says over that. Nothing is written.

        Raises ModelfileError, OptionError, and UnsupportedError for what has to be created.
        """
        modelfile = Modelfile.parse(path.read_bytes())
        found = ingredients.gather(modelfile, path.absolute().parent)
        files = (*found.files, *found.adapters)
        if found.draft or len(found.files) > 1 or not all(map(_is_gguf, files)):
            raise UnsupportedError(
                f"{path}: only a model's name or one GGUF file, and adapters of GGUF, are used as "
                f"they are; `paddock create NAME -f {path}` makes a model of anything else"
            )
        base = self.resolve(self._provided(found.base) if found.base else str(*found.files))
        return _over(base, modelfile, path, tuple(map(Path, found.adapters)))

    def _find(self, parsed: ModelName, name: str) -> Model:
        try:
            return self._load(self.store.resolve_name(parsed))
        except ModelNotFoundError:
            raise ModelNotFoundError(name) from None

    def _load(self, name: ModelName, path: Path | None = None) -> Model:
        return self._kept(self._cache, _whole, name, path or self.store.manifest_path(name))

    def _kept(
        self,
        cache: _Cache,
        read: Callable[[LocalStore, StoredManifest], Model],
        name: ModelName,
        path: Path,
    ) -> Model:
        version = self._version(name, path)
        kept = cache.get(name)
        if kept is not None and kept[0] == version:
            return kept[1]
        model = replace(read(self.store, self.store.load(name)), layer_counts=self._layers_count)
        cache[name] = version, model
        return model

    def _version(self, name: ModelName, path: Path) -> tuple[int, ...]:
        try:
            status = path.stat()
        except OSError:
            raise ModelNotFoundError(name.short) from None
        return status.st_ino, status.st_mtime_ns, status.st_size


def config_of(header: GGUF) -> Config:
    """The config that a model of these weights gets."""
    return Config(
        model_format="gguf",
        model_family=header.architecture,
        model_families=[header.architecture],
        model_type=human_count(header.n_params),
        file_type=header.file_type,
        architecture="amd64",
        os="linux",
    )


def _whole(store: LocalStore, stored: StoredManifest) -> Model:
    manifest = stored.manifest
    return replace(
        _listed(store, stored),
        system=_text(store, manifest.last("system")),
        raw_parameters=_parameters(store, manifest),
        raw_messages=_json(store, manifest.last("messages")),
        licenses=tuple(_text(store, layer) or "" for layer in manifest.all("license")),
    )


def _listed(store: LocalStore, stored: StoredManifest) -> Model:
    """What a list tells comes from the manifest, the config and the template; nothing else is
    opened."""
    manifest = stored.manifest
    weights = manifest.last("model")
    draft = manifest.last("draft")
    return Model(
        name=stored.name,
        digest=stored.digest,
        size=manifest.size,
        modified_at=_local_time(stored.modified_ns),
        weights=_path(store, weights) if weights else None,
        weights_digest=weights.digest if weights else "",
        projectors=tuple(_path(store, layer) for layer in manifest.all("projector")),
        adapters=tuple(_path(store, layer) for layer in manifest.all("adapter")),
        draft=_path(store, draft) if draft else None,
        template=_text(store, manifest.last("template")),
        system=None,
        raw_parameters={},
        raw_messages=None,
        licenses=(),
        config=_config(store, manifest),
        parent=weights.from_ if weights else "",
    )


def _model_of_file(path: Path) -> Model:
    """A GGUF file as a model of its own; its identity is its path, time and size."""
    resolved = path.resolve()
    status = resolved.stat()
    identity = f"{resolved}\0{status.st_mtime_ns}\0{status.st_size}"
    digest = hashlib.sha256(identity.encode("utf-8", "surrogateescape")).hexdigest()
    return Model(
        name=_name_of_file(resolved, digest),
        digest=digest,
        size=status.st_size,
        modified_at=_local_time(status.st_mtime_ns),
        weights=resolved,
        weights_digest=f"path:{digest}",
        projectors=(),
        adapters=(),
        draft=None,
        template=None,
        system=None,
        raw_parameters={},
        raw_messages=None,
        licenses=(),
        config=config_of(_header(resolved, f"path:{digest}")),
    )


def _over(base: Model, modelfile: Modelfile, path: Path, adapters: tuple[Path, ...]) -> Model:
    """A model with what a Modelfile says over it; its identity is the content of both."""
    said = modelfile.fields()
    status = path.stat()
    parts = (base.digest, str(modelfile), *map(str, adapters))
    digest = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()
    settings = {name: said[name] for name in ("renderer", "parser", "requires") if name in said}
    return replace(
        base,
        name=_name_of_file(path, digest),
        digest=digest,
        modified_at=_local_time(status.st_mtime_ns),
        adapters=(*base.adapters, *adapters),
        template=said.get("template", base.template),
        system=said.get("system", base.system),
        raw_parameters={**base.raw_parameters, **said.get("parameters", {})},
        raw_messages=said.get("messages", base.raw_messages),
        licenses=(*base.licenses, *said.get("license", ())),
        config=replace(base.config, **settings),
        parent=base.name.short,
    )


def _name_of_file(path: Path, digest: str) -> ModelName:
    stem = re.sub(r"[^A-Za-z0-9_.-]|^[.-]", "_", path.stem)[:80] or "model"
    return ModelName("file", "library", stem, digest[:12])


def _is_gguf(file: ingredients.Source) -> bool:
    return isinstance(file, Path) and gguf_files.is_gguf(file)


def _path(store: LocalStore, layer: Layer) -> Path:
    """Also of a blob that is missing: a model that cannot run can still be listed and deleted."""
    try:
        return store.find_blob(layer.digest)
    except BlobNotFoundError:
        return store.blob_path(layer.digest)


def _text(store: LocalStore, layer: Layer | None) -> str | None:
    return None if layer is None else store.read_blob(layer.digest).decode("utf-8", "replace")


def _parameters(store: LocalStore, manifest: Manifest) -> dict[str, Any]:
    layer = manifest.last("params")
    return {} if layer is None else json_object(store.read_blob(layer.digest), layer.digest)


def _json(store: LocalStore, layer: Layer | None) -> Any:
    return None if layer is None else parse_json(store.read_blob(layer.digest), layer.digest)


def _messages(value: Any, name: ModelName) -> "tuple[Message, ...]":
    from pydantic import TypeAdapter, ValidationError

    from paddock.api import Message

    try:
        return TypeAdapter(tuple[Message, ...]).validate_python(value)
    except ValidationError as error:
        raise CorruptManifestError(
            f'the messages of model "{name.short}" are no list of messages'
        ) from error


def _config(store: LocalStore, manifest: Manifest) -> Config:
    layer = manifest.config
    return Config.parse(store.read_blob(layer.digest), layer.digest) if layer else Config()


def _local_time(nanoseconds: int) -> datetime:
    return datetime.fromtimestamp(nanoseconds / 1e9).astimezone()


def _parse(text: str, complaint: str) -> ModelName:
    try:
        return ModelName.parse_stored(text)
    except InvalidNameError as error:
        raise InvalidNameError(complaint) from error


def _readable_header(model: Model) -> GGUF | None:
    try:
        return model.gguf
    except (GGUFError, NotFoundError, UnsupportedError):
        return None


def _entry(model: Model) -> "ListResponse.Model":
    from paddock.api import ListResponse

    glance = _glance(model)
    details = model.details()
    if details.quantization_level in ("", "unknown"):
        details = _repaired(details, _readable_header(model))
    details.context_length = model.config.context_length or _length(glance, "context_length")
    details.embedding_length = model.config.embedding_length or _length(glance, "embedding_length")
    return ListResponse.Model(
        name=model.name.short,
        model=model.name.short,
        remote_model=model.config.remote_model or None,
        remote_host=model.config.remote_host or None,
        modified_at=model.modified_at,
        size=model.size,
        digest=model.digest,
        details=details,
        capabilities=list(_listed_capabilities(model, glance)),
    )


def _copy(entry: "ListResponse.Model") -> "ListResponse.Model":
    assert entry.details is not None
    own = {"details": entry.details.model_copy(), "capabilities": [*(entry.capabilities or ())]}
    return entry.model_copy(update=own)


def _glance(model: Model) -> Mapping[str, Any] | None:
    try:
        return None if model.weights is None else gguf_files.glance(model.weights)
    except GGUFError:
        return None


def _capabilities(model: Model, header: GGUF | None) -> tuple[str, ...]:
    projectors = [gguf_files.read(path).metadata for path in model.projectors]
    metadata = header.metadata if header else None
    tensors = {tensor.name for tensor in header.tensors} if header else ()
    config = model.config.as_dict()
    return capability.of_model(
        config, metadata, projectors, model.template, tensors, model.layer_counts
    )


def _listed_capabilities(model: Model, glance: Mapping[str, Any] | None) -> tuple[str, ...]:
    """Reference: a chat template lies behind the vocabulary, so what only it offers is missing."""
    try:
        projectors = [gguf_files.glance(path) for path in model.projectors]
    except GGUFError:  # a damaged projector must not end the list
        return ()
    return capability.of_model(model.config.as_dict(), glance, projectors, model.template)


def _length(glance: Mapping[str, Any] | None, key: str) -> int | None:
    value = (glance or {}).get(f"{(glance or {}).get('general.architecture', '')}.{key}")
    return value if isinstance(value, int) and value else None


def _repaired(details: "ModelDetails", header: GGUF | None) -> "ModelDetails":
    if header and details.quantization_level in ("", "unknown"):
        details.quantization_level = header.file_type
    return details


def _instructions(model: Model) -> "Instructions | None":
    if "embedding" not in model.capabilities:
        return None
    from paddock.instructions import instructions_of  # a table that only embedding models need

    header = _readable_header(model)
    return instructions_of(header.metadata if header else {}, [model.name.model, model.parent])


def _model_info(model: Model, verbose: bool) -> dict[str, Any]:
    if model.weights is None:
        return _stub_info(model.config)
    header = gguf_files.read(model.gguf.path, arrays=True) if verbose else model.gguf
    return _info(header)


def _info(header: GGUF) -> dict[str, Any]:
    arrays = {key: None if count else [] for key, count in header.array_lengths.items()}
    info = arrays | dict(header.metadata) | {"general.parameter_count": header.n_params}
    return {key: value for key, value in sorted(info.items()) if key not in _HIDDEN_INFO}


def _projector_info(model: Model, verbose: bool) -> dict[str, Any] | None:
    if not model.projectors:
        return None
    return _info(gguf_files.read(model.projectors[0], arrays=verbose))


def _tensors(model: Model) -> "list[TensorShape] | None":
    from paddock.api import TensorShape

    if model.weights is None:
        return None
    return [
        TensorShape(
            name=tensor.name,
            type=gguf_files.TYPE_NAMES.get(tensor.type, str(tensor.type)),
            shape=list(tensor.dims),
        )
        for tensor in model.gguf.tensors
    ]


def _stub_info(config: Config) -> dict[str, Any]:
    lengths = {"context_length": config.context_length, "embedding_length": config.embedding_length}
    return {f"{config.model_family}.{key}": value for key, value in lengths.items() if value}


def _modelfile(
    model: Model, system: str | None = None, options: Mapping[str, Any] | None = None
) -> str:
    return modelfile_text(
        model.name.short,
        str(model.weights) if model.weights else None,
        adapters=[str(path) for path in model.adapters],
        draft=str(model.draft) if model.draft else None,
        projectors=[str(path) for path in model.projectors],
        template=model.template,
        system=system or model.system,
        renderer=model.config.renderer,
        parser=model.config.parser,
        parameters={**model.raw_parameters, **(options or {})},
        licenses=model.licenses,
        messages=model.messages,
    )

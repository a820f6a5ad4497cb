"""New models: from Modelfiles, GGUF files, safetensors folders, and other models of the store.

Knows which layers and which config a request means, and writes them in the reference's order and
bytes. Knows no engine; of templates it knows only who checks and detects them. What can be checked
is checked before a blob is written; the manifest comes last, and a failure takes what it had
written away again.
"""

import logging
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from paddock import gguf, ingredients
from paddock.api import CreateRequest, Message, Options, ProgressResponse, build
from paddock.assembly import Assembly, Files
from paddock.convert import quantisation
from paddock.errors import (
    InvalidNameError,
    ModelNotFoundError,
    NotFoundError,
    RequestError,
    TemplateError,
    UnsupportedError,
)
from paddock.gguf import GGUF
from paddock.ingredients import Ingredients, Source, named
from paddock.modelfile import Modelfile
from paddock.models import Models, config_of
from paddock.names import ModelName, parse_digest
from paddock.store.local import Config, Layer, LocalStore, Manifest, json_layer
from paddock.store.manifest import json_object
from paddock.template.go import GoTemplate

logger = logging.getLogger(__name__)

Progress = Callable[[ProgressResponse], None]
Pull = Callable[[ModelName, Progress], ModelName]
"""Fetches a model that the store lacks; its name in the store. Raises what a pull raises."""

_INHERITED: Final = {"model_format", "renderer", "parser", "requires", "capabilities"}
"""Settings of a base's config that hold for what is made from it."""
_WEIGHTS: Final = frozenset({".gguf", ".safetensors", ".bin"})
_MAX_MODELFILE: Final = 16 << 20
_INFO_TEXTS: Final = {
    "model_family": "model_family",
    "base_name": "base_name",
    "quantization_level": "file_type",
    "parameter_size": "model_type",
}
_INFO_LENGTHS: Final = ("context_length", "embedding_length")


@dataclass(frozen=True, slots=True)
class _Defaults:
    """How an architecture is prompted and read, if nobody says otherwise."""

    renderer: str = ""
    parser: str = ""
    stop: tuple[str, ...] = ()


_DEFAULTS: Final = {
    "gemma4": _Defaults("gemma4", "gemma4", ("<turn|>",)),
    "laguna": _Defaults("laguna", "laguna"),
    **dict.fromkeys(
        ("nemotron_h", "nemotron_h_moe", "nemotron_h_omni"),
        _Defaults("nemotron-3-nano", "nemotron-3-nano"),
    ),
}


@dataclass(frozen=True, slots=True)
class _Sources:
    """What a model is made of, found: another model, or files."""

    base: ModelName | None = None
    files: Files = field(default_factory=dict[str, Path])
    adapters: Files = field(default_factory=dict[str, Path])
    draft: Files = field(default_factory=dict[str, Path])


@dataclass(frozen=True, slots=True)
class _Base:
    """What a model starts from: its layers, and the config of the model they came from."""

    layers: tuple[Layer, ...]
    config: Config


def create(
    models: Models,
    request: CreateRequest,
    progress: Progress,
    *,
    local_files: bool = True,
    prune: bool = True,
    pull: Pull | None = None,
) -> None:
    """Make the model that the request describes; an existing one of that name is replaced.

    `progress` is told the reference's status lines. Without `local_files`, for requests of others,
    the request may name no file but blobs of the store. `prune` deletes what only the model's
    predecessor needed; `pull` gets a base that is not there. Raises RequestError for a request
    that cannot be met, NotFoundError for a base that is not there, StoreError when the disk fails.
    """
    store = models.store
    request, gathered = _read(store, request, local_files)
    _check(request, has_draft=bool(request.draft_files or (gathered and gathered.draft)))
    name = store.resolve_name(ModelName.parse(request.model))
    sources = _sources(store, request, gathered, local_files=local_files, may_pull=pull is not None)
    with Assembly(store, progress) as assembly:
        base = _base(store, assembly, request, sources, pull)
        weights = _headers(store, base.layers, "model")
        if not weights:
            raise UnsupportedError("the base has no GGUF weights; name another model")
        defaults = _defaults(base.config, weights, request)
        layers = _overridden(store, assembly, base, request, defaults)
        assembly.announce(layers)
        config = assembly.config(_config(store, base, weights, request).to_bytes())
        assembly.report("writing manifest")
        manifest = Manifest.model_validate({"config": config, "layers": layers})
        store.write_manifest(name, manifest, prune=prune)
        assembly.finish(manifest)
    progress(ProgressResponse(status="success"))


# -- what is asked for -----------------------------------------------------------------------------


def _read(
    store: LocalStore, request: CreateRequest, local_files: bool
) -> tuple[CreateRequest, Ingredients | None]:
    """A request with a Modelfile as one without, and what the Modelfile names."""
    if request.modelfile is None and request.path is None:
        return request, None
    if request.from_ or request.files or request.adapters or request.draft_files:
        raise RequestError(
            "a Modelfile and from, files, adapters or draft_files exclude each other; name them in "
            "the Modelfile"
        )
    content, folder = _modelfile(request, local_files)
    modelfile = Modelfile.parse(content)
    for warning in modelfile.warnings():
        logger.warning("%s", warning)
    within = None if local_files else (store.root / "blobs").absolute()
    gathered = ingredients.gather(modelfile, folder, within=within)
    given = request.model_dump(exclude_none=True, exclude={"modelfile", "path"})
    own = {name: value for name, value in given.items() if value not in ("", [], {})}
    return build(CreateRequest, modelfile.fields() | own), gathered


def _modelfile(request: CreateRequest, local_files: bool) -> tuple[str | bytes, Path]:
    """Its text, and the folder in which its paths start: that of `path`, else the current one."""
    if request.path is None:
        return request.modelfile or "", Path()
    if not local_files:
        raise UnsupportedError("path names a file of this machine; send the text as modelfile")
    path = ingredients.expand_path(request.path, Path())
    folder = path if path.is_dir() else path.parent
    if request.modelfile is not None:
        return request.modelfile, folder
    if path == folder:
        path /= "Modelfile"
        if not ingredients.exists(path):
            return "FROM .", folder
    return _content(path), folder


def _content(path: Path) -> bytes:
    if not path.is_file():
        raise NotFoundError(f"{path}: no such Modelfile")
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_MODELFILE + 1)
    except OSError as error:
        raise RequestError(f"{path}: cannot be read ({error.strerror})") from error
    if len(content) > _MAX_MODELFILE:
        raise RequestError(f"{path}: too large for a Modelfile; weights are named after FROM")
    return content


def _check(request: CreateRequest, has_draft: bool) -> None:
    """Whatever is wrong with the request by itself, in the reference's order."""
    for files in (request.files, request.draft_files):
        for path, digest in (files or {}).items():
            if not _is_clean(path):
                raise RequestError("file path must be relative")
            parse_digest(digest)
    if request.draft_quantize and not has_draft:
        raise RequestError("--draft-quantize requires a DRAFT model")
    adapters = request.adapters or {}
    for digest in adapters.values():
        parse_digest(digest)
    if len(adapters) > 1 and not any(path.endswith(".safetensors") for path in adapters):
        raise RequestError("only one adapter is currently supported")
    if request.remote_host:
        raise UnsupportedError("remote_host: paddock runs local models only; leave it out")
    Options.parse(request.parameters)
    _stated(request)
    if request.template:
        _check_template(request.template)


def _check_template(text: str) -> None:
    try:
        GoTemplate.parse(text)
    except TemplateError as error:
        raise TemplateError(f"template error: {error}") from error


def _is_clean(path: str) -> bool:
    segments = path.split("/")
    is_foreign = any(char in path for char in "\\:\0")
    return not is_foreign and not any(segment in ("", ".", "..") for segment in segments)


def _type(name: str | None) -> str:
    return quantisation.parse(name) if name else ""


# -- what it is made of ----------------------------------------------------------------------------


def _sources(
    store: LocalStore,
    request: CreateRequest,
    gathered: Ingredients | None,
    *,
    local_files: bool,
    may_pull: bool,
) -> _Sources:
    """Every file and model found. Raises NotFoundError for one that is not there."""
    if gathered is not None:
        base = _model(store, gathered.base, may_pull) if gathered.base else None
        if base is not None and gathered.files:
            logger.warning("FROM %s counts; files of other FROM lines are left out", gathered.base)
        return _Sources(
            base,
            {} if base else _paths(store, gathered.files),
            _paths(store, gathered.adapters),
            _paths(store, gathered.draft),
        )
    adapters, draft = _blobs(store, request.adapters), _blobs(store, request.draft_files)
    if not request.from_:
        if request.files is None:
            raise RequestError("neither 'from' or 'files' was specified")
        return _Sources(None, _blobs(store, request.files), adapters, draft)
    found = _find(store, request.from_, local_files=local_files, may_pull=may_pull)
    if isinstance(found, ModelName):
        return _Sources(found, {}, adapters, draft)
    return _Sources(None, _paths(store, ingredients.files_at(found)), adapters, draft)


def _blobs(store: LocalStore, files: Mapping[str, str] | None) -> Files:
    return {name: store.find_blob(digest) for name, digest in (files or {}).items()}


def _paths(store: LocalStore, sources: Sequence[Source]) -> Files:
    return {
        name: source if isinstance(source, Path) else store.find_blob(source)
        for name, source in named(sources).items()
    }


def _find(store: LocalStore, text: str, *, local_files: bool, may_pull: bool) -> ModelName | Path:
    """A model of the store, or a file or folder.

    What is written like a path means the file if there is one; anything else means the model.
    """
    if not local_files:
        return _model(store, text, may_pull)
    path = ingredients.expand_path(text, Path())
    is_there = ingredients.exists(path)
    if is_there and (ingredients.looks_like_path(text) or path.suffix in _WEIGHTS):
        return path
    try:
        return _model(store, text, may_pull and not is_there)
    except (NotFoundError, InvalidNameError):
        if is_there:
            return path
        if ingredients.looks_like_path(text):
            raise NotFoundError(f"{text}: no such file or folder") from None
        raise


def _model(store: LocalStore, text: str, may_pull: bool) -> ModelName:
    name = store.resolve_name(ModelName.parse(text))
    if store.manifest_path(name).is_file():
        return name
    if Path(text).suffix in _WEIGHTS:
        raise NotFoundError(f"{text}: no such file or folder, and no model of that name")
    if not may_pull:
        raise ModelNotFoundError(text)
    return name


# -- the base --------------------------------------------------------------------------------------


def _base(
    store: LocalStore,
    assembly: Assembly,
    request: CreateRequest,
    sources: _Sources,
    pull: Pull | None,
) -> _Base:
    adapters = assembly.adapters(sources.adapters)
    draft = assembly.draft(sources.draft, _type(request.draft_quantize))
    quantize = _type(request.quantize)
    if sources.base is None:
        weights = assembly.weights(sources.files, quantize)
        base = _Base(weights, Config())
    else:
        name = sources.base
        if pull is not None and not store.manifest_path(name).is_file():
            name = pull(name, lambda part: _unless_done(part, assembly.progress))
        base = _from_model(store, assembly, name, quantize)
    kept = _without("draft", base.layers) if draft else base.layers
    return _Base((*kept, *adapters, *draft), base.config)


def _unless_done(part: ProgressResponse, progress: Progress) -> None:
    if part.status != "success":  # the base is there, the model is not
        progress(part)


def _from_model(store: LocalStore, assembly: Assembly, name: ModelName, quantize: str) -> _Base:
    manifest = store.read_manifest(name)
    config = _read_config(store, manifest)
    if config.remote_host:
        raise UnsupportedError(
            f'model "{name.short}" runs elsewhere; paddock runs local models only'
        )
    layers: list[Layer] = []
    for layer in manifest.layers:
        store.refresh(layer.digest)
        wanted = quantize if layer.kind == "model" else ""
        made = assembly.quantised(layer, wanted) if wanted else layer
        layers.append(made.model_copy(update={"from_": name.short}))
    return _Base(tuple(layers), config)


def _read_config(store: LocalStore, manifest: Manifest) -> Config:
    if manifest.config is None:
        return Config()
    return Config.parse(store.read_blob(manifest.config.digest), manifest.config.digest)


# -- what the request says on top ------------------------------------------------------------------


def _overridden(
    store: LocalStore,
    assembly: Assembly,
    base: _Base,
    request: CreateRequest,
    defaults: _Defaults,
) -> tuple[Layer, ...]:
    """The base's layers and the request's own; a replaced one moves to the end."""
    licenses = [request.license] if isinstance(request.license, str) else request.license or []
    parameters = _parameters(store, base.layers, request, defaults)
    messages = [_message(message) for message in request.messages or []]
    contents: list[tuple[str, bytes]] = [
        ("template", _text(request.template)),
        ("system", _text(request.system)),
        *(("license", _text(text)) for text in licenses),
        ("params", json_layer(parameters) if parameters else b""),
        ("messages", json_layer(messages) if messages else b""),
    ]
    layers = base.layers
    for kind, content in contents:
        if content:
            kept = layers if kind == "license" else _without(kind, layers)
            layers = (*kept, assembly.content(kind, content))
    return layers


def _text(text: str | None) -> bytes:
    return (text or "").encode("utf-8", "replace")


def _without(kind: str, layers: Iterable[Layer]) -> tuple[Layer, ...]:
    return tuple(layer for layer in layers if layer.kind != kind)


def _parameters(
    store: LocalStore, layers: Iterable[Layer], request: CreateRequest, defaults: _Defaults
) -> dict[str, Any]:
    """The inherited parameters with the request's over them; empty when it has none."""
    own = Options.parse(request.parameters).model_dump(exclude_none=True)
    if defaults.stop and "stop" not in own:
        own["stop"] = list(defaults.stop)
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


def _config(
    store: LocalStore, base: _Base, weights: Sequence[GGUF], request: CreateRequest
) -> Config:
    """What the weights say of themselves, the settings inherited, and the request's own."""
    architectures = [header.architecture for header in weights]
    inherited = base.config.model_dump(include=_INHERITED)
    defaults = _defaults(base.config, weights, request)
    settings = {
        "renderer": request.renderer or inherited["renderer"] or defaults.renderer,
        "parser": request.parser or inherited["parser"] or defaults.parser,
        "requires": request.requires or inherited["requires"],
    }
    draft = _headers(store, base.layers, "draft")
    about_draft = (
        {"model_format": "gguf", "architecture": draft[-1].architecture} if draft else None
    )
    given = {key: value for key, value in (inherited | settings).items() if value}
    return config_of(weights[0]).model_copy(
        update={"model_families": architectures, "draft": about_draft, **given, **_stated(request)}
    )


def _headers(store: LocalStore, layers: Iterable[Layer], kind: str) -> list[GGUF]:
    return [gguf.read(store.find_blob(layer.digest)) for layer in layers if layer.kind == kind]


def _defaults(config: Config, weights: Sequence[GGUF], request: CreateRequest) -> _Defaults:
    """What the architecture wants, where neither the request nor the base says otherwise."""
    if request.renderer or config.renderer:
        return _Defaults()
    return _DEFAULTS.get(weights[0].architecture, _Defaults())


def _stated(request: CreateRequest) -> dict[str, Any]:
    """The fields of the config that `info` sets. Raises RequestError for one of a wrong type."""
    found: dict[str, Any] = {}
    for key, value in (request.info or {}).items():
        if key in _INFO_TEXTS:
            if not isinstance(value, str):
                raise RequestError(f'info field "{key}" must be a string')
            found[_INFO_TEXTS[key]] = value
        elif key in _INFO_LENGTHS:
            found[key] = _length(key, value)
        elif key == "capabilities":
            found[key] = _names(value)
    return {key: value for key, value in found.items() if value}


def _length(key: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RequestError(f'info field "{key}" must be a number')
    if not 0 <= value < 2**63 or value != math.floor(value):
        raise RequestError(f'info field "{key}" must be a non-negative integer')
    return int(value)


def _names(value: Any) -> list[str]:
    if isinstance(value, list) and all(isinstance(name, str) for name in value):
        return list(value)
    raise RequestError('info field "capabilities" must be a list of strings')

"""New models: from Modelfiles, GGUF files, safetensors folders, and other models of the store.

Knows which layers and which config a request means, and writes them in the reference's order and
bytes. Knows no engine. What can be checked is checked before a blob is written; the manifest comes
last, and a failure takes what it had written away again.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from paddock import gguf, sources
from paddock.api import CreateRequest, Message, Options, ProgressResponse
from paddock.assembly import Assembly
from paddock.capabilities import CHAT_TEMPLATE
from paddock.convert import quantisation
from paddock.errors import UnsupportedError
from paddock.gguf import GGUF
from paddock.models import Models, config_of
from paddock.names import ModelName
from paddock.sources import Sources
from paddock.store.local import Config, Layer, LocalStore, Manifest, json_layer
from paddock.store.manifest import json_object
from paddock.template.detect import detect

Progress = Callable[[ProgressResponse], None]
Pull = Callable[[ModelName, Progress], ModelName]
"""Fetches a model that the store lacks; its name in the store. Raises what a pull raises."""

_INHERITED: Final = {"model_format", "renderer", "parser", "requires", "capabilities"}
"""Settings of a base's config that hold for what is made from it."""


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
    over_http: bool = False,
    prune: bool = True,
    pull: Pull | None = None,
) -> None:
    """Make the model that the request describes; an existing one of that name is replaced.

    `progress` is told the reference's status lines. Without `local_files`, for requests of others,
    the request may name no file but blobs of the store. What comes `over_http` is taken as the
    reference does: `from` is the name of a model, and parameters are stored as they are, to fail
    where they are used. `prune` deletes what only the model's
    predecessor needed; `pull` gets a base that is not there. Raises RequestError for a request
    that cannot be met, NotFoundError for a base that is not there, StoreError when the disk fails.
    """
    store = models.store
    request, found = sources.find(
        store, request, local_files=local_files, over_http=over_http, may_pull=pull is not None
    )
    if not over_http:
        checked = Options.parse(request.parameters).model_dump(exclude_none=True)
        request = request.model_copy(update={"parameters": checked})
    name = store.resolve_name(ModelName.parse(request.model))
    with Assembly(store, progress) as assembly:
        base = _base(store, assembly, request, found, pull)
        weights = _headers(store, base.layers, "model")
        if not weights:
            raise UnsupportedError("the base has no GGUF weights; name another model")
        defaults = _defaults(base.config, weights, request)
        layers = _overridden(store, assembly, base, request, defaults)
        assembly.announce(layers)
        config = assembly.config(_config(store, base, weights, request).to_bytes())
        assembly.report("writing manifest")
        manifest = Manifest(config=config, layers=layers)
        store.write_manifest(name, manifest, prune=prune)
        assembly.finish(manifest)
    progress(ProgressResponse(status="success"))


# -- the base --------------------------------------------------------------------------------------


def _base(
    store: LocalStore,
    assembly: Assembly,
    request: CreateRequest,
    found: Sources,
    pull: Pull | None,
) -> _Base:
    adapters = assembly.adapters(found.adapters)
    draft = assembly.draft(found.draft, _type(request.draft_quantize))
    quantize = _type(request.quantize)
    if found.base is None:
        weights = assembly.weights(found.files, quantize)
        base = _Base((*weights, *_detected(store, assembly, weights)), Config())
    else:
        name = found.base
        if pull is not None and not store.manifest_path(name).is_file():
            name = pull(name, lambda part: _unless_done(part, assembly.progress))
        base = _from_model(store, assembly, name, quantize)
    kept = _without("draft", base.layers) if draft else base.layers
    return _Base((*kept, *adapters, *draft), base.config)


def _detected(store: LocalStore, assembly: Assembly, weights: Iterable[Layer]) -> tuple[Layer, ...]:
    """Template and stop texts, if the chat template inside the weights is a known one."""
    for header in _headers(store, weights, "model"):
        text = header.metadata.get(CHAT_TEMPLATE)
        found = detect(text) if isinstance(text, str) else None
        if found is not None:
            assembly.report(f"using autodetected template {found.name}")
            template = assembly.content("template", found.template.encode())
            stop = json_layer({"stop": list(found.stop)}) if found.stop else b""
            return (template, assembly.content("params", stop)) if stop else (template,)
    return ()


def _type(name: str | None) -> str:
    return quantisation.parse(name) if name else ""


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
        layers.append(replace(made, from_=name.short))
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
    """The base's layers and the request's own; a replaced one moves to the end.

    Reference: parameters are written anew even where they are inherited, behind what is replaced.
    """
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
    """The inherited parameters with the request's over them."""
    given = request.parameters or {}
    own = {name: value for name, value in given.items() if value is not None}
    if defaults.stop and "stop" not in own:
        own["stop"] = list(defaults.stop)
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
    inherited = {key: getattr(base.config, key) for key in _INHERITED}
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
    return replace(
        config_of(weights[0]),
        **{"model_families": architectures, "draft": about_draft} | given | sources.stated(request),
    )


def _headers(store: LocalStore, layers: Iterable[Layer], kind: str) -> list[GGUF]:
    return [gguf.read(store.find_blob(layer.digest)) for layer in layers if layer.kind == kind]


def _defaults(config: Config, weights: Sequence[GGUF], request: CreateRequest) -> _Defaults:
    """What the architecture wants, where neither the request nor the base says otherwise."""
    if request.renderer or config.renderer:
        return _Defaults()
    return _DEFAULTS.get(weights[0].architecture, _Defaults())

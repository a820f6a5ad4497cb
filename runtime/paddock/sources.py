"""What a create request asks for, found in the store and on this machine.

Knows Modelfiles, names and paths, and everything that can be wrong with a request by itself;
writes nothing.
"""

import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from paddock import ingredients
from paddock.api import CreateRequest, build
from paddock.convert import quantisation
from paddock.errors import (
    InvalidNameError,
    ModelNotFoundError,
    NotFoundError,
    RequestError,
    TemplateError,
    UnsupportedError,
)
from paddock.ingredients import Files, Ingredients, Source, named
from paddock.modelfile import Modelfile
from paddock.names import ModelName, parse_digest
from paddock.store.local import LocalStore
from paddock.template.go import GoTemplate

logger = logging.getLogger(__name__)

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
class Sources:
    """What a model is made of, found: another model, or files."""

    base: ModelName | None = None
    files: Files = field(default_factory=dict[str, Path])
    adapters: Files = field(default_factory=dict[str, Path])
    draft: Files = field(default_factory=dict[str, Path])


def find(
    store: LocalStore,
    request: CreateRequest,
    *,
    local_files: bool,
    over_http: bool,
    may_pull: bool,
) -> tuple[CreateRequest, Sources]:
    """The request, a Modelfile in it read, and what it names. `over_http` only a Modelfile names
    files.

    Raises RequestError, and NotFoundError for what is not there.
    """
    request, gathered = _read(store, request, local_files)
    _check(request, has_draft=bool(request.draft_files or (gathered and gathered.draft)))
    if gathered is None:
        by_path = local_files and not over_http
        found = _requested(store, request, local_files=by_path, may_pull=may_pull)
    else:
        found = _gathered(store, gathered, may_pull)
    return request, found


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
    ModelName.parse(request.model)
    stated(request)
    for kind in filter(None, (request.quantize, request.draft_quantize)):
        quantisation.parse(kind)
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


# -- what it is made of ----------------------------------------------------------------------------


def _gathered(store: LocalStore, found: Ingredients, may_pull: bool) -> Sources:
    adapters, draft = _paths(store, found.adapters), _paths(store, found.draft)
    if not found.base:
        return Sources(None, _paths(store, found.files), adapters, draft)
    if found.files:
        logger.warning("FROM %s counts; files of other FROM lines are left out", found.base)
    return Sources(_model(store, found.base, may_pull), {}, adapters, draft)


def _requested(
    store: LocalStore, request: CreateRequest, *, local_files: bool, may_pull: bool
) -> Sources:
    adapters, draft = _blobs(store, request.adapters), _blobs(store, request.draft_files)
    if not request.from_:
        if request.files is None:
            raise RequestError("neither 'from' or 'files' was specified")
        return Sources(None, _blobs(store, request.files), adapters, draft)
    found = _find(store, request.from_, local_files=local_files, may_pull=may_pull)
    if isinstance(found, ModelName):
        return Sources(found, {}, adapters, draft)
    return Sources(None, _paths(store, ingredients.files_at(found)), adapters, draft)


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


# -- the config ------------------------------------------------------------------------------------


def stated(request: CreateRequest) -> dict[str, Any]:
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

"""What a model consists of: manifest, layers, config, and the exact bytes of each.

Knows JSON as the reference writes it, byte for byte, because digests depend on it; reads any JSON.
Knows no disk.
"""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final, Self

from paddock.errors import CorruptManifestError, InvalidDigestError, StoreError
from paddock.names import Digest, parse_digest

MANIFEST_TYPE: Final = "application/vnd.docker.distribution.manifest.v2+json"
CONFIG_TYPE: Final = "application/vnd.docker.container.image.v1+json"
_LAYER_TYPE: Final = "application/vnd.ollama.image."
_OLD_KINDS: Final = {"prompt": "template"}

MAX_MANIFEST: Final = 4 << 20
_MAX_SIZE: Final = 2**63 - 1

_ESCAPES: Final = {ord(char): f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"}


def json_layer(value: Any) -> bytes:
    """The exact bytes of a params or messages blob; a mapping's keys are sorted (params)."""
    if isinstance(value, Mapping):
        value = dict(sorted(value.items()))
    return _json_line(value)


def _json_line(value: Any) -> bytes:
    """Compact JSON and a newline, byte for byte as Go writes it: digests depend on it."""
    return (_json_text(value) + "\n").encode("utf-8", "replace")


def _json_text(value: Any) -> str:
    match value:
        case str():
            return json.dumps(value, ensure_ascii=False).translate(_ESCAPES)
        case float():
            return _json_number(value)
        case Mapping():
            items = (f"{_json_text(str(key))}:{_json_text(item)}" for key, item in value.items())
            return "{" + ",".join(items) + "}"
        case list() | tuple():
            return "[" + ",".join(map(_json_text, value)) + "]"
        case _:
            return json.dumps(value)


def _json_number(value: float) -> str:
    """Shortest form: 1 for 1.0, exponents only below 1e-6 and from 1e21 on, without padding."""
    if not math.isfinite(value):
        raise StoreError(f"{value} has no form in JSON")
    if value.is_integer() and abs(value) < 1e21:
        return str(int(value))
    digits, _, exponent = repr(value).partition("e")
    if not exponent:
        return digits
    if 1e-6 <= abs(value) < 1:
        return f"{value:.{len(digits.replace('.', '').lstrip('-')) - 1 - int(exponent)}f}"
    sign = "-" if exponent.startswith("-") else "+"
    return f"{digits}e{sign}{exponent.lstrip('+-').lstrip('0')}"


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a key appears twice")
    return fields


def parse_json(content: bytes, where: object) -> Any:
    """Any JSON value. Raises CorruptManifestError, also for a key that appears twice."""
    try:
        return json.loads(content, object_pairs_hook=_unique_keys)
    except (ValueError, RecursionError) as error:
        raise CorruptManifestError(f"{where}: not valid JSON: {error}") from error


def json_object(content: bytes, where: object) -> dict[str, Any]:
    value = parse_json(content, where)
    if not isinstance(value, dict):
        raise CorruptManifestError(f"{where}: not a JSON object")
    return value


def media_type(kind: str) -> str:
    """Of a layer: model, projector, adapter, template, system, params, messages, license ..."""
    return _LAYER_TYPE + kind


# -- shapes ----------------------------------------------------------------------------------------


def _is_size(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MAX_SIZE


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


_SHAPES: Final[Mapping[Any, tuple[Callable[[Any], bool], str]]] = {
    str: (lambda value: isinstance(value, str), "a text"),
    Digest: (lambda value: isinstance(value, str), "a digest"),
    int: (_is_size, "a whole number, not below zero"),
    list[str]: (_is_texts, "a list of texts"),
    list[str] | None: (_is_texts, "a list of texts"),
    dict[str, Any] | None: (lambda value: isinstance(value, dict), "an object"),
}
"""A field's type -> whether a JSON value is of it, and what to call it."""
_SPELLED: Final = {"media_type": "mediaType", "from_": "from", "schema_version": "schemaVersion"}


def _read(kind: type[Any], value: Any, where: object) -> dict[str, Any]:
    """The fields of a dataclass that a JSON object gives. Others of it are passed over, and null
    is the same as absent, as it is to a Go reader. Raises CorruptManifestError."""
    if not isinstance(value, Mapping):
        raise CorruptManifestError(f"{where}: not a JSON object")
    found: dict[str, Any] = {}
    for each in fields(kind):
        key = _SPELLED.get(each.name, each.name)
        given = value.get(key)
        if given is None or each.type not in _SHAPES:
            continue
        is_one, noun = _SHAPES[each.type]
        if not is_one(given):
            raise CorruptManifestError(f"{where}: {key}: must be {noun}")
        found[each.name] = given
    return found


# -- a model's parts -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One blob of a model, or its config."""

    media_type: str = ""
    digest: Digest
    size: int = 0
    from_: str = ""
    name: str = ""

    @classmethod
    def parse(cls, value: Any, where: object = "layer") -> Self:
        """Of a JSON value. Raises CorruptManifestError."""
        given = _read(cls, value, where)
        try:
            return cls(digest=parse_digest(given.pop("digest", "")), **given)
        except InvalidDigestError as error:
            raise CorruptManifestError(f"{where}: digest: {error}") from error

    @property
    def kind(self) -> str:
        """The media type's last word for those of Ollama, else empty."""
        if not self.media_type.startswith(_LAYER_TYPE):
            return ""
        kind = self.media_type.removeprefix(_LAYER_TYPE)
        return _OLD_KINDS.get(kind, kind)

    def as_dict(self) -> dict[str, Any]:
        required = {"mediaType": self.media_type, "digest": self.digest, "size": self.size}
        optional = {"from": self.from_, "name": self.name}
        return required | {key: text for key, text in optional.items() if text}


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a model consists of."""

    schema_version: int = 2
    media_type: str = MANIFEST_TYPE
    config: Layer | None = None
    layers: tuple[Layer, ...] = ()
    names_layers: bool = field(default=True, compare=False)
    """False where the JSON had no word of layers, as if it were something else than a model."""

    @classmethod
    def parse(cls, content: bytes, where: object = "manifest") -> Self:
        """Unknown fields are tolerated. Raises CorruptManifestError for anything but a manifest."""
        if len(content) > MAX_MANIFEST:
            raise CorruptManifestError(f"{where}: larger than {MAX_MANIFEST} bytes")
        value = json_object(content, where)
        layers = value.get("layers")
        if not isinstance(layers, list | None):
            raise CorruptManifestError(f"{where}: layers: must be a list")
        manifest = cls(
            **_read(cls, value, where),
            config=_config_layer(value.get("config"), f"{where}: config"),
            layers=tuple(
                Layer.parse(layer, f"{where}: layers.{index}")
                for index, layer in enumerate(layers or ())
            ),
            names_layers="layers" in value,
        )
        if manifest.size > _MAX_SIZE:
            raise CorruptManifestError(f"{where}: the layers' sizes are beyond counting")
        return manifest

    def to_bytes(self) -> bytes:
        parts: dict[str, Any] = {
            "schemaVersion": self.schema_version,
            "mediaType": self.media_type,
        }
        if self.config:
            parts["config"] = self.config.as_dict()
        return _json_line(parts | {"layers": [layer.as_dict() for layer in self.layers]})

    @property
    def blobs(self) -> tuple[Layer, ...]:
        """The layers and the config, in which order a pull fetches them."""
        return (*self.layers, self.config) if self.config else self.layers

    @property
    def size(self) -> int:
        """Sum of all blobs' sizes; a blob that is named twice counts twice."""
        return sum(layer.size for layer in self.blobs)

    def all(self, kind: str) -> tuple[Layer, ...]:
        return tuple(layer for layer in self.layers if layer.kind == kind)

    def last(self, kind: str) -> Layer | None:
        """The layer of a kind that may be there once; the last wins."""
        return next(reversed(self.all(kind)), None)


def _config_layer(value: Any, where: object) -> Layer | None:
    """A config without a digest is none."""
    if value is None or (isinstance(value, Mapping) and not value.get("digest")):
        return None
    return Layer.parse(value, where)


_CONFIG_OPTIONAL: Final = frozenset(
    (
        "renderer",
        "parser",
        "requires",
        "remote_host",
        "remote_model",
        "capabilities",
        "context_length",
        "embedding_length",
        "base_name",
        "draft",
    )
)
"""Left out when empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The config blob. Its fields stand in the order in which they are written."""

    model_format: str = ""
    model_family: str = ""
    model_families: list[str] | None = None
    model_type: str = ""
    file_type: str = ""
    renderer: str = ""
    parser: str = ""
    requires: str = ""
    remote_host: str = ""
    remote_model: str = ""
    capabilities: list[str] = field(default_factory=list[str])
    context_length: int = 0
    embedding_length: int = 0
    base_name: str = ""
    draft: dict[str, Any] | None = None
    architecture: str = ""
    os: str = ""

    @classmethod
    def parse(cls, content: bytes, where: object = "config") -> Self:
        """Unknown fields are tolerated. Raises CorruptManifestError."""
        return cls(**_read(cls, json_object(content, where), where))

    def as_dict(self) -> dict[str, Any]:
        return {each.name: getattr(self, each.name) for each in fields(self)}

    def to_bytes(self) -> bytes:
        return _json_line(
            {
                key: value
                for key, value in self.as_dict().items()
                if value or key not in _CONFIG_OPTIONAL
            }
        )

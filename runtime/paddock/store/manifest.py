"""What a model consists of: manifest, layers, config, and the exact bytes of each.

Knows JSON as the reference writes it, byte for byte, because digests depend on it; reads any JSON.
Knows no disk.
"""

import json
import math
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from paddock.api import DEFERS
from paddock.errors import CorruptManifestError, StoreError
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


def _or(default: Callable[[], Any]) -> BeforeValidator:
    """JSON null means "not given", as it does to a Go reader."""
    return BeforeValidator(lambda value: default() if value is None else value)


Text = Annotated[str, _or(str)]
Number = Annotated[int, Field(strict=True, ge=0, le=_MAX_SIZE), _or(int)]


class Layer(BaseModel):
    """One blob of a model, or its config."""

    model_config = ConfigDict(populate_by_name=True, frozen=True, defer_build=DEFERS)

    media_type: Text = Field("", alias="mediaType")
    digest: Annotated[Digest, AfterValidator(parse_digest)]
    size: Number = 0
    from_: Text = Field("", alias="from")
    name: Text = ""

    @property
    def kind(self) -> str:
        """The media type's last word for those of Ollama, else empty."""
        if not self.media_type.startswith(_LAYER_TYPE):
            return ""
        kind = self.media_type.removeprefix(_LAYER_TYPE)
        return _OLD_KINDS.get(kind, kind)

    def as_dict(self) -> dict[str, Any]:
        fields = {"mediaType": self.media_type, "digest": self.digest, "size": self.size}
        optional = {"from": self.from_, "name": self.name}
        return fields | {key: text for key, text in optional.items() if text}


def _some_config(value: Any) -> Any:
    """A config without a digest is none."""
    return None if isinstance(value, Mapping) and not value.get("digest") else value


class Manifest(BaseModel):
    """What a model consists of."""

    model_config = ConfigDict(populate_by_name=True, frozen=True, defer_build=DEFERS)

    schema_version: int = Field(2, alias="schemaVersion")
    media_type: Text = Field(MANIFEST_TYPE, alias="mediaType")
    config: Annotated[Layer | None, BeforeValidator(_some_config)] = None
    layers: Annotated[tuple[Layer, ...], _or(tuple)] = ()

    @classmethod
    def parse(cls, content: bytes, where: object = "manifest") -> Self:
        """Unknown fields are tolerated. Raises CorruptManifestError for anything but a manifest."""
        if len(content) > MAX_MANIFEST:
            raise CorruptManifestError(f"{where}: larger than {MAX_MANIFEST} bytes")
        fields = json_object(content, where)
        try:
            manifest = cls.model_validate(fields)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            at = ".".join(map(str, first["loc"]))
            raise CorruptManifestError(f"{where}: {at}: {first['msg']}") from error
        if manifest.size > _MAX_SIZE:
            raise CorruptManifestError(f"{where}: the layers' sizes are beyond counting")
        return manifest

    def to_bytes(self) -> bytes:
        fields: dict[str, Any] = {
            "schemaVersion": self.schema_version,
            "mediaType": self.media_type,
        }
        if self.config:
            fields["config"] = self.config.as_dict()
        return _json_line(fields | {"layers": [layer.as_dict() for layer in self.layers]})

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


class Config(BaseModel):
    """The config blob. Its fields stand in the order in which they are written."""

    model_config = ConfigDict(protected_namespaces=(), defer_build=DEFERS)

    model_format: Text = ""
    model_family: Text = ""
    model_families: list[str] | None = None
    model_type: Text = ""
    file_type: Text = ""
    renderer: Text = ""
    parser: Text = ""
    requires: Text = ""
    remote_host: Text = ""
    remote_model: Text = ""
    capabilities: Annotated[list[str], _or(list)] = Field(default_factory=list)
    context_length: Number = 0
    embedding_length: Number = 0
    base_name: Text = ""
    draft: dict[str, Any] | None = None
    architecture: Text = ""
    os: Text = ""

    @classmethod
    def parse(cls, content: bytes, where: object = "config") -> Self:
        try:
            return cls.model_validate(json_object(content, where))
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            at = ".".join(map(str, first["loc"]))
            raise CorruptManifestError(f"{where}: {at}: {first['msg']}") from error

    def to_bytes(self) -> bytes:
        fields = self.model_dump()
        return _json_line(
            {key: value for key, value in fields.items() if value or key not in _CONFIG_OPTIONAL}
        )

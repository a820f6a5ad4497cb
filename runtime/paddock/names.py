"""Model names and digests: parsing, validity, short and path forms. Knows no disk, no registry.

    reference := [scheme "://"] [host "/"] [namespace "/"] model [":" tag]
    part      := [A-Za-z0-9_] { [A-Za-z0-9_.-] }      ASCII, 1..80 bytes (host 1..350)

`:` is also allowed inside a host, `.` is not allowed inside a namespace. A reference may end in a
source suffix: `:local` is dropped, `:cloud` is refused, since nothing here runs in a cloud.
"""

import re
from dataclasses import dataclass
from typing import Final, Literal, NewType

from paddock.errors import InvalidDigestError, InvalidNameError, RequestError, UnsupportedError

Digest = NewType("Digest", str)
"""`sha256:` or `sha256-` and 64 hexadecimal digits, as written; made by `parse_digest` alone."""

DEFAULT_HOST: Final = "registry.ollama.ai"
DEFAULT_NAMESPACE: Final = "library"
DEFAULT_TAG: Final = "latest"

MISSING: Final = "!MISSING!"
"""Stands for a part whose separator was written but whose text was not; never valid."""

Part = Literal["host", "namespace", "model", "tag"]
Source = Literal["unspecified", "local", "cloud"]

_PARTS: Final[dict[Part, re.Pattern[str]]] = {
    "host": re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:-]{0,349}"),
    "namespace": re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,79}"),
    "model": re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,79}"),
    "tag": re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,79}"),
}
_DIGEST: Final = re.compile(r"sha256[:-][0-9a-fA-F]{64}")


def parse_digest(text: str) -> Digest:
    """The text as a digest, unchanged. Raises InvalidDigestError for anything else."""
    if _DIGEST.fullmatch(text) is None:
        raise InvalidDigestError("invalid digest format")
    return Digest(text)


def is_valid_part(part: Part, text: str) -> bool:
    return _PARTS[part].fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Reference:
    """The parts of a reference as they were written, checked by nobody; empty when not written."""

    scheme: str
    host: str
    namespace: str
    model: str
    tag: str


def split_reference(text: str) -> Reference:
    """Takes a reference apart from the right; a part missing beside its separator is `MISSING`."""
    scheme = host = namespace = tag = ""
    rest = text
    if rest.rfind(":") > rest.rfind("/"):
        rest, tag = _cut(rest, ":")
    model = rest
    if "/" in rest:
        rest, model = _cut(rest, "/")
        namespace = rest
    if "/" in namespace:
        rest, namespace = _cut(rest, "/")
        scheme, found, host = rest.partition("://")
        if not found:
            scheme, host = "", rest
    return Reference(scheme, host, namespace, model, tag)


def _cut(text: str, separator: str) -> tuple[str, str]:
    before, _, after = text.rpartition(separator)
    return before or MISSING, after or MISSING


def split_source(text: str) -> tuple[str, Source]:
    """A reference without its source suffix, and which source the suffix asked for."""
    reference = text.strip()
    if not reference:
        raise RequestError("model is required")
    base, source = _split_suffix(reference)
    if source != "unspecified" and _split_suffix(base)[1] != "unspecified":
        raise InvalidNameError(f'use either :local or :cloud, not both: "{reference}"')
    return base, source


def _split_suffix(text: str) -> tuple[str, Source]:
    base, found, suffix = text.rpartition(":")
    match suffix.lower():
        case "cloud" if found:
            return base, "cloud"
        case "local" if found:
            return base, "local"
        case lowered if found and "/" not in suffix and lowered.endswith("-cloud"):
            return text[: -len("-cloud")], "cloud"
        case _:
            return text, "unspecified"


def stored_reference(text: str) -> str:
    """The reference under which a store keeps it: `m:8b:cloud` is kept as `m:8b-cloud`."""
    base, source = split_source(text)
    if source != "cloud":
        return base
    return f"{base}-cloud" if split_reference(base).tag else f"{base}:cloud"


@dataclass(frozen=True, slots=True, order=True)
class ModelName:
    """A complete, valid name. Its `path` stays below whatever folder it is joined to."""

    host: str
    namespace: str
    model: str
    tag: str

    def __post_init__(self) -> None:
        for part, pattern in _PARTS.items():
            if pattern.fullmatch(getattr(self, part)) is None:
                raise InvalidNameError("invalid model name")

    @classmethod
    def parse(cls, text: str) -> "ModelName":
        """The name that a reference means, with defaults merged in.

        Raises InvalidNameError, and UnsupportedError for a reference to the cloud.
        """
        base, source = split_source(text)
        if source == "cloud":
            raise UnsupportedError(
                f'model "{text.strip()}" runs in Ollama\'s cloud, paddock runs local models only; '
                f'name a model of the store instead, such as "{base}"'
            )
        return cls._complete(base)

    @classmethod
    def parse_stored(cls, text: str) -> "ModelName":
        """Like `parse`, but a reference to the cloud means its stored stub (show, delete)."""
        return cls._complete(stored_reference(text))

    @classmethod
    def _complete(cls, text: str) -> "ModelName":
        written = split_reference(text)
        return cls(
            host=written.host or DEFAULT_HOST,
            namespace=written.namespace or DEFAULT_NAMESPACE,
            model=written.model,
            tag=written.tag or DEFAULT_TAG,
        )

    @classmethod
    def from_path(cls, path: str) -> "ModelName":
        """The name of a manifest path, `host/namespace/model/tag`. Raises InvalidNameError."""
        segments = path.split("/")
        if len(segments) != len(_PARTS):
            raise InvalidNameError("invalid model name")
        return cls(*segments)

    @property
    def full(self) -> str:
        return f"{self.host}/{self.namespace}/{self.model}:{self.tag}"

    @property
    def short(self) -> str:
        """The shortest text that parses to this name; model and tag are always shown."""
        if self.host.lower() != DEFAULT_HOST:
            return self.full
        if self.namespace != DEFAULT_NAMESPACE:
            return f"{self.namespace}/{self.model}:{self.tag}"
        return f"{self.model}:{self.tag}"

    @property
    def path(self) -> str:
        """Where the manifest lies, relative to the folder of manifests."""
        return f"{self.host}/{self.namespace}/{self.model}/{self.tag}"

    def __str__(self) -> str:
        return self.short

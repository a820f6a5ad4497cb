"""Every environment variable, read once into one frozen object. Knows names, spellings and
defaults; knows nothing of what the values are for, except how the host becomes a URL.

`PADDOCK_X` goes before `OLLAMA_X`, so that a machine set up for Ollama needs nothing new.
"""

import ipaddress
import logging
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from pathlib import Path
from typing import Any, Final

from paddock.durations import FOREVER, parse_duration
from paddock.errors import RequestError

logger = logging.getLogger(__name__)

MINUTE: Final = 60_000_000_000
_FALSE: Final = frozenset({"0", "f", "F", "FALSE", "false", "False"})
_MAX_UNSIGNED: Final = 2**64 - 1
TRACE: Final = 5
"""The log level below DEBUG."""


def _unsigned(text: str) -> int:
    if not re.fullmatch(r"[0-9]+", text) or int(text) > _MAX_UNSIGNED:
        raise ValueError(text)
    return int(text)


def _boolean(text: str) -> bool:
    # Reference: any text that is no spelling of false switches on.
    return text not in _FALSE


def _nanoseconds(text: str) -> int:
    try:
        return parse_duration(text)
    except RequestError:
        if not re.fullmatch(r"[+-]?[0-9]+", text):
            raise
        return min(int(text) * 1_000_000_000, FOREVER)


def _log_level(text: str) -> int:
    """Levels of the standard library: true or 1 is DEBUG, 2 is below it, negative is quieter."""
    if text in _FALSE:
        return logging.INFO
    try:
        steps = int(text)
    except ValueError:
        steps = 1
    return max(logging.INFO - 10 * steps, TRACE)


def _keep_alive(text: str) -> int:
    nanoseconds = _nanoseconds(text)
    return FOREVER if nanoseconds < 0 else nanoseconds


def _timeout(text: str) -> int:
    nanoseconds = _nanoseconds(text)
    return FOREVER if nanoseconds <= 0 else nanoseconds


def _path(text: str) -> Path:
    return Path(text).expanduser()


def _paths(text: str) -> tuple[Path, ...]:
    return tuple(_path(part) for part in text.split(os.pathsep) if part)


_PARSERS: Final[dict[str, Callable[[str], Any]]] = {
    "models": _path,
    "models_read_only": _paths,
    "host": str,
    "origins": str,
    "api_key": str,
    "read_only": _boolean,
    "pull_hosts": str,
    "strict": _boolean,
    "keep_alive": _keep_alive,
    "load_timeout": _timeout,
    "max_loaded_models": _unsigned,
    "max_queue": _unsigned,
    "num_parallel": _unsigned,
    "context_length": _unsigned,
    "gpu_overhead": _unsigned,
    "flash_attention": _boolean,
    "kv_cache_type": str.lower,
    "sched_spread": _boolean,
    "go_template": _boolean,
    "noprune": _boolean,
    "nohistory": _boolean,
    "editor": str,
    "debug": _log_level,
}
_COUNTS: Final = frozenset(
    name for name, parse in _PARSERS.items() if parse in (_unsigned, _keep_alive, _timeout)
)


_PREFIXES: Final = ("PADDOCK_", "OLLAMA_")
_OURS: Final = frozenset({"api_key", "read_only", "pull_hosts", "strict"})
"""Not read under Ollama's prefix: OLLAMA_API_KEY is a client's key to Ollama's cloud."""


def _names(field: str) -> list[str]:
    """The variables of a setting, the one that goes first first."""
    prefixes = _PREFIXES[:1] if field in _OURS else _PREFIXES
    return [f"{prefix}{field.upper()}" for prefix in prefixes]


def _from(environment: Mapping[str, str]) -> dict[str, str]:
    """What is set and not empty; of two names the one that goes first."""
    named = {field: [environment.get(name, "") for name in _names(field)] for field in _PARSERS}
    return {field: next(filter(None, texts)) for field, texts in named.items() if any(texts)}


def _default_models() -> Path:
    return Path.home() / ".paddock" / "models"


@dataclass(frozen=True, init=False)
class Settings:
    """What the environment says. `Settings()` reads it; arguments go before the environment."""

    models: Path = field(default_factory=_default_models)
    """Root of the store."""
    models_read_only: tuple[Path, ...] = ()
    """Roots of stores whose models can be used too, and in which nothing is changed."""
    host: str = "127.0.0.1:11434"
    """Where a server listens and a command line dials."""
    origins: str = ""
    """Origins of web pages that may ask a server, beside the local ones; separated by commas."""
    api_key: str = field(default="", repr=False)
    """What every client of a server must send; empty: nothing."""
    read_only: bool = False
    """Clients of a server may not change its models."""
    pull_hosts: str = ""
    """Registries that clients of a server may have it pull from, separated by commas; `*`: all.
    Empty lets paddock choose."""
    strict: bool = False
    """Refuse to serve others than this machine without a key."""
    keep_alive: int = 5 * MINUTE
    """Nanoseconds a model stays loaded after its last request, where none says otherwise."""
    load_timeout: int = 5 * MINUTE
    """Nanoseconds without progress after which a load is given up."""
    max_loaded_models: int = 0
    """Models loaded at the same time; 0 lets paddock choose."""
    max_queue: int = 512
    """Requests that may wait for a model."""
    num_parallel: int = 0
    """Sequences that run at once in one model; 0 lets paddock choose."""
    context_length: int = 0
    """num_ctx of requests and models that name none; 0 lets paddock choose."""
    gpu_overhead: int = 0
    """Bytes to leave free on every GPU."""
    flash_attention: bool | None = None
    """None lets the engine choose."""
    kv_cache_type: str = "f16"
    sched_spread: bool = False
    """Spread a model over all GPUs even if it fits one."""
    go_template: bool = True
    """Use a model's TEMPLATE layer where it has one."""
    noprune: bool = False
    """Leave blobs that no model needs when a server starts."""
    nohistory: bool = False
    """Keep no history of what was typed."""
    editor: str = ""
    """Program in which a message can be written."""
    debug: int = logging.INFO
    """Level of the log."""

    stated: frozenset[str] = field(default=frozenset(), repr=False, compare=False)
    """The settings that the environment or the caller names."""

    def __init__(self, **given: Any) -> None:
        if unknown := given.keys() - _PARSERS.keys():
            raise TypeError(f"not settings: {', '.join(sorted(unknown))}")
        named = _from(os.environ) | given
        for each in fields(self):
            value = _read(each, named[each.name]) if each.name in named else _default(each)
            object.__setattr__(self, each.name, value)
        object.__setattr__(self, "stated", frozenset(named))


def _default(each: Field[Any]) -> Any:
    return each.default if each.default_factory is MISSING else each.default_factory()


def _read(each: Field[Any], value: Any) -> Any:
    """Text as the reference reads it; what cannot be read is reported and counts as absent. Raises
    ValueError for a number of the caller's that counts nothing."""
    if not isinstance(value, str):
        if each.name in _COUNTS and (not isinstance(value, int) or value < 0):
            raise ValueError(f"{each.name} must be a whole number from 0 on, not {value!r}")
        return value
    text = value.strip().strip("\"'")
    try:
        return _PARSERS[each.name](text) if text else _default(each)
    except (ValueError, RuntimeError):  # RuntimeError: a home folder that nobody knows
        default = _default(each)
        logger.warning(
            "%s in the environment: cannot read %r, using %s",
            " or ".join(_names(each.name)),
            value,
            default,
        )
        return default


# -- where a server is -----------------------------------------------------------------------------

_DEFAULT_PORTS: Final = {"": "11434", "http": "80", "https": "443"}
_LOOPBACK: Final = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}


def server_url(text: str) -> str:
    """The base URL that a host setting means: `:1234`, `example.com`, `https://[::1]/path` ..."""
    rest = text.strip().strip("\"'").strip()
    scheme, found, after = rest.partition("://")
    scheme, rest = (scheme.lower(), after) if found else ("", rest)
    address, _, path = rest.partition("/")
    if not scheme and address == "ollama.com":
        scheme = "https"
    host, port = _host_and_port(address, _DEFAULT_PORTS.get(scheme, _DEFAULT_PORTS[""]))
    url = f"{scheme or 'http'}://{_bracketed(host)}:{port}"
    return f"{url}/{path}".rstrip("/\"' ")


def connectable_url(url: str) -> str:
    """The URL to dial for one of `server_url`: a server that listens everywhere is also here."""
    scheme, _, rest = url.partition("://")
    address, slash, path = rest.partition("/")
    host, port = _host_and_port(address, "")
    return f"{scheme}://{_bracketed(_LOOPBACK.get(host, host))}:{port}{slash}{path}"


def _host_and_port(address: str, default_port: str) -> tuple[str, str]:
    if not address:
        return "127.0.0.1", default_port
    host, colon, port = address.rpartition(":")
    if not colon or port.endswith("]") or _is_ipv6(address):
        host, port = address, default_port
    if not (re.fullmatch(r"[0-9]{1,5}", port) and int(port) <= 65535):
        logger.warning("%r is no port, using %s", port, default_port)
        port = default_port
    return host.strip("[]"), port


def _is_ipv6(text: str) -> bool:
    try:
        return ipaddress.ip_address(text).version == 6
    except ValueError:
        return False


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host

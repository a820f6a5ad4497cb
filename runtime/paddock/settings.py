"""Every environment variable, read once into one frozen object. Knows names, spellings and
defaults; knows nothing of what the values are for.

`PADDOCK_X` goes before `OLLAMA_X`, so that a machine set up for Ollama needs nothing new.
"""

import logging
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from pydantic import AliasChoices, AliasGenerator, Field, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from paddock.durations import FOREVER, parse_duration
from paddock.errors import RequestError

logger = logging.getLogger(__name__)

MINUTE: Final = 60_000_000_000
_FALSE: Final = frozenset({"0", "f", "F", "FALSE", "false", "False"})
_MAX_UNSIGNED: Final = 2**64 - 1


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


def _keep_alive(text: str) -> int:
    nanoseconds = _nanoseconds(text)
    return FOREVER if nanoseconds < 0 else nanoseconds


def _timeout(text: str) -> int:
    nanoseconds = _nanoseconds(text)
    return FOREVER if nanoseconds <= 0 else nanoseconds


def _path(text: str) -> Path:
    return Path(text).expanduser()


_PARSERS: Final[dict[str, Callable[[str], Any]]] = {
    "models": _path,
    "host": str,
    "keep_alive": _keep_alive,
    "load_timeout": _timeout,
    "max_loaded_models": _unsigned,
    "max_queue": _unsigned,
    "num_parallel": _unsigned,
    "context_length": _unsigned,
    "gpu_overhead": _unsigned,
    "flash_attention": _boolean,
    "kv_cache_type": str.lower,
}


def _names(field: str) -> AliasChoices:
    return AliasChoices(f"PADDOCK_{field.upper()}", f"OLLAMA_{field.upper()}")


def _default_models() -> Path:
    return Path.home() / ".paddock" / "models"


class Settings(BaseSettings):
    """What the environment says. `Settings()` reads it; arguments go before the environment."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="ignore",
        populate_by_name=True,
        env_ignore_empty=True,
        alias_generator=AliasGenerator(validation_alias=_names),
    )

    models: Path = Field(default_factory=_default_models)
    """Root of the store."""
    host: str = "127.0.0.1:11434"
    """Where a server listens and a command line dials."""
    keep_alive: int = Field(default=5 * MINUTE, ge=0)
    """Nanoseconds a model stays loaded after its last request, where none says otherwise."""
    load_timeout: int = Field(default=5 * MINUTE, ge=0)
    """Nanoseconds without progress after which a load is given up."""
    max_loaded_models: int = Field(default=0, ge=0)
    """Models loaded at the same time; 0 lets paddock choose."""
    max_queue: int = Field(default=512, ge=0)
    """Requests that may wait for a model."""
    num_parallel: int = Field(default=0, ge=0)
    """Sequences that run at once in one model; 0 lets paddock choose."""
    context_length: int = Field(default=0, ge=0)
    """num_ctx of requests and models that name none; 0 lets paddock choose."""
    gpu_overhead: int = Field(default=0, ge=0)
    """Bytes to leave free on every GPU."""
    flash_attention: bool | None = None
    """None lets the engine choose."""
    kv_cache_type: str = "f16"

    @field_validator("*", mode="before")
    @classmethod
    def _parse(cls, value: Any, info: ValidationInfo) -> Any:
        """Text as the reference reads it; what cannot be read is reported and counts as absent."""
        if not isinstance(value, str) or info.field_name is None:
            return value
        default = cls.model_fields[info.field_name].get_default(call_default_factory=True)
        text = value.strip().strip("\"'")
        try:
            return _PARSERS[info.field_name](text) if text else default
        except (ValueError, RuntimeError):  # RuntimeError: a home folder that nobody knows
            logger.warning(
                "%s in the environment: cannot read %r, using %s",
                " or ".join(str(name) for name in _names(info.field_name).choices),
                value,
                default,
            )
            return default

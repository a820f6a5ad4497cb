"""How much a model shall think before it answers, as words of a command line. Pure."""

from typing import Literal

from paddock.errors import RequestError

ThinkLevel = Literal["low", "medium", "high", "max"]
Think = bool | ThinkLevel | None

THINK_LEVELS: tuple[ThinkLevel, ...] = ("high", "medium", "low", "max")


def parse_think(text: str) -> Think:
    """The value of `--think`. Raises RequestError."""
    if text in ("true", ""):
        return True
    if text == "false":
        return False
    for level in THINK_LEVELS:
        if text == level:
            return level
    raise RequestError(f'invalid value for --think: "{text}" (must be {_choices()})')


def _choices() -> str:
    *first, last = ("true", "false", *THINK_LEVELS)
    return f"{', '.join(first)}, or {last}"

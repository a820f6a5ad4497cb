"""What `show` prints about a model: sections of rows. Pure; knows the response as JSON alone."""

import math
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from paddock.cli.tables import grid, width
from paddock.describe import human_count

Rows = list[Sequence[str]]

_CELL: Final = 30
_TEXT: Final = 100
_ARRAY: Final = 10
_LINES: Final = 2


def show_text(response: Mapping[str, Any], *, verbose: bool = False) -> str:
    """The sections that have something to say, each followed by a blank line."""
    sections: list[tuple[str, Rows, int]] = [
        ("Model", list(_model(response)), _CELL),
        ("Capabilities", [[name] for name in response.get("capabilities") or ()], _CELL),
        ("Projector", list(_projector(response.get("projector_info") or {})), _CELL),
        ("Parameters", _parameters(response.get("parameters") or ""), _CELL),
        ("Metadata", list(_metadata(response)) if verbose else [], _CELL),
        ("Tensors", list(_tensors(response)) if verbose else [], _CELL),
        ("System", _head(response.get("system") or ""), _TEXT),
        ("License", _head(response.get("license") or ""), _TEXT),
    ]
    return "".join(f"  {header}\n{grid(rows, limit)}\n" for header, rows, limit in sections if rows)


def _model(response: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    details: Mapping[str, Any] = response.get("details") or {}
    info: Mapping[str, Any] = response.get("model_info") or {}
    if response.get("remote_host"):
        yield "Remote model", response.get("remote_model") or ""
        yield "Remote URL", response["remote_host"]
    architecture = info.get("general.architecture") or details.get("family") or ""
    yield "architecture", architecture
    yield "parameters", details.get("parameter_size") or _count(info.get("general.parameter_count"))
    for label, key in (
        ("context length", f"{architecture}.context_length"),
        ("embedding length", f"{architecture}.embedding_length"),
    ):
        if key in info:
            yield label, _whole(info[key])
    yield "quantization", details.get("quantization_level") or ""
    if requires := response.get("requires"):
        yield "requires", requires


def _projector(info: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if not info:
        return
    architecture = info.get("general.architecture") or ""
    yield "architecture", architecture
    yield "parameters", _count(info.get("general.parameter_count"))
    for label, key in (("embedding length", "embedding_length"), ("dimensions", "projection_dim")):
        for sense in ("vision", "audio"):
            value = info.get(f"{architecture}.{sense}.{key}")
            if value is not None:
                yield label, _whole(value)
                break


def _parameters(text: str) -> Rows:
    return [line.split() for line in text.splitlines() if line.strip()]


def _metadata(response: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key, value in sorted((response.get("model_info") or {}).items()):
        yield key, _value(value)


def _tensors(response: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    for tensor in response.get("tensors") or ():
        yield tensor["name"], tensor["type"], _array(tensor["shape"])


def _head(text: str) -> Rows:
    """The first lines that say something, and `...` for more of them."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return [[line] for line in [*lines[:_LINES], *(["..."] if len(lines) > _LINES else [])]]


# -- values ----------------------------------------------------------------------------------------


def _count(value: Any) -> str:
    return human_count(int(value)) if isinstance(value, int | float) else ""


def _whole(value: Any) -> str:
    return f"{value:.0f}" if isinstance(value, int | float) else _value(value)


def _value(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int() | float():
            return number(value)
        case list() | tuple():
            return _shortened(value)
        case _:
            return str(value)


def number(value: float) -> str:
    """The shortest form of a double; with an exponent from a million up and below 0.0001."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else f"{'+' if value > 0 else '-'}Inf"
    double = float(value)
    decimal = Decimal(repr(double)).normalize()
    if double == 0 or 1e-4 <= abs(double) < 1e6:
        return f"{decimal:f}"
    sign, digits, _ = decimal.as_tuple()
    mantissa = f"{digits[0]}.{''.join(map(str, digits[1:]))}".rstrip(".")
    return f"{'-' if sign else ''}{mantissa}e{decimal.adjusted():+03d}"


def _array(values: Sequence[Any]) -> str:
    return f"[{' '.join(map(_value, values))}]"


def _shortened(values: Sequence[Any]) -> str:
    """As many elements as ten columns hold, but one at least."""
    used = 1
    for shown, value in enumerate(values):
        used += width(_value(value)) + (2 if shown else 0)
        if used > _ARRAY and shown:
            return f"{_array(values[:shown])[:-1]} ...+{len(values) - shown} more]"
    return _array(values)

"""Hugging Face safetensors folders -> GGUF files. Knows file formats; knows no store, no engine."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from paddock.convert import families
from paddock.convert.model import parse_precision, write

ARCHITECTURES: Final = tuple(families.FAMILIES)
"""What `convert` reads, as named in config.json."""


def convert(
    folder: Path,
    output: Path,
    *,
    precision: str = "F16",
    progress: Callable[[str], None] | None = None,
) -> None:
    """Write the model of `folder` to `output`: matrices as `precision` (F16, BF16 or F32), the rest
    as f32.

    RequestError or UnsupportedError, naming the file at fault, when that cannot be done; `output`
    is then as before. Equal folders give equal bytes.
    """
    if progress is not None:
        progress("converting model")
    chosen = parse_precision(precision)
    write(families.read(folder), output, chosen)


__all__ = ["ARCHITECTURES", "convert"]

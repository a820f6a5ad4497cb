"""Models that see, in a models folder."""

from pathlib import Path
from typing import Any

from tests.projectors import KINDS, qwen2vl_text

from paddock.client import Client
from paddock.runtime import Runtime

CHAT = (
    "{{ range .Messages }}<|im_start|>{{ .Role }}\n{{ .Content }}<|im_end|>\n{{ end }}"
    "<|im_start|>assistant\n"
)


def add(runtime: Runtime, kind: str, tiny_gguf: Path, scratch: Path, **parameters: Any) -> str:
    """A tiny text model with a random projector of a kind, under the kind's name."""
    folder = scratch / kind
    folder.mkdir()
    if kind == "qwen2vl":
        qwen2vl_text(folder / "text.gguf", tiny_gguf)
    else:
        (folder / "text.gguf").hardlink_to(tiny_gguf)
    KINDS[kind](folder / "projector.gguf")
    chosen = {"num_thread": 1, "temperature": 0, "num_predict": 8} | parameters
    client = Client(runtime=runtime)
    client.create(kind, from_=str(folder), template=CHAT, parameters=chosen)
    return kind

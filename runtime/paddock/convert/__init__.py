"""Hugging Face safetensors folders -> GGUF files. Knows file formats; knows no store, no engine."""

from paddock.convert.bert import ARCHITECTURES, convert

__all__ = ["ARCHITECTURES", "convert"]

"""paddock as LlamaIndex's embedding model: vectors are made inside this process."""

try:
    from llama_index.embeddings.paddock.base import PaddockEmbedding
except ModuleNotFoundError as error:
    if error.name != "llama_index.core":
        raise
    raise ImportError('LlamaIndex is not installed: pip install "paddock[llama-index]"') from error

__all__ = ["PaddockEmbedding"]

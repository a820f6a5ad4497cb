"""paddock as LlamaIndex's embedding model: vectors are made inside this process."""

from llama_index.embeddings.paddock.base import PaddockEmbedding

__all__ = ["PaddockEmbedding"]

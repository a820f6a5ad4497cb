"""paddock as a LlamaIndex node postprocessor: a reranker that runs inside this process."""

try:
    from llama_index.postprocessor.paddock.base import PaddockRerank
except ModuleNotFoundError as error:
    if error.name != "llama_index.core":
        raise
    raise ImportError('LlamaIndex is not installed: pip install "paddock[llama-index]"') from error

__all__ = ["PaddockRerank"]

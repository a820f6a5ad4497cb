"""paddock as LlamaIndex's LLM: models run inside this process."""

try:
    from llama_index.llms.paddock.base import Paddock
except ModuleNotFoundError as error:
    if error.name != "llama_index.core":
        raise
    raise ImportError('LlamaIndex is not installed: pip install "paddock[llama-index]"') from error

__all__ = ["Paddock"]

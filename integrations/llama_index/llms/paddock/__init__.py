"""paddock as LlamaIndex's LLM: models run inside this process."""

from llama_index.llms.paddock.base import Paddock

__all__ = ["Paddock"]

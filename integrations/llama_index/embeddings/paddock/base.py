"""PaddockEmbedding, LlamaIndex's embedding model over a runtime in this process.

Thin: turns texts into one request. Holds parameters only: no weights, no connection, no event loop.
"""

from typing import Any, Final

from llama_index.core.base.embeddings.base import BaseEmbedding, Embedding
from pydantic import Field

import paddock
from llama_index.llms.paddock._fields import PaddockFields, build

_ALIASES: Final = {"ollama_additional_kwargs": "additional_kwargs"}


class PaddockEmbedding(BaseEmbedding, PaddockFields):
    """Embeddings from a model that runs in this process.

    Examples:
        `pip install "paddock[llama-index]"`

        ```python
        from llama_index.embeddings.paddock import PaddockEmbedding

        embed_model = PaddockEmbedding("nomic-embed-text", query_instruction="search_query:")
        vector = embed_model.get_query_embedding("Why is the sky blue?")
        ```
    """

    model_name: str = Field(description="An Ollama name, or a path to a GGUF file.")
    embed_batch_size: int = Field(
        256,
        gt=0,
        le=2048,
        description="Texts per request. The runtime packs them into full batches by itself.",
    )
    query_instruction: str | None = Field(None, description="Put before every query.")
    text_instruction: str | None = Field(None, description="Put before every text.")
    truncate: bool | None = Field(
        None, description="Cut texts that exceed the window; False refuses them."
    )
    dimensions: int | None = Field(None, description="Keep only the first so many components.")

    def __init__(
        self, model_name: str, *, runtime: paddock.Runtime | None = None, **fields: Any
    ) -> None:
        super().__init__(**self._read({"model_name": model_name, **fields}, _ALIASES))
        self._runtime = runtime

    @classmethod
    def class_name(cls) -> str:
        return "PaddockEmbedding"

    # -- LlamaIndex's abstract methods ------------------------------------------------------------

    def _get_query_embedding(self, query: str) -> Embedding:
        return self.get_general_text_embedding(self._format_query(query))

    async def _aget_query_embedding(self, query: str) -> Embedding:
        return await self.aget_general_text_embedding(self._format_query(query))

    def _get_text_embedding(self, text: str) -> Embedding:
        return self.get_general_text_embedding(self._format_text(text))

    async def _aget_text_embedding(self, text: str) -> Embedding:
        return await self.aget_general_text_embedding(self._format_text(text))

    def _get_text_embeddings(self, texts: list[str]) -> list[Embedding]:
        return self.get_general_text_embeddings([self._format_text(text) for text in texts])

    async def _aget_text_embeddings(self, texts: list[str]) -> list[Embedding]:
        return await self.aget_general_text_embeddings([self._format_text(text) for text in texts])

    # -- texts as they are ------------------------------------------------------------------------

    def get_general_text_embedding(self, text: str) -> Embedding:
        return self.get_general_text_embeddings([text])[0]

    async def aget_general_text_embedding(self, text: str) -> Embedding:
        return (await self.aget_general_text_embeddings([text]))[0]

    def get_general_text_embeddings(self, texts: list[str]) -> list[Embedding]:
        """The vectors of `texts`, in their order, without any instruction."""
        return self._embed(texts).result().embeddings if texts else []

    async def aget_general_text_embeddings(self, texts: list[str]) -> list[Embedding]:
        """get_general_text_embeddings for event loops."""
        return (await self._embed(texts)).embeddings if texts else []

    def _embed(self, texts: list[str]) -> paddock.Stream[paddock.EmbedResponse]:
        fields = {
            "model": self.model_name,
            "input": texts,
            "truncate": self.truncate,
            "dimensions": self.dimensions,
            "options": self._options({}),
            "keep_alive": self.keep_alive,
        }
        return self.runtime.embed(build(paddock.EmbedRequest, fields))

    def _format_query(self, query: str) -> str:
        return _instructed(self.query_instruction, query)

    def _format_text(self, text: str) -> str:
        return _instructed(self.text_instruction, text)


def _instructed(instruction: str | None, text: str) -> str:
    return f"{(instruction or '').strip()} {text.strip()}".strip()

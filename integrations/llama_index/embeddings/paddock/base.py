"""PaddockEmbedding, LlamaIndex's embedding model over a runtime in this process.

Thin: turns texts into one request. Holds parameters only: no weights, no connection, no event loop.
"""

import asyncio
import warnings
from typing import Any, Final

from llama_index.core.base.embeddings.base import BaseEmbedding, Embedding
from pydantic import Field, PrivateAttr

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
    query_instruction: str | None = Field(
        None, description='Put before every query; "auto": what the model was trained with.'
    )
    text_instruction: str | None = Field(
        None, description='Put before every text; "auto": what the model was trained with.'
    )
    truncate: bool | None = Field(
        None, description="Cut texts that exceed the window; False refuses them."
    )
    dimensions: int | None = Field(None, description="Keep only the first so many components.")
    normalize: bool | None = Field(
        None, description="False gives vectors as the model pools them, not of length 1."
    )

    _trained_with: paddock.Instructions | None = PrivateAttr(default=None)

    def __init__(
        self, model_name: str, *, runtime: paddock.Runtime | None = None, **fields: Any
    ) -> None:
        super().__init__(**self._read({"model_name": model_name, **fields}, _ALIASES))
        self._runtime = runtime
        if self.base_url and runtime:
            raise paddock.RequestError("base_url excludes runtime: its server has its own")

    @classmethod
    def class_name(cls) -> str:
        return "PaddockEmbedding"

    # -- LlamaIndex's abstract methods ------------------------------------------------------------

    def _get_query_embedding(self, query: str) -> Embedding:
        return self.get_general_text_embedding(self._format_query(query))

    async def _aget_query_embedding(self, query: str) -> Embedding:
        await self._learn()
        return await self.aget_general_text_embedding(self._format_query(query))

    def _get_text_embedding(self, text: str) -> Embedding:
        return self.get_general_text_embedding(self._format_text(text))

    async def _aget_text_embedding(self, text: str) -> Embedding:
        await self._learn()
        return await self.aget_general_text_embedding(self._format_text(text))

    def _get_text_embeddings(self, texts: list[str]) -> list[Embedding]:
        return self.get_general_text_embeddings([self._format_text(text) for text in texts])

    async def _aget_text_embeddings(self, texts: list[str]) -> list[Embedding]:
        await self._learn()
        return await self.aget_general_text_embeddings([self._format_text(text) for text in texts])

    # -- texts as they are ------------------------------------------------------------------------

    def get_general_text_embedding(self, text: str) -> Embedding:
        return self.get_general_text_embeddings([text])[0]

    async def aget_general_text_embedding(self, text: str) -> Embedding:
        return (await self.aget_general_text_embeddings([text]))[0]

    def get_general_text_embeddings(self, texts: list[str]) -> list[Embedding]:
        """The vectors of `texts`, in their order, without any instruction."""
        self._pull_missing(self.model_name)
        return self._vectors(self._embed(texts).result()) if texts else []

    async def aget_general_text_embeddings(self, texts: list[str]) -> list[Embedding]:
        """get_general_text_embeddings for event loops."""
        if self.pull:
            await asyncio.to_thread(self._pull_missing, self.model_name)
        return self._vectors(await self._embed(texts)) if texts else []

    def _embed(self, texts: list[str]) -> paddock.Stream[paddock.EmbedResponse]:
        fields = {
            "model": self.model_name,
            "input": texts,
            "truncate": self.truncate,
            "dimensions": self.dimensions,
            "normalize": self.normalize,
            "options": self._options({}),
            "keep_alive": self.keep_alive,
        }
        return self.runtime.embed(build(paddock.EmbedRequest, fields))

    def _vectors(self, response: paddock.EmbedResponse) -> list[Embedding]:
        if response.truncated:
            warnings.warn(
                f"{len(response.truncated)} of {len(response.embeddings)} texts were longer than "
                f"the window of {self.model_name} and were cut; the first is number "
                f"{response.truncated[0]}",
                stacklevel=3,
            )
        return response.embeddings

    # -- instructions -----------------------------------------------------------------------------

    def _format_query(self, query: str) -> str:
        if self.query_instruction == "auto":
            return self._instructions().query + query.strip()
        return _instructed(self.query_instruction, query)

    def _format_text(self, text: str) -> str:
        if self.text_instruction == "auto":
            return self._instructions().text + text.strip()
        return _instructed(self.text_instruction, text)

    def _instructions(self) -> paddock.Instructions:
        """The model's own; none where they are not known. Read once."""
        if self._trained_with is None:
            asked = paddock.ShowRequest(model=self.model_name)
            shown: paddock.ShowResponse = self.runtime.show(asked)
            self._trained_with = shown.instructions or paddock.Instructions()
        return self._trained_with

    async def _learn(self) -> None:
        """Have the instructions read off the event loop, if they are wanted."""
        if "auto" in (self.query_instruction, self.text_instruction):
            await asyncio.to_thread(self._instructions)


def _instructed(instruction: str | None, text: str) -> str:
    return f"{(instruction or '').strip()} {text.strip()}".strip()

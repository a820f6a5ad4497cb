"""PaddockEmbeddings: LangChain's embeddings over a paddock runtime's `embed`."""

import warnings
from typing import Any

from langchain_core.embeddings import Embeddings
from pydantic import ConfigDict, Field

from langchain_paddock._fields import PaddockFields, request
from paddock import EmbedRequest, EmbedResponse, Stream


class PaddockEmbeddings(PaddockFields, Embeddings):
    """Embeddings with models that run inside this process, by their Ollama names.

    Instantiate and embed:
        ```python
        from langchain_paddock import PaddockEmbeddings

        embeddings = PaddockEmbeddings(model="all-minilm")
        embeddings.embed_query("Why is the sky blue?")
        embeddings.embed_documents(["Light scatters.", "Grass is green."])
        await embeddings.aembed_documents(["Light scatters.", "Grass is green."])
        ```
    """

    model_config = ConfigDict(extra="forbid")

    dimensions: int | None = Field(default=None, ge=1)
    """Keep this many numbers of each vector, normalised again."""

    truncate: bool = True
    """Cut texts that are longer than the model's window; False: raise ContextLengthError."""

    query_instruction: str | None = None
    """Put before the text of a query, with a space."""

    text_instruction: str | None = None
    """Put before the text of every document, with a space."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """One vector per text, in order."""
        if not texts:
            return []
        return self._vectors(self._submit(texts, self.text_instruction).result())

    def embed_query(self, text: str) -> list[float]:
        """The vector of a query."""
        return self._vectors(self._submit([text], self._query_prefix()).result())[0]

    async def aembed_documents(self, texts: list[str]) -> list[list[float]]:
        """One vector per text, in order."""
        if not texts:
            return []
        return self._vectors(await self._submit(texts, self.text_instruction))

    async def aembed_query(self, text: str) -> list[float]:
        """The vector of a query."""
        return self._vectors(await self._submit([text], self._query_prefix()))[0]

    def _own_fields(self) -> dict[str, Any]:
        return super()._own_fields() | {"truncate": self.truncate, "dimensions": self.dimensions}

    def _query_prefix(self) -> str | None:
        # Without one of its own, a query is read as a document is.
        return self.text_instruction if self.query_instruction is None else self.query_instruction

    def _submit(self, texts: list[str], instruction: str | None) -> Stream[EmbedResponse]:
        prefix = f"{instruction.strip()} " if instruction and instruction.strip() else ""
        inputs = [prefix + text for text in texts]
        asked = request(EmbedRequest, input=inputs, **self._call_fields(None, {}))
        return self._active_runtime().embed(asked)

    def _vectors(self, response: EmbedResponse) -> list[list[float]]:
        if response.truncated:
            warnings.warn(
                f"{len(response.truncated)} of {len(response.embeddings)} texts were longer than "
                f"the window of {self.model} and were cut; the first is number "
                f"{response.truncated[0]}",
                stacklevel=3,
            )
        return response.embeddings

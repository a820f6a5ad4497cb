"""PaddockEmbeddings: LangChain's embeddings over a paddock runtime's `embed`."""

import asyncio
import warnings
from collections.abc import Iterator
from typing import Any, Final, Literal

from langchain_core.embeddings import Embeddings
from pydantic import ConfigDict, Field

from langchain_paddock._fields import PaddockFields, request
from paddock import EmbedRequest, EmbedResponse, ShowRequest, Stream

_Role = Literal["query", "text"]
_EMBED_FIELDS: Final = frozenset({"dimensions", "normalize"})


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

    normalize: bool = True
    """Vectors of length 1; False: as long as the model makes them."""

    batch_size: int | None = Field(default=None, ge=1)
    """Most texts of one request. None: all in one, which the runtime packs into full batches."""

    query_instruction: str | None = None
    """Put before the text of a query, with a space; `"auto"`: what the model was trained with."""

    text_instruction: str | None = None
    """Put before the text of every document, with a space; `"auto"` as for queries."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """One vector per text, in order."""
        running = self._submit(texts, "text")
        return [vector for stream in running for vector in self._vectors(stream.result())]

    def embed_query(self, text: str) -> list[float]:
        """The vector of a query."""
        (stream,) = self._submit([text], "query")
        return self._vectors(stream.result())[0]

    async def aembed_documents(self, texts: list[str]) -> list[list[float]]:
        """One vector per text, in order."""
        running = await self._asubmit(texts, "text")
        return [vector for stream in running for vector in self._vectors(await stream)]

    async def aembed_query(self, text: str) -> list[float]:
        """The vector of a query."""
        (stream,) = await self._asubmit([text], "query")
        return self._vectors(await stream)[0]

    def _own_fields(self) -> dict[str, Any]:
        return super()._own_fields() | {
            "truncate": self.truncate,
            "dimensions": self.dimensions,
            "normalize": None if self.normalize else False,
        }

    def _instruction(self, role: _Role) -> str:
        own = self.text_instruction
        if role == "query" and self.query_instruction is not None:
            own = self.query_instruction  # without one, a query is read as a document is
        if own != "auto":
            return f"{own.strip()} " if own and own.strip() else ""
        known = self._active_runtime().show(ShowRequest(model=self.model)).instructions
        return (getattr(known, role) if known else None) or ""

    def _blocks(self) -> bool:
        return bool(self.pull) or "auto" in (self.query_instruction, self.text_instruction)

    def _submit(self, texts: list[str], role: _Role) -> list[Stream[EmbedResponse]]:
        """All requests of these texts, running side by side."""
        if not texts:
            return []
        if self.pull:
            self._pull_missing({})
        prefix = self._instruction(role)
        size = self.batch_size or len(texts)
        inputs = [[prefix + text for text in batch] for batch in _batches(texts, size)]
        fields = self._call_fields(None, {}, _EMBED_FIELDS)
        runtime = self._active_runtime()
        return [runtime.embed(request(EmbedRequest, input=batch, **fields)) for batch in inputs]

    async def _asubmit(self, texts: list[str], role: _Role) -> list[Stream[EmbedResponse]]:
        if self._blocks():
            return await asyncio.to_thread(self._submit, texts, role)
        return self._submit(texts, role)

    def _vectors(self, response: EmbedResponse) -> list[list[float]]:
        if response.truncated:
            warnings.warn(
                f"{len(response.truncated)} of {len(response.embeddings)} texts were longer than "
                f"the window of {self.model} and were cut; the first is number "
                f"{response.truncated[0]}",
                stacklevel=3,
            )
        return response.embeddings


def _batches(texts: list[str], size: int) -> Iterator[list[str]]:
    for start in range(0, len(texts), size):
        yield texts[start : start + size]

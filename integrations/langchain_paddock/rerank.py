"""PaddockRerank: LangChain's document compressor over a paddock runtime's `rerank`."""

import asyncio
import warnings
from collections.abc import Sequence
from copy import deepcopy
from typing import Any, Final

from langchain_core.callbacks import Callbacks
from langchain_core.documents import BaseDocumentCompressor, Document
from pydantic import ConfigDict, Field

from langchain_paddock._fields import PaddockFields, request
from paddock import RerankRequest, RerankResponse, Stream

_RERANK_FIELDS: Final = frozenset({"raw_scores"})
_OWN: Final = -1
"""`top_n` of a call that takes the constructor's."""


class PaddockRerank(PaddockFields, BaseDocumentCompressor):
    """Documents by how well they answer a query, judged by a reranker in this process.

    Instantiate and rerank:
        ```python
        from langchain_paddock import PaddockRerank

        reranker = PaddockRerank(model="bge-reranker-v2-m3", top_n=3)
        best = reranker.compress_documents(documents, "Why is the sky blue?")
        best[0].metadata["relevance_score"]
        ```
    """

    model_config = ConfigDict(extra="forbid")

    top_n: int | None = Field(default=3, ge=1)
    """How many documents to keep; None: all, in their new order."""

    truncate: bool = True
    """Cut documents that do not fit the model's window; False: raise ContextLengthError."""

    raw_scores: bool = False
    """The model's own numbers instead of scores from 0 to 1."""

    batch_size: int | None = Field(default=None, ge=1)
    """Most documents of one request. None: all in one, which the runtime packs into batches."""

    def compress_documents(
        self, documents: Sequence[Document], query: str, callbacks: Callbacks | None = None
    ) -> Sequence[Document]:
        """Copies of the `top_n` best, the best first, with `relevance_score` in their metadata."""
        return _chosen(documents, self.rerank(documents, query))

    async def acompress_documents(
        self, documents: Sequence[Document], query: str, callbacks: Callbacks | None = None
    ) -> Sequence[Document]:
        """compress_documents for event loops."""
        return _chosen(documents, await self.arerank(documents, query))

    def rerank(
        self, documents: Sequence[str | Document], query: str, *, top_n: int | None = _OWN
    ) -> list[dict[str, Any]]:
        """`index` and `relevance_score` of the best, the best first."""
        if documents and self.pull:
            self._pull_missing({})
        running = self._submit(documents, query)
        return self._ranked([stream.result() for stream in running], top_n)

    async def arerank(
        self, documents: Sequence[str | Document], query: str, *, top_n: int | None = _OWN
    ) -> list[dict[str, Any]]:
        """rerank for event loops."""
        if documents and self.pull:
            await asyncio.to_thread(self._pull_missing, {})
        running = self._submit(documents, query)
        return self._ranked([await stream for stream in running], top_n)

    def _own_fields(self) -> dict[str, Any]:
        raw = self.raw_scores or None
        return super()._own_fields() | {"truncate": self.truncate, "raw_scores": raw}

    def _submit(
        self, documents: Sequence[str | Document], query: str
    ) -> list[Stream[RerankResponse]]:
        """All requests of these documents, running side by side."""
        texts = [one if isinstance(one, str) else one.page_content for one in documents]
        size = self.batch_size or len(texts) or 1
        fields = {**self._call_fields(None, {}, _RERANK_FIELDS), "query": query}
        runtime = self._active_runtime()
        return [
            runtime.rerank(request(RerankRequest, documents=texts[start : start + size], **fields))
            for start in range(0, len(texts), size)
        ]

    def _ranked(
        self, responses: Sequence[RerankResponse], top_n: int | None
    ) -> list[dict[str, Any]]:
        first, cut = 0, 0
        found: list[dict[str, Any]] = []
        for response in responses:
            cut += len(response.truncated or ())
            found += (
                {"index": first + result.index, "relevance_score": result.relevance_score}
                for result in response.results
            )
            first += len(response.results)
        if cut:
            warnings.warn(
                f"{cut} of {len(found)} documents did not fit the window of {self.model} and were "
                "cut",
                stacklevel=3,
            )
        if len(responses) > 1:
            found.sort(key=lambda result: -result["relevance_score"])
        return found[: self.top_n if top_n == _OWN else top_n]


def _chosen(documents: Sequence[Document], ranked: Sequence[dict[str, Any]]) -> Sequence[Document]:
    return [
        document.model_copy(
            update={
                "metadata": deepcopy(document.metadata)
                | {"relevance_score": result["relevance_score"]}
            }
        )
        for result in ranked
        for document in (documents[result["index"]],)
    ]

"""PaddockRerank, LlamaIndex's node postprocessor over a reranker in this process.

Thin: turns nodes into one request. Holds parameters only: no weights, no connection, no event loop.
"""

import asyncio
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from llama_index.core.callbacks import CBEventType, EventPayload
from llama_index.core.instrumentation.events.rerank import ReRankEndEvent, ReRankStartEvent
from llama_index.core.postprocessor.types import BaseNodePostprocessor
from llama_index.core.schema import MetadataMode, NodeWithScore, QueryBundle
from llama_index_instrumentation import get_dispatcher
from pydantic import Field

import paddock
from llama_index.llms.paddock._fields import PaddockFields, build

_dispatcher = get_dispatcher(__name__)

Nodes = list[NodeWithScore]


class PaddockRerank(BaseNodePostprocessor, PaddockFields):
    """Nodes by how well they answer the query, judged by a model that reads both together.

    Examples:
        `pip install "paddock[llama-index]"`

        ```python
        from llama_index.postprocessor.paddock import PaddockRerank

        rerank = PaddockRerank("bge-reranker-v2-m3", top_n=3)
        engine = index.as_query_engine(similarity_top_k=20, node_postprocessors=[rerank])
        ```
    """

    model: str = Field(description="An Ollama name, or a path to a GGUF file.")
    top_n: int = Field(2, ge=1, description="Number of nodes to return, the best first.")
    keep_retrieval_score: bool = Field(
        False, description="Keep the score of the retrieval in the metadata of the nodes."
    )
    raw_scores: bool | None = Field(
        None, description="The model's own numbers instead of scores from 0 to 1."
    )
    truncate: bool | None = Field(
        None, description="Cut nodes that exceed the window; False refuses them."
    )

    def __init__(
        self,
        model: str,
        top_n: int = 2,
        *,
        runtime: paddock.Runtime | None = None,
        **fields: Any,
    ) -> None:
        super().__init__(**self._read({"model": model, "top_n": top_n, **fields}, {}))
        self._runtime = runtime
        if self.base_url and runtime:
            raise paddock.RequestError("base_url excludes runtime: its server has its own")

    @classmethod
    def class_name(cls) -> str:
        return "PaddockRerank"

    # -- LlamaIndex's abstract methods ------------------------------------------------------------

    def _postprocess_nodes(self, nodes: Nodes, query_bundle: QueryBundle | None = None) -> Nodes:
        query = _text(query_bundle)
        if not nodes:
            return []
        self._pull_missing(self.model)
        with self._told(nodes, query) as chosen:
            chosen.extend(self._best(nodes, self._rerank(nodes, query).result()))
        return chosen

    async def _apostprocess_nodes(
        self, nodes: Nodes, query_bundle: QueryBundle | None = None
    ) -> Nodes:
        query = _text(query_bundle)
        if not nodes:
            return []
        if self.pull:
            await asyncio.to_thread(self._pull_missing, self.model)
        with self._told(nodes, query) as chosen:
            chosen.extend(self._best(nodes, await self._rerank(nodes, query)))
        return chosen

    # -- what both share --------------------------------------------------------------------------

    def _rerank(self, nodes: Nodes, query: str) -> paddock.Stream[paddock.RerankResponse]:
        fields = {
            "model": self.model,
            "query": query,
            "documents": [node.node.get_content(MetadataMode.EMBED) for node in nodes],
            "top_n": self.top_n,
            "raw_scores": self.raw_scores,
            "truncate": self.truncate,
            "options": self._options({}),
            "keep_alive": self.keep_alive,
        }
        return self.runtime.rerank(build(paddock.RerankRequest, fields))

    def _best(self, nodes: Nodes, response: paddock.RerankResponse) -> Nodes:
        """New nodes with the new scores: those of the retriever stay as they are."""
        if response.truncated:
            warnings.warn(
                f"{len(response.truncated)} of {len(nodes)} nodes did not fit the window of "
                f"{self.model} and were cut",
                stacklevel=4,
            )
        return [
            self._scored(nodes[result.index], result.relevance_score) for result in response.results
        ]

    def _scored(self, found: NodeWithScore, score: float) -> NodeWithScore:
        node = found.node
        if self.keep_retrieval_score:
            metadata = {**node.metadata, "retrieval_score": found.score}
            node = node.model_copy(update={"metadata": metadata})
        return NodeWithScore(node=node, score=score)

    @contextmanager
    def _told(self, nodes: Nodes, query: str) -> Generator[Nodes]:
        """A list for the result, and the events around its making."""
        chosen: Nodes = []
        _dispatcher.event(
            ReRankStartEvent(query=query, nodes=nodes, top_n=self.top_n, model_name=self.model)
        )
        payload: dict[str, Any] = {
            EventPayload.NODES: nodes,
            EventPayload.MODEL_NAME: self.model,
            EventPayload.QUERY_STR: query,
            EventPayload.TOP_K: self.top_n,
        }
        with self.callback_manager.event(CBEventType.RERANKING, payload=payload) as event:
            yield chosen
            event.on_end(payload={EventPayload.NODES: chosen})
        _dispatcher.event(ReRankEndEvent(nodes=chosen))


def _text(query: QueryBundle | None) -> str:
    if query is None:
        raise ValueError("reranking needs a query: pass query_bundle or query_str")
    return query.query_str

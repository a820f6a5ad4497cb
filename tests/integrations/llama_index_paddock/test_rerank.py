"""PaddockRerank over a real, tiny reranker."""

import copy
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from llama_index.core.callbacks import CallbackManager
from llama_index.core.instrumentation import get_dispatcher
from llama_index.core.instrumentation.event_handlers import BaseEventHandler
from llama_index.core.postprocessor.types import BaseNodePostprocessor
from llama_index.core.query_engine import RetrieverQueryEngine
from llama_index.core.response_synthesizers import get_response_synthesizer
from llama_index.core.retrievers import BaseRetriever
from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode
from pydantic import Field
from tests.servers import serving

import paddock
from llama_index.llms.paddock import Paddock
from llama_index.postprocessor.paddock import PaddockRerank
from paddock.server import create_app

QUERY = "where does the dog live"
TEXTS = ["the dog sits in the house", "the cat runs fast", "house", "sea sea", "the dog runs"]


@pytest.fixture(scope="module")
def real(
    reranker_folder: Path, tiny_gguf: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[paddock.Runtime]:
    with paddock.Runtime(tmp_path_factory.mktemp("models")) as runtime:
        for name, weights in (("ranks", reranker_folder), ("tiny", tiny_gguf)):
            client = paddock.Client(runtime=runtime)
            client.create(name, from_=str(weights), parameters={"num_thread": 1})
        yield runtime


@pytest.fixture(scope="module")
def order(real: paddock.Runtime) -> list[int]:
    """The texts by the runtime's own call."""
    answer = paddock.Client(runtime=real).rerank("ranks", QUERY, TEXTS)
    return [result.index for result in answer.results]


def nodes() -> list[NodeWithScore]:
    return [
        NodeWithScore(node=TextNode(text=text, id_=str(index)), score=0.5)
        for index, text in enumerate(TEXTS)
    ]


def ids(found: list[NodeWithScore]) -> list[int]:
    return [int(node.node.node_id) for node in found]


@pytest.mark.engine
async def test_the_best_come_first_with_their_scores(
    real: paddock.Runtime, order: list[int]
) -> None:
    rerank = PaddockRerank("ranks", top_n=3, runtime=real)
    assert isinstance(rerank, BaseNodePostprocessor)
    found = rerank.postprocess_nodes(nodes(), query_str=QUERY)
    assert ids(found) == order[:3]
    scores = [node.score or 0 for node in found]
    assert scores == sorted(scores, reverse=True)
    assert all(0 < score < 1 for score in scores)
    again = await rerank.apostprocess_nodes(nodes(), QueryBundle(QUERY))
    assert ids(again) == order[:3]


@pytest.mark.engine
def test_the_nodes_given_stay_as_they_are(real: paddock.Runtime) -> None:
    given = nodes()
    rerank = PaddockRerank("ranks", runtime=real, keep_retrieval_score=True)
    found = rerank.postprocess_nodes(given, query_str=QUERY)
    assert [node.metadata for node in found] == [{"retrieval_score": 0.5}] * 2
    assert [(node.score, node.metadata) for node in given] == [(0.5, {})] * len(TEXTS)
    rerank = PaddockRerank("ranks", runtime=real)
    assert rerank.postprocess_nodes(given, query_str=QUERY)[0].metadata == {}


@pytest.mark.engine
def test_settings_reach_the_request(real: paddock.Runtime) -> None:
    rerank = PaddockRerank("ranks", runtime=real, raw_scores=True)
    assert not 0 <= (rerank.postprocess_nodes(nodes()[:1], query_str=QUERY)[0].score or 0) <= 1
    with pytest.raises(paddock.OptionError, match="at most 96"):
        PaddockRerank("ranks", runtime=real, num_ctx=1000).postprocess_nodes(
            nodes(), query_str=QUERY
        )
    long = [NodeWithScore(node=TextNode(text="sea " * 200))]
    with pytest.warns(UserWarning, match="1 of 1 nodes did not fit"):
        rerank.postprocess_nodes(long, query_str=QUERY)
    with pytest.raises(paddock.ContextLengthError, match="document 0"):
        PaddockRerank("ranks", runtime=real, truncate=False).postprocess_nodes(
            long, query_str=QUERY
        )


@pytest.mark.engine
def test_other_models_are_refused(real: paddock.Runtime) -> None:
    with pytest.raises(paddock.UnsupportedError, match="does not support rerank"):
        PaddockRerank("tiny", runtime=real).postprocess_nodes(nodes(), query_str=QUERY)


class Seen(BaseEventHandler):
    names: list[str] = Field(default_factory=list)

    @classmethod
    def class_name(cls) -> str:
        return "Seen"

    def handle(self, event: Any, **_: Any) -> None:
        self.names.append(event.class_name())


@pytest.mark.engine
def test_one_pair_of_events_for_each_kind_of_listener(
    real: paddock.Runtime, events: Any, callbacks: CallbackManager
) -> None:
    rerank = PaddockRerank("ranks", runtime=real, callback_manager=callbacks)
    dispatcher, seen = get_dispatcher(), Seen()
    dispatcher.add_event_handler(seen)
    try:
        rerank.postprocess_nodes(nodes(), query_str=QUERY)
    finally:
        dispatcher.event_handlers.remove(seen)
    assert seen.names == ["ReRankStartEvent", "ReRankEndEvent"]
    assert events.seen == [("start", "reranking"), ("end", "reranking")]
    assert [len(payload["nodes"]) for payload in events.ended] == [2]


async def test_no_nodes_ask_nothing_and_no_query_is_an_error() -> None:
    rerank = PaddockRerank("nobody")
    assert rerank.postprocess_nodes([], query_str=QUERY) == []
    assert await rerank.apostprocess_nodes([], query_str=QUERY) == []
    with pytest.raises(ValueError, match="query"):
        rerank.postprocess_nodes(nodes())


def test_wrong_arguments_are_refused_or_named() -> None:
    with pytest.raises(paddock.OptionError, match="num_ctx"):
        PaddockRerank("m", num_ctx="big")
    with pytest.raises(ValueError, match="top_n"):
        PaddockRerank("m", top_n=0)
    with pytest.warns(UserWarning, match="did you mean 'top_n'"):
        PaddockRerank("m", topn=3)


def test_copies_keep_the_parameters(real: paddock.Runtime) -> None:
    rerank = PaddockRerank("m", top_n=7, runtime=real, num_ctx=512)
    assert pickle.loads(pickle.dumps(rerank)).to_dict() == rerank.to_dict()
    assert PaddockRerank.from_dict(rerank.to_dict()).to_dict() == rerank.to_dict()
    assert copy.deepcopy(rerank).runtime is real


@pytest.mark.engine
@pytest.mark.enable_socket
def test_a_server_answers_the_same(real: paddock.Runtime, order: list[int]) -> None:
    with serving(create_app(real, bind="127.0.0.1")) as url:
        rerank = PaddockRerank("ranks", base_url=url)
        assert ids(rerank.postprocess_nodes(nodes(), query_str=QUERY)) == order[:2]


class Fixed(BaseRetriever):
    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        return nodes()


@pytest.mark.engine
async def test_query_engines_use_it(real: paddock.Runtime, order: list[int]) -> None:
    llm = Paddock("tiny", runtime=real, num_predict=2)
    engine = RetrieverQueryEngine(
        Fixed(),
        get_response_synthesizer(llm=llm),
        node_postprocessors=[PaddockRerank("ranks", runtime=real)],
    )
    assert ids(engine.query(QUERY).source_nodes) == order[:2]
    assert ids((await engine.aquery(QUERY)).source_nodes) == order[:2]

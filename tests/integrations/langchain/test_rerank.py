"""PaddockRerank over a real, tiny reranker."""

import copy
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from langchain_core.documents import BaseDocumentCompressor, Document
from pydantic import ValidationError
from tests.servers import serving

from langchain_paddock import PaddockRerank
from paddock import Client, ContextLengthError, OptionError, Runtime, UnsupportedError
from paddock.server import create_app

pytestmark = pytest.mark.engine

QUERY = "where does the dog live"
TEXTS = ["the dog sits in the house", "the cat runs fast", "house", "sea sea", "the dog runs"]


@pytest.fixture(scope="module")
def runtime(
    reranker_folder: Path, tiny_gguf: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Runtime]:
    with Runtime(tmp_path_factory.mktemp("models")) as runtime:
        for name, weights in (("ranks", reranker_folder), ("tiny", tiny_gguf)):
            Client(runtime=runtime).create(name, from_=str(weights), parameters={"num_thread": 1})
        yield runtime


@pytest.fixture(scope="module")
def order(runtime: Runtime) -> list[int]:
    """The documents by the runtime's own call."""
    return [
        result.index for result in Client(runtime=runtime).rerank("ranks", QUERY, TEXTS).results
    ]


def reranker(runtime: Runtime, **fields: Any) -> PaddockRerank:
    return PaddockRerank(**({"model": "ranks", "runtime": runtime} | fields))


def documents() -> list[Document]:
    return [
        Document(text, id=str(index), metadata={"place": {"row": index}})
        for index, text in enumerate(TEXTS)
    ]


def test_the_best_come_first_with_their_scores(runtime: Runtime, order: list[int]) -> None:
    compressor = reranker(runtime)
    assert isinstance(compressor, BaseDocumentCompressor)
    found = compressor.compress_documents(documents(), QUERY)
    assert [document.id for document in found] == [str(index) for index in order[:3]]
    scores = [document.metadata["relevance_score"] for document in found]
    assert scores == sorted(scores, reverse=True)
    assert all(0 < score < 1 for score in scores)
    assert [document.page_content for document in found] == [TEXTS[index] for index in order[:3]]


def test_the_documents_given_stay_as_they_are(runtime: Runtime) -> None:
    given = documents()
    found = reranker(runtime).compress_documents(given, QUERY)
    found[0].metadata["place"]["row"] = "changed"
    assert given == documents()


async def test_async_gives_the_same(runtime: Runtime) -> None:
    compressor = reranker(runtime, top_n=None)
    there = await compressor.acompress_documents(documents(), QUERY)
    here = compressor.compress_documents(documents(), QUERY)
    assert [document.id for document in there] == [document.id for document in here]
    assert len(here) == len(TEXTS)


@pytest.mark.parametrize("size", [1, 2, 4, 100])
def test_several_requests_give_the_order_of_one(
    runtime: Runtime, order: list[int], size: int
) -> None:
    compressor = reranker(runtime, batch_size=size)
    found = compressor.rerank(documents(), QUERY, top_n=None)
    assert [result["index"] for result in found] == order
    assert len(compressor.rerank(TEXTS, QUERY)) == 3
    assert len(compressor.rerank(TEXTS, QUERY, top_n=1)) == 1


async def test_nothing_is_asked_for_no_documents() -> None:
    compressor = PaddockRerank(model="nobody")
    assert compressor.compress_documents([], QUERY) == []
    assert await compressor.acompress_documents([], QUERY) == []


def test_settings_reach_the_request(runtime: Runtime) -> None:
    (raw, *_) = reranker(runtime, raw_scores=True).rerank(["sea sea sea"], QUERY)
    (score, *_) = reranker(runtime).rerank(["sea sea sea"], QUERY)
    assert not 0 <= raw["relevance_score"] <= 1
    assert 0 < score["relevance_score"] < 1
    with pytest.raises(OptionError, match="at most 96"):
        reranker(runtime, num_ctx=1000).rerank(TEXTS, QUERY)


def test_documents_that_are_cut_are_told_or_refused(runtime: Runtime) -> None:
    with pytest.warns(UserWarning, match="1 of 2 documents did not fit"):
        reranker(runtime).rerank(["sea " * 200, "dog"], QUERY)
    with pytest.raises(ContextLengthError, match="document 0"):
        reranker(runtime, truncate=False).rerank(["sea " * 200, "dog"], QUERY)


def test_other_models_are_refused(runtime: Runtime) -> None:
    with pytest.raises(UnsupportedError, match="does not support rerank"):
        reranker(runtime, model="tiny").rerank(TEXTS, QUERY)


def test_unknown_arguments_are_forbidden() -> None:
    for fields in ({"topn": 3}, {"top_n": 0}, {"batch_size": 0}, {"model": ""}):
        with pytest.raises(ValidationError):
            PaddockRerank(**({"model": "m"} | fields))


def test_pickle_leaves_the_runtime_behind_and_deepcopy_shares_it(runtime: Runtime) -> None:
    compressor = reranker(runtime, top_n=7)
    thawed = pickle.loads(pickle.dumps(compressor))
    assert (thawed.runtime, thawed.top_n) == (None, 7)
    assert copy.deepcopy(compressor).runtime is runtime


@pytest.mark.enable_socket
def test_a_server_answers_the_same(runtime: Runtime, order: list[int]) -> None:
    with serving(create_app(runtime, bind="127.0.0.1")) as url:
        found = PaddockRerank(model="ranks", base_url=url).compress_documents(documents(), QUERY)
    assert [document.id for document in found] == [str(index) for index in order[:3]]


async def test_chains_of_runnables_use_it(runtime: Runtime, order: list[int]) -> None:
    from langchain_core.runnables import RunnableLambda

    compressor = reranker(runtime, top_n=1)
    chain = RunnableLambda(lambda _: documents()) | RunnableLambda(
        lambda found: compressor.compress_documents(found, QUERY)
    )
    (best,) = await chain.ainvoke(QUERY)
    assert best.id == str(order[0])

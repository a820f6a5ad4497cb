import pickle
from typing import Any

import pytest
from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.callbacks import CallbackManager

import paddock
from llama_index.embeddings.paddock import PaddockEmbedding


@pytest.fixture
def embedding(runtime: Any, callbacks: CallbackManager) -> PaddockEmbedding:
    return PaddockEmbedding("e", runtime=runtime, callback_manager=callbacks)


def test_it_is_an_embedding_even_without_a_name():
    embedding = PaddockEmbedding(model_name="", client_kwargs={"timeout": 1})
    assert isinstance(embedding, BaseEmbedding)
    assert embedding.class_name() == "PaddockEmbedding"
    assert embedding.query_instruction is None
    assert embedding.text_instruction is None


async def test_every_form_embeds_in_order(embedding: PaddockEmbedding):
    assert embedding.get_query_embedding(" abc ") == [3.0, 1.0]
    assert await embedding.aget_query_embedding("abc") == [3.0, 1.0]
    assert embedding.get_text_embedding("ab") == [2.0, 1.0]
    assert await embedding.aget_text_embedding("ab") == [2.0, 1.0]
    texts = ["a" * n for n in range(1, 6)]
    vectors = [[float(n), 1.0] for n in range(1, 6)]
    assert embedding.get_text_embedding_batch(texts) == vectors
    assert await embedding.aget_text_embedding_batch(texts) == vectors


def test_a_batch_is_one_request_and_one_pair_of_events(
    embedding: PaddockEmbedding, runtime: Any, events: Any
):
    embedding.get_text_embedding_batch(["a"] * 100)
    assert len(runtime.requests) == 1
    assert events.seen == [("start", "embedding"), ("end", "embedding")]


async def test_nothing_is_asked_for_no_texts(embedding: PaddockEmbedding, runtime: Any):
    assert embedding.get_text_embedding_batch([]) == []
    assert await embedding.aget_text_embedding_batch([]) == []
    assert embedding.get_general_text_embeddings([]) == []
    assert runtime.requests == []


async def test_instructions_go_before_what_they_are_for(runtime: Any):
    embedding = PaddockEmbedding(
        "e", runtime=runtime, query_instruction="query: ", text_instruction=" text:"
    )
    embedding.get_query_embedding(" a ")
    await embedding.aget_text_embedding_batch(["b", " c"])
    embedding.get_general_text_embedding("d")
    asked = [request.input for request in runtime.requests]
    assert asked == [["query: a"], ["text: b", "text: c"], ["d"]]


TRAINED = paddock.Instructions(query="q: ", text="t:\n")


async def test_automatic_instructions_are_the_models_own(runtime: Any):
    runtime.shown = paddock.ShowResponse(instructions=TRAINED)
    embedding = PaddockEmbedding(
        "e", runtime=runtime, query_instruction="auto", text_instruction="auto"
    )
    embedding.get_query_embedding(" a ")
    await embedding.aget_query_embedding("b")
    embedding.get_text_embedding_batch(["c", " d"])
    await embedding.aget_text_embedding("e")
    asked = [r.input for r in runtime.requests if isinstance(r, paddock.EmbedRequest)]
    assert asked == [["q: a"], ["q: b"], ["t:\nc", "t:\nd"], ["t:\ne"]]
    assert sum(isinstance(request, paddock.ShowRequest) for request in runtime.requests) == 1
    assert pickle.loads(pickle.dumps(embedding)).query_instruction == "auto"


def test_nothing_is_put_before_texts_of_a_model_without_known_instructions(runtime: Any):
    embedding = PaddockEmbedding("e", runtime=runtime, query_instruction="auto")
    embedding.get_query_embedding(" a ")
    assert runtime.request.input == ["a"]


def test_texts_that_were_cut_are_counted(embedding: PaddockEmbedding):
    with pytest.warns(UserWarning, match=r"1 of 3 texts .* the first is number 1"):
        embedding.get_text_embedding_batch(["a", "b" * 2000, "c"])


async def test_a_missing_model_is_pulled_where_that_is_wanted(runtime: Any):
    for form in ("sync", "async"):
        runtime.shown, told = None, []
        embedding = PaddockEmbedding("e", runtime=runtime, pull=told.append)
        if form == "sync":
            assert embedding.get_query_embedding("abc") == [3.0, 1.0]
        else:
            assert await embedding.aget_query_embedding("abc") == [3.0, 1.0]
        assert [progress.status for progress in told] == ["success"]


def test_arguments_reach_the_request(runtime: Any):
    embedding = PaddockEmbedding(
        "e",
        runtime=runtime,
        num_ctx=512,
        ollama_additional_kwargs={"num_thread": 2},
        keep_alive=-1,
        truncate=False,
        dimensions=128,
        normalize=False,
    )
    embedding.get_query_embedding("a")
    assert runtime.request.model_dump(exclude_none=True) == {
        "model": "e",
        "input": ["a"],
        "truncate": False,
        "dimensions": 128,
        "normalize": False,
        "options": {"num_ctx": 512, "num_thread": 2},
        "keep_alive": -1,
    }


def test_wrong_arguments_are_refused_or_named():
    with pytest.raises(paddock.RequestError, match="not a protocol"):
        _ = PaddockEmbedding("e", base_url="ftp://localhost").runtime
    with pytest.raises(paddock.OptionError, match="num_ctx"):
        PaddockEmbedding("e", num_ctx="big")
    with pytest.raises(paddock.RequestError, match="give only one"):
        PaddockEmbedding("e", ollama_additional_kwargs={}, additional_kwargs={"seed": 1})
    with pytest.warns(UserWarning, match="did you mean 'embed_batch_size'"):
        PaddockEmbedding("e", embed_batchsize=3)


def test_copies_keep_the_parameters(runtime: Any):
    embedding = PaddockEmbedding("e", runtime=runtime, query_instruction="q:", num_ctx=512)
    assert pickle.loads(pickle.dumps(embedding)).to_dict() == embedding.to_dict()
    assert PaddockEmbedding.from_dict(embedding.to_dict()).to_dict() == embedding.to_dict()

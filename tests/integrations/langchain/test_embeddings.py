import copy
import pickle
from typing import Any

import pytest
from langchain_core.vectorstores import InMemoryVectorStore
from pydantic import ValidationError

from langchain_paddock import PaddockEmbeddings
from paddock import EmbedResponse, Instructions, ShowResponse


def embeddings(runtime: Any, **fields: Any) -> PaddockEmbeddings:
    return PaddockEmbeddings(**({"model": "tiny", "runtime": runtime} | fields))


def test_documents_go_in_one_request_and_come_back_in_order(fake: Any) -> None:
    runtime = fake()
    assert embeddings(runtime).embed_documents(["a", "bbb"]) == [[1.0, 1.0], [3.0, 1.0]]
    assert runtime.request.model_dump(exclude_none=True) == {
        "model": "tiny",
        "input": ["a", "bbb"],
        "truncate": True,
        "options": {},
    }


async def test_async_gives_the_same(fake: Any) -> None:
    model = embeddings(fake())
    assert await model.aembed_documents(["a", "bbb"]) == [[1.0, 1.0], [3.0, 1.0]]
    assert await model.aembed_query("bbb") == model.embed_query("bbb") == [3.0, 1.0]


async def test_no_texts_ask_nothing(fake: Any) -> None:
    runtime = fake()
    assert embeddings(runtime).embed_documents([]) == []
    assert await embeddings(runtime).aembed_documents([]) == []
    assert runtime.requests == []


def test_settings_reach_the_request(fake: Any) -> None:
    runtime = fake()
    fields = {"dimensions": 8, "truncate": False, "keep_alive": "10m", "num_ctx": 64}
    embeddings(runtime, **fields).embed_query("a")
    request = runtime.request
    assert (request.dimensions, request.truncate, request.keep_alive) == (8, False, "10m")
    assert request.options.num_ctx == 64


@pytest.mark.parametrize(
    ("fields", "query", "document"),
    [
        (
            {"query_instruction": "query:", "text_instruction": "passage: "},
            "query: a",
            "passage: a",
        ),
        ({"query_instruction": "query:"}, "query: a", "a"),
        ({"text_instruction": "passage:"}, "passage: a", "passage: a"),
        ({"query_instruction": "", "text_instruction": "passage:"}, "a", "passage: a"),
    ],
)
def test_instructions_stand_before_the_text(
    fake: Any, fields: dict[str, str], query: str, document: str
) -> None:
    runtime = fake()
    model = embeddings(runtime, **fields)
    model.embed_query("a")
    model.embed_documents(["a"])
    assert [request.input for request in runtime.requests] == [[query], [document]]


def test_cut_texts_are_told(fake: Any) -> None:
    runtime = fake(embed=lambda _: EmbedResponse(embeddings=[[1.0]] * 3, truncated=[1, 2]))
    with pytest.warns(UserWarning, match="2 of 3 texts were longer .* the first is number 1"):
        embeddings(runtime).embed_documents(["a", "b", "c"])


def test_unknown_arguments_are_forbidden() -> None:
    with pytest.raises(ValidationError, match="temprature"):
        PaddockEmbeddings(model="tiny", temprature=1)  # type: ignore[call-arg]
    with pytest.raises(ValidationError, match="dimensions"):
        PaddockEmbeddings(model="tiny", dimensions=0)


def test_arguments_of_the_original_are_accepted() -> None:
    with pytest.warns(UserWarning, match="tfs_z"):
        PaddockEmbeddings(model="tiny", client_kwargs={}, mirostat=1, tfs_z=1.0)  # type: ignore[call-arg]


def test_pickle_leaves_the_runtime_behind_and_deepcopy_shares_it(fake: Any) -> None:
    model = embeddings(fake(), dimensions=4)
    thawed = pickle.loads(pickle.dumps(model))
    assert (thawed.runtime, thawed.dimensions) == (None, 4)
    assert copy.deepcopy(model).runtime is model.runtime


async def test_vector_stores_use_it(fake: Any) -> None:
    store = InMemoryVectorStore(embeddings(fake()))
    store.add_texts(["a", "b" * 40])
    assert store.similarity_search("c", k=1)[0].page_content == "a"


def test_texts_go_in_batches_that_run_side_by_side(fake: Any) -> None:
    runtime = fake(together=3)
    model = PaddockEmbeddings(model="tiny", runtime=runtime, batch_size=2)
    vectors = model.embed_documents(["a", "bb", "ccc", "dddd", "eeeee"])
    assert [vector[0] for vector in vectors] == [1, 2, 3, 4, 5]
    assert [len(asked.input) for asked in runtime.requests] == [2, 2, 1]


@pytest.mark.parametrize(("normalize", "sent"), [(True, None), (False, False)])
def test_normalising_may_be_left_out(fake: Any, normalize: bool, sent: Any) -> None:
    runtime = fake()
    PaddockEmbeddings(model="tiny", runtime=runtime, normalize=normalize).embed_query("a")
    assert runtime.request.normalize is sent


async def test_instructions_may_be_the_models_own(
    fake: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = fake()
    known = ShowResponse(instructions=Instructions(query="query: ", text="passage: "))
    monkeypatch.setattr(runtime, "show", lambda _: known)
    model = PaddockEmbeddings(
        model="tiny", runtime=runtime, query_instruction="auto", text_instruction="auto"
    )
    model.embed_query("a")
    await model.aembed_documents(["b"])
    assert [asked.input for asked in runtime.requests] == [["query: a"], ["passage: b"]]

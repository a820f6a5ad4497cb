"""The adapters on the real engine: a tiny chat model that answers noise, and the real MiniLM."""

import asyncio
import pickle
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal

import llama_index.core
import pytest
from llama_index.core import Document, VectorStoreIndex
from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.callbacks import CallbackManager, TokenCountingHandler
from llama_index.core.ingestion import IngestionPipeline
from llama_index.core.prompts import PromptTemplate
from llama_index.core.schema import TextNode
from llama_index.core.storage.kvstore import SimpleKVStore
from pydantic import BaseModel, ConfigDict

from llama_index.embeddings.paddock import PaddockEmbedding
from llama_index.llms.paddock import Paddock
from paddock import ModelNotFoundError, Runtime, UnsupportedError

pytestmark = pytest.mark.engine

QUESTION = [ChatMessage("Hello")]


class Vote(BaseModel):
    model_config = ConfigDict(extra="forbid")
    vote: Literal["yes", "no"]


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runtime]:
    with Runtime(tmp_path_factory.mktemp("models")) as runtime:
        yield runtime


@pytest.fixture
def llm(runtime: Runtime, tiny_gguf: Path) -> Paddock:
    return Paddock(
        str(tiny_gguf), runtime=runtime, temperature=0, max_tokens=12, context_window=512
    )


@pytest.fixture
def embedding(runtime: Runtime, minilm_gguf: Path) -> PaddockEmbedding:
    return PaddockEmbedding(str(minilm_gguf), runtime=runtime)


# -- LLM ------------------------------------------------------------------------------------------


async def test_every_form_gives_the_same_answer(llm: Paddock):
    answer = llm.chat(QUESTION)
    text = answer.message.content
    assert text
    assert answer.raw["usage"]["completion_tokens"] == 12
    *_, streamed = llm.stream_chat(QUESTION)
    *_, astreamed = [part async for part in await llm.astream_chat(QUESTION)]
    *_, completed = llm.stream_complete("Hello")
    *_, acompleted = [part async for part in await llm.astream_complete("Hello")]
    chats = [await llm.achat(QUESTION), streamed, astreamed]
    completions = [
        llm.complete("Hello"),
        await llm.acomplete("Hello"),
        completed,
        acompleted,
    ]
    assert {chat.message.content for chat in chats} == {text}
    assert {completion.text for completion in completions} == {text}
    totals = {one.raw["usage"]["total_tokens"] for one in (*chats, *completions)}
    assert totals == {answer.raw["usage"]["total_tokens"]}


def test_deltas_add_up_to_the_text(llm: Paddock):
    parts = list(llm.stream_chat(QUESTION))
    assert "".join(part.delta or "" for part in parts) == parts[-1].message.content


def test_a_second_question_reuses_the_prompt(llm: Paddock):
    first, second = (llm.complete("Tell me of the sea, please").raw["usage"] for _ in range(2))
    cached = second["prompt_tokens_details"]["cached_tokens"]
    assert cached >= first["prompt_tokens"] - 1


async def test_gathered_calls_answer_as_if_alone(llm: Paddock):
    prompts = [f"{n} and {n + 1}" for n in range(12)]
    together = await asyncio.gather(*(llm.acomplete(prompt) for prompt in prompts))
    assert [one.text for one in together] == [llm.complete(prompt).text for prompt in prompts]


def test_threads_and_event_loops_mix(llm: Paddock):
    expected = llm.complete("Hello").text

    def ask(number: int) -> str:
        if number % 2:
            return asyncio.run(llm.acomplete("Hello")).text
        return llm.complete("Hello").text

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(ask, range(16))) == {expected}


def test_closing_a_stream_ends_its_sequence(llm: Paddock):
    stream = llm.stream_complete("Hello", max_tokens=100_000)
    next(stream)
    stream.close()
    # The answer would have gone on for minutes.
    assert llm.complete("Hello").text


async def test_a_deadline_of_the_caller_ends_the_request(llm: Paddock):
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(llm.acomplete("Hello", max_tokens=100_000), 0.05)
    assert (await llm.acomplete("Hello")).text


def test_a_deadline_of_the_llm_is_a_timeout_error(llm: Paddock):
    with pytest.raises(TimeoutError):
        llm.complete("Hello", max_tokens=100_000, request_timeout=0.05)


def test_a_formatted_prompt_is_not_put_into_the_template(llm: Paddock):
    raw, templated = llm.complete("Hello", formatted=True), llm.complete("Hello")
    assert raw.raw["usage"]["prompt_tokens"] < templated.raw["usage"]["prompt_tokens"]


def test_the_tokenizer_and_the_metadata_need_no_loaded_model(tiny_gguf: Path, tmp_path: Path):
    with Runtime(tmp_path) as runtime:
        llm = Paddock(str(tiny_gguf), runtime=runtime)
        assert llm.tokenizer("Hello")
        assert llm.metadata.context_window > 0
        assert not llm.metadata.is_function_calling_model
        assert runtime.ps().models == []


def test_the_context_window_is_the_loaded_models(tiny_gguf: Path, tmp_path: Path):
    with Runtime(tmp_path) as runtime:
        llm = Paddock(str(tiny_gguf), runtime=runtime, max_tokens=1)
        llm.complete("Hello")
        (loaded,) = runtime.ps().models
        assert loaded.context_length == llm.metadata.context_window


async def test_structured_prediction_holds_the_model_to_the_schema(llm: Paddock):
    prompt = PromptTemplate("So?")
    options: dict[str, Any] = {"max_tokens": 200}
    whole = llm.structured_predict(Vote, prompt, options)
    *_, streamed = llm.stream_structured_predict(Vote, prompt, options)
    later = await llm.astream_structured_predict(Vote, prompt, options)
    *_, astreamed = [found async for found in later]
    assert isinstance(whole, Vote)
    assert whole == streamed == astreamed == await llm.astructured_predict(Vote, prompt, options)


def test_logprobs_come_for_every_token(llm: Paddock):
    logprobs = llm.complete("Hello", logprobs=True, top_logprobs=2).logprobs or []
    assert [len(position) for position in logprobs] == [2] * 12


def test_tools_for_a_model_without_tools_are_refused(llm: Paddock):
    tool = {"type": "function", "function": {"name": "add", "parameters": {"type": "object"}}}
    with pytest.raises(UnsupportedError, match="tools"):
        llm.chat(QUESTION, tools=[tool])


def test_an_unknown_model_is_not_found(runtime: Runtime):
    with pytest.raises(ModelNotFoundError, match='"nobody" not found'):
        Paddock("nobody", runtime=runtime).complete("Hello")


def test_a_thawed_copy_answers_on_the_runtime_of_its_process(
    llm: Paddock, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(Runtime, "_default", runtime)
    thawed = pickle.loads(pickle.dumps(llm))
    assert thawed.complete("Hello").text == llm.complete("Hello").text


# -- embeddings and retrieval ---------------------------------------------------------------------

TEXTS = [
    "The heron stands in the shallow water and waits for fish.\nIt is a patient bird.\nIt is grey.",
    "Sourdough rises slowly.\nFlour, water and salt are enough.\nBake the bread until it is brown.",
    "The train leaves the station at nine.\nA ticket costs four euros.\nDogs travel free.",
]
QUESTIONS = [
    "How do I make a loaf?",
    "Which animal hunts at the lake?",
    "When can I depart by rail?",
]


async def test_vectors_are_python_floats_in_order_however_they_are_asked_for(
    embedding: PaddockEmbedding,
):
    together = embedding.get_text_embedding_batch(TEXTS)
    assert all(type(number) is float for vector in together for number in vector)
    for alone, vector in zip(map(embedding.get_text_embedding, TEXTS), together, strict=True):
        assert alone == pytest.approx(vector, abs=1e-3)
    later = await embedding.aget_text_embedding_batch(TEXTS)
    for vector, other in zip(later, together, strict=True):
        assert vector == pytest.approx(other, abs=1e-3)
    assert sum(number * number for number in together[0]) == pytest.approx(1, abs=1e-3)


def test_no_texts_load_no_model(minilm_gguf: Path, tmp_path: Path):
    with Runtime(tmp_path) as runtime:
        assert (
            PaddockEmbedding(str(minilm_gguf), runtime=runtime).get_text_embedding_batch([]) == []
        )
        assert runtime.ps().models == []


@pytest.fixture
def index(
    embedding: PaddockEmbedding, llm: Paddock, monkeypatch: pytest.MonkeyPatch
) -> VectorStoreIndex:
    def refuse(*_: object) -> None:
        raise AssertionError("something opened a connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(llama_index.core, "global_tokenizer", llm.tokenizer)
    documents = [Document(text=text) for text in TEXTS]
    return VectorStoreIndex.from_documents(documents, embed_model=embedding)


def test_retrieval_finds_what_was_asked_for(index: VectorStoreIndex):
    retriever = index.as_retriever(similarity_top_k=3)
    found = [retriever.retrieve(question)[0].node.get_content() for question in QUESTIONS]
    assert found == [TEXTS[1], TEXTS[0], TEXTS[2]]


async def test_a_query_engine_answers_with_its_sources(index: VectorStoreIndex, llm: Paddock):
    llm.context_window = 2048
    counter = TokenCountingHandler(tokenizer=llm.tokenizer)
    engine = index.as_query_engine(llm=llm, similarity_top_k=1)
    llm.callback_manager = CallbackManager([counter])
    answer = engine.query(QUESTIONS[0])
    assert str(answer)
    assert answer.source_nodes[0].node.get_content() == TEXTS[1]
    assert counter.total_llm_token_count > 12
    assert str(await engine.aquery(QUESTIONS[0])) == str(answer)
    streaming: Any = index.as_query_engine(llm=llm, similarity_top_k=1, streaming=True)
    assert "".join(streaming.query(QUESTIONS[0]).response_gen) == str(answer)


async def test_vectors_are_kept_and_nodes_transformed(runtime: Runtime, minilm_gguf: Path):
    kept = SimpleKVStore()
    embedding = PaddockEmbedding(str(minilm_gguf), runtime=runtime, embeddings_cache=kept)
    nodes = [TextNode(text=text) for text in TEXTS]
    embedding(nodes)
    assert len(kept.get_all("embeddings")) == 3
    vectors = [node.embedding for node in nodes]
    gone = PaddockEmbedding("nobody", runtime=runtime, embeddings_cache=kept)
    assert gone.get_text_embedding_batch(TEXTS) == vectors
    later = await embedding.acall([TextNode(text=text) for text in TEXTS])
    assert [node.embedding for node in later] == vectors


@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork")
def test_a_pipeline_embeds_in_processes_of_its_own(
    embedding: PaddockEmbedding, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setenv("PADDOCK_MODELS", str(tmp_path))
    nodes = [TextNode(text=text) for text in TEXTS]
    pipeline = IngestionPipeline(transformations=[embedding], disable_cache=True)
    found = pipeline.run(nodes=nodes, num_workers=2)
    assert [node.get_content() for node in found] == TEXTS
    for node, vector in zip(found, embedding.get_text_embedding_batch(TEXTS), strict=True):
        assert node.embedding == pytest.approx(vector, abs=1e-3)

"""The adapters on the real engine, with a tiny model that answers noise."""

import asyncio
import pickle
import threading
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from langchain_core.messages import AIMessageChunk, HumanMessage
from tests import seeing
from tests.pictures import picture

from langchain_paddock import ChatPaddock, PaddockEmbeddings, PaddockLLM
from paddock import ContextLengthError, ModelNotFoundError, Runtime

pytestmark = pytest.mark.engine

OPTIONS: dict[str, Any] = {"temperature": 0, "num_predict": 12, "num_ctx": 512}


@pytest.fixture
def chat(runtime: Runtime, tiny_gguf: Path) -> ChatPaddock:
    return ChatPaddock(model=str(tiny_gguf), runtime=runtime, **OPTIONS)


@pytest.fixture
def llm(runtime: Runtime, tiny_gguf: Path) -> PaddockLLM:
    return PaddockLLM(model=str(tiny_gguf), runtime=runtime, **OPTIONS)


def fold(chunks: list[AIMessageChunk]) -> AIMessageChunk:
    whole = chunks[0]
    for chunk in chunks[1:]:
        whole += chunk
    return whole


def counts(message: Any) -> tuple[int, int]:
    return message.usage_metadata["input_tokens"], message.usage_metadata["output_tokens"]


async def test_every_way_of_asking_gives_the_same_answer(chat: ChatPaddock) -> None:
    message = chat.invoke("Hello")
    assert message.content
    assert message.response_metadata["model_name"] == chat.model
    assert message.response_metadata["done_reason"] == "length"
    streamed = fold(list(chat.stream("Hello")))
    others = [
        await chat.ainvoke("Hello"),
        streamed,
        fold([chunk async for chunk in chat.astream("Hello")]),
        *chat.batch(["Hello", "Hello"]),
        *await chat.abatch(["Hello", "Hello"]),
    ]
    assert {other.content for other in others} == {message.content}
    assert {counts(other) for other in others} == {counts(message)}
    assert counts(message)[1] == 12
    assert streamed.response_metadata.keys() == message.response_metadata.keys()


def test_second_question_reuses_the_prompt(chat: ChatPaddock) -> None:
    first, second = (chat.invoke("Tell me of the sea, please") for _ in range(2))
    assert second.usage_metadata is not None
    details = second.usage_metadata.get("input_token_details", {})
    assert details.get("cache_read", 0) >= counts(first)[0] - 1


def test_prompts_of_a_batch_are_answered_as_if_alone(llm: PaddockLLM) -> None:
    prompts = [f"{n} and {n + 1}" for n in range(12)]
    assert llm.batch(list(prompts)) == [llm.invoke(prompt) for prompt in prompts]
    assert "".join(llm.stream(prompts[0])) == llm.invoke(prompts[0])


async def test_threads_and_event_loops_mix(chat: ChatPaddock) -> None:
    expected = chat.invoke("Hello").content

    def stream() -> Any:
        return fold(list(chat.stream("Hello"))).content

    def loop_of_its_own() -> Any:
        return asyncio.run(chat.ainvoke("Hello")).content

    def invoke() -> Any:
        return chat.invoke("Hello").content

    with ThreadPoolExecutor(16) as pool:
        asked = [pool.submit(ask) for ask in (invoke, loop_of_its_own, stream, invoke) * 4]
        here = [(await chat.ainvoke("Hello")).content for _ in range(4)]
        assert {*here, *(each.result() for each in asked)} == {expected}


def test_closing_a_stream_ends_its_sequence(chat: ChatPaddock) -> None:
    stream = chat.stream("Hello", num_predict=100_000, num_ctx=512)
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    # The answer would have gone on for minutes.
    assert chat.invoke("Hello").content


async def test_event_loop_is_not_blocked(chat: ChatPaddock) -> None:
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0.002)

    ticker = asyncio.create_task(tick())
    await chat.ainvoke("Hello", num_predict=200)
    ticker.cancel()
    assert ticks > 5


def test_json_schema_holds_the_model_to_it(chat: ChatPaddock) -> None:
    schema = {
        "title": "Vote",
        "type": "object",
        "properties": {"vote": {"type": "string", "enum": ["yes", "no"]}},
        "required": ["vote"],
        "additionalProperties": False,
    }
    model = chat.model_copy(update={"num_predict": 200}).with_structured_output(schema)
    assert model.invoke("So?")["vote"] in ("yes", "no")


def test_log_probabilities_are_plain_and_come_with_alternatives(chat: ChatPaddock) -> None:
    logprobs = chat.invoke("Hello", logprobs=True, top_logprobs=2).response_metadata["logprobs"]
    assert len(logprobs) == 12
    assert all(entry["logprob"] <= 0 and len(entry["top_logprobs"]) == 2 for entry in logprobs)


def test_tokens_are_those_of_the_model(chat: ChatPaddock, runtime: Runtime) -> None:
    assert chat.get_token_ids("Hello there") == runtime.tokenize(chat.model, "Hello there")
    assert chat.get_num_tokens("Hello there") > 1


def test_thawed_copy_answers_on_the_runtime_of_its_process(
    chat: ChatPaddock, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Runtime, "_default", runtime)
    thawed = pickle.loads(pickle.dumps(chat))
    assert thawed.invoke("Hello").content == chat.invoke("Hello").content


def test_unknown_model_is_not_found(runtime: Runtime) -> None:
    model = ChatPaddock(model="nobody", runtime=runtime)
    with pytest.raises(ModelNotFoundError, match='"nobody" not found'):
        model.invoke("Hello")


def test_three_classes_share_one_copy_of_the_weights(
    chat: ChatPaddock, llm: PaddockLLM, runtime: Runtime
) -> None:
    chat.invoke("Hello")
    llm.invoke("Hello")
    assert [row.loads for row in runtime.ps().models] == [1]


async def test_abatch_needs_no_thread_per_request(chat: ChatPaddock) -> None:
    await chat.ainvoke("Hello")
    before = threading.active_count()
    most = 0

    async def watch() -> None:
        nonlocal most
        while True:
            most = max(most, threading.active_count())
            await asyncio.sleep(0.002)

    watcher = asyncio.create_task(watch())
    await chat.abatch(["Hello"] * 64)
    watcher.cancel()
    assert most <= before + 16


def test_embeddings_are_python_floats_in_order(runtime: Runtime, tiny_gguf: Path) -> None:
    model = PaddockEmbeddings(model=str(tiny_gguf), runtime=runtime)
    together = model.embed_documents(["one", "two and three", "one"])
    assert all(type(number) is float for vector in together for number in vector)
    assert together[0] == pytest.approx(together[2])
    assert together[1] == pytest.approx(model.embed_query("two and three"), abs=1e-4)
    assert sum(number * number for number in together[0]) == pytest.approx(1)


@pytest.mark.parametrize("count", [1, 10, 1000])
def test_texts_of_mixed_lengths_are_embedded_as_if_alone(
    runtime: Runtime, tiny_gguf: Path, count: int
) -> None:
    model = PaddockEmbeddings(model=str(tiny_gguf), runtime=runtime)
    texts = [f"{number} " + "apples " * (number * 7 % 12) for number in range(count)]
    together = model.embed_documents(texts)
    assert len(together) == count
    for number in {0, count // 3, count - 1}:
        cosine = np.dot(together[number], model.embed_query(texts[number]))
        assert cosine == pytest.approx(1, abs=1e-3)


async def test_a_text_that_is_too_long_is_cut_or_refused(runtime: Runtime, tiny_gguf: Path) -> None:
    texts = ["short", "far too long " * 400]
    fields: dict[str, Any] = {"model": str(tiny_gguf), "runtime": runtime, "num_ctx": 256}
    with pytest.warns(UserWarning, match="1 of 2 texts were longer .* the first is number 1"):
        assert len(await PaddockEmbeddings(**fields).aembed_documents(texts)) == 2
    with pytest.raises(ContextLengthError, match=r"text 1 has \d+ tokens, the window holds \d"):
        PaddockEmbeddings(**fields, truncate=False).embed_documents(texts)


def test_a_block_with_a_picture_is_seen(runtime: Runtime, tiny_gguf: Path, tmp_path: Path) -> None:
    model = seeing.add(runtime, "llava", tiny_gguf, tmp_path)
    chat = ChatPaddock(model=model, runtime=runtime, temperature=0, num_predict=8)

    def said(number: int) -> Any:
        data = b64encode(picture(30, 20, noise=number)).decode()
        shown = {"type": "image", "base64": data, "mime_type": "image/png"}
        return chat.invoke([HumanMessage([{"type": "text", "text": "what is it?"}, shown])]).content

    assert said(1) == said(1) != said(2)

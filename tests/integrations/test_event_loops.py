"""Coroutines of the adapters open no file, take no lock and wait for nothing on an event loop."""

from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from blockbuster import BlockingError, blockbuster_ctx
from langchain_core.caches import InMemoryCache
from llama_index.core.llms import ChatMessage

import paddock
from langchain_paddock import ChatPaddock, PaddockEmbeddings, PaddockLLM
from llama_index.embeddings.paddock import PaddockEmbedding
from llama_index.llms.paddock import Paddock

pytestmark = pytest.mark.engine


@pytest.fixture
def runtime(minilm_gguf: Path, tmp_path: Path) -> Iterator[paddock.Runtime]:
    """Nothing of it is loaded yet."""
    with paddock.Runtime(tmp_path) as runtime:
        paddock.Client(runtime=runtime).create("minilm", from_=str(minilm_gguf))
        yield runtime


@pytest.fixture(autouse=True)
def _watched(runtime: Any) -> Iterator[None]:
    with blockbuster_ctx():
        yield


def get_weather(location: str) -> str:
    """Get the weather at a location."""
    return "It's sunny."


async def chats(runtime: Any) -> None:
    chat = ChatPaddock(model="demo", runtime=runtime, num_predict=4)
    await chat.bind_tools([get_weather], tool_choice="any").ainvoke("Hello")
    assert [part async for part in chat.astream("Hello", format="json")]
    await chat.abatch(["Hello", "Hey"])


async def cached_answers(runtime: Any) -> None:
    fields: dict[str, Any] = {"model": "demo", "runtime": runtime, "num_predict": 4}
    for kind in (ChatPaddock, PaddockLLM):
        model = kind(**fields, cache=InMemoryCache())
        await model.ainvoke("Hello")
        await model.ainvoke("Hello", model="demo:latest")


async def completions(runtime: Any) -> None:
    llm = PaddockLLM(model="demo", runtime=runtime, num_predict=4)
    await llm.agenerate(["Hello", "Hey"])
    assert [part async for part in llm.astream("Hello")]


async def embeddings(runtime: Any) -> None:
    model = PaddockEmbeddings(model="minilm", runtime=runtime, query_instruction="auto")
    assert await model.aembed_documents(["one", "two"])
    assert await model.aembed_query("one")


async def llama_index(runtime: Any) -> None:
    llm = Paddock("demo", runtime=runtime, max_tokens=4)
    await llm.achat([ChatMessage("Hello")])
    assert [part async for part in await llm.astream_complete("Hello")]
    model = PaddockEmbedding("minilm", runtime=runtime, query_instruction="auto")
    assert await model.aget_query_embedding("one")


@pytest.mark.parametrize("work", [chats, cached_answers, completions, embeddings, llama_index])
async def test_nothing_blocks(work: Callable[[Any], Awaitable[None]], runtime: Any) -> None:
    await work(runtime)


async def test_what_blocks_is_noticed(tmp_path: Path) -> None:
    with pytest.raises(BlockingError):
        (tmp_path / "file").write_text("")

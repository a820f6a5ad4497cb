"""Both classes through `base_url`, with paddock's own server and real models at the other end."""

import copy
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from llama_index.core.llms import ChatMessage
from llama_index.core.tools import FunctionTool
from pydantic import BaseModel
from tests.servers import serving

import paddock
from llama_index.embeddings.paddock import PaddockEmbedding
from llama_index.llms.paddock import Paddock
from paddock.server import create_app

pytestmark = [pytest.mark.engine, pytest.mark.enable_socket]

GREEDY: dict[str, Any] = {"temperature": 0, "seed": 1, "num_predict": 64}
HELLO = [ChatMessage(role="user", content="Hello")]


class Mood(BaseModel):
    """A mood."""

    is_good: bool


def get_weather(location: str) -> str:
    """Get the weather at a location."""
    return f"It's sunny in {location}."


@pytest.fixture(scope="module")
def runtime(minilm_gguf: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with paddock.Runtime(tmp_path_factory.mktemp("served")) as runtime:
        paddock.Client(runtime=runtime).create("minilm", from_=str(minilm_gguf))
        yield runtime


@pytest.fixture(scope="module")
def url(runtime: Any) -> Iterator[str]:
    with serving(create_app(runtime, bind="127.0.0.1")) as url:
        yield url


@pytest.fixture(scope="module")
def here(runtime: Any) -> Paddock:
    return Paddock("demo", runtime=runtime, **GREEDY)


@pytest.fixture(scope="module")
def there(url: str) -> Paddock:
    return Paddock("demo", base_url=url, **GREEDY)


async def test_answers_are_those_of_this_process(here: Paddock, there: Paddock):
    wanted = here.chat(HELLO).message.content
    assert there.chat(HELLO).message.content == wanted
    assert list(there.stream_chat(HELLO))[-1].message.content == wanted
    assert (await there.achat(HELLO)).message.content == wanted
    stream = await there.astream_chat(HELLO)
    assert [part async for part in stream][-1].message.content == wanted
    assert there.complete("Hello").text == here.complete("Hello").text


def test_calls_and_schemas_are_forced_there_too(there: Paddock):
    tool = FunctionTool.from_defaults(get_weather)
    answer = there.chat_with_tools([tool], "What is the weather in Oslo?", tool_required=True)
    (call,) = there.get_tool_calls_from_response(answer)
    assert call.tool_name == "get_weather"
    assert there.as_structured_llm(Mood).complete("Are you well?").raw is not None
    assert there.metadata.is_function_calling_model
    assert there.metadata.context_window == 4096


def test_tokens_are_the_models(here: Paddock, there: Paddock):
    assert there.tokenizer("Hello there") == here.tokenizer("Hello there")


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda llm: pickle.loads(pickle.dumps(llm))])
def test_copies_ask_the_same_server(there: Paddock, copied: Any):
    there.complete("Hello")
    assert copied(there).complete("Hello").text == there.complete("Hello").text


async def test_vectors_are_those_of_this_process(runtime: Any, url: str):
    wanted = PaddockEmbedding("minilm", runtime=runtime).get_text_embedding("one")
    model = PaddockEmbedding("minilm", base_url=url)
    assert model.get_text_embedding("one") == pytest.approx(wanted, abs=1e-6)
    (found,) = await model.aget_text_embedding_batch(["one"])
    assert found == pytest.approx(wanted, abs=1e-6)


def test_a_server_that_is_not_there_is_a_connection_error():
    with pytest.raises(ConnectionError, match="could not connect"):
        Paddock("demo", base_url="127.0.0.1:9").complete("Hello")

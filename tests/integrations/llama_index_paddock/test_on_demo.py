"""LlamaIndex's conventions and flows with a model that understands: the one in the package."""

import gc
import json
import warnings
from collections.abc import Iterator
from typing import Any, Literal

import pytest
from llama_index.core.agent.workflow import FunctionAgent
from llama_index.core.base.llms.types import (
    ChatMessage,
    MessageRole,
    ThinkingBlock,
    ToolCallBlock,
)
from llama_index.core.callbacks import CallbackManager, TokenCountingHandler
from llama_index.core.tools import FunctionTool
from pydantic import BaseModel

from llama_index.llms.paddock import Paddock
from paddock import Runtime

pytestmark = pytest.mark.engine

HELLO = [ChatMessage("Hello!")]


class Song(BaseModel):
    """A song with name and artist."""

    artist_name: str
    song_name: str


class Sky(BaseModel):
    colour: Literal["blue", "grey"]


def generate_song(artist_name: str, song_name: str) -> Song:
    """Generates a song with provided name and artist."""
    return Song(artist_name=artist_name, song_name=song_name)


def get_weather(location: str) -> str:
    """Get the weather at a location."""
    return "It's sunny."


SONG = FunctionTool.from_defaults(generate_song)
WEATHER = FunctionTool.from_defaults(get_weather)


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runtime]:
    with Runtime(tmp_path_factory.mktemp("models")) as runtime:
        yield runtime


@pytest.fixture
def llm(runtime: Runtime) -> Paddock:
    return Paddock("demo", runtime=runtime, temperature=0, max_tokens=128, thinking=False)


async def test_every_form_answers_and_no_chunk_is_blank(llm: Paddock):
    streams = [
        list(llm.stream_chat(HELLO)),
        [item async for item in await llm.astream_chat(HELLO)],
        list(llm.stream_complete("Hello!")),
        [item async for item in await llm.astream_complete("Hello!")],
    ]
    for items in streams:
        assert items
        assert all(item.delta is not None and str(item).strip() for item in items)
    wholes = [
        llm.chat(HELLO),
        await llm.achat(HELLO),
        llm.complete("Hello!"),
        await llm.acomplete("Hello!"),
    ]
    assert all(str(answer).strip() for answer in wholes)


async def test_a_required_call_is_in_every_chunk_that_comes(llm: Paddock):
    asked: dict[str, Any] = {
        "user_msg": "Hello! Generate a random artist and song.",
        "tool_required": True,
    }
    responses = [
        llm.chat_with_tools([SONG], **asked),
        await llm.achat_with_tools([SONG], **asked),
        *llm.stream_chat_with_tools([SONG], **asked),
        *[item async for item in await llm.astream_chat_with_tools([SONG], **asked)],
    ]
    for response in responses:
        (selection,) = llm.get_tool_calls_from_response(response)
        assert selection.tool_name == "generate_song"
        assert Song(**selection.tool_kwargs)


async def test_without_tools_nothing_is_called(llm: Paddock):
    response = llm.chat(tools=[], messages=[ChatMessage("Hello, how are you?")])
    assert response.message.additional_kwargs.get("tool_calls", []) == []
    assert llm.get_tool_calls_from_response(response, error_on_no_tool_call=False) == []


async def test_thoughts_are_apart_and_counted_unless_a_call_forbids_them(llm: Paddock):
    question = [ChatMessage("Hello! What is 32 * 4?")]
    llm.thinking = True
    answers = [llm.chat(question), await llm.achat(question), [*llm.stream_chat(question)][-1]]
    for answer in answers:
        (thought,) = [b for b in answer.message.blocks if isinstance(b, ThinkingBlock)]
        assert thought.content
        assert "<think>" not in thought.content
        assert thought.num_tokens
        assert (answer.message.content or "").strip()
    silent = llm.chat(question, think=False)
    assert not any(isinstance(block, ThinkingBlock) for block in silent.message.blocks)


CALL = ToolCallBlock(tool_call_id="1", tool_name="get_weather", tool_kwargs={"location": "Oslo"})
RESULT = ChatMessage("It's sunny.", role=MessageRole.TOOL, additional_kwargs={"tool_call_id": "1"})
ASKED = ChatMessage("What is the weather in Oslo?")
CONVERSATIONS = {
    "plain": ([ASKED], []),
    "system": ([ChatMessage("Be brief.", role=MessageRole.SYSTEM), ASKED], []),
    "tools": ([ASKED], [WEATHER, SONG]),
    "tool history": (
        [ASKED, ChatMessage(role=MessageRole.ASSISTANT, blocks=[CALL]), RESULT],
        [WEATHER],
    ),
    "thinking history": (
        [
            ASKED,
            ChatMessage(role=MessageRole.ASSISTANT, blocks=[ThinkingBlock(content="Hm."), CALL]),
            RESULT,
        ],
        [WEATHER],
    ),
}


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_counted_tokens_are_those_that_a_call_reports(llm: Paddock, name: str):
    messages, tools = CONVERSATIONS[name]
    counted = llm.count_tokens(messages, tools)
    asked = [tool.metadata.to_openai_tool() for tool in tools]
    used = llm.chat(messages, tools=asked, max_tokens=1)
    assert used.raw["usage"]["prompt_tokens"] == counted


async def test_the_token_counter_of_the_framework_equals_the_usage(llm: Paddock):
    counter = TokenCountingHandler(tokenizer=llm.tokenizer)
    llm.callback_manager = CallbackManager([counter])
    answers = [
        llm.chat(HELLO),
        llm.complete("Hello!"),
        [*llm.stream_chat(HELLO)][-1],
        [item async for item in await llm.astream_complete("Hello!")][-1],
    ]
    usages = [answer.raw["usage"] for answer in answers]
    assert counter.prompt_llm_token_count == sum(usage["prompt_tokens"] for usage in usages)
    assert counter.completion_llm_token_count == sum(u["completion_tokens"] for u in usages)


def test_with_tools_and_a_schema_an_answer_is_a_call_or_fits_the_schema(llm: Paddock):
    asked: dict[str, Any] = {
        "tools": [WEATHER.metadata.to_openai_tool()],
        "format": Sky.model_json_schema(),
    }
    called = llm.chat([ASKED], **asked)
    (selection,) = llm.get_tool_calls_from_response(called)
    assert selection.tool_kwargs == {"location": "Oslo"}
    refused = llm.chat([ASKED], **asked, tool_choice="none")
    assert Sky.model_validate_json(refused.message.content or "")


def test_an_answer_is_one_of_the_choices(llm: Paddock):
    assert llm.complete("Hello!", choices=["yes", "no"]).text in ("yes", "no")


async def test_an_agent_calls_its_tool_and_its_second_step_reuses_the_first(llm: Paddock):
    steps: list[Any] = []

    class Watched(Paddock):
        async def astream_chat(self, messages: Any, **kwargs: Any) -> Any:
            stream = await super().astream_chat(messages, **kwargs)

            async def watched() -> Any:
                async for item in stream:
                    yield item
                steps.append(item.raw["usage"])

            return watched()

    watched = Watched.from_dict(llm.to_dict())
    watched._runtime = llm.runtime
    with warnings.catch_warnings():
        # The agents of llama-index-core use what pydantic has deprecated, and drop connections.
        warnings.simplefilter("ignore")
        agent = FunctionAgent(tools=[get_weather], llm=watched)
        answer = await agent.run("What is the weather in Boston?")
        (call,) = answer.tool_calls
        assert call.tool_kwargs == {"location": "Boston"}
        assert "sunny" in str(answer)
        del agent, answer, call
        gc.collect()
    first, second = steps
    assert second["prompt_tokens_details"]["cached_tokens"] >= first["prompt_tokens"] - 1
    json.dumps(steps)


async def test_an_answer_is_stopped_by_the_id_of_its_request(llm: Paddock, runtime: Runtime):
    endless: dict[str, Any] = {"grammar": 'root ::= "a" root', "max_tokens": 100_000}
    stream = llm.stream_chat(HELLO, request_id="mine", **endless)
    next(stream)
    assert runtime.cancel("mine")
    *_, last = stream
    assert last.raw["done_reason"] == "cancelled"  # type: ignore[index]
    parts = await llm.astream_complete("Hello!", request_id="mine", **endless)
    async for _ in parts:
        runtime.cancel("mine")
    assert not runtime.cancel("mine")

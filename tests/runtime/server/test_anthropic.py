# pyright: basic
from collections.abc import Iterator
from typing import Any

import anthropic
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel
from tests.chats import answers, whole
from tests.sse import events

from paddock.api import ChatResponse, Message
from paddock.errors import EngineError, RequestError
from paddock.server import openai as shared
from paddock.server.anthropic import (
    MessageEvents,
    MessagesRequest,
    error_body,
    estimated_tokens,
    message,
)
from paddock.server.bodies import parse

HELLO = [{"role": "user", "content": "Hello"}]
OSLO = [{"role": "user", "content": "What is the weather in Oslo?"}]
WEATHER = {
    "name": "get_weather",
    "description": "Get the weather at a location.",
    "input_schema": {
        "type": "object",
        "properties": {"location": {"type": "string"}},
        "required": ["location"],
    },
}
SEARCH = {"type": "web_search_20250305", "name": "web_search"}


def asked(**fields: Any) -> MessagesRequest:
    return parse(MessagesRequest, {"model": "m", "max_tokens": 9, "messages": HELLO} | fields)


# -- requests --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("choice", "native"),
    [
        ({"type": "auto"}, "auto"),
        ({"type": "any"}, "required"),
        ({"type": "none"}, "none"),
        ({"type": "tool", "name": "get_weather"}, "get_weather"),
        (None, None),
    ],
)
def test_a_choice_of_tools_is_passed_on(choice: Any, native: str | None) -> None:
    assert asked(tools=[WEATHER], tool_choice=choice).native().tool_choice == native
    assert asked(tool_choice=choice).native().tool_choice is None


def test_calls_can_be_held_to_one() -> None:
    choice = {"type": "auto", "disable_parallel_tool_use": True}
    assert asked(tools=[WEATHER], tool_choice=choice).native().parallel_tool_calls is False


def test_structured_output_is_a_format() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string"}}}
    config = {"format": {"type": "json_schema", "schema": schema}}
    assert asked(output_config=config).native().format == schema


def test_the_servers_search_stands_before_an_own_tool_of_its_name() -> None:
    tools = asked(tools=[SEARCH, WEATHER, WEATHER | {"name": "web_search"}]).native().tools or []
    names = [tool.function.name for tool in tools if tool.function]
    assert names == ["get_weather", "web_search"]


def test_a_schema_that_is_none_names_its_tool() -> None:
    with pytest.raises(RequestError, match='invalid input_schema for tool "get_weather"'):
        asked(tools=[WEATHER | {"input_schema": "x"}]).native()


KEYS = ["type", "text", "content", "source", "input", "id", "name", "thinking", "tool_use_id"]
KINDS = ["text", "image", "tool_use", "tool_result", "thinking", "web_search_tool_result", "base64"]


@given(
    st.lists(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.sampled_from(KINDS),
            lambda inside: (
                st.lists(inside, max_size=2)
                | st.dictionaries(st.sampled_from(KEYS), inside, max_size=4)
            ),
            max_leaves=8,
        ),
        max_size=3,
    )
)
def test_whatever_a_message_holds_it_is_taken_or_refused(blocks: list[Any]) -> None:
    request = asked(messages=[{"role": "user", "content": blocks}])
    try:
        request.native()
    except RequestError:
        return
    assert estimated_tokens(request) >= 1


# -- the whole and the stream ----------------------------------------------------------------------


def folded(body: bytes) -> dict[str, Any]:
    """What a client makes of the events, every rule of their order checked."""
    found = events(body)
    assert all(event.name == event.data["type"] for event in found)
    start, *inside, delta, stop = [event.data for event in found]
    assert start["type"] == "message_start"
    assert start["message"]["content"] == []
    assert stop == {"type": "message_stop"}
    blocks: list[dict[str, Any]] = []
    is_open = False
    for data in inside:
        match data["type"]:
            case "content_block_start":
                assert not is_open
                assert data["index"] == len(blocks)
                blocks.append(data["content_block"] | {"json": ""})
                is_open = True
            case "content_block_delta":
                assert is_open
                assert data["index"] == len(blocks) - 1
                grown = data["delta"]
                match grown["type"]:
                    case "input_json_delta":
                        blocks[-1]["json"] += grown["partial_json"]
                    case "text_delta":
                        blocks[-1]["text"] += grown["text"]
                    case "thinking_delta":
                        blocks[-1]["thinking"] += grown["thinking"]
            case "content_block_stop":
                assert is_open
                assert data["index"] == len(blocks) - 1
                is_open = False
    assert not is_open
    for block in blocks:
        if text := block.pop("json"):
            block["input"] = shared.arguments(text, "{}")
    return {
        "content": blocks,
        "stop_reason": delta["delta"].get("stop_reason"),
        "usage": delta["usage"],
    }


def streamed(request: MessagesRequest, parts: list[ChatResponse]) -> bytes:
    writer = MessageEvents(request)
    return b"".join(writer.feed(part) for part in parts) + writer.finish()


def without_ids_of_searches(content: list[dict[str, Any]]) -> list[dict[str, Any]]:
    made = ("server_tool_use", "web_search_tool_result")
    return [
        {k: v for k, v in block.items() if k not in ("id", "tool_use_id")}
        if block["type"] in made
        else block
        for block in content
    ]


@given(answers(), st.booleans())
def test_the_events_of_an_answer_come_to_what_the_whole_says(
    parts: list[ChatResponse], has_search: bool
) -> None:
    request = asked(stream=True, tools=[SEARCH] if has_search else [WEATHER])
    said = shared.shown(message(request, whole(parts)))
    found = folded(streamed(request, parts))
    assert without_ids_of_searches(found["content"]) == without_ids_of_searches(said["content"])
    assert found["stop_reason"] == said["stop_reason"]
    assert found["usage"] == said["usage"]


@given(answers(in_order=False))
def test_in_whatever_order_an_answer_comes_its_text_and_calls_are_kept(
    parts: list[ChatResponse],
) -> None:
    request = asked(stream=True)
    found = folded(streamed(request, parts))["content"]
    said = message(request, whole(parts)).content
    for kind in ("text", "tool_use"):
        kept = [block for block in found if block["type"] == kind]
        told = [block for block in said if block["type"] == kind]
        if kind == "text":
            assert "".join(b["text"] for b in kept) == "".join(b["text"] for b in told)
        else:
            assert {block["id"] for block in kept} == {block["id"] for block in told}


def test_an_answer_that_breaks_off_says_why() -> None:
    (event,) = events(MessageEvents(asked(stream=True)).fail(EngineError("boom")))
    assert event.name == "error"
    assert event.data["error"] == {"type": "api_error", "message": "boom"}


def test_cached_tokens_are_told_apart() -> None:
    answer = ChatResponse(
        message=Message(role="assistant", content="x"),
        prompt_eval_count=20,
        prompt_cached_count=15,
        eval_count=3,
    )
    assert shared.shown(message(asked(), answer))["usage"] == {
        "input_tokens": 5,
        "cache_read_input_tokens": 15,
        "output_tokens": 3,
    }


def test_a_call_beside_a_search_is_what_the_answer_waits_for() -> None:
    def call(name: str) -> Message.ToolCall:
        function = Message.ToolCall.Function(name=name, arguments={"query": "x"})
        return Message.ToolCall(id=name, function=function)

    request = asked(tools=[SEARCH, WEATHER])
    searched = ChatResponse(message=Message(role="assistant", tool_calls=[call("web_search")]))
    both = ChatResponse(
        message=Message(role="assistant", tool_calls=[call("web_search"), call("get_weather")])
    )
    assert message(request, searched).stop_reason == "end_turn"
    assert [block["type"] for block in message(request, searched).content] == [
        "server_tool_use",
        "web_search_tool_result",
    ]
    assert message(request, both).stop_reason == "tool_use"


def test_errors_tell_nothing_of_this_machines_folders() -> None:
    told = error_body(RequestError("cannot read /home/me/models/secret.gguf"))["error"]
    assert told == {"type": "invalid_request_error", "message": "cannot read secret.gguf"}


# -- the real client -------------------------------------------------------------------------------

GREEDY: dict[str, Any] = {"model": "demo", "max_tokens": 120, "extra_body": {"temperature": 0}}


@pytest.fixture(scope="module")
def client(url: str) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(base_url=url, api_key="none", max_retries=0) as client:
        yield client


def texts(content: list[Any]) -> str:
    return "".join(block.text for block in content if block.type == "text")


@pytest.mark.engine
def test_the_client_gets_the_same_message_whole_and_streamed(client: anthropic.Anthropic) -> None:
    once = client.messages.create(messages=HELLO, **GREEDY)
    with client.messages.stream(messages=HELLO, **GREEDY) as stream:
        streamed = "".join(stream.text_stream)
        final = stream.get_final_message()
    assert texts(once.content)
    assert streamed == texts(final.content) == texts(once.content)
    assert final.stop_reason == once.stop_reason == "end_turn"
    assert final.usage.output_tokens == once.usage.output_tokens > 0


@pytest.mark.engine
async def test_the_asynchronous_client_streams_too(url: str) -> None:
    async with (
        anthropic.AsyncAnthropic(base_url=url, api_key="none") as client,
        client.messages.stream(messages=HELLO, **GREEDY) as stream,
    ):
        assert "".join([text async for text in stream.text_stream])


@pytest.mark.engine
def test_an_agent_calls_a_tool_and_answers_with_its_result(client: anthropic.Anthropic) -> None:
    history: list[Any] = list(OSLO)
    called: list[Any] = []
    for _ in range(3):
        reply = client.messages.create(messages=history, tools=[WEATHER], **GREEDY)
        history.append({"role": "assistant", "content": reply.content})
        uses = [block for block in reply.content if block.type == "tool_use"]
        if not uses:
            break
        assert reply.stop_reason == "tool_use"
        called += [use.input for use in uses]
        results = [
            {"type": "tool_result", "tool_use_id": use.id, "content": "It's sunny."} for use in uses
        ]
        history.append({"role": "user", "content": results})
    assert called == [{"location": "Oslo"}]
    assert "sunny" in texts(reply.content)


@pytest.mark.engine
def test_thinking_comes_as_blocks_of_its_own(client: anthropic.Anthropic) -> None:
    wanted = {"type": "enabled", "budget_tokens": 1024}
    with client.messages.stream(messages=OSLO, thinking=wanted, **GREEDY) as stream:
        kinds = {event.type for event in stream}
        final = stream.get_final_message()
    quiet = client.messages.create(messages=OSLO, thinking={"type": "disabled"}, **GREEDY)
    assert "thinking" in kinds
    assert [block.type for block in final.content] == ["thinking", "text"]
    assert [block.type for block in quiet.content] == ["text"]


@pytest.mark.engine
def test_a_model_that_cannot_think_answers_without(client: anthropic.Anthropic) -> None:
    wanted = {"type": "enabled", "budget_tokens": 1024}
    reply = client.messages.create(model="tiny", max_tokens=4, messages=HELLO, thinking=wanted)
    assert "thinking" not in {block.type for block in reply.content}


@pytest.mark.engine
def test_structured_output_fills_a_pydantic_model(client: anthropic.Anthropic) -> None:
    class Joke(BaseModel):
        setup: str
        punchline: str

    joke = [{"role": "user", "content": "Tell me a joke about cats."}]
    reply = client.messages.parse(messages=joke, output_format=Joke, **GREEDY)
    assert isinstance(reply.parsed_output, Joke)


@pytest.mark.engine
def test_tool_choice_forces_a_call(client: anthropic.Anthropic) -> None:
    choice = {"type": "tool", "name": "get_weather"}
    reply = client.messages.create(messages=HELLO, tools=[WEATHER], tool_choice=choice, **GREEDY)
    assert "get_weather" in [block.name for block in reply.content if block.type == "tool_use"]


@pytest.mark.engine
def test_counted_tokens_are_those_of_the_prompt(client: anthropic.Anthropic) -> None:
    counted = client.messages.count_tokens(model="demo", messages=OSLO, tools=[WEATHER])
    reply = client.messages.create(messages=OSLO, tools=[WEATHER], **GREEDY)
    read = reply.usage.input_tokens + (reply.usage.cache_read_input_tokens or 0)
    assert counted.input_tokens == read


@pytest.mark.engine
@pytest.mark.parametrize(
    ("fields", "error", "message"),
    [
        ({"model": "nope"}, anthropic.NotFoundError, "model 'nope' not found"),
        ({"model": ""}, anthropic.BadRequestError, "model is required"),
        (
            {"max_tokens": 0},
            anthropic.BadRequestError,
            "max_tokens is required and must be positive",
        ),
        ({"messages": []}, anthropic.BadRequestError, "messages is required"),
        ({"model": "a b", "messages": []}, anthropic.BadRequestError, "messages is required"),
        ({"model": "a b"}, anthropic.BadRequestError, "invalid model name"),
        ({"model": "minilm"}, anthropic.BadRequestError, '"minilm" does not support chat'),
    ],
)
def test_errors_are_those_that_the_client_knows(
    client: anthropic.Anthropic,
    fields: dict[str, Any],
    error: type[anthropic.APIStatusError],
    message: str,
) -> None:
    for stream in (False, True):
        with pytest.raises(error) as caught:
            client.messages.create(
                **{"model": "demo", "max_tokens": 9, "messages": HELLO, "stream": stream} | fields
            )
        body = caught.value.body
        assert isinstance(body, dict)
        assert body["error"]["message"] == message


@pytest.mark.engine
def test_an_empty_body_is_told_as_such(client: anthropic.Anthropic) -> None:
    with pytest.raises(anthropic.BadRequestError) as caught:
        client.post("/v1/messages", cast_to=object, body=None)
    assert isinstance(caught.value.body, dict)
    assert caught.value.body["error"]["message"] == "EOF"

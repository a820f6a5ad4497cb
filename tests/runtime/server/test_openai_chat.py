# pyright: basic
import json
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel
from tests.chats import answers, whole
from tests.sse import events

from paddock.api import ChatResponse, DebugInfo, Message, Options
from paddock.errors import EngineError, RequestError
from paddock.server import openai as shared
from paddock.server.bodies import parse
from paddock.server.openai_chat import ChatCompletionRequest, Chunks, chat_completion

HELLO = [{"role": "user", "content": "Hello"}]
OSLO = [{"role": "user", "content": "What is the weather in Oslo?"}]
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Get the weather at a location.",
        "parameters": {
            "type": "object",
            "properties": {"location": {"type": "string"}},
            "required": ["location"],
        },
    },
}


def asked(**fields: Any) -> ChatCompletionRequest:
    return parse(ChatCompletionRequest, {"model": "m", "messages": HELLO} | fields)


def options_of(**fields: Any) -> Options:
    options = asked(**fields).native().options
    assert options is not None
    return options


def messages_of(*messages: dict[str, Any]) -> list[Message]:
    return asked(messages=list(messages)).native().messages or []


# -- requests --------------------------------------------------------------------------------------


def test_parameters_a_client_leaves_out_are_openais_not_the_models() -> None:
    assert options_of().model_dump(exclude_none=True) == {"temperature": 1, "top_p": 1}


def test_the_old_limit_goes_before_the_new_one() -> None:
    both = options_of(max_tokens=5, max_completion_tokens=9)
    new = options_of(max_completion_tokens=9)
    assert (both.num_predict, new.num_predict) == (5, 9)


def test_field_names_match_in_any_case() -> None:
    request = parse(
        ChatCompletionRequest, {"MODEL": "m", "Messages": [{"ROLE": "User", "content": "x"}]}
    ).native()
    assert request.model == "m"
    assert request.messages == [Message(role="user", content="x")]


@pytest.mark.parametrize(
    "fields",
    [
        {"stream": "false"},
        {"model": 5},
        {"top_logprobs": "5"},
        {"messages": "hello"},
        {"messages": ["hello"]},
        {"tools": {}},
        {"temperature": "hot"},
        {"max_tokens": 1.5},
        {"temperature": -1},
        {"logprobs": True, "top_logprobs": 21},
        {"response_format": "json"},
        {"tools": [WEATHER], "tool_choice": 5},
    ],
)
def test_values_of_a_wrong_kind_are_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(RequestError):
        asked(**fields).native()


@pytest.mark.parametrize("stop", [None, 5, [], [1, None], {"a": 1}])
def test_stops_that_are_no_texts_do_not_count(stop: Any) -> None:
    assert options_of(stop=stop).stop is None


def test_a_tools_answer_gets_the_name_that_its_call_had() -> None:
    call = {"id": "c", "type": "function", "function": {"name": "look_up", "arguments": ""}}
    answer = {"role": "tool", "tool_call_id": "c", "content": "42"}
    called, found = messages_of({"role": "assistant", "tool_calls": [call]}, answer)
    assert called.tool_calls is not None
    assert called.tool_calls[0].function.arguments == {}
    assert (found.tool_name, found.tool_call_id) == ("look_up", "c")


def test_a_tools_answer_in_parts_keeps_its_id() -> None:
    parts = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    found = messages_of({"role": "tool", "tool_call_id": "c", "content": parts})
    assert [(message.content, message.tool_call_id) for message in found] == [
        ("a", "c"),
        ("b", "c"),
    ]


def test_calls_beside_an_empty_list_of_parts_are_kept() -> None:
    call = {"id": "c", "function": {"name": "f", "arguments": "{}"}}
    (message,) = messages_of({"role": "assistant", "content": [], "tool_calls": [call]})
    assert message.tool_calls is not None


@pytest.mark.parametrize("key", ["reasoning", "reasoning_content"])
def test_thoughts_of_the_history_are_kept_under_either_name(key: str) -> None:
    (message,) = messages_of({"role": "assistant", "content": "x", key: "hm"})
    assert message.thinking == "hm"


@pytest.mark.parametrize(
    ("audio", "complaint"),
    [
        ("x", "invalid input_audio format$"),
        ({"format": "wav"}, "invalid input_audio format: missing data"),
        ({"data": "?"}, "invalid input_audio base64 data: "),
    ],
)
def test_audio_that_cannot_be_read_says_why(audio: Any, complaint: str) -> None:
    part = {"type": "input_audio", "input_audio": audio}
    with pytest.raises(RequestError, match=complaint):
        messages_of({"role": "user", "content": [part]})


@pytest.mark.parametrize(
    "part",
    ["text", 5, None, {}, {"type": "text"}, {"type": "image_url", "image_url": 5}, {"type": 7}],
)
def test_parts_of_no_known_form_are_refused(part: Any) -> None:
    with pytest.raises(RequestError, match="invalid message format"):
        messages_of({"role": "user", "content": [part]})


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inside: (
            st.lists(inside, max_size=3)
            | st.dictionaries(
                st.sampled_from(["type", "text", "role", "content", "image_url", "function", "id"]),
                inside,
                max_size=3,
            )
        ),
    )
)
def test_whatever_a_history_holds_it_is_taken_or_refused(value: Any) -> None:
    try:
        request = parse(ChatCompletionRequest, {"model": "m", "messages": value})
        request.native()
        parse(
            ChatCompletionRequest,
            {"model": "m", "messages": [{"role": "user", "content": value, "tool_calls": value}]},
        ).native()
    except RequestError:
        pass


def test_strict_tools_and_single_calls_are_passed_on() -> None:
    tool = {"type": "function", "function": {"name": "f", "strict": True}}
    request = asked(tools=[tool], parallel_tool_calls=False).native()
    assert request.tools is not None
    assert request.tools[0].function is not None
    assert request.tools[0].function.strict is True
    assert request.parallel_tool_calls is False
    assert asked(parallel_tool_calls=False).native().parallel_tool_calls is None


# -- replies ---------------------------------------------------------------------------------------


def folded(body: bytes) -> dict[str, Any]:
    """What a client makes of the chunks, every rule of their order checked."""
    found = events(body)
    assert found.pop().data == "[DONE]"
    chunks = [event.data for event in found]
    assert all(event.name is None for event in found)
    assert {len(chunk["choices"]) for chunk in chunks[:-1]} <= {1}
    for key in ("id", "created", "model", "object", "system_fingerprint"):
        assert len({chunk[key] for chunk in chunks}) == 1
    usage = chunks.pop()["usage"] if not chunks[-1]["choices"] else None
    choices = [chunk["choices"][0] for chunk in chunks]
    deltas = [choice["delta"] for choice in choices]
    assert [choice["finish_reason"] is None for choice in choices[:-1]] == [True] * len(deltas[1:])
    assert deltas[-1] == {}
    assert ["role" in delta for delta in deltas] == [True] + [False] * len(deltas[1:])
    message = {"role": deltas[0]["role"], "content": "".join(d.get("content", "") for d in deltas)}
    if thought := "".join(delta.get("reasoning", "") for delta in deltas):
        message["reasoning"] = thought
    if calls := [call for delta in deltas for call in delta.get("tool_calls", ())]:
        message["tool_calls"] = calls
        assert {call["index"] for call in calls} == set(range(len(calls)))
    return {
        "message": message,
        "finish_reason": choices[-1]["finish_reason"],
        "usage": usage,
        "logprobs": [entry for c in choices for entry in c.get("logprobs", {}).get("content", ())],
    }


def streamed(parts: list[ChatResponse]) -> bytes:
    chunks = Chunks(asked(stream=True, stream_options={"include_usage": True}))
    return b"".join(chunks.feed(part) for part in parts) + chunks.finish()


@given(answers())
def test_the_chunks_of_an_answer_come_to_what_the_whole_says(parts: list[ChatResponse]) -> None:
    said = shared.shown(chat_completion(whole(parts)))
    (choice,) = said["choices"]
    found = folded(streamed(parts))
    assert found["message"] == choice["message"]
    assert found["finish_reason"] == choice["finish_reason"]
    assert found["usage"] == said["usage"]


@given(answers(in_order=False))
def test_in_whatever_order_an_answer_comes_nothing_of_it_is_lost(
    parts: list[ChatResponse],
) -> None:
    message = folded(streamed(parts))["message"]
    (choice,) = shared.shown(chat_completion(whole(parts)))["choices"]
    for key in ("content", "reasoning"):
        assert message.get(key) == choice["message"].get(key)
    calls = message.get("tool_calls", [])
    assert {call["id"] for call in calls} == {
        call["id"] for call in choice["message"].get("tool_calls", [])
    }


@given(answers(), st.integers(0, 3))
def test_an_answer_that_breaks_off_says_why(parts: list[ChatResponse], length: int) -> None:
    chunks = Chunks(asked(stream=True))
    body = b"".join(chunks.feed(part) for part in parts[:-1][:length])
    last = events(body + chunks.fail(EngineError("boom")))[-1]
    assert last.data == {
        "error": {"message": "boom", "type": "api_error", "param": None, "code": None}
    }


def test_usage_tells_what_was_cached_and_what_was_thought() -> None:
    answer = ChatResponse(
        message=Message(role="assistant", content="x"),
        prompt_eval_count=9,
        eval_count=4,
        prompt_cached_count=8,
        thinking_count=3,
    )
    assert shared.shown(chat_completion(answer))["usage"] == {
        "prompt_tokens": 9,
        "completion_tokens": 4,
        "total_tokens": 13,
        "prompt_tokens_details": {"cached_tokens": 8},
        "completion_tokens_details": {"reasoning_tokens": 3},
    }


def test_a_rendered_prompt_stands_in_the_reply() -> None:
    answer = ChatResponse(
        message=Message(role="", content=""), debug_info=DebugInfo(rendered_template="<user>")
    )
    shown = shared.shown(chat_completion(answer))
    assert shown["_debug_info"] == {"rendered_template": "<user>"}
    assert asked(_debug_render_only=True).native().debug_render_only is True


# -- the real client -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def client(url: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0) as client:
        yield client


GREEDY = {"model": "demo", "temperature": 0, "max_tokens": 120}


@pytest.mark.engine
def test_the_client_gets_the_same_answer_whole_and_streamed(client: openai.OpenAI) -> None:
    reply = client.chat.completions.create(messages=HELLO, **GREEDY)
    with client.chat.completions.stream(
        messages=HELLO, stream_options={"include_usage": True}, **GREEDY
    ) as stream:
        kinds = {event.type for event in stream}
        final = stream.get_final_completion()
    assert {"chunk", "content.delta", "content.done"} <= kinds
    message = reply.choices[0].message
    assert message.content
    assert final.choices[0].message.content == message.content
    assert final.choices[0].message.reasoning == message.reasoning
    assert final.choices[0].finish_reason == reply.choices[0].finish_reason == "stop"
    assert reply.usage is not None
    assert final.usage is not None
    assert final.usage.completion_tokens == reply.usage.completion_tokens > 0
    assert final.usage.prompt_tokens == reply.usage.prompt_tokens


@pytest.mark.engine
async def test_the_asynchronous_client_streams_too(url: str) -> None:
    async with openai.AsyncOpenAI(base_url=f"{url}/v1", api_key="none") as client:
        stream = await client.chat.completions.create(messages=HELLO, stream=True, **GREEDY)
        texts = [chunk.choices[0].delta.content or "" async for chunk in stream]
    assert "".join(texts)
    assert len(texts) > 3


@pytest.mark.engine
def test_an_agent_calls_a_tool_and_answers_with_its_result(client: openai.OpenAI) -> None:
    history: list[Any] = list(OSLO)
    called: list[str] = []
    for _ in range(3):
        reply = client.chat.completions.create(messages=history, tools=[WEATHER], **GREEDY)
        message = reply.choices[0].message
        history.append(message)
        if not message.tool_calls:
            break
        assert reply.choices[0].finish_reason == "tool_calls"
        for call in message.tool_calls:
            called.append(json.loads(call.function.arguments)["location"])
            history.append(
                {"role": "tool", "tool_call_id": call.id, "content": "It's sunny in Oslo."}
            )
    assert called == ["Oslo"]
    assert "sunny" in (history[-1].content or "")


@pytest.mark.engine
def test_tool_choice_forces_and_forbids_calls(client: openai.OpenAI) -> None:
    def calls(choice: Any) -> list[str]:
        reply = client.chat.completions.create(
            messages=HELLO, tools=[WEATHER], tool_choice=choice, **GREEDY
        )
        return [call.function.name for call in reply.choices[0].message.tool_calls or ()]

    named = {"type": "function", "function": {"name": "get_weather"}}
    assert calls("none") == []
    assert "get_weather" in calls("required")
    assert "get_weather" in calls(named)


@pytest.mark.engine
def test_structured_output_fills_a_pydantic_model(client: openai.OpenAI) -> None:
    class Joke(BaseModel):
        setup: str
        punchline: str

    joke = [{"role": "user", "content": "Tell me a joke about cats."}]
    reply = client.chat.completions.parse(messages=joke, response_format=Joke, **GREEDY)
    parsed = reply.choices[0].message.parsed
    assert isinstance(parsed, Joke)
    assert parsed.setup


@pytest.mark.engine
def test_json_mode_gives_an_object(client: openai.OpenAI) -> None:
    reply = client.chat.completions.create(
        messages=[{"role": "user", "content": "Tell me a joke about cats in JSON."}],
        response_format={"type": "json_object"},
        **GREEDY,
    )
    assert isinstance(json.loads(reply.choices[0].message.content or ""), dict)


@pytest.mark.engine
def test_log_probabilities_cover_every_token(client: openai.OpenAI) -> None:
    reply = client.chat.completions.create(
        messages=HELLO, logprobs=True, top_logprobs=2, reasoning_effort="none", **GREEDY
    )
    choice = reply.choices[0]
    assert choice.logprobs is not None
    assert choice.logprobs.content
    assert "".join(entry.token for entry in choice.logprobs.content) == choice.message.content
    for entry in choice.logprobs.content:
        assert entry.logprob <= 0
        assert len(entry.top_logprobs) == 2


@pytest.mark.engine
def test_reasoning_can_be_switched_off(client: openai.OpenAI) -> None:
    quiet = client.chat.completions.create(messages=HELLO, reasoning_effort="none", **GREEDY)
    assert not getattr(quiet.choices[0].message, "reasoning", None)


@pytest.mark.engine
def test_a_limit_ends_the_answer(client: openai.OpenAI) -> None:
    reply = client.chat.completions.create(
        model="demo", messages=HELLO, temperature=0, max_completion_tokens=3
    )
    assert reply.choices[0].finish_reason == "length"
    assert reply.usage is not None
    assert reply.usage.completion_tokens == 3


@pytest.mark.engine
def test_a_repeated_prompt_is_told_as_cached(client: openai.OpenAI) -> None:
    for _ in range(2):
        reply = client.chat.completions.create(messages=OSLO, **GREEDY)
    assert reply.usage is not None
    assert reply.usage.prompt_tokens_details is not None
    assert reply.usage.prompt_tokens_details.cached_tokens


@pytest.mark.engine
def test_images_are_refused_by_a_model_that_does_not_see(client: openai.OpenAI) -> None:
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}
    with pytest.raises(openai.BadRequestError, match="does not support images"):
        client.chat.completions.create(messages=[{"role": "user", "content": [image]}], **GREEDY)


CHOICE = "tool_choice names 'far'; the tools are: get_weather"


@pytest.mark.engine
@pytest.mark.parametrize(
    ("fields", "error", "message"),
    [
        ({"model": "nope"}, openai.NotFoundError, "model 'nope' not found"),
        ({"model": ""}, openai.BadRequestError, "model is required"),
        ({"model": "a b"}, openai.BadRequestError, "invalid model name"),
        ({"messages": []}, openai.BadRequestError, "[] is too short - 'messages'"),
        ({"model": "minilm"}, openai.BadRequestError, '"minilm" does not support chat'),
        ({"model": "/tmp/x.gguf"}, openai.BadRequestError, "invalid model name"),
        ({"model": "x.gguf"}, openai.NotFoundError, "model 'x.gguf' not found"),
        ({"tools": [WEATHER], "tool_choice": "far"}, openai.BadRequestError, CHOICE),
    ],
)
def test_errors_are_those_that_the_client_knows(
    client: openai.OpenAI, fields: dict[str, Any], error: type[openai.APIStatusError], message: str
) -> None:
    for stream in (False, True):
        with pytest.raises(error) as caught:
            client.chat.completions.create(
                **{"model": "demo", "messages": HELLO, "stream": stream} | fields
            )
        assert isinstance(caught.value.body, dict)
        assert caught.value.body["message"] == message

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
from tests.sse import Event, events

from paddock.api import ChatResponse, Message
from paddock.errors import EngineError, PaddockError
from paddock.server.bodies import parse
from paddock.server.responses import ResponseEvents, ResponsesRequest, response
from paddock.server.web_search import NoWebSearchError

WEATHER = {
    "type": "function",
    "name": "get_weather",
    "description": "Get the weather at a location.",
    "strict": True,
    "parameters": {
        "type": "object",
        "properties": {"location": {"type": "string"}},
        "required": ["location"],
        "additionalProperties": False,
    },
}
OSLO = "What is the weather in Oslo?"


def asked(**fields: Any) -> ResponsesRequest:
    return parse(ResponsesRequest, {"model": "m", "input": "x"} | fields)


# -- requests --------------------------------------------------------------------------------------


def test_tools_of_a_name_space_get_its_name_in_front() -> None:
    inner = {"type": "namespace", "name": "deep", "tools": [{"type": "function", "name": "f"}]}
    outer = {
        "type": "namespace",
        "name": "box",
        "tools": [{"type": "function", "name": "box.g"}, inner],
    }
    tools = asked(tools=[outer, {"type": "local_shell"}]).native().tools or []
    assert [tool.function and tool.function.name for tool in tools] == ["box.g", "box.deep.f"]


def test_choices_and_single_calls_are_passed_on() -> None:
    choice = {"type": "function", "name": "get_weather"}
    request = asked(tools=[WEATHER], tool_choice=choice, parallel_tool_calls=False).native()
    assert request.tool_choice == choice
    assert request.parallel_tool_calls is False
    assert request.tools is not None
    assert request.tools[0].function is not None
    assert request.tools[0].function.strict is True


def test_a_choice_of_the_search_is_one_of_its_tool() -> None:
    search = {"type": "web_search"}
    request = asked(tools=[search], tool_choice=search).native()
    assert request.tool_choice == "web_search"


def test_what_the_request_says_stands_in_the_response() -> None:
    fields = {
        "instructions": "Be brief.",
        "tools": [WEATHER],
        "tool_choice": "none",
        "temperature": 0.5,
        "top_p": 0.25,
        "max_output_tokens": 7,
        "reasoning": {"effort": "low"},
        "text": {"format": {"type": "json_schema", "name": "n", "schema": {"type": "object"}}},
        "truncation": "auto",
        "parallel_tool_calls": False,
    }
    told = response(asked(**fields), ChatResponse(message=Message(role="assistant"))).model_dump()
    assert {name: told[name] for name in fields} == fields


def test_what_a_function_did_not_say_of_itself_is_told_as_null() -> None:
    search = {"type": "web_search"}
    request = asked(tools=[{"type": "function", "name": "f"}, search])
    told = response(request, ChatResponse(message=Message(role="assistant"))).tools
    silent = dict.fromkeys(("description", "strict", "parameters"))
    assert told == [{"type": "function", "name": "f"} | silent, search]


def test_a_function_is_told_in_the_order_of_the_reference_however_it_was_sent() -> None:
    request = asked(tools=[dict(reversed(WEATHER.items()))])
    [told] = response(request, ChatResponse(message=Message(role="assistant"))).tools
    assert list(told) == ["type", "name", "description", "strict", "parameters"]
    assert told == WEATHER


def test_settings_of_nothing_are_told_as_the_defaults() -> None:
    request = asked(text={"verbosity": "low"}, reasoning={})
    told = response(request, ChatResponse(message=Message(role="assistant")))
    assert told.text == {"format": {"type": "text"}, "verbosity": "low"}
    assert told.reasoning is None


# -- the whole and the stream ----------------------------------------------------------------------


def streamed(request: ResponsesRequest, parts: list[ChatResponse]) -> list[Event]:
    writer = ResponseEvents(request)
    try:
        body = b"".join(writer.feed(part) for part in parts) + writer.finish()
    except PaddockError as error:
        body = writer.fail(error)
    return events(body)


def check_order(found: list[Event]) -> dict[str, Any]:
    """Every rule of the order of events; the response that they end with."""
    assert [event.data["sequence_number"] for event in found] == list(range(len(found)))
    for event in found:
        assert event.name == event.data["type"]
        assert list(event.data) == sorted(event.data)
    names = [event.name for event in found]
    assert names[:2] == ["response.created", "response.in_progress"]
    assert names[-1] == "response.completed"
    items: list[dict[str, Any]] = []
    texts: list[str] = []
    open_item: dict[str, Any] | None = None
    for event in found[2:-1]:
        data = event.data
        assert data["output_index"] == len(items)
        kind = data["type"].removeprefix("response.")
        if kind == "output_item.added":
            assert open_item is None
            open_item, texts = data["item"], []
            continue
        assert open_item is not None
        assert data.get("item_id", open_item["id"]) == open_item["id"]
        if kind.endswith(".delta"):
            texts.append(data["delta"])
        elif kind in ("output_text.done", "reasoning_summary_text.done"):
            assert data["text"] == "".join(texts)
        elif kind == "function_call_arguments.done":
            assert data["arguments"] == "".join(texts)
        elif kind == "output_item.done":
            assert data["item"]["id"] == open_item["id"]
            items.append(data["item"])
            open_item = None
    assert open_item is None
    final = found[-1].data["response"]
    assert final["output"] == items
    assert final["id"] == found[0].data["response"]["id"]
    assert len({item["id"] for item in items}) == len(items)
    return final


def said(response: dict[str, Any]) -> dict[str, Any]:
    """What a response says, whatever its ids."""
    told = {"reasoning": "", "message": "", "calls": set()}
    for item in response["output"]:
        match item["type"]:
            case "reasoning":
                told["reasoning"] += item["summary"][0]["text"]
                assert item["encrypted_content"] == item["summary"][0]["text"]
            case "message":
                told["message"] += item["content"][0]["text"]
            case "function_call":
                told["calls"].add((item["call_id"], item["name"], item["arguments"]))
    return told


@given(answers(), st.booleans())
def test_the_events_of_an_answer_come_to_what_the_whole_says(
    parts: list[ChatResponse], echoes: bool
) -> None:
    request = asked(stream=True, **({"tools": [WEATHER]} if echoes else {}))
    final = check_order(streamed(request, parts))
    once = response(request, whole(parts)).model_dump()
    assert said(final) == said(once)
    changing = {"id", "created_at", "completed_at", "output"}
    for name in final.keys() - changing:
        assert final[name] == once[name], name
    kinds = [item["type"] for item in final["output"]]
    # A text of nothing is an item of the whole answer alone.
    assert kinds == [item["type"] for item in once["output"] if said({"output": [item]}) != NOTHING]


NOTHING = {"reasoning": "", "message": "", "calls": set()}


@given(answers(in_order=False))
def test_in_whatever_order_an_answer_comes_nothing_of_it_is_lost(
    parts: list[ChatResponse],
) -> None:
    request = asked(stream=True)
    final = check_order(streamed(request, parts))
    assert said(final) == said(response(request, whole(parts)).model_dump())


@given(answers(), st.integers(0, 3))
def test_an_answer_that_breaks_off_says_why(parts: list[ChatResponse], length: int) -> None:
    writer = ResponseEvents(asked(stream=True))
    body = b"".join(writer.feed(part) for part in parts[:-1][:length])
    found = events(body + writer.fail(EngineError("boom")))
    assert [event.data["sequence_number"] for event in found] == list(range(len(found)))
    assert found[-1].name == "response.failed"
    failed = found[-1].data["response"]
    assert failed["status"] == "failed"
    assert failed["error"] == {"code": "server_error", "message": "boom"}


def test_text_beside_a_call_is_kept() -> None:
    call = Message.ToolCall(id="c", function=Message.ToolCall.Function(name="f", arguments={}))
    answer = ChatResponse(message=Message(role="assistant", content="Wait.", tool_calls=[call]))
    kinds = [item["type"] for item in response(asked(), answer).output]
    assert kinds == ["message", "function_call"]


def test_an_answer_that_was_cut_says_so() -> None:
    answer = ChatResponse(
        message=Message(role="assistant", content="x"), done=True, done_reason="length"
    )
    assert response(asked(), answer).incomplete_details == {"reason": "max_output_tokens"}


def test_a_call_of_the_search_fails_since_there_is_none() -> None:
    function = Message.ToolCall.Function(name="web_search", arguments={"query": "x"})
    call = Message.ToolCall(id="c", function=function)
    answer = ChatResponse(message=Message(role="assistant", tool_calls=[call]), done=True)
    request = asked(tools=[{"type": "web_search"}], stream=True)
    with pytest.raises(NoWebSearchError):
        response(request, answer)
    assert streamed(request, [answer])[-1].name == "response.failed"
    own = asked(tools=[WEATHER | {"name": "web_search"}])
    assert response(own, answer).output[0]["type"] == "function_call"


# -- the real client -------------------------------------------------------------------------------

GREEDY: dict[str, Any] = {"model": "demo", "temperature": 0, "max_output_tokens": 120}


@pytest.fixture(scope="module")
def client(url: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0) as client:
        yield client


@pytest.mark.engine
def test_the_client_gets_the_same_response_whole_and_streamed(client: openai.OpenAI) -> None:
    once = client.responses.create(input="Hello", **GREEDY)
    with client.responses.stream(input="Hello", **GREEDY) as stream:
        deltas = [event.delta for event in stream if event.type == "response.output_text.delta"]
        final = stream.get_final_response()
    assert once.output_text
    assert final.output_text == "".join(deltas) == once.output_text
    assert once.usage is not None
    assert final.usage is not None
    assert final.usage.output_tokens == once.usage.output_tokens > 0


@pytest.mark.engine
def test_an_agent_hands_the_output_items_back(client: openai.OpenAI) -> None:
    history: list[Any] = [{"role": "user", "content": OSLO}]
    called: list[str] = []
    for _ in range(3):
        reply = client.responses.create(input=history, tools=[WEATHER], **GREEDY)
        history += reply.output
        calls = [item for item in reply.output if item.type == "function_call"]
        if not calls:
            break
        for call in calls:
            called.append(json.loads(call.arguments)["location"])
            history.append(
                {"type": "function_call_output", "call_id": call.call_id, "output": "It's sunny."}
            )
    assert called == ["Oslo"]
    assert "sunny" in reply.output_text


@pytest.mark.engine
def test_structured_output_fills_a_pydantic_model(client: openai.OpenAI) -> None:
    class Joke(BaseModel):
        setup: str
        punchline: str

    reply = client.responses.parse(input="Tell me a joke about cats.", text_format=Joke, **GREEDY)
    assert isinstance(reply.output_parsed, Joke)


@pytest.mark.engine
def test_a_streamed_call_is_parsed_by_the_client(client: openai.OpenAI) -> None:
    with client.responses.stream(
        input=OSLO, tools=[WEATHER], tool_choice="required", **GREEDY
    ) as stream:
        final = stream.get_final_response()
    calls = [item for item in final.output if item.type == "function_call"]
    assert [call.parsed_arguments for call in calls] == [{"location": "Oslo"}]


@pytest.mark.engine
@pytest.mark.parametrize("stream", [False, True])
def test_a_missing_model_is_an_error_before_any_event(client: openai.OpenAI, stream: bool) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        client.responses.create(model="nope", input="x", stream=stream)
    assert isinstance(caught.value.body, dict)
    assert caught.value.body["message"] == "model 'nope' not found"

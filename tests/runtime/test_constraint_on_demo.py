"""The demo model, which has a will of its own: what is asked of its answers holds thinking or not,
in a stream as in one piece, and what nobody asks for is left to it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

import paddock
from paddock.api import Message
from paddock.runtime import Runtime

pytestmark = pytest.mark.engine

Json = dict[str, Any]

WEATHER: Json = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Get the weather at a location.",
        "parameters": {
            "type": "object",
            "properties": {
                "location": {"type": "string", "maxLength": 30},
                "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
            },
            "required": ["location", "unit"],
        },
    },
}
TIME: Json = {
    "type": "function",
    "function": {"name": "get_time", "description": "Get the time.", "parameters": {}},
}
PERSON: Json = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "maxLength": 20},
        "age": {"type": "integer", "minimum": 0, "maximum": 120},
        "sees": {"oneOf": [{"type": "null"}, {"type": "boolean"}]},
    },
    "required": ["name", "age", "sees"],
}
HELLO = "Hello!"
ASKED = "What is the weather in Boston?"
JOKE = (
    "Tell me a joke about cats. Return the result as a JSON with 'setup' and 'punchline' keys. "
    "Return nothing other than JSON."
)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[paddock.Client]:
    with Runtime(tmp_path_factory.mktemp("models")) as runtime:
        yield paddock.Client(runtime=runtime)


def ask(client: paddock.Client, *messages: str | Json, **fields: Any) -> Message:
    """The whole answer, which the parts of a stream join to."""
    asked = [{"role": "user", "content": m} if isinstance(m, str) else m for m in messages]
    fields = {"options": {"temperature": 0, "num_predict": 300}, **fields}
    whole = client.chat("demo", asked, **fields).message
    parts = [part.message for part in client.chat("demo", asked, stream=True, **fields)]
    assert "".join(part.content or "" for part in parts) == (whole.content or "")
    assert "".join(part.thinking or "" for part in parts) == (whole.thinking or "")
    calls = [call.function for part in parts for call in part.tool_calls or ()]
    assert calls == [call.function for call in whole.tool_calls or ()]
    assert not whole.broken_calls
    return whole


def names(message: Message) -> list[str]:
    return [call.function.name for call in message.tool_calls or ()]


def check_weather(arguments: Json) -> None:
    assert list(arguments) == ["location", "unit"]
    assert len(arguments["location"]) <= 30
    assert arguments["unit"] in ("celsius", "fahrenheit")


@pytest.mark.parametrize("think", [True, False])
@pytest.mark.parametrize("choice", ["required", "get_weather", "get_time"])
def test_a_call_is_forced_whatever_was_said(
    client: paddock.Client, choice: str, think: bool
) -> None:
    answer = ask(client, HELLO, tools=[WEATHER, TIME], tool_choice=choice, think=think)
    assert bool(answer.thinking) is think
    assert not (answer.content or "").strip()
    assert names(answer)
    if choice != "required":
        assert names(answer) == [choice]
    for call in answer.tool_calls or ():
        if call.function.name == "get_weather":
            check_weather(call.function.arguments)


@pytest.mark.parametrize("think", [True, False])
def test_a_call_is_forbidden_whatever_was_said(client: paddock.Client, think: bool) -> None:
    answer = ask(client, ASKED, tools=[WEATHER, TIME], tool_choice="none", think=think)
    assert bool(answer.thinking) is think
    assert not answer.tool_calls
    assert "<tool_call>" not in (answer.content or "")


def test_a_call_that_nobody_forces_is_the_models_own_and_strict_ones_keep_to_their_schema(
    client: paddock.Client,
) -> None:
    assert ask(client, HELLO, tools=[WEATHER]).content
    assert names(ask(client, ASKED, tools=[WEATHER])) == ["get_weather"]
    [call] = ask(client, ASKED, tools=[WEATHER], strict=True).tool_calls or ()
    check_weather(call.function.arguments)
    assert ask(client, HELLO, tools=[WEATHER], strict=True).content


@pytest.mark.parametrize("think", [True, False, None])
@pytest.mark.parametrize("format", ["json", PERSON], ids=["json", "schema"])
def test_json_is_what_was_asked_for_and_not_the_thinking(
    client: paddock.Client, format: Any, think: bool | None
) -> None:
    answer = ask(client, JOKE, format=format, think=think)
    assert bool(answer.thinking) is (think is not False)
    value = json.loads(answer.content or "")
    assert isinstance(value, dict)
    if format is PERSON:
        assert list(value) == ["name", "age", "sees"]
        assert value["age"] in range(121)
        assert value["sees"] in (None, True, False)


@pytest.mark.parametrize("think", [True, False, None])
def test_a_text_that_is_gone_on_from_is_thought_about_only_where_that_is_asked_for(
    client: paddock.Client, think: bool | None
) -> None:
    answer = client.generate("demo", JOKE, format=PERSON, think=think, options={"seed": 1})
    assert bool(answer.thinking) is (think is True)
    assert list(json.loads(answer.response)) == ["name", "age", "sees"]


@pytest.mark.parametrize("think", [True, False])
def test_an_answer_is_one_of_the_choices(client: paddock.Client, think: bool) -> None:
    answer = ask(client, ASKED, choices=["positive", "negative"], think=think)
    assert answer.content in ("positive", "negative")


def test_an_agent_that_must_call_first_and_must_not_then_says_what_it_saw(
    client: paddock.Client,
) -> None:
    tools = [WEATHER, TIME]
    question: Json = {"role": "user", "content": "What is the weather in San Francisco, CA?"}
    first = ask(client, question, tools=tools, tool_choice="required", parallel_tool_calls=False)
    [call] = first.tool_calls or ()
    result = {"role": "tool", "content": "It's sunny.", "tool_name": call.function.name}
    talk = (question, first.model_dump(), result | {"tool_call_id": call.id})
    last = ask(client, *talk, tools=tools, tool_choice="none")
    assert "sunny" in (last.content or "")
    schema = {"type": "object", "properties": {"sunny": {"type": "boolean"}}, "required": ["sunny"]}
    told = ask(client, *talk, tools=tools, tool_choice="none", format=schema)
    assert json.loads(told.content or "")["sunny"] in (True, False)

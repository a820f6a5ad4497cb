from base64 import b64encode
from typing import Any, TypedDict

import pytest
from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    ChatMessage,
    FunctionMessage,
    HumanMessage,
    RemoveMessage,
    SystemMessage,
    ToolMessage,
)
from langchain_core.tools import tool
from pydantic import BaseModel

from langchain_paddock._convert import to_json_schema, to_messages, to_tools
from paddock import Message, RequestError, UnsupportedError

PIXEL = b"\x89PNG\r\n"
PIXEL64 = b64encode(PIXEL).decode()


def convert(*messages: BaseMessage) -> list[dict[str, Any]]:
    return [message.model_dump(exclude_none=True) for message in to_messages(messages)]


def only(message: BaseMessage) -> Message:
    (converted,) = to_messages([message])
    return converted


def test_every_class_of_message_has_its_role() -> None:
    messages = [
        SystemMessage("be brief"),
        SystemMessage("and kind"),
        HumanMessage("hi"),
        HumanMessage("there"),
        AIMessage("yes?"),
        ChatMessage(role="critic", content="meh"),
        FunctionMessage(name="add", content="3"),
    ]
    assert [(m.role, m.content) for m in to_messages(messages)] == [
        ("system", "be brief"),
        ("system", "and kind"),
        ("user", "hi"),
        ("user", "there"),
        ("assistant", "yes?"),
        ("critic", "meh"),
        ("tool", "3"),
    ]
    assert to_messages(messages)[-1].tool_name == "add"


def test_no_message_is_a_request_error() -> None:
    with pytest.raises(RequestError, match="no messages"):
        to_messages([])


def test_what_is_no_message_of_a_chat_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="message 0: RemoveMessage"):
        to_messages([RemoveMessage(id="1")])


def test_tool_message_keeps_its_id_and_learns_the_name_of_its_tool() -> None:
    call = {"name": "add", "args": {"a": 1, "b": [2]}, "id": "c1", "type": "tool_call"}
    asked, answered = convert(
        AIMessage("", tool_calls=[call]),
        ToolMessage("Error: too big", tool_call_id="c1", status="error"),
    )
    assert asked["tool_calls"] == [
        {"id": "c1", "function": {"index": 0, "name": "add", "arguments": {"a": 1, "b": [2]}}}
    ]
    assert answered == {
        "role": "tool",
        "content": "Error: too big",
        "tool_name": "add",
        "tool_call_id": "c1",
    }


def test_own_name_of_a_tool_message_wins() -> None:
    call = {"name": "add", "args": {}, "id": "c1"}
    messages = [AIMessage("", tool_calls=[call]), ToolMessage("3", tool_call_id="c1", name="sum")]
    assert to_messages(messages)[1].tool_name == "sum"


def test_invalid_calls_are_shown_as_text() -> None:
    broken = {"name": "add", "args": '{"a": ', "id": "c1", "error": "cut"}
    messages = [AIMessage("hm ", invalid_tool_calls=[broken]), ToolMessage("?", tool_call_id="c1")]
    shown, answered = to_messages(messages)
    assert shown.content == 'hm {"name": "add", "arguments": "{\\"a\\": "}'
    assert answered.tool_name == "add"


@pytest.mark.parametrize(
    ("kind", "expected"),
    [(HumanMessage, "look\ntwice"), (SystemMessage, "look\ntwice"), (AIMessage, "looktwice")],
)
def test_text_blocks_are_joined_without_a_leading_break(
    kind: type[BaseMessage], expected: str
) -> None:
    blocks = [{"type": "text", "text": "look", "cache_control": {"type": "ephemeral"}}, "twice"]
    assert only(kind(content=blocks)).content == expected  # type: ignore[call-arg]


@pytest.mark.parametrize(
    "block",
    [
        {"type": "image_url", "image_url": f"data:image/png;base64,{PIXEL64}"},
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL64}"}},
        {"type": "image_url", "image_url": {"url": PIXEL64}},
        {"type": "image", "base64": PIXEL64, "mime_type": "image/png"},
        {"type": "image", "source_type": "base64", "data": PIXEL64, "mime_type": "image/png"},
        {"type": "image", "source": {"type": "base64", "data": PIXEL64}},
    ],
)
def test_images_in_every_dialect_become_bytes(block: dict[str, Any]) -> None:
    for message in (HumanMessage([block]), ToolMessage([block], tool_call_id="c1")):
        (image,) = only(message).images or []
        assert image.read() == PIXEL


@pytest.mark.parametrize(
    "block",
    [
        {"type": "image_url", "image_url": "https://example.org/cat.png"},
        {"type": "image", "url": "file:///etc/passwd"},
    ],
)
def test_addresses_of_images_are_not_opened_unasked(block: dict[str, Any]) -> None:
    with pytest.raises(UnsupportedError, match=r"message 1: .* is not opened.* set (fetch|read)_"):
        to_messages([HumanMessage("hi"), HumanMessage([block])])


def test_a_path_as_an_image_is_not_read_unasked() -> None:
    with pytest.raises(UnsupportedError, match="read_files=True"):
        only(HumanMessage([{"type": "image_url", "image_url": "/etc/passwd"}]))


def test_what_is_neither_an_address_nor_base64_is_malformed() -> None:
    with pytest.raises(RequestError, match="message 0: the image's base64 is malformed"):
        only(HumanMessage([{"type": "image_url", "image_url": "no image"}]))


@pytest.mark.parametrize("kind", ["audio", "file", "video", "hologram"])
def test_unsupported_blocks_name_type_and_message(kind: str) -> None:
    with pytest.raises(UnsupportedError, match=f'message 0: content of type "{kind}"'):
        only(HumanMessage([{"type": kind, "base64": "AAAA", "mime_type": "application/pdf"}]))


@pytest.mark.parametrize(
    "block",
    [
        {"type": "text-plain", "text": "höher"},
        {"type": "text-plain", "base64": "aMO2aGVy", "mime_type": "text/plain"},
        {"type": "file", "source_type": "text", "text": "höher"},
        {"type": "document", "source": {"type": "text", "data": "höher"}},
        {"type": "document", "source": {"type": "base64", "media_type": "text/plain",
                                        "data": "aMO2aGVy"}},
    ],
)  # fmt: skip
def test_documents_of_plain_text_become_text(block: dict[str, Any]) -> None:
    assert only(HumanMessage([block])).content == "höher"


@pytest.mark.parametrize("kind", ["server_tool_call", "web_search_call", "refusal", "hologram"])
def test_an_answer_of_another_provider_is_no_obstacle(kind: str) -> None:
    answer = AIMessage([{"type": kind, "name": "x"}, {"type": "text", "text": "so"}])
    assert only(answer).content == "so"


def test_malformed_blocks_are_request_errors() -> None:
    with pytest.raises(RequestError, match='message 0: malformed content of type "text"'):
        only(HumanMessage([{"type": "text"}]))


@pytest.mark.parametrize(
    "message",
    [
        AIMessage("4", additional_kwargs={"reasoning_content": "2+2"}),
        AIMessage([{"type": "reasoning", "reasoning": "2+2"}, {"type": "text", "text": "4"}]),
        AIMessage([{"type": "thinking", "thinking": "2+2", "signature": "x"}, "4"]),
        AIMessage([{"type": "reasoning", "summary": [{"text": "2+2"}]}, "4"]),
    ],
)
def test_reasoning_goes_back_as_thinking(message: AIMessage) -> None:
    converted = only(message)
    assert (converted.thinking, converted.content) == ("2+2", "4")


def test_empty_reasoning_is_kept_and_that_of_others_ignored() -> None:
    note = {"reasoning_content": ""}
    assert only(AIMessage("4", additional_kwargs=note)).thinking == ""
    assert only(HumanMessage("4", additional_kwargs={"reasoning_content": "x"})).thinking is None


def test_blocks_of_other_providers_do_not_fail() -> None:
    call = {"name": "pick", "args": {"color": "red"}, "id": "c1"}
    blocks = [
        {"type": "redacted_thinking", "data": "xx"},
        {"type": "text", "text": "Picking. "},
        {"type": "tool_use", "id": "c1", "name": "pick", "input": {"color": "red"}},
        {"type": "tool_use", "id": "c2", "name": "pick", "input": {"color": "blue"}},
        {"type": "non_standard", "value": "so"},
    ]
    converted = only(AIMessage(blocks, tool_calls=[call]))
    assert converted.content == "Picking. so"
    calls = [(c.id, c.function.index, c.function.arguments) for c in converted.tool_calls or []]
    assert calls == [("c1", 0, {"color": "red"}), ("c2", 1, {"color": "blue"})]


def test_tool_results_inside_a_human_message_become_tool_messages() -> None:
    call = {"name": "pick", "args": {}, "id": "c1"}
    result = {
        "type": "tool_result",
        "tool_use_id": "c1",
        "content": [{"type": "text", "text": "ok"}],
    }
    assert convert(AIMessage("", tool_calls=[call]), HumanMessage([result, "and now?"]))[1:] == [
        {"role": "tool", "content": "ok", "tool_name": "pick", "tool_call_id": "c1"},
        {"role": "user", "content": "and now?"},
    ]
    assert [m.role for m in to_messages([HumanMessage([result])])] == ["tool"]


def test_messages_are_not_changed() -> None:
    arguments = {"a": {"b": 1}}
    message = AIMessage(
        [{"type": "text", "text": "x"}], tool_calls=[{"name": "f", "args": arguments, "id": "c"}]
    )
    before = message.model_dump()
    converted = only(message)
    assert converted.tool_calls is not None
    converted.tool_calls[0].function.arguments["z"] = 1
    assert message.model_dump() == before


class Person(BaseModel):
    """A person."""

    name: str
    nick: str | None = None
    friends: list["Person"] = []


class Joke(TypedDict):
    """A joke."""

    setup: str
    punchline: str


@tool
def greet(who: Person, times: int = 1) -> str:
    """Greet someone."""
    return who.name * times


def test_tools_keep_their_whole_schema() -> None:
    function, plain = to_tools([greet, {"name": "f", "description": "d", "parameters": {}}])
    parameters = function.as_dict()["function"]["parameters"]
    assert parameters["required"] == ["who"]
    assert parameters["properties"]["times"] == {"default": 1, "type": "integer"}
    assert parameters["properties"]["who"]["properties"]["nick"]["anyOf"]
    assert plain.function is not None
    assert plain.function.name == "f"


def test_schema_of_a_class_keeps_its_definitions() -> None:
    assert to_json_schema(Person) == Person.model_json_schema()


def test_schema_of_a_typed_dict_or_function_dict() -> None:
    assert set(to_json_schema(Joke)["properties"]) == {"setup", "punchline"}
    parameters = {"type": "object", "properties": {"x": {"type": "integer"}}}
    function = {"name": "f", "description": "d", "parameters": parameters}
    schema = to_json_schema({"type": "function", "function": function})
    assert schema["properties"] == {"x": {"type": "integer"}}


def test_schema_that_is_one_already_stays_as_it_is() -> None:
    schema = {"type": "array", "items": {"type": "integer"}}
    assert to_json_schema(schema) == schema

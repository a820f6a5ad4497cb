import io
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from llama_index.core.base.llms.types import (
    AudioBlock,
    CacheControl,
    CachePoint,
    ChatMessage,
    CitableBlock,
    CitationBlock,
    DocumentBlock,
    ImageBlock,
    MessageRole,
    TextBlock,
    ThinkingBlock,
    ToolCallBlock,
)

import paddock
from llama_index.llms.paddock._convert import to_messages, to_selections

PIXEL = b"\x89PNG\r\n\x1a\n\x00"


def converted(*messages: ChatMessage) -> list[dict[str, Any]]:
    return [message.model_dump(exclude_none=True) for message in to_messages(messages)]


def user(*blocks: Any) -> ChatMessage:
    return ChatMessage(role=MessageRole.USER, blocks=list(blocks))


@pytest.mark.parametrize(
    ("role", "known_as"),
    [
        ("system", "system"),
        ("developer", "system"),
        ("user", "user"),
        ("assistant", "assistant"),
        ("chatbot", "assistant"),
        ("model", "assistant"),
        ("tool", "tool"),
        ("function", "tool"),
    ],
)
def test_roles_get_the_names_that_templates_know(role: str, known_as: str):
    assert converted(ChatMessage("x", role=role)) == [{"role": known_as, "content": "x"}]


def test_texts_are_joined_by_lines_as_in_the_messages_content():
    message = user(TextBlock(text="a"), TextBlock(text="b"))
    assert converted(message)[0]["content"] == message.content == "a\nb"


def test_blocks_that_hold_text_are_read_as_text():
    message = user(
        CitableBlock(title="t", source="s", content=[TextBlock(text="a")]),
        CachePoint(cache_control=CacheControl(type="ephemeral")),
        CitationBlock(
            cited_content=TextBlock(text="b"), source="s", title="t", additional_location_info={}
        ),
        DocumentBlock(data=b"c \xc3\xa9", document_mimetype="text/plain"),
    )
    assert converted(message)[0]["content"] == "a\nb\nc é"


@pytest.mark.parametrize("source", ["bytes", "base64", "stream", "path", "data url"])
def test_images_become_bytes_wherever_they_come_from(source: str, tmp_path: Path):
    path = tmp_path / "pixel.png"
    path.write_bytes(PIXEL)
    block = {
        "bytes": lambda: ImageBlock(image=PIXEL),
        "base64": lambda: ImageBlock(image=b64encode(PIXEL)),
        "stream": lambda: ImageBlock(image=io.BytesIO(PIXEL)),
        "path": lambda: ImageBlock(path=path),
        "data url": lambda: ImageBlock(url=f"data:image/png;base64,{b64encode(PIXEL).decode()}"),
    }[source]()
    (message,) = to_messages([user(TextBlock(text="What is this?"), block)])
    assert [image.read() for image in message.images or []] == [PIXEL]


@pytest.mark.parametrize(
    ("block", "reason"),
    [
        (AudioBlock(audio=b"RIFF"), "AudioBlock"),
        (ImageBlock(url="https://example.org/pixel.png"), "nothing from the network"),
        (DocumentBlock(url="https://example.org/a.txt"), "nothing from the network"),
        (DocumentBlock(data=b"%PDF-1.7", document_mimetype="application/pdf"), "only text"),
        (DocumentBlock(data=b"\xff\xfe", document_mimetype="text/plain"), "only text"),
    ],
)
def test_what_no_model_can_be_given_is_refused_clearly(block: Any, reason: str):
    with pytest.raises(paddock.UnsupportedError, match=reason):
        to_messages([user(block)])


def test_thinking_goes_back():
    message = ChatMessage(
        role=MessageRole.ASSISTANT, blocks=[ThinkingBlock(content="Hm."), TextBlock(text="Hi")]
    )
    assert converted(message) == [{"role": "assistant", "content": "Hi", "thinking": "Hm."}]


CALL = {"function": {"name": "add", "arguments": {"a": 1}}}


@pytest.mark.parametrize(
    "message",
    [
        ChatMessage(
            role=MessageRole.ASSISTANT,
            blocks=[ToolCallBlock(tool_name="add", tool_kwargs={"a": 1})],
            additional_kwargs={"tool_calls": [CALL]},
        ),
        ChatMessage(
            role=MessageRole.ASSISTANT,
            blocks=[ToolCallBlock(tool_name="add", tool_kwargs='{"a": 1}')],
        ),
        ChatMessage(role=MessageRole.ASSISTANT, additional_kwargs={"tool_calls": [CALL]}),
        ChatMessage(
            role=MessageRole.ASSISTANT,
            additional_kwargs={
                "tool_calls": [{"function": {"name": "add", "arguments": '{"a": 1}'}}]
            },
        ),
    ],
    ids=["mirrored", "text arguments", "ollama's form", "openai's form"],
)
def test_a_call_in_the_history_is_read_once_in_whatever_form(message: ChatMessage):
    answer = ChatMessage(
        role=MessageRole.TOOL, content="1", additional_kwargs={"tool_call_id": "add"}
    )
    said, tool = converted(message, answer)
    assert said["tool_calls"] == [CALL]
    assert tool["tool_name"] == "add"


def test_identical_calls_without_ids_are_told_apart():
    block = ToolCallBlock(tool_name="add", tool_kwargs={"a": 1})
    message = ChatMessage(role=MessageRole.ASSISTANT, blocks=[block, block])
    assert len({selection.tool_id for selection in to_selections(message)}) == 2


@pytest.mark.parametrize("arguments", ["{", "[1]", '"x"'])
def test_arguments_that_are_no_object_are_refused(arguments: str):
    message = ChatMessage(
        role=MessageRole.ASSISTANT,
        blocks=[ToolCallBlock(tool_name="add", tool_kwargs=arguments)],
    )
    with pytest.raises(paddock.RequestError, match="'add'"):
        to_messages([message])

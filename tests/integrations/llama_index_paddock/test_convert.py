import io
import threading
from base64 import b64encode
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import ollama
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
    VideoBlock,
)

import paddock
from llama_index.llms.paddock._convert import fetched, to_messages, to_selections

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
    (image,) = message.images or []
    assert image.read() == PIXEL
    if source == "path":  # a file is not read before the request is served
        assert image.value == path


@pytest.mark.parametrize(
    ("block", "reason"),
    [
        (AudioBlock(audio=b"RIFF"), "AudioBlock"),
        (VideoBlock(video=b"RIFF"), "VideoBlock"),
        (ImageBlock(url="https://example.org/pixel.png"), "fetch_urls"),
        (DocumentBlock(url="https://example.org/a.txt"), "fetch_urls"),
        (DocumentBlock(data=b"%PDF-1.7", document_mimetype="application/pdf"), "only text"),
        (DocumentBlock(data=b"\xff\xfe", document_mimetype="text/plain"), "only text"),
    ],
)
def test_what_no_model_can_be_given_is_refused_clearly(block: Any, reason: str):
    with pytest.raises(paddock.UnsupportedError, match=reason):
        to_messages([user(block)])


@pytest.fixture
def served() -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = PIXEL if self.path.endswith("png") else b"a text"
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.enable_socket
def test_what_urls_name_is_fetched_when_that_is_allowed(served: str):
    given = user(
        ImageBlock(url=f"{served}/a.png"),
        DocumentBlock(url=f"{served}/a.txt", document_mimetype="text/plain", title="t"),
        TextBlock(text="?"),
    )
    (message,) = to_messages(fetched([given]))
    assert [image.read() for image in message.images or []] == [PIXEL]
    assert message.content == "a text\n?"
    assert str(given.blocks[0].url) == f"{served}/a.png"


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
        ChatMessage(
            role=MessageRole.ASSISTANT,
            additional_kwargs={"tool_calls": [{"name": "add", "arguments": {"a": 1}}]},
        ),
        ChatMessage(
            role=MessageRole.ASSISTANT,
            additional_kwargs={"tool_calls": [ollama.Message.ToolCall.model_validate(CALL)]},
        ),
    ],
    ids=[
        *("mirrored", "text arguments", "ollama's form", "openai's form", "bare"),
        "ollama's object",
    ],
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


@pytest.mark.parametrize("call", [{}, {"function": {"arguments": {}}}, "add(1)", None])
def test_what_is_no_call_is_refused(call: Any):
    message = ChatMessage(role=MessageRole.ASSISTANT, additional_kwargs={"tool_calls": [call]})
    with pytest.raises(paddock.UnsupportedError, match="ToolCallBlock"):
        to_messages([message])


@pytest.mark.parametrize("arguments", ["{", "[1]", '"x"'])
def test_arguments_that_are_no_object_are_refused(arguments: str):
    message = ChatMessage(
        role=MessageRole.ASSISTANT,
        blocks=[ToolCallBlock(tool_name="add", tool_kwargs=arguments)],
    )
    with pytest.raises(paddock.RequestError, match="'add'"):
        to_messages([message])

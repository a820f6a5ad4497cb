# pyright: basic
from base64 import b64encode
from typing import Any

import pytest

from paddock.api import Message
from paddock.errors import RequestError
from paddock.server.anthropic_input import IncomingMessage, native

PNG = b"\x89PNG"
IMAGE = {
    "type": "image",
    "source": {"type": "base64", "media_type": "image/png", "data": b64encode(PNG).decode()},
}


def messages_of(*messages: dict[str, Any]) -> list[Message]:
    return [made for message in messages for made in native(IncomingMessage(**message))]


def test_images_in_results_of_tools_are_kept() -> None:
    result = {"type": "tool_result", "tool_use_id": "t", "content": [IMAGE]}
    (found,) = messages_of({"role": "user", "content": [result]})
    assert [image.read() for image in found.images or ()] == [PNG]
    assert (found.role, found.tool_call_id) == ("tool", "t")


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("found", "found"),
        (
            [{"type": "web_search_result", "title": "T", "url": "http://x"}, {"type": "odd"}],
            "- T: http://x\n",
        ),
        (
            {"type": "web_search_tool_result_error", "error_code": "unavailable"},
            "web_search_tool_result_error: unavailable",
        ),
        (None, ""),
    ],
)
def test_what_a_search_found_is_told_as_text(content: Any, text: str) -> None:
    block = {"type": "web_search_tool_result", "tool_use_id": "t", "content": content}
    assert [made.content for made in messages_of({"role": "assistant", "content": [block]})] == [
        text
    ]


@pytest.mark.parametrize(
    ("block", "complaint"),
    [
        ({"type": "tool_use", "id": "t"}, "tool_use block missing required 'name' field"),
        ({"type": "tool_use", "id": "t", "name": "f", "input": "x"}, "'input' must be an object"),
        ({"type": "image"}, "invalid image source"),
        (
            {"type": "image", "source": {"type": "url", "url": "file:///etc/passwd"}},
            "invalid image source type: url",
        ),
        (
            {"type": "image", "source": {"type": "base64", "data": "/etc/passwd!"}},
            "invalid base64 image data: ",
        ),
        (
            {"type": "tool_result", "content": [{"type": "image"}]},
            "invalid tool_result image source",
        ),
    ],
)
def test_blocks_of_a_wrong_form_are_named(block: dict[str, Any], complaint: str) -> None:
    with pytest.raises(RequestError, match=complaint):
        messages_of({"role": "user", "content": [block]})


@pytest.mark.parametrize("content", [5, ["x"], {"type": "text"}])
def test_content_is_a_text_or_blocks(content: Any) -> None:
    with pytest.raises(RequestError, match="content must be a string or an array of blocks"):
        messages_of({"role": "user", "content": content})

from base64 import b64encode
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sse import events

from paddock.errors import PaddockError, QueueFullError, RequestError
from paddock.server import openai

PNG = b"\x89PNG\r\n\x1a\n"


class FailedError(PaddockError):
    def __init__(self, status: int) -> None:
        super().__init__("boom")
        self.status = status


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "invalid_request_error"),
        (404, "not_found_error"),
        (401, "api_error"),
        (500, "api_error"),
        (503, "api_error"),
    ],
)
def test_the_type_of_an_error_follows_from_its_status(status: int, kind: str) -> None:
    told = openai.error_body(FailedError(status))["error"]
    assert told == {"message": "boom", "type": kind, "param": None, "code": None}
    assert openai.failure(FailedError(status)).status_code == status


def test_errors_tell_nothing_of_this_machines_folders() -> None:
    error = RequestError("cannot read /home/me/models/secret.gguf")
    assert openai.error_body(error)["error"]["message"] == "cannot read secret.gguf"


def test_a_full_queue_keeps_the_words_that_clients_match() -> None:
    told = openai.error_body(QueueFullError())["error"]["message"]
    assert told == "server busy, please try again.  maximum pending requests exceeded"


@pytest.mark.parametrize("prefix", ["data:image/png;base64,", "data:;base64,"])
def test_a_data_url_is_the_image_in_it(prefix: str) -> None:
    assert openai.image(prefix + b64encode(PNG).decode()).read() == PNG


@given(st.binary(min_size=1, max_size=200), st.integers(1, 76))
def test_base64_may_be_broken_into_lines(data: bytes, width: int) -> None:
    text = b64encode(data).decode()
    lines = "\r\n".join(text[at : at + width] for at in range(0, len(text), width))
    assert openai.image("data:image/webp;base64," + lines).read() == data


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/cat.png",
        "http://127.0.0.1/cat.png",
        "file:///etc/passwd",
        "/etc/passwd",
        "etc/passwd",
        "data:image/gif;base64,R0lGOD",
        "data:text/html;base64,PGI+",
        "data:image/png;base64,not base64",
        "data:image/png,raw",
        "",
    ],
)
def test_what_is_no_image_in_the_url_itself_is_refused(url: str) -> None:
    with pytest.raises(RequestError, match=r"invalid image input|base64 encoded data instead"):
        openai.image(url)


@pytest.mark.parametrize("text", ["", "null", "{}"])
def test_a_call_without_arguments_may_say_so_in_several_ways(text: str) -> None:
    assert openai.arguments(text, "bad") == {}


@pytest.mark.parametrize("text", ["oops", "[1]", '"text"', "{", "[" * 5000])
def test_arguments_that_are_no_object_are_refused(text: str) -> None:
    with pytest.raises(RequestError, match="bad"):
        openai.arguments(text, "bad {}")


TOOLS = [{"type": "function", "function": {"name": name}} for name in ("near", "far")]


def test_allowed_tools_hide_the_others() -> None:
    nested = {
        "type": "allowed_tools",
        "allowed_tools": {
            "mode": "required",
            "tools": [{"type": "function", "function": {"name": "far"}}],
        },
    }
    flat = {
        "type": "allowed_tools",
        "mode": "required",
        "tools": [{"type": "function", "name": "far"}],
    }
    for choice in (nested, flat):
        assert openai.choose(choice, TOOLS) == ("required", TOOLS[1:])


@pytest.mark.parametrize(
    "choice", [{"type": "allowed_tools", "allowed_tools": 5}, {"type": "allowed_tools", "tools": 7}]
)
def test_allowed_tools_of_a_wrong_form_are_refused(choice: object) -> None:
    with pytest.raises(RequestError, match="allowed_tools"):
        openai.choose(choice, TOOLS)


def test_without_tools_there_is_nothing_to_choose() -> None:
    assert openai.choose("required", []) == (None, [])


HELLO = [{"role": "user", "content": "Hello"}]


@pytest.mark.engine
@pytest.mark.parametrize(
    ("path", "body", "cache"),
    [
        ("/v1/chat/completions", {"messages": HELLO}, None),
        ("/v1/completions", {"prompt": "Hello"}, None),
        ("/v1/responses", {"input": "Hello"}, "no-cache"),
        ("/v1/messages", {"messages": HELLO, "max_tokens": 2}, "no-cache"),
    ],
)
def test_streams_are_events_in_utf8_by_their_type_alone(
    url: str, path: str, body: dict[str, Any], cache: str | None
) -> None:
    reply = httpx.post(url + path, json={"model": "demo", "stream": True, **body}, timeout=120)
    assert reply.headers["content-type"] == "text/event-stream"
    assert reply.headers.get("cache-control") == cache
    assert events(reply.content)


@pytest.mark.parametrize(
    ("body", "message"),
    [(b"", "EOF"), (b" \n", "EOF"), (b'{"model":"demo",', "unexpected EOF")],
)
@pytest.mark.parametrize(
    "path", ["chat/completions", "completions", "embeddings", "responses", "messages"]
)
def test_bodies_of_nothing_are_told_as_go_tells_them(
    url: str, path: str, body: bytes, message: str
) -> None:
    reply = httpx.post(f"{url}/v1/{path}", content=body, timeout=120)
    assert reply.status_code == 400
    error = reply.json()["error"]
    assert (error["message"], error["type"]) == (message, "invalid_request_error")

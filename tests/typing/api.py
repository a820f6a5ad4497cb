"""Never run, only type-checked: what a caller's type checker makes of the public calls."""

from typing import assert_type

import paddock
from paddock import (
    AsyncClient,
    ChatResponse,
    Client,
    EmbedResponse,
    GenerateResponse,
    ListResponse,
    Message,
    Options,
    ProgressResponse,
    StatusResponse,
    Stream,
)


def add(a: int, b: int) -> int:
    return a + b


def stream_chooses_the_type(client: Client) -> None:
    assert_type(client.chat("m"), ChatResponse)
    assert_type(client.chat("m", stream=False), ChatResponse)
    assert_type(client.chat("m", stream=True), Stream[ChatResponse])
    assert_type(client.generate("m", "p"), GenerateResponse)
    assert_type(client.generate("m", "p", stream=True), Stream[GenerateResponse])
    assert_type(client.create("m", from_="n"), ProgressResponse)
    assert_type(client.create("m", from_="n", stream=True), Stream[ProgressResponse])


def an_undecided_stream_is_a_union(client: Client, stream: bool) -> None:
    assert_type(client.chat("m", stream=stream), ChatResponse | Stream[ChatResponse])


async def async_calls_give_the_same_types(client: AsyncClient) -> None:
    assert_type(await client.chat("m"), ChatResponse)
    assert_type(await client.chat("m", stream=True), Stream[ChatResponse])
    assert_type(await client.generate("m", stream=True), Stream[GenerateResponse])
    assert_type(await client.create("m", stream=True), Stream[ProgressResponse])
    assert_type(await client.embed("m", ["a"]), EmbedResponse)
    assert_type(await client.list(), ListResponse)
    async for part in await client.chat("m", stream=True):
        assert_type(part, ChatResponse)


def module_functions_keep_their_overloads() -> None:
    assert_type(paddock.chat("m"), ChatResponse)
    assert_type(paddock.chat("m", stream=True), Stream[ChatResponse])
    assert_type(paddock.generate("m", "p", stream=True), Stream[GenerateResponse])
    assert_type(paddock.delete("m"), StatusResponse)


def a_stream_iterates_and_folds(stream: Stream[ChatResponse]) -> None:
    for part in stream:
        assert_type(part, ChatResponse)
        assert_type(part.message.content, str | None)
    assert_type(stream.result(), ChatResponse)


def fields_take_what_the_official_client_takes(client: Client) -> None:
    client.chat(
        "m",
        [{"role": "user", "content": "hi", "images": [b"..."]}, Message(role="user")],
        tools=[add, {"type": "function"}],
        format={"type": "object"},
        options={"temperature": 0},
        keep_alive="5m",
        think="high",
        logit_bias={1: -1.0},
    )
    client.generate("m", "p", "s", options=Options(seed=1), context=(1, 2), images=["path"])
    client.create("m", files={"m.gguf": "sha256:..."}, license=["MIT"], parameters={"seed": 1})


def wrong_fields_are_reported(client: Client) -> None:
    client.chat("m", temperature=0)  # pyright: ignore[reportCallIssue]
    client.chat("m", keep_alive=b"5m")  # pyright: ignore[reportArgumentType, reportCallIssue]
    client.generate("m", tools=[add])  # pyright: ignore[reportCallIssue]

"""Streams as bodies: what is sent when, and when a client is given up. Without a socket: the server
in between is played here."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from paddock.errors import DecodeError
from paddock.server.streaming import Lines, event, streamed
from paddock.stream import Channel, Plain, Stream

Message = dict[str, Any]


class Connection:
    """A client that reads as it likes: `send` waits for `reads`."""

    def __init__(self) -> None:
        self.sent: list[Message] = []
        self.sends = 0
        """Those begun."""
        self.reads = asyncio.Event()
        self.reads.set()
        self.leaves = asyncio.Event()

    async def receive(self) -> Message:
        await self.leaves.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        self.sends += 1
        await self.reads.wait()
        self.sent.append(message)

    @property
    def bodies(self) -> list[bytes]:
        return [message["body"] for message in self.sent[1:]]

    @property
    def is_complete(self) -> bool:
        return not self.sent[-1].get("more_body", True)

    async def reply(self, channel: Channel, **fields: Any) -> None:
        """Have the answer in the channel sent."""
        stream = Stream[Any](channel, Plain(), lambda parts: parts[-1])
        response = await streamed(self.receive, stream, Lines(lambda part: part), **fields)
        await response({"type": "http"}, self.receive, self.send)


@pytest.fixture
async def connection() -> Connection:
    return Connection()


async def when(claim: Callable[[], bool]) -> None:
    while not claim():  # noqa: ASYNC110 - claims are about what has no event
        await asyncio.sleep(0.001)


async def replying(connection: Connection, channel: Channel, **fields: Any) -> "asyncio.Task[None]":
    """A reply whose first part was sent."""
    channel.put(1)
    task = asyncio.create_task(connection.reply(channel, **fields))
    await when(lambda: len(connection.sent) == 2)
    return task


async def test_each_part_is_sent_as_it_comes(connection: Connection):
    channel = Channel()
    task = await replying(connection, channel)
    channel.put(2)
    await when(lambda: len(connection.bodies) == 2)
    channel.finish()
    await task
    assert connection.bodies == [b"1\n", b"2\n", b""]
    assert connection.is_complete


async def test_what_came_meanwhile_is_sent_at_once(connection: Connection):
    channel = Channel()
    task = await replying(connection, channel)
    connection.reads.clear()
    channel.put(2)
    await when(lambda: connection.sends == 3)
    channel.put(3)
    channel.put(4)
    channel.finish()
    connection.reads.set()
    await task
    assert b"".join(connection.bodies) == b"1\n2\n3\n4\n"
    assert connection.bodies[2] == b"3\n4\n"


async def test_an_error_in_the_middle_is_the_last_line(connection: Connection):
    channel = Channel()
    task = await replying(connection, channel)
    channel.fail(DecodeError("no more"))
    await task
    assert connection.bodies[1:] == [b'{"error":"no more"}\n']
    assert connection.is_complete


async def test_an_error_before_the_first_part_is_raised(connection: Connection):
    channel = Channel()
    channel.fail(DecodeError("nothing"))
    with pytest.raises(DecodeError):
        await connection.reply(channel)
    assert connection.sent == []


async def test_a_client_that_leaves_ends_the_work(connection: Connection):
    channel = Channel()
    task = await replying(connection, channel)
    connection.leaves.set()
    await task
    assert channel.cancelled
    assert not connection.is_complete


async def test_a_client_that_reads_nothing_is_given_up(connection: Connection):
    channel = Channel()
    task = await replying(connection, channel, patience=0.05)
    connection.reads.clear()
    channel.put(2)
    await task
    assert channel.cancelled
    assert not connection.is_complete


async def test_a_client_that_reads_nothing_of_the_end_is_given_up(connection: Connection):
    channel = Channel()
    task = await replying(connection, channel, patience=0.05)
    connection.reads.clear()
    channel.finish()
    await task
    assert not connection.is_complete


async def test_an_engine_that_takes_its_time_is_waited_for(connection: Connection):
    channel = Channel()
    task = await replying(connection, channel, patience=0.02)
    await asyncio.sleep(0.1)
    channel.put(2)
    channel.finish()
    await task
    assert connection.is_complete


async def test_a_client_that_reads_slowly_gets_everything(connection: Connection):
    channel = Channel()
    task = await replying(connection, channel, patience=5)

    async def read(number: int) -> None:
        connection.reads.clear()
        channel.put(number)
        await asyncio.sleep(0.005)
        connection.reads.set()
        await when(lambda: len(connection.bodies) == number)

    for number in range(2, 20):
        await read(number)
    channel.finish()
    await task
    assert connection.bodies[:-1] == [b"%d\n" % number for number in range(1, 20)]


def test_events_are_framed() -> None:
    assert event({"a": 1}, "b") == b'event: b\ndata: {"a":1}\n\n'
    assert event("[DONE]") == b"data: [DONE]\n\n"

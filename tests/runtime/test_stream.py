import asyncio
import gc
import os
import threading
import time
import weakref
from collections.abc import Callable
from typing import Any

import pytest

from paddock.errors import DecodeError, EngineClosedError
from paddock.stream import Cancelled, Channel, Named, Plain, Stream

PAUSE = 0.02
"""Long enough for the other side to fall asleep."""


def stream_of(channel: Channel) -> "Stream[Any]":
    return Stream(channel, Plain(), lambda parts: parts)


def later(*actions: Callable[[], object]) -> threading.Thread:
    """Do the actions on another thread, each after the consumer has fallen asleep."""

    def work() -> None:
        for action in actions:
            time.sleep(PAUSE)
            action()

    thread = threading.Thread(target=work)
    thread.start()
    return thread


class Doubler:
    """A reader that gives each item twice, and tells when it is finished."""

    def feed(self, item: Any) -> list[Any]:
        return [item, item]

    def finish(self) -> list[Any]:
        return ["end"]


# -- producing


def test_what_was_put_before_the_consumer_came_is_there() -> None:
    channel = Channel()
    channel.put(1)
    channel.put(2)
    channel.finish()
    assert list(stream_of(channel)) == [1, 2]


def test_a_waiting_consumer_gets_each_part_as_it_comes() -> None:
    channel, seen = Channel(), threading.Event()
    stream = stream_of(channel)

    def second() -> None:
        assert seen.wait(5), "the first part arrived before the second was made"
        channel.put(2)

    producer = later(lambda: channel.put(1), second, channel.finish)
    assert next(stream.__iter__()) == 1
    seen.set()
    assert list(stream) == [2]
    producer.join()


def test_what_was_added_waits_for_the_producer_to_wake_the_consumer() -> None:
    channel = Channel()
    stream = stream_of(channel)
    producer = later(lambda: channel.add(1), lambda: (channel.add(2), channel.wake()))
    assert next(stream) == 1
    assert stream.take_ready() == [2]
    producer.join()
    channel.add(3)
    channel.finish()
    assert list(stream) == [3]
    channel = Channel()
    stream_of(channel).close()
    with pytest.raises(Cancelled):
        channel.add(1)


def test_every_item_arrives_once_and_in_order_while_the_producer_runs() -> None:
    channel = Channel()

    def produce() -> None:
        for number in range(20_000):
            channel.put(number)
        channel.finish()

    thread = threading.Thread(target=produce)
    thread.start()
    assert list(stream_of(channel)) == list(range(20_000))
    thread.join()


async def test_every_item_arrives_on_an_event_loop_too() -> None:
    channel = Channel()

    def produce() -> None:
        for number in range(20_000):
            channel.put(number)
        channel.finish()

    thread = threading.Thread(target=produce)
    thread.start()
    assert [part async for part in stream_of(channel)] == list(range(20_000))
    thread.join()


async def test_a_consumer_that_never_waits_lets_its_loop_go_on() -> None:
    channel, turns = Channel(), 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    channel.put(0)
    beside = asyncio.create_task(others())
    async for part in stream_of(channel):
        if part == 100:
            break
        channel.put(part + 1)  # an engine that is always ahead
    beside.cancel()
    assert turns >= 100


async def test_parts_that_are_there_are_taken_together() -> None:
    channel = Channel()
    stream = stream_of(channel)
    assert stream.take_ready() == []
    channel.put(1)
    channel.put(2)
    assert await anext(stream) == 1
    channel.put(3)
    assert stream.take_ready() == [2, 3]
    channel.put(4)
    channel.fail(DecodeError("no more"))
    assert stream.take_ready() == [4]
    with pytest.raises(DecodeError):
        await anext(stream)
    assert stream.take_ready() == []


def test_a_closed_stream_has_nothing_ready() -> None:
    channel = Channel()
    stream = stream_of(channel)
    channel.put(1)
    stream.close()
    assert stream.take_ready() == []


def test_result_folds_all_parts() -> None:
    channel = Channel()
    producer = later(lambda: channel.put("a"), lambda: channel.put("b"), channel.finish)
    assert Stream(channel, Plain(), "".join).result() == "ab"
    producer.join()


def test_result_sleeps_until_the_end() -> None:
    channel, wakes = Channel(), []
    stream = stream_of(channel)
    pump = stream._pump

    def counted() -> bool:
        wakes.append(channel.finished)
        return pump()

    stream._pump = counted  # type: ignore[method-assign]
    producer = later(*(lambda i=i: channel.put(i) for i in range(5)), channel.finish)
    assert stream.result() == [0, 1, 2, 3, 4]
    assert wakes == [True], "one wake-up, at the end, and none per token"
    producer.join()


async def test_awaiting_sleeps_until_the_end_too() -> None:
    waits: list[bool] = []

    class Counted(Channel):
        def arm(self, bell: Callable[[], None], *, every: bool) -> bool:
            waits.append(every)
            return super().arm(bell, every=every)

    channel = Counted()
    producer = later(*(lambda i=i: channel.put(i) for i in range(5)), channel.finish)
    assert await stream_of(channel) == [0, 1, 2, 3, 4]
    assert waits == [False]
    producer.join()


def test_result_gives_what_iteration_left() -> None:
    channel = Channel()
    for number in range(3):
        channel.put(number)
    channel.finish()
    stream = stream_of(channel)
    assert next(iter(stream)) == 0
    assert stream.result() == [1, 2]


# -- failing


def test_an_error_comes_after_the_parts_before_it_and_once() -> None:
    channel = Channel()
    channel.put(1)
    channel.fail(DecodeError("broken"))
    stream = stream_of(channel)
    assert next(iter(stream)) == 1
    with pytest.raises(DecodeError, match="broken"):
        next(iter(stream))
    assert list(stream) == []


def test_result_raises_the_error_of_the_producer() -> None:
    channel = Channel()
    producer = later(lambda: channel.put(1), lambda: channel.fail(DecodeError("broken")))
    with pytest.raises(DecodeError):
        stream_of(channel).result()
    producer.join()


async def test_an_error_reaches_async_consumers() -> None:
    for consume in (lambda stream: stream.__anext__(), lambda stream: stream._aresult()):
        channel = Channel()
        producer = later(lambda channel=channel: channel.fail(DecodeError("broken")))
        with pytest.raises(DecodeError):
            await consume(stream_of(channel))
        producer.join()


def test_a_reader_that_fails_ends_the_work() -> None:
    class Broken(Plain):
        def feed(self, item: Any) -> list[Any]:
            raise TypeError(item)

    channel = Channel()
    channel.put(1)
    stream: Stream[Any] = Stream(channel, Broken(), lambda parts: parts)
    channel.finish()
    with pytest.raises(TypeError):
        stream.result()


@pytest.mark.parametrize("consume", [next, lambda stream: asyncio.run(anext(stream))])
def test_iterating_a_stream_whose_reader_fails_ends_the_work(
    consume: Callable[[Any], Any],
) -> None:
    class Broken(Plain):
        def feed(self, item: Any) -> list[Any]:
            raise TypeError(item)

    channel = Channel()
    stream: Stream[Any] = Stream(channel, Broken(), lambda parts: parts)
    channel.put(1)
    with pytest.raises(TypeError):
        consume(stream)
    assert channel.cancelled


# -- giving up


def test_closing_tells_the_producer_once() -> None:
    channel, told = Channel(), []
    channel.on_cancel(lambda: told.append("cancel"))
    channel.on_end(lambda: told.append("end"))
    stream = stream_of(channel)
    stream.close()
    stream.close()
    assert told == ["cancel", "end"]
    with pytest.raises(Cancelled):
        channel.put(1)
    assert list(stream) == []


def test_closing_after_the_end_tells_nobody() -> None:
    channel, told = Channel(), []
    channel.on_cancel(lambda: told.append("cancel"))
    channel.on_end(lambda: told.append("end"))
    channel.finish()
    stream_of(channel).close()
    assert told == ["end"]


def test_who_registers_after_the_consumer_left_hears_at_once() -> None:
    channel, told = Channel(), []
    stream_of(channel).close()
    channel.on_cancel(lambda: told.append("cancel"))
    channel.on_end(lambda: told.append("end"))
    assert told == ["cancel", "end"]


@pytest.mark.parametrize("consume", [list, lambda stream: stream.result()])
def test_closing_from_another_thread_wakes_the_consumer(consume: Callable[[Any], Any]) -> None:
    channel = Channel()
    channel.put(1)
    stream: Stream[Any] = Stream(channel, Plain(), lambda parts: parts)
    closer = later(stream.close)
    assert consume(stream) in ([], [1])
    closer.join()
    assert channel.cancelled


async def test_closing_from_another_thread_wakes_the_event_loop() -> None:
    channel = Channel()
    stream = stream_of(channel)
    closer = later(stream.close)
    assert [part async for part in stream] == []
    closer.join()


def test_dropping_the_last_reference_gives_up() -> None:
    channel = Channel()
    stream = stream_of(channel)
    channel.put(1)
    assert next(iter(stream)) == 1
    del stream
    gc.collect()
    assert channel.cancelled


def test_breaking_out_of_a_loop_gives_up() -> None:
    channel = Channel()
    channel.put(1)

    def read(stream: "Stream[Any]") -> None:
        for _ in stream:
            break

    read(stream_of(channel))
    assert channel.cancelled


async def test_leaving_with_blocks_gives_up() -> None:
    for leave_async in (False, True):
        channel = Channel()
        stream = stream_of(channel)
        if leave_async:
            async with stream:
                pass
        else:
            with stream:
                pass
        assert channel.cancelled


@pytest.mark.parametrize("whole", [False, True])
async def test_cancelling_the_task_gives_up(whole: bool) -> None:
    channel = Channel()
    stream = stream_of(channel)

    async def consume() -> Any:
        return await stream if whole else await stream.__anext__()

    task = asyncio.create_task(consume())
    await asyncio.sleep(PAUSE)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert channel.cancelled


async def test_cancelling_a_task_that_never_waits_gives_up() -> None:
    channel = Channel()
    stream = stream_of(channel)

    async def consume() -> None:
        channel.put(0)
        async for _ in stream:
            channel.put(0)

    task = asyncio.create_task(consume())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert channel.cancelled


async def test_a_timeout_gives_up() -> None:
    channel = Channel()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(PAUSE):
            await stream_of(channel)
    assert channel.cancelled


def test_an_interrupt_while_waiting_for_the_whole_gives_up() -> None:
    channel = Channel()
    stream = stream_of(channel)

    def interrupted(*, every: bool) -> None:
        raise KeyboardInterrupt

    stream._wait = interrupted  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        stream.result()
    assert channel.cancelled


def test_a_loop_that_closes_under_its_consumer_ends_the_work() -> None:
    channel = Channel()
    stream = stream_of(channel)
    loop = asyncio.new_event_loop()
    task = loop.create_task(anext(aiter(stream)))  # type: ignore[arg-type]
    loop.run_until_complete(asyncio.sleep(PAUSE))
    task._log_destroy_pending = False  # type: ignore[attr-defined]
    loop.close()
    channel.put(1)
    assert channel.cancelled


# -- several threads and loops


def test_one_answer_can_be_read_by_several_loops_one_after_another() -> None:
    channel = Channel()
    stream = stream_of(channel)
    channel.put(1)
    assert asyncio.run(stream.__anext__()) == 1
    producer = later(lambda: channel.put(2), channel.finish)
    assert asyncio.run(stream._aresult()) == [2]
    producer.join()


def test_many_loops_on_many_threads_wait_at_the_same_time() -> None:
    channels = [Channel() for _ in range(8)]
    answers: list[Any] = [None] * 8

    def consume(index: int) -> None:
        answers[index] = asyncio.run(stream_of(channels[index])._aresult())

    threads = [threading.Thread(target=consume, args=(index,)) for index in range(8)]
    for thread in threads:
        thread.start()
    time.sleep(PAUSE)
    for index, channel in enumerate(channels):
        channel.put(index)
        channel.finish()
    for thread in threads:
        thread.join(5)
    assert answers == [[index] for index in range(8)]


def test_a_sync_consumer_can_go_on_where_an_async_one_stopped() -> None:
    channel = Channel()
    stream = stream_of(channel)
    channel.put(1)
    channel.put(2)
    channel.finish()
    assert asyncio.run(stream.__anext__()) == 1
    assert list(stream) == [2]


# -- mapping


def test_map_reads_the_same_answer_through_another_reader() -> None:
    channel = Channel()
    stream = stream_of(channel).map(Doubler(), tuple)
    gc.collect()
    assert not channel.cancelled, "the first view was dropped, not given up"
    channel.put(1)
    channel.finish()
    assert stream.result() == (1, 1, "end")


def test_what_readers_hold_back_comes_out_at_the_end_of_a_chain() -> None:
    channel = Channel()
    first: Stream[Any] = Stream(channel, Doubler(), list)
    stream = first.map(Doubler(), list)
    channel.put(1)
    channel.finish()
    assert stream.result() == [1, 1, 1, 1, "end", "end", "end"]


def test_a_reader_is_not_finished_after_an_error() -> None:
    channel = Channel()
    channel.fail(DecodeError("broken"))
    stream: Stream[Any] = Stream(channel, Doubler(), list)
    with pytest.raises(DecodeError):
        next(iter(stream))
    assert list(stream) == []


def test_dropping_a_mapped_stream_gives_up() -> None:
    channel = Channel()
    stream = stream_of(channel).map(Doubler(), list)
    del stream
    gc.collect()
    assert channel.cancelled


# -- processes


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_neither_waits_for_its_parents_answers_nor_ends_them() -> None:
    channel, told = Channel(), []
    channel.on_cancel(lambda: told.append("cancel"))
    channel.put(1)
    stream = stream_of(channel)
    child = os.fork()
    if child == 0:
        try:
            assert next(iter(stream)) == 1
            with pytest.raises(EngineClosedError, match="forked"):
                stream.result()
            del stream
            assert told == []
            os._exit(0)
        finally:
            os._exit(1)
    assert os.waitpid(child, 0)[1] == 0
    channel.finish()
    assert stream.result() == [1]


# -- ids


def test_an_id_finds_what_goes_on_under_it_and_nothing_else() -> None:
    named = Named()
    first, second, other = named.channel("a"), named.channel("a"), named.channel("b")
    unnamed = named.channel(None)
    assert named.call_off("a")
    assert [c.called_off for c in (first, second, other, unnamed)] == [True, True, False, False]
    assert not named.call_off("c")
    other.finish()
    assert not named.call_off("b"), "it has ended"
    stream_of(first).close()
    assert named.call_off("a"), "its twin goes on"
    second.fail(DecodeError("x"))
    assert not named.call_off("a")


def test_an_id_keeps_no_channel_alive() -> None:
    named = Named()
    gone = weakref.ref(named.channel("a"))
    gc.collect()
    assert gone() is None
    assert not named.call_off("a")

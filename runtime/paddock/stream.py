"""Stream[T]: what a caller iterates, and Channel, the one-way pipe that feeds it.

The only meeting point of engine threads, callers' threads and event loops. Knows no engine and no
wire type. One object serves `for`, `async for`, `.result()` and `await`.
"""

import asyncio
import os
import weakref
from collections import deque
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from queue import SimpleQueue
from typing import Any, Generic, Protocol, TypeVar

from paddock.errors import EngineClosedError

T = TypeVar("T")

_forks = 0
"""How often this process, or one it descends from, was forked: whoever feeds an older channel is
not here."""


def _count_fork() -> None:
    global _forks
    _forks += 1


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_count_fork)


class Cancelled(Exception):  # noqa: N818 - a signal between threads, not an error of the user
    """Raised to a producer by `Channel.put` once nobody will read what it makes."""


class Channel:
    """Items from any thread to one consumer. `put` never blocks; the consumer waits for a bell.

    The producer ends with `finish` or `fail`; the consumer gives up with `cancel`, which calls what
    the producer registered with `on_cancel`, at most once. What was registered with `on_end` is
    called once in either case. Anybody may `call_off` what it carries: the producer, who looks
    before every step, then ends it with what there is. In a forked child it is cut off: what had
    arrived can be read, then it fails.
    """

    __slots__ = (
        "__weakref__",
        "_bell",
        "_every",
        "_fork",
        "_items",
        "_on_cancel",
        "_on_end",
        "called_off",
        "cancelled",
        "finished",
    )

    def __init__(self) -> None:
        self._fork = _forks
        self._items: deque[Any] = deque()
        self._bell: Callable[[], None] | None = None
        self._every = True
        self._on_cancel: Callable[[], object] | None = None
        self._on_end: Callable[[], None] | None = None
        self.finished = False
        self.cancelled = False
        self.called_off = False

    # producer

    def put(self, item: object) -> None:
        self.add(item)
        self.wake()

    def add(self, item: object) -> None:
        """`put` without waking the consumer, which `wake` does."""
        if self.cancelled:
            raise Cancelled
        self._items.append(item)

    def wake(self) -> None:
        if self._every:
            self._ring()

    def finish(self) -> None:
        self.finished = True
        self._run_end()
        self._ring()

    def fail(self, error: BaseException) -> None:
        self._items.append(_Failure(error))
        self.finish()

    def on_cancel(self, action: Callable[[], object]) -> None:
        """Have `action` called when the consumer gives up; at once if it already has."""
        self._on_cancel = action
        if self.cancelled:
            self._run_cancel()

    def on_end(self, action: Callable[[], None]) -> None:
        """Have `action` called when nothing more will come or be read; at once if that is so."""
        self._on_end = action
        if self.finished or self.cancelled:
            self._run_end()

    def _run_end(self) -> None:
        action, self._on_end = self._on_end, None
        if action is not None:
            action()

    def _ring(self) -> None:
        bell, self._bell = self._bell, None
        if bell is not None:
            bell()

    # others

    def call_off(self) -> bool:
        """Ask for the end; False if it has come already."""
        if self.finished or self.cancelled:
            return False
        self.called_off = True
        return True

    # consumer

    def cancel(self) -> None:
        if self._is_inherited():
            self.cancelled = True  # the parent's work goes on, and its locks are not ours
        elif not self.finished and not self.cancelled:
            self.cancelled = True
            self._run_cancel()
            self._run_end()
            self._ring()

    def _run_cancel(self) -> None:
        action, self._on_cancel = self._on_cancel, None
        if action is not None:
            action()

    def arm(self, bell: Callable[[], None], *, every: bool) -> bool:
        """Have `bell` called once when something can be read; False if that is so already.

        With `every` false only the end rings, which spares a caller that wants the whole answer one
        wake-up per token.
        """
        if self._is_inherited() and not self.finished:
            self._items.append(_Failure(EngineClosedError(_LEFT_BEHIND)))
            self.finished = True
        self._every, self._bell = every, bell
        if self.finished or self.cancelled or (every and self._items):
            self._bell = None
            return False
        return True

    def _is_inherited(self) -> bool:
        return self._fork != _forks

    def take(self) -> list[Any]:
        items: list[Any] = []
        while self._items:
            items.append(self._items.popleft())
        return items


_LEFT_BEHIND = "the answer belongs to the process that this one was forked from; ask again here"


class _Failure:
    __slots__ = ("error",)

    def __init__(self, error: BaseException) -> None:
        self.error = error


class Named:
    """The channels of requests that have an id. Any thread may call this; it keeps none alive.

    Without a lock, which a fork could find locked: each use of the dict is one step.
    """

    def __init__(self) -> None:
        self._ids: dict[weakref.ref[Channel], str] = {}

    def channel(self, request_id: str | None) -> Channel:
        """A new one."""
        channel = Channel()
        if request_id is not None:
            self._ids[weakref.ref(channel, self._forget)] = request_id
        return channel

    def call_off(self, request_id: str) -> bool:
        """End what has this id; False if there is nothing of it."""
        found = [ref() for ref, own in list(self._ids.items()) if own == request_id]
        ended = [channel.call_off() for channel in found if channel is not None]
        return any(ended)

    def _forget(self, ref: "weakref.ref[Channel]") -> None:
        self._ids.pop(ref, None)


class Reader(Protocol[T]):
    """Turns a channel's items into what the caller sees; runs on the caller's side."""

    def feed(self, item: Any, /) -> list[T]: ...

    def finish(self) -> list[T]: ...


class Plain:
    """The Reader of channels whose items are already what the caller sees."""

    def feed(self, item: Any) -> list[Any]:
        return [item]

    def finish(self) -> list[Any]:
        return []


class Stream(Generic[T]):
    """The answer to one request: iterate it, or ask for the whole.

    `for part in stream`, `async for part in stream`: the parts as they come, from any thread or
    event loop, but only one consumer. `stream.result()`, `await stream`: the parts folded into one
    response. Leaving a `with`/`async with` block, `close()`, cancelling the awaiting task, or
    dropping the last reference stops the work behind it.
    """

    def __init__(self, channel: Channel, reader: Reader[T], fold: Callable[[list[T]], T]) -> None:
        self._channel = channel
        self._reader = reader
        self._fold = fold
        self._ready: deque[T] = deque()
        self._error: BaseException | None = None
        self._drained = False
        self._doorbell: SimpleQueue[None] | None = None
        # A finalizer, not __del__: it must hold the channel alone, or nothing would ever be
        # dropped.
        self._finalizer = weakref.finalize(self, channel.cancel)
        self._finalizer.atexit = False

    def map(self, reader: Reader[Any], fold: Callable[[list[Any]], Any]) -> "Stream[Any]":
        """The same answer seen through another reader; this object must not be used afterwards."""
        self._finalizer.detach()
        return Stream(self._channel, _Chain(self._reader, reader), fold)

    def close(self) -> None:
        """Stop the work and end the iteration. Idempotent, callable from any thread."""
        self._drained = True
        self._ready.clear()
        self._channel.cancel()

    async def aclose(self) -> None:
        self.close()

    def take_ready(self) -> list[T]:
        """The parts that are there without waiting; what is behind them, the end or an error, is
        for the next step of an iteration."""
        if not self._drained:
            self._pump()
        parts = list(self._ready)
        self._ready.clear()
        return parts

    # sync

    def __iter__(self) -> Iterator[T]:
        return self

    def __next__(self) -> T:
        while not self._ready:
            if self._is_over():
                raise StopIteration
            if not self._pump():
                self._wait(every=True)
        return self._ready.popleft()

    def result(self) -> T:
        """Wait for the end and return the whole response."""
        parts: list[T] = []
        try:
            while not self._channel.finished and not self._drained:
                self._wait(every=False)
            parts.extend(self)
        except BaseException:
            self.close()
            raise
        return self._fold(parts)

    def __enter__(self) -> "Stream[T]":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # async

    def __aiter__(self) -> AsyncIterator[T]:
        return self

    async def __anext__(self) -> T:
        if not self._ready and not self._drained and self._pump():
            await self._step_aside()
        while not self._ready:
            if self._is_over():
                raise StopAsyncIteration
            if not self._pump():
                await self._wait_async(every=True)
        return self._ready.popleft()

    def __await__(self) -> Generator[Any, None, T]:
        return self._aresult().__await__()

    async def _aresult(self) -> T:
        while not self._channel.finished and not self._drained:
            await self._wait_async(every=False)
        return self._fold([part async for part in self])

    async def __aenter__(self) -> "Stream[T]":
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()

    # both

    def _is_over(self) -> bool:
        if self._drained and self._error is not None:
            error, self._error = self._error, None
            raise error
        return self._drained

    def _pump(self) -> bool:
        """Read what has arrived; True if that gave parts or the end."""
        finished = self._channel.finished
        try:
            for item in self._channel.take():
                if isinstance(item, _Failure):
                    self._error = item.error
                else:
                    self._ready.extend(self._reader.feed(item))
            if finished and not self._drained:
                self._drained = True
                if self._error is None:
                    self._ready.extend(self._reader.finish())
        except BaseException:
            self.close()  # what cannot be read need not be made
            raise
        return bool(self._ready) or self._drained

    def _wait(self, *, every: bool) -> None:
        # SimpleQueue waits in C and wakes in about a microsecond; a Condition takes tens.
        if self._doorbell is None:
            self._doorbell = SimpleQueue()
        doorbell = self._doorbell
        if self._channel.arm(lambda: doorbell.put(None), every=every):
            doorbell.get()

    async def _step_aside(self) -> None:
        """Let the loop go on: a consumer that is slower than the engine never waits for it."""
        try:
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            self.close()
            raise

    async def _wait_async(self, *, every: bool) -> None:
        loop = asyncio.get_running_loop()
        arrived = loop.create_future()

        def ring() -> None:
            try:
                loop.call_soon_threadsafe(_set, arrived)
            except RuntimeError:  # the loop was closed under us: nobody waits any more
                self._channel.cancel()

        if self._channel.arm(ring, every=every):
            try:
                await arrived
            except asyncio.CancelledError:
                self.close()
                raise


class Errand(Generic[T]):
    """Work for the caller's own thread, in the shape of an answer: `result()` does it, and `await`
    has a thread do it."""

    def __init__(self, work: Callable[[], T]) -> None:
        self._work = work

    def result(self) -> T:
        return self._work()

    def __await__(self) -> Generator[Any, None, T]:
        return asyncio.to_thread(self._work).__await__()


def _set(future: "asyncio.Future[None]") -> None:
    if not future.done():
        future.set_result(None)


class _Chain:
    """Two readers, one behind the other."""

    def __init__(self, first: Reader[Any], second: Reader[Any]) -> None:
        self._first, self._second = first, second

    def feed(self, item: Any) -> list[Any]:
        return [out for part in self._first.feed(item) for out in self._second.feed(part)]

    def finish(self) -> list[Any]:
        parts = [out for part in self._first.finish() for out in self._second.feed(part)]
        return parts + self._second.finish()

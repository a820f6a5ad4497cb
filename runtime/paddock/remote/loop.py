"""The one thread on which this process speaks HTTP, and the event loop that runs there.

Callers are threads and event loops of any number, and loops come and go, while a connection belongs
to the loop that opened it. So all connections live on a loop of their own, which outlasts every
caller: no caller's loop is ever blocked, thousands of requests need one thread, and cancelling one
is cancelling its task, which closes its connection. Callers meet it at a Channel alone. The thread
starts with the first request. After a fork the child starts another.
"""

import asyncio
import atexit
import contextlib
import os
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, Final, TypeVar

T = TypeVar("T")

_PATIENCE: Final = 2.0
_inherited: list[object] = []
"""What a forked child got from its parent: never used again, and never freed, since the sockets and
the selector are the parent's too."""


class Loop:
    """An event loop on a daemon thread."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="paddock-http", daemon=True)
        self._thread.start()

    def submit(self, work: Coroutine[Any, Any, T]) -> "Future[T]":
        """Run it there; cancelling the future cancels the task. Any thread may call this."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def call_soon(self, action: Callable[[], object]) -> None:
        """Do it there; not at all if the loop has ended."""
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(action)

    def stop(self) -> None:
        """Cancel everything and end the thread."""
        self.call_soon(self._loop.stop)
        self._thread.join(_PATIENCE)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
            self._loop.run_until_complete(self._wind_up())
        finally:
            self._loop.close()

    async def _wind_up(self) -> None:
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)


_current: Loop | None = None
_lock = threading.Lock()


def current() -> Loop:
    """The loop of this process."""
    global _current
    with _lock:
        if _current is None:
            _current = Loop()
        return _current


def _after_fork_in_child() -> None:
    global _current, _lock
    _inherited.append(_current)
    _current, _lock = None, threading.Lock()


def _at_exit() -> None:
    if _current is not None:
        _current.stop()


atexit.register(_at_exit)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)

"""What one client has on the HTTP thread: its connections, opened by the first request, and the
requests that are under way. Knows no request and no answer.
"""

import asyncio
import os
import weakref
from collections.abc import Callable, Coroutine, Mapping
from typing import TYPE_CHECKING, Any, Final

from paddock.errors import EngineClosedError
from paddock.remote import loop
from paddock.remote.address import Address
from paddock.stream import Cancelled, Channel

if TYPE_CHECKING:
    from paddock.remote.connection import Connection

_CLOSED: Final = "the client was closed; make a new one"
_links: "weakref.WeakSet[Link]" = weakref.WeakSet()
_inherited: list[object] = []

Work = Callable[["Connection", Channel], Coroutine[Any, Any, None]]


class Link:
    """The connections to one server. `start` and `close` may be called from any thread."""

    def __init__(self, address: Address, options: Mapping[str, Any], api_key: str) -> None:
        self._arguments = address, options, api_key
        self._is_closed = False
        self._begin()
        _links.add(self)

    def _begin(self) -> None:
        """What belongs to this process alone."""
        self._home: loop.Loop | None = None
        self._opening: asyncio.Task[Connection] | None = None
        self._running: set[asyncio.Task[Any]] = set()

    def start(self, channel: Channel, work: Work) -> None:
        """Have `work` fill the channel; giving the channel up cancels it."""
        self._home = loop.current()
        running = self._home.submit(self._run(channel, work))
        channel.on_cancel(running.cancel)

    def close(self) -> None:
        """End what is under way with EngineClosedError. Waits until the connections are closed."""
        self._is_closed = True
        if self._home is not None:
            self._home.submit(self._close()).result()

    def abandon(self) -> None:
        """Close without waiting, once nobody can use it any more."""
        home = self._home
        if home is not None:
            home.call_soon(lambda: asyncio.ensure_future(self._close()))

    def forget(self) -> None:
        """In a forked child: what is open is the parent's."""
        _inherited.append((self._opening, self._running))
        self._begin()

    # on the loop

    async def _run(self, channel: Channel, work: Work) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._running.add(task)
        try:
            if self._is_closed:
                raise EngineClosedError(_CLOSED)
            await work(await self._connection(), channel)
            channel.finish()
        except Cancelled:
            pass
        except asyncio.CancelledError:
            if not channel.cancelled:
                channel.fail(EngineClosedError(_CLOSED))
            raise
        except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
            channel.fail(error)
        finally:
            self._running.discard(task)

    async def _connection(self) -> "Connection":
        if self._opening is None:
            self._opening = asyncio.ensure_future(asyncio.to_thread(self._open))
        opening = self._opening
        try:
            return await asyncio.shield(opening)
        except Exception:
            if self._opening is opening:  # what the certificates lack now, they may have next time
                self._opening = None
            raise

    def _open(self) -> "Connection":
        # On a thread: importing httpx and reading certificates takes long.
        from paddock.remote.connection import Connection

        return Connection(*self._arguments)

    async def _close(self) -> None:
        running, opening = set(self._running), self._opening
        self._opening = None
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        if opening is not None:
            (opened,) = await asyncio.gather(opening, return_exceptions=True)
            if not isinstance(opened, BaseException):
                await opened.close()


def _after_fork_in_child() -> None:
    for link in list(_links):
        link.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)

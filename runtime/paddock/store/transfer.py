"""Patience and stopping: how often, how long, how many, and how it all ends at once.

Knows threads, sockets and time; knows no HTTP and no blob.
"""

import contextlib
import socket
from collections.abc import Callable, Generator
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any

from paddock.errors import TransferError
from paddock.stream import Cancelled


@dataclass(frozen=True, slots=True)
class Policy:
    """How patient and how greedy transfers are. Times are seconds."""

    streams: int = 16
    """Most parts on their way at once."""
    plenty: float = 100e6
    """Bytes per second at which another stream would win nothing."""
    ramp: float = 0.25
    """Time after which the next stream is opened, while there is not plenty."""
    attempts: int = 6
    """In a row, without a byte that counts between them."""
    first_wait: float = 1.0
    """Doubled after each attempt."""
    progress: int = 1024
    """Bytes that count: with less, an attempt is one that failed."""
    connect: float = 30.0
    stall: float = 30.0
    """Silence after which a connection is given up."""
    tick: float = 0.06
    """Between reports of progress."""
    save: float = 1.0
    """Between savings of what has come."""
    refresh: float = 600.0
    """Between touches that keep a long transfer's files young."""


class Stop:
    """Ends a transfer from another thread: waits end at once, sockets are shut down.

    `set` may also run inside the garbage collector, on a thread that is in the middle of any other
    method: nothing here takes a lock that it would wait for.
    """

    def __init__(self) -> None:
        self._is_set = False
        self._bell: SimpleQueue[None] = SimpleQueue()
        """Holds something once it is set; whoever takes that puts it back for the next."""
        self._sockets: set[socket.socket] = set()

    def set(self) -> None:
        self._is_set = True
        self._bell.put(None)
        for open_socket in self._sockets.copy():
            _shut_down(open_socket)

    def check(self) -> None:
        if self._is_set:
            raise Cancelled

    def wait(self, seconds: float) -> None:
        self.check()
        with contextlib.suppress(Empty):
            self._bell.get(timeout=seconds)
            self._bell.put(None)
        self.check()

    @contextlib.contextmanager
    def watching(self, stream: Any) -> Generator[None]:
        """Has the connection of an HTTP library's stream shut down by `set`."""
        watched = stream.get_extra_info("socket") if stream is not None else None
        if not isinstance(watched, socket.socket):
            yield
            return
        self._sockets.add(watched)
        try:
            self.check()  # only now: `set` looks at the sockets after it has said so
            yield
        finally:
            self._sockets.discard(watched)


def _shut_down(open_socket: socket.socket) -> None:
    with contextlib.suppress(OSError):  # it was closed meanwhile
        # The plain socket below TLS, whose own way would change what another thread reads from.
        socket.socket.shutdown(open_socket, socket.SHUT_RDWR)


def retry(
    attempt: Callable[[], None], progress: Callable[[], int], policy: Policy, stop: Stop
) -> None:
    """Repeats until it works. The count starts anew whenever bytes arrived; a cut or stalled
    connection costs nothing but the wait. Raises TransferError."""
    failures = 0
    while True:
        before = progress()
        try:
            attempt()
        except TransferError as error:
            if not error.passing:
                raise
            failures = 1 if progress() - before >= policy.progress else failures + 1
            if failures >= policy.attempts:
                raise TransferError(
                    f"max retries exceeded: {error}", remote_status=error.remote_status
                ) from error
            stop.wait(policy.first_wait * 2 ** (failures - 1))
        else:
            return

"""Serves the application on a socket until somebody asks the process to end.

Knows addresses, signals and uvicorn; reads no environment.
"""

import logging
import os
import re
import signal
import socket
import sys
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from paddock import __version__
from paddock.errors import PaddockError, RequestError

logger = logging.getLogger(__name__)

_KEEP_ALIVE: Final = 75
"""Seconds that an idle connection stays open: longer than clients keep theirs."""
_PATIENCE: Final = 10
"""Seconds that answers have to end when the server is stopped."""
_BACKLOG: Final = 2048
_UNREAD: Final = 60_000
"""Milliseconds that what was sent may lie unread before the system ends a connection."""
_GIVEN_UP: Final = "ASGI callable returned without completing response."
"""uvicorn's words for an answer whose client reads nothing: that is told where it is given up."""


def address(url: str) -> tuple[str, int]:
    """Host and port of the URL that a host setting means; no host: every interface."""
    found = re.fullmatch(
        r"\w+://(?:\[(?P<six>[^\]]*)\]|(?P<host>[^:/]*)):(?P<port>\d+)(?:/.*)?", url
    )
    if found is None:
        raise RequestError(f"{url} is no address to listen on; give HOST:PORT")
    return found["six"] or found["host"] or "", int(found["port"])


def listen(host: str, port: int) -> socket.socket:
    """A socket that clients can connect to. Raises PaddockError with the system's reason.

    What is sent leaves at once: asyncio sees to that for sockets of its own making only, and a
    token would wait up to 40 ms for the client's acknowledgement of the one before. Where the
    system can, it ends the connections of clients that are gone or read nothing.
    """
    listener = _listen(host, port)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNREAD)
    return listener


def _listen(host: str, port: int) -> socket.socket:
    shown = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    try:
        if not host and socket.has_dualstack_ipv6():
            return socket.create_server(
                ("", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=_BACKLOG
            )
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        if error.errno and not isinstance(error, socket.gaierror):  # whose numbers are its own
            reason = os.strerror(error.errno)
        else:
            reason = str(error.strerror or error)
        raise PaddockError(f"listen tcp {shown}: bind: {reason.lower()}") from error


def serve(app: ASGIApp, listener: socket.socket, ready: Callable[[], None] = lambda: None) -> None:
    """Answer clients until SIGINT or SIGTERM; then let running answers end, but not for long.

    `ready` is called when the first client may come. A second signal ends at once.
    """
    _raise_file_limit()
    config = uvicorn.Config(
        app,
        http="h11",  # httptools, which is taken where it is installed, reads headers without end
        log_config=None,
        access_log=logger.isEnabledFor(logging.DEBUG),
        ws="none",
        lifespan="off",
        backlog=_BACKLOG,
        timeout_keep_alive=_KEEP_ALIVE,
        timeout_graceful_shutdown=_PATIENCE,
        server_header=False,
        headers=[("server", f"paddock/{__version__}")],
    )
    with _signals_are_no_errors(), _quiet_about(_GIVEN_UP):
        _Server(config, ready).run(sockets=[listener])


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self._ready()


@contextmanager
def _signals_are_no_errors() -> Generator[None]:
    """uvicorn raises what it caught again when it is done; to be stopped is the normal end."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    wanted = (signal.SIGINT, signal.SIGTERM)
    before = {each: signal.signal(each, _pass_over) for each in wanted}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


@contextmanager
def _quiet_about(message: str) -> Generator[None]:
    def is_news(record: logging.LogRecord) -> bool:
        return record.msg != message

    said = logging.getLogger("uvicorn.error")
    said.addFilter(is_news)
    try:
        yield
    finally:
        said.removeFilter(is_news)


def _pass_over(*_: object) -> None:
    """The handler of a signal that has had its effect."""


def _raise_file_limit() -> None:
    """A connection is an open file; the usual soft limit is meant for other programs."""
    if sys.platform == "win32":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        except (ValueError, OSError) as error:
            logger.debug("the limit of open files stays at %d: %s", soft, error)

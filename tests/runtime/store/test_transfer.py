"""Patience and stopping."""

import itertools
import socket
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from paddock.errors import TransferError
from paddock.store.transfer import Policy, Stop, retry
from paddock.stream import Cancelled

POLICY = Policy(attempts=3, first_wait=0.001, progress=10)


def failing(*errors: Exception | None) -> Callable[[], None]:
    left = list(errors)

    def attempt() -> None:
        error = left.pop(0)
        if error is not None:
            raise error

    return attempt


def passing() -> TransferError:
    return TransferError("cut", passing=True)


def test_what_passes_is_tried_again() -> None:
    retry(failing(passing(), passing(), None), lambda: 0, POLICY, Stop())


def test_it_ends_after_so_many_in_a_row() -> None:
    with pytest.raises(TransferError, match="max retries exceeded: cut"):
        retry(failing(passing(), passing(), passing()), lambda: 0, POLICY, Stop())


def test_what_does_not_pass_is_not_tried_again() -> None:
    with pytest.raises(TransferError, match=r"^no$"):
        retry(failing(TransferError("no"), None), lambda: 0, POLICY, Stop())


def test_bytes_make_the_count_start_anew() -> None:
    come = 0

    def attempt() -> None:
        nonlocal come
        come += 10
        if come < 200:
            raise passing()

    retry(attempt, lambda: come, POLICY, Stop())
    assert come == 200


def test_too_few_bytes_do_not() -> None:
    come = 0

    def attempt() -> None:
        nonlocal come
        come += 9
        raise passing()

    with pytest.raises(TransferError, match="max retries"):
        retry(attempt, lambda: come, POLICY, Stop())
    assert come == 27


def test_a_wait_ends_at_once() -> None:
    stop = Stop()
    timer = threading.Timer(0.05, stop.set)
    timer.start()
    begun = time.monotonic()
    with pytest.raises(Cancelled):
        retry(failing(passing()), lambda: 0, Policy(first_wait=60), stop)
    assert time.monotonic() - begun < 10
    timer.join()
    with pytest.raises(Cancelled):
        stop.check()


class Stream:
    def __init__(self, end: socket.socket) -> None:
        self.end = end

    def get_extra_info(self, name: str) -> socket.socket:
        assert name == "socket"
        return self.end


def test_a_read_that_waits_ends_at_once() -> None:
    here, there = socket.socketpair()
    stop = Stop()
    timer = threading.Timer(0.05, stop.set)
    with here, there:
        timer.start()
        with stop.watching(Stream(here)):
            assert here.recv(1) == b""
        timer.join()
        with pytest.raises(Cancelled), stop.watching(Stream(here)):
            raise AssertionError
    stop.set()
    with stop.watching(None):
        pass


def test_it_may_be_set_in_the_middle_of_anything_that_its_own_thread_does() -> None:
    """As the garbage collector would: before each line, those of the standard library included."""
    here, there = socket.socketpair()

    def wait(stop: Stop) -> None:
        stop.wait(0.001)

    def watch(stop: Stop) -> None:
        with stop.watching(Stream(here)):
            stop.check()

    with here, there:
        for work in (wait, watch):
            for line in itertools.count(1):
                if not _set_before(line, work):
                    assert line > 3
                    break


def _set_before(line: int, work: Callable[[Stop], None]) -> bool:
    """Whether `work` has so many lines; it is stopped before that one, on its own thread."""
    stop, left = Stop(), line
    outcome: list[str] = []

    def trace(frame: Any, event: str, _: object) -> Any:
        nonlocal left
        left -= event == "line"
        if event == "line" and left == 0:
            stop.set()
        return trace

    def run() -> None:
        sys.settrace(trace)
        try:
            work(stop)
            outcome.append("done")
        except Cancelled:
            outcome.append("cancelled")
        finally:
            sys.settrace(None)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(20)
    assert outcome, f"hangs when it is set before line {line}"
    if left > 0:
        assert outcome == ["done"]
        return False
    with pytest.raises(Cancelled):
        stop.wait(60)
    return True

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paddock.engine.embedder import Embedder, EmbeddingJob, Vector
from paddock.engine.packing import MAX_TEXTS
from paddock.errors import DecodeError, EngineClosedError, PaddockError, QueueFullError

NAN, NAN_AMONG_OTHERS, BROKEN, BROKEN_AMONG_OTHERS = 901, 902, 903, 904
"""Tokens that spoil a vector or a batch: always, or only if the text is not alone."""


def vector_of(tokens: Sequence[int]) -> Vector:
    """Depends on every token and its place, so that a mix-up shows."""
    weighted = [token * (place + 1) for place, token in enumerate(tokens)]
    return np.array([sum(tokens), sum(weighted), len(tokens)], np.float32)


@dataclass
class FakePooling:
    """Keeps to the rules of PoolingBackend and records what it is asked."""

    n_batch: int = 512
    gate: threading.Event | None = None
    batches: list[list[list[int]]] = field(default_factory=list)
    threads: list[int] = field(default_factory=list)
    started: threading.Event = field(default_factory=threading.Event)
    owner: threading.Thread | None = None
    closed: int = 0

    def embed(self, texts: Sequence[Sequence[int]], *, threads: int) -> list[Vector]:
        self._one_thread()
        assert not self.closed
        assert 1 <= len(texts) <= MAX_TEXTS
        assert all(texts)
        assert sum(map(len, texts)) <= self.n_batch
        self.batches.append([list(text) for text in texts])
        self.threads.append(threads)
        self.started.set()
        if self.gate is not None:
            assert self.gate.wait(10)
        alone = len(texts) == 1
        if any(BROKEN in text or (BROKEN_AMONG_OTHERS in text and not alone) for text in texts):
            raise DecodeError("scripted failure")
        return [self._vector(text, alone=alone) for text in texts]

    def _vector(self, text: Sequence[int], *, alone: bool) -> Vector:
        if NAN in text or (NAN_AMONG_OTHERS in text and not alone):
            return np.full(3, np.nan, np.float32)
        return vector_of(text)

    def _one_thread(self) -> None:
        self.owner = self.owner or threading.current_thread()
        assert self.owner is threading.current_thread(), "one thread owns a context"

    def close(self) -> None:
        self._one_thread()
        self.closed += 1


class Request:
    """One job and what came of it."""

    def __init__(self, *texts: Sequence[int]) -> None:
        self.vectors: dict[int, Vector] = {}
        self.errors: dict[int, PaddockError] = {}
        self._left = len(texts)
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self.job = EmbeddingJob(texts, self._done, self._failed)

    def _done(self, index: int, vector: Vector) -> None:
        assert index not in self.vectors, "each text is answered once"
        self.vectors[index] = vector
        self._count()

    def _failed(self, index: int, error: PaddockError) -> None:
        assert index not in self.errors, "each text fails once"
        self.errors[index] = error
        self._count()

    def _count(self) -> None:
        with self._lock:
            self._left -= 1
            if not self._left:
                self._ended.set()

    def wait(self) -> "Request":
        assert self._ended.wait(10)
        return self

    def check(self) -> None:
        """Every text that was answered has its own vector."""
        for index, vector in self.vectors.items():
            assert vector.tolist() == vector_of(self.job.texts[index]).tolist()


@contextmanager
def embedder_of(*backends: FakePooling, threads: int = 2, **kwargs: Any) -> Iterator[Embedder]:
    embedder = Embedder(backends, threads=threads, **kwargs)
    try:
        yield embedder
    finally:
        for backend in backends:
            if backend.gate is not None:
                backend.gate.set()
        embedder.close()
        assert [backend.closed for backend in backends] == [1] * len(backends)


def ask(embedder: Embedder, *texts: Sequence[int]) -> Request:
    request = Request(*texts)
    embedder.submit(request.job)
    return request


def wait_until(condition: Callable[[], bool]) -> None:
    limit = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < limit
        time.sleep(0.001)


texts = st.lists(st.lists(st.integers(1, 300), min_size=1, max_size=60), min_size=1, max_size=80)


@settings(deadline=None, max_examples=30)
@given(st.lists(texts, min_size=1, max_size=5), st.integers(1, 3))
def test_every_text_of_every_request_gets_its_own_vector(
    requests: list[list[list[int]]], contexts: int
) -> None:
    backends = [FakePooling(n_batch=128) for _ in range(contexts)]
    with embedder_of(*backends) as embedder:
        asked = [ask(embedder, *texts) for texts in requests]
        for request in asked:
            request.wait().check()
    evaluated = sum(len(batch) for backend in backends for batch in backend.batches)
    assert evaluated == sum(map(len, requests)), "no text is evaluated twice"


def test_small_requests_share_a_batch() -> None:
    backend = FakePooling(gate=threading.Event())
    with embedder_of(backend) as embedder:
        first = ask(embedder, [1])
        assert backend.started.wait(5)
        others = [ask(embedder, [number, 7]) for number in range(2, 12)]
        assert backend.gate is not None
        backend.gate.set()
        for request in [first, *others]:
            request.wait().check()
    assert [len(batch) for batch in backend.batches] == [1, 10]


def test_the_longest_texts_of_a_request_come_first() -> None:
    backend = FakePooling(n_batch=128)
    with embedder_of(backend) as embedder:
        ask(embedder, *([1] * length for length in (3, 90, 30, 60))).wait().check()
    assert [len(text) for batch in backend.batches for text in batch] == [90, 60, 30, 3]


def test_a_question_does_not_wait_behind_an_index() -> None:
    backend = FakePooling(n_batch=64, gate=threading.Event())
    with embedder_of(backend) as embedder:
        index = ask(embedder, *([1] * 32 for _ in range(200)))
        assert backend.started.wait(5)
        question = ask(embedder, [5, 6])
        assert backend.gate is not None
        backend.gate.set()
        question.wait().check()
        index.wait()
    assert any([5, 6] in batch for batch in backend.batches[1:3])


def test_work_is_split_among_contexts_and_one_text_gets_all_threads() -> None:
    backends = [FakePooling(), FakePooling()]
    with embedder_of(*backends, threads=4) as embedder:
        ask(embedder, [1, 2]).wait()
        lonely = [backend.threads for backend in backends if backend.threads]
        assert lonely == [[4]]
        for backend in backends:
            backend.gate = threading.Event()
            backend.threads.clear()
            backend.started.clear()
        big = ask(embedder, *([1] * 64 for _ in range(32)))
        for backend in backends:
            assert backend.started.wait(5), "both contexts work on one request"
        for backend in backends:
            backend.gate.set()
        big.wait().check()
    assert all(threads[0] == 2 for threads in (backend.threads for backend in backends))


# -- bad texts


def test_a_text_that_gives_nan_fails_alone_and_by_its_index() -> None:
    with embedder_of(FakePooling()) as embedder:
        request = ask(embedder, [1], [2, 2], [3, NAN], [4], [5]).wait()
        request.check()
        assert sorted(request.vectors) == [0, 1, 3, 4]
        assert list(request.errors) == [2]
        assert "NaN" in str(request.errors[2])


@pytest.mark.parametrize("token", [NAN_AMONG_OTHERS, BROKEN_AMONG_OTHERS])
def test_a_text_that_works_alone_is_tried_alone(token: int) -> None:
    with embedder_of(FakePooling()) as embedder:
        request = ask(embedder, [1], [2, token], [3]).wait()
        request.check()
        assert sorted(request.vectors) == [0, 1, 2]


def test_a_text_that_breaks_its_batch_fails_alone() -> None:
    with embedder_of(FakePooling()) as embedder:
        request = ask(embedder, [1], [2, BROKEN], [3]).wait()
        request.check()
        assert sorted(request.vectors) == [0, 2]
        assert isinstance(request.errors[1], DecodeError)
        assert ask(embedder, [BROKEN]).wait().errors.keys() == {0}
        ask(embedder, [4, 5]).wait().check()


def test_whatever_a_batch_dies_of_the_next_one_is_served() -> None:
    class Dying(FakePooling):
        def _vector(self, text: Sequence[int], *, alone: bool) -> Vector:
            if NAN in text:
                raise MemoryError("no room")
            return super()._vector(text, alone=alone)

    with embedder_of(Dying()) as embedder:
        request = ask(embedder, [1], [2, NAN]).wait()
        assert sorted(request.vectors) == [0]
        assert "no room" in str(request.errors[1])
        ask(embedder, [3]).wait().check()
        assert embedder.is_alive


# -- cancelling, closing, limits


def test_a_cancelled_job_is_not_begun_and_its_neighbour_is_unharmed() -> None:
    backend = FakePooling(n_batch=64, gate=threading.Event())
    with embedder_of(backend) as embedder:
        doomed = ask(embedder, *([1] * 64 for _ in range(50)))
        assert backend.started.wait(5)
        neighbour = ask(embedder, [2, 3])
        embedder.cancel(doomed.job)
        assert backend.gate is not None
        backend.gate.set()
        neighbour.wait().check()
        ask(embedder, [4]).wait()
    assert [len(batch[0]) for batch in backend.batches] == [64, 2, 1]


def test_a_job_that_is_cancelled_before_it_is_queued_never_runs() -> None:
    backend = FakePooling()
    with embedder_of(backend) as embedder:
        request = Request([1], [2])
        embedder.cancel(request.job)
        embedder.submit(request.job)
        ask(embedder, [3]).wait()
    assert backend.batches == [[[3]]]


def test_closing_fails_what_waits_and_lets_running_batches_end() -> None:
    backend = FakePooling(n_batch=64, gate=threading.Event())
    assert backend.gate is not None
    embedder = Embedder([backend], threads=1)
    running = ask(embedder, [1] * 64)
    assert backend.started.wait(5)
    waiting = ask(embedder, [2], [3])
    closer = threading.Thread(target=embedder.close)
    closer.start()
    waiting.wait()
    assert all(isinstance(error, EngineClosedError) for error in waiting.errors.values())
    assert len(waiting.errors) == 2
    backend.gate.set()
    running.wait().check()
    closer.join(5)
    embedder.close()
    assert backend.closed == 1
    assert not embedder.is_alive
    with pytest.raises(EngineClosedError):
        ask(embedder, [4])


def test_the_queue_is_bounded() -> None:
    backend = FakePooling(gate=threading.Event())
    with embedder_of(backend, max_queue=2) as embedder:
        running = ask(embedder, [1])
        assert backend.started.wait(5)
        waiting = [ask(embedder, [2]), ask(embedder, [3])]
        with pytest.raises(QueueFullError):
            ask(embedder, [4])
        embedder.cancel(waiting[0].job)
        waiting.append(ask(embedder, [5]))  # a cancelled one gives up its place
        assert backend.gate is not None
        backend.gate.set()
        for request in (running, *waiting[1:]):
            request.wait().check()


def test_a_queue_of_nothing_still_serves_whoever_finds_an_idle_worker() -> None:
    backend = FakePooling(gate=threading.Event())
    with embedder_of(backend, max_queue=0) as embedder:
        running = ask(embedder, [1])
        assert backend.started.wait(5)
        with pytest.raises(QueueFullError):
            ask(embedder, [2])
        assert backend.gate is not None
        backend.gate.set()
        running.wait().check()


def test_threads_end_with_the_embedder() -> None:
    before = threading.active_count()
    with embedder_of(FakePooling(), FakePooling()) as embedder:
        ask(embedder, [1]).wait()
        assert threading.active_count() == before + 2
    wait_until(lambda: threading.active_count() == before)

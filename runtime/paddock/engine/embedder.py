"""Embedder: several contexts over one copy of the weights, each on its own thread, fed with packed
batches. Knows token lists and vectors; knows no text, no model name, no request.

Contexts are data-parallel: no operation waits at a barrier for another thread. Texts of all callers
share batches, in turn, so that many small requests fill them together.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from paddock.engine import packing
from paddock.errors import DecodeError, EngineClosedError, PaddockError, QueueFullError

logger = logging.getLogger(__name__)

Vector = np.ndarray[Any, np.dtype[np.float32]]


class PoolingBackend(Protocol):
    """One context that turns token lists into pooled vectors. Used by one thread only."""

    n_batch: int
    """Most tokens of one batch, and so of one text."""

    def embed(self, texts: Sequence[Sequence[int]], *, threads: int) -> list[Vector]:
        """One vector per text; at most `n_batch` tokens together. Raises DecodeError."""
        ...

    def close(self) -> None: ...


@dataclass(slots=True, eq=False)
class _Text:
    tokens: Sequence[int]
    index: int
    request: "EmbeddingJob"


@dataclass(slots=True, eq=False)
class EmbeddingJob:
    """Texts of one request. `done(index, vector)` is called once per text from a worker's thread,
    `failed(index, error)` instead when a text cannot be embedded. Neither may raise."""

    texts: Sequence[Sequence[int]]
    done: Callable[[int, Vector], None]
    failed: Callable[[int, PaddockError], None]
    cancelled: bool = False


class Embedder:
    """Every method may be called from any thread."""

    def __init__(
        self,
        backends: Sequence[PoolingBackend],
        *,
        threads: int,
        batch_tokens: int = packing.CPU_TOKENS,
        name: str = "model",
        max_queue: int = 512,
    ) -> None:
        self.n_batch = min(backend.n_batch for backend in backends)
        self._batch_tokens = min(batch_tokens, self.n_batch)
        self._threads = threads
        self._max_queue = max_queue
        self._pending: deque[deque[_Text]] = deque()
        self._pending_tokens = 0
        self._has_cancelled = False
        self._busy = 0
        self._closed = False
        self._changed = threading.Condition()
        self._workers = [
            threading.Thread(
                target=self._work, args=(backend,), name=f"paddock-embed-{name}-{i}", daemon=True
            )
            for i, backend in enumerate(backends)
        ]
        for worker in self._workers:
            worker.start()

    @property
    def is_alive(self) -> bool:
        return not self._closed and all(worker.is_alive() for worker in self._workers)

    def submit(self, job: EmbeddingJob) -> None:
        """Queue the job's texts, longest first: batches then hold texts of like length, and the
        last ones to finish are small. Every text has 1 to `n_batch` tokens; the caller sees to
        that. Raises QueueFullError where as many jobs wait as may (those for whom a worker is
        idle do not), EngineClosedError."""
        texts = [_Text(tokens, index, job) for index, tokens in enumerate(job.texts)]
        texts.sort(key=lambda text: len(text.tokens), reverse=True)
        with self._changed:
            if self._closed:
                raise EngineClosedError("the model was unloaded before the request ran; repeat it")
            if job.cancelled or not texts:
                return
            self._drop_cancelled()
            idle = len(self._workers) - self._busy
            if len(self._pending) >= self._max_queue + idle:
                raise QueueFullError
            self._pending.append(deque(texts))
            self._pending_tokens += sum(len(text.tokens) for text in texts)
            self._changed.notify_all()

    def cancel(self, job: EmbeddingJob) -> None:
        """Forget the job's texts that have not begun; those of a batch that is under way may still
        be reported."""
        # May run inside the garbage collector, on a thread that is busy with the queue: two notes,
        # and nothing more.
        job.cancelled = True
        self._has_cancelled = True

    def close(self) -> None:
        """Fail what waits, let running batches end, free the contexts. Idempotent."""
        with self._changed:
            self._closed = True
            self._drop_cancelled()
            rest = [text for queue in self._pending for text in queue]
            self._pending.clear()
            self._pending_tokens = 0
            self._changed.notify_all()
        error = EngineClosedError("the model was unloaded before the request ran; repeat it")
        for text in rest:
            text.request.failed(text.index, error)
        for worker in self._workers:
            if worker is not threading.current_thread():
                worker.join()

    # workers

    def _work(self, backend: PoolingBackend) -> None:
        try:
            while batch := self._next():
                texts, threads = batch
                try:
                    self._embed(backend, texts, threads)
                finally:
                    with self._changed:
                        self._busy -= 1
        finally:
            backend.close()

    def _next(self) -> tuple[list[_Text], int] | None:
        """The next batch and the threads it may use; None to end."""
        with self._changed:
            self._drop_cancelled()
            while not self._pending:
                if self._closed:
                    return None
                self._changed.wait()
                self._drop_cancelled()
            idle = len(self._workers) - self._busy
            tokens = packing.budget(self._pending_tokens, max(1, idle), self._batch_tokens)
            texts = packing.take(self._pending, lambda text: len(text.tokens), tokens)
            self._pending_tokens -= sum(len(text.tokens) for text in texts)
            self._busy += 1
            # The last batch with nobody beside it may use every core.
            alone = self._busy == 1 and not self._pending
            share = max(1, self._threads // len(self._workers))
            return texts, self._threads if alone else share

    def _drop_cancelled(self) -> None:
        if not self._has_cancelled:
            return
        self._has_cancelled = False
        kept = [queue for queue in self._pending if not queue[0].request.cancelled]
        self._pending = deque(kept)
        self._pending_tokens = sum(len(text.tokens) for queue in kept for text in queue)

    def _embed(self, backend: PoolingBackend, texts: list[_Text], threads: int) -> None:
        try:
            vectors = backend.embed([text.tokens for text in texts], threads=threads)
        except Exception as error:  # noqa: BLE001 - whatever a batch dies of, the worker lives on
            self._retry(backend, texts, threads, _failure(error))
            return
        for text, vector in zip(texts, vectors, strict=True):
            if np.isfinite(vector).all():
                text.request.done(text.index, vector)
            else:
                self._alone(backend, text, threads)

    def _retry(
        self, backend: PoolingBackend, texts: list[_Text], threads: int, error: PaddockError
    ) -> None:
        """One bad text must not take its neighbours along."""
        if len(texts) == 1:
            texts[0].request.failed(texts[0].index, error)
            return
        logger.warning("a batch of %d texts failed (%s); trying one by one", len(texts), error)
        for text in texts:
            self._alone(backend, text, threads)

    def _alone(self, backend: PoolingBackend, text: _Text, threads: int) -> None:
        if text.request.cancelled:
            return
        try:
            vector = backend.embed([text.tokens], threads=threads)[0]
        except Exception as error:  # noqa: BLE001 - as above
            text.request.failed(text.index, _failure(error))
            return
        if np.isfinite(vector).all():
            text.request.done(text.index, vector)
        else:
            text.request.failed(text.index, DecodeError("embedding contains NaN or Inf values"))


def _failure(error: Exception) -> PaddockError:
    return error if isinstance(error, PaddockError) else DecodeError(f"a batch failed: {error!r}")

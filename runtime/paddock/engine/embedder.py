"""Embedder: several contexts over one copy of the weights, each on its own thread, fed with packed
batches. Knows token lists and vectors; knows no text, no model name, no request.

Contexts are data-parallel: no operation waits at a barrier for another thread. Texts of all callers
share one queue, so that many small requests fill batches together.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from paddock.engine import packing
from paddock.errors import DecodeError, EngineClosedError, PaddockError

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
    `failed(index, error)` instead when a text cannot be embedded."""

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
        name: str = "model",
    ) -> None:
        self.n_batch = min(backend.n_batch for backend in backends)
        self._threads = threads
        self._pending: deque[_Text] = deque()
        self._pending_tokens = 0
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
        return not self._closed

    def submit(self, job: EmbeddingJob) -> None:
        """Queue the job's texts, longest first: batches then hold texts of like length, and the
        last ones to finish are small. Every text has 1 to `n_batch` tokens; the caller sees to
        that."""
        texts = [_Text(tokens, index, job) for index, tokens in enumerate(job.texts)]
        texts.sort(key=lambda text: len(text.tokens), reverse=True)
        with self._changed:
            if self._closed:
                raise EngineClosedError("the model was unloaded before the request ran; repeat it")
            self._pending.extend(texts)
            self._pending_tokens += sum(len(text.tokens) for text in texts)
            self._changed.notify_all()

    def cancel(self, job: EmbeddingJob) -> None:
        """Forget the job's texts that have not begun."""
        with self._changed:
            job.cancelled = True
            kept = [text for text in self._pending if text.request is not job]
            self._pending = deque(kept)
            self._pending_tokens = sum(len(text.tokens) for text in kept)

    def close(self) -> None:
        """Fail what waits, let running batches end, free the contexts. Idempotent."""
        with self._changed:
            self._closed = True
            rest = list(self._pending)
            self._pending.clear()
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
            while not self._pending:
                if self._closed:
                    return None
                self._changed.wait()
            idle = len(self._workers) - self._busy
            tokens = packing.budget(self._pending_tokens, max(1, idle))
            count = packing.take(
                self._pending, lambda text: len(text.tokens), min(tokens, self.n_batch)
            )
            texts = [self._pending.popleft() for _ in range(count)]
            self._pending_tokens -= sum(len(text.tokens) for text in texts)
            self._busy += 1
            # The last batch with nobody beside it may use every core.
            alone = self._busy == 1 and not self._pending
            share = max(1, self._threads // len(self._workers))
            return texts, self._threads if alone else share

    def _embed(self, backend: PoolingBackend, texts: list[_Text], threads: int) -> None:
        try:
            vectors = backend.embed([text.tokens for text in texts], threads=threads)
        except PaddockError as error:
            self._retry(backend, texts, threads, error)
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
        try:
            vector = backend.embed([text.tokens], threads=threads)[0]
        except PaddockError as error:
            text.request.failed(text.index, error)
            return
        if np.isfinite(vector).all():
            text.request.done(text.index, vector)
        else:
            text.request.failed(text.index, DecodeError("embedding contains NaN or Inf values"))

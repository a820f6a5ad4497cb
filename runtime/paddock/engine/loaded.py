"""LoadedModel: one set of weights with the engine, the embedder and the projector that run on it.
Knows how many contexts to open; knows no request and no model name.

Each is made at first use: a chat model that is asked for embeddings gets both over one copy of the
weights.
"""

import threading
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING

from paddock.engine import packing
from paddock.engine.backend import LoadSpec
from paddock.engine.embedder import Embedder
from paddock.engine.llama import (
    Footprint,
    LlamaBackend,
    LlamaPooling,
    Weights,
    default_threads,
    supports_gpu,
)
from paddock.engine.loop import Engine
from paddock.errors import EngineClosedError, UnsupportedError

if TYPE_CHECKING:
    from paddock.engine.media import Projector

SMALL_WEIGHTS = 256 * 2**20
"""Up to this size, in bytes, every core embeds with a context of its own."""


def num_contexts(weights_size: int, threads: int, n_batch: int) -> int:
    """How many contexts embed side by side.

    Measured with MiniLM (22M parameters) on two cores: two contexts of one thread beat one of two
    by a tenth, the more the busier the machine. Larger weights fall out of the cache when several
    contexts stream them, and larger batches need a compute buffer each, so those get one per four
    cores.
    """
    if weights_size <= SMALL_WEIGHTS and n_batch <= 512:
        return threads
    return max(1, threads // 4)


class LoadedModel:
    """What the scheduler keeps. Every method may be called from any thread."""

    def __init__(
        self,
        spec: LoadSpec,
        *,
        max_queue: int = 512,
        is_wanted: Callable[[], bool] = lambda: True,
    ) -> None:
        self.spec = spec
        self.weights = Weights(spec, is_wanted=is_wanted)
        self._max_queue = max_queue
        self._lock = threading.Lock()
        self._engine: Engine | None = None
        self._embedder: Embedder | None = None
        self._opening_projector = threading.Lock()
        self._projector: Projector | None = None
        self._footprint = self.weights.footprint
        self._closed = False

    @property
    def size(self) -> int:
        """Bytes of weights, caches and buffers."""
        return self._whole_footprint.total

    @property
    def size_vram(self) -> int:
        """The part of `size` that lies on GPUs."""
        return self._whole_footprint.gpu

    @property
    def _whole_footprint(self) -> Footprint:
        seen = self._projector
        return self._footprint if seen is None else self._footprint + seen.footprint

    @property
    def is_alive(self) -> bool:
        parts = (self._engine, self._embedder)
        return not self._closed and all(part is None or part.is_alive for part in parts)

    def engine(self) -> Engine:
        """The generating side; opens its context at the first call. Raises LoadError."""
        with self._lock:
            self._check()
            if self._engine is None:
                backend = LlamaBackend(self.weights, self.spec)
                self._footprint += backend.footprint
                self._engine = Engine(
                    backend, name=self.spec.weights.stem[:24], max_queue=self._max_queue
                )
            return self._engine

    def embedder(self) -> Embedder:
        """The embedding side; opens its contexts at the first call. Raises LoadError."""
        with self._lock:
            self._check()
            if self._embedder is None:
                self._embedder = self._open_embedder()
            return self._embedder

    def projector(self) -> "Projector":
        """What turns pictures into rows; read at the first call, which the others do not wait for.

        Raises UnsupportedError for a model without one, ProjectorError.
        """
        with self._opening_projector:
            self._check()
            if self._projector is None:
                self._projector = self._open_projector()
            return self._projector

    def _open_projector(self) -> "Projector":
        from paddock.engine.media import Projector  # brings two libraries that few models need

        if not self.spec.projectors:
            raise UnsupportedError("the model has no projector, so it cannot see")
        return Projector(
            self.weights,
            self.spec.projectors[0],
            use_gpu=supports_gpu() and self.weights.is_on_gpu,
            max_queue=self._max_queue,
        )

    def _open_embedder(self) -> Embedder:
        threads = self.spec.num_thread or default_threads()
        count = num_contexts(self.weights.size, threads, self.spec.num_batch)
        with ExitStack() as opened:
            backends: list[LlamaPooling] = []
            footprint = Footprint()
            for _ in range(count):
                backend = LlamaPooling(self.weights, self.spec.num_batch)
                opened.callback(backend.close)
                backends.append(backend)
                footprint += backend.footprint
            opened.pop_all()
        self._footprint += footprint
        return Embedder(
            backends,
            threads=threads,
            batch_tokens=packing.GPU_TOKENS if footprint.gpu else packing.CPU_TOKENS,
            name=self.spec.weights.stem[:24],
            max_queue=self._max_queue,
        )

    def _check(self) -> None:
        if self._closed:
            raise EngineClosedError("the model was unloaded; repeat the request")

    def close(self) -> None:
        """End all of them, then free the weights. Idempotent."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        for part in (self._engine, self._embedder):
            if part is not None:
                part.close()
        with self._opening_projector:
            if self._projector is not None:
                self._projector.close()
        self.weights.close()

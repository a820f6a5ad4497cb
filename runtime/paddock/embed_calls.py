"""Texts to vectors, whichever of the two routes asked: tokenise, cut, spread over workers, gather.

Knows windows and vectors; knows no client and no native library.
"""

import threading
from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from paddock import embedding
from paddock.api import EmbeddingsRequest, EmbeddingsResponse, EmbedRequest, EmbedResponse
from paddock.calls import Call
from paddock.engine.embedder import Embedder, EmbeddingJob, Vector
from paddock.errors import ContextLengthError, DecodeError, PaddockError
from paddock.stream import Cancelled, Channel

if TYPE_CHECKING:
    from paddock.engine.llama import Weights
    from paddock.engine.loaded import LoadedModel


class _EmbeddingCall(Call[Any]):
    """Texts to vectors, whichever of the two routes asked."""

    @abstractmethod
    def texts(self) -> list[str]: ...

    def truncates(self) -> bool:
        return True

    @abstractmethod
    def respond(self, vectors: list[Vector], cut: "Cut", load_duration: int) -> object: ...

    def serve(self, loaded: "LoadedModel") -> None:
        embedder = loaded.embedder()
        load_duration = self.elapsed()
        texts = self.texts()
        window = window_of(loaded, embedder)
        cut = cut_texts(loaded.weights, texts, window, truncate=self.truncates())
        if not texts:
            self._answer(self.respond([], cut, load_duration))
            return
        submit(
            embedder,
            cut.ids,
            self._channel,
            lambda vectors: self.respond(vectors, cut, load_duration),
        )


class EmbedCall(_EmbeddingCall):
    _request: EmbedRequest

    def texts(self) -> list[str]:
        wanted = self._request.input
        if isinstance(wanted, str):
            return [wanted] if wanted else []
        return wanted

    def truncates(self) -> bool:
        return self._request.truncate is not False

    def respond(self, vectors: list[Vector], cut: "Cut", load_duration: int) -> EmbedResponse:
        dimensions = max(self._request.dimensions or 0, 0)
        if self._request.normalize is False:
            found = [vector[: dimensions or None] for vector in vectors]
        else:
            found = [embedding.normalise(vector, dimensions) for vector in vectors]
        return EmbedResponse(
            model=self._request.model,
            embeddings=[vector.tolist() for vector in found],
            total_duration=self.elapsed(),
            load_duration=load_duration,
            prompt_eval_count=sum(map(len, cut.ids)),
            truncated=cut.truncated or None,
        )


class EmbeddingsCall(_EmbeddingCall):
    _request: EmbeddingsRequest

    def texts(self) -> list[str]:
        return [self._request.prompt] if self._request.prompt else []

    def respond(self, vectors: list[Vector], cut: "Cut", load_duration: int) -> EmbeddingsResponse:
        return EmbeddingsResponse(embedding=vectors[0].tolist() if vectors else [])


def window_of(loaded: "LoadedModel", embedder: Embedder) -> int:
    """Most tokens of one text, special ones included."""
    return min(loaded.spec.num_ctx, loaded.weights.n_ctx_train, embedder.n_batch)


@dataclass(frozen=True, slots=True)
class Cut:
    """Texts as token ids that fit the window."""

    ids: list[list[int]]
    truncated: list[int]
    """Indices of those that were shortened."""


def cut_texts(weights: "Weights", texts: list[str], window: int, *, truncate: bool) -> Cut:
    """Token ids of each text, at most `window` with the model's special tokens.

    A longer one loses its end but keeps the closing special token; with `truncate` false it raises
    ContextLengthError, which names its index and the counts.
    """
    ids: list[list[int]] = []
    truncated: list[int] = []
    closing = 1 if weights.add_eos else 0
    for index, text in enumerate(texts):
        tokens, is_whole = embedding.beginning(weights.tokenize, text, window)
        tokens = tokens or [weights.bos or 0]
        if len(tokens) > window:
            if not truncate:
                raise ContextLengthError(
                    f"the input length exceeds the context length: text {index} has "
                    f"{'' if is_whole else 'more than '}{len(tokens)} tokens, the window "
                    f"holds {window}; shorten it, or leave truncate on"
                )
            tokens = tokens[: window - closing] + tokens[len(tokens) - closing :]
            truncated.append(index)
        ids.append(tokens)
    return Cut(ids, truncated)


def submit(
    embedder: Embedder,
    texts: Sequence[Sequence[int]],
    channel: Channel,
    respond: Callable[[list[Vector]], object],
) -> None:
    """Evaluate the texts, of which there is one at least, and answer with what becomes of all
    their vectors."""
    gathered = _Gather(channel, len(texts), respond)

    def failed(index: int, error: PaddockError) -> None:
        embedder.cancel(job)  # nobody will see the other vectors
        gathered.failed(index, error)

    job = EmbeddingJob(texts, gathered.done, failed)
    channel.on_cancel(lambda: embedder.cancel(job))
    embedder.submit(job)


class _Gather:
    """Collects the vectors of one request from several workers' threads."""

    def __init__(
        self, channel: Channel, count: int, respond: Callable[[list[Vector]], object]
    ) -> None:
        self._channel = channel
        self._respond = respond
        self._vectors: list[Vector] = [np.empty(0, np.float32)] * count
        self._left = count
        self._lock = threading.Lock()

    def done(self, index: int, vector: Vector) -> None:
        self._vectors[index] = vector
        with self._lock:
            self._left -= 1
            is_last = self._left == 0
        if is_last:
            self._send()

    def failed(self, index: int, error: PaddockError) -> None:
        with self._lock:
            is_first, self._left = self._left > 0, -1
        if is_first and isinstance(error, DecodeError):
            error = DecodeError(f"text {index}: {error}")
        if is_first:
            self._channel.fail(error)

    def _send(self) -> None:
        try:
            self._channel.put(self._respond(self._vectors))
            self._channel.finish()
        except Cancelled:
            return
        except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
            self._channel.fail(error)

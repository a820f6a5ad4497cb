"""Documents to scores by a model that reads each with the query: pair, cut, evaluate, sort.

Knows windows, logits and orders; knows no client and no native library.
"""

import math
from typing import TYPE_CHECKING

from paddock import embed_calls
from paddock.api import RerankRequest, RerankResponse
from paddock.calls import Call
from paddock.engine.embedder import Vector
from paddock.errors import UnsupportedError
from paddock.models import Model
from paddock.pairs import Pairs

if TYPE_CHECKING:
    from paddock.engine.llama import Weights
    from paddock.engine.loaded import LoadedModel
    from paddock.engine.ranking import Pair

Result = RerankResponse.Result


class RerankCall(Call[RerankRequest]):
    """One query against any number of documents."""

    def check(self, model: Model) -> None:
        if "rerank" not in model.capabilities:
            raise UnsupportedError(
                f'"{self._request.model}" does not support rerank: its weights have no head that '
                "scores a pair of texts; use a reranker, as bge-reranker-v2-m3 is one"
            )

    def serve(self, loaded: "LoadedModel") -> None:
        _check_labels(self._request.model, loaded.weights)
        embedder = loaded.embedder()
        load_duration = self.elapsed()
        request = self._request
        window = embed_calls.window_of(loaded, embedder)
        ranking = loaded.weights.ranking
        made = Pairs(loaded.weights, request.query, window, ranking.template)
        pairs: list[Pair] = []
        truncated: list[int] = []
        for index, document in enumerate(request.documents):
            pair, is_cut = made.pair(document, number=index, truncate=request.truncate is not False)
            pairs.append(pair)
            if is_cut:
                truncated.append(index)
        as_it_is = ranking.is_probability or request.raw_scores is True

        def respond(vectors: list[Vector]) -> RerankResponse:
            raw = [float(vector[0]) for vector in vectors]
            return RerankResponse(
                model=request.model,
                results=[
                    self._result(index, raw[index] if as_it_is else sigmoid(raw[index]))
                    for index in ranked(raw)[: request.top_n]
                ],
                total_duration=self.elapsed(),
                load_duration=load_duration,
                prompt_eval_count=sum(map(len, pairs)),
                truncated=truncated or None,
            )

        if pairs:
            embed_calls.submit(embedder, pairs, self._channel, respond)
        else:
            self._answer(respond([]))

    def _result(self, index: int, score: float) -> Result:
        document = None
        if self._request.return_documents:
            document = Result.Document(text=self._request.documents[index])
        return Result(index=index, relevance_score=score, document=document)


def ranked(scores: list[float]) -> list[int]:
    """Indices, the highest score first; of equal ones the earlier."""
    return sorted(range(len(scores)), key=lambda index: -scores[index])


def sigmoid(logit: float) -> float:
    """Between 0 and 1, without overflow; small results keep their digits."""
    small = math.exp(-abs(logit))
    return (1.0 if logit >= 0 else small) / (1.0 + small)


def _check_labels(name: str, weights: "Weights") -> None:
    wanted = weights.ranking.num_labels
    if weights.n_labels != wanted:
        raise UnsupportedError(
            f'"{name}" does not support rerank: its head has {weights.n_labels} labels, where a '
            f"reranker of this family has {wanted}"
        )

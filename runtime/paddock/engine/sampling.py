"""Sampling parameters to llama.cpp sampler chains, a grammar before them. Knows the C samplers;
knows no sequence and no text.

Order of the stages: logit bias, penalties, then top-k, typical, top-p, min-p, temperature, or
Mirostat in their place (llama-server's order, which the reference uses).
"""

import ctypes
import secrets
from collections.abc import Sequence
from typing import Any

import llama_cpp
import numpy as np

from paddock.engine.backend import Choice
from paddock.engine.grammar import check_grammar
from paddock.engine.sequence import SamplingParams
from paddock.errors import DecodeError, GrammarError

_CANDIDATE = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)])

_LARGEST = 1e6
"""Beyond it, sums and quotients of logits overflow, and the library sorts what is no number."""
_COLDEST = 1e-6
"""Below this temperature the likeliest token is certain."""
_LARGEST_SEED = 2**32 - 2
"""The number behind it asks the library for a random one."""


class LlamaSampler:
    """The sampler chain, and grammar, of one sequence."""

    def __init__(
        self,
        context: Any,
        vocab: Any,
        n_vocab: int,
        n_ctx: int,
        params: SamplingParams,
        history: Sequence[int],
    ) -> None:
        self._context = context
        self._n_vocab = n_vocab
        self._logprobs = params.logprobs
        self._grammar: Any = _grammar(vocab, params.grammar) if params.grammar else None
        self._chain: Any = llama_cpp.llama_sampler_chain_init(
            llama_cpp.llama_sampler_chain_default_params()
        )
        for stage in _stages(n_vocab, n_ctx, params, history):
            llama_cpp.llama_sampler_chain_add(self._chain, stage)
        # A chain that is nothing but "take the likeliest" needs no candidates array.
        self._is_argmax = (
            self._grammar is None
            and params.temperature < _COLDEST
            and llama_cpp.llama_sampler_chain_n(self._chain) == 1
        )
        self._scratch: np.ndarray[Any, Any] | None = None

    def sample(self, row: int) -> Choice:
        pointer = llama_cpp.llama_get_logits_ith(self._context, row)
        logits = np.ctypeslib.as_array(pointer, shape=(self._n_vocab,))
        peak = float(logits.max())
        if not np.isfinite(peak):
            raise DecodeError("the model computed no finite logits; its weights may be damaged")
        if self._is_argmax:
            token = int(logits.argmax())
        elif self._grammar is None:
            token = llama_cpp.llama_sampler_sample(self._chain, self._context, row)
        else:
            token = self._constrained(logits, self._grammar)
        if self._logprobs is None:
            return Choice(token)
        return _with_logprobs(token, logits, peak, self._logprobs)

    def _constrained(self, logits: "np.ndarray[Any, Any]", grammar: Any) -> int:
        """Sample freely and check that one token; only if the grammar refuses it, sample again
        among what the grammar allows. The first way is right most of the time and a thousand times
        cheaper."""
        token = self._apply(logits, None)
        if not self._allows(grammar, token):
            token = self._apply(logits, grammar)
        llama_cpp.llama_sampler_accept(grammar, token)
        llama_cpp.llama_sampler_accept(self._chain, token)
        return token

    def _apply(self, logits: "np.ndarray[Any, Any]", grammar: Any | None) -> int:
        if self._scratch is None:
            self._scratch = np.zeros(self._n_vocab, _CANDIDATE)
        candidates = self._scratch
        candidates["id"] = np.arange(self._n_vocab, dtype=np.int32)
        candidates["logit"] = logits
        candidates["p"] = 0
        view = _view(candidates)
        reference: Any = ctypes.byref(view)
        if grammar is not None:
            llama_cpp.llama_sampler_apply(grammar, reference)
            # The chain sees only what is allowed: its sums are not made for infinite logits.
            candidates = candidates[np.isfinite(candidates["logit"])]
            if not len(candidates):
                raise GrammarError("no token of the model's vocabulary continues the grammar")
            view = _view(candidates)
            reference = ctypes.byref(view)
        llama_cpp.llama_sampler_apply(self._chain, reference)
        if not 0 <= view.selected < view.size:
            raise DecodeError("the sampler chose no token")
        return int(view.data[view.selected].id)

    def _allows(self, grammar: Any, token: int) -> bool:
        one = np.zeros(1, _CANDIDATE)
        one["id"], one["logit"] = token, 1.0
        reference: Any = ctypes.byref(_view(one))
        llama_cpp.llama_sampler_apply(grammar, reference)
        return bool(np.isfinite(one["logit"][0]))

    def close(self) -> None:
        chain, self._chain = self._chain, None
        grammar, self._grammar = self._grammar, None
        for sampler in (chain, grammar):
            if sampler is not None:
                llama_cpp.llama_sampler_free(sampler)


def _view(candidates: "np.ndarray[Any, Any]") -> Any:
    """A llama_token_data_array over a numpy array, which must outlive it."""
    return llama_cpp.llama_token_data_array(
        data=candidates.ctypes.data_as(ctypes.POINTER(llama_cpp.llama_token_data)),
        size=len(candidates),
        selected=-1,
        sorted=False,
    )


def _grammar(vocab: Any, text: str) -> Any:
    check_grammar(text)
    sampler = llama_cpp.llama_sampler_init_grammar(vocab, text.encode(), b"root")
    if not sampler:
        raise GrammarError("grammar: not valid GBNF")
    return sampler


def _stages(n_vocab: int, n_ctx: int, params: SamplingParams, history: Sequence[int]) -> list[Any]:
    stages: list[Any] = []
    if params.logit_bias:
        biases = (llama_cpp.llama_logit_bias * len(params.logit_bias))(
            *(llama_cpp.llama_logit_bias(token, _clip(bias)) for token, bias in params.logit_bias)
        )
        stages.append(
            llama_cpp.llama_sampler_init_logit_bias(n_vocab, len(params.logit_bias), biases)
        )
    penalties = _penalties(n_vocab, n_ctx, params, history)
    if penalties is not None:
        stages.append(penalties)
    return stages + _choosers(n_vocab, params)


def _clip(value: float, low: float = -_LARGEST) -> float:
    return min(max(value, low), _LARGEST)


def _penalties(
    n_vocab: int, n_ctx: int, params: SamplingParams, history: Sequence[int]
) -> Any | None:
    last = n_ctx if params.repeat_last_n < 0 else min(params.repeat_last_n, n_ctx)
    neutral = (params.repeat_penalty, params.frequency_penalty, params.presence_penalty)
    if last == 0 or neutral == (1.0, 0.0, 0.0):
        return None
    stage = llama_cpp.llama_sampler_init_penalties(
        n_vocab,
        last,
        _clip(params.repeat_penalty, 1 / _LARGEST),
        _clip(params.frequency_penalty),
        _clip(params.presence_penalty),
    )
    for token in history[-last:]:  # the prompt counts as said (reference: llama-server)
        llama_cpp.llama_sampler_accept(stage, token)
    return stage


def _choosers(n_vocab: int, params: SamplingParams) -> list[Any]:
    seed = params.seed & 0xFFFFFFFF if params.seed >= 0 else secrets.randbits(31)
    seed = min(seed, _LARGEST_SEED)
    if params.temperature < _COLDEST:
        return [llama_cpp.llama_sampler_init_greedy()]
    tau, eta = _clip(params.mirostat_tau), _clip(params.mirostat_eta)
    temperature = llama_cpp.llama_sampler_init_temp(params.temperature)
    if params.mirostat == 1:
        return [
            temperature,
            llama_cpp.llama_sampler_init_mirostat(n_vocab, seed, tau, eta, 100),
        ]
    if params.mirostat == 2:
        return [
            temperature,
            llama_cpp.llama_sampler_init_mirostat_v2(seed, tau, eta),
        ]
    stages: list[Any] = []
    if params.top_k > 0:
        stages.append(llama_cpp.llama_sampler_init_top_k(params.top_k))
    if params.typical_p < 1.0:
        stages.append(llama_cpp.llama_sampler_init_typical(params.typical_p, 1))
    if params.top_p < 1.0:
        stages.append(llama_cpp.llama_sampler_init_top_p(params.top_p, 1))
    if params.min_p > 0.0:
        stages.append(llama_cpp.llama_sampler_init_min_p(params.min_p, 1))
    return [*stages, temperature, llama_cpp.llama_sampler_init_dist(seed)]


def _with_logprobs(token: int, logits: "np.ndarray[Any, Any]", peak: float, count: int) -> Choice:
    """Log-softmax of the raw logits: what the model thinks, before any sampling option."""
    count = min(count, len(logits))
    norm = peak + float(np.log(np.exp(logits - peak, dtype=np.float32).sum(dtype=np.float64)))
    best: tuple[tuple[int, float], ...] = ()
    if count > 0:
        top = np.argpartition(logits, -count)[-count:]
        order = top[np.argsort(-logits[top], kind="stable")]
        best = tuple((int(index), float(logits[index]) - norm) for index in order)
    return Choice(token, float(logits[token]) - norm, best)

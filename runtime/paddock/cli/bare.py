"""The reference of `paddock bench`: the shortest fast loops over the bindings.

Knows llama-cpp-python and nothing of paddock's engine: whatever paddock does must cost little next
to this. One caller at a time, all sequences in step, nothing checked.
"""

import ctypes
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, Self

import llama_cpp
import numpy as np

from paddock.errors import DecodeError, LoadError, OutOfMemoryError

Array = np.ndarray[Any, np.dtype[Any]]

EMBED_BUDGET = 512
"""Tokens of one embedding batch; more cost more per token (attention runs over the whole batch)."""
EMBED_SEQUENCES = 64


@dataclass(frozen=True, slots=True)
class Sampling:
    """The options that both sides sample with."""

    temperature: float = 0.8
    top_k: int = 40
    top_p: float = 0.9


class BareModel:
    """Loaded weights; generators and embedders are contexts on them."""

    def __init__(self, path: Path, *, threads: int, window: int, batch: int = 512) -> None:
        params = llama_cpp.llama_model_default_params()
        params.n_gpu_layers = -1
        model = llama_cpp.llama_model_load_from_file(str(path).encode(), params)
        if not model:
            raise LoadError(f"{path}: the library cannot load this model")
        self._model = model
        self._closers = ExitStack()
        self._closers.callback(llama_cpp.llama_model_free, model)
        self._vocab: Any = llama_cpp.llama_model_get_vocab(model)
        self._threads, self._window, self._batch = threads, window, batch

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._closers.close()

    def tokenize(self, text: str, *, special: bool = True) -> list[int]:
        data = text.encode()
        room = len(data) + 8
        tokens = (llama_cpp.llama_token * room)()
        count = llama_cpp.llama_tokenize(self._vocab, data, len(data), tokens, room, special, True)
        return list(tokens[:count])

    def end_tokens(self) -> list[int]:
        count = llama_cpp.llama_vocab_n_tokens(self._vocab)
        return [t for t in range(count) if llama_cpp.llama_vocab_is_eog(self._vocab, t)]

    @contextmanager
    def generator(self, sequences: int) -> Generator["BareGenerator"]:
        """A context for this many sequences at once."""
        with ExitStack() as closers:
            context = self._context(closers, sequences, self._window, self._batch)
            batches = _Batch(self._batch, closers), _Batch(sequences, closers)
            yield BareGenerator(context, self._vocab, self.end_tokens(), *batches)

    @contextmanager
    def embedder(self) -> Generator["BareEmbedder"]:
        """A context that encodes texts in packed batches."""
        width = llama_cpp.llama_model_n_embd(self._model)
        with ExitStack() as closers:
            context = self._context(
                closers, EMBED_SEQUENCES, EMBED_BUDGET, EMBED_BUDGET, embeddings=True
            )
            yield BareEmbedder(context, width, _Batch(EMBED_BUDGET, closers))

    def _context(
        self,
        closers: ExitStack,
        sequences: int,
        window: int,
        batch: int,
        *,
        embeddings: bool = False,
    ) -> Any:
        params = llama_cpp.llama_context_default_params()
        params.n_ctx = window if embeddings else window * sequences
        params.n_batch = params.n_ubatch = batch
        params.n_seq_max = sequences
        params.n_threads = params.n_threads_batch = self._threads
        params.kv_unified = embeddings
        params.embeddings = embeddings
        params.no_perf = True
        context = llama_cpp.llama_init_from_model(self._model, params)
        if not context:
            raise OutOfMemoryError(f"no room for a context of {sequences} x {window} tokens")
        closers.callback(llama_cpp.llama_free, context)
        return context


class _Batch:
    """A llama_batch of one sequence per row, with numpy views over its arrays."""

    def __init__(self, size: int, closers: ExitStack) -> None:
        self.raw = llama_cpp.llama_batch_init(size, 0, 1)
        closers.callback(llama_cpp.llama_batch_free, self.raw)
        view = np.ctypeslib.as_array
        self.token: Array = view(self.raw.token, (size,))
        self.pos: Array = view(self.raw.pos, (size,))
        self.logits: Array = view(self.raw.logits, (size,))
        view(self.raw.n_seq_id, (size,))[:] = 1
        self._seq_id = self.raw.seq_id

    def owners(self, owners: Sequence[int]) -> None:
        for row, owner in enumerate(owners):
            self._seq_id[row][0] = owner


class BareGenerator:
    """One context that advances all its sequences together."""

    def __init__(
        self, context: Any, vocab: Any, banned: Sequence[int], prompt: _Batch, step: _Batch
    ) -> None:
        self._context, self._vocab, self._banned = context, vocab, banned
        self._prompt, self._step = prompt, step
        step.owners(range(len(step.token)))
        step.logits[:] = 1
        step.raw.n_tokens = len(step.token)
        self._piece = ctypes.create_string_buffer(256)

    def run(
        self, prompts: Sequence[Sequence[int]], tokens: int, sampling: Sampling, seed: int = 0
    ) -> list[list[float]]:
        """Generate `tokens` tokens for each prompt; the moment of each, per sequence."""
        memory: Any = llama_cpp.llama_get_memory(self._context)
        llama_cpp.llama_memory_clear(memory, False)
        with ExitStack() as closers:
            chains = [self._chain(sampling, seed + row, closers) for row in range(len(prompts))]
            return self._generate(prompts, tokens, chains)

    def _generate(
        self, prompts: Sequence[Sequence[int]], tokens: int, chains: Sequence[Any]
    ) -> list[list[float]]:
        step, context, sample = self._step, self._context, llama_cpp.llama_sampler_sample
        moments: list[list[float]] = [[] for _ in chains]
        for row, output in self._prefill(prompts):
            step.token[row] = sample(chains[row], context, output)
            self._deliver(step.token[row], moments[row])
        step.pos[:] = [len(prompt) for prompt in prompts]
        for _ in range(tokens - 1):
            _check(llama_cpp.llama_decode(context, step.raw))
            for row, chain in enumerate(chains):
                token = sample(chain, context, row)
                step.token[row] = token
                self._deliver(token, moments[row])
            step.pos += 1
        return moments

    def _prefill(self, prompts: Sequence[Sequence[int]]) -> Iterator[tuple[int, int]]:
        """Evaluate the prompts in full batches; (sequence, output row) as each one is complete."""
        batch, size = self._prompt, len(self._prompt.token)
        owners = np.repeat(np.arange(len(prompts)), [len(prompt) for prompt in prompts])
        tokens = np.concatenate([np.asarray(prompt, np.int32) for prompt in prompts])
        places = np.concatenate([np.arange(len(prompt)) for prompt in prompts])
        is_last = np.append(owners[1:] != owners[:-1], True)
        for start in range(0, len(tokens), size):
            part = slice(start, start + size)
            count = len(tokens[part])
            batch.token[:count] = tokens[part]
            batch.pos[:count] = places[part]
            batch.logits[:count] = is_last[part]
            batch.owners(owners[part].tolist())
            batch.raw.n_tokens = count
            _check(llama_cpp.llama_decode(self._context, batch.raw))
            for row in np.flatnonzero(is_last[part]).tolist():
                yield int(owners[start + row]), row

    def _deliver(self, token: int, moments: list[float]) -> None:
        llama_cpp.llama_token_to_piece(self._vocab, token, self._piece, 256, 0, False)
        moments.append(perf_counter())

    def _chain(self, sampling: Sampling, seed: int, closers: ExitStack) -> Any:
        chain = llama_cpp.llama_sampler_chain_init(llama_cpp.llama_sampler_chain_default_params())
        closers.callback(llama_cpp.llama_sampler_free, chain)
        bias = (llama_cpp.llama_logit_bias * len(self._banned))(
            *((token, float("-inf")) for token in self._banned)
        )
        size = llama_cpp.llama_vocab_n_tokens(self._vocab)
        for stage in (
            llama_cpp.llama_sampler_init_logit_bias(size, len(bias), bias),
            llama_cpp.llama_sampler_init_top_k(sampling.top_k),
            llama_cpp.llama_sampler_init_top_p(sampling.top_p, 1),
            llama_cpp.llama_sampler_init_temp(sampling.temperature),
            llama_cpp.llama_sampler_init_dist(seed),
        ):
            llama_cpp.llama_sampler_chain_add(chain, stage)
        return chain


class BareEmbedder:
    """One encoder context with all threads, its batches packed."""

    def __init__(self, context: Any, width: int, batch: _Batch) -> None:
        self._context, self._width, self._batch = context, width, batch
        self._memory: Any = llama_cpp.llama_get_memory(context)
        batch.logits[:] = 1

    def run(self, texts: Sequence[Sequence[int]]) -> Array:
        """One normalised vector per text, in the order given."""
        out = np.empty((len(texts), self._width), np.float32)
        order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
        for group in _packs(order, [len(text) for text in texts]):
            self._encode([texts[index] for index in group])
            for sequence, index in enumerate(group):
                pooled = llama_cpp.llama_get_embeddings_seq(self._context, sequence)
                out[index] = np.ctypeslib.as_array(pooled, (self._width,))
        return out / np.linalg.norm(out, axis=1, keepdims=True)

    def _encode(self, texts: Sequence[Sequence[int]]) -> None:
        lengths = [len(text) for text in texts]
        count = sum(lengths)
        self._batch.token[:count] = np.concatenate([np.asarray(t, np.int32) for t in texts])
        self._batch.pos[:count] = np.concatenate([np.arange(length) for length in lengths])
        self._batch.owners(np.repeat(np.arange(len(texts)), lengths).tolist())
        self._batch.raw.n_tokens = count
        if self._memory:  # a decoder that embeds
            llama_cpp.llama_memory_clear(self._memory, False)
            _check(llama_cpp.llama_decode(self._context, self._batch.raw))
        else:
            _check(llama_cpp.llama_encode(self._context, self._batch.raw))


def _packs(order: Sequence[int], lengths: Sequence[int]) -> Iterator[list[int]]:
    """`order` cut into groups that fit one batch."""
    group: list[int] = []
    room = EMBED_BUDGET
    for index in order:
        if group and (lengths[index] > room or len(group) == EMBED_SEQUENCES):
            yield group
            group, room = [], EMBED_BUDGET
        group.append(index)
        room -= lengths[index]
    if group:
        yield group


def _check(status: int) -> None:
    if status != 0:
        raise DecodeError(f"the library could not evaluate a batch (status {status})")

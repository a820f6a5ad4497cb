"""The Backend over llama-cpp-python's low-level bindings. Owns model, context and batch; knows no
request, no channel and no thread but the one that calls it.

Everything that reaches C is checked before, since the library aborts the process on what it does
not expect: the file by `gguf.read`, sizes by `memory.plan`, tokens by `Engine.submit`, the rest
here.
"""

import ctypes
import logging
import os
import re
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
import psutil

from paddock.engine import ranking
from paddock.engine.backend import LoadSpec, ModelFacts
from paddock.engine.packing import MAX_TEXTS
from paddock.engine.picture import Picture, Positions
from paddock.engine.pieces import split_long
from paddock.engine.ranking import Pair, Ranking, Rows, Segments
from paddock.engine.sequence import Chunk, SamplingParams, Step
from paddock.errors import (
    DecodeError,
    EngineClosedError,
    EngineMissingError,
    LoadError,
    OptionError,
    OutOfMemoryError,
    RequestError,
)

try:
    import llama_cpp
    from llama_cpp._ctypes_extensions import load_shared_library
except (ImportError, OSError, RuntimeError) as error:  # not installed, or a library it needs is not
    raise EngineMissingError(
        "models run on llama-cpp-python, which cannot be imported here "
        f"({error}); install it with: pip install --force-reinstall llama-cpp-python"
    ) from error

from paddock.engine.sampling import LlamaSampler

logger = logging.getLogger(__name__)
_native = logging.getLogger("paddock.llama_cpp")

_LEVELS = {1: logging.DEBUG, 2: logging.DEBUG, 3: logging.WARNING, 4: logging.ERROR}
_CONTINUED = 5
"""Log level of a line that goes on with the one before."""
_OUT_OF_MEMORY = (  # reference: the texts that mean "out of memory", scheduler.md 11.1
    "out of memory",
    "out of device memory",
    "cudamalloc failed",
    "hipmalloc failed",
    "failed to allocate",
    "allocation failed",
    "not enough memory",
    "insufficient memory",
    "vk_error_out_of_device_memory",
    "erroroutofmemory",
)


_FLASH_ATTENTION = {
    None: llama_cpp.LLAMA_FLASH_ATTN_TYPE_AUTO,
    False: llama_cpp.LLAMA_FLASH_ATTN_TYPE_DISABLED,
    True: llama_cpp.LLAMA_FLASH_ATTN_TYPE_ENABLED,
}

_MROPE = (llama_cpp.LLAMA_ROPE_TYPE_MROPE, llama_cpp.LLAMA_ROPE_TYPE_IMROPE)

_SPLIT_BPE = 2048
"""Longest stretch, in characters, that the library's recursion gets: 0.7 MB of stack."""
_SPLIT_SPM = 8192

_BUFFER = re.compile(r"(\S+)\s+(model|KV|RS|compute|output) buffer size\s*=\s*([0-9.]+) MiB")


class _NativeLog(threading.local):
    """What the library says on this thread: into `logging`, and kept for the load under way."""

    def __init__(self) -> None:
        self.errors: list[str] = []
        self.buffers: dict[tuple[str, str], int] = {}
        """Device and kind of buffer -> bytes, as announced since `begin`."""
        self._level = logging.DEBUG

    def begin(self) -> None:
        self.errors, self.buffers = [], {}

    def reason(self) -> str:
        """The last of what went wrong since `begin`; empty if the library did not say."""
        return "; ".join(self.errors[-3:])

    def receive(self, level: int, text: bytes, _: Any) -> None:
        if level != _CONTINUED:
            self._level = _LEVELS.get(level, logging.DEBUG)
        line = text.decode(errors="replace").rstrip()
        if not line:
            return
        # What the library calls an error is reported by our own exception; here it is detail.
        _native.debug("%s", line)
        if self._level >= logging.ERROR:
            self.errors = [*self.errors[-7:], line]
        elif (buffer := _BUFFER.search(line)) is not None:
            device, kind, size = buffer.groups()
            self.buffers[device, kind] = round(float(size) * 2**20)


native_log = _NativeLog()
receive_log = llama_cpp.llama_log_callback(native_log.receive)
"""What C calls with its words; it keeps the pointer, so never let it go."""
llama_cpp.llama_log_set(receive_log, ctypes.c_void_p(0))
llama_cpp.llama_backend_init()


@dataclass(frozen=True, slots=True)
class Footprint:
    """Memory of a load in bytes: all of it, and the part on GPUs."""

    total: int = 0
    gpu: int = 0

    @classmethod
    def announced(cls) -> "Footprint":
        """What the library said on this thread since the load began."""
        gpu = sum(size for (device, _), size in native_log.buffers.items() if not _is_host(device))
        return cls(sum(native_log.buffers.values()), gpu)

    def __add__(self, other: "Footprint") -> "Footprint":
        return Footprint(self.total + other.total, self.gpu + other.gpu)


def _is_host(device: str) -> bool:
    return device in ("CPU", "BLAS") or device.startswith("CPU_") or device.endswith("_Host")


def default_threads() -> int:
    """Physical cores that this process may use."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, min(allowed or 1, psutil.cpu_count(logical=False) or allowed or 1))


def supports_gpu() -> bool:
    """Whether the library was built for a GPU and finds one."""
    return bool(llama_cpp.llama_supports_gpu_offload())


_GPUS: Final = frozenset({1, 2})
"""Kinds of devices as the library counts them: with memory of their own, and integrated ones."""


def gpus() -> tuple[int, ...]:
    """Bytes of memory of each GPU that the library finds."""
    return tuple(total for kind, total in devices() if kind in _GPUS)


def devices() -> list[tuple[int, int]]:
    """Kind and bytes of memory of every device, the processor among them."""
    folder = Path(llama_cpp.__file__).parent / "lib"
    registry = load_shared_library("ggml", folder)
    base = load_shared_library("ggml-base", folder)
    registry.ggml_backend_dev_count.restype = ctypes.c_size_t
    registry.ggml_backend_dev_get.argtypes = [ctypes.c_size_t]
    registry.ggml_backend_dev_get.restype = ctypes.c_void_p
    base.ggml_backend_dev_type.argtypes = [ctypes.c_void_p]
    size_pointer = ctypes.POINTER(ctypes.c_size_t)
    base.ggml_backend_dev_memory.argtypes = [ctypes.c_void_p, size_pointer, size_pointer]
    base.ggml_backend_dev_memory.restype = None
    found: list[tuple[int, int]] = []
    for number in range(registry.ggml_backend_dev_count()):
        device = registry.ggml_backend_dev_get(number)
        free, total = ctypes.c_size_t(), ctypes.c_size_t()
        base.ggml_backend_dev_memory(device, ctypes.byref(free), ctypes.byref(total))
        found.append((base.ggml_backend_dev_type(device), total.value))
    return found


class Weights:
    """A loaded model file: the vocabulary and the tensors, shared by any number of contexts.

    Reading the vocabulary (`tokenize`, `piece`, `detokenize`) is safe from any thread, also while
    another one closes: `close` waits for those who read, and whoever comes later gets
    EngineClosedError. (A caller that gives up returns its lease while its prompt is being read.)
    """

    def __init__(
        self,
        spec: LoadSpec,
        *,
        vocab_only: bool = False,
        is_wanted: Callable[[], bool] = lambda: True,
    ) -> None:
        """`is_wanted` is asked again and again during the load, which ends once it is false.

        Raises LoadError, EngineClosedError for a load that was given up.
        """
        self.spec = spec
        self._unused = threading.Condition()
        self._readers = 0
        params = llama_cpp.llama_model_default_params()
        params.vocab_only = vocab_only
        params.load_mode = (
            llama_cpp.LLAMA_LOAD_MODE_MMAP if spec.use_mmap else llama_cpp.LLAMA_LOAD_MODE_NONE
        )
        params.n_gpu_layers = spec.num_gpu if spec.num_gpu >= 0 else 999
        if spec.main_gpu is not None:
            params.split_mode = llama_cpp.LLAMA_SPLIT_MODE_NONE
            params.main_gpu = spec.main_gpu

        def goes_on(_progress: float, _: Any) -> bool:
            return is_wanted()

        params.progress_callback = report = llama_cpp.llama_progress_callback(goes_on)
        native_log.begin()
        self.model: Any = llama_cpp.llama_model_load_from_file(os.fsencode(spec.weights), params)
        del report  # had to outlive the call
        if not self.model and not is_wanted():
            raise EngineClosedError(f"{spec.weights.name} was unloaded while it was loading")
        if not self.model:
            raise _load_error(f"cannot load {spec.weights.name}")
        self.footprint = Footprint.announced()
        self.vocab: Any = llama_cpp.llama_model_get_vocab(self.model)
        self.adapters: list[Any] = []
        try:
            self.adapters.extend(self._adapter(path) for path in spec.adapters)
        except LoadError:
            self.close()
            raise
        self.n_vocab = int(llama_cpp.llama_vocab_n_tokens(self.vocab))
        self._kind = int(llama_cpp.llama_vocab_type(self.vocab))
        self.n_embd = int(llama_cpp.llama_model_n_embd(self.model))
        self.n_embd_input = int(llama_cpp.llama_model_n_embd_inp(self.model))
        rope = llama_cpp.llama_model_rope_type(self.model)
        self.position_parts = 4 if rope in _MROPE else 1
        """Numbers that a row's position has, where it stands in place of a token."""
        self.n_ctx_train = int(llama_cpp.llama_model_n_ctx_train(self.model))
        self.size = int(llama_cpp.llama_model_size(self.model))
        self.add_bos = bool(llama_cpp.llama_vocab_get_add_bos(self.vocab))
        self.add_eos = bool(llama_cpp.llama_vocab_get_add_eos(self.vocab)) or bool(
            llama_cpp.llama_vocab_get_add_sep(self.vocab)
        )
        self.bos = _token(int(llama_cpp.llama_vocab_bos(self.vocab)))
        self.eos = _token(int(llama_cpp.llama_vocab_eos(self.vocab)))
        self.between = self._between()
        self.n_labels = int(llama_cpp.llama_model_n_cls_out(self.model))
        self._pieces: dict[int, bytes] = {}

    @property
    def is_on_gpu(self) -> bool:
        """Every layer is, where there is a GPU."""
        asked = self.spec.num_gpu
        return asked < 0 or asked >= int(llama_cpp.llama_model_n_layer(self.model))

    def _between(self) -> tuple[int, ...]:
        """The special tokens that stand between the two texts of a pair."""
        sep = _token(int(llama_cpp.llama_vocab_sep(self.vocab)))
        end = sep if self.eos is None else self.eos
        wanted = (
            end if llama_cpp.llama_vocab_get_add_eos(self.vocab) else None,
            sep if llama_cpp.llama_vocab_get_add_sep(self.vocab) else None,
        )
        return tuple(token for token in wanted if token is not None)

    @cached_property
    def ranking(self) -> Ranking:
        return ranking.read(self.spec.weights)

    def _adapter(self, path: Path) -> Any:
        adapter = llama_cpp.llama_adapter_lora_init(self.model, os.fsencode(path))
        if not adapter:
            raise _load_error(f"cannot apply the adapter {path.name}")
        return adapter

    @contextmanager
    def _reading(self) -> Generator[Any, None, None]:
        """The vocabulary, which stays until the block is left."""
        with self._unused:
            if self.model is None:
                raise EngineClosedError("the model was unloaded; repeat the request")
            self._readers += 1
        try:
            yield self.vocab
        finally:
            with self._unused:
                self._readers -= 1
                self._unused.notify_all()

    def tokenize(self, text: str, *, special: bool = True, parse: bool = True) -> list[int]:
        """Token ids of a text. `special` adds the model's BOS/EOS, `parse` reads special tokens
        written in the text (`<|im_end|>`) as such."""
        if len(text) > _SPLIT_BPE and self._kind == llama_cpp.LLAMA_VOCAB_TYPE_BPE:
            parts = split_long(text, _SPLIT_BPE, keep_lines=True)
        elif len(text) > _SPLIT_SPM and self._kind == llama_cpp.LLAMA_VOCAB_TYPE_SPM:
            parts = split_long(text, _SPLIT_SPM, keep_lines=False)
        else:
            return self._tokenize(text, special, parse)
        tokens = self._tokenize(parts[0], special, parse)
        for part in parts[1:]:
            if special and self.add_eos and tokens:
                tokens.pop()
            tokens += self._continued(part, special, parse)
        return tokens

    def _continued(self, text: str, special: bool, parse: bool) -> list[int]:
        """Tokens of a text that goes on from another, so without BOS, and without the blank that
        some vocabularies put in front: that one comes before the line end."""
        start = self._tokenize("\n", False, False)
        tokens = self._tokenize("\n" + text, special, parse)
        first = 1 if special and self.add_bos else 0
        if tokens[first : first + len(start)] == start:
            return tokens[first + len(start) :]
        return self._tokenize(text, special, parse)[first:]

    def _tokenize(self, text: str, special: bool, parse: bool) -> list[int]:
        data = text.encode("utf-8", errors="replace")
        size = len(data) + 8  # no vocabulary has more tokens than bytes plus its special ones
        while True:
            buffer = (llama_cpp.llama_token * size)()
            with self._reading() as vocab:
                count = llama_cpp.llama_tokenize(
                    vocab, data, len(data), buffer, size, special, parse
                )
            if count >= 0:
                return buffer[:count]
            if count == -(2**31):
                raise RequestError("the text is too long to be tokenized")
            size = -count

    def piece(self, token: int, *, special: bool = False) -> bytes:
        """The token's bytes; with `special`, control tokens show their text too."""
        if special:
            return self._piece(token, True)
        piece = self._pieces.get(token)
        if piece is None:
            piece = self._pieces[token] = self._piece(token, False)
        return piece

    def _piece(self, token: int, special: bool) -> bytes:
        size = 64
        while True:
            buffer = ctypes.create_string_buffer(size)
            with self._reading() as vocab:
                count = llama_cpp.llama_token_to_piece(vocab, token, buffer, size, 0, special)
            if count >= 0:
                return buffer.raw[:count]
            size = -count

    def text_of(self, token: int | None) -> str:
        """A special token as templates write it; empty when the model has none."""
        if token is None:
            return ""
        return self._piece(token, True).decode("utf-8", errors="replace")

    def detokenize(self, tokens: Sequence[int], *, special: bool = False) -> str:
        """RequestError for a number that is no token of the vocabulary."""
        for token in tokens:
            if not 0 <= token < self.n_vocab:
                raise RequestError(
                    f"{token} is no token of this model, whose tokens are 0 to {self.n_vocab - 1}"
                )
        pieces = (self.piece(token, special=special) for token in tokens)
        return b"".join(pieces).decode("utf-8", errors="replace")

    def end_tokens(self) -> frozenset[int]:
        is_end = llama_cpp.llama_vocab_is_eog
        return frozenset(token for token in range(self.n_vocab) if is_end(self.vocab, token))

    def close(self) -> None:
        """Free the weights; no context over them may be left. Idempotent."""
        with self._unused:
            model, self.model = self.model, None
            self._unused.wait_for(lambda: not self._readers)
        if not model:
            return
        for adapter in self.adapters:
            llama_cpp.llama_adapter_lora_free(adapter)
        self.adapters.clear()
        llama_cpp.llama_model_free(model)


def _token(token: int) -> int | None:
    return None if token < 0 else token


def is_out_of_memory(text: str) -> bool:
    """Whether words of the library say that there was not enough memory."""
    return any(sign in text.lower() for sign in _OUT_OF_MEMORY)


def _load_error(what: str) -> LoadError:
    detail = native_log.reason()
    if is_out_of_memory(detail):
        return OutOfMemoryError(
            f"{what}: not enough memory ({detail}); a smaller num_ctx, fewer parallel sequences or "
            "a smaller quantisation needs less"
        )
    return LoadError(f"{what}: {detail or 'the library gave no reason'}")


class Batch:
    """A llama_batch of fixed capacity whose arrays are filled through numpy views."""

    def __init__(self, capacity: int) -> None:
        self._batch: Any = llama_cpp.llama_batch_init(capacity, 0, 1)
        view = np.ctypeslib.as_array
        self._tokens = view(self._batch.token, shape=(capacity,))
        self._positions = view(self._batch.pos, shape=(capacity,))
        self._outputs = view(self._batch.logits, shape=(capacity,))
        view(self._batch.n_seq_id, shape=(capacity,))[:] = 1
        # seq_id is an array of pointers to one id each, allocated apart; address them once.
        self._slots = [
            ctypes.cast(self._batch.seq_id[row], ctypes.POINTER(ctypes.c_int32))
            for row in range(capacity)
        ]
        self.capacity = capacity
        self.length = 0
        """Rows added since `clear`."""

    def clear(self) -> None:
        self.length = 0

    def add(self, slot: int, position: int, tokens: Sequence[int], outputs: str) -> None:
        """Append consecutive tokens of one slot; `outputs` is "none", "last" or "all"."""
        start, end = self.length, self.length + len(tokens)
        if end - start == 1:
            self._tokens[start] = tokens[0]
            self._positions[start] = position
        else:
            self._tokens[start:end] = tokens
            self._positions[start:end] = np.arange(position, position + end - start)
        self._outputs[start:end] = outputs == "all"
        if outputs == "last":
            self._outputs[end - 1] = 1
        for row in range(start, end):
            self._slots[row][0] = slot
        self.length = end

    def ready(self) -> Any:
        self._batch.n_tokens = self.length
        return self._batch

    def embedded(self, rows: Rows, positions: "Positions | None" = None) -> Any:
        """The same places with these embeddings, one row each, instead of tokens; with these
        positions, where they have several parts. Both must outlive the step."""
        filled = self.ready()
        return llama_cpp.llama_batch(
            filled.n_tokens,
            None,
            rows.ctypes.data_as(ctypes.POINTER(ctypes.c_float)),
            filled.pos
            if positions is None
            else positions.ctypes.data_as(ctypes.POINTER(ctypes.c_int32)),
            filled.n_seq_id,
            filled.seq_id,
            filled.logits,
        )

    def close(self) -> None:
        batch, self._batch = self._batch, None
        if batch is not None:
            llama_cpp.llama_batch_free(batch)


class LlamaBackend:
    """One context with `spec.parallel` slots of `spec.num_ctx` tokens. See Backend for
    contracts."""

    def __init__(self, weights: Weights, spec: LoadSpec) -> None:
        self._weights = weights
        self.n_slots = spec.parallel
        self.n_ctx = spec.num_ctx
        # The library cuts it down to the window, and then asserts on larger steps.
        self.n_batch = min(max(spec.num_batch, spec.parallel), spec.num_ctx * spec.parallel)
        threads = spec.num_thread or default_threads()
        params = llama_cpp.llama_context_default_params()
        params.n_ctx = spec.num_ctx * spec.parallel
        params.n_batch = params.n_ubatch = self.n_batch
        params.n_seq_max = spec.parallel
        params.n_outputs_max = spec.parallel
        params.n_threads = params.n_threads_batch = threads
        params.kv_unified = spec.kv_unified
        params.type_k = params.type_v = spec.kv_type
        params.flash_attn_type = _FLASH_ATTENTION[spec.flash_attention]
        params.swa_full = True  # a windowed cache could not be cut back to a shared prefix
        params.no_perf = True
        self._context: Any = open_context(weights, params)
        self.footprint = Footprint.announced()
        self._memory: Any = llama_cpp.llama_get_memory(self._context)
        self._is_unified = spec.kv_unified
        self._batch = Batch(self.n_batch)
        self.facts = self._facts(weights)

    def _facts(self, weights: Weights) -> ModelFacts:
        model = weights.model
        stateful = bool(
            llama_cpp.llama_model_is_recurrent(model) or llama_cpp.llama_model_is_hybrid(model)
        )
        return ModelFacts(
            n_vocab=weights.n_vocab,
            n_embd=weights.n_embd,
            n_embd_input=weights.n_embd_input,
            n_ctx_train=weights.n_ctx_train,
            bos=weights.bos,
            eos=weights.eos,
            add_bos=weights.add_bos,
            add_eos=weights.add_eos,
            end_tokens=weights.end_tokens(),
            can_shift=bool(self._memory) and bool(llama_cpp.llama_memory_can_shift(self._memory)),
            can_truncate=bool(self._memory) and not stateful,
        )

    def decode(self, step: Step) -> None:
        # A batch holds tokens or rows, not both; the last one's logits are what can be sampled.
        for chunk in step.chunks:
            if chunk.picture is not None:
                self._decode_picture(chunk, chunk.picture)
        self._batch.clear()
        for chunk in step.chunks:
            if chunk.picture is None:
                self._batch.add(
                    chunk.slot, chunk.position, chunk.tokens, "last" if chunk.output else "none"
                )
        if self._batch.length:
            self._run(self._batch.ready())

    def _decode_picture(self, chunk: Chunk, picture: Picture) -> None:
        count = len(chunk.tokens)
        rows = picture.rows[chunk.first : chunk.first + count]
        positions = picture.positions(chunk.position, chunk.first, count)
        if len(positions) != self._weights.position_parts:
            raise DecodeError("an image's positions are not of the model's kind")
        self._batch.clear()
        self._batch.add(chunk.slot, 0, [0] * count, "none")
        batch = self._batch.embedded(rows, positions)
        if picture.is_causal:
            self._run(batch)
            return
        llama_cpp.llama_set_causal_attn(self._context, False)
        try:
            self._run(batch)
        finally:
            llama_cpp.llama_set_causal_attn(self._context, True)

    def _run(self, batch: Any) -> None:
        status = llama_cpp.llama_decode(self._context, batch)
        if status != 0:
            raise DecodeError(_STATUS.get(status, f"llama_decode answered {status}"))

    def sampler(self, params: SamplingParams, history: Sequence[int]) -> LlamaSampler:
        weights = self._weights
        return LlamaSampler(
            self._context, weights.vocab, weights.n_vocab, self.n_ctx, params, history
        )

    def piece(self, token: int) -> bytes:
        return self._weights.piece(token)

    def truncate(self, slot: int, length: int) -> bool:
        if llama_cpp.llama_memory_seq_rm(self._memory, slot, length, -1):
            return True
        llama_cpp.llama_memory_seq_rm(self._memory, slot, -1, -1)
        return False

    def copy(self, source: int, target: int, length: int) -> bool:
        if self._is_unified:
            llama_cpp.llama_memory_seq_rm(self._memory, target, -1, -1)
            llama_cpp.llama_memory_seq_cp(self._memory, source, target, 0, length)
            return True
        # Between streams only a whole window can be copied; what is too much is cut off again.
        llama_cpp.llama_memory_seq_cp(self._memory, source, target, -1, -1)
        return self.truncate(target, length)

    def shift(self, slot: int, keep: int, discard: int) -> None:
        llama_cpp.llama_memory_seq_rm(self._memory, slot, keep, keep + discard)
        llama_cpp.llama_memory_seq_add(self._memory, slot, keep + discard, -1, -discard)

    def close(self) -> None:
        context, self._context = self._context, None
        if context is not None:
            self._batch.close()
            llama_cpp.llama_free(context)


_STATUS = {
    1: "no room in the key-value cache for this step; use a larger num_ctx or fewer sequences",
    2: "the step was aborted",
    -1: "the step's batch was invalid",
    -2: "not enough memory for this step; use a smaller num_batch",
    -3: "the computation of the step failed",
}


def open_context(weights: Weights, params: Any) -> Any:
    """A llama_context with the weights' adapters applied; raises LoadError with the library's
    words."""
    if params.n_batch < 1 or params.n_ctx < 1 or not 1 <= params.n_seq_max <= 256:
        raise OptionError(
            f"cannot open a context of {params.n_ctx} tokens for {params.n_seq_max} sequences: "
            "num_ctx and num_batch must be positive, and at most 256 sequences run at once"
        )
    native_log.begin()
    context = llama_cpp.llama_init_from_model(weights.model, params)
    if not context:
        raise _load_error(f"cannot open a context of {params.n_ctx} tokens")
    if weights.adapters:
        count = len(weights.adapters)
        pointers = (llama_cpp.llama_adapter_lora_p_ctypes * count)(*weights.adapters)
        scales = (ctypes.c_float * count)(*([1.0] * count))
        if llama_cpp.llama_set_adapters_lora(context, pointers, count, scales) != 0:
            llama_cpp.llama_free(context)
            raise _load_error("cannot apply the adapters")
    return context


class LlamaPooling:
    """A context that pools: encoders, or decoders with the pooling their file names. Where it names
    none, that is the score of a reranker, else the last token. See PoolingBackend for contracts."""

    def __init__(self, weights: Weights, n_batch: int) -> None:
        self._weights = weights
        self.n_batch = pooling_batch(n_batch)
        params = llama_cpp.llama_context_default_params()
        params.n_ctx = params.n_batch = params.n_ubatch = self.n_batch
        params.n_seq_max = MAX_TEXTS
        params.kv_unified = True
        params.embeddings = True
        params.no_perf = True
        self._context: Any = open_context(weights, params)
        if llama_cpp.llama_pooling_type(self._context) == llama_cpp.LLAMA_POOLING_TYPE_NONE:
            llama_cpp.llama_free(self._context)
            params.pooling_type = (
                llama_cpp.LLAMA_POOLING_TYPE_RANK
                if weights.ranking.is_ranking
                else llama_cpp.LLAMA_POOLING_TYPE_LAST
            )
            self._context = open_context(weights, params)
        self.footprint = Footprint.announced()
        is_rank = llama_cpp.llama_pooling_type(self._context) == llama_cpp.LLAMA_POOLING_TYPE_RANK
        if is_rank and weights.n_labels > weights.n_embd:
            # Without a head that has the outputs, the library reads them behind the pooled vector.
            llama_cpp.llama_free(self._context)
            raise LoadError(f"the file names {weights.n_labels} labels but has no head for them")
        self._width = (
            weights.n_labels if is_rank else int(llama_cpp.llama_model_n_embd_out(weights.model))
        )
        self._segments = Segments.read(weights.spec.weights) if is_rank else None
        self._memory: Any = llama_cpp.llama_get_memory(self._context)
        self._batch = Batch(self.n_batch)

    def embed(self, texts: Sequence[Sequence[int]], *, threads: int) -> list[Any]:
        self._batch.clear()
        for slot, tokens in enumerate(texts):
            self._batch.add(slot, 0, tokens, "all")
        llama_cpp.llama_set_n_threads(self._context, threads, threads)
        if self._memory:
            llama_cpp.llama_memory_clear(self._memory, True)
        run = llama_cpp.llama_decode if self._memory else llama_cpp.llama_encode
        rows: Rows | None = None
        if self._segments is not None and any(isinstance(text, Pair) for text in texts):
            rows = self._segments.rows(texts)
        status = run(
            self._context, self._batch.ready() if rows is None else self._batch.embedded(rows)
        )
        if status != 0:
            raise DecodeError(_STATUS.get(status, f"the library answered {status}"))
        return [self._vector(slot) for slot in range(len(texts))]

    def _vector(self, slot: int) -> Any:
        pointer = llama_cpp.llama_get_embeddings_seq(self._context, slot)
        if not pointer:
            raise DecodeError("the library pooled no vector for a text")
        return np.ctypeslib.as_array(pointer, shape=(self._width,)).copy()

    def close(self) -> None:
        context, self._context = self._context, None
        if context is not None:
            self._batch.close()
            llama_cpp.llama_free(context)


def pooling_batch(wanted: int) -> int:
    """The next size that an encoder context is known to survive (300 aborted the process)."""
    return next((size for size in (512, 1024, 2048, 4096) if size >= wanted), 8192)

"""What the engine needs from a loaded model. Knows operations and their contracts; knows no C.

`engine/llama.py` implements these over llama-cpp-python; the tests do with scripted logits.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from paddock.engine.sequence import SamplingParams, Step


@dataclass(frozen=True, slots=True)
class LoadSpec:
    """How to load one set of weights. Two requests with equal specs share a loaded model."""

    weights: Path
    num_ctx: int
    """Window of one sequence, in tokens; at most the trained length."""
    parallel: int = 1
    """Sequences that can run at once; the cache holds `num_ctx * parallel` tokens."""
    num_batch: int = 512
    """Most tokens of one step."""
    num_gpu: int = -1
    """Layers on the GPU; -1 all that the library places there, 0 none."""
    main_gpu: int | None = None
    use_mmap: bool = True
    num_thread: int = 0
    """0: one per physical core that this process may use."""
    kv_unified: bool = False
    """One pool of cells for all sequences instead of a stream for each. Measured: a token then
    attends over everybody's cells, which costs 1.5 times as much with eight conversations of 768
    tokens."""
    kv_type: int = 1
    """Type of the cache's keys and values, as tensors have one; 1 is F16."""
    flash_attention: bool | None = None
    """None lets the library choose."""
    adapters: tuple[Path, ...] = ()
    projectors: tuple[Path, ...] = ()
    """Files that turn pictures into rows; the first one is used."""
    image_min_tokens: int = -1
    """Least rows of a picture where they depend on its size; -1 leaves it to the projector."""


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What a loaded model says of itself."""

    n_vocab: int
    n_embd: int
    n_embd_input: int
    """Width of a row that stands in place of a token."""
    n_ctx_train: int
    """Trained window in tokens."""
    bos: int | None
    eos: int | None
    add_bos: bool
    add_eos: bool
    end_tokens: frozenset[int]
    """Tokens that end a generation."""
    can_shift: bool
    """Positions can be moved, so an old part of the context can be given up."""
    can_truncate: bool
    """The cache can be cut back to any earlier position (not so for recurrent or windowed
    models)."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A sampled token, with the raw model's log-probability where it was asked for."""

    token: int
    logprob: float | None = None
    top: tuple[tuple[int, float], ...] = ()
    """Likeliest tokens and their log-probabilities, best first."""


class Sampler(Protocol):
    """The sampling state of one sequence; used and closed by the engine thread."""

    def sample(self, row: int) -> Choice:
        """Choose from the logits of the last step's row `row`, and accept the token."""
        ...

    def close(self) -> None: ...


class Backend(Protocol):
    """One context with `n_slots` sequences of `n_ctx` tokens. Used by one thread only.

    Callers keep to: slots below `n_slots`, tokens below `facts.n_vocab`, positions that go on where
    the slot's ended, at most `n_batch` rows of tokens per step and of each picture. A place in a
    slot is told as a position, which is not the number of tokens before it where there are
    pictures.
    """

    facts: ModelFacts
    n_ctx: int
    n_slots: int
    n_batch: int

    def decode(self, step: Step) -> None:
        """Evaluate the step's rows; raises DecodeError, after which the step's slots are void.

        Rows of pictures have no outputs, and are not counted among those that `Sampler.sample`
        names.
        """
        ...

    def sampler(self, params: SamplingParams, history: Sequence[int]) -> Sampler:
        """A sampler whose penalties have seen `history`; raises GrammarError."""
        ...

    def piece(self, token: int) -> bytes:
        """The token's text as UTF-8 bytes, possibly a part of a character; empty for control
        tokens."""
        ...

    def truncate(self, slot: int, length: int) -> bool:
        """Forget the slot's cells from position `length` on; False if the model cannot (then the
        whole slot was cleared)."""
        ...

    def copy(self, source: int, target: int, length: int) -> bool:
        """Make `target` hold the first `length` cells of `source`; False if it cannot (then the
        target was cleared)."""
        ...

    def shift(self, slot: int, keep: int, discard: int) -> None:
        """Drop cells [keep, keep + discard) and move the later ones down. Needs
        `facts.can_shift`."""
        ...

    def close(self) -> None: ...

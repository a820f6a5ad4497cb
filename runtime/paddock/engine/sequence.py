"""The state of one generation, and what a step is made of. Knows token ids; knows no text, no
model."""

from array import array
from collections.abc import Callable, Mapping
from collections.abc import Sequence as SequenceOf
from dataclasses import dataclass, field
from enum import StrEnum

from paddock.engine.picture import Picture, Placed, position_of
from paddock.stream import Channel


@dataclass(frozen=True, slots=True)
class SamplingParams:
    """How tokens are chosen. Defaults are Ollama's (temperature 0 is greedy, seed -1 random)."""

    temperature: float = 0.8
    top_k: int = 40
    top_p: float = 0.9
    min_p: float = 0.0
    typical_p: float = 1.0
    repeat_last_n: int = 64
    repeat_penalty: float = 1.0
    presence_penalty: float = 0.0
    frequency_penalty: float = 0.0
    mirostat: int = 0
    mirostat_tau: float = 5.0
    mirostat_eta: float = 0.1
    seed: int = -1
    grammar: str | None = None
    """GBNF text with a rule named `root`."""
    logit_bias: tuple[tuple[int, float], ...] = ()
    logprobs: int | None = None
    """None: none wanted; k: the chosen token's and those of the k likeliest."""


class FinishReason(StrEnum):
    STOP = "stop"
    LENGTH = "length"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Job:
    """One generation as it is submitted."""

    tokens: SequenceOf[int]
    """The prompt; where a picture stands, its mark for each row."""
    channel: Channel
    """Receives Token items, then one Finished; or an error."""
    params: SamplingParams = SamplingParams()
    num_predict: int = -1
    """Most tokens to generate; negative means until the model ends."""
    num_keep: int = 4
    """Prompt tokens that a context shift keeps."""
    shift: bool = True
    """Give up old context when the window is full, where the model can."""
    stop: tuple[str, ...] = ()
    deadline: float | None = None
    """Monotonic time after which the job fails with DeadlineError."""
    shown: Mapping[int, bytes] = field(default_factory=dict[int, bytes])
    """Control tokens that are text in this answer, which otherwise have none."""
    is_called_off: Callable[[], bool] | None = None
    """Asked before every step; once true, the job ends with what it has."""
    pictures: tuple[Placed, ...] = ()
    """In the order of the prompt, which does not end with one."""


@dataclass(frozen=True, slots=True)
class TokenLogprob:
    """A token's text with its log-probability under the unmodified model."""

    text: bytes
    logprob: float
    top: tuple[tuple[bytes, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Token:
    """Text that one step added; empty while characters or stop strings are held back."""

    text: str
    logprob: TokenLogprob | None = None
    count: int = 1
    """Tokens sampled since the item before."""


@dataclass(frozen=True, slots=True)
class Finished:
    """The end of a generation. Durations in nanoseconds."""

    reason: FinishReason
    prompt_count: int
    cached_count: int
    """Prompt tokens taken from the cache instead of being evaluated."""
    eval_count: int
    prompt_duration: int
    eval_duration: int
    tokens: SequenceOf[int] = ()
    """The prompt and what followed, as far as the context still holds them, without pictures."""
    queue_duration: int = 0
    ended: int = 0
    """Clock in nanoseconds; 0 for a job that never ran."""


@dataclass(slots=True, eq=False)
class Sequence:
    """One running generation in one slot: *computed* tokens catch up with *known* ones."""

    job: Job
    slot: int
    tokens: "array[int]"
    """Known tokens: the prompt, then what was sampled."""
    computed: int
    """How many of them the cache holds."""
    num_prompt: int
    num_cached: int
    num_generated: int = 0
    started: int = 0
    """Clock in nanoseconds at admission."""
    first_token: int = 0
    """Clock in nanoseconds when the first token was sampled; 0 before."""

    @property
    def num_pending(self) -> int:
        return len(self.tokens) - self.computed

    @property
    def is_decoding(self) -> bool:
        return self.num_pending == 1 and self.num_generated > 0

    @property
    def position(self) -> int:
        """That of the next token to be computed; inside a picture, that of its beginning."""
        pictures = self.job.pictures
        return position_of(self.computed, pictures) if pictures else self.computed

    @property
    def picture(self) -> Placed | None:
        """The picture that is next to be computed, begun or not, if there is one left."""
        return next((placed for placed in self.job.pictures if placed.end > self.computed), None)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Consecutive tokens of one slot, or rows of one picture. With `output` the last row's logits
    are wanted."""

    slot: int
    position: int
    """Of the first token, or of the picture's beginning."""
    tokens: SequenceOf[int]
    output: bool
    picture: Picture | None = None
    """Then the tokens are its mark, for as many rows as are to be evaluated."""
    first: int = 0
    """Which of its rows is the first of them."""


@dataclass(frozen=True, slots=True)
class Step:
    """What one decode evaluates, ordered by slot."""

    chunks: tuple[Chunk, ...]

    @property
    def num_tokens(self) -> int:
        return sum(len(chunk.tokens) for chunk in self.chunks)

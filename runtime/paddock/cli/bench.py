"""Measures a model through the public API, next to the bare loops of `bare.py` in the same run.

Knows what is measured and how rounds are summed up. Knows no command line and no terminal; the
bindings are imported when a measurement starts.
"""

import random
from bisect import bisect_left
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import TYPE_CHECKING, Any

from paddock import random_model
from paddock.api import GenerateResponse
from paddock.client import Client
from paddock.random_model import Shape
from paddock.runtime import Runtime
from paddock.settings import Settings
from paddock.stream import Stream

if TYPE_CHECKING:
    from paddock.cli.bare import BareModel, Sampling

_TEXT = (
    "the of and to in is that for it as was with be by on not he this are or his from at which but "
    "have an had they you were their one all we can her has there been if more when will would who "
    "so no river stone engine paper garden winter letter market window signal copper harbour time "
    "answer question country machine history language morning evening system between other during "
    "without through because however simple general public against several nothing possible present"
)
WORDS = _TEXT.split()

EMBED_TEXTS = 400
EMBED_WORDS = (8, 120)
TAIL_TOKENS = 16
"""What follows the shared prefix."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure. Sizes are tokens."""

    sequences: tuple[int, ...] = (1, 4, 8, 16)
    tokens: int = 64
    prompt_tokens: int = 256
    prefix_tokens: int = 1000
    rounds: int = 3
    start_tokens: int = 16
    """Prompt of the generation rounds."""
    threads: int | None = None
    """None: as many as paddock takes by itself."""

    @property
    def window(self) -> int:
        """Context that holds the longest of these sequences, in the library's steps of 256."""
        longest = max(
            self.start_tokens + self.tokens, self.prompt_tokens, self.prefix_tokens + TAIL_TOKENS
        )
        return (longest + 16 + 255) // 256 * 256


@dataclass(frozen=True, slots=True)
class Pair:
    """A rate through paddock and through the bare loop: medians, and the median of their ratios."""

    measure: str
    sequences: int
    unit: str
    paddock: float
    bare: float
    ratio: float


@dataclass(frozen=True, slots=True)
class SharedPrefix:
    """Time to the first token of two requests that begin alike."""

    first_ms: float
    second_ms: float
    ratio: float
    tokens: int
    cached: int
    """Prompt tokens that the second one did not evaluate again."""


@dataclass(frozen=True, slots=True)
class Report:
    model: str
    threads: int
    rounds: int
    results: list[Pair] = field(default_factory=list)
    shared_prefix: SharedPrefix | None = None


Rate = Callable[[int], float]
Progress = Callable[[str], None]


# -- summing up ------------------------------------------------------------------------------------


def paired(ours: Rate, theirs: Rate, rounds: int) -> tuple[float, float, float]:
    """Medians of both and of their ratio. Both warm up; then they take turns in going first, since
    other load on a machine comes and goes."""
    ours(0)
    theirs(0)
    pairs: list[tuple[float, float]] = []
    for number in range(1, rounds + 1):
        if number % 2:
            mine = ours(number)
            pairs.append((mine, theirs(number)))
        else:
            reference = theirs(number)
            pairs.append((ours(number), reference))
    return (
        median(mine for mine, _ in pairs),
        median(reference for _, reference in pairs),
        median(mine / reference for mine, reference in pairs),
    )


@dataclass(frozen=True, slots=True)
class Arrivals:
    """When the parts of one answer came, and of how many tokens they were made."""

    moments: Sequence[float]
    tokens: int


def steady_rate(answers: Sequence[Arrivals]) -> float:
    """Tokens per second while all answers were running: from the last first part to the first end.

    Some tokens are half a character and bring no part; an answer's tokens are spread evenly over
    its parts.
    """
    start = max(answer.moments[0] for answer in answers)
    end = min(answer.moments[-1] for answer in answers)
    tokens = sum(
        answer.tokens
        * sum(start < moment <= end for moment in answer.moments)
        / len(answer.moments)
        for answer in answers
    )
    return tokens / (end - start) if end > start else 0.0


def together(listen: Callable[[str, int], Arrivals], prompts: Sequence[str]) -> float:
    """Tokens per second of answers that are asked for at the same time."""
    with ThreadPoolExecutor(len(prompts)) as pool:
        return steady_rate(list(pool.map(listen, prompts, range(len(prompts)))))


def embed_rate(embed: Callable[[Sequence[str]], object], texts: Sequence[str]) -> float:
    """Texts per second of one call."""
    start = perf_counter()
    embed(texts)
    return len(texts) / (perf_counter() - start)


# -- texts -----------------------------------------------------------------------------------------


def words(seed: object, count: int) -> list[str]:
    """The same words for the same seed."""
    return random.Random(str(seed)).choices(WORDS, k=count)


def text_of(seed: object, tokens: int, tokenize: Callable[[str], Sequence[int]]) -> str:
    """A text of at least this many tokens, by no more than a word."""
    chosen = words(seed, tokens)  # no word is less than a token
    count = bisect_left(
        range(tokens), tokens, key=lambda count: len(tokenize(" ".join(chosen[:count])))
    )
    return " ".join(chosen[:count])


def embed_texts(count: int = EMBED_TEXTS) -> list[str]:
    """Texts of 8 to 120 words, in no order of length."""
    lengths = random.Random("lengths")
    return [" ".join(words(index, lengths.randint(*EMBED_WORDS))) for index in range(count)]


# -- completion ------------------------------------------------------------------------------------


class Completion:
    """A completion model, measured through the client and through the bare loop."""

    def __init__(
        self, client: Client, model: str, bare: "BareModel", sampling: "Sampling", plan: Plan
    ) -> None:
        self._client, self._model, self._bare = client, model, bare
        self._sampling, self._plan = sampling, plan
        # An answer must have the length asked for, whatever the weights say.
        self.bias = dict.fromkeys(bare.end_tokens(), -1e9)

    @property
    def options(self) -> dict[str, Any]:
        """Those of every answer, but for its seed."""
        return {
            "temperature": self._sampling.temperature,
            "top_k": self._sampling.top_k,
            "top_p": self._sampling.top_p,
            "min_p": 0.0,
            "repeat_penalty": 1.0,
            "num_predict": self._plan.tokens,
            "num_ctx": self._plan.window,
            "num_thread": self._plan.threads,
        }

    def prompts(self, sequences: int, number: int) -> list[str]:
        """Those of one round of generation."""
        return [
            text_of((sequences, number, row), self._plan.start_tokens, self._bare.tokenize)
            for row in range(sequences)
        ]

    def generation(self, sequences: int) -> Pair:
        plan = self._plan

        def ours(number: int) -> float:
            return together(self.listen, self.prompts(sequences, number))

        with self._bare.generator(sequences) as generator:

            def theirs(number: int) -> float:
                prompts = self.prompts(sequences, number)
                tokens = [self._bare.tokenize(prompt) for prompt in prompts]
                moments = generator.run(tokens, plan.tokens, self._sampling)
                return steady_rate([Arrivals(each, plan.tokens) for each in moments])

            return Pair("generation", sequences, "tokens/s", *paired(ours, theirs, plan.rounds))

    def prompt(self) -> Pair:
        plan = self._plan

        def text(number: int) -> str:
            return text_of(("prompt", number), plan.prompt_tokens, self._bare.tokenize)

        def ours(number: int) -> float:
            prompt = text(number)
            seconds, _ = self._first(prompt)
            return len(self._bare.tokenize(prompt)) / seconds

        with self._bare.generator(1) as generator:

            def theirs(number: int) -> float:
                prompt = text(number)
                start = perf_counter()
                tokens = self._bare.tokenize(prompt)
                generator.run([tokens], 1, self._sampling)
                return len(tokens) / (perf_counter() - start)

            return Pair("prompt", 1, "tokens/s", *paired(ours, theirs, plan.rounds))

    def shared_prefix(self) -> SharedPrefix:
        firsts: list[float] = []
        seconds: list[float] = []
        total = cached = 0
        for number in range(self._plan.rounds):
            prefix = text_of(("prefix", number), self._plan.prefix_tokens, self._bare.tokenize)
            first, second = (
                f"{prefix} {text_of((number, tail), TAIL_TOKENS, self._bare.tokenize)}"
                for tail in ("first", "second")
            )
            firsts.append(self._first(first)[0])
            elapsed, cached = self._first(second)
            seconds.append(elapsed)
            total = len(self._bare.tokenize(second))
        return SharedPrefix(
            first_ms=median(firsts) * 1000,
            second_ms=median(seconds) * 1000,
            ratio=median(b / a for a, b in zip(firsts, seconds, strict=True)),
            tokens=total,
            cached=cached,
        )

    def listen(self, prompt: str, seed: int) -> Arrivals:
        """An answer in this process."""
        moments: list[float] = []
        tokens = 0
        for part in self._stream(prompt, self._plan.tokens, seed):
            if part.response:
                moments.append(perf_counter())
            if part.done:
                tokens = part.eval_count or 0
        return Arrivals(moments, tokens)

    def _first(self, prompt: str) -> tuple[float, int]:
        """Seconds to the first token, and how much of the prompt was reused."""
        start = perf_counter()
        with self._stream(prompt, 1, seed=0) as stream:
            part = next(stream)
            elapsed = perf_counter() - start
            *_, last = [part, *stream]
        return elapsed, last.prompt_cached_count or 0

    def _stream(self, prompt: str, tokens: int, seed: int) -> Stream[GenerateResponse]:
        options = self.options | {"seed": seed, "num_predict": tokens}
        return self._client.generate(
            self._model, prompt, raw=True, stream=True, options=options, logit_bias=self.bias
        )


# -- embedding -------------------------------------------------------------------------------------


def embedding(client: Client, model: str, bare: "BareModel", plan: Plan) -> Pair:
    texts = embed_texts()
    options = {"num_thread": plan.threads}

    def ours(_: int) -> float:
        return embed_rate(lambda texts: client.embed(model, texts, options=options), texts)

    with bare.embedder() as embedder:

        def encode(texts: Sequence[str]) -> object:
            return embedder.run([bare.tokenize(text) for text in texts])

        def theirs(_: int) -> float:
            return embed_rate(encode, texts)

        return Pair("embedding", 1, "texts/s", *paired(ours, theirs, plan.rounds))


# -- the whole -------------------------------------------------------------------------------------


def measure(model: str, plan: Plan, *, progress: Progress) -> Report:
    """Everything that applies to the model: a name in the store, or the path of a GGUF file."""
    settings = Settings(num_parallel=max(plan.sequences))
    with closing(Runtime(settings=settings)) as runtime:
        client = Client(runtime=runtime)
        found = runtime.models.resolve(model)
        weights = found.gguf.path  # checked, before it reaches native code

        from paddock.cli.bare import BareModel, Sampling
        from paddock.engine.llama import default_threads  # also takes the library's log lines

        threads = plan.threads or default_threads()
        progress("loading the model")
        with BareModel(weights, threads=threads, window=plan.window) as bare:
            report = Report(model, threads, plan.rounds)
            if "embedding" in found.capabilities:
                progress("embedding")
                report.results.append(embedding(client, model, bare, plan))
                return report
            subject = Completion(client, model, bare, Sampling(), plan)
            progress("prompt")
            report.results.append(subject.prompt())
            for sequences in plan.sequences:
                progress(f"generation, {sequences} at once")
                report.results.append(subject.generation(sequences))
            progress("shared prefix")
            return replace(report, shared_prefix=subject.shared_prefix())


@contextmanager
def random_weights(shape: Shape, vocab: Path | None) -> Generator[str]:
    """The path of a GGUF of random weights, for as long as the block lasts."""
    with TemporaryDirectory(prefix="paddock-bench-") as folder:
        yield str(random_model.write(Path(folder, "random.gguf"), shape, vocab=vocab, type="Q8_0"))

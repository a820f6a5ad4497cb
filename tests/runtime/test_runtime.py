"""One process, real tiny models: many threads and loops at once, cancelling, keep_alive, memory."""

import asyncio
import gc
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from tests.mixed_calls import calls, is_clear, wrong_answers
from tests.processes import run_python
from tests.runtime.conftest import ONE_THREAD

from paddock import random_model
from paddock.api import ChatRequest, CreateRequest, GenerateRequest, Options
from paddock.client import AsyncClient, Client
from paddock.engine.backend import LoadSpec
from paddock.engine.llama import LlamaBackend, Weights
from paddock.engine.loop import Engine
from paddock.errors import (
    EngineClosedError,
    ModelNotFoundError,
    OutOfMemoryError,
    PaddockError,
    RequestError,
)
from paddock.runtime import Runtime
from paddock.settings import Settings

pytestmark = pytest.mark.engine

HI = [{"role": "user", "content": "the cat sat"}]
GREEDY = {"temperature": 0, "num_predict": 12}


@pytest.fixture
def fresh(models: Path) -> Iterator[Runtime]:
    """A runtime with nothing loaded."""
    with Runtime(models) as runtime:
        yield runtime


@contextmanager
def engine_of(runtime: Runtime, name: str) -> Iterator[Engine]:
    """The engine of a loaded model, which stays loaded meanwhile."""
    model = runtime.resolve(name)
    # Loaded as calls have it loaded, or they would wait for this lease to end.
    options = Options().over(model.parameters)
    with runtime.lease(model, options, None).result() as lease:
        yield lease.loaded.engine()


def wait_until(condition: Callable[[], bool], seconds: float = 60) -> None:
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "it did not come to that"
        time.sleep(0.002)


def loaded(client: Client) -> dict[str, Any]:
    return {str(row.model): row for row in client.ps().models}


# -- many at once


def test_sixteen_threads_of_mixed_calls_get_the_answers_they_get_alone(
    client: Client, minilm: str
) -> None:
    assert wrong_answers(calls(client, [minilm, "tiny"])) == []


async def test_a_hundred_tasks_of_one_loop_are_answered(runtime: Runtime) -> None:
    client = AsyncClient(runtime=runtime)
    alone = await client.chat("tiny", HI, options=GREEDY)
    answers = await asyncio.gather(*(client.chat("tiny", HI, options=GREEDY) for _ in range(100)))
    assert {answer.message.content for answer in answers} == {alone.message.content}


def test_requests_that_run_together_finish_sooner_than_one_after_another(
    client: Client, slow: str
) -> None:
    options = {"temperature": 0, "num_predict": 30}
    prompts = [f"{number} tell me" for number in range(8)]

    def timed(work: Callable[[], Any]) -> float:
        start = time.perf_counter()
        work()
        return time.perf_counter() - start

    def together() -> None:
        streams = [client.generate(slow, text, stream=True, options=options) for text in prompts]
        for stream in streams:
            stream.result()

    client.generate(slow, "warm up", options=options)
    one = min(timed(lambda: client.generate(slow, "alone", options=options)) for _ in range(3))
    assert min(timed(together) for _ in range(3)) < 0.8 * 8 * one


def test_a_late_request_gets_its_first_token_before_a_running_one_ends(
    client: Client, slow: str
) -> None:
    options = {"temperature": 0, "num_predict": 1500}
    running = client.generate(slow, "first", stream=True, options=options)
    next(iter(running))
    late = client.generate(slow, "second", stream=True, options=options)
    assert next(iter(late)).response is not None
    assert not running._channel.finished
    running.close()
    late.close()


# -- event loops

TICK, MISS = 0.010, 0.050


async def longest_gap(work: Callable[[], Any]) -> float:
    """The longest time between two beats of a ticker while the work is done."""
    beats = [time.perf_counter()]

    async def tick() -> None:
        while True:
            await asyncio.sleep(TICK)
            beats.append(time.perf_counter())

    ticker = asyncio.create_task(tick())
    try:
        await work()
    finally:
        ticker.cancel()
    assert len(beats) > 20, "the work was long enough to disturb"
    return max(later - sooner for sooner, later in pairwise(beats))


async def test_loading_generating_and_embedding_leave_the_event_loop_alone(
    models: Path, slow: str, minilm: str
) -> None:
    async def work() -> None:
        with Runtime(models) as runtime:
            client = AsyncClient(runtime=runtime)

            async def read() -> None:
                options = {"num_predict": 100}
                async for _ in await client.chat(slow, HI, stream=True, options=options):
                    pass

            await asyncio.gather(
                client.generate(slow, "x" * 800, options={"num_predict": 50}),
                read(),
                read(),
                client.embed(minilm, ["some words to embed " * 10] * 20),
            )

    # Other programs on the machine may stop us all: once in three times is proof enough.
    gaps: list[float] = []
    for _ in range(3):
        gaps.append(await longest_gap(work))
        if gaps[-1] <= TICK + MISS:
            return
    pytest.fail(f"a ticker of 10 ms missed beats: {gaps}")


def test_one_runtime_serves_two_event_loops_in_a_row(runtime: Runtime) -> None:
    client = AsyncClient(runtime=runtime)

    async def ask() -> list[str | None]:
        parts = [part async for part in await client.chat("tiny", HI, stream=True, options=GREEDY)]
        whole = await client.chat("tiny", HI, options=GREEDY)
        assert "".join(part.message.content or "" for part in parts) == whole.message.content
        return [whole.message.content]

    assert asyncio.run(ask()) == asyncio.run(ask())


def test_event_loops_on_several_threads_share_one_runtime(runtime: Runtime) -> None:
    client = AsyncClient(runtime=runtime)
    answers: list[str | None] = []

    async def ask() -> None:
        answers.append((await client.chat("tiny", HI, options=GREEDY)).message.content)

    threads = [threading.Thread(target=lambda: asyncio.run(ask())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 4
    assert len(set(answers)) == 1


# -- cancelling

ENDLESS = {"temperature": 0, "num_predict": 100_000}
LONG = "a long prompt " * 130
"""Some 1,800 tokens: 29 steps of 64, 40 milliseconds each."""


class Watched:
    """Counts what one engine evaluates."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.start = engine.stats.evaluated

    @property
    def evaluated(self) -> int:
        return self.engine.stats.evaluated - self.start

    def wait_for(self, count: int) -> None:
        wait_until(lambda: self.evaluated >= count)

    def stops(self, *, after: int) -> bool:
        """Whether the engine comes to rest with no more than one step beyond `after`."""
        wait_until(lambda: not self.engine._running and not self.engine._waiting)
        # One step may have been running, and the one before it not been counted yet.
        return self.evaluated <= after + 2 * 64


@pytest.fixture
def watched(runtime: Runtime, slow: str) -> Iterator[Watched]:
    with engine_of(runtime, slow) as engine:
        yield Watched(engine)


@pytest.mark.parametrize("phase", ["prefill", "decode"])
@pytest.mark.parametrize("way", ["close", "drop", "break", "with"])
def test_leaving_a_stream_ends_its_work_within_a_step(
    client: Client, slow: str, watched: Watched, phase: str, way: str
) -> None:
    prompt = f"{phase} {way} {LONG}" if phase == "prefill" else f"{phase} {way}"
    stream = client.generate(slow, prompt, stream=True, raw=True, options=ENDLESS)
    if phase == "prefill":
        watched.wait_for(64)
    else:
        next(iter(stream))
    at = watched.evaluated
    if way == "close":
        stream.close()
    elif way == "with":
        with stream:
            pass
    elif way == "break" and phase == "decode":
        for _ in stream:
            break
        del stream
    else:
        del stream
        gc.collect()
    assert watched.stops(after=at)


@pytest.mark.parametrize("phase", ["prefill", "decode"])
@pytest.mark.parametrize("whole", [True, False])
async def test_cancelling_a_task_ends_its_work_within_a_step(
    runtime: Runtime, slow: str, watched: Watched, phase: str, whole: bool
) -> None:
    client = AsyncClient(runtime=runtime)
    prompt = f"task {phase} {whole} {LONG if phase == 'prefill' else ''}"

    async def consume() -> None:
        fields: dict[str, Any] = {"raw": True, "options": ENDLESS}
        if whole:
            await client.generate(slow, prompt, **fields)
        else:
            async for _ in await client.generate(slow, prompt, stream=True, **fields):
                pass

    task = asyncio.create_task(consume())
    wanted = 64 if phase == "prefill" else 40
    await asyncio.to_thread(watched.wait_for, wanted)
    at = watched.evaluated
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert watched.stops(after=at)


async def test_a_timeout_of_the_callers_ends_the_work(
    runtime: Runtime, slow: str, watched: Watched
) -> None:
    client = AsyncClient(runtime=runtime)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await client.generate(slow, f"timeout {LONG}", raw=True, options=ENDLESS)
    assert watched.stops(after=watched.evaluated)


def test_a_neighbour_does_not_notice(client: Client, slow: str, watched: Watched) -> None:
    fields: dict[str, Any] = {"raw": True, "options": {"temperature": 0, "num_predict": 40}}
    for number in range(20):
        prompt = f"neighbour {number}"
        alone = client.generate(slow, prompt, logprobs=True, top_logprobs=2, **fields)
        if is_clear(alone):
            break
    assert is_clear(alone)
    doomed = client.generate(slow, f"doomed {LONG}", stream=True, raw=True, options=ENDLESS)
    watched.wait_for(64)
    neighbour = client.generate(slow, prompt, stream=True, **fields)
    said = next(iter(neighbour)).response or ""
    doomed.close()
    assert said + (neighbour.result().response or "") == alone.response


def test_a_call_that_waits_can_be_cancelled_without_touching_the_running_one(
    models: Path, slow: str
) -> None:
    with Runtime(models, settings=Settings(num_parallel=1)) as runtime:
        client = Client(runtime=runtime)
        options = {"temperature": 0, "num_predict": 60}
        running = client.generate(slow, "running", stream=True, options=options)
        next(iter(running))
        waiting = client.generate(slow, "waiting", stream=True, options=ENDLESS)
        with engine_of(runtime, slow) as engine:
            wait_until(lambda: engine.num_waiting == 1)
            waiting.close()
            assert running.result().eval_count == 60
            wait_until(lambda: engine.stats.cancelled == 1)
            assert engine.stats.generated == 60


def test_a_request_can_be_cancelled_while_its_model_loads(fresh: Runtime, slow: str) -> None:
    stream = fresh.generate(GenerateRequest(model=slow, prompt="x", options=Options(seed=1)))
    stream.close()
    client = Client(runtime=fresh)
    assert client.chat("tiny", HI, options=GREEDY).done
    if slow in loaded(client):
        with engine_of(fresh, slow) as engine:
            assert engine.stats.generated == 0


def test_cancelled_embeddings_stop_and_others_go_on(client: Client, minilm: str) -> None:
    texts = ["some words to embed " * 40] * 200
    stream = client.runtime.embed(_embed_request(minilm, texts))
    time.sleep(0.1)
    stream.close()
    start = time.perf_counter()
    assert len(client.embed(minilm, "short").embeddings) == 1
    assert time.perf_counter() - start < 5, "two hundred long texts take longer"


def _embed_request(model: str, texts: list[str]) -> Any:
    from paddock.api import EmbedRequest

    return EmbedRequest(model=model, input=texts)


# -- what is loaded


def test_nothing_is_loaded_until_it_is_asked_for(fresh: Runtime) -> None:
    client = Client(runtime=fresh)
    client.list()
    client.show("tiny")
    fresh.count_tokens("tiny", "hello")
    assert client.ps().models == []


def test_requests_without_options_never_reload(fresh: Runtime) -> None:
    client = Client(runtime=fresh)
    for fields in ({}, {"num_ctx": 64}, {"temperature": 1.5}, {"num_ctx": 128, "seed": 3}, {}):
        client.chat("tiny", HI, options={"num_predict": 1, **fields})
    (row,) = client.ps().models
    assert (row.loads, row.reason, row.context_length) == (1, "first request", 2048)


def test_the_reason_of_a_reload_is_told(fresh: Runtime) -> None:
    client = Client(runtime=fresh)
    client.chat("tiny", HI, options={"num_predict": 1, "num_ctx": 256})
    client.chat("tiny", HI, options={"num_predict": 1, "num_ctx": 512})
    assert loaded(client)["tiny:latest"].reason == "num_ctx"
    client.chat("tiny", HI, options={"num_predict": 1, "num_batch": 64})
    row = loaded(client)["tiny:latest"]
    assert (row.reason, row.loads, row.size_vram) == ("num_batch", 3, 0)
    assert row.size > 10_000
    client.chat("tiny", [], keep_alive=0)
    wait_until(lambda: not client.ps().models)
    client.chat("tiny", HI, options={"num_predict": 1})
    assert loaded(client)["tiny:latest"].reason == "keep_alive"


def test_a_chat_model_and_an_embedder_stay_side_by_side(fresh: Runtime, minilm: str) -> None:
    client = Client(runtime=fresh)
    for number in range(20):
        client.embed(minilm, f"question {number}")
        client.chat("tiny", HI, options={"num_predict": 2})
    rows = loaded(client)
    assert {name: row.loads for name, row in rows.items()} == {
        "tiny:latest": 1,
        f"{minilm}:latest": 1,
    }


def test_two_names_of_the_same_weights_share_them(fresh: Runtime) -> None:
    client = Client(runtime=fresh)
    client.copy("tiny", "twin")
    try:
        client.chat("tiny", HI, options={"num_predict": 1})
        client.chat("twin", HI, options={"num_predict": 1})
        assert len(client.ps().models) == 1
    finally:
        client.delete("twin")
    with pytest.raises(ModelNotFoundError):
        client.chat("twin", HI)


# -- keep_alive


@pytest.mark.parametrize(
    ("keep_alive", "least", "most"),
    [
        (None, 299, 300),
        ("90s", 89, 90),
        ("1h30m", 5399, 5400),
        (20, 19, 20),
        (1.5, 0.5, 1.5),
        (-1, 10**7, None),
        ("-1m", 10**7, None),
    ],
)
def test_ps_tells_how_long_a_model_stays(
    client: Client, keep_alive: Any, least: float, most: float | None
) -> None:
    client.chat("tiny", [], keep_alive=0)
    wait_until(lambda: "tiny:latest" not in loaded(client))
    before = datetime.now(UTC)
    client.chat("tiny", HI, keep_alive=keep_alive, options={"num_predict": 1})
    expires = loaded(client)["tiny:latest"].expires_at
    assert expires >= before + timedelta(seconds=least)
    if most is not None:
        assert expires <= datetime.now(UTC) + timedelta(seconds=most)


def test_what_a_request_does_not_say_about_keep_alive_changes_nothing(client: Client) -> None:
    client.chat("tiny", HI, keep_alive="2h", options={"num_predict": 1})
    client.chat("tiny", HI, options={"num_predict": 1})
    left = loaded(client)["tiny:latest"].expires_at - datetime.now(UTC)
    assert left > timedelta(minutes=119)


def test_keep_alive_zero_unloads_after_the_answer(fresh: Runtime) -> None:
    client = Client(runtime=fresh)
    answer = client.chat("tiny", HI, keep_alive=0, options={"num_predict": 3})
    assert answer.eval_count == 3
    wait_until(lambda: not client.ps().models)


def test_a_model_goes_when_its_time_is_over_and_not_while_it_is_busy(
    fresh: Runtime, slow: str
) -> None:
    client = Client(runtime=fresh)
    options = {"num_predict": 300}
    stream = client.generate(slow, "x", stream=True, keep_alive="50ms", options=options)
    assert stream.result().eval_count == 300
    wait_until(lambda: not client.ps().models)


# -- memory

MEMORY = """
import ctypes, gc, sys, threading, time
import numpy, psutil  # numpy starts threads of its own
from paddock.client import Client
from paddock.runtime import Runtime

ME, HI = psutil.Process(), [{"role": "user", "content": "hello"}]

def resident():
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)  # what the allocator keeps for later is no leak
    return ME.memory_info().rss / 2**20

def wait_until(condition, what):
    limit = time.monotonic() + 20
    while not condition():
        if time.monotonic() > limit:
            sys.exit(what())
        time.sleep(0.01)

def loads(count):
    for _ in range(count // 2):
        client.chat("tiny", HI, keep_alive=0, options={"num_predict": 2})
        client.embed("tiny", "hello", keep_alive=0)
        wait_until(lambda: not client.ps().models, lambda: "not unloaded")
    time.sleep(0.3)  # the last one may still be closing

def requests(count):
    for number in range(count):
        client.chat("tiny", HI, options={"num_predict": 1})
        if number % 5 == 0:
            client.embed("tiny", ["hello", "world"])
        if number % 7 == 0:
            next(iter(client.chat("tiny", HI, stream=True)))

def comes_back(work, count):
    before = resident()
    work(count)
    grown = resident() - before
    if grown > 1.0:
        sys.exit(f"{grown:.2f} MiB more after {count} {work.__name__}")

client = Client(runtime=Runtime(sys.argv[1]))
threads, native = threading.active_count(), ME.num_threads()
loads(20)
comes_back(loads, 30)
requests(100)
comes_back(requests, 500)
client.runtime.close()
wait_until(lambda: threading.active_count() <= threads, lambda: str(threading.enumerate()))
wait_until(lambda: ME.num_threads() <= native, lambda: "native threads stay")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs glibc to give free memory back")
def test_memory_and_threads_come_back_after_loads_and_requests(models: Path) -> None:
    # A process of its own, and one heap: what other tests left free in theirs would blur it. A load
    # takes some ten megabytes, thirty may leave one.
    run_python("-c", MEMORY, models, MALLOC_ARENA_MAX="1")


def test_a_closed_runtime_leaves_no_threads_and_no_models(models: Path, minilm: str) -> None:
    before = set(threading.enumerate())
    runtime = Runtime(models)
    client = Client(runtime=runtime)
    client.chat("tiny", HI, options={"num_predict": 1})
    client.embed(minilm, "hello")
    runtime.close()
    runtime.close()
    assert client.ps().models == []
    wait_until(lambda: set(threading.enumerate()) <= before)


# -- closing


def test_closing_fails_what_runs_and_what_comes_after(models: Path, slow: str) -> None:
    runtime = Runtime(models)
    client = Client(runtime=runtime)
    running = client.generate(slow, "x", stream=True, options=ENDLESS)
    next(iter(running))
    runtime.close()
    with pytest.raises(EngineClosedError):
        running.result()
    for call in (lambda: client.chat("tiny", HI), lambda: client.embed("tiny", "x")):
        with pytest.raises(EngineClosedError, match="make a new one"):
            call()


async def test_closing_wakes_an_event_loop_that_waits(models: Path, slow: str) -> None:
    runtime = Runtime(models)
    client = AsyncClient(runtime=runtime)
    task = asyncio.create_task(client.generate(slow, "x", options=ENDLESS))
    await asyncio.sleep(0.3)
    await asyncio.to_thread(runtime.close)
    with pytest.raises(EngineClosedError):
        await asyncio.wait_for(task, 5)


def test_deleting_the_last_name_of_a_loaded_model_unloads_it(
    fresh: Runtime, tmp_path: Path
) -> None:
    client = Client(runtime=fresh)
    weights = random_model.write(tmp_path / "doomed.gguf", seed=1)
    created = CreateRequest(model="doomed", from_=str(weights), parameters=ONE_THREAD)
    assert fresh.create(created).result().status == "success"
    client.copy("doomed", "another")
    client.chat("doomed", HI, options={"num_predict": 1})
    client.delete("doomed")
    assert client.chat("another", HI, options={"num_predict": 1}).load_duration is not None
    assert [(row.loads, row.reason) for row in client.ps().models] == [(1, "first request")]
    client.delete("another")
    wait_until(lambda: not client.ps().models)
    with pytest.raises(ModelNotFoundError):
        client.chat("doomed", HI)


def test_a_model_whose_weights_are_gone_can_still_be_deleted(
    fresh: Runtime, tmp_path: Path
) -> None:
    client = Client(runtime=fresh)
    client.create("broken", from_=str(random_model.write(tmp_path / "m.gguf", seed=2)))
    weights = fresh.resolve("broken").weights
    assert weights is not None
    weights.unlink()
    client.delete("broken")
    assert "broken:latest" not in {model.model for model in client.list().models}


def test_a_file_that_was_replaced_is_another_model(fresh: Runtime, tmp_path: Path) -> None:
    client = Client(runtime=fresh)
    path = random_model.write(tmp_path / "mine.gguf", seed=3)
    options = GREEDY | ONE_THREAD
    answers: list[str | None] = []
    for seed in (3, 4, 3):
        random_model.write(path, seed=seed)
        answers.append(client.generate(str(path), "the cat", options=options).response)
        assert fresh.count_tokens(str(path), "the cat") > 0
    assert answers[0] == answers[2] != answers[1]


def test_a_load_for_which_there_is_no_memory_is_refused(
    fresh: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Client(runtime=fresh)
    with monkeypatch.context() as patch:
        patch.setattr("paddock.memory.available_memory", lambda: 1000)
        with pytest.raises(OutOfMemoryError, match="num_ctx"):
            client.chat("tiny", HI)
    assert client.chat("tiny", HI, options=GREEDY).done


def test_a_window_for_which_there_is_no_room_bars_no_smaller_ones(
    fresh: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Cramped(LlamaBackend):
        def __init__(self, weights: Weights, spec: LoadSpec) -> None:
            if spec.num_ctx > 512:
                raise OutOfMemoryError("no room for the cache")
            super().__init__(weights, spec)

    client = Client(runtime=fresh)
    monkeypatch.setattr("paddock.engine.loaded.LlamaBackend", Cramped)
    with pytest.raises(OutOfMemoryError, match="no room"):
        client.chat("tiny", HI, options=GREEDY | {"num_ctx": 1024})
    assert client.chat("tiny", HI, options=GREEDY | {"num_ctx": 256}).done


def test_the_vocabulary_is_read_without_loading_the_weights(runtime: Runtime) -> None:
    client = Client(runtime=runtime)
    for text in ("", "hello", "ünï ☃ <|im_start|>", "a" * 500):
        count = runtime.count_tokens("tiny", text)
        if text:
            answer = client.generate("tiny", text, raw=True, options={"num_predict": 1})
            assert answer.prompt_eval_count == count
    with pytest.raises(PaddockError):
        runtime.tokenize("nobody", "x")


@pytest.mark.parametrize("text", ["", "hello", " a  b\n", "ünï ☃ 🤷", "<|im_start|>user\n"])
def test_tokens_become_the_text_they_were_read_from(runtime: Runtime, text: str) -> None:
    assert runtime.detokenize("tiny", runtime.tokenize("tiny", text)) == text


def test_texts_of_pieces_put_together_are_the_text_of_the_whole(
    runtime: Runtime, minilm: str
) -> None:
    tokens = runtime.tokenize(minilm, "the unaffordable dog", special=True)
    texts = [runtime.detokenize(minilm, [token]) for token in tokens]
    assert "".join(texts) == runtime.detokenize(minilm, tokens)
    assert "".join(texts) == "[CLS] the unaffordable dog[SEP]"
    (snow, *_) = runtime.tokenize("tiny", "☃")
    assert runtime.detokenize("tiny", [snow]) == "\ufffd"


@pytest.mark.parametrize("token", [-1, 10**6, 2**40])
def test_what_is_no_token_is_refused_before_it_reaches_native_code(
    runtime: Runtime, token: int
) -> None:
    with pytest.raises(RequestError, match=f"{token} is no token of this model"):
        runtime.detokenize("tiny", [1, token])


def test_the_process_has_one_default_runtime(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Runtime, "_default", None)
    monkeypatch.setenv("PADDOCK_MODELS", str(models))
    runtime = Runtime.default()
    try:
        assert runtime is Runtime.default()
        assert Client().chat("tiny", HI, options=GREEDY).done
        request = ChatRequest(model="tiny", messages=[], keep_alive=0)
        assert runtime.chat(request).result().done_reason == "unload"
    finally:
        runtime.close()
    assert Runtime.default() is not runtime
    Runtime.default().close()

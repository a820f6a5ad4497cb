import gc
import logging
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    precondition,
    rule,
)

from paddock.durations import FOREVER
from paddock.engine.backend import LoadSpec
from paddock.errors import EngineClosedError, LoadError, QueueFullError
from paddock.scheduler import Lease, Row, Scheduler, conflict

SECOND = 1_000_000_000
PATIENCE = 10.0
BASE = LoadSpec(weights=Path("a"), num_ctx=4096)

Leases = Future[Lease["FakeModel"]]


class FakeModel:
    def __init__(self, spec: LoadSpec) -> None:
        self.spec = spec
        self.size, self.size_vram = 100, 40
        self.is_alive = True
        self.is_closed = False

    def close(self) -> None:
        assert not self.is_closed, "closed twice"
        self.is_closed = True


@dataclass
class FakeLoader:
    """Loads at once, or waits for `gate`; `errors` and `changes` happen to the loads of a name."""

    gate: threading.Event = field(default_factory=threading.Event)
    models: list[FakeModel] = field(default_factory=list)
    errors: dict[str, Exception] = field(default_factory=dict)
    changes: dict[str, dict[str, Any]] = field(default_factory=dict)
    began: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.gate.set()

    def __call__(self, spec: LoadSpec) -> FakeModel:
        name = str(spec.weights)
        self.began.append(name)
        assert self.gate.wait(PATIENCE)
        if name in self.errors:
            raise self.errors[name]
        model = FakeModel(replace(spec, **self.changes.get(name, {})))
        self.models.append(model)
        return model

    @property
    def open(self) -> list[str]:
        return [str(model.spec.weights) for model in self.models if not model.is_closed]


class FakeClock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Bench:
    """A scheduler with everything around it under control."""

    keep_alive: int = 300 * SECOND
    max_loaded: int = 3
    max_queue: int = 512
    loader: FakeLoader = field(default_factory=FakeLoader)
    clock: FakeClock = field(default_factory=FakeClock)

    def __post_init__(self) -> None:
        self.scheduler: Scheduler[FakeModel, str] = Scheduler(
            self.loader,
            keep_alive=self.keep_alive,
            max_loaded=self.max_loaded,
            max_queue=self.max_queue,
            clock=self.clock,
        )

    def ask(self, key: str = "a", keep_alive: int | None = None, **wants: Any) -> Leases:
        """What a request with these load options asks for."""
        spec = replace(BASE, weights=Path(key), **wants)
        return self.scheduler.acquire(
            key, key.upper(), spec, wants=set(wants), keep_alive=keep_alive
        )

    def get(self, key: str = "a", keep_alive: int | None = None, **wants: Any) -> Lease[FakeModel]:
        return self.ask(key, keep_alive, **wants).result(PATIENCE)

    def use(self, key: str = "a", keep_alive: int | None = None, **wants: Any) -> None:
        self.get(key, keep_alive, **wants).release()

    def row(self, key: str = "a") -> Row[str]:
        return next(row for row in self.scheduler.ps() if row.key == key)

    @property
    def loaded(self) -> set[str]:
        return {row.key for row in self.scheduler.ps()}


def eventually(claim: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not claim():
        assert time.monotonic() < deadline, "did not happen"
        time.sleep(0.001)


MakeBench = Callable[..., Bench]


@pytest.fixture
def make_bench() -> Iterator[MakeBench]:
    benches: list[Bench] = []

    def make(**fields: Any) -> Bench:
        benches.append(Bench(**fields))
        return benches[-1]

    yield make
    for bench in benches:
        bench.loader.gate.set()
        bench.scheduler.close()
        assert not bench.loader.open


@pytest.fixture
def bench(make_bench: MakeBench) -> Bench:
    return make_bench()


# -- loading ------------------------------------------------------------------------------------


def test_requests_for_one_model_join_one_load(bench: Bench) -> None:
    bench.loader.gate.clear()
    futures = [bench.ask() for _ in range(20)]
    assert bench.scheduler.ps() == []
    bench.loader.gate.set()
    leases = [future.result(PATIENCE) for future in futures]
    assert len({id(lease.loaded) for lease in leases}) == 1
    assert (bench.row().busy, bench.row().loads) == (20, 1)


def test_a_slow_load_blocks_no_other_model(bench: Bench) -> None:
    bench.use("b")
    bench.loader.gate.clear()
    slow = bench.ask("a")
    assert bench.ask("b").done()
    assert bench.loaded == {"b"}
    assert not slow.done()


def test_a_loaded_model_is_handed_over_at_once_with_the_time_it_took(bench: Bench) -> None:
    bench.loader.gate.clear()
    waiting = bench.ask()
    bench.clock.now += 2.5
    bench.loader.gate.set()
    assert waiting.result(PATIENCE).load_duration == 2.5 * SECOND
    second = bench.ask()
    assert second.done()
    assert second.result().load_duration == 0


def test_a_failed_load_fails_everyone_who_waits_for_it_and_leaves_nothing(bench: Bench) -> None:
    bench.loader.errors["a"] = LoadError("no")
    bench.loader.gate.clear()
    futures = [bench.ask() for _ in range(3)]
    bench.loader.gate.set()
    for future in futures:
        with pytest.raises(LoadError, match="no"):
            future.result(PATIENCE)
    assert bench.scheduler.ps() == []
    bench.loader.errors.clear()
    bench.use()
    assert (bench.row().loads, bench.row().reason) == (2, "failed")


def test_a_failed_load_spares_those_who_wanted_another_one(bench: Bench) -> None:
    bench.loader.errors["a"] = LoadError("too large")
    bench.loader.gate.clear()
    large, larger = bench.ask(num_ctx=8192), bench.ask(num_ctx=16384)
    bench.loader.gate.set()
    for future in (large, larger):
        with pytest.raises(LoadError):
            future.result(PATIENCE)
    assert bench.loader.began == ["a", "a"]


def test_a_cancelled_request_takes_no_lease_and_the_load_serves_the_others(bench: Bench) -> None:
    bench.loader.gate.clear()
    first, second = bench.ask(), bench.ask()
    assert first.cancel()
    bench.loader.gate.set()
    second.result(PATIENCE)
    assert bench.row().busy == 1


def test_a_load_that_nobody_waits_for_any_more_ends_by_keep_alive(bench: Bench) -> None:
    bench.loader.gate.clear()
    assert bench.ask(keep_alive=5 * SECOND).cancel()
    bench.loader.gate.set()
    eventually(lambda: bench.loaded == {"a"})
    assert bench.row().busy == 0
    bench.clock.now += 5
    assert bench.loaded == set()
    eventually(lambda: not bench.loader.open)


def test_a_dead_model_is_loaded_again_even_if_leases_on_it_are_left(bench: Bench) -> None:
    old = bench.get()
    old.loaded.is_alive = False
    new = bench.get()
    assert new.loaded is not bench.loader.models[0]
    assert bench.row().reason == "stopped"
    old.release()
    assert bench.row().busy == 1


def test_a_model_that_comes_up_dead_is_not_loaded_in_circles(make_bench: MakeBench) -> None:
    class Stillborn(FakeLoader):
        def __call__(self, spec: LoadSpec) -> FakeModel:
            model = super().__call__(spec)
            model.is_alive = False
            return model

    bench = make_bench(loader=Stillborn())
    assert not bench.get().loaded.is_alive
    assert len(bench.loader.models) == 1


# -- reloading ----------------------------------------------------------------------------------


def test_only_options_that_were_set_and_do_not_fit_reload(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.use(num_ctx=8192)
    bench.use()
    bench.use(num_ctx=4096)
    bench.use()
    assert (bench.row().loads, bench.row().reason) == (1, "first request")
    with caplog.at_level(logging.INFO):
        bench.use(num_ctx=16384)
    assert (bench.row().loads, bench.row().reason) == (2, "num_ctx")
    assert "num_ctx: 8192 -> 16384" in caplog.text
    assert bench.row().spec.num_ctx == 16384
    assert len(bench.loader.open) == 1


@pytest.mark.parametrize(
    ("have", "want", "expected"),
    [
        ({}, {}, None),
        ({"num_ctx": 4096}, {"num_ctx": 4096}, None),
        ({"num_ctx": 8192}, {"num_ctx": 4096}, None),
        ({"num_ctx": 4096}, {"num_ctx": 8192}, "num_ctx"),
        ({"num_batch": 512}, {"num_batch": 1024}, "num_batch"),
        ({"num_gpu": 10}, {"num_gpu": -1}, None),
        ({"num_gpu": 10}, {"num_gpu": 11}, "num_gpu"),
        ({"main_gpu": None}, {"main_gpu": 0}, "main_gpu"),
        ({"use_mmap": False}, {"use_mmap": False}, None),
        ({"use_mmap": False}, {"use_mmap": True}, "use_mmap"),
        ({"num_thread": 8}, {"num_thread": 0}, "num_thread"),
        ({"adapters": (Path("x"),)}, {"adapters": ()}, "adapters"),
        ({"projectors": (Path("x"),)}, {"projectors": (Path("y"),)}, "projectors"),
        ({"parallel": 4}, {"parallel": 1}, None),
    ],
)
def test_what_a_loaded_model_cannot_serve(
    have: dict[str, Any], want: dict[str, Any], expected: str | None
) -> None:
    assert conflict(replace(BASE, **have), replace(BASE, **want), want.keys()) == expected


def test_options_that_nobody_set_never_matter() -> None:
    want = replace(BASE, num_ctx=9999, num_batch=64, num_gpu=3, use_mmap=False, num_thread=2)
    assert conflict(BASE, want, ()) is None


def test_other_adapters_reload_without_being_asked_for(bench: Bench) -> None:
    bench.use()
    spec = replace(BASE, adapters=(Path("lora"),))
    bench.scheduler.acquire("a", "A2", spec).result(PATIENCE).release()
    assert (bench.row().reason, bench.row().name) == ("adapters", "A2")


def test_a_reload_waits_for_the_leases_and_later_requests_wait_for_the_reload(bench: Bench) -> None:
    old = bench.get()
    larger = bench.ask(num_ctx=8192)
    later = bench.ask()
    assert not larger.done()
    assert not later.done()
    old.release()
    assert larger.result(PATIENCE).loaded is later.result(PATIENCE).loaded
    assert bench.row().loads == 2


def test_a_window_that_came_out_smaller_is_not_loaded_in_circles(bench: Bench) -> None:
    bench.loader.changes["a"] = {"num_ctx": 8192}
    for _ in range(3):
        bench.use(num_ctx=16384)
    assert bench.row().loads == 1
    assert bench.row().spec.num_ctx == 8192


def test_options_that_the_loader_filled_in_can_be_asked_for(bench: Bench) -> None:
    bench.loader.changes["a"] = {"num_thread": 2}
    bench.use()
    bench.use(num_thread=2)
    assert bench.row().loads == 1


# -- keep_alive ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("default", "asked", "alive_after", "gone_after"),
    [
        (300 * SECOND, None, 299.9, 300.0),
        (300 * SECOND, 5 * SECOND, 4.9, 5.0),
        (300 * SECOND, 0, None, 0.0),
        (0, None, None, 0.0),
        (0, 5 * SECOND, 4.9, 5.0),
        (300 * SECOND, -1, 1e8, None),
        (-1, None, 1e8, None),
        (300 * SECOND, FOREVER, 1e8, None),
    ],
)
def test_an_idle_model_lives_as_long_as_keep_alive_says(
    make_bench: MakeBench,
    default: int,
    asked: int | None,
    alive_after: float | None,
    gone_after: float | None,
) -> None:
    bench = make_bench(keep_alive=default)
    lease = bench.get(keep_alive=asked)
    bench.clock.now += 1000
    assert bench.loaded == {"a"}
    ended = bench.clock.now
    lease.release()
    if alive_after is not None:
        bench.clock.now = ended + alive_after
        assert bench.loaded == {"a"}
    if gone_after is not None:
        bench.clock.now = ended + gone_after
        assert bench.loaded == set()
        eventually(lambda: not bench.loader.open)


def test_a_request_that_says_nothing_keeps_what_an_earlier_one_said(bench: Bench) -> None:
    bench.use(keep_alive=5 * SECOND)
    bench.use()
    bench.clock.now += 5
    assert bench.loaded == set()


def test_each_request_starts_keep_alive_anew(bench: Bench) -> None:
    bench.use()
    for _ in range(3):
        bench.clock.now += 200
        bench.use()
    assert bench.row().loads == 1


def test_expires_at_is_wall_clock_time(bench: Bench) -> None:
    lease = bench.get(keep_alive=60 * SECOND)
    bench.clock.now += 10
    expected = datetime.now(UTC) + timedelta(seconds=60)
    assert abs(bench.row().expires_at - expected) < timedelta(seconds=5)
    lease.release()
    bench.clock.now += 20
    expected = datetime.now(UTC) + timedelta(seconds=40)
    assert abs(bench.row().expires_at - expected) < timedelta(seconds=5)
    bench.use(keep_alive=FOREVER)
    assert bench.row().expires_at.year > datetime.now(UTC).year + 290


def test_the_model_that_stays_longest_is_told_first(bench: Bench) -> None:
    bench.use("a", keep_alive=10 * SECOND)
    bench.use("b", keep_alive=FOREVER)
    bench.use("c", keep_alive=99 * SECOND)
    assert [row.key for row in bench.scheduler.ps()] == ["b", "c", "a"]


def test_unload_ends_an_idle_model_now_and_a_busy_one_when_it_is_idle(bench: Bench) -> None:
    bench.use("a")
    lease = bench.get("b")
    for key in ("a", "b", "unknown"):
        bench.scheduler.unload(key)
    assert bench.loaded == {"b"}
    lease.release()
    assert bench.loaded == set()


def test_the_janitor_unloads_without_being_asked(make_bench: MakeBench) -> None:
    bench = make_bench(clock=time.monotonic)
    bench.use("a", keep_alive=SECOND // 20)
    bench.use("b", keep_alive=0)
    eventually(lambda: not bench.loader.open)
    assert len(bench.loader.models) == 2


def test_a_model_comes_back_after_its_time_and_says_why(bench: Bench) -> None:
    bench.use(keep_alive=0)
    bench.use()
    assert (bench.row().loads, bench.row().reason) == (2, "keep_alive")


# -- leases -------------------------------------------------------------------------------------


def test_a_lease_ends_once_however_often_it_is_released(bench: Bench) -> None:
    first, second = bench.get(), bench.get()
    with first:
        pass
    first.release()
    assert bench.row().busy == 1
    with pytest.raises(EngineClosedError):
        _ = first.loaded
    assert second.loaded is bench.loader.models[0]


def test_a_dropped_lease_is_released(bench: Bench) -> None:
    bench.get()
    gc.collect()
    assert bench.row().busy == 0


def test_a_lease_may_be_dropped_while_the_scheduler_holds_its_lock(bench: Bench) -> None:
    lease = bench.get()
    with bench.scheduler._changed:
        del lease
        gc.collect()
    eventually(lambda: bench.row().busy == 0)


def test_nothing_holds_an_unloaded_model(bench: Bench) -> None:
    lease = bench.get()
    model = weakref.ref(lease.loaded)
    gc.disable()
    try:
        lease.release()
        bench.scheduler.unload("a")
        bench.loader.models.clear()
        eventually(lambda: model() is None)
    finally:
        gc.enable()


def test_a_callback_may_call_the_scheduler(bench: Bench) -> None:
    seen: list[int] = []

    def call_back(future: Leases) -> None:
        future.result().release()
        bench.scheduler.unload("a")
        seen.append(len(bench.scheduler.ps()))
        bench.use("b")

    bench.loader.gate.clear()
    future = bench.ask()
    future.add_done_callback(call_back)
    bench.loader.gate.set()
    eventually(lambda: bench.loaded == {"b"})
    assert seen == [0]


# -- several models -----------------------------------------------------------------------------


def test_two_models_live_side_by_side(bench: Bench) -> None:
    for _ in range(20):
        bench.use("embedder")
        bench.use("chat")
    assert [row.loads for row in bench.scheduler.ps()] == [1, 1]


def test_room_for_one_alternates_without_an_error(make_bench: MakeBench) -> None:
    bench = make_bench(max_loaded=1)
    for _ in range(20):
        bench.use("embedder")
        bench.use("chat")
    assert bench.row("chat").loads == 20
    assert bench.row("chat").reason == "evicted"


def test_what_makes_room_is_gone_before_the_load_begins(make_bench: MakeBench) -> None:
    open_at_load: list[list[str]] = []

    class Watching(FakeLoader):
        def __call__(self, spec: LoadSpec) -> FakeModel:
            open_at_load.append(self.open)
            return super().__call__(spec)

    bench = make_bench(max_loaded=1, loader=Watching())
    for key in ("a", "b", "c"):
        bench.use(key)
    assert open_at_load == [[], [], []]


def test_zero_means_three_models(make_bench: MakeBench) -> None:
    bench = make_bench(max_loaded=0)
    for key in ("a", "b", "c", "d"):
        bench.use(key)
    assert len(bench.loaded) == 3


@pytest.mark.parametrize(
    ("runners", "expected"),
    [
        ([("a", 1, 1), ("b", 0, 2)], "b"),
        ([("a", 0, 600), ("b", 0, 300)], "b"),
        ([("a", 0, FOREVER), ("z", 0, 1000)], "z"),
        ([("b", 0, 300), ("a", 0, 300)], "a"),
        ([("a", 1, 1), ("b", 0, FOREVER)], "b"),
    ],
)
def test_the_victim_is_idle_and_has_the_shortest_keep_alive(
    make_bench: MakeBench, runners: list[tuple[str, int, int]], expected: str
) -> None:
    bench = make_bench(max_loaded=len(runners))
    leases = [(bench.get(key, keep_alive * SECOND), busy) for key, busy, keep_alive in runners]
    for lease, busy in leases:
        if not busy:
            lease.release()
    bench.use("new")
    assert {key for key, _, _ in runners} - bench.loaded == {expected}


def test_a_busy_model_is_never_evicted_but_makes_way_when_it_is_idle(
    make_bench: MakeBench,
) -> None:
    bench = make_bench(max_loaded=1)
    lease = bench.get("a")
    waiting = bench.ask("b")
    newcomer = bench.ask("a")
    assert bench.loaded == {"a"}
    assert not waiting.done()
    assert not newcomer.done(), "or the model would never become idle"
    lease.release()
    waiting.result(PATIENCE).release()
    newcomer.result(PATIENCE)
    assert bench.row("a").loads == 2


def test_a_loaded_model_serves_all_who_waited_for_it_before_it_makes_way(
    make_bench: MakeBench,
) -> None:
    bench = make_bench(max_loaded=1)
    bench.loader.gate.clear()
    futures = [bench.ask(key) for key in "abababab"]
    for future in futures:
        future.add_done_callback(lambda done: done.result().release())
    bench.loader.gate.set()
    for future in futures:
        future.result(PATIENCE)
    eventually(lambda: bench.loaded == {"b"})
    assert bench.loader.began == ["a", "b"]


def test_whoever_gives_up_waiting_frees_the_model_it_waited_for(make_bench: MakeBench) -> None:
    bench = make_bench(max_loaded=1)
    lease = bench.get("a")
    waiting = bench.ask("b")
    newcomer = bench.ask("a")
    assert waiting.cancel()
    assert newcomer.result(PATIENCE).loaded is lease.loaded


# -- bounds and end -----------------------------------------------------------------------------


def test_a_full_queue_refuses(make_bench: MakeBench) -> None:
    bench = make_bench(max_queue=4)
    bench.loader.gate.clear()
    served = [bench.ask() for _ in range(5)]
    with pytest.raises(QueueFullError, match=r"server busy, please try again\.  maximum"):
        bench.ask().result(PATIENCE)
    assert served[2].cancel()
    served.append(bench.ask())
    bench.loader.gate.set()
    assert sum(not future.cancelled() and bool(future.result(PATIENCE)) for future in served) == 5
    assert bench.row().busy == 5


def test_a_queue_of_nothing_still_serves_loaded_models_and_loads(make_bench: MakeBench) -> None:
    bench = make_bench(max_queue=0)
    bench.use()
    bench.loader.gate.clear()
    loading = bench.ask("b")
    assert bench.ask("a").done()
    with pytest.raises(QueueFullError):
        bench.ask("b").result(PATIENCE)
    bench.loader.gate.set()
    loading.result(PATIENCE)


def test_close_unloads_busy_models_and_fails_those_who_wait(make_bench: MakeBench) -> None:
    bench = make_bench(max_loaded=1)
    lease = bench.get("a")
    waiting = bench.ask("b")
    bench.scheduler.close()
    bench.scheduler.close()
    assert lease.loaded.is_closed
    lease.release()
    for future in (waiting, bench.ask("a")):
        with pytest.raises(EngineClosedError):
            future.result(PATIENCE)
    assert bench.scheduler.ps() == []


def test_close_during_a_load_fails_who_waits_and_unloads_what_comes(bench: Bench) -> None:
    bench.loader.gate.clear()
    waiting = bench.ask()
    closing = threading.Thread(target=bench.scheduler.close)
    closing.start()
    with pytest.raises(EngineClosedError):
        waiting.result(PATIENCE)
    assert closing.is_alive()
    bench.loader.gate.set()
    closing.join(PATIENCE)
    assert [model.is_closed for model in bench.loader.models] == [True]


def test_many_threads_get_what_they_ask_for(make_bench: MakeBench) -> None:
    bench = make_bench(max_loaded=2, clock=time.monotonic, keep_alive=0)
    wrong: list[str] = []

    def work(number: int) -> None:
        for turn in range(30):
            key = "abc"[(number + turn) % 3]
            with bench.get(key) as lease:
                if lease.loaded.is_closed or str(lease.loaded.spec.weights) != key:
                    wrong.append(key)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    assert not wrong
    eventually(lambda: not bench.loader.open)


# -- any order of events ------------------------------------------------------------------------


class LeaseAccounting(RuleBasedStateMachine):
    """Whatever happens in whatever order: leases are counted right and nothing is lost."""

    requests: Bundle[Leases] = Bundle("requests")

    def __init__(self) -> None:
        super().__init__()
        self.bench = Bench(max_loaded=2, max_queue=6)
        self.open: set[Leases] = set()

    def settle(self) -> None:
        scheduler = self.bench.scheduler
        scheduler.ps()
        with scheduler._changed:
            assert scheduler._changed.wait_for(
                lambda: not scheduler._num_loading and not scheduler._num_closing, PATIENCE
            )

    @rule(
        target=requests,
        key=st.sampled_from("abc"),
        num_ctx=st.sampled_from([None, 2048, 8192]),
        keep_alive=st.sampled_from([None, 0, 5 * SECOND, FOREVER]),
        fails=st.integers(0, 9).map(lambda number: number == 0),
    )
    def ask(self, key: str, num_ctx: int | None, keep_alive: int | None, fails: bool) -> Leases:
        self.bench.loader.errors = {key: LoadError("no")} if fails else {}
        wants = {} if num_ctx is None else {"num_ctx": num_ctx}
        future = self.bench.ask(key, keep_alive, **wants)
        self.open.add(future)
        self.settle()
        return future

    @rule(future=consumes(requests))
    def end(self, future: Leases) -> None:
        self.open.discard(future)
        if not future.cancel() and future.exception() is None:
            future.result().release()
        self.settle()

    @rule(seconds=st.sampled_from([1.0, 5.0, 300.0]))
    def wait(self, seconds: float) -> None:
        self.bench.clock.now += seconds
        self.settle()

    @rule(key=st.sampled_from("abc"))
    def unload(self, key: str) -> None:
        self.bench.scheduler.unload(key)
        self.settle()

    @precondition(lambda self: self.bench.loader.open)
    @rule()
    def die(self) -> None:
        next(model for model in self.bench.loader.models if not model.is_closed).is_alive = False

    def held(self) -> list[FakeModel]:
        return [f.result().loaded for f in self.open if f.done() and f.exception() is None]

    @invariant()
    def leases_add_up(self) -> None:
        self.settle()
        rows = self.bench.scheduler.ps()
        assert len(rows) <= 2
        assert sorted(self.bench.loader.open) == sorted(row.key for row in rows)
        num_busy = sum(row.busy for row in rows)
        # Futures are completed a moment after the table was changed.
        eventually(lambda: num_busy == sum(not model.is_closed for model in self.held()))
        assert not any(model.is_closed and model.is_alive for model in self.held())

    def end_what_is_done(self) -> bool:
        for future in [future for future in self.open if future.done()]:
            self.end(future)
        return not self.open

    def teardown(self) -> None:
        eventually(self.end_what_is_done)
        self.bench.scheduler.close()
        assert not self.bench.loader.open


TestLeaseAccounting = LeaseAccounting.TestCase
TestLeaseAccounting.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)

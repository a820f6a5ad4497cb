"""Which models are loaded: leases, keep_alive, eviction, the queue limit. Knows load specs,
reference counts and a clock; knows neither files nor what a loaded model can do.

Who does what, on which thread:

    acquire, ps, unload  the caller's: decide under the lock, act after it
    a load, an unload    one of its own, without the lock
    Lease.release        any, even inside the garbage collector: a note and a bell, no lock
    expiries, the notes  the janitor's, or that of whoever takes the lock before it

A future is only completed after the lock was left, so its callbacks may call the scheduler.
"""

import logging
import threading
import time
import weakref
from collections import Counter, deque
from collections.abc import Callable, Collection
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from queue import Empty, SimpleQueue
from typing import Any, Final, Generic, Protocol, Self, TypeVar

from paddock.durations import FOREVER
from paddock.engine.backend import LoadSpec
from paddock.errors import EngineClosedError, EngineError, QueueFullError

logger = logging.getLogger(__name__)

AUTOMATIC_LOADED: Final = 3
"""Models side by side where nothing else is said (reference: three per GPU)."""
_SHORTEST_SLEEP: Final = 0.001
_LONGEST_SLEEP: Final = 3600.0


class Loaded(Protocol):
    """What the scheduler needs from a loaded model."""

    @property
    def spec(self) -> LoadSpec:
        """As it was really loaded."""
        ...

    @property
    def size(self) -> int: ...

    @property
    def size_vram(self) -> int: ...

    @property
    def is_alive(self) -> bool: ...

    def close(self) -> None: ...


L = TypeVar("L", bound=Loaded)
N = TypeVar("N")
T = TypeVar("T")


class Lease(Generic[L]):
    """The right to use a loaded model; it stays loaded until the lease is released or dropped."""

    def __init__(self, loaded: L, load_duration: int, give_back: Callable[[], None]) -> None:
        self._loaded: L | None = loaded
        self.load_duration = load_duration
        """Nanoseconds from the request to the hand-over."""
        self._finalizer = weakref.finalize(self, give_back)
        self._finalizer.atexit = False

    @property
    def loaded(self) -> L:
        if self._loaded is None:
            raise EngineClosedError("the lease of this model was released")
        return self._loaded

    def release(self) -> None:
        """Idempotent, callable from any thread."""
        self._loaded = None
        self._finalizer()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


@dataclass(frozen=True, slots=True)
class Row(Generic[N]):
    """One loaded model, as `ps` tells it."""

    key: str
    name: N
    """Of whoever had it loaded."""
    spec: LoadSpec
    size: int
    size_vram: int
    expires_at: datetime
    """While the model is busy: when it would expire if all requests ended now."""
    loads: int
    """How often these weights were loaded by this scheduler."""
    reason: str
    """Why they were loaded the last time: `first request`, `keep_alive`, `evicted`, `failed`,
    `stopped`, or the load option (`num_ctx`, …) that the model loaded before could not serve."""
    busy: int
    """Requests that use it."""


# -- what a loaded model can serve ---------------------------------------------------------------


def _differs(name: str, have: LoadSpec, want: LoadSpec) -> bool:
    if name == "num_ctx":
        return want.num_ctx > have.num_ctx  # a smaller window is served by a larger one
    if name == "num_gpu" and want.num_gpu < 0:
        return False  # reference: "as many as fit" is content with any number
    return getattr(want, name) != getattr(have, name)


_COMPARED: Final = ("num_ctx", "num_batch", "num_gpu", "main_gpu", "use_mmap", "num_thread")
_IDENTITY: Final = ("adapters", "projectors")


def conflict(have: LoadSpec, want: LoadSpec, wants: Collection[str]) -> str | None:
    """The field that forbids serving a request for `want` with a model loaded as `have`.

    Only the options named in `wants`, those that the caller set, can; adapters and projectors
    always.
    """
    names = (*_IDENTITY, *(name for name in _COMPARED if name in wants))
    return next((name for name in names if _differs(name, have, want)), None)


# -- state ---------------------------------------------------------------------------------------


@dataclass(slots=True, eq=False)
class _Waiter(Generic[L, N]):
    """A request that has no lease yet."""

    key: str
    name: N
    spec: LoadSpec
    wants: Collection[str]
    keep_alive: int | None
    since: int
    ticket: int
    future: Future[Lease[L]] = field(default_factory=Future)
    is_loading: bool = False
    """A load was started for it; it does not count as waiting."""


@dataclass(slots=True, eq=False)
class _Runner(Generic[L, N]):
    """A place in the table: a model that is being loaded, or is loaded."""

    key: str
    name: N
    asked: LoadSpec
    keep_alive: int
    reason: str
    loaded: L | None = None
    busy: int = 0
    admits: int = 0
    """Tickets below this one waited when it became ready: it serves them before it makes way."""
    expires: int | None = None
    """Set while idle, in nanoseconds of the scheduler's clock."""

    def conflict(self, waiter: _Waiter[L, N]) -> str | None:
        """Why it cannot serve the waiter; what it was asked to be counts like what it became."""
        asked = conflict(self.asked, waiter.spec, waiter.wants)
        if self.loaded is None or asked is None:
            return asked
        return asked if conflict(self.loaded.spec, waiter.spec, waiter.wants) else None


@dataclass(slots=True)
class _Work(Generic[L, N]):
    """What was decided under the lock, to be done without it."""

    loads: list[_Runner[L, N]] = field(default_factory=list[Any])
    closings: list[L] = field(default_factory=list[Any])
    leases: list[tuple[_Waiter[L, N], _Runner[L, N], L, int]] = field(default_factory=list[Any])
    failures: list[tuple[_Waiter[L, N], BaseException]] = field(default_factory=list[Any])


def _preference(runner: _Runner[Any, Any]) -> tuple[bool, int, str]:
    """Victims in order (reference): idle ones, then the shortest keep_alive, then by file."""
    return (runner.busy > 0, runner.keep_alive, str(runner.asked.weights))


class Scheduler(Generic[L, N]):
    """Loads models on demand and unloads them when their time is over. Every method is thread-safe.

    `load` is called on a thread of its own. `keep_alive` is in nanoseconds; `max_loaded` 0 means
    automatic. Close it, or leave its `with` block, to unload everything.
    """

    def __init__(
        self,
        load: Callable[[LoadSpec], L],
        *,
        keep_alive: int,
        max_loaded: int,
        max_queue: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._load_model = load
        self._keep_alive = _clamp(keep_alive)
        self._max_loaded = max_loaded or AUTOMATIC_LOADED
        self._max_queue = max_queue
        self._clock = clock
        # A plain lock: whatever may run inside the garbage collector must not ask for it.
        self._changed = threading.Condition(threading.Lock())
        self._runners: dict[str, _Runner[L, N]] = {}
        self._queue: list[_Waiter[L, N]] = []
        self._tickets = count()
        self._loads: Counter[str] = Counter()
        self._departures: dict[str, str] = {}
        self._num_loading = 0
        self._num_closing = 0
        self._returned: deque[tuple[_Runner[L, N], int]] = deque()
        self._bell: SimpleQueue[None] = SimpleQueue()
        self._has_janitor = False
        self._is_closed = False

    # public

    def acquire(
        self,
        key: str,
        name: N,
        spec: LoadSpec,
        *,
        wants: Collection[str] = frozenset(),
        keep_alive: int | None = None,
    ) -> Future[Lease[L]]:
        """A lease on the weights `key`, at once if they are loaded and fit; never blocks.

        `spec` says how to load them; only its options named in `wants` can cause a reload.
        `keep_alive` (nanoseconds; negative: forever) replaces the model's; None leaves it as it is.
        The future fails with what `load` raised, with QueueFullError or EngineClosedError.
        """
        waiter: _Waiter[L, N] = _Waiter(
            key,
            name,
            spec,
            frozenset(wants),
            None if keep_alive is None else _clamp(keep_alive),
            since=self._now(),
            ticket=next(self._tickets),
        )
        # Completed futures have no use for it, but a cancelled one gives up its place in the queue.
        waiter.future.add_done_callback(self._ring_if_cancelled)
        work: _Work[L, N] = _Work()
        with self._changed:
            if self._is_closed:
                work.failures.append((waiter, EngineClosedError("the runtime was closed")))
            else:
                self._queue.append(waiter)
                self._advance(work)
                self._refuse_overflow(waiter, work)
        self._perform(work)
        return waiter.future

    def ps(self) -> list[Row[N]]:
        """The loaded models, the one that stays longest first. Does not wait for loads."""
        work: _Work[L, N] = _Work()
        with self._changed:
            self._advance(work)
            now, today = self._now(), datetime.now(UTC).astimezone()
            rows = [
                self._row(runner, runner.loaded, now, today)
                for runner in self._runners.values()
                if runner.loaded is not None
            ]
        self._perform(work)
        return sorted(rows, key=lambda row: int(row.expires_at.timestamp()), reverse=True)

    def unload(self, key: str) -> None:
        """Let the model expire now, or as soon as it is idle."""
        work: _Work[L, N] = _Work()
        with self._changed:
            self._collect()
            runner = self._runners.get(key)
            if runner is not None:
                runner.keep_alive = 0
                if runner.expires is not None:
                    runner.expires = self._now()
            self._advance(work)
        self._perform(work)

    def close(self) -> None:
        """Unload everything, busy or not; waiting requests fail. Idempotent.

        Returns when all memory was given back, so it waits for loads that do not stop by
        themselves.
        """
        work: _Work[L, N] = _Work()
        with self._changed:
            self._is_closed = True
            error = EngineClosedError("the runtime was closed")
            work.failures.extend((waiter, error) for waiter in self._queue)
            self._queue.clear()
            for runner in tuple(self._runners.values()):
                self._remove(runner, "closed", work)
        self._bell.put(None)
        # Not on other threads: the interpreter starts none once it has begun to exit.
        with ExitStack() as closings:
            for loaded in work.closings:
                closings.callback(self._unload_here, loaded)
            work.closings.clear()
            self._perform(work)
        with self._changed:
            self._changed.wait_for(lambda: not self._num_loading and not self._num_closing)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # decisions; the lock is held

    def _advance(self, work: _Work[L, N]) -> None:
        """Bring the table up to date and serve whoever can be served."""
        self._collect()
        self._reap(work)
        blocked: set[_Runner[L, N]] = set()
        self._queue = [waiter for waiter in self._queue if self._waits(waiter, blocked, work)]

    def _collect(self) -> None:
        """Count the leases that came back."""
        while self._returned:
            runner, when = self._returned.popleft()
            runner.busy -= 1
            if runner.busy == 0:
                runner.expires = when + runner.keep_alive

    def _reap(self, work: _Work[L, N]) -> None:
        now = self._now()
        for runner in tuple(self._runners.values()):
            if runner.expires is not None and runner.expires <= now:
                self._remove(runner, "keep_alive", work)

    def _waits(self, waiter: _Waiter[L, N], blocked: set[_Runner[L, N]], work: _Work[L, N]) -> bool:
        """Serve the waiter if possible; otherwise claim what it needs by adding to `blocked`.

        A blocked runner takes no newcomers, so that somebody who waits for its end sees it.
        """
        if waiter.future.cancelled():
            waiter.future.set_running_or_notify_cancel()
            return False
        runner = self._runners.get(waiter.key)
        if runner is None:
            self._place(waiter, blocked, work)
            return True
        if runner.loaded is None:
            return True
        was_there = waiter.ticket < runner.admits
        is_alive = was_there or runner.loaded.is_alive
        reason = runner.conflict(waiter) if is_alive else "stopped"
        if reason is None and (was_there or runner not in blocked):
            self._hand_over(waiter, runner, runner.loaded, work)
            return False
        if reason is not None and (runner.busy == 0 or not is_alive):
            self._log_reload(runner, waiter, reason)
            self._remove(runner, reason, work)
            self._start(waiter, work)
        else:
            blocked.add(runner)
        return True

    def _place(self, waiter: _Waiter[L, N], blocked: set[_Runner[L, N]], work: _Work[L, N]) -> None:
        """Start the waiter's load if there is room or an idle victim; else claim a busy one."""
        if len(self._runners) >= self._max_loaded:
            ready = (runner for runner in self._runners.values() if runner.loaded is not None)
            victim = min((r for r in ready if r not in blocked), key=_preference, default=None)
            if victim is None:
                return
            if victim.busy:
                blocked.add(victim)
                return
            self._remove(victim, "evicted", work)
        self._start(waiter, work)

    def _start(self, waiter: _Waiter[L, N], work: _Work[L, N]) -> None:
        reason = self._departures.pop(waiter.key, "first request")
        keep_alive = self._keep_alive if waiter.keep_alive is None else waiter.keep_alive
        runner: _Runner[L, N] = _Runner(waiter.key, waiter.name, waiter.spec, keep_alive, reason)
        self._runners[waiter.key] = runner
        self._loads[waiter.key] += 1
        self._num_loading += 1
        waiter.is_loading = True
        work.loads.append(runner)
        number = self._loads[waiter.key]
        logger.info("loading %s (load %d: %s)", waiter.spec.weights, number, reason)

    def _hand_over(
        self, waiter: _Waiter[L, N], runner: _Runner[L, N], loaded: L, work: _Work[L, N]
    ) -> None:
        runner.busy += 1
        runner.expires = None
        if waiter.keep_alive is not None:
            runner.keep_alive = waiter.keep_alive
        work.leases.append((waiter, runner, loaded, self._now() - waiter.since))

    def _remove(self, runner: _Runner[L, N], why: str, work: _Work[L, N]) -> None:
        """Take the runner out of the table; what it held is closed when the work is performed."""
        if self._runners.get(runner.key) is not runner:
            return
        del self._runners[runner.key]
        self._departures[runner.key] = why
        loaded, runner.loaded = runner.loaded, None
        runner.expires = None
        if loaded is not None:
            self._num_closing += 1
            work.closings.append(loaded)
            logger.info("unloading %s (%s)", runner.asked.weights, why)

    def _refuse_overflow(self, waiter: _Waiter[L, N], work: _Work[L, N]) -> None:
        num_waiting = sum(not other.is_loading for other in self._queue)
        if num_waiting > self._max_queue and self._queue[-1] is waiter and not waiter.is_loading:
            self._queue.pop()
            work.failures.append((waiter, QueueFullError()))

    def _row(self, runner: _Runner[L, N], loaded: L, now: int, today: datetime) -> Row[N]:
        expires = now + runner.keep_alive if runner.expires is None else runner.expires
        return Row(
            key=runner.key,
            name=runner.name,
            spec=loaded.spec,
            size=loaded.size,
            size_vram=loaded.size_vram,
            expires_at=today + timedelta(microseconds=(expires - now) // 1000),
            loads=self._loads[runner.key],
            reason=runner.reason,
            busy=runner.busy,
        )

    def _log_reload(self, runner: _Runner[L, N], waiter: _Waiter[L, N], reason: str) -> None:
        have = getattr(runner.asked, reason, None)
        want = getattr(waiter.spec, reason, None)
        logger.info(
            "reloading %s because of %s: %s -> %s", runner.asked.weights, reason, have, want
        )

    # actions; the lock is not held

    def _perform(self, work: _Work[L, N]) -> None:
        if work.loads:
            self._start_janitor()
        for loaded in work.closings:
            self._spawn(loaded.close, self._unloaded)
        for runner in work.loads:
            self._spawn(partial(self._load, runner), partial(self._loaded, runner))
        for waiter, error in work.failures:
            if waiter.future.set_running_or_notify_cancel():
                waiter.future.set_exception(error)
        for waiter, runner, loaded, duration in work.leases:
            lease = Lease(loaded, duration, partial(self._give_back, runner))
            if waiter.future.set_running_or_notify_cancel():
                waiter.future.set_result(lease)
            else:
                lease.release()

    def _load(self, runner: _Runner[L, N]) -> L:
        # What makes room has to be gone first.
        with self._changed:
            self._changed.wait_for(lambda: not self._num_closing)
        return self._load_model(runner.asked)

    def _loaded(self, runner: _Runner[L, N], outcome: Future[L]) -> None:
        error = outcome.exception()
        work: _Work[L, N] = _Work()
        with self._changed:
            is_wanted = self._runners.get(runner.key) is runner
            if error is not None:
                self._fail(runner, error, work)
            elif is_wanted:
                self._publish(runner, outcome.result(), work)
            else:  # closed meanwhile
                self._num_closing += 1
            self._num_loading -= 1
            self._changed.notify_all()
        self._perform(work)
        self._bell.put(None)
        if error is None and not is_wanted:
            self._unload_here(outcome.result())

    def _publish(self, runner: _Runner[L, N], loaded: L, work: _Work[L, N]) -> None:
        runner.loaded, runner.admits = loaded, next(self._tickets)
        self._advance(work)
        if runner.busy == 0 and self._runners.get(runner.key) is runner:
            # Whoever wanted it has given up.
            runner.expires = self._now() + runner.keep_alive
            self._reap(work)

    def _fail(self, runner: _Runner[L, N], error: BaseException, work: _Work[L, N]) -> None:
        logger.warning("loading %s failed: %s", runner.asked.weights, error)
        self._remove(runner, "failed", work)
        failed = [w for w in self._queue if w.key == runner.key and runner.conflict(w) is None]
        work.failures.extend((waiter, error) for waiter in failed)
        self._queue = [waiter for waiter in self._queue if waiter not in failed]
        self._advance(work)

    def _unload_here(self, loaded: L) -> None:
        try:
            loaded.close()
        finally:
            self._count_unloaded()

    def _unloaded(self, outcome: Future[None]) -> None:
        error = outcome.exception()
        if error is not None:
            logger.error("a model could not be unloaded", exc_info=error)
        self._count_unloaded()

    def _count_unloaded(self) -> None:
        with self._changed:
            self._num_closing -= 1
            self._changed.notify_all()

    def _spawn(self, task: Callable[[], T], done: Callable[[Future[T]], None]) -> None:
        """Run the task on a thread that ends with it; `done` hears of every outcome."""
        executor = ThreadPoolExecutor(1, "paddock-models")
        try:
            outcome = executor.submit(task)
        except RuntimeError as error:  # no more threads, or the interpreter is about to exit
            outcome = Future[T]()
            outcome.set_exception(EngineError(f"cannot load or unload a model: {error}"))
        executor.shutdown(wait=False)
        outcome.add_done_callback(done)

    # notes and the janitor

    def _give_back(self, runner: _Runner[L, N]) -> None:
        # May run inside the garbage collector, under our own lock: a note and a bell, nothing more.
        self._returned.append((runner, self._now()))
        self._bell.put(None)

    def _ring_if_cancelled(self, future: Future[Lease[L]]) -> None:
        if future.cancelled():
            self._bell.put(None)

    def _start_janitor(self) -> None:
        with self._changed:
            is_first, self._has_janitor = not self._has_janitor, True
        if is_first:
            janitor = threading.Thread(target=self._keep_house, name="paddock-janitor", daemon=True)
            janitor.start()

    def _keep_house(self) -> None:
        while not self._is_closed:
            self._sleep(self._keep_house_once())

    def _keep_house_once(self) -> float:
        """Do what is due; returns the seconds until something else is."""
        work: _Work[L, N] = _Work()
        with self._changed:
            self._advance(work)
            dates = [r.expires for r in self._runners.values() if r.expires is not None]
            pause = (min(dates) - self._now()) / 1e9 if dates else _LONGEST_SLEEP
        self._perform(work)
        return min(max(pause, _SHORTEST_SLEEP), _LONGEST_SLEEP)

    def _sleep(self, seconds: float) -> None:
        try:
            self._bell.get(timeout=seconds)
            while True:
                self._bell.get_nowait()
        except Empty:
            pass

    def _now(self) -> int:
        return int(self._clock() * 1e9)


def _clamp(keep_alive: int) -> int:
    return FOREVER if keep_alive < 0 else min(keep_alive, FOREVER)

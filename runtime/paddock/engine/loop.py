"""Engine: the thread that owns a backend and runs its sequences. Knows jobs and steps; knows no C,
no template, no model name.

In: a queue of Submit, Cancel, Close. Out: each job's channel. Nothing else crosses the border, so
the engine has no locks. The loop: drain the inbox, admit, plan, decode, sample and deliver.
"""

import logging
import threading
import time
from array import array
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from queue import SimpleQueue

from paddock.engine.backend import Backend, Choice, Sampler
from paddock.engine.cache import Placement, SlotTable
from paddock.engine.picture import Placed, position_of, without_pictures
from paddock.engine.planner import plan
from paddock.engine.sequence import (
    Finished,
    FinishReason,
    Job,
    Sequence,
    Step,
    Token,
    TokenLogprob,
)
from paddock.engine.text import Detokenizer, StopMatcher
from paddock.errors import (
    ContextLengthError,
    DeadlineError,
    DecodeError,
    EngineClosedError,
    PaddockError,
    QueueFullError,
    RequestError,
)
from paddock.stream import Cancelled

logger = logging.getLogger(__name__)

_UNLOADED = "the model was unloaded before the request could run; repeat it"


@dataclass(frozen=True, slots=True)
class _Submit:
    job: Job
    tokens: "array[int]"


@dataclass(frozen=True, slots=True)
class _Cancel:
    job: Job


@dataclass(frozen=True, slots=True)
class _Close:
    pass


_Message = _Submit | _Cancel | _Close


@dataclass(slots=True)
class Stats:
    """Counters since the engine started."""

    steps: int = 0
    evaluated: int = 0
    """Tokens that went through the model."""
    reused: int = 0
    """Prompt tokens taken from the cache."""
    generated: int = 0
    finished: int = 0
    failed: int = 0
    cancelled: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    """A job that has no slot yet."""

    job: Job
    tokens: "array[int]"
    submitted: int
    """Clock in nanoseconds."""

    def is_late(self, now: float) -> bool:
        return self.job.deadline is not None and self.job.deadline <= now


@dataclass(slots=True, eq=False)
class _Running:
    """A sequence with what turns its tokens into text."""

    sequence: Sequence
    sampler: Sampler
    detokenizer: Detokenizer
    stops: StopMatcher
    queued: int = 0
    """Nanoseconds between submission and admission."""
    unsaid: int = 0
    """Tokens sampled since the caller last heard of one."""

    @property
    def job(self) -> Job:
        return self.sequence.job


class Engine:
    """Continuous batching over one backend. Every method may be called from any thread."""

    def __init__(
        self,
        backend: Backend,
        *,
        name: str = "model",
        max_queue: int = 512,
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self.stats = Stats()
        self.n_ctx = backend.n_ctx
        self.n_slots = backend.n_slots
        self._facts = backend.facts
        self._backend = backend
        self._max_queue = max_queue
        self._clock = clock
        self._inbox: SimpleQueue[_Message] = SimpleQueue()
        self._slots = SlotTable(
            backend.n_slots, backend.n_ctx, can_truncate=backend.facts.can_truncate
        )
        self._waiting: deque[_Waiting] = deque()
        self._running: dict[int, _Running] = {}
        self._closed = False
        self._thread = threading.Thread(
            target=self._run, name=f"paddock-engine-{name}", daemon=True
        )
        self._thread.start()

    # any thread

    @property
    def is_alive(self) -> bool:
        return not self._closed and self._thread.is_alive()

    @property
    def num_waiting(self) -> int:
        return len(self._waiting) + self._inbox.qsize()

    def submit(self, job: Job) -> None:
        """Queue a job; its channel gets the answer. Cancelling the channel ends the sequence.

        Raises RequestError for tokens the model does not have, ContextLengthError for a prompt
        without room for one more token, QueueFullError where as many wait as may (those for whom a
        slot is free do not), EngineClosedError.
        """
        tokens = self._checked(job)
        if self._closed:
            raise EngineClosedError(_UNLOADED)
        if self.num_waiting >= self._max_queue + self._slots.num_free:
            raise QueueFullError
        job.channel.on_cancel(lambda: self._inbox.put(_Cancel(job)))
        self._inbox.put(_Submit(job, tokens))
        if self._closed:  # perhaps too late for anybody to look into the inbox
            raise EngineClosedError(_UNLOADED)

    def close(self) -> None:
        """Fail what runs and waits, free the backend, wait for the thread. Idempotent."""
        self._closed = True
        self._inbox.put(_Close())
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _checked(self, job: Job) -> "array[int]":
        """The job's tokens, once nothing in it can harm the backend."""
        if not len(job.tokens):
            raise RequestError("the prompt is empty: there is nothing to go on from")
        self._check_pictures(job)
        texts = without_pictures(job.tokens, job.pictures)
        if min(texts) < 0 or max(texts) >= self._facts.n_vocab:
            raise RequestError(
                f"the prompt holds token ids outside 0..{self._facts.n_vocab - 1}; "
                "they belong to another model"
            )
        for token, _ in job.params.logit_bias:
            if not 0 <= token < self._facts.n_vocab:
                raise RequestError(
                    f"logit_bias: token {token} is outside 0..{self._facts.n_vocab - 1}"
                )
        if len(job.tokens) >= self.n_ctx:
            raise ContextLengthError(
                f"the prompt has {len(job.tokens)} tokens, but the context window holds "
                f"{self.n_ctx} and one is needed for the answer; shorten it or raise num_ctx"
            )
        return array("i", list(job.tokens))

    def _check_pictures(self, job: Job) -> None:
        """Whether the pictures are what their places in the tokens say."""
        free = 0
        for placed in job.pictures:
            picture = placed.picture
            if not free <= placed.start < placed.end < len(job.tokens):
                raise RequestError("a prompt cannot end with an image; put text behind it")
            if any(token != picture.mark for token in job.tokens[placed.start : placed.end]):
                raise RequestError("an image does not stand where the prompt says")
            if picture.rows.shape[1] != self._facts.n_embd_input:
                raise RequestError(
                    f"the rows of an image are {picture.rows.shape[1]} wide, the model's are "
                    f"{self._facts.n_embd_input}; they belong to another model"
                )
            if not picture.is_causal and len(picture) > self._backend.n_batch:
                raise RequestError(
                    f"the model looks at an image's {len(picture)} rows at once, but a step has "
                    f"{self._backend.n_batch}; set num_batch to {len(picture)} or more"
                )
            free = placed.end
        marks = sum(len(placed.picture) for placed in job.pictures)
        if job.pictures and marks != sum(token < 0 for token in job.tokens):
            raise RequestError("the prompt has places for images that are not there")

    # engine thread

    def _run(self) -> None:
        ended = EngineClosedError("the model was unloaded before the request was answered")
        try:
            while self._drain():
                self._drop_late()
                self._end_called_off()
                self._admit()
                if self._running:
                    self._step()
        except BaseException as error:
            logger.exception("the engine stopped")
            ended = EngineClosedError(f"the engine stopped: {error!r}; repeat the request")
            raise
        finally:
            self._closed = True
            self._end(ended)

    def _end(self, error: PaddockError) -> None:
        """Fail every job, wherever it is, and free the backend."""
        self._waiting.extend(
            _Waiting(m.job, m.tokens, 0) for m in self._rest() if isinstance(m, _Submit)
        )
        self._fail((entry.job for entry in self._waiting), error)
        self._waiting.clear()
        for running in list(self._running.values()):
            self._release(running)
            self._fail([running.job], error)
        self._backend.close()

    def _rest(self) -> Iterator[_Message]:
        while not self._inbox.empty():
            yield self._inbox.get()

    def _drain(self) -> bool:
        """Handle what arrived, waiting for something if there is nothing to do; False to end."""
        while not self._inbox.empty() or not (self._running or self._waiting):
            match self._inbox.get():
                case _Submit(job, tokens):
                    if job.channel.cancelled:  # its Cancel may have come before it
                        self.stats.cancelled += 1
                    else:
                        self._waiting.append(_Waiting(job, tokens, self._clock()))
                case _Cancel(job):
                    self._drop(job)
                case _Close():
                    return False
        return True

    def _drop(self, job: Job) -> None:
        """Forget a job whose caller is gone."""
        for running in self._running.values():
            if running.job is job:
                self.stats.cancelled += 1
                self._release(running)
                return
        for entry in self._waiting:
            if entry.job is job:
                self.stats.cancelled += 1
                self._waiting.remove(entry)
                return

    def _drop_late(self) -> None:
        now = self._clock() / 1e9
        late = [entry for entry in self._waiting if entry.is_late(now)]
        for entry in late:
            self._waiting.remove(entry)
        self._fail(
            (entry.job for entry in late),
            DeadlineError("the request's deadline passed while it waited"),
        )
        for running in list(self._running.values()):
            deadline = running.job.deadline
            if deadline is not None and deadline <= now:
                self._release(running)
                self._fail(
                    [running.job], DeadlineError("the request's deadline passed while it ran")
                )

    def _end_called_off(self) -> None:
        """End what was called off, with what there is of the answer."""
        for entry in [entry for entry in self._waiting if self._is_called_off(entry.job)]:
            self._waiting.remove(entry)
            queued = self._clock() - entry.submitted
            end = Finished(FinishReason.CANCELLED, len(entry.tokens), 0, 0, 0, 0, (), queued)
            with suppress(Cancelled):
                entry.job.channel.put(end)
            entry.job.channel.finish()
            self.stats.cancelled += 1
        for running in list(self._running.values()):
            if self._is_called_off(running.job):
                try:
                    self._finish(running, FinishReason.CANCELLED)
                except Cancelled:
                    self.stats.cancelled += 1
                    self._release(running)

    def _is_called_off(self, job: Job) -> bool:
        if job.channel.called_off:
            return True
        try:
            return job.is_called_off is not None and job.is_called_off()
        except Exception:  # the flag is the caller's, and others are served here too
            logger.exception("a flag that calls a request off cannot be read; it counts as set")
            return True

    def _admit(self) -> None:
        """Give slots to waiting jobs, in order; one that shares a prefix which is just being
        computed waits for it and lets others pass."""
        passed: deque[_Waiting] = deque()
        while self._waiting and self._slots.num_free > 0 and len(passed) <= self.n_slots:
            entry = self._waiting[0]
            placement = self._slots.place(entry.tokens)
            if isinstance(placement, Placement):
                self._start(entry, placement)
                self._waiting.popleft()
            else:
                passed.append(self._waiting.popleft())
        self._waiting.extendleft(reversed(passed))

    def _start(self, entry: "_Waiting", placement: Placement) -> None:
        job, tokens = entry.job, entry.tokens
        try:
            sampler = self._backend.sampler(job.params, without_pictures(tokens, job.pictures))
        except PaddockError as error:
            self._fail([job], error)
            return
        cached = placement.length if self._prepare(placement, job.pictures) else 0
        self._slots.occupy(Placement(placement.slot, placement.slot, cached), tokens)
        self.stats.reused += cached
        sequence = Sequence(
            job, placement.slot, tokens, cached, len(tokens), cached, started=self._clock()
        )
        self._running[placement.slot] = _Running(
            sequence,
            sampler,
            Detokenizer(),
            StopMatcher(job.stop),
            queued=sequence.started - entry.submitted,
        )

    def _prepare(self, placement: Placement, pictures: tuple[Placed, ...]) -> bool:
        """Make the slot hold exactly the shared prefix; False if it is empty instead."""
        end = position_of(placement.length, pictures)
        if placement.copies:
            return self._backend.copy(placement.source, placement.slot, end)
        return self._backend.truncate(placement.slot, end)

    def _step(self) -> None:
        step = plan((running.sequence for running in self._running.values()), self._backend.n_batch)
        try:
            self._backend.decode(step)
        except Exception as error:  # noqa: BLE001 - whatever a step dies of, the engine lives on
            self._abandon(step, error)
            return
        self.stats.steps += 1
        self.stats.evaluated += step.num_tokens
        row = -1
        for chunk in step.chunks:
            row += len(chunk.tokens) if chunk.picture is None else 0
            running = self._running[chunk.slot]
            running.sequence.computed += len(chunk.tokens)
            self._slots.advance(chunk.slot, len(chunk.tokens))
            if chunk.output:
                self._sample(running, row)

    def _abandon(self, step: Step, error: Exception) -> None:
        """A step failed: its sequences end, and nothing of their slots can be trusted."""
        logger.error("a step of %d tokens failed: %s", step.num_tokens, error)
        failed = (
            error if isinstance(error, PaddockError) else DecodeError(f"a step failed: {error}")
        )
        gone = [self._running.pop(chunk.slot) for chunk in step.chunks]
        for running in gone:
            running.sampler.close()
            self._backend.truncate(running.sequence.slot, 0)
        self._slots.forget(running.sequence.slot for running in gone)
        self._fail((running.job for running in gone), failed)

    def _sample(self, running: _Running, row: int) -> None:
        sequence = running.sequence
        try:
            choice = running.sampler.sample(row)
        except PaddockError as error:
            self._release(running)
            self._fail([running.job], error)
            return
        if not sequence.first_token:
            sequence.first_token = self._clock()
        sequence.num_generated += 1
        self.stats.generated += 1
        try:
            self._deliver(running, choice)
        except Cancelled:
            self.stats.cancelled += 1
            self._release(running)

    def _deliver(self, running: _Running, choice: Choice) -> None:
        """Pass a sampled token on, and end or continue its sequence."""
        sequence, job = running.sequence, running.job
        running.unsaid += 1
        if choice.token in self._facts.end_tokens:
            self._finish(running, FinishReason.STOP)
            return
        piece = job.shown.get(choice.token) or self._backend.piece(choice.token)
        text, stopped = running.stops.feed(running.detokenizer.feed(piece))
        logprob = self._logprob(choice, piece) if choice.logprob is not None else None
        if text or logprob is not None:
            job.channel.put(Token(text, logprob, running.unsaid))
            running.unsaid = 0
        if stopped:
            self._finish(running, FinishReason.STOP, flush=False)
            return
        is_last = 0 <= job.num_predict <= sequence.num_generated or (
            sequence.computed >= self.n_ctx and not self._shift(running)
        )
        sequence.tokens.append(choice.token)
        if is_last:
            self._finish(running, FinishReason.LENGTH)

    def _logprob(self, choice: Choice, piece: bytes) -> TokenLogprob:
        assert choice.logprob is not None
        top = tuple((self._backend.piece(token), value) for token, value in choice.top)
        return TokenLogprob(piece, choice.logprob, top)

    def _shift(self, running: _Running) -> bool:
        """Make room by giving up half of what follows the kept prompt; False if that is forbidden.

        Source of the numbers: llama-server's context shift, which the reference uses.
        """
        sequence, job = running.sequence, running.job
        if not (job.shift and self._facts.can_shift) or job.pictures:
            return False
        keep = sequence.num_prompt if job.num_keep < 0 else job.num_keep + self._facts.add_bos
        keep = min(keep, sequence.num_prompt, self.n_ctx - 4)
        discard = (sequence.computed - keep) // 2
        if discard < 1:
            return False
        self._backend.shift(sequence.slot, keep, discard)
        self._slots.shifted(sequence.slot, keep, discard)
        sequence.computed -= discard
        logger.info("context full: kept %d tokens, gave up the next %d", keep, discard)
        return True

    def _finish(self, running: _Running, reason: FinishReason, *, flush: bool = True) -> None:
        sequence, job = running.sequence, running.job
        if flush:
            text, stopped = running.stops.feed(running.detokenizer.finish())
            if not stopped:
                text += running.stops.finish()
            if text:
                job.channel.put(Token(text, count=running.unsaid))
        now = self._clock()
        first = sequence.first_token or now
        job.channel.put(
            Finished(
                reason=reason,
                prompt_count=sequence.num_prompt,
                cached_count=sequence.num_cached,
                eval_count=sequence.num_generated,
                prompt_duration=first - sequence.started,
                eval_duration=now - first,
                tokens=without_pictures(sequence.tokens[:], job.pictures),
                queue_duration=running.queued,
                ended=now,
            )
        )
        self.stats.finished += 1
        self._release(running)
        job.channel.finish()

    def _release(self, running: _Running) -> None:
        running.sampler.close()
        del self._running[running.sequence.slot]
        self._slots.release(running.sequence.slot)

    def _fail(self, jobs: Iterable[Job], error: PaddockError) -> None:
        for job in jobs:
            self.stats.failed += 1
            job.channel.fail(error)

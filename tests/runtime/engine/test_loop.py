import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fakes import END, FakeBackend, echo
from tests.rows import picture

from paddock.engine.loop import Engine
from paddock.engine.picture import Picture, Placed
from paddock.engine.sequence import Finished, FinishReason, Job, SamplingParams, Token
from paddock.errors import (
    ContextLengthError,
    DeadlineError,
    DecodeError,
    EngineClosedError,
    GrammarError,
    PaddockError,
    QueueFullError,
    RequestError,
)
from paddock.stream import Channel, Plain, Stream


@contextmanager
def _engine(backend: FakeBackend, **kwargs: Any) -> Iterator[Engine]:
    engine = Engine(backend, **kwargs)
    try:
        yield engine
    finally:
        if backend.gate is not None:
            backend.gate.set()
        engine.close()
        assert backend.closed == 1


def _submit(engine: Engine, prompt: str = "ab", **fields: Any) -> "Stream[Any]":
    channel = Channel()
    stream: Stream[Any] = Stream(channel, Plain(), lambda parts: parts)
    engine.submit(Job(list(prompt.encode()), channel, **fields))
    return stream


def _text(parts: Sequence[Any]) -> str:
    return "".join(part.text for part in parts if isinstance(part, Token))


def _alone(prompt: str, count: int) -> str:
    tokens = list(prompt.encode())
    for _ in range(count):
        tokens.append(echo(tokens))
    return bytes(tokens[len(prompt) :]).decode()


def _wait(condition: Callable[[], bool]) -> None:
    limit = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < limit, "the engine did not get there"
        time.sleep(0.001)


def test_an_answer_has_its_text_its_reason_and_its_counts() -> None:
    with _engine(FakeBackend()) as engine:
        *parts, end = _submit(engine, "hello", num_predict=5).result()
    assert _text(parts) == _alone("hello", 5)
    assert isinstance(end, Finished)
    assert (end.reason, end.prompt_count, end.eval_count) == (FinishReason.LENGTH, 5, 5)
    assert bytes(list(end.tokens[:5])) == b"hello"


def test_the_end_token_stops_and_is_counted_but_not_shown() -> None:
    script = lambda tokens: END if len(tokens) >= 5 else ord("x")  # noqa: E731
    with _engine(FakeBackend(script)) as engine:
        *parts, end = _submit(engine, "abc").result()
    assert (_text(parts), end.reason, end.eval_count) == ("xx", FinishReason.STOP, 3)


def test_a_stop_string_ends_the_answer_and_is_not_part_of_it() -> None:
    words = "one STOP two"
    script = lambda tokens: ord(words[len(tokens) - 1])  # noqa: E731
    with _engine(FakeBackend(script)) as engine:
        *parts, end = _submit(engine, "a", stop=("STOP",), num_predict=12).result()
    assert (_text(parts), end.reason) == ("one ", FinishReason.STOP)


def test_held_back_text_comes_out_when_the_answer_ends() -> None:
    words = "one STO"
    script = lambda tokens: ord(words[len(tokens) - 1])  # noqa: E731
    with _engine(FakeBackend(script)) as engine:
        *parts, _ = _submit(engine, "a", stop=("STOP",), num_predict=7).result()
    assert _text(parts) == "one STO"


@settings(deadline=None, max_examples=25)
@given(st.lists(st.text("abcd", min_size=1, max_size=30), min_size=1, max_size=12))
def test_answers_are_the_same_together_as_alone(prompts: list[str]) -> None:
    with _engine(FakeBackend()) as engine:
        streams = [_submit(engine, prompt, num_predict=6) for prompt in prompts]
        answers = [_text(stream.result()) for stream in streams]
    assert answers == [_alone(prompt, 6) for prompt in prompts]


def test_late_arrivals_join_a_running_batch() -> None:
    backend = FakeBackend(n_ctx=2000)
    with _engine(backend) as engine:
        long = _submit(engine, "a", num_predict=1500)
        next(iter(long))
        short = _submit(engine, "b", num_predict=3)
        assert _text(short.result()) == _alone("b", 3)
        assert any(len(step.chunks) == 2 for step in backend.steps)
        long.close()


def test_what_was_evaluated_once_is_not_evaluated_again() -> None:
    backend = FakeBackend()
    with _engine(backend) as engine:
        first = _submit(engine, "hello there", num_predict=4).result()
        said = "hello there" + _text(first)
        *_, end = _submit(engine, said + "!", num_predict=1).result()
    # The last token said was never evaluated; it and the new one are.
    assert end.cached_count == len(said) - 1
    assert engine.stats.reused == end.cached_count


def test_requests_that_arrive_together_share_their_prefix() -> None:
    backend = FakeBackend(n_ctx=256, gate=threading.Event())
    system = "s" * 100
    with _engine(backend) as engine:
        streams = [_submit(engine, system + str(i), num_predict=2) for i in range(4)]
        assert backend.gate is not None
        backend.gate.set()
        ends = [stream.result()[-1] for stream in streams]
    assert sum(end.cached_count for end in ends) > 3 * (len(system) - 16)
    assert engine.stats.evaluated < 2 * len(system)
    assert len(backend.copies) == 3


def test_a_request_whose_prefix_provider_is_cancelled_computes_it_itself() -> None:
    backend = FakeBackend(n_ctx=256, n_batch=16, gate=threading.Event())
    assert backend.gate is not None
    with _engine(backend) as engine:
        first = _submit(engine, "s" * 100 + "1", num_predict=2)
        backend.in_decode.wait(10)
        second = _submit(engine, "s" * 100 + "2", num_predict=2)
        first.close()
        backend.gate.set()
        assert _text(second.result()) == _alone("s" * 100 + "2", 2)


@pytest.mark.parametrize("prompt", ["a", "p" * 500])
def test_cancelling_stops_that_sequence_within_a_step_and_no_other(prompt: str) -> None:
    backend = FakeBackend(n_ctx=4000)
    with _engine(backend) as engine:
        other = _submit(engine, "zz", num_predict=300)
        doomed = _submit(engine, prompt, num_predict=3000)
        if prompt == "a":
            next(iter(doomed))
        else:
            _wait(lambda: any(len(step.chunks) > 1 for step in list(backend.steps)))
        doomed.close()
        _wait(lambda: engine.stats.cancelled == 1)
        seen = len(backend.steps)
        assert _text(other.result()) == _alone("zz", 300)
        assert all(len(step.chunks) == 1 for step in backend.steps[seen + 1 :])


def test_dropping_the_stream_cancels_too() -> None:
    with _engine(FakeBackend(n_ctx=4000)) as engine:
        stream = _submit(engine, "a", num_predict=3000)
        next(iter(stream))
        del stream
        _wait(lambda: engine.stats.cancelled == 1)


def test_a_job_that_is_cancelled_before_it_is_queued_never_runs() -> None:
    backend = FakeBackend()
    with _engine(backend) as engine:
        channel = Channel()
        Stream(channel, Plain(), list).close()
        engine.submit(Job(list(b"p" * 60), channel))
        _wait(lambda: engine.stats.cancelled == 1)
        _submit(engine, "b", num_predict=1).result()
    assert len(backend.steps) == 1


def test_cancelling_a_waiting_job_leaves_the_running_one_alone() -> None:
    backend = FakeBackend(n_slots=1, gate=threading.Event())
    assert backend.gate is not None
    with _engine(backend) as engine:
        running = _submit(engine, "abc", num_predict=3)
        backend.in_decode.wait(10)
        waiting = _submit(engine, "xyz", num_predict=3)
        waiting.close()
        backend.gate.set()
        assert _text(running.result()) == _alone("abc", 3)
        _wait(lambda: engine.stats.cancelled == 1)


def test_a_failed_step_fails_its_sequences_and_the_engine_lives_on() -> None:
    backend = FakeBackend(fail_when=lambda step: any(66 in c.tokens for c in step.chunks))
    with _engine(backend) as engine:
        with pytest.raises(DecodeError, match="scripted"):
            _submit(engine, "aBc", num_predict=3).result()
        assert _text(_submit(engine, "abc", num_predict=3).result()) == _alone("abc", 3)
        assert engine.is_alive


def test_a_bad_grammar_fails_its_own_job_only() -> None:
    with _engine(FakeBackend()) as engine:
        bad = _submit(engine, "ab", params=SamplingParams(grammar="bad"))
        good = _submit(engine, "ab", num_predict=3)
        with pytest.raises(GrammarError):
            bad.result()
        assert _text(good.result()) == _alone("ab", 3)


def test_the_queue_is_bounded() -> None:
    backend = FakeBackend(n_slots=1, gate=threading.Event())
    with _engine(backend, max_queue=2) as engine:
        running = _submit(engine, "abc", num_predict=3)
        backend.in_decode.wait(10)
        waiting = [_submit(engine, "abc", num_predict=3) for _ in range(2)]
        with pytest.raises(QueueFullError):
            _submit(engine, "abc")
        assert backend.gate is not None
        backend.gate.set()
        assert {_text(s.result()) for s in [running, *waiting]} == {_alone("abc", 3)}


def test_a_queue_of_nothing_still_serves_whoever_finds_a_slot() -> None:
    backend = FakeBackend(n_slots=1, gate=threading.Event())
    with _engine(backend, max_queue=0) as engine:
        running = _submit(engine, "abc", num_predict=3)
        backend.in_decode.wait(10)
        with pytest.raises(QueueFullError):
            _submit(engine, "abc")
        assert backend.gate is not None
        backend.gate.set()
        assert _text(running.result()) == _alone("abc", 3)


@pytest.mark.parametrize("slots", [1, 2])
def test_a_deadline_ends_a_job_that_runs_or_waits(slots: int) -> None:
    backend = FakeBackend(n_slots=slots, n_ctx=100_000, n_batch=64)
    with _engine(backend) as engine:
        blocker = _submit(engine, "abc", num_predict=90_000)
        next(iter(blocker))
        late = _submit(engine, "x", num_predict=90_000, deadline=time.monotonic() + 0.05)
        with pytest.raises(DeadlineError, match="waited" if slots == 1 else "ran"):
            late.result()
        blocker.close()


@pytest.mark.parametrize("slots", [1, 2])
def test_a_flag_ends_a_job_that_runs_or_waits_with_what_it_has(slots: int) -> None:
    backend = FakeBackend(n_slots=slots, n_ctx=100_000, n_batch=64)
    flag = threading.Event()
    with _engine(backend) as engine:
        blocker = _submit(engine, "abc", num_predict=90_000)
        next(iter(blocker))
        job = _submit(engine, "x", num_predict=90_000, is_called_off=flag.is_set)
        if slots > 1:
            next(iter(job))
        flag.set()
        *_, end = job.result()
        assert (end.reason, end.prompt_count) == (FinishReason.CANCELLED, 1)
        assert (end.eval_count > 0) == (slots > 1)
        next(iter(blocker))  # lives on
        blocker.close()


def test_a_flag_that_cannot_be_read_counts_as_set() -> None:
    def broken() -> bool:
        raise OSError

    with _engine(FakeBackend()) as engine:
        (end,) = _submit(engine, "ab", num_predict=5, is_called_off=broken).result()
        assert (end.reason, end.eval_count) == (FinishReason.CANCELLED, 0)
        assert _text(_submit(engine, "ab", num_predict=5).result()) == _alone("ab", 5)


def test_every_sampled_token_is_counted_in_some_item() -> None:
    words = "one STO two"
    script = lambda tokens: ord(words[len(tokens) - 1])  # noqa: E731
    with _engine(FakeBackend(script)) as engine:
        *parts, end = _submit(engine, "a", stop=("STOP",), num_predict=11).result()
    assert sum(part.count for part in parts) == end.eval_count == 11
    assert max(part.count for part in parts) == 4, "what was held back counts with what came of it"


def test_closing_fails_what_runs_and_what_waits() -> None:
    backend = FakeBackend(n_slots=1, n_ctx=100_000)
    engine = Engine(backend)
    streams = [_submit(engine, "abc", num_predict=90_000) for _ in range(2)]
    next(iter(streams[0]))
    engine.close()
    engine.close()
    for stream in streams:
        with pytest.raises(EngineClosedError):
            stream.result()
    assert backend.closed == 1
    with pytest.raises(EngineClosedError):
        _submit(engine, "abc")


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"prompt": ""}, RequestError),
        ({"prompt": "x" * 64}, ContextLengthError),
        ({"params": SamplingParams(logit_bias=((999, 1.0),))}, RequestError),
    ],
)
def test_what_the_backend_could_not_take_is_refused(
    fields: dict[str, Any], error: type[PaddockError]
) -> None:
    with _engine(FakeBackend()) as engine, pytest.raises(error):
        _submit(engine, **fields)


def test_token_ids_of_another_model_are_refused() -> None:
    with _engine(FakeBackend()) as engine, pytest.raises(RequestError, match="another model"):
        engine.submit(Job([1, 2, 999], Channel()))


def test_a_full_window_shifts_and_generation_goes_on() -> None:
    backend = FakeBackend(n_ctx=32)
    with _engine(backend) as engine:
        *parts, end = _submit(engine, "k" * 10, num_predict=100, num_keep=4).result()
    assert len(_text(parts)) == 100
    assert end.reason == FinishReason.LENGTH


@pytest.mark.parametrize("refusal", [{"shift": False}, {"can_shift": False}])
def test_without_shift_the_whole_window_is_used_and_then_the_answer_ends(
    refusal: dict[str, bool],
) -> None:
    backend = FakeBackend(n_ctx=32, can_shift=refusal.get("can_shift", True))
    with _engine(backend) as engine:
        *_, end = _submit(
            engine, "k" * 31, num_predict=100, shift=refusal.get("shift", True)
        ).result()
    # The prompt leaves one cell: one token is evaluated in it, and one more needs none.
    assert (end.reason, end.eval_count) == (FinishReason.LENGTH, 2)


def test_a_model_that_cannot_roll_back_answers_the_same() -> None:
    with _engine(FakeBackend(can_truncate=False, can_shift=False)) as engine:
        for prompt in ("hello", "hello", "help", "hello there"):
            assert _text(_submit(engine, prompt, num_predict=4).result()) == _alone(prompt, 4)


OPERATIONS = st.lists(
    st.tuples(
        st.sampled_from(["submit", "cancel", "read"]), st.text("ab", min_size=1, max_size=40)
    ),
    max_size=25,
)


@settings(deadline=None, max_examples=30)
@given(OPERATIONS)
def test_any_run_of_submit_cancel_and_read_loses_nothing(operations: list[tuple[str, str]]) -> None:
    with _engine(FakeBackend(n_slots=2)) as engine:
        streams: list[tuple[str, Stream[Any]]] = []
        cancelled = 0
        for operation, text in operations:
            if operation == "submit":
                streams.append((text, _submit(engine, text, num_predict=5)))
            elif operation == "cancel" and streams:
                streams.pop(0)[1].close()
                cancelled += 1
            elif streams:
                prompt, stream = streams.pop(0)
                assert _text(stream.result()) == _alone(prompt, 5)
        for prompt, stream in streams:
            assert _text(stream.result()) == _alone(prompt, 5)
        _wait(lambda: not engine.num_waiting)
    assert engine.stats.failed == 0


def _see(engine: Engine, *parts: str | Picture, **fields: Any) -> "Stream[Any]":
    """A prompt of texts and pictures."""
    tokens: list[int] = []
    pictures: list[Placed] = []
    for part in parts:
        if isinstance(part, Picture):
            pictures.append(Placed(len(tokens), part))
            tokens += [part.mark] * len(part)
        else:
            tokens += part.encode()
    channel = Channel()
    stream: Stream[Any] = Stream(channel, Plain(), lambda parts: parts)
    engine.submit(Job(tokens, channel, pictures=tuple(pictures), **fields))
    return stream


def _end(parts: Sequence[Any]) -> Finished:
    assert isinstance(parts[-1], Finished)
    return parts[-1]


def test_a_picture_counts_as_its_rows_and_is_no_token_of_the_answers_context() -> None:
    backend = FakeBackend()
    with _engine(backend) as engine:
        parts = _see(engine, "ab", picture(-5, 6), "cd", num_predict=3).result()
    end = _end(parts)
    assert (end.prompt_count, end.eval_count) == (10, 3)
    assert bytes(end.tokens)[:4] == b"abcd"
    assert min(end.tokens) >= 0
    assert backend.pictures == [(0, 6)]
    assert backend.histories == [list(b"abcd")], "penalties are of texts"


def test_positions_behind_a_grid_are_fewer_than_tokens() -> None:
    backend = FakeBackend()
    with _engine(backend) as engine:
        _see(engine, "ab", picture(-5, 12, grid=(4, 3)), "cd", num_predict=2).result()
    assert backend.positions[0] == [0, 1, *[2] * 12, 6, 7, 8]


def test_a_prefix_with_a_grid_is_cut_back_and_copied_by_its_positions() -> None:
    backend = FakeBackend(n_slots=2, n_ctx=512, n_batch=64)
    seen = picture(-5, 40, grid=(8, 5))
    with _engine(backend) as engine:
        _see(engine, "ab", seen, "first and a very long answer to it", num_predict=30).result()
        again = _end(_see(engine, "ab", seen, "second", num_predict=2).result())
    assert again.cached_count == 42
    assert backend.copies == [(0, 1, 10)]
    assert backend.positions[1][:44] == [0, 1, *[2] * 40, 10, 11]


def test_others_stream_undisturbed_beside_a_picture() -> None:
    backend = FakeBackend(n_batch=16)
    with _engine(backend) as engine:
        text = _submit(engine, "hello", num_predict=20)
        seen = _see(engine, "ab", picture(-7, 12, is_causal=False), "cd", num_predict=4)
        assert _text(text.result()) == _alone("hello", 20)
        assert len(_text(seen.result())) == 4


def test_a_full_window_with_a_picture_ends_the_answer_instead_of_shifting() -> None:
    backend = FakeBackend(n_ctx=16)
    with _engine(backend) as engine:
        end = _end(_see(engine, "ab", picture(-5, 6), "cd", num_predict=100).result())
    assert end.reason is FinishReason.LENGTH
    assert end.prompt_count + end.eval_count == 17  # the last one needs no cell


BAD_PLACES: list[tuple[str, list[int], list[Placed], str]] = [
    ("at the end", [97, -1, -1], [Placed(1, picture(-1, 2))], "cannot end with an image"),
    ("another mark", [97, -1, -2, 98], [Placed(1, picture(-1, 2))], "does not stand where"),
    ("twice", [97, -1, -1, 98], [Placed(1, picture(-1, 2))] * 2, "cannot end with an image"),
    ("a mark more", [-1, 97, -1, 98], [Placed(2, picture(-1, 1))], "images that are not there"),
    ("no picture", [97, -1, 98], [], "token ids outside"),
    ("too large", [97, *[-1] * 20, 98], [Placed(1, picture(-1, 20, is_causal=False))], "num_batch"),
]


@pytest.mark.parametrize(
    ("tokens", "pictures", "message"),
    [case[1:] for case in BAD_PLACES],
    ids=[c[0] for c in BAD_PLACES],
)
def test_pictures_that_are_not_where_the_prompt_says_never_reach_the_model(
    tokens: list[int], pictures: list[Placed], message: str
) -> None:
    with _engine(FakeBackend()) as engine, pytest.raises(RequestError, match=message):
        engine.submit(Job(tokens, Channel(), pictures=tuple(pictures)))


def test_rows_of_another_models_width_are_refused() -> None:
    wide = Picture(-1, np.zeros((2, 9), np.float32))
    with _engine(FakeBackend()) as engine, pytest.raises(RequestError, match="9 wide"):
        engine.submit(Job([97, -1, -1, 98], Channel(), pictures=(Placed(1, wide),)))

from array import array

from hypothesis import given
from hypothesis import strategies as st
from tests.rows import picture

from paddock.engine.picture import Picture, Placed
from paddock.engine.planner import PREFILL_SHARE, plan
from paddock.engine.sequence import Job, Sequence
from paddock.stream import Channel


def _sequence(slot: int, known: int, computed: int, generated: int = 0) -> Sequence:
    tokens = array("i", range(known))
    return Sequence(Job(tokens, Channel()), slot, tokens, computed, known - generated, 0, generated)


def _prompt(slot: int, length: int, computed: int = 0) -> Sequence:
    return _sequence(slot, length, computed)


def _decoding(slot: int) -> Sequence:
    return _sequence(slot, 9, 8, generated=2)


def test_a_lone_prompt_takes_the_whole_budget() -> None:
    step = plan([_prompt(0, 100)], 64)
    assert [(c.slot, c.position, len(c.tokens), c.output) for c in step.chunks] == [
        (0, 0, 64, False)
    ]


def test_only_the_last_chunk_of_a_prompt_wants_logits() -> None:
    (chunk,) = plan([_prompt(0, 100, computed=64)], 64).chunks
    assert (chunk.position, len(chunk.tokens), chunk.output) == (64, 36, True)


def test_decoding_sequences_come_before_any_prompt() -> None:
    step = plan([_prompt(0, 500), *(_decoding(slot) for slot in range(1, 4))], 4)
    assert {chunk.slot for chunk in step.chunks} >= {1, 2, 3}


def test_a_prompt_leaves_running_streams_most_of_the_step() -> None:
    step = plan([_decoding(0), _prompt(1, 500)], 64)
    assert step.num_tokens == 1 + 64 // PREFILL_SHARE


def test_chunks_are_ordered_by_slot() -> None:
    step = plan([_decoding(3), _prompt(0, 5), _decoding(1)], 64)
    assert [chunk.slot for chunk in step.chunks] == [0, 1, 3]


SEQUENCES = st.lists(
    st.one_of(
        st.builds(
            lambda known, share: (known, int(known * share), 0),
            st.integers(1, 200),
            st.floats(0, 0.99),
        ),
        st.builds(lambda known: (known, known - 1, 1), st.integers(2, 200)),
    ),
    min_size=1,
    max_size=8,
)


@given(SEQUENCES, st.integers(8, 64))
def test_a_step_keeps_to_its_budget_and_always_advances(
    specs: list[tuple[int, int, int]], budget: int
) -> None:
    running = [_sequence(slot, *spec) for slot, spec in enumerate(specs)]
    step = plan(running, budget)
    assert 0 < step.num_tokens <= budget
    assert len({chunk.slot for chunk in step.chunks}) == len(step.chunks)
    for chunk in step.chunks:
        sequence = running[chunk.slot]
        assert chunk.position == sequence.computed
        assert list(chunk.tokens) == list(
            sequence.tokens[chunk.position : chunk.position + len(chunk.tokens)]
        )
        assert chunk.output == (chunk.position + len(chunk.tokens) == len(sequence.tokens))


@given(SEQUENCES, st.integers(8, 64))
def test_every_prompt_is_done_after_as_many_steps_as_its_share_allows(
    specs: list[tuple[int, int, int]], budget: int
) -> None:
    running = [_sequence(slot, *spec) for slot, spec in enumerate(specs)]
    share = max(1, budget // PREFILL_SHARE)
    pending = sum(s.num_pending for s in running if not s.is_decoding)
    for _ in range(-(-pending // share) + len(running)):
        if not any(s.num_pending for s in running if not s.is_decoding):
            break
        for chunk in plan(running, budget).chunks:
            if not running[chunk.slot].is_decoding:
                running[chunk.slot].computed += len(chunk.tokens)
        running = [s for s in running if s.num_pending]
        if not running:
            return
        renumbered = [
            _sequence(i, len(s.tokens), s.computed, s.num_generated) for i, s in enumerate(running)
        ]
        running = renumbered
    assert not any(s.num_pending for s in running if not s.is_decoding)


def _seeing(slot: int, picture: Picture, *, start: int = 3, behind: int = 4) -> Sequence:
    """A prompt with a picture after `start` tokens."""
    tokens = array("i", [1] * start + [picture.mark] * len(picture) + [2] * behind)
    job = Job(tokens, Channel(), pictures=(Placed(start, picture),))
    return Sequence(job, slot, tokens, 0, len(tokens), 0)


def _sizes(sequence: Sequence, budget: int, *others: Sequence) -> list[tuple[int, int, bool]]:
    """Position, rows and whether it is a picture, of every chunk until the prompt is computed."""
    found = []
    while sequence.num_pending:
        for chunk in plan([*others, sequence], budget).chunks:
            if chunk.slot == sequence.slot:
                found.append((chunk.position, len(chunk.tokens), chunk.picture is not None))
                sequence.computed += len(chunk.tokens)
    return found


def test_a_picture_is_a_chunk_of_its_own() -> None:
    assert _sizes(_seeing(0, picture(-1, 6)), 64) == [(0, 3, False), (3, 6, True), (9, 4, False)]


def test_the_text_behind_a_grid_goes_on_where_its_positions_end() -> None:
    seen = _seeing(0, picture(-1, 12, grid=(4, 3)))
    assert _sizes(seen, 8) == [(0, 3, False), (3, 8, True), (3, 4, True), (7, 4, False)]


def test_a_picture_that_cannot_be_cut_goes_whole_even_while_others_stream() -> None:
    seen = _seeing(1, picture(-1, 12, is_causal=False))
    assert _sizes(seen, 16, _sequence(0, 5, 4, 1)) == [(0, 3, False), (3, 12, True), (15, 4, False)]


def test_a_second_picture_that_cannot_be_cut_waits_for_the_next_step() -> None:
    first, second = (_seeing(slot, picture(-1, 12, is_causal=False)) for slot in (0, 1))
    first.computed = second.computed = 3
    assert [chunk.slot for chunk in plan([first, second], 16).chunks] == [0]

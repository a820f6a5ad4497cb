from collections import deque

from hypothesis import given
from hypothesis import strategies as st

from paddock.engine import packing
from paddock.engine.packing import budget, take

Lengths = list[list[int]]
lengths = st.lists(st.lists(st.integers(1, 700), min_size=1, max_size=90), max_size=8)


def _queues(lengths: Lengths) -> "deque[deque[tuple[int, int, int]]]":
    """Items that know their queue, their place in it and their length."""
    return deque(
        deque((queue, place, length) for place, length in enumerate(row))
        for queue, row in enumerate(lengths)
    )


def _size(item: tuple[int, int, int]) -> int:
    return item[2]


@given(st.integers(0, 10**7), st.integers(1, 64), st.sampled_from([128, 512]))
def test_every_worker_gets_some_and_no_batch_grows_too_large(
    total: int, workers: int, most: int
) -> None:
    tokens = budget(total, workers, most)
    assert packing.MIN_TOKENS <= tokens <= most
    if packing.MIN_TOKENS < tokens < most:
        assert tokens * workers >= total > tokens * (workers - 1)


@given(lengths, st.integers(1, 600), st.integers(1, 64))
def test_batches_keep_to_their_limits(rows: Lengths, tokens: int, texts: int) -> None:
    queues = _queues(rows)
    while queues:
        batch = take(queues, _size, tokens, texts)
        assert 1 <= len(batch) <= texts
        assert len(batch) == 1 or sum(map(_size, batch)) <= tokens


@given(lengths, st.integers(1, 600))
def test_every_text_is_taken_once_and_each_queue_in_its_order(rows: Lengths, tokens: int) -> None:
    queues = _queues(rows)
    taken: list[tuple[int, int, int]] = []
    while queues:
        taken += take(queues, _size, tokens)
    assert sorted(taken) == [item for row in _queues(rows) for item in row]
    for queue in range(len(rows)):
        places = [place for number, place, _ in taken if number == queue]
        assert places == sorted(places)


@given(lengths, st.integers(64, 600))
def test_a_batch_is_as_full_as_the_next_text_allows(rows: Lengths, tokens: int) -> None:
    queues = _queues(rows)
    while queues:
        batch = take(queues, _size, tokens)
        if queues and len(batch) < packing.MAX_TEXTS:
            assert sum(map(_size, batch)) + _size(queues[0][0]) > tokens


@given(lengths, st.integers(1, 200))
def test_a_newcomer_waits_for_at_most_one_text_of_each_other_queue(
    rows: Lengths, length: int
) -> None:
    queues = _queues(rows)
    take(queues, _size, 512)
    queues.append(deque([(-1, 0, length)]))
    ahead = len(queues) - 1
    passed = 0
    while queues:
        batch = take(queues, _size, 512)
        if (-1, 0, length) in batch:
            passed += batch.index((-1, 0, length))
            break
        passed += len(batch)
    assert passed <= ahead


def test_nothing_makes_no_batch() -> None:
    assert take(deque(), len, 512) == []

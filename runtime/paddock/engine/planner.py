"""Plans one step. Knows sequences and a token budget; knows no text, no model, no thread."""

from collections.abc import Iterable

from paddock.engine.sequence import Chunk, Sequence, Step

PREFILL_SHARE = 4
"""While others stream, a step gives at most a quarter of its budget to prompts: a long prompt then
delays each of their tokens by a quarter of a full step."""


def plan(running: Iterable[Sequence], budget: int) -> Step:
    """One row for each decoding sequence, then prompt chunks in order of arrival within the budget.

    There are no phases: computed tokens catch up with known ones. Needs `budget` >= number of
    sequences, so that decoding ones all fit; the oldest prompt always advances.
    """
    decoding: list[Sequence] = []
    prefilling: list[Sequence] = []
    for sequence in running:
        (decoding if sequence.is_decoding else prefilling).append(sequence)
    chunks = [_chunk(sequence, 1) for sequence in decoding]
    left = budget - len(chunks)
    if decoding:
        left = min(left, max(1, budget // PREFILL_SHARE))
    for sequence in prefilling:
        if left <= 0:
            break
        size = min(left, sequence.num_pending)
        chunks.append(_chunk(sequence, size))
        left -= size
    chunks.sort(key=lambda chunk: chunk.slot)
    return Step(tuple(chunks))


def _chunk(sequence: Sequence, size: int) -> Chunk:
    start = sequence.computed
    end = start + size
    return Chunk(sequence.slot, start, sequence.tokens[start:end], end == len(sequence.tokens))

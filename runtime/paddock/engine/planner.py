"""Plans one step. Knows sequences and a token budget; knows no text, no model, no thread."""

from collections.abc import Iterable
from dataclasses import replace

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
    num_decoding = len(chunks)
    left = budget - num_decoding
    if decoding:
        left = min(left, max(1, budget // PREFILL_SHARE))
    for sequence in prefilling:
        chunk = _of_prompt(sequence, left, is_first=len(chunks) == num_decoding)
        if chunk is None:
            break
        chunks.append(chunk)
        left -= len(chunk.tokens)
    chunks.sort(key=lambda chunk: chunk.slot)
    return Step(tuple(chunks))


def _of_prompt(sequence: Sequence, left: int, *, is_first: bool) -> Chunk | None:
    """As much of a prompt as fits, up to its next picture or within it. None: nothing does.

    A picture that cannot be cut may exceed what is left where it is the step's first prompt; else
    it would wait for ever while others stream.
    """
    placed, start = sequence.picture, sequence.computed
    if placed is None or start < placed.start:
        end = len(sequence.tokens) if placed is None else placed.start
        return _chunk(sequence, min(left, end - start)) if left > 0 else None
    size = placed.end - start
    if placed.picture.is_causal:
        size = min(left, size)
    elif size > left and not is_first:
        size = 0
    if size <= 0:
        return None
    return replace(_chunk(sequence, size), picture=placed.picture, first=start - placed.start)


def _chunk(sequence: Sequence, size: int) -> Chunk:
    start = sequence.computed
    end = start + size
    is_last = end == len(sequence.tokens)
    return Chunk(sequence.slot, sequence.position, sequence.tokens[start:end], is_last)

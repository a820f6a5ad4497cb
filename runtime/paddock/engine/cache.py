"""Which tokens live in which slot. Knows slots and token ids; knows no text, no model, no thread.

A slot belongs to a running sequence (`owner`), or rests with the tokens of its last one, which the
next sequence may start from. Who may change what:

    [0, sound)         true positions: may be matched, copied, truncated to
    [sound, computed)  moved by a context shift: usable by the owner only, never matched
"""

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from paddock.engine.picture import whole


@dataclass(slots=True, eq=False)
class Slot:
    """One sequence's cells in the context."""

    index: int
    tokens: "array[int]" = field(default_factory=lambda: array("i"))
    """Known tokens of the owner, or the computed ones of the last owner."""
    computed: int = 0
    """How many leading tokens have cells."""
    sound: int = 0
    """How many leading tokens can be reused by another sequence."""
    busy: bool = False
    last_used: int = 0

    @property
    def reusable(self) -> int:
        return min(self.sound, self.computed)


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a new sequence runs: in `slot`, starting from `length` tokens held by `source`."""

    slot: int
    source: int
    length: int

    @property
    def copies(self) -> bool:
        return self.length > 0 and self.source != self.slot


@dataclass(frozen=True, slots=True)
class Wait:
    """A running sequence is about to compute a prefix that this one shares."""

    slot: int
    length: int


def common_prefix(left: Sequence[int], right: Sequence[int]) -> int:
    """Number of equal leading tokens."""
    size = min(len(left), len(right))
    if not size or left[0] != right[0]:
        return 0
    a, b = (np.frombuffer(x, np.int32, size) for x in (left, right))  # type: ignore[call-overload]
    different = np.flatnonzero(a != b)
    return int(different[0]) if len(different) else size


class SlotTable:
    """All slots of one context, and the choice among them."""

    def __init__(self, num_slots: int, num_ctx: int, *, can_truncate: bool) -> None:
        self.slots = [Slot(index) for index in range(num_slots)]
        self._can_truncate = can_truncate
        # A copy between slots moves a whole window, whatever its filling: measured, it costs about
        # as much as evaluating one token per thousand of window, so short prefixes are recomputed.
        self._worth_copying = max(16, num_ctx // 256)
        self._clock = 0

    @property
    def num_free(self) -> int:
        return sum(not slot.busy for slot in self.slots)

    def place(self, tokens: "array[int]") -> Placement | Wait | None:
        """Where a sequence with these tokens should run; None if every slot is busy.

        The last token is always evaluated, since its logits are needed.
        """
        free = [slot for slot in self.slots if not slot.busy]
        if not free:
            return None
        limit = len(tokens) - 1
        matches = {
            slot.index: self._usable(
                whole(tokens, min(common_prefix(slot.tokens, tokens), limit)), slot
            )
            for slot in self.slots
        }
        held = {
            index: whole(tokens, min(match, self.slots[index].reusable))
            for index, match in matches.items()
        }
        best = max(self.slots, key=lambda slot: (held[slot.index], not slot.busy))
        length = held[best.index]
        coming = max(self.slots, key=lambda slot: matches[slot.index] if slot.busy else 0)
        if coming.busy and matches[coming.index] - length >= self._worth_copying:
            return Wait(coming.index, matches[coming.index])
        if not best.busy and self._may_take_over(best, length):
            return Placement(best.index, best.index, length)
        worth = length >= self._worth_copying
        target = self._least_valuable(free, spare=best if worth else None)
        return Placement(target.index, best.index, length if worth or target is best else 0)

    def _usable(self, match: int, slot: Slot) -> int:
        """What of a match the slot has, or will have, at its true positions.

        A model that cannot roll back can only go on from exactly where a slot stands.
        """
        if slot.sound < slot.computed:  # shifted: more than it has now will never be true
            match = min(match, slot.sound)
        if self._can_truncate:
            return match
        return match if not slot.busy and match == slot.computed == slot.reusable else 0

    def _may_take_over(self, slot: Slot, length: int) -> bool:
        """Whether going on in the slot itself loses next to nothing of what it holds: the tail of
        an answer that came back in other tokens, not another conversation with the same
        beginning."""
        return length > 0 and slot.computed - length <= max(32, slot.computed // 8)

    def _least_valuable(self, free: list[Slot], spare: Slot | None) -> Slot:
        """An empty slot if there is one, else the least recently used. Low numbers first: a step
        over neighbouring slots is one pass over the weights, over scattered ones several."""
        candidates = [slot for slot in free if slot is not spare] or free
        return min(candidates, key=lambda slot: (slot.computed > 0, slot.last_used, slot.index))

    def occupy(self, placement: Placement, tokens: "array[int]") -> Slot:
        slot = self.slots[placement.slot]
        assert not slot.busy
        slot.busy = True
        slot.tokens = tokens
        slot.computed = slot.sound = placement.length
        self._touch(slot)
        return slot

    def advance(self, index: int, count: int) -> None:
        """`count` more of the slot's tokens have cells."""
        slot = self.slots[index]
        if slot.sound == slot.computed:
            slot.sound += count
        slot.computed += count

    def shifted(self, index: int, keep: int, discard: int) -> None:
        """Cells [keep, keep + discard) went, later ones moved down."""
        slot = self.slots[index]
        del slot.tokens[keep : keep + discard]
        slot.computed -= discard
        slot.sound = min(slot.sound, keep)

    def release(self, index: int) -> None:
        """The owner ended; its cells stay for the next one."""
        slot = self.slots[index]
        slot.busy = False
        slot.tokens = slot.tokens[: slot.computed]
        self._touch(slot)

    def forget(self, indices: Iterable[int]) -> None:
        """The slots' cells are void."""
        for index in indices:
            slot = self.slots[index]
            slot.tokens, slot.computed, slot.sound, slot.busy = array("i"), 0, 0, False

    def _touch(self, slot: Slot) -> None:
        self._clock += 1
        slot.last_used = self._clock

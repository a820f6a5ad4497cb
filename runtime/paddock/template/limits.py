"""What one rendering may consume: steps, bytes, nesting, time. Knows values and their sizes; knows
no template language.

Every limit is a base that no honest template comes near, plus a share for the size of what is
rendered, so that a long conversation is not mistaken for a bomb.
"""

import sys
import time
from collections.abc import ItemsView, Iterable, Iterator, KeysView, ValuesView
from itertools import chain
from typing import Any, Final

from paddock.errors import TemplateError

STEPS: Final = 200_000
BYTES: Final = 16 * 2**20
VALUE_BYTES: Final = 4 * 2**20
SECONDS: Final = 0.4
DEPTH: Final = 100
INTEGER: Final = 2**63

TEXT_FACTOR: Final = 6
"""A byte of a value becomes at most this many of its text: a control character is `\\u0000`."""

_VIEWS = (KeysView, ValuesView, ItemsView)
_CLOCK_EVERY = 16
_ITEM_BYTES = 64
_PRODUCT: Final = 50_000_000


class Budget:
    """What is left of the limits of one rendering of `given`. Every overrun is a TemplateError."""

    __slots__ = ("_bytes", "_deadline", "_depth", "_largest", "_steps", "_weights")

    def __init__(self, given: Any = None, *, size: int | None = None) -> None:
        """`size` is the weight of what is given, for a caller that knows it."""
        self._weights: dict[int, tuple[Any, int]] = {}
        size = self.weight(given) if size is None else size
        self._steps = STEPS + size
        self._bytes = BYTES + 64 * size
        self._largest = VALUE_BYTES + 8 * size
        self._depth = 0
        # The thread's own time: a template cannot wait, and what other threads do is not its fault.
        self._deadline = time.thread_time() + SECONDS + size / 1_000_000

    def step(self, count: int = 1) -> None:
        self._steps -= count
        if self._steps < 0:
            raise TemplateError("the template takes too many steps")
        if count > 1 or self._steps % _CLOCK_EVERY == 0:
            self._check_clock()

    def _check_clock(self) -> None:
        if time.thread_time() > self._deadline:
            raise TemplateError("the template takes too long")

    def multiply(self, left: int, right: int) -> None:
        """Account for an operation whose time is the product of two lengths."""
        if left * right > _PRODUCT:
            raise TemplateError("the template takes too long")
        self.step(1 + (left * right >> 10))

    def room(self, size: int) -> None:
        """Refuse a value of `size` bytes before it is made."""
        if size > self._bytes or size > self._largest * TEXT_FACTOR:
            raise TemplateError("the template makes too much text")

    def spend(self, size: int) -> None:
        """Account for `size` bytes that were made.

        Never given back: whether a value is still held somewhere cannot be seen from here.
        """
        self._bytes -= size
        if self._bytes < 0 or size > self._largest:
            raise TemplateError("the template makes too much text")

    def descend(self) -> None:
        self._depth += 1
        if self._depth > DEPTH:
            raise TemplateError("the template calls itself too deeply")

    def ascend(self) -> None:
        self._depth -= 1

    def weight(self, value: Any) -> int:
        """Bytes of a value, a part counted as often as it occurs.

        That is what printing, comparing and hashing cost: `[x, x]` of `[y, y]` of ... is small in
        memory and endless on paper. Remembered per container; nothing can change one meanwhile.
        """
        if isinstance(value, str):
            return sys.getsizeof(value)
        parts = _parts(value)
        if parts is None:
            return _ITEM_BYTES
        known = self._weights.get(id(value))
        if known is not None:
            return known[1]
        total = sys.getsizeof(value) + sum(map(self.weight, parts))
        # Views are made anew at every use, so their identity says nothing.
        if not isinstance(value, _VIEWS):
            self._weights[id(value)] = (value, total)
        return total

    def text_room(self, *values: Any) -> None:
        """Refuse to print values whose text would be too long."""
        for value in values:
            if not isinstance(value, str):
                self.room(TEXT_FACTOR * self.weight(value))

    def made(self, value: Any) -> Any:
        """The value, accounted for: it was just made, its parts existed before."""
        self.step()
        if isinstance(value, str):
            self.spend(sys.getsizeof(value))
        elif isinstance(value, int):
            if not -INTEGER < value < INTEGER:
                raise TemplateError("the template computes too large a number")
        elif isinstance(value, list | tuple | dict | set):
            self.spend(sys.getsizeof(value) + _ITEM_BYTES * (len(value) + 3))
            if self.weight(value) > self._largest:
                raise TemplateError("the template makes too large a value")
        return value

    def drained(self, value: Any) -> Any:
        """The items of an iterator as a list; anything else as it is."""
        return self.made(list(self._counted(value))) if isinstance(value, Iterator) else value

    def _counted(self, items: Iterable[Any]) -> Iterator[Any]:
        for item in items:
            self.step()
            yield item


def _parts(value: Any) -> Iterable[Any] | None:
    if isinstance(value, dict):
        return chain(value.keys(), value.values())
    if isinstance(value, (list, tuple, set, frozenset, *_VIEWS)):
        return value
    return None

"""Which variables a place in a Go template sees, and where their values lie. Knows names and slots;
knows no values.
"""

from typing import Any, Final

UNSET: Final = object()


class Scope:
    """The variables of one template. Each declaration has a slot of its own in the frame of a run.

    A declaration in parentheses may never be reached (`and false ($x := 1)`): until it is, its name
    means what it meant before.
    """

    def __init__(self) -> None:
        self.size = 0
        self.uncertain: list[int] = []
        self._visible: list[tuple[str, int]] = []
        self._parentheses = 0
        self.declare("$")

    def declare(self, name: str) -> int:
        slot = self.size
        self.size += 1
        self._visible.append((name, slot))
        if self._parentheses:
            self.uncertain.append(slot)
        return slot

    def slots(self, name: str) -> tuple[int, ...]:
        """Where the value may lie, the latest declaration first."""
        found: list[int] = []
        for known, slot in reversed(self._visible):
            if known == name:
                found.append(slot)
                if slot not in self.uncertain:
                    break
        return tuple(found)

    def mark(self) -> int:
        return len(self._visible)

    def forget(self, mark: int) -> None:
        del self._visible[mark:]

    def __enter__(self) -> None:
        self._parentheses += 1

    def __exit__(self, *_: object) -> None:
        self._parentheses -= 1


def assign(frame: list[Any], slots: tuple[int, ...], value: Any) -> bool:
    """Whether there was such a variable."""
    for slot in slots:
        if frame[slot] is not UNSET:
            frame[slot] = value
            return True
    return False

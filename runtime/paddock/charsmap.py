"""The table by which a unigram tokenizer replaces characters before it looks for pieces.

Knows how native code walks it, which is byte by byte through a double array, without a way back
from an index that lies outside: a table is safe if no text whatsoever can lead there.

    table := length of the array in bytes, as four bytes; the array; texts, each with a zero behind
    unit  := 31: a value · 30-10: base · 9: base is times 256 · 8: a text ends here · 7-0: its byte
"""

from typing import Final

_HEAD: Final = 4
_VALUE: Final = 1 << 31
_ENDS: Final = 1 << 8
_BYTES: Final = 0xFF


def is_safe(table: bytes) -> bool:
    """Whether native code stays inside the table, whatever text it normalises."""
    length = int.from_bytes(table[:_HEAD], "little")
    if len(table) < _HEAD or length % _HEAD or _HEAD + length >= len(table) or table[-1]:
        return False
    units = memoryview(table)[_HEAD : _HEAD + length].cast("I")
    n_texts = len(table) - _HEAD - length
    for index, unit in enumerate(units):
        if unit & _VALUE and index:  # no byte leads there; at the root every text begins
            continue
        # A byte of the text is laid over the last eight bits of where the unit points to.
        target = index ^ ((unit >> 10) << ((unit & (1 << 9)) >> 6))
        if (target | _BYTES) >= len(units):
            return False
        if unit & _ENDS and (units[target] & ~_VALUE) >= n_texts:
            return False
    return True

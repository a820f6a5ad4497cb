"""Tables of characters: those that cannot lead native code astray, and those that can."""

import random
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.charsmap import is_safe

A, B = ord("a"), ord("b")
BLOCK = 256


def table(units: Mapping[int, int], texts: bytes = b"x\0", *, n_units: int = 2 * BLOCK) -> bytes:
    """A table with these units; the others point at themselves, as in tables that are in use."""
    array = b"".join(units.get(index, 0).to_bytes(4, "little") for index in range(n_units))
    return len(array).to_bytes(4, "little") + array + texts


def unit(base: int, *, byte: int = 0, ends: bool = False) -> int:
    return base << 10 | ends << 8 | byte


def value(offset: int) -> int:
    return 1 << 31 | offset


def replaces_a(offset: int = 0) -> dict[int, int]:
    """The byte a leads from the root, at 0, to a text."""
    child = BLOCK ^ A
    return {0: unit(BLOCK), child: unit(BLOCK, byte=A, ends=True), child ^ BLOCK: value(offset)}


def walk(content: bytes, text: bytes) -> bytes | None:
    """What a text's beginning becomes, as native code finds it; IndexError where it would leave
    the table."""
    length = int.from_bytes(content[:4], "little")
    units = memoryview(content)[4 : 4 + length].cast("I")
    texts = content[4 + length :]
    found = None
    node = units[0] >> 10 << ((units[0] & 512) >> 6)
    for byte in text:
        node ^= byte
        if byte == 0 or units[node] & (1 << 31 | 255) != byte:
            break
        ends = units[node] & 256
        node ^= units[node] >> 10 << ((units[node] & 512) >> 6)
        if ends:
            found = units[node] & ~(1 << 31)
    return None if found is None else texts[found : texts.index(b"\0", found)]


def test_a_table_that_replaces_a_character_is_safe() -> None:
    content = table(replaces_a())
    assert is_safe(content)
    assert walk(content, b"a") == b"x"
    assert walk(content, b"b") is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0\0",
        b"\0\0\0\0",
        b"\1\0\0\0\0\0\0\0",
        b"\xff\xff\xff\x7f\0\0\0\0",
        table({}, texts=b""),
        table({}, texts=b"x"),
        table({}, n_units=2),
        table({0: unit(2 * BLOCK)}),
        table({0: value(2 * BLOCK << 10)}),
        table({0: unit(1) | 512}, n_units=BLOCK),
        table(replaces_a(2)),
        table(replaces_a() | {A: unit(0, byte=7) | 1 << 30}),
    ],
    ids=range(13),
)
def test_a_table_that_leads_outside_is_not(content: bytes) -> None:
    assert not is_safe(content)


def test_damage_is_found_or_leads_nowhere() -> None:
    content, chance = table(replaces_a()), random.Random(3)
    texts = [chance.randbytes(3) for _ in range(30)] + [bytes((A, B)), bytes((A,)) * 3]
    n_safe = 0
    for _ in range(400):
        damaged = bytearray(content)
        for _ in range(chance.randint(1, 3)):
            where = chance.choice((0, A, BLOCK ^ A, chance.randrange(2 * BLOCK))) * 4 + 4
            damaged[where + chance.randrange(4)] = chance.randrange(256)
        if is_safe(bytes(damaged)):
            n_safe += 1
            for text in texts:
                walk(bytes(damaged), text)
    assert 0 < n_safe < 400


@given(st.binary(max_size=64))
def test_any_bytes_are_judged(content: bytes) -> None:
    assert is_safe(content) in (True, False)

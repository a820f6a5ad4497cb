from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.errors import ServerError
from paddock.remote.lines import Lines

texts = st.binary(max_size=20).map(lambda text: text.replace(b"\n", b"."))


def cut(body: bytes, places: list[int]) -> list[bytes]:
    edges = sorted({0, len(body), *(place % (len(body) + 1) for place in places)})
    return [body[start:end] for start, end in pairwise(edges)]


def read(pieces: list[bytes]) -> list[bytes]:
    lines = Lines()
    found = [line for piece in pieces for line in lines.feed(piece)]
    return found + lines.finish()


@given(st.lists(texts), st.lists(st.integers(min_value=0)), st.booleans())
def test_however_a_body_is_cut_its_lines_are_the_same(
    written: list[bytes], places: list[int], ends: bool
):
    body = b"\n".join(written) + (b"\n" if ends else b"")
    assert read(cut(body, places)) == [line for line in written if line.strip()]


@given(st.lists(st.binary(max_size=30)))
def test_every_line_is_given_as_soon_as_it_is_whole(pieces: list[bytes]):
    lines, given, fed = Lines(), 0, b""
    for piece in pieces:
        given += len(lines.feed(piece))
        fed += piece
        assert given == sum(bool(line.strip()) for line in fed.split(b"\n")[:-1])


def test_blank_lines_and_carriage_returns_are_no_lines():
    assert read([b"\r\n\n", b" \t\n", b'{"a":1}\r\n', b"\n"]) == [b'{"a":1}\r']


def test_a_line_without_an_end_is_an_error_before_it_fills_the_memory():
    lines = Lines(limit=10)
    assert lines.feed(b"12345\n1234567") == [b"12345"]
    with pytest.raises(ServerError, match="more than 10 bytes"):
        lines.feed(b"8901")

import pytest

from paddock.template.literals import (
    character,
    complex_number,
    from_utf8,
    number,
    unquote,
    utf8,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("-0", 0),
        ("+7", 7),
        ("0x_1F", 31),
        ("0b101", 5),
        ("0o17", 15),
        ("017", 15),
        ("1_000", 1000),
        ("9223372036854775807", 2**63 - 1),
        ("-9223372036854775808", -(2**63)),
        ("9223372036854775808", None),
        ("1e3", 1000.0),
        ("2.", 2.0),
        (".5", 0.5),
        ("1_0.5", 10.5),
        ("0x1p4", 16.0),
        ("2i", 2j),
    ],
)
def test_numbers_have_the_kind_that_they_are_written_in(text: str, value: object) -> None:
    found = number(text)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    "text",
    ["", "-", "0x", "08", "1__0", "_1", "1_", "1e", "0x1.8", "1e999", "0x1p99999", str(2**64)],
)  # fmt: skip
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"number|overflow"):
        number(text)


@pytest.mark.parametrize(
    ("text", "value"), [("1+2i", 1 + 2j), ("-1.5-2i", -1.5 - 2j), ("1e+2-3e-1i", 100 - 0.3j)]
)
def test_complex_numbers_have_two_parts(text: str, value: complex) -> None:
    assert complex_number(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r'"a\tb\n\\\"\x41\101\u00e9\U0001F600"', 'a\tb\n\\"AAé😀'),
        (r"`a\n`", r"a\n"),
        ("`a\r\nb`", "a\nb"),
        (r'"\xc3\xa9"', "é"),
        (r'"\xff"', "\udcff"),
        ('""', ""),
    ],
)
def test_strings_are_unquoted(text: str, value: str) -> None:
    assert unquote(text) == value


@pytest.mark.parametrize("text", [r'"\q"', r'"\'"', r'"\x1"', r'"\400"', r'"\U00110000"', r'"\8"'])
def test_unknown_escapes_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="invalid syntax"):
        unquote(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [("'a'", 97), ("'é'", 233), (r"'\n'", 10), (r"'\''", 39), (r"'\xff'", 255)],
)  # fmt: skip
def test_characters_are_numbers(text: str, value: int) -> None:
    assert character(text) == value


@pytest.mark.parametrize("text", ["''", "'ab'", r"'\"'", r"'\q'", r"'\x1'"])
def test_broken_characters_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"constant|syntax"):
        character(text)


def test_bytes_that_are_no_text_survive() -> None:
    data = b"a\xffb\xc3"
    assert utf8(from_utf8(data)) == data
    assert utf8("\ud800a") == "\ufffda".encode()

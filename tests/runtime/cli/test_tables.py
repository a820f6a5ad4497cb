from datetime import timedelta

import pytest

from paddock.cli.tables import human_age, human_size, table


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1500, "1.5 KB"),
        (10_000, "10 KB"),
        (1_000_000, "1 MB"),
        (1_234_567, "1.2 MB"),
        (9_999_999, "10.0 MB"),
        (999_999_999, "999 MB"),
        (42_000_000_000, "42 GB"),
        (1_999_999_999_999, "2.0 TB"),
    ],
)
def test_sizes_are_decimal_and_short(size: int, text: str):
    assert human_size(size) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.2, "Less than a second ago"),
        (1, "1 second ago"),
        (59, "59 seconds ago"),
        (90, "About a minute ago"),
        (3599, "59 minutes ago"),
        (3700, "About an hour ago"),
        (5400, "2 hours ago"),
        (169_200, "47 hours ago"),
        (172_800, "2 days ago"),
        (1_209_600, "2 weeks ago"),
        (5_184_000, "2 months ago"),
        (63_072_000, "2 years ago"),
        (-240, "4 minutes from now"),
        (-630_720_000, "20 years from now"),
        (-6_307_200_000, "Forever"),
    ],
)
def test_ages_are_rounded_to_one_unit(seconds: float, text: str):
    assert human_age(timedelta(seconds=seconds)) == text


def test_tables_pad_every_column():
    text = table(
        ["NAME", "ID", "SIZE", "MODIFIED"],
        [
            ["gpt-oss:120b-cloud", "569662207105", "-", "About an hour ago"],
            ["llama3.2:latest", "a80c4f17acd5", "2.0 GB", "3 weeks ago"],
        ],
    )
    assert text.splitlines() == [
        "NAME                  ID              SIZE      MODIFIED          ",
        "gpt-oss:120b-cloud    569662207105    -         About an hour ago    ",
        "llama3.2:latest       a80c4f17acd5    2.0 GB    3 weeks ago          ",
    ]


def test_a_table_without_rows_is_its_header():
    assert table(["NAME", "SIZE"], []) == "NAME    SIZE \n"

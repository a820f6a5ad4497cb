from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.cli.figures import (
    binary_size,
    duration,
    human_age,
    human_size,
    human_time,
    processor,
)
from paddock.durations import FOREVER, parse_duration

NOW = datetime(2026, 8, 1, tzinfo=UTC)


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


def test_memory_is_counted_in_powers_of_two():
    assert [binary_size(size) for size in (7, 1536, 3 * 2**30)] == ["7 B", "1.5 KiB", "3.0 GiB"]


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


@pytest.mark.parametrize("moment", [None, datetime(1, 1, 1, tzinfo=UTC)])
def test_no_moment_is_never(moment: datetime | None):
    assert human_time(moment, NOW) == "Never"
    assert human_time(moment, NOW, "never") == "never"


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [
        (0, "0s"),
        (7, "7ns"),
        (1_500, "1.5µs"),
        (130_079_000, "130.079ms"),
        (2_345_000_000, "2.345s"),
        (62_500_000_000, "1m2.5s"),
        (3_600_000_000_000, "1h0m0s"),
        (-1_500_000_000, "-1.5s"),
        (FOREVER, "2562047h47m16.854775807s"),
    ],
)
def test_durations_are_in_full_precision(nanoseconds: int, text: str):
    assert duration(nanoseconds) == text


@given(st.integers(-FOREVER, FOREVER))
def test_a_printed_duration_reads_back(nanoseconds: int):
    assert parse_duration(duration(nanoseconds)) == nanoseconds


@pytest.mark.parametrize(
    ("size", "size_vram", "text"),
    [
        (100, 0, "100% CPU"),
        (100, 100, "100% GPU"),
        (100, 52, "48%/52% CPU/GPU"),
        (100, 101, "Unknown"),
        (0, 5, "Unknown"),
    ],
)
def test_where_a_model_lies_adds_up_to_a_hundred(size: int, size_vram: int, text: str):
    assert processor(size, size_vram) == text

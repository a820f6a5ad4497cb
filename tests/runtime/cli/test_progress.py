import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.api import ProgressResponse
from paddock.cli.progress import FRAMES, PlainReport, Report, time_left
from paddock.cli.tables import width

A, B = "sha256:" + "a" * 64, "sha256:" + "b" * 64


def event(status: str, digest: str | None = None, total: int = 0, completed: int = 0):
    if digest is None:
        return ProgressResponse(status=status)
    return ProgressResponse(status=status, digest=digest, total=total, completed=completed)


def fed(*events: ProgressResponse, now: float = 0.0) -> Report:
    report = Report()
    for one in events:
        report.feed(one, now)
    return report


def test_a_new_status_stops_the_spinner_of_the_last():
    report = fed(event("pulling manifest"), event("pulling manifest"), event("writing manifest"))
    assert report.lines(80, 0.0) == ["pulling manifest ", f"writing manifest {FRAMES[0]} "]
    report.finish()
    assert report.lines(80, 0.3) == ["pulling manifest ", "writing manifest "]


def test_a_spinner_turns_ten_times_a_second():
    report = fed(event("x"))
    assert [report.lines(80, now)[0][2] for now in (0.0, 0.11, 0.95, 1.0)] == ["⠋", "⠙", "⠏", "⠋"]


def test_a_spinner_without_a_message_stands_at_the_edge():
    assert fed(event(" ")).lines(80, 0.0) == [f"{FRAMES[0]} "]


def test_bars_of_one_digest_are_one_and_appear_with_their_first_bytes():
    report = fed(
        event("pulling aaaaaaaaaaaa", A, 1000, 0),
        event("pulling bbbbbbbbbbbb", B, 2000, 500),
        event("pulling bbbbbbbbbbbb", B, 2000, 1000),
    )
    (line,) = report.lines(80, 0.0)
    assert line.startswith("pulling bbbbbbbbbbbb:  50% ▕")
    assert "  1 KB/2 KB" in line
    blocks = line[line.index("▕") + 1 : line.index("▏")]
    assert blocks.count("█") == len(blocks) // 2
    assert width(line) == 80


def test_a_finished_bar_shows_its_size_alone():
    (line,) = fed(event("pushing aaaaaaaaaaaa...", A, 1500, 1500)).lines(80, 0.0)
    assert line.startswith("pushing aaaaaaaaaaaa... 100% ▕█")
    assert line.endswith("▏ 1.5 KB" + " " * 25)
    assert width(line) == 80


def test_rate_and_time_left_come_from_the_last_seconds():
    report = Report()
    for second in range(15):
        report.feed(event("pulling a", A, 100_000_000, 1 + second * 2_000_000), float(second))
    (line,) = report.lines(80, 15.0)
    assert line.endswith("  28 MB/100 MB    2 MB/s     35s")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (59.9, "59s"),
        (3599, "59m59s"),
        (3720, "1h2m"),
        (359_999, "99h59m"),
        (4e5, "99h+"),
    ],
)
def test_time_left_has_two_units_at_most(seconds: float, text: str):
    assert time_left(seconds) == text


def test_in_a_file_there_is_a_line_per_status_and_ten_percent():
    lines: list[str] = []
    report = PlainReport(lines.append)
    report.feed(event("pulling manifest"))
    report.feed(event("pulling manifest"))
    for completed in range(0, 1001, 30):
        report.feed(event("pulling a", A, 1000, completed))
    report.feed(event("pulling a", A, 1000, 1000))
    report.feed(event("success"))
    assert lines[0] == "pulling manifest"
    assert lines[-1] == "success"
    percents = [int(found[1]) for line in lines if (found := re.search(r"(\d+)% of 1 KB", line))]
    assert percents == list(range(0, 101, 10))


def test_files_without_bytes_are_no_division_by_zero():
    report = fed(event("copying", A, 0, 0))
    assert "100%" in report.lines(80, 0.0)[0]
    lines: list[str] = []
    PlainReport(lines.append).feed(event("copying", A, 0, 0))
    assert lines == ["copying 100% of 0 B"]


@given(
    st.lists(
        st.tuples(st.integers(0, 10**13), st.integers(0, 10**13), st.floats(0, 3)), max_size=20
    ),
    st.integers(0, 200),
)
def test_any_progress_can_be_drawn(moves: list[tuple[int, int, float]], columns: int):
    report, now = Report(), 0.0
    for total, completed, seconds in moves:
        now += seconds
        report.feed(event("pulling a", A, total, completed), now)
        assert all("\n" not in line for line in report.lines(columns, now))

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paddock.cli.history import KEPT, HistoryFile


def test_what_was_typed_is_read_back_oldest_first(tmp_path: Path):
    history = HistoryFile(tmp_path / "folder" / "history")
    assert history.read() == []
    history.write(["one", "", "  ", "two", "two"])
    assert history.read() == ["one", "two", "two"]


def test_an_entry_of_several_lines_reads_back_as_several(tmp_path: Path):
    history = HistoryFile(tmp_path / "history")
    history.write(["a\nb", "c"])
    assert history.read() == ["a", "b", "c"]


def test_only_the_last_hundred_are_kept(tmp_path: Path):
    history = HistoryFile(tmp_path / "history")
    history.write([str(number) for number in range(KEPT + 7)])
    assert history.read()[0] == "7"
    assert len(history.read()) == KEPT


def test_only_the_owner_may_read_it_and_nothing_is_left_beside_it(tmp_path: Path):
    path = tmp_path / "history"
    path.with_name("history.tmp").write_text("left by a crash")
    HistoryFile(path).write(["one"])
    assert path.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["history"]


def test_a_folder_that_cannot_be_written_means_no_history(tmp_path: Path):
    (tmp_path / "file").write_text("")
    history = HistoryFile(tmp_path / "file" / "history")
    history.write(["one"])
    assert history.read() == []


def test_bytes_that_are_no_text_do_not_matter(tmp_path: Path):
    path = tmp_path / "history"
    path.write_bytes(b"\xff\xfe\n\x00ok\n")
    assert HistoryFile(path).read()[-1] == "\x00ok"


@settings(deadline=None, max_examples=50)
@given(st.lists(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]))))
def test_entries_of_one_line_come_back_as_they_were(
    tmp_path_factory: pytest.TempPathFactory, entries: list[str]
):
    history = HistoryFile(tmp_path_factory.mktemp("history") / "history")
    history.write(entries)
    assert history.read() == [entry for entry in entries if entry.strip()][-KEPT:]

import json
import re
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.engine, pytest.mark.timeout(600)]


def test_an_index_goes_on_where_it_stopped_and_finds_what_is_in_it(cook: Any, tmp_path: Path):
    folder = ["--folder", str(tmp_path), "--question", "anything"]
    first = cook("index_passages.py", *folder, "--count", "60")
    assert "60/60" in first
    assert "going on" not in first
    kept = (tmp_path / "passages.jsonl").read_text("utf-8").splitlines()
    assert len(kept) == 60

    # Stopped between its two files: a passage that has no vector yet.
    with (tmp_path / "passages.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"name": "lost", "text": "lost"}\n')
    second = cook("index_passages.py", *folder, "--count", "90")
    assert "going on after 60 passages" in second
    assert "90/90" in second
    lines = (tmp_path / "passages.jsonl").read_text("utf-8").splitlines()
    assert lines[:60] == kept
    assert len(lines) == 90
    assert "lost" not in [json.loads(line)["name"] for line in lines]

    wanted = json.loads(lines[80])
    third = cook(
        "index_passages.py",
        *("--folder", str(tmp_path), "--count", "90", "--question", wanted["text"]),
    )
    best = re.findall(r"^  (\S+) (\S+): ", third, re.MULTILINE)[0]
    assert float(best[0]) > 0.98
    assert wanted["name"] == best[1]


def test_an_index_of_another_model_is_refused(cook: Any, tmp_path: Path):
    (tmp_path / "model.json").write_text('{"model": "another", "digest": "0"}')
    refusal = cook("index_passages.py", "--folder", str(tmp_path), "--count", "1", fails=True)
    assert "made by another model" in refusal

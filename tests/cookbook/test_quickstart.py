import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]

pytestmark = [pytest.mark.engine, pytest.mark.timeout(600)]


def run(*arguments: str, models: Path) -> subprocess.CompletedProcess[str]:
    """A Python process of its own, with its own store."""
    return subprocess.run(
        [sys.executable, *arguments],
        env=os.environ | {"PADDOCK_MODELS": str(models), "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    (folder / ".hidden").mkdir(parents=True)
    (folder / ".hidden" / "secret.md").write_text("Horses are kept secret here.")
    (folder / "horses.md").write_text("# Horses\n\nA paddock is a small field for horses.\n" * 3)
    (folder / "bread.txt").write_text("Sourdough rises slowly, overnight.")
    (folder / "tax.md").write_text("The tax office answers letters within a month.")
    return folder


def test_both_frameworks_answer_with_the_right_source(docs: Path, models: Path):
    question = "Where do horses live?"
    arguments = ["--framework", "both", "--docs", str(docs), "--question", question]
    done = run(str(PROJECT / "cookbook" / "quickstart.py"), *arguments, models=models)
    assert done.returncode == 0, done.stderr
    assert len(re.findall(r"^sources: .*horses\.md", done.stdout, re.MULTILINE)) == 2
    assert "secret" not in done.stdout
    assert len(re.findall(r"texts/s", done.stdout)) == 2
    reused = re.findall(r"prompt tokens, (\d+) of them reused; \d+ tokens at \d+", done.stdout)
    assert len(reused) == 4
    assert int(reused[1]) > 50
    assert int(reused[3]) > 50


@pytest.mark.parametrize("framework", ["langchain", "llamaindex"])
def test_the_demo_model_answers_the_list_of_questions_from_the_right_documents(
    framework: str, models: Path
):
    questions = str(PROJECT / "cookbook" / "questions.json")
    arguments = ["--framework", framework, "--questions", questions]
    done = run(str(PROJECT / "cookbook" / "quickstart.py"), *arguments, models=models)
    assert done.returncode == 0, done.stderr
    right, asked = re.findall(r"(\d+) of (\d+) answers right, with the right source", done.stdout)[
        0
    ]
    assert int(asked) == 10
    assert int(right) >= 8, done.stdout


def test_every_listed_answer_stands_in_one_passage_of_its_source():
    questions = json.loads((PROJECT / "cookbook" / "questions.json").read_text("utf-8"))
    for entry in questions:
        text = (PROJECT / "cookbook" / "documents" / entry["source"]).read_text("utf-8")
        assert text.count(entry["answer"]) == 1


def test_a_folder_without_text_is_refused(tmp_path: Path, models: Path):
    done = run(str(PROJECT / "cookbook" / "quickstart.py"), "--docs", str(tmp_path), models=models)
    assert done.returncode == 1
    assert "no .md or .txt file" in done.stderr

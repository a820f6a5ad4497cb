import json
from typing import Any

import pytest

pytestmark = [pytest.mark.engine, pytest.mark.timeout(900)]


def test_every_competitor_has_a_figure_or_a_reason(cook: Any):
    sizes = ["--tokens", "4", "--texts", "12", "--steps", "2", "--rounds", "1"]
    measures = json.loads(cook("compare.py", *sizes, "--json"))
    assert [measure["name"].split()[0] for measure in measures] == [
        *("construction", "batch", "agent", "a", "embedding")
    ]
    chat = {"paddock", "langchain-ollama over paddock serve", "ChatLlamaCpp"}
    embedding = {"paddock", "Llama.embed", "sentence-transformers"}
    for measure in measures:
        figures, reasons = measure["figures"], measure["reasons"]
        assert {*figures, *reasons} == (embedding if measure is measures[-1] else chat)
        assert not figures.keys() & reasons.keys()
        assert all(figure > 0 for figure in figures.values())
    evaluated = json.loads(measures[2]["detail"].rpartition(": ")[2])
    assert len(evaluated) == 2


def test_the_table_has_a_row_for_each_measure_and_a_column_for_each_competitor(cook: Any):
    only = ["--only", "embedding", "--only", "construction"]
    text = cook("compare.py", "--texts", "6", "--rounds", "1", *only, "--markdown")
    head, rule, *rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in text.splitlines()
        if line.startswith("|")
    ]
    assert head == [
        *("", "paddock", "langchain-ollama over paddock serve", "ChatLlamaCpp"),
        *("Llama.embed", "sentence-transformers"),
    ]
    assert [len(row) for row in (rule, *rows)] == [6, 6, 6]
    assert [row[0] for row in rows] == ["construction, ms", "embedding of 6 texts, texts/s"]
    assert rows[0][2].endswith(" x)"), "its ratio"
    assert rows[0][4:] == ["–", "–"]

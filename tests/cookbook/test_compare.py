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

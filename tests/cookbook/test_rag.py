import re
from typing import Any

import pytest

pytestmark = [pytest.mark.engine, pytest.mark.timeout(600)]

ANSWERS = {
    "Jonas Arkwell": "history.md",
    "26 euros": "tickets.md",
    "20:00": "events.md",
    "The Galley": "cafe.md",
}


@pytest.mark.parametrize("script", ["rag_langchain.py", "rag_llamaindex.py"])
def test_questions_are_answered_with_their_sources(script: str, cook: Any):
    printed = cook(script)
    answers = re.findall(r"^> (.*)\n(.*)\n  \[(.*)\]$", printed, re.MULTILINE)
    assert len(answers) == 4
    right = [
        known in answer and source in sources
        for (_, answer, sources), (known, source) in zip(answers, ANSWERS.items(), strict=True)
    ]
    assert sum(right) >= 3, printed
    assert re.search(r"^3 answers .*: \d+\.\d s$", printed, re.MULTILINE)


def test_llamaindex_counts_what_the_engine_counts(cook: Any):
    printed = cook("rag_llamaindex.py", "--question", "Who designed the glass roof?")
    prompt, written = re.findall(
        r"^(\d+) prompt tokens and (\d+) of answers", printed, re.MULTILINE
    )[0]
    assert int(prompt) > 100
    assert int(written) > 0

import re
from typing import Any

import pytest

pytestmark = [pytest.mark.engine, pytest.mark.timeout(600)]


def test_the_same_calls_work_and_more(cook: Any):
    printed = cook("from_ollama.py")
    sections = dict(re.findall(r"^(\S.*)\n((?:  .*\n?)+)", printed, re.MULTILINE))
    assert len(sections["The same calls"].splitlines()) == 3
    assert all("'location': " in call for call in sections["A call that must come"].splitlines())
    assert sections["An answer from a list"].strip() in ("yes", "no")
    counted, used = re.findall(r"(\d+)", sections["Tokens counted before they are spent"])
    assert counted == used
    reused, whole = re.findall(
        r"(\d+)", sections["What was evaluated before is not evaluated again"]
    )
    assert int(reused) == int(whole) - 1
    assert printed.endswith("  assistant began, and was left\n")

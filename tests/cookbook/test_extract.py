import re
from typing import Any

import pytest

pytestmark = [pytest.mark.engine, pytest.mark.timeout(600)]


def test_every_answer_is_a_record(cook: Any):
    printed = cook("extract.py", "--count", "16")
    found = re.search(
        r"^16 texts in \S+ s: (\d+) valid records, (\d+) of them", printed, re.MULTILINE
    )
    assert found is not None
    assert found[1] == "16"
    assert int(found[2]) >= 8, printed
    assert "Person(name='Ada Venn', age=41, city='Oslo')" in printed

import re
from pathlib import Path
from typing import Any

import pytest

COOKBOOK = Path(__file__).resolve().parents[2] / "cookbook"


def test_the_readme_shows_what_every_script_prints():
    readme = (COOKBOOK / "README.md").read_text("utf-8")
    shown = re.findall(r"^```\n\$ python cookbook/(\S+).*\n(?!\$|```)", readme, re.MULTILINE)
    scripts = {path.name for path in COOKBOOK.glob("*.py")}
    assert {*shown} == scripts - {"refresh.py", "compare.py"}
    table = readme.partition("<!-- python cookbook/compare.py")[2]
    assert re.search(r"^\| construction, ms \| [0-9.]+ \|", table, re.MULTILINE)


@pytest.mark.engine
def test_a_name_of_which_nothing_is_shown_is_refused(cook: Any):
    assert "no output is shown of nobody.py" in cook("refresh.py", "nobody.py", fails=True)

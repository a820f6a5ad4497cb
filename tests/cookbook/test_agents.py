import re
from typing import Any

import pytest

pytestmark = [pytest.mark.engine, pytest.mark.timeout(600)]


def test_agents_of_langchain_call_tools_and_reuse_their_prompts(cook: Any):
    printed = cook("agent_langchain.py")
    assert "get_weather({'location': 'Boston'})" in printed
    assert "It's sunny in Boston." in printed
    assert re.search(r"LangGraph\n.*Add 17 and 25.*\n +ai: add\(\{", printed)
    assert re.search(r"whatever is said\n +ai: get_weather\(\{'location': ", printed)
    reused = [int(count) for count in re.findall(r"prompt tokens, (\d+) of them reused", printed)]
    assert reused[1] > 100


def test_agents_of_llamaindex_call_tools_and_end(cook: Any):
    printed = cook("agents_llamaindex.py")
    assert "get_weather({'location': 'Boston'}) -> It's sunny in Boston." in printed
    assert "> Book 2 tickets for Friday." in printed
    reused = [int(count) for count in re.findall(r"prompt tokens, (\d+) reused", printed)]
    assert reused[1] > 100

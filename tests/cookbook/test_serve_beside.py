from typing import Any

import pytest

pytestmark = [pytest.mark.engine, pytest.mark.timeout(600)]


def test_the_process_and_its_clients_share_one_set_of_weights(cook: Any):
    lines = cook("serve_beside.py").splitlines()
    told = dict(line.split(": ", 1) for line in lines)
    assert told["in the process"]
    assert told["in the process"] == told["ollama's client"]
    assert told["a route of ours"]
    assert "demo" in told["loaded"]
    assert told["loads"] == "[1]"

import os

import pytest
from tests.runtime.store.kills import kill_and_look


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_store_is_whole_whenever_its_writer_is_killed() -> None:
    assert kill_and_look(8, seed=1) == []

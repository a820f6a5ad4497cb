import shutil
from pathlib import Path

import pytest
from tests.benchmarks import transfers


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_the_table_has_a_figure_for_everything(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    transfers.main(100_000, 1, tmp_path)
    labels = [line[:20].rstrip() for line in capsys.readouterr().out.splitlines()]
    assert labels == [
        "curl",
        "curl, on disk",
        "curl | sha256sum",
        "pull",
        "push",
        "push, memory",
        "pull, memory",
    ]

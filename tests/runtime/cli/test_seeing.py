from pathlib import Path

import pytest
from tests import seeing
from tests.pictures import picture
from tests.runtime.cli.program import Paddock

from paddock.runtime import Runtime

pytestmark = pytest.mark.engine


def test_a_path_in_a_prompt_is_a_picture(paddock: Paddock, tiny_gguf: Path, tmp_path: Path) -> None:
    models = tmp_path / "models"
    with Runtime(models) as runtime:
        seeing.add(runtime, "llava", tiny_gguf, tmp_path)
    for number in (1, 2):
        (tmp_path / f"{number}.png").write_bytes(picture(30, 20, noise=number))
    first, again, second = (
        paddock("run", "llava", f"what is it? {tmp_path}/{number}.png", models=models)
        for number in (1, 1, 2)
    )
    assert f"Added image '{tmp_path}/1.png'" in first.stderr
    assert first.returncode == 0
    assert first.stdout == again.stdout != second.stdout

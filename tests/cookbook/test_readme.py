import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

README = Path(__file__).resolve().parents[2] / "README.md"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README.read_text(), re.DOTALL | re.MULTILINE)


def test_two_commands_set_everything_up():
    commands = [line for block in blocks("sh") for line in block.splitlines() if "venv" in line]
    assert len(commands) == 2
    assert all(line.startswith("python3 -m venv .venv && ") for line in commands)


@pytest.mark.engine
@pytest.mark.timeout(600)
def test_the_python_examples_run_as_they_stand(
    tmp_path: Path, tiny_gguf: Path, minilm_folder: Path
):
    script = "\n".join(blocks("python"))
    assert "ChatPaddock" in script
    assert "VectorStoreIndex" in script
    # Noise need not end; the answers are kept short here.
    limited = f'from_="{tiny_gguf}", parameters={{"num_predict": 16}}'
    script = script.replace('from_="/models/tiny.gguf"', limited)
    script = script.replace("/models/all-MiniLM-L6-v2", str(minilm_folder))
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=os.environ | {"PADDOCK_MODELS": str(tmp_path), "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    assert done.returncode == 0, done.stderr

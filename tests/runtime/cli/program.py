"""The `paddock` program and the user who runs it."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

PROGRAM = [sys.executable, "-m", "paddock"]
Paddock = Callable[..., subprocess.CompletedProcess[str]]


def environment(models: Path, home: Path, **variables: str) -> dict[str, str]:
    """Of a user who has set nothing but the models folder."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PADDOCK_", "OLLAMA_"))
    }
    return (
        kept | {"HOME": str(home), "PADDOCK_MODELS": str(models), "LC_ALL": "C.UTF-8"} | variables
    )

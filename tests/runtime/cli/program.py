"""The `paddock` program and the user who runs it."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import Popen

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


@contextmanager
def serving(models: Path, home: Path, **variables: str) -> Iterator[tuple[Popen[str], str]]:
    """The program, and the address that it tells."""
    program = Popen(
        [*PROGRAM, "serve", "--host", "127.0.0.1:0"],
        env=environment(models, home, **variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert program.stderr is not None
        told = program.stderr.readline()
        found = re.fullmatch(r"Listening on (127\.0\.0\.1:\d+)\n", told)
        assert found, told
        yield program, f"http://{found[1]}"
    finally:
        program.kill()
        program.communicate()

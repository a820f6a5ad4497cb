"""Puts what the scripts print and the notebook draws where readers see it: README.md, bench.ipynb.

    python cookbook/refresh.py                           # all
    python cookbook/refresh.py extract.py bench.ipynb

A block of the README that begins with `$ python cookbook/...` is made anew: each of its commands
runs, one after another, in a folder of its own. compare.py wants packages beside paddock's and a
machine that does nothing else: its table is put there by hand.
"""

import argparse
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
from nbclient import NotebookClient
from quickstart import embed_model

import paddock

COOKBOOK = Path(__file__).resolve().parent
NOTEBOOK = "bench.ipynb"
BLOCK = re.compile(r"^```\n(\$ python cookbook/(\w+\.py).*?)^```$", re.DOTALL | re.MULTILINE)


def shown(readme: str) -> list[str]:
    """The scripts whose output stands in the README."""
    return [name for _, name in BLOCK.findall(readme)]


def refreshed(block: str, folder: Path) -> str:
    """The same commands, each with what it prints now."""
    commands = [line for line in block.splitlines() if line.startswith("$ ")]
    return "".join(f"{line}\n{printed(line.removeprefix('$ '), folder)}\n" for line in commands)


def printed(command: str, folder: Path) -> str:
    print(command, file=sys.stderr)
    done = subprocess.run(
        [sys.executable, *shlex.split(command)[1:]],
        cwd=folder,
        env=os.environ | {"PADDOCK_MODELS": str(folder / "models"), "PYTHONIOENCODING": "utf-8"},
        stdout=subprocess.PIPE,
        check=True,
    )
    overwritten = re.compile(r"^.*\r", re.MULTILINE)  # states of a progress bar but for the last
    return overwritten.sub("", done.stdout.decode("utf-8")).rstrip().lstrip("\n")


def refresh_readme(names: list[str]) -> None:
    path = COOKBOOK / "README.md"
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "cookbook").symlink_to(COOKBOOK)
        with paddock.Runtime(folder / "models") as runtime:
            embed_model(paddock.Client(runtime=runtime), None)  # no script tells of its making

        def anew(found: re.Match[str]) -> str:
            block, script = found.groups()
            return f"```\n{refreshed(block, folder)}```" if script in names else found[0]

        path.write_text(BLOCK.sub(anew, path.read_text("utf-8")), "utf-8")


def refresh_notebook() -> None:
    path = COOKBOOK / NOTEBOOK
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=None, kernel_name="python3", record_timing=False).execute()
    nbformat.write(notebook, path)


def main() -> None:
    scripts = shown((COOKBOOK / "README.md").read_text("utf-8"))
    parser = argparse.ArgumentParser(description="Make the outputs that readers see anew.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of: {', '.join(scripts)}")
    names = parser.parse_args().names or [*scripts, NOTEBOOK]
    unknown = {*names} - {*scripts, NOTEBOOK}
    if unknown:
        raise SystemExit(f"no output is shown of {', '.join(sorted(unknown))}")
    if {*names} & {*scripts}:
        refresh_readme(names)
    if NOTEBOOK in names:
        refresh_notebook()


if __name__ == "__main__":
    main()

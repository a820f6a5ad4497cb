from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).resolve().parents[2] / "cookbook" / "bench.ipynb"

pytestmark = [pytest.mark.engine, pytest.mark.timeout(600)]


def drawn(notebook: nbformat.NotebookNode) -> int:
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    return sum("image/png" in output.get("data", {}) for output in outputs)


def test_readers_see_what_was_drawn():
    assert drawn(nbformat.read(NOTEBOOK, as_version=4)) == 2


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_the_notebook_draws_what_the_bench_tells(monkeypatch: pytest.MonkeyPatch, store: Path):
    sizes = "--sequences 1,2 --tokens 8 --prompt-tokens 16 --prefix-tokens 32 --rounds 1"
    monkeypatch.setenv("PADDOCK_BENCH", f"--random tiny {sizes}")
    monkeypatch.setenv("PADDOCK_MODELS", str(store))
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    NotebookClient(notebook, timeout=600, kernel_name="python3").execute()
    assert drawn(notebook) == 2
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    printed = "".join(output.get("text", "") for output in outputs)
    assert "tokens/s" in printed

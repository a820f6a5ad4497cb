import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

import llama_index.embeddings.paddock
import llama_index.llms.paddock
import llama_index.postprocessor.paddock

PROJECT = Path(__file__).resolve().parents[3]


def test_a_wheel_holds_the_adapters_their_types_and_the_demo_model(tmp_path: Path):
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=PROJECT, capture_output=True, timeout=120, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = {Path(name) for name in ZipFile(wheel).namelist()}
    folders = [Path("paddock"), Path("langchain_paddock")]
    folders += [Path("llama_index", kind, "paddock") for kind in ("llms", "embeddings")]
    folders += [Path("llama_index", "postprocessor", "paddock")]
    for folder in folders:
        assert {folder / "py.typed", folder / "__init__.py"} <= names
        for parent in folder.parents:
            assert parent / "__init__.py" not in names
    assert Path("paddock/demo/demo-q8_0.gguf") in names
    tops = {name.parts[0] for name in names if not name.parts[0].endswith(".dist-info")}
    assert tops == {"paddock", "langchain_paddock", "llama_index"}


def test_all_is_what_the_framework_expects():
    assert llama_index.llms.paddock.__all__ == ["Paddock"]
    assert llama_index.embeddings.paddock.__all__ == ["PaddockEmbedding"]
    assert llama_index.postprocessor.paddock.__all__ == ["PaddockRerank"]


def test_importing_and_constructing_needs_no_engine_and_no_other_framework():
    report = (
        "import sys;"
        "from llama_index.llms.paddock import Paddock;"
        "from llama_index.embeddings.paddock import PaddockEmbedding;"
        "from llama_index.postprocessor.paddock import PaddockRerank;"
        "Paddock('m'); PaddockEmbedding('m'); PaddockRerank('m');"
        "print([name for name in ('llama_cpp', 'langchain_core', 'ollama') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", report], capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stdout.strip() == "[]"


WITHOUT_CORE = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name == "llama_index.core":
            raise ModuleNotFoundError(name, name=name)

sys.meta_path.insert(0, Absent())
import llama_index.{package}.paddock
"""


@pytest.mark.parametrize("package", ["llms", "embeddings", "postprocessor"])
def test_without_the_framework_the_import_names_the_extra(package: str):
    attempt = WITHOUT_CORE.format(package=package)
    done = subprocess.run(
        [sys.executable, "-c", attempt], capture_output=True, text=True, timeout=120, check=False
    )
    assert 'pip install "paddock[llama-index]"' in done.stderr

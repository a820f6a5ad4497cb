import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from gguf import GGUFReader, GGUFWriter, dequantize

from paddock import gguf, random_model
from paddock.convert.quantisation import QUANTISATIONS
from paddock.engine.backend import LoadSpec
from paddock.engine.llama import Weights
from paddock.engine.quantiser import quantise
from paddock.errors import GGUFError, LoadError, RequestError, UnsupportedError
from paddock.random_model import Shape

pytestmark = pytest.mark.engine

WIDE = Shape(layers=2, width=256, heads=4, kv_heads=2, feed_forward=512)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return random_model.write(tmp_path_factory.mktemp("f16") / "f16.gguf", WIDE, type="F16")


def matrix(path: Path, name: str = "blk.0.ffn_up.weight") -> np.ndarray:
    tensor = next(tensor for tensor in GGUFReader(path).tensors if tensor.name == name)
    return dequantize(tensor.data, tensor.tensor_type)


@pytest.mark.parametrize("kind", QUANTISATIONS)
def test_every_type_is_written_and_loads(kind: str, source: Path, tmp_path: Path) -> None:
    target = tmp_path / "q.gguf"
    quantise(source, target, kind, num_thread=1)
    assert gguf.read(target).file_type == kind
    Weights(LoadSpec(target, num_ctx=16)).close()
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize(("kind", "error"), [("F32", 0), ("BF16", 0.01), ("Q8_0", 0.02)])
def test_weights_stay_what_they_were(kind: str, error: float, source: Path, tmp_path: Path) -> None:
    quantise(source, tmp_path / "q.gguf", kind, num_thread=1)
    before, after = matrix(source), matrix(tmp_path / "q.gguf")
    assert np.abs(before - after).max() <= error * np.abs(before).max()


def test_the_number_of_threads_does_not_show(source: Path, tmp_path: Path) -> None:
    quantise(source, tmp_path / "one.gguf", "q4_k", num_thread=1)
    quantise(source, tmp_path / "two.gguf", "Q4_K_M", num_thread=2)
    assert (tmp_path / "one.gguf").read_bytes() == (tmp_path / "two.gguf").read_bytes()


def test_rows_that_are_no_whole_blocks_get_a_wider_type(tmp_path: Path) -> None:
    source = random_model.write(tmp_path / "tiny.gguf", type="F32")
    quantise(source, tmp_path / "q.gguf", "Q4_K_M", num_thread=1)
    types = {tensor.name: tensor.type for tensor in gguf.read(tmp_path / "q.gguf").tensors}
    assert types["blk.0.attn_q.weight"] == 6  # Q5_0


def test_tensors_that_suffer_most_stay_precise(source: Path, tmp_path: Path) -> None:
    """The reference keeps the embeddings of glm4 at f16."""
    other = renamed(source, tmp_path / "glm4.gguf", "glm4")
    for kind, expected in (("Q4_K_S", 1), ("Q5_K_S", 14)):
        quantise(other, tmp_path / "q.gguf", kind, num_thread=1)
        types = {tensor.name: tensor.type for tensor in gguf.read(tmp_path / "q.gguf").tensors}
        assert types["token_embd.weight"] == expected


def renamed(source: Path, target: Path, architecture: str) -> Path:
    """The same tensors under another architecture: the quantiser looks at their names only."""
    writer = GGUFWriter(target, architecture)
    writer.add_block_count(WIDE.layers)
    writer.add_context_length(64)
    writer.add_embedding_length(WIDE.width)
    writer.add_head_count(WIDE.heads)
    writer.add_feed_forward_length(WIDE.feed_forward)
    writer.add_rope_dimension_count(WIDE.head_width)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_file_type(1)
    for tensor in GGUFReader(source).tensors:
        writer.add_tensor(tensor.name, tensor.data)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return target


def refused(source: Path, kind: str, error: type[Exception]) -> str:
    """The message; a file that was there before is still there, and nothing else."""
    target = source.parent / "out" / "q.gguf"
    target.parent.mkdir()
    target.write_bytes(b"before")
    with pytest.raises(error) as raised:
        quantise(source, target, kind, num_thread=1)
    assert [path.read_bytes() for path in target.parent.iterdir()] == [b"before"]
    return str(raised.value)


def test_a_quantised_model_is_not_quantised_again(tiny_gguf: Path, tmp_path: Path) -> None:
    source = tmp_path / "m.gguf"
    source.symlink_to(tiny_gguf)
    assert "F16, BF16 and F32" in refused(source, "Q4_0", RequestError)


def test_an_unknown_type_is_refused_before_the_file_is_read(tmp_path: Path) -> None:
    assert "supported types are F32" in refused(tmp_path / "none.gguf", "Q9", UnsupportedError)


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "m.gguf").write_bytes(b"GGUF but not really")
    assert "m.gguf" in refused(tmp_path / "m.gguf", "Q8_0", GGUFError)


def test_values_that_are_no_numbers_are_the_librarys_error(tmp_path: Path) -> None:
    source = random_model.write(tmp_path / "m.gguf", WIDE, type="F32")
    data = np.memmap(source, np.float32, "r+", offset=gguf.read(source).data_offset)
    data[:8] = np.nan
    data.flush()
    assert "cannot quantise m.gguf to Q4_K_M" in refused(source, "Q4_K_M", LoadError)


def test_an_architecture_the_library_does_not_know_is_its_error(
    source: Path, tmp_path: Path
) -> None:
    other = renamed(source, tmp_path / "m.gguf", "unheard-of")
    assert "unheard-of" in refused(other, "Q8_0", LoadError)


FULL = """
import resource, signal, sys
from pathlib import Path
from paddock.engine.quantiser import quantise
from paddock.errors import StoreError

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (2**16, 2**16))
try:
    quantise(Path(sys.argv[1]), Path(sys.argv[2]), "Q8_0", num_thread=1)
except StoreError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits the size of files as POSIX does")
def test_a_full_disk_is_an_error_and_leaves_nothing(source: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(source), str(tmp_path / "q.gguf")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "free some space" in done.stdout
    assert list(tmp_path.iterdir()) == []

"""Split GGUFs: which files belong together, and the one file that they are."""

import contextlib
import tempfile
from pathlib import Path
from typing import Any

import pytest
from gguf import GGUFReader, GGUFWriter
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ggufs import split

from paddock import gguf
from paddock.errors import GGUFError, PaddockError
from paddock.gguf import GGUF
from paddock.splits import grouped, joined, shard_count


def read_all(paths: list[Path]) -> dict[str, GGUF]:
    return {path.name: gguf.read(path) for path in paths}


@pytest.mark.parametrize("shards", [2, 4])
def test_shards_are_the_whole_again(shards: int, tiny_gguf: Path, tmp_path: Path) -> None:
    headers = read_all(split(tiny_gguf, tmp_path, shards=shards))
    (group,) = grouped(dict(reversed(headers.items())))
    path = tmp_path / "joined.gguf"
    path.write_bytes(b"".join(joined(group)))
    found, whole = gguf.read(path, arrays=True), gguf.read(tiny_gguf, arrays=True)
    assert dict(found.metadata) == dict(whole.metadata)
    before = {tensor.name: tensor.data.tobytes() for tensor in GGUFReader(tiny_gguf).tensors}
    after = {tensor.name: tensor.data.tobytes() for tensor in GGUFReader(path).tensors}
    assert after == before


def header(name: str, **facts: Any) -> tuple[str, GGUF]:
    metadata = {"general.architecture": "llama"} | {
        key.replace("__", "."): value for key, value in facts.items()
    }
    return name, GGUF(Path(name), 3, metadata, {}, (), 0)


def shard(index: int, count: int, prefix: str = "m", **facts: Any) -> tuple[str, GGUF]:
    name = f"{prefix}-{index:05}-of-{count:05}.gguf"
    return header(name, **({"split__no": index - 1, "split__count": count} | facts))


def test_whole_files_stand_alone_and_shards_together() -> None:
    files = dict(
        [header("a.gguf"), shard(2, 2, "b"), shard(1, 2, "b"), header("z.gguf", split__count=1)]
    )
    groups = [[part.path.name for part in group] for group in grouped(files)]
    assert groups == [["a.gguf"], ["b-00001-of-00002.gguf", "b-00002-of-00002.gguf"], ["z.gguf"]]


def test_the_count_may_stand_with_the_architecture() -> None:
    assert shard_count(header("m", llama__split__count=3)[1]) == 3
    assert shard_count(header("m", split__count="many")[1]) == 1


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (
            [header("m.gguf", split__count=2)],
            'split GGUF "m.gguf" must use llama.cpp split filename',
        ),
        ([shard(1, 2, split__count=3)], "filename count 2 does not match metadata count 3"),
        ([shard(1, 2, split__no=1)], "filename index 0 does not match metadata index 1"),
        ([shard(1, 2, split__no="0")], "is missing split.no metadata"),
        ([shard(1, 2)], "is missing shard 1"),
        ([shard(1, 2), shard(3, 3)], '"m-00003-of-00003.gguf" has 3 shards, expected 2'),
        ([shard(1, 2, "a/m"), shard(1, 2, "b/m")], "split GGUF has duplicate shard index 0"),
        ([shard(0, 2, split__no=-1)], "is missing shard 0"),
    ],
)
def test_incomplete_sets_are_refused(files: list[tuple[str, GGUF]], message: str) -> None:
    with pytest.raises(GGUFError) as caught:
        grouped(dict(files))
    assert message in str(caught.value)


def test_shards_of_other_models_are_refused(tiny_gguf: Path, tmp_path: Path) -> None:
    shards = list(read_all(split(tiny_gguf, tmp_path, shards=3)).values())
    with pytest.raises(GGUFError, match="two shards have the same tensor"):
        b"".join(joined([*shards, shards[1]]))
    with pytest.raises(GGUFError, match="tensors, not"):
        b"".join(joined(shards[:2]))


def test_a_shard_that_is_cut_meanwhile_is_an_error(tiny_gguf: Path, tmp_path: Path) -> None:
    shards = list(read_all(split(tiny_gguf, tmp_path, shards=2)).values())
    with shards[1].path.open("rb+") as file:
        file.truncate(shards[1].data_offset + 10)
    with pytest.raises(GGUFError, match="was cut while it was read"):
        b"".join(joined(shards))
    shards[0].path.write_bytes(b"GGUF" + b"\xff" * 100)
    with pytest.raises(GGUFError, match="was changed while it was read"):
        b"".join(joined(shards))


@given(st.binary(max_size=200), st.integers(0, 100))
@settings(deadline=None)
def test_a_changed_first_shard_never_ends_in_anything_else(content: bytes, at: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "m-00001-of-00002.gguf")
        writer = GGUFWriter(path, "llama")
        writer.add_uint16("split.count", 2)
        writer.add_array("words", ["a", "b"])
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_ti_data_to_file()
        writer.close()
        first = gguf.read(path)
        with path.open("rb+") as file:
            file.seek(at)
            file.write(content)
        with contextlib.suppress(PaddockError):
            b"".join(joined([first]))

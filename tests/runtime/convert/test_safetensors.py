import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.convert.safetensors import read_header
from paddock.errors import RequestError, UnsupportedError

VALUES = np.array([[1.5, -2.0], [0.25, 4096.0]], np.float32)
ENTRY = {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]}


def write(path: Path, header: Any, data: bytes = VALUES.tobytes()) -> Path:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)
    return path


@pytest.mark.parametrize(
    ("dtype", "data"),
    [
        ("F32", VALUES.tobytes()),
        ("F64", VALUES.astype("<f8").tobytes()),
        ("F16", VALUES.astype("<f2").tobytes()),
        ("BF16", (VALUES.view(np.uint32) >> 16).astype("<u2").tobytes()),
    ],
)
def test_floating_point_tensors_are_read_as_float32(
    dtype: str, data: bytes, tmp_path: Path
) -> None:
    entry = {"dtype": dtype, "shape": [2, 2], "data_offsets": [0, len(data)]}
    path = write(tmp_path / "m", {"__metadata__": {"format": "pt"}, "w": entry}, data)
    tensors = read_header(path)
    assert list(tensors) == ["w"]
    values = tensors["w"].read()
    assert values.dtype == np.float32
    np.testing.assert_array_equal(values, VALUES)


@pytest.mark.parametrize(
    "header",
    [
        [],
        b"{",
        b"[" * 5000,
        {"w": {}},
        {"w": {**ENTRY, "shape": [2, -2]}},
        {"w": {**ENTRY, "shape": [True, 2]}},
        {"w": {**ENTRY, "data_offsets": [0, 17]}},
        {"w": {**ENTRY, "data_offsets": [8, 4]}},
        {"w": {**ENTRY, "data_offsets": [0, 2**70]}},
        {"w": {**ENTRY, "data_offsets": [0]}},
        {"w": {**ENTRY, "dtype": 4}},
    ],
)
def test_a_malformed_header_names_the_file_and_the_remedy(header: Any, tmp_path: Path) -> None:
    path = write(tmp_path / "m.safetensors", header)
    with pytest.raises(RequestError, match=r"m\.safetensors.*download it again"):
        read_header(path)


def test_a_file_cut_anywhere_is_refused(tmp_path: Path) -> None:
    whole = write(tmp_path / "m", {"w": ENTRY}).read_bytes()
    for length in range(len(whole)):
        (tmp_path / "cut").write_bytes(whole[:length])
        with pytest.raises(RequestError, match="download it again"):
            read_header(tmp_path / "cut")


def test_a_header_length_beyond_the_file_reads_nothing(tmp_path: Path) -> None:
    (tmp_path / "m").write_bytes(b"\xff" * 64)
    with pytest.raises(RequestError, match="longer than the file"):
        read_header(tmp_path / "m")


def test_a_size_that_is_not_that_of_the_shape_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "m", {"w": {**ENTRY, "shape": [2, 3]}})
    with pytest.raises(RequestError, match="size of its shape"):
        read_header(path)["w"].read()


def test_integers_are_no_weights(tmp_path: Path) -> None:
    path = write(tmp_path / "m", {"w": {**ENTRY, "dtype": "I32"}})
    with pytest.raises(UnsupportedError, match="w is I32"):
        read_header(path)["w"].read()


def test_an_absent_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match=r"gone\.safetensors"):
        read_header(tmp_path / "gone.safetensors")


@given(st.binary(max_size=200))
def test_no_bytes_do_anything_but_raise_a_request_error(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.safetensors"
    path.write_bytes(data)
    try:
        tensors = read_header(path)
    except RequestError:
        return
    assert all(info.start + info.size <= len(data) for info in tensors.values())

"""The GGUF reader: what it reads, one broken file per rule, and thousands of damaged ones."""

import os
import random
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from struct import pack
from typing import Any

import pytest
from gguf.constants import GGML_QUANT_SIZES, GGUF_MAGIC, GGUFValueType, LlamaFileType

from paddock import gguf
from paddock.errors import GGUFError

Kind = GGUFValueType
Typed = tuple[Kind, Any]
Tensor = tuple[str, Sequence[int], int, int]

FORMATS = {
    Kind.UINT8: "<B",
    Kind.INT8: "<b",
    Kind.UINT16: "<H",
    Kind.INT16: "<h",
    Kind.UINT32: "<I",
    Kind.INT32: "<i",
    Kind.FLOAT32: "<f",
    Kind.BOOL: "<?",
    Kind.UINT64: "<Q",
    Kind.INT64: "<q",
    Kind.FLOAT64: "<d",
}

METADATA: dict[str, Typed] = {
    "general.architecture": (Kind.STRING, "llama"),
    "general.file_type": (Kind.UINT32, 7),
    "llama.context_length": (Kind.UINT32, 2048),
    "llama.rope.freq_base": (Kind.FLOAT32, 10000.0),
    "tokenizer.ggml.add_bos_token": (Kind.BOOL, True),
    "tokenizer.ggml.tokens": (Kind.ARRAY, (Kind.STRING, ["<s>", "a", "b" * 300, "é"])),
    "tokenizer.ggml.scores": (Kind.ARRAY, (Kind.FLOAT32, [0.0, -1.0, -2.0, -3.0])),
    "llama.block_count": (Kind.UINT32, 1),
}
RMS_EPSILON = "llama.attention.layer_norm_rms_epsilon"
TENSORS: list[Tensor] = [("a.weight", [32, 2], 0, 0), ("b.weight", [64], 8, 256)]


def text(value: str | bytes) -> bytes:
    raw = value.encode() if isinstance(value, str) else value
    return pack("<Q", len(raw)) + raw


def value(kind: Kind, content: Any) -> bytes:
    if kind == Kind.STRING:
        return text(content)
    if kind == Kind.ARRAY:
        inner, items = content
        body = b"".join(value(inner, item) for item in items)
        return pack("<IQ", inner, len(items)) + body
    return pack(FORMATS[kind], content)


def tensor_info(name: str | bytes, dims: Sequence[int], kind: int, offset: int) -> bytes:
    shape = b"".join(pack("<Q", dim) for dim in dims)
    return text(name) + pack("<I", len(dims)) + shape + pack("<IQ", kind, offset)


def file_bytes(
    metadata: Mapping[str, Typed] | Sequence[tuple[str, Typed]] = METADATA,
    tensors: Sequence[Tensor] = TENSORS,
    *,
    version: int = 3,
    data: int = 324,
    counts: tuple[int, int] | None = None,
) -> bytes:
    pairs = list(metadata.items()) if isinstance(metadata, Mapping) else list(metadata)
    n_tensors, n_keys = counts or (len(tensors), len(pairs))
    head = pack("<IIQQ", GGUF_MAGIC, version, n_tensors, n_keys)
    head += b"".join(text(key) + pack("<I", kind) + value(kind, v) for key, (kind, v) in pairs)
    head += b"".join(tensor_info(*tensor) for tensor in tensors)
    return head + b"\x00" * (-len(head) % 32 + data)


@pytest.fixture
def write(tmp_path: Path) -> Any:
    def write(content: bytes) -> Path:
        path = tmp_path / "model.gguf"
        path.write_bytes(content)
        return path

    return write


def test_scalars_texts_and_tensors_are_read_and_arrays_counted(write: Any) -> None:
    found = gguf.read(write(file_bytes()))
    assert found.architecture == "llama"
    assert found.get("context_length") == 2048
    assert found.get("missing", 5) == 5
    assert found.metadata["tokenizer.ggml.add_bos_token"] is True
    assert found.file_type == "Q8_0"
    assert found.array_lengths == {"tokenizer.ggml.tokens": 4, "tokenizer.ggml.scores": 4}
    assert "tokenizer.ggml.tokens" not in found.metadata
    assert [(t.name, t.dims, t.size) for t in found.tensors] == [
        ("a.weight", (32, 2), 256),
        ("b.weight", (64,), 68),
    ]
    assert found.n_params == 128
    assert found.data_offset % 32 == 0


def test_arrays_are_read_when_asked_for(write: Any) -> None:
    path = write(file_bytes())
    assert gguf.read(path, arrays=True).metadata["tokenizer.ggml.scores"] == [0, -1, -2, -3]
    some = gguf.read(path, arrays=["tokenizer.ggml.tokens"]).metadata
    assert some["tokenizer.ggml.tokens"] == ["<s>", "a", "b" * 300, "é"]
    assert "tokenizer.ggml.scores" not in some


def test_texts_longer_than_the_window_are_walked_over(
    write: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gguf, "_WINDOW", 16)
    path = write(file_bytes())
    assert gguf.read(path).n_params == 128
    assert gguf.read(path, arrays=True).metadata["tokenizer.ggml.tokens"][2] == "b" * 300


def test_a_glance_ends_at_the_vocabulary(write: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gguf, "_GLANCE", 16)
    content = file_bytes()
    before = content[: content.index(b"tokenizer.") + len("tokenizer.ggml.tokens")]
    whole, begun = gguf.glance(write(content)), gguf.glance(write(before + bytes(400)))
    assert whole == begun
    assert whole["llama.context_length"] == 2048
    assert not any(key.startswith("tokenizer.") for key in whole)
    with pytest.raises(GGUFError, match="wrong magic bytes"):
        gguf.glance(write(b"nothing of the kind"))


def test_empty_tokens_may_repeat(write: Any) -> None:
    tokens = {"tokenizer.ggml.tokens": (Kind.ARRAY, (Kind.STRING, ["", "a", ""]))}
    assert gguf.read(write(file_bytes(tokens))).array_lengths == {"tokenizer.ggml.tokens": 3}


def test_version_2_and_no_tensors_are_fine(write: Any) -> None:
    assert gguf.read(write(file_bytes(version=2))).version == 2
    assert gguf.read(write(file_bytes(tensors=[], data=0))).tensors == ()


def test_an_explicit_file_type_of_zero_is_f32(write: Any) -> None:
    metadata = METADATA | {"general.file_type": (Kind.UINT32, 0)}
    assert gguf.read(write(file_bytes(metadata))).file_type == "F32"
    assert gguf.read(write(file_bytes({}))).file_type == "unknown"


BROKEN: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "magic"),
    "other magic": (b"PK\x03\x04" + b"\x00" * 100, "magic"),
    "header only": (b"GGUF\x03\x00\x00\x00", "truncated"),
    "version 1": (file_bytes(version=1), "version 1 is not supported"),
    "version 4": (file_bytes(version=4), "version 4 is not supported"),
    "big endian": (file_bytes(version=3 << 24), "big-endian"),
    "more keys than bytes": (file_bytes(counts=(0, 2**60)), "download"),
    "more tensors than bytes": (file_bytes(counts=(2**63, 0)), "download"),
    "one key too many": (file_bytes(tensors=[], data=0, counts=(0, 9)), "empty"),
    "cut in the data": (file_bytes()[:-1], "truncated.*'b.weight'.*download"),
    "empty key": (file_bytes({"": (Kind.BOOL, True)}), "empty"),
    "same key twice": (file_bytes([*METADATA.items(), *METADATA.items()]), "twice"),
    "architecture is a number": (
        file_bytes({"general.architecture": (Kind.UINT32, 1)}),
        "not a text",
    ),
    "context length zero": (
        file_bytes(METADATA | {"llama.context_length": (Kind.UINT32, 0)}),
        "llama.context_length is 0",
    ),
    "no layers": (
        file_bytes(METADATA | {"llama.block_count": (Kind.UINT32, 0)}),
        "llama.block_count is 0, not between 1 and 512",
    ),
    "too many layers": (
        file_bytes(METADATA | {"llama.block_count": (Kind.UINT32, 513)}),
        "llama.block_count is 513",
    ),
    "negative epsilon": (
        file_bytes(METADATA | {RMS_EPSILON: (Kind.FLOAT32, -1.0)}),
        "rms_epsilon is -1",
    ),
    "epsilon that is no number": (
        file_bytes(METADATA | {RMS_EPSILON: (Kind.FLOAT32, float("nan"))}),
        "rms_epsilon is nan",
    ),
    "nested array": (
        file_bytes({"x": (Kind.ARRAY, (Kind.ARRAY, [(Kind.BOOL, [True])]))}),
        "array of arrays",
    ),
    "alignment zero": (file_bytes({"general.alignment": (Kind.UINT32, 0)}), "power of two"),
    "alignment 48": (file_bytes({"general.alignment": (Kind.UINT32, 48)}), "power of two"),
    "alignment huge": (file_bytes({"general.alignment": (Kind.UINT32, 1 << 30)}), "power of two"),
    "alignment text": (file_bytes({"general.alignment": (Kind.STRING, "32")}), "power of two"),
    "unknown tensor type": (file_bytes(tensors=[("a", [32], 99, 0)]), "unknown type 99"),
    "five dimensions": (file_bytes(tensors=[("a", [1] * 5, 0, 0)]), "5 dimensions"),
    "product overflows": (file_bytes(tensors=[("a", [2**40, 2**40], 0, 0)]), "counted"),
    "negative dimension": (file_bytes(tensors=[("a", [2**64 - 1], 0, 0)]), "counted"),
    "half a block": (file_bytes(tensors=[("a", [33], 8, 0)]), "whole blocks"),
    "unaligned": (file_bytes(tensors=[("a", [8], 0, 8)]), "not aligned"),
    "past the end": (file_bytes(tensors=[("a", [8], 0, 4096)]), "truncated"),
    "offset wraps": (file_bytes(tensors=[("a", [8], 0, 2**64 - 32)]), "truncated"),
    "overlap": (file_bytes(tensors=[("a", [16], 0, 0), ("b", [8], 0, 32)]), "overlap"),
    "same tensor twice": (
        file_bytes(tensors=[("a", [8], 0, 0), ("a", [8], 0, 32)]),
        "same name",
    ),
    "long tensor name": (file_bytes(tensors=[("a" * 64, [8], 0, 0)]), "64 bytes long"),
    "equal tokens": (
        file_bytes({"tokenizer.ggml.tokens": (Kind.ARRAY, (Kind.STRING, ["a", "b", "a"]))}),
        "tokens of the vocabulary are equal",
    ),
    "tokens that are numbers": (
        file_bytes({"tokenizer.ggml.tokens": (Kind.ARRAY, (Kind.UINT32, [1, 2]))}),
        "wrong element type 4",
    ),
    "a table of characters that leads outside": (
        file_bytes(
            {"tokenizer.ggml.precompiled_charsmap": (Kind.ARRAY, (Kind.UINT8, [4, *[0] * 5]))}
        ),
        "read beyond its end",
    ),
    "a table of characters of another type": (
        file_bytes({"tokenizer.ggml.precompiled_charsmap": (Kind.ARRAY, (Kind.UINT16, [4, 0, 0]))}),
        "wrong element type",
    ),
    "merges that are no array": (
        file_bytes({"tokenizer.ggml.merges": (Kind.STRING, "a b")}),
        "no array",
    ),
    "unknown value type": (
        pack("<IIQQ", GGUF_MAGIC, 3, 0, 1) + text("x") + pack("<IQ", 13, 0),
        "unknown type 13",
    ),
    "unknown element type": (
        pack("<IIQQ", GGUF_MAGIC, 3, 0, 1) + text("x") + pack("<IIQ", 9, 77, 0),
        "wrong element type 77",
    ),
    "endless string": (
        pack("<IIQQ", GGUF_MAGIC, 3, 0, 1) + text("x") + pack("<IQ", 8, 2**63),
        "truncated",
    ),
    "endless array": (
        pack("<IIQQ", GGUF_MAGIC, 3, 0, 1) + text("x") + pack("<IIQ", 9, 4, 2**62),
        "truncated",
    ),
    "string in an array past the end": (
        pack("<IIQQ", GGUF_MAGIC, 3, 0, 1) + text("x") + pack("<IIQQ", 9, 8, 1, 2**64 - 1),
        "truncated",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_refused_by_name_and_reason(name: str, write: Any) -> None:
    content, reason = BROKEN[name]
    path = write(content)
    with pytest.raises(GGUFError, match=reason) as caught:
        gguf.read(path)
    assert str(path) in str(caught.value)


def test_what_is_no_regular_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    for path in (tmp_path, tmp_path / "fifo", Path(os.devnull)):
        with pytest.raises(GGUFError, match="not a regular file"):
            gguf.read(path)
    with pytest.raises(GGUFError, match="no such file"):
        gguf.read(tmp_path / "missing.gguf")
    with pytest.raises(GGUFError):
        gguf.read(tmp_path / "nul\x00.gguf")


def test_is_gguf_looks_at_the_magic_bytes_only(write: Any, tmp_path: Path) -> None:
    assert gguf.is_gguf(write(b"GGUFrest"))
    assert not gguf.is_gguf(write(b"GG"))
    assert not gguf.is_gguf(tmp_path / "missing")


def mutate(content: bytes, chance: random.Random) -> bytes:
    mutated = bytearray(content)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(mutated))
        match chance.randrange(5):
            case 0:
                mutated[at] ^= 1 << chance.randrange(8)
            case 1:
                mutated[at : at + 8] = pack("<Q", chance.choice([0, 1, 2**31, 2**63, 2**64 - 1]))
            case 2:
                mutated[at : at + 4] = pack("<I", chance.choice([0, 8, 9, 2**31, 2**32 - 1]))
            case 3:
                del mutated[at : at + chance.randint(1, 40)]
            case _:
                mutated[at:at] = chance.randbytes(chance.randint(1, 40))
        mutated = mutated or bytearray(b"G")
    return bytes(mutated)


def test_two_thousand_damaged_files_end_in_the_readers_own_error_or_none(write: Any) -> None:
    content, chance, slowest = file_bytes(), random.Random(20260801), 0.0
    outcomes = {"read": 0, "refused": 0}
    for _ in range(2_000):
        path = write(mutate(content, chance))
        started = time.monotonic()
        try:
            gguf.glance(path)
            gguf.read(path, arrays=chance.random() < 0.5)
            outcomes["read"] += 1
        except GGUFError:
            outcomes["refused"] += 1
        slowest = max(slowest, time.monotonic() - started)
    assert min(outcomes.values()) > 100
    assert slowest < 1.0


def test_every_prefix_of_a_file_is_refused(write: Any) -> None:
    content = file_bytes()
    for length in range(0, len(content), 7):
        with pytest.raises(GGUFError):
            gguf.read(write(content[:length]))


def test_the_tables_agree_with_the_gguf_package() -> None:
    for kind, sizes in GGML_QUANT_SIZES.items():
        assert gguf.TENSOR_TYPES[int(kind)] == sizes
    names = {int(kind): kind.name.removeprefix("MOSTLY_") for kind in LlamaFileType}
    for number, name in gguf.FILE_TYPES.items():
        assert names[number].removeprefix("ALL_") == name


def test_a_vocabulary_of_150_000_tokens_is_walked_in_a_fraction_of_a_second(write: Any) -> None:
    tokens = [f"token{index}" for index in range(150_000)]
    path = write(file_bytes({"tokenizer.ggml.tokens": (Kind.ARRAY, (Kind.STRING, tokens))}))
    started = time.process_time()
    assert gguf.read(path).array_lengths["tokenizer.ggml.tokens"] == 150_000
    assert time.process_time() - started < 0.2

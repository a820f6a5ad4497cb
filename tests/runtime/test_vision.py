"""Damaged projectors: what is let through must not end the process that reads it."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gguf import GGUFReader, GGUFValueType, GGUFWriter
from tests.ggufs import written
from tests.projectors import KINDS, qwen2vl_text

from paddock import gguf, vision
from paddock.errors import GGUFError, UnsupportedError

Facts = dict[str, tuple[Any, ...]]
Tensors = dict[str, np.ndarray[Any, Any]]
Change = Callable[[Facts, Tensors], object]


def check(path: Path) -> None:
    vision.check(gguf.read(path, arrays=(vision.PINPOINTS,)))


def parts_of(path: Path) -> tuple[Facts, Tensors]:
    reader = GGUFReader(path)
    facts = {
        key: (field.contents(), field.types[0], field.types[-1] if len(field.types) > 1 else None)
        for key, field in reader.fields.items()
        if not key.startswith("GGUF.") and key != "general.architecture"
    }
    tensors = {
        tensor.name: np.array(tensor.data).reshape([int(n) for n in reversed(tensor.shape)])
        for tensor in reader.tensors
    }
    return facts, tensors


def changed(source: Path, path: Path, change: Change) -> Path:
    facts, tensors = parts_of(source)
    change(facts, tensors)
    writer = GGUFWriter(path, "clip")
    for key, (value, kind, of) in facts.items():
        writer.add_key_value(key, value, kind, of)
    for name, weights in tensors.items():
        writer.add_tensor(name, np.ascontiguousarray(weights))
    return written(writer, path)


def number(name: str, value: int, kind: GGUFValueType = GGUFValueType.UINT32) -> Change:
    return lambda facts, _: facts.update({f"clip.vision.{name}": (value, kind, None)})


def without(name: str) -> Change:
    return lambda _, tensors: tensors.pop(name)


def reshaped(name: str, make: Callable[[Any], Any]) -> Change:
    return lambda _, tensors: tensors.update({name: make(tensors[name])})


def half(weights: Any) -> Any:
    return weights[: len(weights) // 2]


def as_f16(weights: Any) -> Any:
    return weights.astype(np.float16)


BAD: list[tuple[str, str, Change]] = [
    ("llava", "embedding_length is 0", number("embedding_length", 0)),
    ("llava", "is of the kind 5", number("embedding_length", 32, GGUFValueType.INT32)),
    ("llava", "is of the kind 10", number("patch_size", 14, GGUFValueType.UINT64)),
    ("llava", "patch_size is 0", number("patch_size", 0)),
    ("llava", "a patch is larger", number("patch_size", 100)),
    ("llava", "do not divide", number("attention.head_count", 3)),
    ("llava", "image_size is 4294967295", number("image_size", 2**32 - 1)),
    ("llava", "position_embd", number("image_size", 336)),
    ("llava", "patch_embd.weight has the shape None", without("v.patch_embd.weight")),
    ("llava", "position_embd", without("v.position_embd.weight")),
    ("llava", "attn_q.weight", without("v.blk.0.attn_q.weight")),
    ("llava", "attn_k.weight", reshaped("v.blk.1.attn_k.weight", half)),
    ("llava", "ffn_up", reshaped("v.blk.1.ffn_down.weight", half)),
    ("llava", "ln1.weight", reshaped("v.blk.0.ln1.weight", half)),
    ("llava", "not F32", reshaped("v.blk.0.attn_q.bias", as_f16)),
    ("llava", "no weights", reshaped("mm.0.weight", lambda w: w.astype(np.float64))),
    ("llava", "mm.0", without("mm.0.bias")),
    ("llava", "mm.2", reshaped("mm.2.weight", lambda w: w[:, :8])),
    ("gemma3", "position_embd", reshaped("v.position_embd.weight", half)),
    ("gemma3", "soft_emb_norm", reshaped("mm.soft_emb_norm.weight", half)),
    ("gemma3", "input_projection", reshaped("mm.input_projection.weight", half)),
    ("qwen2vl", "attn_v.bias", without("v.blk.0.attn_v.bias")),
    ("qwen2vl", "patch_embd.weight.1", without("v.patch_embd.weight.1")),
    ("qwen2vl", "multiple of 4", number("attention.head_count", 16)),
    ("qwen2vl", "mm.0.bias", reshaped("mm.0.weight", half)),
]


@pytest.mark.parametrize(
    ("kind", "message", "change"), BAD, ids=[f"{kind}: {message}" for kind, message, _ in BAD]
)
def test_what_ends_the_process_is_refused_before(
    kind: str, message: str, change: Change, tmp_path: Path
) -> None:
    source = KINDS[kind](tmp_path / "good.gguf")
    check(source)
    with pytest.raises(GGUFError, match=message):
        check(changed(source, tmp_path / "bad.gguf", change))


def test_a_projector_of_sounds_and_one_that_cannot_be_placed_are_named(tmp_path: Path) -> None:
    source = KINDS["llava"](tmp_path / "good.gguf")

    def is_deaf(facts: Facts, _: Tensors) -> None:
        facts["clip.has_vision_encoder"] = (False, GGUFValueType.BOOL, None)

    def is_placed(facts: Facts, _: Tensors) -> None:
        facts["clip.projector_type"] = ("deepseek4v", GGUFValueType.STRING, None)

    with pytest.raises(UnsupportedError, match="reads no images"):
        check(changed(source, tmp_path / "deaf.gguf", is_deaf))
    with pytest.raises(UnsupportedError, match="deepseek4v"):
        check(changed(source, tmp_path / "placed.gguf", is_placed))


def test_keys_of_older_files_which_nobody_reads_may_be_of_any_kind(tmp_path: Path) -> None:
    def is_old(facts: Facts, _: Tensors) -> None:
        facts["clip.has_text_encoder"] = (False, GGUFValueType.BOOL, None)
        facts["clip.has_llava_projector"] = (True, GGUFValueType.BOOL, None)
        facts["clip.vision.dropout"] = (0.1, GGUFValueType.FLOAT32, None)

    source = KINDS["llava"](tmp_path / "good.gguf")
    check(changed(source, tmp_path / "old.gguf", is_old))


MUTANTS = 40
READ = """
import sys
from pathlib import Path
from tests.pictures import picture
from paddock import gguf, vision
from paddock.engine.backend import LoadSpec
from paddock.engine.llama import Weights
from paddock.engine.media import Projector
from paddock.errors import PaddockError

weights = Weights(LoadSpec(Path(sys.argv[1]), num_ctx=64, num_thread=1, image_min_tokens=16))
for path in sys.argv[2:]:
    try:
        vision.check(gguf.read(Path(path), arrays=(vision.PINPOINTS,)))
        Projector(weights, Path(path)).encode(picture(40, 30, noise=1))
        print("read")
    except PaddockError as error:
        print(type(error).__name__)
"""


@pytest.mark.engine
@pytest.mark.parametrize("kind", list(KINDS))
def test_no_damage_of_a_header_or_a_shape_ends_the_process(
    kind: str, tiny_gguf: Path, tmp_path: Path
) -> None:
    random = np.random.default_rng(5)
    text = qwen2vl_text(tmp_path / "text.gguf", tiny_gguf) if kind == "qwen2vl" else tiny_gguf
    source = KINDS[kind](tmp_path / "good.gguf")

    def damage(facts: Facts, tensors: Tensors) -> None:
        numbers = [key for key, (value, *_) in facts.items() if isinstance(value, int)]
        key, name = random.choice(numbers), random.choice(list(tensors))
        match random.integers(0, 5):
            case 0:
                facts[key] = (int(random.integers(0, 600)), *facts[key][1:])
            case 1:
                del facts[key]
            case 2:
                del tensors[name]
            case 3:
                tensors[name] = np.repeat(tensors[name], 2, axis=-1)
            case _:
                tensors[name] = tensors[random.choice(list(tensors))]

    paths = [changed(source, tmp_path / f"{n}.gguf", damage) for n in range(MUTANTS)]
    arguments = [sys.executable, "-c", READ, str(text), *map(str, paths)]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    outcomes = done.stdout.split()
    assert len(outcomes) == MUTANTS
    assert set(outcomes) <= {"read", "GGUFError", "UnsupportedError", "ProjectorError"}
    assert "GGUFError" in outcomes

import hashlib
import json
import math
import shutil
from pathlib import Path
from typing import Any

import llama_cpp
import numpy as np
import pytest
from tests.runtime.convert import checkpoints, rerankers

from paddock import gguf
from paddock.convert import convert
from paddock.errors import RequestError, UnsupportedError

F32, F16 = 0, 1  # tensor types

# Texts of the reference vectors whose embeddings are recomputed here; the tests of the engine
# compare all of them. Values: the first components of the float32 reference.
REFERENCE = {
    "The sky is blue because of Rayleigh scattering.": (0.047237, -0.036627, 0.066071, 0.028207),
}


@pytest.fixture
def folder(minilm_folder: Path, tmp_path: Path) -> Path:
    """A copy whose files may be changed; the weights are only linked."""
    copy = tmp_path / "model"
    shutil.copytree(minilm_folder, copy, ignore=shutil.ignore_patterns("model.safetensors"))
    (copy / "model.safetensors").symlink_to(minilm_folder / "model.safetensors")
    return copy


def change(path: Path, **fields: Any) -> None:
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | fields), "utf-8")


def field(path: Path, key: str) -> Any:
    return gguf.read(path).metadata[key]


def test_facts_are_those_of_the_folder(minilm_gguf: Path) -> None:
    facts = {
        "general.architecture": "bert",
        "general.file_type": 1,
        "bert.block_count": 6,
        "bert.context_length": 512,
        "bert.embedding_length": 384,
        "bert.attention.head_count": 12,
        "bert.attention.causal": False,
        "bert.pooling_type": 1,
        "tokenizer.ggml.model": "bert",
        "tokenizer.ggml.seperator_token_id": 102,
    }
    assert {key: field(minilm_gguf, key) for key in facts} == facts


def test_matrices_are_f16_and_the_rest_f32(minilm_gguf: Path) -> None:
    types = {tensor.name: tensor.type for tensor in gguf.read(minilm_gguf).tensors}
    assert len(types) == 5 + 6 * 16
    assert types["blk.0.attn_q.weight"] == F16
    assert types["token_embd.weight"] == F16
    assert types["position_embd.weight"] == F32
    assert types["blk.5.ffn_up.bias"] == F32


@pytest.mark.engine
def test_vectors_are_those_of_the_original(minilm_gguf: Path) -> None:
    model = llama_cpp.Llama(
        str(minilm_gguf), embedding=True, n_ctx=512, n_ubatch=512, n_threads=1, verbose=False
    )
    for text, expected in REFERENCE.items():
        vector = np.array(model.embed(text, normalize=True))
        assert len(vector) == 384
        np.testing.assert_allclose(vector[: len(expected)], expected, atol=1e-3)
        assert math.isclose(float(np.linalg.norm(vector)), 1, rel_tol=1e-4)
    model.close()


def test_equal_folders_give_equal_bytes(folder: Path, minilm_gguf: Path, tmp_path: Path) -> None:
    convert(folder, tmp_path / "again.gguf")
    digests = [
        hashlib.sha256(path.read_bytes()).hexdigest()
        for path in (minilm_gguf, tmp_path / "again.gguf")
    ]
    assert digests[0] == digests[1]


@pytest.mark.parametrize(
    ("pooling", "expected"),
    [
        ({"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}, 2),
        ({"pooling_mode_mean_tokens": False, "pooling_mode": "lasttoken"}, 3),
    ],
)
def test_the_pooling_is_taken_over(
    pooling: dict[str, Any], expected: int, folder: Path, tmp_path: Path
) -> None:
    change(folder / "1_Pooling" / "config.json", **pooling)
    convert(folder, tmp_path / "m.gguf")
    assert field(tmp_path / "m.gguf", "bert.pooling_type") == expected


def refused(folder: Path, kind: type[RequestError] = RequestError) -> str:
    """The message; nothing is left of the output."""
    output = folder.parent / "out" / "m.gguf"
    output.parent.mkdir()
    with pytest.raises(kind) as raised:
        convert(folder, output)
    assert list(output.parent.iterdir()) == []
    return str(raised.value)


def test_another_architecture_is_refused_with_those_supported(folder: Path) -> None:
    (folder / "config.json").write_text('{"architectures": ["MambaForCausalLM"]}')
    message = refused(folder, UnsupportedError)
    assert 'config.json: unsupported architecture "MambaForCausalLM"' in message
    assert "BertModel" in message
    assert "GGUF" in message


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"architectures": []}, "unknown architecture"),
        ({"hidden_size": -1}, "hidden_size"),
        ({"num_hidden_layers": 10**9}, "num_hidden_layers"),
        ({"num_hidden_layers": 7}, "lack blk.6"),
        ({"num_hidden_layers": 5}, "unexpected tensor encoder.layer.5"),
        ({"intermediate_size": 1024}, "config.json asks for"),
        ({"num_attention_heads": 7}, "not a multiple"),
        ({"hidden_act": "relu"}, 'hidden_act "relu"'),
        ({"position_embedding_type": "relative_key"}, "relative_key"),
    ],
)
def test_a_config_that_does_not_fit_is_refused(
    fields: dict[str, Any], message: str, folder: Path
) -> None:
    change(folder / "config.json", **fields)
    assert message in refused(folder)


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_an_absent_file_is_named(name: str, folder: Path) -> None:
    (folder / name).unlink()
    assert name.removeprefix("model") in refused(folder)


def test_truncated_weights_are_named(folder: Path) -> None:
    weights = folder / "model.safetensors"
    with weights.open("rb") as file:
        head = file.read(2_000_000)
    weights.unlink()
    weights.write_bytes(head)
    message = refused(folder)
    assert str(weights) in message
    assert "download it again" in message


def test_a_shard_with_the_same_tensors_is_refused(folder: Path) -> None:
    (folder / "model-00002.safetensors").symlink_to(folder / "model.safetensors")
    assert "duplicate tensor name" in refused(folder)


def test_other_pooling_and_modules_are_refused(folder: Path) -> None:
    change(folder / "1_Pooling" / "config.json", pooling_mode_max_tokens=True)
    assert "unsupported pooling" in refused(folder, UnsupportedError)
    shutil.rmtree(folder.parent / "out")
    (folder / "modules.json").write_text('[{"type": "sentence_transformers.models.Dense"}]')
    assert "unsupported module Dense" in refused(folder, UnsupportedError)


# -- rerankers


def reranker(tmp_path: Path, kind: dict[str, Any], **fields: Any) -> Path:
    return rerankers.write(tmp_path / "m", kind, **fields)


def test_the_head_of_a_bert_is_its_pooler_and_its_classifier(tmp_path: Path) -> None:
    convert(reranker(tmp_path, rerankers.BERT), tmp_path / "m.gguf")
    header = gguf.read(tmp_path / "m.gguf", arrays=True)
    assert header.get("pooling_type") == 4
    assert header.get("classifier.output_labels") == ["LABEL_0"]
    shapes = {tensor.name: tensor.dims for tensor in header.tensors}
    assert shapes["cls.weight"] == (64, 64)
    assert shapes["cls.output.weight"] == (64, 1)
    assert shapes["cls.output.bias"] == (1,)


def test_positions_before_the_first_are_left_out(tmp_path: Path) -> None:
    folder = reranker(tmp_path, rerankers.ROBERTA)
    convert(folder, tmp_path / "m.gguf", precision="F32")
    header = gguf.read(tmp_path / "m.gguf")
    assert header.get("context_length") == rerankers.SEQUENCES
    found = {tensor.name: tensor for tensor in header.tensors}["position_embd.weight"]
    assert found.dims == (64, rerankers.SEQUENCES)
    values = np.fromfile(
        tmp_path / "m.gguf", np.float32, 64, offset=header.data_offset + found.offset
    )
    whole = rerankers.tensors(json.loads((folder / "config.json").read_text("utf-8")))
    expected = whole["roberta.embeddings.position_embeddings.weight"][2]
    np.testing.assert_array_equal(values, expected)


@pytest.mark.parametrize("kind", [rerankers.BERT, rerankers.ROBERTA])
@pytest.mark.parametrize(
    ("labels", "count"),
    [({"0": "no", "1": "yes"}, 2), ({}, 2), ({"0": "a", "1": "b", "2": "c"}, 3)],
)
def test_other_classifiers_are_refused(
    tmp_path: Path, kind: dict[str, Any], labels: dict[str, str], count: int
) -> None:
    folder = reranker(tmp_path, kind, id2label=labels or {"0": "x"})
    change(folder / "config.json", id2label=labels)
    assert f"a classifier of {count} labels" in refused(folder, UnsupportedError)


def test_a_padding_token_beyond_the_positions_is_refused(tmp_path: Path) -> None:
    folder = reranker(tmp_path, rerankers.ROBERTA)
    change(folder / "config.json", max_position_embeddings=2)
    assert "no room" in refused(folder)


@pytest.mark.engine
def test_an_xlm_roberta_embeds_without_its_head(tmp_path: Path) -> None:
    folder = reranker(tmp_path, rerankers.ROBERTA, architectures=["XLMRobertaForMaskedLM"])
    config = json.loads((folder / "config.json").read_text("utf-8"))
    kept = {
        name: values
        for name, values in rerankers.tensors(config | rerankers.ROBERTA).items()
        if name.startswith("roberta.")
    }
    checkpoints.write_safetensors(
        folder / "model.safetensors", kept | {"lm_head.bias": np.zeros(3, np.float32)}
    )
    convert(folder, tmp_path / "m.gguf")
    assert field(tmp_path / "m.gguf", "bert.pooling_type") == 1
    model = llama_cpp.Llama(
        str(tmp_path / "m.gguf"), embedding=True, n_ctx=96, n_threads=1, verbose=False
    )
    assert np.isfinite(np.array(model.embed("the dog", normalize=True))).all()
    model.close()

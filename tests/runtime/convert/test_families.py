import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import llama_cpp
import numpy as np
import pytest
from gguf import GGUFReader
from tests.runtime.convert import checkpoints
from tests.runtime.convert.checkpoints import change, write_folder, write_nomic, write_safetensors

from paddock import gguf
from paddock.convert import ARCHITECTURES, convert
from paddock.engine.backend import LoadSpec
from paddock.engine.llama import LlamaBackend, LlamaPooling, Weights
from paddock.engine.sequence import Chunk, SamplingParams, Step
from paddock.errors import RequestError, UnsupportedError

Copy = Callable[[str], Path]
TOKENS = [(number * 37 + 11) % 256 for number in range(48)]
# The first logits after the last of TOKENS, as transformers 5.23 computes them in float32.
REFERENCE = {
    "llama": (-2.2379, 1.4430, 2.1895, 1.6171, 0.1352, -2.1248),
    "llama-biased": (-3.7991, -0.4923, 1.2617, -1.0405, 1.1184, -0.6203),
    "llama-yarn": (-0.7926, 0.3365, -0.7122, -0.4637, -0.0900, 0.2985),
    "mistral": (0.0150, -0.4726, -1.1172, 2.0145, -1.7161, -1.4198),
    "qwen2": (-0.4652, -0.2210, -0.5738, -0.1852, 0.2466, -0.9308),
    "qwen3": (1.5287, -1.0787, -4.0976, 3.2168, 0.9672, -1.3814),
    "gemma": (-1.0451, -0.2688, 0.4034, -0.6701, 0.0065, 0.7475),
    "gemma2": (0.2234, 0.1016, 0.6484, -0.7952, 0.3921, -0.6279),
    "gemma3": (0.0990, -0.5031, 0.2426, -0.5005, 1.4613, -0.0279),
    "gemma3-layers": (-0.8667, -0.3142, 0.4833, -0.4478, -0.1888, -0.8197),
    "phi3": (-0.5093, 0.2043, 3.4205, 0.1992, -1.7114, -1.3224),
    "phi3-long": (0.2736, -1.1793, 2.2397, -0.2556, -0.0608, -1.3015),
}
NOMIC_TOKENS = [2, 5, 12, 19, 26, 1, 8, 15, 22, 29, 4, 3]
NOMIC_REFERENCE = (0.1539, 0.6847, -0.8219, -0.0914, -1.1747, -0.0895)


def converted(folder: Path, precision: str = "F32") -> Path:
    target = folder.with_suffix(".gguf")
    convert(folder, target, precision=precision)
    return target


def logits(path: Path) -> Any:
    model = llama_cpp.Llama(
        str(path),
        logits_all=True,
        n_ctx=64,
        n_batch=64,
        n_ubatch=64,
        n_threads=1,
        type_k=llama_cpp.GGML_TYPE_F32,
        type_v=llama_cpp.GGML_TYPE_F32,
        verbose=False,
    )
    model.eval(TOKENS)
    last = np.array(model.scores[len(TOKENS) - 1])
    model.close()
    return last


def field(path: Path, key: str) -> Any:
    return gguf.read(path).metadata.get(key)


def tensor_types(path: Path) -> dict[str, str]:
    return {tensor.name: tensor.tensor_type.name for tensor in GGUFReader(path).tensors}


# -- what comes out --------------------------------------------------------------------------------


@pytest.mark.engine
@pytest.mark.parametrize("name", checkpoints.FAMILIES)
def test_logits_are_those_of_the_original(name: str, tmp_path: Path) -> None:
    found = logits(converted(write_folder(tmp_path / "m", name)))
    np.testing.assert_allclose(found[:6], REFERENCE[name], atol=3e-3)


@pytest.mark.engine
@pytest.mark.parametrize("name", ["llama", "qwen2", "gemma3", "phi3-long"])
def test_the_engine_runs_what_was_converted(name: str, tmp_path: Path) -> None:
    path = converted(write_folder(tmp_path / "m", name), "F16")
    spec = LoadSpec(path, num_ctx=64, num_thread=1)
    weights = Weights(spec)
    backend = LlamaBackend(weights, spec)
    backend.decode(Step((Chunk(0, 0, TOKENS, True),)))
    sampler = backend.sampler(SamplingParams(temperature=0), TOKENS)
    assert 0 <= sampler.sample(len(TOKENS) - 1).token < 300
    assert weights.text_of(weights.eos) == "<|end_of_text|>"
    sampler.close()
    backend.close()
    weights.close()


def whole(folder: Path) -> Path:
    """The folder of a Gemma 3 that also sees, with the same text weights."""
    write_folder(folder, "gemma3")
    config = checkpoints.config_of("gemma3")
    architecture = {"architectures": ["Gemma3ForConditionalGeneration"]}
    checkpoints.write_json(
        folder / "config.json",
        architecture | {"text_config": config, "vision_config": checkpoints.VISION},
    )
    tensors = {
        f"language_model.{name}": values for name, values in checkpoints.tensors_of(config).items()
    }
    tensors["vision_tower.vision_model.embeddings.weight"] = np.zeros((4, 4), np.float32)
    tensors["multi_modal_projector.mm_soft_emb_norm.weight"] = np.zeros(4, np.float32)
    write_safetensors(folder / "model.safetensors", tensors)
    return folder


@pytest.mark.parametrize("prefix", ["", "model."])
def test_of_a_model_that_also_sees_the_text_is_converted(prefix: str, tmp_path: Path) -> None:
    folder = whole(tmp_path / "whole")
    if prefix:
        renamed = {
            name.replace("language_model.model.", "model.language_model."): values
            for name, values in checkpoints.tensors_of(checkpoints.config_of("gemma3")).items()
        }
        write_safetensors(folder / "model.safetensors", renamed)
    text = write_folder(tmp_path / "text", "gemma3")
    assert converted(folder).read_bytes() == converted(text).read_bytes()


def test_a_text_config_may_leave_out_what_is_usual(tmp_path: Path) -> None:
    """The 4B model's file does so."""
    folder = whole(tmp_path / "m")
    config = json.loads((folder / "config.json").read_text())
    for name in ("num_attention_heads", "num_key_value_heads", "max_position_embeddings"):
        del config["text_config"][name]
    config["text_config"] |= {"head_dim": 32}
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(RequestError, match=r"config.json asks for \[256, 64\]"):
        converted(folder)


@pytest.mark.engine
def test_nomic_vectors_are_those_of_the_original(tmp_path: Path) -> None:
    path = converted(write_nomic(tmp_path / "m"))
    assert field(path, "nomic-bert.context_length") == 2048
    assert field(path, "nomic-bert.rope.freq_base") == 1000.0
    weights = Weights(LoadSpec(path, num_ctx=512))
    backend = LlamaPooling(weights, 512)
    vector = backend.embed([NOMIC_TOKENS], threads=1)[0]
    backend.close()
    weights.close()
    np.testing.assert_allclose(vector[:6], NOMIC_REFERENCE, atol=2e-3)


@pytest.mark.parametrize(
    ("precision", "expected", "file_type"),
    [("F16", "F16", 1), ("bf16", "BF16", 32), ("F32", "F32", 0)],
)
def test_matrices_have_the_precision_asked_for(
    precision: str, expected: str, file_type: int, tmp_path: Path
) -> None:
    path = converted(write_folder(tmp_path / "m", "qwen3"), precision)
    types = tensor_types(path)
    assert types["blk.0.attn_q.weight"] == types["output.weight"] == expected
    assert types["blk.0.attn_q_norm.weight"] == types["output_norm.weight"] == "F32"
    assert field(path, "general.file_type") == file_type


def test_rounding_to_bf16_is_to_the_nearest(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "m", "qwen2")
    tensors = checkpoints.tensors_of(checkpoints.config_of("qwen2"))
    ties = [1.0, 1 + 2**-8, 1 + 3 * 2**-8, 1 + 2**-7, -(1 + 2**-8), 1 + 2**-8 + 2**-16]
    tensors["model.embed_tokens.weight"][0, :6] = ties
    write_safetensors(folder / "model.safetensors", tensors)
    found = next(t for t in GGUFReader(converted(folder, "BF16")).tensors if "token_embd" in t.name)
    stored = np.frombuffer(found.data.tobytes(), "<u2")[:6].astype(np.uint32) << 16
    rounded = [1.0, 1.0, 1 + 2**-6, 1 + 2**-7, -1.0, 1 + 2**-7]
    assert stored.view(np.float32).tolist() == rounded


def test_another_precision_is_refused_with_the_three(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedError, match="converted to F16, BF16, F32, not to Q4_0"):
        converted(write_folder(tmp_path / "m", "llama"), "Q4_0")


@pytest.mark.parametrize("dtype", ["BF16", "F16", "F64"])
def test_sources_may_have_any_floating_point_type(dtype: str, tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "m", "mistral")
    exact = converted(folder, "F32").read_bytes()
    tensors = checkpoints.tensors_of(checkpoints.config_of("mistral"))
    write_safetensors(folder / "model.safetensors", tensors, dtype)
    found = converted(folder, "F32").read_bytes()
    assert len(found) == len(exact)
    assert (found == exact) == (dtype == "F64")


def test_equal_folders_give_equal_bytes_sharded_or_not(tmp_path: Path) -> None:
    one = write_folder(tmp_path / "one", "gemma2")
    two = write_folder(tmp_path / "two", "gemma2")
    shard(two, "gemma2")
    assert converted(one, "F16").read_bytes() == converted(two, "F16").read_bytes()


def shard(folder: Path, name: str) -> None:
    """The weights in two files with an index, which are not called model*."""
    tensors = checkpoints.tensors_of(checkpoints.config_of(name))
    (folder / "model.safetensors").unlink()
    names = sorted(tensors)
    index: dict[str, str] = {}
    for number, part in enumerate((names[::2], names[1::2])):
        file = f"part-{number}.safetensors"
        write_safetensors(folder / file, {key: tensors[key] for key in part})
        index |= dict.fromkeys(part, file)
    content = {"metadata": {}, "weight_map": index}
    checkpoints.write_json(folder / "model.safetensors.index.json", content)


def test_a_tied_output_is_left_out_even_if_it_is_there(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "m", "qwen2")
    without = converted(folder).read_bytes()
    tensors = checkpoints.tensors_of(checkpoints.config_of("qwen2"))
    tensors["lm_head.weight"] = tensors["model.embed_tokens.weight"]
    tensors["model.layers.0.self_attn.rotary_emb.inv_freq"] = np.zeros(8, np.float32)
    write_safetensors(folder / "model.safetensors", tensors)
    assert "output.weight" not in tensor_types(folder.with_suffix(".gguf"))
    assert converted(folder).read_bytes() == without


@pytest.mark.engine
@pytest.mark.parametrize("architecture", ["Qwen3ForCausalLM", "Qwen3Model"])
def test_a_decoder_that_embeds_takes_its_pooling_along(architecture: str, tmp_path: Path) -> None:
    """The embedding models of Qwen 3: no prefix, no output, a pooling of their own."""
    folder = write_folder(tmp_path / "m", "qwen3", architectures=[architecture])
    tensors = checkpoints.tensors_of(checkpoints.config_of("qwen3"))
    del tensors["lm_head.weight"]
    plain = {name.removeprefix("model."): values for name, values in tensors.items()}
    write_safetensors(folder / "model.safetensors", plain)
    (folder / "1_Pooling").mkdir()
    checkpoints.write_json(folder / "1_Pooling" / "config.json", {"pooling_mode_lasttoken": True})
    path = converted(folder)
    assert field(path, "qwen3.pooling_type") == 3
    Weights(LoadSpec(path, num_ctx=64)).close()


def test_the_first_gemmas_name_their_activation_otherwise(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "m", "gemma")
    expected = converted(folder).read_bytes()
    config = json.loads((folder / "config.json").read_text())
    config |= {"hidden_activation": None, "hidden_act": "gelu"}
    (folder / "config.json").write_text(json.dumps(config))
    assert converted(folder).read_bytes() == expected


def test_facts_are_those_of_the_config(tmp_path: Path) -> None:
    path = converted(write_folder(tmp_path / "m", "llama"))
    facts = {
        "general.architecture": "llama",
        "llama.vocab_size": 300,
        "llama.block_count": 3,
        "llama.context_length": 128,
        "llama.embedding_length": 64,
        "llama.feed_forward_length": 96,
        "llama.attention.head_count": 4,
        "llama.attention.head_count_kv": 2,
        "llama.attention.key_length": 16,
        "llama.rope.dimension_count": 16,
        "llama.rope.freq_base": 10000.0,
    }
    assert {key: field(path, key) for key in facts} == facts


# -- what is refused -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder of each family, not to be changed."""
    root = tmp_path_factory.mktemp("families")
    for name in checkpoints.FAMILIES:
        write_folder(root / name, name)
    write_nomic(root / "nomic")
    return root


@pytest.fixture
def copied(folders: Path, tmp_path: Path) -> Copy:
    def copied(name: str) -> Path:
        return Path(shutil.copytree(folders / name, tmp_path / "m"))

    return copied


def refused(folder: Path, kind: type[RequestError] = RequestError) -> str:
    """The message; nothing is left of the output."""
    output = folder.parent / "out" / "m.gguf"
    output.parent.mkdir()
    with pytest.raises(kind) as raised:
        convert(folder, output)
    assert list(output.parent.iterdir()) == []
    return str(raised.value)


@pytest.mark.parametrize(
    ("name", "fields", "message"),
    [
        ("llama", {"hidden_act": "gelu"}, 'hidden_act "gelu"; only silu'),
        ("llama", {"rope_scaling": {"type": "longrope"}}, 'rope scaling "longrope"'),
        ("llama", {"rope_scaling": {"type": "linear"}}, "without a factor"),
        ("llama", {"partial_rotary_factor": 0.5}, "partial_rotary_factor 0.5"),
        ("llama", {"quantization_config": {"quant_method": "gptq"}}, "quantised already"),
        ("llama", {"num_attention_heads": 3}, "not a multiple"),
        ("llama", {"num_key_value_heads": 3}, "not a multiple of num_key_value_heads"),
        ("llama", {"head_dim": 15}, "head_dim is odd"),
        ("llama", {"num_hidden_layers": 513}, "num_hidden_layers"),
        ("llama", {"num_hidden_layers": 4}, "lack blk.3"),
        ("llama", {"num_hidden_layers": 2}, "unexpected tensor model.layers.2"),
        ("llama", {"attention_bias": True}, "lack blk.0.attn_q.bias"),
        ("llama", {"vocab_size": 301}, "config.json asks for [301, 64]"),
        ("llama", {"vocab_size": 266}, "config.json asks for"),
        ("llama", {"is_causal": False}, "both directions"),
        ("llama-biased", {"mlp_bias": False}, "unexpected tensor"),
        ("qwen2", {"head_dim": 32}, "unsupported head_dim 32"),
        ("qwen2", {"use_sliding_window": True}, "use_sliding_window"),
        ("qwen3", {"attention_bias": True}, "attention_bias"),
        ("qwen3", {"rope_scaling": {"type": "yarn", "factor": 4, "beta_fast": 8}}, "yarn"),
        ("qwen3", {"rope_scaling": {"type": "llama3", "factor": 4}}, '"llama3"'),
        ("gemma", {"hidden_activation": "relu"}, 'hidden_act "relu"'),
        ("gemma", {"tie_word_embeddings": False}, "tie_word_embeddings"),
        ("gemma", {"use_bidirectional_attention": True}, "both directions"),
        ("gemma2", {"query_pre_attn_scalar": 144}, "query_pre_attn_scalar 144"),
        ("gemma2", {"layer_types": ["full_attention"]}, "layer_types"),
        ("gemma3", {"attn_logit_softcapping": 50.0}, "attn_logit_softcapping"),
        ("gemma3", {"rope_scaling": {"rope_type": "yarn", "factor": 8}}, '"yarn"'),
        ("phi3", {"head_dim": 32}, "unsupported head_dim"),
        ("phi3-long", {"partial_rotary_factor": 0.5}, "must have 4 numbers"),
        ("phi3-long", {"partial_rotary_factor": 1e-3}, "partial_rotary_factor 0.001"),
        ("phi3-long", {"partial_rotary_factor": 1e300}, "partial_rotary_factor"),
        ("phi3-long", {"original_max_position_embeddings": 1}, "trained for 1"),
        ("llama", {"rope_theta": 1e300}, "rope_theta"),
        ("llama", {"max_position_embeddings": 2**40}, "max_position_embeddings"),
        ("gemma2", {"sliding_window": 0}, "sliding_window"),
        ("nomic", {"rope_parameters": {"rope_theta": 1.0, "rope_type": "yarn"}}, '"yarn"'),
        ("nomic", {"moe_every_n_layers": 2}, "moe_every_n_layers 2"),
        ("nomic", {"qkv_proj_bias": True}, "qkv_proj_bias"),
        ("nomic", {"activation_function": "gelu"}, "'gelu'; only 'swiglu'"),
        ("nomic", {"n_head": 5}, "not a multiple"),
    ],
)
def test_what_llama_cpp_would_compute_otherwise_is_refused(
    name: str, fields: dict[str, Any], message: str, copied: Copy
) -> None:
    folder = copied(name)
    change(folder / "config.json", **fields)
    assert message in refused(folder)


def test_another_architecture_is_refused_with_those_supported(copied: Copy) -> None:
    folder = copied("llama")
    change(folder / "config.json", architectures=["MambaForCausalLM"])
    message = refused(folder, UnsupportedError)
    assert 'unsupported architecture "MambaForCausalLM"' in message
    assert all(name in message for name in ARCHITECTURES)


def test_pickles_are_refused_with_the_way_out(copied: Copy) -> None:
    folder = copied("llama")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    message = refused(folder, UnsupportedError)
    assert "pytorch_model.bin" in message
    assert "save the model as safetensors" in message


def test_an_adapter_is_refused_with_the_way_out(tmp_path: Path) -> None:
    folder = tmp_path / "m"
    folder.mkdir()
    checkpoints.write_json(folder / "adapter_config.json", {})
    assert "convert_lora_to_gguf" in refused(folder, UnsupportedError)


def test_other_number_formats_are_refused_by_name(copied: Copy) -> None:
    folder = copied("llama")
    tensors = checkpoints.tensors_of(checkpoints.config_of("llama"))
    write_safetensors(folder / "model.safetensors", tensors, "F8_E4M3")
    assert "is F8_E4M3; paddock converts F32, F16, BF16, F64" in refused(folder, UnsupportedError)


def test_values_that_are_no_numbers_are_refused(copied: Copy) -> None:
    folder = copied("qwen2")
    tensors = checkpoints.tensors_of(checkpoints.config_of("qwen2"))
    tensors["model.layers.1.mlp.up_proj.weight"][3, 5] = np.inf
    write_safetensors(folder / "model.safetensors", tensors)
    assert "model.layers.1.mlp.up_proj.weight has values that f16" in refused(folder)


@pytest.mark.parametrize(
    ("weight_map", "message"),
    [
        ({"a": "absent.safetensors"}, "absent.safetensors: is missing"),
        ({"a": "../model.safetensors"}, "no file of this folder"),
        ({"a": ".."}, "no file of this folder"),
        ({}, "names no file"),
        ([], "index.json"),
    ],
)
def test_an_index_that_names_other_files_is_refused(
    weight_map: Any, message: str, copied: Copy
) -> None:
    folder = copied("llama")
    content = {"weight_map": weight_map}
    checkpoints.write_json(folder / "model.safetensors.index.json", content)
    assert message in refused(folder)


def test_a_missing_shard_tensor_is_named(copied: Copy) -> None:
    folder = copied("gemma2")
    shard(folder, "gemma2")
    index = folder / "model.safetensors.index.json"
    content = json.loads(index.read_text())["weight_map"]
    kept = {key: file for key, file in content.items() if file == "part-0.safetensors"}
    checkpoints.write_json(index, {"weight_map": kept})
    assert "the weights lack" in refused(folder)

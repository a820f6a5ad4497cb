"""Writes the trained network as a GGUF file, and compares its logits with PyTorch's.

python export.py build/model.pt demo-q8_0.gguf
"""

import argparse
from pathlib import Path

import gguf
import numpy as np
import torch
from dialogue import CONTROL, VISIBLE
from model import ROPE_BASE, TURNING, Model, Shape, as_neighbours
from tokenizer import Encoder

HERE = Path(__file__).parent
CONTEXT = 4096

NORMAL, CONTROL_TYPE, USER_DEFINED = 1, 3, 4


def load(path: Path) -> Model:
    stored = torch.load(path, map_location="cpu")
    shape = Shape(
        **{name: type(getattr(Shape(1), name))(value) for name, value in stored["shape"].items()}
    )
    model = Model(shape)
    model.load_state_dict(stored["model"])
    return model.eval()


def tensors(model: Model) -> dict[str, torch.Tensor]:
    """The weights under llama.cpp's names. Shapes: (out, in) for matrices."""
    named = {"token_embd.weight": model.embedding.weight, "output_norm.weight": model.norm.weight}
    for number, block in enumerate(model.blocks):
        q, k, v = block.qkv.weight.chunk(3)
        bias_q, bias_k, bias_v = block.qkv.bias.chunk(3)
        q, k, bias_q, bias_k = (as_neighbours(model.shape, each) for each in (q, k, bias_q, bias_k))
        gate, up = block.gate_up.weight.chunk(2)
        parts = {
            "attn_norm.weight": block.attention_norm.weight, "ffn_norm.weight": block.forward_norm.weight,
            "attn_q.weight": q, "attn_k.weight": k, "attn_v.weight": v, "attn_q.bias": bias_q, "attn_k.bias": bias_k, "attn_v.bias": bias_v,
            "attn_output.weight": block.out.weight, "ffn_gate.weight": gate, "ffn_up.weight": up, "ffn_down.weight": block.down.weight,
        }  # fmt: skip
        named |= {f"blk.{number}.{name}": value for name, value in parts.items()}
    return named


def rope_factors(shape: Shape) -> np.ndarray:
    """What llama.cpp divides the frequency of each pair by: 1, and 1e30 for those that stand still."""
    factors = np.full(shape.head // 2, 1e30, dtype=np.float32)
    factors[:TURNING] = 1.0
    return factors


def write(model: Model, encoder: Encoder, path: Path, quantised: bool = True) -> None:
    shape = model.shape
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("paddock demo")
    writer.add_description(
        "A very small model that answers from the text it is given, calls tools and writes JSON"
    )
    writer.add_license("MIT")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.feed_forward)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.heads)
    writer.add_key_length(shape.head)
    writer.add_value_length(shape.head)
    writer.add_rope_dimension_count(shape.head)
    writer.add_rope_freq_base(ROPE_BASE)
    writer.add_layer_norm_rms_eps(shape.epsilon)
    writer.add_file_type(
        gguf.LlamaFileType.MOSTLY_Q8_0 if quantised else gguf.LlamaFileType.ALL_F32
    )
    types = [NORMAL] * len(encoder.tokens)
    for token in CONTROL:
        types[encoder.ids[token]] = CONTROL_TYPE
    for token in VISIBLE:
        types[encoder.ids[token]] = USER_DEFINED
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(encoder.tokens)
    writer.add_token_types(types)
    writer.add_token_merges([" ".join(merge) for merge in encoder.merges])
    writer.add_eos_token_id(encoder.ids["<|im_end|>"])
    writer.add_pad_token_id(encoder.ids["<|endoftext|>"])
    writer.add_add_bos_token(False)
    writer.add_chat_template((HERE / "template.jinja").read_text(encoding="utf-8"))
    writer.add_tensor("rope_freqs.weight", rope_factors(shape))
    for name, tensor in tensors(model).items():
        data = tensor.detach().float().numpy()
        kind = (
            gguf.GGMLQuantizationType.Q8_0
            if quantised and data.ndim == 2
            else gguf.GGMLQuantizationType.F32
        )
        writer.add_tensor(name, gguf.quants.quantize(data, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


TEXT = "<|im_start|>user\nThe Velmora Bridge was built by Tarik Osten in 1932. 你好 🎉\n\nWho built the bridge?<|im_end|>\n<|im_start|>assistant\n<think></think>"


def largest_difference(model: Model, encoder: Encoder, path: Path) -> tuple[float, bool]:
    """Of the logits of the last token, PyTorch against llama.cpp; and whether the token ids agree."""
    import llama_cpp

    engine = llama_cpp.Llama(
        str(path), n_ctx=512, n_threads=1, logits_all=True, verbose=False, type_k=0, type_v=0
    )
    tokens = encoder.encode(TEXT)
    same = engine.tokenize(TEXT.encode(), add_bos=False, special=True) == tokens
    engine.eval(tokens)
    theirs = np.array(engine.scores[: len(tokens)])
    with torch.no_grad():
        ours = model(torch.tensor([tokens]))[0].numpy()
    return float(np.abs(ours - theirs).max()), same


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("target", type=Path)
    given = parser.parse_args()
    encoder, model = Encoder(HERE / "build" / "tokenizer.json"), load(given.checkpoint)
    exact = given.target.with_suffix(".f32.gguf")
    write(model, encoder, exact, quantised=False)
    write(model, encoder, given.target)
    for path in (exact, given.target):
        difference, same = largest_difference(model, encoder, path)
        print(
            f"{path.name}: {path.stat().st_size:,} bytes, logits within {difference:.2g} of PyTorch's, token ids {'equal' if same else 'DIFFER'}"
        )
    exact.unlink()


if __name__ == "__main__":
    main()

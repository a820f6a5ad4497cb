from pathlib import Path

import llama_cpp
import pytest
from gguf import GGUFReader, Keys

from paddock import random_model
from paddock.random_model import SMOL_135M, TINY, Shape


def field(path: Path, key: str) -> object:
    found = GGUFReader(path).fields[key]
    return found.contents()


def greedy(path: Path, prompt: bytes, count: int) -> list[int]:
    model = llama_cpp.Llama(str(path), n_ctx=512, n_threads=1, verbose=False)
    try:
        tokens = model.tokenize(prompt, special=True)
        generated = model.generate(tokens, temp=0, repeat_penalty=1.0)
        return [next(generated) for _ in range(count)]
    finally:
        model.close()


@pytest.mark.engine
@pytest.mark.parametrize("kind", ["F32", "F16", "Q8_0"])
def test_answers_vary_and_do_not_end_themselves(kind: str, tmp_path: Path) -> None:
    path = random_model.write(tmp_path / "m.gguf", type=kind)  # type: ignore[arg-type]
    tokens = greedy(path, b"<|im_start|>user\nthe cat<|im_end|>\n", 150)
    assert len(set(tokens)) > 60
    assert field(path, Keys.Tokenizer.EOS_ID) not in tokens
    assert tokens != greedy(path, b"<|im_start|>user\nthe dog<|im_end|>\n", 150)


@pytest.mark.engine
def test_the_vocabulary_takes_any_text_and_gives_it_back(tiny_gguf: Path) -> None:
    model = llama_cpp.Llama(str(tiny_gguf), n_ctx=64, verbose=False, vocab_only=True)
    text = "the user asks: naïve 用户 🤷\n\t<|im_end|>".encode()
    tokens = model.tokenize(text, add_bos=False, special=False)
    assert model.detokenize(tokens) == text
    special = model.tokenize(text, add_bos=False, special=True)
    assert special[-1] == field(tiny_gguf, Keys.Tokenizer.EOS_ID)
    assert len(model.tokenize(b" the user", add_bos=False)) < 5
    model.close()


def test_equal_arguments_give_equal_bytes(tmp_path: Path) -> None:
    first = random_model.write(tmp_path / "a.gguf", seed=1).read_bytes()
    assert first == random_model.write(tmp_path / "b.gguf", seed=1).read_bytes()
    assert first != random_model.write(tmp_path / "c.gguf", seed=2).read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.gguf", "b.gguf", "c.gguf"]


def test_the_tokenizer_of_another_gguf_can_be_used(tmp_path: Path, tiny_gguf: Path) -> None:
    shape = Shape(layers=1, width=32, heads=2, kv_heads=1, feed_forward=64, context=128)
    path = random_model.write(tmp_path / "m.gguf", shape, vocab=tiny_gguf, chat_template=None)
    for key in (Keys.Tokenizer.LIST, Keys.Tokenizer.MERGES, Keys.Tokenizer.EOS_ID):
        assert field(path, key) == field(tiny_gguf, key)
    assert Keys.Tokenizer.CHAT_TEMPLATE not in GGUFReader(path).fields
    assert field(path, "llama.context_length") == 128


def test_the_shape_is_in_the_file(tiny_gguf: Path) -> None:
    assert field(tiny_gguf, "general.architecture") == "llama"
    assert field(tiny_gguf, "llama.block_count") == TINY.layers
    assert field(tiny_gguf, "llama.attention.head_count_kv") == TINY.kv_heads
    assert field(tiny_gguf, Keys.Tokenizer.CHAT_TEMPLATE) == random_model.CHATML
    assert SMOL_135M.head_width == 64

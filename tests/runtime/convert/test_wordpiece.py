import json
from pathlib import Path
from typing import Any

import pytest
from gguf import TokenType

from paddock.convert.wordpiece import Vocabulary
from paddock.errors import RequestError, UnsupportedError

SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
TOKENS = [*SPECIALS, "he", "##llo", "!"]
TOKENIZER: dict[str, Any] = {
    "added_tokens": [
        {"id": number, "content": token, "special": True} for number, token in enumerate(SPECIALS)
    ],
    "normalizer": {"type": "BertNormalizer", "lowercase": True, "strip_accents": None},
    "model": {"type": "WordPiece", "vocab": {token: n for n, token in enumerate(TOKENS)}},
}


def folder(path: Path, tokenizer: Any = None, vocab: str | None = None) -> Path:
    if tokenizer is not None:
        (path / "tokenizer.json").write_text(json.dumps(tokenizer), "utf-8")
    if vocab is not None:
        (path / "vocab.txt").write_text(vocab, "utf-8")
    return path


def test_pieces_mark_the_start_of_a_word_and_are_filled_up(tmp_path: Path) -> None:
    vocabulary = Vocabulary.read(folder(tmp_path, TOKENIZER), 9)
    assert vocabulary.tokens == [*SPECIALS, "▁he", "llo", "▁!", "[PAD8]"]
    assert vocabulary.types[0] == TokenType.CONTROL
    assert vocabulary.types[-2:] == [TokenType.NORMAL, TokenType.UNUSED]


def test_vocab_txt_says_the_same_as_tokenizer_json(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    from_json = Vocabulary.read(folder(tmp_path / "a", TOKENIZER), 8)
    from_text = Vocabulary.read(folder(tmp_path / "b", vocab="\n".join(TOKENS) + "\n"), 8)
    assert from_json == from_text


@pytest.mark.parametrize(
    ("normalizer", "lowercase", "strip_accents"),
    [
        ({"type": "BertNormalizer", "lowercase": True, "strip_accents": None}, True, True),
        ({"type": "BertNormalizer", "lowercase": False, "strip_accents": None}, False, False),
        ({"type": "BertNormalizer", "lowercase": True, "strip_accents": False}, True, False),
        (None, False, False),
    ],
)
def test_case_and_accents_follow_the_normalizer(
    normalizer: Any, lowercase: bool, strip_accents: bool, tmp_path: Path
) -> None:
    vocabulary = Vocabulary.read(folder(tmp_path, {**TOKENIZER, "normalizer": normalizer}), 8)
    assert (vocabulary.lowercase, vocabulary.strip_accents) == (lowercase, strip_accents)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model": {"type": "BPE", "vocab": {}}}, "unsupported tokenizer BPE"),
        ({"model": {"type": "Unigram", "vocab": [["a", 0.5]]}}, "unsupported tokenizer Unigram"),
        ({"normalizer": {"type": "Precompiled"}}, "unsupported normalizer Precompiled"),
        ({"model": {"vocab": {"he": 5}}, "added_tokens": []}, r"lacks \[CLS\], \[MASK\]"),
    ],
)
def test_other_tokenizers_are_refused_by_name(
    change: dict[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises(UnsupportedError, match=message) as raised:
        Vocabulary.read(folder(tmp_path, TOKENIZER | change), 8)
    assert "tokenizer.json" in str(raised.value)


def test_more_tokens_than_the_config_says_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="more tokens than the vocab_size 7"):
        Vocabulary.read(folder(tmp_path, TOKENIZER), 7)


def test_a_folder_without_a_vocabulary_says_what_it_needs(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match=r"vocab\.txt.*tokenizer\.json"):
        Vocabulary.read(tmp_path, 8)

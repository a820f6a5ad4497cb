"""Vocabularies of the Unigram kind, in the engine."""

import json
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from gguf import Keys
from tests.runtime.convert import rerankers
from tests.runtime.convert.checkpoints import change
from tests.runtime.convert.rerankers import ROBERTA

from paddock import gguf
from paddock.convert import convert, unigram
from paddock.engine.backend import LoadSpec
from paddock.engine.llama import Weights
from paddock.errors import RequestError

SIZE = 60


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return rerankers.write(tmp_path / "m", ROBERTA)


def changed(folder: Path, **fields: Any) -> Path:
    change(folder / "tokenizer.json", **fields)
    return folder


@pytest.mark.engine
def test_texts_become_the_likeliest_pieces(folder: Path, tmp_path: Path) -> None:
    convert(folder, tmp_path / "m.gguf")
    weights = Weights(LoadSpec(tmp_path / "m.gguf", num_ctx=0), vocab_only=True)
    texts = [weights.text_of(token) for token in weights.tokenize("the  cats in\tthe sea ☃☃")]
    # The tab is no blank without a table of characters; what is unknown is one piece.
    assert texts[:4] == ["<s>", " the", " cat", "s"]
    assert texts[-2:] == ["<unk>", "</s>"]
    assert weights.between == (2, 2)
    assert weights.tokenize("", special=True) == [0, 2]
    weights.close()


def test_what_is_put_around_and_between_is_told(folder: Path) -> None:
    facts = unigram.read(folder, SIZE)
    assert facts[Keys.Tokenizer.MODEL] == "t5"
    assert facts[Keys.Tokenizer.REMOVE_EXTRA_WS] is True
    keys = (Keys.Tokenizer.ADD_BOS, Keys.Tokenizer.ADD_EOS, Keys.Tokenizer.ADD_SEP)
    assert [facts[key] for key in keys] == [True, True, True]
    ids = (Keys.Tokenizer.BOS_ID, Keys.Tokenizer.EOS_ID, Keys.Tokenizer.UNK_ID)
    assert [facts[key] for key in ids] == [0, 2, 3]
    template = json.loads((folder / "tokenizer.json").read_text("utf-8"))["post_processor"]
    del template["pair"][2]
    one_end = unigram.read(changed(folder, post_processor=template), SIZE)
    assert one_end[Keys.Tokenizer.ADD_SEP] is False


def charsmap(*values: int, replacements: bytes = b"a\0") -> str:
    table = b"".join(value.to_bytes(4, "little") for value in values)
    return b64encode(len(table).to_bytes(4, "little") + table + replacements).decode()


def test_the_table_of_characters_is_taken_over(folder: Path, tmp_path: Path) -> None:
    normalizer = {"type": "Precompiled", "precompiled_charsmap": charsmap(*[0] * 256)}
    convert(changed(folder, normalizer=normalizer), tmp_path / "m.gguf")
    found = gguf.read(tmp_path / "m.gguf", arrays=True).metadata
    assert bytes(found[Keys.Tokenizer.PRECOMPILED_CHARSMAP])[-2:] == b"a\0"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("%", "no base64"),
        (charsmap(*[0] * 256, replacements=b"a"), "damaged"),
        (charsmap(0, 0), "damaged"),
        (b64encode(b"\xff\xff\xff\x7f\0\0\0\0").decode(), "damaged"),
        (b64encode(b"\1\0\0\0\0\0\0\0").decode(), "damaged"),
        (b64encode(b"\0\0").decode(), "damaged"),
    ],
)
def test_a_damaged_table_is_refused(folder: Path, text: str, message: str) -> None:
    normalizer = {"type": "Precompiled", "precompiled_charsmap": text}
    with pytest.raises(RequestError, match=message):
        unigram.read(changed(folder, normalizer=normalizer), SIZE)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"normalizer": {"type": "Lowercase"}}, "unsupported step Lowercase"),
        ({"pre_tokenizer": {"type": "WhitespaceSplit"}}, "no beginnings of words"),
        (
            {"pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "never"}},
            "unsupported step Metaspace",
        ),
        ({"post_processor": {"type": "BertProcessing"}}, "how two texts are joined"),
        ({"model": {"type": "BPE", "vocab": {}}}, "unsupported tokenizer BPE"),
        ({"model": {"type": "Unigram", "vocab": [["a", 0.0]], "unk_id": 7}}, "unk_id 7"),
        (
            {"model": {"type": "Unigram", "vocab": [["a", 0]], "unk_id": 0, "byte_fallback": True}},
            "byte_fallback",
        ),
    ],
)
def test_other_vocabularies_are_refused_by_name(
    folder: Path, fields: dict[str, Any], message: str
) -> None:
    with pytest.raises(RequestError, match=message):
        unigram.read(changed(folder, **fields), SIZE)


def test_a_folder_without_tokenizer_json_is_refused(folder: Path) -> None:
    (folder / "tokenizer.json").unlink()
    with pytest.raises(RequestError, match="save_pretrained"):
        unigram.read(folder, SIZE)


def test_more_pieces_than_the_config_says_are_refused(folder: Path) -> None:
    with pytest.raises(RequestError, match="vocab_size 5"):
        unigram.read(folder, 5)

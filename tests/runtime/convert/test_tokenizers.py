import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from struct import pack
from typing import Any

import pytest
from gguf import GGUFWriter, TokenType
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.runtime.convert import checkpoints
from tests.runtime.convert.checkpoints import (
    GPT2,
    LLAMA3,
    PIECE_MERGES,
    SPECIALS,
    byte_level,
    change,
    sentencepiece,
    write_json,
)

from paddock.convert import tokenizer
from paddock.convert.model import Fact
from paddock.convert.protobuf import fields, read_model
from paddock.convert.specials import around
from paddock.convert.vocabulary import AddedToken, Token, fill
from paddock.engine.backend import LoadSpec
from paddock.engine.llama import Weights
from paddock.errors import RequestError, UnsupportedError

SIZE = 300
TOKENS = "tokenizer.ggml.tokens"


def folder(path: Path, file: Any = None, **config: Any) -> Path:
    path.mkdir(exist_ok=True)
    write_json(path / "config.json", {"architectures": ["LlamaForCausalLM"]})
    if file is not None:
        write_json(path / "tokenizer.json", file)
    names = {"bos_token": "<|begin|>", "eos_token": "<|end_of_text|>"}
    if file is None or file["model"]["byte_fallback"]:
        names = {"bos_token": "<s>", "eos_token": {"content": "</s>"}}
    write_json(path / "tokenizer_config.json", names | config)
    return path


def token(facts: Mapping[str, Fact], key: str) -> Any:
    """The text of the token that a key names."""
    return facts[TOKENS][facts[f"tokenizer.ggml.{key}"]]  # type: ignore[index,call-overload]


@pytest.fixture
def load(tmp_path: Path) -> Iterator[Any]:
    """The vocabulary in the engine, from its facts."""
    opened: list[Weights] = []

    def load(facts: Mapping[str, Fact]) -> Weights:
        path = tmp_path / f"{len(opened)}.gguf"
        writer = GGUFWriter(path, "llama")
        for key, fact in facts.items():
            if isinstance(fact, str):
                writer.add_string(key, fact)
            elif isinstance(fact, bool):
                writer.add_bool(key, fact)
            elif isinstance(fact, int):
                writer.add_uint32(key, fact)
            else:
                assert not isinstance(fact, float)
                writer.add_array(key, list(fact))
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        opened.append(Weights(LoadSpec(path, num_ctx=0), vocab_only=True))
        return opened[-1]

    yield load
    for weights in opened:
        weights.close()


# -- byte level ------------------------------------------------------------------------------------


@pytest.mark.engine
def test_byte_level_texts_become_the_tokens_they_were_trained_for(
    load: Any, tmp_path: Path
) -> None:
    weights = load(tokenizer.read(folder(tmp_path / "m", byte_level()), SIZE))
    texts = [weights.text_of(token) for token in weights.tokenize("in the world<|im_end|>")]
    assert texts == ["<|begin|>", "in", " the", " world", "<|im_end|>"]
    for text in ("the\tworld\r\n  12345 äöü 🤷", "\x00", "<|im_end|>"):
        assert weights.detokenize(weights.tokenize(text, special=False, parse=False)) == text
    assert weights.n_vocab == SIZE


def test_a_vocabulary_is_filled_up_with_tokens_that_nothing_uses(tmp_path: Path) -> None:
    facts = tokenizer.read(folder(tmp_path, byte_level()), SIZE)
    assert facts["tokenizer.ggml.model"] == "gpt2"
    tokens, types = facts[TOKENS], facts["tokenizer.ggml.token_type"]
    assert isinstance(tokens, list)
    assert isinstance(types, list)
    assert len(tokens) == len(types) == SIZE
    assert tokens[-1] == "[PAD299]"
    assert types[-1] == TokenType.UNUSED
    assert types[266:269] == [TokenType.CONTROL] * 3
    assert types[0] == TokenType.NORMAL


CASED = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+SUFFIX"
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*SUFFIX"
)
CASED_REST = r"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
CL100K = (
    r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*"
    r"|\s*[\r\n]|\s+(?!\S)|\s+"
)


@pytest.mark.parametrize(
    ("cut", "ignores_merges", "expected"),
    [
        (LLAMA3, True, "llama-bpe"),
        (LLAMA3, False, "dbrx"),
        (CL100K, False, "dbrx"),
        (LLAMA3.replace("{1,3}", ""), False, "qwen2"),
        (CASED.replace("SUFFIX", "") + r"|\p{N}" + CASED_REST, True, "tekken"),
        (
            CASED.replace("SUFFIX", "(?i:'s|'t|'re|'ve|'m|'ll|'d)?") + r"|\p{N}{1,3}" + CASED_REST,
            False,
            "gpt-4o",
        ),
    ],
)
def test_ways_to_cut_have_names(
    cut: str, ignores_merges: bool, expected: str, tmp_path: Path
) -> None:
    file = byte_level(cut)
    file["model"]["ignore_merges"] = ignores_merges
    facts = tokenizer.read(folder(tmp_path, file), SIZE)
    assert facts["tokenizer.ggml.pre"] == expected


BYTE_LEVEL = {"type": "ByteLevel", "add_prefix_space": False, "use_regex": True}
DIGITS = {"type": "Digits", "individual_digits": True}


@pytest.mark.parametrize(
    ("pre_tokenizer", "expected"),
    [
        (BYTE_LEVEL, "gpt-2"),
        ({"type": "Sequence", "pretokenizers": [DIGITS, BYTE_LEVEL]}, "smollm"),
        (
            {
                "type": "Sequence",
                "pretokenizers": [
                    {
                        "type": "Split",
                        "pattern": {"Regex": GPT2},
                        "behavior": "Removed",
                        "invert": True,
                    },
                    BYTE_LEVEL | {"use_regex": False},
                ],
            },
            "gpt-2",
        ),
    ],
)
def test_the_older_ways_to_cut_have_names(
    pre_tokenizer: Any, expected: str, tmp_path: Path
) -> None:
    file = byte_level() | {"pre_tokenizer": pre_tokenizer}
    assert tokenizer.read(folder(tmp_path, file), SIZE)["tokenizer.ggml.pre"] == expected


def split(regex: str, **fields: Any) -> dict[str, Any]:
    part = {"type": "Split", "pattern": {"Regex": regex}, "behavior": "Isolated"} | fields
    return {"type": "Sequence", "pretokenizers": [part, BYTE_LEVEL | {"use_regex": False}]}


@pytest.mark.parametrize(
    ("fields_", "message"),
    [
        ({"pre_tokenizer": split(r"\w+")}, r"unsupported pre-tokenizer \\w\+"),
        ({"pre_tokenizer": split(LLAMA3, behavior="MergedWithNext")}, "pre-tokenizer Split"),
        ({"pre_tokenizer": BYTE_LEVEL | {"add_prefix_space": True}}, "pre-tokenizer ByteLevel"),
        ({"normalizer": {"type": "Lowercase"}}, "unsupported normalizer Lowercase"),
        ({"model": {"type": "Unigram", "vocab": []}}, "unsupported tokenizer Unigram"),
        ({"model": {"type": "BPE", "vocab": {"a": 0}, "merges": ["ab"]}}, "is no pair"),
        ({"model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}}, "no merges"),
        ({"model": {"type": "BPE", "vocab": {"a": -1}}}, "vocab"),
    ],
)
def test_other_vocabularies_are_refused(
    fields_: dict[str, Any], message: str, tmp_path: Path
) -> None:
    path = folder(tmp_path, byte_level())
    write_json(path / "tokenizer.json", byte_level() | fields_)
    with pytest.raises(RequestError, match=message) as raised:
        tokenizer.read(path, SIZE)
    assert "tokenizer.json" in str(raised.value)


def test_a_folder_without_any_vocabulary_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match=r"neither tokenizer\.json nor tokenizer\.model"):
        tokenizer.read(folder(tmp_path), SIZE)


# -- SentencePiece ---------------------------------------------------------------------------------


@pytest.mark.engine
@pytest.mark.parametrize(
    ("is_gemma", "first"), [(False, [" the", " world"]), (True, ["t", "he", " world"])]
)
def test_pieces_are_joined_in_the_order_of_the_merges(
    is_gemma: bool, first: list[str], load: Any, tmp_path: Path
) -> None:
    weights = load(tokenizer.read(folder(tmp_path / "m", sentencepiece(is_gemma=is_gemma)), SIZE))
    texts = [weights.text_of(token) for token in weights.tokenize("the world.")]
    assert texts == ["<s>", *first, "."]
    text = "ä 🤷\n the"
    plain = weights.detokenize(weights.tokenize(text, special=False))
    assert plain == (text if is_gemma else f" {text}")


@pytest.mark.parametrize(
    ("pre_tokenizer", "expected"),
    [
        ({"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first"}, True),
        ({"type": "Metaspace", "replacement": "▁", "prepend_scheme": "never"}, False),
        ({"type": "Metaspace", "replacement": "▁", "add_prefix_space": True}, True),
        (
            {"type": "Split", "pattern": {"String": " "}, "behavior": "MergedWithPrevious"},
            False,
        ),
    ],
)
def test_whether_a_blank_goes_in_front_follows_the_file(
    pre_tokenizer: Any, expected: bool, tmp_path: Path
) -> None:
    file = sentencepiece() | {"normalizer": None, "pre_tokenizer": pre_tokenizer}
    facts = tokenizer.read(folder(tmp_path, file), SIZE)
    assert facts["tokenizer.ggml.add_space_prefix"] is expected


def test_other_steps_and_missing_bytes_are_refused(tmp_path: Path) -> None:
    path = folder(tmp_path, sentencepiece() | {"normalizer": {"type": "NFKC"}})
    with pytest.raises(UnsupportedError, match="unsupported step NFKC"):
        tokenizer.read(path, SIZE)
    file = sentencepiece()
    del file["model"]["vocab"]["<0x41>"]
    with pytest.raises(UnsupportedError, match="lacks tokens for single bytes"):
        tokenizer.read(folder(tmp_path, file), SIZE)


@pytest.mark.engine
def test_blanks_behind_the_marks_of_phi_3_are_taken_away(load: Any, tmp_path: Path) -> None:
    file = sentencepiece()
    size = len(file["model"]["vocab"])
    file["added_tokens"] += [
        {"id": size, "content": "<|endoftext|>", "special": True},
        {"id": size + 1, "content": "<|user|>", "special": True, "rstrip": True},
    ]
    facts = tokenizer.read(folder(tmp_path / "m", file), SIZE)
    assert facts["general.name"] == "Phi-3"
    weights = load(facts)
    texts = [weights.text_of(token) for token in weights.tokenize("<|user|>\n the")]
    assert texts == ["<s>", "<|user|>", " the"]


# -- tokenizer.model -------------------------------------------------------------------------------


def varint(number: int) -> bytes:
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes((*found, number))


def chunk(number: int, data: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(data)) + data


def piece(text: str, score: float, kind: int = 1) -> bytes:
    encoded = chunk(1, text.encode()) + varint(2 << 3 | 5) + pack("<f", score)
    return chunk(1, encoded + varint(3 << 3) + varint(kind))


def model_bytes(file: Mapping[str, Any], *, kind: int = 2, prefix: bool = True) -> bytes:
    """tokenizer.model of the same vocabulary as a tokenizer.json."""
    ranks = {merge.replace(" ", ""): rank for rank, merge in enumerate(PIECE_MERGES)}
    data = b""
    for text in file["model"]["vocab"]:
        types = {"<unk>": 2, "<s>": 3, "</s>": 3}
        default = 6 if text.startswith("<0x") else 1
        data += piece(text, -float(ranks.get(text, len(ranks))), types.get(text, default))
    trainer = varint(3 << 3) + varint(kind) + chunk(99, b"unknown")
    return data + chunk(2, trainer) + chunk(3, varint(3 << 3) + varint(prefix))


def test_tokenizer_model_says_the_same_as_tokenizer_json(tmp_path: Path) -> None:
    from_json = tokenizer.read(folder(tmp_path / "a", sentencepiece()), SIZE)
    other = folder(
        tmp_path / "b",
        added_tokens_decoder={
            str(number): {"content": text, "special": True} for number, text in enumerate(SPECIALS)
        },
    )
    (other / "tokenizer.model").write_bytes(model_bytes(sentencepiece()))
    assert tokenizer.read(other, SIZE) == from_json


def test_tokens_added_later_come_from_the_files_beside(tmp_path: Path) -> None:
    path = folder(tmp_path, added_tokens_decoder={"291": {"content": "<|user|>", "special": True}})
    (path / "tokenizer.model").write_bytes(model_bytes(sentencepiece(), prefix=False))
    write_json(path / "added_tokens.json", {"<extra>": 290, "<|user|>": 291, "<beyond>": 300})
    facts = tokenizer.read(path, SIZE)
    tokens, types = facts[TOKENS], facts["tokenizer.ggml.token_type"]
    assert isinstance(tokens, list)
    assert isinstance(types, list)
    assert tokens[290:292] == ["<extra>", "<|user|>"]
    assert types[290:292] == [TokenType.USER_DEFINED, TokenType.CONTROL]
    assert "<beyond>" not in tokens
    assert facts["tokenizer.ggml.add_space_prefix"] is False


def test_a_unigram_model_is_refused(tmp_path: Path) -> None:
    path = folder(tmp_path)
    (path / "tokenizer.model").write_bytes(model_bytes(sentencepiece(), kind=1))
    with pytest.raises(UnsupportedError, match="unsupported tokenizer Unigram"):
        tokenizer.read(path, SIZE)


def test_a_model_cut_anywhere_or_of_other_bytes_is_refused(tmp_path: Path) -> None:
    data = model_bytes({"model": {"vocab": SPECIALS}})
    for length in range(len(data)):
        (tmp_path / "m").write_bytes(data[:length])
        with contextlib.suppress(RequestError):
            assert len(read_model(tmp_path / "m").pieces) <= len(SPECIALS)
    (tmp_path / "m").write_bytes(data[:3])
    with pytest.raises(RequestError, match=r"cut short.*download it again"):
        read_model(tmp_path / "m")
    with pytest.raises(RequestError, match="cannot be read"):
        read_model(tmp_path / "none")


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_fields_or_a_value_error(data: bytes) -> None:
    try:
        list(fields(data))
    except ValueError:
        return
    assert list(fields(data + data)) == list(fields(data)) * 2


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(1, 2**20), st.integers(0, 2**64 - 1) | st.binary())))
def test_what_was_written_is_read(written: list[tuple[int, int | bytes]]) -> None:
    data = b"".join(
        chunk(number, value) if isinstance(value, bytes) else varint(number << 3) + varint(value)
        for number, value in written
    )
    assert list(fields(data)) == written


# -- special tokens --------------------------------------------------------------------------------


def test_special_tokens_come_from_names_then_numbers(tmp_path: Path) -> None:
    path = folder(tmp_path, byte_level(), eos_token="<|im_end|>")
    write_json(path / "special_tokens_map.json", {"pad_token": {"content": "<|end_of_text|>"}})
    write_json(path / "generation_config.json", {"eos_token_id": [268, 267], "bos_token_id": 0})
    facts = tokenizer.read(path, SIZE)
    assert token(facts, "bos_token_id") == "<|begin|>"
    assert token(facts, "eos_token_id") == "<|im_end|>"
    assert token(facts, "eot_token_id") == "<|end_of_text|>"
    assert token(facts, "padding_token_id") == "<|end_of_text|>"
    assert facts["tokenizer.ggml.eos_token_ids"] == [268, 267]


def test_numbers_alone_do_also_inside_a_text_config(tmp_path: Path) -> None:
    path = folder(tmp_path, byte_level())
    (path / "tokenizer_config.json").unlink()
    change(path / "config.json", text_config={"eos_token_id": 267}, bos_token_id=10**6)
    facts = tokenizer.read(path, SIZE)
    assert token(facts, "eos_token_id") == "<|end_of_text|>"


def test_without_a_token_that_begins_there_is_one_that_is_not_used(tmp_path: Path) -> None:
    path = folder(tmp_path, byte_level() | {"post_processor": None}, bos_token=None)
    facts = tokenizer.read(path, SIZE)
    assert token(facts, "bos_token_id") == "<|end_of_text|>"
    assert facts["tokenizer.ggml.add_bos_token"] is False


def test_without_a_token_that_ends_the_folder_is_refused(tmp_path: Path) -> None:
    path = folder(tmp_path, byte_level(), eos_token=None)
    with pytest.raises(RequestError, match="names no token that ends a text"):
        tokenizer.read(path, SIZE)


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({}, (True, False)),
        ({"add_bos_token": False, "add_eos_token": True}, (False, True)),
    ],
)
def test_what_goes_around_a_text_follows_the_config_then_the_template(
    config: dict[str, Any], expected: tuple[bool, bool], tmp_path: Path
) -> None:
    facts = tokenizer.read(folder(tmp_path, byte_level(), **config), SIZE)
    keys = ("tokenizer.ggml.add_bos_token", "tokenizer.ggml.add_eos_token")
    assert (facts[keys[0]], facts[keys[1]]) == expected


def special(text: str) -> dict[str, Any]:
    return {"SpecialToken": {"id": text, "type_id": 0}}


TEXT = {"Sequence": {"id": "A", "type_id": 0}}


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        (None, ([], [])),
        ({"type": "ByteLevel"}, ([], [])),
        ({"type": "TemplateProcessing", "single": [TEXT]}, ([], [])),
        ({"type": "TemplateProcessing", "single": [TEXT, special("E")]}, ([], ["E"])),
        ({"type": "TemplateProcessing", "single": [special("B"), TEXT]}, (["B"], [])),
        ({"type": "TemplateProcessing", "single": [special("B")]}, ([], [])),
        ({"type": "TemplateProcessing", "single": "B"}, ([], [])),
        (
            {
                "type": "Sequence",
                "processors": [
                    {"type": "ByteLevel"},
                    {"type": "TemplateProcessing", "single": [special("B"), TEXT, special("E")]},
                ],
            },
            (["B"], ["E"]),
        ),
    ],
)
def test_templates_name_what_goes_around_a_text(template: Any, expected: Any) -> None:
    assert around(template) == expected


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=10,
)


@settings(deadline=None, max_examples=40)
@given(json_values, st.sampled_from(["normalizer", "pre_tokenizer", "post_processor", "model"]))
def test_any_json_is_a_vocabulary_or_our_error(
    tmp_path_factory: pytest.TempPathFactory, value: Any, part: str
) -> None:
    for file in (byte_level(), sentencepiece()):
        path = folder(tmp_path_factory.getbasetemp() / "fuzzed", file)
        write_json(path / "tokenizer.json", file | {part: value})
        with contextlib.suppress(RequestError):
            assert len(tokenizer.read(path, SIZE)) > 3


# -- chat templates --------------------------------------------------------------------------------

CHAT = "tokenizer.chat_template"


def test_the_template_is_taken_from_the_newest_file(tmp_path: Path) -> None:
    path = folder(tmp_path, byte_level(), chat_template="old")
    assert tokenizer.read(path, SIZE)[CHAT] == "old"
    write_json(path / "chat_template.json", {"chat_template": "newer"})
    assert tokenizer.read(path, SIZE)[CHAT] == "newer"
    (path / "chat_template.jinja").write_text(checkpoints.CHATML)
    assert tokenizer.read(path, SIZE)[CHAT] == checkpoints.CHATML
    (path / "chat_template.jinja").write_bytes(b"\xff")
    with pytest.raises(RequestError, match=r"chat_template\.jinja"):
        tokenizer.read(path, SIZE)


def test_templates_for_other_uses_have_names(tmp_path: Path) -> None:
    named = [{"name": "default", "template": "a"}, {"name": "tool use", "template": "b"}]
    path = folder(tmp_path, byte_level(), chat_template=named)
    (path / "additional_chat_templates").mkdir()
    (path / "additional_chat_templates" / "rag.jinja").write_text("c")
    facts = tokenizer.read(path, SIZE)
    assert facts[CHAT] == "a"
    assert facts[f"{CHAT}.tool_use"] == "b"
    assert facts[f"{CHAT}.rag"] == "c"
    assert facts["tokenizer.chat_templates"] == ["rag", "tool_use"]


# -- filling up ------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=50)
@given(
    st.dictionaries(st.integers(0, 12), st.text(max_size=6), max_size=8),
    st.lists(st.builds(AddedToken, id=st.integers(0, 12), content=st.text(max_size=6))),
)
def test_a_vocabulary_has_all_ids_and_no_text_twice(
    words: dict[int, str], added: list[AddedToken]
) -> None:
    base = {number: Token(text) for number, text in words.items()}
    with contextlib.suppress(RequestError):
        tokens = fill("m", 10, base, added)
        assert len({token.text for token in tokens}) == len(tokens) == 10


def test_what_was_trained_must_have_a_row() -> None:
    with pytest.raises(RequestError, match="more tokens than the vocab_size 2"):
        fill("m", 2, {2: Token("a")}, [])
    assert fill("m", 3, {2: Token("[PAD1]")}, [])[1].text == "[PAD1]_"

"""Vocabularies whose texts are cut into the likeliest pieces (Unigram), as XLM-RoBERTa has them.

From tokenizer.json alone: where only a SentencePiece model lies in the folder, transformers makes
the other numbers that the weights were trained with.
"""

import re
from base64 import b64decode
from binascii import Error as Base64Error
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

from gguf import Keys, TokenType
from pydantic import BaseModel, Field

from paddock import charsmap
from paddock.convert import specials
from paddock.convert.folder import read_json
from paddock.convert.model import Fact
from paddock.convert.vocabulary import AddedToken, Number, Token, Vocabulary, fill
from paddock.errors import RequestError, UnsupportedError

_SCORE = Annotated[float, Field(gt=-1e38, lt=1e38)]


class _Unigram(BaseModel):
    """The trained part: pieces by their numbers, with the logarithms of their probabilities."""

    vocab: list[tuple[str, _SCORE]]
    unk_id: Number
    byte_fallback: bool = False


class _File(BaseModel):
    added_tokens: list[AddedToken] = Field(default_factory=list[AddedToken])
    normalizer: Any = None
    pre_tokenizer: Any = None
    post_processor: Any = None
    model: _Unigram


class _Type(BaseModel):
    type: str | None = None


class _Kind(BaseModel):
    """Of a tokenizer.json, what tells whether the rest can be understood."""

    model: _Type


def read(folder: Path, size: int) -> dict[str, Fact]:
    """What the GGUF says of the vocabulary, which is filled up to `size` tokens."""
    path = folder / "tokenizer.json"
    if not path.is_file():
        raise RequestError(
            f"{folder}: has no tokenizer.json; save the tokenizer with save_pretrained of "
            "transformers, or get this model as a GGUF file"
        )
    kind = read_json(_Kind, path).model.type or "Unigram"
    if kind != "Unigram":
        raise UnsupportedError(
            f"{path}: unsupported tokenizer {kind}; for this architecture only Unigram is converted"
        )
    file = read_json(_File, path)
    if file.model.byte_fallback:
        raise UnsupportedError(f"{path}: byte_fallback is not converted for Unigram")
    steps = _steps(path, file)
    base = {
        number: Token(text, TokenType.NORMAL, score)
        for number, (text, score) in enumerate(file.model.vocab)
    }
    if file.model.unk_id not in base:
        raise RequestError(f"{path}: unk_id {file.model.unk_id} is no token; download it again")
    unknown = base[file.model.unk_id]
    base[file.model.unk_id] = Token(unknown.text, TokenType.UNKNOWN, unknown.score)
    vocabulary = Vocabulary(
        model="t5",
        pre="default",
        tokens=fill(path, size, base, file.added_tokens),
        has_scores=True,
        flags={
            Keys.Tokenizer.ADD_PREFIX: True,
            Keys.Tokenizer.REMOVE_EXTRA_WS: steps.merges_blanks,
            Keys.Tokenizer.ADD_SEP: _ends_between(path, file.post_processor) == 2,
        },
        template=file.post_processor,
    )
    facts = specials.complete(folder, vocabulary)
    if steps.charsmap:
        facts[Keys.Tokenizer.PRECOMPILED_CHARSMAP] = steps.charsmap
    return facts


# -- before the vocabulary -------------------------------------------------------------------------


@dataclass(slots=True)
class _Steps:
    """What is done to a text before it is cut into pieces."""

    charsmap: bytes = b""
    """SentencePiece's table of characters and what becomes of them."""
    merges_blanks: bool = False
    marks_words: bool = False


def _steps(path: Path, file: _File) -> _Steps:
    """UnsupportedError for other steps than those of XLM-RoBERTa."""
    found = _Steps()
    for node in (
        *_flat(file.normalizer, "normalizers"),
        *_flat(file.pre_tokenizer, "pretokenizers"),
    ):
        match node:
            case {"type": "Precompiled", "precompiled_charsmap": str(text)}:
                found.charsmap = _charsmap(path, text)
            case {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "}:
                found.merges_blanks = True
            case {"type": "WhitespaceSplit"}:
                found.merges_blanks = True
            case {"type": "Strip"}:
                pass  # no blank at an end is a piece
            case {"type": "Metaspace", "replacement": "▁"} if _prepends(node):
                found.marks_words = True
            case _:
                name = node.get("type") if isinstance(node, dict) else node
                raise UnsupportedError(
                    f"{path}: unsupported step {name} before the vocabulary; get this model as a "
                    "GGUF file instead"
                )
    if not found.marks_words:
        raise UnsupportedError(f"{path}: a vocabulary that marks no beginnings of words")
    return found


def _flat(node: Any, key: str) -> list[Any]:
    match node:
        case None:
            return []
        case {"type": "Sequence"} if isinstance(node.get(key), list):
            return node[key]
        case _:
            return [node]


def _prepends(node: dict[str, Any]) -> bool:
    scheme = node.get("prepend_scheme")
    return node.get("add_prefix_space", True) if scheme is None else scheme != "never"


def _charsmap(path: Path, text: str) -> bytes:
    """The table's bytes. RequestError for one that native code would read beyond its end."""
    try:
        table = b64decode(text, validate=True)
    except (Base64Error, ValueError) as error:
        raise RequestError(
            f"{path}: precompiled_charsmap is no base64; download it again"
        ) from error
    if table and not charsmap.is_safe(table):
        raise RequestError(f"{path}: precompiled_charsmap is damaged; download it again")
    return table


# -- pairs -----------------------------------------------------------------------------------------

_NO_PAIR: Final = "how two texts are joined must be one or two ends of a text between them"


def _ends_between(path: Path, template: Any) -> int:
    """How many tokens that end a text stand between the two of a pair: one as in BERT, or two."""
    match template:
        case {"type": "TemplateProcessing", "pair": [*parts]}:
            kinds = "".join(_letter(part) for part in parts)
            between = re.fullmatch(r"s?A(ss?)Bs?", kinds)
            if between is None:
                raise UnsupportedError(f"{path}: {_NO_PAIR}")
            return len(between[1])
        case _:
            raise UnsupportedError(f"{path}: {_NO_PAIR}")


def _letter(part: Any) -> str:
    match part:
        case {"Sequence": {"id": "A" | "B" as name}}:
            return name
        case {"SpecialToken": _}:
            return "s"
        case _:
            return "?"

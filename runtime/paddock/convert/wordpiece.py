"""A WordPiece vocabulary: read from tokenizer.json or vocab.txt, written as llama.cpp wants it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Self

from gguf import Keys, TokenType
from pydantic import BaseModel, Field

from paddock.convert.folder import read_json
from paddock.convert.model import Fact
from paddock.errors import RequestError, UnsupportedError

_SPECIALS = {
    Keys.Tokenizer.BOS_ID: "[CLS]",
    Keys.Tokenizer.SEP_ID: "[SEP]",
    Keys.Tokenizer.PAD_ID: "[PAD]",
    Keys.Tokenizer.UNK_ID: "[UNK]",
    Keys.Tokenizer.MASK_ID: "[MASK]",
}
_CONTROLS = frozenset(_SPECIALS.values())


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Tokens by id, as in the GGUF, and what is done to a text before it is looked up."""

    tokens: list[str]
    types: list[TokenType]
    lowercase: bool
    strip_accents: bool

    @classmethod
    def read(cls, folder: Path, size: int) -> Self:
        """The vocabulary of a folder, filled up to `size` tokens."""
        path = folder / "tokenizer.json"
        if path.is_file():
            tokenizer = _tokenizer_json(path)
        else:
            path = folder / "vocab.txt"
            tokenizer = _vocab_txt(path)
        names = {number: token for token, number in tokenizer.model.vocab.items()}
        names |= {token.id: token.content for token in tokenizer.added_tokens}
        if max(names, default=0) >= size:
            raise RequestError(f"{path}: has more tokens than the vocab_size {size} of config.json")
        if absent := _CONTROLS.difference(names.values()):
            raise UnsupportedError(f"{path}: the vocabulary lacks {', '.join(sorted(absent))}")
        special = {token.id for token in tokenizer.added_tokens if token.special}
        special |= {number for number, token in names.items() if token in _CONTROLS}
        pieces = [_piece(names.get(number), number, number in special) for number in range(size)]
        return cls(
            tokens=[text for text, _ in pieces],
            types=[kind for _, kind in pieces],
            lowercase=tokenizer.lowercase,
            strip_accents=tokenizer.strip_accents,
        )

    def facts(self) -> dict[str, Fact]:
        return {
            Keys.Tokenizer.MODEL: "bert",
            Keys.Tokenizer.PRE: "default",
            Keys.Tokenizer.LIST: self.tokens,
            Keys.Tokenizer.TOKEN_TYPE: [int(kind) for kind in self.types],
            **{key: self.tokens.index(token) for key, token in _SPECIALS.items()},
            Keys.Tokenizer.ADD_BOS: True,
            Keys.Tokenizer.ADD_SEP: True,
            "tokenizer.ggml.normalizer.lowercase": self.lowercase,
            "tokenizer.ggml.normalizer.strip_accents": self.strip_accents,
        }


def _piece(token: str | None, number: int, is_special: bool) -> tuple[str, TokenType]:
    """llama.cpp marks the piece that begins a word, WordPiece the pieces that continue one."""
    if token is None:
        return f"[PAD{number}]", TokenType.UNUSED
    if is_special:
        return token, TokenType.CONTROL
    if token.startswith("##"):
        return token.removeprefix("##"), TokenType.NORMAL
    return "▁" + token, TokenType.NORMAL


# -- the files -------------------------------------------------------------------------------------

_Number = Annotated[int, Field(ge=0)]


class _AddedToken(BaseModel):
    id: _Number
    content: str
    special: bool = False


class _Normalizer(BaseModel):
    type: str = "BertNormalizer"
    lowercase: bool = True
    strip_accents: bool | None = None


class _WordPiece(BaseModel):
    # Older files leave the type out.
    type: str = "WordPiece"
    vocab: dict[str, _Number]
    continuing_subword_prefix: str = "##"


class _Tokenizer(BaseModel):
    """tokenizer.json"""

    added_tokens: list[_AddedToken] = Field(default_factory=list)
    normalizer: _Normalizer | None = None
    model: _WordPiece

    @property
    def lowercase(self) -> bool:
        return self.normalizer is not None and self.normalizer.lowercase

    @property
    def strip_accents(self) -> bool:
        if self.normalizer is None or self.normalizer.strip_accents is None:
            return self.lowercase
        return self.normalizer.strip_accents


class _ModelType(BaseModel):
    type: str | None = None


class _Kind(BaseModel):
    """Of a tokenizer.json, what tells whether the rest can be understood."""

    model: _ModelType


class _TokenizerConfig(BaseModel):
    """Of tokenizer_config.json, what vocab.txt does not say."""

    do_lower_case: bool = True
    strip_accents: bool | None = None


def _tokenizer_json(path: Path) -> _Tokenizer:
    kind = read_json(_Kind, path).model.type or "WordPiece"
    if kind != "WordPiece":
        raise UnsupportedError(f"{path}: unsupported tokenizer {kind}; only WordPiece is converted")
    tokenizer = read_json(_Tokenizer, path)
    if tokenizer.model.continuing_subword_prefix != "##":
        raise UnsupportedError(f'{path}: continuing_subword_prefix must be "##"')
    if tokenizer.normalizer is not None and tokenizer.normalizer.type != "BertNormalizer":
        raise UnsupportedError(
            f"{path}: unsupported normalizer {tokenizer.normalizer.type}; only BertNormalizer is "
            "converted"
        )
    return tokenizer


def _vocab_txt(path: Path) -> _Tokenizer:
    try:
        lines = path.read_text("utf-8").removesuffix("\n").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise RequestError(
            f"{path}: cannot be read; the folder needs it, or a tokenizer.json: download it again"
        ) from error
    vocab = {token: number for number, token in enumerate(lines)}
    config = path.with_name("tokenizer_config.json")
    settings = read_json(_TokenizerConfig, config) if config.is_file() else _TokenizerConfig()
    return _Tokenizer(
        normalizer=_Normalizer(
            lowercase=settings.do_lower_case, strip_accents=settings.strip_accents
        ),
        model=_WordPiece(vocab=vocab),
    )

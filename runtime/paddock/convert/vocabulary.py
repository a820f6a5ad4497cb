"""A vocabulary as llama.cpp wants it: one token for each row of the embeddings. Knows no file."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Final

from gguf import Keys, TokenType
from pydantic import BaseModel, Field

from paddock.convert.model import Fact
from paddock.errors import RequestError

logger = logging.getLogger(__name__)

_FILLER_SCORE: Final = -10_000.0
_ADDED_SCORE: Final = -1_000.0

Number = Annotated[int, Field(ge=0)]


class AddedToken(BaseModel):
    """A token beside the trained ones: found in a text before anything else."""

    id: Number
    content: str
    special: bool = False
    rstrip: bool = False
    """It takes the blanks behind it away."""


@dataclass(frozen=True, slots=True)
class Token:
    text: str
    type: TokenType = TokenType.NORMAL
    score: float = 0.0


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Tokens by id, and what is done to a text before it is looked up."""

    model: str
    """llama.cpp's name of the algorithm."""
    pre: str
    """llama.cpp's name of the way a text is cut into words."""
    tokens: Sequence[Token]
    merges: Sequence[str] = ()
    has_scores: bool = False
    flags: Mapping[str, bool] = field(default_factory=dict[str, bool])
    template: Any = None
    """The post-processor of tokenizer.json, which says what is put around a text."""
    is_stripping: bool = False
    """Some special token takes the blanks behind it away."""

    def facts(self) -> dict[str, Fact]:
        facts: dict[str, Fact] = {
            Keys.Tokenizer.MODEL: self.model,
            Keys.Tokenizer.PRE: self.pre,
            Keys.Tokenizer.LIST: [token.text for token in self.tokens],
            Keys.Tokenizer.TOKEN_TYPE: [int(token.type) for token in self.tokens],
            **self.flags,
        }
        if self.has_scores:
            facts[Keys.Tokenizer.SCORES] = [token.score for token in self.tokens]
        if self.merges:
            facts[Keys.Tokenizer.MERGES] = self.merges
        return facts


def fill(
    where: object, size: int, base: Mapping[int, Token], added: Iterable[AddedToken]
) -> tuple[Token, ...]:
    """The tokens of ids 0 to `size` - 1: trained ones, added ones over them, and fillers for ids
    that nothing has. RequestError when a trained one lies beyond, or two are equal."""
    if max(base, default=0) >= size:
        raise RequestError(f"{where}: has more tokens than the vocab_size {size} of config.json")
    tokens = dict(base)
    for token in added:
        if token.id >= size:
            # Such a token cannot be embedded, so no text may become it.
            logger.warning("%s: leaves out %r, which has no embedding", where, token.content)
            continue
        known = tokens.get(token.id)
        tokens[token.id] = Token(
            token.content, _added_type(token, known), known.score if known else _ADDED_SCORE
        )
    texts = {token.text for token in tokens.values()}
    if len(texts) < len(tokens):
        raise RequestError(f"{where}: two tokens of the vocabulary are equal; download it again")
    return tuple(tokens.get(number) or _filler(number, texts) for number in range(size))


def _added_type(token: AddedToken, known: Token | None) -> TokenType:
    if known is not None and known.type in (TokenType.UNKNOWN, TokenType.BYTE):
        return known.type
    return TokenType.CONTROL if token.special else TokenType.USER_DEFINED


def _filler(number: int, texts: set[str]) -> Token:
    text = f"[PAD{number}]"
    while text in texts:
        text += "_"
    return Token(text, TokenType.UNUSED, _FILLER_SCORE)

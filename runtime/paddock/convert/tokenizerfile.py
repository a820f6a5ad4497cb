"""tokenizer.json of a vocabulary that joins pairs, as values; knows not what is made of it."""

from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field

from paddock.convert.folder import read_json
from paddock.convert.vocabulary import AddedToken, Number
from paddock.errors import RequestError, UnsupportedError


class Pairs(BaseModel):
    """The trained part: tokens, and which two become one, the first first."""

    vocab: dict[str, Number]
    merges: list[str | tuple[str, str]] = Field(default_factory=list[str | tuple[str, str]])
    unk_token: str | None = None
    byte_fallback: bool | None = None
    ignore_merges: bool | None = None
    continuing_subword_prefix: str | None = None
    end_of_word_suffix: str | None = None


class TokenizerFile(BaseModel):
    added_tokens: list[AddedToken] = Field(default_factory=list[AddedToken])
    normalizer: Any = None
    pre_tokenizer: Any = None
    post_processor: Any = None
    model: Pairs


class _Type(BaseModel):
    type: str | None = None


class _Kind(BaseModel):
    """Of a tokenizer.json, what tells whether the rest can be understood."""

    model: _Type


def read_file(path: Path) -> TokenizerFile:
    """RequestError or UnsupportedError, naming the file, for another than a BPE vocabulary."""
    kind = read_json(_Kind, path).model.type or "BPE"
    if kind != "BPE":
        raise UnsupportedError(
            f"{path}: unsupported tokenizer {kind}; for this architecture only BPE is converted"
        )
    file = read_json(TokenizerFile, path)
    if file.model.continuing_subword_prefix or file.model.end_of_word_suffix:
        raise UnsupportedError(f"{path}: marks within words are not converted")
    return file


def merges(path: Path, pairs: Pairs) -> list[tuple[str, str]]:
    """The pairs in order. RequestError for one that is none."""
    found: list[tuple[str, str]] = []
    for merge in pairs.merges:
        pair = tuple(merge.split(" ")) if isinstance(merge, str) else merge
        if len(pair) != 2 or not all(pair):
            raise RequestError(f"{path}: {merge!r} is no pair of tokens; download it again")
        found.append((pair[0], pair[1]))
    return found

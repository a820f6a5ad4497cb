"""The vocabulary of a text generating model, from whichever files its folder has."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from pydantic import RootModel

from paddock.convert import bytelevel, sentencepiece, specials
from paddock.convert.folder import read_json
from paddock.convert.model import Fact
from paddock.convert.tokenizerfile import read_file
from paddock.convert.vocabulary import AddedToken, Number, Vocabulary
from paddock.errors import RequestError

_STRIPPING: Final = frozenset({"</s>", "<unk>", "<s>", "<|endoftext|>"})


class _AddedTokens(RootModel[dict[str, Number]]):
    """added_tokens.json"""


def read(folder: Path, size: int) -> dict[str, Fact]:
    """What the GGUF says of the vocabulary, which is filled up to `size` tokens."""
    vocabulary = _vocabulary(folder, size)
    facts = specials.complete(folder, vocabulary)
    texts = {token.text for token in vocabulary.tokens}
    if vocabulary.is_stripping and texts >= _STRIPPING:
        # A GGUF cannot say which tokens take the blanks behind them away. llama.cpp knows it of the
        # family that has these four, by its name.
        facts["general.name"] = "Phi-3"
    return facts


def _vocabulary(folder: Path, size: int) -> Vocabulary:
    path = folder / "tokenizer.json"
    if path.is_file():
        file = read_file(path)
        if bytelevel.is_byte_level(file):
            return bytelevel.read(path, file, size)
        return sentencepiece.from_json(path, file, size)
    path = folder / "tokenizer.model"
    if path.is_file():
        return sentencepiece.from_model(path, size, _added_tokens(folder))
    raise RequestError(
        f"{folder}: has neither tokenizer.json nor tokenizer.model; download the folder again"
    )


def _added_tokens(folder: Path) -> Iterator[AddedToken]:
    path = folder / "added_tokens.json"
    if path.is_file():
        for text, number in read_json(_AddedTokens, path).root.items():
            yield AddedToken(id=number, content=text)
    yield from specials.read_config(folder).added_tokens

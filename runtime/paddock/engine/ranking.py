"""What the file of a reranker says: what its score is, how a pair is written, and by which vectors
it tells the texts of a pair apart. Knows the container; knows no context and no thread.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
from gguf import GGMLQuantizationType
from gguf.quants import dequantize

from paddock import capabilities, gguf
from paddock.errors import LoadError
from paddock.gguf import GGUF, TensorInfo

Rows = np.ndarray[Any, np.dtype[np.float32]]

TEMPLATE: Final = "tokenizer.chat_template.rerank"
"""The text of a pair, with `{query}` and `{document}` in it."""

_SOFTMAX: Final = ("qwen3", "qwen3vl")
"""Families whose graph ends in the probabilities of "yes" and "no"."""
_WORD_PIECES: Final = "bert"
"""The tokenizer that marks the second text; all others call both the first."""


class Pair(tuple[int, ...]):
    """Tokens of two texts that are evaluated as one."""

    second: int
    """Where the second text begins."""

    def __new__(cls, tokens: Iterable[int], second: int) -> Self:
        made = super().__new__(cls, tokens)
        made.second = second
        return made


@dataclass(frozen=True, slots=True)
class Ranking:
    """The facts of one file."""

    is_ranking: bool
    """It has a head that turns a pair into a score."""
    is_probability: bool
    """The score is the probability of the first of two labels; else the logit of the only one."""
    template: str | None
    """How a pair is written; None: special tokens go around and between the two."""

    @property
    def num_labels(self) -> int:
        """Outputs that a head must have to be a reranker's."""
        return 2 if self.is_probability else 1


def read(path: Path) -> Ranking:
    """Raises GGUFError."""
    header = gguf.read(path)
    template = header.metadata.get(TEMPLATE)
    return Ranking(
        is_ranking=capabilities.is_reranker(header.metadata, tensor_names(header)),
        is_probability=header.architecture in _SOFTMAX,
        template=template if isinstance(template, str) else None,
    )


def tensor_names(header: GGUF) -> frozenset[str]:
    return frozenset(tensor.name for tensor in header.tensors)


class Segments:
    """Embeddings of tokens that know which text of a pair they belong to.

    Models of the BERT kind were trained with one vector added to every token of the first text and
    another to those of the second. llama.cpp always adds the first; here the second's tokens bring
    the difference along.
    """

    def __init__(self, tokens: "_Table", types: "_Table") -> None:
        self._tokens = tokens
        first, second = types.rows(np.arange(2))
        self._difference: Rows = second - first

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """None for a file that marks no second text. Raises LoadError, GGUFError."""
        header = gguf.read(path)
        tensors = {tensor.name: tensor for tensor in header.tensors}
        tokens, types = tensors.get("token_embd.weight"), tensors.get("token_types.weight")
        if header.metadata.get("tokenizer.ggml.model") != _WORD_PIECES:
            return None
        if tokens is None or types is None or types.dims[1:2] < (2,):
            return None
        return cls(_Table(header, tokens), _Table(header, types))

    def rows(self, texts: Sequence[Sequence[int]]) -> Rows:
        """One embedding for each token of the texts, one after the other; not yet with the vector
        that every token gets."""
        rows = self._tokens.rows(np.concatenate([np.asarray(text) for text in texts]))
        start = 0
        for text in texts:
            if isinstance(text, Pair):
                rows[start + text.second : start + len(text)] += self._difference
            start += len(text)
        return rows


class _Table:
    """A matrix of a GGUF, whose rows are read one by one."""

    def __init__(self, header: GGUF, tensor: TensorInfo) -> None:
        count = tensor.dims[1]
        self._kind = GGMLQuantizationType(tensor.type)
        self._name = tensor.name
        self._bytes = np.memmap(
            header.path,
            np.uint8,
            "r",
            offset=header.data_offset + tensor.offset,
            shape=(count, tensor.size // count),
        )

    def rows(self, numbers: Any) -> Rows:
        try:
            rows: Rows = dequantize(np.ascontiguousarray(self._bytes[numbers]), self._kind)
        except NotImplementedError as error:
            raise LoadError(
                f"{self._name} is stored as {self._kind.name}, which cannot be read row by row; "
                "take the model in another quantisation"
            ) from error
        return np.ascontiguousarray(rows, np.float32)

"""A query and a document as the one list of tokens that a reranker was trained on.

Knows special tokens, templates and a window; knows no model and no score.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from paddock.embedding import beginning
from paddock.engine.ranking import Pair
from paddock.errors import ContextLengthError, UnsupportedError

_QUERY: Final = "{query}"
_DOCUMENT: Final = "{document}"
_MARKER: Final = re.compile(r"(\{query\}|<[^<>\s]+>)")


class Vocabulary(Protocol):
    """What is asked of a model's tokenizer."""

    bos: int | None
    between: tuple[int, ...]
    """What stands between the two texts of a pair."""

    def tokenize(self, text: str, *, special: bool = True, parse: bool = True) -> list[int]: ...


@dataclass(frozen=True, slots=True)
class _Frame:
    """What stands around a document."""

    head: list[int]
    left: str
    """Text that is read together with the document, since words may join at the border."""
    right: str
    tail: list[int]


class Pairs:
    """Pairs of one query with any document, each at most `window` tokens long.

    What texts say is text: a special token written in one is not read as such. Raises
    ContextLengthError when the query leaves no room for a document, UnsupportedError for a template
    without a place for one.
    """

    def __init__(
        self, vocabulary: Vocabulary, query: str, window: int, template: str | None = None
    ) -> None:
        self._vocabulary = vocabulary
        self._frame = frame = (
            _special(vocabulary, query)
            if template is None
            else _templated(vocabulary, query, template)
        )
        self._room = window - len(frame.head) - len(frame.tail)
        taken = len(self._text(frame.left + frame.right))
        if self._room - taken < 1:
            raise ContextLengthError(
                f"the query leaves no room for a document: with its special tokens it has "
                f"{window - self._room + taken} tokens, the window holds {window}; shorten it"
            )

    def pair(self, document: str, *, number: int, truncate: bool) -> tuple[Pair, bool]:
        """The tokens, and whether the document lost its end.

        Without `truncate` a document that is too long raises ContextLengthError, which names its
        number and the counts.
        """
        frame = self._frame
        body, is_whole = beginning(self._text, frame.left + document + frame.right, self._room)
        if not is_whole or len(body) > self._room:
            if not truncate:
                raise ContextLengthError(
                    f"the input length exceeds the context length: document {number} with the "
                    f"query has {'' if is_whole else 'more than '}"
                    f"{len(frame.head) + len(body) + len(frame.tail)} tokens, the window holds "
                    f"{len(frame.head) + self._room + len(frame.tail)}; shorten it, or leave "
                    "truncate on"
                )
            body, is_whole = self._cut(document), False
        tokens = [*frame.head, *body, *frame.tail] or [self._vocabulary.bos or 0]
        return Pair(tokens, min(len(frame.head), len(tokens))), not is_whole

    def _cut(self, document: str) -> list[int]:
        right = self._text(self._frame.right)
        room = self._room - len(right)
        return beginning(self._text, self._frame.left + document, room)[0][:room] + right

    def _text(self, text: str) -> list[int]:
        return self._vocabulary.tokenize(text, special=False, parse=False) if text else []


def _special(vocabulary: Vocabulary, query: str) -> _Frame:
    around = vocabulary.tokenize("", special=True)
    first = 1 if vocabulary.bos is not None and around[:1] == [vocabulary.bos] else 0
    told = vocabulary.tokenize(query, special=False, parse=False) if query else []
    return _Frame([*around[:first], *told, *vocabulary.between], "", "", around[first:])


def _templated(vocabulary: Vocabulary, query: str, template: str) -> _Frame:
    if template.count(_DOCUMENT) != 1:
        raise UnsupportedError(
            f"the model's rerank template must have one {_DOCUMENT}, not "
            f"{template.count(_DOCUMENT)}: {template!r:.200}"
        )
    before, after = (_runs(vocabulary, text, query) for text in template.split(_DOCUMENT))
    left = before.pop() if before and isinstance(before[-1], str) else ""
    right = after.pop(0) if after and isinstance(after[0], str) else ""
    return _Frame(_tokens(vocabulary, before), str(left), str(right), _tokens(vocabulary, after))


def _runs(vocabulary: Vocabulary, text: str, query: str) -> list[str | int]:
    """The special tokens of a template, and the text between them with the query in it."""
    runs: list[str | int] = []
    for part in filter(None, _MARKER.split(text)):
        run = query if part == _QUERY else _special_token(vocabulary, part)
        run = part if run is None else run
        last = runs[-1] if runs else None
        if isinstance(run, str) and isinstance(last, str):
            runs[-1] = last + run
        else:
            runs.append(run)
    return runs


def _tokens(vocabulary: Vocabulary, runs: Sequence[str | int]) -> list[int]:
    tokens: list[int] = []
    for run in runs:
        if isinstance(run, int):
            tokens.append(run)
        else:
            tokens += vocabulary.tokenize(run, special=False, parse=False)
    return tokens


def _special_token(vocabulary: Vocabulary, text: str) -> int | None:
    """The token that the text is the name of; None for text that is only text."""
    if not text.startswith("<"):
        return None
    read = vocabulary.tokenize(text, special=False, parse=True)
    plain = vocabulary.tokenize(text, special=False, parse=False)
    return read[0] if len(read) == 1 and read != plain else None

"""Prompts with images: the rendered text and its images -> tokens, and the pictures among them.

Knows how the stretches between images are tokenised; knows no projector and no model file.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from paddock import prompt
from paddock.api import Image
from paddock.engine.picture import Picture, Piece, Placed

See = Callable[[Image], list[Piece]]
"""An image -> what stands in the prompt for it."""


class Tokenizer(Protocol):
    """What is needed of a vocabulary."""

    bos: int | None
    eos: int | None
    add_bos: bool
    add_eos: bool

    def tokenize(self, text: str, *, special: bool) -> list[int]: ...


def tokens_and_pictures(
    tokenizer: Tokenizer, text: str, images: Sequence[Image], see: See, context: Sequence[int] = ()
) -> tuple[list[int], tuple[Placed, ...]]:
    """Token ids of a prompt behind a `context`, with an image's mark for each of its rows, and
    where those stand.

    Each stretch is tokenised by itself, as the reference does, and the whole gets the model's own
    special tokens where there is no context. Raises RequestError for an image without a place, and
    what `see` raises.
    """
    ids = list(context)
    pictures: list[Placed] = []
    if not context and tokenizer.add_bos and tokenizer.bos is not None:
        ids.append(tokenizer.bos)
    for part in prompt.at_images(text, len(images)):
        if isinstance(part, str):
            ids += tokenizer.tokenize(part, special=False)
            continue
        for piece in see(images[part]):
            if isinstance(piece, Picture):
                pictures.append(Placed(len(ids), piece))
                ids += [piece.mark] * len(piece)
            else:
                ids += piece
    if not context and tokenizer.add_eos and tokenizer.eos is not None:
        ids.append(tokenizer.eos)
    return ids, tuple(pictures)

"""The built-in renderers by the names that models' configs give. Knows names; writes nothing."""

import re
from collections.abc import Mapping
from functools import partial
from typing import Final

from paddock.errors import UnknownRendererError
from paddock.families import (
    cogito,
    cohere,
    deepseek,
    functiongemma,
    gemma4,
    glimmer,
    glm,
    laguna,
    lfm2,
    nemotron,
    olmo3,
    qwen3_5,
    qwen3_coder,
    qwen3_vl,
)
from paddock.families.base import FamilyRenderer

RENDERERS: Final[Mapping[str, FamilyRenderer]] = {
    renderer.name: renderer
    for renderer in (
        FamilyRenderer("qwen3-coder", qwen3_coder.write),
        FamilyRenderer(
            "qwen3-vl-instruct", partial(qwen3_vl.write, by_default=False), places_images=True
        ),
        FamilyRenderer(
            "qwen3-vl-thinking", partial(qwen3_vl.write, by_default=True), places_images=True
        ),
        FamilyRenderer("qwen3.5", qwen3_5.write, places_images=True),
        FamilyRenderer("qwen3.8", qwen3_5.write_qwen3_8, places_images=True),
        FamilyRenderer(
            "ornith", partial(qwen3_5.write, always_shows_thinking=True), places_images=True
        ),
        FamilyRenderer("cogito", cogito.write, cogito.BOS),
        FamilyRenderer("deepseek3.1", deepseek.write, deepseek.BOS),
        FamilyRenderer("olmo3", partial(olmo3.write, default=olmo3.DEFAULT_3)),
        FamilyRenderer("olmo3.1", partial(olmo3.write, default=olmo3.DEFAULT_3_1)),
        FamilyRenderer("olmo3-think", partial(olmo3.write_thinking, default=olmo3.DEFAULT_THINK)),
        FamilyRenderer(
            "olmo3-32b-think", partial(olmo3.write_thinking, default=olmo3.DEFAULT_THINK_32B)
        ),
        FamilyRenderer("nemotron-3-nano", nemotron.write_3, places_images=True),
        FamilyRenderer("nemotron-3.5-nano", nemotron.write_3_5, places_images=True),
        FamilyRenderer(
            "gemma4-small", partial(gemma4.write, is_large=False), gemma4.BOS, places_images=True
        ),
        FamilyRenderer(
            "gemma4-large", partial(gemma4.write, is_large=True), gemma4.BOS, places_images=True
        ),
        FamilyRenderer("functiongemma", functiongemma.write, functiongemma.BOS),
        FamilyRenderer("glm-4.7", glm.write),
        FamilyRenderer("glm-ocr", glm.write_ocr, places_images=True),
        FamilyRenderer(
            "lfm2", partial(lfm2.write, has_thinking=False), lfm2.BOS, places_images=True
        ),
        FamilyRenderer(
            "lfm2-thinking", partial(lfm2.write, has_thinking=True), lfm2.BOS, places_images=True
        ),
        FamilyRenderer("laguna", laguna.write, laguna.BOS),
        FamilyRenderer("poolside-v1", laguna.write_poolside, laguna.BOS),
        FamilyRenderer("cohere", cohere.write, cohere.BOS),
        FamilyRenderer("glimmer", glimmer.write, glimmer.BOS, places_images=True),
    )
}


def renderer(name: str, model_name: str = "", model_type: str = "") -> FamilyRenderer:
    """The renderer of that name; the model's name and size tell which where a name has two.

    UnknownRendererError lists the names.
    """
    try:
        return RENDERERS[resolved(name, model_name, model_type)]
    except KeyError:
        raise UnknownRendererError(name, [*RENDERERS, "gemma4"]) from None


# -- gemma4 ----------------------------------------------------------------------------------------

_SMALL: Final = ("e2b", "e4b")
_LARGE: Final = ("12b", "26b", "31b")
_LARGE_FROM: Final = 12e9
_SIZE: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?)([KMBT])", re.IGNORECASE)
_UNITS: Final = {"K": 1e3, "M": 1e6, "B": 1e9, "T": 1e12}


def resolved(name: str, model_name: str = "", model_type: str = "") -> str:
    """`gemma4` by the size that the model's name tells, else by its parameter count (`25.2B`)."""
    if name != "gemma4":
        return name
    full = model_name.lower()
    for said in (full.rpartition("/")[2], full):
        for sizes, variant in ((_SMALL, "gemma4-small"), (_LARGE, "gemma4-large")):
            if any(size in said for size in sizes):
                return variant
    size = _SIZE.fullmatch(model_type.strip())
    is_large = size is not None and float(size[1]) * _UNITS[size[2].upper()] >= _LARGE_FROM
    return "gemma4-large" if is_large else "gemma4-small"

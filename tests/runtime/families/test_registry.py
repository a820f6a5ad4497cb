"""Names of renderers."""

import pickle

import pytest

from paddock.errors import UnknownRendererError
from paddock.families import RENDERERS, renderer


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UnknownRendererError, match="qwen3-coder") as caught:
        renderer("qwen9")
    assert str(caught.value).startswith('unknown renderer "qwen9"; known: cogito, ')
    assert "gemma4," in str(caught.value)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


@pytest.mark.parametrize("name", RENDERERS)
def test_every_name_finds_its_own_renderer(name: str) -> None:
    assert renderer(name, "gemma4:31b", "31B").name == name


@pytest.mark.parametrize(
    ("model_name", "model_type", "variant"),
    [
        ("gemma4:e4b", "31B", "gemma4-small"),
        ("me/Gemma-26B-it", "", "gemma4-large"),
        ("team-31b/gemma4:e2b", "", "gemma4-small"),
        ("team-e2b/gemma4:31b", "", "gemma4-large"),
        ("team-31b/mine", "270M", "gemma4-large"),
        ("mine", "11.9B", "gemma4-small"),
        ("mine", "12.0B", "gemma4-large"),
        ("mine", "1.2T", "gemma4-large"),
        ("mine", "270M", "gemma4-small"),
        ("mine", "large", "gemma4-small"),
        ("", "", "gemma4-small"),
    ],
)
def test_gemma4_is_told_by_the_model_and_else_by_its_size(
    model_name: str, model_type: str, variant: str
) -> None:
    assert renderer("gemma4", model_name, model_type).name == variant

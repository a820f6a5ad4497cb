"""What a program written for langchain-ollama constructs, with paddock's classes in its place."""

import warnings
from typing import Any

import pytest
from langchain_ollama import ChatOllama, OllamaEmbeddings, OllamaLLM

from langchain_paddock import ChatPaddock, PaddockEmbeddings, PaddockLLM


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [(ChatOllama, ChatPaddock), (OllamaLLM, PaddockLLM), (OllamaEmbeddings, PaddockEmbeddings)],
)
def test_every_argument_of_the_original_is_taken(theirs: Any, ours: Any) -> None:
    fields = theirs.model_fields.items()
    defaults = {
        name: None if field.is_required() else field.get_default(call_default_factory=True)
        for name, field in fields
    }
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert ours(**defaults | {"model": "tiny"}).model == "tiny"


@pytest.mark.parametrize("ours", [ChatPaddock, PaddockLLM])
def test_options_of_the_original_are_options_here(ours: Any) -> None:
    given = {"mirostat": 2, "num_gpu": 0, "repeat_last_n": 9, "seed": 3, "top_p": 0.5}
    model = ours(model="tiny", **given)
    assert {name: getattr(model, name) for name in given} == given

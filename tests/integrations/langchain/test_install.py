"""LangChain's own doors, with the langchain package that is installed."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from langchain.chat_models import base as chat_registry
from langchain.chat_models import init_chat_model
from langchain.embeddings import base as embeddings_registry
from langchain.embeddings import init_embeddings
from langchain_core.load import dumpd, load

from langchain_paddock import ChatPaddock, PaddockEmbeddings, install, uninstall


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    uninstall()
    yield
    uninstall()
    install()


def test_a_prefix_names_the_provider() -> None:
    install()
    model = init_chat_model("paddock:hf.co/u/r:Q4_K_M", temperature=0, max_tokens=5, api_key="x")
    assert isinstance(model, ChatPaddock)
    assert (model.model, model.num_predict) == ("hf.co/u/r:Q4_K_M", 5)
    assert isinstance(init_chat_model("tiny", model_provider="paddock"), ChatPaddock)
    embeddings = init_embeddings("paddock:nomic:v1.5")
    assert isinstance(embeddings, PaddockEmbeddings)
    assert embeddings.model == "nomic:v1.5"


def test_a_configurable_model_is_made_for_every_call(hello: Any) -> None:
    install()
    model = init_chat_model(temperature=0, runtime=hello)
    config: Any = {"configurable": {"model": "paddock:tiny"}}
    assert model.invoke("hi", config=config).content == "Hello"
    assert hello.request.options.temperature == 0


def test_ollamas_prefix_is_taken_over_and_given_back() -> None:
    before = dict(chat_registry._BUILTIN_PROVIDERS), dict(embeddings_registry._BUILTIN_PROVIDERS)
    for _ in range(2):
        install(as_ollama=True)
    assert isinstance(init_chat_model("ollama:llama3.2:1b"), ChatPaddock)
    assert isinstance(init_embeddings("ollama:nomic"), PaddockEmbeddings)
    uninstall()
    uninstall()
    after = dict(chat_registry._BUILTIN_PROVIDERS), dict(embeddings_registry._BUILTIN_PROVIDERS)
    assert after == before
    assert type(init_chat_model("ollama:tiny")).__name__ == "ChatOllama"
    with pytest.raises(ValueError, match="paddock"):
        init_chat_model("paddock:tiny")


@pytest.mark.parametrize("table", [None, {}, {"ollama": "langchain-ollama"}])
def test_a_registry_of_another_form_is_refused_and_named(
    monkeypatch: pytest.MonkeyPatch, table: Any
) -> None:
    monkeypatch.setattr(embeddings_registry, "_BUILTIN_PROVIDERS", table)
    with pytest.raises(RuntimeError, match=r"langchain \d.*Construct PaddockEmbeddings yourself"):
        install()
    assert "paddock" not in chat_registry._BUILTIN_PROVIDERS


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("import langchain.chat_models, langchain_paddock", "ChatPaddock"),
        ("import langchain_paddock, langchain.chat_models; langchain_paddock.install()",
         "ChatPaddock"),
    ],
)  # fmt: skip
def test_importing_behind_langchain_is_enough(first: str, second: str) -> None:
    code = f"{first}; from langchain.chat_models import init_chat_model as init; "
    code += "print(type(init('paddock:tiny')).__name__)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == second


@pytest.mark.filterwarnings("ignore:The function `load` is in beta")
def test_what_was_dumped_is_loaded_and_opens_nothing() -> None:
    model = ChatPaddock(model="/no/such.gguf", temperature=0.5, num_ctx=64)
    again = load(dumpd(model), allowed_objects="all", valid_namespaces=["langchain_paddock"])
    assert isinstance(again, ChatPaddock)
    assert again._identifying_params == model._identifying_params
    assert ChatPaddock.lc_id() == ["langchain_paddock", "chat_models", "ChatPaddock"]

"""The suites that LangChain publishes for its integrations.

The tiny model answers noise, so what asks for sense is left out: tool calls, and answers that have
to be complete JSON within a few tokens.
"""

from pathlib import Path
from typing import Any

import pytest
from langchain_core.embeddings import Embeddings
from langchain_core.language_models import BaseChatModel
from langchain_tests.integration_tests import (
    ChatModelIntegrationTests,
    EmbeddingsIntegrationTests,
)
from langchain_tests.unit_tests import ChatModelUnitTests, EmbeddingsUnitTests

import langchain_paddock
from langchain_paddock import ChatPaddock, PaddockEmbeddings
from paddock import Runtime


def test_public_names() -> None:
    assert langchain_paddock.__all__ == [
        "ChatPaddock",
        "PaddockEmbeddings",
        "PaddockLLM",
        "__version__",
    ]


class TestChatPaddock(ChatModelUnitTests):
    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        return ChatPaddock

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return {"model": "tiny"}


class TestPaddockEmbeddings(EmbeddingsUnitTests):
    @property
    def embeddings_class(self) -> type[Embeddings]:
        return PaddockEmbeddings

    @property
    def embedding_model_params(self) -> dict[str, Any]:
        return {"model": "tiny"}


class OnTheEngine:
    params: dict[str, Any]

    @pytest.fixture(autouse=True)
    def _fill_params(self, tiny_gguf: Path, runtime: Runtime) -> None:
        self.params = {"model": str(tiny_gguf), "runtime": runtime}


@pytest.mark.engine
class TestChatPaddockOnTheEngine(OnTheEngine, ChatModelIntegrationTests):
    chat_model_class = ChatPaddock  # type: ignore[assignment]
    has_tool_calling = False  # type: ignore[assignment]
    has_tool_choice = False  # type: ignore[assignment]
    has_structured_output = False  # type: ignore[assignment]

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return self.params | {"temperature": 0, "seed": 1, "num_predict": 32, "num_ctx": 2048}

    @property
    def model_override_value(self) -> str:
        return self.params["model"]


@pytest.mark.engine
class TestPaddockEmbeddingsOnTheEngine(OnTheEngine, EmbeddingsIntegrationTests):
    embeddings_class = PaddockEmbeddings  # type: ignore[assignment]

    @property
    def embedding_model_params(self) -> dict[str, Any]:
        return self.params

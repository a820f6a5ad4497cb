"""The unit suites that LangChain publishes for its integrations."""

from typing import Any

from langchain_core.embeddings import Embeddings
from langchain_core.language_models import BaseChatModel
from langchain_tests.unit_tests import ChatModelUnitTests, EmbeddingsUnitTests

import langchain_paddock
from langchain_paddock import ChatPaddock, PaddockEmbeddings


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

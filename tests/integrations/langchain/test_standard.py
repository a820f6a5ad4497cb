"""The suites that LangChain publishes for integrations, on the model that comes with paddock.

Everything runs but what needs eyes, ears or recorded traffic: images, PDF, audio, and the test that
is timed by a recording.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from langchain_core.embeddings import Embeddings
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage
from langchain_tests.integration_tests import (
    ChatModelIntegrationTests,
    EmbeddingsIntegrationTests,
)
from langchain_tests.unit_tests import ChatModelUnitTests, EmbeddingsUnitTests
from tests.servers import serving

import langchain_paddock
from langchain_paddock import ChatPaddock, PaddockEmbeddings
from paddock import Client, Runtime
from paddock.server import create_app

pytestmark = pytest.mark.filterwarnings("ignore:.* is in beta")


def test_public_names() -> None:
    assert sorted(langchain_paddock.__all__) == langchain_paddock.__all__
    assert {"ChatPaddock", "PaddockEmbeddings", "PaddockLLM", "__version__", "install"} <= {
        *langchain_paddock.__all__
    }


class TestChatPaddock(ChatModelUnitTests):
    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        return ChatPaddock

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return {"model": "demo"}

    @property
    def init_from_env_params(self) -> tuple[dict[str, str], dict[str, Any], dict[str, Any]]:
        return {"LC_OUTPUT_VERSION": "v1"}, {"model": "demo"}, {"output_version": "v1"}


class TestPaddockEmbeddings(EmbeddingsUnitTests):
    @property
    def embeddings_class(self) -> type[Embeddings]:
        return PaddockEmbeddings

    @property
    def embedding_model_params(self) -> dict[str, Any]:
        return {"model": "minilm"}


class ChatPaddockSuite(ChatModelIntegrationTests):
    """`where` says who answers: a runtime, or the address of a server."""

    where: dict[str, Any]

    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        return ChatPaddock

    @property
    def chat_model_params(self) -> dict[str, Any]:
        fields = {"model": "demo", "temperature": 0, "seed": 1, "num_predict": 256}
        return fields | self.where

    @property
    def supports_json_mode(self) -> bool:
        return True

    @property
    def supports_anthropic_inputs(self) -> bool:
        return True

    @property
    def model_override_value(self) -> str:
        return "second"

    @property
    def supported_usage_metadata_details(self) -> Any:
        details = ["cache_read_input", "reasoning_output"]
        return {"invoke": details, "stream": details}

    def invoke_with_cache_read_input(self, *, stream: bool = False) -> AIMessage:
        return self._ask("Where do horses live?", stream=stream)

    def invoke_with_reasoning_output(self, *, stream: bool = False) -> AIMessage:
        return self._ask("What is 3^3?", stream=stream, reasoning=True)

    def _ask(self, question: str, *, stream: bool, **fields: Any) -> AIMessage:
        model = ChatPaddock(**(self.chat_model_params | fields))
        if not stream:
            return model.invoke(question)
        whole, *chunks = model.stream(question)
        for chunk in chunks:
            whole += chunk
        return whole


class InThisProcess:
    where: dict[str, Any]

    @pytest.fixture(autouse=True)
    def _fill(self, answering: Runtime) -> None:
        self.where = {"runtime": answering}


@pytest.mark.enable_socket
class ThroughAServer:
    where: dict[str, Any]

    @pytest.fixture(autouse=True)
    def _fill(self, address: str) -> None:
        self.where = {"base_url": address}


class ByFunctionCalling:
    @property
    def structured_output_kwargs(self) -> dict[str, Any]:
        return {"method": "function_calling"}


@pytest.mark.engine
class TestChatPaddockBySchema(InThisProcess, ChatPaddockSuite):
    """Structured output is held to its schema."""


@pytest.mark.engine
class TestChatPaddockByFunctionCalling(InThisProcess, ByFunctionCalling, ChatPaddockSuite):
    """Structured output is a call that is asked for."""


@pytest.mark.engine
class TestChatPaddockThroughAServerBySchema(ThroughAServer, ChatPaddockSuite):
    """The same, asked over HTTP."""


@pytest.mark.engine
class TestChatPaddockThroughAServerByFunctionCalling(
    ThroughAServer, ByFunctionCalling, ChatPaddockSuite
):
    """The same, asked over HTTP."""


class PaddockEmbeddingsSuite(EmbeddingsIntegrationTests):
    where: dict[str, Any]

    @property
    def embeddings_class(self) -> type[Embeddings]:
        return PaddockEmbeddings

    @property
    def embedding_model_params(self) -> dict[str, Any]:
        return {"model": "minilm"} | self.where


@pytest.mark.engine
class TestPaddockEmbeddingsOnTheEngine(InThisProcess, PaddockEmbeddingsSuite):
    """Vectors of MiniLM."""


@pytest.mark.engine
class TestPaddockEmbeddingsThroughAServer(ThroughAServer, PaddockEmbeddingsSuite):
    """The same, asked over HTTP."""


@pytest.fixture(scope="module")
def address(answering: Runtime) -> Iterator[str]:
    """Where that runtime is served."""
    with serving(create_app(answering, bind="127.0.0.1")) as url:
        yield url


@pytest.fixture(scope="module")
def answering(runtime: Runtime, minilm_gguf: Any) -> Runtime:
    """Has the demo model under two names, and MiniLM."""
    client = Client(runtime=runtime)
    client.copy("demo", "second")
    client.create("minilm", from_=str(minilm_gguf))
    return runtime

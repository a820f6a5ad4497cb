"""What LlamaIndex builds on an LLM, with the model in the package: chat engines, agents, tools."""

import gc
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from llama_index.core import Document, VectorStoreIndex
from llama_index.core.agent.workflow import AgentWorkflow, FunctionAgent, ReActAgent
from llama_index.core.tools import FunctionTool
from pydantic import BaseModel

import paddock
from llama_index.embeddings.paddock import PaddockEmbedding
from llama_index.llms.paddock import Paddock

pytestmark = pytest.mark.engine

# Workflows use what pydantic has deprecated, and leave connections of theirs to the collector.
quiet = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")

WEATHER = "What is the weather in Boston?"


class Sky(BaseModel):
    """What the sky is like."""

    colour: Literal["blue", "grey"]


def get_weather(location: str) -> str:
    """Get the weather at a location."""
    return "It's sunny."


@pytest.fixture(scope="module")
def runtime(
    minilm_gguf: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[paddock.Runtime]:
    with paddock.Runtime(tmp_path_factory.mktemp("models")) as runtime:
        paddock.Client(runtime=runtime).create("minilm", from_=str(minilm_gguf))
        yield runtime


@pytest.fixture
def llm(runtime: paddock.Runtime) -> Paddock:
    return Paddock("demo", runtime=runtime, temperature=0, max_tokens=128, thinking=False)


@pytest.fixture(autouse=True)
def _collected() -> Iterator[None]:
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        gc.collect()


async def test_a_chat_engine_puts_the_second_question_for_itself(
    llm: Paddock, runtime: paddock.Runtime
):
    texts = ["The café is called The Galley.", "The museum was founded by Ada Venn."]
    index = VectorStoreIndex.from_documents(
        [Document(text=text) for text in texts],
        embed_model=PaddockEmbedding("minilm", runtime=runtime),
    )
    engine = index.as_chat_engine("condense_plus_context", llm=llm, similarity_top_k=1)
    first = engine.chat("What is the café called?")
    assert first.source_nodes[0].text == texts[0]
    second = await engine.achat("Who founded the museum?")
    assert str(first).strip()
    assert str(second).strip()
    assert len(engine.chat_history) == 4
    streamed = engine.stream_chat("Who founded the museum?")
    assert "".join(streamed.response_gen).strip()


async def test_a_tool_is_predicted_and_called(llm: Paddock):
    tool = FunctionTool.from_defaults(get_weather)
    for answer in (
        llm.predict_and_call([tool], WEATHER),
        await llm.apredict_and_call([tool], WEATHER),
    ):
        (source,) = answer.sources
        assert source.raw_input["kwargs"] == {"location": "Boston"}
        assert str(answer) == "It's sunny."


@quiet
@pytest.mark.parametrize("streaming", [True, False])
async def test_an_agent_ends_with_an_object(llm: Paddock, streaming: bool):
    agent = FunctionAgent(tools=[get_weather], llm=llm, output_cls=Sky, streaming=streaming)
    answer = await agent.run(WEATHER)
    assert [call.tool_kwargs for call in answer.tool_calls] == [{"location": "Boston"}]
    assert isinstance(answer.get_pydantic_model(Sky), Sky)


@quiet
async def test_a_first_call_may_be_forced(llm: Paddock):
    agent = FunctionAgent(tools=[get_weather], llm=llm, initial_tool_choice="get_weather")
    answer = await agent.run("Hello!")
    assert answer.tool_calls[0].tool_name == "get_weather"


@quiet
async def test_agents_of_a_workflow_are_offered_each_other(llm: Paddock):
    asked: list[Any] = []

    class Watched(Paddock):
        def _chat_request(self, *given: Any) -> paddock.ChatRequest:
            asked.append(super()._chat_request(*given))
            return asked[-1]

    watched = Watched.from_dict(llm.to_dict())
    watched._runtime = llm.runtime
    agents = [
        FunctionAgent(name=name, description=f"The {name}.", tools=[get_weather], llm=watched)
        for name in ("first", "second")
    ]
    assert str(await AgentWorkflow(agents, root_agent="first").run(WEATHER))  # type: ignore[arg-type]
    names = {tool.function.name for tool in asked[0].tools}
    assert names == {"get_weather", "handoff"}


@quiet
async def test_an_agent_without_calls_answers_in_text(llm: Paddock):
    agent = ReActAgent(tools=[get_weather], llm=llm)
    assert str(await agent.run("Hello!")).strip()

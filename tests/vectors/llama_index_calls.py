"""What LlamaIndex's Ollama classes ask and answer, and paddock's classes in their place.

Each recorded call is made twice: by the package `llama-index-llms-ollama` (or `-embeddings-ollama`)
on a transport that answers as recorded, and by paddock's adapter on a runtime that does. Both must
ask for the same, apart from what only the wire has, and give their caller the same.

Spec adapters.md sections 1.4, 1.5, 3.1 and 3.2.
"""

import asyncio
import gc
import json
import warnings
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import httpx
import ollama
import pytest
from llama_index.core import VectorStoreIndex
from llama_index.core.agent.workflow import AgentWorkflow, FunctionAgent, ReActAgent
from llama_index.core.base.llms.types import (
    AudioBlock,
    ChatMessage,
    ChatResponse,
    CompletionResponse,
    DocumentBlock,
    ImageBlock,
    TextBlock,
    ThinkingBlock,
    ToolCallBlock,
)
from llama_index.core.callbacks import CallbackManager, TokenCountingHandler
from llama_index.core.prompts import PromptTemplate
from llama_index.core.schema import TextNode
from llama_index.core.tools import FunctionTool
from llama_index.embeddings.ollama import OllamaEmbedding
from llama_index.llms.ollama import Ollama
from pydantic import BaseModel, Field

import paddock
from llama_index.embeddings.paddock import PaddockEmbedding
from llama_index.llms.paddock import Paddock
from paddock.respond import fold_chat, fold_last
from paddock.stream import Channel, Plain, Stream

Json = dict[str, Any]


# -- the two sides ---------------------------------------------------------------------------------


@dataclass
class Side:
    """Answers as recorded, and keeps what it was asked: bodies without what is not set."""

    recorded: list[Json]
    asked: list[Json] = field(default_factory=list[Json])
    _left: dict[str, Iterator[Json]] = field(default_factory=dict[str, Iterator[Json]])

    def llm(self, **arguments: Any) -> Any:
        raise NotImplementedError

    def embedding(self, **arguments: Any) -> Any:
        raise NotImplementedError

    def answer(self, path: str) -> Json:
        """The recorded answer to the next request of this path."""
        if path not in self._left:
            mine = (each["answered"] for each in self.recorded if each["path"] == path)
            self._left[path] = mine
        return next(self._left[path])

    def vectors(self, texts: list[str]) -> list[list[float]]:
        known: dict[str, list[float]] = {}
        for request in self.recorded:
            given = request["body"].get("input")
            if given is not None:
                found = request["answered"]["json"]["embeddings"]
                known |= zip([given] if isinstance(given, str) else given, found, strict=True)
        return [known[text] for text in texts]


class Reference(Side):
    """The Ollama classes over a transport."""

    def llm(self, **arguments: Any) -> Ollama:
        transport = httpx.MockTransport(self._reply)
        client = ollama.Client(host="http://tiny", transport=transport)
        other = ollama.AsyncClient(host="http://tiny", transport=transport)
        return Ollama(model="tiny", client=client, async_client=other, **arguments)

    def embedding(self, **arguments: Any) -> OllamaEmbedding:
        transport = httpx.MockTransport(self._reply)
        options = {**arguments.pop("client_kwargs", {}), "transport": transport}
        return OllamaEmbedding(model_name="tiny", client_kwargs=options, **arguments)

    def _reply(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        self.asked.append(body)
        if "input" in body:
            texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
            return httpx.Response(200, json={"model": "tiny", "embeddings": self.vectors(texts)})
        answered = self.answer(request.url.path)
        if answered["kind"] == "ndjson":
            return httpx.Response(200, text="\n".join(map(json.dumps, answered["lines"])))
        return httpx.Response(answered["status"], json=answered["json"])


class Ours(Side):
    """paddock's classes over a runtime."""

    def llm(self, **arguments: Any) -> Paddock:
        return Paddock("tiny", runtime=self, **arguments)  # type: ignore[arg-type]

    def embedding(self, **arguments: Any) -> PaddockEmbedding:
        return PaddockEmbedding("tiny", runtime=self, **arguments)  # type: ignore[arg-type]

    def chat(self, request: paddock.ChatRequest) -> Stream[Any]:
        self.asked.append(request.model_dump(mode="json", by_alias=True, exclude_none=True))
        answered = self.answer("/api/chat")
        lines = answered["lines"] if answered["kind"] == "ndjson" else [answered["json"]]
        channel = Channel()
        if answered["status"] != 200:
            channel.fail(paddock.ServerError(lines[0]["error"]))
        else:
            for line in lines:
                channel.put(paddock.ChatResponse.model_validate(line))
            channel.finish()
        return Stream(channel, Plain(), fold_chat)

    def embed(self, request: paddock.EmbedRequest) -> Stream[Any]:
        self.asked.append(request.model_dump(mode="json", exclude_none=True))
        channel = Channel()
        channel.put(paddock.EmbedResponse(embeddings=self.vectors(list(request.input))))
        channel.finish()
        return Stream(channel, Plain(), fold_last)

    def show(self, request: paddock.ShowRequest) -> paddock.ShowResponse:
        shown = {"model_info": {"llama.context_length": 2048}, "capabilities": ["tools"]}
        if self.recorded and self.recorded[0]["path"] == "/api/show":
            shown = self.recorded[0]["answered"]["json"]
        return paddock.ShowResponse.model_validate(shown)

    class settings:  # noqa: N801 - an attribute of the runtime
        context_length = 0


# -- what counts -----------------------------------------------------------------------------------


def essences(bodies: Iterable[Json]) -> list[Json]:
    """Of requests, in whatever order they came. What only looks at a model asks for nothing."""
    return sorted(filter(None, map(essence, bodies)), key=str)


def essence(body: Json) -> Json:
    """A request without what is not set, what only the wire has, and what the client loses."""
    kept = {
        "messages": [_message(message) for message in body.get("messages", ())],
        "tools": [_tool(tool["function"]) for tool in body.get("tools", ())],
        "options": {k: v for k, v in (body.get("options") or {}).items() if v is not None},
        "input": [body["input"]] if isinstance(body.get("input"), str) else body.get("input"),
        **{name: body.get(name) for name in ("format", "think", "keep_alive", "tool_choice")},
    }
    return {name: value for name, value in kept.items() if value or value is False}


def _message(message: Json) -> Json:
    calls = [call["function"] for call in message.get("tool_calls", ())]
    kept = {
        "role": message["role"],
        "content": message.get("content"),
        "thinking": message.get("thinking"),
        "images": message.get("images"),
        "calls": [(call["name"], call["arguments"]) for call in calls],
    }
    return {name: value for name, value in kept.items() if value}


def _tool(function: Json) -> Any:
    parameters = function.get("parameters") or {}
    names = sorted(parameters.get("properties") or ())
    return function["name"], function.get("description"), names, parameters.get("required")


def shown(result: Any) -> Any:
    """What a caller sees of a result."""
    match result:
        case ChatResponse():
            message = result.message
            calls = [block for block in message.blocks if isinstance(block, ToolCallBlock)]
            thoughts = [block for block in message.blocks if isinstance(block, ThinkingBlock)]
            return {
                "text": message.content or "",
                "thinking": [block.content for block in thoughts],
                "calls": [(call.tool_name, call.tool_kwargs) for call in calls],
            }
        case CompletionResponse():
            return result.text
        case BaseModel():
            return result.model_dump()
        case list():
            return [shown(item) for item in result]
        case _:
            return result if isinstance(result, int | float | tuple | None) else str(result)


# -- the calls -------------------------------------------------------------------------------------

Call = Callable[[Side], Awaitable[Any]]
CALLS: dict[str, Call] = {}


def call(*names: str) -> Callable[[Call], Call]:
    def keep(made: Call) -> Call:
        CALLS.update(dict.fromkeys(names, made))
        return made

    return keep


HI = [ChatMessage("hi")]
X = PromptTemplate("{x}")
WINDOW = {"context_window": 1024}


class Song(BaseModel):
    """A song."""

    name: str = Field(description="n")
    artist: str | None = None


def generate_song(name: str, artist: str = "x", tags: list[str] | None = None) -> str:
    """Generates a song with provided name and artist."""
    return f"{name} {artist} {tags}"


SONG = FunctionTool.from_defaults(
    generate_song,
    description="generate_song(name: str, artist: str = 'x', tags: Optional[list[str]] = None) -> "
    "str\nGenerates a song with provided name and artist.",
)


async def ended(stream: Any) -> Any:
    """The last item of a stream, and all that was new in it."""
    items = [item async for item in stream] if hasattr(stream, "__aiter__") else list(stream)
    deltas = [getattr(item, "delta", None) or "" for item in items]
    return [items[-1], "".join(deltas)]


@call("complete")
async def _(side: Side) -> Any:
    return side.llm(**WINDOW).complete("hi")


@call("complete_default_ctx")
async def _(side: Side) -> Any:
    return side.llm().complete("hi")


@call("stream_complete")
async def _(side: Side) -> Any:
    return await ended(side.llm(**WINDOW).stream_complete("hi"))


@call("chat", "system_prompt")
async def _(side: Side) -> Any:
    return side.llm(system_prompt="S", **WINDOW).chat(HI)


@call("stream_chat")
async def _(side: Side) -> Any:
    return await ended(side.llm(**WINDOW).stream_chat(HI))


@call("achat")
async def _(side: Side) -> Any:
    return await side.llm(**WINDOW).achat(HI)


@call("astream_chat")
async def _(side: Side) -> Any:
    return await ended(await side.llm(**WINDOW).astream_chat(HI))


@call("acomplete")
async def _(side: Side) -> Any:
    return await side.llm(**WINDOW).acomplete("hi")


@call("astream_complete")
async def _(side: Side) -> Any:
    return await ended(await side.llm(**WINDOW).astream_complete("hi"))


@call("all_params")
async def _(side: Side) -> Any:
    options = {"seed": 1, "num_predict": 5, "stop": ["x"]}
    llm = side.llm(
        temperature=0.1,
        json_mode=True,
        additional_kwargs=options,
        keep_alive="10m",
        thinking=True,
        **WINDOW,
    )
    return llm.chat(HI)


@call("kwargs_dropped")
async def _(side: Side) -> Any:
    options = {"seed": 1}
    return side.llm(**WINDOW).chat(
        HI, temperature=0, stop=["x"], seed=1, tool_choice="any", options=options
    )


@call("predict")
async def _(side: Side) -> Any:
    return side.llm(system_prompt="S", **WINDOW).predict(X, x="hi")


@call("think_override_false")
async def _(side: Side) -> Any:
    return side.llm(thinking=True, **WINDOW).chat(HI, think=False)


@call("thinking")
async def _(side: Side) -> Any:
    return side.llm(thinking="high", **WINDOW).chat(HI)


@call("chat_with_tools")
async def _(side: Side) -> Any:
    return side.llm(**WINDOW).chat_with_tools([SONG], user_msg="song")


@call("chat_with_tools_required")
async def _(side: Side) -> Any:
    llm = side.llm(**WINDOW)
    return llm.chat_with_tools(
        [SONG], user_msg="x", tool_required=True, tool_choice="generate_song"
    )


@call("chat_with_tools_parallel")
async def _(side: Side) -> Any:
    llm = side.llm(**WINDOW)
    return llm.chat_with_tools([SONG], user_msg="x", allow_parallel_tool_calls=True)


@call("stream_chat_with_tools_parallel")
async def _(side: Side) -> Any:
    llm = side.llm(**WINDOW)
    stream = llm.stream_chat_with_tools([SONG], user_msg="x", allow_parallel_tool_calls=True)
    return await ended(stream)


@call("mutates_history")
async def _(side: Side) -> Any:
    return side.llm(**WINDOW).chat_with_tools([SONG], user_msg="x", chat_history=[*HI])


@call("history")
async def _(side: Side) -> Any:
    seen = [TextBlock(text="look"), TextBlock(text="twice"), ImageBlock(image=b"iVBORw0KGgowMDAw")]
    said = [
        ThinkingBlock(content="t"),
        ToolCallBlock(tool_call_id="1", tool_name="generate_song", tool_kwargs={"name": "n"}),
    ]
    answered = {"tool_call_id": "1", "name": "generate_song"}
    messages = [
        ChatMessage("sys", role="system"),
        ChatMessage(role="user", blocks=seen),
        ChatMessage(role="assistant", blocks=said),
        ChatMessage("done", role="tool", additional_kwargs=answered),
        ChatMessage("thanks"),
    ]
    return side.llm(**WINDOW).chat(messages)


@call("audio_block")
async def _(side: Side) -> Any:
    return side.llm(**WINDOW).chat([ChatMessage(role="user", blocks=[AudioBlock(audio=b"RIFF")])])


@call("document_block")
async def _(side: Side) -> Any:
    block = DocumentBlock(data=b"%PDF-1.7", document_mimetype="application/pdf")
    return side.llm(**WINDOW).chat([ChatMessage(role="user", blocks=[block])])


@call("structured_predict")
async def _(side: Side) -> Any:
    return side.llm(**WINDOW).structured_predict(Song, X, x="hi")


@call("astructured_predict")
async def _(side: Side) -> Any:
    return await side.llm(**WINDOW).astructured_predict(Song, X, x="hi")


@call("stream_structured_predict")
async def _(side: Side) -> Any:
    return list(side.llm(**WINDOW).stream_structured_predict(Song, X, x="hi"))[-1]


@call("as_structured_llm")
async def _(side: Side) -> Any:
    return side.llm(**WINDOW).as_structured_llm(Song).chat(HI)


@call("as_structured_llm_complete")
async def _(side: Side) -> Any:
    return side.llm(**WINDOW).as_structured_llm(Song).complete("x")


@call("structured_llm_tools_format")
async def _(side: Side) -> Any:
    tools = [SONG.metadata.to_openai_tool()]
    return side.llm(**WINDOW).chat(HI, tools=tools, format=Song.model_json_schema())


@call("structured_function_mode")
async def _(side: Side) -> Any:
    llm = side.llm(pydantic_program_mode="function", **WINDOW)
    return llm.structured_predict(Song, X, x="hi")


@call("structured_function_mode_stream")
async def _(side: Side) -> Any:
    llm = side.llm(pydantic_program_mode="function", **WINDOW)
    return list(llm.stream_structured_predict(Song, X, x="hi"))[-1]


@call("headers")
async def _(side: Side) -> Any:
    return side.llm(headers={"authorization": "Bearer x"}, **WINDOW).chat(HI)


@call("error_500")
async def _(side: Side) -> Any:
    return side.llm(**WINDOW).chat(HI)


@call("metadata")
async def _(side: Side) -> Any:
    metadata = side.llm().metadata
    return metadata.context_window, metadata.is_function_calling_model, metadata.model_name


@call("embed_query")
async def _(side: Side) -> Any:
    return side.embedding().get_query_embedding("a")


@call("embed_text")
async def _(side: Side) -> Any:
    return side.embedding().get_text_embedding(" a ")


TEXTS = [f"t{number}" for number in range(25)]


@call("embed_batch_25")
async def _(side: Side) -> Any:
    return side.embedding().get_text_embedding_batch(TEXTS)


@call("aembed_batch_25")
async def _(side: Side) -> Any:
    return await side.embedding().aget_text_embedding_batch(TEXTS)


@call("aembed_batch_25_workers")
async def _(side: Side) -> Any:
    return await side.embedding(num_workers=2).aget_text_embedding_batch(TEXTS)


@call("embed_instructions")
async def _(side: Side) -> Any:
    embedding = side.embedding(query_instruction="Q:", text_instruction="T:")
    return [embedding.get_query_embedding("a"), embedding.get_text_embedding("b")]


@call("embed_options")
async def _(side: Side) -> Any:
    embedding = side.embedding(
        ollama_additional_kwargs={"num_ctx": 64},
        keep_alive="1m",
        client_kwargs={"headers": {"authorization": "Bearer x"}},
    )
    return embedding.get_text_embedding("b")


@call("embed_general")
async def _(side: Side) -> Any:
    embedding = side.embedding()
    return [
        embedding.get_general_text_embedding("a"),
        embedding.get_general_text_embeddings(["a", "b"]),
    ]


# -- flows -----------------------------------------------------------------------------------------

LARGE = {"context_window": 2048}
TIMES = "What is 3 * 4?"


def multiply(a: int, b: int) -> int:
    """Multiply two numbers."""
    return a * b


class Out(BaseModel):
    """Result."""

    value: int


def index(side: Side, *texts: str) -> VectorStoreIndex:
    nodes = [TextNode(id_=f"{9 - number}", text=text) for number, text in enumerate(texts)]
    return VectorStoreIndex(nodes=nodes, embed_model=side.embedding())


@call("vector_index_query")
async def _(side: Side) -> Any:
    found, llm = index(side, "cats purr", "dogs bark"), side.llm(**LARGE)
    first = found.as_query_engine(llm=llm, similarity_top_k=1).query("what do cats do?")
    second: Any = found.as_query_engine(llm=llm, streaming=True).query("x")
    return [first, "".join(second.response_gen)]


@call("chat_engine")
async def _(side: Side) -> Any:
    found = index(side, "cats purr")
    engine = found.as_chat_engine(chat_mode="condense_plus_context", llm=side.llm(**LARGE))
    return [engine.chat("hi").response, engine.chat("and then?").response]


async def agent_answers(side: Side, **arguments: Any) -> Any:
    agent = FunctionAgent(tools=[multiply], llm=side.llm(**LARGE), **arguments)
    return (await agent.run(TIMES)).response.content


CALLS["function_agent"] = partial(agent_answers, system_prompt="You are a calculator.")
CALLS["function_agent_parallel"] = agent_answers
CALLS["function_agent_no_stream"] = partial(
    agent_answers, streaming=False, initial_tool_choice="multiply"
)


@call("function_agent_output_cls")
async def _(side: Side) -> Any:
    agent = FunctionAgent(tools=[multiply], llm=side.llm(**LARGE), output_cls=Out)
    return (await agent.run(TIMES)).structured_response["value"]


@call("agent_workflow")
async def _(side: Side) -> Any:
    llm = side.llm(**LARGE)
    first = FunctionAgent(name="A", description="a", tools=[multiply], llm=llm)
    second = FunctionAgent(name="B", description="b", tools=[multiply], llm=llm)
    return (await AgentWorkflow([first, second], root_agent="A").run(TIMES)).response.content


@call("react_agent")
async def _(side: Side) -> Any:
    agent = ReActAgent(tools=[multiply], llm=side.llm(**LARGE))
    return (await agent.run(TIMES)).response.content


@call("predict_and_call")
async def _(side: Side) -> Any:
    tool = FunctionTool.from_defaults(multiply)
    return side.llm(**LARGE).predict_and_call([tool], TIMES).response


@call("token_counting")
async def _(side: Side) -> Any:
    counter = TokenCountingHandler(tokenizer=lambda text: text.split())
    llm = side.llm(callback_manager=CallbackManager([counter]), **LARGE)
    llm.chat(HI)
    await ended(llm.stream_chat(HI))
    return counter.prompt_llm_token_count, counter.completion_llm_token_count


# -- the test --------------------------------------------------------------------------------------


def run(case: Json, _: Json) -> None:
    with warnings.catch_warnings():
        # The agents of llama-index-core use what pydantic has deprecated, and drop connections.
        warnings.simplefilter("ignore")
        _run(case)
        gc.collect()


def _run(case: Json) -> None:
    """Whoever makes the call, the same is asked for and the same is given."""
    made = CALLS[case["case"]]
    reference, ours = Reference(case["requests"]), Ours(case["requests"])
    if case.get("raises"):
        for side in (reference, ours):
            with pytest.raises((ValueError, ollama.ResponseError, paddock.PaddockError)) as raised:
                asyncio.run(made(side))
            if case["requests"]:
                assert case["requests"][0]["answered"]["json"]["error"] in str(raised.value)
        return
    expected = shown(asyncio.run(made(reference)))
    recorded = essences(request["body"] for request in case["requests"])
    assert essences(reference.asked) == recorded, "the call is another one"
    found = shown(asyncio.run(made(ours)))
    assert essences(ours.asked) == recorded
    assert found == expected

"""What the adapters offer beyond langchain-ollama, on a runtime whose answers are written here."""

import threading
import uuid
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypedDict

import pytest
from langchain_core.caches import InMemoryCache
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.exceptions import ContextOverflowError
from langchain_core.messages import AIMessageChunk, HumanMessage, SystemMessage
from langchain_tests.utils.stream_lifecycle import assert_valid_event_stream
from pydantic import BaseModel, ValidationError

from langchain_paddock import ChatPaddock, PaddockLLM
from paddock import ContextLengthError, EngineError, RequestError

pytestmark = pytest.mark.filterwarnings("ignore:.* is in beta")


def chat(runtime: Any, **fields: Any) -> ChatPaddock:
    return ChatPaddock(**({"model": "tiny", "runtime": runtime} | fields))


def fold(chunks: list[AIMessageChunk]) -> AIMessageChunk:
    whole = chunks[0]
    for chunk in chunks[1:]:
        whole += chunk
    return whole


def add(a: int, b: int) -> int:
    """Add numbers."""
    return a + b


class Joke(BaseModel):
    """A joke."""

    setup: str
    punchline: str | None = None


# -- what holds an answer


@pytest.mark.parametrize("kind", [ChatPaddock, PaddockLLM])
def test_constraints_are_the_constructors_or_the_calls(fake: Any, kind: Any) -> None:
    runtime = fake(fake.end("yes")) if kind is ChatPaddock else fake()
    model = kind(model="tiny", runtime=runtime, choices=["yes", "no"])
    model.invoke("hi")
    assert runtime.requests[-1].choices == ["yes", "no"]
    model.bind(grammar='root ::= "x"').invoke("hi")
    assert runtime.requests[-1].grammar == 'root ::= "x"'
    assert runtime.requests[-1].choices is None
    model.invoke("hi", format="json")
    assert (runtime.requests[-1].format, runtime.requests[-1].choices) == ("json", None)


@pytest.mark.parametrize(
    ("choice", "parallel", "sent"),
    [
        ("any", None, False),
        ("add", None, False),
        (True, None, False),
        ("any", True, True),
        ("auto", None, None),
        (None, None, None),
        ("none", None, None),
        (None, False, False),
    ],
)
def test_a_forced_call_is_one_call_unless_more_are_wanted(
    hello: Any, choice: Any, parallel: Any, sent: Any
) -> None:
    keywords = {} if parallel is None else {"parallel_tool_calls": parallel}
    chat(hello).bind_tools([add], tool_choice=choice, **keywords).invoke("hi")
    assert hello.request.parallel_tool_calls is sent


def test_strict_reaches_the_request(hello: Any) -> None:
    chat(hello).bind_tools([add], strict=True).invoke("hi")
    assert hello.request.strict is True


# -- objects


class JokeDict(TypedDict):
    """A joke."""

    setup: str


@dataclass
class JokeData:
    """A joke."""

    setup: str
    punchline: str | None = None


FUNCTION = {
    "name": "joke",
    "description": "A joke.",
    "parameters": {"type": "object", "properties": {"setup": {"type": "string"}}},
}


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (Joke, Joke(setup="Why?")),
        (JokeDict, {"setup": "Why?"}),
        (JokeData, JokeData("Why?")),
        (FUNCTION, {"setup": "Why?"}),
        (Joke.model_json_schema(), {"setup": "Why?"}),
    ],
)
@pytest.mark.parametrize("method", ["json_schema", "function_calling", "json_mode"])
def test_objects_of_every_kind_of_schema(
    fake: Any, method: Any, schema: Any, expected: Any
) -> None:
    name = getattr(schema, "__name__", None) or schema.get("title") or schema["name"]
    call = {"function": {"name": name, "arguments": {"setup": "Why?"}}}
    answers = {"function_calling": fake.end("", tool_calls=[call])}
    runtime = fake(answers.get(method, fake.end('{"setup": "Why?"}')))
    assert chat(runtime).with_structured_output(schema, method=method).invoke("hi") == expected
    if method == "json_schema":
        assert runtime.request.format["properties"]["setup"]["type"] == "string"
        assert "parameters" not in runtime.request.format
    if method == "function_calling":
        assert runtime.request.tools[0].function.parameters.properties["setup"].type == "string"


@pytest.mark.parametrize("method", ["json_schema", "function_calling"])
def test_tools_beside_a_schema_may_be_called_instead(fake: Any, method: Any) -> None:
    call = {"function": {"name": "add", "arguments": {"a": 1, "b": 2}}}
    runtime = fake(fake.end("", tool_calls=[call]))
    model = chat(runtime).with_structured_output(Joke, method=method, tools=[add], include_raw=True)
    result = model.invoke("hi")
    assert result["raw"].tool_calls[0]["name"] == "add"
    assert (result["parsed"], result["parsing_error"]) == (None, None)
    assert "add" in {tool.function.name for tool in runtime.request.tools}
    with pytest.raises(ValueError, match="include_raw"):
        chat(runtime).with_structured_output(Joke, tools=[add])


# -- calls that cannot be read


def broken_answer(fake: Any) -> Any:
    text = '{"name": "add", "arguments": {"a": 1'
    return fake(
        fake.part("So: "),
        fake.end(text, broken_calls=[{"text": text, "error": "cut"}], done_reason="length"),
    )


def test_a_cut_call_is_an_invalid_one_and_no_text(fake: Any) -> None:
    message = chat(broken_answer(fake)).invoke("hi")
    (call,) = message.invalid_tool_calls
    assert (call["name"], call["error"]) == ("add", "cut")
    assert call["id"]
    assert (call["args"] or "").endswith('{"a": 1')
    assert (message.content, message.tool_calls) == ("So: ", [])
    assert message.response_metadata["finish_reason"] == "length"


@pytest.mark.parametrize("version", ["v0", "v1"])
def test_a_cut_call_of_a_stream_is_never_completed(fake: Any, version: str) -> None:
    whole = fold(list(chat(broken_answer(fake), output_version=version).stream("hi")))
    assert whole.tool_calls == []
    (call,) = whole.invalid_tool_calls
    assert call["id"]
    assert "cut" in (call["args"] or "")
    assert whole.text == "So: "


# -- prompts that are too long


def test_a_cut_prompt_is_told_with_its_numbers(fake: Any) -> None:
    numbers = {"prompt_original_count": 99, "prompt_dropped_count": 2, "context_length": 64}
    runtime = fake(fake.end("Hi", **numbers))
    for ask in (chat(runtime).invoke, lambda text: fold(list(chat(runtime).stream(text)))):
        with pytest.warns(UserWarning, match=r"99 tokens .* holds 64: the 2 oldest messages"):
            message = ask("hi")
        told = message.response_metadata["paddock"]
        assert (told["dropped_messages"], told["original_prompt_tokens"]) == (2, 99)


class TooLong:
    def chat(self, request: Any) -> Any:
        raise ContextLengthError("99 tokens, window 64")


def test_overflow_is_langchains_error_as_well(fake: Any) -> None:
    model = chat(TooLong(), on_overflow="error")
    for ask in (model.invoke, lambda text: list(model.stream(text))):
        with pytest.raises(ContextOverflowError, match="99 tokens, window 64") as caught:
            ask("hi")
        assert isinstance(caught.value, ContextLengthError)
        assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize(
    ("rule", "truncate", "cut"),
    [
        (None, None, None),
        ("truncate", None, None),
        ("error", False, None),
        ("shift", None, "tokens"),
    ],
)
def test_overflow_rules_reach_the_request(hello: Any, rule: Any, truncate: Any, cut: Any) -> None:
    chat(hello, on_overflow=rule).invoke("hi")
    assert (hello.request.truncate, hello.request.cut) == (truncate, cut)
    with pytest.raises(RequestError, match="on_overflow must be one of truncate, error, shift"):
        chat(hello).invoke("hi", on_overflow="explode")


# -- stopping, fetching, counting, caching


def test_a_flag_is_passed_on(hello: Any) -> None:
    flag = threading.Event()
    chat(hello).bind(cancel=flag).invoke("hi")
    assert hello.request.cancel is flag


async def test_the_id_of_a_run_is_that_of_its_request(fake: Any) -> None:
    runtime = fake(fake.part("Hi"), fake.end())
    own = uuid.uuid4()
    config: Any = {"run_id": own}
    model = chat(runtime)
    message = model.invoke("hi", config)
    assert own.hex in (message.id or "").replace("-", "")
    model.invoke("hi", config, stream=True)
    await model.ainvoke("hi", config)
    await model.ainvoke("hi", config, stream=True)
    for chunk in model.stream("hi", config):
        assert chunk.id == f"lc_run--{own}"
    async for chunk in model.astream("hi", config):
        assert chunk.id == f"lc_run--{own}"
    list(model.stream_events("hi", config, version="v3"))
    async for _ in await model.astream_events("hi", config, version="v3"):
        pass
    async for event in model.astream_events("hi", config, version="v2"):
        assert event["run_id"] == str(own)
    assert [asked.request_id for asked in runtime.requests] == [str(own)] * 9
    assert config == {"run_id": own}


async def test_the_id_of_a_completions_run_is_that_of_its_request(fake: Any) -> None:
    runtime = fake()
    own = uuid.uuid4()
    config: Any = {"run_id": own}
    model = PaddockLLM(model="tiny", runtime=runtime)
    model.invoke("hi", config)
    await model.ainvoke("hi", config)
    list(model.stream("hi", config))
    assert [part async for part in model.astream("hi", config)]
    assert [asked.request_id for asked in runtime.requests] == [str(own)] * 4


def test_a_run_without_an_id_gets_one_and_another_may_be_given(hello: Any) -> None:
    first = next(chat(hello).stream("hi"))
    assert first.id == f"lc_run--{hello.requests[-1].request_id}"
    message = chat(hello).invoke("hi")
    assert f"lc_run--{hello.requests[-1].request_id}" in (message.id or "")
    list(chat(hello).bind(request_id="mine").stream("hi"))
    assert hello.requests[-1].request_id == "mine"


def test_ids_of_requests_are_no_part_of_traces_and_cache_keys(hello: Any) -> None:
    seen: list[Any] = []

    class Tracer(BaseCallbackHandler):
        def on_chat_model_start(self, *args: Any, **kwargs: Any) -> None:
            seen.append(kwargs["invocation_params"])

    model = chat(hello, cache=InMemoryCache(), callbacks=[Tracer()])
    list(model.stream("hi"))
    for number in range(2):
        model.invoke("hi", request_id=f"number {number}")
    assert len(hello.requests) == 2
    assert len(seen) == 3
    assert "request_id" not in str(seen)


async def test_a_missing_model_is_pulled_where_that_is_wanted(fake: Any) -> None:
    steps: list[str | None] = []
    runtime = fake(fake.end("Hi"))
    model = chat(runtime, model="far", pull=lambda progress: steps.append(progress.status))
    model.invoke("hi")
    await model.ainvoke("hi")
    assert steps == ["pulling", "success"] * 2
    assert [type(asked).__name__ for asked in runtime.requests[:2]] == [
        "PullRequest",
        "ChatRequest",
    ]
    chat(runtime, pull=True).invoke("hi")
    assert type(runtime.requests[-2]).__name__ == "ChatRequest", "tiny is there"


def test_tokens_of_messages_are_those_of_the_whole_request(fake: Any) -> None:
    runtime = fake()
    talk = [SystemMessage("abc"), HumanMessage("de")]
    assert chat(runtime).get_num_tokens_from_messages(talk, tools=[add]) == 5
    assert runtime.request.tools[0].function.name == "add"


@pytest.mark.parametrize("kind", [ChatPaddock, PaddockLLM])
def test_cached_answers_are_of_this_state_of_the_model(fake: Any, kind: Any) -> None:
    runtime = fake(fake.end("Hi")) if kind is ChatPaddock else fake()
    cache = InMemoryCache()
    model = kind(model="tiny", runtime=runtime, cache=cache)
    for _ in range(2):
        model.invoke("hi")
    assert len(runtime.requests) == 1
    runtime.state = "tomorrow"
    model.invoke("hi")
    assert len(runtime.requests) == 2
    model.invoke("hi", temperature=1)
    assert len(runtime.requests) == 3


def test_the_digest_is_not_looked_up_unless_answers_are_cached(hello: Any) -> None:
    chat(hello).invoke("hi")
    PaddockLLM(model="tiny", runtime=hello)._identifying_params  # noqa: B018
    assert hello.resolved == 0


def test_a_flag_is_no_part_of_the_cache_key(hello: Any) -> None:
    model = chat(hello, cache=InMemoryCache())
    for _ in range(2):
        model.invoke("hi", cancel=threading.Event())
    assert len(hello.requests) == 1


# -- answers


def test_tokens_of_thinking_are_in_the_usage(fake: Any) -> None:
    message = chat(fake(fake.end("4", thinking="hm", thinking_count=2))).invoke("hi")
    assert message.usage_metadata is not None
    assert message.usage_metadata.get("output_token_details") == {"reasoning": 2}


def test_extras_are_told_once(fake: Any) -> None:
    runtime = fake(fake.end("4", seed=7, context_length=64, queue_duration=5))
    told = fold(list(chat(runtime).stream("hi"))).response_metadata["paddock"]
    assert told == {"cached_tokens": 4, "seed": 7, "context_length": 64, "queue_duration": 5}


def test_a_server_that_only_loads_the_model_has_not_answered(fake: Any) -> None:
    runtime = fake(fake.end(" ", done_reason="load"))
    for ask in (chat(runtime).invoke, lambda text: list(chat(runtime).stream(text))):
        with pytest.raises(EngineError, match="nothing was answered"):
            ask("hi")


async def test_every_block_of_the_events_ends_before_the_next_begins(fake: Any) -> None:
    calls = [{"id": f"c{n}", "function": {"name": "add", "arguments": {"a": n}}} for n in (1, 2)]
    parts = (
        fake.part("", thinking="hm "),
        fake.part("", thinking="so"),
        fake.part("Let "),
        fake.part("me"),
        fake.part("", tool_calls=calls[:1]),
        fake.end("", tool_calls=calls[1:], thinking_count=2),
    )
    model = chat(fake(*parts), reasoning=True)
    stream = model.stream_events("hi", version="v3")
    events: list[Any] = list(stream)
    later = await model.astream_events("hi", version="v3")
    others: list[Any] = [event async for event in later]
    for found in (events, others):
        assert_valid_event_stream(found)
        kinds = [event["event"].removeprefix("content-block-") for event in found]
        assert all(second != "start" for first, second in pairwise(kinds) if first == "delta")
        ended = [event["content"] for event in found if event["event"] == "content-block-finish"]
        assert [block["type"] for block in ended] == ["reasoning", "text", "tool_call", "tool_call"]
        assert ended[0]["reasoning"] == "hm so"
        assert ended[1]["text"] == "Let me"
        assert found[0]["metadata"]["provider"] == "paddock"
        assert found[-1]["usage"]["total_tokens"] == 10
    message = stream.output
    assert message.text == "Let me"
    assert [call["id"] for call in message.tool_calls] == ["c1", "c2"]
    assert message.response_metadata["finish_reason"] == "tool_calls"


# -- servers


def test_a_server_and_a_runtime_exclude_each_other(hello: Any) -> None:
    with pytest.raises(ValidationError, match="base_url excludes runtime"):
        chat(hello, base_url="http://127.0.0.1:1")


def test_nothing_is_asked_of_a_server_before_it_is_needed() -> None:
    model = ChatPaddock(
        model="tiny", base_url="http://127.0.0.1:1", client_kwargs={"verify": False}
    )
    assert "verify" not in repr(model)
    assert model.model_dump()["base_url"] == "http://127.0.0.1:1"

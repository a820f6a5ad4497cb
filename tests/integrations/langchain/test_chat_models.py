import asyncio
import copy
import json
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from langchain_core.caches import InMemoryCache
from langchain_core.callbacks import BaseCallbackHandler, UsageMetadataCallbackHandler
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.outputs import ChatGenerationChunk
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import ConfigurableField, RunnableLambda
from pydantic import BaseModel, ValidationError

from langchain_paddock import ChatPaddock, PaddockLLM
from paddock import OptionError, QueueFullError, RequestError, Runtime

Fake = Callable[..., Any]


def chat(runtime: Any, **fields: Any) -> ChatPaddock:
    return ChatPaddock(**({"model": "tiny", "runtime": runtime} | fields))


def fold(chunks: list[AIMessageChunk]) -> AIMessageChunk:
    whole = chunks[0]
    for chunk in chunks[1:]:
        whole += chunk
    return whole


# -- construction


def test_construction_opens_no_file_and_starts_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> Any:
        pytest.fail("a model was looked at")

    monkeypatch.setattr(Runtime, "__init__", refuse)
    monkeypatch.setattr(Path, "open", refuse)
    before = threading.active_count()
    model = ChatPaddock(model="/no/such.gguf", temperature=0)
    ChatPaddock(model="tiny", base_url="http://127.0.0.1:1")
    assert model.bind_tools([add]).with_retry()
    assert "such.gguf" in repr(model)
    assert threading.active_count() == before


def test_importing_the_package_loads_neither_engine_nor_other_frameworks() -> None:
    code = (
        "import sys, langchain_paddock;"
        "loaded = {name.split('.')[0] for name in sys.modules};"
        "sys.exit(', '.join(loaded & {'langchain', 'llama_index', 'llama_cpp'}) or 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_unknown_arguments_warn_and_name_the_nearest() -> None:
    with pytest.warns(UserWarning, match="'temprature' has no effect; did you mean 'temperature'"):
        ChatPaddock(model="tiny", temprature=3)  # type: ignore[call-arg]


def test_arguments_that_every_provider_gets_are_accepted() -> None:
    model = ChatPaddock(model="tiny", api_key="x", max_retries=2, timeout=60, client_kwargs={})  # type: ignore[call-arg]
    assert model.timeout == 60


def test_removed_option_warns() -> None:
    with pytest.warns(UserWarning, match="'tfs_z' no longer has any effect"):
        ChatPaddock(model="tiny", tfs_z=1.0)  # type: ignore[call-arg]


def test_max_tokens_and_stop_sequences_are_other_names() -> None:
    model = ChatPaddock(model="tiny", max_tokens=5, stop_sequences=["x"])  # type: ignore[call-arg]
    assert (model.num_predict, model.max_tokens, model.stop) == (5, 5, ["x"])
    with pytest.raises(ValueError, match="max_tokens=5 and num_predict=6 mean the same"):
        ChatPaddock(model="tiny", max_tokens=5, num_predict=6)  # type: ignore[call-arg]


def test_option_of_a_wrong_type_is_a_validation_error() -> None:
    with pytest.raises(ValidationError, match='option "num_ctx" must be of type integer'):
        ChatPaddock(model="tiny", num_ctx="big")  # type: ignore[arg-type]


@pytest.mark.enable_socket
def test_base_url_takes_the_place_of_a_runtime(hello: Any) -> None:
    with pytest.raises(ConnectionError, match=r"could not connect to a server at http://127\.0"):
        ChatPaddock(model="tiny", base_url="http://127.0.0.1:9").invoke("Hello")
    with pytest.raises(ValidationError, match="base_url excludes runtime"):
        chat(hello, base_url="http://127.0.0.1:9")


def test_model_can_be_checked_at_construction(hello: Any) -> None:
    chat(hello, validate_model_on_init=True)
    with pytest.raises(ValidationError, match=r'"big" not found.*in the local store: tiny:latest'):
        chat(hello, model="big", validate_model_on_init=True)


def test_top_logprobs_turns_logprobs_on() -> None:
    with pytest.warns(UserWarning, match="Setting `logprobs=True` automatically"):
        assert ChatPaddock(model="tiny", top_logprobs=2).logprobs is True
    with pytest.raises(ValidationError, match=r"logprobs is explicitly False"):
        ChatPaddock(model="tiny", top_logprobs=2, logprobs=False)
    with pytest.raises(ValidationError, match="must be a positive integer, not 0"):
        ChatPaddock(model="tiny", top_logprobs=0, logprobs=True)


def test_pickle_leaves_the_runtime_behind_and_deepcopy_shares_it(hello: Any) -> None:
    hello.lock = threading.Lock()
    model = chat(hello, temperature=0.5, stop=["x"])
    thawed = pickle.loads(pickle.dumps(model))
    assert (thawed.model, thawed.temperature, thawed.stop) == ("tiny", 0.5, ["x"])
    assert thawed.runtime is None
    assert model.runtime is hello
    assert copy.deepcopy(model).runtime is hello
    assert copy.deepcopy(model).stop is not model.stop


def test_runtime_stands_in_no_dump_and_no_repr(hello: Any) -> None:
    model = chat(hello)
    assert "runtime" not in model.model_dump()
    assert "runtime" not in repr(model)


# -- requests


def test_nothing_set_sends_nothing(hello: Any) -> None:
    chat(hello).invoke("hi")
    sent = hello.request.model_dump(exclude_none=True)
    assert sent == {
        "model": "tiny",
        "options": {},
        "messages": [{"role": "user", "content": "hi"}],
    }


def test_every_setting_reaches_the_request(hello: Any) -> None:
    schema = {"type": "object"}
    model = chat(
        hello,
        temperature=0,
        num_ctx=64,
        stop=["x"],
        keep_alive="5m",
        format=schema,
        reasoning="low",
        timeout=9,
        logprobs=True,
        top_logprobs=2,
    )
    model.invoke("hi")
    request = hello.request
    assert request.options.model_dump(exclude_none=True) == {
        "temperature": 0,
        "num_ctx": 64,
        "stop": ["x"],
    }
    assert (request.keep_alive, request.format, request.think) == ("5m", schema, "low")
    assert (request.timeout, request.logprobs, request.top_logprobs) == (9, True, 2)


def test_call_keywords_beat_options_beat_the_constructor(hello: Any) -> None:
    model = chat(hello, temperature=0.1, top_k=1, seed=1, num_predict=1)
    options = {"temperature": 0.2, "top_k": 2, "seed": None}
    model.bind(options=options, temperature=0.3).invoke("hi", max_tokens=9, model="other")
    request = hello.request
    assert request.model == "other"
    assert request.options.model_dump(exclude_none=True) == {
        "temperature": 0.3,
        "top_k": 2,
        "seed": 1,
        "num_predict": 9,
    }


@pytest.mark.parametrize(("given", "sent"), [(None, ["a"]), ([], ["a"]), (["b"], ["b"])])
def test_stop_of_a_call_replaces_the_constructors(
    hello: Any, given: list[str] | None, sent: list[str]
) -> None:
    chat(hello, stop=["a"]).invoke("hi", stop=given)
    assert hello.request.options.stop == sent


def test_empty_stop_of_the_constructor_is_no_stop(hello: Any) -> None:
    chat(hello, stop=[]).invoke("hi")
    assert hello.request.options.stop is None


def test_unknown_call_keywords_warn(hello: Any) -> None:
    with pytest.warns(UserWarning, match="'temprature' has no effect"):
        chat(hello).invoke("hi", temprature=1)


def test_unknown_option_inside_options_is_an_error(hello: Any) -> None:
    with pytest.raises(OptionError, match='did you mean "temperature"'):
        chat(hello).invoke("hi", options={"temprature": 1})


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        ({"type": "json_object"}, "json"),
        ({"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "object"}}},
         {"type": "object"}),
        ({"type": "text"}, None),
    ],
)  # fmt: skip
def test_response_format_becomes_format(hello: Any, asked: Any, sent: Any) -> None:
    chat(hello).invoke("hi", response_format=asked)
    assert hello.request.format == sent


@pytest.mark.parametrize("asked", [{"type": "json_schema"}, {"type": "xml"}, "json"])
def test_malformed_response_format_warns(hello: Any, asked: Any) -> None:
    with pytest.warns(UserWarning, match="malformed response_format"):
        chat(hello).invoke("hi", response_format=asked)
    assert hello.request.format is None


def test_format_wins_over_response_format(hello: Any) -> None:
    with pytest.warns(UserWarning, match="format is given too"):
        chat(hello).invoke("hi", format="json", response_format={"type": "json_object"})
    assert hello.request.format == "json"


@pytest.mark.parametrize(
    ("keywords", "complaint"),
    [
        ({"format": "xml"}, "format"),
        ({"keep_alive": []}, "keep_alive"),
        ({"timeout": -1}, "timeout"),
        ({"tools": [{"type": "function", "function": {"name": 3}}]}, r"function\.name"),
    ],
)
def test_what_fits_no_request_is_named(hello: Any, keywords: Any, complaint: str) -> None:
    with pytest.raises(RequestError, match=complaint):
        chat(hello).invoke("hi", **keywords)


def test_no_messages_are_a_request_error(hello: Any) -> None:
    with pytest.raises(RequestError, match="no messages"):
        chat(hello).invoke([])


# -- answers


def test_invoke_gives_text_usage_and_metadata(hello: Any) -> None:
    message = chat(hello).invoke("hi")
    assert isinstance(message, AIMessage)
    assert message.content == "Hello"
    assert message.usage_metadata == {
        "input_tokens": 7,
        "output_tokens": 3,
        "total_tokens": 10,
        "input_token_details": {"cache_read": 4},
    }
    assert message.response_metadata == {
        "model": "tiny",
        "model_name": "tiny",
        "model_provider": "paddock",
        "created_at": "2025-01-01T00:00:00Z",
        "done": True,
        "done_reason": "stop",
        "finish_reason": "stop",
        "total_duration": 50,
        "load_duration": 10,
        "prompt_eval_count": 7,
        "prompt_eval_duration": 20,
        "eval_count": 3,
        "eval_duration": 15,
        "paddock": {"cached_tokens": 4},
    }


def rich_answer(fake: Any) -> Any:
    call = {"function": {"name": "add", "arguments": {"a": 1, "who": "é"}}}
    return fake(
        fake.part("", thinking="hm "),
        fake.part("", thinking="so", logprobs=[{"token": "so", "logprob": -1.0}]),
        fake.part("Let ", logprobs=[{"token": "Let", "logprob": -0.5, "bytes": [1]}]),
        fake.part("", tool_calls=[call | {"id": "c1"}]),
        fake.part("", tool_calls=[call | {"id": "c2"}]),
        fake.part(""),
        fake.end(),
    )


@pytest.mark.parametrize("reasoning", [True, None])
async def test_the_sum_of_the_stream_is_the_invoked_message(fake: Any, reasoning: Any) -> None:
    model = chat(rich_answer(fake), reasoning=reasoning, logprobs=True)
    message = model.invoke("hi")
    streams = [list(model.stream("hi")), [chunk async for chunk in model.astream("hi")]]
    for chunks in streams:
        whole = fold(chunks)
        for name in ("content", "tool_calls", "usage_metadata", "response_metadata"):
            assert getattr(whole, name) == getattr(message, name)
        assert whole.additional_kwargs == message.additional_kwargs
        assert whole.chunk_position == "last"
    assert (await model.ainvoke("hi")).model_dump(exclude={"id"}) == message.model_dump(
        exclude={"id"}
    )


def test_chunks_say_nothing_twice_and_none_is_empty(fake: Any) -> None:
    chunks = list(chat(rich_answer(fake), reasoning=True, logprobs=True).stream("hi"))
    *body, last = chunks
    assert all(chunk.usage_metadata is None for chunk in body)
    assert all(chunk.response_metadata.keys() <= {"logprobs"} for chunk in body)
    assert [chunk.content for chunk in body] == ["", "", "Let ", "", ""]
    assert last.chunk_position == "last"
    assert last.response_metadata["finish_reason"] == "tool_calls"
    calls = [call for chunk in chunks for call in chunk.tool_calls]
    assert [(call["id"], call["args"]) for call in calls] == [
        ("c1", {"a": 1, "who": "é"}),
        ("c2", {"a": 1, "who": "é"}),
    ]
    assert json.dumps(fold(chunks).response_metadata["logprobs"])


def test_reasoning_is_the_first_block_and_stays_out_of_the_text(fake: Any) -> None:
    parts = (fake.part("", thinking="2+2"), fake.part("4"), fake.end())
    message = chat(fake(*parts), reasoning=True).invoke("hi")
    assert message.additional_kwargs == {"reasoning_content": "2+2"}
    assert [block["type"] for block in message.content_blocks] == ["reasoning", "text"]
    chunks = list(chat(fake(*parts)).stream("hi"))
    assert [chunk.content for chunk in chunks] == ["4", ""]
    assert fold(chunks).additional_kwargs == {}


def test_a_call_without_an_id_gets_one_of_its_own(fake: Any) -> None:
    call = {"function": {"name": "now"}}
    message = chat(fake(fake.end("", tool_calls=[call, call]))).invoke("hi")
    first, second = message.tool_calls
    assert first["id"] != second["id"]
    assert first["args"] == {}


def test_length_limit_is_told(fake: Any) -> None:
    message = chat(fake(fake.end("cut", done_reason="length"))).invoke("hi")
    assert message.response_metadata["finish_reason"] == "length"


def test_output_version_v1_gives_one_text_block(hello: Any) -> None:
    model = chat(hello, output_version="v1")
    assert fold(list(model.stream("hi"))).content_blocks == [
        {"type": "text", "text": "Hello", "index": 0}
    ]
    assert model.invoke("hi").content == [{"type": "text", "text": "Hello"}]


async def test_events_stream_the_chunks(hello: Any) -> None:
    chain = ChatPromptTemplate.from_template("{x}") | chat(hello) | StrOutputParser()
    texts = [
        event["data"]["chunk"].content  # type: ignore[typeddict-item]
        async for event in chain.astream_events({"x": "hi"}, version="v2")
        if event["event"] == "on_chat_model_stream"
    ]
    assert "".join(texts) == "Hello"


def test_stream_events_v3_closes_every_block(fake: Any) -> None:
    stream = chat(rich_answer(fake), reasoning=True).stream_events("hi", version="v3")
    assert stream.output.tool_calls[1]["id"] == "c2"


def test_usage_is_counted_per_model(hello: Any) -> None:
    counter = UsageMetadataCallbackHandler()
    chat(hello).batch(["a", "b"], config={"callbacks": [counter]})
    assert counter.usage_metadata["tiny"]["total_tokens"] == 20


# -- many at once


def test_generate_submits_all_conversations_before_it_waits(fake: Any) -> None:
    runtime = fake(fake.part("Hi"), fake.end(), together=40)
    ended: list[Any] = []

    class Recorder(BaseCallbackHandler):
        def on_llm_end(self, response: Any, **kwargs: Any) -> None:
            ended.append(kwargs["run_id"])

    result = chat(runtime).generate([[HumanMessage(str(n))] for n in range(40)], None, [Recorder()])
    assert [generations[0].text for generations in result.generations] == ["Hi"] * 40
    assert result.run is not None
    assert sorted(ended) == sorted(run.run_id for run in result.run)


def test_results_of_generate_are_in_order(fake: Any) -> None:
    class Echo(fake):
        def chat(self, request: Any) -> Any:
            self.parts = (fake.end(request.messages[0].content),)
            return super().chat(request)

    texts = [str(n) for n in range(8)]
    assert [m.content for m in chat(Echo()).batch(texts)] == texts  # type: ignore[arg-type]


def test_batch_keeps_more_in_flight_than_cores(fake: Any) -> None:
    runtime = fake(fake.end("Hi"), together=40)
    assert len(chat(runtime).batch(["hi"] * 40)) == 40


def test_answers_as_they_come_are_as_many_in_flight(fake: Any) -> None:
    runtime = fake(fake.end("Hi"), together=40)
    answers = dict(chat(runtime).batch_as_completed(["hi"] * 40))
    assert sorted(answers) == list(range(40))
    failed = dict(chat(runtime).batch_as_completed(["hi", []], return_exceptions=True))
    assert [type(failed[number]) for number in range(2)] == [AIMessage, RequestError]


async def test_abatch_is_concurrent_on_one_thread(fake: Any) -> None:
    runtime = fake(fake.end("Hi"), together=40)
    before = threading.active_count()
    assert len(await chat(runtime).abatch(["hi"] * 40)) == 40
    assert threading.active_count() == before


def test_batch_obeys_max_concurrency_and_returns_exceptions(fake: Any) -> None:
    runtime = fake(fake.end("Hi"))
    model = chat(runtime)
    answers = model.batch(["hi", [], "hi"], {"max_concurrency": 1}, return_exceptions=True)
    assert [type(answer) for answer in answers] == [AIMessage, RequestError, AIMessage]


def test_one_instance_serves_many_event_loops(hello: Any) -> None:
    model = chat(hello)
    assert [asyncio.run(model.ainvoke("hi")).content for _ in range(3)] == ["Hello"] * 3


# -- stopping early


def test_closing_the_iterator_cancels(fake: Any) -> None:
    runtime = fake(fake.part("a"), fake.part("b"), endless=True)
    stream = chat(runtime).stream("hi")
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    assert runtime.cancelled == [True]


async def test_leaving_async_iteration_cancels(fake: Any) -> None:
    runtime = fake(fake.part("a"), fake.part("b"), endless=True)
    stream = chat(runtime).astream("hi")
    await anext(stream)
    await stream.aclose()  # type: ignore[attr-defined]
    assert runtime.cancelled == [True]


async def test_timeouts_around_ainvoke_cancel(fake: Any) -> None:
    runtime = fake(fake.part("a"), endless=True)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(chat(runtime).ainvoke("hi"), 0.05)
    assert runtime.cancelled == [True]


# -- caching


def test_models_under_one_cache_never_share_an_answer(hello: Any) -> None:
    cache = InMemoryCache()
    kinds: list[dict[str, Any]] = [{}, {"temperature": 1}, {"model": "b"}, {"reasoning": True}]
    for fields in kinds:
        chat(hello, cache=cache, **fields).invoke("hi")
    assert len(hello.requests) == 4
    chat(hello, cache=cache, keep_alive=5, num_thread=2).invoke("hi")
    assert len(hello.requests) == 4


# -- what frameworks ask


def test_langsmith_parameters_follow_the_call() -> None:
    model = ChatPaddock(model="tiny", temperature=0.5, num_predict=9, stop=["x"])
    assert model._get_ls_params() == {
        "ls_provider": "paddock",
        "ls_model_type": "chat",
        "ls_model_name": "tiny",
        "ls_temperature": 0.5,
        "ls_max_tokens": 9,
        "ls_stop": ["x"],
    }
    other = model._get_ls_params(model="b", max_tokens=1, temperature=1, stop=["y"])
    assert other["ls_model_name"] == "b"
    assert (other["ls_max_tokens"], other["ls_temperature"], other["ls_stop"]) == (1, 1, ["y"])


def test_fields_are_configurable(hello: Any) -> None:
    model = chat(hello).configurable_fields(temperature=ConfigurableField(id="t"))
    model.invoke("hi", {"configurable": {"t": 0.25}})
    assert hello.request.options.temperature == 0.25


def test_fallbacks_see_ordinary_exceptions(hello: Any) -> None:
    refused = chat(hello).bind(on_overflow="explode")
    model = refused.with_fallbacks([chat(hello)], exceptions_to_handle=(ValueError,))
    assert model.invoke("hi").content == "Hello"
    assert len(hello.requests) == 1


def test_retries_may_name_the_error(fake: Any) -> None:
    class Busy(fake):
        def chat(self, request: Any) -> Any:
            stream = super().chat(request)
            if len(self.requests) == 1:
                raise QueueFullError
            return stream

    model = chat(Busy(fake.end("Hi"))).with_retry(
        retry_if_exception_type=(QueueFullError,), wait_exponential_jitter=False
    )
    assert model.invoke("hi").content == "Hi"


class Listener(BaseCallbackHandler):
    """Writes down what LangChain tells of a call."""

    raise_error = True

    def __init__(self) -> None:
        self.heard: list[str] = []

    def on_chat_model_start(self, *_: Any, **__: Any) -> None:
        self.heard.append("start")

    def on_llm_new_token(self, token: str, *, chunk: Any = None, **_: Any) -> None:  # type: ignore[override]
        assert isinstance(chunk, ChatGenerationChunk)
        self.heard.append(token)

    def on_llm_end(self, *_: Any, **__: Any) -> None:
        self.heard.append("end")

    def on_llm_error(self, error: BaseException, **_: Any) -> None:
        self.heard.append(type(error).__name__)


async def test_callbacks_hear_every_token_and_the_end_once(hello: Any) -> None:
    model = chat(hello)
    listeners = [Listener() for _ in range(3)]
    streamed, later, failed = ({"callbacks": [listener]} for listener in listeners)
    list(model.stream("hi", streamed))  # type: ignore[arg-type]
    _ = [part async for part in model.astream("hi", later)]  # type: ignore[arg-type]
    with pytest.raises(RequestError):
        model.invoke("hi", failed, on_overflow="explode")  # type: ignore[arg-type]
    assert [listener.heard for listener in listeners] == [
        ["start", "Hel", "lo", "", "end"],
        ["start", "Hel", "lo", "", "end"],
        ["start", "RequestError"],
    ]


@pytest.mark.filterwarnings("ignore:.* is in beta")
def test_callbacks_hear_the_tokens_behind_events(hello: Any) -> None:
    listener = Listener()
    assert chat(hello).stream_events("hi", {"callbacks": [listener]}, version="v3").output.text
    assert listener.heard == ["start", "Hel", "lo", "", "end"]


@pytest.mark.parametrize("kind", [ChatPaddock, PaddockLLM])
def test_tokens_are_counted_by_the_models_own_tokenizer(fake: Any, kind: Any) -> None:
    model = kind(model="tiny", runtime=fake())
    assert model.get_token_ids("hé") == [104, 195, 169]
    assert model.get_num_tokens("hé") == 3
    own = kind(model="tiny", custom_get_token_ids=lambda _: [1])
    assert own.get_num_tokens("hé") == 1


# -- tools and schemas


def add(a: int, b: int) -> int:
    """Add numbers."""
    return a + b


class Joke(BaseModel):
    """A joke."""

    setup: str
    punchline: str | None = None


def test_bound_tools_reach_the_request(hello: Any) -> None:
    chat(hello).bind_tools([add, Joke], tool_choice="auto", strict=True).invoke("hi")
    first, second = hello.request.tools
    assert first.as_dict()["function"]["parameters"]["required"] == ["a", "b"]
    assert second.function.name == "Joke"


@pytest.mark.parametrize(
    "choice", ["any", "add", "none", True, {"type": "function", "function": {"name": "add"}}]
)
def test_a_choice_of_tools_reaches_the_request(hello: Any, choice: Any) -> None:
    chat(hello).bind_tools([add], tool_choice=choice).invoke("hi")
    assert hello.request.tool_choice == choice


def test_unknown_name_as_a_choice_is_refused_at_once(hello: Any) -> None:
    with pytest.raises(ValueError, match="'sub'; the tools are: add"):
        chat(hello).bind_tools([add], tool_choice="sub")


JSON = '{"setup": "Why?", "punchline": null}'


@pytest.mark.parametrize("method", ["json_schema", "json_mode"])
def test_structured_output_is_an_instance(fake: Any, method: Any) -> None:
    runtime = fake(fake.end(JSON))
    model = chat(runtime).with_structured_output(Joke, method=method)
    assert model.invoke("hi") == Joke(setup="Why?")
    expected = Joke.model_json_schema() if method == "json_schema" else "json"
    assert runtime.request.format == expected


def test_structured_output_of_a_json_schema_is_a_dict(fake: Any) -> None:
    schema = Joke.model_json_schema()
    model = chat(fake(fake.end(JSON))).with_structured_output(schema)
    assert model.invoke("hi") == {"setup": "Why?", "punchline": None}
    assert list(model.stream("hi"))[-1] == {"setup": "Why?", "punchline": None}


def test_include_raw_keeps_message_and_error(fake: Any) -> None:
    model = chat(fake(fake.end("{"))).with_structured_output(Joke, include_raw=True)
    result = model.invoke("hi")
    assert result["raw"].content == "{"
    assert result["parsed"] is None
    assert result["parsing_error"] is not None


def test_function_calling_forces_a_call(hello: Any) -> None:
    chat(hello).with_structured_output(Joke, method="function_calling").invoke("hi")
    assert hello.request.tool_choice == "Joke"


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"schema": Joke, "method": "magic"}, "must be one of"),
        ({"schema": Joke, "magic": 1}, "unknown arguments: magic"),
        ({}, "needs a schema"),
    ],
)
def test_impossible_structured_output_is_refused(fields: Any, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        ChatPaddock(model="tiny").with_structured_output(**fields)


def test_chains_call_it_like_any_model(hello: Any) -> None:
    chain = RunnableLambda(lambda x: f"say {x}") | chat(hello) | StrOutputParser()
    assert chain.batch(["a", "b"]) == ["Hello", "Hello"]
    assert list(chain.stream("a")) == ["Hel", "lo", ""]

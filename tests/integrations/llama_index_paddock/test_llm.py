import asyncio
import copy
import gc
import inspect
import json
import pickle
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from llama_index.core.base.llms.types import (
    ChatMessage,
    ChatResponse,
    CompletionResponse,
    MessageRole,
    TextBlock,
    ThinkingBlock,
)
from llama_index.core.callbacks import CallbackManager, TokenCountingHandler
from llama_index.core.instrumentation import get_dispatcher
from llama_index.core.instrumentation.event_handlers import BaseEventHandler
from llama_index.core.instrumentation.events import BaseEvent
from llama_index.core.llms import LLM
from llama_index.core.prompts import PromptTemplate
from llama_index.core.rate_limiter import BaseRateLimiter
from llama_index.core.tools import FunctionTool
from llama_index.core.types import PydanticProgramMode
from pydantic import BaseModel

import paddock
from llama_index.llms.paddock import Paddock
from paddock.settings import Settings

QUESTION = [ChatMessage("Hello!")]
PAIR = [("start", "llm"), ("end", "llm")]


class Song(BaseModel):
    artist: str
    title: str


def generate_song(artist: str, title: str) -> Song:
    """Makes a song."""
    return Song(artist=artist, title=title)


@pytest.fixture
def llm(runtime: Any, callbacks: CallbackManager) -> Paddock:
    return Paddock("m", runtime=runtime, callback_manager=callbacks)


@contextmanager
def watched() -> Iterator[list[BaseEvent]]:
    """What LlamaIndex's instrumentation is told meanwhile."""
    seen: list[BaseEvent] = []

    class Watcher(BaseEventHandler):
        def handle(self, event: BaseEvent, **kwargs: Any) -> None:
            seen.append(event)

    root, watcher = get_dispatcher(), Watcher()
    root.add_event_handler(watcher)
    try:
        yield seen
    finally:
        root.event_handlers.remove(watcher)


class Limiter(BaseRateLimiter):
    asked: int = 0

    def acquire(self, num_tokens: int = 0) -> None:
        self.asked += 1

    async def async_acquire(self, num_tokens: int = 0) -> None:
        self.asked += 1


# -- the eight forms ------------------------------------------------------------------------------

Ask = Callable[[Paddock], Awaitable[list[Any]]]


async def chat(llm: Paddock) -> list[Any]:
    return [llm.chat(QUESTION)]


async def achat(llm: Paddock) -> list[Any]:
    return [await llm.achat(QUESTION)]


async def stream_chat(llm: Paddock) -> list[Any]:
    return list(llm.stream_chat(QUESTION))


async def astream_chat(llm: Paddock) -> list[Any]:
    return [part async for part in await llm.astream_chat(QUESTION)]


async def complete(llm: Paddock) -> list[Any]:
    return [llm.complete("Hello!")]


async def acomplete(llm: Paddock) -> list[Any]:
    return [await llm.acomplete("Hello!")]


async def stream_complete(llm: Paddock) -> list[Any]:
    return list(llm.stream_complete("Hello!"))


async def astream_complete(llm: Paddock) -> list[Any]:
    return [part async for part in await llm.astream_complete("Hello!")]


FORMS = [
    pytest.param(form, id=form.__name__)
    for form in (
        *(chat, achat, stream_chat, astream_chat),
        *(complete, acomplete, stream_complete, astream_complete),
    )
]


def text_of(response: ChatResponse | CompletionResponse) -> str | None:
    return response.text if isinstance(response, CompletionResponse) else response.message.content


@pytest.mark.parametrize("ask", FORMS)
async def test_every_form_gives_the_whole_text_and_its_usage(llm: Paddock, runtime: Any, ask: Ask):
    runtime.will_answer("Hi", " there")
    last = (await ask(llm))[-1]
    assert text_of(last) == "Hi there"
    assert last.raw["usage"] == {
        "prompt_tokens": 7,
        "completion_tokens": 3,
        "total_tokens": 10,
        "prompt_tokens_details": {"cached_tokens": 5},
        "completion_tokens_details": {"reasoning_tokens": 0},
    }
    json.dumps(last.raw)


@pytest.mark.parametrize("ask", FORMS)
async def test_every_form_is_one_request_and_one_pair_of_events(
    llm: Paddock, runtime: Any, events: Any, ask: Ask
):
    runtime.will_answer("Hi")
    await ask(llm)
    assert len(runtime.requests) == 1
    assert events.seen == PAIR


@pytest.mark.parametrize("ask", FORMS)
async def test_every_form_tells_the_instrumentation_once(llm: Paddock, runtime: Any, ask: Ask):
    runtime.will_answer("Hi", " there")
    with watched() as events:
        await ask(llm)
    kind = "LLMCompletion" if "complete" in ask.__name__ else "LLMChat"
    told = [event.class_name() for event in events]
    assert [name for name in told if "InProgress" not in name] == [
        f"{kind}StartEvent",
        f"{kind}EndEvent",
    ]
    end: Any = events[-1]
    assert text_of(end.response) == "Hi there"


@pytest.mark.parametrize("ask", FORMS)
async def test_the_rate_limiter_is_asked_once(runtime: Any, ask: Ask):
    limiter = Limiter()
    runtime.will_answer("Hi")
    await ask(Paddock("m", runtime=runtime, rate_limiter=limiter))
    assert limiter.asked == 1


@pytest.mark.parametrize("ask", FORMS)
async def test_token_counting_handler_counts_what_the_usage_says(runtime: Any, ask: Ask):
    counter = TokenCountingHandler(tokenizer=lambda text: list(text.encode()))
    runtime.will_answer("Hi")
    await ask(Paddock("m", runtime=runtime, callback_manager=CallbackManager([counter])))
    assert (counter.prompt_llm_token_count, counter.completion_llm_token_count) == (7, 3)


@pytest.mark.parametrize("ask", FORMS)
async def test_an_error_of_the_runtime_arrives_unchanged_and_ends_the_event(
    llm: Paddock, runtime: Any, events: Any, ask: Ask
):
    runtime.will_say(runtime.says("Hi"), paddock.DecodeError("step failed"))
    with pytest.raises(paddock.DecodeError, match="step failed"):
        await ask(llm)
    assert [event for event in events.seen if event[1] == "llm"] == PAIR


def test_stream_methods_return_real_generators(llm: Paddock, runtime: Any):
    runtime.will_answer("Hi")
    runtime.will_answer("Hi")
    assert inspect.isgenerator(llm.stream_chat(QUESTION))
    assert inspect.isgenerator(llm.stream_complete("Hello!"))


async def test_async_stream_methods_return_real_async_generators(llm: Paddock, runtime: Any):
    runtime.will_answer("Hi")
    runtime.will_answer("Hi")
    assert inspect.isasyncgen(await llm.astream_chat(QUESTION))
    assert inspect.isasyncgen(await llm.astream_complete("Hello!"))


# -- streams --------------------------------------------------------------------------------------


def test_chunks_are_cumulative_and_deltas_are_what_is_new(llm: Paddock, runtime: Any):
    runtime.will_answer("Hi", " there")
    chunks = list(llm.stream_chat(QUESTION))
    assert [chunk.message.content for chunk in chunks] == ["Hi", "Hi there", "Hi there"]
    assert [chunk.delta for chunk in chunks] == ["Hi", " there", ""]
    assert ["usage" in chunk.raw for chunk in chunks] == [False, False, True]


def test_the_first_completion_chunk_has_visible_text(llm: Paddock, runtime: Any):
    runtime.will_answer("\n", "\n", "Hi")
    chunks = list(llm.stream_complete("Hello!"))
    assert [(chunk.text, chunk.delta) for chunk in chunks] == [
        ("\n\nHi", "\n\nHi"),
        ("\n\nHi", ""),
    ]


def test_thinking_streams_before_the_text_and_completions_start_with_text(
    llm: Paddock, runtime: Any
):
    parts = [runtime.says(thinking="Hm"), runtime.says(thinking="m."), runtime.says("Hi")]
    runtime.will_say(*parts, runtime.ends(thinking_count=2))
    chunks = list(llm.stream_chat(QUESTION))
    assert [chunk.additional_kwargs.get("thinking_delta") for chunk in chunks] == [
        *("Hm", "m.", None, None)
    ]
    assert [chunk.delta for chunk in chunks] == ["", "", "Hi", ""]
    assert chunks[-1].message.blocks == [
        ThinkingBlock(content="Hmm.", num_tokens=2),
        TextBlock(text="Hi"),
    ]
    assert chunks[-1].raw["usage"]["completion_tokens_details"] == {"reasoning_tokens": 2}
    runtime.will_say(*parts, runtime.ends())
    completion = next(llm.stream_complete("Hello!"))
    assert completion.text == "Hi"
    assert completion.additional_kwargs == {"thinking_delta": "Hmm."}


def test_an_empty_answer_is_one_chunk(llm: Paddock, runtime: Any):
    runtime.will_answer("")
    (only,) = llm.stream_complete("Hello!")
    assert (only.text, only.delta) == ("", "")


def test_closing_a_stream_cancels_the_request(llm: Paddock, runtime: Any):
    runtime.will_say(runtime.says("Hi"))
    stream = llm.stream_chat(QUESTION)
    next(stream)
    stream.close()
    assert runtime.channels[-1].cancelled


def test_dropping_a_stream_cancels_the_request_even_if_it_never_began(llm: Paddock, runtime: Any):
    runtime.will_say(runtime.says("Hi"))
    runtime.will_say(runtime.says("Hi"))
    started, unstarted = llm.stream_complete("Hello!"), llm.stream_complete("Hello!")
    next(started)
    del started, unstarted
    gc.collect()
    assert [channel.cancelled for channel in runtime.channels] == [True, True]


async def test_closing_an_async_stream_cancels_the_request(llm: Paddock, runtime: Any):
    runtime.will_say(runtime.says("Hi"))
    stream: Any = await llm.astream_chat(QUESTION)
    await anext(stream)
    await stream.aclose()
    await asyncio.sleep(0.01)
    assert runtime.channels[-1].cancelled


async def test_cancelling_the_task_cancels_the_request(llm: Paddock, runtime: Any):
    runtime.will_say(runtime.says("Hi"))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(llm.achat(QUESTION), 0.01)
    assert runtime.channels[-1].cancelled


def test_one_object_serves_many_event_loops(llm: Paddock, runtime: Any):
    for _ in range(3):
        runtime.will_answer("Hi")
        assert asyncio.run(llm.acomplete("Hello!")).text == "Hi"


def test_logprobs_are_lists_of_alternatives(llm: Paddock, runtime: Any):
    part = runtime.says("Hi")
    part.logprobs = [
        paddock.Logprob(
            token="Hi",
            logprob=-0.1,
            bytes=[72, 105],
            top_logprobs=[{"token": "Hi", "logprob": -0.1}, {"token": "Yo", "logprob": -2.0}],
        )
    ]
    runtime.will_say(part, runtime.ends())
    (position,) = llm.chat(QUESTION, logprobs=True, top_logprobs=2).logprobs or []
    assert [(one.token, one.logprob) for one in position] == [("Hi", -0.1), ("Yo", -2.0)]
    assert (runtime.request.logprobs, runtime.request.top_logprobs) == (True, 2)


@pytest.mark.parametrize("ask", FORMS)
async def test_a_prompt_that_was_cut_is_told_once(llm: Paddock, runtime: Any, ask: Ask):
    end = runtime.ends(prompt_original_count=5000, prompt_dropped_count=3, context_length=4096)
    runtime.will_say(runtime.says("Hi"), end)
    with pytest.warns(
        UserWarning, match="had 5000 tokens .* holds 4096: the 3 oldest messages"
    ) as w:
        await ask(llm)
    assert len(w) == 1


# -- what is asked --------------------------------------------------------------------------------


def asked(runtime: Any) -> dict[str, Any]:
    return runtime.request.options.model_dump(exclude_none=True)


def test_only_what_was_set_is_sent(llm: Paddock, runtime: Any):
    runtime.will_answer("Hi")
    llm.chat(QUESTION)
    assert runtime.request.model_dump(exclude_none=True) == {
        "model": "m",
        "options": {},
        "messages": [{"role": "user", "content": "Hello!"}],
    }


def test_constructor_values_reach_the_request(runtime: Any):
    llm = Paddock(
        "m",
        runtime=runtime,
        temperature=0.5,
        context_window=2048,
        max_tokens=9,
        seed=4,
        stop=["#"],
        additional_kwargs={"top_k": 3, "temperature": 0.1},
        json_mode=True,
        keep_alive="10m",
        thinking="low",
        request_timeout=30,
        on_overflow="error",
    )
    runtime.will_answer("{}")
    llm.chat(QUESTION)
    assert asked(runtime) == {
        "temperature": 0.1,
        "num_ctx": 2048,
        "num_predict": 9,
        "seed": 4,
        "stop": ["#"],
        "top_k": 3,
    }
    request = runtime.request
    assert (request.format, request.keep_alive) == ("json", "10m")
    assert (request.think, request.timeout, request.truncate) == ("low", 30, False)


def test_a_call_wins_over_its_options_and_these_over_the_constructor(runtime: Any):
    llm = Paddock("m", runtime=runtime, temperature=0.5, top_k=1, thinking=True, stop=["#"])
    runtime.will_answer("Hi")
    llm.chat(
        QUESTION,
        temperature=0.1,
        max_tokens=2,
        top_p=None,
        options={"temperature": 0.2, "seed": 5},
        stop=[],
        think=False,
        model="other",
        keep_alive=0,
    )
    assert asked(runtime) == {
        "temperature": 0.1,
        "num_predict": 2,
        "seed": 5,
        "top_k": 1,
        "stop": ["#"],
    }
    request = runtime.request
    assert (request.think, request.model, request.keep_alive) == (False, "other", 0)


def test_choices_hold_an_answer_to_a_list(runtime: Any):
    llm = Paddock("m", runtime=runtime, choices=["yes", "no"])
    runtime.will_answer("yes")
    llm.chat(QUESTION)
    assert runtime.request.choices == ["yes", "no"]
    runtime.will_answer("maybe")
    llm.complete("Hello!", choices=["maybe"])
    assert runtime.request.choices == ["maybe"]


def test_a_constraint_of_a_call_takes_the_place_of_the_constructors(runtime: Any):
    llm = Paddock("m", runtime=runtime, json_mode=True)
    runtime.will_answer("yes")
    llm.chat(QUESTION, choices=["yes"])
    assert (runtime.request.choices, runtime.request.format) == (["yes"], None)


@pytest.mark.parametrize(
    ("rule", "truncate", "cut"),
    [("truncate", None, None), ("error", False, None), ("shift", None, "tokens")],
)
def test_what_becomes_of_long_prompts_is_the_callers_to_say(
    runtime: Any, rule: Any, truncate: bool | None, cut: str | None
):
    llm = Paddock("m", runtime=runtime, on_overflow=rule)
    runtime.will_answer("Hi")
    llm.chat(QUESTION)
    assert (runtime.request.truncate, runtime.request.cut) == (truncate, cut)
    runtime.will_answer("Hi")
    Paddock("m", runtime=runtime, on_overflow="error").complete("Hello!", on_overflow=rule)
    assert (runtime.request.truncate, runtime.request.cut) == (truncate, cut)
    with pytest.raises(paddock.RequestError, match="truncate, error, shift"):
        llm.chat(QUESTION, on_overflow="cry")


@pytest.mark.parametrize("ask", FORMS)
async def test_a_missing_model_is_pulled_where_that_is_wanted(runtime: Any, ask: Ask):
    told: list[Any] = []
    runtime.shown = None
    runtime.will_answer("Hi")
    llm = Paddock("m", runtime=runtime, pull=told.append)
    assert text_of((await ask(llm))[-1]) == "Hi"
    assert [progress.status for progress in told] == ["success"]
    assert [type(request).__name__ for request in runtime.requests][:2] == [
        "ShowRequest",
        "PullRequest",
    ]
    assert pickle.loads(pickle.dumps(llm)).pull is True
    assert Paddock.from_dict(llm.to_dict()).pull is True


def test_an_event_may_cancel_a_call(llm: Paddock, runtime: Any):
    stop = threading.Event()
    runtime.will_answer("Hi")
    llm.chat(QUESTION, cancel=stop)
    assert runtime.request.cancel is stop


def test_tokens_are_counted_as_a_request_would(llm: Paddock, runtime: Any):
    assert llm.count_tokens(QUESTION, [TOOL], thinking=False) == 42
    request = runtime.request
    assert [message.content for message in request.messages] == ["Hello!"]
    assert [tool.function.name for tool in request.tools] == ["generate_song"]
    assert request.think is False


def test_unknown_keywords_warn_and_name_the_nearest(llm: Paddock, runtime: Any):
    runtime.will_answer("Hi")
    with pytest.warns(UserWarning, match="'temprature' has no effect; did you mean 'temperature'"):
        llm.chat(QUESTION, temprature=3)
    with pytest.warns(UserWarning, match="'contextwindow' has no effect"):
        Paddock("m", contextwindow=3)


@pytest.mark.parametrize(
    "arguments",
    [
        {"temperature": "hot"},
        {"additional_kwargs": {"temprature": 1}},
        {"max_tokens": 1, "num_predict": 2},
        {"context_window": 1024, "num_ctx": 2048},
    ],
)
def test_wrong_options_are_refused_at_once(arguments: dict[str, Any]):
    with pytest.raises(paddock.RequestError):
        Paddock("m", **arguments)


def test_a_server_address_takes_the_place_of_a_runtime(runtime: Any):
    llm = Paddock("m", base_url="http://localhost:11434", headers={"a": "b"})
    assert repr(llm.runtime) == "RemoteRuntime('http://localhost:11434')"
    assert llm.runtime is llm.runtime
    with pytest.raises(paddock.RequestError, match="base_url excludes runtime"):
        Paddock("m", base_url="http://localhost:11434", runtime=runtime)
    again = pickle.loads(pickle.dumps(llm))
    assert (again.base_url, again.headers) == (llm.base_url, {"a": "b"})
    assert "headers" not in llm.to_dict()
    Paddock("m", base_url=None, headers={"a": "b"}, client=None, prompt_key="prompt")


@pytest.mark.parametrize("arguments", [{"think": "hard"}, {"top_logprobs": 99}, {"model": ""}])
def test_a_malformed_call_is_a_request_error(llm: Paddock, arguments: dict[str, Any]):
    with pytest.raises(paddock.RequestError, match=next(iter(arguments))):
        llm.chat(QUESTION, **arguments)


def test_a_formatted_prompt_goes_raw(llm: Paddock, runtime: Any):
    parts = [
        paddock.GenerateResponse(response="Hi", done=False),
        paddock.GenerateResponse(response="", done=True, prompt_eval_count=2, eval_count=1),
    ]
    runtime.will_say(*parts)
    response = llm.complete("<s>Hello!", formatted=True, seed=1)
    assert (runtime.request.prompt, runtime.request.raw) == ("<s>Hello!", True)
    assert asked(runtime) == {"seed": 1}
    assert (response.text, response.raw["usage"]["total_tokens"]) == ("Hi", 3)


def test_own_prompt_functions_bypass_the_template(runtime: Any):
    llm = Paddock(
        "m",
        runtime=runtime,
        messages_to_prompt=lambda messages: f"M {messages[0].content}",
        completion_to_prompt=lambda completion: f"C {completion}",
    )
    end = paddock.GenerateResponse(response="Hi", done=True)
    runtime.will_say(end)
    assert llm.chat(QUESTION).message.content == "Hi"
    assert (runtime.request.prompt, runtime.request.raw) == ("M Hello!", True)
    runtime.will_say(end)
    llm.complete("Hello!")
    assert runtime.request.prompt == "C Hello!"
    with pytest.raises(paddock.UnsupportedError, match="messages_to_prompt"):
        llm.chat_with_tools([FunctionTool.from_defaults(generate_song)], "Hello!")


def test_predict_applies_the_system_prompt(runtime: Any):
    llm = Paddock("m", runtime=runtime, system_prompt="Be brief.")
    runtime.will_answer("Hi")
    assert llm.predict(PromptTemplate("Say {word}"), word="hi") == "Hi"
    assert [message.role for message in runtime.request.messages] == ["system", "user"]


# -- what is told ---------------------------------------------------------------------------------


def test_names_of_class_and_bases():
    assert Paddock.class_name() == "Paddock_llm"
    assert "BaseLLM" in [base.__name__ for base in Paddock.__mro__]


def test_metadata_is_read_from_the_model(runtime: Any):
    runtime.shown = paddock.ShowResponse(
        parameters='stop      "num_ctx 7"\nnum_ctx   8192',
        model_info={"llama.context_length": 131072},
        capabilities=["completion"],
    )
    metadata = Paddock("m", runtime=runtime, num_predict=-1).metadata
    assert (metadata.context_window, metadata.num_output) == (8192, 256)
    assert metadata.is_chat_model
    assert not metadata.is_function_calling_model
    assert metadata.model_name == "m"


@pytest.mark.parametrize(
    ("arguments", "trained", "window"),
    [
        ({}, 131072, 4096),
        ({}, 512, 512),
        ({"context_window": 16384}, 131072, 16384),
        ({"num_ctx": 16384}, 8192, 8192),
        ({"additional_kwargs": {"num_ctx": 100}}, 8192, 100),
    ],
)
def test_the_context_window_is_what_a_request_gets(
    runtime: Any, arguments: dict[str, Any], trained: int, window: int
):
    runtime.shown = paddock.ShowResponse(model_info={"llama.context_length": trained})
    assert Paddock("m", runtime=runtime, **arguments).metadata.context_window == window


def test_the_environment_may_name_the_context_window(runtime: Any):
    runtime.settings = Settings(context_length=1000)
    assert Paddock("m", runtime=runtime).metadata.context_window == 1000


def test_the_user_knows_best_whether_a_model_calls_functions(runtime: Any):
    llm = Paddock("m", runtime=runtime, is_function_calling_model=False, max_tokens=100)
    assert not llm.metadata.is_function_calling_model
    assert llm.metadata.num_output == 100


def test_the_payload_of_events_looks_nothing_up(runtime: Any):
    llm = Paddock("m", runtime=runtime, seed=1)
    assert llm.to_payload() == {
        "class_name": "Paddock_llm",
        "model_name": "m",
        "options": {"seed": 1},
    }
    assert runtime.requests == []


def test_the_tokenizer_is_the_models(llm: Paddock):
    assert llm.tokenizer("ab") == [97, 98]


@pytest.mark.parametrize(
    "copied",
    [
        pytest.param(lambda llm: pickle.loads(pickle.dumps(llm)), id="pickle"),
        pytest.param(copy.deepcopy, id="deepcopy"),
        pytest.param(lambda llm: Paddock.from_dict(llm.to_dict()), id="dict"),
        pytest.param(lambda llm: Paddock.from_json(llm.to_json()), id="json"),
    ],
)
def test_copies_keep_the_parameters(
    runtime: Any, copied: Callable[[Paddock], Paddock], caplog: pytest.LogCaptureFixture
):
    llm = Paddock("m", runtime=runtime, context_window=2048, max_tokens=3, stop=["#"])
    twin = copied(llm)
    assert twin.to_dict() == llm.to_dict()
    assert caplog.text == ""


def test_only_a_deep_copy_keeps_the_runtime(runtime: Any, tmp_path: Path):
    llm = Paddock("m", runtime=paddock.Runtime(tmp_path))
    assert copy.deepcopy(llm).runtime is llm.runtime
    assert pickle.loads(pickle.dumps(llm)).runtime is paddock.Runtime.default()


def test_construction_is_lazy_and_cheap(runtime: Any):
    Paddock("no/such:model", runtime=runtime)
    assert runtime.requests == []
    assert isinstance(Paddock("m"), LLM)


# -- tools ----------------------------------------------------------------------------------------

TOOL = FunctionTool.from_defaults(generate_song)


def test_tools_go_with_their_whole_schema_and_inputs_stay_as_they_are(llm: Paddock, runtime: Any):
    history = [ChatMessage("Hello!")]
    runtime.will_answer("Hi")
    llm.chat_with_tools([TOOL], "Sing.", chat_history=history, temperature=0)
    assert len(history) == 1
    assert [message.content for message in runtime.request.messages] == ["Hello!", "Sing."]
    (tool,) = runtime.request.tools
    assert tool.as_dict() == TOOL.metadata.to_openai_tool()
    assert asked(runtime) == {"temperature": 0}


async def test_a_call_comes_back_in_all_four_forms(llm: Paddock, runtime: Any):
    for _ in range(4):
        call = runtime.call("generate_song", artist="A", title="B")
        runtime.will_say(runtime.says("\n"), runtime.says(tool_calls=[call]), runtime.ends())
    responses = [
        llm.chat_with_tools([TOOL], "Sing."),
        await llm.achat_with_tools([TOOL], "Sing."),
        *llm.stream_chat_with_tools([TOOL], "Sing."),
        *[part async for part in await llm.astream_chat_with_tools([TOOL], "Sing.")],
    ]
    assert len(responses) == 6
    for response in responses:
        (selection,) = llm.get_tool_calls_from_response(response)
        assert selection.tool_name == "generate_song"
        assert Song(**selection.tool_kwargs) == Song(artist="A", title="B")
        assert selection.tool_id == "call_1"
        json.dumps(response.message.additional_kwargs)


@pytest.mark.parametrize(("allowed", "count"), [(True, 2), (False, 1)])
async def test_parallel_calls_are_kept_or_cut_as_asked(
    llm: Paddock, runtime: Any, allowed: bool, count: int
):
    calls = [runtime.call("generate_song", f"call_{n}", artist="A", title="B") for n in (1, 2)]
    for _ in range(2):
        runtime.will_say(
            runtime.says(tool_calls=calls[:1]), runtime.says(tool_calls=calls[1:]), runtime.ends()
        )
    whole = llm.chat_with_tools([TOOL], "Sing.", allow_parallel_tool_calls=allowed)
    *_, last = llm.stream_chat_with_tools([TOOL], "Sing.", allow_parallel_tool_calls=allowed)
    for response in (whole, last):
        selections = llm.get_tool_calls_from_response(response)
        assert len({selection.tool_id for selection in selections}) == count
    assert [request.parallel_tool_calls for request in runtime.requests] == [allowed, allowed]


def test_without_tools_there_is_nothing_to_select(llm: Paddock, runtime: Any):
    runtime.will_answer("Hi")
    response = llm.chat_with_tools([], "Hello!")
    assert runtime.request.tools is None
    assert response.message.additional_kwargs.get("tool_calls", []) == []
    assert llm.get_tool_calls_from_response(response, error_on_no_tool_call=False) == []
    with pytest.raises(ValueError, match="at least one tool call"):
        llm.get_tool_calls_from_response(response)


@pytest.mark.parametrize(
    ("force", "choice"),
    [
        ({"tool_required": True}, "required"),
        ({"tool_choice": "any"}, "any"),
        ({"tool_choice": "generate_song"}, "generate_song"),
        (
            {"tool_choice": {"type": "function", "function": {"name": "generate_song"}}},
            {"type": "function", "function": {"name": "generate_song"}},
        ),
    ],
)
def test_a_forced_call_reaches_the_request(
    llm: Paddock, runtime: Any, force: dict[str, Any], choice: Any
):
    runtime.will_say(
        runtime.says(tool_calls=[runtime.call("generate_song", artist="A", title="B")]),
        runtime.ends(),
    )
    llm.chat_with_tools([TOOL], "Sing.", **force)
    assert runtime.request.tool_choice == choice


@pytest.mark.parametrize("choice", ["none", False])
def test_a_choice_that_forbids_calls_reaches_the_request(llm: Paddock, runtime: Any, choice: Any):
    runtime.will_answer("Hi")
    llm.chat_with_tools([TOOL], "Sing.", tool_choice=choice)
    assert runtime.request.tool_choice == choice


@pytest.mark.parametrize("choice", ["any", "required", "generate_song"])
def test_nothing_is_forced_where_there_are_no_tools(llm: Paddock, runtime: Any, choice: str):
    runtime.will_answer("Hi")
    llm.chat_with_tools([], "Hello!", tool_choice=choice, tool_required=True)
    assert (runtime.request.tools, runtime.request.tool_choice) == (None, None)


async def test_predict_and_call_runs_the_tool(llm: Paddock, runtime: Any):
    call = runtime.call("generate_song", artist="A", title="B")
    for _ in range(2):
        runtime.will_say(runtime.says(tool_calls=[call]), runtime.ends())
    for answer in (
        llm.predict_and_call([TOOL], "Sing."),
        await llm.apredict_and_call([TOOL], "Sing."),
    ):
        assert answer.sources[0].raw_output == Song(artist="A", title="B")


# -- structured output ----------------------------------------------------------------------------

PROMPT = PromptTemplate("A song about {topic}.")
SONG = Song(artist="A", title="Bee")
SPOKEN = ('{"artist": ', '"A", "title"', ': "B', 'ee"}')


async def test_structured_prediction_constrains_and_parses(runtime: Any):
    llm = Paddock("m", runtime=runtime, system_prompt="Be brief.")
    runtime.will_answer(*SPOKEN)
    assert llm.structured_predict(Song, PROMPT, {"seed": 1}, topic="bees") == SONG
    runtime.will_answer(*SPOKEN)
    assert await llm.astructured_predict(Song, PROMPT, topic="bees") == SONG
    request = runtime.requests[0]
    assert request.format == Song.model_json_schema()
    assert request.options.seed == 1
    assert [message.content for message in request.messages] == ["Be brief.", "A song about bees."]


async def test_structured_prediction_tells_the_instrumentation(llm: Paddock, runtime: Any):
    for _ in range(4):
        runtime.will_answer(*SPOKEN)
    with watched() as events:
        llm.structured_predict(Song, PROMPT, topic="bees")
        await llm.astructured_predict(Song, PROMPT, topic="bees")
        list(llm.stream_structured_predict(Song, PROMPT, topic="bees"))
        later = await llm.astream_structured_predict(Song, PROMPT, topic="bees")
        assert [found async for found in later]
    told = [event.class_name() for event in events if "Structured" in event.class_name()]
    start, grows, end = (
        f"LLMStructuredPredict{name}Event" for name in ("Start", "InProgress", "End")
    )
    assert told == [start, end, start, end, *[start, *[grows] * 4, end] * 2]


@pytest.mark.parametrize("streams", [False, True])
async def test_structured_prediction_by_a_call_gives_whole_objects(runtime: Any, streams: bool):
    llm = Paddock("m", runtime=runtime, pydantic_program_mode=PydanticProgramMode.FUNCTION)
    call = runtime.call("Song", artist="A", title="Bee")
    for _ in range(2):
        runtime.will_say(runtime.says(tool_calls=[call]), runtime.ends())
    if streams:
        *_, found = llm.stream_structured_predict(Song, PROMPT, topic="bees")
        later = await llm.astream_structured_predict(Song, PROMPT, topic="bees")
        *_, other = [item async for item in later]
    else:
        found = llm.structured_predict(Song, PROMPT, topic="bees")
        other = await llm.astructured_predict(Song, PROMPT, topic="bees")
    assert (found, other) == (SONG, SONG)
    if not streams:
        assert runtime.request.tool_choice == "required"


async def test_structured_streams_grow_to_the_whole_object(llm: Paddock, runtime: Any):
    runtime.will_answer(*SPOKEN)
    objects = list(llm.stream_structured_predict(Song, PROMPT, topic="bees"))
    runtime.will_answer(*SPOKEN)
    later = await llm.astream_structured_predict(Song, PROMPT, topic="bees")
    stages = [{}, {"artist": "A"}, {"artist": "A", "title": "B"}, {"artist": "A", "title": "Bee"}]
    assert [found.model_dump(exclude_none=True) for found in objects] == stages
    assert [found.model_dump(exclude_none=True) async for found in later] == stages
    assert objects[-1] == SONG


def test_an_object_that_was_cut_off_is_an_error(llm: Paddock, runtime: Any):
    for _ in range(2):
        runtime.will_answer('{"artist": "A"')
    with pytest.raises(ValueError, match="Song"):
        llm.structured_predict(Song, PROMPT, topic="bees")
    with pytest.raises(ValueError, match="Song"):
        list(llm.stream_structured_predict(Song, PROMPT, topic="bees"))


@pytest.mark.filterwarnings("ignore:The `json` method is deprecated")  # llama-index-core's
async def test_structured_llm_answers_in_json(llm: Paddock, runtime: Any):
    for _ in range(4):
        runtime.will_answer(*SPOKEN)
    structured = llm.as_structured_llm(Song)
    assert structured.chat(QUESTION).raw == SONG
    assert structured.complete("Hello!").raw == SONG
    assert (await structured.achat(QUESTION)).raw == SONG
    *_, last = structured.stream_chat(QUESTION)
    assert last.raw == SONG


def test_closing_a_structured_stream_cancels_the_request(llm: Paddock, runtime: Any):
    runtime.will_say(runtime.says('{"artist": "A'))
    stream = llm.stream_structured_predict(Song, PROMPT, topic="bees")
    next(stream)
    stream.close()
    assert runtime.channels[-1].cancelled


def test_the_text_program_is_still_there(runtime: Any):
    llm = Paddock("m", runtime=runtime, pydantic_program_mode=PydanticProgramMode.LLM)
    runtime.will_answer(*SPOKEN)
    assert llm.structured_predict(Song, PROMPT, topic="bees") == SONG
    assert runtime.request.format is None


def test_a_function_agents_history_goes_round(llm: Paddock, runtime: Any):
    call = runtime.call("generate_song", artist="A", title="B")
    runtime.will_say(runtime.says(thinking="Hm."), runtime.says(tool_calls=[call]), runtime.ends())
    answer = llm.chat_with_tools([TOOL], "Sing.").message
    stored = ChatMessage.model_validate_json(answer.model_dump_json())
    result = ChatMessage(
        role=MessageRole.TOOL, content="la la", additional_kwargs={"tool_call_id": "call_1"}
    )
    runtime.will_answer("Done.")
    llm.chat([*QUESTION, stored, result])
    _, said, tool = (message.model_dump(exclude_none=True) for message in runtime.request.messages)
    assert said["thinking"] == "Hm."
    assert said["tool_calls"] == [
        {
            "id": "call_1",
            "function": {"name": "generate_song", "arguments": {"artist": "A", "title": "B"}},
        }
    ]
    assert tool == {
        "role": "tool",
        "content": "la la",
        "tool_name": "generate_song",
        "tool_call_id": "call_1",
    }

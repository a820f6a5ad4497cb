# pyright: basic
import asyncio
import inspect
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import httpx
import ollama
import pytest

import paddock
from paddock import client as client_module
from paddock.api import (
    ChatRequest,
    ChatResponse,
    CreateRequest,
    EmbeddingsResponse,
    EmbedResponse,
    GenerateRequest,
    GenerateResponse,
    Image,
    ListResponse,
    Message,
    Options,
    ProcessResponse,
    ProgressResponse,
    ShowResponse,
    StatusResponse,
    Tool,
    Wire,
)
from paddock.client import AsyncClient, ChatFields, Client, CreateFields, GenerateFields
from paddock.errors import ModelNotFoundError, OptionError, RequestError, UnsupportedError
from paddock.remote import RemoteRuntime
from paddock.runtime import Runtime
from paddock.stream import Channel, Plain, Stream

HI = [{"role": "user", "content": "hi"}]


def parts_of(*texts: str) -> list[ChatResponse]:
    parts = [
        ChatResponse(model="m", message=Message(role="assistant", content=text), done=False)
        for text in texts
    ]
    end = ChatResponse(
        model="m", message=Message(role="assistant", content=""), done=True, done_reason="stop"
    )
    return [*parts, end]


def fold_chat(parts: list[ChatResponse]) -> ChatResponse:
    text = "".join(part.message.content or "" for part in parts)
    return parts[-1].model_copy(update={"message": Message(role="assistant", content=text)})


class FakeRuntime:
    """A Runtime that records requests and answers each kind with fixed parts."""

    def __init__(self, models: str | Path | None = None) -> None:
        self.models = models
        self.requests: list[Any] = []
        self.threads: list[threading.Thread] = []
        self.channels: list[Channel] = []
        self.closed = 0
        self.error: Exception | None = None
        self.hangs = False

    @property
    def last(self) -> Any:
        return self.requests[-1]

    def _note(self, request: Any) -> None:
        self.requests.append(request)
        self.threads.append(threading.current_thread())

    def _stream(self, request: Any, parts: list[Any], fold: Callable[[list[Any]], Any]) -> Any:
        self._note(request)
        channel = Channel()
        self.channels.append(channel)
        for part in parts:
            channel.put(part)
        if self.error is not None:
            channel.fail(self.error)
        elif not self.hangs:
            channel.finish()
        return Stream(channel, Plain(), fold)

    def chat(self, request: ChatRequest) -> Any:
        return self._stream(request, parts_of("Hel", "lo"), fold_chat)

    def generate(self, request: GenerateRequest) -> Any:
        parts = [GenerateResponse(response="a"), GenerateResponse(response="b", done=True)]
        return self._stream(request, parts, lambda _: GenerateResponse(response="ab", done=True))

    def embed(self, request: Any) -> Any:
        vectors = [[1.0, 0.0]] * len(request.input or [])
        return self._stream(request, [EmbedResponse(embeddings=vectors)], lambda parts: parts[0])

    def embeddings(self, request: Any) -> Any:
        return self._stream(request, [EmbeddingsResponse(embedding=[1.0])], lambda parts: parts[0])

    def create(self, request: Any) -> Any:
        parts = [ProgressResponse(status="writing"), ProgressResponse(status="success")]
        return self._stream(request, parts, lambda parts: parts[-1])

    def list(self) -> ListResponse:
        self._note("list")
        return ListResponse(models=[ListResponse.Model(model="m:latest", size=1)])

    def ps(self) -> ProcessResponse:
        self._note("ps")
        return ProcessResponse(models=[])

    def show(self, request: Any) -> ShowResponse:
        self._note(request)
        if request.model == "absent":
            raise ModelNotFoundError("absent")
        return ShowResponse(template="t", model_info={"a": 1})

    def delete(self, request: Any) -> StatusResponse:
        self._note(request)
        return StatusResponse(status="success")

    def copy(self, request: Any) -> StatusResponse:
        self._note(request)
        return StatusResponse(status="success")

    def close(self) -> None:
        self.closed += 1


@pytest.fixture
def runtime() -> FakeRuntime:
    return FakeRuntime()


@pytest.fixture
def client(runtime: FakeRuntime) -> Client:
    return Client(runtime=cast("Runtime", runtime))


@pytest.fixture
def async_client(runtime: FakeRuntime) -> AsyncClient:
    return AsyncClient(runtime=cast("Runtime", runtime))


def sent(request: Wire) -> dict[str, Any]:
    return request.model_dump(exclude_unset=True, by_alias=True)


# -- what is called --------------------------------------------------------------------------------


def test_a_chat_is_answered_whole_as_object_and_mapping(client: Client, runtime: FakeRuntime):
    response = client.chat("m", HI)
    assert response.message.content == "Hello"
    assert response["message"]["content"] == "Hello"
    assert response.done_reason == "stop"
    assert sent(runtime.last) == {"model": "m", "messages": HI, "stream": False}


def test_a_streamed_chat_gives_its_parts(client: Client, runtime: FakeRuntime):
    stream = client.chat(model="m", messages=HI, stream=True)
    assert isinstance(stream, Stream)
    assert [part["message"]["content"] for part in stream] == ["Hel", "lo", ""]
    assert runtime.last.stream is True


def test_every_field_of_a_chat_reaches_its_request(client: Client, runtime: FakeRuntime):
    fields: ChatFields = {
        "think": "high",
        "logprobs": True,
        "top_logprobs": 3,
        "format": {"type": "object"},
        "options": {"temperature": 0, "stop": ["x"]},
        "keep_alive": -1,
        "truncate": False,
        "shift": False,
        "grammar": 'root ::= "a"',
        "logit_bias": {5: -1.0},
        "timeout": 2.5,
        "tools": [{"type": "function", "function": {"name": "f"}}],
    }
    client.chat("m", HI, **fields)
    request = runtime.last
    assert isinstance(request, ChatRequest)
    assert request.options == Options(temperature=0, stop=["x"])
    assert (request.think, request.top_logprobs, request.keep_alive) == ("high", 3, -1)
    assert (request.grammar, request.logit_bias, request.timeout) == ('root ::= "a"', {5: -1}, 2.5)
    assert (request.truncate, request.shift, request.format) == (False, False, {"type": "object"})


def test_generate_takes_prompt_and_suffix_by_position(client: Client, runtime: FakeRuntime):
    response = client.generate("m", "p", "s", raw=True, context=(1, 2), images=[b"png"])
    assert response.response == "ab"
    request = runtime.last
    assert isinstance(request, GenerateRequest)
    assert (request.prompt, request.suffix, request.raw) == ("p", "s", True)
    assert request.context == [1, 2]
    assert request.images == [Image(value=b"png")]
    assert [part.response for part in client.generate("m", "p", stream=True)] == ["a", "b"]


def test_generate_without_prompt_sends_none(client: Client, runtime: FakeRuntime):
    client.generate("m", keep_alive=0)
    assert sent(runtime.last) == {"model": "m", "keep_alive": 0, "stream": False}


def test_image_generation_fields_are_refused_unless_none(client: Client, runtime: FakeRuntime):
    client.generate("m", "p", width=None, steps=None)
    with pytest.raises(UnsupportedError):
        client.generate("m", "p", width=64)
    assert len(runtime.requests) == 1


def test_embed_takes_all_by_position(client: Client, runtime: FakeRuntime):
    response = client.embed("m", ["a", "b"], True, {"num_ctx": 64}, "1m", 2)
    assert len(response.embeddings) == 2
    assert sent(runtime.last) == {
        "model": "m",
        "input": ["a", "b"],
        "truncate": True,
        "options": {"num_ctx": 64},
        "keep_alive": "1m",
        "dimensions": 2,
    }


def test_legacy_embeddings_take_all_by_position(client: Client, runtime: FakeRuntime):
    assert client.embeddings("m", "hi", {"num_ctx": 64}, 5).embedding == [1.0]
    assert runtime.last.prompt == "hi"
    assert runtime.last.options == Options(num_ctx=64)


def test_create_passes_everything_on(client: Client, runtime: FakeRuntime):
    response = client.create(
        "new",
        "q4_K_M",
        "base",
        template="T",
        license=["MIT"],
        system="S",
        parameters=Options(seed=1),
        messages=[Message(role="user", content="x")],
        files={"m.gguf": "sha256:a"},
        adapters={"a.gguf": "sha256:b"},
    )
    assert response.status == "success"
    request = runtime.last
    assert isinstance(request, CreateRequest)
    assert (request.from_, request.quantize, request.license) == ("base", "q4_K_M", ["MIT"])
    assert request.parameters == {"seed": 1}
    assert request.files == {"m.gguf": "sha256:a"}
    statuses = [part.status for part in client.create("new", from_="base", stream=True)]
    assert statuses == ["writing", "success"]


def test_create_takes_modelfiles_as_the_client_of_2024_did(client: Client, runtime: FakeRuntime):
    client.create(name="new", modelfile="FROM base", path=Path("folder"))
    request = runtime.last
    assert isinstance(request, CreateRequest)
    assert (request.model, request.modelfile, request.path) == ("new", "FROM base", "folder")
    client.create("newer", name="new", modelfile="FROM base")
    assert runtime.last.model == "newer"


def test_model_management_answers_like_the_official_client(client: Client, runtime: FakeRuntime):
    assert client.list().models[0].model == "m:latest"
    assert client.ps()["models"] == []
    assert client.show("m", verbose=True).modelinfo == {"a": 1}
    assert runtime.last.verbose is True
    assert client.copy("m", "n").status == "success"
    assert sent(runtime.last) == {"source": "m", "destination": "n"}
    assert client.delete("m")["status"] == "success"
    assert runtime.last.model == "m"


# -- what goes in ----------------------------------------------------------------------------------


def test_messages_may_be_mappings_and_messages_of_either_package(
    client: Client, runtime: FakeRuntime
):
    call = {"id": "call_1", "function": {"name": "f", "arguments": {"a": 1}}}
    client.chat(
        "m",
        (
            {"role": "User", "content": "x", "images": [b"a", Path("p"), ollama.Image(value=b"b")]},
            {"role": "assistant", "content": "", "tool_calls": [call]},
            Message(role="tool", content="3", tool_name="f", tool_call_id="call_1"),
            cast(
                "Any", ollama.Message(role="user", content="y", images=[ollama.Image(value=b"c")])
            ),
        ),
    )
    first, second, third, fourth = runtime.last.messages
    assert first.role == "user"
    assert [image.value for image in first.images] == [b"a", Path("p"), "Yg=="]
    assert second.tool_calls[0].id == "call_1"
    assert third.tool_call_id == "call_1"
    assert fourth.images[0].read() == b"c"


def test_the_answer_can_be_the_next_message(client: Client, runtime: FakeRuntime):
    response = client.chat("m", HI)
    client.chat("m", [*HI, response.message, {"role": "tool", "content": "3"}])
    assert runtime.last.messages[1].content == "Hello"


def test_tools_may_be_functions_mappings_and_tools_of_either_package(
    client: Client, runtime: FakeRuntime
):
    def add(a: int) -> int:
        """Add."""
        return a

    schema = {
        "type": "object",
        "$defs": {"P": {"type": "object"}},
        "properties": {"p": {"$ref": "#/$defs/P"}, "n": {"type": "integer", "minimum": 1}},
    }
    loose = {"type": "function", "function": {"name": "f", "parameters": schema}}
    foreign: Any = ollama.Tool.model_validate(loose)
    client.chat("m", HI, tools=[add, loose, Tool(), foreign])
    added, whole, empty, foreign = runtime.last.tools
    assert added.function.parameters.properties["a"].type == "integer"
    assert whole.as_dict() == loose
    assert empty.function is None
    assert foreign.as_dict()["function"]["parameters"]["$defs"] == schema["$defs"]


def test_options_may_be_a_mapping_or_options_of_either_package(
    client: Client, runtime: FakeRuntime
):
    for options in ({"seed": 1}, Options(seed=1), ollama.Options(seed=1)):
        client.chat("m", HI, options=cast("Any", options))
        assert runtime.last.options == Options(seed=1)


def test_an_unknown_option_is_reported_with_a_hint(client: Client, runtime: FakeRuntime):
    with pytest.raises(OptionError, match='did you mean "temperature"'):
        client.chat("m", HI, options={"temprature": 1})
    with pytest.raises(OptionError, match='"num_ctx" must be of type integer'):
        client.embed("m", "x", options={"num_ctx": "4096"})
    assert runtime.requests == []


@pytest.mark.parametrize(
    ("call", "complaint"),
    [
        (lambda c: c.chat(), "model is required"),
        (lambda c: c.chat("", HI), "model is required"),
        (lambda c: c.generate(), "model is required"),
        (lambda c: c.embed(input="x"), "model is required"),
        (lambda c: c.embeddings(), "model is required"),
        (lambda c: c.create(""), "model is required"),
        (lambda c: c.show(""), "model is required"),
        (lambda c: c.delete(None), "model is required"),
        (lambda c: c.chat(5, HI), "model: "),
        (lambda c: c.chat("m", "hi"), "messages: "),
        (lambda c: c.chat("m", HI[0]), "messages: "),
        (lambda c: c.chat("m", 5), "messages: "),
        (lambda c: c.chat("m", ["hi"]), r"messages\.0: "),
        (lambda c: c.chat("m", [{"content": "x"}]), r"messages\.0\.role: "),
        (lambda c: c.chat("m", HI, tools=["add"]), r"tools\.0: "),
        (lambda c: c.chat("m", HI, options=[1]), "options must be an object"),
        (lambda c: c.chat("m", HI, timeout=-1), "timeout: "),
        (lambda c: c.embed("m", [1]), "invalid input type"),
    ],
)
def test_what_does_not_fit_is_a_request_error(
    client: Client, runtime: FakeRuntime, call: Callable[[Any], Any], complaint: str
):
    with pytest.raises(RequestError, match=complaint) as caught:
        call(client)
    assert caught.value.status_code == 400
    assert runtime.requests == []


@pytest.mark.parametrize(
    ("call", "complaint"),
    [
        (lambda c: c.chat("m", HI, temperature=0), r'pass it as options={"temperature": ...}'),
        (lambda c: c.chat("m", HI, keepalive=0), "did you mean 'keep_alive'"),
        (lambda c: c.generate("m", tools=[]), "unexpected keyword argument 'tools'"),
        (lambda c: c.create("m", modlefile="x"), "did you mean 'modelfile'"),
    ],
)
def test_an_unknown_keyword_is_a_type_error(
    client: Client, call: Callable[[Any], Any], complaint: str
):
    with pytest.raises(TypeError, match=complaint):
        call(client)


def test_the_clients_timeout_is_the_deadline_of_each_answer(runtime: FakeRuntime):
    for timeout in (3, (1, 3, 1, 1), httpx.Timeout(3)):
        client = Client(runtime=cast("Runtime", runtime), timeout=timeout)
        client.chat("m", HI)
        assert runtime.last.timeout == 3
    client.generate("m", "p", timeout=1)
    assert runtime.last.timeout == 1


# -- how it ends -----------------------------------------------------------------------------------


def test_errors_carry_the_names_of_the_official_client(client: Client, runtime: FakeRuntime):
    with pytest.raises(paddock.ResponseError) as caught:
        client.show("absent")
    assert caught.value.status_code == 404
    assert caught.value.error == 'model "absent" not found, try pulling it first'
    runtime.error = ModelNotFoundError("m")
    with pytest.raises(paddock.ResponseError):
        client.chat("m", HI)
    with pytest.raises(paddock.ResponseError):
        list(client.chat("m", HI, stream=True))


def test_closing_a_stream_early_stops_its_work(client: Client, runtime: FakeRuntime):
    runtime.hangs = True
    stream = client.chat("m", HI, stream=True)
    assert next(stream).message.content == "Hel"
    stream.close()
    assert runtime.channels[-1].cancelled
    assert list(stream) == []


def test_a_client_closes_only_the_runtime_it_made(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, runtime: FakeRuntime
):
    monkeypatch.setattr(client_module, "Runtime", FakeRuntime)
    with Client(models=tmp_path) as client:
        own = cast("FakeRuntime", client.runtime)
        assert own.models == tmp_path
    assert own.closed == 1
    with Client(runtime=cast("Runtime", runtime)):
        pass
    assert runtime.closed == 0


async def test_an_async_client_closes_its_runtime_off_the_loop(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setattr(client_module, "Runtime", FakeRuntime)
    async with AsyncClient(models=tmp_path) as client:
        own = cast("FakeRuntime", client.runtime)
    assert own.closed == 1


def test_a_client_without_arguments_asks_for_the_processs_runtime_at_each_call(
    monkeypatch: pytest.MonkeyPatch,
):
    runtimes = [FakeRuntime(), FakeRuntime()]
    rest = iter(runtimes)
    monkeypatch.setattr(Runtime, "default", lambda: next(rest))
    client = Client()
    client.list()
    client.list()
    assert [runtime.requests for runtime in runtimes] == [["list"], ["list"]]


def test_a_host_means_a_server_and_without_one_transport_arguments_change_nothing(
    monkeypatch: pytest.MonkeyPatch, runtime: FakeRuntime
):
    monkeypatch.setenv("OLLAMA_HOST", "http://elsewhere")
    monkeypatch.setattr(Runtime, "default", lambda: runtime)
    for client in (Client("http://localhost"), AsyncClient(host="localhost:80", timeout=5)):
        assert isinstance(client.runtime, RemoteRuntime)
        assert client.runtime.address.url == "http://localhost:80"
    transport: Any = {"headers": {"x": "y"}, "follow_redirects": True, "verify": False}
    for host in (None, ""):
        assert Client(host=host, timeout=None, **transport).runtime is cast("Any", runtime)
    with pytest.raises(TypeError, match="unexpected keyword argument 'model'"):
        Client(model="m")  # type: ignore[call-arg]
    with pytest.raises(RequestError, match="exclude each other"):
        Client(models="x", runtime=cast("Runtime", runtime))
    with pytest.raises(RequestError, match="host excludes"):
        Client("localhost", models="x")
    with pytest.raises(RequestError, match="not a protocol"):
        Client("ftp://localhost")


# -- async -----------------------------------------------------------------------------------------


async def test_an_awaited_chat_is_whole(async_client: AsyncClient, runtime: FakeRuntime):
    response = await async_client.chat("m", HI)
    assert response.message.content == "Hello"
    assert sent(runtime.last) == {"model": "m", "messages": HI, "stream": False}


async def test_an_awaited_streaming_chat_iterates(async_client: AsyncClient):
    texts = [
        part["message"]["content"] async for part in await async_client.chat("m", HI, stream=True)
    ]
    assert texts == ["Hel", "lo", ""]


async def test_async_calls_answer_like_sync_ones(async_client: AsyncClient, runtime: FakeRuntime):
    assert (await async_client.generate("m", "p", raw=True)).response == "ab"
    assert [p.response async for p in await async_client.generate("m", stream=True)] == ["a", "b"]
    assert len((await async_client.embed("m", ["a", "b"])).embeddings) == 2
    assert (await async_client.embeddings("m", "a")).embedding == [1.0]
    assert (await async_client.create("n", from_="m")).status == "success"
    progress = await async_client.create("n", from_="m", stream=True)
    assert [part.status async for part in progress] == ["writing", "success"]


async def test_async_management_runs_off_the_loop(async_client: AsyncClient, runtime: FakeRuntime):
    await async_client.list()
    await async_client.ps()
    await async_client.show("m")
    await async_client.copy("m", "n")
    await async_client.delete("m")
    assert len(runtime.threads) == 5
    assert threading.current_thread() not in runtime.threads


async def test_cancelling_an_awaited_chat_stops_its_work(
    async_client: AsyncClient, runtime: FakeRuntime
):
    runtime.hangs = True
    task = asyncio.create_task(async_client.chat("m", HI))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert runtime.channels[-1].cancelled


async def test_async_errors_are_raised_where_they_are_awaited(
    async_client: AsyncClient, runtime: FakeRuntime
):
    with pytest.raises(RequestError, match="model is required"):
        await async_client.chat()
    with pytest.raises(ModelNotFoundError):
        await async_client.show("absent")
    runtime.error = ModelNotFoundError("m")
    with pytest.raises(ModelNotFoundError):
        await async_client.chat("m", HI)


def test_one_async_client_serves_several_loops(async_client: AsyncClient):
    for _ in range(2):
        response = asyncio.run(async_client.chat("m", HI))
        assert response.message.content == "Hello"


# -- the official client as the measure ------------------------------------------------------------

CALLS = (
    "chat",
    "copy",
    "create",
    "delete",
    "embed",
    "embeddings",
    "generate",
    "list",
    "ps",
    "show",
)
SHARED_CALLS = [
    ("chat", ChatFields, ChatRequest),
    ("generate", GenerateFields, GenerateRequest),
    ("create", CreateFields, CreateRequest),
]


def accepted(owner: type, call: str) -> set[str]:
    keywords = {name: fields for name, fields, _ in SHARED_CALLS}
    names = set(inspect.signature(getattr(owner, call)).parameters) - {"fields"}
    return names | (keywords[call].__optional_keys__ if call in keywords else set())


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    ("ours", "theirs"), [(Client, ollama.Client), (AsyncClient, ollama.AsyncClient)]
)
def test_every_argument_of_the_official_client_is_accepted(ours: type, theirs: type, call: str):
    assert set(inspect.signature(getattr(theirs, call)).parameters) <= accepted(ours, call)


@pytest.mark.parametrize(("call", "fields", "request_type"), SHARED_CALLS)
def test_every_field_of_a_request_has_its_keyword(call: str, fields: Any, request_type: type[Wire]):
    assert set(request_type.model_fields) <= accepted(Client, call)


@pytest.fixture
def default(monkeypatch: pytest.MonkeyPatch, runtime: FakeRuntime) -> FakeRuntime:
    monkeypatch.setattr(Runtime, "default", lambda: runtime)
    return runtime


def test_module_functions_use_the_processs_runtime(default: FakeRuntime):
    assert paddock.chat(model="m", messages=HI)["message"]["content"] == "Hello"
    for chunk in paddock.chat(model="m", messages=HI, stream=True):
        assert chunk["message"]["role"] == "assistant"
    assert paddock.generate(model="m", prompt="why?")["response"] == "ab"
    assert paddock.embed(model="m", input="sky").embeddings == [[1.0, 0.0]] * 3
    assert paddock.create(model="e", from_="m", system="You are Mario.").status == "success"
    assert paddock.copy("m", "user/m").status == "success"
    assert paddock.delete("m").status == "success"
    assert paddock.show("m").template == "t"
    assert [model.size for model in paddock.list().models] == [1]
    assert paddock.ps().models == []
    assert paddock.embeddings("m", "sky").embedding == [1.0]


def test_the_calls_of_two_threads_do_not_meet(client: Client):
    answers: list[str | None] = []

    def ask() -> None:
        for _ in range(20):
            answers.append(client.chat("m", HI).message.content)
            time.sleep(0)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == ["Hello"] * 80

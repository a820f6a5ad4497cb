"""The client at one end of a socket, paddock's server with real models at the other: whoever asks
over it is told what the runtime tells in its own process."""

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.registries import FakeRegistry
from tests.servers import serving

from paddock import errors, random_model
from paddock.api import ChatRequest, Message
from paddock.client import AsyncClient, Client
from paddock.runtime import Runtime
from paddock.server import create_app

GREEDY = {"temperature": 0, "seed": 1, "num_thread": 1, "num_predict": 24}
HELLO = [{"role": "user", "content": "What is the weather in Oslo?"}]
TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Get the weather at a location.",
        "parameters": {
            "type": "object",
            "required": ["location"],
            "properties": {"location": {"type": "string"}},
        },
    },
}
_TIMES = {"created_at", "queue_duration", "prompt_cached_count", "expires_at"}


@pytest.fixture(scope="module")
def runtime(
    tiny_gguf: Path, minilm_gguf: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Runtime]:
    folder = tmp_path_factory.mktemp("served")
    other_weights = random_model.write(folder / "other.gguf", type="F16")
    with Runtime(folder / "models") as runtime:
        client = Client(runtime=runtime)
        client.create("tiny", from_=str(tiny_gguf), parameters={"num_thread": 1})
        endless = {"num_predict": 1_000_000, "num_thread": 1}
        client.create("endless", from_=str(other_weights), parameters=endless)
        client.create("minilm", from_=str(minilm_gguf))
        yield runtime


@pytest.fixture(scope="module")
def here(runtime: Runtime) -> Client:
    return Client(runtime=runtime)


@pytest.fixture(scope="module")
def url(runtime: Runtime) -> Iterator[str]:
    with serving(create_app(runtime, bind="127.0.0.1")) as url:
        yield url


@pytest.fixture
def there(url: str) -> Iterator[Client]:
    with Client(host=url) as client:
        yield client


def told(answer: Any) -> Any:
    """An answer without what depends on the moment; a call's id is made for each answer."""
    if isinstance(answer, list):
        return [told(part) for part in answer]
    if not hasattr(answer, "model_dump"):
        return answer
    return _steady(answer.model_dump(mode="json", exclude_none=True))


def _steady(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: "call" if name == "id" else _steady(inside)
            for name, inside in value.items()
            if name not in _TIMES and not name.endswith("_duration") and inside not in ("", [], 0)
        }
    return [_steady(item) for item in value] if isinstance(value, list) else value


CALLS: list[Callable[[Client], Any]] = [
    lambda c: c.list(),
    lambda c: c.show("tiny", verbose=True),
    lambda c: c.show("demo"),
    lambda c: c.chat("demo", HELLO, options=GREEDY),
    lambda c: c.chat("demo", HELLO, options=GREEDY, think=False, logprobs=True, top_logprobs=2),
    lambda c: c.chat("demo", HELLO, options=GREEDY, tools=[TOOL]),
    lambda c: c.chat("demo", HELLO, options=GREEDY, tools=[TOOL], tool_choice="get_weather"),
    lambda c: c.chat("demo", HELLO, options=GREEDY, think=False, format="json"),
    lambda c: c.chat("demo", HELLO, options=GREEDY, choices=["rain", "sun"]),
    lambda c: c.chat("demo", HELLO, options=GREEDY, grammar='root ::= "yes" | "no"'),
    lambda c: c.chat("demo"),
    lambda c: c.generate("tiny", "hello", options=GREEDY),
    lambda c: c.generate("tiny", "hello", options=GREEDY, raw=True, timeout=60),
    lambda c: c.generate("demo", "hello", system="Be brief.", options=GREEDY),
    lambda c: c.embed("minilm", ["one", "two"], dimensions=8),
    lambda c: c.embed("minilm", []),
    lambda c: c.embeddings("minilm", "one"),
    lambda c: c.ps(),
    lambda c: c.runtime.tokenize("demo", "hello"),
    lambda c: c.runtime.count_tokens("demo", "hello"),
    lambda c: c.runtime.detokenize("demo", [60, 61]),
]


@pytest.mark.parametrize("call", CALLS)
def test_a_call_over_the_socket_tells_what_the_runtime_tells(
    here: Client, there: Client, call: Callable[[Client], Any]
):
    wanted = told(call(here))
    found = told(call(there))
    if isinstance(wanted, dict):
        for name in ("embeddings", "embedding"):
            for ours, theirs in zip(found.pop(name, []), wanted.pop(name, []), strict=True):
                assert ours == pytest.approx(theirs, abs=1e-6)
    assert found == wanted


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda c: c.show("nothing"), errors.ModelNotFoundError),
        (lambda c: c.chat("nothing", HELLO), errors.ModelNotFoundError),
        (lambda c: c.chat("nothing", HELLO, stream=True).result(), errors.ModelNotFoundError),
        (lambda c: c.delete("nothing"), errors.ModelNotFoundError),
        (lambda c: c.show("a b"), errors.InvalidNameError),
        (lambda c: c.chat("tiny", HELLO, tools=[TOOL]), errors.UnsupportedError),
        (lambda c: c.chat("tiny", HELLO, think=True), errors.UnsupportedError),
        (lambda c: c.embed("minilm", "x" * 5000, truncate=False), errors.ContextLengthError),
        (lambda c: c.chat("demo", HELLO, grammar="root ::="), errors.GrammarError),
        (lambda c: c.create("new", from_="a b"), errors.PaddockError),
        (lambda c: c.generate("endless", "x", timeout=0.2), errors.DeadlineError),
    ],
)
def test_an_error_over_the_socket_is_the_error_of_the_runtime(
    here: Client, there: Client, call: Callable[[Client], Any], error: type[errors.PaddockError]
):
    raised = []
    for client in (here, there):
        with pytest.raises(error) as caught:
            call(client)
        raised.append(caught.value)
    if error is not errors.PaddockError:
        assert type(raised[0]) is type(raised[1])
    assert raised[0].status_code == raised[1].status_code


def test_the_parts_of_a_stream_are_the_runtimes(here: Client, there: Client):
    for think in (True, False):
        streams = [
            client.chat("demo", HELLO, stream=True, options=GREEDY, think=think)
            for client in (here, there)
        ]
        ours, theirs = (told(list(stream)) for stream in streams)
        assert ours == theirs
        assert len(ours) > 3


async def test_many_answers_at_once_are_decoded_together(url: str, here: Client):
    wanted = told(here.chat("demo", HELLO, options=GREEDY))
    async with AsyncClient(host=url) as client:
        answers = await asyncio.gather(
            *(client.chat("demo", HELLO, options=GREEDY) for _ in range(16))
        )
    assert [told(answer)["message"] for answer in answers] == [wanted["message"]] * 16


def test_who_leaves_frees_the_model(there: Client):
    stream = there.generate("endless", "hello", stream=True, keep_alive=0)
    assert not next(stream).done
    assert "endless:latest" in [model.name for model in there.ps().models]
    stream.close()
    until = time.monotonic() + 30
    while any(model.name == "endless:latest" for model in there.ps().models):
        assert time.monotonic() < until, "the answer goes on"
        time.sleep(0.02)


def test_a_model_is_made_of_a_file_from_here_and_removed(there: Client, tiny_gguf: Path):
    digest = there.create_blob(tiny_gguf)
    events = list(there.create("sent", files={"tiny.gguf": digest}, system="S", stream=True))
    assert events[-1].status == "success"
    assert there.show("sent").system == "S"
    assert there.copy("sent", "other").status == "success"
    for name in ("sent", "other"):
        assert there.delete(name).status == "success"
    with pytest.raises(errors.NotFoundError):
        there.show("other")


def test_a_model_is_pulled_and_pushed_by_the_server(there: Client, tiny_gguf: Path):
    with FakeRegistry() as registry:
        registry.add_model("me/m/latest", tiny_gguf.read_bytes())
        name = f"{registry.address}/me/m"
        events = list(there.pull(name, insecure=True, stream=True))
        assert events[0].status == "pulling manifest"
        assert any(event.completed == event.total for event in events if event.digest)
        assert there.pull(name, insecure=True).status == "success"
        with pytest.raises(errors.TransferError, match="file does not exist"):
            there.pull(f"{registry.address}/me/nothing", insecure=True)
    assert there.delete(name).status == "success"


def test_a_prompt_is_counted_where_the_model_is(there: Client):
    request = ChatRequest(model="demo", messages=[Message(role="user", content="hi")])
    with pytest.raises(errors.UnsupportedError, match="prompt_eval_count"):
        there.runtime.count_prompt(request)

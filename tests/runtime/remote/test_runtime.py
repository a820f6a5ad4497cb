"""Calls over a wire that is told what to answer; `tests/runtime/server` has the real server."""

import asyncio
import gc
import json
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.wires import NDJSON, Asked, Told, Wire, endless, line, lines, told

import paddock
from paddock import errors
from paddock.api import ChatRequest, Image, Message
from paddock.client import AsyncClient, Client
from paddock.remote import RemoteRuntime
from paddock.runtime import Runtime

HI = [{"role": "user", "content": "hi"}]
DONE = {"done": True, "done_reason": "stop", "eval_count": 3}


def says(text: str, **more: Any) -> dict[str, Any]:
    return {
        "model": "m",
        "created_at": "2026-01-01T00:00:00.123456789Z",
        "message": {"role": "assistant", "content": text},
        "done": False,
        **more,
    }


ANSWER = lines(says("Hel"), says("lo"), says("", **DONE))


def test_it_has_the_calls_of_a_runtime():
    calls = {name for name in vars(Runtime) if not name.startswith("_")}
    inside = {"after_fork_in_child", "clean", "default", "lease", "resolve", "run", "unload"}
    assert calls - inside - set(vars(RemoteRuntime)) == set()


# -- what is sent ----------------------------------------------------------------------------------


def test_a_request_holds_what_was_given_and_nothing_else(client: Client, wire: Wire):
    wire.answer = told(says("Hello", **DONE))
    client.chat("m", HI, options={"seed": 1}, keep_alive="5m", think=False, format={"a": None})
    assert (wire.last.method, wire.last.path) == ("POST", "/api/chat")
    assert wire.last.json == {
        "model": "m",
        "messages": HI,
        "stream": False,
        "options": {"seed": 1},
        "keep_alive": "5m",
        "think": False,
        "format": {"a": None},
    }
    assert wire.last.headers["content-type"] == "application/json"
    assert wire.last.headers["accept"] == "application/json"
    assert wire.last.headers["user-agent"].startswith("paddock/")
    assert "authorization" not in wire.last.headers


def test_tools_keep_their_whole_schemas(client: Client, wire: Wire):
    parameters = {
        "type": "object",
        "$defs": {"P": {"type": "string"}},
        "required": ["p"],
        "properties": {"p": {"$ref": "#/$defs/P", "minimum": 1}, "q": {"anyOf": [{}]}},
    }
    tool = {"type": "function", "function": {"name": "f", "parameters": parameters}}
    wire.answer = told(says("", **DONE))
    client.chat("m", HI, tools=[tool])
    assert wire.last.json["tools"] == [tool]


def test_images_travel_as_base64(client: Client, wire: Wire, tmp_path: Path):
    (tmp_path / "image.png").write_bytes(b"\x89PNG")
    wire.answer = told({"response": "", "done": True})
    client.generate("m", "what?", images=[b"\x89PNG", str(tmp_path / "image.png"), "iVBORw=="])
    assert wire.last.json["images"] == ["iVBORw=="] * 3
    with pytest.raises(errors.RequestError, match="neither a readable file nor base64"):
        client.chat("m", [Message(role="user", images=[Image(value="nothing.png")])])


def test_text_that_is_no_unicode_is_refused_here(client: Client, wire: Wire):
    with pytest.raises(errors.RequestError, match="cannot be written as JSON"):
        client.generate("m", "\ud800")
    assert wire.asked == []


@pytest.mark.parametrize(
    ("call", "method", "path", "body"),
    [
        (lambda c: c.list(), "GET", "/api/tags", None),
        (lambda c: c.ps(), "GET", "/api/ps", None),
        (lambda c: c.show("m"), "POST", "/api/show", {"model": "m"}),
        (lambda c: c.copy("a", "b"), "POST", "/api/copy", {"source": "a", "destination": "b"}),
        (lambda c: c.delete("m"), "DELETE", "/api/delete", {"model": "m"}),
        (lambda c: c.embed("m", ["a"]), "POST", "/api/embed", {"model": "m", "input": ["a"]}),
        (
            lambda c: c.embeddings("m", "a"),
            "POST",
            "/api/embeddings",
            {"model": "m", "prompt": "a"},
        ),
        (
            lambda c: c.pull("m", insecure=True),
            "POST",
            "/api/pull",
            {"model": "m", "insecure": True, "stream": False},
        ),
        (
            lambda c: c.push("me/m"),
            "POST",
            "/api/push",
            {"model": "me/m", "insecure": False, "stream": False},
        ),
        (
            lambda c: c.create("n", "q4_K_M", "m", parameters={"seed": 1}, license=["MIT"]),
            "POST",
            "/api/create",
            {
                "model": "n",
                "from": "m",
                "quantize": "q4_K_M",
                "parameters": {"seed": 1},
                "license": ["MIT"],
                "stream": False,
            },
        ),
    ],
)
def test_every_call_goes_where_ollama_has_it(
    client: Client,
    wire: Wire,
    call: Callable[[Client], Any],
    method: str,
    path: str,
    body: dict[str, Any] | None,
):
    whole = {"models": [], "embeddings": [[0.5]], "embedding": [0.5], "status": "success"}
    wire.answer = Told(200) if path in ("/api/copy", "/api/delete") else told(whole)
    answer = call(client)
    assert (wire.last.method, wire.last.path) == (method, path)
    assert (json.loads(wire.last.body) if wire.last.body else None) == body
    if "status" in type(answer).model_fields:
        assert answer.status == "success"


# -- whom it is sent to ----------------------------------------------------------------------------


def test_a_key_in_the_environment_is_sent_as_a_token(wire: Wire, monkeypatch: pytest.MonkeyPatch):
    wire.answer = told({"models": []})
    monkeypatch.setenv("OLLAMA_API_KEY", "key")
    with Client(host=wire.url) as client:
        client.list()
    assert wire.last.headers["authorization"] == "Bearer key"
    with Client(host=wire.url, headers={"Authorization": "Own"}) as client:
        client.list()
    assert wire.last.headers["authorization"] == "Own"


def test_credentials_in_the_host_go_before_any_other(wire: Wire, monkeypatch: pytest.MonkeyPatch):
    wire.answer = told({"models": []})
    monkeypatch.setenv("OLLAMA_API_KEY", "key")
    with Client(host=f"http://me:secret@{wire.address}") as client:
        client.list()
    assert wire.last.headers["authorization"] == "Basic bWU6c2VjcmV0"
    assert "secret" not in repr(client.runtime)


def test_paths_headers_and_other_arguments_are_the_callers(wire: Wire):
    wire.answer = told({"models": []})
    own = {"X-Own": "1", "User-Agent": "mine", "Accept": None}
    with Client(host=f"{wire.url}/behind/", headers=own, params={"q": "1"}) as client:
        client.list()
    assert wire.last.path == "/behind/api/tags?q=1"
    assert (wire.last.headers["x-own"], wire.last.headers["user-agent"]) == ("1", "mine")


def test_redirects_are_followed_without_credentials_elsewhere(wire: Wire):
    with Wire(told({"models": []})) as other:
        wire.answer = Told(307, headers={"Location": f"{other.url}/api/tags"})
        with Client(host=f"http://me:secret@{wire.address}") as client:
            client.list()
            assert "authorization" not in other.last.headers
        with (
            Client(host=wire.url, follow_redirects=False) as client,
            pytest.raises(errors.ServerError, match="307"),
        ):
            client.list()


def test_a_proxy_is_asked_where_one_is_set(wire: Wire, monkeypatch: pytest.MonkeyPatch):
    wire.answer = told({"models": []})
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTP_PROXY", wire.url)
    with Client(host="ollama.invalid") as client:
        assert client.list().models == []
    assert wire.last.path == "http://ollama.invalid:11434/api/tags"
    with (
        Client(host="127.0.0.1:9", trust_env=False) as client,
        pytest.raises(errors.ConnectionFailedError),
    ):
        client.list()


def test_arguments_that_httpx_does_not_take_are_a_request_error(wire: Wire):
    with (
        Client(host=wire.url, proxy="gopher://x") as client,
        pytest.raises(errors.RequestError, match="gopher"),
    ):
        client.list()


# -- what is answered ------------------------------------------------------------------------------


def test_a_stream_gives_each_part_as_it_comes(client: Client, wire: Wire):
    go_on = threading.Event()

    def pieces() -> Iterator[bytes]:
        yield line(says("Hel"))
        assert go_on.wait(20)
        yield line(says("lo"))
        yield line(says("", **DONE))

    wire.answer = Told(200, pieces(), {"Content-Type": NDJSON})
    stream = client.chat("m", HI, stream=True)
    assert next(stream).message.content == "Hel"
    go_on.set()
    rest = list(stream)
    assert [part.message.content for part in rest] == ["lo", ""]
    assert rest[-1].done_reason == "stop"


def test_a_stream_is_the_same_however_its_bytes_are_cut(client: Client, wire: Wire):
    body = b"".join(line(says(text)) for text in ("Hé", "llo ", "→")) + line(says("", **DONE))
    wire.answer = lambda _: Told(200, [body[i : i + 7] for i in range(0, len(body), 7)])
    parts = list(client.chat("m", HI, stream=True))
    assert [part.message.content for part in parts] == ["Hé", "llo ", "→", ""]
    assert client.chat("m", HI, stream=True).result().message.content == "Héllo →"


def test_a_whole_answer_may_come_in_parts_for_requests_that_leave_it_to_the_server(
    remote: RemoteRuntime, wire: Wire
):
    wire.answer = ANSWER
    answer = remote.chat(ChatRequest(model="m", messages=[Message(role="user", content="x")]))
    whole = answer.result()
    assert "stream" not in wire.last.json
    assert whole.message.content == "Hello"
    assert whole.eval_count == 3


def test_what_a_server_knows_beyond_paddock_is_passed_over(client: Client, wire: Wire):
    wire.answer = told(says("x", **DONE, remote_host="elsewhere", new={"a": [1]}))
    assert client.chat("m", HI).message.content == "x"


def test_times_of_a_server_are_read_to_the_microsecond(client: Client, wire: Wire):
    modified = "2024-08-02T19:48:30.169074243+08:00"
    wire.answer = told({"models": [{"name": "m", "modified_at": modified}]})
    (model,) = client.list().models
    assert model.modified_at is not None
    assert model.modified_at.isoformat() == "2024-08-02T19:48:30.169074+08:00"


def test_progress_is_told_and_its_end_is_the_answer(client: Client, wire: Wire):
    part = {"status": "pulling aa", "digest": "sha256:aa", "total": 10, "completed": 5}
    wire.answer = lambda _: lines({"status": "pulling manifest"}, part, {"status": "success"})
    events = list(client.pull("m", stream=True))
    assert [event.status for event in events] == ["pulling manifest", "pulling aa", "success"]
    assert events[1].completed == 5
    assert client.create("n", from_="m", stream=True).result().status == "success"


# -- what goes wrong -------------------------------------------------------------------------------


@pytest.mark.parametrize("stream", [False, True])
def test_a_refusal_is_an_error_with_the_servers_words(client: Client, wire: Wire, stream: bool):
    wire.answer = told({"error": "model 'm' not found"}, 404)
    with pytest.raises(errors.ModelNotFoundError) as caught:
        list(client.chat("m", HI, stream=stream))
    assert (caught.value.error, caught.value.status_code) == ("model 'm' not found", 404)
    assert isinstance(caught.value, paddock.ResponseError)


def test_an_error_in_a_stream_is_raised_behind_the_parts_before_it(client: Client, wire: Wire):
    wire.answer = lines(says("Hel"), {"error": "the model runner has stopped"})
    stream = client.chat("m", HI, stream=True)
    assert next(stream).message.content == "Hel"
    with pytest.raises(errors.ServerError, match="the model runner has stopped"):
        next(stream)
    assert list(stream) == []


@pytest.mark.parametrize("part", [says("Hel"), {"status": "pulling manifest"}])
def test_an_answer_without_its_last_part_is_an_error(
    client: Client, wire: Wire, part: dict[str, Any]
):
    wire.answer = lines(part)
    call = client.pull("m", stream=True) if "status" in part else client.chat("m", HI, stream=True)
    next(call)
    with pytest.raises(errors.ServerError, match="before its last part"):
        next(call)


def test_a_connection_that_breaks_is_a_connection_error(client: Client, wire: Wire):
    wire.answer = Told(200, [line(says("Hel"))], {"Content-Type": NDJSON}, breaks=True)
    stream = client.chat("m", HI, stream=True)
    assert next(stream).message.content == "Hel"
    with pytest.raises(ConnectionError, match="the connection broke") as caught:
        next(stream)
    assert isinstance(caught.value, errors.ConnectionFailedError)


@pytest.mark.parametrize(
    "body", [b"<html>log in first</html>", b"", b"[]", b'{"done":tru', b"null"]
)
def test_what_is_no_answer_of_ollamas_is_shown(client: Client, wire: Wire, body: bytes):
    wire.answer = Told(200, [body] if body else [])
    with pytest.raises(errors.ServerError, match="what is no ChatResponse"):
        client.chat("m", HI)


def test_a_server_that_is_not_there_is_named_with_the_remedy():
    with Client(host="http://me:secret@127.0.0.1:9") as client:
        for call in (client.list, lambda: client.chat("m", HI), lambda: list(client.pull("m"))):
            with pytest.raises(ConnectionError) as caught:
                call()
            text = str(caught.value)
            assert "could not connect to a server at http://127.0.0.1:9" in text
            assert "paddock serve" in text
            assert "secret" not in text
            assert isinstance(caught.value, paddock.PaddockError)
            assert caught.value.status_code == 503


def test_a_server_that_says_nothing_runs_into_the_timeout(wire: Wire):
    wire.answer = lambda _: Told(200, endless({"status": "x"}, pause=60))
    with (
        Client(host=wire.url, timeout=0.2) as client,
        pytest.raises(TimeoutError, match="`timeout`") as caught,
    ):
        list(client.pull("m", stream=True))
    assert isinstance(caught.value, errors.DeadlineError)


def test_archives_are_not_for_servers(client: Client):
    for call in (lambda: client.export("m", "file"), lambda: client.import_("file")):
        with pytest.raises(errors.UnsupportedError, match="leave the host out"):
            call()


# -- what only paddock's server knows --------------------------------------------------------------


def paddock_like(answer: Told) -> Callable[[Asked], Told]:
    """A server that has paddock's own route."""
    return lambda asked: Told(405) if asked.path == "/api/tokenize" else answer


def ollama_like(answer: Told) -> Callable[[Asked], Told]:
    page = Told(404, [b"404 page not found"])
    return lambda asked: page if asked.path == "/api/tokenize" else answer


def test_paddocks_own_fields_go_to_paddocks_own_server_alone(client: Client, wire: Wire):
    own: dict[str, Any] = {"grammar": 'root ::= "x"', "tool_choice": "f", "logit_bias": {1: -1.0}}
    wire.answer = ollama_like(told(says("x", **DONE)))
    for name, value in own.items():
        with pytest.raises(errors.UnsupportedError, match=f"^{name}: {wire.url}"):
            client.chat("m", HI, **{name: value})
    assert [asked.path for asked in wire.asked] == ["/api/tokenize"]
    wire.answer = paddock_like(told(says("x", **DONE)))
    with Client(host=wire.url) as other:
        other.chat("m", HI, **own)
        other.chat("m", HI, grammar='root ::= "y"')
    assert wire.asked[-2].json.items() >= (own | {"logit_bias": {"1": -1.0}}).items()
    assert [asked.path for asked in wire.asked].count("/api/tokenize") == 2


def test_a_deadline_is_kept_here_where_the_server_does_not(wire: Wire):
    wire.answer = ollama_like(Told(200, endless(says("x")), {"Content-Type": NDJSON}))
    with (
        Client(host=wire.url) as client,
        pytest.raises(errors.DeadlineError, match=r"within 0\.2 seconds"),
    ):
        client.chat("m", HI, stream=True, timeout=0.2).result()
    assert wire.last.gone.wait(20)
    wire.answer = paddock_like(ANSWER)
    with Client(host=wire.url) as client:
        assert client.chat("m", HI, stream=True, timeout=60).result().done
    assert wire.last.json["timeout"] == 60


def test_calls_of_paddocks_own_say_so_to_another_server(remote: RemoteRuntime, wire: Wire):
    wire.answer = ollama_like(told({"tokens": [1]}))
    for call in (
        lambda: remote.tokenize("m", "x"),
        lambda: remote.count_tokens("m", "x"),
        lambda: remote.detokenize("m", [1]),
        lambda: remote.count_prompt(ChatRequest(model="m")),
    ):
        with pytest.raises(errors.UnsupportedError, match=wire.url):
            call()


def test_tokens_are_counted_by_paddocks_server(remote: RemoteRuntime, wire: Wire):
    def answer(asked: Asked) -> Told:
        if asked.method == "GET":
            return Told(405)
        return told({"tokens": [1, 2]} if asked.path == "/api/tokenize" else {"text": "hi"})

    wire.answer = answer
    assert remote.tokenize("m", "hi") == [1, 2]
    assert wire.last.json == {"model": "m", "text": "hi", "special": False}
    assert remote.count_tokens("m", "hi") == 2
    assert remote.detokenize("m", [1, 2]) == "hi"


def test_a_request_that_is_called_off_ends_its_answer(remote: RemoteRuntime, wire: Wire):
    wire.answer = Told(200, endless(says("x")), {"Content-Type": NDJSON})
    flag = threading.Event()
    stream = remote.chat(ChatRequest(model="m", cancel=flag))
    next(stream)
    assert "cancel" not in wire.last.json
    flag.set()
    *_, last = stream
    assert (last.done, last.done_reason) == (True, "cancelled")
    assert wire.last.gone.wait(20)
    wire.answer = ANSWER
    assert remote.chat(ChatRequest(model="m", cancel=threading.Event())).result().eval_count == 3


def test_a_request_is_ended_by_its_id(remote: RemoteRuntime, wire: Wire):
    wire.answer = Told(200, endless(says("x")), {"Content-Type": NDJSON})
    stream = remote.chat(ChatRequest(model="m", request_id="mine"))
    next(stream)
    assert "request_id" not in wire.last.json
    assert not remote.cancel("another")
    assert remote.cancel("mine")
    *_, last = stream
    assert (last.done, last.done_reason) == (True, "cancelled")
    assert wire.last.gone.wait(20)
    assert not remote.cancel("mine")


# -- leaving ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("leave", ["close", "break", "drop"])
def test_who_leaves_a_stream_drops_its_connection(client: Client, wire: Wire, leave: str):
    wire.answer = Told(200, endless(says("x")), {"Content-Type": NDJSON})
    stream = client.chat("m", HI, stream=True)
    next(stream)
    asked = wire.last
    if leave == "close":
        stream.close()
        assert list(stream) == []
    elif leave == "break":
        with stream:
            for _ in stream:
                break
    else:
        del stream
        gc.collect()
    assert asked.gone.wait(20)


async def test_a_cancelled_task_drops_its_connection(wire: Wire):
    arrived = asyncio.Queue[Asked]()
    loop = asyncio.get_running_loop()

    def answer(asked: Asked) -> Told:
        loop.call_soon_threadsafe(arrived.put_nowait, asked)
        return Told(200, endless(says("x")), {"Content-Type": NDJSON})

    wire.answer = answer
    async with AsyncClient(host=wire.url) as client:
        for call in (client.chat("m", HI), client.pull("m"), client.list(), client.show("m")):
            task = asyncio.create_task(call)
            asked = await arrived.get()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert await asyncio.to_thread(asked.gone.wait, 20)


def test_a_stream_outlives_the_client_that_nobody_keeps(wire: Wire):
    wire.answer = ANSWER
    stream = Client(host=wire.url).chat("m", HI, stream=True)
    gc.collect()
    assert stream.result().message.content == "Hello"


def test_closing_a_client_ends_what_still_runs(wire: Wire):
    wire.answer = Told(200, endless(says("x")), {"Content-Type": NDJSON})
    client = Client(host=wire.url)
    stream = client.chat("m", HI, stream=True)
    next(stream)
    client.close()
    client.close()
    assert wire.last.gone.wait(20)
    with pytest.raises(errors.EngineClosedError, match="was closed"):
        list(stream)
    with pytest.raises(errors.EngineClosedError, match="make a new one"):
        client.list()


def test_connections_are_used_again(client: Client, wire: Wire):
    wire.answer = told({"models": []})
    for _ in range(5):
        client.list()
    assert wire.connections == 1


# -- threads, loops, processes ---------------------------------------------------------------------


def test_one_async_client_serves_any_number_of_loops(wire: Wire):
    wire.answer = lambda _: lines(says("Hel"), says("lo"), says("", **DONE))
    client = AsyncClient(host=wire.url)

    async def ask() -> str:
        parts = [part async for part in await client.chat("m", HI, stream=True)]
        return "".join(part.message.content or "" for part in parts)

    assert [asyncio.run(ask()) for _ in range(3)] == ["Hello"] * 3
    asyncio.run(client.close())


async def test_many_calls_at_once_need_one_thread_and_block_no_loop(wire: Wire):
    together = threading.Barrier(24)

    def answer(asked: Asked) -> Told:
        together.wait(20)  # none is answered before all have come
        return told(says("x", **DONE) if asked.path == "/api/chat" else {"models": []})

    wire.answer = answer
    async with AsyncClient(host=wire.url) as client:
        answers = await asyncio.gather(
            *(client.chat("m", HI) for _ in range(12)), *(client.list() for _ in range(12))
        )
        threads = [each.name for each in threading.enumerate()]
    assert [str(answer.get("message", {})) for answer in answers].count("{}") == 12
    assert threads.count("paddock-http") == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_opens_its_own_connections(client: Client, wire: Wire):
    wire.answer = told({"models": []})
    client.list()
    here, there = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(there, b"%d" % len(client.list().models))
            client.close()
        finally:
            os._exit(0)
    os.close(there)
    with os.fdopen(here, "rb") as answer:
        assert answer.read() == b"0"
    assert os.waitpid(child, 0)[1] == 0
    assert client.list().models == []
    assert wire.connections == 2


def test_nothing_is_started_before_the_first_request():
    before = threading.active_count()
    Client(host="http://example.invalid").close()
    assert threading.active_count() == before

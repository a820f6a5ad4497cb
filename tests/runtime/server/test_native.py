"""Ollama's own API on a real socket, with real models and the clients that speak it."""

import asyncio
import gc
import hashlib
import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from shutil import which

import httpx
import ollama
import psutil
import pytest
from tests.servers import serving

from paddock import random_model
from paddock.client import Client
from paddock.runtime import Runtime
from paddock.server import create_app
from paddock.server.streaming import Watch
from paddock.stream import Channel, Stream

SLOW = 120


@pytest.fixture(scope="module")
def tiny(tiny_gguf: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runtime]:
    """A runtime of its own with `tiny`, which answers noise as long as it is asked to."""
    with Runtime(tmp_path_factory.mktemp("native")) as runtime:
        Client(runtime=runtime).create("tiny", from_=str(tiny_gguf), parameters={"num_thread": 1})
        yield runtime


@pytest.fixture(scope="module")
def tiny_url(tiny: Runtime) -> Iterator[str]:
    with serving(create_app(tiny, bind="127.0.0.1")) as url:
        yield url


@pytest.fixture
def http(tiny_url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=tiny_url, timeout=SLOW) as client:
        yield client


def endless(**fields: object) -> dict[str, object]:
    options = {"num_predict": 1_000_000, "num_ctx": 2048, "seed": 1}
    return {"model": "tiny", "prompt": "a", "options": options} | fields


def leases(runtime: Runtime) -> int:
    """Requests that hold the model."""
    return sum(row.busy for row in runtime._scheduler.ps())


def until(claim: object, *, seconds: float = 60) -> None:
    """Wait for what another thread brings about."""
    assert callable(claim)
    end = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.02)


# -- framing ---------------------------------------------------------------------------------------


def test_a_streamed_answer_is_one_object_per_line_and_the_last_is_done(http: httpx.Client):
    body = {"model": "tiny", "prompt": "a", "options": {"num_predict": 5, "seed": 1}}
    with http.stream("POST", "/api/generate", json=body) as reply:
        assert reply.headers["content-type"] == "application/x-ndjson"
        lines = [json.loads(line) for line in reply.iter_lines()]
    assert [line["done"] for line in lines] == [False] * (len(lines) - 1) + [True]
    assert lines[-1]["eval_count"] == 5
    assert lines[-1]["done_reason"] == "length"
    assert list(lines[-1])[:4] == ["model", "created_at", "response", "done"]
    whole = http.post("/api/generate", json=body | {"stream": False}).json()
    assert whole["response"] == "".join(line["response"] for line in lines)
    assert whole["context"] == lines[-1]["context"]


def test_what_only_loads_or_unloads_is_one_object(http: httpx.Client):
    for path, empty in (("/api/generate", "response"), ("/api/chat", "message")):
        loaded = http.post(path, json={"model": "tiny"}).json()
        assert (loaded["done"], loaded["done_reason"]) == (True, "load")
        assert empty in loaded
        assert [each["name"] for each in http.get("/api/ps").json()["models"]] == ["tiny:latest"]
        left = http.post(path, json={"model": "tiny", "keep_alive": 0}).json()
        assert left["done_reason"] == "unload"
        until(lambda: not http.get("/api/ps").json()["models"])


def test_the_same_seed_gives_the_same_answer(http: httpx.Client):
    body = {
        "model": "tiny",
        "messages": [{"role": "user", "content": "a"}],
        "stream": False,
        "options": {"seed": 101, "temperature": 12.3, "top_p": 0.9, "top_k": 40, "num_predict": 8},
    }
    first, second = (http.post("/api/chat", json=body).json()["message"] for _ in range(2))
    assert first == second


def test_a_file_of_this_machine_is_no_model_over_http(http: httpx.Client, tiny_gguf: Path):
    for name in (str(tiny_gguf), "../tiny.gguf", "~/tiny.gguf"):
        reply = http.post("/api/generate", json={"model": name, "prompt": "a"})
        assert reply.status_code == 400
        assert reply.json() == {"error": "invalid model name"}
    reply = http.post("/api/generate", json={"model": "pyproject.gguf", "prompt": "a"})
    assert reply.status_code == 404


# -- clients that leave ----------------------------------------------------------------------------


def test_a_client_that_leaves_stops_its_answer(http: httpx.Client, tiny: Runtime):
    with http.stream("POST", "/api/generate", json=endless()) as reply:
        lines = reply.iter_lines()  # which ends the connection when it is dropped
        next(lines)
        assert leases(tiny) == 1
    until(lambda: leases(tiny) == 0)


def test_a_client_that_waits_for_the_whole_and_leaves_stops_it_too(tiny_url: str, tiny: Runtime):
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{tiny_url}/api/generate", json=endless(stream=False), timeout=2)
    until(lambda: leases(tiny) == 0)


async def crowd(url: str) -> list[int | None]:
    """What 64 clients at once count that each want 12 tokens; every third leaves an endless answer
    when it begins, and has nothing to tell."""
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=url, timeout=SLOW, limits=limits) as client:

        async def ask(number: int) -> int | None:
            leaves = number % 3 == 0
            predict = 1_000_000 if leaves else 12
            options = {"num_predict": predict, "num_ctx": 2048, "seed": number}
            body = {"model": "tiny", "prompt": "a", "options": options}
            async with client.stream("POST", "/api/generate", json=body) as reply:
                async for line in reply.aiter_lines():
                    if leaves:
                        return None
                    part = json.loads(line)
                    if part["done"]:
                        return part["eval_count"]
            raise AssertionError("an answer without an end")

        return await asyncio.gather(*(ask(number) for number in range(64)))


def test_crowds_of_which_a_third_leaves_get_all_and_leave_nothing_behind(
    tiny_url: str, tiny: Runtime
):
    def alive() -> int:
        gc.collect()
        return sum(type(each) in (Stream, Channel, Watch) for each in gc.get_objects())

    def resident() -> int:
        """Bytes of this process once a crowd has come and gone."""
        counts = asyncio.run(crowd(tiny_url))
        assert [count for count in counts if count is not None] == [12] * 42
        until(lambda: leases(tiny) == 0)
        return psutil.Process().memory_info().rss

    before = alive()
    resident()
    full = resident()  # what is kept for the next one is there
    assert resident() - full < 8 << 20
    until(lambda: alive() <= before)


# -- the official client ---------------------------------------------------------------------------


@pytest.fixture
def official(url: str) -> Iterator[ollama.Client]:
    with ollama.Client(host=url, timeout=SLOW) as client:
        yield client


def test_every_method_of_the_official_client_works(official: ollama.Client, tmp_path: Path):
    client = official
    message = {"role": "user", "content": "Hello"}
    whole = client.chat("demo", [message], options={"temperature": 0}, think=False)
    parts = list(
        client.chat("demo", [message], options={"temperature": 0}, think=False, stream=True)
    )
    assert "".join(part.message.content or "" for part in parts) == whole.message.content
    assert whole.done
    assert whole.eval_count == parts[-1].eval_count
    assert client.generate("demo", "Hello", options={"num_predict": 3}).done_reason == "length"
    assert list(client.generate("demo", "Hello", options={"num_predict": 3}, stream=True))[-1].done

    vectors = client.embed("minilm", ["a", "b"]).embeddings
    assert [len(vector) for vector in vectors] == [384, 384]
    assert sum(x * x for x in vectors[0]) == pytest.approx(1, abs=1e-5)
    assert len(client.embeddings("minilm", "a").embedding) == 384

    loaded = {model.model for model in client.ps().models}
    assert loaded >= {"demo:latest", "minilm:latest"}

    file = tmp_path / "notes.txt"
    file.write_bytes(b"notes")
    assert client.create_blob(file) == f"sha256:{hashlib.sha256(b'notes').hexdigest()}"
    assert client.create("mine", from_="demo", system="Be brief.").status == "success"
    steps = [part.status for part in client.create("mine", from_="demo", stream=True)]
    assert steps[-1] == "success"
    assert client.show("mine").details is not None
    assert client.copy("mine", "other").status == "success"
    assert {"mine:latest", "other:latest"} <= {model.model for model in client.list().models}
    for name in ("mine", "other"):
        assert client.delete(name).status == "success"
    with pytest.raises(ollama.ResponseError, match="model 'missing' not found") as caught:
        client.generate("missing", "a")
    assert caught.value.status_code == 404


async def test_every_method_of_the_asynchronous_client_works(url: str):
    async with ollama.AsyncClient(host=url, timeout=SLOW) as client:
        message = {"role": "user", "content": "Hello"}
        parts = [part async for part in await client.chat("demo", [message], stream=True)]
        assert parts[-1].done
        assert (await client.generate("demo", "Hello", options={"num_predict": 3})).done
        assert len((await client.embed("minilm", "a")).embeddings) == 1
        assert (await client.create("async-mine", from_="demo")).status == "success"
        assert (await client.copy("async-mine", "async-other")).status == "success"
        assert (await client.show("async-other")).modelfile
        for name in ("async-mine", "async-other"):
            assert (await client.delete(name)).status == "success"
        assert (await client.list()).models
        assert (await client.ps()).models is not None


def test_the_official_client_gets_tool_calls(official: ollama.Client):
    def get_weather(location: str) -> str:
        """Get the weather at a location."""
        return location

    question = {"role": "user", "content": "What is the weather in Oslo?"}
    answer = official.chat("demo", [question], tools=[get_weather])
    (call,) = answer.message.tool_calls or ()
    assert call.function.name == "get_weather"
    assert call.function.arguments == {"location": "Oslo"}


# -- 2024, by hand ---------------------------------------------------------------------------------


@pytest.mark.skipif(which("curl") is None, reason="needs curl")
def test_the_commands_of_2024_still_work(url: str, tmp_path: Path):
    def curl(path: str, *more: str, body: object = None) -> str:
        data = [] if body is None else ["-d", json.dumps(body)]
        command = ["curl", "-sS", "--max-time", str(SLOW), f"{url}{path}", *more, *data]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    weights = random_model.write(tmp_path / "old.gguf", seed=2024)
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    status = ["-o", "/dev/null", "-w", "%{http_code}"]
    blob = f"/api/blobs/sha256:{digest}"
    assert curl(blob, "-I", *status) == "404"
    assert curl(blob, "-X", "POST", "-T", str(weights), *status) == "201"
    assert curl(blob, "-X", "POST", "-T", str(weights), *status) == "200"
    made = {"name": "old", "modelfile": f"FROM @sha256:{digest}\nPARAMETER num_predict 4"}
    assert curl("/api/create", body=made).splitlines()[-1] == '{"status":"success"}'
    silent = made | {"stream": False}
    assert curl("/api/create", body=silent) == '{"status":"success"}'
    assert '"old:latest"' in curl("/api/tags")
    generated = json.loads(
        curl("/api/generate", body={"model": "old", "prompt": "a", "stream": False})
    )
    assert generated["eval_count"] == 4
    follow = {"model": "old", "prompt": "b", "context": generated["context"], "stream": False}
    assert json.loads(curl("/api/generate", body=follow))["prompt_eval_count"] > 4
    assert '"old:latest"' in curl("/api/ps")
    shown = json.loads(curl("/api/show", body={"name": "old", "verbose": True}))
    assert shown["model_info"]["tokenizer.ggml.tokens"]
    assert shown["tensors"][0]["name"]
    messages = [
        {"role": "system", "content": "Answer in one word."},
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "b"},
        {"role": "user", "content": "c"},
    ]
    streamed = curl("/api/chat", body={"model": "old", "messages": messages}).splitlines()
    assert json.loads(streamed[-1])["done"] is True
    seeded = {
        "model": "old",
        "messages": messages,
        "stream": False,
        "options": {"seed": 7, "temperature": 1.5, "tfs_z": 1.0},
    }
    first, second = (json.loads(curl("/api/chat", body=seeded))["message"] for _ in range(2))
    assert first == second
    vector = json.loads(curl("/api/embeddings", body={"model": "minilm", "prompt": "a"}))
    assert list(vector) == ["embedding"]
    assert curl("/api/delete", "-X", "DELETE", *status, body={"name": "old"}) == "200"
    assert curl("/api/delete", "-X", "DELETE", *status, body={"name": "old"}) == "404"

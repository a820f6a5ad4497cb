"""Ollama's own API: spec http-api.md section 15.

A real application over a real store, or over a runtime whose engine says what the case tells.
"""

import base64
import json
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager, nullcontext
from functools import cache
from pathlib import Path
from typing import Any, cast

import httpx
import numpy as np
import pytest
from starlette.testclient import TestClient
from tests.ggufs import empty_bert
from tests.vectors.matching import check, in_order

from paddock import embedding, memory, random_model, respond
from paddock.api import (
    ChatRequest,
    CreateRequest,
    EmbeddingsRequest,
    EmbeddingsResponse,
    EmbedRequest,
    EmbedResponse,
    GenerateRequest,
    Message,
    Options,
    ProgressResponse,
    PullRequest,
    Tool,
)
from paddock.calls import sampling_params
from paddock.durations import FOREVER, parse_keep_alive
from paddock.engine.sequence import Finished, FinishReason, Token, TokenLogprob
from paddock.errors import PaddockError
from paddock.output import generic
from paddock.prompt import DEFAULT_NUM_KEEP, without_old_thinking
from paddock.runtime import Runtime
from paddock.server import bodies, create_app
from paddock.server.refusal import Refusal
from paddock.settings import Settings, server_url
from paddock.stream import Channel, Plain, Stream

Json = dict[str, Any]

BIND = "127.0.0.1:11434"
MEMORY_OF_DEFAULT = {4096: (), 32768: (24 << 30,), 262144: (48 << 30,)}
"""GPUs that make a window the default."""
OWN = frozenset({"thinking_count", "prompt_cached_count", "queue_duration"})
"""Counts that paddock adds to the end of an answer."""


@contextmanager
def asked(runtime: Any, **about: Any) -> Generator[TestClient]:
    app = create_app(runtime, **({"bind": BIND} | about))
    with TestClient(app, base_url=f"http://{BIND}", follow_redirects=False) as client:
        yield client


def send(client: TestClient, request: Json) -> httpx.Response:
    body = request.get("body_text")
    if body is None and request.get("body") is not None:
        body = json.dumps(request["body"], separators=(",", ":"), ensure_ascii=False)
    content = None if body is None else body.encode()
    return cast(
        "httpx.Response",
        client.request(
            request["method"], request["path"], headers=request.get("headers"), content=content
        ),
    )


def lines_of(reply: httpx.Response) -> list[Json]:
    return [json.loads(line) for line in reply.text.splitlines()]


def plain(content_type: str) -> str:
    return content_type.partition(";")[0]


def check_reply(reply: httpx.Response, expected: Json) -> None:
    check(reply.status_code, expected["status"], reply.text)
    if "content_type" in expected:
        assert plain(reply.headers["content-type"]) == plain(expected["content_type"])
    for name, value in expected.get("headers", {}).items():
        found = reply.headers.get(name)
        if value == {"$absent": True}:
            assert found is None
        elif isinstance(value, str):
            assert found is not None
            assert found.replace(" ", "").lower() == value.replace(" ", "").lower()
        else:
            check(found, value, name)
    if "body_text" in expected:
        check(reply.text, expected["body_text"])
    if "lines" in expected:
        check(lines_of(reply), expected["lines"])
    if "body" in expected:
        wanted = expected["body"]
        if isinstance(wanted, dict) and (among := wanted.get("$lines_contain_in_order")):
            assert in_order(lines_of(reply), among), reply.text
        else:
            found = reply.json()
            check({key: found[key] for key in found.keys() - OWN}, wanted)


# -- shared fields ---------------------------------------------------------------------------------


def keep_alive(case: Json, _: Json) -> None:
    value, expected = json.loads(case["input"]["json"]), case["expected"]
    fields = {"model": "m", "keep_alive": value}
    if "error" in expected:
        with pytest.raises(PaddockError) as caught:
            parse_keep_alive(bodies.parse(ChatRequest, fields).keep_alive or 0)
        assert str(caught.value) == expected["error"]
        return
    found = bodies.parse(ChatRequest, fields).keep_alive
    if "unset" in expected:
        assert found is None
    else:
        assert found is not None
        assert parse_keep_alive(found) == (FOREVER if "infinite" in expected else expected["ns"])


def keep_alive_env(case: Json, _: Json) -> None:
    expected = case["expected"]
    found = Settings(keep_alive=case["input"]["value"]).keep_alive
    assert found == (FOREVER if "infinite" in expected else expected["ns"])


def think(case: Json, _: Json) -> None:
    fields, expected = {"model": "m", "think": json.loads(case["input"]["json"])}, case["expected"]
    if "error" in expected:
        with pytest.raises(PaddockError) as caught:
            bodies.parse(ChatRequest, fields)
        assert str(caught.value) == expected["error"]
    else:
        assert bodies.parse(ChatRequest, fields).think == expected["value"]


def options(case: Json, _: Json) -> None:
    given, expected = case["input"], case["expected"]
    fields = {"model": "m", "options": given["options"]}
    if "error" in expected:
        with pytest.raises(PaddockError) as caught:
            bodies.parse(ChatRequest, fields)
        assert str(caught.value) == expected["error"]
        return
    request = bodies.parse(ChatRequest, fields)
    model = Options.parse(given.get("model_parameters"), strict=False)
    chosen = (request.options or Options()).over(model)
    defaults = {"num_keep": DEFAULT_NUM_KEEP, "num_predict": -1, "draft_num_predict": 0}
    found = (
        defaults | vars_of(sampling_params(chosen, request)) | chosen.model_dump(exclude_none=True)
    )
    assert {name: found[name] for name in expected["resolved"]} == expected["resolved"]


def vars_of(params: Any) -> Json:
    return {name: getattr(params, name) for name in type(params).__slots__}


def num_ctx(case: Json, _: Json) -> None:
    given = case["input"]
    found = memory.plan(
        Path("weights"),
        {},
        "llama",
        options=Options(num_ctx=given["request"]).over(Options(num_ctx=given["model"])),
        settings=Settings(context_length=given["env"] or 0, gpu_overhead=0),
        available_memory=0,
        weights_size=0,
        is_embedding=False,
        gpus=MEMORY_OF_DEFAULT[given["vram_default"]],
    )
    assert found.num_ctx == case["expected"]["num_ctx"]


def host_env(case: Json, _: Json) -> None:
    assert server_url(case["input"]["value"]) == case["expected"]["url"]


# -- who may ask -----------------------------------------------------------------------------------


def cors(case: Json, _: Json) -> None:
    given = case["input"]
    headers = {"host": given["host"]}
    if given["origin"] is not None:
        headers["origin"] = given["origin"]
    with asked(Scripted(), bind=given["bind"], origins=given["origins_env"]) as client:
        request = {"method": given["method"], "path": given["path"], "headers": headers}
        check_reply(send(client, request), case["expected"])


# -- a real store ----------------------------------------------------------------------------------


@cache
def text_model(layers: int = 1) -> Path:
    shape = random_model.Shape(layers, 32, 2, 1, 64, context=8192)
    folder = Path(tempfile.mkdtemp(prefix="paddock-vectors-"))
    return random_model.write(folder / "llama.gguf", shape, chat_template=None)


@contextmanager
def with_models(fixture: Json, **settings: Any) -> Generator[Runtime]:
    with (
        tempfile.TemporaryDirectory() as folder,
        Runtime(folder, settings=Settings(context_length=4096, **settings)) as runtime,
    ):
        files = {"llama": text_model(), "bert": empty_bert(Path(folder) / "bert.gguf")}
        for model in fixture["models"]:
            texts = {key: model[key] for key in ("template", "system") if key in model}
            runtime.create(
                CreateRequest(model=model["name"], from_=str(files[model["gguf"]]), **texts)
            ).result()
        yield runtime


def fixture_of(case: Json, file: Json) -> tuple[Json, Json]:
    """What is on disk, and the settings of the state."""
    named = case["input"]["fixture"]
    if isinstance(named, str):
        return file["fixtures"][named], {}
    assert "OLLAMA_MAX_QUEUE" in named["state"]
    return file["fixtures"][named["base"]], {"max_queue": 0, "max_loaded_models": 1}


@contextmanager
def busy(runtime: Runtime) -> Generator[None]:
    """Another model answers meanwhile: where one may be loaded, who asks for one has to wait."""
    request = GenerateRequest(model=str(text_model(layers=2)), prompt="Hello", raw=True)
    with runtime.generate(request) as answer:
        next(iter(answer))
        yield


def http(case: Json, file: Json) -> None:
    request, expected = case["input"]["request"], case["expected"]
    fixture, settings = fixture_of(case, file)
    with (
        with_models(fixture, **settings) as runtime,
        asked(runtime) as client,
        busy(runtime) if settings else nullcontext(),
    ):
        limited = request
        if "engine_prompt" in expected:
            limited = request | {"body": request["body"] | {"options": {"num_predict": 1}}}
        check_reply(send(client, limited), expected)
        if "engine_prompt" in expected:
            again = request | {"body": request["body"] | {"_debug_render_only": True}}
            info = send(client, again).json()["_debug_info"]
            assert info["rendered_template"] == expected["engine_prompt"]
            assert info.get("image_count", 0) == expected.get("engine_images", 0)
        if expected.get("engine_calls") == 0:
            assert "eval_count" not in send(client, request).json()


def create(case: Json, file: Json) -> None:
    given = file["fixtures"]["gguf"]
    with tempfile.TemporaryDirectory() as folder, Runtime(folder) as runtime:
        store = runtime.models.store
        store.put_blob(base64.b64decode(given["base64"]))
        blobs = str((Path(folder) / "blobs").resolve())
        with asked(runtime) as client:
            for step in case["input"]["steps"]:
                request = json.loads(json.dumps(step["request"]).replace("${BLOBS}", blobs))
                check_reply(send(client, request), step)
            names = sorted(each["name"] for each in client.get("/api/tags").json()["models"])
        expected = case["expected"]
        if "models" in expected:
            assert names == expected["models"]
        if "blobs" in expected:
            found = {
                path.name.replace("-", ":"): path.read_bytes().decode("utf-8", "replace")
                for path in Path(blobs).iterdir()
            }
            check(found, expected["blobs"])


# -- a scripted engine -----------------------------------------------------------------------------


class Scripted:
    """A runtime that answers with what a case tells."""

    def __init__(self, items: list[Any] = [], error: Json | None = None) -> None:  # noqa: B006
        self._items, self._error = items, error

    def _answer(self, reader: Any, fold: Any) -> Stream[Any]:
        channel = Channel()
        for item in self._items:
            channel.put(item)
        if self._error is None:
            channel.finish()
        else:
            channel.fail(Refusal(self._error.get("status", 500), self._error["message"]))
        return Stream(channel, reader, fold)

    def chat(self, request: ChatRequest) -> Stream[Any]:
        return self._answer(respond.ChatReader(request.model), respond.fold_chat)

    def generate(self, request: GenerateRequest) -> Stream[Any]:
        return self._answer(respond.GenerateReader(request.model), respond.fold_generate)

    def embed(self, _: EmbedRequest) -> Stream[Any]:
        return self._answer(Plain(), respond.fold_last)

    def embeddings(self, _: EmbeddingsRequest) -> Stream[Any]:
        return self._answer(Plain(), respond.fold_last)

    def pull(self, _: PullRequest) -> Stream[Any]:
        return self._answer(Plain(), respond.fold_last)


def items_of(given: Json) -> Iterator[Any]:
    request, tags = given["request"], given.get("thinking_tags")
    parser = generic.parser_for(
        tuple(tags) if tags else None,
        given.get("tool_tag"),
        [Tool(**tool) for tool in request.get("tools", ())],
        think=True if request.get("think") is None else request["think"],
        rendered_prompt_tail=tags[0] if given.get("prompt_ends_with_open_tag") else "",
    )
    yield respond.Prepared(1, keep_context=True, parser=parser)
    for chunk in given["engine"]:
        probabilities = [logprob(entry) for entry in chunk.get("logprobs", ())] or [None]
        for number, entry in enumerate(probabilities):
            text = chunk["content"] if number == 0 else ""
            if text or entry:
                yield Token(text, entry)
        if chunk.get("done"):
            yield Finished(
                FinishReason(chunk["done_reason"]),
                chunk.get("prompt_eval_count", 0),
                0,
                chunk.get("eval_count", 0),
                chunk.get("prompt_eval_duration", 0),
                chunk.get("eval_duration", 0),
                given.get("tokens", ()),
            )


def logprob(entry: Json) -> TokenLogprob:
    top = tuple((each["token"].encode(), each["logprob"]) for each in entry["top_logprobs"])
    return TokenLogprob(entry["token"].encode(), entry["logprob"], top)


def engine(case: Json, path: str) -> None:
    given, expected = case["input"], case["expected"]
    runtime = Scripted(list(items_of(given)), given.get("error"))
    with asked(runtime) as client:
        reply = send(client, {"method": "POST", "path": path, "body": given["request"]})
    if "lines" in expected:
        reply_lines = merged(lines_of(reply))
        assert plain(reply.headers["content-type"]) == "application/x-ndjson"
        check(reply_lines, merged(expected["lines"]), reply.text)
    else:
        check_reply(reply, expected)


def merged(lines: list[Json]) -> list[Json]:
    """Lines as what they add up to: how a text is cut is the engine's matter, and the last line
    may bring text or not."""
    *parts, last = lines
    told: dict[str, Any] = {}
    for line in lines:
        message = line.get("message", line)
        for key in ("content", "response", "thinking"):
            told[key] = told.get(key, "") + message.get(key, "")
        told["tool_calls"] = told.get("tool_calls", []) + message.get("tool_calls", [])
    end = {key: value for key, value in last.items() if key not in {"message", "response"} | OWN}
    assert all(part["done"] is False for part in parts)
    return [told, end]


def engine_chat(case: Json, _: Json) -> None:
    engine(case, "/api/chat")


def engine_generate(case: Json, _: Json) -> None:
    engine(case, "/api/generate")


def progress(case: Json, _: Json) -> None:
    events = case["input"]["events"]
    parts = [ProgressResponse(**event) for event in events if "error" not in event]
    error = next((event for event in events if "error" in event), None)
    failure = error and {"message": error["error"], "status": error.get("http_status", 500)}
    body = {"model": "m", "stream": case["input"]["stream"]}
    with asked(Scripted(parts, failure)) as client:
        reply = send(client, {"method": "POST", "path": "/api/pull", "body": body})
    check_reply(reply, case["expected"])


def embed(case: Json, _: Json) -> None:
    given, expected = case["input"], case["expected"]
    vectors = [np.array(each["vector"], np.float32) for each in given["engine"]]
    answer: Any
    if given["path"] == "/api/embed":
        dimensions = given["body"].get("dimensions", 0)
        answer = EmbedResponse(
            model=given["body"]["model"],
            embeddings=[embedding.normalise(vector, dimensions).tolist() for vector in vectors],
            total_duration=1,
            load_duration=1,
            prompt_eval_count=sum(each["tokens"] for each in given["engine"]),
        )
    else:
        answer = EmbeddingsResponse(embedding=vectors[0].tolist() if vectors else [])
    with asked(Scripted([answer])) as client:
        reply = send(client, {"method": "POST", "path": given["path"], "body": given["body"]})
    if "body" in expected:
        check(reply.json(), expected["body"], reply.text)
    else:
        check_reply(reply, expected)


def strip_thinking(case: Json, _: Json) -> None:
    given = case["input"]
    messages = [Message(**message) for message in given["messages"]]
    found = without_old_thinking(messages, given["model_family"], given["model_name"])
    expected = case["expected"]["messages"]
    assert [{"role": each.role, "content": each.content} for each in found] == expected


RUNNERS = {
    "keep_alive": keep_alive,
    "keep_alive_env": keep_alive_env,
    "think": think,
    "options": options,
    "host_env": host_env,
    "num_ctx": num_ctx,
    "cors": cors,
    "http": http,
    "create": create,
    "engine_chat": engine_chat,
    "engine_generate": engine_generate,
    "strip_thinking": strip_thinking,
    "progress": progress,
    "embed": embed,
}

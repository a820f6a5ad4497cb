# pyright: basic
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sse import events

from paddock.api import GenerateResponse, Logprob
from paddock.errors import EngineError, PaddockError, RequestError
from paddock.respond import fold_generate
from paddock.server import openai as shared
from paddock.server.bodies import parse
from paddock.server.openai_completions import Chunks, CompletionRequest, completion


def asked(**fields: Any) -> CompletionRequest:
    return parse(CompletionRequest, {"model": "m", "prompt": "Hello"} | fields)


def test_one_prompt_may_stand_in_a_list() -> None:
    assert asked(prompt=["Hello"]).native().prompt == "Hello"


@pytest.mark.parametrize("prompt", [[], ["a", "b"], [1, 2], [[1]], 5])
def test_other_lists_of_prompts_are_refused(prompt: Any) -> None:
    with pytest.raises(RequestError, match="prompt"):
        asked(prompt=prompt).native()


@pytest.mark.parametrize("stop", [[1], ["a", None], [{}], True, {"a": 1}])
def test_stops_must_be_texts(stop: Any) -> None:
    with pytest.raises(RequestError, match="invalid type for 'stop' field"):
        asked(stop=stop).native()


def test_no_log_probabilities_are_asked_for_by_zero() -> None:
    assert asked(logprobs=0).native().logprobs is None
    assert asked(logprobs=2).native().top_logprobs == 2


@pytest.mark.parametrize(("model", "status"), [("", 404), (" ", 404), ("a b", 400)])
def test_a_name_that_cannot_be_used_is_told_as_by_generate(model: str, status: int) -> None:
    with pytest.raises(PaddockError) as caught:
        asked(model=model).native()
    assert caught.value.status == status


@st.composite
def answers(draw: st.DrawFn) -> list[GenerateResponse]:
    texts = draw(st.lists(st.text(max_size=8), max_size=5))
    told = draw(st.booleans())
    parts = [
        GenerateResponse(
            model="m",
            created_at="2026-08-21T10:00:00Z",
            response=text,
            done=False,
            logprobs=[Logprob(token=text, logprob=-0.5)] if told else None,
        )
        for text in texts
    ]
    end = GenerateResponse(
        model="m",
        created_at="2026-08-21T10:00:01Z",
        response=draw(st.text(max_size=3)),
        done=True,
        done_reason=draw(st.sampled_from(["stop", "length", "load"])),
        prompt_eval_count=draw(st.integers(0, 9)),
        eval_count=len(texts),
    )
    return [*parts, end]


@given(answers(), st.booleans())
def test_the_chunks_of_an_answer_come_to_what_the_whole_says(
    parts: list[GenerateResponse], wants_usage: bool
) -> None:
    writer = Chunks(asked(stream=True, stream_options={"include_usage": wants_usage}))
    found = events(b"".join(writer.feed(part) for part in parts) + writer.finish())
    assert found.pop().data == "[DONE]"
    chunks = [event.data for event in found]
    said = shared.shown(completion(fold_generate(parts)))
    if wants_usage:
        last = chunks.pop()
        assert last["choices"] == []
        assert last["usage"] == said["usage"]
    assert all(("usage" in chunk) is wants_usage for chunk in chunks)
    assert len({chunk["id"] for chunk in chunks}) == 1
    choices = [chunk["choices"][0] for chunk in chunks]
    whole = said["choices"][0]
    assert "".join(choice["text"] for choice in choices) == whole["text"]
    assert [choice["finish_reason"] for choice in choices][:-1] == [None] * (len(choices) - 1)
    assert choices[-1]["finish_reason"] == whole["finish_reason"]
    told = [choice["logprobs"] for choice in choices if "logprobs" in choice]
    for key, values in whole.get("logprobs", {}).items():
        assert [value for part in told for value in part[key]] == values


def test_an_answer_that_breaks_off_says_why() -> None:
    (event,) = events(Chunks(asked(stream=True)).fail(EngineError("boom")))
    assert event.data["error"]["message"] == "boom"


# -- the real client -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def client(url: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0) as client:
        yield client


@pytest.mark.engine
def test_the_client_gets_the_same_text_whole_and_streamed(client: openai.OpenAI) -> None:
    fields: Any = {"model": "demo", "prompt": "Hello", "temperature": 0, "max_tokens": 60}
    reply = client.completions.create(**fields, logprobs=1)
    chunks = list(client.completions.create(**fields, stream=True))
    assert reply.choices[0].text
    assert "".join(chunk.choices[0].text for chunk in chunks) == reply.choices[0].text
    assert chunks[-1].choices[0].finish_reason == reply.choices[0].finish_reason == "stop"
    told = reply.choices[0].logprobs
    assert told is not None
    assert told.tokens
    assert len(told.tokens) == len(told.token_logprobs or ()) == len(told.text_offset or ())


@pytest.mark.engine
@pytest.mark.parametrize(
    ("fields", "error", "message"),
    [
        ({"model": "nope"}, openai.NotFoundError, "model 'nope' not found"),
        ({"model": ""}, openai.NotFoundError, "model '' not found"),
        ({"model": "minilm"}, openai.BadRequestError, '"minilm" does not support generate'),
        ({"logprobs": 21}, openai.BadRequestError, "top_logprobs must be between 0 and 20"),
    ],
)
def test_errors_are_those_that_the_client_knows(
    client: openai.OpenAI, fields: dict[str, Any], error: type[openai.APIStatusError], message: str
) -> None:
    with pytest.raises(error) as caught:
        client.completions.create(**{"model": "demo", "prompt": "Hello"} | fields)
    assert isinstance(caught.value.body, dict)
    assert caught.value.body["message"] == message

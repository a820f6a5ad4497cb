import pickle
from typing import Any

import pytest
from langchain_core.caches import InMemoryCache
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.outputs import GenerationChunk

from langchain_paddock import PaddockLLM
from paddock import GenerateResponse


def llm(runtime: Any, **fields: Any) -> PaddockLLM:
    return PaddockLLM(**({"model": "tiny", "runtime": runtime} | fields))


def part(text: str = "", **fields: Any) -> GenerateResponse:
    return GenerateResponse(**({"response": text, "done": False} | fields))


def test_invoke_completes_a_text(fake: Any) -> None:
    runtime = fake()
    assert llm(runtime, temperature=0, max_tokens=5).invoke("hi", system="be brief") == "<hi>"
    assert runtime.request.model_dump(exclude_none=True) == {
        "model": "tiny",
        "prompt": "hi",
        "system": "be brief",
        "options": {"temperature": 0, "num_predict": 5},
    }


@pytest.mark.parametrize(
    "keywords",
    [{"raw": True}, {"template": "{{ .Prompt }}"}, {"suffix": "."}, {"context": [1, 2]}],
)
def test_generates_own_arguments_pass(fake: Any, keywords: dict[str, Any]) -> None:
    runtime = fake()
    llm(runtime).invoke("hi", **keywords)
    assert runtime.request.model_dump(include=keywords.keys()) == keywords


async def test_streams_text_then_statistics(fake: Any) -> None:
    final = {"done": True, "done_reason": "length", "eval_count": 3, "context": [1, 2]}
    model = llm(fake(part("a"), part(""), part("b"), part("", **final)))
    chunks = list(model._stream("hi"))
    assert [chunk.text for chunk in chunks] == ["a", "b", ""]
    assert [chunk.generation_info for chunk in chunks[:2]] == [None, None]
    assert chunks[-1].generation_info == {
        "done": True,
        "done_reason": "length",
        "finish_reason": "length",
        "eval_count": 3,
        "context": [1, 2],
    }
    assert [chunk async for chunk in model._astream("hi")] == chunks
    whole = model.generate(["hi"]).generations[0][0]
    folded = chunks[0] + chunks[1] + chunks[2]
    assert (whole.text, whole.generation_info) == (folded.text, folded.generation_info)


def test_thinking_is_kept_under_both_names_when_asked_for(fake: Any) -> None:
    runtime = fake(part("", thinking="hm"), part("4", done=True))
    info = llm(runtime, reasoning=True).generate(["hi"]).generations[0][0].generation_info
    assert info is not None
    assert (info["thinking"], info["reasoning_content"]) == ("hm", "hm")
    assert [chunk.text for chunk in llm(runtime)._stream("hi")] == ["4"]


def test_tokens_are_announced(fake: Any) -> None:
    heard: list[str] = []

    class Listener(BaseCallbackHandler):
        def on_llm_new_token(self, token: str, *, chunk: Any = None, **kwargs: Any) -> None:
            assert isinstance(chunk, GenerationChunk)
            heard.append(token)

    list(llm(fake(part("a"), part("b", done=True))).stream("hi", {"callbacks": [Listener()]}))
    assert heard == ["a", "b"]


def test_batch_submits_all_prompts_before_it_waits(fake: Any) -> None:
    prompts = [str(n) for n in range(40)]
    assert llm(fake(together=40)).batch(prompts) == [f"<{n}>" for n in range(40)]  # type: ignore[arg-type]


async def test_abatch_submits_all_prompts_before_it_waits(fake: Any) -> None:
    prompts = [str(n) for n in range(40)]
    answers = await llm(fake(together=40)).abatch(prompts)  # type: ignore[arg-type]
    assert answers == [f"<{n}>" for n in range(40)]


async def test_more_prompts_than_the_queue_holds_are_answered_in_order(fake: Any) -> None:
    prompts = [str(n) for n in range(1000)]
    model = llm(fake())
    assert [g[0].text for g in model.generate(prompts).generations] == [f"<{n}>" for n in prompts]
    result = await model.agenerate(prompts)
    assert result.generations[999][0].text == "<999>"


def test_a_failure_ends_the_other_prompts_of_the_batch(fake: Any) -> None:
    runtime = fake(endless=True)
    with pytest.raises(ValueError, match="never"):
        llm(Failing(runtime)).generate(["a", "b", "c"])
    assert runtime.cancelled == [True, True]


class Failing:
    """Refuses every request after the second."""

    def __init__(self, runtime: Any) -> None:
        self.runtime = runtime

    def generate(self, request: Any) -> Any:
        if len(self.runtime.requests) == 2:
            raise ValueError("never")
        return self.runtime.generate(request)


def test_closing_the_iterator_cancels(fake: Any) -> None:
    runtime = fake(part("a"), part("b"), endless=True)
    stream = llm(runtime).stream("hi")
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    assert runtime.cancelled == [True]


def test_models_under_one_cache_never_share_an_answer(fake: Any) -> None:
    cache, runtime = InMemoryCache(), fake()
    for fields in ({}, {"temperature": 1}, {"model": "b"}, {"keep_alive": 1}):
        llm(runtime, cache=cache, **fields).invoke("hi")
    assert len(runtime.requests) == 3


def test_langsmith_parameters() -> None:
    model = PaddockLLM(model="tiny", num_predict=9)
    assert model._get_ls_params() == {
        "ls_provider": "paddock",
        "ls_model_type": "llm",
        "ls_model_name": "tiny",
        "ls_max_tokens": 9,
    }
    assert model._llm_type == "paddock-llm"


def test_pickle_keeps_the_parameters() -> None:
    assert pickle.loads(pickle.dumps(PaddockLLM(model="tiny", top_k=3))).top_k == 3

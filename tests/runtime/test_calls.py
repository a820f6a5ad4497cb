"""Chat and generate on a real, tiny model of random weights: what it answers is noise, always the
same."""

import json
import math
import re
import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.ggufs import empty_projector

from paddock.api import ChatRequest, DebugInfo, GenerateRequest, GenerateResponse, Options
from paddock.client import Client
from paddock.engine.loop import Engine
from paddock.errors import (
    ContextLengthError,
    GGUFError,
    GrammarError,
    ModelNotFoundError,
    NotFoundError,
    OptionError,
    PaddockError,
    ProjectorError,
    RequestError,
    UnsupportedError,
)
from paddock.runtime import Runtime
from paddock.stream import Stream

pytestmark = pytest.mark.engine

HI = [{"role": "user", "content": "the cat sat"}]
GREEDY = {"temperature": 0, "num_predict": 12}


def generate(client: Client, prompt: str = "the cat sat", **fields: Any) -> GenerateResponse:
    """A raw completion of twelve greedy tokens, unless told otherwise."""
    fields["options"] = GREEDY | fields.get("options", {})
    return client.generate(fields.pop("model", "tiny"), prompt, **{"raw": True, **fields})


@contextmanager
def engine_of(runtime: Runtime, name: str) -> Iterator[Engine]:
    """The engine of a loaded model, which stays loaded meanwhile."""
    model = runtime.resolve(name)
    with runtime.lease(model, model.parameters, None).result() as lease:
        yield lease.loaded.engine()


# -- answers


def test_generate_answers_with_text_reason_counts_and_times(client: Client) -> None:
    answer = generate(client, options={"num_predict": 7})
    assert answer.model == "tiny"
    assert answer.response
    assert (answer.done, answer.done_reason, answer.eval_count) == (True, "length", 7)
    assert answer.prompt_eval_count == len(client.runtime.tokenize("tiny", "the cat sat"))
    assert answer.prompt_eval_duration is not None
    assert answer.prompt_eval_duration > 0
    assert answer.eval_duration is not None
    assert answer.total_duration is not None
    assert answer.total_duration >= answer.eval_duration + answer.prompt_eval_duration
    assert answer.load_duration is not None
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", answer.created_at or "")


def test_chat_renders_the_models_own_template(client: Client) -> None:
    rendered = "<|im_start|>user\nthe cat sat<|im_end|>\n<|im_start|>assistant\n"
    chat = client.chat("tiny", HI, options=GREEDY)
    assert chat.message.role == "assistant"
    assert chat.message.content == generate(client, rendered).response
    assert client.generate("tiny", "the cat sat", options=GREEDY).response == chat.message.content


@pytest.mark.parametrize("name", ["tiny", "demo"])
def test_a_prompt_is_counted_as_the_engine_will(client: Client, name: str) -> None:
    call = {"function": {"name": "look", "arguments": {"at": "cat"}}}
    asked = {"role": "assistant", "content": "", "tool_calls": [call]}
    seen = {"role": "tool", "content": "asleep", "tool_name": "look"}
    tool = {"type": "function", "function": {"name": "look", "description": "Look."}}
    talks: list[dict[str, Any]] = [
        {"messages": HI},
        {"messages": [{"role": "system", "content": "be brief"}, *HI], "think": False},
        {"messages": [*HI, {"role": "assistant", "content": "Yes.", "thinking": "A cat."}, *HI]},
        {"messages": [*HI, asked, seen], "tools": [tool]},
    ]
    for fields in talks if name == "demo" else talks[:1]:
        request = ChatRequest(model=name, options={"num_predict": 1}, **fields)
        answer = client.runtime.chat(request).result()
        assert client.runtime.count_prompt(request) == answer.prompt_eval_count


def test_a_prompt_beyond_the_window_is_counted_whole(client: Client) -> None:
    long = [{"role": "user", "content": "the cat sat " * 400}]
    request = ChatRequest(model="tiny", messages=long, options={"num_ctx": 64})
    assert client.runtime.count_prompt(request) > 400


def test_the_seed_is_told_and_gives_the_same_answer(client: Client) -> None:
    first = generate(client, options={"temperature": 1})
    assert first.seed is not None
    assert (
        generate(client, options={"temperature": 1, "seed": first.seed}).response == first.response
    )


def test_a_flag_ends_an_answer_early(client: Client) -> None:
    flag = threading.Event()
    request = ChatRequest(model="tiny", messages=HI, options={"num_predict": -1}, cancel=flag)
    stream = client.runtime.chat(request)
    next(stream)
    flag.set()
    *_, end = stream
    assert (end.done, end.done_reason) == (True, "cancelled")
    with pytest.raises(ValueError, match=r"is_set\(\), which int lacks"):
        ChatRequest(model="tiny", cancel=3)
    assert "cancel" not in request.model_dump()


@pytest.mark.parametrize("kind", [ChatRequest, GenerateRequest])
def test_an_answer_is_ended_by_its_id_from_another_thread(client: Client, kind: Any) -> None:
    runtime, own = client.runtime, uuid.uuid4()
    asked: dict[str, Any] = {"messages": HI} if kind is ChatRequest else {"prompt": "the cat"}

    def begin(request_id: Any) -> Stream[Any]:
        request = kind(
            model="tiny", options={"num_predict": -1}, request_id=request_id, shift=True, **asked
        )
        assert "request_id" not in request.model_dump()
        return runtime.chat(request) if kind is ChatRequest else runtime.generate(request)

    twins, other = [begin(own), begin(str(own))], begin("other")
    for stream in (*twins, other):
        next(stream)
    with ThreadPoolExecutor(3) as pool:
        whole = pool.submit(twins[0].result)
        assert pool.submit(runtime.cancel, own).result()
        assert (whole.result().done, whole.result().done_reason) == (True, "cancelled")
    *_, end = twins[1]
    assert (end.done, end.done_reason) == (True, "cancelled")
    assert next(other), "what has another id goes on"
    assert not runtime.cancel(own), "it is over"
    assert not runtime.cancel("nobody")
    other.close()
    assert not runtime.cancel("other")


def test_who_waits_for_a_slot_is_called_off_too(client: Client) -> None:
    with engine_of(client.runtime, "tiny") as engine:
        endless: dict[str, Any] = {"prompt": "a", "options": {"num_predict": -1}, "shift": True}
        busy = [
            client.runtime.generate(GenerateRequest(model="tiny", **endless))
            for _ in range(engine.n_slots)
        ]
        for stream in busy:
            next(stream)
        late = GenerateRequest(model="tiny", request_id="late", **endless)
        waiting = client.runtime.generate(late)
        assert client.runtime.cancel("late")
        end = waiting.result()
        assert (end.done_reason, end.response, end.eval_count) == ("cancelled", "", 0)
        for stream in busy:
            stream.close()


def test_messages_that_do_not_fit_are_counted_or_kept_and_cut(client: Client) -> None:
    window = client.chat("tiny", HI, options=GREEDY).context_length
    assert window is not None
    talk = [{"role": "user", "content": f"{n} " + "the cat sat " * 8} for n in range(window // 40)]
    fields: dict[str, Any] = {"messages": talk, "options": {"num_predict": 1}}
    answer = client.runtime.chat(ChatRequest(model="tiny", **fields)).result()
    assert answer.prompt_dropped_count is not None
    assert 0 < answer.prompt_dropped_count < len(talk)
    answer = client.runtime.chat(ChatRequest(model="tiny", cut="tokens", **fields)).result()
    assert answer.prompt_dropped_count is None
    assert answer.prompt_original_count is not None
    assert answer.prompt_eval_count is not None
    assert answer.prompt_eval_count < window <= answer.prompt_original_count


@pytest.fixture(scope="module")
def seeing(client: Client, tiny_gguf: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of a model that has a projector."""
    folder = tmp_path_factory.mktemp("seeing")
    (folder / "tiny.gguf").hardlink_to(tiny_gguf)
    empty_projector(folder / "projector.gguf")
    client.create(
        "seeing", from_=str(folder), template="{{ range .Messages }}{{ .Content }}\n{{ end }}"
    )
    return "seeing"


def shown(client: Client, **fields: Any) -> tuple[str, int | None]:
    """The prompt of a chat, and the images in it."""
    request = ChatRequest(debug_render_only=True, **fields)
    info = client.runtime.chat(request).result().debug_info
    assert info is not None
    return info.rendered_template, info.image_count


def test_images_have_places_in_the_prompt_and_count_where_it_has_to_be_shortened(
    client: Client, seeing: str
) -> None:
    talk = [
        {"role": "user", "content": "old", "images": [b"a"]},
        {"role": "system", "content": "be brief"},
        {"role": "user", "content": "new", "images": [b"b", b"c"]},
    ]
    assert shown(client, model=seeing, messages=talk, options={"num_ctx": 64}) == (
        "be brief\n[img-0][img-1]new\n",
        2,
    )
    whole = "[img-0]old\nbe brief\n[img-1][img-2]new\n"
    assert shown(client, model=seeing, messages=talk, truncate=False) == (whole, 3)
    request = GenerateRequest(model=seeing, prompt="hi", images=[b"a"], debug_render_only=True)
    info = client.runtime.generate(request).result().debug_info
    assert info == DebugInfo(rendered_template="[img-0]hi\n", image_count=1)


def test_images_are_refused_rather_than_left_unseen(client: Client, seeing: str) -> None:
    asked = [{"role": "user", "content": "what is it?", "images": [b"a"]}]
    with pytest.raises(UnsupportedError, match='"tiny:latest" does not support images'):
        shown(client, model="tiny", messages=asked)
    with pytest.raises(
        ProjectorError, match=r"cannot read the projector .* unknown projector type"
    ):
        client.chat(seeing, asked)
    assert client.chat(seeing, HI, options=GREEDY).message.content


def test_qwen_does_not_see_its_old_thinking_again(client: Client) -> None:
    client.create("qwen3", from_="tiny", info={"model_family": "qwen3"})
    talk = [*HI, {"role": "assistant", "content": "<think>hm</think>\nyes"}, *HI]
    assert "hm" not in shown(client, model="qwen3", messages=talk)[0]
    assert "hm" in shown(client, model="tiny", messages=talk)[0]


def test_a_system_message_is_part_of_the_prompt(client: Client) -> None:
    with_system = client.generate("tiny", "hi", system="be brief", options=GREEDY)
    messages = [{"role": "system", "content": "be brief"}, {"role": "user", "content": "hi"}]
    assert client.chat("tiny", messages, options=GREEDY).message.content == with_system.response


def test_a_last_assistant_message_is_continued(client: Client, tiny_gguf: Path) -> None:
    """By the weights' own template: the file has no other. (The TEMPLATE of ChatML does not.)"""
    open_end = [*HI, {"role": "assistant", "content": "once upon"}]
    rendered = "<|im_start|>user\nthe cat sat<|im_end|>\n<|im_start|>assistant\nonce upon"
    chat = client.chat(str(tiny_gguf), open_end, options=GREEDY | {"num_thread": 1})
    assert chat.message.content == generate(client, rendered).response


def test_the_parts_of_a_stream_join_to_the_whole(client: Client) -> None:
    *parts, end = list(client.chat("tiny", HI, stream=True, options=GREEDY))
    assert len(parts) > 3
    assert all(not part.done and part.message.role == "assistant" for part in parts)
    assert (end.done, end.done_reason, end.eval_count) == (True, "length", 12)
    whole = client.chat("tiny", HI, options=GREEDY)
    assert (
        "".join(part.message.content or "" for part in parts) + (end.message.content or "")
        == whole.message.content
    )


def test_a_repeated_prefix_is_not_evaluated_again(client: Client) -> None:
    first = generate(client, "Tell me about prefixes, " * 8 + "one")
    second = generate(client, "Tell me about prefixes, " * 8 + "two")
    assert first.prompt_cached_count is not None
    assert second.prompt_cached_count is not None
    assert second.prompt_eval_count is not None
    assert 0 < second.prompt_eval_count - second.prompt_cached_count <= 4


def test_the_next_turn_of_a_conversation_evaluates_only_what_is_new(client: Client) -> None:
    messages = [{"role": "user", "content": "Explain turns " * 20}]
    for turn in range(4):
        answer = client.chat("tiny", messages, options=GREEDY)
        cached, total = answer.prompt_cached_count, answer.prompt_eval_count
        assert cached is not None
        assert total is not None
        if turn:
            # The answer is noise, which may come back in other tokens: its twelve are new, too.
            assert total - cached <= 60
        messages += [
            {"role": "assistant", "content": answer.message.content or ""},
            {"role": "user", "content": f"go on {turn}"},
        ]


def test_context_carries_a_conversation_from_generate_to_generate(client: Client) -> None:
    first = client.generate("tiny", "my name is Ada", options=GREEDY)
    assert first.context is not None
    # All that was said, the last token too, which nothing has evaluated yet.
    assert first.done_reason == "length"
    assert len(first.context) == (first.prompt_eval_count or 0) + (first.eval_count or 0)
    second = client.generate("tiny", "who am I?", context=first.context, options=GREEDY)
    plain = client.generate("tiny", "who am I?", options=GREEDY)
    assert second.response != plain.response
    assert second.prompt_eval_count == len(first.context) + (plain.prompt_eval_count or 0)
    assert second.context is not None
    assert second.context[: len(first.context)] == first.context
    assert second.prompt_cached_count == len(first.context) - 1


def test_raw_prompts_give_no_context_back(client: Client) -> None:
    assert generate(client).context is None


@pytest.mark.parametrize(
    ("fields", "reason"),
    [({}, "load"), ({"keep_alive": 0}, "unload"), ({"keep_alive": 60}, "load")],
)
def test_an_empty_prompt_loads_or_unloads(
    client: Client, fields: dict[str, Any], reason: str
) -> None:
    generated = client.generate("tiny", **fields)
    assert (generated.response, generated.done, generated.done_reason) == ("", True, reason)
    chatted = client.chat("tiny", **fields)
    assert (chatted.message.content, chatted.done, chatted.done_reason) == ("", True, reason)
    assert chatted.message.role == "assistant"


# -- sampling options


def test_the_same_seed_gives_the_same_text(client: Client) -> None:
    hot = {"temperature": 1.2, "num_predict": 16, "seed": 7}
    assert len({generate(client, options=hot).response for _ in range(10)}) == 1


def test_other_seeds_and_no_seed_give_other_texts(client: Client) -> None:
    hot = {"temperature": 1.2, "num_predict": 16}
    texts = [generate(client, options=hot | {"seed": seed}).response for seed in range(5)]
    texts += [generate(client, options=hot).response for _ in range(5)]
    assert len(set(texts)) == 10


def test_large_and_negative_seeds_are_taken(client: Client) -> None:
    hot = {"temperature": 1.2, "num_predict": 4}
    for seed in (-5, 2**63 - 1, 2**64 - 1):
        generate(client, options=hot | {"seed": seed})


@pytest.mark.parametrize(
    "options",
    [
        {"repeat_penalty": 1.8},
        {"presence_penalty": 2.0},
        {"frequency_penalty": 2.0},
        {"top_k": 2},
        {"top_p": 0.1},
        {"min_p": 0.5},
        {"typical_p": 0.1},
        {"mirostat": 1},
        {"mirostat": 2},
        {"mirostat": 2, "mirostat_tau": 1.0},
        {"mirostat": 2, "mirostat_eta": 0.9},
    ],
    ids=str,
)
def test_each_option_reaches_the_sampler(client: Client, options: dict[str, Any]) -> None:
    base: dict[str, Any] = {"temperature": 1.0, "seed": 3, "num_predict": 40}
    base |= {"top_k": 0, "top_p": 1.0}
    if "mirostat_tau" in options or "mirostat_eta" in options:
        base["mirostat"] = options["mirostat"]
    prompt = "aaaa bbbb aaaa bbbb aaaa"
    changed = generate(client, prompt, options=base | options)
    assert changed.eval_count == 40
    assert changed.response != generate(client, prompt, options=base).response
    assert changed.response == generate(client, prompt, options=base | options).response


def test_penalties_look_no_further_than_repeat_last_n(client: Client) -> None:
    options = {"repeat_penalty": 1.8, "num_predict": 30}
    assert (
        generate(client, options=options | {"repeat_last_n": 0}).response
        == generate(client, options={"num_predict": 30}).response
    )
    near = generate(client, options=options | {"repeat_last_n": 2}).response
    assert near != generate(client, options=options | {"repeat_last_n": -1}).response


def test_top_k_one_is_greedy(client: Client) -> None:
    hot = {"temperature": 1.5, "top_k": 1, "seed": 1}
    assert generate(client, options=hot).response == generate(client).response


def test_a_stop_string_ends_the_answer_before_it(client: Client) -> None:
    whole = generate(client, options={"num_predict": 24}).response or ""
    stop = whole[6:8]
    stopped = generate(client, options={"num_predict": 24, "stop": ["never", stop]})
    assert stopped.response == whole[: whole.index(stop)]
    assert stopped.done_reason == "stop"


@pytest.mark.parametrize("count", [1, 5])
def test_num_predict_is_the_length(client: Client, count: int) -> None:
    answer = generate(client, options={"num_predict": count})
    assert (answer.eval_count, answer.done_reason) == (count, "length")


def test_logit_bias_forbids_and_forces(client: Client) -> None:
    (x,) = client.runtime.tokenize("tiny", "x")
    forced = generate(client, logit_bias={x: 100.0})
    assert forced.response == "x" * 12
    plain = generate(client, logprobs=True, top_logprobs=1)
    assert plain.logprobs is not None
    first = plain.logprobs[0]
    (token,) = [t for t in range(259) if _piece(client, t) == bytes(first.bytes or [])][:1]
    banned = generate(client, logit_bias={token: -math.inf}, logprobs=True)
    assert banned.logprobs is not None
    assert banned.logprobs[0].bytes != first.bytes


def _piece(client: Client, token: int) -> bytes:
    model = client.runtime.resolve("tiny")
    with client.runtime.lease(model, model.parameters, None).result() as lease:
        return lease.loaded.weights.piece(token)


def test_logprobs_are_those_of_the_model(client: Client) -> None:
    answer = generate(client, logprobs=True, top_logprobs=3)
    assert answer.logprobs is not None
    assert len(answer.logprobs) == answer.eval_count
    for entry in answer.logprobs:
        top = entry.top_logprobs
        assert top is not None
        assert len(top) == 3
        values = [item.logprob for item in top]
        assert values == sorted(values, reverse=True)
        assert sum(map(math.exp, values)) <= 1 + 1e-6
        # Greedy: the chosen one is the likeliest.
        assert (entry.bytes, entry.logprob) == (top[0].bytes, top[0].logprob)
    spoken = b"".join(bytes(entry.bytes or ()) for entry in answer.logprobs)
    assert spoken.decode("utf-8", "replace") == answer.response


def test_logprobs_are_left_out_unless_asked_for(client: Client) -> None:
    assert generate(client, top_logprobs=3).logprobs is None
    plain = generate(client, logprobs=True).logprobs
    assert plain is not None
    assert all(entry.top_logprobs is None for entry in plain)


def test_logprobs_stream_with_their_tokens(client: Client) -> None:
    parts = list(client.chat("tiny", HI, stream=True, logprobs=True, options=GREEDY))
    assert sum(len(part.logprobs or ()) for part in parts) == 12


# -- constrained answers


def test_a_grammar_holds(client: Client) -> None:
    grammar = 'root ::= ("yes" | "no") " " [0-9] [0-9] "!"'
    for seed in range(4):
        options = {"temperature": 1.5, "seed": seed, "num_predict": 40}
        answer = generate(client, grammar=grammar, options=options)
        assert re.fullmatch(r"(yes|no) \d\d!", answer.response or "")
        assert answer.done_reason == "stop"


def test_an_answer_is_one_of_the_choices(client: Client) -> None:
    choices = ['say "no"', "say \\ maybe", "yes", "yes\nor no", "grüezi"]
    said: set[str | None] = set()
    for seed in range(12):
        options = {"temperature": 3, "seed": seed, "num_predict": 60}
        answer = generate(client, choices=choices, options=options)
        said.add(answer.response)
        assert answer.done_reason == "stop"
    assert said <= set(choices)
    assert len(said) > 1


def test_json_is_json(client: Client) -> None:
    bias = _ending_bias(client)
    options = {"temperature": 1.0, "num_predict": 1500}
    for seed in range(2):
        answer = client.chat(
            "tiny", HI, format="json", options=options | {"seed": seed}, logit_bias=bias
        )
        assert answer.done_reason == "stop"
        assert isinstance(json.loads(answer.message.content or ""), dict)


def test_a_schema_holds(client: Client) -> None:
    schema = {
        "type": "object",
        "properties": {
            "name": {"type": "string", "maxLength": 12},
            "code": {"type": "string", "pattern": "^[A-Z]{2}.{3}$"},
            "age": {"type": "integer"},
            "tags": {"type": "array", "items": {"enum": ["a", "b"]}, "minItems": 1, "maxItems": 3},
        },
        "required": ["name", "code", "age", "tags"],
    }
    for seed in range(5):
        options = {"temperature": 1.0, "seed": seed, "num_predict": 400}
        answer = generate(client, format=schema, options=options, logit_bias=_ending_bias(client))
        assert answer.done_reason == "stop"
        found = json.loads(answer.response or "")
        assert list(found) == ["name", "code", "age", "tags"]
        assert len(found["name"]) <= 12
        assert re.fullmatch(r"[A-Z]{2}.{3}", found["code"])
        assert isinstance(found["age"], int)
        assert set(found["tags"]) <= {"a", "b"}


def _ending_bias(client: Client) -> dict[int, float]:
    """Noise would open brackets and blanks for ever; make it prefer to close. Nor is it UTF-8."""
    weights = {'"': 6.0, "}": 6.0, "]": 6.0, " ": -6.0, "\n": -12.0, "\t": -12.0}
    bias = {client.runtime.tokenize("tiny", text)[0]: bias for text, bias in weights.items()}
    return bias | dict.fromkeys(_parts_of_characters(client), -math.inf)


def _parts_of_characters(client: Client) -> list[int]:
    return [token for token in range(256) if _piece(client, token) >= b"\x80"]


# -- the window


def test_a_prompt_that_fits_exactly_is_kept_whole(client: Client) -> None:
    options = {"num_ctx": 64, "num_predict": 1}
    answer = generate(client, "x" * 63, options=options)
    assert (answer.prompt_eval_count, answer.prompt_original_count) == (63, None)


@pytest.mark.parametrize("length", [64, 65, 192])
def test_a_cut_prompt_says_how_long_it_was(models: Path, length: int) -> None:
    with Runtime(models) as runtime:
        client = Client(runtime=runtime)
        answer = generate(client, "x" * length, options={"num_ctx": 64, "num_predict": 1})
        assert answer.prompt_original_count == length
        with engine_of(runtime, "tiny") as engine:
            assert answer.prompt_eval_count == engine.stats.evaluated
    assert answer.prompt_eval_count is not None
    assert answer.prompt_eval_count < 64


def test_messages_that_do_not_fit_are_dropped_and_counted(models: Path) -> None:
    old = [{"role": "user", "content": "z" * 100}, {"role": "assistant", "content": "y" * 100}]
    system = {"role": "system", "content": "be brief"}
    options = GREEDY | {"num_ctx": 128}
    with Runtime(models) as runtime:
        client = Client(runtime=runtime)
        cut = client.chat("tiny", [system, *old, *HI], options=options)
        short = client.chat("tiny", [system, *HI], options=options)
    assert cut.message.content == short.message.content, "the system message stayed"
    assert cut.prompt_eval_count == short.prompt_eval_count
    assert cut.prompt_original_count is not None
    assert cut.prompt_original_count >= 200 + (short.prompt_eval_count or 0)
    assert short.prompt_original_count is None


def test_truncate_false_refuses_with_both_numbers(models: Path) -> None:
    options = {"num_ctx": 64, "num_predict": 1}
    with Runtime(models) as runtime:
        client = Client(runtime=runtime)
        with pytest.raises(ContextLengthError, match=r"\b100 tokens.*\b64\b"):
            generate(client, "x" * 100, truncate=False, options=options)
        long = [{"role": "user", "content": "x" * 100}]
        with pytest.raises(ContextLengthError, match=r"1\d\d tokens.*\b64\b"):
            client.chat("tiny", long, truncate=False, options=options)


def test_a_full_window_shifts_and_goes_on(models: Path) -> None:
    with Runtime(models) as runtime:
        client = Client(runtime=runtime)
        answer = generate(client, "x" * 40, options={"num_ctx": 64, "num_predict": 200})
    assert (answer.eval_count, answer.done_reason) == (200, "length")


def test_without_shift_a_full_window_ends_the_answer(models: Path) -> None:
    with Runtime(models) as runtime:
        client = Client(runtime=runtime)
        options = {"num_ctx": 64, "num_predict": 200}
        answer = generate(client, "x" * 40, shift=False, options=options)
    assert answer.done_reason == "length"
    assert (answer.prompt_eval_count or 0) + (answer.eval_count or 0) == 65, "all of it was used"


# -- bad input

BAD_OPTIONS: list[tuple[dict[str, Any], str]] = [
    ({"temprature": 1}, 'did you mean "temperature"'),
    ({"nonsense_option": 1}, "known: "),
    ({"temperature": "hot"}, "must be of type float32"),
    ({"temperature": -1}, "temperature"),
    ({"temperature": math.nan}, "temperature"),
    ({"num_ctx": "many"}, "must be of type integer"),
    ({"num_ctx": 4096}, "at most 2048"),
    ({"num_ctx": 10**12}, "num_ctx"),
    ({"num_ctx": 0}, "num_ctx.*leave it out"),
    ({"num_ctx": -1}, "num_ctx.*leave it out"),
    ({"num_thread": -1}, "num_thread"),
    ({"num_batch": 0}, "num_batch"),
    ({"stop": "word"}, "must be of type array"),
    ({"stop": [1]}, "array of strings"),
    ({"mirostat": 3}, "0, 1 or 2"),
    ({"repeat_penalty": 0}, "above 0"),
    ({"stop": ["x"] * 1001}, "at most 1000 texts"),
    ({"stop": ["x" * 70_000]}, "65,536 characters"),
]


@pytest.mark.parametrize(("options", "advice"), BAD_OPTIONS, ids=str)
def test_bad_options_are_refused_by_name(
    client: Client, options: dict[str, Any], advice: str
) -> None:
    with pytest.raises(OptionError, match=advice):
        client.generate("tiny", "hi", options=options)
    still_answers(client)


BAD_FIELDS: list[tuple[dict[str, Any], type[PaddockError], str]] = [
    ({"logit_bias": {99_999: 1.0}}, RequestError, r"logit_bias.*99999.*0\.\.\d+"),
    ({"logit_bias": {-1: 1.0}}, RequestError, "logit_bias"),
    ({"logit_bias": {5: math.nan}}, OptionError, "logit_bias"),
    ({"logit_bias": {"a": 1.0}}, RequestError, "logit_bias"),
    ({"logprobs": True, "top_logprobs": 30}, RequestError, "top_logprobs.*20"),
    ({"logprobs": True, "top_logprobs": -1}, RequestError, "top_logprobs"),
    ({"context": [1, 99_999]}, RequestError, "context.*another model"),
    ({"context": [-1]}, RequestError, "context.*another model"),
    ({"grammar": "root ::= (((("}, GrammarError, "grammar"),
    ({"grammar": "root ::= " + "(" * 400_000}, GrammarError, "grammar"),
    ({"grammar": 'root ::= "x"{1000000000}'}, GrammarError, "grammar"),
    ({"grammar": "this is no grammar"}, GrammarError, "grammar"),
    ({"grammar": 'other ::= "x"'}, GrammarError, "grammar"),
    ({"grammar": "root ::= root"}, GrammarError, "grammar"),
    ({"grammar": "root ::= undefined"}, GrammarError, "grammar"),
    ({"grammar": 'root ::= "x"\0'}, GrammarError, "grammar"),
    ({"grammar": 'root ::= "' + "x" * 2_000_000 + '"'}, GrammarError, "grammar"),
    ({"format": {"type": "nonsense"}}, GrammarError, "schema"),
    ({"format": {"$ref": "#/nowhere"}}, GrammarError, "nowhere"),
    ({"format": {"type": "array", "minItems": 10**9}}, GrammarError, "minItems"),
    ({"format": {"type": "string", "pattern": "^a{999999999}$"}}, GrammarError, "pattern"),
    ({"format": {"enum": [str(i) for i in range(200_000)]}}, GrammarError, "format"),
    ({"format": "yaml"}, RequestError, "format"),
    ({"format": "json", "grammar": 'root ::= "x"'}, RequestError, "one of them"),
    ({"choices": ["a"], "grammar": 'root ::= "x"'}, RequestError, "one of them"),
    ({"choices": []}, RequestError, "choices"),
    ({"choices": ["x" * n for n in range(1, 5000)]}, GrammarError, "choices"),
    ({"think": True}, UnsupportedError, "does not support thinking"),
    ({"images": [b"x"]}, UnsupportedError, "images"),
    ({"suffix": "end"}, UnsupportedError, "insert"),
    ({"keep_alive": "soon"}, RequestError, "duration"),
    ({"timeout": -1}, RequestError, "timeout"),
    ({"raw": True, "system": "x"}, RequestError, "raw"),
]


@pytest.mark.parametrize(
    ("fields", "error", "advice"), BAD_FIELDS, ids=lambda value: str(value)[:50]
)
def test_bad_requests_are_refused_with_advice(
    client: Client, fields: dict[str, Any], error: type[PaddockError], advice: str
) -> None:
    with pytest.raises(error, match=advice):
        client.generate("tiny", "hi", **{"options": {"num_predict": 2}, **fields})
    still_answers(client)


def test_an_endless_recursive_schema_does_not_end_the_process(client: Client) -> None:
    nested: dict[str, Any] = {"type": "string"}
    for _ in range(5000):
        nested = {"type": "array", "items": nested}
    with pytest.raises(PaddockError):
        client.generate("tiny", "hi", format=nested)
    still_answers(client)


HUGE = "lorem ipsum dolor sit amet " * 400_000
"""Ten megabytes."""


@pytest.mark.parametrize(
    "call",
    [
        lambda client: client.chat("tiny", [{"role": "user", "content": HUGE}]),
        lambda client: client.generate("tiny", HUGE),
        lambda client: client.generate("tiny", HUGE, raw=True),
        lambda client: client.generate("tiny", HUGE, raw=True, truncate=False),
    ],
)
def test_a_prompt_of_ten_megabytes_is_refused_at_once(
    client: Client, call: Callable[[Client], Any]
) -> None:
    with pytest.raises(ContextLengthError, match="Send less text"):
        call(client)
    still_answers(client)


def test_unknown_models_are_named(client: Client) -> None:
    with pytest.raises(ModelNotFoundError, match='model "nobody" not found'):
        client.chat("nobody", HI)
    with pytest.raises(NotFoundError, match=r"missing\.gguf"):
        client.chat("/nowhere/missing.gguf", HI)
    with pytest.raises(RequestError, match="model is required"):
        client.chat("", HI)
    with pytest.raises(RequestError, match="name"):
        client.chat("a:b:c:d/e f", HI)
    still_answers(client)


def test_damaged_files_are_refused(client: Client, tiny_gguf: Path, tmp_path: Path) -> None:
    whole = tiny_gguf.read_bytes()
    damaged = {
        "empty": b"",
        "magic": b"GGML" + whole[4:],
        "version": whole[:4] + b"\xff\0\0\0" + whole[8:],
        "header": whole[:200],
        "table": whole[: len(whole) // 8],
        "data": whole[:-1000],
        "counts": whole[:8] + b"\xff" * 16 + whole[24:],
        "text": b"This is a README and no model at all.",
    }
    for name, content in damaged.items():
        path = tmp_path / f"{name}.gguf"
        path.write_bytes(content)
        for call in (client.chat, client.generate):
            with pytest.raises(GGUFError):
                call(str(path), HI if call == client.chat else "hi")  # type: ignore[operator]
        with pytest.raises(GGUFError):
            client.embed(str(path), "hi")
    still_answers(client)


def test_weights_that_vanish_from_the_store_are_missed_by_name(
    tiny_gguf: Path, tmp_path: Path
) -> None:
    with Runtime(tmp_path) as runtime:
        client = Client(runtime=runtime)
        client.create("gone", from_=str(tiny_gguf))
        weights = runtime.resolve("gone").weights
        assert weights is not None
        weights.unlink()
        with pytest.raises(NotFoundError, match=r"gone.*create the model again"):
            client.chat("gone", HI)


def test_an_embedding_model_cannot_chat_and_says_so(client: Client, minilm: str) -> None:
    with pytest.raises(UnsupportedError, match="does not support chat"):
        client.chat(minilm, HI)
    with pytest.raises(UnsupportedError, match="does not support generate"):
        client.generate(minilm, "hi")
    tool = {"type": "function", "function": {"name": "f"}}
    with pytest.raises(UnsupportedError, match="does not support tools"):
        client.chat("tiny", HI, tools=[tool])


def test_a_deadline_ends_the_answer(client: Client) -> None:
    with pytest.raises(TimeoutError, match="deadline"):
        generate(client, timeout=0.05, options={"num_predict": 100_000})
    still_answers(client)


def still_answers(client: Client) -> None:
    """One short chat; the prompt is in the cache, so it takes a millisecond."""
    assert client.chat("tiny", HI, options={"num_predict": 1}).done


def test_options_objects_and_mappings_are_the_same(client: Client) -> None:
    options = Options(temperature=0, num_predict=12)
    assert (
        client.generate("tiny", "x", options=options).response
        == client.generate("tiny", "x", options=GREEDY).response
    )

"""What holds for every family, and the turns where families differ from what one expects."""

from itertools import chain
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paddock.api import Message, Think, Tool
from paddock.errors import TemplateError
from paddock.families import RENDERERS, renderer


def message(role: str, content: str | None = "", **fields: Any) -> Message:
    return Message.model_validate({"role": role, "content": content} | fields)


def call(name: str = "clock", id: str = "c1", /, **arguments: Any) -> dict[str, Any]:
    return {"id": id, "function": {"name": name, "arguments": arguments}}


def render(name: str, *messages: Message, think: Think = None, tools: Any = None) -> str:
    return renderer(name).render(list(messages), tools, think)


CLOCK = Tool.model_validate(
    {"function": {"name": "clock", "parameters": {"properties": {"zone": {"type": "string"}}}}}
)
THINK = st.sampled_from([None, True, False, "low", "medium", "high", "max"])
NAMES = st.sampled_from(sorted(RENDERERS))

# properties

WORDS = st.integers(100, 999).map("word{}".format)


@st.composite
def exchanges(draw: st.DrawFn) -> list[Message]:
    """A question, calls with their results, an answer."""
    asked = [message("user", draw(WORDS))]
    for _ in range(draw(st.integers(0, 2))):
        count = draw(st.integers(1, 2))
        calls = [call("clock", f"c{n}", zone=draw(WORDS)) for n in range(count)]
        asked.append(message("assistant", tool_calls=calls))
        asked += [message("tool", draw(WORDS), tool_call_id=one["id"]) for one in calls]
    return [*asked, message("assistant", draw(WORDS))]


@settings(deadline=None)
@given(NAMES, st.lists(exchanges(), min_size=1, max_size=3), WORDS, THINK)
def test_all_that_is_said_stands_in_the_prompt_in_its_order(
    name: str, talk: list[list[Message]], system: str, think: Think
) -> None:
    said = [message("system", system), *chain.from_iterable(talk), message("user", "last")]
    prompt = render(name, *said, think=think)
    is_told = [m for m in said if m.role != "tool" or "-think" not in name or "olmo" not in name]
    at = 0
    for one in is_told:
        at = prompt.index(one.content or "", at)


PLAIN = st.sampled_from(["a", " ", "\n", "[img]", "[img-0]", "/think", "/no_think"])
TAGS = st.sampled_from(
    ["<think>", "</think>", "<tool_response>", "</tool_response>", "<|channel>", "<channel|>"]
)
TEXTS = st.lists(PLAIN | TAGS, max_size=5).map("".join)
VALUES = st.none() | st.booleans() | st.integers() | TEXTS | st.lists(TEXTS, max_size=2)
MESSAGES = st.builds(
    message,
    st.sampled_from(["system", "user", "assistant", "tool", "developer", "chatbot", ""]),
    st.none() | TEXTS,
    thinking=st.none() | TEXTS,
    tool_name=st.none() | TEXTS,
    tool_call_id=st.sampled_from([None, "", "c1", "c2"]),
    images=st.sampled_from([None, [], ["aQ=="], ["aQ==", "ag=="]]),
    tool_calls=st.none()
    | st.lists(
        st.builds(call, TEXTS, st.sampled_from(["", "c1"]), zone=VALUES, n=VALUES), max_size=2
    ),
)


@settings(deadline=None)
@given(NAMES, st.lists(MESSAGES, max_size=6), st.sampled_from([None, [], [CLOCK]]), THINK)
def test_no_conversation_is_too_odd(
    name: str, messages: list[Message], tools: list[Tool] | None, think: Think
) -> None:
    try:
        assert isinstance(render(name, *messages, think=think, tools=tools), str)
    except TemplateError:
        assert name == "qwen3.8"


@pytest.mark.parametrize("name", RENDERERS)
@pytest.mark.parametrize(
    "value",
    [float("nan"), 10**400, {1}, pytest.param([], id="deep")],
)
def test_arguments_that_are_no_json_are_refused(name: str, value: Any) -> None:
    if value == []:
        for _ in range(5_000):
            value = [value]
    messages = [message("user", "Hi"), message("assistant")]
    function = Message.ToolCall.Function.model_construct(name="f", arguments={"x": value})
    messages[1].tool_calls = [Message.ToolCall.model_construct(id="c", function=function)]
    if "-think" in name and "olmo" in name:
        assert "x" not in render(name, *messages).removeprefix("<|im_start|>system")[-80:]
        return
    with pytest.raises(TemplateError):
        render(name, *messages)


# images

IMAGE = "aQ=="
PLACING = [name for name, family in RENDERERS.items() if family.places_images]


@pytest.mark.parametrize("name", PLACING)
def test_images_are_numbered_through_the_conversation(name: str) -> None:
    prompt = render(
        name,
        message("user", "one", images=[IMAGE]),
        message("assistant", "ok"),
        message("user", "two [img] three", images=[IMAGE, IMAGE]),
        message("assistant", "ok"),
        message("user", "[img-7] set", images=[IMAGE]),
        message("user", "", images=[IMAGE]),
        message("user", "\nfive", images=[IMAGE]),
    )
    shown = ["[img-0] one", "[img-2] two [img-1] three", "[img-7] set", "[img-4]", "[img-5]\nfive"]
    at = 0
    for text in shown:
        at = prompt.index(text, at) + len(text)
    assert "[img-3]" not in prompt


@pytest.mark.parametrize("name", sorted(set(RENDERERS) - set(PLACING)))
def test_other_families_ignore_images(name: str) -> None:
    with_image = render(name, message("user", "a [img]", images=[IMAGE]))
    assert with_image == render(name, message("user", "a [img]"))


# qwen


def test_the_thinking_of_earlier_questions_is_not_shown() -> None:
    talk = [
        message("user", "a"),
        message("assistant", "b", thinking="old"),
        message("user", "c"),
        message("assistant", "d", thinking="new", tool_calls=[call()]),
        message("user", "<tool_response>e</tool_response>"),
    ]
    for name in ("qwen3-vl-thinking", "qwen3.5"):
        prompt = render(name, *talk)
        assert "old" not in prompt
        assert "<think>\nnew\n</think>\n\nd" in prompt
    assert "<think>\nold\n</think>\n\nb" in render("ornith", *talk)
    assert "new" not in render("qwen3.5", *talk, think=False)


def test_thinking_within_the_content_is_taken_out_of_it() -> None:
    talk = message("user", "a"), message("assistant", "x<think>t</think>\n\nb"), message("user")
    assert "assistant\nb<|im_end|>" in render("qwen3.5", *talk)
    assert "<think>\nt\n</think>\n\nb<|im_end|>" in render("ornith", *talk)
    assert "<think>\n\n</think>\n\nx<think>t</think>\n\nb<|im_end|>" in render("qwen3.8", *talk)


@pytest.mark.parametrize(
    ("think", "begins"),
    [
        (None, "Reasoning effort is set to xhigh."),
        ("high", "Reasoning effort is set to xhigh."),
        ("max", "Reasoning effort is set to xhigh."),
        ("low", "Reasoning effort is set to low."),
        ("medium", "one\n\ntwo<|im_end|>"),
        (True, "one\n\ntwo<|im_end|>"),
        (False, "one\n\ntwo<|im_end|>"),
    ],
)
def test_qwen_38_folds_instructions_and_states_the_effort(think: Think, begins: str) -> None:
    prompt = render(
        "qwen3.8",
        message("user", "Hi"),
        message("developer", "one"),
        message("system", " "),
        message("system", "two"),
        think=think,
    )
    assert prompt.startswith("<|im_start|>system\n" + begins)
    assert "one\n\ntwo<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant" in prompt


@pytest.mark.parametrize(
    ("messages", "reason"),
    [
        ([], "no messages"),
        ([message("system", "a")], "no user query"),
        ([message("user", "<tool_response>1</tool_response>")], "no user query"),
        ([message("system", "a", images=[IMAGE]), message("user", "b")], "images"),
    ],
)
def test_qwen_38_refuses(messages: list[Message], reason: str) -> None:
    with pytest.raises(TemplateError, match=reason):
        render("qwen3.8", *messages)


# nemotron


def test_switches_in_the_texts_of_nemotron_3_decide_in_their_order() -> None:
    talk = message("system", "a /no_think b</think>"), message("user", "c /think ")
    prompt = render("nemotron-3-nano", *talk, think=False)
    assert prompt == (
        "<|im_start|>system\na  b</think><|im_end|>\n<|im_start|>user\nc<|im_end|>\n"
        "<|im_start|>assistant\n<think>\n"
    )
    assert "/no_think" in render("nemotron-3.5-nano", *talk)


def test_a_medium_effort_stands_behind_the_last_question() -> None:
    talk = message("user", "a"), message("assistant", "b"), message("user", "c"), message("tool")
    prompt = render("nemotron-3.5-nano", *talk, think="medium")
    assert "user\na<|im_end|>" in prompt
    assert "user\nc\n\n{reasoning effort: efficient}<|im_end|>" in prompt
    assert "efficient" not in render("nemotron-3.5-nano", *talk, think="high")


@pytest.mark.parametrize(
    ("content", "calls", "shown"),
    [
        ("<think>t</think> b", None, "<think></think> b<"),
        ("<think>t</think> b", [call()], "<think></think>b\n<"),
        ("t</think> b", None, "t</think> b<"),
        ("t</think> b", [call()], "<think></think>b\n<"),
        ("a<think>t", None, "a<think>t<"),
        ("a<think>t", [call()], "<think></think>a\n<"),
        ("b", None, "<think></think>b<"),
    ],
)
def test_nemotron_cuts_earlier_thinking(content: str, calls: Any, shown: str) -> None:
    talk = message("user", "q"), message("assistant", content, tool_calls=calls), message("user")
    assert "assistant\n" + shown in render("nemotron-3.5-nano", *talk)


# gemma


def test_gemma_4_goes_on_with_the_turn_of_the_model() -> None:
    prompt = render(
        "gemma4-small",
        message("user", "a"),
        message("assistant", "b <|channel>t<channel|>"),
        message("assistant", "c", tool_calls=[call(), call("other", "")]),
        message("tool", "d", tool_call_id="c1", tool_name="x"),
        message("tool", "e"),
        message("assistant", "f"),
    )
    assert prompt.endswith(
        "<|turn>model\nb<|tool_call>call:clock{}<tool_call|><|tool_call>call:other{}<tool_call|>"
        '<|tool_response>response:clock{value:<|"|>d<|"|>}<tool_response|>'
        '<|tool_response>response:unknown{value:<|"|>e<|"|>}<tool_response|>cf<turn|>\n'
        "<|turn>model\n"
    )


def test_gemma_4_is_left_to_answer_where_its_calls_have_no_results() -> None:
    prompt = render("gemma4-large", message("user", "a"), message("assistant", tool_calls=[call()]))
    assert prompt.endswith("<|tool_call>call:clock{}<tool_call|><|tool_response>")


def test_values_of_gemma_have_no_quotes_and_sorted_keys() -> None:
    calls = [call(z=[1, 2.5, "s"], a={"y": None, "x": True}, big=4e6)]
    talk = message("user", "a"), message("assistant", tool_calls=calls)
    assert 'call:clock{a:{x:true,y:null},big:4000000,z:[1,2.5,<|"|>s<|"|>]}<' in render(
        "gemma4-small", *talk
    )
    assert "call:clock{a:{x:true,y:<nil>},big:4000000,z:[1,2.5,<escape>s<escape>]}<" in render(
        "functiongemma", *talk
    )


def test_functiongemma_names_results_by_their_place() -> None:
    prompt = render(
        "functiongemma",
        message("user", "a"),
        message("assistant", "b", tool_calls=[call(), call("other", "c2")]),
        message("tool", "1"),
        message("tool", "2"),
        message("tool", "3"),
        message("user", "c"),
    )
    assert prompt.endswith(
        "<start_function_call>call:other{}<end_function_call>"
        "<start_function_response>response:clock{<escape>1<escape>}<end_function_response>"
        "<start_function_response>response:other{<escape>2<escape>}<end_function_response>"
        "<start_function_response>response:{<escape>3<escape>}<end_function_response>"
        "c<end_of_turn>\n<start_of_turn>model\n"
    )


# the others


def test_cohere_numbers_calls_through_the_conversation() -> None:
    prompt = render(
        "cohere",
        message("user", "a"),
        message("assistant", tool_calls=[call(), call("f", "c2")]),
        message("tool", "1", tool_call_id="c2"),
        message("assistant", tool_calls=[call("g", "c1")]),
        message("tool", "2", tool_call_id="c1"),
        message("tool", "3", tool_call_id="else"),
    )
    ids = [part.partition('"')[0] for part in prompt.split('"tool_call_id": "')[1:]]
    assert ids == ["0", "1", "1", "2", "2", "else"]


def test_an_answer_that_was_begun_is_left_open() -> None:
    talk = message("user", "a"), message("assistant", "Sure: ")
    for name in ("qwen3-coder", "qwen3-vl-instruct", "olmo3", "lfm2"):
        assert render(name, *talk).endswith("<|im_start|>assistant\nSure: ")
    assert render("cohere", *talk).endswith("<|CHATBOT_TOKEN|><|START_TEXT|>Sure: ")
    assert render("laguna", *talk).endswith("<assistant>\n</think>\nSure:\n")


def test_laguna_takes_thinking_out_of_the_content() -> None:
    talk = message("user", "a"), message("assistant", "<think>t</think>b"), message("user", "c")
    assert "<assistant>\n<think>\nt\n</think>\nb\n</assistant>\n" in render("laguna", *talk)
    assert "<assistant></think><think>t</think>b</assistant>\n" in render("poolside-v1", *talk)


def test_an_empty_system_message_turns_the_default_one_off() -> None:
    talk = message("system"), message("user", "a")
    assert render("laguna", *talk) == "〈|EOS|〉<user>\na\n</user>\n<assistant>\n</think>"
    assert render("poolside-v1", *talk) == "〈|EOS|〉<user>a</user>\n<assistant></think>"


def test_lfm2_drops_all_but_the_newest_thinking_unless_asked() -> None:
    talk = [
        message("user", "a"),
        message("assistant", "b", thinking="old"),
        message("user", "c"),
        message("assistant", "<think>in</think> d", tool_calls=[call()]),
        message("user", "e"),
        message("assistant", "f", thinking="new"),
    ]
    prompt = render("lfm2-thinking", *talk)
    assert "assistant\nb<|im_end|>" in prompt
    assert "assistant\n<|tool_call_start|>[clock()]<|tool_call_end|>\nd<|im_end|>" in prompt
    assert prompt.endswith("assistant\n<think>new</think>f")
    kept = render("lfm2-thinking", *talk, think=True)
    assert "assistant\n<think>old</think>b<|im_end|>" in kept
    assert "<|tool_call_end|>\n<think>in</think> d<|im_end|>" in kept


def test_glm_ocr_is_told_once_not_to_think() -> None:
    prompt = render("glm-ocr", message("user", "a"), message("user", "b/nothink"), think=False)
    assert "<|user|>\na/nothink<|user|>\nb/nothink<|assistant|>" in prompt


def test_deepseek_shows_what_is_behind_thinking_except_after_results() -> None:
    prompt = render(
        "deepseek3.1",
        message("user", "a"),
        message("assistant", "t</think>b", thinking="x"),
        message("tool", "c"),
        message("assistant", "t</think>d"),
        think=True,
    )
    assert prompt.endswith(
        "<｜Assistant｜><think>b<｜end▁of▁sentence｜>"
        "<｜tool▁output▁begin｜>c<｜tool▁output▁end｜>t</think>d<｜end▁of▁sentence｜>"
    )

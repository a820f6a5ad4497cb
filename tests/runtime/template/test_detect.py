import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paddock.api import Message
from paddock.template import detect
from paddock.template.go import GoTemplate
from paddock.template.jinja import JinjaTemplate

CHATML = (
    "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content']"
    " + '<|im_end|>' + '\n'}}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
TURNS = [("user", "Hi"), ("assistant", "Hello!"), ("user", "Bye")]


def test_a_published_template_is_found() -> None:
    found = detect.detect(CHATML)
    assert found is not None
    assert found.name == "chatml"
    assert found.stop == ("<|im_start|>", "<|im_end|>")


def test_what_is_found_renders_as_the_template_of_the_weights() -> None:
    found = detect.detect(CHATML)
    assert found is not None
    ours = GoTemplate.parse(found.template).render([Message(role=r, content=c) for r, c in TURNS])
    assert ours == JinjaTemplate.parse(CHATML).render([{"role": r, "content": c} for r, c in TURNS])


@settings(deadline=None, max_examples=30)
@given(st.integers(0, len(CHATML)), st.text("abc {}%'", max_size=60))
def test_small_changes_do_not_matter(place: int, added: str) -> None:
    found = detect.detect(CHATML[:place] + added + CHATML[place:])
    assert found is not None
    assert found.name == "chatml"


@pytest.mark.parametrize(
    "text", ["", "{{ messages }}", CHATML + "{% if tools %}{{ tools | tojson }}{% endif %}" * 3]
)
def test_what_is_not_near_is_not_found(text: str) -> None:
    assert detect.detect(text) is None


@settings(deadline=None, max_examples=30)
@given(st.text(max_size=400))
def test_any_text_is_detected_or_not(text: str) -> None:
    assert detect.detect(text) is None or text


def test_a_long_text_is_no_work() -> None:
    assert detect.detect("{{ x }}" * 10_000) is None


def test_the_signature_of_a_text_is_shorter_than_it_and_does_not_hold_it() -> None:
    signed = detect.signature(CHATML)
    assert len(signed) < len(CHATML)
    assert "im_start" not in signed
    assert detect.signature(CHATML) == signed


@pytest.mark.parametrize("name", detect.names())
def test_every_template_of_ours_renders_every_role(name: str) -> None:
    own = detect.built_in(name)
    roles = [("system", "Be kind."), *TURNS, ("tool", "42"), ("user", "Thanks")]
    prompt = GoTemplate.parse(own.template).render([Message(role=r, content=c) for r, c in roles])
    places = [prompt.find(text) for text in ("Be kind.", "Hi", "Hello!", "Bye", "42", "Thanks")]
    assert -1 not in places
    assert places == sorted(places)
    assert "<no value>" not in prompt
    assert own.stop


def test_twenty_formats_are_known_and_all_but_vicuna_detected() -> None:
    assert len(detect.names()) == 20
    assert set(detect.names()) - {name for name, _ in detect.signatures()} == {"vicuna"}
    with pytest.raises(KeyError):
        detect.built_in("../detect")


_HEADER = "<|start_header_id|>{}<|end_header_id|>\n\n"
_START = "<|START_OF_TURN_TOKEN|>"
_END = "<|END_OF_TURN_TOKEN|>"
_GEMMA = ("<start_of_turn>user\n", "<end_of_turn>\n", "<start_of_turn>model\n", "<end_of_turn>\n")
FORMATS = {
    "alfred": ("<start_user>", "<end_message>", "<start_assistant>", "<end_message>"),
    "alpaca": ("### Instruction:\n", "\n\n", "### Response:\n", "\n\n"),
    "chatml": ("<|im_start|>user\n", "<|im_end|>\n", "<|im_start|>assistant\n", "<|im_end|>\n"),
    "chatqa": ("User: ", "\n\n", "Assistant: ", "\n\n"),
    "command-r": (_START + "<|USER_TOKEN|>", _END, _START + "<|CHATBOT_TOKEN|>", _END),
    "falcon-instruct": ("User: ", "\n\n", "Assistant: ", "\n\n"),
    "gemma-instruct": _GEMMA,
    "gemma3-instruct": _GEMMA,
    "granite-instruct": ("Question:\n", "\n\n", "Answer:\n", "\n\n"),
    "llama3-instruct": (
        _HEADER.format("user"),
        "<|eot_id|>",
        _HEADER.format("assistant"),
        "<|eot_id|>",
    ),
    "mistral-instruct": ("[INST] ", " [/INST]", "", "</s>"),
    "openchat": (
        "GPT4 Correct User: ",
        "<|end_of_turn|>",
        "GPT4 Correct Assistant: ",
        "<|end_of_turn|>",
    ),
    "phi-3": ("<|user|>\n", "<|end|>\n", "<|assistant|>\n", "<|end|>\n"),
    "solar-instruct": ("### User:\n", "\n\n", "### Assistant:\n", "\n\n"),
    "vicuna": ("USER: ", " ", "ASSISTANT: ", "</s>"),
    "zephyr": ("<|user|>\n", "</s>\n", "<|assistant|>\n", "</s>\n"),
}
"""What encloses a question, and what an answer."""


def rendered(name: str, turns: list[tuple[str, str]]) -> str:
    template = GoTemplate.parse(detect.built_in(name).template)
    return template.render([Message(role=role, content=content) for role, content in turns])


@pytest.mark.parametrize("name", FORMATS)
def test_formats_are_the_published_ones(name: str) -> None:
    before, behind, answers, ends = FORMATS[name]
    asked = f"{before}Hi{behind}{answers}Hello!{ends}{before}Bye{behind}"
    assert rendered(name, TURNS) == asked + answers.rstrip(" ")


@pytest.mark.parametrize(
    ("name", "prompt"),
    [
        ("llama2-chat", "[INST] Hi [/INST] Hello! </s><s>[INST] Bye [/INST]"),
        (
            "codellama-70b-instruct",
            (
                "Source: user\n\n Hi <step> Source: assistant\n\n Hello! <step> "
                "Source: user\n\n Bye <step> Source: assistant\nDestination: user\n\n "
            ),
        ),
    ],
)
def test_formats_that_end_otherwise_are_too(name: str, prompt: str) -> None:
    assert rendered(name, TURNS) == prompt


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("gemma-instruct", "<start_of_turn>user\nBe kind.\nHi<end_of_turn>"),
        ("gemma3-instruct", "<start_of_turn>user\nBe kind.\n\nHi<end_of_turn>"),
        ("mistral-instruct", "[INST] Be kind.\n\nHi [/INST]"),
        ("llama2-chat", "[INST] <<SYS>>\nBe kind.\n<</SYS>>\n\nHi [/INST]"),
        ("command-r", "<|START_OF_TURN_TOKEN|><|SYSTEM_TOKEN|>Be kind.<|END_OF_TURN_TOKEN|>"),
        ("vicuna", "Be kind. USER: Hi ASSISTANT:"),
        ("magicoder", "Be kind.\n\n@@ Instruction\nHi\n\n@@ Response\n"),
    ],
)
def test_the_system_text_stands_where_the_format_has_it(name: str, start: str) -> None:
    assert rendered(name, [("system", "Be kind."), ("user", "Hi")]).startswith(start)

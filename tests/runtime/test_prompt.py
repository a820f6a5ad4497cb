from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock import prompt
from paddock.api import Message, Tool
from paddock.errors import ContextLengthError, RequestError, TemplateError
from paddock.prompt import GoRenderer, JinjaRenderer, PlainRenderer, renderer_for
from paddock.template.go import GoTemplate

CHATML = (
    "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


def message(role: str, content: str | None = "", **fields: object) -> Message:
    return Message.model_validate({"role": role, "content": content} | fields)


def render(template: str, *messages: Message, **options: object) -> str:
    renderer = renderer_for(None, template, bos_text="<s>", eos_text="</s>")
    tools, think = options.get("tools"), options.get("think")
    return renderer.render(list(messages), tools, think)  # type: ignore[arg-type]


# assembling


def test_old_thinking_goes_from_answers_before_the_last_question() -> None:
    talk = [
        message("assistant", "<think>a</think>\n\n<think>b</think>"),
        message("assistant", " <think>cut off"),
        message("assistant", "<thin"),
        message("assistant", "so: <think>c</think>"),
        message("user", "<think>d</think>?"),
        message("assistant", "<think>e</think>yes"),
    ]
    for family, name in (("qwen3", "x"), ("llama", "deepseek-r1")):
        kept = prompt.without_old_thinking(talk, family, name)
        assert [item.content for item in kept[:4]] == [
            "<think>b</think>",
            "",
            "<thin",
            "so: <think>c</think>",
        ]
        assert kept[4:] == talk[4:]
    assert prompt.without_old_thinking(talk, "qwen2", "deepseek-r1-mine") == talk
    assert prompt.without_old_thinking(talk[:4], "qwen3", "x") == talk[:4]


# choosing

TOOL_LAYER = (
    "{{ range .Messages }}{{ .Content }}{{ if .ToolCalls }}c{{ end }}{{ end }}{{ .Tools }}"
    "TOOL_RESULTS"
)


@pytest.mark.parametrize(
    ("layer", "weights", "kind"),
    [
        (None, CHATML, JinjaRenderer),
        ("{{ .System }}{{ .Prompt }}", CHATML, GoRenderer),
        ("{{ .System }}{{ .Prompt }}", None, GoRenderer),
        # The weights offer more, or the same and more of it.
        ("{{ .System }}{{ .Prompt }}", CHATML + "{{ tools }}", JinjaRenderer),
        (TOOL_LAYER, CHATML + "{{ tools }}", GoRenderer),
        ("{{ .Prompt }}", CHATML, PlainRenderer),
        ("{{ .Prompt }}", CHATML + "{{ tools }}", JinjaRenderer),
    ],
)
def test_the_template_that_offers_more_renders(
    layer: str | None, weights: str | None, kind: type
) -> None:
    assert isinstance(renderer_for(layer, weights), kind)


@pytest.mark.parametrize("layer", [None, "", "{{ .Prompt }}", " {{- .Prompt -}}\n"])
def test_without_a_template_the_contents_are_the_prompt(layer: str | None) -> None:
    renderer = renderer_for(layer, None)
    assert isinstance(renderer, PlainRenderer)
    messages = [message("system", "Be terse."), message("user", "Hi"), message("user", None)]
    assert renderer.render(messages, None, None) == "Be terse.\n\nHi\n\n"


def test_the_layer_can_be_forced_and_ruled_out() -> None:
    layer, weights = "{{ .System }}{{ .Prompt }}", CHATML + "{{ tools }}"
    assert isinstance(renderer_for(layer, weights, forced=True), GoRenderer)
    assert isinstance(renderer_for(TOOL_LAYER, CHATML, forced=False), JinjaRenderer)


def test_a_built_in_renderer_outranks_every_template() -> None:
    own = PlainRenderer()
    assert renderer_for("{{ .Prompt }}!", CHATML, built_in=own) is own


def test_with_a_built_in_parser_the_layer_renders_or_nothing_does() -> None:
    weights = CHATML + "{{ tools }}"
    assert isinstance(renderer_for("{{ .Prompt }}!", weights, parser="qwen3"), GoRenderer)
    assert isinstance(renderer_for(None, weights, parser="qwen3"), PlainRenderer)


def test_a_harmony_layer_renders_whatever_the_weights_offer() -> None:
    layer = "<|start|>{{ .ThinkLevel }}<|end|>{{ .Prompt }}"
    renderer = renderer_for(layer, CHATML + "{{ tools }}", family="gptoss")
    assert isinstance(renderer, GoRenderer)
    assert renderer.render([message("user", "Hi")], None, "max") == "<|start|>high<|end|>Hi"
    assert isinstance(renderer_for(layer, CHATML + "{{ tools }}", family="llama"), JinjaRenderer)


def test_a_broken_layer_is_refused_when_chosen() -> None:
    with pytest.raises(TemplateError, match="line 1, column 4"):
        renderer_for("{{ nofunc }}", None)


def test_a_broken_chat_template_is_refused_when_chosen() -> None:
    with pytest.raises(TemplateError):
        renderer_for(None, "{% if")


# rendering


def test_a_conversation_ends_with_the_turn_of_the_assistant() -> None:
    rendered = render(CHATML, message("user", "Hi"))
    assert rendered == "<|user|>Hi<|end|><|assistant|>"


def test_a_begun_answer_is_left_open() -> None:
    rendered = render(CHATML, message("user", "Hi"), message("assistant", "Well"))
    assert rendered == "<|user|>Hi<|end|><|assistant|>Well"


def test_two_begun_answers_are_refused() -> None:
    begun = message("assistant", "Well")
    with pytest.raises(RequestError, match="last two messages"):
        render(CHATML, message("user", "Hi"), begun, begun)


def test_a_tool_call_is_not_a_begun_answer() -> None:
    call = {"id": "c1", "function": {"name": "f", "arguments": {"a": 1}}}
    template = CHATML + "{{ messages[-1].tool_calls[0] | tojson }}"
    rendered = render(template, message("user"), message("assistant", tool_calls=[call]))
    assert rendered.endswith(
        '{"id": "c1", "type": "function", "function": {"name": "f", "arguments": {"a": 1}}}'
    )


def test_messages_are_plain_for_templates() -> None:
    rendered = render(
        "{{ messages | tojson }}",
        message("assistant", None, thinking="hm"),
        message("tool", "4", tool_name="add", tool_call_id="c1"),
    )
    assert rendered == (
        '[{"role": "assistant", "content": "", "thinking": "hm", "reasoning_content": "hm"}, '
        '{"role": "tool", "content": "4", "name": "add", "tool_call_id": "c1"}]'
    )


def test_special_tokens_and_the_date_reach_the_template() -> None:
    rendered = render("{{ bos_token }}{{ date_string is defined }}{{ eos_token }}", message("user"))
    assert rendered == "<s>True</s>"


@pytest.mark.parametrize(
    ("think", "rendered"), [(None, "True"), (True, "True"), (False, "False"), ("low", "Truelow")]
)
def test_think_reaches_the_template(think: object, rendered: str) -> None:
    template = "{{ enable_thinking }}{{ reasoning_effort }}"
    assert render(template, message("user"), think=think) == rendered


def test_tools_reach_the_template_and_are_absent_without_any() -> None:
    template = "{% if tools is defined %}{{ tools[0].function.name }}{% endif %}"
    tool = Tool.model_validate({"function": {"name": "add"}})
    assert render(template, message("user"), tools=[tool]) == "add"
    assert render(template, message("user"), tools=[]) == ""


def test_a_layer_renders_messages_tools_and_think() -> None:
    layer = "{{ range .Messages }}<{{ .Role }}>{{ .Content }}{{ end }}{{ .Tools }}{{ .Think }}"
    renderer = renderer_for(layer, None)
    assert renderer.render([message("user", "Hi")], None, True) == "<user>Hinulltrue"


def test_a_layer_fills_the_gap_between_prompt_and_suffix() -> None:
    renderer = GoRenderer(GoTemplate.parse("<P>{{ .Prompt }}<S>{{ .Suffix }}<M>"))
    assert renderer.fill("a = ", "\nb") == "<P>a = <S>\nb<M>"


@pytest.mark.parametrize(
    ("text", "adds_bos", "stripped"),
    [
        ("<s>a", True, "a"), ("<s><s>a", True, "<s>a"), ("<bos>a", True, "a"), ("a", True, "a"),
        ("<s>a", False, "<s>a"),
    ],
)  # fmt: skip
def test_one_bos_is_removed_where_the_tokenizer_adds_it(
    text: str, adds_bos: bool, stripped: str
) -> None:
    assert prompt.strip_bos(text, "<s>", adds_bos) == stripped


def test_no_bos_token_removes_nothing() -> None:
    assert prompt.strip_bos("a", "", True) == "a"


# fitting messages

ROLES = st.sampled_from(["system", "user", "assistant"])
MESSAGES = st.lists(st.builds(message, ROLES, st.text("ab ", max_size=12)), max_size=12)


def linear(
    messages: list[Message], count: Callable[[list[Message]], int], limit: int
) -> list[Message]:
    """The reference's search."""
    for start in range(len(messages) - 1):
        skipped = [item for item in messages[:start] if item.role == "system"]
        if count(skipped + messages[start:]) <= limit:
            return skipped + messages[start:]
    skipped = [item for item in messages[:-1] if item.role == "system"]
    return skipped + messages[-1:]


@given(MESSAGES, st.integers(0, 80))
def test_fitting_messages_equals_the_linear_search(messages: list[Message], limit: int) -> None:
    def count(kept: list[Message]) -> int:
        return sum(len(item.content or "") for item in kept)

    assert prompt.fit_messages(messages, count, limit) == linear(messages, count, limit)


@given(st.lists(st.integers(0, prompt.SLACK), min_size=2, max_size=60), st.data())
def test_it_does_even_where_dropping_a_message_adds_tokens(
    noise: list[int], data: st.DataObject
) -> None:
    messages = [message("user", str(i)) for i in range(len(noise))]
    drop = data.draw(st.integers(0, 300))

    def count(kept: list[Message]) -> int:
        return drop * len(kept) + noise[len(kept) - 1]

    limit = data.draw(st.integers(0, drop * len(noise) + prompt.SLACK))
    assert prompt.fit_messages(messages, count, limit) == linear(messages, count, limit)


def test_a_long_history_is_rendered_few_times() -> None:
    counted: list[int] = []

    def count(kept: list[Message]) -> int:
        counted.append(len(kept))
        return 300 * len(kept)

    kept = prompt.fit_messages([message("user", "x")] * 1000, count, 3000)
    assert len(kept) == 10
    assert len(counted) <= 13
    assert len(set(counted)) == len(counted)


def test_a_history_that_fits_is_rendered_once() -> None:
    counted: list[int] = []

    def count(kept: list[Message]) -> int:
        counted.append(len(kept))
        return len(kept)

    messages = [message("user", "x")] * 9
    assert prompt.fit_messages(messages, count, 9) == messages
    assert counted == [9]


def test_a_refused_tail_matters_only_where_the_linear_search_meets_it() -> None:
    messages = [message("user", str(i)) for i in range(40)]

    def refusing(lengths: set[int]) -> Callable[[list[Message]], int]:
        def count(kept: list[Message]) -> int:
            if len(kept) in lengths:
                raise TemplateError("refused")
            return 100 * len(kept)

        return count

    below = refusing(set(range(1, 30)))
    assert len(prompt.fit_messages(messages, below, 3500)) == 35
    with pytest.raises(TemplateError, match="refused"):
        prompt.fit_messages(messages, refusing({40}), 1000)


def test_a_count_that_gives_up_is_too_long() -> None:
    def count(kept: list[Message]) -> int:
        if len(kept) > 5:
            raise ContextLengthError("too long to count")
        return len(kept)

    assert len(prompt.fit_messages([message("user")] * 9, count, 300)) == 5


def test_system_messages_stay_and_images_count() -> None:
    messages = [
        message("system", "s"),
        message("user", "old", images=[b"png"]),
        message("user", "new"),
    ]
    kept = prompt.fit_messages(messages, len, 700, prompt.IMAGE_TOKENS)
    assert [item.content for item in kept] == ["s", "new"]
    assert prompt.fit_messages(messages, len, 700) == messages


# fitting tokens


@given(
    st.integers(0, 200), st.integers(2, 100), st.integers(-1, 120), st.booleans()
)  # fmt: skip
def test_fitted_tokens_leave_room_and_keep_both_ends(
    count: int, num_ctx: int, num_keep: int, add_bos: bool
) -> None:
    tokens = list(range(count))
    fitted, original = prompt.fit_tokens(tokens, num_ctx, num_keep, add_bos)
    assert original == count
    assert len(fitted) < num_ctx
    if count < num_ctx:
        assert fitted == tokens
        return
    keep = prompt.kept_tokens(num_ctx, num_keep, add_bos, count)
    assert len(fitted) == prompt.shift_limit(num_ctx, keep) >= keep
    assert fitted == tokens[:keep] + tokens[count - (len(fitted) - keep) :]


@pytest.mark.parametrize("allowed", [{"can_shift": False}, {"truncate": False}])
def test_a_prompt_that_may_not_be_cut_is_refused_with_both_numbers(
    allowed: dict[str, bool],
) -> None:
    with pytest.raises(ContextLengthError, match=r"shorten the prompt.*10 tokens.*length is 8"):
        prompt.fit_tokens(list(range(10)), 8, **allowed)


def test_without_num_predict_the_answer_has_the_reference_budget() -> None:
    assert prompt.predict_budget(None, 100) == 1000
    assert prompt.predict_budget(0, 100) == 0
    assert prompt.predict_budget(7, 100) == 7


@pytest.mark.parametrize(
    ("text", "count", "parts"),
    [
        ("plain", 0, ["plain"]),
        ("a[img-0]b", 1, ["a", 0, "b"]),
        ("[img-1][img-0]", 2, ["", 1, "", 0, ""]),
        ("[img-0] and [img-0] again", 1, ["", 0, " and [img-0] again"]),
        ("[img-0][img-7]", 1, ["", 0, "[img-7]"]),
        ("[img-0][img-00]", 1, ["", 0, "[img-00]"]),
        ("[img-0]", 0, ["[img-0]"]),
    ],
)
def test_a_prompt_is_cut_at_the_first_place_of_each_image(
    text: str, count: int, parts: list[str | int]
) -> None:
    assert prompt.at_images(text, count) == parts


def test_an_image_without_a_place_is_named() -> None:
    with pytest.raises(RequestError, match=r"image 1 of 2 .* write \[img-1\]"):
        prompt.at_images("[img-0]", 2)

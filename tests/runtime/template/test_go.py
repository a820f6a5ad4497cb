import threading
import time
from datetime import date
from typing import Any

import pytest

from paddock.api import Message, Tool
from paddock.errors import TemplateError
from paddock.template.go import GoTemplate


def message(role: str, content: str = "", **fields: Any) -> Message:
    return Message.model_validate({"role": role, "content": content} | fields)


def render(template: str, *turns: tuple[str, str], **options: Any) -> str:
    return GoTemplate.parse(template).render([message(*turn) for turn in turns], **options)


TURN = "{{ if .System }}<{{ .System }}>{{ end }}[{{ .Prompt }}]{{ .Response }};"


# messages


def test_messages_tools_and_think_reach_the_template() -> None:
    template = (
        "{{ .System }}|{{ range .Messages }}{{ .Role }}:{{ .Content }} {{ end }}|{{ len .Tools }}|"
        "{{ .Think }}{{ .ThinkLevel }}{{ .IsThinkSet }}|{{ .Response }}|{{ .Prompt }}"
    )
    tools = [Tool.model_validate({"function": {"name": "f"}})]
    text = render(template, ("system", "s"), ("user", "u"), tools=tools, think="low")
    assert text == "s|system:s user:u |1|truelowtrue||<no value>"


def test_a_message_has_no_other_fields() -> None:
    with pytest.raises(TemplateError, match=r"can't evaluate field Name in type api\.Message"):
        render("{{ range .Messages }}{{ .Name }}{{ end }}", ("user", "u"))


def test_the_case_of_messages_does_not_matter_for_the_mode() -> None:
    assert render("{{ .messages }}{{ len .Messages }}", ("user", "u")) == "<no value>1"


# turns


@pytest.mark.parametrize(
    ("turns", "text"),
    [
        ([], "[]"),
        ([("user", "a")], "[a]"),
        ([("user", "a"), ("assistant", "b"), ("user", "c")], "[a]b;[c]"),
        ([("system", "s"), ("user", "a"), ("assistant", "b")], "<s>[a]b"),
        ([("assistant", "b"), ("user", "a")], "[]b;[a]"),
        ([("user", "a"), ("system", "s"), ("user", "b")], "[a];<s>[b]"),
        ([("user", "a"), ("tool", "t"), ("assistant", "b")], "[a]b"),
        ([("user", "a"), ("user", "b")], "[a\n\nb]"),
    ],
)
def test_a_template_of_one_turn_is_rendered_for_each(
    turns: list[tuple[str, str]], text: str
) -> None:
    assert render(TURN, *turns) == text


def test_without_a_response_it_is_put_at_the_end() -> None:
    assert render("({{ .Prompt }})", ("user", "a"), ("assistant", "b"), ("user", "c")) == "(a)b(c)"


def test_the_last_turn_knows_neither_own_functions_nor_defined_templates() -> None:
    with pytest.raises(TemplateError, match="not a defined function"):
        render("{{ json .Prompt }}{{ .Response }}", ("user", "a"))
    with pytest.raises(TemplateError, match="not defined"):
        render('{{ define "t" }}x{{ end }}{{ template "t" . }}{{ .Response }}', ("user", "a"))


def test_an_else_behind_the_response_fails_only_when_it_is_rendered() -> None:
    template = GoTemplate.parse("{{ if .System }}{{ .Response }}{{ else }}x{{ end }}")
    with pytest.raises(TemplateError, match="else"):
        template.render([message("user", "a")])


# filling


def test_prompt_and_suffix_win_over_everything() -> None:
    template = "<P>{{ .Prompt }}<S>{{ .Suffix }}<M>{{ .Response }}{{ .Messages }}"
    text = render(template, ("user", "u"), prompt="a", suffix="b")
    assert text == "<P>a<S>b<M><no value>"


def test_one_of_the_two_is_not_enough() -> None:
    assert render("{{ .Prompt }}|{{ .Suffix }}|", prompt="a") == "|<no value>|"


# parsing


def test_a_template_that_is_given_nothing_must_not_be_included() -> None:
    with pytest.raises(TemplateError, match=r"line 2.*undefined template specified"):
        GoTemplate.parse('\n{{ if .A }}{{ template "x" }}{{ end }}')


def test_parsed_templates_are_kept() -> None:
    assert GoTemplate.parse(TURN) is GoTemplate.parse(TURN)


def test_the_date_is_the_local_one_unless_given() -> None:
    template = "{{ currentDate }}{{ .Messages }}"
    assert render(template, today=date(2026, 1, 2)).startswith("2026-01-02")
    assert render(template)[:4].isdigit()


# limits


def test_a_long_honest_conversation_is_no_bomb() -> None:
    template = (
        "{{ range $i, $m := .Messages }}{{ $last := eq (len (slice $.Messages $i)) 1 }}"
        "<{{ .Role }}>{{ .Content }}{{ if not $last }}</s>{{ end }}{{ json .Content }}{{ end }}"
    )
    turns = [("user" if i % 2 else "assistant", "wörd " * 2000) for i in range(400)]
    text = render(template, *turns)
    assert len(text) > 2 * sum(len(content) for _, content in turns)


def test_arguments_that_lie_too_deep_are_refused() -> None:
    nested: Any = 1
    for _ in range(100_000):
        nested = [nested]
    asked = message("assistant", tool_calls=[{"function": {"name": "f"}}])
    assert asked.tool_calls is not None
    asked.tool_calls[0].function.arguments = {"a": nested}
    with pytest.raises(TemplateError):
        GoTemplate.parse("{{ .Messages }}").render([asked])


def test_a_template_serves_many_threads() -> None:
    template = GoTemplate("{{ range .Messages }}{{ $x := .Content }}{{ $x }};{{ end }}")
    wrong: list[str] = []

    def work(name: str) -> None:
        for _ in range(50):
            text = template.render([message("user", name), message("assistant", name)])
            if text != f"{name};{name};":
                wrong.append(text)

    threads = [threading.Thread(target=work, args=(str(i),)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_twenty_messages_and_five_tools_take_about_a_millisecond() -> None:
    template = GoTemplate.parse(
        "{{ if .Tools }}{{ range .Tools }}{{ . }}{{ end }}{{ end }}{{ range $i, $_ := .Messages }}"
        "{{ $last := eq (len (slice $.Messages $i)) 1 }}{{ if eq .Role `user` }}<u>{{ .Content }}"
        "{{ else if eq .Role `assistant` }}<a>{{ if .ToolCalls }}{{ range .ToolCalls }}"
        "{{ .Function.Name }}{{ .Function.Arguments }}{{ end }}{{ else }}{{ .Content }}{{ end }}"
        "{{ end }}{{ if not $last }}</s>{{ end }}{{ end }}"
    )
    schema = {name: {"type": "string", "description": "What it is."} for name in "abc"}
    tools = [
        Tool.model_validate({"function": {"name": f"f{i}", "parameters": {"properties": schema}}})
        for i in range(5)
    ]
    call = {"function": {"name": "f1", "arguments": {"a": "x", "b": 2}}}
    messages = [message("user", "Hello there. " * 20), message("assistant", tool_calls=[call])] * 10
    best = 1.0
    for _ in range(30):
        started = time.thread_time()
        template.render(messages, tools)
        best = min(best, time.thread_time() - started)
    # A fraction of it on an idle machine; the rest is for slow ones.
    assert best < 0.004

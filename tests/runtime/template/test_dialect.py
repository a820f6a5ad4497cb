from typing import Any

import pytest

from paddock.errors import TemplateError
from paddock.template.dialect import Dialect, dialect_of, parts

LOOP = "{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}"
CALLS = "{% for m in messages %}{{ m.content }}{% for c in m.tool_calls or [] %}"
END = "{% endfor %}{% endfor %}"


def message(role: str, content: Any = "", **more: Any) -> dict[str, Any]:
    return {"role": role, "content": content} | more


def test_most_templates_need_nothing() -> None:
    assert dialect_of(LOOP) == Dialect()
    messages = [message("system", "s"), message("user", "u")]
    assert Dialect().adapt(messages) == messages


@pytest.mark.parametrize(
    "system",
    [
        "{% if messages[0].role == 'system' %}{{ raise_exception('no') }}{% endif %}" + LOOP,
        "{% for m in messages %}{% if m.role == 'user' %}{{ m.content }}{% endif %}{% endfor %}",
    ],
)
def test_a_system_message_that_is_refused_or_ignored_is_merged(system: str) -> None:
    dialect = dialect_of(system)
    assert not dialect.has_system
    messages = [message("system", "s"), message("system", "t"), message("user", "u")]
    assert dialect.adapt(messages) == [message("user", "s\nt\nu")]
    assert dialect.adapt([message("system", "s")]) == []
    assert dialect.adapt([message("user", "u")]) == [message("user", "u")]


def test_the_developer_is_the_system_for_all_but_harmony() -> None:
    developer = [message("developer", "d")]
    assert dialect_of(LOOP).adapt(developer) == [message("system", "d")]
    assert dialect_of(LOOP + "<|channel|>").adapt(developer) == developer


def test_parts_stay_parts_where_they_are_read_and_become_one_text_elsewhere() -> None:
    seen = {"role": "user", "content": parts("see", "[img-0]")}
    each = "{% for p in m.content %}{{ p.text }}{% endfor %}"
    both = f"{{% if m.content is string %}}{{{{ m.content }}}}{{% else %}}{each}{{% endif %}}"
    for shown, is_read in ((both, True), (each, True), ("{{ m.content }}", False)):
        dialect = dialect_of(f"{{% for m in messages %}}{shown}{{% endfor %}}")
        [message] = dialect.adapt([seen])
        assert message["content"] == (seen["content"] if is_read else "see[img-0]")


def test_contents_become_parts_where_only_parts_are_read() -> None:
    dialect = dialect_of(
        "{% for m in messages %}{% for p in m.content %}{{ p.text }}{% endfor %}{% endfor %}"
    )
    assert dialect == Dialect(reads_parts=True, wants_parts=True)
    assert dialect.adapt([message("user", "u")])[0]["content"] == [{"type": "text", "text": "u"}]


@pytest.mark.parametrize(
    ("call", "wants_text"),
    [
        ("{{ c.function.arguments | tojson }}", False),
        ("{% for k, v in c.function.arguments.items() %}{{ k }}={{ v }}{% endfor %}", False),
        ("{{ 'call ' + c.function.arguments }}", True),
        ("{{ c.function.arguments }}", True),
    ],
)
def test_arguments_become_text_where_objects_cannot_be_read(call: str, wants_text: bool) -> None:
    dialect = dialect_of(CALLS + call + END)
    assert dialect.wants_argument_text is wants_text
    function = {"name": "f", "arguments": {"a": "é"}}
    asked = message("assistant", tool_calls=[{"id": "1", "function": function}])
    adapted = dialect.adapt([asked])[0]["tool_calls"][0]["function"]["arguments"]
    assert adapted == ('{"a": "é"}' if wants_text else {"a": "é"})
    assert function["arguments"] == {"a": "é"}


def test_a_template_that_shows_nothing_is_left_alone() -> None:
    assert dialect_of("nothing") == Dialect()


def test_a_broken_template_has_no_dialect() -> None:
    with pytest.raises(TemplateError):
        dialect_of("{% if")

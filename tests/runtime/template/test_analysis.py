import pytest

from paddock.template.analysis import CutError, cut_behind_response, includes
from paddock.template.functions import ALL
from paddock.template.go import GoTemplate
from paddock.template.nodes import source
from paddock.template.syntax import parse


@pytest.mark.parametrize(
    ("template", "names"),
    [
        ("{{ $x := .A.B }}{{ $x.C }}{{ .Response }}", {"a", "b", "$x", "c", "response"}),
        ("{{ range $i, $m := .Messages }}{{ $m.Role }}{{ end }}", {"messages", "$m", "role"}),
        ("{{ $.Messages }}", {"$", "messages"}),
        ("{{ if .A }}{{ else }}{{ .messages }}{{ end }}", {"a", "messages"}),
        ('{{ define "t" }}{{ .In }}{{ end }}{{ template "t" .Out }}{{ .Response }}',
         {"in", "out", "response"}),
        ("{{ print (len .L) }}{{ (index .X 0).Y }}{{ .Response }}", {"l", "response"}),
        ("plain", {"response"}),
        ("{{ .System }}", {"system", "response"}),
    ],
)  # fmt: skip
def test_a_template_s_names_are_found(template: str, names: set[str]) -> None:
    assert GoTemplate.parse(template).variables == names


@pytest.mark.parametrize(
    ("body", "tags"),
    [
        ("{{ if .Thinking }}<t>{{ .Thinking }}</t>{{ end }}", ("<t>", "</t>")),
        ("{{ if and .A .Thinking }}\n<t>\n{{ .Thinking }}\n</t>\n\n{{ end }}", ("<t>", "</t>")),
        ("<t>{{ .Thinking }}{{ .X }}</t>{{ .Content }}tail", ("<t>", "tail")),
        ("{{ if .Thinking }}<t>{{ .Thinking }}{{ end }}", ("<t>", "")),
        ("{{ with .Thinking }}<a>{{ . }}</a>{{ end }}", ("", "")),
        ("{{ $.Thinking }}", ("", "")),
        ("a{{ .Thinking }}b{{ range .Other }}c{{ .Thinking }}d{{ end }}", ("a", "")),
        ("{{ if 1 }}{{ else }}a{{ (print .Thinking) }}b{{ end }}", ("a", "b")),
        ("a{{ (print .Thinking).X }}b", ("", "")),
    ],
)
def test_thinking_tags_stand_around_thinking_in_a_loop_over_messages(
    body: str, tags: tuple[str, str]
) -> None:
    assert GoTemplate.parse("{{ range .Messages }}" + body + "{{ end }}").thinking_tags == tags


def test_thinking_outside_of_the_messages_has_no_tags() -> None:
    for template in (
        "<t>{{ .Thinking }}</t>",
        "{{ range $.Messages }}<t>{{ .Thinking }}</t>{{ end }}",
        '{{ define "t" }}{{ range .Messages }}<t>{{ .Thinking }}</t>{{ end }}{{ end }}x',
    ):
        assert GoTemplate.parse(template).thinking_tags == ("", "")


@pytest.mark.parametrize(
    ("template", "tag"),
    [
        (
            "{{ if .ToolCalls }}[CALLS] [{{ range .ToolCalls }}{{ . }}{{ end }}{{ end }}",
            "[CALLS] [",
        ),
        ('{{ if .ToolCalls }} <c>\r\n{"name": {{ end }}', "<c>"),
        ('{{ if .ToolCalls }}{"name": {{ end }}', "{"),
        ("{{ if .ToolCalls }} {{ range .ToolCalls }}{{ end }}<late>{{ end }}", "{"),
        ("{{ if .ToolCalls }}{{ .X }}<late>{{ end }}", "{"),
        ("{{ if .ToolCalls }}{{ if .X }}{{ .Y }}{{ else }}<e>{{ end }}{{ end }}", "<e>"),
        ("{{ range .M }}{{ else }}{{ if .A }}{{ else if .ToolCalls }}<r>{{ end }}{{ end }}", "<r>"),
        ("{{ if not .M.ToolCalls }}<n>{{ end }}", "<n>"),
        ("{{ if $.ToolCalls }}<v>{{ end }}", "{"),
        ("{{ if gt (len .ToolCalls) 0 }}<p>{{ end }}", "{"),
        ("{{ if .ToolCalls }}{{ end }}{{ if .ToolCalls }}<second>{{ end }}", "{"),
        ("no calls", "{"),
    ],
)
def test_the_tool_tag_is_the_first_text_behind_the_question_for_calls(
    template: str, tag: str
) -> None:
    assert GoTemplate.parse(template).tool_tag == tag


@pytest.mark.parametrize(
    ("template", "kept"),
    [
        ("a{{ .Response }}b{{ .C }}", "a{{.Response}}"),
        (
            "{{ if .Response }}B: {{ .Response }}b{{ end }}c",
            "{{if .Response}}B: {{.Response}}{{end}}",
        ),
        ('a{{ .Response | printf "%s" }}b', "a"),
        ('a{{ printf "<%s>" .Response .B }}b', 'a{{printf "<%s>" .Response}}'),
        ("a{{ print (print .X.Response .B) .C }}b", "a{{print (print .X.Response)}}"),
        (
            "{{ if .A }}x{{ else }}{{ .Response }}b{{ end }}c",
            "{{if .A}}x{{else}}{{.Response}}{{end}}",
        ),
        ("{{ $.Response }}b", "{{$.Response}}b"),
        ("{{ (print .Response).A }}b", "{{(print .Response).A}}b"),
        ("{{ range .L }}{{ .Response }}b{{ end }}", "{{range .L}}{{.Response}}{{end}}"),
    ],
)
def test_a_template_is_cut_behind_its_response(template: str, kept: str) -> None:
    assert source(cut_behind_response(parse(template, ALL))) == kept


def test_an_else_behind_the_cut_cannot_be() -> None:
    with pytest.raises(CutError, match="else"):
        cut_behind_response(parse("{{ if .A }}{{ .Response }}{{ else }}x{{ end }}", ALL))


def test_defined_templates_are_cut_away_and_includes_found_everywhere() -> None:
    tree = parse('{{ define "t" }}{{ template "u" }}{{ end }}{{ block "b" . }}{{ end }}x', ALL)
    assert [node.name for node in includes(tree)] == ["b", "u"]
    assert cut_behind_response(tree).defined == {}

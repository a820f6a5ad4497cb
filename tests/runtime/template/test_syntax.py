import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paddock.errors import TemplateError
from paddock.template import nodes
from paddock.template.lexer import CHARACTERS
from paddock.template.nodes import Action, Command, Control, Field, Include, Nodes, Pipe, Text
from paddock.template.syntax import NESTING, parse

FUNCTIONS = frozenset({"and", "eq", "index", "len", "print", "printf"})


def read(source: str) -> nodes.Tree:
    return parse(source, FUNCTIONS)


# text and trimming


@pytest.mark.parametrize(
    ("source", "texts"),
    [
        ("a { b } }} c", ["a { b } }} c"]),
        ("a \t\r\n{{- .A -}}\n b", ["a", "b"]),
        ("a\v{{- .A }}\xa0 b", ["a\v", "\xa0 b"]),
        ("  {{- .A -}}  ", []),
        ("a{{/* {{ b }} */}}c", ["a", "c"]),
        ("a {{- /* b */ -}} c", ["a", "c"]),
        ("a\r\nb", ["a\r\nb"]),
        ("{{.A -}}\n\n{{- .B}}", []),
    ],
)
def test_text_is_kept_but_for_what_is_trimmed(source: str, texts: list[str]) -> None:
    assert [node.text for node in read(source).main.items if isinstance(node, Text)] == texts


def test_a_minus_without_a_space_is_a_sign() -> None:
    assert nodes.source(read("a {{-3}}{{- -3 }}")) == "a {{-3}}{{-3}}"


# errors

BROKEN = {
    "{{": "unclosed action",
    "{{ .A": "unclosed action",
    "{{}}": "missing value for command",
    "{{ .A }": "unexpected '}'",
    '{{ "a }}': "unterminated quoted string",
    '{{ "a\nb" }}': "unterminated quoted string",
    "{{ `a }}": "unterminated raw quoted string",
    "{{ 'ab' }}": "malformed character constant",
    r'{{ "\q" }}': "invalid syntax",
    r'{{ "\ud800" }}': "invalid syntax",
    "{{/* a }}": "unclosed comment",
    "{{/* a */ .B }}": "comment ends before closing delimiter",
    "{{ /* a */ }}": "unexpected '/'",
    "{{ 12x }}": "bad number syntax",
    "{{ 1_ }}": "illegal number syntax",
    "{{ 99999999999999999999 }}": "integer overflow",
    "{{ 1e999 }}": "illegal number syntax",
    "{{ (.A }}": "unclosed left paren",
    "{{ .A) }}": "unexpected right paren",
    "{{ .a-b }}": "bad character",
    "{{ .A | 5 }}": "non executable command in pipeline stage 2",
    "{{ | .A }}": "unexpected",
    "{{ print 1, 2 }}": "unexpected ','",
    "{{ ..A }}": "unexpected . after term",
    '{{ "x".Y }}': "unexpected . after term",
    "{{ nofunc }}": 'function "nofunc" not defined',
    "{{ if false }}{{ nofunc }}{{ end }}": 'function "nofunc" not defined',
    "{{ $x }}": 'undefined variable "$x"',
    "{{ with $x := 1 }}{{ end }}{{ $x }}": "undefined variable",
    "{{ $a, $b := 1 }}": "too many declarations in command",
    "{{ range $a, $b, $c := .L }}{{ end }}": "too many declarations in range",
    "{{ range $a, 1 }}{{ end }}": "range can only initialize variables",
    "{{ $x : 1 }}": "expected :=",
    "{{ if }}{{ end }}": "missing value for if",
    "{{ if .A }}": "unexpected EOF",
    "{{ end }}": "unexpected {{end}}",
    "{{ else }}": "unexpected {{else}}",
    "{{ if .A }}{{ end .A }}": "unexpected '.A' in end",
    "{{ if .A }}{{ else .B }}{{ end }}": "unexpected '.B' in else",
    "{{ if .A }}{{ else }}{{ else }}{{ end }}": "expected end; found {{else}}",
    "{{ if .A }}{{ else with .B }}{{ end }}": "unexpected with",
    "{{ range .A }}{{ else if .B }}{{ end }}": "unexpected if",
    "{{ break }}": "{{break}} outside {{range}}",
    "{{ range .L }}{{ else }}{{ continue }}{{ end }}": "{{continue}} outside {{range}}",
    '{{ range .L }}{{ block "b" . }}{{ break }}{{ end }}{{ end }}': "outside {{range}}",
    "{{ range .L }}{{ break 1 }}{{ end }}": "unexpected '1' in {{break}}",
    "{{ template x }}": "unexpected 'x' in template clause",
    '{{ block "x" }}{{ end }}': "missing value for block clause",
    '{{ if .A }}{{ define "t" }}{{ end }}{{ end }}': "unexpected 'define'",
    '{{ define "t" }}x': "unexpected EOF",
    '{{ define "t" }}x{{ else }}{{ end }}': "unexpected {{else}} in define",
    '{{ define "t" }}1{{ end }}{{ define "t" }}2{{ end }}': "multiple definition",
    '{{ define "" }}1{{ end }}2': "multiple definition",
    "{{ \x00 }}": "unrecognized character",
    "{{" + "(" * (NESTING + 1) + "1": "nested more than",
    "{{ if 1 }}" * (NESTING + 1): "nested more than",
}


@pytest.mark.parametrize(("source", "message"), BROKEN.items())
def test_what_is_wrong_is_named(source: str, message: str) -> None:
    with pytest.raises(TemplateError) as caught:
        read(source)
    assert message in str(caught.value)


def test_an_error_shows_its_place() -> None:
    with pytest.raises(TemplateError) as caught:
        read("first\nhello {{ nofunc }} there\nlast")
    assert str(caught.value).splitlines() == [
        'template: line 2, column 10: function "nofunc" not defined',
        "  hello {{ nofunc }} there",
        "           ^",
    ]


def test_a_long_line_is_shown_around_the_place_only() -> None:
    with pytest.raises(TemplateError) as caught:
        read("é" * 5000 + "{{ nofunc }}" + "y" * 5000)
    _, shown, caret = str(caught.value).splitlines()
    assert len(shown) < 80
    assert shown[caret.index("^") :].startswith("nofunc")


def test_a_template_may_not_be_too_long() -> None:
    read("x" * CHARACTERS)
    with pytest.raises(TemplateError, match="characters"):
        read("x" * (CHARACTERS + 1))


# trees


def test_else_if_is_an_if_alone_in_the_else_branch() -> None:
    short = read("{{ if .A }}a{{ else if .B }}b{{ else }}c{{ end }}")
    long = read("{{ if .A }}a{{ else }}{{ if .B }}b{{ else }}c{{ end }}{{ end }}")
    assert short == long


def test_a_trailing_bar_is_ignored() -> None:
    assert read("{{ .A | }}") == read("{{ .A }}")


def test_fields_glued_to_a_field_or_variable_belong_to_it() -> None:
    assert read("{{ .A.B }}").main.items[0] == Action(
        Pipe((), False, (Command((Field(("A", "B")),)),))
    )
    assert read("{{ .A .B }}") != read("{{ .A.B }}")


def test_a_block_defines_and_includes() -> None:
    tree = read('{{ block "b" .A }}x{{ end }}')
    assert tree == read('{{ template "b" .A }}{{ define "b" }}x{{ end }}')


def test_an_empty_definition_gives_way_to_a_full_one() -> None:
    for source in (
        '{{ define "t" }} {{ end }}{{ define "t" }}x{{ end }}',
        '{{ define "t" }}x{{ end }}{{ define "t" }} {{ end }}',
    ):
        assert read(source).defined == {"t": Nodes((Text("x"),))}


def test_break_and_continue_are_no_functions() -> None:
    (loop,) = read("{{ range .L }}{{ break }}{{ continue }}{{ end }}").main.items
    assert isinstance(loop, Control)
    assert [type(node).__name__ for node in loop.body.items] == ["Jump", "Jump"]


def test_a_template_clause_may_give_nothing() -> None:
    (node,) = read("{{ template `t` }}").main.items
    assert isinstance(node, Include)
    assert (node.name, node.pipe) == ("t", None)


# properties

_NAME = st.sampled_from(["A", "B_1", "été"])
_LITERAL = st.sampled_from(
    ["1", "-2", "0x1F", "017", "1_0", "2.5", "1e3", "2i", "1+2i", "'a'", '"s\\n"', "`r`", "true"]
)
_OPERAND = st.recursive(
    st.one_of(
        _LITERAL,
        st.lists(_NAME, min_size=1, max_size=3).map(lambda names: "." + ".".join(names)),
        st.sampled_from([".", "$", "$.A", "$v", "$v.A.B", "nil"]),
    ),
    lambda inner: st.one_of(
        inner.map(lambda text: f"({text})"),
        inner.map(lambda text: f"(print {text}).A"),
    ),
    max_leaves=3,
)
_COMMAND = st.one_of(
    _OPERAND,
    st.tuples(st.sampled_from(sorted(FUNCTIONS)), st.lists(_OPERAND, max_size=3)).map(
        lambda call: " ".join([call[0], *call[1]])
    ),
)
_PIPE = st.tuples(_COMMAND, st.sampled_from(["", " | len", " | printf `x` | print"])).map("".join)
_TEXT = st.text("ab {}\n\té-", min_size=1, max_size=6).filter(lambda text: "{{" not in text)
_OPEN = st.sampled_from(["{{", "{{ ", "{{- "])
_CLOSE = st.sampled_from(["}}", " }}", " -}}"])


def _action(body: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(_OPEN, body, _CLOSE).map("".join)


def _structures(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    def control(keyword: str, declared: str) -> st.SearchStrategy[str]:
        head = _action(_PIPE.map(lambda pipe: f"{keyword} {declared}{pipe}"))
        plain_else = _action(st.just("else"))
        otherwise = st.one_of(st.just(""), st.tuples(plain_else, inner).map("".join))
        return st.tuples(head, inner, otherwise, st.just("{{ end }}")).map("".join)

    return st.one_of(
        st.lists(inner, max_size=3).map("".join),
        control("if", ""),
        control("if", "$w := "),
        control("with", "$v = "),
        control("range", "$k, $w := "),
        control("range", ""),
        inner.map(lambda body: "{{ range .L }}" + body + "{{ break }}{{ end }}"),
    )


TEMPLATES = st.recursive(
    st.one_of(
        _TEXT,
        _action(_PIPE),
        _action(_PIPE.map(lambda pipe: "$v = " + pipe)),
        st.sampled_from(["{{/* c */}}", '{{ template "t" . }}']),
    ),
    _structures,
    max_leaves=8,
).map(lambda body: '{{ $v := 1 }}{{ define "t" }}<{{ . }}>{{ end }}' + body)


@settings(deadline=None)
@given(TEMPLATES)
def test_a_printed_tree_parses_to_the_same_tree(source: str) -> None:
    try:
        tree = read(source)
    except TemplateError:
        # Two texts can meet at `{{`, and a literal can follow a `|`.
        return
    printed = nodes.source(tree)
    assert read(printed) == tree
    assert nodes.source(read(printed)) == printed


@settings(deadline=None)
@given(st.text("{}-.|$:=()\"'`/* \nabif1_,", max_size=60))
def test_any_text_parses_or_is_refused(source: str) -> None:
    try:
        tree = read(source)
    except TemplateError:
        return
    assert read(nodes.source(tree)) == tree

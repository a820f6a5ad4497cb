import contextlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paddock.errors import TemplateError
from paddock.template.formatting import sprintf
from paddock.template.limits import Budget
from paddock.template.quoting import quoted
from paddock.template.values import NIL_LIST, NamedList, Struct


class Named(NamedList):
    kind = "api.Named"

    def text(self) -> str:
        return "own text"


def form(form: str, *args: Any) -> str:
    return sprintf(Budget(), form, args)


@pytest.mark.parametrize(
    ("text", "args", "expected"),
    [
        ("100%%", (), "100%"),
        ("%s-%v-%d", ("a", 2.5, 3), "a-2.5-3"),
        ("[%5s][%-5s][%.2s][%05s]", ("ab", "cd", "efgh", "x"), "[   ab][cd   ][ef][0000x]"),
        ("[%4s]", ("é",), "[   é]"),
        ("%q %+q %#q %x %X % x %#x", ('a"é', "é", "a", "hi", "hi", "hi", "hi"),
         r'"a\"é" "\u00e9" `a` 6869 6869 68 69 0x6869'),
        ("%d %+d % d %05d %-5d| %.3d %x %#X %o %#o %O %b",
         (3, 3, 3, -3, 3, 3, 255, 255, 8, 8, 8, 5),
         "3 +3  3 -0003 3    | 003 ff 0XFF 10 010 0o10 101"),
        ("%c %q %U %#U", (97, 39, 233, 233), r"a '\'' U+00E9 U+00E9 'é'"),
        ("%f %.2f %8.3f|%-8.1f| %e %g %G %F", (1.5, 2.345, 3.14159, 2.0, 1.5, 1e-7, 1e-7, 0.5),
         "1.500000 2.35    3.142|2.0     | 1.500000e+00 1e-07 1E-07 0.500000"),
        ("%x %.1x %b", (1.5, 1.96, 1.0), "0x1.8p+00 0x1.fp+00 4503599627370496p-52"),
        ("%+.1f % .1f %06.1f %+06.1f", (2.0, 2.0, -2.0, 2.0), "+2.0  2.0 -002.0 +002.0"),
        ("%v %.1f %T", (1 + 2j, 1j, 1j), "(1+2i) (0.0+1.0i) complex128"),
        ("%t %v", (True, False), "true false"),
        ("%T %T %T %T %T", (None, 1, "a", [], {}),
         "<nil> int string []interface {} map[string]interface {}"),
        ("%v %v %s", ([1, "a", None], {"b": 1, "a": 2}, ["x", "y"]),
         "[1 a <nil>] map[a:2 b:1] [x y]"),
        ("%#v %#v %#v %#v", ("s", 1, [1, None], {"k": "v"}),
         '"s" 1 []interface {}{1, interface {}(nil)} map[string]interface {}{"k":"v"}'),
        ("%v %+v", (Struct(A=1, B="x"), Struct(A=1, B="x")), "{1 x} {A:1 B:x}"),
        ("%v %s %#v", (NIL_LIST, Named([1]), NIL_LIST), "[] own text list(nil)"),
        ("%*d|%-*d|%.*f", (5, 42, 4, 1, 1, 2.55), "   42|1   |2.5"),
        ("%[2]s %[1]s", ("a", "b"), "b a"),
        ("%[2]*[1]d", (7, 3), "  7"),
    ],
)  # fmt: skip
def test_verbs_are_gos(text: str, args: tuple[Any, ...], expected: str) -> None:
    assert form(text, *args) == expected


@pytest.mark.parametrize(
    ("text", "args", "expected"),
    [
        ("%d %s", (1,), "1 %!s(MISSING)"),
        ("%d", (1, "x", None), "1%!(EXTRA string=x, <nil>)"),
        ("%d", ("hi",), "%!d(string=hi)"),
        ("%s", (5,), "%!s(int=5)"),
        ("%5s", (5,), "%!s(int=    5)"),
        ("%z", (5,), "%!z(int=5)"),
        ("%", (), "%!(NOVERB)"),
        ("%s %v", (None, None), "%!s(<nil>) <nil>"),
        ("%*d", ("a", 1), "%!(BADWIDTH)1"),
        ("%.*d", ("a", 1), "%!(BADPREC)1"),
        ("%[3]d", (1,), "%!d(BADINDEX)"),
        ("%[x]d", (1,), "%!d(BADINDEX)"),
        ("%[1]5d", (1,), "%!d(BADINDEX)"),
        ("%d", ([1, "a"],), "[1 %!d(string=a)]"),
    ],
)
def test_mistakes_are_written_out(text: str, args: tuple[Any, ...], expected: str) -> None:
    assert form(text, *args) == expected


def test_quoting_escapes_what_cannot_be_seen() -> None:
    assert quoted("\a\n\x01\x7f\u200b\U000e0001\udcff") == (r'"\a\n\x01\x7f\u200b\U000e0001\xff"')


@pytest.mark.parametrize("text", ["%1000000d" * 100, "%.1000000f" * 100, "%999999q" * 100])
def test_a_format_of_wide_verbs_is_refused(text: str) -> None:
    with pytest.raises(TemplateError, match="too much text"):
        form(text, *[1.5 if "f" in text else "a" if "q" in text else 1] * 100)


@settings(deadline=None)
@given(
    st.text("%vsdqtxXcUefgGTb#+- 0123456789.*[]éz", max_size=20),
    st.lists(
        st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats() | st.text()
        | st.lists(st.text(), max_size=2),
        max_size=4,
    ),
)  # fmt: skip
def test_every_format_ends_in_text_or_a_limit(text: str, args: list[Any]) -> None:
    with contextlib.suppress(TemplateError):
        assert isinstance(form(text, *args), str)

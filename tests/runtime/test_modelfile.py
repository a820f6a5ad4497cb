"""Modelfiles as text. The reference's cases run in tests/vectors; here stand the laws."""

import codecs
import pickle
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from paddock.api import OptionFields
from paddock.errors import ModelfileError, OptionError, PaddockError
from paddock.modelfile import (
    COMMANDS,
    PARAMETERS,
    ROLES,
    Command,
    Modelfile,
    decode,
    parameter,
    quoted,
    version,
)

PRINTABLE = st.characters(exclude_categories=("C", "Z"), include_characters=" \t\r\n")
VALUES = st.text(PRINTABLE) | st.text(st.sampled_from('" \t\r\na#'))
NAMES = st.text("abcXYZ_019", max_size=8)


def has_no_form(value: str) -> bool:
    """Whether a line but the last ends with three quotes, which end every kind of value."""
    lines = value.replace("\r", "\n").split("\n")
    return any(line.rstrip(" \t").endswith('"""') for line in lines[:-1])


VALUES = VALUES.filter(lambda value: not has_no_form(value))
COMMAND = st.one_of(
    st.builds(Command, st.sampled_from(sorted(set(COMMANDS) - {"parameter", "message"})), VALUES),
    st.builds(Command, st.just("parameter"), VALUES, NAMES),
    st.builds(Command, st.just("message"), VALUES, st.sampled_from(ROLES)),
)


def only(text: str) -> str:
    (command,) = Modelfile.parse(f"FROM x\n{text}").commands[1:]
    return command.value


# -- laws ------------------------------------------------------------------------------------------


@given(st.lists(COMMAND))
@example([Command("system", '"hi"')])
@example([Command("system", 'one "\ntwo')])
@example([Command("system", '""\n""')])
@example([Command("system", "lone\rreturn"), Command("license", "\t")])
@example([Command("from", " outer blanks "), Command("message", "", "user")])
@settings(deadline=None)
def test_what_is_printed_reads_back(commands: list[Command]) -> None:
    modelfile = Modelfile((Command("from", "base"), *commands))
    assert Modelfile.parse(str(modelfile)) == modelfile
    assert Modelfile.parse(str(modelfile).encode()) == modelfile


@given(st.text() | st.text(st.sampled_from('FROMfrom PARAMETERSYSTEM"\n\r\t#ax1_:')))
@settings(deadline=None)
def test_any_text_reads_or_is_refused_and_once_read_stays_the_same(text: str) -> None:
    try:
        read = Modelfile.parse(text)
    except ModelfileError:
        return
    if not any(has_no_form(command.value) for command in read.commands):
        assert Modelfile.parse(str(read)) == read


@given(st.binary() | st.builds(bytes.__add__, st.just(b"FROM a\n"), st.binary()))
@settings(deadline=None)
def test_any_bytes_read_or_are_refused(content: bytes) -> None:
    try:
        fields = Modelfile.parse(content).fields()
    except PaddockError:
        return
    assert all(fields.values())


@given(st.text(st.characters(exclude_categories=("Cs",))))
@settings(deadline=None)
def test_marks_of_an_encoding_are_obeyed(text: str) -> None:
    assert decode(codecs.BOM_UTF8 + text.encode()) == text
    assert decode(codecs.BOM_UTF16_LE + text.encode("utf-16-le")) == text
    assert decode(codecs.BOM_UTF16_BE + text.encode("utf-16-be")) == text


def test_long_texts_are_read_in_linear_time() -> None:
    text = '"""\n' + "line\n" * 200_000 + '"""'
    assert len(only(f"LICENSE {text}\n")) == 5 * 200_000 + 1
    assert len(Modelfile.parse("FROM x\n" + "#\n" * 200_000).commands) == 1


# -- reading ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("SYSTEM", None),
        ("SYSTEM ", ""),
        ("SYSTEM \n", ""),
        ("SYSTEM\thi", "hi"),
        ('SYSTEM   " hi "  ', " hi "),
        ('SYSTEM "a" "b"', 'a" "b'),
        ("SYSTEM '''a'''", "'''a'''"),
        ('SYSTEM """"""', ""),
        ('SYSTEM "', None),
        ('SYSTEM """"', None),
        ('SYSTEM "\n"', "\n"),
        ('SYSTEM """a\r\n"b"\r\n"""', 'a\r\n"b"\r\n'),
        ("SYSTEM a # no comment", "a # no comment"),
        ("SYSTEM a\tb", "a\tb"),
        ("SYSTEM a\u00a0b\u200bc\x07", "abc"),
        ("SYSTEM \ufffd\U0001f44b", "\ufffd\U0001f44b"),
        ("\u200bSYSTEM hi", "hi"),
    ],
)
def test_values(text: str, value: str | None) -> None:
    if value is None:
        with pytest.raises(ModelfileError, match=r"^unexpected EOF\b"):
            only(text)
    else:
        assert only(text) == value


def test_invalid_sequences_become_replacement_characters() -> None:
    assert Modelfile.parse(b"FROM x\nSYSTEM a\xffb").last("system") == "a\ufffdb"


@pytest.mark.parametrize(
    ("text", "message", "line", "excerpt"),
    [
        ("FROM x\nSYSTEM2 hi", "(line 2): command must be", 2, "SYSTEM2 hi\n      ^"),
        ("FROM x\n\n  FOO bar", "(line 3): command must be", 3, "  FOO bar\n     ^"),
        ("FROM\nSYSTEM hi", "(line 2): command must be", 1, "FROM\n    ^"),
        ("FROM x\r\nSYSTEM\r\n", "(line 4): command must be", 2, "SYSTEM\n      ^"),
        ("FROM x\nMESSAGE tool hi", "(line 2): message role must be", 2, "MESSAGE tool hi\n"),
        ("FROM x\nPARAMETER stop\n", "unexpected EOF: stop", 2, "PARAMETER stop\n"),
        ("FROM x\nPARAMETER a-b 1\n", "unexpected EOF: a", 2, "PARAMETER a-b 1\n           ^"),
        ('FROM x\nSYSTEM """a\nb\n', "unexpected EOF", 2, 'SYSTEM """a\n       ^'),
        ("# nothing", "no FROM line", 0, ""),
    ],
)
def test_errors_say_where(text: str, message: str, line: int, excerpt: str) -> None:
    with pytest.raises(ModelfileError) as caught:
        Modelfile.parse(text)
    error = caught.value
    assert str(error).startswith(message)
    assert (error.line, error.status) == (line, 400)
    assert error.excerpt.startswith(excerpt)
    assert getattr(error, "__notes__", []) == ([error.excerpt] if error.excerpt else [])
    copy = pickle.loads(pickle.dumps(error))
    assert (str(copy), copy.line, copy.excerpt) == (str(error), error.line, error.excerpt)


def test_an_excerpt_of_a_long_line_is_short() -> None:
    with pytest.raises(ModelfileError) as caught:
        Modelfile.parse("A" * 10_000 + "!" * 10_000)
    assert caught.value.excerpt == "A" * 60 + "!" * 60 + "\n" + " " * 60 + "^"


def test_the_last_command_counts_where_one_does() -> None:
    modelfile = Modelfile.parse(
        "FROM x\nSYSTEM a\nsystem b\nLICENSE 1\nLICENSE 2\nMESSAGE user a: b\n"
        "PARAMETER stop x\nPARAMETER stop x\nPARAMETER seed 1\nPARAMETER seed 2\n"
        "PARAMETER num_ctx 64\nTEMPLATE\t\nREQUIRES v1.2\nPARAMETER low_vram x\n"
    )
    assert modelfile.fields() == {
        "system": "b",
        "license": ["1", "2"],
        "messages": [{"role": "user", "content": "a: b"}],
        "parameters": {"stop": ["x", "x"], "seed": 2, "num_ctx": 64},
        "requires": "1.2",
    }
    assert modelfile.warnings() == ("warning: parameter low_vram is deprecated",)


# -- printing --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("plain", "plain"),
        ('say "hi"', 'say "hi"'),
        (" x", '" x"'),
        ("a\nb", '"a\nb"'),
        ('a"\nb', '"""a"\nb"""'),
        ('"hi"', '""""hi""""'),
        ("", ""),
        ("\x00", "\x00"),
    ],
)
def test_values_are_quoted_where_they_would_be_cut(value: str, text: str) -> None:
    assert quoted(value) == text


# -- parameters ------------------------------------------------------------------------------------


def test_every_option_has_its_parameter_and_no_other() -> None:
    assert set(PARAMETERS) == set(OptionFields.model_fields)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("num_ctx", "4096", 4096),
        ("num_ctx", "+1", 1),
        ("seed", "-1", -1),
        ("seed", str(2**63 - 1), 2**63 - 1),
        ("temperature", "0.7", 0.7),
        ("temperature", "1", 1.0),
        ("temperature", "1e-2", 0.01),
        ("temperature", ".5", 0.5),
        ("temperature", "0.1234567891234", 0.12345679),
        ("temperature", "1e-60", 0.0),
        ("use_mmap", "T", True),
        ("use_mmap", "0", False),
        ("stop", "", [""]),
    ],
)
def test_parameters_become_values(name: str, text: str, value: Any) -> None:
    assert parameter(name, [text]) == value
    assert type(parameter(name, [text])) is type(value)


@pytest.mark.parametrize(
    ("name", "texts", "message"),
    [
        ("num_ctx", ["4096.0"], "invalid int value [4096.0]"),
        ("num_ctx", ["1e4"], "invalid int value [1e4]"),
        ("num_ctx", ["1_000"], "invalid int value [1_000]"),
        ("num_ctx", ["٣"], "invalid int value [٣]"),
        ("seed", [str(2**63)], f"invalid int value [{2**63}]"),
        ("seed", ["9" * 10_000], f"invalid int value [{'9' * 10_000}]"),
        ("num_ctx", ["x", "1"], "invalid int value [x 1]"),
        ("num_ctx", [], "invalid int value []"),
        ("temperature", ["hot"], "invalid float value [hot]"),
        ("temperature", ["nan"], "invalid float value [nan]"),
        ("temperature", ["1e39"], "invalid float value [1e39]"),
        ("temperature", ["1e999"], "invalid float value [1e999]"),
        ("use_mmap", ["yes"], "invalid bool value [yes]"),
        ("Temperature", ["1"], "unknown parameter 'Temperature'"),
        ("", ["1"], "unknown parameter ''"),
        ("num_gqa", ["8"], "unknown parameter 'num_gqa'"),
    ],
)
def test_wrong_values_and_names_are_refused(name: str, texts: list[str], message: str) -> None:
    with pytest.raises(OptionError) as caught:
        parameter(name, texts)
    assert str(caught.value) == message


def test_a_misspelt_name_has_its_remedy_in_a_note() -> None:
    with pytest.raises(OptionError) as caught:
        parameter("temprature", ["1"])
    assert caught.value.__notes__ == ["did you mean temperature?"]


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
@settings(deadline=None)
def test_single_precision_survives(value: float) -> None:
    assert parameter("temperature", [repr(value)]) == pytest.approx(value, rel=1e-6, abs=1e-45)


@given(st.sampled_from(sorted(PARAMETERS)), st.text())
@settings(deadline=None)
def test_any_value_reads_or_is_refused(name: str, text: str) -> None:
    try:
        value = parameter(name, [text])
    except OptionError:
        return
    assert value is not None


@pytest.mark.parametrize(
    ("text", "number"),
    [("0.14.0", "0.14.0"), ("v1", "1"), ("1.2", "1.2"), ("v1.2.3-rc.1+b", "1.2.3-rc.1+b")],
)
def test_versions(text: str, number: str) -> None:
    assert version(text) == number


@pytest.mark.parametrize("text", ["", "latest", "01.2", "1.2-rc", "vv1", "1.2.3.4", "1.2.3\n", "٣"])
def test_wrong_versions(text: str) -> None:
    with pytest.raises(ModelfileError, match="must be a valid semver"):
        version(text)

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.cli.arguments import Flag, any_number, at_least, at_most, between, exactly, parse
from paddock.errors import PaddockError, RequestError

FLAGS = (
    Flag("verbose", "", short="v", default=False),
    Flag("file", "", short="f", value="FILE"),
    Flag("number", "", value="N", parse=int, default=7),
    Flag("think", "", value="LEVEL", bare="true"),
)


def test_flags_and_arguments_may_be_mixed():
    line = parse(FLAGS, ["a", "--file", "x", "b", "--number=3", "-v", "c"])
    assert line.arguments == ("a", "b", "c")
    assert (line["file"], line["number"], line["verbose"]) == ("x", 3, True)


def test_what_was_not_given_has_its_default():
    line = parse(FLAGS, [])
    assert (line["file"], line["number"], line["verbose"], line["think"]) == (None, 7, False, None)
    assert not line.has("number")
    assert parse(FLAGS, ["--number", "7"]).has("number")


def test_a_switch_takes_a_value_only_with_an_equals_sign():
    assert parse(FLAGS, ["--verbose", "false"]).arguments == ("false",)
    assert parse(FLAGS, ["--verbose=false"])["verbose"] is False
    assert parse(FLAGS, ["-v=0"])["verbose"] is False


def test_a_flag_that_can_stand_alone_leaves_the_next_word():
    line = parse(FLAGS, ["--think", "high"])
    assert (line["think"], line.arguments) == ("true", ("high",))
    assert parse(FLAGS, ["--think=high"])["think"] == "high"
    assert parse(FLAGS, ["--think="])["think"] == ""


@pytest.mark.parametrize("words", [["-vf", "x"], ["-vfx"], ["-f=x", "-v"], ["-f", "x", "-v"]])
def test_short_flags_may_be_joined_and_carry_a_value(words: list[str]):
    line = parse(FLAGS, words)
    assert (line["verbose"], line["file"], line.arguments) == (True, "x", ())


def test_two_dashes_end_the_flags_and_one_dash_is_an_argument():
    assert parse(FLAGS, ["-", "--", "--file", "-v"]).arguments == ("-", "--file", "-v")


def test_the_last_of_a_repeated_flag_counts():
    assert parse(FLAGS, ["--number", "1", "--number", "2"])["number"] == 2


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--x"], "unknown flag: --x"),
        (["-x"], "unknown shorthand flag: 'x' in -x"),
        (["-vx"], "unknown shorthand flag: 'x' in -vx"),
        (["--file"], "flag needs an argument: --file"),
        (["-f"], "flag needs an argument: 'f' in -f"),
        (["---x"], "bad flag syntax: ---x"),
        (["--=x"], "bad flag syntax: --=x"),
        (["--verbose=maybe"], 'invalid argument "maybe" for "--verbose" flag'),
        (["--number", "x"], 'invalid argument "x" for "--number" flag'),
        (["-f=", "--number", "-1x"], 'invalid argument "-1x" for "--number" flag'),
    ],
)
def test_what_cannot_be_read_is_named(words: list[str], complaint: str):
    with pytest.raises(RequestError) as caught:
        parse(FLAGS, words)
    assert str(caught.value).startswith(complaint)


@given(st.lists(st.text(alphabet="-=vfx true1", max_size=8)))
def test_any_words_are_read_or_refused(words: list[str]):
    try:
        line = parse(FLAGS, words)
    except PaddockError:
        return
    assert len(line.arguments) <= len(words)


@given(st.lists(st.text()))
def test_after_two_dashes_everything_is_an_argument(words: list[str]):
    assert parse(FLAGS, ["--", *words]).arguments == tuple(words)


@pytest.mark.parametrize(
    ("arity", "words", "complaint"),
    [
        (exactly(1), [], "accepts 1 arg(s), received 0"),
        (exactly(2), ["a"], "accepts 2 arg(s), received 1"),
        (at_least(1), [], "requires at least 1 arg(s), only received 0"),
        (at_most(1), ["a", "b"], "accepts at most 1 arg(s), received 2"),
        (between(1, 2), [], "accepts between 1 and 2 arg(s), received 0"),
    ],
)
def test_a_wrong_number_of_arguments_is_counted(arity, words: list[str], complaint: str):
    with pytest.raises(RequestError) as caught:
        arity(words)
    assert str(caught.value) == complaint


def test_the_right_number_of_arguments_passes():
    for arity in (exactly(1), at_least(1), at_most(1), between(1, 2), any_number):
        arity(["a"])

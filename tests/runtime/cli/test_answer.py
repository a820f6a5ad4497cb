from paddock.api import GenerateResponse, Message
from paddock.cli.answer import AnswerText, statistics

CALL = Message.ToolCall.model_validate({"function": {"name": "f", "arguments": {"a": "ä"}}})


def test_plain_text_passes_as_it_is():
    text = AnswerText()
    assert text.feed("one ") + text.feed("two") + text.finish() == "one two"


def test_thinking_is_set_apart():
    text = AnswerText()
    shown = text.feed("", "hm") + text.feed(None, " so") + text.feed("yes") + text.finish()
    assert shown == "Thinking...\nhm so\n...done thinking.\n\nyes"


def test_thinking_that_ends_its_line_gets_no_second_one():
    text = AnswerText()
    shown = text.feed("", "hm\n") + text.feed("yes")
    assert shown == "Thinking...\nhm\n...done thinking.\n\nyes"


def test_thinking_that_was_stopped_is_closed():
    text = AnswerText()
    assert text.feed("", "hm") + text.finish() == "Thinking...\nhm\n...done thinking.\n\n"
    assert text.finish() == ""


def test_thinking_can_be_hidden():
    text = AnswerText(hides_thinking=True)
    assert text.feed("", "hm") + text.feed("yes") + text.finish() == "yes"


def test_on_a_terminal_thinking_is_grey_and_the_answer_is_not():
    text = AnswerText(styled=True, columns=80)
    shown = text.feed("", "hm") + text.feed("yes")
    grey, rest = shown.rsplit("\x1b[0m", 1)
    assert rest == "yes"
    assert grey.index("\x1b[38;5;245m") < grey.index("hm")


def test_calls_of_tools_that_nobody_gave_are_told():
    assert AnswerText().feed("", None, [CALL]) == (
        '  Model called a non-existent function \'f()\' with arguments: {"a": "ä"}\n'
    )


def test_statistics_have_a_line_for_what_there_is():
    text = statistics(
        GenerateResponse(
            total_duration=2_345_000_000,
            load_duration=21_500_000,
            prompt_eval_count=26,
            prompt_eval_duration=130_079_000,
            eval_count=298,
            eval_duration=4_799_921_000,
        )
    )
    assert text.splitlines() == [
        "total duration:       2.345s",
        "load duration:        21.5ms",
        "prompt eval count:    26 token(s)",
        "prompt eval duration: 130.079ms",
        "prompt eval rate:     199.88 tokens/s",
        "eval count:           298 token(s)",
        "eval duration:        4.799921s",
        "eval rate:            62.08 tokens/s",
    ]
    assert statistics(GenerateResponse(total_duration=0, eval_count=3)) == (
        "eval count:           3 token(s)\n"
    )

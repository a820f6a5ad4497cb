import re
import time
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from paddock.api import ChatResponse, GenerateResponse, Message, Tool, ToolCall
from paddock.engine.sequence import Finished, FinishReason, Token, TokenLogprob
from paddock.errors import EngineError
from paddock.output import generic
from paddock.respond import (
    ChatReader,
    Empty,
    GenerateReader,
    Prepared,
    fold_chat,
    fold_generate,
    fold_last,
    now,
)

ADD = Tool.model_validate({"function": {"name": "add"}})
END = Finished(
    reason=FinishReason.STOP,
    prompt_count=7,
    cached_count=4,
    eval_count=3,
    prompt_duration=20,
    eval_duration=15,
    tokens=(1, 2, 3),
)


def read(reader: Any, *items: object) -> list[Any]:
    parts = [part for item in items for part in reader.feed(item)]
    return parts + reader.finish()


def test_generate_gives_one_part_per_token_and_one_for_the_end() -> None:
    first, second, end = read(GenerateReader("m"), Prepared(10), Token("a"), Token("b"), END)
    assert (first.model, first.response, first.done) == ("m", "a", False)
    assert second.response == "b"
    assert (end.response, end.done, end.done_reason) == ("", True, "stop")
    assert first.eval_count is None, "counts come with the last part only"


def test_chat_gives_messages_of_the_assistant() -> None:
    first, end = read(ChatReader("m"), Prepared(10), Token("a"), END)
    assert first.message == Message(role="assistant", content="a")
    assert end.message == Message(role="assistant", content="")
    assert (end.done, end.done_reason) == (True, "stop")


@pytest.mark.parametrize("reader", [GenerateReader, ChatReader])
def test_the_last_part_has_all_counts_and_times(reader: Any) -> None:
    *_, end = read(reader("m"), Prepared(10, original_count=99), END)
    assert (end.load_duration, end.prompt_eval_duration, end.eval_duration) == (10, 20, 15)
    assert (end.prompt_eval_count, end.eval_count, end.prompt_cached_count) == (7, 3, 4)
    assert end.prompt_original_count == 99
    assert end.total_duration > 0


def test_the_time_until_an_answer_is_read_does_not_count() -> None:
    now = time.monotonic_ns()
    *_, end = read(GenerateReader("m"), Prepared(10), replace(END, ended=now + 10**15))
    assert 9 * 10**14 < end.total_duration < 2 * 10**15


@pytest.mark.parametrize(("keep", "context"), [(True, [1, 2, 3]), (False, None)])
def test_context_is_given_back_where_it_is_kept(keep: bool, context: list[int] | None) -> None:
    (end,) = read(GenerateReader("m"), Prepared(1, keep_context=keep), END)
    assert end.context == context


def test_tokens_of_thinking_are_counted_with_the_markers_before_them() -> None:
    parser = generic.parser_for(("<think>", "</think>"), None, think=True)
    tokens = [Token("<think>"), Token("hm "), Token("so", count=2), Token("</think>"), Token("4")]
    *_, end = read(ChatReader("m"), Prepared(1, parser=parser), *tokens, END)
    assert end.thinking_count == 4
    *_, end = read(ChatReader("m"), Prepared(1), Token("a"), END)
    assert end.thinking_count is None


def test_a_call_that_cannot_be_read_is_content_and_told_apart() -> None:
    parser = generic.parser_for(None, "<tool_call>", [ADD])
    parts = read(
        ChatReader("m"), Prepared(1, parser=parser), Token('<tool_call>{"name": "add'), END
    )
    whole = fold_chat(parts)
    assert whole.message.broken_calls is not None
    (broken,) = whole.message.broken_calls
    assert broken.text in (whole.message.content or "")
    assert '"add' in broken.text
    assert "inside" in broken.error or "ended" in broken.error


def test_the_last_part_tells_window_seed_and_what_was_left_out() -> None:
    (end,) = read(ChatReader("m"), Prepared(1, dropped_count=2, context_length=64, seed=7), END)
    assert (end.context_length, end.seed, end.prompt_dropped_count) == (64, 7, 2)
    (end,) = read(ChatReader("m"), Prepared(1), END)
    assert end.prompt_dropped_count is None


@pytest.mark.parametrize("reason", ["load", "unload"])
def test_an_empty_answer_is_one_final_part(reason: str) -> None:
    (generated,) = read(GenerateReader("m"), Empty(reason))
    assert (generated.response, generated.done, generated.done_reason) == ("", True, reason)
    (chatted,) = read(ChatReader("m"), Empty(reason))
    assert (chatted.message.content, chatted.done, chatted.done_reason) == ("", True, reason)


def test_logprobs_show_text_and_bytes() -> None:
    logprob = TokenLogprob(b"\xc3", -0.5, ((b"\xc3", -0.5), (b"x", -1.5)))
    (part,) = GenerateReader("m").feed(Token("", logprob))
    (entry,) = part.logprobs
    assert (entry.token, entry.bytes, entry.logprob) == ("�", [0xC3], -0.5)
    assert [(item.token, item.logprob) for item in entry.top_logprobs] == [("�", -0.5), ("x", -1.5)]


def test_logprobs_without_alternatives_and_of_control_tokens_leave_fields_out() -> None:
    (part,) = ChatReader("m").feed(Token("", TokenLogprob(b"", -0.1)))
    assert part.logprobs[0].top_logprobs is None
    assert part.logprobs[0].bytes is None


@pytest.mark.parametrize("reader", [GenerateReader, ChatReader])
def test_a_foreign_item_is_a_defect_and_said_so(reader: Any) -> None:
    with pytest.raises(TypeError, match="unexpected int"):
        reader("m").feed(1)


def test_folding_joins_text_thinking_and_logprobs() -> None:
    parts = read(GenerateReader("m"), Token("a", TokenLogprob(b"a", -1)), Token("b"), END)
    parts[0].thinking = "hm"
    whole = fold_generate(parts)
    assert (whole.response, whole.thinking, whole.done_reason) == ("ab", "hm", "stop")
    assert whole.logprobs is not None
    assert len(whole.logprobs) == 1
    assert whole.eval_count == 3


def test_folding_a_chat_joins_messages_and_tool_calls() -> None:
    def part(**fields: Any) -> ChatResponse:
        return ChatResponse(message=Message(role="assistant", **fields), done=False)

    call = ToolCall(function=ToolCall.Function(name="f"))
    whole = fold_chat(
        [
            part(thinking="h"),
            part(thinking="m"),
            part(content="a", tool_calls=[call]),
            part(tool_calls=[call]),
            part(content="b"),
        ]
    )
    assert whole.message.content == "ab"
    assert whole.message.thinking == "hm"
    assert whole.message.tool_calls == [call, call]
    assert fold_chat([part(content="x")]).message.tool_calls is None


def test_nothing_to_fold_is_an_error_that_says_why() -> None:
    for fold in (fold_chat, fold_generate, fold_last):
        with pytest.raises(EngineError, match="closed, or read, before"):
            fold([])


def test_the_last_part_stands_for_answers_in_one_piece() -> None:
    assert fold_last([GenerateResponse(response="a"), GenerateResponse(response="b")]) == (
        GenerateResponse(response="b")
    )


def test_times_of_day_are_utc_as_the_reference_writes_them() -> None:
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", now())
    assert datetime.fromisoformat(now()).utcoffset() is not None

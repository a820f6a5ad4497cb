"""Text is given away as soon as no marker can begin in it, and never sooner."""

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.runtime.output.common import events_of, read

from paddock.output.events import BrokenCall, Content, Event, Thinking, ToolCall
from paddock.output.scanner import Balanced, Edge, Gate, Modes, Scanner, Sink, Span
from paddock.output.values import CallError

MODES: Modes = {
    "start": Gate({"<think>": Edge("thinking")}, otherwise="content"),
    "thinking": Span(Sink.THINKING, {"</think>": Edge("content")}),
    "content": Span(
        Sink.CONTENT,
        {
            "<call>": Edge("call"),
            "<tight>": Edge("call", trim=False, skip=False),
            "<json>": Edge("json"),
            "<note>": Edge("note"),
        },
    ),
    "note": Span(Sink.NOWHERE, {"</note>": Edge("content")}),
    "call": Span(Sink.CALL, {"</call>": Edge("content"), "[mark]": Edge("json", inside=True)}),
    "json": Balanced("content"),
}


def decode(body: str) -> list[ToolCall]:
    if "bad" in body:
        raise CallError("it says so")
    return [ToolCall(body, {})]


def scanner() -> Scanner:
    return Scanner(MODES, "start", decode)


def test_text_without_markers_passes_at_once() -> None:
    parser = scanner()
    assert parser.feed("Hello") == [Content("Hello")]
    assert parser.feed(" there") == [Content(" there")]
    assert parser.finish() == []


def test_whitespace_waits_for_what_follows() -> None:
    parser = scanner()
    assert parser.feed("a \n") == [Content("a")]
    assert parser.feed("b") == [Content(" \nb")]


def test_an_unfinished_marker_waits_and_is_text_when_it_stays_unfinished() -> None:
    parser = scanner()
    assert parser.feed("a <ca") == [Content("a")]
    assert parser.feed("r") == [Content(" <car")]
    assert parser.feed(" <tig") == []
    assert parser.finish() == [Content(" <tig")]


def test_whitespace_beside_a_marker_belongs_to_it_only_where_its_edge_says_so() -> None:
    assert read(scanner, "a \n<call> f </call> \n b") == [
        Content("a"),
        ToolCall("f", {}),
        Content("b"),
    ]
    assert read(scanner, "a <tight> f </call>") == [Content("a "), ToolCall(" f", {})]


def test_a_gate_decides_by_the_start_and_keeps_whitespace_that_no_marker_follows() -> None:
    assert read(scanner, " \n<think> hm </think> yes") == [Thinking("hm"), Content("yes")]
    assert read(scanner, " \n<thin") == [Content(" \n<thin")]
    assert read(scanner, " hi <think>") == [Content(" hi <think>")]
    assert read(scanner, "") == []


def test_calls_are_counted_and_broken_ones_tell_their_text() -> None:
    assert read(scanner, "<call>a</call><call>bad b</call><call>c</call>d") == [
        ToolCall("a", {}, 0),
        BrokenCall("bad b", "it says so"),
        ToolCall("c", {}, 1),
        Content("d"),
    ]


def test_a_call_that_the_end_cuts_off_is_broken() -> None:
    events = read(scanner, "so <call>f, </ca")
    assert events[0] == Content("so")
    assert events[1:] == [BrokenCall("f, </ca", "the answer ended inside the call", cut=True)]


def test_balanced_text_ends_with_its_brackets_and_not_inside_a_string() -> None:
    text = '<json>{"a": ["}\\"", {"b": 1}]} rest'
    assert read(scanner, text) == [
        ToolCall('{"a": ["}\\"", {"b": 1}]}', {}),
        Content(" rest"),
    ]
    assert read(scanner, "<call>f[mark]{}x") == [ToolCall("f[mark]{}", {}), Content("x")]


def test_what_goes_nowhere_is_gone() -> None:
    assert _text(read(scanner, "a <note> b </note> c")) == "ac"


def _text(events: list[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, Content))


PIECES = st.sampled_from(
    ["<think>", "</think>", "<call>", "</call>", "<json>", "{", "}", '"', "\\", "<", "a", " ", "\n"]
)


@settings(deadline=None)
@given(st.lists(PIECES, max_size=14))
def test_any_cut_gives_the_same_events(pieces: list[str]) -> None:
    text = "".join(pieces)
    whole = events_of(scanner, text)
    assert events_of(scanner, *text) == whole
    assert events_of(scanner, *pieces) == whole


@settings(deadline=None)
@given(st.text())
def test_a_text_without_markers_comes_out_whole(text: str) -> None:
    if "<" not in text:
        assert _text(events_of(scanner, *text)) == text

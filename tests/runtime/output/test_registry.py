"""What holds for every built-in parser."""

import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.runtime.output.common import TOOLS, events_of, read

from paddock.api import Message
from paddock.errors import RequestError, UnknownParserError
from paddock.output.events import BrokenCall, Content, Thinking, ToolCall
from paddock.output.registry import PARSERS, parser
from paddock.output.values import SPACE

NAMES = sorted(PARSERS)
ASKED = st.tuples(
    st.sampled_from(NAMES),
    st.sampled_from([[], TOOLS]),
    st.sampled_from([None, Message(role="assistant", content="So")]),
    st.sampled_from([None, True, False]),
)
CALLS = [
    '{"name": "weather", "arguments": {"city": "P"}}',
    "<function=weather><parameter=city>P</parameter></function>",
    "weather<arg_key>city</arg_key><arg_value>P</arg_value>",
    'call:weather{city:<|"|>P<|"|>}',
    "call:weather{city:<escape>P<escape>}",
    '[weather(city="P")]',
    'weather[ARGS]{"city": "P"}',
    "<atem:function_calls>",
    "</atem:function_calls>",
    " to=functions.weather",
    " to=weather",
    " to=self",
]
MARKERS = sorted({token for spec in PARSERS.values() for token in spec.preserved_tokens})
PIECES = st.sampled_from([*MARKERS, *CALLS, "a", " ", "\n", "{", "}", "<", "["])


@settings(deadline=None)
@given(ASKED, st.lists(PIECES, max_size=12))
def test_any_cut_gives_the_same_events(asked: object, pieces: list[str]) -> None:
    assert isinstance(asked, tuple)
    name, *rest = asked
    text = "".join(pieces)
    make = lambda: PARSERS[name].make(*rest)  # noqa: E731
    whole = events_of(make, text)
    assert events_of(make, *pieces) == whole
    assert events_of(make, *text) == whole


@settings(deadline=None)
@given(ASKED, st.text().filter(lambda text: not set(text) & set("<[{w")))
def test_a_text_without_markers_comes_out_whole(asked: object, text: str) -> None:
    assert isinstance(asked, tuple)
    name, *rest = asked
    events = events_of(lambda: PARSERS[name].make(*rest), *text)
    found = "".join(event.text for event in events if isinstance(event, Content | Thinking))
    # Formats drop whitespace beside the markers that a prompt or an answer may leave out.
    assert found.strip(SPACE) == text.strip(SPACE)
    assert text.endswith(found) or text.strip(SPACE) == found


@settings(deadline=None)
@given(ASKED, st.lists(PIECES, max_size=12))
def test_calls_are_counted_and_events_are_never_empty(asked: object, pieces: list[str]) -> None:
    assert isinstance(asked, tuple)
    name, *rest = asked
    events = events_of(lambda: PARSERS[name].make(*rest), *pieces)
    calls = [event for event in events if isinstance(event, ToolCall)]
    assert [call.index for call in calls] == list(range(len(calls)))
    assert all(call.name for call in calls)
    assert all(event.text for event in events if isinstance(event, Content | Thinking))
    assert all(event.reason for event in events if isinstance(event, BrokenCall))


SAID = [
    ("qwen3", "<tool_call>\n%s\n</tool_call>", CALLS[0]),
    ("qwen3-coder", "<tool_call>\n%s\n</tool_call>", CALLS[1]),
    ("glm-4.7", "</think><tool_call>%s</tool_call>", CALLS[2]),
    ("gemma4", "<|tool_call>%s<tool_call|>", CALLS[3]),
    ("functiongemma", "<start_function_call>%s<end_function_call>", CALLS[4]),
    ("lfm2", "<|tool_call_start|>%s<|tool_call_end|>", CALLS[5]),
    ("olmo3", "<function_calls>%s</function_calls>", 'weather(city="P")'),
    ("ministral", "[TOOL_CALLS]%s", CALLS[6]),
    (
        "deepseek3",
        "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>%s<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
        'weather<｜tool▁sep｜>{"city": "P"}',
    ),
    (
        "cogito",
        "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>%s<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
        'function<｜tool▁sep｜>weather\n```json\n{"city": "P"}\n```',
    ),
    (
        "cohere",
        "<|END_THINKING|><|START_ACTION|>[%s]<|END_ACTION|>",
        '{"tool_name": "weather", "parameters": {"city": "P"}}',
    ),
]


@pytest.mark.parametrize(("name", "around", "body"), SAID, ids=[name for name, *_ in SAID])
def test_every_family_s_calls_are_found_whole_and_their_halves_reported(
    name: str, around: str, body: str
) -> None:
    make = lambda: parser(name).make(TOOLS, None, None)  # noqa: E731
    assert read(make, around % body) == [ToolCall("weather", {"city": "P"})]
    opening = around.partition("%s")[0]
    for cut in (body[: len(body) // 2], body[:-1] if name != "qwen3-coder" else body[:-12]):
        (event,) = read(make, opening + cut)
        assert isinstance(event, BrokenCall)
        assert event.cut


def test_a_name_that_is_not_known_is_an_error_with_the_names_that_are() -> None:
    with pytest.raises(UnknownParserError, match=r'unknown parser "glm-4\.6"; known: .*glm-4\.7'):
        parser("glm-4.6")
    error = pickle.loads(pickle.dumps(UnknownParserError("a", ["c", "b"])))
    assert (str(error), error.known) == ('unknown parser "a"; known: b, c', ("b", "c"))
    assert isinstance(error, RequestError)


def test_gemma_keeps_thinking_to_itself_unless_it_was_asked_for() -> None:
    text = "<|channel>thought\nhm<channel|>yes"
    gemma = parser("gemma4")
    assert read(lambda: gemma.make([], None, True), text) == [Thinking("hm"), Content("yes")]
    assert read(lambda: gemma.make([], None, None), text) == [Content("yes")]


def test_a_bare_call_of_lfm2_counts_only_as_a_whole_answer() -> None:
    make = lambda: parser("lfm2").make(TOOLS, None, None)  # noqa: E731
    assert read(make, '[weather(city="P"), search()]\n') == [
        ToolCall("weather", {"city": "P"}),
        ToolCall("search", {}, 1),
    ]
    for text in ('weather(city="P") so', "[other()]", "weather today", "[weather(x)]", "[wea"):
        assert read(make, text) == [Content(text)]

"""Answers of a sampler that wants to write garbage, markers of the format above all, and to stop
at once: the grammar of the request leaves it only what the parser can read."""

import ctypes
import json
import random
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.grammars import reads, writes

from paddock.api import Think, Tool
from paddock.constraint import Choice, answer_grammar, read_choice
from paddock.dialogue import MARKERS, PLAIN, Reading
from paddock.engine import gbnf, sampling
from paddock.engine.backend import LoadSpec
from paddock.engine.grammar import check_grammar
from paddock.engine.llama import Weights
from paddock.engine.sampling import LlamaSampler
from paddock.engine.schema import grammar_of
from paddock.engine.sequence import SamplingParams
from paddock.errors import RequestError, UnsupportedError
from paddock.output import generic
from paddock.output.events import Content, Event, Thinking, ToolCall, joined
from paddock.output.registry import PARSERS
from paddock.writing import Form

pytestmark = pytest.mark.engine


def tool(name: str, **properties: Any) -> Tool:
    parameters = {"type": "object", "properties": properties, "required": list(properties)}
    function = {"name": name, "description": "", "parameters": parameters}
    return Tool.model_validate({"type": "function", "function": function})


WEATHER = tool("get_weather", city={"type": "string"}, unit={"enum": ["c", "f"]})
ADD = tool("add", a={"type": "integer"}, why={"type": "string", "maxLength": 20})
TOOLS = [WEATHER, ADD]
SCHEMA = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "age": {"type": "integer"},
        "tags": {"type": "array", "items": {"enum": ["a", "b"]}, "maxItems": 3},
    },
    "required": ["name", "age", "tags"],
    "additionalProperties": False,
}


WANTS = [
    *MARKERS,
    *("</think>", "[/THINK]", "<|end|>", "<|END_THINKING|>", "<channel|>", "<|eom|>"),
    *("<parameter=x>", "<function=add>", '<atem:parameter name="x">', '<atem:invoke name="add">'),
    *("</parameter>\n", "\n</parameter>\n", "</arg_value>", "</atem:parameter>\n", "<escape>"),
    *('"', '"', '"}', "}", "'", ")", "]", "null", "garbage", '<|"|>', '<|"|>', "5", "\n"),
]


class Garbler:
    """The real sampler over logits that want markers, brackets, noise, and the end."""

    def __init__(self, weights: Weights) -> None:
        self.weights = weights
        self.end = weights.end_tokens()
        self.tokens = {weights.piece(token): token for token in range(weights.n_vocab)}
        self.logits = np.zeros(weights.n_vocab, np.float32)

    def write(self, grammar: str, seed: int, most: int = 900) -> tuple[str, bool]:
        """What it wrote, and whether it came to the end."""
        choose = random.Random(seed)
        noise = np.random.default_rng(seed)
        params = SamplingParams(temperature=0.0, grammar=grammar)
        vocab, size = self.weights.vocab, self.weights.n_vocab
        sampler = LlamaSampler(None, vocab, size, 4096, params, [])
        written = bytearray()
        wanted = b""
        try:
            for _ in range(most):
                if not wanted:
                    wanted = choose.choice([*WANTS, "</think>", '"', '"', "}", "}"]).encode()
                self.logits[:] = noise.normal(0, 3, self.logits.size)
                self.logits[self.tokens[wanted[:1]]] = 20
                self.logits[list(self.end)] = 30
                token = sampler.sample(0).token
                if token in self.end:
                    return written.decode(errors="replace"), True
                written += self.weights.piece(token)
                wanted = wanted[1:]
            return written.decode(errors="replace"), False
        finally:
            sampler.close()


@pytest.fixture
def garbler(tiny_gguf: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Garbler]:
    weights = Weights(LoadSpec(tiny_gguf, num_ctx=64), vocab_only=True)
    garbler = Garbler(weights)
    pointer = garbler.logits.ctypes.data_as(ctypes.POINTER(ctypes.c_float))
    monkeypatch.setattr(sampling.llama_cpp, "llama_get_logits_ith", lambda *_: pointer)
    yield garbler
    weights.close()


def named(parser: str, tools: list[Tool], think: Think) -> Reading:
    spec = PARSERS[parser]
    make = partial(spec.make, tools, None, think)
    return Reading(make, spec.preserved_tokens, shown=spec.shown, name=f'parser "{parser}"')


def tagged(tools: list[Tool], think: Think) -> Reading:
    """As for a TEMPLATE of Qwen's kind."""
    tags = ("<think>", "</think>")
    make = partial(generic.parser_for, tags, "<tool_call>", tools, think=think)
    return Reading(make, (), tags, "<tool_call>", template='<tool_call>{"name", "arguments"}')


def bare(tools: list[Tool], think: Think) -> Reading:
    """As for a TEMPLATE of Llama 3's kind."""
    make = partial(generic.parser_for, None, "{", tools, think=think)
    return Reading(make, (), None, "{", template='{"name": , "parameters": }')


def begun(form: Form, *, call: bool) -> str:
    """An answer up to its content, or up to its call."""
    thought = form.thought
    if thought is not None and form.is_thinking:
        return f"x{thought.closing}{thought.call if call else thought.content}"
    return "" if call else form.lead


def read(reading: Reading, text: str) -> list[Event]:
    parser = reading.make()
    return joined([*parser.feed(text), *parser.finish()])


def content_of(events: list[Event]) -> str:
    assert all(isinstance(event, Content | Thinking) for event in events), events
    return "".join(event.text for event in events if isinstance(event, Content))


FORMATS = ["qwen3-thinking", "deepseek3", "harmony", "cohere", "ministral", "gemma4", "qwen3.5"]
FORMATS += ["glm-4.7", "lfm2-thinking", "laguna", "glimmer", "olmo3-think", "template"]


@pytest.mark.parametrize("parser", FORMATS)
@pytest.mark.parametrize("asked", ["json", SCHEMA], ids=["json", "schema"])
def test_json_is_valid_behind_thinking_and_without(parser: str, asked: Any) -> None:
    for think in (None, True, False):
        reading = tagged([], think) if parser == "template" else named(parser, [], think)
        grammar = answer_grammar(reading, format=asked, may_think=bool(think))
        assert grammar is not None
        for text in (writes(grammar, seed, WANTS, most=600) for seed in range(3)):
            value = json.loads(content_of(read(reading, text)))
            assert isinstance(value, dict)
            if asked is SCHEMA:
                assert list(value) == ["name", "age", "tags"], text
                assert isinstance(value["age"], int)
                assert set(value["tags"]) <= {"a", "b"}


CALLING = [name for name, spec in PARSERS.items() if spec.supports_tools]
THINKS = [None, True, False]
ARGUMENTS = {"get_weather": ["city", "unit"], "add": ["a", "why"]}


def calls_in(events: list[Event], text: str) -> list[ToolCall]:
    """The calls of an answer that is nothing else but thinking."""
    for event in events:
        is_space = isinstance(event, Content) and not event.text.strip()
        assert isinstance(event, Thinking | ToolCall) or is_space, (event, text)
    return [event for event in events if isinstance(event, ToolCall)]


@pytest.mark.parametrize("parser", [*CALLING, "template"])
def test_a_required_call_is_well_formed(parser: str) -> None:
    for seed in range(6):
        think = THINKS[seed % 3]
        reading = tagged(TOOLS, think) if parser == "template" else named(parser, TOOLS, think)
        choice = read_choice(["required", "get_weather"][seed % 2], TOOLS)
        grammar = answer_grammar(reading, tools=TOOLS, choice=choice, may_think=bool(think))
        assert grammar is not None
        text = writes(grammar, seed, WANTS, most=600)
        calls = calls_in(read(reading, text), text)
        assert calls
        assert not choice.is_one or len(calls) == 1
        for call in calls:
            assert call.name in choice.forced
            assert list(call.arguments) == ARGUMENTS[call.name], text
            assert all(
                isinstance(call.arguments[key], str)
                for key in ("city", "unit", "why")
                if key in call.arguments
            ), text
            assert call.arguments.get("unit", "c") in ("c", "f")
            assert isinstance(call.arguments.get("a", 1), int)


@pytest.mark.parametrize("parser", [*CALLING, "template"])
def test_calls_of_strict_tools_follow_their_schemas_and_all_else_is_free(parser: str) -> None:
    reading = tagged(TOOLS, None) if parser == "template" else named(parser, TOOLS, None)
    grammar = answer_grammar(reading, tools=TOOLS, strict=True)
    assert grammar is not None
    form = Form(reading).call(ADD)
    assert form is not None
    good = form.written("add", {"a": 5, "why": "so"})
    assert good is not None
    free = [good]
    if not form.is_bare:
        free += ["Just text with < and {", "", "<think>hm</think>yes", "x"]
        for bad in ({"a": 5}, {"a": 1.5, "why": ""}, {"a": 5, "why": "x" * 21}, {"b": 1}):
            text = form.written("add", bad)
            assert text is not None
            assert not reads(grammar, text), text
    assert [text for text in free if not reads(grammar, text)] == []


@pytest.mark.parametrize("parser", [*CALLING, "template", "bare"])
def test_a_call_that_is_forbidden_cannot_be_written(parser: str) -> None:
    readings = {"template": tagged, "bare": bare}
    for seed, think in enumerate(THINKS):
        reading, plain = (
            readings[parser](tools, think) if parser in readings else named(parser, tools, think)
            for tools in (TOOLS, [])
        )
        choice = read_choice("none", TOOLS)
        grammar = answer_grammar(reading, tools=TOOLS, choice=choice, may_think=bool(think))
        assert grammar is not None
        form = Form(reading)
        how = form.call(ADD)
        assert how is not None
        call = how.written("add", {"a": 5, "why": "so"}) or ""
        assert reads(grammar, f"{begun(form, call=False)}It is {{5}} < 6, [so].")
        assert not reads(grammar, begun(form, call=True) + call)
        text = writes(grammar, seed, WANTS, most=600)
        for answer in (plain, reading) if not how.is_bare else (plain,):
            assert not any(isinstance(event, ToolCall) for event in read(answer, text)), text


def test_a_schema_holds_where_calls_are_forbidden() -> None:
    reading = named("qwen3", TOOLS, None)
    choice = read_choice("none", TOOLS)
    grammar = answer_grammar(reading, format=SCHEMA, tools=TOOLS, choice=choice) or ""
    assert reads(grammar, '{"name": "Ada", "age": 5, "tags": []}')
    assert not reads(grammar, '<tool_call>{"name": "add", "arguments": {}}</tool_call>')
    assert not reads(grammar, "no")


def test_at_most_one_call_where_calls_are_not_parallel() -> None:
    reading = named("qwen3", TOOLS, None)
    form = Form(reading).call(ADD)
    assert form is not None
    call = form.written("add", {"a": 5, "why": "so"}) or ""
    one = answer_grammar(reading, tools=TOOLS, parallel=False) or ""
    many = answer_grammar(reading, tools=TOOLS, strict=True) or ""
    assert reads(one, f"Let me see.\n{call}")
    assert not reads(one, f"{call}\n{call}")
    assert reads(many, f"{call}\nand\n{call}")


def test_a_tool_can_say_itself_that_it_is_strict() -> None:
    strict = ADD.model_copy(deep=True)
    assert strict.function is not None
    strict.function.strict = True
    reading = named("qwen3", [strict], None)
    assert answer_grammar(reading, tools=[strict]) is not None
    assert "strict" not in strict.as_dict()["function"]


@pytest.mark.parametrize("parser", ["qwen3-thinking", "qwen3-coder", "gemma4"])
def test_the_native_sampler_is_held_to_it_as_well(garbler: Garbler, parser: str) -> None:
    reading = named(parser, TOOLS, True)
    grammar = answer_grammar(reading, tools=TOOLS, choice=Choice(forced=("add",)), may_think=True)
    assert grammar is not None
    text, has_ended = garbler.write(grammar, 1)
    assert has_ended
    [call] = calls_in(read(reading, text), text)
    assert list(call.arguments) == ARGUMENTS["add"]


def test_tools_and_a_schema_give_a_call_or_the_schema(garbler: Garbler) -> None:
    reading = named("qwen3", TOOLS, None)
    grammar = answer_grammar(reading, format=SCHEMA, tools=TOOLS)
    assert grammar is not None
    kinds: set[type[Event]] = set()
    for seed in range(12):
        text, has_ended = garbler.write(grammar, seed)
        if has_ended:
            events = read(reading, text)
            kinds |= {type(event) for event in events}
            if isinstance(events[0], Content):
                assert json.loads(content_of(events))["tags"] is not None
    assert kinds <= {Content, ToolCall}
    assert ToolCall in kinds


def test_a_grammar_of_the_callers_begins_behind_the_thinking(garbler: Garbler) -> None:
    reading = named("qwen3-thinking", [], True)
    mine = 'root ::= word{2} # two\nword ::= [a-c]+ "." '
    grammar = answer_grammar(reading, grammar=mine, may_think=True)
    assert grammar is not None
    texts = [garbler.write(grammar, seed) for seed in range(6)]
    ends = [content_of(read(reading, text)) for text, has_ended in texts if has_ended]
    assert ends
    assert all(set(end) <= set("abc.") and end.count(".") == 2 for end in ends)


def test_an_answer_in_which_nothing_is_a_call_cannot_be_forced_to_hold_one() -> None:
    reading = named("passthrough", TOOLS, None)
    with pytest.raises(UnsupportedError, match='parser "passthrough"'):
        answer_grammar(reading, tools=TOOLS, choice=Choice(forced=("add",)))


def test_nothing_asked_for_is_no_grammar() -> None:
    assert answer_grammar(named("harmony", TOOLS, True), tools=TOOLS, may_think=True) is None
    assert answer_grammar(None) is None
    assert answer_grammar(PLAIN, format="json") == grammar_of("json")
    assert answer_grammar(None, grammar='root ::= "x"') == 'root ::= "x"'


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, Choice()),
        ("auto", Choice()),
        ({"type": "auto"}, Choice()),
        ("none", Choice(forbids=True)),
        (False, Choice(forbids=True)),
        ("required", Choice(forced=("get_weather", "add"))),
        ("any", Choice(forced=("get_weather", "add"))),
        (True, Choice(forced=("get_weather", "add"))),
        ("add", Choice(forced=("add",))),
        ({"type": "function", "function": {"name": "add"}}, Choice(forced=("add",))),
        ({"type": "tool", "name": "add"}, Choice(forced=("add",))),
    ],
)
def test_tool_choice_has_openais_forms(value: Any, expected: Choice) -> None:
    assert read_choice(value, TOOLS) == expected


@pytest.mark.parametrize(
    ("value", "tools", "message"),
    [
        ("sub", TOOLS, "get_weather"),
        ("required", [], "no tools"),
        ({"type": "nonsense"}, TOOLS, "must be"),
    ],
)
def test_a_tool_choice_that_cannot_be_met_is_refused(
    value: Any, tools: list[Tool], message: str
) -> None:
    with pytest.raises(RequestError, match=message):
        read_choice(value, tools)


# -- grammars of grammars


def test_names_of_rules_get_a_prefix_and_texts_do_not() -> None:
    grammar = 'root ::= word{2} "word \\" word" [word\\]] # word\nword ::= "x"'
    assert gbnf.prefixed(grammar, "a-") == (
        'a-root ::= a-word{2} "word \\" word" [word\\]] # word\na-word ::= "x"'
    )


def test_free_text_ends_at_the_first_marker(garbler: Garbler) -> None:
    rules = gbnf.until("text", {"</a>": "end"}, never=["<b>"])
    grammar = f'root ::= text-0\nend ::= "!"\n{rules}'
    check_grammar(grammar)
    for text, allowed in [
        ("x</a>!", True),
        ("<</</a>!", True),
        ("</a</a>!", True),
        ("<b</a>!", True),
        ("a<b>c</a>!", False),
        ("</a>x</a>!", False),
        ("日本</a>!", True),
    ]:
        sampler = LlamaSampler(
            None,
            garbler.weights.vocab,
            garbler.weights.n_vocab,
            64,
            SamplingParams(temperature=0, grammar=grammar),
            [],
        )
        written = bytearray()
        for byte in text.encode():
            garbler.logits[:] = 0
            garbler.logits[garbler.tokens[bytes([byte])]] = 9
            written += garbler.weights.piece(sampler.sample(0).token)
        sampler.close()
        assert (bytes(written) == text.encode()) is allowed, text

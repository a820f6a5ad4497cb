import json
import math
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from paddock.api import GenerateRequest, Options
from paddock.calls import sampling_params
from paddock.engine.backend import Choice, LoadSpec
from paddock.engine.llama import LlamaBackend, Weights
from paddock.engine.schema import grammar_of
from paddock.engine.sequence import Chunk, SamplingParams, Step
from paddock.errors import GrammarError, PaddockError

pytestmark = pytest.mark.engine

GREEDY = SamplingParams(temperature=0)


class Writer:
    """Continues a prompt in slot 0 of a tiny model, one token after another."""

    def __init__(self, path: Path) -> None:
        self.weights = Weights(LoadSpec(path, num_ctx=512, num_thread=1))
        self.backend = LlamaBackend(self.weights, LoadSpec(path, num_ctx=512, num_thread=1))
        self.prompt = self.weights.tokenize("the user is in the house")

    def write(self, params: SamplingParams, count: int = 40) -> list[Choice]:
        sampler = self.backend.sampler(params, self.prompt)
        tokens, choices = list(self.prompt), list[Choice]()
        self.backend.truncate(0, 0)
        pending: Sequence[int] = tokens
        try:
            while len(choices) < count:
                start = len(tokens) - len(pending)
                self.backend.decode(Step((Chunk(0, start, pending, True),)))
                choices.append(sampler.sample(len(pending) - 1))
                if choices[-1].token in self.backend.facts.end_tokens:
                    break
                tokens.append(choices[-1].token)
                pending = tokens[-1:]
        finally:
            sampler.close()
        return choices

    def tokens(self, params: SamplingParams, count: int = 40) -> list[int]:
        return [choice.token for choice in self.write(params, count)]

    def text(self, params: SamplingParams, count: int = 40) -> str:
        return b"".join(map(self.backend.piece, self.tokens(params, count))).decode(
            errors="replace"
        )


@pytest.fixture(scope="module")
def writer(tiny_gguf: Path) -> Iterator[Writer]:
    writer = Writer(tiny_gguf)
    yield writer
    writer.backend.close()
    writer.weights.close()


def test_temperature_zero_takes_the_likeliest(writer: Writer) -> None:
    choices = writer.write(replace(GREEDY, logprobs=1))
    assert all(choice.top[0] == (choice.token, choice.logprob) for choice in choices)
    assert [choice.token for choice in choices] == writer.tokens(GREEDY)
    assert writer.tokens(replace(GREEDY, temperature=1e-9)) == writer.tokens(GREEDY)


def test_a_seed_fixes_the_text_and_none_does_not(writer: Writer) -> None:
    params = SamplingParams(temperature=1.5, seed=7)
    assert writer.tokens(params) == writer.tokens(params)
    assert writer.tokens(params) != writer.tokens(replace(params, seed=8))
    assert writer.tokens(replace(params, seed=-1)) != writer.tokens(replace(params, seed=-1))
    for large in (2**32 - 1, 2**64 - 1):  # what the library takes for "a random one"
        fixed = replace(params, seed=large)
        assert writer.tokens(fixed) == writer.tokens(fixed)


@pytest.mark.parametrize(
    "narrow",
    [{"top_k": 1}, {"top_p": 0.0}, {"min_p": 1.0}, {"temperature": 1e-5, "top_k": 0}],
)
def test_narrow_options_leave_the_likeliest_alone(writer: Writer, narrow: dict[str, Any]) -> None:
    params = replace(SamplingParams(temperature=2.0, seed=1, top_p=1.0), **narrow)
    assert writer.tokens(params) == writer.tokens(GREEDY)


@pytest.mark.parametrize(
    "option",
    [
        {"typical_p": 0.2},
        {"mirostat": 1},
        {"mirostat": 2},
        {"repeat_penalty": 1.8},
        {"presence_penalty": 1.5},
        {"frequency_penalty": 1.5},
        {"min_p": 0.3},
        {"top_k": 3},
        {"top_p": 0.3},
    ],
)
def test_every_option_changes_the_text(writer: Writer, option: dict[str, Any]) -> None:
    params = SamplingParams(temperature=1.0, seed=3)
    assert writer.tokens(replace(params, **option)) != writer.tokens(params)


def test_penalties_see_the_prompt_as_far_as_they_look_back(writer: Writer) -> None:
    said = set(writer.prompt)
    banned = replace(GREEDY, presence_penalty=1000.0, repeat_last_n=-1)
    assert not said & set(writer.tokens(banned))
    first = writer.prompt[0]
    towards = replace(banned, logit_bias=((first, 500.0),))
    assert first not in writer.tokens(towards, 5)
    assert writer.tokens(replace(towards, repeat_last_n=2), 1) == [first]


def test_bias_can_force_and_ban(writer: Writer) -> None:
    forced = replace(GREEDY, logit_bias=((65, math.inf),))
    assert writer.tokens(forced, 3) == [65] * 3
    likeliest = writer.tokens(GREEDY, 1)[0]
    assert writer.tokens(replace(GREEDY, logit_bias=((likeliest, -math.inf),)), 1) != [likeliest]


def test_log_probabilities_are_the_model_s_own(writer: Writer) -> None:
    plain = writer.write(SamplingParams(temperature=0, logprobs=5), 1)[0]
    hot = writer.write(SamplingParams(temperature=2.0, seed=1, repeat_penalty=1.5, logprobs=5), 1)[
        0
    ]
    assert plain.top == hot.top
    assert [value for _, value in plain.top] == sorted((v for _, v in plain.top), reverse=True)
    everything = writer.write(SamplingParams(temperature=0, logprobs=10**6), 1)[0]
    assert len(everything.top) == writer.weights.n_vocab
    assert sum(math.exp(value) for _, value in everything.top) == pytest.approx(1, abs=1e-4)
    assert writer.write(SamplingParams(temperature=0, logprobs=0), 1)[0].top == ()


EXTREMES: dict[str, list[float]] = {
    "temperature": [0, 1e-45, 1e-9, 0.8, 1e9, 3.4e38],
    "top_k": [0, -1, 1, 40, 2**31 - 1, -(2**31)],
    "top_p": [0, -1, 2, 0.9, 3.4e38],
    "min_p": [0, -1, 0.05, 1e9],
    "typical_p": [0, -1, 1e-9, 0.5, 2],
    "repeat_last_n": [0, -1, 64, 2**31 - 1, -(2**31)],
    "repeat_penalty": [1e-45, 0.5, 1.1, 3.4e38],
    "presence_penalty": [0, -1e9, 2, 3.4e38],
    "frequency_penalty": [0, 1e9, -2, -3.4e38],
    "mirostat": [0, 0, 1, 2],
    "mirostat_tau": [0, -1, 5, 3.4e38],
    "mirostat_eta": [0, -1, 0.1, 3.4e38],
    "seed": [-1, 0, 2**63, 2**64 - 1, -(2**63)],
}


def test_no_combination_of_extreme_options_fails(writer: Writer) -> None:
    draw = random.Random(0)
    for _ in range(1000):
        options = {name: draw.choice(EXTREMES[name]) for name in EXTREMES if draw.random() < 0.7}
        request = GenerateRequest(
            model="m",
            logprobs=draw.random() < 0.2,
            top_logprobs=20,
            logit_bias={5: draw.choice([math.inf, -math.inf, 1e300])}
            if draw.random() < 0.2
            else None,
            grammar=draw.choice([None, None, 'root ::= [a-z]+ "."']),
        )
        params = sampling_params(Options.parse(options), request)
        sampler = writer.backend.sampler(replace(params, grammar=request.grammar), writer.prompt)
        try:
            for _ in range(3):
                assert 0 <= sampler.sample(-1).token < writer.weights.n_vocab, options
        finally:
            sampler.close()


# -- grammars --


@pytest.mark.parametrize(
    "option",
    [
        {"temperature": 0},
        {"temperature": 1.5},
        {"top_k": 2},
        {"typical_p": 0.3},
        {"min_p": 0.2},
        {"mirostat": 1},
        {"mirostat": 2},
        {"repeat_penalty": 1.5, "presence_penalty": 1.0},
        {"logprobs": 3},
        {"logit_bias": ((5, math.inf),)},
    ],
)
def test_grammars_hold_beside_every_option(writer: Writer, option: dict[str, Any]) -> None:
    params = replace(SamplingParams(seed=5, grammar='root ::= [0-9]{3} "-" [a-f]{2}'), **option)
    text = writer.text(params)
    assert len(text) == 6
    assert text[:3].isdigit()
    assert text[3] == "-"


def test_an_empty_root_ends_at_once(writer: Writer) -> None:
    tokens = writer.tokens(replace(GREEDY, grammar='root ::= ""'))
    assert len(tokens) == 1
    assert tokens[0] in writer.backend.facts.end_tokens


def test_grammars_may_ask_for_any_character(writer: Writer) -> None:
    assert writer.text(replace(GREEDY, grammar='root ::= "日本語😀é"')) == "日本語😀é"


@pytest.mark.parametrize(
    "grammar",
    ["", "root ::= other", 'root ::= root "a"', 'root ::= "a"\n  "b"', "root ::= (", "\ud800"],
)
def test_invalid_grammars_are_refused(writer: Writer, grammar: str) -> None:
    # An empty text is no grammar in a request; here it stands for one that came to be empty.
    with pytest.raises(GrammarError):
        writer.backend.sampler(replace(GREEDY, grammar=grammar or " "), [])


SCHEMAS: dict[str, tuple[dict[str, Any], str]] = {
    "object": (
        {
            "type": "object",
            "properties": {"name": {"type": "string", "maxLength": 9}, "age": {"type": "integer"}},
            "required": ["name", "age"],
        },
        "{name, age}",
    ),
    "enum": ({"enum": ['say "hi"', "a\\b\n", "😀", None, 7]}, "one of"),
    "names": (
        {"type": "object", "properties": {'a"\\ü': {"const": 1}}, "required": ['a"\\ü']},
        "quoted name",
    ),
    "union": ({"type": "array", "items": {"type": ["integer", "null"]}, "maxItems": 3}, "list"),
    "tree": (
        {
            "$ref": "#/$defs/my_tree",
            "$defs": {
                "my_tree": {
                    "type": "object",
                    "properties": {
                        "sub_trees": {
                            "type": "array",
                            "items": {"$ref": "#/$defs/my_tree"},
                            "maxItems": 1,
                        }
                    },
                    "required": ["sub_trees"],
                }
            },
        },
        "tree",
    ),
    "pattern": ({"type": "string", "pattern": r"^\d{3}-[a-c]+\.$"}, "pattern"),
    "unknown keywords": ({"title": "T", "x-odd": 1, "type": "boolean"}, "bool"),
    "optional": (
        {"type": "object", "properties": {f"p{n}": {"type": "boolean"} for n in range(20)}},
        "optional",
    ),
}


@pytest.mark.parametrize("name", SCHEMAS)
def test_schemas_give_json_that_follows_them(writer: Writer, name: str) -> None:
    schema, kind = SCHEMAS[name]
    grammar = grammar_of(schema)
    answers = [
        writer.text(SamplingParams(temperature=1.0, seed=seed, grammar=grammar), 300)
        for seed in range(3)
    ]
    values = []
    for answer in answers:
        try:
            values.append(json.loads(answer))
        except json.JSONDecodeError:
            assert kind in ("tree", "pattern"), answer  # may go on for ever
    checks = {
        "{name, age}": lambda value: (
            list(value) == ["name", "age"] and isinstance(value["age"], int)
        ),
        "one of": lambda value: value in schema["enum"],
        "quoted name": lambda value: value == {'a"\\ü': 1},
        "list": lambda value: (
            len(value) <= 3 and {type(item) for item in value} <= {int, type(None)}
        ),
        "tree": lambda value: list(value) == ["sub_trees"],
        "pattern": lambda value: value[:3].isdigit() and value[3] == "-",
        "bool": lambda value: isinstance(value, bool),
        "optional": lambda value: set(value) <= set(schema["properties"]),
    }
    assert all(checks[kind](value) for value in values)


def test_any_json_is_an_object_without_raw_control_characters(writer: Writer) -> None:
    for schema in ("json", {"type": "string"}, {"type": "object"}):
        grammar = grammar_of(schema)
        assert grammar is not None
        for seed in range(3):
            text = writer.text(SamplingParams(temperature=2.0, seed=seed, grammar=grammar), 60)
            assert "\n" not in text.lstrip().split('"', 1)[-1].split('"')[0]
    assert grammar_of(None) is None
    assert grammar_of("") is None


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string", "pattern": "^(a+)+$"},
        {"$defs": {"a": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"},
        {"type": "nothing"},
        {"type": "string", "pattern": "^" + "(" * 400 + ")" * 400 + "$"},
        {"type": "string", "format": 5},
        {"allOf": [{"anyOf": [{"minLength": n}, {"maxLength": n + 90}]} for n in range(60)]},
        {"enum": list(range(100_000))},
        {"type": "array", "items": {"type": "integer"}, "minItems": 10**9},
        [],
    ],
)  # fmt: skip
def test_schema_bombs_are_refused_within_a_second(schema: object) -> None:
    started = time.perf_counter()
    with pytest.raises(GrammarError):
        grammar_of(schema)
    assert time.perf_counter() - started < 1


def test_a_grammar_beyond_the_vocabulary_is_an_error_not_an_abort(tmp_path: Path) -> None:
    from tests import ggufs

    from paddock import random_model

    pieces = ggufs.sentence_pieces(tmp_path / "v.gguf")
    data = pieces.read_bytes().replace(b"<0x51>", b"<0xQQ>")  # nothing writes a Q any more
    pieces.write_bytes(data)
    path = random_model.write(tmp_path / "m.gguf", vocab=pieces, chat_template=None)
    writer = Writer(path)
    try:
        with pytest.raises(PaddockError, match="no token"):
            writer.tokens(replace(GREEDY, grammar='root ::= "Q"'))
    finally:
        writer.backend.close()
        writer.weights.close()

"""Models of random weights, which would write anything, called through the client: what is asked of
their answers holds whatever parser reads them."""

import json
from typing import Any

import pytest

from paddock.api import ChatRequest
from paddock.client import Client
from paddock.errors import GrammarError

pytestmark = pytest.mark.engine

PARSERS = ["qwen3-thinking", "qwen3-coder", "glm-4.7", "olmo3", "gemma4", "lfm2", "glimmer"]
PROPERTIES = {
    "level": {"type": "integer", "minimum": 1, "maximum": 5},
    "unit": {"type": "string", "enum": ["c", "f"]},
}
PARAMETERS = {"type": "object", "properties": PROPERTIES, "required": ["level", "unit"]}
SET = {"type": "function", "function": {"name": "set_level", "parameters": PARAMETERS}}
STOP = {"type": "function", "function": {"name": "stop", "parameters": {"type": "object"}}}
HI = [{"role": "user", "content": "the cat sat"}]
HOT = {"temperature": 1.5, "num_predict": 600, "num_ctx": 2048}


def model_of(client: Client, parser: str) -> str:
    name = f"of-{parser.replace('.', '-')}"
    client.create(name, from_="tiny", parser=parser, template="{{ .Prompt }}")
    return name


@pytest.mark.parametrize("parser", PARSERS)
def test_a_forced_call_is_whole_and_valid_and_streams_the_same(client: Client, parser: str) -> None:
    model = model_of(client, parser)
    fields: dict[str, Any] = {
        "tools": [SET, STOP],
        "tool_choice": "set_level",
        "think": False if parser in ("qwen3-thinking", "glm-4.7", "gemma4", "glimmer") else None,
        "options": HOT | {"seed": 3},
    }
    whole = client.chat(model, HI, **fields)
    [call] = whole.message.tool_calls or []
    assert call.function.name == "set_level"
    assert call.function.arguments["level"] in range(1, 6)
    assert call.function.arguments["unit"] in ("c", "f")
    assert not (whole.message.content or "").strip()
    parts = list(client.chat(model, HI, stream=True, **fields))
    streamed = [call for part in parts for call in part.message.tool_calls or ()]
    assert [call.function for call in streamed] == [call.function]


@pytest.mark.parametrize("parser", PARSERS)
def test_a_model_that_may_not_call_is_shown_the_tools_and_writes_none(
    client: Client, parser: str
) -> None:
    names, contents = (
        "{{ range .Tools }}{{ .Function.Name }} ",
        "{{ range .Messages }}{{ .Content }}",
    )
    template = f"{names}{{{{ end }}}}{contents}{{{{ end }}}}"
    client.create("shown", from_="tiny", parser=parser, template=template)
    fields: dict[str, Any] = {"tools": [SET, STOP], "tool_choice": "none"}
    asked = ChatRequest(model="shown", messages=HI, debug_render_only=True, **fields)
    info = client.runtime.chat(asked).result().debug_info
    assert info is not None
    assert info.rendered_template == "set_level stop the cat sat"
    for seed in range(2):
        options = HOT | {"seed": seed, "num_predict": 60}
        answer = client.chat("shown", HI, options=options, **fields)
        assert not answer.message.tool_calls
        assert not answer.message.broken_calls


def test_tools_beside_a_schema_leave_a_call_or_an_answer_that_follows_it(client: Client) -> None:
    model = model_of(client, "qwen3-coder")
    for seed in range(3):
        options = HOT | {"seed": seed}
        answer = client.chat(model, HI, tools=[SET], format=PARAMETERS, options=options).message
        for arguments in (
            [call.function.arguments for call in answer.tool_calls]
            if answer.tool_calls
            else [json.loads(answer.content or "")]
        ):
            assert list(arguments) == ["level", "unit"]
            assert arguments["level"] in range(1, 6)


def test_bounds_of_numbers_hold(client: Client) -> None:
    schema = {"type": "array", "items": {"type": "number", "minimum": 0.25, "maximum": 7.5}}
    schema |= {"minItems": 2, "maxItems": 4}
    for seed in range(3):
        text = client.chat("tiny", HI, format=schema, options=HOT | {"seed": seed}).message.content
        values = json.loads(text or "")
        assert 2 <= len(values) <= 4
        assert all(0.25 <= value <= 7.5 for value in values)


def test_a_keyword_that_cannot_be_enforced_is_named_with_its_tool(client: Client) -> None:
    bad = {"type": "object", "properties": {"n": {"type": "integer", "multipleOf": 7}}}
    tool = {"type": "function", "function": {"name": "f", "parameters": bad}}
    with pytest.raises(GrammarError, match='tool "f": format: multipleOf cannot be enforced'):
        client.chat(model_of(client, "qwen3"), HI, tools=[tool], tool_choice="required")

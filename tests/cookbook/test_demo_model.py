"""The generator of the demo model's training data: what it promises is right, is right."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

RECIPE = Path(__file__).resolve().parents[2] / "cookbook" / "demo_model"
MODULES = [
    "chat",
    "data",
    "dialogue",
    "frames",
    "paragraphs",
    "rag",
    "structure",
    "toolbox",
    "words",
]


@pytest.fixture(scope="module")
def recipe() -> Iterator[dict[str, Any]]:
    """The modules of the recipe, which lie outside every package."""
    sys.path.insert(0, str(RECIPE))
    try:
        yield {name: __import__(name) for name in MODULES}
    finally:
        sys.path.remove(str(RECIPE))
        for name in MODULES:
            sys.modules.pop(name, None)


@pytest.fixture(params=[False, True], ids=["training", "held back"])
def words(recipe: dict[str, Any], request: pytest.FixtureRequest) -> Any:
    return recipe["words"].Words(Random(7), request.param)


def test_a_seed_gives_the_same_examples(recipe: dict[str, Any]):
    def texts() -> list[str]:
        w = recipe["words"].Words(Random(3))
        made = [recipe["data"].example(w, recipe["data"].STAGES[2]) for _ in range(20)]
        return ["".join(t for t, _ in recipe["dialogue"].segments(each, w.rng)) for each in made]

    assert texts() == texts()


def test_answers_stand_in_the_passages_or_are_not_known(recipe: dict[str, Any], words: Any):
    for _ in range(200):
        messages = recipe["rag"].rag(words, think=False).messages
        given = "".join(message.content for message in messages if message.role != "assistant")
        for message in messages:
            if message.role == "assistant":
                assert message.content in given or message.content == recipe["rag"].UNKNOWN


def test_calls_are_of_listed_functions_and_fit_their_schemas(recipe: dict[str, Any], words: Any):
    kinds = {"string": str, "integer": int, "number": (int, float), "boolean": bool}
    for _ in range(200):
        example = recipe["toolbox"].agent(words, think=True)
        schemas = {tool["function"]["name"]: tool["function"] for tool in example.tools}
        calls = [call for message in example.messages for call in message.calls]
        for call in calls:
            parameters = schemas[call["name"]]["parameters"]
            assert set(parameters.get("required", ())) <= set(call["arguments"])
            for name, value in call["arguments"].items():
                schema = parameters["properties"][name]
                kind = schema["type"] if "type" in schema else schema["anyOf"][0]["type"]
                assert isinstance(value, kinds[kind])
                assert value in schema.get("enum", [value])


def test_json_answers_are_json(recipe: dict[str, Any], words: Any):
    for _ in range(200):
        for message in recipe["structure"].structured(words, think=False).messages:
            if message.role == "assistant":
                assert isinstance(json.loads(message.content), dict)


def test_questions_of_documents_have_one_sentence_or_none(recipe: dict[str, Any], words: Any):
    for template in recipe["paragraphs"].DOCUMENTS:
        asked = [question for _, questions in template.sentences for question in questions]
        every = [*asked, *template.unanswered]
        assert len(set(every)) == len(every)
        told = recipe["frames"].slots("\n".join(text for text, _ in template.sentences))
        assert all(set(recipe["frames"].slots(question)) <= set(told) for question in asked)
        made = recipe["paragraphs"].write(template, words)
        text = " ".join(each.text for each in made.sentences)
        assert made.about.lower() in text.lower()


def test_what_is_not_known_is_asked_of_no_passage(recipe: dict[str, Any], words: Any):
    for _ in range(100):
        made = recipe["rag"].passages(words, 4, 4)
        [question] = recipe["rag"].unknown_question(words, made).questions
        facts = [fact for passage in made for fact in passage.facts]
        assert not any(question in fact.questions for fact in facts)


def test_the_words_held_back_are_not_those_of_the_training(recipe: dict[str, Any]):
    words = recipe["words"]
    seen, held = words.Words(Random(1)), words.Words(Random(1), held=True)
    listed = set(words.NOUNS)
    trained = {seen.pick(words.NOUNS) for _ in range(5000)} & listed
    assert not trained & {held.pick(words.NOUNS) for _ in range(500)}


def test_the_cases_by_hand_are_sound():
    cases = json.loads((RECIPE / "held_back.json").read_text("utf-8"))
    assert len(cases) >= 40
    for case in cases:
        if case["kind"] == "answer":
            assert sum(case["answer"] in passage for passage in case["passages"]) == 1
        if case["kind"] == "tool":
            names = [tool["function"]["name"] for tool in case["tools"]]
            assert case["call"]["name"] in names

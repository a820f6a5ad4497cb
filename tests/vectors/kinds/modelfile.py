"""What `show` prints and what a model can do: spec modelfile.md sections 8.2, 9 and 10."""

from typing import Any

import pytest

from paddock import capabilities
from paddock.describe import modelfile_text, parameters_text
from paddock.errors import PaddockError

Json = dict[str, Any]


def found_in(model: Json) -> tuple[str, ...]:
    return capabilities.of_model(
        model.get("config", {}),
        model.get("gguf"),
        model.get("projectors", ()),
        model.get("template"),
    )


def of_model(case: Json, _: Json) -> None:
    assert set(found_in(case["model"])) == set(case["expected"])


def check(case: Json, _: Json) -> None:
    found, expected = found_in(case["model"]), case["expected"]
    if "ok" in expected:
        capabilities.check(case["check"], found, "m")
        return
    with pytest.raises(PaddockError) as caught:
        capabilities.check(case["check"], found, "m")
    assert expected["error_contains"] in str(caught.value)


def template_preference(case: Json, _: Json) -> None:
    if case["env_OLLAMA_GO_TEMPLATE"]:
        pytest.skip("OLLAMA_GO_TEMPLATE belongs to a part not built yet")
    chat, layer = case["chat_template"], case["template_layer"]
    expected = case["expected"]
    wins = capabilities.chat_template_wins(chat, layer)
    assert wins == expected["prefer_chat_template"]
    found = capabilities.of_model({}, {capabilities.CHAT_TEMPLATE: chat}, (), layer)
    assert set(expected.get("supports", ())) <= set(found)
    assert not set(expected.get("lacks", ())) & set(found)


def show_parameters(case: Json, _: Json) -> None:
    assert parameters_text(case["options"]) == case["expected"]


def show_modelfile(case: Json, _: Json) -> None:
    model = case["model"]
    found = modelfile_text(
        model["short_name"],
        model.get("model_path"),
        adapters=model.get("adapter_paths", ()),
        draft=model.get("draft_path"),
        projectors=model.get("projector_paths", ()),
        template=model.get("template"),
        system=model.get("system"),
        parameters=model.get("options"),
    )
    assert found == case["expected"]["modelfile"]


RUNNERS = {
    "capabilities": of_model,
    "check_capabilities": check,
    "template_preference": template_preference,
    "show_parameters": show_parameters,
    "show_modelfile": show_modelfile,
}

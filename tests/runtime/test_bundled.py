"""The demo model: how it comes into the store, and what it can do."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

import paddock
from paddock import bundled, random_model
from paddock.api import (
    ChatRequest,
    CopyRequest,
    CreateRequest,
    DeleteRequest,
    PullRequest,
    ShowRequest,
    build,
)
from paddock.models import Models
from paddock.names import ModelName
from paddock.runtime import Runtime
from paddock.store.local import LocalStore

Json = dict[str, Any]


def tool(name: str, description: str, properties: Json) -> Json:
    parameters = {"type": "object", "properties": properties, "required": list(properties)}
    function = {"name": name, "description": description, "parameters": parameters}
    return {"type": "function", "function": function}


WEATHER = tool("get_weather", "Get the weather at a location.", {"location": {"type": "string"}})
MAGIC = tool("magic_function", "Applies a magic function.", {"input": {"type": "integer"}})


# -- in the store ----------------------------------------------------------------------------------


@pytest.fixture
def empty(tmp_path: Path) -> Models:
    return Models(LocalStore(tmp_path))


@pytest.mark.parametrize(
    "name", ["demo", "demo:latest", "paddock/demo", "registry.ollama.ai/paddock/demo:latest"]
)
def test_every_form_of_the_name_stands_for_the_demo_model(empty: Models, name: str):
    provided = bundled.provided(empty, name)
    model = empty.resolve(provided)
    assert model.name == ModelName.parse(name)
    assert set(model.capabilities) == {"completion", "tools", "thinking"}
    assert "MIT" in model.licenses[0]


@pytest.mark.parametrize("name", ["demo:small", "library/demos", "other/demo", "/demo", ""])
def test_other_names_stand_for_themselves(empty: Models, name: str):
    assert bundled.provided(empty, name) == name
    assert not list(empty.store.manifests())


def test_it_is_put_into_the_store_once_whatever_it_is_called(empty: Models):
    bundled.provided(empty, "demo")
    blobs = sorted((empty.store.root / "blobs").iterdir())
    times = [blob.stat().st_mtime_ns for blob in blobs]
    bundled.provided(empty, "demo")
    assert [model.model for model in empty.list().models] == ["demo:latest"]
    assert [blob.stat().st_mtime_ns for blob in blobs] == times
    bundled.provided(empty, "paddock/demo")
    assert sorted((empty.store.root / "blobs").iterdir()) == blobs


def test_another_version_of_the_package_brings_its_own(
    empty: Models, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    folder = shutil.copytree(Path(bundled.__file__).parent / "demo", tmp_path / "package")
    modelfile, weights = folder / "Modelfile", folder / "demo-q8_0.gguf"
    monkeypatch.setattr(bundled, "_MODELFILE", modelfile)
    monkeypatch.setattr(bundled, "_WEIGHTS", weights)
    bundled.provided(empty, "demo")
    empty.copy("demo", "mine")
    first = empty.resolve("demo")
    random_model.write(weights)
    bundled.provided(empty, "demo")
    assert empty.resolve("demo").weights_digest != first.weights_digest
    assert empty.resolve("mine").weights_digest == first.weights_digest
    modelfile.write_text(modelfile.read_text() + "\nSYSTEM Be brief.\n")
    bundled.provided(empty, "demo")
    assert empty.resolve("demo").system == "Be brief."


def test_what_is_made_of_it_under_its_name_is_the_users_own(tmp_path: Path):
    with Runtime(tmp_path) as runtime:
        fields = {"model": "demo", "from": "demo", "system": "Be brief."}
        runtime.create(build(CreateRequest, fields)).result()
        assert runtime.resolve("demo").system == "Be brief."
        assert runtime.resolve("demo").config.base_name == ""


def test_a_model_of_the_users_own_comes_first(tmp_path: Path, tiny_gguf: Path):
    with Runtime(tmp_path) as runtime:
        runtime.create(build(CreateRequest, {"model": "demo", "from": str(tiny_gguf)})).result()
        assert runtime.resolve("demo").name.short == "demo:latest"
        assert "MIT" in runtime.resolve("paddock/demo").licenses[0]


def test_show_copy_and_delete_know_it(tmp_path: Path):
    with Runtime(tmp_path) as runtime:
        with pytest.raises(paddock.ModelNotFoundError):
            runtime.delete(DeleteRequest(model="demo"))
        shown = runtime.show(ShowRequest(model="demo"))
        assert "PARAMETER" in (shown.modelfile or "")
        runtime.copy(CopyRequest(source="demo", destination="mine"))
        runtime.delete(DeleteRequest(model="demo"))
        assert [model.name for model in runtime.list().models] == ["mine:latest"]


def test_to_pull_it_takes_no_registry(tmp_path: Path):
    with Runtime(tmp_path) as runtime:
        assert runtime.pull(PullRequest(model="demo")).result().status == "success"
        assert [model.name for model in runtime.list().models] == ["demo:latest"]


def test_a_store_that_cannot_be_written_is_no_obstacle(tmp_path: Path):
    (tmp_path / "file").touch()
    models = Models(LocalStore(tmp_path / "file" / "models"))
    assert models.resolve(bundled.provided(models, "demo")).gguf.get("embedding_length")


# -- at work ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory):
    with Runtime(tmp_path_factory.mktemp("models")) as runtime:
        yield paddock.Client(runtime=runtime)


def ask(client: paddock.Client, *messages: str | Json, **fields: Any) -> paddock.Message:
    asked = [{"role": "user", "content": m} if isinstance(m, str) else m for m in messages]
    answer = client.chat("demo", asked, **fields)
    assert answer.done_reason == "stop"
    return answer.message


def arguments(message: paddock.Message) -> list[tuple[str, Json]]:
    calls = message.tool_calls or []
    return [(call.function.name, dict(call.function.arguments)) for call in calls]


PASSAGES = (
    "Answer from these passages only.\n\n"
    "# Opening hours\n\nThe town library opens at 9 in the morning. It closes at 18:00.\n\n"
    "The library was founded in 1911 by Marta Kovel.\n\n"
    "The swimming pool opens at 7 in the morning. A ticket costs 4 euros."
)


@pytest.mark.engine
class TestAtWork:
    def test_it_answers_from_the_passage_that_knows(self, client: paddock.Client):
        system = {"role": "system", "content": PASSAGES}
        answer = ask(client, system, "Who founded the library?")
        assert answer.content == "The library was founded in 1911 by Marta Kovel."

    def test_it_says_when_no_passage_knows(self, client: paddock.Client):
        system = {"role": "system", "content": PASSAGES}
        answer = ask(client, system, "What is the nickname of Bertha Quill?")
        assert answer.content == "I don't know."

    @pytest.mark.parametrize("think", [None, True])
    def test_it_thinks_before_it_answers(self, client: paddock.Client, think: bool | None):
        answer = ask(client, "Hello", think=think)
        assert answer.thinking
        assert answer.content
        assert "think>" not in answer.content

    def test_it_does_not_think_when_told_so(self, client: paddock.Client):
        answer = ask(client, "Hello", think=False)
        assert answer.thinking is None
        assert answer.content
        assert "think>" not in answer.content

    @pytest.mark.parametrize("think", [True, False])
    def test_it_calls_a_function_with_the_integer_of_the_question(
        self, client: paddock.Client, think: bool
    ):
        question = "What is the value of magic_function(3)? Use the tool."
        answer = ask(client, question, tools=[MAGIC], think=think)
        assert arguments(answer) == [("magic_function", {"input": 3})]
        assert not answer.content

    def test_it_calls_a_function_without_arguments(self, client: paddock.Client):
        listed = [tool("magic_function_no_args", "Calculates a magic function.", {})]
        question = "What is the value of magic_function_no_args()? Use the tool."
        assert arguments(ask(client, question, tools=listed)) == [("magic_function_no_args", {})]

    @pytest.mark.parametrize(
        ("name", "remark"),
        [
            ("你好啊集团", "(Hello Group) - a Chinese technology company"),
            ("こんにちは株式会社", "(Hello Corporation) - a Japanese company"),
        ],
    )
    def test_it_copies_any_script(self, client: paddock.Client, name: str, remark: str):
        properties = {key: {"type": "string"} for key in ("customer_name", "description")}
        listed = [tool("unicode_customer", "Tool for creating a customer.", properties)]
        answer = ask(client, f"Create a customer named '{name}' {remark}", tools=listed)
        ((called, given),) = arguments(answer)
        assert called == "unicode_customer"
        assert given["customer_name"] == name

    def test_an_agent_loop_ends_in_a_sentence_with_the_result(self, client: paddock.Client):
        question: Json = {"role": "user", "content": "What is the weather in San Francisco, CA?"}
        first = ask(client, question, tools=[WEATHER, MAGIC])
        ((called, given),) = arguments(first)
        assert called == "get_weather"
        assert "San Francisco" in given["location"]
        result = {"role": "tool", "content": "It's sunny.", "tool_name": "get_weather"}
        last = ask(client, question, first.model_dump(), result, tools=[WEATHER, MAGIC])
        assert last.content == "It's sunny."
        assert not last.tool_calls

    def test_it_greets_although_it_has_tools(self, client: paddock.Client):
        answer = ask(client, "Hello!", tools=[WEATHER, MAGIC])
        assert answer.content
        assert not answer.tool_calls

    @pytest.mark.parametrize("format", [None, "json"])
    def test_it_writes_the_keys_that_it_is_asked_for(
        self, client: paddock.Client, format: str | None
    ):
        question = (
            "Tell me a joke about cats. Return the result as a JSON with 'setup' and 'punchline' "
            "keys. Return nothing other than JSON."
        )
        answer = json.loads(ask(client, question, format=format).content or "")
        assert set(answer) == {"setup", "punchline"}
        assert all(isinstance(value, str) for value in answer.values())

    def test_it_fills_a_schema_that_the_prompt_does_not_mention(self, client: paddock.Client):
        joke = {
            "type": "object",
            "properties": {"setup": {"type": "string"}, "punchline": {"type": "string"}},
            "required": ["setup", "punchline"],
        }
        answer = json.loads(ask(client, "Tell me a joke about cats.", format=joke).content or "")
        assert set(answer) == {"setup", "punchline"}

    def test_doubled_roles_and_several_systems_do_not_confuse_it(self, client: paddock.Client):
        roles = ["system", "system", "user", "user", "assistant", "assistant"]
        said = [{"role": role, "content": "hello"} for role in roles]
        assert ask(client, *said, "how are you").content

    @pytest.mark.parametrize("listed", [None, [WEATHER, MAGIC]])
    def test_a_stream_joins_to_the_whole_answer(
        self, client: paddock.Client, listed: list[Json] | None
    ):
        asked = [{"role": "user", "content": "What is the weather in Boston?"}]
        whole = client.chat("demo", asked, tools=listed).message
        parts = list(client.chat("demo", asked, tools=listed, stream=True))
        assert "".join(part.message.content or "" for part in parts) == whole.content
        assert "".join(part.message.thinking or "" for part in parts) == whole.thinking
        calls = [call for part in parts for call in part.message.tool_calls or []]
        assert [call.function for call in calls] == [c.function for c in whole.tool_calls or []]

    def test_it_stops_by_itself(self, client: paddock.Client):
        for question in ["Write me 2 haikus. Only include the haikus.", "Tell me a story.", "?"]:
            assert len(ask(client, question).content or "") < 1000

    def test_completions_go_through_the_template(self, client: paddock.Client):
        answer = client.generate("demo", "Hello", think=False)
        assert answer.done_reason == "stop"
        assert answer.response == ask(client, "Hello", think=False).content


def test_chat_requests_name_it_like_any_model(tmp_path: Path):
    with Runtime(tmp_path) as runtime:
        request = build(ChatRequest, {"model": "demo", "messages": []})
        assert runtime.chat(request).result().done_reason == "load"

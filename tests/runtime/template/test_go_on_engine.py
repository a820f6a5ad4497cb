"""Go templates of models and of requests, on a real, tiny model: seen by what the engine reads."""

from pathlib import Path

import pytest

from paddock.client import Client
from paddock.errors import TemplateError, UnsupportedError

pytestmark = pytest.mark.engine

ONE = {"num_predict": 1, "temperature": 0}
FILL = "<P>{{ .Prompt }}<S>{{ .Suffix }}<M>"


@pytest.fixture
def layered(client: Client, tiny_gguf: Path) -> Client:
    """A client with the model `fill`, which has a TEMPLATE."""
    client.create("fill", from_=str(tiny_gguf), template=FILL)
    return client


def count(client: Client, text: str) -> int:
    return len(client.runtime.tokenize("tiny", text))


def read_by(client: Client, prompt: str, **fields: object) -> int:
    model = str(fields.pop("model", "tiny"))
    answer = client.generate(model, prompt, options=ONE, **fields)  # type: ignore[call-overload]
    return answer.prompt_eval_count or 0


def test_the_template_of_a_request_renders_its_prompt(client: Client) -> None:
    template = "{{ range .Messages }}({{ .Role }}){{ .Content }}{{ end }}"
    read = read_by(client, "the cat", template=template, system="sat")
    assert read == count(client, "(system)sat(user)the cat")


def test_a_broken_template_of_a_request_is_refused_with_its_place(client: Client) -> None:
    with pytest.raises(TemplateError, match="line 1, column 4"):
        read_by(client, "the cat", template="{{ nofunc }}")


def test_the_layer_of_a_model_fills_between_prompt_and_suffix(layered: Client) -> None:
    read = read_by(layered, "the", suffix="sat", model="fill")
    assert read == count(layered, "<P>the<S>sat<M>")


def test_a_model_whose_template_knows_no_suffix_cannot_fill(client: Client) -> None:
    with pytest.raises(UnsupportedError, match="does not support insert"):
        read_by(client, "the", suffix="sat")

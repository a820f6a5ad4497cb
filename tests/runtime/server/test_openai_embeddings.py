# pyright: basic
from base64 import b64decode
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import numpy as np
import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.api import EmbedResponse, ListResponse
from paddock.errors import RequestError
from paddock.runtime import Runtime
from paddock.server import openai as shared
from paddock.server.bodies import parse
from paddock.server.openai_embeddings import EmbeddingsRequest, embedding_list, model, model_list
from paddock.server.replies import dumps

FLOATS = st.floats(-1, 1, width=32)


def asked(**fields: Any) -> EmbeddingsRequest:
    return parse(EmbeddingsRequest, {"model": "m", "input": "x"} | fields)


@pytest.mark.parametrize("value", [None, []])
def test_nothing_to_embed_is_refused(value: Any) -> None:
    with pytest.raises(RequestError, match=r"^invalid input$"):
        asked(input=value).native()


@pytest.mark.parametrize("value", [[1, 2], [[1]], 5, {"a": "b"}, ["a", 1], True])
def test_what_is_no_text_is_refused(value: Any) -> None:
    with pytest.raises(RequestError, match=r"^invalid input type$"):
        asked(input=value).native()


@given(st.lists(st.lists(FLOATS, min_size=1, max_size=8), min_size=1, max_size=3))
def test_base64_holds_the_very_floats(vectors: list[list[float]]) -> None:
    answer = EmbedResponse(model="m", embeddings=vectors, prompt_eval_count=4)
    found = embedding_list(asked(encoding_format="BASE64"), answer)
    assert [item.index for item in found.data] == list(range(len(vectors)))
    for item, vector in zip(found.data, vectors, strict=True):
        assert isinstance(item.embedding, str)
        assert np.frombuffer(b64decode(item.embedding), "<f4").tolist() == vector


@given(st.lists(FLOATS, min_size=1, max_size=8))
def test_numbers_are_short_and_lose_nothing(vector: list[float]) -> None:
    answer = EmbedResponse(model="m", embeddings=[vector])
    (item,) = embedding_list(asked(), answer).data
    assert isinstance(item.embedding, list)
    assert np.asarray(item.embedding, np.float32).tolist() == vector


def test_a_tenth_is_told_as_a_tenth() -> None:
    answer = EmbedResponse(model="m", embeddings=[[0.10000000149011612]])
    (item,) = embedding_list(asked(), answer).data
    assert dumps(item.embedding) == b"[0.1]"


def test_an_empty_store_has_a_list_without_models() -> None:
    assert shared.shown(model_list(ListResponse(models=[]))) == {"object": "list", "data": []}


@pytest.mark.parametrize(
    ("name", "owner"),
    [("demo:latest", "library"), ("ns/demo:q4", "ns"), ("hf.co/someone/demo:q4", "someone")],
)
def test_the_name_space_owns_a_model(name: str, owner: str) -> None:
    assert model(name, datetime(2026, 1, 1, tzinfo=UTC)).owned_by == owner


# -- the real client -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def client(url: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0) as client:
        yield client


@pytest.mark.engine
def test_the_client_gets_the_same_vectors_in_either_encoding(client: openai.OpenAI) -> None:
    texts = ["Paddocks are fields for horses.", "Alpacas live in herds.", ""]
    packed = client.embeddings.create(model="minilm", input=texts)  # asks for base64
    plain = client.embeddings.create(model="minilm", input=texts, encoding_format="float")
    assert [item.index for item in packed.data] == [0, 1, 2]
    assert packed.usage.prompt_tokens == packed.usage.total_tokens > 0
    for one, other in zip(packed.data, plain.data, strict=True):
        assert len(one.embedding) == 384
        assert one.embedding == pytest.approx(other.embedding, abs=1e-6)
        assert np.linalg.norm(one.embedding) == pytest.approx(1, abs=1e-5)


@pytest.mark.engine
def test_fewer_dimensions_are_normalised_again(client: openai.OpenAI) -> None:
    (item,) = client.embeddings.create(model="minilm", input="Grass.", dimensions=16).data
    assert len(item.embedding) == 16
    assert np.linalg.norm(item.embedding) == pytest.approx(1, abs=1e-5)


@pytest.mark.engine
@pytest.mark.parametrize(
    ("fields", "error", "message"),
    [
        (
            {"model": "nope"},
            openai.NotFoundError,
            'model "nope" not found, try pulling it first',
        ),
        ({"model": ""}, openai.NotFoundError, "model '' not found"),
        ({"input": []}, openai.BadRequestError, "invalid input"),
        ({"input": [1, 2]}, openai.BadRequestError, "invalid input type"),
    ],
)
def test_errors_are_those_that_the_client_knows(
    client: openai.OpenAI, fields: dict[str, Any], error: type[openai.APIStatusError], message: str
) -> None:
    with pytest.raises(error) as caught:
        client.embeddings.create(**{"model": "minilm", "input": "x"} | fields)
    assert isinstance(caught.value.body, dict)
    assert caught.value.body["message"] == message


def test_the_client_lists_models_and_looks_at_one(client: openai.OpenAI, served: Runtime) -> None:
    listed = client.models.list().data
    assert "minilm:latest" in {found.id for found in listed}
    one = client.models.retrieve("minilm")
    assert (one.id, one.object, one.owned_by) == ("minilm", "model", "library")
    assert one.created == next(found for found in listed if found.id == "minilm:latest").created


def test_a_model_of_a_name_space_can_be_looked_at(url: str, served: Runtime) -> None:
    served.models.copy("minilm", "ns/mini:small")
    try:
        for path in ("ns/mini:small", "ns%2Fmini:small"):
            reply = httpx.get(f"{url}/v1/models/{path}", timeout=120)
            assert reply.status_code == 200
            assert (reply.json()["id"], reply.json()["owned_by"]) == ("ns/mini:small", "ns")
    finally:
        served.models.delete("ns/mini:small")


def test_a_missing_model_is_told_as_by_show(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        client.models.retrieve("nope")
    assert isinstance(caught.value.body, dict)
    assert caught.value.body["message"] == "model 'nope:latest' not found"

"""Reranking over HTTP, by a tiny cross-encoder on a real socket."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.servers import serving

from paddock import AsyncClient, Client, RequestError, Runtime
from paddock.server import create_app

pytestmark = pytest.mark.engine

QUERY = "where does the dog live"
DOCUMENTS = ["the dog sits in the house", "the cat runs fast", "house"]


@pytest.fixture(scope="module")
def runtime(
    reranker_folder: Path, tiny_gguf: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Runtime]:
    with Runtime(tmp_path_factory.mktemp("models")) as runtime:
        for name, weights in (("ranks", reranker_folder), ("tiny", tiny_gguf)):
            Client(runtime=runtime).create(name, from_=str(weights), parameters={"num_thread": 1})
        yield runtime


@pytest.fixture(scope="module")
def url(runtime: Runtime) -> Iterator[str]:
    with serving(create_app(runtime, bind="127.0.0.1")) as url:
        yield url


def asked(url: str, path: str, **fields: Any) -> httpx.Response:
    body = {"model": "ranks", "query": QUERY, "documents": DOCUMENTS, **fields}
    given = {name: value for name, value in body.items() if value is not None}
    return httpx.post(url + path, json=given, timeout=60)


def test_the_form_of_others_has_results_and_usage(url: str, runtime: Runtime) -> None:
    here = Client(runtime=runtime).rerank("ranks", QUERY, DOCUMENTS)
    reply = asked(url, "/v1/rerank").json()
    assert reply.keys() == {"model", "object", "usage", "results"}
    assert (reply["model"], reply["object"]) == ("ranks", "list")
    read = here.prompt_eval_count
    assert reply["usage"] == {"prompt_tokens": read, "total_tokens": read}
    assert [result["index"] for result in reply["results"]] == [r.index for r in here.results]
    for result, expected in zip(reply["results"], here.results, strict=True):
        assert result.keys() == {"index", "relevance_score"}
        assert result["relevance_score"] == pytest.approx(expected.relevance_score, abs=0.02)


def test_the_native_form_tells_times_and_counts(url: str, runtime: Runtime) -> None:
    reply = asked(url, "/api/rerank", top_n=2).json()
    assert len(reply["results"]) == 2
    assert reply["total_duration"] > reply["load_duration"] >= 0
    assert reply["prompt_eval_count"] == 3 * (3 + 5) + 6 + 4 + 1
    assert "truncated" not in reply


@pytest.mark.parametrize("path", ["/api/rerank", "/v1/rerank"])
def test_documents_come_back_where_they_are_asked_for(url: str, path: str) -> None:
    documents = [{"text": text, "title": "a"} for text in DOCUMENTS]
    reply = asked(url, path, top_n=1, return_documents=True, documents=documents).json()
    (best,) = reply["results"]
    assert best["document"] == {"text": DOCUMENTS[best["index"]]}


@pytest.mark.parametrize("path", ["/api/rerank", "/v1/rerank"])
def test_raw_scores_are_the_models_own(url: str, path: str) -> None:
    (best, *_) = asked(url, path, raw_scores=True).json()["results"]
    assert not 0 <= asked(url, path, raw_scores=True).json()["results"][-1]["relevance_score"] <= 1
    assert asked(url, path).json()["results"][0]["index"] == best["index"]


BAD = [
    ({"model": None}, 404, "model '' not found"),
    ({"model": "nobody"}, 404, "not found, try pulling it first"),
    ({"model": "tiny"}, 400, "does not support rerank"),
    ({"query": None}, 400, "query"),
    ({"query": 5}, 400, "query"),
    ({"documents": None}, 400, "documents"),
    ({"documents": "the dog"}, 400, "documents"),
    ({"documents": [5]}, 400, "documents"),
    ({"top_n": 0}, 400, "top_n"),
    ({"query": "sea " * 200}, 400, "no room for a document"),
]


@pytest.mark.parametrize("path", ["/api/rerank", "/v1/rerank"])
@pytest.mark.parametrize(("fields", "status", "text"), BAD, ids=str)
def test_bad_requests_are_refused_in_the_words_of_the_route(
    url: str, path: str, fields: dict[str, Any], status: int, text: str
) -> None:
    reply = asked(url, path, **fields)
    error = reply.json()["error"]
    message = error["message"] if path.startswith("/v1") else error
    assert (reply.status_code, text in message) == (status, True), message


async def test_clients_of_a_server_rerank_too(url: str, runtime: Runtime) -> None:
    here = Client(runtime=runtime).rerank("ranks", QUERY, DOCUMENTS, 2)
    client = Client(host=url)
    there = client.rerank("ranks", QUERY, DOCUMENTS, 2)
    assert [result.index for result in there.results] == [result.index for result in here.results]
    other = await AsyncClient(host=url).rerank("ranks", QUERY, [{"text": "the dog"}])
    assert len(other.results) == 1
    with pytest.raises(RequestError, match="does not support rerank"):
        client.rerank("tiny", QUERY, DOCUMENTS)
    client.close()


def test_the_description_tells_both(url: str) -> None:
    paths = httpx.get(url + "/openapi.json", timeout=120).json()["paths"]
    assert {"/api/rerank", "/v1/rerank"} <= paths.keys()

"""Reranking by tiny cross-encoders, through the public client, against numpy."""

import asyncio
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import llama_cpp
import numpy as np
import pytest
from gguf import GGUFReader, GGUFValueType, GGUFWriter
from tests.runtime.convert import checkpoints, rerankers
from tests.runtime.convert.rerankers import BERT, ROBERTA, SEQUENCES

from paddock import AsyncClient, Client, RerankResponse, Runtime
from paddock.convert import convert
from paddock.errors import (
    ContextLengthError,
    ModelNotFoundError,
    OptionError,
    PaddockError,
    RequestError,
    UnsupportedError,
)
from paddock.rerank_calls import ranked, sigmoid

pytestmark = pytest.mark.engine

QUERY = "where does the dog live"
DOCUMENTS = [
    "the dog sits in the house",
    "the cat runs fast",
    "house",
    "sea sea sea in the house the dog runs",
]
ONE_THREAD = {"num_thread": 1}
CLOSE = 0.02
"""Matrices are stored with half precision."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("rerankers")


@pytest.fixture(scope="module")
def client(folder: Path, tiny_gguf: Path) -> Any:
    with Runtime(folder / "models") as runtime:
        client = Client(runtime=runtime)
        for name, kind in (("bert", BERT), ("roberta", ROBERTA)):
            weights = rerankers.write(folder / name, kind)
            client.create(name, from_=str(weights), parameters=ONE_THREAD)
        client.create("tiny", from_=str(tiny_gguf), parameters=ONE_THREAD)
        yield client


def logits(kind: Mapping[str, Any], query: str, documents: list[str]) -> list[float]:
    return [rerankers.score(kind, *rerankers.pair(kind, query, document)) for document in documents]


def scores(response: RerankResponse) -> dict[int, float]:
    return {result.index: result.relevance_score for result in response.results}


@pytest.mark.parametrize(("name", "kind"), [("bert", BERT), ("roberta", ROBERTA)])
def test_scores_are_those_of_the_original(client: Client, name: str, kind: dict[str, Any]) -> None:
    expected = logits(kind, QUERY, DOCUMENTS)
    response = client.rerank(name, QUERY, DOCUMENTS, raw_scores=True)
    assert [result.index for result in response.results] == ranked(expected)
    assert scores(response) == pytest.approx(dict(enumerate(expected)), abs=CLOSE)
    response = client.rerank(name, QUERY, DOCUMENTS)
    assert [result.index for result in response.results] == ranked(expected)
    assert scores(response) == pytest.approx(
        {index: 1 / (1 + math.exp(-logit)) for index, logit in enumerate(expected)}, abs=CLOSE
    )


def test_the_second_text_is_told_from_the_first(client: Client) -> None:
    """Without the marks that the model was trained with, the order would be another."""
    unmarked = []
    for document in DOCUMENTS:
        ids, types = rerankers.pair(BERT, QUERY, document)
        unmarked.append(rerankers.score(BERT, ids, [0] * len(types)))
    response = client.rerank("bert", QUERY, DOCUMENTS, raw_scores=True)
    assert [result.index for result in response.results] != ranked(unmarked)


@pytest.mark.parametrize("name", ["bert", "roberta"])
def test_many_documents_score_as_each_does_alone(client: Client, name: str) -> None:
    random = np.random.default_rng(3)
    documents = [
        " ".join(random.choice(rerankers.WORDS, size)) for size in random.integers(1, 40, 150)
    ]
    together = scores(client.rerank(name, QUERY, documents, raw_scores=True))
    for index in (0, 7, 64, 149):
        (alone,) = client.rerank(name, QUERY, [documents[index]], raw_scores=True).results
        assert together[index] == pytest.approx(alone.relevance_score, abs=CLOSE)


def test_embeddings_and_pairs_share_a_batch_without_harm(client: Client) -> None:
    """A plain text is all first text, whatever runs beside it."""

    async def both() -> tuple[Any, Any]:
        loop = AsyncClient(runtime=client.runtime)
        return await asyncio.gather(
            loop.rerank("bert", QUERY, DOCUMENTS * 20, raw_scores=True),
            loop.embed("bert", DOCUMENTS * 20),
        )

    expected = logits(BERT, QUERY, DOCUMENTS)
    response, embedded = asyncio.run(both())
    for index, score in scores(response).items():
        assert score == pytest.approx(expected[index % len(DOCUMENTS)], abs=CLOSE)
    assert len(embedded.embeddings) == 80


# -- what is asked for


def test_top_n_and_documents(client: Client) -> None:
    best, *rest = client.rerank("bert", QUERY, DOCUMENTS, 2, return_documents=True).results
    assert len(rest) == 1
    assert best.document is not None
    assert best.document.text == DOCUMENTS[best.index]
    (alone,) = client.rerank("bert", QUERY, DOCUMENTS, top_n=1).results
    assert (alone.index, alone.document) == (best.index, None)
    assert len(client.rerank("bert", QUERY, DOCUMENTS, top_n=99).results) == 4


def test_documents_may_be_objects_with_a_text(client: Client) -> None:
    objects = [{"text": text, "title": "a"} for text in DOCUMENTS]
    assert scores(client.rerank("bert", QUERY, objects)) == pytest.approx(
        scores(client.rerank("bert", QUERY, iter(DOCUMENTS)))
    )


def test_counts_and_times_are_told(client: Client) -> None:
    response = client.rerank("bert", QUERY, DOCUMENTS)
    tokens = [len(rerankers.pair(BERT, QUERY, document)[0]) for document in DOCUMENTS]
    assert (response.model, response.prompt_eval_count) == ("bert", sum(tokens))
    assert response.truncated is None
    assert response.total_duration is not None
    assert response.load_duration is not None
    assert response.total_duration > response.load_duration >= 0


def test_no_documents_give_no_results(client: Client) -> None:
    response = client.rerank("bert", QUERY, [])
    assert (response.results, response.prompt_eval_count) == ([], 0)


def test_empty_texts_are_texts(client: Client) -> None:
    assert len(client.rerank("bert", "", ["", "the dog", " \n"]).results) == 3
    assert len(client.rerank("roberta", "", ["", "the dog", " \n"]).results) == 3


async def test_the_async_client_gives_the_same(client: Client) -> None:
    found = await AsyncClient(runtime=client.runtime).rerank("bert", QUERY, DOCUMENTS, 2)
    assert scores(found) == pytest.approx(scores(client.rerank("bert", QUERY, DOCUMENTS, 2)))


def test_special_tokens_in_a_text_are_text(client: Client) -> None:
    """A document that could close itself could write the query."""
    ids = rerankers.pair(BERT, QUERY, DOCUMENTS[0])[0]
    response = client.rerank("bert", QUERY, [f"{DOCUMENTS[0]} [SEP]"])
    assert response.prompt_eval_count is not None
    assert response.prompt_eval_count > len(ids) + 1


# -- over-long texts


@pytest.mark.parametrize("name", ["bert", "roberta"])
def test_a_document_loses_its_end_but_not_its_closing_token(client: Client, name: str) -> None:
    around = 5 + (3 if name == "bert" else 4)
    room = SEQUENCES - around
    fits, cut = " ".join(["sea"] * room), " ".join(["sea"] * room + ["dog"] * 500)
    response = client.rerank(name, QUERY, [fits, cut, "dog"], raw_scores=True)
    assert response.truncated == [1]
    assert response.prompt_eval_count == 2 * SEQUENCES + around + 1
    assert scores(response)[0] == pytest.approx(scores(response)[1], abs=CLOSE)


def test_truncate_false_names_the_document_and_both_numbers(client: Client) -> None:
    long = " ".join(["sea"] * 100)
    with pytest.raises(ContextLengthError, match=r"document 1 .* has 108 tokens.*\b96\b"):
        client.rerank("bert", QUERY, ["sea", long], truncate=False)
    with pytest.raises(ContextLengthError, match="more than"):
        client.rerank("bert", QUERY, ["sea", long * 1000], truncate=False)


def test_a_query_that_fills_the_window_is_refused(client: Client) -> None:
    with pytest.raises(ContextLengthError, match=r"no room for a document.* 103 tokens.*\b96\b"):
        client.rerank("bert", " ".join(["sea"] * 100), ["dog"])
    assert client.rerank("bert", " ".join(["sea"] * 92), ["dog dog"]).truncated == [0]


# -- what is refused


@pytest.mark.parametrize(
    ("fields", "error", "advice"),
    [
        ({"model": "tiny"}, UnsupportedError, '"tiny" does not support rerank: .* reranker'),
        ({"model": "nobody"}, ModelNotFoundError, "nobody"),
        ({"model": ""}, RequestError, "model is required"),
        ({"top_n": 0}, RequestError, "top_n"),
        ({"documents": "the dog"}, RequestError, "documents"),
        ({"documents": ["a", 5]}, RequestError, "documents.1"),
        ({"documents": [{"title": "a"}]}, RequestError, "documents.0"),
        ({"query": 5}, RequestError, "query"),
        ({"options": {"num_ctx": 100_000}}, OptionError, "at most 96"),
        ({"keep_alive": "x"}, RequestError, "duration"),
    ],
    ids=str,
)
def test_bad_requests_are_refused_with_advice(
    client: Client, fields: dict[str, Any], error: type[PaddockError], advice: str
) -> None:
    with pytest.raises(error, match=advice):
        client.rerank(**{"model": "bert", "query": QUERY, "documents": DOCUMENTS, **fields})
    assert len(client.rerank("bert", QUERY, DOCUMENTS).results) == 4


# -- files of others


def rewritten(source: Path, target: Path, *, without: str = "", **facts: Any) -> Path:
    """A GGUF with other facts, or without the tensors of a name."""
    reader = GGUFReader(source)
    writer = GGUFWriter(target, "bert")
    for key, field in reader.fields.items():
        name = key.removeprefix("bert.").replace(".", "_")
        if key.startswith("GGUF.") or key == "general.architecture":
            continue
        if name in facts and facts[name] is None:
            continue
        kind = field.types[-1] if len(field.types) > 1 else None
        value = facts.get(name, field.contents())
        writer.add_key_value(key, value, GGUFValueType(field.types[0]), kind)
    for tensor in reader.tensors:
        if not (without and tensor.name.startswith(without)):
            writer.add_tensor(tensor.name, tensor.data, raw_dtype=tensor.tensor_type)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return target


@pytest.fixture(scope="module")
def gguf(client: Client, folder: Path) -> Path:
    convert(folder / "bert", folder / "bert.gguf")
    return folder / "bert.gguf"


def test_a_head_without_a_word_on_pooling_is_one_for_ranking(
    client: Client, gguf: Path, tmp_path: Path
) -> None:
    """As llama.cpp's own converter writes it."""
    client.create("silent", from_=str(rewritten(gguf, tmp_path / "m.gguf", pooling_type=None)))
    assert client.show("silent").capabilities == ["embedding", "rerank"]
    response = client.rerank("silent", QUERY, DOCUMENTS, raw_scores=True)
    expected = dict(enumerate(logits(BERT, QUERY, DOCUMENTS)))
    assert scores(response) == pytest.approx(expected, abs=CLOSE)


def test_without_a_head_there_is_no_score(client: Client, gguf: Path, tmp_path: Path) -> None:
    client.create("headless", from_=str(rewritten(gguf, tmp_path / "m.gguf", without="cls.")))
    assert client.show("headless").capabilities == ["embedding"]
    with pytest.raises(UnsupportedError, match="no head"):
        client.rerank("headless", QUERY, DOCUMENTS)


def test_a_classifier_of_several_labels_is_no_reranker(
    client: Client, gguf: Path, tmp_path: Path
) -> None:
    labels = ["no", "maybe", "yes"]
    path = rewritten(
        gguf, tmp_path / "m.gguf", without="cls.output", classifier_output_labels=labels
    )
    client.create("classifier", from_=str(path))
    with pytest.raises(UnsupportedError, match="3 labels"):
        client.rerank("classifier", QUERY, DOCUMENTS)


def test_labels_without_outputs_never_reach_native_code(
    client: Client, gguf: Path, tmp_path: Path
) -> None:
    labels = [f"LABEL_{number}" for number in range(500)]
    path = rewritten(gguf, tmp_path / "m.gguf", without="cls.", classifier_output_labels=labels)
    client.create("labels", from_=str(path))
    with pytest.raises(PaddockError, match="500 labels but has no head"):
        client.embed("labels", ["the dog"])


@pytest.mark.parametrize("level", ["q8_0"])
def test_a_quantised_reranker_keeps_the_marks(client: Client, folder: Path, level: str) -> None:
    client.create("quantised", from_=str(folder / "bert"), quantize=level)
    response = client.rerank("quantised", QUERY, DOCUMENTS, raw_scores=True)
    expected = logits(BERT, QUERY, DOCUMENTS)
    assert [result.index for result in response.results] == ranked(expected)
    assert scores(response) == pytest.approx(dict(enumerate(expected)), abs=0.2)


# -- numbers


def test_scores_stay_apart_at_both_ends() -> None:
    logits = [-800.0, -40.0, -5.0, 0.0, 5.0, 30.0, 800.0]
    found = [sigmoid(logit) for logit in logits]
    assert found[0] == 0
    assert found == sorted(found)
    assert found[1] == pytest.approx(math.exp(-40))
    assert sigmoid(0) == 0.5
    assert sigmoid(800) == 1


def test_equal_scores_keep_the_order_of_the_request() -> None:
    assert ranked([1.0, 2.0, 1.0, 2.0]) == [1, 3, 0, 2]


# -- decoders that answer yes or no

YES, NO = 77, 99
TEMPLATE = "<|im_start|>judge {query}\nthe world: {document}<|im_end|>\n"


@pytest.fixture(scope="module")
def judge(client: Client, folder: Path) -> Path:
    """A decoder as such; `judge` in the store answers with two of its tokens alone."""
    whole = folder / "decoder.gguf"
    convert(checkpoints.write_folder(folder / "decoder", "qwen3"), whole, precision="F32")
    reader = GGUFReader(whole)
    writer = GGUFWriter(folder / "judge.gguf", "qwen3")
    for key, field in reader.fields.items():
        if not key.startswith("GGUF.") and key != "general.architecture":
            kind = field.types[-1] if len(field.types) > 1 else None
            writer.add_key_value(key, field.contents(), GGUFValueType(field.types[0]), kind)
    writer.add_uint32("qwen3.pooling_type", 4)
    writer.add_array("qwen3.classifier.output_labels", ["yes", "no"])
    writer.add_string("tokenizer.chat_template.rerank", TEMPLATE)
    for tensor in reader.tensors:
        writer.add_tensor(tensor.name, tensor.data, raw_dtype=tensor.tensor_type)
        if tensor.name == "output.weight":
            writer.add_tensor("cls.output.weight", np.ascontiguousarray(tensor.data[[YES, NO]]))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    client.create("judge", from_=str(folder / "judge.gguf"), parameters=ONE_THREAD)
    return whole


def chance_of_yes(whole: Path, tokens: list[int]) -> float:
    model = llama_cpp.Llama(str(whole), logits_all=True, n_ctx=128, n_threads=1, verbose=False)
    model.eval(tokens)
    last = model.scores[len(tokens) - 1]
    model.close()
    return 1 / (1 + math.exp(float(last[NO] - last[YES])))


def test_a_decoder_gives_the_probability_of_yes(client: Client, judge: Path) -> None:
    documents = ["in the world", "error", "the winter"]
    response = client.rerank("judge", "is it?", documents)
    assert scores(client.rerank("judge", "is it?", documents, raw_scores=True)) == pytest.approx(
        scores(response)
    )
    for index, document in enumerate(documents):
        text = TEMPLATE.replace("{query}", "is it?").replace("{document}", document)
        tokens = client.runtime.tokenize("judge", text)
        expected = chance_of_yes(judge, tokens)
        assert scores(response)[index] == pytest.approx(expected, abs=CLOSE)


def test_texts_cannot_write_the_special_tokens_of_a_template(client: Client, judge: Path) -> None:
    plain = client.rerank("judge", "a", ["b"]).prompt_eval_count
    told = client.rerank("judge", "a", ["b<|im_end|>"]).prompt_eval_count
    assert plain is not None
    assert told is not None
    assert told > plain + 1

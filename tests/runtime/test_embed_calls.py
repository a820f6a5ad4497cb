"""Embeddings by the real all-MiniLM-L6-v2, and by a chat model, through the public client."""

import json
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from paddock.api import EmbedRequest
from paddock.client import Client
from paddock.engine.llama import LlamaPooling
from paddock.errors import (
    ContextLengthError,
    DecodeError,
    OptionError,
    PaddockError,
    RequestError,
)
from paddock.runtime import Runtime

pytestmark = pytest.mark.engine

WORDS = ("the", "quick", "brown", "fox", "jumps", "over", "lazy", "dogs", "while", "rain", "falls")
WINDOW = 512
"""Of MiniLM as converted, special tokens included."""


def text_of(length: int, seed: int) -> str:
    random = np.random.default_rng(seed)
    return " ".join(WORDS[index] for index in random.integers(0, len(WORDS), length))


def vectors(client: Client, texts: str | list[str], model: str = "minilm", **fields: Any) -> Any:
    return np.array(client.embed(model, texts, **fields).embeddings)


@pytest.fixture(scope="module")
def texts() -> list[str]:
    """Sixty-four texts of mixed lengths, one word to two hundred."""
    lengths = np.random.default_rng(1).permutation([*range(1, 32), *range(1, 32), 100, 200])
    return [text_of(int(length), seed) for seed, length in enumerate(lengths)]


@pytest.fixture(scope="module")
def alone(client: Client, minilm: str, texts: list[str]) -> Any:
    """The vector of each text, asked for by itself."""
    return np.array([vectors(client, text, minilm)[0] for text in texts])


def num_workers() -> int:
    return sum(thread.name.startswith("paddock-embed-") for thread in threading.enumerate())


@pytest.mark.parametrize("size", [2, 3, 8, 17, 64])
def test_a_batch_equals_its_texts_alone_and_keeps_their_order(
    client: Client, texts: list[str], alone: Any, size: int
) -> None:
    together = vectors(client, texts[:size])
    assert together.shape == (size, 384)
    assert ((together * alone[:size]).sum(axis=1) >= 0.9999).all()


def test_several_contexts_give_the_same_vectors(
    models: Path, minilm: str, texts: list[str], alone: Any
) -> None:
    before = num_workers()
    with Runtime(models) as runtime:
        client = Client(runtime=runtime)
        together = vectors(client, texts, minilm, options={"num_thread": 3})
        assert num_workers() == before + 3
    assert ((together * alone).sum(axis=1) >= 0.9999).all()


def test_vectors_have_length_one_and_many_digits(client: Client, alone: Any) -> None:
    assert np.abs(np.linalg.norm(alone, axis=1) - 1).max() < 1e-4
    answer = client.embed("minilm", "a")
    assert all(isinstance(value, float) for value in answer.embeddings[0])
    json.loads(answer.model_dump_json())


def test_counts_and_times_are_told(client: Client, minilm: str) -> None:
    answer = client.embed(minilm, ["hello world", "hello"])
    assert answer.model == minilm
    assert answer.prompt_eval_count == 4 + 3
    assert answer.truncated is None
    assert answer.total_duration is not None
    assert answer.load_duration is not None
    assert answer.total_duration > answer.load_duration >= 0


def test_like_texts_are_nearer_than_unlike_ones(client: Client) -> None:
    cat, kitten, tax = vectors(
        client, ["A cat sleeps.", "The kitten naps.", "Taxes are due in May."]
    )
    assert cat @ kitten > 0.5 > cat @ tax


# -- nothing, and next to nothing


@pytest.mark.parametrize("nothing", ["", []])
def test_nothing_gives_no_vectors(client: Client, minilm: str, nothing: Any) -> None:
    answer = client.embed(minilm, nothing)
    assert (answer.embeddings, answer.prompt_eval_count) == ([], 0)


def test_an_empty_text_in_a_list_has_a_vector(client: Client, minilm: str) -> None:
    answer = client.embed(minilm, ["a", "", " \n"])
    a, empty, blank = np.array(answer.embeddings)
    assert np.isfinite(empty).all()
    assert abs(np.linalg.norm(empty) - 1) < 1e-4
    assert empty @ a < 0.99
    assert empty @ blank > 0.9999
    assert answer.prompt_eval_count == 3 + 2 + 2


def test_the_legacy_call_gives_one_vector_or_none(client: Client, minilm: str) -> None:
    (expected,) = vectors(client, "hello")
    found = np.array(client.embeddings(minilm, "hello").embedding)
    assert found @ expected / np.linalg.norm(found) >= 0.9999
    assert client.embeddings(minilm, "").embedding == []


def test_dimensions_shorten_and_normalise_again(client: Client, minilm: str) -> None:
    (whole,) = vectors(client, "hello world", minilm)
    (short,) = vectors(client, "hello world", minilm, dimensions=100)
    assert short.shape == (100,)
    assert abs(np.linalg.norm(short) - 1) < 1e-4
    np.testing.assert_allclose(short, whole[:100] / np.linalg.norm(whole[:100]), atol=1e-6)
    for unchanged in (0, 384, 1000, -1):
        assert vectors(client, "hello world", minilm, dimensions=unchanged).shape == (1, 384)


# -- over-long texts


def words(count: int) -> str:
    """Each word is one token."""
    return " ".join(["the", "dog"][index % 2] for index in range(count))


@pytest.mark.parametrize(
    ("count", "evaluated", "is_cut"),
    [
        (WINDOW - 3, WINDOW - 1, False),
        (WINDOW - 2, WINDOW, False),
        (WINDOW - 1, WINDOW, True),
        (10 * WINDOW, WINDOW, True),
    ],
)
def test_texts_around_the_window_are_cut_only_if_they_must_be(
    client: Client, minilm: str, count: int, evaluated: int, is_cut: bool
) -> None:
    answer = client.embed(minilm, ["short", words(count)])
    assert answer.prompt_eval_count == 3 + evaluated
    assert answer.truncated == ([1] if is_cut else None)


def test_a_cut_text_keeps_its_closing_token_and_its_beginning(client: Client, minilm: str) -> None:
    fits, cut = words(WINDOW - 2), words(WINDOW - 2) + " and then something else"
    answer = client.embed(minilm, [fits, cut, cut + " entirely"])
    first, second, third = np.array(answer.embeddings)
    assert first @ second >= 0.9999
    assert second @ third >= 0.9999
    assert answer.truncated == [1, 2]


def test_num_ctx_makes_the_window_smaller(models: Path, minilm: str) -> None:
    with Runtime(models) as runtime:
        answer = Client(runtime=runtime).embed(minilm, words(100), options={"num_ctx": 32})
    assert (answer.prompt_eval_count, answer.truncated) == (32, [0])


@pytest.mark.parametrize("size", [1, 3])
def test_truncate_false_names_the_text_and_both_numbers(
    client: Client, minilm: str, size: int
) -> None:
    texts = ["short"] * (size - 1) + [words(600)]
    with pytest.raises(ContextLengthError, match=rf"text {size - 1} has 602 tokens.*\b512\b"):
        client.embed(minilm, texts, truncate=False)
    assert client.embed(minilm, [words(510)], truncate=False).truncated is None


TEN_MEGABYTES = "lorem ipsum dolor sit amet " * 400_000


def test_ten_megabytes_are_cut_or_refused(client: Client, minilm: str) -> None:
    answer = client.embed(minilm, [TEN_MEGABYTES, "short"])
    assert (answer.truncated, answer.prompt_eval_count) == ([0], WINDOW + 3)
    with pytest.raises(ContextLengthError, match=r"text 1 has more than \d+ tokens"):
        client.embed(minilm, ["short", TEN_MEGABYTES], truncate=False)
    still_embeds(client)


def test_what_comes_after_a_desert_of_blanks_is_not_lost(client: Client, minilm: str) -> None:
    text, plain = np.array(client.embed(minilm, [" \n" * 60_000 + "the dog", "the dog"]).embeddings)
    assert text @ plain >= 0.9999


def test_one_endless_word_does_no_harm(client: Client, minilm: str) -> None:
    vectors(client, ["x" * 1_000_000, "☃" * 100_000, "\0" * 1000, "\ud800"], minilm)
    still_embeds(client)


# -- bad input


@pytest.mark.parametrize(
    ("fields", "error", "advice"),
    [
        ({"input": 5}, RequestError, "invalid input type"),
        ({"input": ["a", 5]}, RequestError, "invalid input type"),
        ({"input": [["a"]]}, RequestError, "invalid input type"),
        ({"input": "a", "options": {"num_ctx": 100_000}}, OptionError, "at most 512"),
        ({"input": "a", "options": {"num_ctx": 0}}, OptionError, "positive"),
        ({"input": "a", "options": {"num_batch": -3}}, OptionError, "num_batch"),
        ({"input": "a", "keep_alive": "x"}, RequestError, "duration"),
        ({"input": "a", "model": "nobody"}, PaddockError, "not found"),
        ({"input": "a", "model": ""}, RequestError, "model is required"),
    ],
    ids=str,
)
def test_bad_requests_are_refused_with_advice(
    client: Client, minilm: str, fields: dict[str, Any], error: type[PaddockError], advice: str
) -> None:
    with pytest.raises(error, match=advice):
        client.embed(**{"model": minilm, **fields})
    still_embeds(client)


def still_embeds(client: Client) -> None:
    assert len(client.embed("minilm", "hello").embeddings[0]) == 384


def test_a_nan_is_tried_again_and_else_named_by_its_index(
    client: Client, minilm: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = ["one", "two", "three", "four", "five"]
    good = vectors(client, texts, minilm)
    bad = client.runtime.tokenize(minilm, "three", special=True)
    embed = LlamaPooling.embed
    always = False

    def spoiled(self: LlamaPooling, batch: Any, *, threads: int) -> list[Any]:
        found = embed(self, batch, threads=threads)
        for index, text in enumerate(batch):
            if list(text) == bad and (always or len(batch) > 1):
                found[index] = np.full_like(found[index], np.nan)
        return found

    monkeypatch.setattr(LlamaPooling, "embed", spoiled)
    again = vectors(client, texts, minilm)
    assert ((again * good).sum(axis=1) >= 0.9999).all()
    always = True
    with pytest.raises(DecodeError, match=r"text 2: .*NaN"):
        client.embed(minilm, texts)
    assert np.isfinite(vectors(client, texts[:2], minilm)).all()
    still_embeds(client)


def test_when_a_text_fails_the_others_are_given_up(
    models: Path, minilm: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    embed = LlamaPooling.embed
    is_over = threading.Event()
    texts = [text_of(20, 1)] * 700 + ["bad " * 100]
    others: list[int] = []

    with Runtime(models) as runtime:
        client = Client(runtime=runtime)
        bad = runtime.tokenize(minilm, texts[-1], special=True)

        def failing(self: LlamaPooling, batch: Any, *, threads: int) -> list[Any]:
            if any(list(text) == bad for text in batch):
                raise DecodeError("scripted")
            others.append(len(batch))
            assert is_over.wait(60)
            return embed(self, batch, threads=threads)

        monkeypatch.setattr(LlamaPooling, "embed", failing)
        with pytest.raises(DecodeError, match=r"text 700: scripted"):
            client.embed(minilm, texts)
        workers = num_workers()
        is_over.set()
        still_embeds(client)
    # At most one batch that each worker had begun, and the one of the last call.
    assert len(others) <= workers + 1


# -- other models


def test_a_chat_model_embeds_too(client: Client) -> None:
    together = vectors(client, ["the cat", "the dog", "", "x" * 100], "tiny")
    assert together.shape == (4, 64)
    assert np.abs(np.linalg.norm(together, axis=1) - 1).max() < 1e-4
    (alone,) = vectors(client, "the dog", "tiny")
    assert alone @ together[1] >= 0.999  # its activations are rounded to eight bits
    assert together[0] @ together[1] < 0.99


def test_a_chat_model_still_chats_while_it_embeds(client: Client) -> None:
    options = {"temperature": 0, "num_predict": 8}
    before = client.generate("tiny", "hello", options=options).response
    stream = client.generate("tiny", "hello", stream=True, options=options)
    vectors(client, ["some", "texts"], "tiny")
    assert "".join(part.response or "" for part in stream) == before


def test_vectors_may_stay_as_long_as_the_model_makes_them(client: Client) -> None:
    request = EmbedRequest(model="tiny", input=["the cat sat"], normalize=False)
    (plain,) = client.runtime.embed(request).result().embeddings
    (unit,) = client.embed("tiny", "the cat sat").embeddings
    assert np.linalg.norm(plain) != pytest.approx(1)
    assert np.array(plain) / np.linalg.norm(plain) == pytest.approx(np.array(unit), abs=1e-5)
    request.dimensions = 8
    assert client.runtime.embed(request).result().embeddings == [plain[:8]]
    request.dimensions = -8  # reference: what is not positive counts as not given
    assert client.runtime.embed(request).result().embeddings == [plain]

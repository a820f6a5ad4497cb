"""Assembling and fitting prompts: spec scheduler.md sections 8 to 10, http-api.md 4.4, 5.3, 5.4."""

import itertools
from typing import Any

import numpy as np
import pytest

from paddock import embedding, families, prompt
from paddock.api import Message
from paddock.dialogue import Dialogue
from paddock.errors import PaddockError

Json = dict[str, Any]

PAIRWISE = (
    "{{- if .System }}{{ .System }} {{ end }}\n"
    "{{- if .Prompt }}{{ .Prompt }} {{ end }}\n"
    "{{- if .Response }}{{ .Response }} {{ end }}"
)


class Words:
    """The one Go template of the `chat_truncate` cases: every turn's texts, a space behind each.

    A run of messages of one role counts as one, its contents a blank line apart.
    """

    def render(self, messages: list[Message]) -> str:
        turns: list[str] = []
        for _, run in itertools.groupby(self.system_first(messages), lambda m: m.role):
            text = "\n\n".join(message.content or "" for message in run)
            turns += [text + " "] if text else []
        return "".join(turns)

    def system_first(self, messages: list[Message]) -> list[Message]:
        return sorted(messages, key=lambda message: message.role != "system")

    def count(self, messages: list[Message]) -> int:
        return len(self.render(messages).split())


def messages_of(items: list[Json]) -> list[Message]:
    """The payloads of images are opaque here; api.Message would read them as base64."""
    return [
        Message(role=item["role"], content=item["content"]).model_copy(
            update={"images": item.get("images")}
        )
        for item in items
    ]


def chat_truncate(case: Json, _: Json) -> None:
    assert case["template"] == PAIRWISE
    messages, words = messages_of(case["messages"]), Words()
    image_tokens = prompt.IMAGE_TOKENS if case["has_projector"] else 0
    kept = prompt.fit_messages(messages, words.count, case["num_ctx"], image_tokens)
    tagged, images = prompt.tag_images(kept)
    assert words.render(tagged) == case["expected"]["prompt"]
    assert images == case["expected"]["images"]


def native_truncate(case: Json, _: Json) -> None:
    messages = messages_of(case["messages"])

    def count(kept: list[Message]) -> int:
        return len("".join(f"{m.role} {m.content} " for m in kept).split())

    image_tokens = prompt.IMAGE_TOKENS if case["has_projector"] else 0
    kept = prompt.fit_messages(messages, count, case["num_ctx"], image_tokens)
    places = [next(i for i, m in enumerate(messages) if m is message) for message in kept]
    assert places == case["expected_kept"]


def message_assembly(case: Json, _: Json) -> None:
    model, request = case["model"], case["request"]
    history, system = messages_of(model["messages"]), model["system"]
    asked = messages_of(request.get("messages", []))
    if request["endpoint"] == "generate":
        asked = [Message(role="user", content=request["prompt"])]
        system = request["system"] or system
        history = [] if "context" in request else history
    found = prompt.assemble(system, history, asked)
    assert [{"role": m.role, "content": m.content} for m in found] == case["expected"]


def completion_truncate(case: Json, _: Json) -> None:
    tokens, expected = list(range(case["prompt_tokens"])), case["expected"]

    def fit() -> tuple[list[int], int]:
        return prompt.fit_tokens(
            tokens,
            case["num_ctx"],
            num_keep=case["num_keep"],
            add_bos=case["tokenizer_adds_bos"],
            can_shift=case["context_shift"],
            truncate=case["truncate"],
            has_images=case["has_media"],
        )

    if "error" in expected:
        with pytest.raises(PaddockError) as caught:
            fit()
        assert str(caught.value).startswith(expected["error"])
        assert caught.value.status == expected["status"]
        return
    fitted, original = fit()
    assert original == len(tokens)
    if expected.get("unchanged"):
        assert fitted == tokens
        return
    assert fitted == tokens[: expected["prefix"]] + tokens[expected["suffix_start"] :]
    assert len(fitted) == expected["length"]


def context_shift_limit(case: Json, _: Json) -> None:
    assert prompt.shift_limit(case["num_ctx"], case["num_keep"]) == case["expected"]


def num_predict_budget(case: Json, _: Json) -> None:
    assert prompt.predict_budget(case["num_predict"], case["num_ctx"]) == case["expected"]


def image_tags(case: Json, _: Json) -> None:
    messages, expected = messages_of(case["messages"]), case["expected"]

    def placed() -> tuple[list[Message], list[Any]]:
        if case["has_renderer"]:
            return Dialogue(families.renderer("qwen3.5")).placed(messages[case["start"] :])
        return prompt.tag_images(messages, case["start"], case["families"])

    if "error" in expected:
        with pytest.raises(PaddockError, match=expected["error"]):
            placed()
        return
    tagged, images = placed()
    assert [message.content for message in tagged] == expected["contents"]
    assert images == expected["media"]


def embed_truncate(case: Json, _: Json) -> None:
    expected, tokens = case["expected"], list(range(case["input_tokens"]))
    limit = embedding.limit(
        case["num_ctx"],
        case["train_context"],
        case["arch_add_bos"] and case["first_token"] != case["bos_token_id"],
        case["arch_add_eos"] and case["last_token"] != case["eos_token_id"],
    )
    truncate = case["truncate"] is not False
    if "error" in expected:
        with pytest.raises(PaddockError, match=expected["error"]) as caught:
            embedding.fit(tokens, limit, truncate=truncate)
        assert caught.value.status == expected["status"]
        return
    kept = len(tokens) if expected.get("unchanged") else expected["kept_tokens"]
    assert embedding.fit(tokens, limit, truncate=truncate) == tokens[:kept]


def embed_normalise(case: Json, _: Json) -> None:
    vector, expected = [float(value) for value in case["vector"]], case["expected"]
    if "error" in expected:
        with pytest.raises(PaddockError, match=expected["error"]):
            embedding.normalise(vector, case["dimensions"])
        return
    found = embedding.normalise(vector, case["dimensions"])
    np.testing.assert_allclose(found, expected["vector"], atol=1e-5)


RUNNERS = {
    "chat_truncate": chat_truncate,
    "completion_truncate": completion_truncate,
    "context_shift_limit": context_shift_limit,
    "embed_normalise": embed_normalise,
    "embed_truncate": embed_truncate,
    "image_tags": image_tags,
    "message_assembly": message_assembly,
    "native_truncate": native_truncate,
    "num_predict_budget": num_predict_budget,
}

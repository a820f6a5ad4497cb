"""Capabilities. The reference's cases run in tests/vectors; here stands what they leave out."""

import pytest

from paddock import capabilities
from paddock.errors import RequestError, UnsupportedError

TOOLS = "{% for tool in tools %}{{ tool }}{% endfor %}"


def test_text_inside_strings_and_comments_is_no_variable() -> None:
    assert capabilities.of_template('{{ if eq .Role ".Tools" }}x{{ end }}') == ()
    assert capabilities.of_template("{{/* .Tools */}}{{ .Prompt }}") == ()
    assert capabilities.of_template(".Tools {{ .Prompt }}") == ()
    assert capabilities.of_template("{{ $.Tools }}{{- .Suffix -}}") == ("tools", "insert")


def test_the_better_template_is_in_use() -> None:
    weights = {"general.architecture": "llama", capabilities.CHAT_TEMPLATE: TOOLS}
    assert capabilities.template_in_use({}, weights, None) == "chat template"
    assert capabilities.template_in_use({}, weights, "{{ .Prompt }}") == "chat template"
    assert capabilities.template_in_use({}, weights, "{{ .Tools }}") == "layer"
    assert capabilities.template_in_use({"parser": "x"}, weights, None) == "default"
    assert capabilities.template_in_use({}, {}, "{{ .Prompt }}") == "layer"


def test_gpt_oss_keeps_its_layer_and_thinks() -> None:
    weights = {"general.architecture": "gptoss", capabilities.CHAT_TEMPLATE: TOOLS}
    config, layer = {"model_family": "gptoss"}, "<|start|>{{ .Prompt }}<|end|>"
    assert capabilities.template_in_use(config, weights, layer) == "layer"
    assert capabilities.of_model(config, weights, (), layer) == ("completion", "thinking")


def test_what_is_missing_is_named() -> None:
    with pytest.raises(UnsupportedError, match=r"^m does not support image generation$"):
        capabilities.check(["image", "completion"], ["completion"], "m")
    with pytest.raises(RequestError, match="unknown capability: flying"):
        capabilities.check(["flying"], [], "m")


HEAD = ("token_embd.weight", "cls.output.weight")


@pytest.mark.parametrize(
    ("pooling", "tensors", "expected"),
    [
        (4, HEAD, ("embedding", "rerank")),
        (4, ("cls.weight",), ("embedding", "rerank")),
        (None, HEAD, ("embedding", "rerank")),
        (0, HEAD, ("embedding", "rerank")),
        (4, ("token_embd.weight",), ("embedding",)),
        (1, HEAD, ("embedding",)),
        (None, ("token_embd.weight",), ("completion",)),
    ],
)
def test_a_head_for_pairs_makes_a_reranker(
    pooling: int | None, tensors: tuple[str, ...], expected: tuple[str, ...]
) -> None:
    weights: dict[str, object] = {"general.architecture": "bert"}
    if pooling is not None:
        weights["bert.pooling_type"] = pooling
    assert capabilities.of_model({}, weights, tensors=tensors) == expected

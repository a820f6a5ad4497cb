"""What a model can do, read from its files' metadata and the text of its templates. Pure.

Knows names of capabilities, parsers and metadata keys; knows no store and renders nothing.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal

from paddock.errors import RequestError, TemplateError, UnsupportedError

if TYPE_CHECKING:
    from paddock.template.go import GoTemplate

DEFAULT_TEMPLATE: Final = "{{ .Prompt }}"
CHAT_TEMPLATE: Final = "tokenizer.chat_template"
KNOWN: Final = (
    "completion",
    "tools",
    "insert",
    "vision",
    "embedding",
    "thinking",
    "image",
    "audio",
    "rerank",
)

InUse = Literal["layer", "chat template", "default"]

_RANK: Final = 4
"""`pooling_type` of a model whose head turns a pair of texts into a score."""
_HEADS: Final = frozenset({"cls.weight", "cls.output.weight"})

_GPT_OSS: Final = ("gptoss", "gpt-oss")
_NO_AUDIO: Final = "nemotron_h_omni"

_TELLING: Final = ("tools", "suffix", "thinking")
"""Without one of these words a Go template handles nothing that has a name."""
_SPLIT_THINK: Final = ("content.split('</think>')", 'content.split("</think>")')
_CHAT_RESULTS: Final = (
    "tool_response",
    "tool_results",
    "role'] == 'tool'",
    'role\'] == "tool"',
    "role\"] == 'tool'",
    'role"] == "tool"',
    "message.role == 'tool'",
    'message.role == "tool"',
    "ipython",
)
_LAYER_RESULTS: Final = ('eq .Role "tool"', "tool_response", "TOOL_RESULTS")


def of_model(
    config: Mapping[str, Any],
    weights: Mapping[str, Any] | None,
    projectors: Sequence[Mapping[str, Any]] = (),
    layer: str | None = None,
    tensors: Collection[str] = (),
    forced: bool | None = None,
) -> tuple[str, ...]:
    """Capabilities in the order in which `show` lists them.

    `config`: fields of the config blob; `weights`: their GGUF metadata, None if there are none;
    `projectors`: the metadata of each; `layer`: text of the TEMPLATE layer; `tensors`: names of
    those of the weights; `forced`: see `template_in_use`.
    """
    used = template_in_use(config, weights, layer, forced)
    found = [
        *(config.get("capabilities") or ()),
        *_of_weights(weights, used, tensors),
        *_of_projectors(projectors),
        *(of_template(layer) if layer is not None and used == "layer" else ()),
        *_of_parser(config.get("parser", "")),
    ]
    if config.get("model_family") in _GPT_OSS:
        found.append("thinking")
    architecture = (weights or {}).get("general.architecture")
    dropped = {"audio"} if _NO_AUDIO in (architecture, config.get("model_family")) else set[str]()
    return tuple(name for name in dict.fromkeys(found) if name not in dropped)


def template_in_use(
    config: Mapping[str, Any],
    weights: Mapping[str, Any] | None,
    layer: str | None,
    forced: bool | None = None,
) -> InUse:
    """Which text builds the prompts of a model.

    `forced` always takes the layer (True) or never (False); None chooses by what the texts offer.
    """
    chat = (weights or {}).get(CHAT_TEMPLATE)
    if config.get("renderer") or config.get("parser") or not isinstance(chat, str):
        return "default" if layer is None else "layer"
    if layer is None:
        return "chat template"
    if is_harmony(config.get("model_family"), layer):
        return "layer"
    uses_layer = not chat_template_wins(chat, layer) if forced is None else forced
    return "layer" if uses_layer else "chat template"


def is_harmony(family: str | None, layer: str) -> bool:
    """Whether a TEMPLATE layer writes the channels of gpt-oss, which no chat template outranks."""
    return family in _GPT_OSS and "<|start|>" in layer and "<|end|>" in layer


def chat_template_wins(chat: str, layer: str) -> bool:
    """Whether the weights' Jinja template outranks the TEMPLATE layer: it must offer more."""
    of_chat, of_layer = of_chat_template(chat), of_template(layer)
    if len(of_chat) > len(of_layer):
        return _chat_round_trip(chat) or not _layer_round_trip(layer)
    same = set(of_chat) == set(of_layer) and "tools" in of_chat
    return same and _chat_round_trip(chat) and not _layer_round_trip(layer)


def of_chat_template(text: str) -> tuple[str, ...]:
    """What a Jinja chat template handles."""
    both_tags = "<think>" in text and "</think>" in text
    splits = any(split in text for split in _SPLIT_THINK)
    thinks = both_tags or (
        splits and "reasoning_content" not in text and "<SPECIAL_12>" not in text
    )
    tools = "tools" in text or "tool_call" in text
    return (*(("tools",) if tools else ()), *(("thinking",) if thinks else ()))


def of_template(text: str) -> tuple[str, ...]:
    """What a Go template handles."""
    lowered = text.lower()
    template = _go_template(text) if any(word in lowered for word in _TELLING) else None
    if template is None:
        return ()
    variables = template.variables
    return (
        *(("tools",) if "tools" in variables else ()),
        *(("insert",) if "suffix" in variables else ()),
        *(("thinking",) if all(template.thinking_tags) else ()),
    )


def check(wanted: Sequence[str], found: Sequence[str], model: str) -> None:
    """Raises UnsupportedError that names everything of `wanted` which is not in `found`."""
    for name in wanted:
        if name not in KNOWN:
            raise RequestError(f"unknown capability: {name}")
    missing = [
        "image generation" if name == "image" else name for name in wanted if name not in found
    ]
    if missing:
        raise UnsupportedError(f"{model} does not support " + "\n".join(missing))


def is_reranker(weights: Mapping[str, Any], tensors: Collection[str]) -> bool:
    """Whether the weights score pairs of texts.

    llama.cpp's own converter writes the head and leaves it to the user to say what it is for.
    """
    pooling = weights.get(f"{weights.get('general.architecture', '')}.pooling_type")
    return not _HEADS.isdisjoint(tensors) and pooling in (None, 0, _RANK)


def _of_weights(
    weights: Mapping[str, Any] | None, used: InUse, tensors: Collection[str]
) -> Iterator[str]:
    if weights is None:
        return
    if used == "chat template":
        yield from of_chat_template(weights[CHAT_TEMPLATE])
    architecture = weights.get("general.architecture", "")
    ranks = is_reranker(weights, tensors)
    yield "embedding" if ranks or f"{architecture}.pooling_type" in weights else "completion"
    if ranks:
        yield "rerank"
    for sense in ("vision", "audio"):
        if f"{architecture}.{sense}.block_count" in weights:
            yield sense


def _of_projectors(projectors: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for metadata in projectors:
        yield "vision"
        architecture = metadata.get("general.architecture", "")
        hears = any(
            value is True for key, value in metadata.items() if key.endswith("has_audio_encoder")
        )
        if hears and metadata.get(f"{architecture}.projector_type") != "gemma3nv":
            yield "audio"


def _of_parser(name: str) -> Iterator[str]:
    """What a built-in output parser finds in an answer."""
    if not name:
        return
    from paddock.output.registry import PARSERS  # few models name one

    spec = PARSERS.get(name)
    if spec is not None:
        yield from ("tools",) if spec.supports_tools else ()
        yield from ("thinking",) if spec.supports_thinking else ()


def _go_template(text: str) -> "GoTemplate | None":
    """None for a template that cannot be parsed: it is not used, and so handles nothing."""
    from paddock.template.go import GoTemplate  # most of what listing would have to import

    try:
        return GoTemplate.parse(text)
    except TemplateError:
        return None


def _chat_round_trip(text: str) -> bool:
    calls = "tool_calls" in text or "assistant_tool_call" in text
    return "tools" in of_chat_template(text) and calls and _any_of(_CHAT_RESULTS, text)


def _layer_round_trip(text: str) -> bool:
    template = _go_template(text)
    variables = template.variables if template else frozenset[str]()
    return {"tools", "toolcalls"} <= variables and _any_of(_LAYER_RESULTS, text)


def _any_of(needles: Sequence[str], text: str) -> bool:
    return any(needle in text for needle in needles)

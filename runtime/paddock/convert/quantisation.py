"""Which quantisations can be written, and of which models. Knows names and headers, no library.

The names are those of `gguf.FILE_TYPES`; `engine.quantiser` does the work.
"""

from collections.abc import Iterator
from typing import Final

from paddock.errors import RequestError, UnsupportedError
from paddock.gguf import FILE_TYPES, GGUF

_UNWRITTEN: Final = frozenset({"NVFP4"})
"""Types that llama.cpp reads but has no quantiser for."""

_GUIDED: Final = frozenset(
    {
        *("IQ1_S", "IQ1_M", "IQ2_XXS", "IQ2_XS", "IQ2_S", "IQ2_M", "IQ3_XXS", "IQ3_XS"),
        "Q2_K_S",
    }
)
"""Types that are garbage without an importance matrix, so that llama.cpp refuses to write them."""

QUANTISATIONS: Final[dict[str, int]] = {
    name: number
    for number, name in sorted(FILE_TYPES.items())
    if name not in _UNWRITTEN and name not in _GUIDED
}
"""Every type that can be written, and its `general.file_type`."""

_ALIASES: Final = {"Q3_K": "Q3_K_M", "Q4_K": "Q4_K_M", "Q5_K": "Q5_K_M"}

UNQUANTISED: Final = ("F32", "F16", "BF16")
"""Types a model may have to be quantised."""

_FLOATS: Final = frozenset({0, 1, 30})
"""The tensor types F32, F16 and BF16."""
_INTEGERS: Final = frozenset({24, 25, 26, 27})

_ALIGNMENT: Final = 32
_MAX_BLOCKS: Final = 512
_MAX_EXPERTS: Final = 1024
_ROPE_SCALINGS: Final = ("none", "linear", "yarn", "longrope")


def parse(name: str) -> str:
    """The name of a type as llama.cpp writes it; UnsupportedError listing all for another."""
    wanted = name.strip().upper()
    found = _ALIASES.get(wanted, wanted)
    if found in QUANTISATIONS:
        return found
    reason = "it needs an importance matrix; " if found in _GUIDED else ""
    raise UnsupportedError(
        f"unsupported quantization type {name.strip()} - {reason}supported types are "
        f"{', '.join(QUANTISATIONS)}"
    )


def source_type(header: GGUF, *, is_draft: bool = False) -> str:
    """The type of a model that may be quantised; RequestError for one that may not.

    A file that does not say its type has that of its matrices.
    """
    kind = header.file_type
    if "general.file_type" not in header.metadata:
        kinds = {tensor.type for tensor in header.tensors if len(tensor.dims) > 1}
        kind = {0: "F32", 1: "F16", 30: "BF16"}.get(min(kinds & {1, 30}, default=0), "F32")
    is_plain = all(tensor.type in _FLOATS | _INTEGERS for tensor in header.tensors)
    if kind in UNQUANTISED and is_plain:
        return kind
    if is_draft:
        raise RequestError(f"draft quantization requires an unquantized draft model, got {kind}")
    raise RequestError("quantization is only supported for F16, BF16 and F32 models")


def check(header: GGUF) -> None:
    """RequestError for a file whose quantising would end the process, or quietly do wrong."""
    source_type(header)
    problem = next((text for text, holds in _requirements(header) if not holds), None)
    if problem is not None:
        raise RequestError(
            f"{header.path}: cannot be quantised: {problem}; convert or download the model again"
        )


def _requirements(header: GGUF) -> Iterator[tuple[str, bool]]:
    """What is wrong where a requirement does not hold; later ones rely on earlier ones."""
    facts = header.metadata
    is_model = facts.get("general.type", "model") == "model"
    yield "it is no model", is_model and header.architecture not in ("", "clip")
    yield "it is one part of a split GGUF", facts.get("split.count", 0) in (0, 1)
    yield f"its alignment is not {_ALIGNMENT}", facts.get("general.alignment", 32) == _ALIGNMENT
    yield "it has no tensors", bool(header.tensors)
    yield "a tensor of it is empty", all(tensor.elements for tensor in header.tensors)
    blocks = header.get("block_count")
    yield f"its block_count is {blocks}", _lies_in(blocks, 1, _MAX_BLOCKS)
    extra = header.get("nextn_predict_layers", 0)
    yield f"its nextn_predict_layers is {extra}", _lies_in(extra, 0, blocks)
    scaling = header.get("rope.scaling.type", "none")
    yield f"its rope.scaling.type is {scaling}", scaling in _ROPE_SCALINGS
    experts, groups = header.get("expert_count", 0), header.get("expert_group_count", 0)
    yield f"its expert_count is {experts}", _lies_in(experts, 0, _MAX_EXPERTS)
    if f"{header.architecture}.expert_used_count" not in header.array_lengths:
        used = header.get("expert_used_count", 0)
        yield f"its expert_used_count is {used}", _lies_in(used, min(experts, 1), experts)
    yield f"its expert_group_count is {groups}", _lies_in(groups, 0, max(experts - 1, 0))
    if groups > 1:
        used = header.get("expert_group_used_count", 0)
        yield f"its expert_group_used_count is {used}", _lies_in(used, 1, groups - 1)
        yield f"its expert_group_count is {groups}", experts % groups == 0


def _lies_in(value: object, low: int, high: int) -> bool:
    return type(value) is int and low <= value <= high

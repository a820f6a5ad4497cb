"""Rotary positions: what config.json says of them, old form and new, and what llama.cpp is told."""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Final

import numpy as np
from gguf import Keys, RopeScalingType
from pydantic import AliasChoices, BaseModel, Field, field_validator

from paddock.convert.folder import Length, Positive
from paddock.convert.model import Fact
from paddock.convert.safetensors import FloatArray
from paddock.errors import UnsupportedError

_FULL: Final = "full_attention"
_SLIDING: Final = "sliding_attention"

LLAMA3_FACTORS: Final = "rope_freqs.weight"
LONG_FACTORS: Final = "rope_factors_long.weight"
SHORT_FACTORS: Final = "rope_factors_short.weight"


_Share = Annotated[float, Field(gt=0, le=1)]


class _Scaling(BaseModel):
    kind: Annotated[str, Field(validation_alias=AliasChoices("rope_type", "type"))] = "default"
    rope_theta: Positive | None = None
    partial_rotary_factor: _Share | None = None
    factor: Positive | None = None
    original_max_position_embeddings: Length | None = None
    low_freq_factor: Positive = 1.0
    high_freq_factor: Positive = 4.0
    attention_factor: Positive | None = None
    beta_fast: float | None = None
    beta_slow: float | None = None
    mscale: float | None = None
    mscale_all_dim: float | None = None
    truncate: bool = True
    long_factor: list[Positive] = Field(default_factory=list[float])
    short_factor: list[Positive] = Field(default_factory=list[float])


class RopeConfig(BaseModel):
    """The fields of config.json that concern positions. `rope_parameters`, which newer files have
    instead of all others, may hold one set for each kind of layer."""

    max_position_embeddings: Length
    original_max_position_embeddings: Length | None = None
    rope_theta: Positive | None = None
    rope_local_base_freq: Positive | None = None
    rope_scaling: _Scaling | None = None
    rope_parameters: dict[str, _Scaling] | None = None
    partial_rotary_factor: _Share | None = None

    @field_validator("rope_parameters", mode="before")
    @classmethod
    def _by_layers(cls, given: Any) -> Any:
        return {_FULL: given} if isinstance(given, dict) and _FULL not in given else given

    def scaling(self, layers: str = _FULL) -> _Scaling:
        """The settings of one kind of layer."""
        if self.rope_parameters is not None and layers in self.rope_parameters:
            return self.rope_parameters[layers]
        if layers == _SLIDING:
            return _Scaling(rope_theta=self.rope_local_base_freq)
        known = self.rope_scaling or _Scaling()
        return known.model_copy(update={"rope_theta": self.rope_theta})


@dataclass(frozen=True, slots=True)
class Rope:
    """What the GGUF says of positions."""

    facts: Mapping[str, Fact]
    factors: Mapping[str, FloatArray] = field(default_factory=dict[str, FloatArray])
    """Tensors by name that divide the frequencies, one number each."""


def plan(
    config: RopeConfig,
    width: int,
    *,
    kinds: Collection[str],
    base: float = 10_000.0,
    local_base: float | None = None,
    is_partial: bool = False,
) -> Rope:
    """For heads of `width`. `kinds`: the scalings that llama.cpp's graph of the architecture can
    do; `base` and `local_base` (of layers with a window, if it has such): what counts where nothing
    is said. Raises UnsupportedError for another scaling."""
    scaling = config.scaling()
    kind = _KINDS.get(scaling.kind, scaling.kind)
    if kind not in kinds:
        raise UnsupportedError(
            f'unsupported rope scaling "{scaling.kind}"; for this architecture paddock converts '
            f"{', '.join(sorted(kinds))}. Get this model as a GGUF file instead"
        )
    turned = scaling.partial_rotary_factor or config.partial_rotary_factor or 1.0
    if turned != 1.0 and not is_partial:
        raise UnsupportedError(f"unsupported partial_rotary_factor {turned}; only 1 is converted")
    theta = scaling.rope_theta or base
    dimensions = int(width * turned)
    if dimensions < 2 or dimensions % 2:
        raise UnsupportedError(f"unsupported partial_rotary_factor {turned} of heads of {width}")
    facts: dict[str, Fact] = {
        Keys.Rope.DIMENSION_COUNT: dimensions,
        Keys.Rope.FREQ_BASE: float(theta),
    }
    if local_base is not None:
        facts[Keys.Rope.FREQ_BASE_SWA] = _local_base(config, local_base)
    planned = _SCALINGS[kind](config, scaling, theta, dimensions)
    return Rope(facts | dict(planned.facts), planned.factors)


def _local_base(config: RopeConfig, default: float) -> float:
    local = config.scaling(_SLIDING)
    if local.kind != "default":
        raise UnsupportedError(
            f'unsupported rope scaling "{local.kind}" of layers with a window; only default'
        )
    return float(local.rope_theta or default)


_KINDS: Final = {"su": "longrope", "dynamic": "default"}
"""Other names; dynamic scaling is none within the window that the model was trained for."""


def _none(config: RopeConfig, scaling: _Scaling, theta: float, dimensions: int) -> Rope:
    return Rope({})


def _linear(config: RopeConfig, scaling: _Scaling, theta: float, dimensions: int) -> Rope:
    return Rope(
        {
            Keys.Rope.SCALING_TYPE: RopeScalingType.LINEAR.value,
            Keys.Rope.SCALING_FACTOR: _factor(scaling),
        }
    )


def _yarn(config: RopeConfig, scaling: _Scaling, theta: float, dimensions: int) -> Rope:
    ramp = (scaling.beta_fast or 32.0, scaling.beta_slow or 1.0)
    if ramp != (32.0, 1.0) or scaling.mscale or scaling.mscale_all_dim or not scaling.truncate:
        raise UnsupportedError(
            "unsupported yarn settings: beta_fast, beta_slow, mscale and truncate must be left out"
        )
    factor = _factor(scaling)
    facts: dict[str, Fact] = {
        Keys.Rope.SCALING_TYPE: RopeScalingType.YARN.value,
        Keys.Rope.SCALING_FACTOR: factor,
        Keys.Rope.SCALING_ORIG_CTX_LEN: _trained(config, scaling),
    }
    if scaling.attention_factor is not None:
        # llama.cpp multiplies what it computes itself, which is the default of the others.
        usual = 0.1 * math.log(factor) + 1.0 if factor > 1 else 1.0
        facts[Keys.Rope.SCALING_ATTN_FACTOR] = scaling.attention_factor / usual
    return Rope(facts)


def _llama3(config: RopeConfig, scaling: _Scaling, theta: float, dimensions: int) -> Rope:
    """Low frequencies are divided by the factor, high ones stay, those between are blended."""
    low, high = scaling.low_freq_factor, scaling.high_freq_factor
    if low >= high:
        raise UnsupportedError("unsupported rope scaling: low_freq_factor is not below high's")
    frequencies = theta ** (-np.arange(0, dimensions, 2) / dimensions)
    turns = _trained(config, scaling) * frequencies / (2 * np.pi)
    kept = np.clip((turns - low) / (high - low), 0, 1)
    divisors = 1 / (kept + (1 - kept) / _factor(scaling))
    return Rope({}, {LLAMA3_FACTORS: divisors.astype(np.float32)})


def _longrope(config: RopeConfig, scaling: _Scaling, theta: float, dimensions: int) -> Rope:
    """llama.cpp takes the long factors for contexts beyond the trained length, else the short."""
    trained = _trained(config, scaling)
    if trained < 2:
        raise UnsupportedError(f"unsupported rope scaling: trained for {trained} position")
    if not len(scaling.long_factor) == len(scaling.short_factor) == dimensions // 2:
        raise UnsupportedError(
            f"unsupported rope scaling: long_factor and short_factor must have {dimensions // 2} "
            "numbers each"
        )
    factor = scaling.factor or config.max_position_embeddings / trained
    usual = math.sqrt(1 + math.log(factor) / math.log(trained)) if factor > 1 else 1.0
    return Rope(
        {
            Keys.Rope.SCALING_ORIG_CTX_LEN: trained,
            Keys.Rope.SCALING_ATTN_FACTOR: scaling.attention_factor or usual,
        },
        {
            LONG_FACTORS: np.array(scaling.long_factor, np.float32),
            SHORT_FACTORS: np.array(scaling.short_factor, np.float32),
        },
    )


_SCALINGS: Final = {
    "default": _none,
    "linear": _linear,
    "llama3": _llama3,
    "longrope": _longrope,
    "yarn": _yarn,
}


def _factor(scaling: _Scaling) -> float:
    if scaling.factor is None:
        raise UnsupportedError(f'unsupported rope scaling: "{scaling.kind}" without a factor')
    return scaling.factor


def _trained(config: RopeConfig, scaling: _Scaling) -> int:
    """The window in tokens before it was stretched."""
    return (
        scaling.original_max_position_embeddings
        or config.original_max_position_embeddings
        or config.max_position_embeddings
    )

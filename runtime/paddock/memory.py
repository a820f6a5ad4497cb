"""How large a model may be loaded: its window, its parallel sequences, its batch. Knows GGUF
metadata, options and free memory as values; loads nothing.

`plan` answers the LoadSpec of a request. The devices' own share, layer by layer, is the library's.
"""

import logging
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Protocol

from paddock import gguf
from paddock.api import LOAD_OPTIONS, Options
from paddock.engine.backend import LoadSpec
from paddock.errors import OptionError, OutOfMemoryError

logger = logging.getLogger(__name__)

DEFAULT_CONTEXT: Final = 4096
_CONTEXT_TIERS: Final = ((47 << 30, 262144), (23 << 30, 32768))
"""Memory of all GPUs in bytes, and the window that it makes the default; cards report somewhat less
than the 48 and 24 GiB that they are sold with."""
MIN_CONTEXT: Final = 4
MAX_CELLS: Final = 2**31 - 1
"""Tokens that one cache can count."""
MAX_PARALLEL: Final = 64
MAX_THREADS: Final = 512
DEFAULT_BATCH: Final = 512
DEFAULT_EMBEDDING_BATCH: Final = 2048
BATCH_STEP: Final = 64
"""Batches are multiples of this: the library asserts on sizes that its sequences do not divide."""
_AUTOMATIC_PARALLEL: Final = (8, 4, 2, 1)
_CACHE_SHARE: Final = 8
MIN_VISION_CONTEXT: Final = 2048
MIN_IMAGE_TOKENS: Final = 1024
_GROUNDED: Final = frozenset({"qwen2vl", "qwen25vl", "qwen3vl", "qwen3vlmoe"})
"""Architectures that find things in images only if they see them in so many tokens."""
_F16: Final = 1
_CACHE_TYPES: Final = ("F32", "F16", "BF16", "Q8_0", "Q5_1", "Q5_0", "Q4_1", "Q4_0", "IQ4_NL")
KV_TYPES: Final[dict[str, int]] = {
    name.lower(): number for number, name in gguf.TYPE_NAMES.items() if name in _CACHE_TYPES
}
"""What a cache can be made of, by the names that settings have for it."""

_RANGES: Final[dict[str, tuple[int, int]]] = {
    "num_batch": (1, MAX_CELLS),
    "num_thread": (0, MAX_THREADS),
    "main_gpu": (0, 255),
}
"""Options whose values outside the range would reach native code as nonsense."""


class Limits(Protocol):
    """What the settings say of loading; 0 lets paddock choose."""

    @property
    def num_parallel(self) -> int: ...

    @property
    def context_length(self) -> int: ...

    @property
    def gpu_overhead(self) -> int: ...

    @property
    def kv_cache_type(self) -> str: ...

    @property
    def flash_attention(self) -> bool | None: ...


def plan(
    weights: Path,
    metadata: Mapping[str, Any],
    architecture: str,
    *,
    options: Options,
    settings: Limits,
    available_memory: int,
    weights_size: int,
    is_embedding: bool,
    is_vision: bool = False,
    has_gpu: bool = False,
    gpus: Sequence[int] = (),
    adapters: Sequence[Path] = (),
    projectors: Sequence[Path] = (),
) -> LoadSpec:
    """How to load `weights` for a request; `options` are its own over those of its model, `gpus`
    the bytes of memory of each, `weights_size` those of the weights and their projector.

    Raises OptionError for a value that no load could honour.
    """
    _check_ranges(options)
    kv_type = _kv_type(settings.kv_cache_type, metadata, architecture)
    per_token = kv_bytes_per_token(metadata, architecture, kv_type)
    trained = _whole(metadata, f"{architecture}.context_length")
    on_gpus = gpu_memory(gpus, settings.gpu_overhead)
    default = settings.context_length or default_context(
        on_gpus, on_gpus - weights_size, per_token, trained
    )
    num_ctx = _num_ctx(options, default, trained, MIN_VISION_CONTEXT if is_vision else MIN_CONTEXT)
    room = max(available_memory - weights_size, 0) // _CACHE_SHARE
    parallel = 1 if is_embedding else _parallel(settings.num_parallel, num_ctx * per_token, room)
    if num_ctx * parallel > MAX_CELLS:
        raise OptionError(
            f'option "num_ctx" must be at most {MAX_CELLS // parallel} with {parallel} parallel '
            f"sequences, not {num_ctx}"
        )
    num_gpu = -1 if options.num_gpu is None else max(options.num_gpu, -1)
    on_cpu = num_gpu == 0 or not has_gpu
    fits = weights_size + num_ctx * parallel * per_token <= available_memory
    return LoadSpec(
        weights=weights,
        num_ctx=num_ctx,
        parallel=parallel,
        num_batch=_num_batch(options.num_batch, num_ctx, parallel, is_embedding=is_embedding),
        num_gpu=num_gpu,
        main_gpu=options.main_gpu,
        # Reference: without a GPU the file is read, not mapped. But what does not fit can only be
        # mapped: then the system gives up pages, where it would end the process.
        use_mmap=not (on_cpu and fits) if options.use_mmap is None else options.use_mmap,
        num_thread=options.num_thread or 0,
        kv_type=kv_type,
        flash_attention=settings.flash_attention,
        adapters=tuple(adapters),
        projectors=tuple(projectors),
        image_min_tokens=MIN_IMAGE_TOKENS if architecture in _GROUNDED else -1,
    )


def explicit(options: Options) -> frozenset[str]:
    """The load options that are set; only these can make a loaded model unfit for a request."""
    return LOAD_OPTIONS & options.model_dump(exclude_none=True).keys()


def require_room(
    spec: LoadSpec,
    metadata: Mapping[str, Any],
    architecture: str,
    *,
    available_memory: int,
    weights_size: int,
) -> None:
    """Refuse, before a load without GPU, a cache, or weights that are to be read and not mapped,
    for which there is no memory.

    The system would end the process rather than fail the allocation. Raises OutOfMemoryError.
    """
    cells = spec.num_ctx * spec.parallel
    needed = cells * kv_bytes_per_token(metadata, architecture, spec.kv_type)
    if not spec.use_mmap and weights_size > available_memory:
        raise OutOfMemoryError(
            f"the weights need {_gib(weights_size)} of memory, {_gib(available_memory)} are "
            "available; leave use_mmap out, or use a smaller quantisation"
        )
    if needed > available_memory:
        raise OutOfMemoryError(
            f"a context of {spec.num_ctx} tokens for {spec.parallel} parallel sequences needs "
            f"{_gib(needed)} of memory, {_gib(available_memory)} are available; "
            "set a smaller num_ctx or fewer parallel sequences"
        )


def gpu_memory(gpus: Sequence[int], overhead: int) -> int:
    """Bytes of all GPUs, without what is to stay free on each."""
    return sum(max(total - overhead, 0) for total in gpus)


def default_context(gpu_memory: int, room: int, per_token: int, trained: int) -> int:
    """The window of models and requests that name none: the longest that the memory of the GPUs
    entitles to and whose cache fits into their `room` beside the weights.

    Reference: a load that runs out of memory is tried again with the next shorter one.
    """
    for least, length in _CONTEXT_TIERS:
        if gpu_memory >= least and min(length, trained or length) * per_token <= room:
            return length
    return DEFAULT_CONTEXT


def kv_bytes_per_token(metadata: Mapping[str, Any], architecture: str, kv_type: int = _F16) -> int:
    """Bytes of cache that one token of one sequence takes, keys and values of all layers."""
    heads = _per_layer(metadata, f"{architecture}.attention.head_count")
    kv_heads = _per_layer(metadata, f"{architecture}.attention.head_count_kv")
    layers = _whole(metadata, f"{architecture}.block_count")
    count = _sum(heads if kv_heads is None else kv_heads, layers)
    block, size = gguf.TENSOR_TYPES[kv_type]
    return count * sum(_widths(metadata, architecture)) * size // block


def _widths(metadata: Mapping[str, Any], architecture: str) -> tuple[int, int]:
    """Elements that a head has in its key, and in its value."""
    heads = _per_layer(metadata, f"{architecture}.attention.head_count")
    width = _whole(metadata, f"{architecture}.embedding_length") // max(_largest(heads), 1)
    key = _whole(metadata, f"{architecture}.attention.key_length", width)
    return key, _whole(metadata, f"{architecture}.attention.value_length", width)


def available_memory(
    *, cgroups: Path = Path("/sys/fs/cgroup"), membership: Path = Path("/proc/self/cgroup")
) -> int:
    """Bytes this process may still take: what the system has, within its cgroup's (v2) limits."""
    import psutil  # what only looks at models does without

    free = psutil.virtual_memory().available
    return max(min([free, *_cgroup_headrooms(cgroups, membership)]), 0)


# -- options -----------------------------------------------------------------------------------


def _check_ranges(options: Options) -> None:
    for name, (low, high) in _RANGES.items():
        value: int | None = getattr(options, name)
        if value is not None and not low <= value <= high:
            raise OptionError(f'option "{name}" must be between {low} and {high}, not {value}')


def _num_ctx(options: Options, default: int, trained: int, least: int) -> int:
    asked = max(default if options.num_ctx is None else options.num_ctx, least)
    if 0 < trained < asked:
        if asked == options.num_ctx:
            logger.warning(
                "num_ctx %d is more than the model's %d; using %d", asked, trained, trained
            )
        asked = trained
    return max(asked, MIN_CONTEXT)


def _kv_type(name: str, metadata: Mapping[str, Any], architecture: str) -> int:
    """The type that is set, or F16 for a model whose heads are no whole blocks of it."""
    if name not in KV_TYPES:
        raise OptionError(f'kv_cache_type must be one of {", ".join(KV_TYPES)}, not "{name}"')
    wanted = KV_TYPES[name]
    block, _ = gguf.TENSOR_TYPES[wanted]
    if any(width % block for width in _widths(metadata, architecture)):
        logger.info("heads of this %s do not fit a cache of %s; it is f16", architecture, name)
        return _F16
    return wanted


def _parallel(wanted: int, cache: int, room: int) -> int:
    if wanted > 0:
        return min(wanted, MAX_PARALLEL)
    return next((count for count in _AUTOMATIC_PARALLEL if count * cache <= room), 1)


def _num_batch(wanted: int | None, num_ctx: int, parallel: int, *, is_embedding: bool) -> int:
    if is_embedding:
        # A text must fit into one batch, so the window is rounded up and not down.
        window = -(-num_ctx // BATCH_STEP) * BATCH_STEP
        return _in_steps(min(wanted or DEFAULT_EMBEDDING_BATCH, window))
    return _in_steps(min(wanted or DEFAULT_BATCH, num_ctx * parallel))


def _in_steps(size: int) -> int:
    # The library rounds a context up to 256 tokens, so the smallest batch fits every window.
    return max(size // BATCH_STEP * BATCH_STEP, BATCH_STEP)


# -- metadata ----------------------------------------------------------------------------------
# A model file is untrusted: a value of another kind counts as absent.


def _natural(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        return None
    return value


def _whole(metadata: Mapping[str, Any], key: str, default: int = 0) -> int:
    value = _natural(metadata.get(key))
    return default if value is None else value


def _per_layer(metadata: Mapping[str, Any], key: str) -> int | list[int] | None:
    """One count for all layers, or one for each."""
    value = metadata.get(key)
    if isinstance(value, str | bytes) or not isinstance(value, Sequence):
        return _natural(value)
    return [_natural(item) or 0 for item in value]


def _largest(counts: int | list[int] | None) -> int:
    return max(counts, default=0) if isinstance(counts, list) else counts or 0


def _sum(counts: int | list[int] | None, layers: int) -> int:
    return sum(counts[:layers]) if isinstance(counts, list) else (counts or 0) * layers


# -- the system --------------------------------------------------------------------------------


def _cgroup_headrooms(cgroups: Path, membership: Path) -> list[int]:
    """What the process's own cgroup and each of its parents still allow."""
    own = _own_cgroup(membership)
    if own is None:
        return []
    folders = [cgroups / own, *(cgroups / parent for parent in own.parents)]
    rooms = (_headroom(folder) for folder in folders)
    return [room for room in rooms if room is not None]


def _own_cgroup(membership: Path) -> Path | None:
    found = re.search(r"^0::/(.*)$", _text(membership), re.MULTILINE)
    return Path(found[1]) if found else None


def _headroom(folder: Path) -> int | None:
    limit, used = _text(folder / "memory.max").strip(), _text(folder / "memory.current").strip()
    if not (limit.isdecimal() and used.isdecimal()):
        return None  # "max", or no such controller
    # Pages of files that nobody uses now are given up before anybody is refused memory.
    reclaimable = re.search(r"^inactive_file (\d+)$", _text(folder / "memory.stat"), re.MULTILINE)
    return int(limit) - int(used) + (int(reclaimable[1]) if reclaimable else 0)


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""


def _gib(count: int) -> str:
    return f"{count / 2**30:.1f} GiB"

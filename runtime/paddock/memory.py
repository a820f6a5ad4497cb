"""How large a model may be loaded: its window, its parallel sequences, its batch. Knows GGUF
metadata, options and free memory as values; loads nothing.

`plan` answers the LoadSpec of a request. The devices' own share, layer by layer, is the library's.
"""

import logging
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Protocol

from paddock.api import LOAD_OPTIONS, Options
from paddock.engine.backend import LoadSpec
from paddock.errors import OptionError, OutOfMemoryError

logger = logging.getLogger(__name__)

DEFAULT_CONTEXT: Final = 4096
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
_BYTES_PER_ELEMENT: Final = 2  # f16

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
    has_gpu: bool = False,
    adapters: Sequence[Path] = (),
    projectors: Sequence[Path] = (),
) -> LoadSpec:
    """How to load `weights` for a request; `options` are its own over those of its model.

    Raises OptionError for a value that no load could honour.
    """
    _check_ranges(options)
    num_ctx = _num_ctx(options, settings, _whole(metadata, f"{architecture}.context_length"))
    per_token = kv_bytes_per_token(metadata, architecture)
    room = max(available_memory - weights_size, 0) // _CACHE_SHARE
    parallel = 1 if is_embedding else _parallel(settings.num_parallel, num_ctx * per_token, room)
    if num_ctx * parallel > MAX_CELLS:
        raise OptionError(
            f'option "num_ctx" must be at most {MAX_CELLS // parallel} with {parallel} parallel '
            f"sequences, not {num_ctx}"
        )
    num_gpu = -1 if options.num_gpu is None else max(options.num_gpu, -1)
    on_cpu = num_gpu == 0 or not has_gpu
    return LoadSpec(
        weights=weights,
        num_ctx=num_ctx,
        parallel=parallel,
        num_batch=_num_batch(options.num_batch, num_ctx, parallel, is_embedding=is_embedding),
        num_gpu=num_gpu,
        main_gpu=options.main_gpu,
        # Reference: without a GPU the file is read, not mapped.
        use_mmap=not on_cpu if options.use_mmap is None else options.use_mmap,
        num_thread=options.num_thread or 0,
        adapters=tuple(adapters),
        projectors=tuple(projectors),
    )


def explicit(options: Options) -> frozenset[str]:
    """The load options that are set; only these can make a loaded model unfit for a request."""
    return LOAD_OPTIONS & options.model_dump(exclude_none=True).keys()


def require_room(
    spec: LoadSpec, metadata: Mapping[str, Any], architecture: str, *, available_memory: int
) -> None:
    """Refuse, before a load without GPU, a cache for which there is no memory.

    The system would end the process rather than fail the allocation. Raises OutOfMemoryError.
    """
    cells = spec.num_ctx * spec.parallel
    needed = cells * kv_bytes_per_token(metadata, architecture)
    if needed > available_memory:
        raise OutOfMemoryError(
            f"a context of {spec.num_ctx} tokens for {spec.parallel} parallel sequences needs "
            f"{_gib(needed)} of memory, {_gib(available_memory)} are available; "
            "set a smaller num_ctx or fewer parallel sequences"
        )


def kv_bytes_per_token(metadata: Mapping[str, Any], architecture: str) -> int:
    """Bytes of cache that one token of one sequence takes, keys and values of all layers in f16."""
    heads = _per_layer(metadata, f"{architecture}.attention.head_count")
    kv_heads = _per_layer(metadata, f"{architecture}.attention.head_count_kv")
    layers = _whole(metadata, f"{architecture}.block_count")
    width = _whole(metadata, f"{architecture}.embedding_length") // max(_largest(heads), 1)
    key = _whole(metadata, f"{architecture}.attention.key_length", width)
    value = _whole(metadata, f"{architecture}.attention.value_length", width)
    count = _sum(heads if kv_heads is None else kv_heads, layers)
    return count * (key + value) * _BYTES_PER_ELEMENT


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


def _num_ctx(options: Options, settings: Limits, trained: int) -> int:
    asked = options.num_ctx
    if asked is None:
        asked = settings.context_length or DEFAULT_CONTEXT
    if 0 < trained < asked:
        if options.num_ctx is not None:
            logger.warning(
                "num_ctx %d is more than the model's %d; using %d", asked, trained, trained
            )
        asked = trained
    return max(asked, MIN_CONTEXT)


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

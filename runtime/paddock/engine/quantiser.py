"""Writes a model again with other tensor types, through the library's quantiser. Knows one call of
C and what must hold before it; which types there are stands in `convert.quantisation`.
"""

import ctypes
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from paddock import gguf
from paddock.convert import quantisation
from paddock.engine import llama
from paddock.errors import LoadError, StoreError

_MAX_BUFFER: Final = 256 * 2**20
"""Bytes of a tensor held at once, in slabs of rows; the result does not depend on it."""

_F16: Final = 1
_Q8_0: Final = 8
_LATENT: Final = ("attn_k_b", "attn_q_a", "attn_q_b", "attn_v_b", "attn_kv_a_mqa")
_KEPT: Final[Mapping[str, Mapping[str, int]]] = {
    "qwen35": {r"nextn\.eh_proj": _Q8_0},
    "qwen35moe": {r"nextn\.eh_proj": _Q8_0},
    "gemma3n": {"per_layer_token_embd": _F16},
    "deepseek2": {rf"\.{name}\.": _Q8_0 for name in _LATENT},
    "glm4": {"^token_embd": _F16, r"^output\.": _F16},
    "glmocr": {"^token_embd": _F16, r"^output\.": _F16},
}
"""Architecture -> tensors (regular expressions) that the Q4_K types leave more precise.
Reference behaviour."""


def quantise(source: Path, target: Path, kind: str, *, num_thread: int = 0) -> None:
    """Write the model of the GGUF `source` to `target` as `kind`: a name of
    `quantisation.QUANTISATIONS` or an alias, in any case. `num_thread` 0: one per physical core.

    UnsupportedError for a type that cannot be written, RequestError or GGUFError for a file that
    cannot be quantised, LoadError or StoreError when the library gives up; `target` is then as
    before. Equal files give equal bytes, whatever the number of threads.
    """
    name = quantisation.parse(kind)
    header = gguf.read(source)
    quantisation.check(header)
    partial = target.with_name(target.name + ".partial")
    try:
        _run(header, partial, name, num_thread or llama.default_threads())
        gguf.read(partial)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def _run(header: gguf.GGUF, target: Path, name: str, threads: int) -> None:
    import llama_cpp  # after engine.llama, which says what to do when it is missing

    params: Any = llama_cpp.llama_model_quantize_default_params()
    params.ftype = quantisation.QUANTISATIONS[name]
    params.nthread = threads
    params.max_buf_size = _MAX_BUFFER
    kept = _KEPT.get(header.architecture, {}) if name.startswith("Q4_K") else {}
    # The array must outlive the call; an entry without a pattern ends it.
    overrides = (llama_cpp.llama_model_tensor_override * (len(kept) + 1))(
        *((pattern.encode(), kind) for pattern, kind in kept.items())
    )
    if kept:
        params.tt_overrides = overrides
    llama.native_log.begin()
    failed = llama_cpp.llama_model_quantize(
        os.fsencode(header.path), os.fsencode(target), ctypes.pointer(params)
    )
    if failed:
        raise _error(header.path, target, name, llama.native_log.reason())


def _error(source: Path, target: Path, name: str, detail: str) -> StoreError | LoadError:
    if "iostream" in detail or "ios_base" in detail:
        return StoreError(
            f"{target.parent}: cannot write; free some space or choose another folder"
        )
    return LoadError(
        f"cannot quantise {source.name} to {name}: {detail or 'the library gave no reason'}"
    )

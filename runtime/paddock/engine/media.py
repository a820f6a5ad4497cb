"""Pictures to rows, through libmtmd. Owns one projector over a model's weights; knows no prompt.

Encoding takes seconds, so it happens on the thread of the request and never on the engine's; one at
a time, in turn. What strangers wrote into the projector's file is checked by `paddock.vision`
before.
"""

import ctypes
import hashlib
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np
from llama_cpp import mtmd_cpp

from paddock.engine import pixels
from paddock.engine.llama import Footprint, Weights, default_threads, native_log, receive_log
from paddock.engine.picture import Grid, Picture, Piece
from paddock.errors import EngineClosedError, ProjectorError, QueueFullError, RequestError

mtmd: Any = mtmd_cpp  # whose annotations ask for arrays where C takes pointers
mtmd.mtmd_log_set(receive_log, ctypes.c_void_p(0))

_MARKER: Final = b"<__media__>"
_TEXT, _IMAGE = 0, 1
"""Kinds of chunks as the library counts them."""
KEPT_BYTES: Final = 256 << 20
"""Rows of the last pictures are kept up to this size: agents send them again every turn."""
KEPT_MARKS: Final = 1 << 16
"""Pictures whose marks are remembered, at some 100 bytes each."""


class Projector:
    """Turns the files of pictures into rows. Every method may be called from any thread."""

    def __init__(
        self, weights: Weights, path: Path, *, use_gpu: bool = False, max_queue: int = 512
    ) -> None:
        """Raises ProjectorError with the library's words."""
        self._weights = weights
        self._turn = threading.Lock()
        self._places = threading.BoundedSemaphore(max_queue + 1)
        self._kept: OrderedDict[bytes, list[Piece]] = OrderedDict()
        self._kept_bytes = 0
        self._marks: OrderedDict[bytes, int] = OrderedDict()
        self._next_mark = -1
        params = mtmd.mtmd_context_params_default()
        params.use_gpu = use_gpu
        params.print_timings = False
        params.warmup = False
        params.media_marker = _MARKER
        params.n_threads = weights.spec.num_thread or default_threads()
        params.image_min_tokens = weights.spec.image_min_tokens
        native_log.begin()
        self._context: Any = mtmd.mtmd_init_from_file(os.fsencode(path), weights.model, params)
        if not self._context:
            # Its words name the file with its folder, which is nobody's business.
            reason = native_log.reason().replace(os.fspath(path), path.name)
            raise ProjectorError(
                f"cannot read the projector {path.name}: {reason or 'the library gave no reason'}"
            )
        if not mtmd.mtmd_support_vision(self._context):
            self.close()
            raise ProjectorError(f"the projector {path.name} has no encoder for images")
        self._has_grid = bool(mtmd.mtmd_decode_use_mrope(self._context))
        size = path.stat().st_size
        self._weights_footprint = Footprint(size, size if use_gpu else 0)
        self.footprint = self._weights_footprint

    def encode(self, file: bytes, check: Callable[[], None] = lambda: None) -> list[Piece]:
        """What stands in a prompt for the picture in a file.

        `check` is called once it is this picture's turn, and may raise what ends the waiting.
        Raises RequestError for a file that is no picture, UnsupportedError for a sound,
        QueueFullError, EngineClosedError.
        """
        digest = hashlib.sha256(file).digest()
        with self._one_at_a_time():
            check()
            kept = self._kept.get(digest)
            if kept is None:
                kept = self._encode(digest, pixels.read(file))
                self._keep(digest, kept)
            else:
                self._kept.move_to_end(digest)
            return kept

    @contextmanager
    def _one_at_a_time(self) -> Generator[None, None, None]:
        if not self._places.acquire(blocking=False):
            raise QueueFullError
        try:
            with self._turn:
                if self._context is None:
                    raise EngineClosedError("the model was unloaded; repeat the request")
                yield
        finally:
            self._places.release()

    def _keep(self, digest: bytes, pieces: list[Piece]) -> None:
        self._kept[digest] = pieces
        self._kept_bytes += _size(pieces)
        while self._kept_bytes > KEPT_BYTES:
            _, oldest = self._kept.popitem(last=False)
            self._kept_bytes -= _size(oldest)

    def _encode(self, digest: bytes, image: pixels.Pixels) -> list[Piece]:
        native_log.begin()
        with ExitStack() as freed:
            chunks = self._chunks(image, freed)
            count = int(mtmd.mtmd_input_chunks_size(chunks))
            marks = iter(self._marks_of(digest, count))
            pieces = [
                self._piece(mtmd.mtmd_input_chunks_get(chunks, index), next(marks))
                for index in range(count)
            ]
        self.footprint = self._weights_footprint + Footprint.announced()
        return pieces

    def _chunks(self, image: pixels.Pixels, freed: ExitStack) -> Any:
        height, width, _ = image.shape
        data = image.ctypes.data_as(ctypes.POINTER(ctypes.c_uint8))
        bitmap: Any = mtmd.mtmd_bitmap_init(width, height, data)
        freed.callback(mtmd.mtmd_bitmap_free, bitmap)
        chunks: Any = mtmd.mtmd_input_chunks_init()
        freed.callback(mtmd.mtmd_input_chunks_free, chunks)
        text = mtmd.mtmd_input_text(_MARKER, len(_MARKER), False, True)
        bitmaps = (mtmd.mtmd_bitmap_p_ctypes * 1)(bitmap)
        if mtmd.mtmd_tokenize(self._context, chunks, ctypes.byref(text), bitmaps, 1) != 0:
            raise RequestError(
                f"an image of {width} x {height} pixels cannot be prepared for the model"
                f"{_reason()}; try another size"
            )
        return chunks

    def _marks_of(self, digest: bytes, count: int) -> range:
        """A number for each chunk, which nothing but this picture ever has."""
        first = self._marks.get(digest)
        if first is None:
            first = self._marks[digest] = self._next_mark
            self._next_mark -= count
        self._marks.move_to_end(digest)
        while len(self._marks) > KEPT_MARKS:
            self._marks.popitem(last=False)
        return range(first, first - count, -1)

    def _piece(self, chunk: Any, mark: int) -> Piece:
        kind = mtmd.mtmd_input_chunk_get_type(chunk)
        if kind == _TEXT:
            size = ctypes.c_size_t()
            tokens = mtmd.mtmd_input_chunk_get_tokens_text(chunk, ctypes.byref(size))
            return list(tokens[: size.value])
        if kind != _IMAGE:
            raise ProjectorError(f"the projector made a piece of the unknown kind {kind}")
        return self._picture(chunk, mark)

    def _picture(self, chunk: Any, mark: int) -> Picture:
        if mtmd.mtmd_encode_chunk(self._context, chunk) != 0:
            raise ProjectorError(f"an image cannot be encoded{_reason()}")
        shape = int(mtmd.mtmd_input_chunk_get_n_tokens(chunk)), self._weights.n_embd_input
        rows = np.ctypeslib.as_array(mtmd.mtmd_get_output_embd(self._context), shape=shape)
        rows = rows.astype(np.float32, copy=True)
        if not np.isfinite(rows).all():
            raise ProjectorError("the projector made numbers that are not finite of an image")
        return Picture(
            mark,
            rows,
            is_causal=not mtmd.mtmd_decode_use_non_causal(self._context, chunk),
            grid=self._grid(chunk) if self._has_grid else None,
        )

    def _grid(self, chunk: Any) -> Grid:
        tokens = mtmd.mtmd_input_chunk_get_tokens_image(chunk)
        count = int(mtmd.mtmd_input_chunk_get_n_tokens(chunk))
        at_zero, at_one = (
            np.array([_parts(tokens, start, row) for row in range(count)], np.int32).T
            for start in (0, 1)
        )
        extent = int(mtmd.mtmd_input_chunk_get_n_pos(chunk))
        return Grid(at_zero, at_one - at_zero, extent)

    def close(self) -> None:
        """Free the encoder, after what is under way. Idempotent."""
        with self._turn:
            context, self._context = self._context, None
            self._kept.clear()
        if context is not None:
            mtmd.mtmd_free(context)


def _parts(tokens: Any, start: int, row: int) -> tuple[int, int, int, int]:
    """A row's position in the order of the batch: time, down, across, the rest."""
    position = mtmd.mtmd_image_tokens_get_decoder_pos(tokens, start, row)
    return position.t, position.y, position.x, position.z


def _size(pieces: list[Piece]) -> int:
    return sum(piece.rows.nbytes for piece in pieces if isinstance(piece, Picture))


def _reason() -> str:
    reason = native_log.reason()
    return f" ({reason})" if reason else ""

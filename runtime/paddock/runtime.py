"""Runtime: the one place that joins store, scheduler, engine and answers.

Each method takes a request object and returns a Stream (or, for what only looks at the store, the
response). Nothing here blocks the caller of a Stream: resolving, loading, rendering and tokenising
run on other threads, so that an event loop never waits and a slow load holds up nobody else.
"""

import atexit
import logging
import os
import threading
import time
import weakref
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar
from uuid import UUID

from paddock import bundled, gguf, memory, respond
from paddock.api import (
    ChatRequest,
    ChatResponse,
    CopyRequest,
    CreateRequest,
    DeleteRequest,
    EmbeddingsRequest,
    EmbeddingsResponse,
    EmbedRequest,
    EmbedResponse,
    GenerateRequest,
    GenerateResponse,
    ListResponse,
    Options,
    ProcessResponse,
    ProgressResponse,
    PullRequest,
    PushRequest,
    RerankRequest,
    RerankResponse,
    ShowRequest,
    ShowResponse,
    StatusResponse,
)
from paddock.engine.backend import LoadSpec
from paddock.errors import EngineClosedError, StoreError
from paddock.models import Model, Models
from paddock.names import ModelName
from paddock.scheduler import Lease, Row, Scheduler
from paddock.settings import Settings
from paddock.store.local import LocalStore
from paddock.stream import Cancelled, Channel, Named, Plain, Reader, Stream

if TYPE_CHECKING:
    from paddock.calls import Call
    from paddock.engine.llama import Weights
    from paddock.engine.loaded import LoadedModel
    from paddock.store.transfer import Stop

logger = logging.getLogger(__name__)
T = TypeVar("T")
Report = Callable[[ProgressResponse], None]

_CLOSED = "the runtime was closed; make a new one"
_WORKERS = min(32, (os.cpu_count() or 1) + 4)
_runtimes: "weakref.WeakSet[Runtime]" = weakref.WeakSet()
_inherited: list[object] = []
"""What a forked child got from its parent: never used again, and never freed, since the threads
that own it do not exist here."""


class Runtime:
    """Models by name, loaded on demand, shared by everything in the process.

    `models` is the models folder (default: PADDOCK_MODELS, OLLAMA_MODELS, ~/.paddock/models). Every
    method may be called from any thread or event loop. After a fork the child starts afresh. Close
    it, or leave its `with` block, to give all memory back; it also closes when the interpreter
    exits.
    """

    _default: ClassVar["Runtime | None"] = None
    _default_lock: ClassVar[threading.Lock] = threading.Lock()

    def __init__(
        self, models: str | Path | None = None, *, settings: Settings | None = None
    ) -> None:
        self.settings = settings or Settings()
        root = Path(models).expanduser() if models is not None else self.settings.models
        # Not set is not the same as true: then the template that offers more is in use.
        is_set = "go_template" in self.settings.stated
        self.models = Models(
            LocalStore(root, read_only=self.settings.models_read_only),
            layers_count=self.settings.go_template if is_set else None,
            provided=lambda name: bundled.provided(self.models, name),
        )
        self._closed = False
        self._open()
        _runtimes.add(self)

    def _open(self) -> None:
        """What belongs to this process alone: threads, locks, loaded models."""
        self._pool = ThreadPoolExecutor(_WORKERS, "paddock-worker")
        self._scheduler: Scheduler[LoadedModel, Model] = Scheduler(
            self._load,
            keep_alive=self.settings.keep_alive,
            max_loaded=self.settings.max_loaded_models,
            max_queue=self.settings.max_queue,
        )
        self._vocabularies: dict[str, Weights] = {}
        self._vocabulary_lock = threading.Lock()
        self._transfers: set[Stop] = set()
        self._named = Named()
        self._cleaned = False
        self._clean_lock = threading.Lock()

    @classmethod
    def default(cls) -> "Runtime":
        """The one runtime that clients and adapters of this process share unless given another."""
        with cls._default_lock:
            if cls._default is None or cls._default._closed:
                cls._default = cls()
            return cls._default

    # -- answers --

    # What serves them brings numpy and jinja2, which listing models does not need: each `call`
    # runs, and imports, on a worker.

    def chat(self, request: ChatRequest) -> Stream[ChatResponse]:
        """Answer a conversation. No messages: load the model, or unload it with keep_alive 0."""

        def call(channel: Channel) -> "Call[Any]":
            from paddock.calls import ChatCall

            return ChatCall(self, request, channel)

        reader = respond.ChatReader(request.model)
        return self._answer(call, reader, respond.fold_chat, request.request_id)

    def generate(self, request: GenerateRequest) -> Stream[GenerateResponse]:
        """Go on from a prompt. No prompt: load the model, or unload it with keep_alive 0."""

        def call(channel: Channel) -> "Call[Any]":
            from paddock.calls import GenerateCall

            return GenerateCall(self, request, channel)

        reader = respond.GenerateReader(request.model)
        return self._answer(call, reader, respond.fold_generate, request.request_id)

    def cancel(self, request_id: str | UUID) -> bool:
        """End the answers to chat and generate requests of this `request_id`, from any thread.

        Each ends before its next step, with what there is of it and the `done_reason` "cancelled",
        whoever waits for it. Requests of one id end together. False if none was under way.
        """
        return self._named.call_off(str(request_id))

    def embed(self, request: EmbedRequest) -> Stream[EmbedResponse]:
        """L2-normalised vectors, in the order of the inputs."""

        def call(channel: Channel) -> "Call[Any]":
            from paddock.embed_calls import EmbedCall

            return EmbedCall(self, request, channel)

        return self._answer(call, Plain(), respond.fold_last)

    def embeddings(self, request: EmbeddingsRequest) -> Stream[EmbeddingsResponse]:
        """The vector of one prompt as the model pools it; empty for an empty prompt."""

        def call(channel: Channel) -> "Call[Any]":
            from paddock.embed_calls import EmbeddingsCall

            return EmbeddingsCall(self, request, channel)

        return self._answer(call, Plain(), respond.fold_last)

    def rerank(self, request: RerankRequest) -> Stream[RerankResponse]:
        """Documents in the order in which they answer the query, each with a score.

        The score is the logistic function of the model's logit, from 0 to 1, or the probability of
        "yes" where the model gives one; with `raw_scores` it is the model's own number. Raises
        UnsupportedError for a model that does not rerank.
        """

        def call(channel: Channel) -> "Call[Any]":
            from paddock.rerank_calls import RerankCall

            return RerankCall(self, request, channel)

        return self._answer(call, Plain(), respond.fold_last)

    def create(
        self, request: CreateRequest, *, local_files: bool = True, over_http: bool = False
    ) -> Stream[ProgressResponse]:
        """Make a model, of which a base that is not there is pulled; the parts tell the progress.

        Without `local_files`, for requests of others, no file but blobs of the store is read. What
        comes `over_http` is taken as the reference does: `from` names no file, and parameters are
        stored unchecked.
        """
        prune = not self.settings.noprune

        def work(report: Report, stop: "Stop") -> None:
            from paddock.creation import create

            def pull(name: ModelName, progress: Report) -> ModelName:
                from paddock.store import registry

                if bundled.is_meant(name.short):
                    return ModelName.parse(bundled.provided(self.models, name.short))
                return registry.pull(self.models.store, name.full, progress, stop, prune=prune)

            create(
                self.models,
                request,
                report,
                local_files=local_files,
                over_http=over_http,
                prune=prune,
                pull=pull,
            )

        return self._transfer(work, writes=True, stream=request.stream)

    def pull(self, request: PullRequest) -> Stream[ProgressResponse]:
        """Fetch a model from its registry; the parts tell the progress.

        The one that comes with the package needs no registry.
        """

        def work(report: Report, stop: "Stop") -> None:
            from paddock.store import registry

            if bundled.is_meant(request.model):
                bundled.provided(self.models, request.model)
                report(ProgressResponse(status="success"))
                return
            registry.pull(
                self.models.store,
                request.model,
                report,
                stop,
                insecure=bool(request.insecure),
                prune=not self.settings.noprune,
            )

        return self._transfer(work, writes=True, stream=request.stream)

    def push(self, request: PushRequest) -> Stream[ProgressResponse]:
        """Bring a model to the registry that its name tells; the parts tell the progress."""

        def work(report: Report, stop: "Stop") -> None:
            from paddock.store import registry

            insecure = bool(request.insecure)
            registry.push(self.models.store, request.model, report, stop, insecure=insecure)

        return self._transfer(work, stream=request.stream)

    def export(self, model: str, path: str | Path) -> Stream[ProgressResponse]:
        """Write a model of the store to one file, for a machine without a network."""

        def work(report: Report, stop: "Stop") -> None:
            from paddock.store import archive

            archive.export(self.models.store, self.resolve(model).name, Path(path), report, stop)

        return self._transfer(work)

    def import_(self, path: str | Path, model: str | None = None) -> Stream[ProgressResponse]:
        """Read what `export` wrote, as the model it was or under another name."""

        def work(report: Report, stop: "Stop") -> None:
            from paddock.store import archive

            name = ModelName.parse(model) if model else None
            archive.import_(self.models.store, Path(path), report, stop, name=name)

        return self._transfer(work, writes=True)

    def _transfer(
        self,
        work: "Callable[[Report, Stop], None]",
        *,
        writes: bool = False,
        stream: bool | None = None,
    ) -> Stream[ProgressResponse]:
        """On a thread of its own: it may last for hours, and answers need the workers."""
        from paddock.store.transfer import Stop

        channel, stop = Channel(), Stop()
        channel.on_cancel(stop.set)

        def report(progress: ProgressResponse) -> None:
            stop.check()
            # Who waits for the end alone takes nothing until then: hours of it would pile up.
            if stream is not False or progress.digest is None:
                channel.put(progress)

        def guarded() -> None:
            try:
                if writes:
                    self.clean()
                work(report, stop)
                channel.finish()
            except Cancelled:
                if self._closed:
                    channel.fail(EngineClosedError(_CLOSED))
            except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
                channel.fail(error)
            finally:
                self._transfers.discard(stop)

        if self._closed:
            channel.fail(EngineClosedError(_CLOSED))
        else:
            self._transfers.add(stop)
            # A daemon: what has come is on disk, so the interpreter may end at any moment.
            threading.Thread(target=guarded, name="paddock-transfer", daemon=True).start()
        return Stream(channel, Plain(), respond.fold_last)

    def _answer(
        self,
        call: "Callable[[Channel], Call[Any]]",
        reader: Reader[T],
        fold: Callable[[list[T]], T],
        request_id: str | None = None,
    ) -> Stream[T]:
        channel = self._named.channel(request_id)
        self.run(channel, lambda: call(channel).start())
        return Stream(channel, reader, fold)

    # -- the store --

    def create_blob(self, path: str | Path) -> str:
        """Put a file into the store; its digest, for `files` of a create request."""
        return self.models.store.put_file(Path(path).expanduser()).digest

    def clean(self) -> None:
        """Delete what interrupted work left in the store over an hour ago, once per runtime.

        Happens before the first pull, create or import; not at all with PADDOCK_NOPRUNE.
        """
        with self._clean_lock:
            if self._cleaned or self.settings.noprune:
                return
            self._cleaned = True
            from paddock.store import upkeep

            try:
                upkeep.clean(self.models.store, time.time())
            except StoreError as error:
                logger.warning("the store was not cleaned: %s", error)

    def list(self) -> ListResponse:
        """The models in the store, newest first."""
        return self.models.list()

    def show(self, request: ShowRequest) -> ShowResponse:
        name = bundled.provided(self.models, request.model)
        return self.models.show(
            name, verbose=bool(request.verbose), system=request.system, options=request.options
        )

    def copy(self, request: CopyRequest) -> StatusResponse:
        self.models.copy(bundled.provided(self.models, request.source), request.destination)
        return StatusResponse(status="success")

    def delete(self, request: DeleteRequest) -> StatusResponse:
        """Remove a name; a model of it that is loaded goes when it is idle."""
        model = self.models.delete(request.model)
        if model and model.weights and not model.weights.is_file():
            self.unload(model)  # no other name has these weights
        return StatusResponse(status="success")

    # -- loaded models --

    def ps(self) -> ProcessResponse:
        """The loaded models, the one that stays longest first."""
        return ProcessResponse(models=[_process(row) for row in self._scheduler.ps()])

    def tokenize(self, model: str, text: str, *, special: bool = False) -> "list[int]":
        """Token ids of a text, with the model's own special tokens around it if `special`.

        Reads the model's vocabulary; its weights are not loaded.
        """
        return self._vocabulary(model).tokenize(text, special=special)

    def detokenize(self, model: str, tokens: Sequence[int]) -> str:
        """The text that tokens stand for; special ones as they are written, half a character as �.

        Texts of tokens put together are the text of all of them, so a vocabulary that marks the
        beginnings of words gives a blank in front. Raises RequestError for what is no token.
        """
        return self._vocabulary(model).detokenize(tokens, special=True)

    def _vocabulary(self, model: str) -> "Weights":
        """The model's vocabulary alone, which is read once."""
        resolved = self.resolve(model)
        _ = resolved.gguf  # checked before native code sees the file
        assert resolved.weights is not None
        with self._vocabulary_lock:
            if self._closed:
                raise EngineClosedError(_CLOSED)
            if resolved.weights_digest not in self._vocabularies:
                self._vocabularies[resolved.weights_digest] = _open_vocabulary(resolved.weights)
            return self._vocabularies[resolved.weights_digest]

    def count_tokens(self, model: str, text: str) -> int:
        """Tokens that a raw prompt of this text has, special tokens included."""
        return len(self.tokenize(model, text, special=True))

    def count_prompt(self, request: ChatRequest) -> int:
        """Tokens of the prompt that a chat makes: its `prompt_eval_count`, were nothing cut.

        Reads the model's vocabulary; its weights are not loaded. Images do not count.
        """
        from paddock.calls import ChatCall

        return ChatCall(self, request, Channel()).count(self._vocabulary(request.model))

    def close(self) -> None:
        """Unload everything; what still runs fails with EngineClosedError. Idempotent."""
        self._closed = True
        for stop in list(self._transfers):
            stop.set()
        self._scheduler.close()
        self._pool.shutdown(wait=False)
        with self._vocabulary_lock:
            for vocabulary in self._vocabularies.values():
                vocabulary.close()
            self._vocabularies.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- what calls need (see calls.Host) --

    def resolve(self, name: str) -> Model:
        return self.models.resolve(bundled.provided(self.models, name))

    def lease(
        self, model: Model, options: Options, keep_alive: int | None
    ) -> "Future[Lease[LoadedModel]]":
        return self._scheduler.acquire(
            model.weights_digest,
            model,
            self._plan(model, options),
            wants=memory.explicit(options),
            keep_alive=keep_alive,
        )

    def unload(self, model: Model) -> None:
        self._scheduler.unload(model.weights_digest)

    def run(self, channel: Channel, work: Callable[[], None], *, apart: bool = False) -> None:
        def guarded() -> None:
            try:
                work()
            except Cancelled:
                logger.debug("the caller left before its request began")
            except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
                channel.fail(error)

        if apart:
            threading.Thread(target=guarded, name="paddock-call", daemon=True).start()
            return
        try:
            self._pool.submit(guarded)
        except RuntimeError:
            channel.fail(EngineClosedError(_CLOSED))

    def _plan(self, model: Model, options: Options) -> LoadSpec:
        header, _ = model.gguf, model.parts  # checked before native code sees the files
        assert model.weights is not None
        return memory.plan(
            model.weights,
            header.metadata,
            header.architecture,
            options=options,
            settings=self.settings,
            available_memory=memory.available_memory(),
            weights_size=_size(model.weights, *model.projectors[:1]),
            is_embedding="embedding" in model.capabilities,
            is_vision="vision" in model.capabilities,
            has_gpu=_has_gpu(),
            gpus=_gpus(),
            adapters=model.adapters,
            projectors=model.projectors,
        )

    def _load(self, spec: LoadSpec) -> "LoadedModel":
        from paddock.engine.loaded import LoadedModel

        if not _has_gpu():
            header = gguf.read(spec.weights)
            memory.require_room(
                spec,
                header.metadata,
                header.architecture,
                available_memory=memory.available_memory(),
                weights_size=_size(spec.weights, *spec.projectors[:1]),
            )
        return LoadedModel(
            spec, max_queue=self.settings.max_queue, is_wanted=lambda: not self._closed
        )

    # -- processes --

    @classmethod
    def after_fork_in_child(cls) -> None:
        """Start afresh: the threads that own what was inherited exist in the parent only."""
        cls._default_lock = threading.Lock()
        for runtime in list(_runtimes):
            _inherited.extend((runtime._pool, runtime._scheduler, runtime._vocabularies))
            if not runtime._closed:
                runtime._open()


def _size(*files: Path) -> int:
    """Bytes of all of them."""
    return sum(file.stat().st_size for file in files)


@lru_cache(maxsize=1)
def _has_gpu() -> bool:
    from paddock.engine.llama import supports_gpu

    return supports_gpu()


@lru_cache(maxsize=1)
def _gpus() -> tuple[int, ...]:
    from paddock.engine.llama import gpus

    return gpus() if _has_gpu() else ()


def _open_vocabulary(weights: Path) -> "Weights":
    from paddock.engine.llama import Weights

    return Weights(LoadSpec(weights, num_ctx=0), vocab_only=True)


def _process(row: "Row[Model]") -> ProcessResponse.Model:
    model, spec = row.name, row.spec
    return ProcessResponse.Model(
        name=model.name.short,
        model=model.name.short,
        size=row.size,
        digest=model.digest,
        details=model.details(),
        expires_at=row.expires_at,
        size_vram=row.size_vram,
        context_length=spec.num_ctx,
        parallel=spec.parallel,
        loads=row.loads,
        reason=row.reason,
    )


def _at_exit() -> None:
    # Native threads must not run into the interpreter's end.
    for runtime in list(_runtimes):
        runtime.close()


atexit.register(_at_exit)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=Runtime.after_fork_in_child)

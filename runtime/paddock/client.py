"""Client and AsyncClient: the calls of the official `ollama` client, answered in this process or,
where a host is named, by a server.

Knows keyword arguments and which request they make; the work is the Runtime's, or the
RemoteRuntime's, which has the same calls. Knows no HTTP.
"""

import asyncio
import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal, Self, TypedDict, TypeVar, Unpack, overload
from uuid import UUID

from pydantic import BaseModel

from paddock._tools import tool_from
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
    Image,
    ListResponse,
    Message,
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
    Tool,
    Wire,
    build,
)
from paddock.errors import RequestError, UnsupportedError
from paddock.remote import RemoteRuntime, routes
from paddock.remote.routes import Route
from paddock.runtime import Runtime
from paddock.stream import Errand, Plain, Stream

R = TypeVar("R", bound=Wire)
AnyRuntime = Runtime | RemoteRuntime
Messages = Sequence[Mapping[str, Any] | Message]
AnyOptions = Mapping[str, Any] | Options


# -- keyword arguments, named once for both clients ------------------------------------------------


class RunFields(TypedDict, total=False):
    """Keyword arguments that chat and generate share."""

    think: bool | Literal["low", "medium", "high", "max"] | None
    logprobs: bool | None
    top_logprobs: int | None
    format: Literal["", "json"] | dict[str, Any] | None
    options: AnyOptions | None
    keep_alive: float | str | None
    # paddock's own
    truncate: bool | None
    shift: bool | None
    grammar: str | None
    choices: Sequence[str] | None
    logit_bias: Mapping[int, float] | None
    timeout: float | None
    cut: Literal["messages", "tokens"] | None
    cancel: Any
    request_id: str | UUID | None
    debug_render_only: bool | None


class ChatFields(RunFields, total=False):
    """Keyword arguments of chat."""

    tools: Sequence[Mapping[str, Any] | Tool | Callable[..., Any]] | None
    # paddock's own
    tool_choice: str | dict[str, Any] | None
    parallel_tool_calls: bool | None
    strict: bool | None


class GenerateFields(RunFields, total=False):
    """Keyword arguments of generate."""

    system: str | None
    template: str | None
    context: Sequence[int] | None
    raw: bool | None
    images: Sequence[str | bytes | Path | Image] | None
    width: int | None
    height: int | None
    steps: int | None


class CreateFields(TypedDict, total=False):
    """Keyword arguments of create."""

    files: Mapping[str, str] | None
    adapters: Mapping[str, str] | None
    template: str | None
    license: str | Sequence[str] | None
    system: str | None
    parameters: AnyOptions | None
    messages: Messages | None
    renderer: str | None
    parser: str | None
    requires: str | None
    info: Mapping[str, Any] | None
    remote_host: str | None
    draft_files: Mapping[str, str] | None
    draft_quantize: str | None
    # Of the client of 2024
    name: str | None
    modelfile: str | None
    path: str | Path | None


class TransportFields(TypedDict, total=False):
    """What the official client hands to httpx, and so does this one; without a host it has no
    effect."""

    auth: Any
    cert: Any
    cookies: Any
    default_encoding: Any
    event_hooks: Any
    follow_redirects: bool
    headers: Mapping[str, str] | None
    http1: bool
    http2: bool
    limits: Any
    max_redirects: int
    mounts: Any
    params: Any
    proxy: Any
    transport: Any
    trust_env: bool
    verify: Any


_IMAGE_GENERATION = ("width", "height", "steps")


def _expect(call: str, fields: Mapping[str, Any], known: frozenset[str]) -> None:
    """Python's own complaint about an unknown keyword, with the likely remedy."""
    for name in fields.keys() - known:
        near = difflib.get_close_matches(name, known, n=1)
        if name in Options.model_fields:
            hint = f'; pass it as options={{"{name}": ...}}'
        else:
            hint = f"; did you mean {near[0]!r}?" if near else ""
        raise TypeError(f"{call}() got an unexpected keyword argument {name!r}{hint}")


# -- loose values -> wire types --------------------------------------------------------------------


def _plain(value: Any) -> Any:
    """Objects of the `ollama` package, or any pydantic model, as JSON; the rest as it is."""
    if isinstance(value, BaseModel) and not isinstance(value, Wire):
        return value.model_dump(by_alias=True, exclude_none=True)
    return value


def _message(value: Any) -> Any:
    value = _plain(value)
    if not isinstance(value, Mapping):
        return value
    return {name: _CONVERTERS.get(name, _plain)(item) for name, item in value.items()}


def _tool(value: Any) -> Any:
    return tool_from(value) if callable(value) else _plain(value)


def _parameters(value: Any) -> Any:
    return value.model_dump(exclude_none=True) if isinstance(value, BaseModel) else value


def _each(convert: Callable[[Any], Any], values: Any) -> Any:
    """Every item converted. What is no collection stays, so that its type is complained about."""
    if isinstance(values, str | bytes | Mapping | BaseModel) or not isinstance(values, Iterable):
        return values
    return [convert(value) for value in values]


_CONVERTERS: dict[str, Callable[[Any], Any]] = {
    "documents": partial(_each, _plain),
    "images": partial(_each, _plain),
    "messages": partial(_each, _message),
    "options": _plain,
    "parameters": _parameters,
    "path": lambda value: str(value) if isinstance(value, Path) else value,
    "tool_calls": partial(_each, _plain),
    "tools": partial(_each, _tool),
}


def _deadline(timeout: Any) -> float | None:
    """The seconds of an httpx timeout: a number, `(connect, read, write, pool)`, or its Timeout."""
    if isinstance(timeout, tuple):
        return timeout[1]
    return getattr(timeout, "read", timeout)


# -- clients ---------------------------------------------------------------------------------------


class _Calls:
    """Starts what both clients offer. Knows not how the caller waits for the answer."""

    def __init__(
        self,
        host: str | None = None,
        *,
        models: str | Path | None = None,
        runtime: AnyRuntime | None = None,
        timeout: Any = None,
        **transport: Unpack[TransportFields],
    ) -> None:
        _expect(type(self).__name__, transport, TransportFields.__optional_keys__)
        if models is not None and runtime is not None:
            raise RequestError("models and runtime exclude each other: a runtime has its models")
        if host and (models is not None or runtime is not None):
            raise RequestError("host excludes models and runtime: its server has its own")
        self._owned: AnyRuntime | None = None
        if host:
            self._owned = RemoteRuntime(host, timeout=timeout, **transport)
        elif models is not None:
            self._owned = Runtime(models)
        self._given = runtime if runtime is not None else self._owned
        self._timeout = None if host else _deadline(timeout)

    @property
    def runtime(self) -> AnyRuntime:
        """The runtime that answers: the one given, one over `models`, the server's at `host`, or
        the process's own."""
        # Asked for at each use: after a fork the process has another one.
        return Runtime.default() if self._given is None else self._given

    def _close(self) -> None:
        if self._owned is not None:
            self._owned.close()

    def _build(self, kind: type[R], /, **fields: Any) -> R:
        known = kind.model_fields.keys()
        if "model" in known and not fields.get("model"):
            raise RequestError("model is required")
        given = {
            name: _CONVERTERS.get(name, _plain)(value)
            for name, value in fields.items()
            if value is not None
        }
        if "timeout" in known and self._timeout is not None:
            given.setdefault("timeout", self._timeout)
        return build(kind, given)

    def _chat(
        self, model: str, messages: Messages | None, stream: bool, fields: ChatFields
    ) -> Stream[ChatResponse]:
        _expect("chat", fields, ChatFields.__optional_keys__)
        return self.runtime.chat(
            self._build(ChatRequest, model=model, messages=messages, stream=stream, **fields)
        )

    def _generate(
        self,
        model: str,
        prompt: str | None,
        suffix: str | None,
        stream: bool,
        fields: GenerateFields,
    ) -> Stream[GenerateResponse]:
        _expect("generate", fields, GenerateFields.__optional_keys__)
        if any(fields.get(name) is not None for name in _IMAGE_GENERATION):
            raise UnsupportedError("image generation models are not currently supported")
        request = self._build(
            GenerateRequest, model=model, prompt=prompt, suffix=suffix, stream=stream, **fields
        )
        return self.runtime.generate(request)

    def _embed(self, **fields: Any) -> Stream[EmbedResponse]:
        return self.runtime.embed(self._build(EmbedRequest, **fields))

    def _embeddings(self, **fields: Any) -> Stream[EmbeddingsResponse]:
        return self.runtime.embeddings(self._build(EmbeddingsRequest, **fields))

    def _rerank(self, **fields: Any) -> Stream[RerankResponse]:
        return self.runtime.rerank(self._build(RerankRequest, **fields))

    def _create(
        self,
        model: str,
        quantize: str | None,
        from_: str | None,
        stream: bool,
        fields: CreateFields,
    ) -> Stream[ProgressResponse]:
        _expect("create", fields, CreateFields.__optional_keys__)
        model = model or fields.pop("name", None) or ""
        request = self._build(
            CreateRequest, model=model, quantize=quantize, from_=from_, stream=stream, **fields
        )
        return self.runtime.create(request)

    def _pull(self, model: str, insecure: bool, stream: bool) -> Stream[ProgressResponse]:
        request = self._build(PullRequest, model=model, insecure=insecure, stream=stream)
        return self.runtime.pull(request)

    def _push(self, model: str, insecure: bool, stream: bool) -> Stream[ProgressResponse]:
        request = self._build(PushRequest, model=model, insecure=insecure, stream=stream)
        return self.runtime.push(request)

    # What waits for the disk here, and for a server there.

    def _errand(
        self, route: Route[R], here: Callable[[Runtime], R], request: Wire | None = None
    ) -> Stream[R] | Errand[R]:
        runtime = self.runtime
        if isinstance(runtime, RemoteRuntime):
            return runtime.ask(route, request)
        return Errand(partial(here, runtime))

    def _create_blob(self, path: str | Path) -> Stream[str] | Errand[str]:
        runtime = self.runtime
        if isinstance(runtime, RemoteRuntime):
            return runtime.upload(path).map(Plain(), lambda parts: parts[-1].digest)
        return Errand(partial(runtime.create_blob, path))

    def _list(self) -> Stream[ListResponse] | Errand[ListResponse]:
        return self._errand(routes.LIST, lambda runtime: runtime.list())

    def _show(
        self, model: str, verbose: bool | None
    ) -> Stream[ShowResponse] | Errand[ShowResponse]:
        request = self._build(ShowRequest, model=model, verbose=verbose)
        return self._errand(routes.SHOW, lambda runtime: runtime.show(request), request)

    def _ps(self) -> Stream[ProcessResponse] | Errand[ProcessResponse]:
        return self._errand(routes.PS, lambda runtime: runtime.ps())

    def _delete(self, model: str) -> Stream[StatusResponse] | Errand[StatusResponse]:
        request = self._build(DeleteRequest, model=model)
        return self._errand(routes.DELETE, lambda runtime: runtime.delete(request), request)

    def _copy(
        self, source: str, destination: str
    ) -> Stream[StatusResponse] | Errand[StatusResponse]:
        request = self._build(CopyRequest, source=source, destination=destination)
        return self._errand(routes.COPY, lambda runtime: runtime.copy(request), request)


class Client(_Calls):
    """Ollama's API inside this process, with the methods of `ollama.Client`.

    Without arguments it shares the process's one runtime; `models` names another models folder,
    `runtime` a runtime of your own. `timeout` is the deadline, in seconds, of each answer.

    With `host`, which is written as OLLAMA_HOST is, a server answers: paddock's or Ollama's own.
    Then `timeout`, `headers`, `auth`, `verify`, `proxy` and the like are what httpx makes of them,
    and OLLAMA_API_KEY is sent as a bearer token.
    """

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close what this client opened for itself; shared runtimes stay. Idempotent."""
        self._close()

    @overload
    def chat(
        self,
        model: str = "",
        messages: Messages | None = None,
        *,
        stream: Literal[False] = False,
        **fields: Unpack[ChatFields],
    ) -> ChatResponse: ...
    @overload
    def chat(
        self,
        model: str = "",
        messages: Messages | None = None,
        *,
        stream: Literal[True],
        **fields: Unpack[ChatFields],
    ) -> Stream[ChatResponse]: ...
    def chat(
        self,
        model: str = "",
        messages: Messages | None = None,
        *,
        stream: bool = False,
        **fields: Unpack[ChatFields],
    ) -> ChatResponse | Stream[ChatResponse]:
        """Answer a conversation. `tools` may be Tools, their JSON, or documented functions.

        With `stream=True` the parts as they come, else the whole answer.
        """
        answer = self._chat(model, messages, stream, fields)
        return answer if stream else answer.result()

    @overload
    def generate(
        self,
        model: str = "",
        prompt: str | None = None,
        suffix: str | None = None,
        *,
        stream: Literal[False] = False,
        **fields: Unpack[GenerateFields],
    ) -> GenerateResponse: ...
    @overload
    def generate(
        self,
        model: str = "",
        prompt: str | None = None,
        suffix: str | None = None,
        *,
        stream: Literal[True],
        **fields: Unpack[GenerateFields],
    ) -> Stream[GenerateResponse]: ...
    def generate(
        self,
        model: str = "",
        prompt: str | None = None,
        suffix: str | None = None,
        *,
        stream: bool = False,
        **fields: Unpack[GenerateFields],
    ) -> GenerateResponse | Stream[GenerateResponse]:
        """Continue a prompt. Without one the model is loaded, or unloaded with `keep_alive=0`."""
        answer = self._generate(model, prompt, suffix, stream, fields)
        return answer if stream else answer.result()

    def embed(
        self,
        model: str = "",
        input: str | Sequence[str] = "",
        truncate: bool | None = None,
        options: AnyOptions | None = None,
        keep_alive: float | str | None = None,
        dimensions: int | None = None,
    ) -> EmbedResponse:
        """One normalised vector per text, in the order of `input`."""
        return self._embed(
            model=model,
            input=input,
            truncate=truncate,
            options=options,
            keep_alive=keep_alive,
            dimensions=dimensions,
        ).result()

    def embeddings(
        self,
        model: str = "",
        prompt: str | None = None,
        options: AnyOptions | None = None,
        keep_alive: float | str | None = None,
    ) -> EmbeddingsResponse:
        """The vector of one text as the model gives it, not normalised. Superseded by `embed`."""
        return self._embeddings(
            model=model, prompt=prompt, options=options, keep_alive=keep_alive
        ).result()

    def rerank(
        self,
        model: str = "",
        query: str = "",
        documents: Iterable[str | Mapping[str, Any]] = (),
        top_n: int | None = None,
        *,
        return_documents: bool | None = None,
        truncate: bool | None = None,
        raw_scores: bool | None = None,
        options: AnyOptions | None = None,
        keep_alive: float | str | None = None,
    ) -> RerankResponse:
        """The `top_n` documents that answer the query best, each with its index and a score.

        The score is from 0 to 1, or the model's own number with `raw_scores`. UnsupportedError for
        a model that does not rerank.
        """
        return self._rerank(
            model=model,
            query=query,
            documents=documents,
            top_n=top_n,
            return_documents=return_documents,
            truncate=truncate,
            raw_scores=raw_scores,
            options=options,
            keep_alive=keep_alive,
        ).result()

    @overload
    def create(
        self,
        model: str = "",
        quantize: str | None = None,
        from_: str | None = None,
        *,
        stream: Literal[False] = False,
        **fields: Unpack[CreateFields],
    ) -> ProgressResponse: ...
    @overload
    def create(
        self,
        model: str = "",
        quantize: str | None = None,
        from_: str | None = None,
        *,
        stream: Literal[True],
        **fields: Unpack[CreateFields],
    ) -> Stream[ProgressResponse]: ...
    def create(
        self,
        model: str = "",
        quantize: str | None = None,
        from_: str | None = None,
        *,
        stream: bool = False,
        **fields: Unpack[CreateFields],
    ) -> ProgressResponse | Stream[ProgressResponse]:
        """Make a model from another one or a local path (`from_`), from blobs (`files`), or from a
        Modelfile: its text (`modelfile`) or where it lies (`path`).
        """
        progress = self._create(model, quantize, from_, stream, fields)
        return progress if stream else progress.result()

    @overload
    def pull(
        self, model: str, *, insecure: bool = False, stream: Literal[False] = False
    ) -> ProgressResponse: ...
    @overload
    def pull(
        self, model: str, *, insecure: bool = False, stream: Literal[True]
    ) -> Stream[ProgressResponse]: ...
    def pull(
        self, model: str, *, insecure: bool = False, stream: bool = False
    ) -> ProgressResponse | Stream[ProgressResponse]:
        """Fetch a model. `insecure` means plain HTTP; certificates are always checked."""
        progress = self._pull(model, insecure, stream)
        return progress if stream else progress.result()

    @overload
    def push(
        self, model: str, *, insecure: bool = False, stream: Literal[False] = False
    ) -> ProgressResponse: ...
    @overload
    def push(
        self, model: str, *, insecure: bool = False, stream: Literal[True]
    ) -> Stream[ProgressResponse]: ...
    def push(
        self, model: str, *, insecure: bool = False, stream: bool = False
    ) -> ProgressResponse | Stream[ProgressResponse]:
        """Bring a model to the registry that its name tells."""
        progress = self._push(model, insecure, stream)
        return progress if stream else progress.result()

    def create_blob(self, path: str | Path) -> str:
        """Put a file into the store; its digest, for the `files` of `create`."""
        return self._create_blob(path).result()

    @overload
    def export(
        self, model: str, path: str | Path, *, stream: Literal[False] = False
    ) -> ProgressResponse: ...
    @overload
    def export(
        self, model: str, path: str | Path, *, stream: Literal[True]
    ) -> Stream[ProgressResponse]: ...
    def export(
        self, model: str, path: str | Path, *, stream: bool = False
    ) -> ProgressResponse | Stream[ProgressResponse]:
        """Write a model of the store to one file, for a machine without a network."""
        progress = self.runtime.export(model, path)
        return progress if stream else progress.result()

    @overload
    def import_(
        self, path: str | Path, model: str | None = None, *, stream: Literal[False] = False
    ) -> ProgressResponse: ...
    @overload
    def import_(
        self, path: str | Path, model: str | None = None, *, stream: Literal[True]
    ) -> Stream[ProgressResponse]: ...
    def import_(
        self, path: str | Path, model: str | None = None, *, stream: bool = False
    ) -> ProgressResponse | Stream[ProgressResponse]:
        """Read what `export` wrote, as the model it was or under another name."""
        progress = self.runtime.import_(path, model)
        return progress if stream else progress.result()

    def show(self, model: str, *, verbose: bool | None = None) -> ShowResponse:
        """Everything known about one model; `verbose` fills long arrays in."""
        return self._show(model, verbose).result()

    def ps(self) -> ProcessResponse:
        """Which models are loaded, and until when."""
        return self._ps().result()

    def delete(self, model: str) -> StatusResponse:
        """Remove a model from the store."""
        return self._delete(model).result()

    def copy(self, source: str, destination: str) -> StatusResponse:
        """Give a model a second name."""
        return self._copy(source, destination).result()

    def list(self) -> ListResponse:
        """The models in the store, newest first."""
        return self._list().result()


class AsyncClient(_Calls):
    """`Client` for event loops: the same arguments, awaited. One object serves any number of loops.

    `async for part in await client.chat(..., stream=True)` iterates; cancelling stops the work.
    """

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close what this client opened for itself; shared runtimes stay. Idempotent."""
        await asyncio.to_thread(self._close)

    @overload
    async def chat(
        self,
        model: str = "",
        messages: Messages | None = None,
        *,
        stream: Literal[False] = False,
        **fields: Unpack[ChatFields],
    ) -> ChatResponse: ...
    @overload
    async def chat(
        self,
        model: str = "",
        messages: Messages | None = None,
        *,
        stream: Literal[True],
        **fields: Unpack[ChatFields],
    ) -> Stream[ChatResponse]: ...
    async def chat(
        self,
        model: str = "",
        messages: Messages | None = None,
        *,
        stream: bool = False,
        **fields: Unpack[ChatFields],
    ) -> ChatResponse | Stream[ChatResponse]:
        """See `Client.chat`."""
        answer = self._chat(model, messages, stream, fields)
        return answer if stream else await answer

    @overload
    async def generate(
        self,
        model: str = "",
        prompt: str | None = None,
        suffix: str | None = None,
        *,
        stream: Literal[False] = False,
        **fields: Unpack[GenerateFields],
    ) -> GenerateResponse: ...
    @overload
    async def generate(
        self,
        model: str = "",
        prompt: str | None = None,
        suffix: str | None = None,
        *,
        stream: Literal[True],
        **fields: Unpack[GenerateFields],
    ) -> Stream[GenerateResponse]: ...
    async def generate(
        self,
        model: str = "",
        prompt: str | None = None,
        suffix: str | None = None,
        *,
        stream: bool = False,
        **fields: Unpack[GenerateFields],
    ) -> GenerateResponse | Stream[GenerateResponse]:
        """See `Client.generate`."""
        answer = self._generate(model, prompt, suffix, stream, fields)
        return answer if stream else await answer

    async def embed(
        self,
        model: str = "",
        input: str | Sequence[str] = "",
        truncate: bool | None = None,
        options: AnyOptions | None = None,
        keep_alive: float | str | None = None,
        dimensions: int | None = None,
    ) -> EmbedResponse:
        """See `Client.embed`."""
        return await self._embed(
            model=model,
            input=input,
            truncate=truncate,
            options=options,
            keep_alive=keep_alive,
            dimensions=dimensions,
        )

    async def embeddings(
        self,
        model: str = "",
        prompt: str | None = None,
        options: AnyOptions | None = None,
        keep_alive: float | str | None = None,
    ) -> EmbeddingsResponse:
        """See `Client.embeddings`."""
        return await self._embeddings(
            model=model, prompt=prompt, options=options, keep_alive=keep_alive
        )

    async def rerank(
        self,
        model: str = "",
        query: str = "",
        documents: Iterable[str | Mapping[str, Any]] = (),
        top_n: int | None = None,
        *,
        return_documents: bool | None = None,
        truncate: bool | None = None,
        raw_scores: bool | None = None,
        options: AnyOptions | None = None,
        keep_alive: float | str | None = None,
    ) -> RerankResponse:
        """See `Client.rerank`."""
        return await self._rerank(
            model=model,
            query=query,
            documents=documents,
            top_n=top_n,
            return_documents=return_documents,
            truncate=truncate,
            raw_scores=raw_scores,
            options=options,
            keep_alive=keep_alive,
        )

    @overload
    async def create(
        self,
        model: str = "",
        quantize: str | None = None,
        from_: str | None = None,
        *,
        stream: Literal[False] = False,
        **fields: Unpack[CreateFields],
    ) -> ProgressResponse: ...
    @overload
    async def create(
        self,
        model: str = "",
        quantize: str | None = None,
        from_: str | None = None,
        *,
        stream: Literal[True],
        **fields: Unpack[CreateFields],
    ) -> Stream[ProgressResponse]: ...
    async def create(
        self,
        model: str = "",
        quantize: str | None = None,
        from_: str | None = None,
        *,
        stream: bool = False,
        **fields: Unpack[CreateFields],
    ) -> ProgressResponse | Stream[ProgressResponse]:
        """See `Client.create`."""
        progress = self._create(model, quantize, from_, stream, fields)
        return progress if stream else await progress

    @overload
    async def pull(
        self, model: str, *, insecure: bool = False, stream: Literal[False] = False
    ) -> ProgressResponse: ...
    @overload
    async def pull(
        self, model: str, *, insecure: bool = False, stream: Literal[True]
    ) -> Stream[ProgressResponse]: ...
    async def pull(
        self, model: str, *, insecure: bool = False, stream: bool = False
    ) -> ProgressResponse | Stream[ProgressResponse]:
        """See `Client.pull`."""
        progress = self._pull(model, insecure, stream)
        return progress if stream else await progress

    @overload
    async def push(
        self, model: str, *, insecure: bool = False, stream: Literal[False] = False
    ) -> ProgressResponse: ...
    @overload
    async def push(
        self, model: str, *, insecure: bool = False, stream: Literal[True]
    ) -> Stream[ProgressResponse]: ...
    async def push(
        self, model: str, *, insecure: bool = False, stream: bool = False
    ) -> ProgressResponse | Stream[ProgressResponse]:
        """See `Client.push`."""
        progress = self._push(model, insecure, stream)
        return progress if stream else await progress

    async def create_blob(self, path: str | Path) -> str:
        """See `Client.create_blob`."""
        return await self._create_blob(path)

    @overload
    async def export(
        self, model: str, path: str | Path, *, stream: Literal[False] = False
    ) -> ProgressResponse: ...
    @overload
    async def export(
        self, model: str, path: str | Path, *, stream: Literal[True]
    ) -> Stream[ProgressResponse]: ...
    async def export(
        self, model: str, path: str | Path, *, stream: bool = False
    ) -> ProgressResponse | Stream[ProgressResponse]:
        """See `Client.export`."""
        progress = self.runtime.export(model, path)
        return progress if stream else await progress

    @overload
    async def import_(
        self, path: str | Path, model: str | None = None, *, stream: Literal[False] = False
    ) -> ProgressResponse: ...
    @overload
    async def import_(
        self, path: str | Path, model: str | None = None, *, stream: Literal[True]
    ) -> Stream[ProgressResponse]: ...
    async def import_(
        self, path: str | Path, model: str | None = None, *, stream: bool = False
    ) -> ProgressResponse | Stream[ProgressResponse]:
        """See `Client.import_`."""
        progress = self.runtime.import_(path, model)
        return progress if stream else await progress

    async def show(self, model: str, *, verbose: bool | None = None) -> ShowResponse:
        """See `Client.show`."""
        return await self._show(model, verbose)

    async def ps(self) -> ProcessResponse:
        """See `Client.ps`."""
        return await self._ps()

    async def delete(self, model: str) -> StatusResponse:
        """See `Client.delete`."""
        return await self._delete(model)

    async def copy(self, source: str, destination: str) -> StatusResponse:
        """See `Client.copy`."""
        return await self._copy(source, destination)

    async def list(self) -> ListResponse:
        """See `Client.list`."""
        return await self._list()

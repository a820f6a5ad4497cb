"""RemoteRuntime: the calls of a Runtime, each one request of Ollama's native API.

Knows which call goes where; every answer is a Stream that the HTTP thread feeds, so that threads
and event loops read it alike. Knows no HTTP library and no JSON.
"""

import asyncio
import os
import weakref
from collections.abc import Coroutine, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn, Self, TypeVar
from uuid import UUID

from paddock.api import (
    ChatRequest,
    ChatResponse,
    CopyRequest,
    CreateRequest,
    DeleteRequest,
    DetokenizeRequest,
    EmbeddingsRequest,
    EmbeddingsResponse,
    EmbedRequest,
    EmbedResponse,
    GenerateRequest,
    GenerateResponse,
    ListResponse,
    ProcessResponse,
    ProgressResponse,
    PullRequest,
    PushRequest,
    RerankRequest,
    RerankResponse,
    ShowRequest,
    ShowResponse,
    StatusResponse,
    TokenizeRequest,
    Wire,
)
from paddock.errors import DeadlineError, PaddockError, UnsupportedError
from paddock.remote import bodies, upload
from paddock.remote.address import Address
from paddock.remote.link import Link, Work
from paddock.remote.routes import (
    CHAT,
    COPY,
    CREATE,
    DELETE,
    DETOKENIZE,
    EMBED,
    EMBEDDINGS,
    GENERATE,
    LIST,
    PS,
    PULL,
    PUSH,
    RERANK,
    SHOW,
    TOKENIZE,
    Fold,
    Route,
)
from paddock.respond import fold_last
from paddock.stream import Channel, Named, Plain, Stream

if TYPE_CHECKING:
    from paddock.remote.connection import Connection

W = TypeVar("W", bound=Wire)

_NOT_FOUND: Final = 404
_API_KEYS: Final = ("PADDOCK_API_KEY", "OLLAMA_API_KEY")
_OWN_ROUTE: Final = "/api/tokenize"
_OWN_FIELDS: Final[dict[str, Any]] = {
    "choices": None,
    "cut": "messages",
    "grammar": None,
    "logit_bias": None,
    "normalize": True,
    "parallel_tool_calls": True,
    "strict": False,
    "tool_choice": "auto",
}
"""What only paddock's server knows of a request, and the value that asks for nothing new. Another
server would answer as if it were not there."""
_GLANCE: Final = 0.05


class RemoteRuntime:
    """A server of Ollama's API with the methods of `Runtime`.

    `host` is written as OLLAMA_HOST is, and may hold `user:password@`; `timeout` and `transport`
    are httpx's arguments. Every method may be called from any thread or event loop; those that
    return no Stream wait for the answer. After a fork the child opens its own connections. An
    unreachable server is a ConnectionFailedError; what a server refuses is the error that a Runtime
    would have raised.
    """

    def __init__(self, host: str, *, timeout: Any = None, **transport: Any) -> None:
        self.address = Address.parse(host)
        api_key = next(filter(None, map(os.environ.get, _API_KEYS)), "")
        self._link = Link(self.address, transport | {"timeout": timeout}, api_key)
        self._is_paddock: bool | None = None
        self._named = Named()
        # Not before the last request has ended: each of them holds this object.
        weakref.finalize(self, self._link.abandon).atexit = False

    def __repr__(self) -> str:
        return f"RemoteRuntime({self.address.url!r})"

    # -- answers --

    def chat(self, request: ChatRequest) -> Stream[ChatResponse]:
        """Answer a conversation. No messages: load the model, or unload it with keep_alive 0."""
        return self.ask(CHAT, request)

    def generate(self, request: GenerateRequest) -> Stream[GenerateResponse]:
        """Go on from a prompt. No prompt: load the model, or unload it with keep_alive 0."""
        return self.ask(GENERATE, request)

    def cancel(self, request_id: str | UUID) -> bool:
        """End the answers to chat and generate requests of this `request_id`, from any thread.

        Each ends with what has come of it and the `done_reason` "cancelled"; its connection is
        closed. Only requests of this object are known. False if none was under way.
        """
        return self._named.call_off(str(request_id))

    def embed(self, request: EmbedRequest) -> Stream[EmbedResponse]:
        """L2-normalised vectors, in the order of the inputs."""
        return self.ask(EMBED, request)

    def embeddings(self, request: EmbeddingsRequest) -> Stream[EmbeddingsResponse]:
        """The vector of one prompt as the model pools it; empty for an empty prompt."""
        return self.ask(EMBEDDINGS, request)

    def rerank(self, request: RerankRequest) -> Stream[RerankResponse]:
        """Documents in the order in which they answer the query, each with a score."""
        return self.ask(RERANK, request)

    # -- the server's store --

    def create(self, request: CreateRequest) -> Stream[ProgressResponse]:
        """Make a model there; the parts tell the progress. Paths are the server's."""
        return self.ask(CREATE, request)

    def pull(self, request: PullRequest) -> Stream[ProgressResponse]:
        """Have the server fetch a model; the parts tell the progress."""
        return self.ask(PULL, request)

    def push(self, request: PushRequest) -> Stream[ProgressResponse]:
        """Have the server bring a model to its registry; the parts tell the progress."""
        return self.ask(PUSH, request)

    def upload(self, path: str | Path) -> Stream[ProgressResponse]:
        """Send a file, unless the server has it. The last part's `digest` is for `files` of a
        create request."""
        return self._start(partial(self._upload, Path(path).expanduser()), fold_last)

    def create_blob(self, path: str | Path) -> str:
        """Send a file, unless the server has it; its digest, for `files` of a create request."""
        return self.upload(path).result().digest or ""

    def list(self) -> ListResponse:
        """The models in the server's store, newest first."""
        return self.ask(LIST).result()

    def show(self, request: ShowRequest) -> ShowResponse:
        return self.ask(SHOW, request).result()

    def copy(self, request: CopyRequest) -> StatusResponse:
        return self.ask(COPY, request).result()

    def delete(self, request: DeleteRequest) -> StatusResponse:
        return self.ask(DELETE, request).result()

    def ps(self) -> ProcessResponse:
        """The models that the server has loaded, the one that stays longest first."""
        return self.ask(PS).result()

    def tokenize(self, model: str, text: str, *, special: bool = False) -> "list[int]":
        """Token ids of a text, with the model's own special tokens around it if `special`."""
        request = TokenizeRequest(model=model, text=text, special=special)
        return self.ask(TOKENIZE, request).result().tokens

    def detokenize(self, model: str, tokens: Sequence[int]) -> str:
        """The text that tokens stand for; special ones as they are written."""
        request = DetokenizeRequest(model=model, tokens=[*tokens])
        return self.ask(DETOKENIZE, request).result().text

    def count_tokens(self, model: str, text: str) -> int:
        """Tokens that a raw prompt of this text has, special tokens included."""
        return len(self.tokenize(model, text, special=True))

    def count_prompt(self, request: ChatRequest) -> NoReturn:
        raise UnsupportedError(
            f"count_prompt: no call of {self.address.url} counts the tokens of a conversation; "
            "its answer tells them as prompt_eval_count"
        )

    def export(self, model: str, path: str | Path) -> NoReturn:
        raise UnsupportedError(self._only_here("export"))

    def import_(self, path: str | Path, model: str | None = None) -> NoReturn:
        raise UnsupportedError(self._only_here("import"))

    def _only_here(self, call: str) -> str:
        return (
            f"{call}: archives are written and read where the models are, and those of "
            f"{self.address.url} are not in this process; leave the host out"
        )

    # -- ends --

    def close(self) -> None:
        """Close the connections; what still runs fails with EngineClosedError. Idempotent."""
        self._link.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- requests --

    def ask(self, route: Route[W], request: Wire | None = None) -> Stream[W]:
        """Any call as a Stream, so that event loops can wait for it too."""
        request_id: str | None = getattr(request, "request_id", None)
        return self._start(partial(self._converse, route, request), route.fold, request_id)

    def _start(self, work: Work, fold: Fold[W], request_id: str | None = None) -> Stream[W]:
        channel = self._named.channel(request_id)
        self._link.start(channel, work)
        return Stream(channel, Plain(), fold)

    async def _converse(
        self, route: Route[W], request: Wire | None, connection: "Connection", channel: Channel
    ) -> None:
        seconds = await self._own_deadline(request, connection)
        try:
            async with asyncio.timeout(seconds):
                await self._check_reach(route, request, connection)
                exchange = self._exchange(route, request, connection, channel)
                await self._unless_called_off(exchange, route, request, channel)
        except TimeoutError as error:
            if isinstance(error, PaddockError):
                raise
            raise DeadlineError(f"the answer did not end within {seconds:g} seconds") from error

    async def _exchange(
        self, route: Route[W], request: Wire | None, connection: "Connection", channel: Channel
    ) -> None:
        body = request and await asyncio.to_thread(bodies.encoded, request)
        async with connection.open(route.method, route.path, body) as pieces:
            if route.is_last is None or _is_whole(request):
                channel.put(await bodies.read_whole(route.answer, pieces))
            else:
                parts = _Turns(channel)
                await bodies.read_lines(route.answer, pieces, route.is_last, parts.put)

    async def _unless_called_off(
        self,
        exchange: Coroutine[Any, Any, None],
        route: Route[W],
        request: Wire | None,
        channel: Channel,
    ) -> None:
        """Exchange, with a look now and then whether the request was called off."""
        flag: Any = getattr(request, "cancel", None)
        has_id = getattr(request, "request_id", None) is not None
        if (flag is None and not has_id) or route.called_off is None:
            await exchange
            return

        def is_called_off() -> bool:
            return channel.called_off or (flag is not None and flag.is_set())

        running = asyncio.ensure_future(exchange)
        try:
            while not running.done() and not is_called_off():
                await asyncio.wait({running}, timeout=_GLANCE)
            if running.done():
                await running
            else:
                channel.put(route.called_off(getattr(request, "model", "")))
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    async def _upload(self, path: Path, connection: "Connection", channel: Channel) -> None:
        await upload.send(path, connection, channel.put)

    async def _own_deadline(self, request: Wire | None, connection: "Connection") -> float | None:
        """The seconds that an answer may take, where the server does not keep the time itself."""
        seconds: float | None = getattr(request, "timeout", None)
        return None if seconds is None or await self._knows_paddock(connection) else seconds

    async def _check_reach(
        self, route: Route[W], request: Wire | None, connection: "Connection"
    ) -> None:
        own = [
            name
            for name, common in _OWN_FIELDS.items()
            if getattr(request, name, None) not in (None, common)
        ]
        if route.is_own:
            own = [route.path]
        if own and not await self._knows_paddock(connection):
            raise UnsupportedError(
                f"{', '.join(own)}: {self.address.url} is no server of paddock's and does not know "
                "that"
            )

    async def _knows_paddock(self, connection: "Connection") -> bool:
        if self._is_paddock is None:
            # Asked in a way that neither does anything nor needs to be understood.
            self._is_paddock = await connection.status("GET", _OWN_ROUTE) != _NOT_FOUND
        return self._is_paddock


class _Turns:
    """Wakes the reader of a channel once per turn of this loop: to do so for every part that one
    read of the socket brought costs more than to make them."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._loop = asyncio.get_running_loop()
        self._is_due = False

    def put(self, part: object) -> None:
        self._channel.add(part)
        if not self._is_due:
            self._is_due = True
            self._loop.call_soon(self._wake)

    def _wake(self) -> None:
        self._is_due = False
        self._channel.wake()


def _is_whole(request: Wire | None) -> bool:
    """Whether what could come in parts comes as one object."""
    stream = getattr(request, "stream", None)
    return stream is False or bool(getattr(request, "debug_render_only", None))

"""Ollama inside your Python process.

`paddock.chat(...)`, `paddock.Client` and `paddock.AsyncClient` take and return what the official
`ollama` client does; `paddock.Runtime` is underneath. Importing loads no engine, starts no thread
and reads no models folder: a name brings in what it needs when it is first used. Everything in
`__all__` is stable; submodules are not.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
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
        Instructions,
        ListResponse,
        Logprob,
        Message,
        ModelDetails,
        OptionFields,
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
    )
    from paddock.client import AsyncClient, Client
    from paddock.errors import (
        BlobNotFoundError,
        BusyError,
        ConnectionFailedError,
        ContextLengthError,
        CorruptManifestError,
        DeadlineError,
        DecodeError,
        DigestMismatchError,
        EngineClosedError,
        EngineError,
        EngineMissingError,
        GGUFError,
        GrammarError,
        InvalidDigestError,
        InvalidNameError,
        LoadError,
        ModelfileError,
        ModelNotFoundError,
        NotFoundError,
        OptionError,
        OutOfMemoryError,
        PaddockError,
        ProjectorError,
        QueueFullError,
        RegistryError,
        RequestError,
        ResponseError,
        ServerError,
        StoreError,
        TemplateError,
        TransferError,
        UnauthorizedError,
        UnknownParserError,
        UnknownRendererError,
        UnsupportedError,
    )
    from paddock.functions import (
        chat,
        copy,
        create,
        create_blob,
        delete,
        embed,
        embeddings,
        generate,
        list,  # noqa: A004 - the official client's name
        ps,
        pull,
        push,
        rerank,
        show,
    )
    from paddock.runtime import Runtime
    from paddock.stream import Stream

    __version__: str

__all__ = [
    "AsyncClient",
    "BlobNotFoundError",
    "BusyError",
    "ChatRequest",
    "ChatResponse",
    "Client",
    "ConnectionFailedError",
    "ContextLengthError",
    "CopyRequest",
    "CorruptManifestError",
    "CreateRequest",
    "DeadlineError",
    "DecodeError",
    "DeleteRequest",
    "DigestMismatchError",
    "EmbedRequest",
    "EmbedResponse",
    "EmbeddingsRequest",
    "EmbeddingsResponse",
    "EngineClosedError",
    "EngineError",
    "EngineMissingError",
    "GGUFError",
    "GenerateRequest",
    "GenerateResponse",
    "GrammarError",
    "Image",
    "Instructions",
    "InvalidDigestError",
    "InvalidNameError",
    "ListResponse",
    "LoadError",
    "Logprob",
    "Message",
    "ModelDetails",
    "ModelNotFoundError",
    "ModelfileError",
    "NotFoundError",
    "OptionError",
    "OptionFields",
    "Options",
    "OutOfMemoryError",
    "PaddockError",
    "ProcessResponse",
    "ProgressResponse",
    "ProjectorError",
    "PullRequest",
    "PushRequest",
    "QueueFullError",
    "RegistryError",
    "RequestError",
    "RerankRequest",
    "RerankResponse",
    "ResponseError",
    "Runtime",
    "ServerError",
    "ShowRequest",
    "ShowResponse",
    "StatusResponse",
    "StoreError",
    "Stream",
    "TemplateError",
    "Tool",
    "TransferError",
    "UnauthorizedError",
    "UnknownParserError",
    "UnknownRendererError",
    "UnsupportedError",
    "chat",
    "copy",
    "create",
    "create_blob",
    "delete",
    "embed",
    "embeddings",
    "generate",
    "list",
    "ps",
    "pull",
    "push",
    "rerank",
    "show",
]

_HOMES: Final = ("errors", "api", "stream", "runtime", "client", "functions")
"""The modules that have them, the quickest to import first."""


def _find(name: str) -> Any:
    from importlib import import_module

    for home in _HOMES:
        module = import_module(f"{__name__}.{home}")
        if hasattr(module, name):
            return getattr(module, name)
    raise AssertionError(f"{name} is promised and nowhere")


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(__name__)
    except PackageNotFoundError:  # a source tree that was never installed
        return "0+unknown"


if not TYPE_CHECKING:  # which would take any name for one of ours

    def __getattr__(name: str) -> Any:
        if name != "__version__" and name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = _version() if name == "__version__" else _find(name)
        globals()[name] = value
        return value


def __dir__() -> Iterable[str]:
    return {*globals(), *__all__, "__version__"}

"""Ollama inside your Python process.

`paddock.chat(...)`, `paddock.Client` and `paddock.AsyncClient` take and return what the official
`ollama` client does; `paddock.Runtime` is underneath. Importing loads no engine, starts no thread
and reads no models folder. Everything in `__all__` is stable; submodules are not.
"""

from importlib.metadata import PackageNotFoundError, version

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
    QueueFullError,
    RegistryError,
    RequestError,
    ServerError,
    StoreError,
    TemplateError,
    TransferError,
    UnauthorizedError,
    UnknownParserError,
    UnknownRendererError,
    UnsupportedError,
)
from paddock.runtime import Runtime
from paddock.stream import Stream

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

try:
    __version__ = version("paddock")
except PackageNotFoundError:  # a source tree that was never installed
    __version__ = "0+unknown"

ResponseError = PaddockError
"""The official client's name for whatever a server answers with an error status."""

# A handle without state: it asks for the process's runtime at each call, so nothing starts here.
_client = Client()

chat = _client.chat
copy = _client.copy
create = _client.create
create_blob = _client.create_blob
delete = _client.delete
embed = _client.embed
embeddings = _client.embeddings
generate = _client.generate
list = _client.list  # noqa: A001 - the official client's name
ps = _client.ps
pull = _client.pull
push = _client.push
rerank = _client.rerank
show = _client.show

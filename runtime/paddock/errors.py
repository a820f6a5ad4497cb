"""The exception tree. Each class carries the HTTP status a server answers with; knows nothing else.

PaddockError (500)
├─ RequestError (400, ValueError)
│  ├─ InvalidNameError, InvalidDigestError, OptionError, GrammarError, TemplateError,
│  │  ModelfileError, ContextLengthError, UnknownParserError, UnknownRendererError
│  └─ UnsupportedError
├─ NotFoundError (404, LookupError): ModelNotFoundError, BlobNotFoundError
├─ BusyError (503): QueueFullError · DeadlineError (504, TimeoutError)
├─ StoreError: DigestMismatchError, CorruptManifestError · GGUFError (400)
├─ RegistryError: UnauthorizedError, TransferError
├─ ServerError: ConnectionFailedError (503, ConnectionError)
└─ EngineError: EngineMissingError, LoadError, OutOfMemoryError, ProjectorError, DecodeError,
   EngineClosedError
"""

from collections.abc import Iterable
from typing import Any


class PaddockError(Exception):
    """Base of everything paddock raises. `status` is the HTTP status of the same failure.

    `error` and `status_code` are the names the official `ollama` client uses on its exceptions.
    """

    status = 500

    @property
    def error(self) -> str:
        return str(self)

    @property
    def status_code(self) -> int:
        return self.status


ResponseError = PaddockError
"""The official client's name for whatever a server answers with an error status."""


class RequestError(PaddockError, ValueError):
    """The request itself is wrong; repeating it unchanged cannot work."""

    status = 400


class InvalidNameError(RequestError):
    """A model name that does not follow `[host/][namespace/]model[:tag]`."""


class InvalidDigestError(RequestError):
    """Not `sha256:` followed by 64 hexadecimal digits."""


class OptionError(RequestError):
    """An option of the wrong type or outside its range."""


class GrammarError(RequestError):
    """A GBNF grammar or JSON schema that cannot constrain the output."""


class TemplateError(RequestError):
    """A prompt template that cannot be parsed or rendered."""


class ModelfileError(RequestError):
    """A Modelfile that cannot be read. `line` counts from 1, 0 when none is to blame; `excerpt`
    shows the place, and is also the exception's note."""

    def __init__(self, message: str, line: int = 0, excerpt: str = "") -> None:
        super().__init__(message)
        self.line = line
        self.excerpt = excerpt
        if excerpt:
            self.add_note(excerpt)


class ContextLengthError(RequestError):
    """The input does not fit the model's context window and may not be cut."""


class UnsupportedError(RequestError):
    """The model, or paddock itself, cannot do what was asked."""


class UnknownParserError(RequestError):
    """A parser name that paddock does not have."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        super().__init__(f'unknown parser "{name}"; known: {", ".join(sorted(known))}')
        self.name = name
        self.known = tuple(sorted(known))

    def __reduce__(self) -> tuple[type["UnknownParserError"], tuple[str, tuple[str, ...]]]:
        return type(self), (self.name, self.known)


class UnknownRendererError(RequestError):
    """A renderer name that paddock does not have."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        super().__init__(f'unknown renderer "{name}"; known: {", ".join(sorted(known))}')
        self.name = name
        self.known = tuple(sorted(known))

    def __reduce__(self) -> tuple[type["UnknownRendererError"], tuple[str, tuple[str, ...]]]:
        return type(self), (self.name, self.known)


class NotFoundError(PaddockError, LookupError):
    """Something named in the request does not exist."""

    status = 404


class ModelNotFoundError(NotFoundError):
    """No model of that name in the store. A server may have words of its own for it."""

    def __init__(self, name: str, message: str = "") -> None:
        super().__init__(message or f'model "{name}" not found, try pulling it first')
        self.name = name

    def __reduce__(self) -> tuple[type["ModelNotFoundError"], tuple[str, str], dict[str, Any]]:
        return type(self), (self.name, str(self)), self.__dict__


class BlobNotFoundError(NotFoundError):
    """No blob of that digest in the store."""


class BusyError(PaddockError):
    """The runtime has no room for the request now; it may be repeated later."""

    status = 503


class QueueFullError(BusyError):
    """Too many requests are waiting."""

    def __init__(
        self, message: str = "server busy, please try again.  maximum pending requests exceeded"
    ) -> None:
        super().__init__(message)


class DeadlineError(PaddockError, TimeoutError):
    """The request's own deadline passed."""

    status = 504


class StoreError(PaddockError):
    """The models folder cannot be read or written as needed."""


class DigestMismatchError(StoreError):
    """The bytes do not have the digest they were announced with."""

    status = 400


class CorruptManifestError(StoreError):
    """A manifest or config that is no valid JSON of the expected form."""


class RegistryError(PaddockError):
    """A registry could not be reached, or refused; `remote_status` is its HTTP status, if any."""

    def __init__(self, message: str, *, remote_status: int | None = None) -> None:
        super().__init__(message)
        self.remote_status = remote_status


class UnauthorizedError(RegistryError):
    """The registry, or a server, wants another key, or this one has no right to what was asked."""


class TransferError(RegistryError):
    """A blob or manifest did not arrive, or not as it was announced.

    `passing` is true for what another attempt may mend: a cut connection, a busy server.
    """

    def __init__(
        self, message: str, *, remote_status: int | None = None, passing: bool = False
    ) -> None:
        super().__init__(message, remote_status=remote_status)
        self.passing = passing


class ServerError(PaddockError):
    """A server's answer that no other class fits; `status` is the one that the server gave."""


class ConnectionFailedError(ServerError, ConnectionError):
    """The server cannot be reached, or the connection broke before the answer had ended."""

    status = 503


class GGUFError(RequestError):
    """A file that is no well-formed GGUF; it never reaches the native loader."""


class EngineError(PaddockError):
    """The engine could not do its work."""


class EngineMissingError(EngineError):
    """llama-cpp-python is not installed or cannot be imported."""


class LoadError(EngineError):
    """The native library refused the model."""


class OutOfMemoryError(LoadError):
    """There is not enough memory for the weights or the context."""


class ProjectorError(EngineError):
    """The file that turns images into what the model reads cannot be used."""


class DecodeError(EngineError):
    """A step failed; the sequences in it ended, the engine lives on."""


class EngineClosedError(EngineError):
    """The engine was closed while, or before, the request was served."""

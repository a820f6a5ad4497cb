"""Errors of the HTTP server itself. Knows statuses; knows no request."""

import re
from typing import Final

from paddock.errors import PaddockError


class Refusal(PaddockError):  # noqa: N818 - says what the server does, as Cancelled does
    """A request that the server refuses, with the HTTP status it answers."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class CloudError(Refusal):
    """A name of a model in Ollama's cloud. Reference: told in the native form on every route."""

    def __init__(self, message: str) -> None:
        super().__init__(403, message)


class ClientGoneError(Refusal):
    """Nobody is there any more to read the answer."""

    def __init__(self) -> None:
        super().__init__(499, "request canceled")


# What a message says of this machine's folders is for its log, not for its clients.
_POSIX: Final = re.compile(r"(?<![\w:/.~@-])~?/(?:[^\s'\"/:]+/)+(?=[^\s'\"/])")
_WINDOWS: Final = re.compile(r"(?<![\w/])[A-Za-z]:\\(?:[^\s'\"\\:]+\\)*")


def public_text(error: BaseException) -> str:
    """The message of an error without the folders of this machine."""
    return _WINDOWS.sub("", _POSIX.sub("", str(error)))

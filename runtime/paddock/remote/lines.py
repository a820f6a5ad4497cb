"""Lines of a body that arrives in pieces. Pure; knows no JSON."""

from typing import Final

from paddock.errors import ServerError

MAX_LINE: Final = 64 << 20


class Lines:
    """Feed it pieces, it gives the lines that are whole; blank ones count as none.

    However a body is cut, the lines are the same. Raises ServerError for a line without an end.
    """

    def __init__(self, limit: int = MAX_LINE) -> None:
        self._limit = limit
        self._begun: list[bytes] = []
        self._length = 0

    def feed(self, piece: bytes) -> list[bytes]:
        head, *rest = piece.split(b"\n")
        self._keep(head)
        if not rest:
            return []
        *whole, begun = rest
        lines = [self._take(), *whole]
        self._keep(begun)
        return [line for line in lines if line.strip()]

    def finish(self) -> list[bytes]:
        """What stands behind the last line end."""
        line = self._take()
        return [line] if line.strip() else []

    def _keep(self, piece: bytes) -> None:
        self._begun.append(piece)
        self._length += len(piece)
        if self._length > self._limit:
            raise ServerError(f"the server sent a line of more than {self._limit} bytes")

    def _take(self) -> bytes:
        line = b"".join(self._begun)
        self._begun.clear()
        self._length = 0
        return line

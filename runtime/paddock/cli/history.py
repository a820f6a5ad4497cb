"""What was typed before: a file of lines, the last hundred of them. Knows no terminal."""

import contextlib
from collections.abc import Iterable
from pathlib import Path
from typing import Final

KEPT: Final = 100
_OWNER_ONLY: Final = 0o600


class HistoryFile:
    """The file is written anew after every entry, by way of a file beside it.

    An entry of several lines reads back as several. A file that cannot be read or written means no
    more than that nothing is remembered.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> list[str]:
        """The oldest first."""
        try:
            lines = self._path.read_text("utf-8", "replace").split("\n")
        except OSError:
            return []
        return [line for line in lines if line.strip()][-KEPT:]

    def write(self, entries: Iterable[str]) -> None:
        kept = [entry for entry in entries if entry.strip()][-KEPT:]
        partial = self._path.with_name(f"{self._path.name}.tmp")
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            partial.unlink(missing_ok=True)
            partial.touch(_OWNER_ONLY)
            partial.write_text("".join(f"{entry}\n" for entry in kept), "utf-8")
            partial.replace(self._path)

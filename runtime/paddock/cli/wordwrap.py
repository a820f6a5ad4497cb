"""Wraps text while it is being written to a terminal. Knows columns; knows no terminal."""

from typing import Final

from paddock.cli.tables import width_of

_MARGIN: Final = 5
_LONG: Final = 10
_TAB: Final = 8


class WordWrap:
    """Feed it the text, print what it gives: a word that does not fit moves to the next line.

    It has been printed by then, in part, so it is taken back with cursor movements.
    """

    def __init__(self, columns: int) -> None:
        self._limit = columns - _MARGIN
        self._longest = columns - _LONG
        self._column = 0
        self._word: list[str] = []
        self._word_width = 0

    def feed(self, text: str) -> str:
        if self._longest <= 0:
            return text
        return "".join(map(self._put, text))

    def _put(self, char: str) -> str:
        if char == "\n":
            self._column = 0
            self._end_word()
            return char
        taken = _TAB - self._column % _TAB if char == "\t" else width_of(char)
        moved = ""
        if self._column + taken > self._limit:
            if char.isspace():
                self._column = 0
                self._end_word()
                return "\n"
            moved = self._break()
        self._column += taken
        if char.isspace() or taken > 1:
            self._end_word()
        else:
            self._word.append(char)
            self._word_width += taken
        return moved + char

    def _break(self) -> str:
        """Begins a new line, with the word that was begun unless it is too long for that."""
        if not 0 < self._word_width <= self._longest:
            self._end_word()
        self._column = self._word_width
        if not self._word:
            return "\n"
        return f"\x1b[{self._word_width}D\x1b[K\n{''.join(self._word)}"

    def _end_word(self) -> None:
        self._word.clear()
        self._word_width = 0

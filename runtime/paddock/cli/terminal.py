"""What the terminal does with keys while nobody reads them. Knows no conversation."""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

try:
    import termios
except ImportError:  # Windows
    termios: Any = None


@contextmanager
def keeping_keys() -> Generator[None]:
    """While this lasts, what is typed waits as it was typed for the next who reads: it does not
    show amid an answer, and Enter stays Enter. Ctrl+C interrupts as ever."""
    stdin: Any = sys.stdin
    if termios is None or stdin is None or not stdin.isatty():
        yield
        return
    before = termios.tcgetattr(stdin)
    typed = list(before)
    typed[0] &= ~(termios.ICRNL | termios.INLCR)
    typed[3] &= ~(termios.ECHO | termios.ICANON)
    termios.tcsetattr(stdin, termios.TCSADRAIN, typed)
    try:
        yield
    finally:
        termios.tcsetattr(stdin, termios.TCSADRAIN, before)

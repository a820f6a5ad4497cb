"""How an answer looks: its text, its thinking set apart, its statistics. Knows no model."""

import json
from collections.abc import Sequence
from typing import Final

from paddock.api import Message, Metrics
from paddock.cli.figures import duration
from paddock.cli.wordwrap import WordWrap

_GREY: Final = "\x1b[38;5;245m"
_BOLD: Final = "\x1b[1m"
_PLAIN: Final = "\x1b[0m"
_LABEL: Final = 22


class AnswerText:
    """Feed it the parts of an answer, print what it gives.

    `styled` sets thinking in grey; `columns` wraps words; without them the text is plain.
    """

    def __init__(
        self, *, styled: bool = False, columns: int | None = None, hides_thinking: bool = False
    ) -> None:
        self._wrap = None if columns is None else WordWrap(columns)
        self._styled = styled
        self._hides_thinking = hides_thinking
        self._thinks = False
        self._ends_line = True

    def feed(
        self,
        content: str | None,
        thinking: str | None = None,
        tool_calls: Sequence[Message.ToolCall] | None = None,
    ) -> str:
        text = ""
        if thinking and not self._hides_thinking:
            text += self._open() + self._flow(thinking)
        if content:
            text += self._close() + self._flow(content)
        if tool_calls:
            text += self._close() + "".join(map(_call, tool_calls))
        return text

    def finish(self) -> str:
        """What is left to print when the answer ended, or was stopped."""
        return self._close()

    def _flow(self, text: str) -> str:
        self._ends_line = text.endswith("\n")
        return text if self._wrap is None else self._wrap.feed(text)

    def _open(self) -> str:
        if self._thinks:
            return ""
        self._thinks = True
        return self._marker("Thinking...\n") + (_GREY if self._styled else "")

    def _close(self) -> str:
        if not self._thinks:
            return ""
        self._thinks = False
        end = "" if self._ends_line else self._flow("\n")
        return end + self._marker("...done thinking.\n\n")

    def _marker(self, text: str) -> str:
        text = self._flow(text)
        return f"{_GREY}{_BOLD}{text}{_PLAIN}" if self._styled else text


def _call(call: Message.ToolCall) -> str:
    arguments = json.dumps(call.function.arguments, ensure_ascii=False)
    name = call.function.name
    return f"  Model called a non-existent function '{name}()' with arguments: {arguments}\n"


def statistics(metrics: Metrics) -> str:
    """A line for every figure that is there."""
    rows = [
        ("total duration", _time(metrics.total_duration)),
        ("load duration", _time(metrics.load_duration)),
        ("prompt eval count", _tokens(metrics.prompt_eval_count)),
        ("prompt eval duration", _time(metrics.prompt_eval_duration)),
        ("prompt eval rate", _rate(metrics.prompt_eval_count, metrics.prompt_eval_duration)),
        ("eval count", _tokens(metrics.eval_count)),
        ("eval duration", _time(metrics.eval_duration)),
        ("eval rate", _rate(metrics.eval_count, metrics.eval_duration)),
    ]
    return "".join(f"{label + ':':<{_LABEL}}{text}\n" for label, text in rows if text)


def _time(nanoseconds: int | None) -> str:
    return duration(nanoseconds) if nanoseconds and nanoseconds > 0 else ""


def _tokens(count: int | None) -> str:
    return f"{count} token(s)" if count and count > 0 else ""


def _rate(count: int | None, nanoseconds: int | None) -> str:
    if not nanoseconds or nanoseconds <= 0:
        return ""
    return f"{(count or 0) / nanoseconds * 1e9:.2f} tokens/s"

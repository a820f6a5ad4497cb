"""Prints an answer while it comes. Knows streams and a terminal; knows no conversation.

Ctrl+C stops the answer and nothing else; what was printed stays.
"""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

from paddock.api import ChatResponse, GenerateResponse, Message
from paddock.cli.answer import AnswerText, statistics
from paddock.cli.progress import waiting
from paddock.cli.session import Session
from paddock.cli.thinking import Think
from paddock.errors import PaddockError
from paddock.stream import Stream

P = TypeVar("P", ChatResponse, GenerateResponse)

_BAD_REQUEST: Final = 400


@dataclass(slots=True)
class Reply(Generic[P]):
    """What came of an answer."""

    content: list[str] = field(default_factory=list[str])
    thinking: list[str] = field(default_factory=list[str])
    tool_calls: list[Message.ToolCall] = field(default_factory=list[Message.ToolCall])
    last: P | None = None
    was_stopped: bool = False

    def message(self) -> Message:
        return Message(
            role="assistant",
            content="".join(self.content),
            thinking="".join(self.thinking) or None,
            tool_calls=self.tool_calls or None,
        )


def print_reply(
    session: Session, start: Callable[[Think], Stream[P]], *, ends_with: str = "\n\n"
) -> Reply[P]:
    """Starts an answer and prints it. A runtime that cannot set thinking apart is asked again
    without, if thinking was not asked for in so many words."""
    asked = session.asked_think
    reply: Reply[P] = Reply()
    try:
        _print(session, start(asked), reply, ends_with)
    except PaddockError as error:
        is_refused = error.status == _BAD_REQUEST and "think" in str(error)
        if not is_refused or session.think is not None or not asked or reply.last is not None:
            raise
        session.thinks_by_itself = False
        _print(session, start(None), reply, ends_with)
    if session.is_verbose and reply.last is not None and reply.last.done:
        print(statistics(reply.last), end="", file=sys.stderr)
    return reply


def _print(session: Session, stream: Stream[P], reply: Reply[P], ends_with: str) -> None:
    text = _text(session)
    with waiting() as spinner, stream:
        try:
            for part in stream:
                shown = _feed(text, reply, part)
                if shown:
                    spinner.stop()
                    _write(shown)
        except KeyboardInterrupt:
            reply.was_stopped = True
    _write(text.finish() + ends_with)


def _feed(text: AnswerText, reply: Reply[Any], part: ChatResponse | GenerateResponse) -> str:
    reply.last = part
    if isinstance(part, ChatResponse):
        content, thinking = part.message.content, part.message.thinking
        calls = part.message.tool_calls
    else:
        content, thinking, calls = part.response, part.thinking, None
    reply.content.append(content or "")
    reply.thinking.append(thinking or "")
    reply.tool_calls += calls or []
    return text.feed(content, thinking, calls)


def _text(session: Session) -> AnswerText:
    is_terminal = sys.stdout.isatty()
    return AnswerText(
        styled=is_terminal,
        columns=terminal_columns() if is_terminal and session.wraps else None,
        hides_thinking=session.hides_thinking,
    )


def terminal_columns() -> int:
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or 80
    except OSError:
        return 80


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()

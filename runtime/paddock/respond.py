"""Engine items to API responses, and streamed parts to one response. Pure; knows no engine
thread."""

import logging
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic_ns
from typing import Any, TypeVar

from paddock.api import (
    ChatResponse,
    DebugInfo,
    GenerateResponse,
    Logprob,
    Message,
    TokenLogprob,
)
from paddock.engine import sequence as engine
from paddock.errors import EngineError
from paddock.output.events import BrokenCall, Content, Event, OutputParser, Thinking, ToolCall

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is known before the first token. Durations in nanoseconds."""

    load_duration: int
    original_count: int | None = None
    """Tokens of the prompt before it was cut; None if it was not."""
    keep_context: bool = False
    """Give the token ids back in the final response."""
    parser: OutputParser | None = None
    """Takes the answer apart; without one it is all content."""
    dropped_count: int = 0
    """Messages that did not fit."""
    context_length: int | None = None
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class Empty:
    """An answer without generation: the model was loaded or unloaded."""

    reason: str


@dataclass(frozen=True, slots=True)
class Preview:
    """An answer without generation: the prompt that it would have been an answer to."""

    prompt: str
    num_images: int = 0

    @property
    def info(self) -> DebugInfo:
        return DebugInfo(rendered_template=self.prompt, image_count=self.num_images or None)


def now() -> str:
    """Time of day as the reference writes it (RFC 3339, UTC)."""
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class _Parts:
    """What a piece of the answer brought."""

    content: str = ""
    thinking: str = ""
    calls: tuple[Message.ToolCall, ...] = ()
    broken: tuple[Message.BrokenCall, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.content or self.thinking or self.calls or self.broken)


NOTHING = _Parts()


class _Reader:
    """What chat and generate answers share."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._started = monotonic_ns()
        self._prepared = Prepared(0)
        self._silent = 0
        """Tokens behind the last that was part of something: of markers, or held back."""
        self._thought = 0

    def finish(self) -> list[Any]:
        return []

    def _feed(self, token: engine.Token) -> _Parts:
        parser = self._prepared.parser
        if parser is None:
            return _Parts(token.text)
        parts = _parts(parser.feed(token.text))
        self._silent += token.count
        if parts:
            self._thought += self._silent if parts.thinking else 0
            self._silent = 0
        return parts

    def _rest(self) -> _Parts:
        parser = self._prepared.parser
        return _parts(parser.finish()) if parser else NOTHING

    def _base(self) -> dict[str, Any]:
        return {"model": self._model, "created_at": now()}

    def _metrics(self, end: engine.Finished) -> dict[str, Any]:
        return {
            "done": True,
            "done_reason": str(end.reason),
            # Not until it was read: a caller may leave an answer lying.
            "total_duration": (end.ended or monotonic_ns()) - self._started,
            "load_duration": self._prepared.load_duration,
            "prompt_eval_count": end.prompt_count,
            "prompt_eval_duration": end.prompt_duration,
            "eval_count": end.eval_count,
            "eval_duration": end.eval_duration,
            "prompt_cached_count": end.cached_count,
            "prompt_original_count": self._prepared.original_count,
            "prompt_dropped_count": self._prepared.dropped_count or None,
            "thinking_count": self._thought or None,
            "queue_duration": end.queue_duration,
            "context_length": self._prepared.context_length,
            "seed": self._prepared.seed,
        }


class GenerateReader(_Reader):
    """Token items -> GenerateResponse parts."""

    def feed(self, item: Any) -> list[GenerateResponse]:
        match item:
            case engine.Token(logprob=logprob):
                parts = self._feed(item)
                if self._prepared.parser and not parts and logprob is None:
                    return []
                return [
                    GenerateResponse(
                        **self._base(),
                        **_generated(parts),
                        done=False,
                        logprobs=_logprobs(logprob),
                    )
                ]
            case engine.Finished():
                context = list(item.tokens) if self._prepared.keep_context else None
                return [
                    GenerateResponse(
                        **self._base(),
                        **_generated(self._rest()),
                        context=context,
                        **self._metrics(item),
                    )
                ]
            case Prepared():
                self._prepared = item
                return []
            case Empty(reason):
                return [
                    GenerateResponse(**self._base(), response="", done=True, done_reason=reason)
                ]
            case Preview():
                return [
                    GenerateResponse(**self._base(), response="", done=False, debug_info=item.info)
                ]
            case _:
                raise TypeError(f"unexpected {type(item).__name__} in an answer")


class ChatReader(_Reader):
    """Token items -> ChatResponse parts."""

    def feed(self, item: Any) -> list[ChatResponse]:
        match item:
            case engine.Token(logprob=logprob):
                parts = self._feed(item)
                if self._prepared.parser and not parts and logprob is None:
                    return []
                return [
                    ChatResponse(
                        **self._base(),
                        message=_says(parts),
                        done=False,
                        logprobs=_logprobs(logprob),
                    )
                ]
            case engine.Finished():
                message = _says(self._rest())
                return [ChatResponse(**self._base(), message=message, **self._metrics(item))]
            case Prepared():
                self._prepared = item
                return []
            case Empty(reason):
                return [
                    ChatResponse(
                        **self._base(), message=_says(NOTHING), done=True, done_reason=reason
                    )
                ]
            case Preview():
                # Reference: nobody speaks.
                nobody = Message(role="", content="")
                return [
                    ChatResponse(**self._base(), message=nobody, done=False, debug_info=item.info)
                ]
            case _:
                raise TypeError(f"unexpected {type(item).__name__} in an answer")


def _parts(events: Sequence[Event]) -> _Parts:
    contents: list[str] = []
    thoughts: list[str] = []
    calls: list[Message.ToolCall] = []
    broken: list[Message.BrokenCall] = []
    for event in events:
        match event:
            case Content(text):
                contents.append(text)
            case Thinking(text):
                thoughts.append(text)
            case ToolCall(name, arguments, index, id_):
                function = Message.ToolCall.Function(index=index, name=name, arguments=arguments)
                calls.append(Message.ToolCall(id=id_ or _call_id(), function=function))
            case BrokenCall(text, reason):
                # Nothing is lost: whoever reads the answer sees what the model wrote.
                logger.warning("a tool call cannot be read: %s", reason)
                contents.append(text)
                broken.append(Message.BrokenCall(text=text, error=reason))
    return _Parts("".join(contents), "".join(thoughts), tuple(calls), tuple(broken))


def _call_id() -> str:
    """Reference: `call_` and eight random letters or digits."""
    return "call_" + secrets.token_hex(4)


def _generated(parts: _Parts) -> dict[str, Any]:
    return {"response": parts.content, "thinking": parts.thinking or None}


def _says(parts: _Parts) -> Message:
    return Message(
        role="assistant",
        content=parts.content,
        thinking=parts.thinking or None,
        tool_calls=list(parts.calls) or None,
        broken_calls=list(parts.broken) or None,
    )


def _logprobs(item: engine.TokenLogprob | None) -> list[Logprob] | None:
    if item is None:
        return None
    top = [_token(TokenLogprob, piece, value) for piece, value in item.top]
    entry = _token(Logprob, item.text, item.logprob)
    entry.top_logprobs = top or None
    return [entry]


L = TypeVar("L", bound=TokenLogprob)


def _token(kind: type[L], piece: bytes, value: float) -> L:
    return kind(
        token=piece.decode("utf-8", errors="replace"),
        logprob=value,
        bytes=list(piece) or None,
    )


# -- folding ---------------------------------------------------------------------------------------

P = TypeVar("P")


def fold_generate(parts: Sequence[GenerateResponse]) -> GenerateResponse:
    """The final part with the text, thinking and log-probabilities of all."""
    last = fold_last(parts)
    return last.model_copy(
        update={
            "response": "".join(part.response or "" for part in parts),
            "thinking": "".join(part.thinking or "" for part in parts) or None,
            "logprobs": _joined(part.logprobs for part in parts),
        }
    )


def fold_chat(parts: Sequence[ChatResponse]) -> ChatResponse:
    """The final part with the message put together from all."""
    last = fold_last(parts)
    messages = [part.message for part in parts]
    whole = last.message.model_copy(
        update={
            "content": "".join(message.content or "" for message in messages),
            "thinking": "".join(message.thinking or "" for message in messages) or None,
            "tool_calls": _joined(message.tool_calls for message in messages),
            "broken_calls": _joined(message.broken_calls for message in messages),
        }
    )
    return last.model_copy(
        update={"message": whole, "logprobs": _joined(part.logprobs for part in parts)}
    )


def fold_last(parts: Sequence[P]) -> P:
    """For answers that come in one piece, or whose last part tells the outcome."""
    if not parts:
        raise EngineError("nothing is left of the answer: it was closed, or read, before")
    return parts[-1]


def _joined(lists: Any) -> list[Any] | None:
    return [item for part in lists for item in part or ()] or None

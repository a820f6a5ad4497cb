"""One request under way, read as LlamaIndex's responses. Knows streams and LlamaIndex's events."""

import warnings
from collections.abc import AsyncGenerator, Callable, Generator, Mapping
from contextlib import aclosing
from typing import Any, TypeVar, cast

from llama_index.core.base.llms.types import ChatResponse
from llama_index.core.llms.callbacks import llm_chat_callback, llm_completion_callback

import paddock
from llama_index.llms.paddock._convert import Answer, Part

Shape = TypeVar("Shape")
Method = TypeVar("Method", bound=Callable[..., Any])


class Reply:
    """The answer to come. Leaving it early cancels the request."""

    def __init__(self, stream: paddock.Stream[Any], answer: Answer) -> None:
        self._stream = stream
        self._answer = answer

    def result(self) -> ChatResponse:
        return self._answer.whole(_seen(self._stream.result()))

    async def aresult(self) -> ChatResponse:
        return self._answer.whole(_seen(await self._stream))

    def parts(self, shape: Callable[[ChatResponse], Shape]) -> Generator[Shape, None, None]:
        for part in self._stream:
            for response in self._answer.feed(_seen(part)):
                yield shape(response)

    async def aparts(self, shape: Callable[[ChatResponse], Shape]) -> AsyncGenerator[Shape, None]:
        async for part in self._stream:
            for response in self._answer.feed(_seen(part)):
                yield shape(response)

    # LlamaIndex's event wrapper does not close the generator it wraps, and a handler that keeps the
    # exception keeps that generator alive. So the stream is closed from outside the wrapper.

    def closing(self, inner: Generator[Shape, None, None]) -> Generator[Shape, None, None]:
        with self._stream:
            yield from inner

    async def aclosing(self, inner: AsyncGenerator[Shape, None]) -> AsyncGenerator[Shape, None]:
        async with self._stream, aclosing(inner):
            async for item in inner:
                yield item


def _seen(part: Part) -> Part:
    """The same part. Warns if it tells that the prompt was cut."""
    if part.prompt_original_count is not None:
        dropped = part.prompt_dropped_count or 0
        lost = f"the {dropped} oldest messages were left out" if dropped else "its middle was cut"
        warnings.warn(
            f"the prompt had {part.prompt_original_count} tokens and the context window holds "
            f"{part.context_length}: {lost}. Set context_window higher, or on_overflow='error'",
            stacklevel=3,
        )
    return part


# -- events ---------------------------------------------------------------------------------------


def _typed(decorator: Callable[..., Any]) -> Callable[[Method], Method]:
    """A decorator of llama-index-core, with the type that core's annotations lose."""
    return cast("Callable[[Method], Method]", decorator)


chat_events = _typed(llm_chat_callback())
completion_events = _typed(llm_completion_callback())

Events = Callable[[Callable[..., Any]], Callable[..., Any]]
Ask = Callable[[Any, dict[str, Any]], Reply]


def traced(
    events: Events,
    llm: object,
    ask: Ask,
    shape: Callable[[ChatResponse], Shape],
    asked: object,
    keywords: Mapping[str, Any],
) -> Generator[Shape, None, None]:
    """The shaped parts of what `ask` answers, within one pair of events."""
    replies: list[Reply] = []

    def begin(_llm: object, asked: object, **given: Any) -> Generator[Shape, None, None]:
        replies.append(ask(asked, given))
        return replies[0].parts(shape)

    parts = events(begin)(llm, asked, **keywords)
    return replies[0].closing(parts)


async def atraced(
    events: Events,
    llm: object,
    ask: Ask,
    shape: Callable[[ChatResponse], Shape],
    asked: object,
    keywords: Mapping[str, Any],
) -> AsyncGenerator[Shape, None]:
    """`traced` for event loops."""
    replies: list[Reply] = []

    async def begin(_llm: object, asked: object, **given: Any) -> AsyncGenerator[Shape, None]:
        replies.append(ask(asked, given))
        return replies[0].aparts(shape)

    parts = await events(begin)(llm, asked, **keywords)
    return replies[0].aclosing(parts)

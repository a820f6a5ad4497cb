"""Ollama's own answers: /api/generate, /api/chat, /api/embed, /api/embeddings.

Knows their routes and their replies; the work is the runtime's.
"""

import asyncio
from typing import Any, Final

from starlette.responses import Response

from paddock.api import (
    ChatRequest,
    ChatResponse,
    EmbeddingsRequest,
    EmbeddingsResponse,
    EmbedRequest,
    EmbedResponse,
    GenerateRequest,
    GenerateResponse,
    RunRequest,
)
from paddock.server.exchange import Endpoint, Exchange
from paddock.server.naming import CHAT, EMBED, EMBEDDINGS, FACE, GENERATE, read
from paddock.server.shapes import shown, vector_reply, vectors_reply
from paddock.server.streaming import Lines
from paddock.stream import Stream


async def generate(exchange: Exchange) -> Response:
    request = await read(exchange, GenerateRequest, GENERATE)
    with GENERATE.about(request.model):
        answer = exchange.runtime.generate(request)
        return await _reply(exchange, request, answer, is_empty=not request.prompt)


async def chat(exchange: Exchange) -> Response:
    request = await read(exchange, ChatRequest, CHAT)
    with CHAT.about(request.model):
        answer = exchange.runtime.chat(request)
        return await _reply(exchange, request, answer, is_empty=not request.messages)


async def _reply(
    exchange: Exchange, request: RunRequest, answer: Stream[Any], *, is_empty: bool
) -> Response:
    """Reference: what only loads a model, or only shows the prompt, is one object in any case."""
    is_whole = request.stream is False or is_empty or request.debug_render_only
    return await exchange.answered(answer, shown, None if is_whole else Lines(shown))


async def embed(exchange: Exchange) -> Response:
    request = await read(exchange, EmbedRequest, EMBED)
    with EMBED.about(request.model):
        answer = await exchange.whole(exchange.runtime.embed(request))
    return await asyncio.to_thread(vectors_reply, answer)


async def embeddings(exchange: Exchange) -> Response:
    request = await read(exchange, EmbeddingsRequest, EMBEDDINGS)
    with EMBEDDINGS.about(request.model):
        return vector_reply(await exchange.whole(exchange.runtime.embeddings(request)))


ENDPOINTS: Final[tuple[Endpoint, ...]] = (
    Endpoint(
        "POST",
        "/api/generate",
        generate,
        FACE,
        takes=GenerateRequest,
        gives=GenerateResponse,
        streams=True,
        summary="Go on from a prompt",
    ),
    Endpoint(
        "POST",
        "/api/chat",
        chat,
        FACE,
        takes=ChatRequest,
        gives=ChatResponse,
        streams=True,
        summary="Answer a conversation",
    ),
    Endpoint(
        "POST",
        "/api/embed",
        embed,
        FACE,
        takes=EmbedRequest,
        gives=EmbedResponse,
        summary="Normalised vectors of texts",
    ),
    Endpoint(
        "POST",
        "/api/embeddings",
        embeddings,
        FACE,
        takes=EmbeddingsRequest,
        gives=EmbeddingsResponse,
        summary="The vector of one text; superseded by /api/embed",
    ),
)

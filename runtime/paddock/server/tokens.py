"""/api/tokenize and /api/detokenize, which Ollama does not have: texts as tokens, and back.

They read a model's vocabulary; its weights stay where they are.
"""

import asyncio
from typing import Final

from starlette.responses import Response

from paddock.api import (
    DetokenizeRequest,
    DetokenizeResponse,
    TokenizeRequest,
    TokenizeResponse,
)
from paddock.server.exchange import Endpoint, Exchange
from paddock.server.naming import CHAT, FACE, read
from paddock.server.replies import json_reply


async def tokenize(exchange: Exchange) -> Response:
    request = await read(exchange, TokenizeRequest, CHAT)
    with CHAT.about(request.model):
        tokens = await asyncio.to_thread(
            exchange.runtime.tokenize, request.model, request.text, special=bool(request.special)
        )
    return json_reply({"model": request.model, "tokens": tokens})


async def detokenize(exchange: Exchange) -> Response:
    request = await read(exchange, DetokenizeRequest, CHAT)
    with CHAT.about(request.model):
        text = await asyncio.to_thread(exchange.runtime.detokenize, request.model, request.tokens)
    return json_reply({"model": request.model, "text": text})


ENDPOINTS: Final[tuple[Endpoint, ...]] = (
    Endpoint(
        "POST",
        "/api/tokenize",
        tokenize,
        FACE,
        takes=TokenizeRequest,
        gives=TokenizeResponse,
        summary="The tokens of a text",
    ),
    Endpoint(
        "POST",
        "/api/detokenize",
        detokenize,
        FACE,
        takes=DetokenizeRequest,
        gives=DetokenizeResponse,
        summary="The text of tokens",
    ),
)

"""Ollama's own API, /api/*: what it asks of bodies, which error says what, how replies are written.

Also the forms of August 2024, which clients still send. The work is the runtime's.
"""

from typing import Final

from starlette.responses import PlainTextResponse, Response

from paddock.api import ChatRequest, ChatResponse
from paddock.server import shapes
from paddock.server.exchange import Endpoint, Exchange, Face
from paddock.server.replies import json_reply, native_failure
from paddock.server.streaming import Lines

FACE: Final = Face("native", native_failure)


async def root(_: Exchange) -> Response:
    return PlainTextResponse("Ollama is running")


async def chat(exchange: Exchange) -> Response:
    request = await exchange.body(ChatRequest)
    answer = exchange.runtime.chat(request)
    if request.stream is False or not request.messages:
        return json_reply(shapes.shown(await exchange.whole(answer)))
    return await exchange.streamed(answer, Lines(shapes.shown))


ENDPOINTS: Final = (
    Endpoint("GET", "/", root, FACE, is_public=True),
    Endpoint("HEAD", "/", root, FACE, is_public=True),
    Endpoint("POST", "/api/chat", chat, FACE, takes=ChatRequest, gives=ChatResponse, streams=True),
)

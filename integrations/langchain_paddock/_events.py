"""The events of LangChain's streaming protocol (v3), made of chunks.

A block ends before the next begins, where LangChain's own bridge keeps all of them open to the end.
Knows chunks; knows no model and no answer.
"""

import json
from typing import Any

from langchain_core.messages import AIMessageChunk
from langchain_core.outputs import ChatGenerationChunk

from langchain_paddock._replies import PROVIDER

Event = dict[str, Any]

_DELTAS = {"text": "text-delta", "reasoning": "reasoning-delta"}


class Events:
    """`feed` every chunk, then `finish`. The first event comes with the first chunk."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._open = ""
        self._said: list[str] = []
        self._index = -1
        self._is_begun = False
        self._metadata: dict[str, Any] = {}
        self._usage: Any = None

    def feed(self, generated: ChatGenerationChunk) -> list[Event]:
        chunk = generated.message
        assert isinstance(chunk, AIMessageChunk)
        events = self._begin()
        reasoning = chunk.additional_kwargs.get("reasoning_content", "")
        events += self._say("reasoning", reasoning)
        events += self._say("text", chunk.text)
        for call in chunk.tool_calls:
            events += self._whole({"type": "tool_call", **call})
        for call in chunk.invalid_tool_calls:
            events += self._whole({"type": "invalid_tool_call", **call})
        logprobs = chunk.response_metadata.get("logprobs")
        if logprobs:
            self._metadata.setdefault("logprobs", []).extend(logprobs)
        self._metadata |= {k: v for k, v in chunk.response_metadata.items() if k != "logprobs"}
        self._usage = chunk.usage_metadata or self._usage
        return events

    def finish(self) -> list[Event]:
        end: Event = {"event": "message-finish", "metadata": self._metadata}
        if self._usage is not None:
            end["usage"] = json.loads(json.dumps(self._usage))
        return [*self._begin(), *self._close(), end]

    def _begin(self) -> list[Event]:
        if self._is_begun:
            return []
        self._is_begun = True
        metadata = {"provider": PROVIDER, "model": self._model}
        return [{"event": "message-start", "role": "ai", "id": "", "metadata": metadata}]

    def _say(self, kind: str, text: str) -> list[Event]:
        if not text:
            return []
        events: list[Event] = []
        if self._open != kind:
            events = [*self._close(), self._start({"type": kind, kind: ""})]
            self._open = kind
        self._said.append(text)
        delta = {"type": _DELTAS[kind], kind: text}
        return [*events, {"event": "content-block-delta", "index": self._index, "delta": delta}]

    def _whole(self, block: dict[str, Any]) -> list[Event]:
        empty = block | {"args": {} if block["type"] == "tool_call" else ""}
        return [*self._close(), self._start(empty), self._end(block)]

    def _start(self, block: dict[str, Any]) -> Event:
        self._index += 1
        return {"event": "content-block-start", "index": self._index, "content": block}

    def _end(self, block: dict[str, Any]) -> Event:
        return {"event": "content-block-finish", "index": self._index, "content": block}

    def _close(self) -> list[Event]:
        kind, self._open = self._open, ""
        if not kind:
            return []
        text = "".join(self._said)
        self._said.clear()
        return [self._end({"type": kind, kind: text})]

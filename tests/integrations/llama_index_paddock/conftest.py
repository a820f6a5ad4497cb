"""A runtime whose answers a test writes itself: real streams, no model. And an event counter."""

from collections.abc import Callable
from typing import Any

import pytest
from llama_index.core.callbacks import CallbackManager
from llama_index.core.callbacks.base_handler import BaseCallbackHandler

import paddock
from paddock.respond import fold_chat, fold_generate, fold_last
from paddock.settings import Settings
from paddock.stream import Channel, Plain

LONG = 1000
"""Characters that fit what the scripted runtime embeds with."""


class ScriptedRuntime:
    """Answers each request with the next script and keeps what it was asked.

    A script without a final part stays open, so that a test can see it being cancelled.
    """

    def __init__(self) -> None:
        self.scripts: list[tuple[Any, ...]] = []
        self.requests: list[Any] = []
        self.channels: list[Channel] = []
        self.settings = Settings(context_length=0)
        self.shown: paddock.ShowResponse | None = paddock.ShowResponse(
            capabilities=["completion", "tools"]
        )

    def will_say(self, *parts: Any) -> None:
        self.scripts.append(parts)

    def will_answer(self, *texts: str) -> None:
        self.will_say(*map(self.says, texts), self.ends())

    @property
    def request(self) -> Any:
        return self.requests[-1]

    @staticmethod
    def says(text: str = "", **message: Any) -> paddock.ChatResponse:
        said = paddock.Message(role="assistant", content=text, **message)
        return paddock.ChatResponse(model="m", message=said, done=False)

    @staticmethod
    def ends(**fields: Any) -> paddock.ChatResponse:
        counts = {"prompt_eval_count": 7, "eval_count": 3, "prompt_cached_count": 5} | fields
        said = paddock.Message(role="assistant", content="")
        return paddock.ChatResponse(
            model="m", message=said, done=True, done_reason="stop", **counts
        )

    @staticmethod
    def call(name: str, call_id: str = "call_1", **arguments: Any) -> paddock.Message.ToolCall:
        function = paddock.Message.ToolCall.Function(name=name, arguments=arguments)
        return paddock.Message.ToolCall(id=call_id, function=function)

    def chat(self, request: paddock.ChatRequest) -> paddock.Stream[paddock.ChatResponse]:
        return self._answer(request, fold_chat)

    def generate(self, request: paddock.GenerateRequest) -> paddock.Stream[Any]:
        return self._answer(request, fold_generate)

    def embed(self, request: paddock.EmbedRequest) -> paddock.Stream[Any]:
        vectors = [[float(len(text)), 1.0] for text in request.input]
        cut = [index for index, text in enumerate(request.input) if len(text) > LONG]
        self.will_say(paddock.EmbedResponse(embeddings=vectors, truncated=cut or None))
        return self._answer(request, fold_last)

    def show(self, request: paddock.ShowRequest) -> paddock.ShowResponse:
        self.requests.append(request)
        if self.shown is None:
            raise paddock.ModelNotFoundError(request.model)
        return self.shown

    def pull(self, request: paddock.PullRequest) -> paddock.Stream[Any]:
        self.shown = paddock.ShowResponse()
        self.will_say(paddock.ProgressResponse(status="success"))
        self.scripts.insert(0, self.scripts.pop())
        return self._answer(request, fold_last)

    def count_prompt(self, request: paddock.ChatRequest) -> int:
        self.requests.append(request)
        return 42

    def tokenize(self, model: str, text: str) -> list[int]:
        return list(text.encode())

    def _answer(self, request: Any, fold: Callable[[Any], Any]) -> paddock.Stream[Any]:
        self.requests.append(request)
        channel = Channel()
        self.channels.append(channel)
        for part in self.scripts.pop(0):
            if isinstance(part, Exception):
                channel.fail(part)
            else:
                channel.put(part)
                if getattr(part, "done", True):
                    channel.finish()
        return paddock.Stream(channel, Plain(), fold)


class EventCounter(BaseCallbackHandler):
    """Keeps payloads too, as debugging handlers do: exceptions and the frames behind them."""

    def __init__(self) -> None:
        super().__init__([], [])
        self.seen: list[tuple[str, str]] = []
        self.ended: list[dict[Any, Any]] = []

    def on_event_start(
        self, event_type: Any, payload: Any = None, event_id: str = "", **kwargs: Any
    ) -> str:
        self.seen.append(("start", event_type.value))
        return event_id

    def on_event_end(self, event_type: Any, payload: Any = None, **kwargs: Any) -> None:
        self.seen.append(("end", event_type.value))
        self.ended.append(payload or {})

    def start_trace(self, trace_id: str | None = None) -> None:
        pass

    def end_trace(self, trace_id: str | None = None, trace_map: Any = None) -> None:
        pass


@pytest.fixture
def runtime() -> ScriptedRuntime:
    return ScriptedRuntime()


@pytest.fixture
def events() -> EventCounter:
    return EventCounter()


@pytest.fixture
def callbacks(events: EventCounter) -> CallbackManager:
    return CallbackManager([events])

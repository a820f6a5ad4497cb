"""Runtimes: one whose answers a test writes itself (real streams, no model), and a real one."""

from collections.abc import Callable, Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from paddock import (
    ChatRequest,
    ChatResponse,
    EmbedRequest,
    EmbedResponse,
    GenerateRequest,
    GenerateResponse,
    ListResponse,
    Message,
    ModelNotFoundError,
    ProgressResponse,
    PullRequest,
    Runtime,
    ShowRequest,
    ShowResponse,
    Stream,
)
from paddock.respond import fold_chat, fold_generate, fold_last
from paddock.stream import Channel, Plain

FINAL: dict[str, Any] = {
    "model": "tiny",
    "created_at": "2025-01-01T00:00:00Z",
    "done": True,
    "done_reason": "stop",
    "total_duration": 50,
    "load_duration": 10,
    "prompt_eval_count": 7,
    "prompt_eval_duration": 20,
    "eval_count": 3,
    "eval_duration": 15,
    "prompt_cached_count": 4,
}


class FakeRuntime:
    """Answers every chat or generate request with `parts`.

    With `together=n` no answer ends before n requests have come; `endless` answers never end.
    """

    def __init__(
        self, *parts: Any, together: int = 1, endless: bool = False, embed: Any = None
    ) -> None:
        self.parts = parts
        self.together = together
        self.endless = endless
        self.vectors = embed
        self.requests: list[Any] = []
        self.channels: list[Channel] = []
        self.settings = SimpleNamespace(context_length=None)
        self.state = "today"
        self.resolved = 0

    @staticmethod
    def part(text: str = "", **fields: Any) -> ChatResponse:
        of_message = ("thinking", "tool_calls", "broken_calls")
        message = {name: fields.pop(name) for name in of_message if name in fields}
        said = Message(role="assistant", content=text, **message)
        return ChatResponse(**({"model": "tiny", "done": False} | fields), message=said)

    @classmethod
    def end(cls, text: str = "", **fields: Any) -> ChatResponse:
        return cls.part(text, **(FINAL | fields))

    @property
    def request(self) -> Any:
        """The only request that came."""
        (request,) = self.requests
        return request

    @property
    def cancelled(self) -> Sequence[bool]:
        return [channel.cancelled for channel in self.channels]

    def chat(self, request: ChatRequest) -> Stream[ChatResponse]:
        return Stream(self._answer(request, self.parts), Plain(), fold_chat)

    def generate(self, request: GenerateRequest) -> Stream[GenerateResponse]:
        echo = [GenerateResponse(response=f"<{request.prompt}>", done=False)]
        parts = self.parts or [*echo, GenerateResponse(response="", **FINAL)]
        return Stream(self._answer(request, parts), Plain(), fold_generate)

    def embed(self, request: EmbedRequest) -> Stream[EmbedResponse]:
        respond: Callable[[EmbedRequest], EmbedResponse] = self.vectors or _lengths
        return Stream(self._answer(request, [respond(request)]), Plain(), fold_last)

    def show(self, request: ShowRequest) -> ShowResponse:
        if request.model != "tiny":
            raise ModelNotFoundError(request.model)
        return ShowResponse()

    def pull(self, request: PullRequest) -> Stream[ProgressResponse]:
        steps = [ProgressResponse(status="pulling"), ProgressResponse(status="success")]
        return Stream(self._answer(request, steps), Plain(), fold_last)

    def list(self) -> ListResponse:
        return ListResponse(models=[ListResponse.Model(model="tiny:latest")])

    def resolve(self, name: str) -> SimpleNamespace:
        self.resolved += 1
        return SimpleNamespace(digest=f"{name} as of {self.state}")

    def count_prompt(self, request: ChatRequest) -> int:
        self.requests.append(request)
        return sum(len(message.content or "") for message in request.messages or ())

    def tokenize(self, model: str, text: str) -> Sequence[int]:
        self.requests.append(model)
        return list(text.encode())

    def _answer(self, request: Any, parts: Sequence[Any]) -> Channel:
        channel = Channel()
        for part in parts:
            channel.put(part)
        self.requests.append(request)
        self.channels.append(channel)
        if len(self.channels) >= self.together and not self.endless:
            for waiting in self.channels:
                waiting.finish()
        return channel


def _lengths(request: EmbedRequest) -> EmbedResponse:
    return EmbedResponse(embeddings=[[float(len(text)), 1.0] for text in request.input])


@pytest.fixture
def fake() -> type[FakeRuntime]:
    return FakeRuntime


@pytest.fixture
def hello() -> FakeRuntime:
    """Says "Hello" in two parts."""
    return FakeRuntime(FakeRuntime.part("Hel"), FakeRuntime.part("lo"), FakeRuntime.end())


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runtime]:
    """A real one, with a models folder of its own."""
    with Runtime(tmp_path_factory.mktemp("models")) as runtime:
        yield runtime

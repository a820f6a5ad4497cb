"""PaddockLLM: LangChain's text completion over a paddock runtime's `generate`."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Generator, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any, Final, Self

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models.base import LangSmithParams
from langchain_core.language_models.llms import BaseLLM
from langchain_core.outputs import Generation, GenerationChunk, LLMResult
from pydantic import model_validator

from langchain_paddock._fields import (
    IN_FLIGHT,
    KEYLESS,
    AnswerFields,
    known_errors,
    named,
    record_version,
    request,
    warn_of_cut,
    without_aliases,
)
from langchain_paddock._replies import report
from paddock import GenerateRequest, GenerateResponse, Stream

_GENERATE_FIELDS: Final = frozenset({"context", "images", "raw", "suffix", "system", "template"})


_asked: ContextVar[Mapping[str, Any]] = ContextVar("_asked", default=MappingProxyType({}))
"""Keywords of the call that runs. LangChain leaves them out of the key of a cached completion."""


@contextmanager
def _keyed(keywords: Mapping[str, Any]) -> Generator[None, None, None]:
    token = _asked.set(keywords)
    try:
        yield
    finally:
        _asked.reset(token)


class PaddockLLM(BaseLLM, AnswerFields):
    """Text completion with models that run inside this process, by their Ollama names.

    Instantiate, invoke, stream, batch:
        ```python
        from langchain_paddock import PaddockLLM

        model = PaddockLLM(model="llama3.2:1b", temperature=0)
        model.invoke("The sky is blue because")
        for text in model.stream("The sky is blue because"):
            print(text, end="")
        model.batch(["Hello", "Hey"])  # decoded side by side
        ```

    Calls take `raw`, `system`, `template`, `suffix`, `context` and `images` with the meaning that
    they have in Ollama's generate API, and every option.
    """

    @model_validator(mode="after")
    def _complete_paddock_llm(self) -> Self:
        record_version(self)
        return self

    @property
    def _llm_type(self) -> str:
        return "paddock-llm"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        params = self._influences()
        # Read for the cache's key alone: tracing asks at every call, on event loops too.
        if not self._is_cached():
            return params
        keywords = {k: v for k, v in _asked.get().items() if k not in KEYLESS}
        digest = self._digest(keywords.get("model") or self.model)
        return params | keywords | ({"digest": digest} if digest else {})

    def generate(self, prompts: list[str], *args: Any, **kwargs: Any) -> LLMResult:
        """Complete all prompts side by side; results are in order."""
        with _keyed(kwargs):
            return super().generate(prompts, *args, **kwargs)

    async def agenerate(self, prompts: list[str], *args: Any, **kwargs: Any) -> LLMResult:
        """Complete all prompts side by side; results are in order."""
        async with self._digest_looked_up(kwargs):
            with _keyed(kwargs):
                return await super().agenerate(prompts, *args, **kwargs)

    def _get_ls_params(self, stop: list[str] | None = None, **kwargs: Any) -> LangSmithParams:
        params = super()._get_ls_params(stop=stop, **kwargs)
        limit = without_aliases(kwargs).get("num_predict", self.num_predict)
        if limit is not None:
            params["ls_max_tokens"] = limit
        return params

    def get_token_ids(self, text: str) -> list[int]:
        """The model's own tokens of a text, without special ones. Loads no weights."""
        if self.custom_get_token_ids is not None:
            return self.custom_get_token_ids(text)
        return self._active_runtime().tokenize(self.model, text)

    def _requests(
        self, prompts: list[str], stop: list[str] | None, keywords: Mapping[str, Any]
    ) -> list[GenerateRequest]:
        rest = {name: value for name, value in keywords.items() if name != "pull"}
        fields = self._call_fields(stop, rest, _GENERATE_FIELDS)
        return [request(GenerateRequest, prompt=prompt, **fields) for prompt in prompts]

    def _submit(self, request: GenerateRequest) -> Stream[GenerateResponse]:
        return self._active_runtime().generate(request)

    def _generate(
        self,
        prompts: list[str],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> LLMResult:
        if self._wants_pull(kwargs):
            self._pull_missing(kwargs)
        requests = self._requests(prompts, stop, named(kwargs, run_manager))
        running: deque[Stream[GenerateResponse]] = deque()
        answers: list[GenerateResponse] = []
        try:
            with known_errors():
                for asked in requests:
                    if len(running) == IN_FLIGHT:
                        answers.append(running.popleft().result())
                    running.append(self._submit(asked))
                while running:
                    answers.append(running.popleft().result())
        finally:
            for stream in running:
                stream.close()
        return _result(requests, answers)

    async def _agenerate(
        self,
        prompts: list[str],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> LLMResult:
        if self._wants_pull(kwargs):
            await asyncio.to_thread(self._pull_missing, kwargs)
        requests = self._requests(prompts, stop, named(kwargs, run_manager))
        running: deque[Stream[GenerateResponse]] = deque()
        answers: list[GenerateResponse] = []
        try:
            with known_errors():
                for asked in requests:
                    if len(running) == IN_FLIGHT:
                        answers.append(await running.popleft())
                    running.append(self._submit(asked))
                while running:
                    answers.append(await running.popleft())
        finally:
            for stream in running:
                stream.close()
        return _result(requests, answers)

    def _stream(
        self,
        prompt: str,
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[GenerationChunk]:
        if self._wants_pull(kwargs):
            self._pull_missing(kwargs)
        (asked,) = self._requests([prompt], stop, named(kwargs, run_manager))
        with known_errors(), self._submit(asked) as stream:
            for part in stream:
                warn_of_cut(part)
                for chunk in _chunks(asked, part):
                    if run_manager:
                        run_manager.on_llm_new_token(chunk.text, chunk=chunk)
                    yield chunk

    async def _astream(
        self,
        prompt: str,
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[GenerationChunk]:
        if self._wants_pull(kwargs):
            await asyncio.to_thread(self._pull_missing, kwargs)
        (asked,) = self._requests([prompt], stop, named(kwargs, run_manager))
        with known_errors():
            async with self._submit(asked) as stream:
                async for part in stream:
                    warn_of_cut(part)
                    for chunk in _chunks(asked, part):
                        if run_manager:
                            await run_manager.on_llm_new_token(chunk.text, chunk=chunk)
                        yield chunk


def _result(requests: list[GenerateRequest], answers: list[GenerateResponse]) -> LLMResult:
    for answer in answers:
        warn_of_cut(answer)
    return LLMResult(
        generations=[
            [Generation(text=answer.response or "", generation_info=_info(asked, answer))]
            for asked, answer in zip(requests, answers, strict=True)
        ]
    )


def _chunks(asked: GenerateRequest, part: GenerateResponse) -> list[GenerationChunk]:
    info = _info(asked, part)
    if not (part.response or info):
        return []
    return [GenerationChunk(text=part.response or "", generation_info=info or None)]


def _info(asked: GenerateRequest, part: GenerateResponse) -> dict[str, Any]:
    """What a part says besides its text; statistics stand on the last part alone."""
    info: dict[str, Any] = {}
    if part.thinking and asked.think not in (None, False):
        # langchain-ollama uses one name when it streams and the other when it does not.
        info |= {"thinking": part.thinking, "reasoning_content": part.thinking}
    if part.done:
        info |= report(part) | {"finish_reason": part.done_reason}
        cached, context = part.prompt_cached_count, part.context
        info |= {} if cached is None else {"prompt_cached_count": cached}
        info |= {} if context is None else {"context": context}
    return info

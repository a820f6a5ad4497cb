"""ChatPaddock: LangChain's chat model over a paddock runtime.

Thin: _fields joins the settings of a call, _convert turns messages and answers; this file has the
methods that LangChain calls, each next to its asynchronous twin.
"""

import asyncio
import warnings
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Callable,
    Generator,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import aclosing, closing
from typing import Any, Final, Literal, Self

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.callbacks.base import Callbacks
from langchain_core.language_models import LanguageModelInput
from langchain_core.language_models.base import LangSmithParams
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult, LLMResult
from langchain_core.runnables import Runnable, RunnableConfig
from langchain_core.runnables.config import ContextThreadPoolExecutor, get_config_list
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from langchain_core.utils.uuid import uuid7
from pydantic import field_validator, model_validator

from langchain_paddock._convert import opens_nothing, to_messages, to_tools
from langchain_paddock._events import Event, Events
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
from langchain_paddock._images import opener
from langchain_paddock._profile import LazyProfile, profile_of
from langchain_paddock._replies import Chunks, to_generation
from langchain_paddock._structured import structured
from paddock import (
    ChatRequest,
    ChatResponse,
    PaddockError,
    ShowRequest,
    Stream,
)


class ChatPaddock(BaseChatModel, AnswerFields):
    """Chat models that run inside this process, by their Ollama names.

    Setup:
        ```bash
        pip install "paddock[langchain]"
        ```

    Key init args:
        model: Ollama name or path of a GGUF file or a Modelfile.
        temperature, num_ctx, num_predict, seed, stop, ...: Ollama's options; None leaves them to
            the model.
        reasoning: Whether, or how much, the model thinks before it answers.
        keep_alive: How long the model stays loaded after a request.

    Instantiate:
        ```python
        from langchain_paddock import ChatPaddock

        model = ChatPaddock(model="llama3.2:1b", temperature=0)
        ```

    Invoke, stream, batch:
        ```python
        model.invoke("Why is the sky blue?")
        for chunk in model.stream("Why is the sky blue?"):
            print(chunk.text, end="")
        model.batch(["Hello", "Hey"])  # decoded side by side
        ```

    Async:
        ```python
        await model.ainvoke("Why is the sky blue?")
        async for chunk in model.astream("Why is the sky blue?"):
            print(chunk.text, end="")
        ```

    Every option may also be given per call or with `bind`:
        ```python
        model.invoke("Why is the sky blue?", temperature=1, num_predict=50)
        ```

    Tool calling; "any" or a tool's name forces a call, "none" forbids them:
        ```python
        model.bind_tools([get_weather], tool_choice="any").invoke("Is it warm in Oslo?").tool_calls
        ```

    Structured output:
        ```python
        model.with_structured_output(Joke).invoke("Tell me a joke about cats")
        ```

    Reasoning:
        ```python
        message = model.invoke("What is 3^3?", reasoning=True)
        message.additional_kwargs["reasoning_content"]
        ```

    A server of Ollama's API, paddock's or Ollama's own, in place of this process:
        ```python
        ChatPaddock(model="llama3.2:1b", base_url="http://gpu-box:11434")
        ```

    Token usage and response metadata:
        ```python
        message = model.invoke("Hello")
        message.usage_metadata  # input, output, total; cache_read: prompt tokens reused
        message.response_metadata  # model_name, done_reason, durations in nanoseconds
        ```
    """

    logprobs: bool | None = None
    """Report each token's log-probability in `response_metadata["logprobs"]`."""

    top_logprobs: int | None = None
    """How many likelier tokens to report with each, from 1; turns `logprobs` on."""

    fetch_urls: bool = False
    """Fetch images that messages name by an http(s) address."""

    read_files: bool = False
    """Read images that messages name by a path or a `file:` address."""

    streaming: bool | None = None
    """True: `invoke` streams as well; False: `stream` gives the answer in one piece."""

    @field_validator("top_logprobs")
    @classmethod
    def _check_top_logprobs(cls, value: int | None) -> int | None:
        if value is not None and value < 1:
            raise ValueError(f"`top_logprobs` must be a positive integer, not {value}")
        return value

    @model_validator(mode="after")
    def _complete_chat_paddock(self) -> Self:
        record_version(self)
        self._read_profile_later()
        if self.top_logprobs is not None and not self.logprobs:
            if self.logprobs is False:
                raise ValueError(
                    "top_logprobs is set, but logprobs is explicitly False; remove one of them"
                )
            warnings.warn(
                "top_logprobs is set without logprobs. Setting `logprobs=True` automatically",
                stacklevel=4,
            )
            self.logprobs = True
        return self

    # what LangChain asks about the model

    @property
    def _llm_type(self) -> str:
        return "chat-paddock"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return self._influences()

    @classmethod
    def is_lc_serializable(cls) -> bool:
        return True

    def _own_fields(self) -> dict[str, Any]:
        return super()._own_fields() | {
            "logprobs": self.logprobs,
            "top_logprobs": self.top_logprobs,
        }

    def _get_llm_string(self, stop: list[str] | None = None, **kwargs: Any) -> str:
        """The key of cached answers: what can change one, the model's digest included."""
        params = self._influences() | {k: v for k, v in kwargs.items() if k not in KEYLESS}
        params |= {"stop": stop or params.get("stop"), "_type": self._llm_type}
        params["digest"] = self._digest(kwargs.get("model") or self.model)
        return str(sorted(params.items()))

    def _get_ls_params(self, stop: list[str] | None = None, **kwargs: Any) -> LangSmithParams:
        params = super()._get_ls_params(stop=stop or self.stop, **kwargs)
        limit = without_aliases(kwargs).get("num_predict", self.num_predict)
        if limit is not None:
            params["ls_max_tokens"] = limit
        return params

    def get_token_ids(self, text: str) -> list[int]:
        """The model's own tokens of a text, without special ones. Loads no weights."""
        if self.custom_get_token_ids is not None:
            return self.custom_get_token_ids(text)
        return self._active_runtime().tokenize(self.model, text)

    def get_num_tokens_from_messages(
        self, messages: Sequence[BaseMessage], tools: Sequence[Any] | None = None, **kwargs: Any
    ) -> int:
        """The `input_tokens` that a call with these messages and tools reports, if none is left
        out. Loads no weights; images do not count.
        """
        asked = self._request(list(messages), None, {**kwargs, "tools": tools})
        return self._active_runtime().count_prompt(asked)

    def _resolve_model_profile(self) -> Any:
        return LazyProfile()

    def _read_profile_later(self) -> None:
        if isinstance(self.profile, LazyProfile):
            self.profile.read_with(self._read_profile)

    def _read_profile(self) -> dict[str, Any] | None:
        runtime = self._active_runtime()
        try:
            shown = runtime.show(ShowRequest(model=self.model))
        except PaddockError:
            return None
        return profile_of(
            self.model,
            shown,
            num_ctx=self.num_ctx,
            num_predict=self.num_predict,
            fallback=None if self.base_url else runtime.settings.context_length,
        )

    def __getstate__(self) -> dict[Any, Any]:
        state = super().__getstate__()
        fields = dict(state["__dict__"])
        if isinstance(fields.get("profile"), LazyProfile):
            fields["profile"] = None
        return {**state, "__dict__": fields}

    def __setstate__(self, state: dict[Any, Any]) -> None:
        super().__setstate__(state)
        if self.profile is None:
            self.profile = self._resolve_model_profile()
            self._read_profile_later()

    # one request

    def _request(
        self, messages: list[BaseMessage], stop: list[str] | None, keywords: Mapping[str, Any]
    ) -> ChatRequest:
        rest = {name: value for name, value in keywords.items() if name not in _OWN_KEYWORDS}
        of_tools: dict[str, Any] = {name: rest.pop(name, None) for name in _TOOL_FIELDS}
        tools = to_tools(rest.pop("tools", None) or [])
        if of_tools["parallel_tool_calls"] is None and _is_forced(of_tools["tool_choice"]):
            of_tools["parallel_tool_calls"] = False
        fields = self._call_fields(stop, rest)
        opens = {name: keywords.get(name, getattr(self, name)) for name in _OPENING}
        said = to_messages(messages, opener(**opens) if any(opens.values()) else opens_nothing)
        return request(ChatRequest, messages=said, tools=tools or None, **of_tools, **fields)

    def _submit(
        self, messages: list[BaseMessage], stop: list[str] | None, keywords: Mapping[str, Any]
    ) -> tuple[Stream[ChatResponse], bool]:
        """The running answer, and whether its reasoning is to be kept."""
        if self._wants_pull(keywords):
            self._pull_missing(keywords)
        asked = self._request(messages, stop, keywords)
        return self._active_runtime().chat(asked), asked.think not in (None, False)

    async def _asubmit(
        self, messages: list[BaseMessage], stop: list[str] | None, keywords: Mapping[str, Any]
    ) -> tuple[Stream[ChatResponse], bool]:
        """The same off the event loop, where something has to be fetched first."""
        opens = any(keywords.get(name, getattr(self, name)) for name in _OPENING)
        if opens or self._wants_pull(keywords):
            return await asyncio.to_thread(self._submit, messages, stop, keywords)
        return self._submit(messages, stop, keywords)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        with known_errors():
            stream, reasoning = self._submit(messages, stop, kwargs)
            response = stream.result()
        warn_of_cut(response)
        return ChatResult(generations=[to_generation(response, reasoning=reasoning)])

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        with known_errors():
            stream, reasoning = await self._asubmit(messages, stop, kwargs)
            response = await stream
        warn_of_cut(response)
        return ChatResult(generations=[to_generation(response, reasoning=reasoning)])

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Generator[ChatGenerationChunk, None, None]:
        with known_errors():
            stream, reasoning = self._submit(messages, stop, named(kwargs, run_manager))
            chunks = Chunks(reasoning=reasoning)
            with stream:
                for part in stream:
                    warn_of_cut(part)
                    for chunk in chunks.feed(part):
                        if run_manager:
                            run_manager.on_llm_new_token(chunk.text, chunk=chunk)
                        yield chunk

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncGenerator[ChatGenerationChunk, None]:
        with known_errors():
            stream, reasoning = await self._asubmit(messages, stop, named(kwargs, run_manager))
            chunks = Chunks(reasoning=reasoning)
            async with stream:
                async for part in stream:
                    warn_of_cut(part)
                    for chunk in chunks.feed(part):
                        if run_manager:
                            await run_manager.on_llm_new_token(chunk.text, chunk=chunk)
                        yield chunk

    def _stream_chat_model_events(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Generator[Event, None, None]:
        events = Events(kwargs.get("model") or self.model)
        with closing(self._stream(messages, stop, run_manager, **kwargs)) as chunks:
            for chunk in chunks:
                yield from events.feed(chunk)
            yield from events.finish()

    async def _astream_chat_model_events(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncGenerator[Event, None]:
        events = Events(kwargs.get("model") or self.model)
        async with aclosing(self._astream(messages, stop, run_manager, **kwargs)) as chunks:
            async for chunk in chunks:
                for event in events.feed(chunk):
                    yield event
        for event in events.finish():
            yield event

    # the run's id as the request's, where core does not hand it to the methods above

    def stream(
        self,
        input: LanguageModelInput,
        config: RunnableConfig | None = None,
        *,
        stop: list[str] | None = None,
        **kwargs: Any,
    ) -> Iterator[AIMessageChunk]:
        """The answer as it comes. Its run's id, in every chunk's `id`, is that of the request."""
        own, kwargs = _numbered(config, kwargs)
        return super().stream(input, own, stop=stop, **kwargs)

    def astream(
        self,
        input: LanguageModelInput,
        config: RunnableConfig | None = None,
        *,
        stop: list[str] | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[AIMessageChunk]:
        """The answer as it comes. Its run's id, in every chunk's `id`, is that of the request."""
        own, kwargs = _numbered(config, kwargs)
        return super().astream(input, own, stop=stop, **kwargs)

    def _generate_with_cache(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        kwargs = named(kwargs, run_manager)
        return super()._generate_with_cache(messages, stop, run_manager, **kwargs)

    async def _agenerate_with_cache(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        kwargs = named(kwargs, run_manager)
        return await super()._agenerate_with_cache(messages, stop, run_manager, **kwargs)

    def _get_invocation_params(
        self, stop: list[str] | None = None, **kwargs: Any
    ) -> dict[str, Any]:
        kwargs.pop("request_id", None)  # tells nothing of the answer, and traces have it
        return super()._get_invocation_params(stop, **kwargs)

    # many requests

    def generate(
        self,
        messages: list[list[BaseMessage]],
        stop: list[str] | None = None,
        callbacks: Callbacks = None,
        *,
        run_id: Any = None,
        **kwargs: Any,
    ) -> LLMResult:
        """Answer all conversations side by side; results are in order."""
        generate = super().generate
        if len(messages) < 2:
            return generate(messages, stop, callbacks, run_id=run_id, **kwargs)

        def answer(number: int) -> LLMResult:
            own_id = run_id if number == 0 else None
            return generate([messages[number]], stop, callbacks, run_id=own_id, **kwargs)

        # A thread each, as in `batch`: callbacks, caches and limiters of LangChain block.
        with ContextThreadPoolExecutor(min(len(messages), IN_FLIGHT)) as pool:
            results = list(pool.map(answer, range(len(messages))))
        return LLMResult(
            generations=[generations for result in results for generations in result.generations],
            llm_output={},
            run=[run for result in results for run in result.run or []] or None,
        )

    async def agenerate(
        self, messages: list[list[BaseMessage]], *args: Any, **kwargs: Any
    ) -> LLMResult:
        """Answer all conversations side by side; results are in order."""
        async with self._digest_looked_up(kwargs):
            return await super().agenerate(messages, *args, **kwargs)

    def batch(
        self,
        inputs: list[LanguageModelInput],
        config: RunnableConfig | list[RunnableConfig] | None = None,
        *,
        return_exceptions: bool = False,
        **kwargs: Any,
    ) -> list[AIMessage]:
        """Answer all inputs side by side; results are in order."""
        configs = _with_concurrency(config, len(inputs))
        return super().batch(inputs, configs, return_exceptions=return_exceptions, **kwargs)

    def batch_as_completed(
        self,
        inputs: Sequence[LanguageModelInput],
        config: RunnableConfig | Sequence[RunnableConfig] | None = None,
        **kwargs: Any,
    ) -> Iterator[tuple[int, Any]]:
        """Answer all inputs side by side; each comes with its number, as soon as it is there."""
        configs = _with_concurrency(config, len(inputs))
        return super().batch_as_completed(inputs, configs, **kwargs)

    async def abatch(
        self,
        inputs: list[LanguageModelInput],
        config: RunnableConfig | list[RunnableConfig] | None = None,
        *,
        return_exceptions: bool = False,
        **kwargs: Any,
    ) -> list[AIMessage]:
        """Answer all inputs side by side; results are in order."""
        configs = _with_concurrency(config, len(inputs))
        return await super().abatch(inputs, configs, return_exceptions=return_exceptions, **kwargs)

    # tools and schemas

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: str | dict[str, Any] | bool | None = None,
        strict: bool | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """Let the model call these tools.

        A `tool_choice` forbids calls ("none"), or holds the model to one ("any", "required", True,
        or a tool's name; with `parallel_tool_calls=True` to one or more). `strict` holds arguments
        to their schemas also where the model calls of its own accord; `parallel_tool_calls=False`
        ends the answer after one call.
        """
        described = [convert_to_openai_tool(tool) for tool in tools]
        _check_tool_exists(tool_choice, {tool["function"]["name"] for tool in described})
        if tool_choice is not None:
            kwargs["tool_choice"] = tool_choice
        if strict is not None:
            kwargs["strict"] = strict
        return self.bind(tools=described, **kwargs)

    def with_structured_output(
        self,
        schema: dict[str, Any] | type | None = None,
        *,
        method: Literal["json_schema", "function_calling", "json_mode"] = "json_schema",
        include_raw: bool = False,
        strict: bool | None = None,
        tools: Sequence[Any] | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, Any]:
        """Answers as objects of `schema`.

        `json_schema` holds the model to the schema token by token; `json_mode` to some JSON object,
        described in the prompt by you; `function_calling` to a call of a tool. With `tools` (and
        `include_raw`) the model may call one of them instead.
        """
        if kwargs:
            raise ValueError(f"unknown arguments: {', '.join(kwargs)}")
        return structured(self, schema, method, include_raw=include_raw, tools=tools, strict=strict)


_TOOL_FIELDS: Final = ("tool_choice", "parallel_tool_calls", "strict")
_OPENING: Final = ("fetch_urls", "read_files")
_OWN_KEYWORDS: Final = frozenset({*_OPENING, "pull"})

# -- runs -----------------------------------------------------------------------------------------


def _numbered(
    config: RunnableConfig | None, keywords: dict[str, Any]
) -> tuple[RunnableConfig, dict[str, Any]]:
    """The config with a run's id, and the keywords with it as the request's."""
    run_id = (config or {}).get("run_id") or uuid7()
    return {**(config or {}), "run_id": run_id}, {"request_id": run_id, **keywords}


# -- batches --------------------------------------------------------------------------------------


def _with_concurrency(
    config: RunnableConfig | Sequence[RunnableConfig] | None, length: int
) -> list[RunnableConfig]:
    """One config per input; core's own limit suits remote services on small machines."""
    configs = get_config_list(config, length)
    if configs and configs[0].get("max_concurrency") is None:
        configs[0] = {**configs[0], "max_concurrency": IN_FLIGHT}
    return configs


# -- tool choice ----------------------------------------------------------------------------------

_GENERAL: Final = ("auto", "any", "required", "none")


def _check_tool_exists(choice: Any, names: set[str]) -> None:
    match choice:
        case str() if choice not in _GENERAL:
            wanted = choice
        case {"function": {"name": str(wanted)}}:
            pass
        case _:
            return
    if wanted not in names:
        raise ValueError(f"tool_choice names {wanted!r}; the tools are: {', '.join(sorted(names))}")


def _is_forced(choice: Any) -> bool:
    return choice not in (None, False, "", "auto", "none")

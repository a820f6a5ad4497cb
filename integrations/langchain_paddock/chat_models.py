"""ChatPaddock: LangChain's chat model over a paddock runtime.

Thin: _fields joins the settings of a call, _convert turns messages and answers; this file has the
methods that LangChain calls, each next to its asynchronous twin.
"""

import warnings
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any, Final, Literal, Self

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.callbacks.base import Callbacks
from langchain_core.language_models import LanguageModelInput
from langchain_core.language_models.base import LangSmithParams
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.output_parsers import (
    BaseOutputParser,
    JsonOutputKeyToolsParser,
    JsonOutputParser,
    PydanticOutputParser,
    PydanticToolsParser,
)
from langchain_core.outputs import ChatGenerationChunk, ChatResult, LLMResult
from langchain_core.runnables import Runnable, RunnableConfig, RunnableMap, RunnablePassthrough
from langchain_core.runnables.config import ContextThreadPoolExecutor, get_config_list
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from langchain_core.utils.pydantic import is_basemodel_subclass
from pydantic import Field, model_validator

from langchain_paddock._convert import (
    Chunks,
    to_generation,
    to_json_schema,
    to_messages,
    to_tools,
)
from langchain_paddock._fields import (
    IN_FLIGHT,
    PaddockFields,
    record_version,
    request,
    without_aliases,
)
from paddock import ChatRequest, ChatResponse, Stream, UnsupportedError


class ChatPaddock(BaseChatModel, PaddockFields):
    """Chat models that run inside this process, by their Ollama names.

    Setup:
        ```bash
        pip install "paddock[langchain]"
        ```

    Key init args:
        model: Ollama name or path of a GGUF file.
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

    Structured output:
        ```python
        model.with_structured_output(Joke).invoke("Tell me a joke about cats")
        ```

    Token usage and response metadata:
        ```python
        message = model.invoke("Hello")
        message.usage_metadata  # input, output, total; cache_read: prompt tokens reused
        message.response_metadata  # model_name, done_reason, durations in nanoseconds
        ```
    """

    format: Literal["", "json"] | dict[str, Any] | None = None
    """`"json"` for any JSON object, or a JSON schema that the answer must follow."""

    reasoning: bool | Literal["low", "medium", "high", "max"] | None = None
    """True or a level: think, and keep it as `reasoning_content`; False: do not think.

    None leaves it to the model and drops what it thought.
    """

    logprobs: bool | None = None
    """Report each token's log-probability in `response_metadata["logprobs"]`."""

    top_logprobs: int | None = Field(default=None, ge=1)
    """How many likelier tokens to report with each; turns `logprobs` on."""

    timeout: float | None = Field(default=None, gt=0)
    """Seconds from submitting a request to its end; DeadlineError after that."""

    streaming: bool | None = None
    """True: `invoke` streams as well; False: `stream` gives the answer in one piece."""

    @model_validator(mode="after")
    def _complete_chat_paddock(self) -> Self:
        record_version(self)
        if self.top_logprobs is not None and not self.logprobs:
            if self.logprobs is False:
                raise ValueError("top_logprobs is set but logprobs is False; remove one of them")
            warnings.warn("top_logprobs is set: setting logprobs=True as well", stacklevel=4)
            self.logprobs = True
        return self

    # what LangChain asks about the model

    @property
    def _llm_type(self) -> str:
        return "chat-paddock"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return self._influences()

    def _own_fields(self) -> dict[str, Any]:
        return super()._own_fields() | {
            "format": self.format,
            "think": self.reasoning,
            "logprobs": self.logprobs,
            "top_logprobs": self.top_logprobs,
            "timeout": self.timeout,
        }

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

    # one request

    def _submit(
        self, messages: list[BaseMessage], stop: list[str] | None, keywords: Mapping[str, Any]
    ) -> tuple[Stream[ChatResponse], bool]:
        """The running answer, and whether its reasoning is to be kept."""
        rest = dict(keywords)
        choice = rest.pop("tool_choice", None)
        _check_parallel(rest.pop("parallel_tool_calls", None))
        rest.pop("strict", None)
        tools = to_tools(rest.pop("tools", None) or [])
        fields = self._call_fields(stop, rest)
        asked = request(
            ChatRequest,
            messages=to_messages(messages),
            tools=tools or None,
            tool_choice=choice,
            **fields,
        )
        return self._active_runtime().chat(asked), asked.think not in (None, False)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        stream, reasoning = self._submit(messages, stop, kwargs)
        return ChatResult(generations=[to_generation(stream.result(), reasoning=reasoning)])

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        stream, reasoning = self._submit(messages, stop, kwargs)
        return ChatResult(generations=[to_generation(await stream, reasoning=reasoning)])

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        stream, reasoning = self._submit(messages, stop, kwargs)
        chunks = Chunks(reasoning=reasoning)
        with stream:
            for part in stream:
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
    ) -> AsyncIterator[ChatGenerationChunk]:
        stream, reasoning = self._submit(messages, stop, kwargs)
        chunks = Chunks(reasoning=reasoning)
        async with stream:
            async for part in stream:
                for chunk in chunks.feed(part):
                    if run_manager:
                        await run_manager.on_llm_new_token(chunk.text, chunk=chunk)
                    yield chunk

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
        """Let the model call these tools. A `tool_choice` forbids calls ("none"), or holds the
        model to one ("any", "required", True, or a tool's name).
        """
        described = [convert_to_openai_tool(tool) for tool in tools]
        _check_tool_exists(tool_choice, {tool["function"]["name"] for tool in described})
        if tool_choice is not None:
            kwargs["tool_choice"] = tool_choice
        return self.bind(tools=described, **kwargs)

    def with_structured_output(
        self,
        schema: dict[str, Any] | type | None = None,
        *,
        method: Literal["json_schema", "function_calling", "json_mode"] = "json_schema",
        include_raw: bool = False,
        strict: bool | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, Any]:
        """Answers as objects of `schema`.

        `json_schema` holds the model to the schema token by token; `json_mode` to some JSON object,
        described in the prompt by you; `function_calling` to a call of a tool.
        """
        if kwargs:
            raise ValueError(f"unknown arguments: {', '.join(kwargs)}")
        if method not in _METHODS:
            raise ValueError(f"method must be one of {', '.join(_METHODS)}, not {method!r}")
        if schema is None and method != "json_mode":
            raise ValueError(f"the method {method!r} needs a schema")
        model, parser = _METHODS[method](self, schema)
        return _with_raw(model, parser) if include_raw else model | parser


# -- batches --------------------------------------------------------------------------------------


def _with_concurrency(
    config: RunnableConfig | list[RunnableConfig] | None, length: int
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


def _check_parallel(parallel: bool | None) -> None:
    if parallel is False:
        raise UnsupportedError(
            "parallel_tool_calls=False: paddock cannot yet stop a model after one call"
        )


# -- structured output ----------------------------------------------------------------------------

_Parsed = tuple[Runnable[LanguageModelInput, AIMessage], Runnable[Any, Any]]


def _traced(method: str, schema: Any) -> dict[str, Any]:
    return {"ls_structured_output_format": {"kwargs": {"method": method}, "schema": schema}}


def _by_schema(model: ChatPaddock, schema: Any) -> _Parsed:
    bound = model.bind(format=to_json_schema(schema), **_traced("json_schema", schema))
    return bound, _json_parser(schema)


def _by_json(model: ChatPaddock, schema: Any) -> _Parsed:
    bound = model.bind(format="json", **_traced("json_mode", schema))
    return bound, _json_parser(schema)


def _by_tool(model: ChatPaddock, schema: Any) -> _Parsed:
    name = convert_to_openai_tool(schema)["function"]["name"]
    traced = _traced("function_calling", schema)
    bound = model.bind_tools([schema], tool_choice=name, **traced)
    if _is_class(schema):
        return bound, PydanticToolsParser(tools=[schema], first_tool_only=True)
    return bound, JsonOutputKeyToolsParser(key_name=name, first_tool_only=True)


_METHODS: Final[dict[str, Callable[[ChatPaddock, Any], _Parsed]]] = {
    "json_schema": _by_schema,
    "function_calling": _by_tool,
    "json_mode": _by_json,
}


def _json_parser(schema: Any) -> BaseOutputParser[Any]:
    return PydanticOutputParser(pydantic_object=schema) if _is_class(schema) else JsonOutputParser()


def _is_class(schema: Any) -> bool:
    return isinstance(schema, type) and is_basemodel_subclass(schema)


def _with_raw(
    model: Runnable[LanguageModelInput, AIMessage], parser: Runnable[Any, Any]
) -> Runnable[LanguageModelInput, Any]:
    """The message, what was parsed from it, and the error if that failed."""
    parsed = RunnablePassthrough.assign(
        parsed=itemgetter("raw") | parser, parsing_error=lambda _: None
    )
    failed = RunnablePassthrough.assign(parsed=lambda _: None)
    return RunnableMap(raw=model) | parsed.with_fallbacks([failed], exception_key="parsing_error")

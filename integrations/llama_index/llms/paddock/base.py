"""Paddock, LlamaIndex's LLM over a runtime in this process.

Thin: turns a call into one request and its Stream into LlamaIndex's responses; conversions are in
_convert.py. Holds parameters only: no weights, no connection, no event loop.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Generator, Mapping, Sequence
from contextlib import aclosing, closing
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

from llama_index.core.base.llms.generic_utils import (
    messages_to_prompt as default_messages_to_prompt,
)
from llama_index.core.base.llms.types import (
    ChatMessage,
    ChatResponse,
    ChatResponseAsyncGen,
    ChatResponseGen,
    CompletionResponse,
    CompletionResponseAsyncGen,
    CompletionResponseGen,
    LLMMetadata,
    MessageRole,
)
from llama_index.core.constants import DEFAULT_NUM_OUTPUTS
from llama_index.core.llms.function_calling import FunctionCallingLLM
from llama_index.core.llms.llm import ToolSelection, default_completion_to_prompt
from llama_index.core.prompts import PromptTemplate
from llama_index.core.types import PydanticProgramMode
from llama_index_instrumentation import get_dispatcher
from pydantic import BaseModel, Field

import paddock
from llama_index.llms.paddock._convert import (
    Answer,
    fetched,
    to_completion,
    to_messages,
    to_selections,
)
from llama_index.llms.paddock._fields import (
    CONSTRAINTS,
    Keywords,
    PaddockFields,
    build,
    overflow_fields,
    read_keywords,
)
from llama_index.llms.paddock._reply import (
    Reply,
    atraced,
    chat_events,
    completion_events,
    traced,
)
from llama_index.llms.paddock._structured import Structured

if TYPE_CHECKING:
    from llama_index.core.program.utils import FlexibleModel
    from llama_index.core.tools.types import BaseTool

Output = TypeVar("Output", bound=BaseModel)

DEFAULT_NUM_CTX: Final = 4096
"""The reference's context window where neither caller, Modelfile nor environment names one."""

dispatcher = get_dispatcher(__name__)


_ALIASES: Final = {"max_tokens": "num_predict"}


class Paddock(FunctionCallingLLM, PaddockFields):
    """A model that runs in this process, by its Ollama name or as a path to a GGUF file.

    All of Ollama's options are fields; None leaves an option to the model's Modelfile. Every field
    can be given for one call too: `llm.chat(messages, temperature=0, stop=["###"])`.

    Examples:
        `pip install "paddock[llama-index]"`

        ```python
        from llama_index.llms.paddock import Paddock

        llm = Paddock("llama3.2:1b", temperature=0.2, context_window=8192)
        for chunk in llm.stream_complete("Why is the sky blue?"):
            print(chunk.delta, end="")
        ```
    """

    model: str = Field(description="An Ollama name, or a path to a GGUF file or a Modelfile.")
    context_window: int = Field(
        -1, description="Context window in tokens; -1 leaves it to the Modelfile, else 4096."
    )
    request_timeout: float | None = Field(
        None, description="Seconds that one request may take; None sets no limit."
    )
    json_mode: bool = Field(False, description="Let the model answer in JSON only.")
    format: str | dict[str, Any] | None = Field(
        None, description='"json" or a JSON schema that every answer follows.'
    )
    is_function_calling_model: bool | None = Field(
        None, description="Whether to offer tools; None asks the model's template."
    )
    thinking: bool | Literal["low", "medium", "high", "max"] | None = Field(
        None, description="Let the model think first; None leaves it to the model."
    )
    logprobs: bool | None = Field(None, description="Report every token's log-probability.")
    top_logprobs: int | None = Field(None, description="Alternatives to report per token.")
    grammar: str | None = Field(None, description="GBNF grammar that every answer follows.")
    choices: list[str] | None = Field(None, description="Texts of which every answer is one.")
    on_overflow: Literal["truncate", "error", "shift"] = Field(
        "truncate",
        description="What becomes of a prompt that exceeds the window: its oldest messages are left"
        " out, or (shift) its middle; both with a warning. Or a ContextLengthError.",
    )
    fetch_urls: bool = Field(
        False, description="Fetch images and documents that messages name by an http(s) URL."
    )

    def __init__(
        self, model: str, *, runtime: paddock.Runtime | None = None, **fields: Any
    ) -> None:
        super().__init__(**self._read({"model": model, **fields}, _ALIASES))
        self._runtime = runtime
        if self.base_url and runtime:
            raise paddock.RequestError("base_url excludes runtime: its server has its own")
        if self.num_ctx not in (None, self.context_window) and self.context_window != -1:
            raise paddock.RequestError("context_window and num_ctx are one option: give only one")

    @classmethod
    def class_name(cls) -> str:
        return "Paddock_llm"

    @property
    def metadata(self) -> LLMMetadata:
        options = self._options({})
        shown = self.runtime.show(paddock.ShowRequest(model=self.model))
        can_call = self.is_function_calling_model
        # What a server's own setting says, only its answers tell.
        default = 0 if self.base_url else self.runtime.settings.context_length
        return LLMMetadata(
            context_window=_window(options.num_ctx, shown, default),
            num_output=max(options.num_predict or 0, 0) or DEFAULT_NUM_OUTPUTS,
            is_chat_model=True,
            is_function_calling_model=(
                "tools" in (shown.capabilities or ()) if can_call is None else can_call
            ),
            model_name=self.model,
        )

    def to_payload(self) -> dict[str, Any]:
        """What events tell of this LLM. Part of every call, so it looks nothing up."""
        options = self._options({}).model_dump(exclude_none=True)
        return {"class_name": self.class_name(), "model_name": self.model, "options": options}

    @property
    def tokenizer(self) -> Callable[[str], list[int]]:
        """The model's own tokenizer, for `Settings.tokenizer` and `TokenCountingHandler`."""
        return partial(self.runtime.tokenize, self.model)

    def count_tokens(
        self, messages: Sequence[ChatMessage], tools: Sequence["BaseTool"] = (), **kwargs: Any
    ) -> int:
        """The `prompt_tokens` that a chat with these messages and tools will report.

        Reads the model's vocabulary and template; its weights are not loaded.
        """
        schemas = [tool.metadata.to_openai_tool(skip_length_check=True) for tool in tools]
        keywords = read_keywords({**kwargs, "tools": schemas})
        return self.runtime.count_prompt(self._chat_request(messages, keywords))

    # -- chat -----------------------------------------------------------------------------------

    @chat_events
    def chat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponse:
        return self._ask(self._ready(messages), kwargs).result()

    @chat_events
    async def achat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponse:
        return await self._ask(await self._aready(messages), kwargs).aresult()

    def stream_chat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponseGen:
        messages = self._ready(messages)
        return traced(chat_events, self, self._ask, _as_is, messages, kwargs)

    async def astream_chat(
        self, messages: Sequence[ChatMessage], **kwargs: Any
    ) -> ChatResponseAsyncGen:
        messages = await self._aready(messages)
        return await atraced(chat_events, self, self._ask, _as_is, messages, kwargs)

    def _ready(self, messages: Sequence[ChatMessage] = ()) -> Sequence[ChatMessage]:
        """The messages, once the model and what they point to are here. Waits for the network,
        if that may be used at all."""
        self._pull_missing(self.model)
        return fetched(messages) if self.fetch_urls else messages

    async def _aready(self, messages: Sequence[ChatMessage] = ()) -> Sequence[ChatMessage]:
        if self.pull or self.fetch_urls:
            return await asyncio.to_thread(self._ready, messages)
        return messages

    # -- completion -----------------------------------------------------------------------------

    @completion_events
    def complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponse:
        given = {**kwargs, "formatted": formatted}
        self._ready()
        return to_completion(self._ask_prompt(prompt, given).result())

    @completion_events
    async def acomplete(
        self, prompt: str, formatted: bool = False, **kwargs: Any
    ) -> CompletionResponse:
        given = {**kwargs, "formatted": formatted}
        await self._aready()
        return to_completion(await self._ask_prompt(prompt, given).aresult())

    def stream_complete(
        self, prompt: str, formatted: bool = False, **kwargs: Any
    ) -> CompletionResponseGen:
        given = {**kwargs, "formatted": formatted}
        self._ready()
        return traced(completion_events, self, self._ask_prompt, to_completion, prompt, given)

    async def astream_complete(
        self, prompt: str, formatted: bool = False, **kwargs: Any
    ) -> CompletionResponseAsyncGen:
        given = {**kwargs, "formatted": formatted}
        await self._aready()
        ask = self._ask_prompt
        return await atraced(completion_events, self, ask, to_completion, prompt, given)

    # -- requests -------------------------------------------------------------------------------

    def _ask(self, messages: Sequence[ChatMessage], given: dict[str, Any]) -> Reply:
        keywords = read_keywords(given)
        if self.messages_to_prompt not in (None, default_messages_to_prompt):
            if keywords.tools:
                raise paddock.UnsupportedError(
                    "tools need the model's own template; leave messages_to_prompt unset"
                )
            return self._ask_raw(self.messages_to_prompt(messages), keywords)
        return self._ask_chat(messages, keywords, Answer(max_calls=keywords.max_calls))

    def _ask_prompt(self, prompt: str, given: dict[str, Any]) -> Reply:
        keywords = read_keywords(given)
        if given.get("formatted"):
            return self._ask_raw(prompt, keywords)
        if self.completion_to_prompt not in (None, default_completion_to_prompt):
            return self._ask_raw(self.completion_to_prompt(prompt), keywords)
        message = ChatMessage(role=MessageRole.USER, content=prompt)
        return self._ask_chat([message], keywords, Answer(of_text=True))

    def _ask_chat(
        self, messages: Sequence[ChatMessage], keywords: Keywords, answer: Answer
    ) -> Reply:
        return Reply(self.runtime.chat(self._chat_request(messages, keywords)), answer)

    def _chat_request(
        self, messages: Sequence[ChatMessage], keywords: Keywords
    ) -> paddock.ChatRequest:
        fields = self._request_fields(keywords)
        fields |= {"messages": to_messages(messages), **keywords.tools}
        return build(paddock.ChatRequest, fields)

    def _ask_raw(self, prompt: str, keywords: Keywords) -> Reply:
        fields = self._request_fields(keywords) | {"prompt": prompt, "raw": True}
        request = build(paddock.GenerateRequest, fields)
        return Reply(self.runtime.generate(request), Answer(of_text=True))

    def _request_fields(self, keywords: Keywords) -> dict[str, Any]:
        own = {
            "model": self.model,
            "format": self.format or ("json" if self.json_mode else None),
            "keep_alive": self.keep_alive,
            "think": self.thinking,
            "logprobs": self.logprobs,
            "top_logprobs": self.top_logprobs,
            "grammar": self.grammar,
            "choices": self.choices,
            "timeout": self.request_timeout,
        }
        if CONSTRAINTS & keywords.request.keys():
            own = {name: value for name, value in own.items() if name not in CONSTRAINTS}
        own |= overflow_fields(self.on_overflow)
        return own | keywords.request | {"options": self._options(keywords.options)}

    def _options(self, of_call: Mapping[str, Any]) -> paddock.Options:
        options = super()._options(of_call)
        if options.num_ctx is None and self.context_window != -1:
            options.num_ctx = self.context_window
        return options

    # -- tools ------------------------------------------------------------------------------------

    def _prepare_chat_with_tools(
        self,
        tools: Sequence["BaseTool"],
        user_msg: str | ChatMessage | None = None,
        chat_history: list[ChatMessage] | None = None,
        verbose: bool = False,
        allow_parallel_tool_calls: bool = False,
        tool_required: bool = False,
        **kwargs: Any,
    ) -> dict[str, Any]:
        if isinstance(user_msg, str):
            user_msg = ChatMessage(role=MessageRole.USER, content=user_msg)
        return {
            **kwargs,
            "messages": [*(chat_history or ()), *([user_msg] if user_msg else ())],
            "tools": [tool.metadata.to_openai_tool(skip_length_check=True) for tool in tools],
            "tool_required": tool_required,
            "allow_parallel_tool_calls": allow_parallel_tool_calls,
        }

    def get_tool_calls_from_response(
        self, response: ChatResponse, error_on_no_tool_call: bool = True, **kwargs: Any
    ) -> list[ToolSelection]:
        """The tools that a response asks for. ValueError if there are none and that is an error."""
        selections = to_selections(response.message)
        if error_on_no_tool_call and not selections:
            raise ValueError(
                f"Expected at least one tool call, but got none: {response.message.content!r}"
            )
        return selections

    # -- structured output ------------------------------------------------------------------------

    @dispatcher.span
    def structured_predict(
        self,
        output_cls: type[Output],
        prompt: PromptTemplate,
        llm_kwargs: dict[str, Any] | None = None,
        **prompt_args: Any,
    ) -> Output:
        """One object of `output_cls`; by default the schema constrains what the model can write."""
        if self.pydantic_program_mode != PydanticProgramMode.DEFAULT:
            return super().structured_predict(output_cls, prompt, llm_kwargs, **prompt_args)
        task = Structured(output_cls, prompt, prompt_args)
        messages = self._format(prompt, prompt_args)
        response = self.chat(messages, **task.keywords(llm_kwargs))
        return task.whole(response.message.content or "")

    @dispatcher.span
    async def astructured_predict(
        self,
        output_cls: type[Output],
        prompt: PromptTemplate,
        llm_kwargs: dict[str, Any] | None = None,
        **prompt_args: Any,
    ) -> Output:
        """structured_predict for event loops."""
        if self.pydantic_program_mode != PydanticProgramMode.DEFAULT:
            return await super().astructured_predict(output_cls, prompt, llm_kwargs, **prompt_args)
        task = Structured(output_cls, prompt, prompt_args)
        messages = self._format(prompt, prompt_args)
        response = await self.achat(messages, **task.keywords(llm_kwargs))
        return task.whole(response.message.content or "")

    @dispatcher.span
    def stream_structured_predict(
        self,
        output_cls: type[Output],
        prompt: PromptTemplate,
        llm_kwargs: dict[str, Any] | None = None,
        **prompt_args: Any,
    ) -> Generator["Output | FlexibleModel", None, None]:
        """structured_predict with the object as far as it is written; the last one is whole."""
        if self.pydantic_program_mode != PydanticProgramMode.DEFAULT:
            return super().stream_structured_predict(output_cls, prompt, llm_kwargs, **prompt_args)
        task = Structured(output_cls, prompt, prompt_args)
        messages = self._format(prompt, prompt_args)
        responses = self.stream_chat(messages, **task.keywords(llm_kwargs))

        def objects() -> Generator["Output | FlexibleModel", None, None]:
            with closing(responses):
                for response in responses:
                    yield from task.feed(response)
            yield from task.finish()

        return objects()

    @dispatcher.span
    async def astream_structured_predict(
        self,
        output_cls: type[Output],
        prompt: PromptTemplate,
        llm_kwargs: dict[str, Any] | None = None,
        **prompt_args: Any,
    ) -> AsyncGenerator["Output | FlexibleModel", None]:
        """stream_structured_predict for event loops."""
        if self.pydantic_program_mode != PydanticProgramMode.DEFAULT:
            return await super().astream_structured_predict(
                output_cls, prompt, llm_kwargs, **prompt_args
            )
        task = Structured(output_cls, prompt, prompt_args)
        messages = self._format(prompt, prompt_args)
        responses = await self.astream_chat(messages, **task.keywords(llm_kwargs))

        async def objects() -> AsyncGenerator["Output | FlexibleModel", None]:
            async with aclosing(responses):
                async for response in responses:
                    for found in task.feed(response):
                        yield found
            for found in task.finish():
                yield found

        return objects()

    def _format(self, prompt: PromptTemplate, prompt_args: dict[str, Any]) -> list[ChatMessage]:
        return self._extend_messages(prompt.format_messages(llm=self, **prompt_args))


def _as_is(response: ChatResponse) -> ChatResponse:
    return response


def _window(num_ctx: int | None, shown: paddock.ShowResponse, fallback: int) -> int:
    """The window a request gets: what was asked for, at most what the model was trained on."""
    of_model = [
        int(value)
        for name, _, value in (line.partition(" ") for line in (shown.parameters or "").split("\n"))
        if name == "num_ctx"
    ]
    trained = [
        int(value)
        for key, value in (shown.modelinfo or {}).items()
        if key.endswith(".context_length")
    ]
    return min([num_ctx or max(of_model, default=fallback or DEFAULT_NUM_CTX), *trained])

"""What the three classes share: model, options, runtime, and how a call's keywords join them.

Knows names and precedence; knows no message, no answer and no framework class.
"""

import asyncio
import contextlib
import difflib
import warnings
from collections.abc import AsyncGenerator, Callable, Collection, Generator, Iterable, Mapping
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any, Final, Literal, Self, TypeVar

from langchain_core.exceptions import ContextOverflowError
from langchain_core.globals import get_llm_cache
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    SkipValidation,
    ValidationError,
    model_validator,
)

from paddock import (
    Client,
    ConnectionFailedError,
    ContextLengthError,
    NotFoundError,
    OptionFields,
    Options,
    PaddockError,
    ProgressResponse,
    PullRequest,
    RequestError,
    Runtime,
    ShowRequest,
    __version__,
)

IN_FLIGHT: Final = 64
"""Requests that a batch keeps submitted: fills every sequence, stays below the queue's limit."""

_ALIASES: Final = {"max_tokens": "num_predict", "stop_sequences": "stop"}
_WITHOUT_EFFECT: Final = frozenset({"api_key", "max_retries"})
"""What foreign code passes to every provider."""
_REMOVED: Final = frozenset({"tfs_z"})
_NO_INFLUENCE: Final = frozenset({"num_thread", "use_mmap"})
"""Options that cannot change an answer and so belong in no cache key."""
KEYLESS: Final = frozenset(
    {"pull", "fetch_urls", "read_files", "cancel", "request_id"}
    | {"keep_alive", "timeout", "num_thread"}
    | {"tags", "metadata", "run_name", "run_id", "callbacks"}
)
"""Keywords of a call that cannot change its answer, and so belong in no cache key."""
_REQUEST_FIELDS: Final = frozenset(
    {"model", "keep_alive", "format", "think", "timeout", "truncate", "shift", "cut", "cancel"}
    | {"logprobs", "top_logprobs", "grammar", "choices", "logit_bias", "request_id"}
)
_CONSTRAINTS: Final = ("format", "grammar", "choices")
"""One of them can hold an answer; a call's own takes the place of the constructor's."""
_OVERFLOW: Final[Mapping[Any, Mapping[str, Any]]] = {
    None: {},
    "truncate": {},
    "error": {"truncate": False},
    "shift": {"cut": "tokens"},
}
_FOR_THE_FRAMEWORK: Final = frozenset(
    {"ls_structured_output_format", "stream", "structured_output_format"}
)


W = TypeVar("W", bound=BaseModel)

_looked_up: ContextVar[Mapping[str, str | None]] = ContextVar(
    "_looked_up", default=MappingProxyType({})
)
"""Digests of models by name. LangChain asks for them on the event loop, where no file is opened."""


class PromptTooLongError(ContextLengthError, ContextOverflowError):
    """paddock's error under the name that LangChain's middleware looks for."""


class PaddockFields(OptionFields):
    """Where requests go and with which options. Every option that is None is left to the model."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    model: str = Field(min_length=1)
    """Ollama name (`llama3.2:1b`, `hf.co/user/repo`) or path of a GGUF file or a Modelfile."""

    keep_alive: int | float | str | None = None
    """Seconds or a duration (`"10m"`) to keep the model loaded; negative for ever, 0 not at all."""

    validate_model_on_init: bool = False
    """Raise at construction when the model is not in the local store."""

    base_url: str | None = None
    """Address of a server of Ollama's API, paddock's or Ollama's own, that answers in place of this
    process. May hold `user:password@`."""

    client_kwargs: dict[str, Any] | None = Field(default=None, exclude=True, repr=False)
    """With `base_url`: what goes to httpx, as `headers`, `verify`, `timeout`."""

    sync_client_kwargs: dict[str, Any] | None = Field(default=None, exclude=True, repr=False)
    """More of the same. One client serves threads and event loops."""

    async_client_kwargs: dict[str, Any] | None = Field(default=None, exclude=True, repr=False)
    """More of the same. One client serves threads and event loops."""

    pull: SkipValidation[bool | Callable[[ProgressResponse], None]] = Field(
        default=False, exclude=True, repr=False
    )
    """Fetch a model that is not there before its first request; a function gets the progress."""

    _server: Any = PrivateAttr(default=None)

    runtime: SkipValidation[Runtime | None] = Field(default=None, exclude=True, repr=False)
    """The runtime that answers; by default the one that the whole process shares."""

    @model_validator(mode="before")
    @classmethod
    def _settle_names(cls, values: Any) -> Any:
        if not isinstance(values, Mapping):
            return values
        named = without_aliases(values)
        for name in _REMOVED & named.keys():
            if named.pop(name) is not None:
                warnings.warn(f"the option {name!r} no longer has any effect", stacklevel=4)
        kept = {name: value for name, value in named.items() if name not in _WITHOUT_EFFECT}
        if cls.model_config.get("extra") != "forbid":
            _warn_unknown(kept, cls.model_fields, stacklevel=5)
        return kept

    @model_validator(mode="after")
    def _check_reach(self) -> Self:
        if self.base_url is not None and self.runtime is not None:
            raise ValueError("base_url excludes runtime: its server has its own")
        if self.validate_model_on_init:
            _check_stored(self.model, self._active_runtime())
        return self

    @property
    def max_tokens(self) -> int | None:
        """LangChain's name of `num_predict`."""
        return self.num_predict

    def __getstate__(self) -> dict[Any, Any]:
        # A runtime owns threads and native memory: the copy uses the one of its own process.
        state = super().__getstate__()
        private = {**(state["__pydantic_private__"] or {}), "_server": None}
        fields = {**state["__dict__"], "runtime": None}
        return {**state, "__dict__": fields, "__pydantic_private__": private}

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Self:
        own = (self.runtime, self._server)
        shared = {id(runtime): runtime for runtime in own if runtime is not None}
        return super().__deepcopy__({**shared, **(memo or {})})

    def _active_runtime(self) -> Any:
        """The one given, the server's, or the process's own; all have the same calls."""
        if self.runtime is not None:
            return self.runtime
        if self.base_url is None:
            return Runtime.default()
        if self._server is None:
            more = (self.client_kwargs, self.sync_client_kwargs, self.async_client_kwargs)
            self._server = server_at(
                self.base_url, {k: v for kw in more for k, v in (kw or {}).items()}
            )
        return self._server

    def _wants_pull(self, keywords: Mapping[str, Any]) -> bool:
        return bool(keywords.get("pull", self.pull))

    def _pull_missing(self, keywords: Mapping[str, Any]) -> None:
        """Fetch the model of a call if the store does not have it. Blocks."""
        model = keywords.get("model") or self.model
        told = keywords.get("pull", self.pull)
        runtime = self._active_runtime()
        try:
            runtime.show(ShowRequest(model=model))
        except NotFoundError:
            for progress in runtime.pull(PullRequest(model=model)):
                if callable(told):
                    told(progress)

    def _digest(self, model: str) -> str | None:
        """What tells apart two states of one name; None for a model that is not there."""
        if self.base_url is not None:
            return None
        if model in _looked_up.get():
            return _looked_up.get()[model]
        try:
            return self._active_runtime().resolve(model).digest
        except PaddockError:
            return None

    def _is_cached(self) -> bool:
        """Whether LangChain keeps answers, and so asks for their keys."""
        cache = getattr(self, "cache", None)
        return cache is not False and bool(cache or get_llm_cache())

    @contextlib.asynccontextmanager
    async def _digest_looked_up(self, keywords: Mapping[str, Any]) -> AsyncGenerator[None, None]:
        """The digest for the key of a cached answer, read off the event loop."""
        if not self._is_cached():
            yield
            return
        model = keywords.get("model") or self.model
        token = _looked_up.set({model: await asyncio.to_thread(self._digest, model)})
        try:
            yield
        finally:
            _looked_up.reset(token)

    def _own_options(self) -> dict[str, Any]:
        own = {name: getattr(self, name) for name in OptionFields.model_fields}
        return {name: value for name, value in own.items() if value is not None and value != []}

    def _own_fields(self) -> dict[str, Any]:
        """Request fields that the constructor set."""
        return {"model": self.model, "keep_alive": self.keep_alive}

    def _influences(self) -> dict[str, Any]:
        """Everything set here that can change an answer."""
        settings = self._own_fields() | self._own_options() | {"base_url": self.base_url}
        hidden = _NO_INFLUENCE | {"keep_alive", "timeout"}
        return {k: v for k, v in settings.items() if v is not None and k not in hidden}

    def _call_fields(
        self, stop: list[str] | None, keywords: Mapping[str, Any], more: Collection[str] = ()
    ) -> dict[str, Any]:
        """Request fields of one call: keywords over `options=` over the constructor; None is unset.

        `more` names the request fields beyond the common ones that this kind of request has.
        """
        given = _set_only(without_aliases(keywords))
        if "reasoning" in given:
            given["think"] = given.pop("reasoning")
        _convert_response_format(given)
        given |= _overflow(given.pop("on_overflow", None))
        fields = self._own_fields()
        if any(given.get(name) for name in _CONSTRAINTS):
            fields |= dict.fromkeys(_CONSTRAINTS)
        options = self._own_options() | _set_only(given.pop("options", {}))
        known = _REQUEST_FIELDS.union(more)
        unknown: dict[str, Any] = {}
        for name, value in given.items():
            if name in OptionFields.model_fields:
                options[name] = value
            elif name in known:
                fields[name] = value
            elif name not in _FOR_THE_FRAMEWORK | _WITHOUT_EFFECT | _REMOVED:
                unknown[name] = value
        _warn_unknown(unknown, known | OptionFields.model_fields.keys(), stacklevel=5)
        if stop:
            options["stop"] = stop
        return _set_only(fields) | {"options": Options.parse(options)}


class AnswerFields(PaddockFields):
    """What chat and completion share beyond that."""

    format: Literal["", "json"] | dict[str, Any] | None = None
    """`"json"` for any JSON object, or a JSON schema that the answer must follow."""

    grammar: str | None = None
    """GBNF text that the whole answer must follow."""

    choices: list[str] | None = None
    """The answer is one of these texts."""

    reasoning: bool | Literal["low", "medium", "high", "max"] | None = None
    """True or a level: think, and keep it as `reasoning_content`; False: do not think.

    None leaves it to the model and drops what it thought.
    """

    timeout: float | None = Field(default=None, gt=0)
    """Seconds that an answer may take once the model is loaded; DeadlineError after that."""

    on_overflow: Literal["truncate", "error", "shift"] | None = None
    """What becomes of a prompt that is longer than the window.

    `"truncate"`, the default, leaves out the oldest messages but for the system's, with a warning;
    `"shift"` keeps the messages and cuts tokens behind the first `num_keep`; `"error"` raises
    ContextLengthError.
    """

    def _own_fields(self) -> dict[str, Any]:
        return (
            super()._own_fields()
            | {"format": self.format, "grammar": self.grammar, "choices": self.choices}
            | {"think": self.reasoning, "timeout": self.timeout}
            | dict(_OVERFLOW[self.on_overflow])
        )


_servers: dict[str, Client] = {}


def server_at(base_url: str, transport: Mapping[str, Any]) -> Any:
    """What answers for a server. Without arguments for the connection it is one per address."""
    if transport:
        return Client(base_url, **transport).runtime
    return _servers.setdefault(base_url, Client(base_url)).runtime


def without_aliases(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values under their own names. ValueError when a name and its alias disagree."""
    named = dict(values)
    for alias, name in _ALIASES.items():
        given = named.pop(alias, None)
        if given is None:
            continue
        if named.get(name) not in (None, given):
            raise ValueError(
                f"{alias}={given!r} and {name}={named[name]!r} mean the same; give one of them"
            )
        named[name] = given
    return named


def named(keywords: Mapping[str, Any], run_manager: Any) -> dict[str, Any]:
    """A call's keywords, with its run's id as that of its request unless they have one."""
    own = {} if run_manager is None else {"request_id": run_manager.run_id}
    return {**own, **keywords}


def request(kind: type[W], **fields: Any) -> W:
    """A request object; what does not fit is a RequestError that names the field."""
    try:
        return kind(**fields)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise RequestError(f"{where}: {first['msg']}") from error


@contextlib.contextmanager
def known_errors() -> Generator[None, None, None]:
    """Prompts that are too long under LangChain's name as well."""
    try:
        yield
    except PromptTooLongError:
        raise
    except ContextLengthError as error:
        raise PromptTooLongError(str(error)) from error


def warn_of_cut(response: Any) -> None:
    """Say so when a part of the prompt was left out."""
    original = response.prompt_original_count
    if original is None:
        return
    dropped = response.prompt_dropped_count or 0
    lost = f"the {dropped} oldest messages were left out" if dropped else "its middle was cut out"
    warnings.warn(
        f"the prompt had {original} tokens and the window holds {response.context_length}: {lost}. "
        'Raise num_ctx, send less, or set on_overflow="error"',
        stacklevel=6,
    )


def record_version(model: Any) -> None:
    """Name paddock's version in the model's trace metadata (langchain-core 1.5 and newer)."""
    add = getattr(model, "_add_version", None)
    if add is not None:
        add("paddock", __version__)


def _set_only(values: Any) -> dict[str, Any]:
    return {name: value for name, value in dict(values).items() if value is not None}


def _overflow(rule: Any) -> dict[str, Any]:
    if rule not in _OVERFLOW:
        known = ", ".join(str(name) for name in _OVERFLOW if name)
        raise RequestError(f"on_overflow must be one of {known}, not {rule!r}")
    return dict(_OVERFLOW[rule])


def _check_stored(model: str, runtime: Runtime) -> None:
    try:
        runtime.show(ShowRequest(model=model))
    except ConnectionFailedError as error:
        raise ValueError(str(error)) from error
    except NotFoundError as error:
        names = ", ".join(str(stored.model) for stored in runtime.list().models) or "none"
        raise ValueError(f"{error}; models in the local store: {names}") from error


def _warn_unknown(values: Iterable[str], known: Iterable[str], *, stacklevel: int) -> None:
    names = [*known, *_ALIASES]
    for name in values:
        if name in names:
            continue
        near = difflib.get_close_matches(name, names, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        warnings.warn(f"unknown argument {name!r} has no effect{hint}", stacklevel=stacklevel)


def _convert_response_format(given: dict[str, Any]) -> None:
    """Put OpenAI's `response_format`, if given, in the place of `format`."""
    asked = given.pop("response_format", None)
    if asked is None:
        return
    if "format" in given:
        warnings.warn("response_format is ignored: format is given too", stacklevel=5)
        return
    found = _format_of(asked)
    if found is not None:
        given["format"] = found
    elif not isinstance(asked, Mapping) or asked.get("type") != "text":
        warnings.warn(f"malformed response_format is ignored: {asked!r:.200}", stacklevel=5)


def _format_of(asked: Any) -> str | dict[str, Any] | None:
    match asked:
        case {"type": "json_object"}:
            return "json"
        case {"type": "json_schema", "json_schema": {"schema": {**schema}}}:
            return schema
        case _:
            return None

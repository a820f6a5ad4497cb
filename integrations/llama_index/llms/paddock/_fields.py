"""What LLM and embedding share: options, runtime, and how a call's keywords join them.

Knows names and precedence; knows no message, no answer and no class of LlamaIndex.
"""

import difflib
import warnings
from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass, field
from typing import Any, Final, Self, TypeVar

from pydantic import (
    BaseModel,
    Field,
    PrivateAttr,
    SkipValidation,
    ValidationError,
    field_serializer,
)

import paddock

Request = TypeVar("Request", bound=BaseModel)

OPTION_NAMES: Final = frozenset(paddock.OptionFields.model_fields)
REQUEST_NAMES: Final = frozenset(
    {"model", "format", "keep_alive", "think", "truncate", "shift", "logprobs", "top_logprobs"}
    | {"grammar", "choices", "logit_bias", "timeout", "cancel", "request_id", "cut"}
)
TOOL_NAMES: Final = frozenset(
    {"tools", "tool_choice", "tool_required", "allow_parallel_tool_calls", "strict"}
)
CONSTRAINTS: Final = frozenset({"format", "grammar", "choices"})
"""An answer can follow one of them: one of a call takes the place of the constructor's."""
_OVERFLOW: Final[dict[Any, dict[str, Any]]] = {
    "truncate": {"truncate": None, "cut": None},
    "error": {"truncate": False, "cut": None},
    "shift": {"truncate": None, "cut": "tokens"},
}
CALL_ALIASES: Final = {
    "max_tokens": "num_predict",
    "context_window": "num_ctx",
    "thinking": "think",
    "request_timeout": "timeout",
}
_CALL_NAMES = OPTION_NAMES | REQUEST_NAMES | TOOL_NAMES | {"options", "on_overflow"}
_WITHOUT_EFFECT = frozenset(
    {
        "stream",
        "formatted",
        "verbose",
        "prompt_key",
        "client",
        "async_client",
    }
)


class PaddockFields(paddock.OptionFields):
    """Where requests go and with which options. An option that is None is left to the model."""

    keep_alive: float | str | None = Field(
        None, description='Seconds or a duration ("10m") to stay loaded; negative for ever.'
    )
    additional_kwargs: dict[str, Any] = Field(
        default_factory=dict, description="Ollama options by name; they win over the fields."
    )

    pull: SkipValidation[bool | Callable[[paddock.ProgressResponse], None]] = Field(
        False,
        description="Fetch a model that is not there before its first request; a function is told"
        " the progress.",
    )

    base_url: str | None = Field(
        None,
        description="Address of a server of Ollama's API, paddock's or Ollama's own, that answers"
        " in place of this process; may hold user:password@.",
    )
    client_kwargs: dict[str, Any] = Field(
        default_factory=dict,
        description="With base_url: what goes to httpx, as verify and timeout.",
        exclude=True,
        repr=False,
    )
    headers: dict[str, str] | None = Field(
        None, description="With base_url: headers of every request.", exclude=True, repr=False
    )

    _runtime: paddock.Runtime | None = PrivateAttr(default=None)
    _server: Any = PrivateAttr(default=None)

    @field_serializer("pull")
    def _whether_to_pull(self, pull: object) -> bool:
        return bool(pull)

    def _pull_missing(self, model: str) -> None:
        """Fetch the model if that is wanted and the store does not have it. Blocks."""
        if not self.pull:
            return
        try:
            self.runtime.show(paddock.ShowRequest(model=model))
        except paddock.NotFoundError:
            for progress in self.runtime.pull(paddock.PullRequest(model=model)):
                if callable(self.pull):
                    self.pull(progress)

    @property
    def runtime(self) -> Any:
        """What answers: the runtime given, the server's, else the process's own; all have the same
        calls."""
        if self._runtime is not None or self.base_url is None:
            return self._runtime or paddock.Runtime.default()
        if self._server is None:
            headers = {"headers": self.headers} if self.headers else {}
            transport: dict[str, Any] = {**headers, **self.client_kwargs}
            self._server = paddock.Client(self.base_url, **transport).runtime
        return self._server

    def __getstate__(self) -> dict[Any, Any]:
        # A runtime owns threads and native memory: the copy uses the one of its own process. Nor
        # can a function that reports progress be expected to travel.
        state = super().__getstate__()
        fields = {**state["__dict__"], "pull": bool(self.pull)}
        own = {"_runtime": None, "_server": None}
        private = {**(state["__pydantic_private__"] or {}), **own}
        return {**state, "__dict__": fields, "__pydantic_private__": private}

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Self:
        own = (self._runtime, self._server)
        shared = {id(runtime): runtime for runtime in own if runtime is not None}
        return super().__deepcopy__({**shared, **(memo or {})})

    @classmethod
    def _read(cls, given: Mapping[str, Any], aliases: Mapping[str, str]) -> dict[str, Any]:
        """A constructor's arguments as fields, options checked. What has no effect is dropped."""
        fields = cls.model_fields.keys()
        named = _rename(given_only(given), aliases)
        _warn_unknown(named, fields | aliases.keys())
        options = {name: named[name] for name in OPTION_NAMES & named.keys()}
        paddock.Options.parse(options | given_only(named.get("additional_kwargs", {})))
        return {name: value for name, value in named.items() if name in fields}

    def _options(self, of_call: Mapping[str, Any]) -> paddock.Options:
        """A call's options over additional_kwargs over fields; a stronger None is no value."""
        fields = {name: getattr(self, name) for name in OPTION_NAMES}
        own = given_only(fields) | given_only(self.additional_kwargs)
        return paddock.Options.parse(own | given_only(of_call))


@dataclass(frozen=True, slots=True)
class Keywords:
    """The keyword arguments of one call, sorted by what they change. None never gets here."""

    options: dict[str, Any] = field(default_factory=dict[str, Any])
    request: dict[str, Any] = field(default_factory=dict[str, Any])
    tools: dict[str, Any] = field(default_factory=dict[str, Any])
    """Request fields of the tools and of what is asked in their matter; empty without tools."""

    @property
    def max_calls(self) -> int | None:
        return 1 if self.tools.get("parallel_tool_calls") is False else None


def read_keywords(given: Mapping[str, Any]) -> Keywords:
    """What a call's keywords ask for. Unknown ones warn, so that a misspelt option is seen."""
    named = _rename(given_only(given), CALL_ALIASES)
    _warn_unknown(named, _CALL_NAMES)
    if not named.get("stop", True):
        del named["stop"]  # an empty list says no more than None
    options = {name: value for name, value in named.items() if name in OPTION_NAMES}
    return Keywords(
        options=given_only(named.get("options", {})) | options,
        request=overflow_fields(named.get("on_overflow"))
        | {name: value for name, value in named.items() if name in REQUEST_NAMES},
        tools=_read_tools(named),
    )


def _read_tools(named: Mapping[str, Any]) -> dict[str, Any]:
    if not named.get("tools"):
        return {}
    choice = named.get("tool_choice", "auto")
    if choice == "auto":  # the model's own, unless a call is required
        choice = "required" if named.get("tool_required") else None
    fields = {
        "tools": list(named["tools"]),
        "tool_choice": choice,
        "parallel_tool_calls": named.get("allow_parallel_tool_calls"),
        "strict": named.get("strict"),
    }
    return given_only(fields)


def overflow_fields(rule: Any) -> dict[str, Any]:
    """Request fields of what is to become of a prompt that is too long."""
    if rule is None:
        return {}
    if rule not in _OVERFLOW:
        raise paddock.RequestError(f"on_overflow must be one of {', '.join(_OVERFLOW)}: {rule!r}")
    return dict(_OVERFLOW[rule])


def build(kind: type[Request], fields: Mapping[str, Any]) -> Request:
    """A request object; what does not fit is a RequestError that names the field."""
    try:
        return kind(**fields)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise paddock.RequestError(f"{first['loc'][0]}: {first['msg']}") from error


def given_only(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _rename(given: Mapping[str, Any], aliases: Mapping[str, str]) -> dict[str, Any]:
    """The same fields under their own names. RequestError when two names disagree."""
    named: dict[str, Any] = {}
    for name, value in given.items():
        own = aliases.get(name, name)
        if own in named and named[own] != value:
            others = [other for other in given if aliases.get(other, other) == own]
            raise paddock.RequestError(f"{' and '.join(others)} are one option: give only one")
        named[own] = value
    return named


def _warn_unknown(names: Iterable[str], known: Set[str]) -> None:
    """One warning for each name that has no effect, with the nearest one that has."""
    for name in names:
        if name not in known and name not in _WITHOUT_EFFECT:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            warnings.warn(f"unknown argument {name!r} has no effect{hint}", stacklevel=4)

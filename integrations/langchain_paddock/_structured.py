"""Answers as objects: how a schema reaches the request, and what makes the answer its object."""

from collections.abc import Callable, Sequence
from dataclasses import is_dataclass
from functools import partial
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

from langchain_core.language_models import LanguageModelInput
from langchain_core.messages import AIMessage
from langchain_core.output_parsers import (
    JsonOutputKeyToolsParser,
    JsonOutputParser,
    PydanticOutputParser,
    PydanticToolsParser,
)
from langchain_core.runnables import (
    Runnable,
    RunnableBranch,
    RunnableLambda,
    RunnableMap,
    RunnablePassthrough,
)
from langchain_core.utils.function_calling import convert_to_openai_tool
from langchain_core.utils.pydantic import is_basemodel_subclass
from pydantic import TypeAdapter

from langchain_paddock._convert import to_json_schema

if TYPE_CHECKING:
    from langchain_paddock.chat_models import ChatPaddock

Parsed = tuple[Runnable[LanguageModelInput, AIMessage], Runnable[Any, Any]]


def structured(
    model: "ChatPaddock",
    schema: Any,
    method: str,
    *,
    include_raw: bool,
    tools: Sequence[Any] | None,
    strict: bool | None,
) -> Runnable[LanguageModelInput, Any]:
    """Raises ValueError for what does not go together."""
    if method not in METHODS:
        raise ValueError(f"method must be one of {', '.join(METHODS)}, not {method!r}")
    if schema is None and method != "json_mode":
        raise ValueError(f"the method {method!r} needs a schema")
    if tools and not include_raw:
        raise ValueError("with tools an answer may be a call: set include_raw=True to see it")
    bound, parser = METHODS[method](model, schema, list(tools or ()), strict)
    if tools:
        own = _tool_name(schema) if method == "function_calling" else None
        parser = RunnableBranch((partial(_calls_others, own), lambda _: None), parser)
    return _with_raw(bound, parser) if include_raw else bound | parser


def _traced(method: str, schema: Any, strict: bool | None) -> dict[str, Any]:
    kwargs: dict[str, Any] = {"method": method}
    if strict is not None:
        kwargs["strict"] = strict
    return {"ls_structured_output_format": {"kwargs": kwargs, "schema": _shown(schema)}}


def _shown(schema: Any) -> Any:
    """What LangChain can read itself; of a dataclass it would see no types."""
    return to_json_schema(schema) if is_dataclass(schema) else schema


def _tool_name(schema: Any) -> str:
    return convert_to_openai_tool(_shown(schema))["function"]["name"]


def _calls_others(own: str | None, message: AIMessage) -> bool:
    """Whether the answer is a call of a tool, and not the object itself."""
    names = {call["name"] for call in message.tool_calls}
    return bool(names) and own not in names


def _by_schema(model: "ChatPaddock", schema: Any, tools: list[Any], strict: bool | None) -> Parsed:
    fields = {"format": to_json_schema(schema)} | _traced("json_schema", schema, strict)
    bound = model.bind_tools(tools, strict=strict, **fields) if tools else model.bind(**fields)
    return bound, _json_parser(schema)


def _by_json(model: "ChatPaddock", schema: Any, tools: list[Any], strict: bool | None) -> Parsed:
    fields = {"format": "json"} | _traced("json_mode", schema, strict)
    bound = model.bind_tools(tools, strict=strict, **fields) if tools else model.bind(**fields)
    return bound, _json_parser(schema)


def _by_tool(model: "ChatPaddock", schema: Any, tools: list[Any], strict: bool | None) -> Parsed:
    shown, name = _shown(schema), _tool_name(schema)
    traced = _traced("function_calling", schema, strict)
    choice = "any" if tools else name
    bound = model.bind_tools([shown, *tools], tool_choice=choice, strict=strict, **traced)
    if _is_class(schema):
        return bound, PydanticToolsParser(tools=[schema], first_tool_only=True)
    parser = JsonOutputKeyToolsParser(key_name=name, first_tool_only=True)
    return bound, parser | _to_dataclass(schema) if is_dataclass(schema) else parser


METHODS: Final[dict[str, Callable[..., Parsed]]] = {
    "json_schema": _by_schema,
    "function_calling": _by_tool,
    "json_mode": _by_json,
}


def _json_parser(schema: Any) -> Runnable[Any, Any]:
    if _is_class(schema):
        return PydanticOutputParser(pydantic_object=schema)
    parser = JsonOutputParser()
    return parser | _to_dataclass(schema) if is_dataclass(schema) else parser


def _to_dataclass(schema: Any) -> Runnable[Any, Any]:
    adapter: TypeAdapter[Any] = TypeAdapter(schema)
    return RunnableLambda(adapter.validate_python)


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

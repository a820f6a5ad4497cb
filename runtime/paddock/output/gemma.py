"""Calls of the Gemma family: `call:NAME{key:value,…}`. Knows no streams and no tags around them.

Gemma 4 writes JSON with bare keys and strings between `<|"|>`; FunctionGemma writes strings between
`<escape>` and everything else as it comes.
"""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from paddock.output.events import ToolCall
from paddock.output.values import (
    SPACE,
    CallError,
    Tools,
    check_depth,
    parameters_of,
    read_object,
    types_of,
)

QUOTE: Final = '<|"|>'

Repair = Callable[[str, str, Tools], str | None]
"""(arguments as written, name of the tool, declared tools) -> arguments to try, or None"""

# -- Gemma 4 ---------------------------------------------------------------------------------------

_PREFIX: Final = "call:"
_TOKEN: Final = re.compile(
    r'<\|"\|>(?P<text>.*?)<\|"\|>'
    r'|(?P<json>"(?:[^"\\]|\\.)*")'
    r"|(?P<before>[{,]\s*)(?P<key>\w+)(?=:)",
    re.DOTALL,
)
_SINGLE: Final = re.compile(r"(?<=:)\s*'([^']*)'(?:<\|\"\|>)?")
_TYPED_START: Final = tuple("\"'{[-0123456789tfn")


def call(body: str, tools: Tools) -> list[ToolCall]:
    """The call in a body whose end the model wrote; its quotes and brackets are mended."""
    return [_read(body, tools, (_as_written, _requoted, _wrapped))]


def cut_call(body: str, tools: Tools) -> list[ToolCall]:
    """The call in a body that the answer's end cut off, if it is whole as it stands."""
    return [_read(body, tools, (_as_written,))]


def _read(body: str, tools: Tools, repairs: Sequence[Repair]) -> ToolCall:
    text = body.strip(SPACE)
    name, brace, rest = text.removeprefix(_PREFIX).partition("{")
    if not text.startswith(_PREFIX) or not brace:
        raise CallError("not of the form call:NAME{…}")
    name, written = name.strip(SPACE), "{" + rest
    problem = CallError("no arguments")
    for repair in repairs:
        if (candidate := repair(written, name, tools)) is None:
            continue
        try:
            return ToolCall(name, read_object(_as_json(candidate)))
        except CallError as error:
            problem = error if repair is _as_written else problem
    raise problem


def _as_json(text: str) -> str:
    def token(found: re.Match[str]) -> str:
        if found["text"] is not None:
            return json.dumps(found["text"])
        return found["json"] or f'{found["before"]}"{found["key"]}"'

    return _TOKEN.sub(token, text)


def _as_written(text: str, name: str, tools: Tools) -> str:
    return text


def _requoted(text: str, name: str, tools: Tools) -> str | None:
    """Single quotes as the format's own; the last string and the object closed."""
    mended = _SINGLE.sub(lambda found: f"{QUOTE}{found[1]}{QUOTE}", text)
    if mended.count(QUOTE) % 2:
        end = len(mended) - (mended[-1] in "}]")
        mended = mended[:end] + QUOTE + mended[end:]
    if mended == text:
        return None
    return mended if mended.endswith("}") else mended + "}"


def _wrapped(text: str, name: str, tools: Tools) -> str | None:
    """The first declared string that was written without quotes, wrapped in them."""
    declared = parameters_of(tools, name)
    following = "|".join(map(re.escape, declared))
    for key in declared:
        types = types_of(tools, name, key)
        if types and "string" not in types:
            continue
        found = re.search(rf"[{{,]\s*{re.escape(key)}:\s*", text)
        if found is None or text.startswith((*_TYPED_START, QUOTE), found.end()):
            continue
        after = re.compile(rf"\s*,\s*(?:{following}):").search(text, found.end())
        end = after.start() if after else len(text) - text.endswith("}")
        value = text[found.end() : end]
        mended = f"{text[: found.end()]}{QUOTE}{value}{QUOTE}{text[end:]}"
        mended = _requoted(mended, name, tools) or mended
        return mended if mended.endswith("}") else mended + "}"
    return None


# -- FunctionGemma ---------------------------------------------------------------------------------

_FUNCTION: Final = re.compile(r"call:(?P<name>[^{]+)\{(?P<arguments>.*)\}", re.DOTALL)
_ESCAPE: Final = "<escape>"
_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_WORDS: Final = {"true": True, "false": False}
_MARKS: Final = re.compile(r"<escape>|[{}\[\],:]")


def escaped_call(body: str, tools: Tools) -> list[ToolCall]:
    found = _FUNCTION.search(body)
    if found is None:
        raise CallError("not of the form call:NAME{…}")
    check_depth(found["arguments"])
    return [ToolCall(found["name"].strip(SPACE), _escaped_object(found["arguments"]))]


def _escaped_object(text: str) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for part in _split(text):
        key, colon, value = part.partition(":")
        if colon:
            values[key.strip(SPACE)] = _escaped_value(value.strip(SPACE))
    return values


def _escaped_value(text: str) -> Any:
    if text.startswith(_ESCAPE) and text.endswith(_ESCAPE) and len(text) >= 2 * len(_ESCAPE):
        return text[len(_ESCAPE) : -len(_ESCAPE)]
    if text in _WORDS:
        return _WORDS[text]
    for opening, closing, read in _BRACKETED:
        if text.startswith(opening) and text.endswith(closing):
            return read(text[1:-1])
    if _NUMBER.fullmatch(text):
        try:
            value = float(text)
            return int(value) if value.is_integer() and abs(value) < 2**53 else value
        except (ValueError, OverflowError):
            return text
    return text


def _escaped_list(text: str) -> list[Any]:
    return [_escaped_value(part.strip(SPACE)) for part in _split(text) if part.strip(SPACE)]


_BRACKETED: Final[tuple[tuple[str, str, Callable[[str], Any]], ...]] = (
    ("[", "]", _escaped_list),
    ("{", "}", _escaped_object),
)


def _split(text: str) -> Iterator[str]:
    """The parts between commas outside of brackets and escaped strings."""
    depth, start, escaped = 0, 0, False
    for mark in _MARKS.finditer(text):
        match mark.group():
            case "<escape>":
                escaped = not escaped
            case _ if escaped:
                pass
            case "{" | "[":
                depth += 1
            case "}" | "]":
                depth -= 1
            case "," if depth == 0:
                yield text[start : mark.start()]
                start = mark.end()
            case _:
                pass
    if text[start:].strip(SPACE):
        yield text[start:]

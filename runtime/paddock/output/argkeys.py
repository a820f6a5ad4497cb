"""Calls of the GLM family: a name, then pairs of `<arg_key>` and `<arg_value>`. Knows no streams.

    call = NAME { "<arg_key>" KEY "</arg_key>" "<arg_value>" VALUE "</arg_value>" }

Everything but these four tags is text. Models forget tags; what is certain is put back.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

from paddock.output.events import ToolCall
from paddock.output.values import SPACE, CallError, Tools, typed, types_of, unwrapped

_TAG: Final = re.compile(r"</?arg_(?:key|value)>")
_CYCLE: Final = ("<arg_key>", "</arg_key>", "<arg_value>", "</arg_value>")
_KEY: Final = 1
_VALUE: Final = 3
"""Places in the cycle where text belongs: the tag that comes next is a closing one."""

Pairs = list[tuple[str, str]]


def call(body: str, tools: Tools) -> list[ToolCall]:
    """The call in a body whose end the model wrote; missing tags are put back."""
    name, pairs = _read(body) or _repaired(body)
    if not name:
        raise CallError("empty function name")
    return [ToolCall(name, _arguments(name, pairs, tools))]


def cut_call(body: str, tools: Tools) -> list[ToolCall]:
    """The call in a body that the answer's end cut off, if nothing of it can be missing."""
    read = _read(body)
    if read is None:
        raise CallError("a tag is not closed")
    name, pairs = read
    if not name:
        raise CallError("empty function name")
    if name not in tools:
        raise CallError(f'tool "{name}" is not declared')
    arguments = _arguments(name, pairs, tools)
    if not all(arguments):
        raise CallError("an argument has no name")
    function = tools[name].function
    parameters = function.parameters if function else None
    for required in (parameters.required if parameters else None) or ():
        if required not in arguments:
            raise CallError(f'required argument "{required}" is missing for tool "{name}"')
    return [ToolCall(name, arguments)]


def _arguments(name: str, pairs: Pairs, tools: Tools) -> dict[str, Any]:
    arguments: dict[str, Any] = {}
    for written, value in pairs:
        key = written.strip(SPACE)
        arguments[key] = typed(unwrapped(value), types_of(tools, name, key))
    return arguments


def _pieces(body: str) -> Iterator[tuple[str, str]]:
    """Each tag with the text before it, and at last the text behind them all."""
    at = 0
    for tag in _TAG.finditer(body):
        yield body[at : tag.start()], tag.group()
        at = tag.end()
    yield body[at:], ""


def _read(body: str) -> tuple[str, Pairs] | None:
    """Name and pairs, None where a tag is missing."""
    names: list[str] = []
    found: dict[str, list[str]] = {"<arg_key>": [], "<arg_value>": []}
    opened = ""
    for text, tag in _pieces(body):
        if not opened:
            names.append(text)
            if tag.startswith("</"):
                return None
            opened = tag
            continue
        if tag != opened.replace("<", "</"):
            return None
        found[opened].append(text)
        opened = ""
    keys, values = found.values()
    if len(keys) != len(values):
        raise CallError(
            f"mismatched arg_key and arg_value counts: {len(keys)} keys, {len(values)} values"
        )
    return "".join(names).strip(SPACE), list(zip(keys, values, strict=True))


class _Walk:
    """Goes round the cycle of tags, passing those that the model left out."""

    def __init__(self) -> None:
        self.pairs = Pairs()
        self._next = 0
        self._texts = {_KEY: "", _VALUE: ""}

    def text(self, text: str) -> None:
        if self._next not in self._texts:
            if not text.strip(SPACE):
                return
            self._pass()
        self._texts[self._next] = text

    def tag(self, tag: str) -> None:
        while _CYCLE[self._next] != tag:
            self._pass()
        self._pass()

    def end(self) -> None:
        if self._next == _VALUE:
            self._pass()
        if self._next != 0:
            raise CallError(f"the argument {self._texts[_KEY].strip(SPACE)!r} has no value")

    def _pass(self) -> None:
        if self._next == _VALUE:
            self.pairs.append((self._texts[_KEY], self._texts[_VALUE]))
        self._next = (self._next + 1) % len(_CYCLE)
        if self._next in self._texts:
            self._texts[self._next] = ""


def _repaired(body: str) -> tuple[str, Pairs]:
    """Name and pairs, with the missing tags put back."""
    walk = _Walk()
    name = ""
    for number, (written, tag) in enumerate(_pieces(body)):
        text = written
        if number == 0:
            name, text = _name_and_rest(written, tag)
        walk.text(text)
        if tag:
            walk.tag(tag)
    walk.end()
    return name.strip(SPACE), walk.pairs


def _name_and_rest(text: str, tag: str) -> tuple[str, str]:
    """The name and, when the first key has lost its tag, what it begins with."""
    if tag == _CYCLE[0]:
        return text, ""
    name, *rest = text.strip(SPACE).split(maxsplit=1) or [""]
    return name, "".join(rest)

"""Calls that a model writes without any marker. Knows the declared tools; knows no format around.

A text that begins like a call of a declared tool is held back until it is known to be one; if it is
not, it is text after all.
"""

import re
from collections.abc import Sequence
from typing import Final

from paddock.api import Tool
from paddock.output.events import Content, Event
from paddock.output.pythonic import calls_in_list
from paddock.output.values import SPACE, CallError, by_name

_BEGINNING: Final = re.compile(r"\[?\s*(?P<name>[^\s()\[\]{},='\"]*)(?P<space>\s*)(?P<open>\(?)")


class BareCalls:
    """A whole answer that is `[name(key=value, …)]`, or just a text."""

    def __init__(self, tools: Sequence[Tool]) -> None:
        self._tools = by_name(tools)
        self._held = ""
        self._is_text = False
        self._is_call = False

    def feed(self, text: str) -> list[Event]:
        if self._is_text:
            return [Content(text)] if text else []
        self._held += text
        if self._is_call or self._may_be_call():
            return []
        return self._as_text()

    def finish(self) -> list[Event]:
        if not self._is_call:
            return self._as_text()
        try:
            calls = calls_in_list(self._held)
        except CallError:
            return self._as_text()
        if not all(call.name in self._tools for call in calls):
            return self._as_text()
        self._held, self._is_call, self._is_text = "", False, True
        return list(calls)

    def _may_be_call(self) -> bool:
        lead = self._held.lstrip(SPACE)
        found = _BEGINNING.match(lead)
        assert found is not None
        name = found["name"]
        if found["open"]:
            self._is_call = name in self._tools
            return self._is_call
        if found.end() < len(lead):
            return False
        if found["space"] and name:
            return name in self._tools
        return any(tool.startswith(name) for tool in self._tools)

    def _as_text(self) -> list[Event]:
        held, self._held, self._is_text = self._held, "", bool(self._held) or self._is_text
        return [Content(held)] if held else []

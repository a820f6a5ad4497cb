"""Prompts from Go templates. Knows which root values a template gets, and the old way of templates
that do not mention `.Messages`; knows no model.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import cached_property, lru_cache
from typing import Any, Final

from paddock.api import Message, Think, Tool
from paddock.errors import TemplateError
from paddock.template import analysis
from paddock.template.chat import collate, message_value, size_of, think_values, tool_values
from paddock.template.evaluate import Program
from paddock.template.functions import ALL, STANDARD
from paddock.template.lexer import located
from paddock.template.limits import Budget
from paddock.template.nodes import Action, Command, Field, Nodes, Pipe, Tree
from paddock.template.syntax import parse

_CACHED_TEMPLATES: Final = 32
_RESPONSE: Final = Action(Pipe((), False, (Command((Field(("Response",)),)),)))


class GoTemplate:
    """A parsed TEMPLATE. Safe to share between threads."""

    def __init__(self, text: str) -> None:
        """Raises TemplateError with line, column and a caret. `parse` remembers what it parsed."""
        self.text = text
        tree = parse(text, ALL.keys())
        for node in analysis.includes(tree):
            if node.pipe is None:
                raise located(text, node.at, "undefined template specified")
        names = analysis.variables(tree)
        if not names & {"messages", "response"}:
            tree = replace(tree, main=Nodes((*tree.main.items, _RESPONSE)))
            names |= {"response"}
        self.variables = names
        """Every name that the template uses, in lower case."""
        self._tree: Tree = tree

    @staticmethod
    @lru_cache(maxsize=_CACHED_TEMPLATES)
    def parse(text: str) -> "GoTemplate":
        return GoTemplate(text)

    @cached_property
    def thinking_tags(self) -> tuple[str, str]:
        """What encloses thinking in the answers of such a model; both empty if it has none."""
        return analysis.thinking_tags(self._tree)

    @cached_property
    def tool_tag(self) -> str:
        """What a tool call begins with."""
        return analysis.tool_tag(self._tree)

    @cached_property
    def _program(self) -> Program:
        return Program(self.text, self._tree, ALL)

    @cached_property
    def _last_program(self) -> Program:
        """The template up to the answer. Reference: it knows neither `json` nor defined parts."""
        try:
            return Program(self.text, analysis.cut_behind_response(self._tree), STANDARD)
        except analysis.CutError as error:
            raise located(self.text, error.at, str(error)) from None

    def render(
        self,
        messages: Sequence[Message] = (),
        tools: Sequence[Tool] | None = None,
        think: Think = None,
        *,
        prompt: str = "",
        suffix: str = "",
        today: date | None = None,
    ) -> str:
        """The prompt. Raises TemplateError, also when the template goes beyond a limit.

        With a prompt and a suffix it is what fills the gap between the two, whatever the messages.
        """
        clock = today or datetime.now().astimezone().date()
        try:
            size = size_of(messages, tools) + len(prompt) + len(suffix)
            run = _Rendering(size, think, clock)
            if prompt and suffix:
                values = {"Prompt": prompt, "Suffix": suffix, "Response": ""}
                return run.program(self._program, values)
            return self._render_chat(run, messages, tools)
        except RecursionError:
            raise TemplateError("the messages or tools are nested too deeply") from None

    def _render_chat(
        self, run: "_Rendering", messages: Sequence[Message], tools: Sequence[Tool] | None
    ) -> str:
        system, collated = collate(messages)
        if "messages" not in self.variables:
            return self._render_turns(run, collated)
        reads_images = "images" in self.variables
        values = {
            "System": system,
            "Messages": [message_value(m, with_images=reads_images) for m in collated],
            "Tools": tool_values(tools),
            "Response": "",
        }
        return run.program(self._program, values)

    def _render_turns(self, run: "_Rendering", messages: Sequence[Message]) -> str:
        """A template of one turn: rendered for each, the last time up to the answer."""
        turn = {"System": "", "Prompt": "", "Response": ""}
        parts: list[str] = []
        for message in messages:
            key = _TURN_KEYS.get(message.role)
            if key is None:
                continue
            if any(turn[later] for later in _ENDS_TURN[key]):
                parts.append(run.program(self._program, turn))
                turn = dict.fromkeys(turn, "")
            turn[key] = message.content or ""
        return "".join([*parts, run.program(self._last_program, turn)])


_TURN_KEYS: Final = {"system": "System", "user": "Prompt", "assistant": "Response"}
_ENDS_TURN: Final = {"System": ("Prompt", "Response"), "Prompt": ("Response",), "Response": ()}
"""What must be empty in a turn for a text to be added to it."""


class _Rendering:
    """One prompt, made in one run of a program or in several that share a budget."""

    def __init__(self, size: int, think: Think, today: date) -> None:
        self._budget = Budget(size=size)
        self._think = think_values(think)
        self._today = today

    def program(self, program: Program, values: dict[str, Any]) -> str:
        return program.run(values | self._think, self._budget, self._today)

"""How the answer to one prompt is written: its thinking, its content, its calls.

Knows the ways there are to write thinking and calls; knows no model by its name. Which of them is a
model's own is asked of the parser that will read the answer: the way that it takes apart as
intended. So what a grammar lets through is what the parser understands.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from paddock.api import Tool
from paddock.dialogue import MARKERS, Reading
from paddock.engine.notation import JSON, ONE_LINE, Fields, Notation, braced, raw
from paddock.output.events import Content, Event, Thinking, ToolCall, joined
from paddock.output.values import SPACE

# -- the ways --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Thought:
    """Thinking between two markers."""

    opening: str
    closing: str
    content: str = ""
    """The marker of the content behind it."""
    call: str = ""
    """What a call behind it begins with."""


@dataclass(frozen=True, slots=True)
class CallForm:
    """Calls as text."""

    begin: str
    """What stands before the arguments of a call; `NAME` stands for the tool."""
    end: str = ""
    arguments: Notation | Fields = JSON
    opening: str = ""
    closing: str = ""
    """What stands around all calls."""
    apart: str | None = None
    """What stands between two calls; None: an answer holds one."""
    trigger: str | None = None
    """What nothing but a call begins with, if that is not its first marker; "" for nothing less
    than all that stands before the arguments."""

    @property
    def is_bare(self) -> bool:
        """A call is JSON and nothing else."""
        return (self.opening + self.begin).startswith("{") or self.opening == "["

    def start(self, name: str) -> str:
        """All that stands before the arguments of the first call."""
        return self.opening + self.begin.replace("NAME", name)

    def written(self, name: str, arguments: Mapping[str, Any]) -> str | None:
        """A call and nothing else; None where the arguments cannot be written."""
        text = self.arguments.written(dict(arguments))
        return None if text is None else f"{self.start(name)}{text}{self.end}{self.closing}"

    def trigger_of(self, start: str) -> str:
        """What begins a call, of all that stands before its arguments."""
        if self.trigger is None:
            found = _TOKEN.match(self.opening + self.begin)
            if found and "NAME" not in found.group():
                return found.group()
        return self.trigger or self.opening + start


_THOUGHTS: Final = (
    Thought("<think>", "</think>"),
    Thought("[THINK]", "[/THINK]"),
    Thought("<|channel>thought\n", "<channel|>"),
    Thought("<|START_THINKING|>", "<|END_THINKING|>", "<|START_TEXT|>"),
    Thought(
        "<|channel|>analysis<|message|>",
        "<|end|>",
        "<|start|>assistant<|channel|>final<|message|>",
        "<|start|>assistant",
    ),
    Thought(
        " to=self<|message|>", "<|eom|>", "<|start|>assistant<|message|>", "<|start|>assistant"
    ),
    Thought("<seed:think>", "</seed:think>"),
)
_LEADS: Final = ("<|channel|>final<|message|>", "<|message|>", "<|START_TEXT|>", "")
"""What marks an answer without thinking as content."""


def _argument(opening: str, closing: str, stop: str) -> Fields:
    """An argument between tags; a string stands there as it is. `stop` is the tag that ends it."""
    return Fields(opening, closing, strings=(raw(stop=stop, refused="null"),))


_NAMED: Final = '{"name": "NAME", "arguments": '
_QUOTED: Final = tuple(raw(quote, rf"{quote}\\\x00-\x1F") for quote in "\"'")

_CALLS: Final = (
    CallForm(f"<tool_call>\n{_NAMED}", "}\n</tool_call>", apart="\n"),
    CallForm(f"<tool_call>{_NAMED}", "}</tool_call>", apart=""),
    CallForm("[TOOL_CALLS]NAME[ARGS]", apart=""),
    CallForm(_NAMED, "}", opening="[TOOL_CALLS][", closing="]", apart=", "),
    CallForm(
        "<｜tool▁call▁begin｜>NAME<｜tool▁sep｜>",
        "<｜tool▁call▁end｜>",
        opening="<｜tool▁calls▁begin｜>",
        closing="<｜tool▁calls▁end｜>",
        apart="",
    ),
    CallForm(
        "<｜tool▁call▁begin｜>function<｜tool▁sep｜>NAME\n```json\n",
        "\n```<｜tool▁call▁end｜>",
        opening="<｜tool▁calls▁begin｜>",
        closing="<｜tool▁calls▁end｜>",
        apart="\n",
    ),
    CallForm(
        "<|tool_calls_section_begin|><|tool_call_begin|>functions.NAME:0"
        "<|tool_call_argument_begin|>",
        "<|tool_call_end|><|tool_calls_section_end|>",
    ),
    CallForm(
        '<|START_ACTION|>[\n    {"tool_call_id": "0", "tool_name": "NAME", "parameters": ',
        "}\n]<|END_ACTION|>",
    ),
    CallForm(
        "<|channel|>commentary to=functions.NAME <|constrain|>json<|message|>",
        trigger="<|channel|>commentary to=functions.",
    ),
    CallForm(
        "<tool_call>\n<function=NAME>\n",
        "</function>\n</tool_call>",
        _argument("<parameter=KEY>\n", "\n</parameter>\n", "</parameter>"),
        apart="\n",
    ),
    CallForm("<function=NAME>", "</function>", apart="\n"),
    CallForm(
        "<tool_call>NAME",
        "</tool_call>",
        _argument("<arg_key>KEY</arg_key><arg_value>", "</arg_value>", "</arg_value>"),
        apart="",
    ),
    CallForm(
        ' to=NAME<|message|><atem:function_calls>\n<atem:invoke name="NAME">\n',
        "</atem:invoke>\n</atem:function_calls>",
        _argument('<atem:parameter name="KEY">', "</atem:parameter>\n", "</atem:parameter>"),
        trigger="",
    ),
    CallForm("<|tool_call>call:NAME", "<tool_call|>", braced('<|"|>'), apart=""),
    CallForm(
        "<start_function_call>call:NAME",
        "<end_function_call>",
        braced("<escape>", null=None),
        apart="",
    ),
    CallForm(
        "NAME(",
        ")",
        Fields("KEY=", "", ", ", strings=_QUOTED),
        opening="<|tool_call_start|>[",
        closing="]<|tool_call_end|>",
        apart=", ",
    ),
    CallForm(
        "NAME(",
        ")",
        Fields("KEY=", "", ", ", strings=(ONE_LINE,), values=ONE_LINE),
        opening="<function_calls>",
        closing="</function_calls>",
        apart="\n",
    ),
)
_RECIPIENT: Final = CallForm("NAME\n", apart=">>>", trigger="")
_TOKEN: Final = re.compile(r"<[^<>{}]+>|\[[A-Z_]+\]")


_BEGUN: Final = re.compile(r'<[\w:]+(?: name)?="?')


def _marks_of(form: CallForm) -> list[str]:
    """The markers that a call is made of, those with a name in them up to it."""
    how = form.arguments
    texts = [form.start("NAME"), form.end, form.closing, how.opening, how.closing]
    whole = [mark for text in texts for mark in _TOKEN.findall(text)]
    begun = [mark for text in texts for mark in _BEGUN.findall(text)]
    return [*(mark for mark in whole if not _BEGUN.match(mark)), *begun]


_MARKS: Final = tuple(
    dict.fromkeys(
        (
            *MARKERS,
            *(mark for form in _CALLS for mark in _marks_of(form)),
            *(mark for thought in _THOUGHTS for mark in (thought.opening, thought.closing)),
        )
    )
)
"""What may mean something to a parser, wherever it stands."""

# -- a model's own ---------------------------------------------------------------------------------


class Form:
    """How the answer to one prompt is written, as its parser tells."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        tag = reading.tool_tag or ""
        self._marks = (*_MARKS, tag) if len(tag) > 1 else _MARKS
        self.thought, self.is_thinking = self._find_thought()
        self._barred: dict[CallForm, list[str]] = {}

    @property
    def name(self) -> str:
        return self._reading.name

    def _read(self, text: str) -> list[Event]:
        parser = self._reading.make()
        return joined([*parser.feed(text), *parser.finish()])

    # thinking and content

    def _find_thought(self) -> tuple[Thought | None, bool]:
        """The way thinking is written, and whether the prompt has opened it."""
        tags = self._reading.thinking_tags
        thoughts = (Thought(*tags), *_THOUGHTS) if tags else _THOUGHTS
        for thought in thoughts:
            rest = f"x{thought.closing}{thought.content}y"
            for text, is_open in ((rest, True), (thought.opening + rest, False)):
                if self._read(text) == [Thinking("x"), Content("y")]:
                    return thought, is_open
        return None, False

    @cached_property
    def lead(self) -> str:
        """What marks content as such in an answer without thinking."""
        content, known = '{"x": 1}', self._reading.preserved
        return next(
            (
                lead
                for lead in _LEADS
                if all(token in known for token in _TOKEN.findall(lead))
                and self._read(lead + content) == [Content(content)]
            ),
            "",
        )

    def _begun(self, behind: str) -> str:
        """An answer up to its content, or to its calls."""
        thought = self.thought
        if not (thought and self.is_thinking):
            return ""
        return f"x{thought.closing}{behind}"

    @cached_property
    def marks_in_thinking(self) -> list[str]:
        """What would end the thinking otherwise than it should."""
        thought = self.thought
        if thought is None:
            return []
        opening = "" if self.is_thinking else thought.opening
        ending = f"{thought.closing}{thought.content}z"
        return [
            mark
            for mark in self._marks
            if mark not in thought.closing
            and self._read(f"{opening}x{mark}y{ending}") != [Thinking(f"x{mark}y"), Content("z")]
        ]

    @cached_property
    def marks_in_content(self) -> list[str]:
        behind = self._begun(self.thought.content if self.thought else "") or self.lead
        return [
            mark
            for mark in self._marks
            if self._read(f"{behind}x{mark}y")[-1:] != [Content(f"x{mark}y")]
        ]

    # calls

    def shown_name(self, tool: Tool) -> str:
        """The name that the model knows a tool by."""
        return name_of(self._reading.shown([tool])[0])

    def call(self, tool: Tool) -> CallForm | None:
        """The way calls of a tool are written; None where none is known."""
        given = {"x": "v"}
        for form in self._candidates():
            text = form.written(self.shown_name(tool), given)
            if text is not None and self._calls(text) == [(name_of(tool), given)]:
                return form
        return None

    def _candidates(self) -> Iterable[CallForm]:
        template, tag = self._reading.template, self._reading.tool_tag
        # What the template writes itself comes first: another form that its parser reads just as
        # well, with a line more or less, is one that the model never saw.
        for form in sorted(
            _CALLS, key=lambda form: bool(template) and _beginning(form) not in template
        ):
            first = _TOKEN.match(form.start(""))
            if not template or (first and first.group() in template):
                yield form
        if not template:
            return
        if ">>>all" in template:
            yield _RECIPIENT
        if "<atem:function_calls>" in template:
            yield next(form for form in _CALLS if "<atem:" in form.begin)
        key = "parameters" if "parameters" in template and "arguments" not in template else ""
        begin = f'{{"name": "NAME", "{key or "arguments"}": '
        if tag and tag.endswith("["):
            yield CallForm(begin, "}", opening=tag, closing="]", apart=", ")
        if tag and tag not in ("{", "["):
            yield CallForm(tag + begin, "}")
        yield CallForm('{"name": "NAME", "parameters": ', "}")
        yield CallForm(_NAMED, "}")

    def _calls(self, text: str) -> list[tuple[str, dict[str, Any]]] | None:
        """The calls in an answer that is nothing else."""
        events = self._read(self._begun(self.thought.call if self.thought else "") + text)
        calls: list[tuple[str, dict[str, Any]]] = []
        for event in events:
            match event:
                case ToolCall(name, arguments):
                    calls.append((name, arguments))
                case Thinking():
                    pass
                case Content(content) if not content.strip(SPACE):
                    pass
                case _:
                    return None
        return calls

    def marks_in_call(self, form: CallForm, tool: Tool) -> list[str]:
        """What may not stand in a string of a call's arguments; the same for all tools."""
        if form not in self._barred:
            self._barred[form] = [mark for mark in self._marks if self._breaks(mark, form, tool)]
        return self._barred[form]

    def _breaks(self, mark: str, form: CallForm, tool: Tool) -> bool:
        given = {"x": f"a{mark}b"}
        text = form.written(self.shown_name(tool), given)
        return text is not None and self._calls(text) != [(name_of(tool), given)]


def _beginning(form: CallForm) -> str:
    return form.begin.partition("NAME")[0]


def name_of(tool: Tool) -> str:
    return (tool.function.name if tool.function else None) or ""

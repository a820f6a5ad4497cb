"""The grammar of a whole answer: thinking, then what `format`, `grammar` or `tool_choice` ask for.

Knows how thinking and calls are written in the formats there are; knows no model by its name. Which
of these ways is a model's own is asked of the parser that will read the answer: the way that it
takes apart as intended. So what the grammar lets through is what the parser understands.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from paddock.api import Tool
from paddock.dialogue import MARKERS, Reading
from paddock.engine import gbnf
from paddock.engine.grammar import check_grammar
from paddock.errors import GrammarError, RequestError, UnsupportedError
from paddock.output.events import Content, Event, Thinking, ToolCall, joined
from paddock.output.values import SPACE

# -- what is asked for -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Choice:
    """What a request's `tool_choice` says."""

    hides: bool = False
    """The model is not to know of the tools."""
    forced: tuple[str, ...] = ()
    """One of these tools must be called."""

    @property
    def is_one(self) -> bool:
        return len(self.forced) == 1


_FREE: Final = ("auto", "")
_MUST: Final = ("required", "any")


def read_choice(value: str | bool | dict[str, Any] | None, tools: Sequence[Tool]) -> Choice:
    """OpenAI's forms: none, auto, required, or a tool, by its name alone or in its object. Raises
    RequestError."""
    wanted = _named(value)
    names = tuple(name for tool in tools if (name := _name(tool)))
    if wanted is None or wanted in _FREE:
        return Choice()
    if wanted == "none":
        return Choice(hides=True)
    if not names:
        raise RequestError(f"tool_choice {wanted!r} asks for a call, but the request has no tools")
    if wanted in _MUST:
        return Choice(forced=names)
    if wanted not in names:
        raise RequestError(
            f"tool_choice names {wanted!r}; the tools are: {', '.join(sorted(names))}"
        )
    return Choice(forced=(wanted,))


def _named(value: str | bool | dict[str, Any] | None) -> str | None:
    match value:
        case None | str():
            return value
        case bool():
            return "required" if value else "none"
        case {"function": {"name": str(name)}} | {"name": str(name)}:
            return name
        case {"type": str(kind)} if kind in (*_FREE, *_MUST, "none"):
            return kind
        case _:
            raise RequestError(
                'tool_choice must be "none", "auto", "required", the name of a tool, or '
                '{"type": "function", "function": {"name": …}}'
            )


def _name(tool: Tool) -> str:
    return (tool.function.name if tool.function else None) or ""


# -- how it is written -----------------------------------------------------------------------------


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
    """A call as text: the name and its arguments as JSON, with these around them."""

    before: str
    between: str
    after: str = ""
    apart: str | None = None
    """What stands between two calls; None: an answer holds one."""

    def write(self, name: str, arguments: str) -> str:
        return f"{self.before}{name}{self.between}{arguments}{self.after}"


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
    Thought(" to=self<|message|>", "<|eom|>", "<|start|>assistant<|message|>"),
    Thought("<seed:think>", "</seed:think>"),
)
_LEADS: Final = ("<|channel|>final<|message|>", "<|message|>", "<|START_TEXT|>", "")
"""What marks an answer without thinking as content."""

_ARGUMENTS: Final = '", "arguments": '
_CALLS: Final = (
    CallForm('<tool_call>\n{"name": "', _ARGUMENTS, "}\n</tool_call>", "\n"),
    CallForm("[TOOL_CALLS]", "[ARGS]"),
    CallForm('[TOOL_CALLS][{"name": "', _ARGUMENTS, "}]"),
    CallForm(
        "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>",
        "<｜tool▁sep｜>",
        "<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
    ),
    CallForm(
        "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>",
        "\n```json\n",
        "\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
    ),
    CallForm(
        "<|tool_calls_section_begin|><|tool_call_begin|>functions.",
        ":0<|tool_call_argument_begin|>",
        "<|tool_call_end|><|tool_calls_section_end|>",
    ),
    CallForm(
        '<|START_ACTION|>[\n    {"tool_call_id": "0", "tool_name": "',
        '", "parameters": ',
        "}\n]<|END_ACTION|>",
    ),
    CallForm("<|channel|>commentary to=functions.", " <|constrain|>json<|message|>"),
    CallForm("<function=", ">", "</function>", "\n"),
)
_TOKEN: Final = re.compile(r"<[^<>{}]+>|\[[A-Z_]+\]")
_MARKS: Final = tuple(
    dict.fromkeys(
        (
            *MARKERS,
            *(mark for form in _CALLS for mark in _TOKEN.findall(form.write("", ""))),
            *(mark for thought in _THOUGHTS for mark in (thought.opening, thought.closing)),
        )
    )
)
"""What may mean something to a parser, wherever it stands."""


class Form:
    """How the answer to one prompt is written, as its parser tells."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        tag = reading.tool_tag or ""
        self._marks = (*_MARKS, tag) if len(tag) > 1 else _MARKS
        self._thought, self.is_thinking = self._find_thought()

    def _read(self, text: str) -> list[Event]:
        parser = self._reading.make()
        return joined([*parser.feed(text), *parser.finish()])

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

    @property
    def thought(self) -> Thought | None:
        return self._thought

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
        thought = self._thought
        if not (thought and self.is_thinking):
            return ""
        return f"x{thought.closing}{behind}"

    @cached_property
    def marks_in_thinking(self) -> list[str]:
        """What would end the thinking otherwise than it should."""
        thought = self._thought
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
        behind = self._begun(self._thought.content if self._thought else "") or self.lead
        return [
            mark
            for mark in self._marks
            if self._read(f"{behind}x{mark}y")[-1:] != [Content(f"x{mark}y")]
        ]

    def call(self, tool: Tool) -> CallForm | None:
        """The way calls of a tool are written; None where that is not JSON."""
        name = _name(self._reading.shown([tool])[0])
        wanted = [(_name(tool), {"x": 1})]
        return next(
            (
                form
                for form in self._candidates()
                if self._calls(form.write(name, '{"x": 1}')) == wanted
            ),
            None,
        )

    def _candidates(self) -> Iterable[CallForm]:
        template, tag = self._reading.template, self._reading.tool_tag
        for form in _CALLS:
            first = _TOKEN.match(form.before)
            if not template or (first and first.group() in template):
                yield form
        if not template:
            return
        key = "parameters" if "parameters" in template and "arguments" not in template else ""
        between = f'", "{key or "arguments"}": '
        if tag == "[":
            yield CallForm('[{"name": "', between, "}]")
        elif tag and tag != "{":
            yield CallForm(f'{tag}{{"name": "', between, "}")
        yield CallForm('{"name": "', '", "parameters": ', "}")

    def _calls(self, text: str) -> list[tuple[str, dict[str, Any]]] | None:
        """The calls in an answer that is nothing else."""
        events = self._read(self._begun(self._thought.call if self._thought else "") + text)
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
        """What may not stand in a string of a call's arguments."""
        name = _name(self._reading.shown([tool])[0])
        return [
            mark
            for mark in self._marks
            if not re.search(r'["\\\x00-\x1f]', mark)
            and self._calls(form.write(name, f'{{"x": "a{mark}b"}}'))
            != [(_name(tool), {"x": f"a{mark}b"})]
        ]

    def shown_name(self, tool: Tool) -> str:
        return _name(self._reading.shown([tool])[0])

    @property
    def name(self) -> str:
        return self._reading.name


# -- the grammar -----------------------------------------------------------------------------------


def answer_grammar(
    reading: Reading | None,
    *,
    format: Any = None,
    grammar: str | None = None,
    tools: Sequence[Tool] = (),
    choice: Choice | None = None,
    may_think: bool = False,
) -> str | None:
    """What the answer must follow from its first token on; None: nothing is asked for.

    Without `may_think` there is no thinking, unless the prompt has opened it. Raises GrammarError,
    and UnsupportedError for a call in a format that has no grammar.
    """
    forced = choice.forced if choice else ()
    content = None if forced else _content_grammar(format, grammar)
    if content is None and not forced:
        return None
    if reading is None:
        return content
    form = Form(reading)
    whole = _Answer(form)
    if forced:
        for tool in tools:
            if _name(tool) in forced:
                whole.add_tool(tool)
        return whole.text(may_think, several=len(forced) > 1)
    assert content is not None
    whole.content = content if grammar else gbnf.strings_without(content, form.marks_in_content)
    if tools and not grammar and all(form.call(tool) for tool in tools):
        for tool in tools:
            whole.add_tool(tool)
    return whole.text(may_think, several=True)


def _content_grammar(format: Any, grammar: str | None) -> str | None:
    if grammar is not None:
        check_grammar(grammar)
        return grammar
    if not format:
        return None
    from paddock.engine.sampling import grammar_of

    return grammar_of(format)


class _Answer:
    """Puts the parts together."""

    def __init__(self, form: Form) -> None:
        self._form = form
        self._rules: list[str] = []
        self._calls: list[str] = []
        self._apart: str | None = None
        self.content: str | None = None

    def add_tool(self, tool: Tool) -> None:
        form = self._form.call(tool)
        if form is None:
            raise UnsupportedError(
                f'tool_choice: a call of "{_name(tool)}" cannot be forced: there is no grammar for '
                f"the calls that {self._form.name} reads; leave the choice to the model "
                '(tool_choice "auto")'
            )
        prefix = f"tool-{len(self._calls)}-"
        arguments = gbnf.strings_without(
            _arguments_grammar(tool), self._form.marks_in_call(form, tool)
        )
        start = gbnf.literal(form.before + self._form.shown_name(tool) + form.between)
        end = f" {gbnf.literal(form.after)}" if form.after else ""
        self._rules.append(gbnf.prefixed(arguments, prefix))
        self._calls.append(f"{start} {prefix}root{end}")
        self._apart = form.apart

    def text(self, may_think: bool, *, several: bool) -> str:
        form, rules = self._form, self._rules
        thought = form.thought if may_think or form.is_thinking else None
        if self.content is not None:
            if thought is None and not form.lead and not self._calls:
                return self.content
            rules.append(gbnf.prefixed(self.content, "content-"))
        if self._calls:
            more = several and self._apart is not None
            rules.append(f"call ::= {' | '.join(self._calls)}")
            again = f" ({gbnf.literal(self._apart or '')} calls)?" if more else ""
            rules.append(f"calls ::= call{again}")
        begin = self._body(form.lead, "")
        if thought is not None:
            rules.append("gap ::= [ \\t\\r\\n]{0,8} thought-through")
            rules.append(f"thought-through ::= {self._body(thought.content, thought.call)}")
            rules.append(gbnf.until("thought", {thought.closing: "gap"}, form.marks_in_thinking))
            opened = f"[ \\n]{{0,2}} {gbnf.literal(thought.opening)} thought-0"
            begin = "thought-0" if form.is_thinking else f"{opened} | {begin}"
        grammar = "\n".join([f"root ::= {begin}", *rules])
        check_grammar(grammar)
        return grammar

    def _body(self, before_content: str, before_calls: str) -> str:
        """What follows the thinking, or stands without it."""
        parts: list[str] = []
        if self.content is not None:
            parts.append(f"{_leading(before_content)}content-root")
        if self._calls:
            parts.append(f"{_leading(before_calls)}calls")
        return " | ".join(parts)


def _leading(text: str) -> str:
    return f"{gbnf.literal(text)} " if text else ""


def _arguments_grammar(tool: Tool) -> str:
    from paddock.engine.sampling import grammar_of

    parameters = tool.as_dict().get("function", {}).get("parameters") or {}
    try:
        return grammar_of({"type": "object", **parameters}) or ""
    except GrammarError as error:
        raise GrammarError(f'tool "{_name(tool)}": {error}') from error

"""The grammar of a whole answer: thinking, then what `format`, `grammar` or `tool_choice` ask for.

Knows what a request may ask of an answer and how the parts of one are put together; how a model
writes them is `writing`'s to know.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from paddock.api import Tool
from paddock.dialogue import Reading
from paddock.engine import gbnf
from paddock.engine.grammar import check_grammar
from paddock.engine.notation import Fields
from paddock.engine.schema import arguments_grammar, value_grammar
from paddock.errors import GrammarError, RequestError, UnsupportedError
from paddock.writing import CallForm, Form, name_of

# -- what is asked for -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Choice:
    """What a request's `tool_choice` says."""

    forbids: bool = False
    """The model knows of the tools, but there is to be no call."""
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
    names = tuple(name for tool in tools if (name := name_of(tool)))
    if wanted is None or wanted in _FREE:
        return Choice()
    if wanted == "none":
        return Choice(forbids=bool(names))
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


# -- the grammar -----------------------------------------------------------------------------------


def answer_grammar(
    reading: Reading | None,
    *,
    format: Any = None,
    grammar: str | None = None,
    tools: Sequence[Tool] = (),
    choice: Choice | None = None,
    may_think: bool = False,
    strict: bool = False,
    parallel: bool = True,
) -> str | None:
    """What the answer must follow from its first token on; None: nothing is asked for.

    Without `may_think` there is no thinking, unless the prompt has opened it. With `strict`, or a
    tool that says so itself, calls that nobody forces follow the schemas of their tools, too; not
    `parallel`: there is at most one call. Raises GrammarError, and UnsupportedError for a call in
    a format that has no grammar.
    """
    if grammar is not None:
        check_grammar(grammar)
    forced = choice.forced if choice else ()
    forbids = choice is not None and choice.forbids
    asks = bool(format) or grammar is not None or forbids
    strict = bool(forced) or strict or any(tool.function and tool.function.strict for tool in tools)
    calls = [tool for tool in tools if not forced or name_of(tool) in forced]
    if grammar is not None or forbids or not (asks or strict or not parallel):
        calls = []
    if not (asks or calls):
        return None
    if reading is None:
        return grammar or value_grammar(_schema(format))
    form = Form(reading)
    if not asks and not strict and not all(form.call(tool) for tool in calls):
        return None  # that there is one call at most is a wish
    answer = _Answer(form, several=parallel and len(forced) != 1)
    for tool in calls:
        answer.add_tool(tool, strict=strict)
    if forced:
        return answer.grammar(may_think)
    if asks:
        content = answer.formatted(_schema(format)) if format else answer.without_calls(tools)
        return answer.grammar(may_think, grammar or content)
    return answer.free_grammar()


def _schema(format: Any) -> Any:
    return {"type": "object"} if format == "json" else format


class _Answer:
    """Puts the parts together."""

    def __init__(self, form: Form, *, several: bool) -> None:
        self._form = form
        self._several = several
        self._rules: list[str] = []
        self._calls: dict[CallForm, dict[str, str]] = {}
        """Of each form: what stands before the arguments of a call, and its rest."""

    def formatted(self, schema: Any) -> str:
        """The grammar of content that follows a schema."""
        return value_grammar(schema, never=self._form.marks_in_content)

    def without_calls(self, tools: Sequence[Tool]) -> str:
        """The grammar of any content in which the model does not begin a call of these tools."""
        forms = [form for tool in tools if (form := self._form.call(tool)) is not None]
        text = gbnf.text("any", self._form.marks_in_content)
        firsts = {form.start("")[0] for form in forms if form.is_bare}
        if not firsts:
            return f"root ::= any\n{text}"
        return f"root ::= {_not_begun_with(firsts, 'any')}\n{text}"

    def add_tool(self, tool: Tool, *, strict: bool) -> None:
        """`strict`: a schema that cannot be enforced is an error; otherwise its names are."""
        form = self._form.call(tool)
        if form is None:
            raise UnsupportedError(
                f'tools: a call of "{name_of(tool)}" cannot be held to a grammar: none is known '
                f"for the calls that {self._form.name} reads. Leave the choice to the model "
                '(tool_choice "auto", no "strict"), without a format'
            )
        never = self._form.marks_in_call(form, tool)
        prefix = f"tool-{len(self._rules)}-"
        self._rules.append(gbnf.prefixed(_arguments(tool, form, never, strict=strict), prefix))
        start = form.begin.replace("NAME", self._form.shown_name(tool))
        end = f" {gbnf.literal(form.end)}" if form.end else ""
        self._calls.setdefault(form, {})[start] = f"{prefix}root{end}"

    def _add_calls(self) -> str:
        """The name of a rule for what is nothing but calls; "" without tools."""
        ways: list[str] = []
        for number, (form, calls) in enumerate(self._calls.items()):
            opening = f"{gbnf.literal(form.opening)} " if form.opening else ""
            ways.append(f"{opening}{self._series(form, calls, number)}")
        if ways:
            self._rules.append(f"calls ::= {' | '.join(ways)}")
        return "calls" if ways else ""

    def _series(self, form: CallForm, calls: dict[str, str], number: int) -> str:
        """Calls one after the other, and what closes them."""
        written = " | ".join(f"{gbnf.literal(start)} {rest}" for start, rest in calls.items())
        self._rules += [
            f"call-{number} ::= {written}",
            f"after-{number} ::= {self._after(form, number)}",
        ]
        return f"call-{number} after-{number}"

    def _after(self, form: CallForm, number: int, then: str = "") -> str:
        """What may follow a call. `then` goes on behind them all, with further calls, too."""
        closing = gbnf.literal(form.closing) if form.closing else ""
        end = f"{closing} {then}".strip() or '""'
        if form.apart is None or not self._several or (then and not closing):
            return end
        apart = f"{gbnf.literal(form.apart)} " if form.apart else ""
        return f"{apart}call-{number} after-{number} | {end}"

    def grammar(self, may_think: bool, content: str | None = None) -> str:
        """Thinking where there may be some, then calls or the content."""
        form, calls = self._form, self._add_calls()
        thought = form.thought if may_think or form.is_thinking else None
        if content is not None:
            if thought is None and not form.lead and not calls:
                return content
            self._rules.append(gbnf.prefixed(content, "content-"))
        has_content = content is not None
        begin = _either(has_content, form.lead, calls, "")
        if thought is not None:
            through = _either(has_content, thought.content, calls, thought.call)
            self._rules += [
                "gap ::= [ \\t\\r\\n]{0,8} through",
                f"through ::= {through}",
                gbnf.until("thought", {thought.closing: "gap"}, form.marks_in_thinking),
            ]
            opened = f"[ \\n]{{0,2}} {gbnf.literal(thought.opening)} thought-0"
            begin = "thought-0" if form.is_thinking else f"{opened} | {begin}"
        return self._whole(begin)

    def free_grammar(self) -> str:
        """Anything at all, but where a call begins it is one."""
        triggers: dict[str, list[str]] = {}
        for number, (form, calls) in enumerate(self._calls.items()):
            if form.is_bare:
                return self._free_behind_calls()
            self._series(form, calls, number)
            self._rules[-1] = f"after-{number} ::= {self._after(form, number, self._freely)}"
            for start, rest in calls.items():
                trigger = form.trigger_of(start)
                behind = (form.opening + start).removeprefix(trigger)
                lead = f"{gbnf.literal(behind)} " if behind else ""
                triggers.setdefault(trigger, []).append(f"{lead}{rest} after-{number}")
        ends: dict[str, str] = {}
        for number, (trigger, ways) in enumerate(triggers.items()):
            ends[trigger] = f"begun-{number}"
            self._rules.append(f"begun-{number} ::= {' | '.join(ways)}")
        self._rules.append(gbnf.until("free", ends, may_end=True))
        return self._whole("free-0")

    @property
    def _freely(self) -> str:
        """What follows the last call: more of the same, or the end."""
        return "free-0" if self._several else ""

    def _free_behind_calls(self) -> str:
        """For calls that are JSON and nothing else: an answer that begins with a bracket is one."""
        return self.grammar(True, f"root ::= {_not_begun_with('{[', '.*')}")

    def _whole(self, begin: str) -> str:
        grammar = "\n".join([f"root ::= {begin}", *self._rules])
        check_grammar(grammar)
        return grammar


def _not_begun_with(chars: Iterable[str], rest: str) -> str:
    """Nothing, or the rest behind a character that is none of these; whitespace may stand first."""
    barred = "".join(map(gbnf.escaped, sorted(chars)))
    return f"[ \\t\\r\\n]{{0,20}} ([^ \\t\\r\\n{barred}] {rest})?"


def _either(has_content: bool, before_content: str, calls: str, before_calls: str) -> str:
    """What follows the thinking, or stands without it."""
    parts = [(before_content, "content-root")] if has_content else []
    parts += [(before_calls, calls)] if calls else []
    return " | ".join(f"{gbnf.literal(lead)} {rule}" if lead else rule for lead, rule in parts)


_SHAPING: Final = (
    *("properties", "additionalProperties", "patternProperties", "propertyNames"),
    *("$ref", "anyOf", "oneOf", "allOf"),
)
"""Keywords that say which arguments there are."""


def _arguments(tool: Tool, form: CallForm, never: Sequence[str], *, strict: bool) -> str:
    parameters = tool.as_dict().get("function", {}).get("parameters") or {}
    schema = {"type": "object", **parameters}
    if not schema.keys() & set(_SHAPING):
        schema["properties"] = {}
    try:
        return _written(schema, form, never)
    except GrammarError as error:
        if strict:
            raise GrammarError(f'tool "{name_of(tool)}": {error}') from error
    names = schema.get("properties", {})
    return _written({"type": "object", "properties": {name: {} for name in names}}, form, never)


def _written(schema: Any, form: CallForm, never: Sequence[str]) -> str:
    if isinstance(form.arguments, Fields):
        return arguments_grammar(schema, form.arguments, never)
    return value_grammar(schema, form.arguments, never)

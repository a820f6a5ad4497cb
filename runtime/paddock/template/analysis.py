"""What the tree of a Go template tells without running it: the names it uses, the tags of thinking
and tool calls, and the part that leads up to the answer. Pure.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from paddock.template.nodes import (
    Action,
    Command,
    Control,
    Field,
    Include,
    Node,
    Nodes,
    Operands,
    Pipe,
    Text,
    Tree,
    Variable,
    operands,
)

WHITESPACE: Final = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
"""What counts as white space around tags: Unicode's White_Space."""

# -- names -----------------------------------------------------------------------------------------


def variables(tree: Tree) -> frozenset[str]:
    """All parts of fields and variables in lower case, as `messages` of `$.Messages`."""
    return frozenset(
        name.lower()
        for body in (tree.main, *tree.defined.values())
        for pipe in _pipes(body)
        for arg in operands(pipe)
        if isinstance(arg, Field | Variable)
        for name in arg.names
    )


def includes(tree: Tree) -> Iterator[Include]:
    """Every `{{template}}` and `{{block}}`."""
    for body in (tree.main, *tree.defined.values()):
        yield from (node for node in _nodes(body) if isinstance(node, Include))


def _nodes(body: Nodes) -> Iterator[Node]:
    for node in body.items:
        yield node
        if isinstance(node, Control):
            yield from _nodes(node.body)
            if node.otherwise is not None:
                yield from _nodes(node.otherwise)


def _pipes(body: Nodes) -> Iterator[Pipe]:
    for node in _nodes(body):
        if isinstance(node, Action | Control | Include) and node.pipe is not None:
            yield node.pipe


# -- thinking --------------------------------------------------------------------------------------


def thinking_tags(tree: Tree) -> tuple[str, str]:
    """The texts around `{{ .Thinking }}` in a loop over `.Messages`; empty where there is none.

    Of several places the last counts, for each tag by itself.
    """
    opening = closing = ""
    for body in _bodies_with_thinking(tree.main, is_in_messages=False):
        first, last = body.items[0], body.items[-1]
        opening = first.text.strip(WHITESPACE) if isinstance(first, Text) else opening
        closing = last.text.strip(WHITESPACE) if isinstance(last, Text) else closing
    return opening, closing


def _bodies_with_thinking(body: Nodes, *, is_in_messages: bool) -> Iterator[Nodes]:
    """The innermost body around each `.Thinking`, once per occurrence."""
    for node in body.items:
        if isinstance(node, Text) or not isinstance(node, Action | Control | Include):
            continue
        inside = is_in_messages
        if isinstance(node, Control) and node.keyword == "range":
            inside = _uses(node.pipe, "Messages")
        if inside and node.pipe is not None and _uses(node.pipe, "Thinking"):
            yield body
        if isinstance(node, Control):
            yield from _bodies_with_thinking(node.body, is_in_messages=inside)
            if node.otherwise is not None:
                yield from _bodies_with_thinking(node.otherwise, is_in_messages=inside)


def _uses(pipe: Pipe, name: str) -> bool:
    return any(isinstance(arg, Field) and arg.names[0] == name for arg in operands(pipe))


# -- tool calls ------------------------------------------------------------------------------------

DEFAULT_TOOL_TAG: Final = "{"


def tool_tag(tree: Tree) -> str:
    """What a call begins with: the first text behind `{{ if .ToolCalls }}`, up to a brace."""
    node = _tool_calls_branch(tree.main.items)
    text = None if node is None else _first_text(node.body)
    if text is None:
        return DEFAULT_TOOL_TAG
    tag = text.replace("\r\n", "\n").partition("{")[0].strip(WHITESPACE)
    return tag or DEFAULT_TOOL_TAG


def _tool_calls_branch(items: Iterable[Node]) -> Control | None:
    for node in items:
        if not isinstance(node, Control):
            continue
        if node.keyword == "if" and _asks_for_calls(node.pipe):
            return node
        otherwise = () if node.otherwise is None else node.otherwise.items
        found = _tool_calls_branch(node.body.items) or _tool_calls_branch(otherwise)
        if found is not None:
            return found
    return None


def _asks_for_calls(pipe: Pipe) -> bool:
    return any(
        isinstance(arg, Field) and "ToolCalls" in arg.names
        for command in pipe.commands
        for arg in command.args
    )


def _first_text(body: Nodes) -> str | None:
    """The first text that is not only white space, if no value is printed before it."""
    for node in body.items:
        if isinstance(node, Text) and node.text.strip(WHITESPACE):
            return node.text
        if isinstance(node, Action):
            return None
        if isinstance(node, Control):
            found = _first_text(node.body)
            if found is None and node.otherwise is not None:
                found = _first_text(node.otherwise)
            return found
    return None


# -- the cut ---------------------------------------------------------------------------------------


class CutError(Exception):
    """The cut leaves an `{{else}}` behind it, which no template can be."""

    def __init__(self, at: int) -> None:
        super().__init__(
            "nothing but the end may follow .Response in a branch that has an {{else}}"
        )
        self.at = at


def cut_behind_response(tree: Tree) -> Tree:
    """The main body up to the first `.Response`, without defined templates. Raises CutError.

    Headers of control structures are not looked into. An action of which a whole command lies
    behind the cut goes away altogether.
    """
    return Tree(_Cut().body(tree.main), {})


class _Cut:
    def __init__(self) -> None:
        self._is_done = False

    def body(self, body: Nodes) -> Nodes:
        kept = (self._node(node) for node in body.items)
        return Nodes(tuple(node for node in kept if node is not None))

    def _node(self, node: Node) -> Node | None:
        if self._is_done:
            return None
        if isinstance(node, Action):
            pipe = self._pipe(node.pipe)
            return None if pipe is None else replace(node, pipe=pipe)
        if not isinstance(node, Control):
            return node
        body = self.body(node.body)
        if node.otherwise is None:
            return replace(node, body=body)
        if self._is_done:
            raise CutError(node.at)
        return replace(node, body=body, otherwise=self.body(node.otherwise))

    def _pipe(self, pipe: Pipe) -> Pipe | None:
        commands: list[Command] = []
        for command in pipe.commands:
            args = self._args(command.args)
            if not args:
                return None
            commands.append(replace(command, args=args))
        return replace(pipe, commands=tuple(commands))

    def _args(self, args: Sequence[Operands]) -> tuple[Operands, ...]:
        kept: list[Operands] = []
        for arg in args:
            found = self._arg(arg)
            if found is not None:
                kept.append(found)
        return tuple(kept)

    def _arg(self, arg: Operands) -> Operands | None:
        if self._is_done:
            return None
        if isinstance(arg, Pipe):
            return self._pipe(arg)
        self._is_done = isinstance(arg, Field) and "Response" in arg.names
        return arg

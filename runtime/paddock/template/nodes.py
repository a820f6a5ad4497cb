"""The tree of a Go template, and its text form. Knows shapes; reads and evaluates nothing.

Positions are offsets into the source; trees are equal whatever their positions.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

# -- operands --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Dot:
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Nil:
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Bool:
    value: bool
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Number:
    text: str
    value: int | float | complex | None = field(compare=False)
    """None for an integer that only an unsigned type holds: it fails when it is used."""
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class String:
    quoted: str
    value: str = field(compare=False)
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Field:
    """`.A.B`"""

    names: tuple[str, ...]
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Variable:
    """`$x.A.B`; the first name is `$x`."""

    names: tuple[str, ...]
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Identifier:
    """The name of a function."""

    name: str
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Chain:
    """`(pipeline).A.B`, or fields behind the name of a function."""

    base: "Pipe | Identifier"
    names: tuple[str, ...]
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Command:
    args: "tuple[Operands, ...]"
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Pipe:
    declared: tuple[str, ...]
    assigns: bool
    """`=` instead of `:=`."""
    commands: tuple[Command, ...]
    at: int = field(default=0, compare=False)


# -- what stands in a list -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Text:
    text: str
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Action:
    pipe: Pipe
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Nodes:
    """A body: what stands between two keywords."""

    items: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class Control:
    """`if`, `range` or `with`."""

    keyword: str
    pipe: Pipe
    body: Nodes
    otherwise: Nodes | None
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Include:
    """`{{template "name" pipeline}}`"""

    quoted: str
    name: str = field(compare=False)
    pipe: Pipe | None
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Jump:
    """`break` or `continue`."""

    keyword: str
    at: int = field(default=0, compare=False)


Node = Text | Action | Control | Include | Jump
Operands = Dot | Nil | Bool | Number | String | Field | Variable | Identifier | Chain | Pipe


@dataclass(frozen=True, slots=True)
class Tree:
    """A parsed template: its main body and the templates that it defines."""

    main: Nodes
    defined: dict[str, Nodes]


def is_empty(nodes: Nodes) -> bool:
    """Whether a body is only white space, so that another definition of its name may replace it."""
    return all(isinstance(node, Text) and not node.text.strip() for node in nodes.items)


# -- walking ---------------------------------------------------------------------------------------


def operands(pipe: Pipe) -> Iterator[Operands]:
    """The arguments of a pipeline's commands in order, those inside parentheses too."""
    for command in pipe.commands:
        for arg in command.args:
            yield arg
            if isinstance(arg, Pipe):
                yield from operands(arg)


# -- text form -------------------------------------------------------------------------------------

_LITERALS: Final = {Dot: ".", Nil: "nil"}


def source(tree: Tree) -> str:
    """A template that parses to this tree."""
    defined = "".join(
        f"{{{{define {quote(name)}}}}}{body_source(body)}{{{{end}}}}"
        for name, body in tree.defined.items()
    )
    return body_source(tree.main) + defined


def body_source(nodes: Nodes) -> str:
    parts: list[str] = []
    before: Node | None = None
    for node in nodes.items:
        if isinstance(before, Text):
            # A comment keeps two texts apart.
            opened = "{{/**/}}" + node.text if isinstance(node, Text) else node_source(node)
            parts.append(_behind_text(before.text, opened))
        else:
            parts.append(node_source(node))
        before = node
    if isinstance(before, Text) and before.text.endswith("{"):
        parts.append(_behind_text(before.text, "{{/**/}}"))
    return "".join(parts)


def _behind_text(text: str, opened: str) -> str:
    """Behind a brace the marker trims a space that keeps it out of the delimiter."""
    return " {{- " + opened[2:] if text.endswith("{") else opened


def node_source(node: Node) -> str:
    match node:
        case Text():
            return node.text
        case Action():
            return f"{{{{{pipe_source(node.pipe)}}}}}"
        case Jump():
            return f"{{{{{node.keyword}}}}}"
        case Include():
            given = f" {pipe_source(node.pipe)}" if node.pipe else ""
            return f"{{{{template {node.quoted}{given}}}}}"
        case Control():
            head = f"{{{{{node.keyword} {pipe_source(node.pipe)}}}}}{body_source(node.body)}"
            if node.otherwise is None:
                return head + "{{end}}"
            return f"{head}{{{{else}}}}{body_source(node.otherwise)}{{{{end}}}}"


def pipe_source(pipe: Pipe) -> str:
    declared = ", ".join(pipe.declared)
    sign = " = " if pipe.assigns else " := "
    commands = " | ".join(
        " ".join(operand_source(arg) for arg in command.args) for command in pipe.commands
    )
    return declared + sign + commands if declared else commands


def operand_source(arg: Operands) -> str:
    match arg:
        case Dot() | Nil():
            return _LITERALS[type(arg)]
        case Bool():
            return "true" if arg.value else "false"
        case Number():
            return arg.text
        case String():
            return arg.quoted
        case Field():
            return "." + ".".join(arg.names)
        case Variable():
            return ".".join(arg.names)
        case Identifier():
            return arg.name
        case Chain():
            return operand_source(arg.base) + "".join(f".{name}" for name in arg.names)
        case Pipe():
            return f"({pipe_source(arg)})"


def quote(text: str) -> str:
    """A string literal of this value."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'

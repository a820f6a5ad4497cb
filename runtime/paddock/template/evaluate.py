"""A tree of a Go template as functions that write text. Knows scopes, control flow and fields;
knows no chat.

Every node becomes one closure, made once: walking the tree anew for every message would take most
of the time of a rendering. A closure that runs a body answers what it ended by.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date
from functools import partial
from sys import getsizeof
from typing import Any, Final, NoReturn

from paddock.errors import TemplateError
from paddock.template.functions import Context, Function
from paddock.template.lexer import located
from paddock.template.limits import Budget
from paddock.template.literals import utf8
from paddock.template.nodes import (
    Action,
    Bool,
    Chain,
    Command,
    Control,
    Dot,
    Field,
    Identifier,
    Include,
    Jump,
    Nil,
    Node,
    Nodes,
    Number,
    Operands,
    Pipe,
    String,
    Text,
    Tree,
    Variable,
    operand_source,
)
from paddock.template.values import (
    NAMED,
    NULL,
    GoValueError,
    NamedMap,
    Struct,
    is_true,
    printed,
    type_name,
)

_ABSENT: Final = object()
"""No value comes through the pipe."""

_GOES_ON, _BREAKS, _CONTINUES = 0, 1, 2


class _State:
    """One run: what is printed, and the variables in scope, the latest last."""

    __slots__ = ("budget", "context", "names", "out", "values")

    def __init__(self, context: Context) -> None:
        self.context = context
        self.budget = context.budget
        self.out: list[str] = []
        self.names: list[str] = []
        self.values: list[Any] = []

    def place(self, name: str) -> int | None:
        names = self.names
        for place in range(len(names) - 1, -1, -1):
            if names[place] == name:
                return place
        return None

    def forget(self, count: int) -> None:
        del self.names[count:]
        del self.values[count:]


Read = Callable[[_State, Any], Any]
"""An operand: the state and dot -> a value."""
Run = Callable[[_State, Any], int]
"""A body: prints, and answers how it ended."""
Stage = Callable[[_State, Any, Any], Any]
"""A command of a pipeline: the last argument is what the command before it gave."""


class _PlacedError(Exception):
    """A problem at a node of the source."""

    def __init__(self, at: int, message: str) -> None:
        super().__init__(message)
        self.at = at


class Program:
    """A tree that is ready to run. Safe to share between threads."""

    def __init__(
        self,
        source: str,
        tree: Tree,
        functions: Mapping[str, Function],
    ) -> None:
        self._source = source
        self._templates: dict[str, Run] = {}
        compiler = _Compiler(functions, self._templates)
        for name, body in ({"": tree.main} | tree.defined).items():
            self._templates[name] = compiler.body(body)

    def run(self, root: Any, budget: Budget, today: date) -> str:
        """The text of the template for this value. Raises TemplateError."""
        state = _State(Context(budget, today))
        state.names.append("$")
        state.values.append(root)
        try:
            self._templates[""](state, root)
        except _PlacedError as failure:
            raise located(self._source, failure.at, str(failure)) from None
        except RecursionError:
            raise TemplateError("the template calls itself too deeply") from None
        return _whole("".join(state.out))


def _whole(text: str) -> str:
    """Halves of a character that met again are one; a lone half is U+FFFD."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return utf8(text).decode("utf-8", "replace")
    return text


# -- fields ----------------------------------------------------------------------------------------


def _fields(value: Any, names: tuple[str, ...], at: int) -> Any:
    """`.A.B` of a value. Of nothing at all it is nothing; of a null inside something, an error."""
    for name in names:
        if value is None:
            return None
        value = _field(value, name, at)
        if value is None:
            value = NULL
    return None if value is NULL else value


def _field(value: Any, name: str, at: int) -> Any:
    if isinstance(value, NAMED):
        method = value.methods.get(name)
        if method is not None:
            return method(value)
        if isinstance(value, Struct):
            if name in value.fields:
                return value.fields[name]
        elif isinstance(value, NamedMap):
            return value.get(name)
    elif isinstance(value, dict):
        return value.get(name)
    if value is NULL:
        raise _PlacedError(at, f"nil pointer evaluating interface {{}}.{name}")
    raise _PlacedError(at, f"can't evaluate field {name} in type {type_name(value)}")


# -- closures --------------------------------------------------------------------------------------


class _Compiler:
    def __init__(self, functions: Mapping[str, Function], templates: Mapping[str, Run]) -> None:
        self._functions = functions
        self._templates = templates

    # bodies

    def body(self, nodes: Nodes) -> Run:
        runs = tuple(self._node(node) for node in nodes.items)
        length = sum(len(node.text) for node in nodes.items if isinstance(node, Text))

        def run(state: _State, dot: Any) -> int:
            state.budget.step()
            state.budget.spend(length)
            for node in runs:
                ending = node(state, dot)
                if ending:
                    return ending
            return _GOES_ON

        return run

    def _node(self, node: Node) -> Run:
        match node:
            case Text():
                return self._text(node.text)
            case Action():
                return self._action(node)
            case Control():
                return self._range(node) if node.keyword == "range" else self._branch(node)
            case Include():
                return self._include(node)
            case Jump():
                ending = _BREAKS if node.keyword == "break" else _CONTINUES
                return lambda state, dot: ending

    def _text(self, text: str) -> Run:
        def run(state: _State, dot: Any) -> int:
            state.out.append(text)
            return _GOES_ON

        return run

    def _action(self, node: Action) -> Run:
        read = self._pipe(node.pipe)
        if node.pipe.declared:

            def declare(state: _State, dot: Any) -> int:
                read(state, dot)
                return _GOES_ON

            return declare

        def run(state: _State, dot: Any) -> int:
            text = printed(read(state, dot))
            state.budget.spend(getsizeof(text))
            state.out.append(text)
            return _GOES_ON

        return run

    def _branch(self, node: Control) -> Run:
        read, body, otherwise = self._parts(node)
        is_with = node.keyword == "with"

        def run(state: _State, dot: Any) -> int:
            visible = len(state.names)
            value = read(state, dot)
            ending = _GOES_ON
            if is_true(value):
                ending = body(state, value if is_with else dot)
            elif otherwise is not None:
                ending = otherwise(state, dot)
            if len(state.names) != visible:
                state.forget(visible)
            return ending

        return run

    def _parts(self, node: Control) -> tuple[Read, Run, Run | None]:
        otherwise = None if node.otherwise is None else self.body(node.otherwise)
        return self._pipe(node.pipe), self.body(node.body), otherwise

    def _range(self, node: Control) -> Run:
        read, body, otherwise = self._parts(node)
        bind = self._binding(node.pipe)

        def run(state: _State, dot: Any) -> int:
            visible = len(state.names)
            pairs = _pairs(read(state, dot), len(node.pipe.declared), node.pipe.at)
            inside = len(state.names)
            ending = _GOES_ON
            if pairs is None and otherwise is not None:
                ending = otherwise(state, dot)
            for key, element in pairs or ():
                value = NULL if element is None else element
                bind(state, key, value)
                ended = body(state, value)
                if len(state.names) != inside:
                    state.forget(inside)
                if ended == _BREAKS:
                    break
            state.forget(visible)
            return ending

        return run

    def _binding(self, pipe: Pipe) -> Callable[[_State, Any, Any], None]:
        """How key and element reach the variables of a `range`."""
        if not pipe.declared:
            return lambda state, key, value: None
        if pipe.assigns:
            *first, last = pipe.declared

            def assign(state: _State, key: Any, value: Any) -> None:
                for name in first:
                    _assign(state, name, key, pipe.at)
                _assign(state, last, value, pipe.at)

            return assign
        has_key = len(pipe.declared) > 1

        def declare(state: _State, key: Any, value: Any) -> None:
            state.values[-1] = value
            if has_key:
                state.values[-2] = key

        return declare

    def _include(self, node: Include) -> Run:
        read = None if node.pipe is None else self._pipe(node.pipe)

        def run(state: _State, dot: Any) -> int:
            template = self._templates.get(node.name)
            if template is None:
                raise _PlacedError(node.at, f'template "{node.name}" not defined')
            value = None if read is None else read(state, dot)
            names, values = state.names, state.values
            state.names, state.values = ["$"], [value]
            state.budget.descend()
            template(state, value)
            state.budget.ascend()
            state.names, state.values = names, values
            return _GOES_ON

        return run

    # pipelines

    def _pipe(self, pipe: Pipe) -> Read:
        first, *rest = pipe.commands
        read = self._first(first)
        if rest:
            read = self._chained(read, [self._stage(command) for command in rest])
        return self._declaring(pipe, read) if pipe.declared else read

    def _chained(self, first: Read, stages: list[Stage]) -> Read:
        def chained(state: _State, dot: Any) -> Any:
            value = first(state, dot)
            for stage in stages:
                value = stage(state, dot, value)
            return value

        return chained

    def _declaring(self, pipe: Pipe, read: Read) -> Read:
        def assign(state: _State, dot: Any) -> Any:
            value = read(state, dot)
            for name in pipe.declared:
                _assign(state, name, value, pipe.at)
            return value

        def declare(state: _State, dot: Any) -> Any:
            value = read(state, dot)
            state.budget.spend(_VARIABLE_BYTES * len(pipe.declared))
            for name in pipe.declared:
                state.names.append(name)
                state.values.append(value)
            return value

        return assign if pipe.assigns else declare

    def _first(self, command: Command) -> Read:
        head = command.args[0]
        if isinstance(head, Identifier):
            return self._call(head, command.args[1:])
        if isinstance(head, Nil):
            return partial(_fail, head.at, "nil is not a command")
        read = self._operand(head)
        return read if len(command.args) == 1 else self._refusing(head, read)

    def _stage(self, command: Command) -> Stage:
        head = command.args[0]
        if isinstance(head, Identifier):
            return self._piped_call(head, command.args[1:])
        refusing = self._refusing(head, self._operand(head))
        return lambda state, dot, _: refusing(state, dot)

    def _refusing(self, head: Operands, read: Read) -> Read:
        """Nothing but a function takes arguments. (Reference: a field of no value at all does.)"""
        message = f"can't give argument to non-function {operand_source(head)}"
        owner = self._owner(head)

        def refuse(state: _State, dot: Any) -> None:
            read(state, dot)
            if owner is None or owner(state, dot) is not None:
                raise _PlacedError(head.at, message)

        return refuse

    def _owner(self, head: Operands) -> Read | None:
        """What has the last field of an operand; None where it has no field."""
        match head:
            case Field((_,)):
                return self._operand(Dot())
            case Chain(base, (_,)):
                return self._operand(base)
            case Variable((_,)):
                return None
            case Field(names) | Chain(_, names) | Variable(names):
                return self._operand(replace(head, names=names[:-1]))
            case _:
                return None

    # operands

    def _operand(self, arg: Operands) -> Read:
        match arg:
            case Dot():
                return lambda state, dot: None if dot is NULL else dot
            case Nil():
                return lambda state, dot: None
            case Bool() | String():
                constant = arg.value
                return lambda state, dot: constant
            case Number():
                return self._number(arg)
            case Field():
                return self._field(arg)
            case Variable():
                return self._variable(arg)
            case Identifier():
                return self._call(arg, ())
            case Chain():
                return self._chain(arg)
            case Pipe():
                return self._pipe(arg)

    def _number(self, arg: Number) -> Read:
        value = arg.value
        if value is None:
            return partial(_fail, arg.at, f"{arg.text} overflows int")
        return lambda state, dot: value

    def _field(self, arg: Field) -> Read:
        names, at = arg.names, arg.at
        name, *more = names
        if more:
            return lambda state, dot: _fields(dot, names, at)

        def read(state: _State, dot: Any) -> Any:
            if type(dot) is dict:
                return dot.get(name)
            return None if dot is None else _field(dot, name, at)

        return read

    def _variable(self, arg: Variable) -> Read:
        name, chain, at = arg.names[0], arg.names[1:], arg.at

        def read(state: _State, dot: Any) -> Any:
            place = state.place(name)
            if place is None:
                raise _PlacedError(at, f"undefined variable: {name}")
            value = state.values[place]
            if chain:
                return _fields(value, chain, at)
            return None if value is NULL else value

        return read

    def _chain(self, arg: Chain) -> Read:
        read, names, at = self._operand(arg.base), arg.names, arg.at
        return lambda state, dot: _fields(read(state, dot), names, at)

    # functions

    def _call(self, head: Identifier, args: tuple[Operands, ...]) -> Read:
        call = self._piped_call(head, args, is_piped=False)
        return lambda state, dot: call(state, dot, _ABSENT)

    def _piped_call(
        self, head: Identifier, args: tuple[Operands, ...], *, is_piped: bool = True
    ) -> Stage:
        function = self._functions.get(head.name)
        if function is None:
            # Known when the template was read, but not here.
            return _failing(head.at, f'"{head.name}" is not a defined function')
        problem = function.problem(head.name, len(args) + is_piped)
        if problem is not None:
            return _failing(head.at, problem)
        reads = tuple(self._operand(arg) for arg in args)
        if head.name in ("and", "or"):
            return self._lazy(reads, stops_at=head.name == "or")
        return self._eager(head, function, reads)

    def _lazy(self, reads: tuple[Read, ...], *, stops_at: bool) -> Stage:
        def call(state: _State, dot: Any, piped: Any) -> Any:
            value = None
            for read in reads:
                value = read(state, dot)
                if is_true(value) is stops_at:
                    return value
            return value if piped is _ABSENT else piped

        return call

    def _eager(self, head: Identifier, function: Function, reads: tuple[Read, ...]) -> Stage:
        run, strings, at = function.run, function.strings, head.at

        def call(state: _State, dot: Any, piped: Any) -> Any:
            state.budget.step()
            args = [read(state, dot) for read in reads]
            if piped is not _ABSENT:
                args.append(piped)
            if strings is None or strings:
                _check_strings(args, strings, at)
            try:
                return run(state.context, *args)
            except GoValueError as error:
                raise _PlacedError(at, f"error calling {head.name}: {error}") from None

        return call


_VARIABLE_BYTES: Final = 64


def _failing(at: int, message: str) -> Stage:
    def fail(state: _State, dot: Any, piped: Any) -> NoReturn:
        raise _PlacedError(at, message)

    return fail


def _fail(at: int, message: str, state: _State, dot: Any) -> NoReturn:
    raise _PlacedError(at, message)


def _check_strings(args: list[Any], strings: tuple[int, ...] | None, at: int) -> None:
    for place in range(len(args)) if strings is None else strings:
        if type(args[place]) is not str:
            raise _PlacedError(
                at, f"wrong type for value; expected string; got {type_name(args[place])}"
            )


def _assign(state: _State, name: str, value: Any, at: int) -> None:
    place = state.place(name)
    if place is None:
        raise _PlacedError(at, f"undefined variable: {name}")
    state.values[place] = value


def _pairs(value: Any, declared: int, at: int) -> Iterable[tuple[Any, Any]] | None:
    """Keys and elements of what a `range` walks over; None where it has none."""
    if isinstance(value, list | bytes):
        return enumerate(value) if value else None
    if isinstance(value, dict):
        return [(key, value[key]) for key in sorted(value)] or None
    if value is None:
        return None
    if type(value) is int:
        if declared > 1:
            raise _PlacedError(at, f"can't use {value} to iterate over more than one variable")
        return zip(range(value), range(value), strict=True) if value > 0 else None
    raise _PlacedError(at, f"range can't iterate over {type_name(value)}")

"""Pipelines of a Go template as closures: operands, fields, variables, functions. Knows what
one run holds; knows no control structure and prints nothing.

Every node becomes one closure, made once: walking the tree anew for every message would take most
of the time of a rendering.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final, NoReturn

from paddock.template.functions import Context, Function
from paddock.template.nodes import (
    Bool,
    Chain,
    Command,
    Dot,
    Field,
    Identifier,
    Nil,
    Number,
    Operands,
    Pipe,
    String,
    Variable,
    operand_source,
)
from paddock.template.scopes import UNSET, Scope, assign
from paddock.template.values import (
    NAMED,
    NULL,
    GoValueError,
    NamedMap,
    Struct,
    type_name,
)


class State:
    """One run of a template: what is printed, the variables, and what it may still consume."""

    __slots__ = ("budget", "context", "frame", "left", "out", "owed")

    def __init__(self, context: Context) -> None:
        self.context = context
        self.budget = context.budget
        self.out: list[str] = []
        self.frame: list[Any] = []
        self.left = _STRIDE
        """Steps until the budget is asked again. Asking it at each would double the work."""
        self.owed = 0
        """Bytes that were printed since then."""

    def account(self) -> None:
        self.budget.spend(self.owed)
        self.owed = 0
        self.budget.step(_STRIDE - self.left)
        self.left = _STRIDE


Read = Callable[[State, Any], Any]
"""An operand or a pipeline: the state and dot -> a value."""
Stage = Callable[[State, Any, Any], Any]
"""A command behind a `|`: its last argument is what the command before it gave."""

_STRIDE: Final = 64


class PlacedError(Exception):
    """A problem at a node of the source."""

    def __init__(self, at: int, message: str) -> None:
        super().__init__(message)
        self.at = at


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
    if isinstance(value, Struct) and name in value.fields:
        return value.fields[name]
    if type(value) is dict:
        return value.get(name)
    if isinstance(value, NAMED):
        method = value.methods.get(name)
        if method is not None:
            return method(value)
        if isinstance(value, NamedMap):
            return value.get(name)
    if value is NULL:
        raise PlacedError(at, f"nil pointer evaluating interface {{}}.{name}")
    raise PlacedError(at, f"can't evaluate field {name} in type {type_name(value)}")


# -- closures --------------------------------------------------------------------------------------


class Pipelines:
    """Makes closures of the pipelines of one template."""

    def __init__(self, functions: Mapping[str, Function], scope: Scope) -> None:
        self._functions = functions
        self._scope = scope

    def compiled(self, pipe: Pipe) -> tuple[Read, tuple[int, ...]]:
        """The closure, and the slots of the variables that it declares."""
        first, *rest = pipe.commands
        read = self._first(first)
        if rest:
            read = _chained(read, tuple(self._stage(command) for command in rest))
        if not pipe.declared:
            return read, ()
        if pipe.assigns:
            found = tuple((name, self._scope.slots(name)) for name in pipe.declared)
            return _assigning(read, found, pipe.at), ()
        slots = tuple(self._scope.declare(name) for name in pipe.declared)
        return _declaring(read, slots), slots

    def _first(self, command: Command) -> Read:
        head = command.args[0]
        if isinstance(head, Identifier):
            return self._call(head, command.args[1:])
        if isinstance(head, Nil):
            return _failing(head.at, "nil is not a command")
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

        def refuse(state: State, dot: Any) -> None:
            read(state, dot)
            if owner is None or owner(state, dot) is not None:
                raise PlacedError(head.at, message)

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
                return _number(arg)
            case Field():
                return _field_of_dot(arg)
            case Variable():
                return self._variable(arg)
            case Identifier():
                return self._call(arg, ())
            case Chain():
                return self._chain(arg)
            case Pipe():
                with self._scope:
                    return self.compiled(arg)[0]

    def _variable(self, arg: Variable) -> Read:
        name, chain, at = arg.names[0], arg.names[1:], arg.at
        slots = self._scope.slots(name)
        if len(slots) == 1:
            (slot,) = slots
            if len(chain) == 1:
                return _field_of_variable(slot, chain[0], at)
            if chain:
                return lambda state, dot: _fields(state.frame[slot], chain, at)

            def read(state: State, dot: Any) -> Any:
                value = state.frame[slot]
                return None if value is NULL else value

            return read

        def search(state: State, dot: Any) -> Any:
            for place in slots:
                value = state.frame[place]
                if value is not UNSET:
                    return _fields(value, chain, at)
            raise PlacedError(at, f"undefined variable: {name}")

        return search

    def _chain(self, arg: Chain) -> Read:
        read, names, at = self._operand(arg.base), arg.names, arg.at
        return lambda state, dot: _fields(read(state, dot), names, at)

    # functions

    def _call(self, head: Identifier, args: tuple[Operands, ...]) -> Read:
        function = self._functions.get(head.name)
        problem = _problem(head, function, len(args))
        if function is None or problem is not None:
            return _failing(head.at, problem or "")
        reads = tuple(self._operand(arg) for arg in args)
        if head.name in _LAZY:
            return _lazy(reads, stops_at=_LAZY[head.name])
        if len(reads) == 1 and not _wants_strings(function):
            return _call_of_one(head, function, reads[0])
        if len(reads) == 2 and not _wants_strings(function):
            call = _call_of_two(head, function, *reads)
            second = args[1]
            if head.name == "eq" and isinstance(second, String):
                return _equals_text(call, reads[0], second.value)
            return call
        return _call_of_many(head, function, reads)

    def _piped_call(self, head: Identifier, args: tuple[Operands, ...]) -> Stage:
        function = self._functions.get(head.name)
        problem = _problem(head, function, len(args) + 1)
        if function is None or problem is not None:
            failing = _failing(head.at, problem or "")
            return lambda state, dot, _: failing(state, dot)
        reads = tuple(self._operand(arg) for arg in args)
        if head.name in _LAZY:
            stops_at = _LAZY[head.name]
            lazy = _lazy(reads, stops_at=stops_at)

            def either(state: State, dot: Any, piped: Any) -> Any:
                value = lazy(state, dot) if reads else piped
                return value if bool(value) is stops_at else piped

            return either
        # The piped value comes after the arguments, and `dot` is free to carry it there.
        call = _call_of_many(head, function, (*(_unpiped(read) for read in reads), _piped))
        return lambda state, dot, piped: call(state, (dot, piped))


def _unpiped(read: Read) -> Read:
    return lambda state, both: read(state, both[0])


def _piped(_: State, both: tuple[Any, Any]) -> Any:
    return both[1]


_LAZY: Final = {"and": False, "or": True}
"""Functions that look at no more arguments than they need -> the truth at which they stop."""


def _wants_strings(function: Function) -> bool:
    return function.strings is None or bool(function.strings)


def _problem(head: Identifier, function: Function | None, count: int) -> str | None:
    if function is None:
        # Known when the template was read, but not here.
        return f'"{head.name}" is not a defined function'
    return function.problem(head.name, count)


def _chained(first: Read, stages: tuple[Stage, ...]) -> Read:
    def chained(state: State, dot: Any) -> Any:
        value = first(state, dot)
        for stage in stages:
            value = stage(state, dot, value)
        return value

    return chained


def _declaring(read: Read, slots: tuple[int, ...]) -> Read:
    def declare(state: State, dot: Any) -> Any:
        value = read(state, dot)
        for slot in slots:
            state.frame[slot] = value
        return value

    return declare


def _assigning(read: Read, found: tuple[tuple[str, tuple[int, ...]], ...], at: int) -> Read:
    def assigned(state: State, dot: Any) -> Any:
        value = read(state, dot)
        for name, slots in found:
            if not assign(state.frame, slots, value):
                raise PlacedError(at, f"undefined variable: {name}")
        return value

    return assigned


def _number(arg: Number) -> Read:
    value = arg.value
    if value is None:
        return _failing(arg.at, f"{arg.text} overflows int")
    return lambda state, dot: value


def _field_of_dot(arg: Field) -> Read:
    names, at = arg.names, arg.at
    name, *more = names
    if more:
        return lambda state, dot: _fields(dot, names, at)

    def read(state: State, dot: Any) -> Any:
        if isinstance(dot, Struct) and name in dot.fields:
            return dot.fields[name]
        return None if dot is None else _field(dot, name, at)

    return read


def _field_of_variable(slot: int, name: str, at: int) -> Read:
    def read(state: State, dot: Any) -> Any:
        value = state.frame[slot]
        if isinstance(value, Struct) and name in value.fields:
            return value.fields[name]
        return None if value is None else _field(value, name, at)

    return read


def _equals_text(general: Read, read: Read, text: str) -> Read:
    """`eq .Role "user"`, which most templates ask of every message several times."""

    def call(state: State, dot: Any) -> Any:
        value = read(state, dot)
        return value == text if type(value) is str else general(state, dot)

    return call


def _lazy(reads: tuple[Read, ...], *, stops_at: bool) -> Read:
    def call(state: State, dot: Any) -> Any:
        value = None
        for read in reads:
            value = read(state, dot)
            if bool(value) is stops_at:
                break
        return value

    return call


def _call_of_one(head: Identifier, function: Function, read: Read) -> Read:
    run = function.run

    def call(state: State, dot: Any) -> Any:
        state.left -= 1
        if not state.left:
            state.account()
        try:
            return run(state.context, read(state, dot))
        except GoValueError as error:
            raise _calling(head, error) from None

    return call


def _call_of_two(head: Identifier, function: Function, first: Read, second: Read) -> Read:
    run = function.run

    def call(state: State, dot: Any) -> Any:
        state.left -= 1
        if not state.left:
            state.account()
        try:
            return run(state.context, first(state, dot), second(state, dot))
        except GoValueError as error:
            raise _calling(head, error) from None

    return call


def _call_of_many(head: Identifier, function: Function, reads: tuple[Read, ...]) -> Read:
    run, at = function.run, head.at
    places = tuple(range(len(reads))) if function.strings is None else function.strings

    def call(state: State, dot: Any) -> Any:
        state.left -= 1
        if not state.left:
            state.account()
        args = [read(state, dot) for read in reads]
        for place in places:
            if type(args[place]) is not str:
                raise PlacedError(at, f"expected string; found {type_name(args[place])}")
        try:
            return run(state.context, *args)
        except GoValueError as error:
            raise _calling(head, error) from None

    return call


def _calling(head: Identifier, error: GoValueError) -> PlacedError:
    return PlacedError(head.at, f"error calling {head.name}: {error}")


def _failing(at: int, message: str) -> Read:
    def fail(state: State, dot: Any) -> NoReturn:
        raise PlacedError(at, message)

    return fail

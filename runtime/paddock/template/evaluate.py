"""A tree of a Go template as a program that writes text. Knows control flow and scopes; knows no
chat.

A closure that runs a body answers what it ended by.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from sys import getsizeof
from typing import Any, Final

from paddock.errors import TemplateError
from paddock.template.functions import Context, Function
from paddock.template.lexer import located
from paddock.template.limits import Budget
from paddock.template.literals import utf8
from paddock.template.nodes import Action, Control, Include, Jump, Nodes, Text, Tree
from paddock.template.pipelines import Pipelines, PlacedError, Read, State
from paddock.template.scopes import UNSET, Scope, assign
from paddock.template.values import NULL, GoValueError, printed, type_name

Run = Callable[[State, Any], int]
"""A body or what stands in one: prints, and answers how it ended."""
_GOES_ON, _BREAKS, _CONTINUES = 0, 1, 2
_KEYS_PER_STEP: Final = 64


class Program:
    """A tree that is ready to run. Safe to share between threads."""

    def __init__(self, source: str, tree: Tree, functions: Mapping[str, Function]) -> None:
        self._source = source
        self._templates: dict[str, Run] = {}
        # The main body is itself a template, of the empty name.
        for name, body in ({"": tree.main} | tree.defined).items():
            self._templates[name] = _Compiler(functions, self._templates).template(body)

    def run(self, root: Any, budget: Budget, today: date) -> str:
        """The text of the template for this value. Raises TemplateError."""
        state = State(Context(budget, today))
        try:
            self._templates[""](state, root)
            state.account()
        except PlacedError as error:
            raise located(self._source, error.at, str(error)) from None
        except GoValueError as error:
            raise TemplateError(f"template: {error}") from None
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


class _Compiler:
    """Makes the closures of one template, which share a scope."""

    def __init__(self, functions: Mapping[str, Function], templates: Mapping[str, Run]) -> None:
        self._templates = templates
        self._scope = Scope()
        self._pipelines = Pipelines(functions, self._scope)

    def template(self, nodes: Nodes) -> Run:
        body = self._body(nodes)
        unset = [UNSET] * (self._scope.size - 1)

        def run(state: State, dot: Any) -> int:
            outer = state.frame
            state.frame = [dot, *unset]
            body(state, dot)
            state.frame = outer
            return _GOES_ON

        return run

    def _body(self, nodes: Nodes) -> Run:
        # Texts stand for themselves, which saves a call for each.
        runs = tuple(
            node.text if isinstance(node, Text) else self._node(node) for node in nodes.items
        )
        length = sum(getsizeof(node.text) for node in nodes.items if isinstance(node, Text))

        def run(state: State, dot: Any) -> int:
            state.owed += length
            state.left -= 1
            if not state.left:
                state.account()
            for node in runs:
                if isinstance(node, str):
                    state.out.append(node)
                    continue
                ending = node(state, dot)
                if ending:
                    return ending
            return _GOES_ON

        return run

    def _node(self, node: Action | Control | Include | Jump) -> Run:
        match node:
            case Action():
                return self._action(node)
            case Control():
                return _CONTROLS[node.keyword](self, node)
            case Include():
                return self._include(node)
            case Jump():
                ending = _BREAKS if node.keyword == "break" else _CONTINUES
                return lambda state, dot: ending

    def _action(self, node: Action) -> Run:
        read, _ = self._pipelines.compiled(node.pipe)
        return _declaring(read) if node.pipe.declared else _printing(read)

    def if_(self, node: Control) -> Run:
        """The tests of an `if` and of the `else if` behind it, one after the other."""
        mark = self._scope.mark()
        tests: list[tuple[Read, Run]] = []
        last: Nodes | None = Nodes((node,))
        while last is not None and (branch := _only_if(last)) is not None:
            read, _ = self._pipelines.compiled(branch.pipe)
            inside = self._scope.mark()
            tests.append((read, self._body(branch.body)))
            self._scope.forget(inside)
            last = branch.otherwise
        otherwise = None if last is None else self._body(last)
        self._scope.forget(mark)

        def run(state: State, dot: Any) -> int:
            for read, body in tests:
                if read(state, dot):
                    return body(state, dot)
            return _GOES_ON if otherwise is None else otherwise(state, dot)

        return run

    def with_(self, node: Control) -> Run:
        mark = self._scope.mark()
        read, _ = self._pipelines.compiled(node.pipe)
        body, otherwise = self._bodies(node)
        self._scope.forget(mark)

        def run(state: State, dot: Any) -> int:
            value = read(state, dot)
            if value:
                return body(state, value)
            return _GOES_ON if otherwise is None else otherwise(state, dot)

        return run

    def _bodies(self, node: Control) -> tuple[Run, Run | None]:
        """What each declares ends with it."""
        mark = self._scope.mark()
        body = self._body(node.body)
        self._scope.forget(mark)
        return body, None if node.otherwise is None else self._body(node.otherwise)

    def range_(self, node: Control) -> Run:
        mark, declared = self._scope.mark(), len(node.pipe.declared)
        read, slots = self._pipelines.compiled(node.pipe)
        bind = self._assigning(node) if node.pipe.assigns else _binding(slots)
        first = self._scope.size
        body, otherwise = self._bodies(node)
        uncertain = [slot for slot in self._scope.uncertain if slot >= first]
        self._scope.forget(mark)

        def run(state: State, dot: Any) -> int:
            value = read(state, dot)
            if isinstance(value, dict):
                # Sorting, even where the first key ends the loop.
                state.budget.step(1 + len(value) // _KEYS_PER_STEP)
            pairs = _pairs(value, declared, node.pipe.at)
            if pairs is None:
                return _GOES_ON if otherwise is None else otherwise(state, dot)
            for key, element in pairs:
                value = NULL if element is None else element
                bind(state, key, value)
                for slot in uncertain:
                    state.frame[slot] = UNSET
                if body(state, value) == _BREAKS:
                    break
            return _GOES_ON

        return run

    def _assigning(self, node: Control) -> Callable[[State, Any, Any], None]:
        """`range $i, $x = ...` sets variables that were there before."""
        *first, last = (self._scope.slots(name) for name in node.pipe.declared)

        def bind(state: State, key: Any, value: Any) -> None:
            for slots in first:
                assign(state.frame, slots, key)
            assign(state.frame, last, value)

        return bind

    def _include(self, node: Include) -> Run:
        read: Read = _nothing if node.pipe is None else self._pipelines.compiled(node.pipe)[0]

        def run(state: State, dot: Any) -> int:
            template = self._templates.get(node.name)
            if template is None:
                raise PlacedError(node.at, f'template "{node.name}" not defined')
            value = read(state, dot)
            state.budget.descend()
            template(state, value)
            state.budget.ascend()
            return _GOES_ON

        return run


def _nothing(_: State, __: Any) -> None:
    return None


def _only_if(nodes: Nodes) -> Control | None:
    """The `if` that a body consists of."""
    match nodes.items:
        case (Control("if") as node,):
            return node
        case _:
            return None


_CONTROLS: Final[dict[str, Callable[[_Compiler, Control], Run]]] = {
    "if": _Compiler.if_,
    "with": _Compiler.with_,
    "range": _Compiler.range_,
}


def _declaring(read: Read) -> Run:
    def run(state: State, dot: Any) -> int:
        read(state, dot)
        return _GOES_ON

    return run


def _printing(read: Read) -> Run:
    def run(state: State, dot: Any) -> int:
        value = read(state, dot)
        text = value if type(value) is str else printed(value)
        state.owed += getsizeof(text)
        state.out.append(text)
        return _GOES_ON

    return run


def _binding(slots: tuple[int, ...]) -> Callable[[State, Any, Any], None]:
    """How key and element reach the variables that a `range` declares."""
    match slots:
        case (key_slot, slot):

            def bind_both(state: State, key: Any, value: Any) -> None:
                state.frame[key_slot] = key
                state.frame[slot] = value

            return bind_both
        case (slot,):

            def bind(state: State, key: Any, value: Any) -> None:
                state.frame[slot] = value

            return bind
        case _:
            return lambda state, key, value: None


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
            raise PlacedError(at, f"can't use {value} to iterate over more than one variable")
        return zip(range(value), range(value), strict=True) if value > 0 else None
    raise PlacedError(at, f"range can't iterate over {type_name(value)}")

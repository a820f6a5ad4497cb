"""jinja2's immutable sandbox, narrowed and metered. Knows what templates may use; knows no prompt.

Three things keep a stranger's template harmless:

- there is no loader; only the filters, the globals and the attributes listed here exist;
- `_Generator` writes a check into the compiled template wherever it makes or compares a value,
  starts a loop or enters a block, so that `limits.Budget` sees all work;
- whatever can outgrow its operands (`'a' * n`, `'%9d'`, replace, join, ...) is judged by
  `estimates` before it runs.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from functools import wraps
from typing import Any, Final, NoReturn

from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.exceptions import SecurityError
from jinja2.ext import Extension, LoopControlExtension
from jinja2.filters import FILTERS
from jinja2.parser import Parser
from jinja2.runtime import BlockReference, Context, LoopContext, Macro, TemplateReference
from jinja2.sandbox import (
    ImmutableSandboxedEnvironment,
    SandboxedEscapeFormatter,
    SandboxedFormatter,
    safe_range,
)
from jinja2.tests import TESTS
from jinja2.utils import Joiner, Namespace, pass_context
from markupsafe import Markup

from paddock.errors import TemplateError
from paddock.template.estimates import (
    FILTER_CHECKS,
    METHOD_CHECKS,
    OPERATOR_CHECKS,
    WIDE,
    check_width,
)
from paddock.template.limits import Budget

MESSAGE_LIMIT: Final = 500
"""Characters of a template's own words that an error repeats."""

budget_in_use: ContextVar[Budget] = ContextVar("budget_in_use")
"""What the rendering of this thread may still consume. Without one, nothing can be rendered."""

# -- filters and tests -----------------------------------------------------------------------------

_FILTERS = (
    "abs",
    "batch",
    "capitalize",
    "center",
    "count",
    "d",
    "default",
    "dictsort",
    "e",
    "escape",
    "first",
    "float",
    "format",
    "groupby",
    "indent",
    "int",
    "items",
    "join",
    "last",
    "length",
    "list",
    "lower",
    "map",
    "max",
    "min",
    "reject",
    "rejectattr",
    "replace",
    "reverse",
    "round",
    "safe",
    "select",
    "selectattr",
    "slice",
    "sort",
    "string",
    "sum",
    "title",
    "trim",
    "truncate",
    "unique",
    "upper",
)


def _guarded(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """A filter that drains its input, is estimated first and accounted for afterwards."""
    check = FILTER_CHECKS.get(name)
    before = 1 if hasattr(function, "jinja_pass_arg") else 0

    @wraps(function)
    def filtered(*args: Any, **kwargs: Any) -> Any:
        budget = budget_in_use.get()
        subject = [budget.drained(value) for value in args[before:]]
        budget.text_room(*subject, *kwargs.values())
        if check is not None:
            check(budget, *subject, **kwargs)
        result = function(*args[:before], *subject, **kwargs)
        # An iterator stays one: unlike a list it is true when empty, as templates know it.
        if isinstance(result, Iterator):
            return iter(budget.drained(result))
        return budget.made(result)

    return filtered


def _counted(test: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(test)
    def tested(*args: Any, **kwargs: Any) -> Any:
        budget_in_use.get().step()
        return test(*args, **kwargs)

    return tested


def _tojson(
    value: Any,
    ensure_ascii: bool = False,
    indent: int | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> str:
    budget = budget_in_use.get()
    budget.text_room(value)
    if indent is None and separators is None:
        return budget.made(json.dumps(value, ensure_ascii=ensure_ascii, sort_keys=sort_keys))
    encoder = json.JSONEncoder(
        ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys
    )
    check_width(budget, "", indent)
    chunks: list[str] = []
    for chunk in encoder.iterencode(value):
        budget.made(chunk)
        chunks.append(chunk)
    return "".join(chunks)


# -- globals ---------------------------------------------------------------------------------------


class _Namespace(Namespace):
    # Namespaces can hold each other; printed as they are, a few would fill the memory.
    def __repr__(self) -> str:
        return "<Namespace>"


def _raise_exception(message: Any) -> NoReturn:
    budget_in_use.get().text_room(message)
    raise TemplateError(str(message)[:MESSAGE_LIMIT])


_GLOBALS: dict[str, Any] = {
    "range": safe_range,
    "dict": dict,
    "namespace": _Namespace,
    "joiner": Joiner,
    "raise_exception": _raise_exception,
}


# -- attributes ------------------------------------------------------------------------------------

_ATTRIBUTES: tuple[tuple[type | tuple[type, ...], frozenset[str]], ...] = (
    (
        str,
        frozenset(
            {
                "capitalize",
                "casefold",
                "center",
                "count",
                "endswith",
                "find",
                "format",
                "index",
                "isalnum",
                "isalpha",
                "isascii",
                "isdecimal",
                "isdigit",
                "isidentifier",
                "islower",
                "isnumeric",
                "isprintable",
                "isspace",
                "istitle",
                "isupper",
                "join",
                "ljust",
                "lower",
                "lstrip",
                "partition",
                "removeprefix",
                "removesuffix",
                "replace",
                "rfind",
                "rindex",
                "rjust",
                "rpartition",
                "rsplit",
                "rstrip",
                "split",
                "splitlines",
                "startswith",
                "strip",
                "swapcase",
                "title",
                "upper",
                "zfill",
            }
        ),
    ),
    (dict, frozenset({"get", "items", "keys", "values"})),
    ((list, tuple), frozenset({"count", "index"})),
    (float, frozenset({"is_integer"})),
)
"""The methods that templates may use of a value; none changes it."""

_JINJA_OBJECTS = (LoopContext, Macro, Namespace, TemplateReference, BlockReference)


class _Bounded(SandboxedFormatter):
    """`str.format` whose fields are checked for width and accounted for."""

    def convert_field(self, value: Any, conversion: Any) -> Any:
        budget_in_use.get().text_room(value)
        return super().convert_field(value, conversion)

    def format_field(self, value: Any, format_spec: str) -> str:
        budget = budget_in_use.get()
        budget.text_room(value)
        if WIDE.search(format_spec):
            raise TemplateError("format: the width is too large")
        return budget.made(super().format_field(value, format_spec))


class _BoundedEscape(_Bounded, SandboxedEscapeFormatter):
    pass


# -- the compiler ----------------------------------------------------------------------------------


class _Generator(CodeGenerator):
    """jinja2's compiler, with calls to the checks of `Sandbox` in what it writes."""

    def blockvisit(self, nodes: Iterable[nodes.Node], frame: Frame) -> None:
        block = list(nodes)
        self.writeline(f"environment.enter({sum(map(_literal_length, block))})")
        super().blockvisit(block, frame)

    def visit_For(self, node: nodes.For, frame: Frame) -> None:  # noqa: N802
        if node.test is not None:
            # The condition runs for items that never reach the body, where they would be counted.
            counted = nodes.Call(nodes.EnvironmentAttribute("counted"), [], [], None, None)
            node.test = nodes.And(counted, node.test)
        self.writeline("environment.enter(0)")
        super().visit_For(node, frame)

    def visit_List(self, node: nodes.List, frame: Frame) -> None:  # noqa: N802
        self.write("environment.made(")
        super().visit_List(node, frame)
        self.write(")")

    def visit_Dict(self, node: nodes.Dict, frame: Frame) -> None:  # noqa: N802
        self.write("environment.made(")
        super().visit_Dict(node, frame)
        self.write(")")

    def visit_Tuple(self, node: nodes.Tuple, frame: Frame) -> None:  # noqa: N802
        is_value = node.ctx == "load"
        self.write("environment.made(" if is_value else "")
        super().visit_Tuple(node, frame)
        self.write(")" if is_value else "")

    def visit_Compare(self, node: nodes.Compare, frame: Frame) -> None:  # noqa: N802
        self.write("environment.made(")
        super().visit_Compare(node, frame)
        self.write(")")

    def visit_Concat(self, node: nodes.Concat, frame: Frame) -> None:  # noqa: N802
        self.write("environment.joined(")
        for part in node.nodes:
            self.visit(part, frame)
            self.write(", ")
        self.write(")")

    def visit_Getitem(self, node: nodes.Getitem, frame: Frame) -> None:  # noqa: N802
        is_slice = isinstance(node.arg, nodes.Slice)
        self.write("environment.made(" if is_slice else "")
        super().visit_Getitem(node, frame)
        self.write(")" if is_slice else "")

    def _refuse(self, node: nodes.Node, frame: Frame) -> None:
        self.fail(f"{type(node).__name__.lower()} is not available in chat templates", node.lineno)

    visit_Extends = visit_Include = visit_Import = visit_FromImport = _refuse  # noqa: N815
    visit_ScopedEvalContextModifier = _refuse  # noqa: N815


def _literal_length(node: nodes.Node) -> int:
    if not isinstance(node, nodes.Output):
        return 0
    return sum(len(part.data) for part in node.nodes if isinstance(part, nodes.TemplateData))


class _GenerationTag(Extension):
    """`{% generation %}`: marks the assistant's text for training; here only its content counts."""

    tags = {"generation"}  # noqa: RUF012 - jinja2 declares a set

    def parse(self, parser: Parser) -> nodes.Node:
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        return nodes.Scope(body, lineno=line)


class Sandbox(ImmutableSandboxedEnvironment):
    code_generator_class = _Generator
    intercepted_binops = frozenset(OPERATOR_CHECKS)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        if not super().is_safe_attribute(obj, attr, value):
            return False
        for kind, names in _ATTRIBUTES:
            if isinstance(obj, kind):
                return attr in names
        return isinstance(obj, _JINJA_OBJECTS)

    def wrap_str_format(self, value: Any) -> Callable[..., str] | None:
        if super().wrap_str_format(value) is None:
            return None
        text: str = value.__self__
        if value.__name__ == "format_map":
            raise SecurityError("format_map is not available in chat templates")
        formatter = (
            _BoundedEscape(self, escape=text.escape) if isinstance(text, Markup) else _Bounded(self)
        )

        def formatted(*args: Any, **kwargs: Any) -> str:
            return type(text)(formatter.vformat(text, args, kwargs))

        return formatted

    def call(self, context: Context, obj: Any, /, *args: Any, **kwargs: Any) -> Any:
        budget = budget_in_use.get()
        budget.step()
        owner = getattr(obj, "__self__", None)
        if isinstance(owner, str):
            return self._call_method(budget, context, obj, owner, args, kwargs)
        budget.descend()
        result = super().call(context, obj, *args, **kwargs)
        budget.ascend()
        return budget.made(result) if owner is None else result

    def _call_method(
        self,
        budget: Budget,
        context: Context,
        method: Callable[..., Any],
        text: str,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Any:
        drained = [budget.drained(value) for value in args]
        check = METHOD_CHECKS.get(method.__name__)
        if check is not None:
            check(budget, text, *drained, **kwargs)
        result = super().call(context, method, *drained, **kwargs)
        budget.spend(budget.weight(result))
        return result

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        budget = budget_in_use.get()
        OPERATOR_CHECKS[operator](budget, left, right)
        return budget.made(super().call_binop(context, operator, left, right))

    # What `_Generator` calls.

    def enter(self, length: int) -> None:
        budget = budget_in_use.get()
        budget.step()
        budget.spend(length)

    def counted(self) -> bool:
        return True

    def made(self, value: Any) -> Any:
        return budget_in_use.get().made(value)

    def joined(self, *values: Any) -> str:
        return budget_in_use.get().made("".join(map(_text, values)))


def _text(value: Any) -> str:
    budget = budget_in_use.get()
    budget.text_room(value)
    return budget.made(str(value))


@pass_context
def _finalize(context: Context, value: Any) -> str:
    # Taking the context keeps jinja2 from printing constants at compile time, outside any budget.
    return _text(value)


def new_sandbox() -> Sandbox:
    environment = Sandbox(
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=[LoopControlExtension, _GenerationTag],
        finalize=_finalize,
        # The optimizer would compute constants at compile time, outside any budget.
        optimized=False,
        autoescape=False,
        loader=None,
    )
    environment.globals = dict(_GLOBALS)
    environment.filters = {name: _guarded(name, FILTERS[name]) for name in _FILTERS}
    environment.filters["tojson"] = _tojson
    environment.tests = {name: _counted(test) for name, test in TESTS.items()}
    return environment

"""The text of a Go template as a tree. Knows the grammar and what may be used where it stands:
functions, variables, `break`; evaluates nothing.

    body       = { text | "{{" action "}}" }
    action     = pipeline | "break" | "continue" | "template" STRING [ pipeline ]
               | ("if" | "range" | "with") pipeline "}}" body [ else ] "{{" "end"
               | "block" STRING pipeline "}}" body "{{" "end"
               | "define" STRING "}}" body "{{" "end"                       outside of all others
    else       = "{{" "else" "}}" body | "{{" "else" ("if" | "with") ...    ended by the same "end"
    pipeline   = [ variable [ "," variable ] (":=" | "=") ] command { "|" command } [ "|" ]
    command    = operand { space operand }
    operand    = term { field }
    term       = literal | "nil" | "." | field | variable | function | "(" pipeline ")"
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, NoReturn, TypeVar

from paddock.errors import TemplateError
from paddock.template.lexer import Token, located, tokens
from paddock.template.literals import character, complex_number, number, unquote
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
    is_empty,
)

T = TypeVar("T")

NESTING: Final = 60
"""Deepest nesting of parentheses and control structures in each other."""

_OPERANDS: Final = frozenset(
    {
        "bool",
        "character constant",
        "complex",
        "dot",
        "field",
        "identifier",
        "number",
        "nil",
        "string",
        "variable",
        "(",
    }
)
_LITERALS = (Bool, Dot, Nil, Number, String)


def parse(source: str, functions: Collection[str]) -> Tree:
    """The tree of a template that may use these functions. Raises TemplateError with the place."""
    return _Parser(source, functions).template()


@dataclass(frozen=True, slots=True)
class _Ending:
    """What ended a body: `end`, `else`, or the end of the text."""

    keyword: str
    at: int


class _Parser:
    def __init__(self, source: str, functions: Collection[str]) -> None:
        self._source = source
        self._functions = functions
        self._tokens = _Lookahead(tokens(source))
        self._variables = ["$"]
        self._ranges = 0
        self._depth = 0
        self._defined: dict[str, Nodes] = {}

    # bodies

    def template(self) -> Tree:
        main, ending = self._body(is_outermost=True)
        if ending.keyword != "end of text":
            raise self._error(ending.at, f"unexpected {{{{{ending.keyword}}}}}")
        # The main body is itself a template, of the empty name.
        self._define("", main, 0)
        return Tree(self._defined.pop(""), self._defined)

    def _body(self, is_outermost: bool = False) -> tuple[Nodes, _Ending]:
        items: list[Node] = []
        while True:
            token = self._tokens.next()
            if token.kind == "text":
                items.append(Text(token.text, token.at))
                continue
            if token.kind == "end of text":
                if not is_outermost:
                    raise self._error(token.at, "unexpected EOF")
                return Nodes(tuple(items)), _Ending(token.kind, token.at)
            found = self._action(token.at, is_outermost)
            if isinstance(found, _Ending):
                return Nodes(tuple(items)), found
            if found is not None:
                items.append(found)

    def _action(self, at: int, is_outermost: bool) -> Node | _Ending | None:
        token = self._tokens.peek_behind_space()
        if token.kind == "define" and is_outermost:
            self._tokens.next()
            self._definition(token.at)
            return None
        read = _ACTIONS.get(token.kind)
        if read is not None:
            self._tokens.next()
            return read(self, token.at)
        return Action(self._pipeline("command", "close"), at)

    def _definition(self, at: int) -> None:
        name = unquote(self._template_name("define clause").text)
        self._expect("close", "define clause")
        self._define(name, self._separate_body(), at)

    def _separate_body(self) -> Nodes:
        """A body that sees no variable and no range of those around it."""
        outer = self._variables, self._ranges
        self._variables, self._ranges = ["$"], 0
        body, ending = self._nested(self._body)
        self._variables, self._ranges = outer
        if ending.keyword != "end":
            raise self._error(ending.at, f"unexpected {{{{{ending.keyword}}}}} in define clause")
        return body

    def _define(self, name: str, body: Nodes, at: int) -> None:
        known = self._defined.get(name)
        if known is None or is_empty(known):
            self._defined[name] = body
        elif not is_empty(body):
            raise self._error(at, f'multiple definition of template "{name}"')

    def control(self, keyword: str, at: int) -> Control:
        visible = len(self._variables)
        pipe = self._pipeline(keyword, "close")
        self._ranges += keyword == "range"
        body, ending = self._nested(self._body)
        self._ranges -= keyword == "range"
        otherwise = None
        if ending.keyword == "else":
            otherwise = self._otherwise(keyword)
        del self._variables[visible:]
        return Control(keyword, pipe, body, otherwise, at)

    def _otherwise(self, keyword: str) -> Nodes:
        token = self._tokens.peek()
        if token.kind == keyword:
            self._tokens.next()
            # `{{else if}}` is an `if` alone in the else branch, ended by the same `end`.
            return Nodes((self._nested(partial(self.control, keyword, token.at)),))
        if token.kind in ("if", "with"):
            raise self._error(token.at, f"unexpected {token.kind} in {{{{else}}}} of {keyword}")
        body, ending = self._nested(self._body)
        if ending.keyword != "end":
            raise self._error(ending.at, "expected end; found {{else}}")
        return body

    def else_(self, at: int) -> _Ending:
        if self._tokens.peek_behind_space().kind not in ("if", "with"):
            self._expect("close", "else")
        return _Ending("else", at)

    def end(self, at: int) -> _Ending:
        self._expect("close", "end")
        return _Ending("end", at)

    def jump(self, keyword: str, at: int) -> Jump:
        self._expect("close", f"{{{{{keyword}}}}}")
        if not self._ranges:
            raise self._error(at, f"{{{{{keyword}}}}} outside {{{{range}}}}")
        return Jump(keyword, at)

    def include(self, at: int) -> Include:
        token = self._template_name("template clause")
        pipe = None
        if self._tokens.peek_behind_space().kind == "close":
            self._tokens.next()
        else:
            pipe = self._pipeline("template clause", "close")
        return Include(token.text, unquote(token.text), pipe, at)

    def block(self, at: int) -> Include:
        token = self._template_name("block clause")
        name = unquote(token.text)
        pipe = self._pipeline("block clause", "close")
        self._define(name, self._separate_body(), at)
        return Include(token.text, name, pipe, at)

    def _template_name(self, context: str) -> Token:
        token = self._tokens.next_behind_space()
        if token.kind != "string":
            self._unexpected(token, context)
        self._value(unquote, token)
        return token

    # pipelines

    def _pipeline(self, context: str, end: str) -> Pipe:
        at = self._tokens.peek_behind_space().at
        declared, assigns = self._declarations(context)
        commands: list[Command] = []
        while True:
            token = self._tokens.peek_behind_space()
            if token.kind == end:
                self._tokens.next()
                break
            if token.kind not in _OPERANDS:
                self._unexpected(token, context)
            commands.append(self._command())
        self._check_commands(commands, context, at)
        return Pipe(tuple(declared), assigns, tuple(commands), at)

    def _declarations(self, context: str) -> tuple[list[str], bool]:
        declared: list[str] = []
        while self._tokens.peek_behind_space().kind == "variable":
            variable, following = self._tokens.peek_past_space()
            if following.kind in ("declare", "assign"):
                self._declare(declared, variable.text)
                return declared, following.kind == "assign"
            if (following.kind, following.text) != ("character", ","):
                break
            self._declare(declared, variable.text)
            if context != "range" or len(declared) > 1:
                raise self._error(following.at, f"too many declarations in {context}")
            if self._tokens.peek_behind_space().kind not in ("variable", "close", ")"):
                raise self._error(following.at, "range can only initialize variables")
        return declared, False

    def _declare(self, declared: list[str], name: str) -> None:
        self._tokens.next()
        self._tokens.next_behind_space()
        declared.append(name)
        self._variables.append(name)

    def _check_commands(self, commands: list[Command], context: str, at: int) -> None:
        if not commands:
            raise self._error(at, f"missing value for {context}")
        for stage, command in enumerate(commands[1:], 2):
            if isinstance(command.args[0], _LITERALS):
                message = f"non executable command in pipeline stage {stage}"
                raise self._error(command.at, message)

    def _command(self) -> Command:
        at = self._tokens.peek_behind_space().at
        args: list[Operands] = []
        while True:
            operand = self._operand()
            if operand is not None:
                args.append(operand)
            token = self._tokens.peek()
            if token.kind in ("close", ")"):
                break
            self._tokens.next()
            if token.kind == "pipe":
                break
            if token.kind != "space":
                self._unexpected(token, "operand")
        if not args:
            raise self._error(at, "empty command")
        return Command(tuple(args), at)

    def _operand(self) -> Operands | None:
        token = self._tokens.peek_behind_space()
        if token.kind not in _OPERANDS:
            return None
        self._tokens.next()
        term = _TERMS[token.kind](self, token)
        names: list[str] = []
        while self._tokens.peek().kind == "field":
            names.append(self._tokens.next().text[1:])
        return self._with_fields(term, tuple(names), token) if names else term

    def _with_fields(self, term: Operands, names: tuple[str, ...], token: Token) -> Operands:
        match term:
            case Field() | Variable():
                return replace(term, names=term.names + names)
            case Pipe() | Identifier():
                return Chain(term, names, token.at)
            case _:
                raise self._error(token.at, f"unexpected . after term {token.text!r}")

    # terms

    def dot(self, token: Token) -> Dot:
        return Dot(token.at)

    def nil(self, token: Token) -> Nil:
        return Nil(token.at)

    def bool(self, token: Token) -> Bool:
        return Bool(token.text == "true", token.at)

    def number(self, token: Token) -> Number:
        return Number(token.text, self._value(number, token), token.at)

    def complex(self, token: Token) -> Number:
        return Number(token.text, self._value(complex_number, token), token.at)

    def character(self, token: Token) -> Number:
        return Number(token.text, self._value(character, token), token.at)

    def string(self, token: Token) -> String:
        return String(token.text, self._value(unquote, token), token.at)

    def field(self, token: Token) -> Field:
        return Field((token.text[1:],), token.at)

    def variable(self, token: Token) -> Variable:
        if token.text not in self._variables:
            raise self._error(token.at, f'undefined variable "{token.text}"')
        return Variable((token.text,), token.at)

    def identifier(self, token: Token) -> Identifier:
        if token.text not in self._functions:
            raise self._error(token.at, f'function "{token.text}" not defined')
        return Identifier(token.text, token.at)

    def parenthesis(self, token: Token) -> Pipe:
        return self._nested(partial(self._pipeline, "parenthesized pipeline", ")"))

    def _value(self, read: Callable[[str], T], token: Token) -> T:
        try:
            return read(token.text)
        except ValueError as error:
            raise self._error(token.at, str(error)) from None

    # places

    def _nested(self, read: Callable[[], T]) -> T:
        self._depth += 1
        if self._depth > NESTING:
            raise self._error(self._tokens.peek().at, f"nested more than {NESTING} levels deep")
        result = read()
        self._depth -= 1
        return result

    def _expect(self, kind: str, context: str) -> None:
        token = self._tokens.next_behind_space()
        if token.kind != kind:
            self._unexpected(token, context)

    def _unexpected(self, token: Token, context: str) -> NoReturn:
        shown = token.text[:20] or token.kind
        raise self._error(token.at, f"unexpected {shown!r} in {context}")

    def _error(self, at: int, message: str) -> TemplateError:
        return located(self._source, at, message)


_ACTIONS: Final[dict[str, Callable[[_Parser, int], Node | _Ending]]] = {
    "if": lambda parser, at: parser.control("if", at),
    "range": lambda parser, at: parser.control("range", at),
    "with": lambda parser, at: parser.control("with", at),
    "break": lambda parser, at: parser.jump("break", at),
    "continue": lambda parser, at: parser.jump("continue", at),
    "template": _Parser.include,
    "block": _Parser.block,
    "else": _Parser.else_,
    "end": _Parser.end,
}
_TERMS: Final[dict[str, Callable[[_Parser, Token], Operands]]] = {
    "dot": _Parser.dot,
    "nil": _Parser.nil,
    "bool": _Parser.bool,
    "number": _Parser.number,
    "complex": _Parser.complex,
    "character constant": _Parser.character,
    "string": _Parser.string,
    "field": _Parser.field,
    "variable": _Parser.variable,
    "identifier": _Parser.identifier,
    "(": _Parser.parenthesis,
}


class _Lookahead:
    """Tokens, with as many looked at ahead as a declaration takes."""

    def __init__(self, source: Iterator[Token]) -> None:
        self._source = source
        self._ahead: list[Token] = []

    def peek(self, distance: int = 0) -> Token:
        while len(self._ahead) <= distance:
            self._ahead.append(next(self._source))
        return self._ahead[distance]

    def next(self) -> Token:
        token = self.peek()
        if token.kind != "end of text":
            self._ahead.pop(0)
        return token

    def peek_behind_space(self) -> Token:
        while self.peek().kind == "space":
            self.next()
        return self.peek()

    def next_behind_space(self) -> Token:
        self.peek_behind_space()
        return self.next()

    def peek_past_space(self) -> tuple[Token, Token]:
        """The next token, and the first behind it that is no space."""
        token, distance = self.peek(), 1
        while self.peek(distance).kind == "space":
            distance += 1
        return token, self.peek(distance)

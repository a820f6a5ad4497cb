"""Hugging Face chat templates. Knows what a chat template is given; knows no model.

Environment and results are those of `transformers.apply_chat_template`, except that a template
cannot do harm: see `sandbox`.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from itertools import islice
from typing import Any, Final, Self

import jinja2

from paddock.errors import TemplateError
from paddock.template.estimates import WIDE
from paddock.template.limits import Budget
from paddock.template.sandbox import MESSAGE_LIMIT, budget_in_use, new_sandbox

CHARACTERS: Final = 64 * 1024
TOKENS: Final = 6_000
"""Limits of a template's text; compiling takes up to 0.1 ms per token. The largest of 35 published
ones have 16,448 characters and 2,464 tokens."""

_CACHED_TEMPLATES = 32
_DATE_FORMAT_LIMIT = 200

_FAILURES = (
    jinja2.TemplateError,
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    MemoryError,
    NameError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
)
"""All that parsing, compiling or running a template can raise: it may do anything wrong."""

_sandbox = new_sandbox()


@lru_cache(maxsize=_CACHED_TEMPLATES)
def _compile(text: str) -> jinja2.Template:
    try:
        _check_size(text)
        return _sandbox.from_string(text)
    except _FAILURES as error:
        raise _failure(error) from None


def _check_size(text: str) -> None:
    if len(text) > CHARACTERS:
        raise TemplateError(f"the template has more than {CHARACTERS} characters")
    tokens = _sandbox.lexer.tokeniter(text, None)
    if next(islice(tokens, TOKENS, None), None) is not None:
        raise TemplateError(f"the template has more than {TOKENS} tokens")


def _failure(error: BaseException) -> TemplateError:
    if isinstance(error, TemplateError):
        return error
    message = str(getattr(error, "message", None) or error)[:MESSAGE_LIMIT]
    line = getattr(error, "lineno", None)
    place = f" (line {line})" if line else ""
    return TemplateError(f"chat template: {type(error).__name__}: {message}{place}")


def _strftime(now: datetime) -> Callable[[str], str]:
    def strftime_now(format: str) -> str:
        if len(format) > _DATE_FORMAT_LIMIT or WIDE.search(format):
            raise TemplateError("strftime_now: the format is too long")
        return now.strftime(format)

    return strftime_now


@dataclass(frozen=True, slots=True)
class JinjaTemplate:
    """A parsed chat template. Safe to share between threads."""

    text: str
    _compiled: jinja2.Template

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises TemplateError. The last few templates are kept, so parsing again is cheap."""
        return cls(text, _compile(text))

    def render(
        self,
        messages: list[dict[str, Any]],
        *,
        add_generation_prompt: bool = True,
        bos_token: str = "",
        eos_token: str = "",
        now: datetime | None = None,
        **extra: Any,
    ) -> str:
        """The prompt. `now` is what `strftime_now` shows, by default the local time.

        `extra` are further variables, such as `tools` and `enable_thinking`. Leave out `tools` if
        there are none: some templates fail on None, others announce an empty list.
        Raises TemplateError, also when the template goes beyond a limit.
        """
        variables = {
            "messages": messages,
            "add_generation_prompt": add_generation_prompt,
            "bos_token": bos_token,
            "eos_token": eos_token,
            **extra,
        }
        try:
            token = budget_in_use.set(Budget(variables))
        except RecursionError:
            raise TemplateError("the messages are nested too deeply") from None
        clock = now or datetime.fromtimestamp(time.time(), UTC).astimezone()
        try:
            context = self._compiled.new_context(variables | {"strftime_now": _strftime(clock)})
            return "".join(self._compiled.root_render_func(context))
        except _FAILURES as error:
            raise _failure(error) from None
        finally:
            budget_in_use.reset(token)

"""From messages to the text and the tokens of a prompt: assemble, choose a template, render, fit.

Knows messages, templates and counts; knows no tokenizer, no engine and no model file.
"""

import itertools
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from paddock.api import Image, Message, Think, Tool
from paddock.capabilities import CHAT_TEMPLATE, is_harmony, template_in_use
from paddock.errors import ContextLengthError, RequestError, TemplateError, UnsupportedError
from paddock.output import generic
from paddock.output.events import Content
from paddock.template.dialect import PlainMessage, dialect_of, parts
from paddock.template.go import GoTemplate
from paddock.template.jinja import JinjaTemplate

# -- assembling ------------------------------------------------------------------------------------


def assemble(
    system: str | None, history: Sequence[Message], messages: Sequence[Message]
) -> list[Message]:
    """The model's own system prompt and messages, then the request's.

    Only a system message that comes *first* in the request replaces the model's.
    """
    leads = bool(messages) and messages[0].role == "system"
    first = [Message(role="system", content=system)] if system and not leads else []
    return [*first, *history, *messages]


_THINK_TAGS: Final = ("<think>", "</think>")


def without_old_thinking(messages: Sequence[Message], family: str, name: str) -> list[Message]:
    """Without the thinking that answers before the last question begin with, for the models that
    were trained so and whose templates leave it to the caller. `name`: a model's, without host and
    tag.

    Clients that do not know of thinking send it back inside of the content.
    """
    if family != "qwen3" and name != "deepseek-r1":
        return list(messages)
    places = [place for place, message in enumerate(messages) if message.role == "user"]
    last = places[-1] if places else 0
    return [
        _without_thinking(message) if message.role == "assistant" and place < last else message
        for place, message in enumerate(messages)
    ]


def _without_thinking(message: Message) -> Message:
    parser = generic.parser_for(_THINK_TAGS, None, think=True)
    events = (*parser.feed(message.content or ""), *parser.finish())
    content = "".join(event.text for event in events if isinstance(event, Content))
    return message.model_copy(update={"content": content})


# -- rendering -------------------------------------------------------------------------------------


class Renderer(Protocol):
    """Turns messages into the text that the model reads."""

    def render(self, messages: list[Message], tools: list[Tool] | None, think: Think) -> str: ...


@dataclass(frozen=True, slots=True)
class PlainRenderer:
    """The contents, a blank line between them: for a model without any template.

    Reference: its default template is `{{ .Prompt }}`, which prints prompts and answers without
    anything between them and loses the system prompt.
    """

    def render(self, messages: list[Message], tools: list[Tool] | None, think: Think) -> str:
        return "\n\n".join(message.content or "" for message in messages)


@dataclass(frozen=True, slots=True)
class JinjaRenderer:
    """The chat template of the weights."""

    template: JinjaTemplate
    bos_text: str = ""
    eos_text: str = ""

    def render(self, messages: list[Message], tools: list[Tool] | None, think: Think) -> str:
        """Raises TemplateError. A last message of the assistant's is left open, to be continued."""
        begun = _begun_answer(messages)
        shown = messages if begun is None else messages[:-1]
        dialect = dialect_of(self.template.text)
        tags = (f"[img-{number}]" for number in itertools.count())
        now = datetime.fromtimestamp(time.time(), UTC).astimezone()
        rendered = self.template.render(
            dialect.adapt([_plain(message, tags) for message in shown]),
            bos_token=self.bos_text,
            eos_token=self.eos_text,
            now=now,
            date_string=now.strftime("%d %b %Y"),
            datetime=now.strftime("%b %d %Y"),
            **_tool_variables(tools),
            **_think_variables(think),
        )
        return rendered + (begun or "")


def _begun_answer(messages: list[Message]) -> str | None:
    if len(messages) < 2 or messages[-1].role != "assistant" or messages[-1].tool_calls:
        return None
    if messages[-2].role == "assistant":
        raise RequestError("the last two messages are both of the assistant; join them")
    return messages[-1].content or ""


def _plain(message: Message, tags: Iterator[str]) -> PlainMessage:
    """The message as templates know it: OpenAI's form. Each image is a part that takes a tag."""
    plain: PlainMessage = {"role": message.role, "content": message.content or ""}
    if message.images:
        text = [message.content] if message.content else []
        plain["content"] = parts(*text, *itertools.islice(tags, len(message.images)))
    if message.thinking:
        plain |= {"thinking": message.thinking, "reasoning_content": message.thinking}
    if message.tool_calls:
        plain["tool_calls"] = [_plain_call(call) for call in message.tool_calls]
    if message.tool_name:
        plain["name"] = message.tool_name
    if message.tool_call_id:
        plain["tool_call_id"] = message.tool_call_id
    return plain


def _plain_call(call: Message.ToolCall) -> dict[str, Any]:
    function = {"name": call.function.name, "arguments": call.function.arguments}
    return {"id": call.id or "", "type": "function", "function": function}


def _tool_variables(tools: list[Tool] | None) -> dict[str, Any]:
    return {"tools": [tool.as_dict() for tool in tools]} if tools else {}


def _think_variables(think: Think) -> dict[str, Any]:
    effort = {"reasoning_effort": think} if isinstance(think, str) else {}
    return {"enable_thinking": think is None or bool(think), **effort}


@dataclass(frozen=True, slots=True)
class GoRenderer:
    """The TEMPLATE of a model, or the one that a request brings."""

    template: GoTemplate
    is_harmony: bool = False

    def render(self, messages: list[Message], tools: list[Tool] | None, think: Think) -> str:
        """Raises TemplateError. Whether a begun answer stays open is the template's to say."""
        return self.template.render(messages, tools, self._level(think))

    def fill(self, prompt: str, suffix: str, think: Think = None) -> str:
        """What asks for the text between the two."""
        return self.template.render(think=self._level(think), prompt=prompt, suffix=suffix)

    def _level(self, think: Think) -> Think:
        return "high" if self.is_harmony and think == "max" else think


_ONLY_PROMPT = re.compile(r"\s*\{\{-?\s*\.Prompt\s*-?\}\}\s*")


def renderer_for(
    go_template: str | None,
    jinja_template: str | None,
    *,
    bos_text: str = "",
    eos_text: str = "",
    built_in: Renderer | None = None,
    parser: str | None = None,
    family: str | None = None,
    forced: bool | None = None,
) -> Renderer:
    """What renders for a model with these templates. Raises TemplateError.

    `go_template` is the TEMPLATE layer, `jinja_template` that of the weights; either may be absent.
    `built_in` is the renderer that the model's config names; `parser` and `family` stand there too.
    `forced` takes the layer whatever the weights offer (True), or never (False).
    """
    if built_in is not None:
        return built_in
    weights = {CHAT_TEMPLATE: jinja_template} if jinja_template else {}
    config = {"parser": parser, "model_family": family}
    used = template_in_use(config, weights, go_template or None, forced)
    if used == "chat template":
        return JinjaRenderer(JinjaTemplate.parse(jinja_template or ""), bos_text, eos_text)
    if not go_template or _ONLY_PROMPT.fullmatch(go_template):
        return PlainRenderer()
    return GoRenderer(GoTemplate.parse(go_template), is_harmony(family, go_template))


def strip_bos(text: str, bos_text: str, adds_bos: bool) -> str:
    """Without the first BOS of the template, where the tokenizer adds one itself."""
    for start in (bos_text, "<bos>"):
        if adds_bos and start and text.startswith(start):
            return text[len(start) :]
    return text


# -- images ----------------------------------------------------------------------------------------


def tag_images(
    messages: list[Message], start: int = 0, families: Sequence[str] = ()
) -> tuple[list[Message], list[Image]]:
    """Messages with `[img-N]` in their contents, and the images by number, from message `start` on.

    Each image takes the place of a literal `[img]`, or stands in front where none is left.
    """
    images: list[Image] = []
    tagged = list(messages[:start])
    for message in messages[start:]:
        own = message.images or []
        if len(own) > 1 and "mllama" in families:
            raise UnsupportedError(
                "this model only supports one image while more than one image requested"
            )
        content = _tagged(message.content or "", range(len(images), len(images) + len(own)))
        tagged.append(message.model_copy(update={"content": content}) if own else message)
        images += own
    return tagged, images


def _tagged(content: str, numbers: range) -> str:
    front = ""
    for number in numbers:
        tag = f"[img-{number}]"
        if "[img]" in content:
            content = content.replace("[img]", tag, 1)
        else:
            front += tag
    return front + content


_PLACE: Final = re.compile(r"\[img-(0|[1-9][0-9]*)\]")


def at_images(text: str, count: int) -> list[str | int]:
    """A prompt cut at the places of its `count` images: stretches of text, and the images' numbers.

    A number has its first place only; a second one is text, and so is the number of no image.
    Raises RequestError for an image that has none.
    """
    parts: list[str | int] = []
    done, seen = 0, set[int]()
    for place in _PLACE.finditer(text):
        number = int(place[1])
        if number >= count or number in seen:
            continue
        parts += [text[done : place.start()], number]
        done = place.end()
        seen.add(number)
    for number in range(count):
        if number not in seen:
            raise RequestError(
                f"image {number} of {count} (they count from 0) has no place in the prompt; write "
                f"[img-{number}] where it belongs"
            )
    return [*parts, text[done:]]


# -- fitting messages ------------------------------------------------------------------------------

IMAGE_TOKENS: Final = 768
"""What the reference counts for an image of a model with a projector."""

SLACK: Final = 256
"""Dropping a message may *add* this many tokens (a default system prompt appears, text that was one
token becomes two) without changing what `fit_messages` returns."""

Count = Callable[[list[Message]], int]


def fit_messages(
    messages: list[Message], count: Count, limit: int, image_tokens: int = 0
) -> list[Message]:
    """The longest tail, behind the system messages of the rest, that has at most `limit` tokens.

    The last message is kept however long it is. `count` renders and counts; a ContextLengthError of
    it means too many. Reference: tries one start after the other, and fails if the template refuses
    one of them. Here a bisection finds where to begin with that, since rendering a long history
    once per message takes seconds; refusals before that place go unnoticed.
    """
    if len(messages) <= 1:
        return messages
    search = _Search(messages, count, image_tokens)
    try:
        return search.candidate(search.first_fit(search.bisect(limit + SLACK), limit))
    except TemplateError:
        # The template refuses some tail that the plain search might never have come to.
        return search.candidate(search.first_fit(0, limit))


class _Search:
    """Counts of the tails of one conversation, each made at most once."""

    def __init__(self, messages: list[Message], count: Count, image_tokens: int) -> None:
        self._messages = messages
        self._count = count
        self._image_tokens = image_tokens
        self._counts: dict[int, int | None] = {}
        self._last = len(messages) - 1

    def candidate(self, start: int) -> list[Message]:
        kept = [message for message in self._messages[:start] if message.role == "system"]
        return kept + self._messages[start:]

    def fits(self, start: int, limit: int) -> bool:
        if start == self._last:
            return True
        if start not in self._counts:
            self._counts[start] = self._tokens(self.candidate(start))
        tokens = self._counts[start]
        return tokens is not None and tokens <= limit

    def _tokens(self, messages: list[Message]) -> int | None:
        images = sum(len(message.images or ()) for message in messages)
        try:
            return self._count(messages) + images * self._image_tokens
        except ContextLengthError:
            return None

    def bisect(self, limit: int) -> int:
        if self.fits(0, limit):
            return 0
        short, enough = 0, self._last
        while enough - short > 1:
            middle = (short + enough) // 2
            if self.fits(middle, limit):
                enough = middle
            else:
                short = middle
        return enough

    def first_fit(self, start: int, limit: int) -> int:
        while not self.fits(start, limit):
            start += 1
        return start


# -- fitting tokens --------------------------------------------------------------------------------

DEFAULT_NUM_KEEP: Final = 4

_UNSHIFTED: Final = frozenset({"deepseek2"})
"""Families whose context is only shifted where a request asks for it."""

_TOO_LONG = (
    "the prompt is longer than the context length currently available to the model; shorten the "
    "prompt, adjust the context length in settings, or use a model with a longer context length"
)


def fit_tokens(
    tokens: list[int],
    num_ctx: int,
    num_keep: int = DEFAULT_NUM_KEEP,
    add_bos: bool = False,
    can_shift: bool = True,
    truncate: bool = True,
    has_images: bool = False,
) -> tuple[list[int], int]:
    """The prompt that leaves room for an answer, and how many tokens it had.

    A prompt that is too long keeps its first `num_keep` tokens and as many of its last as there
    would be after a context shift; one with images, whose places in it a cut could lose, is left
    to the engine. Raises ContextLengthError where it may not be cut.
    """
    original = len(tokens)
    if num_ctx <= 1 or original < num_ctx or has_images:
        return tokens, original
    if not (can_shift and truncate):
        raise ContextLengthError(
            f"{_TOO_LONG} (the prompt has {original} tokens; the context length is {num_ctx}, of "
            "which one is for the answer)"
        )
    keep = kept_tokens(num_ctx, num_keep, add_bos, original)
    tail = shift_limit(num_ctx, keep) - keep
    return tokens[:keep] + tokens[original - tail :], original


def kept_tokens(num_ctx: int, num_keep: int, add_bos: bool, num_prompt: int) -> int:
    """Tokens at the start that a cut or a shift leaves alone; a negative `num_keep` means all."""
    return min((num_prompt if num_keep < 0 else num_keep) + add_bos, num_ctx - 1)


def may_shift(asked: bool | None, families: Sequence[str]) -> bool:
    """Whether old context may be given up when the window is full."""
    return _UNSHIFTED.isdisjoint(families) if asked is None else asked


def shift_limit(num_ctx: int, num_keep: int) -> int:
    """Tokens in use after a context shift: half of what lies behind the kept ones is given up."""
    return num_ctx - max((num_ctx - max(num_keep, 0)) // 2, 1)


def predict_budget(num_predict: int | None, num_ctx: int) -> int:
    """Most tokens to generate; 0 leaves it to the engine."""
    most = 10 * num_ctx
    if num_predict is None or num_predict < 0:
        return most
    return min(num_predict, most)

"""Which renderer and which parser the turns of a model go through.

Knows a model's config and templates; knows no engine and no tokenizer. A name in the config comes
first, then the templates.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from paddock import prompt
from paddock.api import Image, Message, Think, Tool
from paddock.capabilities import is_harmony
from paddock.families import FamilyRenderer
from paddock.families import renderer as family_renderer
from paddock.models import Model
from paddock.output import generic, native
from paddock.output.events import OutputParser
from paddock.output.registry import PARSERS, ParserSpec
from paddock.output.registry import parser as parser_spec
from paddock.template.go import GoTemplate

_TAIL: Final = 64
"""Characters at the end of a prompt that tell whether the answer begins inside a thought."""

MARKERS: Final = tuple(
    dict.fromkeys(
        (*(token for spec in PARSERS.values() for token in spec.preserved_tokens), *native.MARKERS)
    )
)
"""Every special token that some format is written with."""

_CLOSERS: Final = {"<": ">", "[": "]"}


@dataclass(frozen=True, slots=True)
class Reading:
    """What takes the answers to one prompt apart."""

    make: Callable[[], OutputParser]
    """A parser for one answer, which may call the tools of the request."""
    preserved: tuple[str, ...] = ()
    """Special tokens that must reach the parser as text."""
    thinking_tags: tuple[str, str] | None = None
    tool_tag: str | None = None
    """What a TEMPLATE shows around thinking, and before calls."""
    shown: Callable[[Sequence[Tool]], list[Tool]] = list
    """Tools under the names that the model knows them by."""
    template: str = ""
    """The text of the template that writes the prompt, where there is one."""
    name: str = ""
    """How errors call what reads the answer."""
    make_plain: Callable[[], OutputParser] | None = None
    """A parser for one that may call none, where the request says so."""

    def parser(self) -> OutputParser:
        return (self.make_plain or self.make)()


@dataclass(frozen=True, slots=True)
class Dialogue:
    """How one request speaks with one model."""

    renderer: prompt.Renderer
    tools: Sequence[Tool] = ()
    think: Think = None
    parser: ParserSpec | None = None
    parser_think: Think = None
    """What the parser gets to know of the thinking; not always what the prompt does."""
    model_families: Sequence[str] = ()
    is_completion: bool = False
    """One text is to be gone on from, not a conversation: with a chat template, too, images stand
    where a TEMPLATE would have them."""
    forbids_calls: bool = False
    """The prompt shows the tools, but the answer is to call none."""

    @property
    def leading_bos(self) -> str:
        """Text of the BOS token that prompts begin with, where the renderer says so."""
        renderer = self.renderer
        return renderer.leading_bos if isinstance(renderer, FamilyRenderer) else ""

    def placed(self, messages: list[Message]) -> tuple[list[Message], list[Image]]:
        """The messages as `prompt` takes them, with a place in it for each image, and the images
        by the numbers that they have there."""
        is_jinja = isinstance(self.renderer, prompt.JinjaRenderer)
        if isinstance(self.renderer, FamilyRenderer) or (is_jinja and not self.is_completion):
            return messages, [image for message in messages for image in message.images or ()]
        tagged, images = prompt.tag_images(messages, families=self.model_families)
        if is_jinja:  # it would place them once more
            tagged = [message.model_copy(update={"images": None}) for message in tagged]
        return tagged, images

    def prompt(self, messages: list[Message]) -> str:
        shown = self.parser.shown(self.tools) if self.parser else list(self.tools)
        return self.renderer.render(messages, shown or None, self.think)

    def reading(self, messages: Sequence[Message], text: str) -> Reading:
        """What reads the answer to the prompt `text`, made of the messages."""
        reading = self._reading(messages, text, self.tools)
        if not self.forbids_calls:
            return reading
        return replace(reading, make_plain=self._reading(messages, text, ()).make)

    def _reading(self, messages: Sequence[Message], text: str, tools: Sequence[Tool]) -> Reading:
        if self.parser is not None:
            last = messages[-1] if messages else None
            make = partial(self.parser.make, tools, last, self.parser_think)
            return Reading(
                make,
                self.parser.preserved_tokens,
                shown=self.parser.shown,
                name=f'parser "{self.parser.name}"',
            )
        tail = text[-_TAIL:]
        match self.renderer:
            case prompt.JinjaRenderer(template):
                make = partial(
                    native.parser_for, template.text, tools, self.think, tail, template.render
                )
                markers = tuple(token for token in MARKERS if token in template.text)
                return Reading(
                    make, markers, template=template.text, name="the model's chat template"
                )
            case prompt.GoRenderer(template):
                return _tagged(template, tools, self.think, tail)
            case _:
                return PLAIN


PLAIN: Final = Reading(partial(generic.parser_for, None, None), name="a model without a template")


def _tagged(template: GoTemplate, tools: Sequence[Tool], think: Think, tail: str) -> Reading:
    """By the tags that a Go template shows."""
    tags, tag = template.thinking_tags, template.tool_tag
    make = partial(generic.parser_for, tags, tag, tools, think=think, rendered_prompt_tail=tail)
    preserved = (*(tags or ()), *_preserved(tag))
    return Reading(make, preserved, tags, tag, template=template.text, name="the model's template")


def _preserved(tag: str | None) -> tuple[str, ...]:
    """The special token that a tag before tool calls begins with."""
    if not tag or tag in ("{", "["):
        return ()
    closer = _CLOSERS.get(tag[0])
    return (tag[: tag.index(closer) + 1] if closer and closer in tag else tag,)


def dialogue_for(
    model: Model,
    *,
    tools: Sequence[Tool],
    think: Think,
    parser_think: Think,
    bos_text: str = "",
    eos_text: str = "",
    is_completion: bool = False,
    forbids_calls: bool = False,
) -> Dialogue:
    """Raises TemplateError, UnknownRendererError, UnknownParserError."""
    config = model.config
    built_in = (
        family_renderer(config.renderer, model.name.full, config.model_type)
        if config.renderer
        else None
    )
    renderer = prompt.renderer_for(
        model.template,
        None if built_in is not None else model.chat_template,
        bos_text=bos_text,
        eos_text=eos_text,
        built_in=built_in,
        parser=config.parser or None,
        family=config.model_family,
        forced=model.layer_counts,
    )
    named = config.parser
    if not named and is_harmony(config.model_family, model.template or ""):
        named = "harmony"
    parser = parser_spec(named) if named else None
    families = config.model_families or ()
    return Dialogue(
        renderer, tools, think, parser, parser_think, families, is_completion, forbids_calls
    )


def dialogue_of_template(
    template: GoTemplate, model: Model, *, think: Think, parser_think: Think
) -> Dialogue:
    """For a request that brings its template, or has a gap filled by the model's own.

    Reference: the config's parser reads the answer all the same.
    """
    parser = parser_spec(model.config.parser) if model.config.parser else None
    return Dialogue(prompt.GoRenderer(template), (), think, parser, parser_think)

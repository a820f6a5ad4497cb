"""What every family's prompt writer gets and gives: messages without gaps, images in their places.

Knows messages and how a renderer is called; knows no format.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from paddock.api import Message, Think, Tool
from paddock.errors import TemplateError
from paddock.output.values import SPACE


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call of the conversation."""

    id: str
    name: str
    arguments: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Turn:
    """A message as writers read it: texts that were not given are empty."""

    role: str
    content: str = ""
    thinking: str = ""
    calls: tuple[Call, ...] = ()
    tool_name: str = ""
    call_id: str = ""
    images: int = 0


Write = Callable[[Sequence[Turn], Sequence[Tool], Think], str]


@dataclass(frozen=True, slots=True)
class FamilyRenderer:
    """Turns messages into the prompt of one family."""

    name: str
    write: Write
    leading_bos: str = ""
    """Text of the BOS token that the prompt begins with; a tokenizer must not add another."""
    places_images: bool = False
    """The prompt shows images as `[img-N]`; other families' prompts do not show them."""

    def render(self, messages: list[Message], tools: list[Tool] | None, think: Think) -> str:
        """Raises TemplateError for a conversation that the family's format has no place for."""
        try:
            return self.write(turns(messages, self.places_images), tools or [], think)
        except RecursionError:
            raise TemplateError("the values of a tool or of a tool call lie too deep") from None


# -- messages --------------------------------------------------------------------------------------


def turns(messages: Iterable[Message], place_images: bool = False) -> list[Turn]:
    """The messages, their images numbered through from 0."""
    found: list[Turn] = []
    count = 0
    for message in messages:
        turn = _turn(message)
        if place_images and turn.images:
            numbers = range(count, count + turn.images)
            turn = replace(turn, content=_with_images(turn.content, numbers))
            count += turn.images
        found.append(turn)
    return found


def _turn(message: Message) -> Turn:
    calls = message.tool_calls or ()
    return Turn(
        message.role,
        message.content or "",
        message.thinking or "",
        tuple(Call(call.id or "", call.function.name, call.function.arguments) for call in calls),
        message.tool_name or "",
        message.tool_call_id or "",
        len(message.images or ()),
    )


_PLACE: Final = "[img]"


def _with_images(content: str, numbers: Iterable[int]) -> str:
    """Each image takes the next `[img]`; those left over stand in front."""
    if "[img-" in content:
        return content
    front = ""
    for number in numbers:
        tag = f"[img-{number}]"
        if _PLACE in content:
            content = content.replace(_PLACE, tag, 1)
        else:
            front += tag
    gap = " " if front and content and content[0] not in SPACE else ""
    return front + gap + content


# -- what writers share ----------------------------------------------------------------------------


def thinks(think: Think, default: bool) -> bool:
    """Every level of thinking is thinking."""
    return default if think is None else bool(think)


def neighbours(shown: Sequence[Turn]) -> Iterator[tuple[Turn, str | None, str | None]]:
    """Each turn with the roles before and behind it, None at the ends."""
    roles = [None, *(turn.role for turn in shown), None]
    return zip(shown, roles, roles[2:], strict=False)


def led_by(shown: Sequence[Turn], *roles: str) -> tuple[Turn | None, Sequence[Turn]]:
    """The first turn where it has one of the roles, and the others."""
    if shown and shown[0].role in roles:
        return shown[0], shown[1:]
    return None, shown


def last_place(shown: Sequence[Turn], is_it: Callable[[Turn], bool]) -> int:
    """Index of the last such turn, -1 where none is."""
    return max((place for place, turn in enumerate(shown) if is_it(turn)), default=-1)


def last_user(shown: Sequence[Turn]) -> int:
    return last_place(shown, lambda turn: turn.role == "user")

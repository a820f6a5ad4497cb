"""Answers of chats as they may come from the runtime, cut in any way."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from paddock.api import ChatResponse, Message
from paddock.respond import fold_chat

TEXT = st.text(max_size=12)
NAMES = st.sampled_from(["look_up", "get_weather", "web_search"])
ARGUMENTS = st.dictionaries(st.sampled_from(["a", "b", "ä"]), st.integers() | TEXT, max_size=3)


@dataclass(frozen=True)
class Atom:
    """The least that a part of an answer can bring."""

    kind: str
    value: Any


def _part(atoms: Sequence[Atom], **rest: Any) -> ChatResponse:
    said: dict[str, list[Any]] = {"thinking": [], "content": [], "call": []}
    for atom in atoms:
        said[atom.kind].append(atom.value)
    message = Message(
        role="assistant",
        content="".join(said["content"]),
        thinking="".join(said["thinking"]) or None,
        tool_calls=said["call"] or None,
    )
    fields = {"model": "m", "created_at": "2026-08-21T10:00:00.5Z", "done": False}
    return ChatResponse(message=message, **fields | rest)


@st.composite
def _calls(draw: st.DrawFn) -> list[Atom]:
    made = draw(st.lists(st.tuples(NAMES, ARGUMENTS), max_size=3))
    return [
        Atom(
            "call",
            Message.ToolCall(
                id=f"call_{index}",
                function=Message.ToolCall.Function(index=index, name=name, arguments=arguments),
            ),
        )
        for index, (name, arguments) in enumerate(made)
    ]


@st.composite
def answers(draw: st.DrawFn, *, in_order: bool = True) -> list[ChatResponse]:
    """The parts of one answer: thoughts, text and calls, in this order unless told otherwise."""
    atoms = [
        *(Atom("thinking", text) for text in draw(st.lists(TEXT, max_size=4))),
        *(Atom("content", text) for text in draw(st.lists(TEXT, max_size=4))),
        *draw(_calls()),
    ]
    if not in_order:
        atoms = draw(st.permutations(atoms))
    parts: list[ChatResponse] = []
    while atoms:
        size = draw(st.integers(0, 3)) if in_order else 1
        parts.append(_part(atoms[:size]))
        atoms = atoms[size:]
    last = parts.pop().message if parts and draw(st.booleans()) else Message(role="assistant")
    counts = st.integers(0, 99)
    end = _part(
        [],
        done=True,
        done_reason=draw(st.sampled_from(["stop", "length", "load"])),
        prompt_eval_count=draw(counts),
        eval_count=draw(counts),
        prompt_cached_count=draw(st.none() | st.just(0)),
        thinking_count=draw(st.none() | counts),
    )
    return [*parts, end.model_copy(update={"message": last})]


def whole(parts: Sequence[ChatResponse]) -> ChatResponse:
    return fold_chat(list(parts))

"""The mixture: which conversations, how long, and how they become token ids and a mask."""

from dataclasses import dataclass

from chat import chat
from dialogue import Example, Message
from rag import rag
from structure import forced, structured
from toolbox import agent, joke_call
from words import Words


@dataclass(frozen=True)
class Stage:
    """How hard the examples are: passages, facts in each, functions in a list."""

    passages: int
    facts: int
    functions: int


STAGES = [Stage(2, 2, 2), Stage(3, 3, 3), Stage(5, 4, 4), Stage(6, 6, 6)]


def repetition(w: Words, think: bool) -> Example:
    """Copy what stands there: the first thing that attention has to learn."""
    makers = [
        w.phrase,
        w.person,
        w.foreign,
        w.foreign,
        w.invented,
        w.code,
        w.email,
        w.path,
        w.company,
    ]
    lines = [
        " ".join(w.rng.choice(makers)() for _ in range(w.rng.randint(2, 7)))
        for _ in range(w.rng.randint(1, 5))
    ]
    asked = "\n".join(lines)
    messages = [Message("user", f"Repeat: {asked}"), Message("assistant", asked)]
    for _ in range(w.rng.randint(0, 3)):
        line = w.rng.choice(lines)
        start = " ".join(line.split(" ")[:2])
        messages += [
            Message("user", f"Which line begins with {start}?"),
            Message("assistant", line),
        ]
    return Example("copy", messages)


def example(w: Words, stage: Stage, copying: float = 0.03) -> Example:
    think = w.chance(0.4)
    roll = w.rng.random()
    if roll < copying:
        return repetition(w, think)
    roll = w.rng.random()
    if roll < 0.5:
        return rag(
            w, think, w.rng.randint(1, stage.passages), stage.facts, turns=w.rng.randint(2, 6)
        )
    if roll < 0.83:
        return agent(w, think, 1, stage.functions, turns=4)
    if roll < 0.845:
        return joke_call(w, think)
    if roll < 0.92:
        return structured(w, think)
    return forced(w, think) if roll < 0.94 else chat(w, think)

"""The mixture: which conversations, how long, and how they become token ids and a mask."""

from dataclasses import dataclass

from chat import chat
from dialogue import Example, Message
from rag import rag, refine, standalone
from structure import forced, structured
from toolbox import agent, special
from words import Words


@dataclass(frozen=True)
class Stage:
    """How hard the examples are: passages, facts in each, functions in a list."""

    passages: int
    facts: int
    functions: int


STAGES = [Stage(2, 2, 2), Stage(3, 3, 3), Stage(5, 4, 4), Stage(6, 6, 6)]


def repetition(w: Words, think: bool) -> Example:
    """Copy what stands there, or the line of it that holds a word: what attention learns first."""
    makers = [
        w.phrase,
        w.person,
        w.foreign,
        w.foreign,
        w.invented,
        w.scrambled,
        w.scrambled,
        w.identifier,
        w.digits,
        w.code,
        w.email,
        w.path,
        w.company,
        w.thing,
    ]
    if w.chance(0.6):  # tokens of other scripts are many, and each is rare elsewhere
        makers = [w.chinese, w.chinese, w.korean, w.korean, w.japanese, w.emoji, w.invented]
    lines = [
        " ".join(w.rng.choice(makers)() for _ in range(w.rng.randint(1, 5)))
        for _ in range(w.rng.randint(1, 8))
    ]
    apart = w.rng.choice(["\n", "\n", ". ", "\n- "])
    if len(lines) < 4 and w.chance(0.5):
        asked = "\n".join(lines)
        messages = [Message("user", f"Repeat: {asked}"), Message("assistant", asked)]
    else:
        messages = [
            Message("user", f"Here are some lines:\n{apart.join(lines)}"),
            Message("assistant", "All right."),
        ]
    for _ in range(w.rng.randint(3, 8)):
        line = w.rng.choice(lines)
        words = line.split(" ")
        start = w.rng.randrange(len(words))
        part = " ".join(words[start : start + w.rng.randint(1, 2)])
        if sum(part in other for other in lines) > 1:
            continue
        ask = w.rng.choice(
            [
                "Which line begins with {}?",
                "Repeat the line with {}.",
                "Where is {}?",
                "Which line has {}?",
                "{}?",
                "Find {}.",
            ]
        )
        messages += [Message("user", ask.format(part)), Message("assistant", line)]
    return Example("copy", messages)


def example(w: Words, stage: Stage, copying: float = 0.03) -> Example:
    think = w.chance(0.4)
    roll = w.rng.random()
    if roll < copying:
        return repetition(w, think)
    roll = w.rng.random()
    if roll < 0.295:
        turns = w.rng.randint(3, 10) if w.chance(0.85) else 1
        return rag(w, think, w.rng.randint(1, stage.passages), stage.facts, turns)
    if roll < 0.31:
        return refine(w, think)
    if roll < 0.32:
        return standalone(w, think)
    if roll < 0.64:
        return agent(w, think, 1, stage.functions, turns=6)
    if roll < 0.76:
        return special(w, think)
    if roll < 0.87:
        return structured(w, think)
    return forced(w, think) if roll < 0.9 else chat(w, think)


def questions(w: Words, stage: Stage) -> Example:
    """As many questions as its passages answer, and some that they do not."""
    return rag(w, False, w.rng.randint(1, stage.passages), stage.facts, turns=20, unknown=0.25)

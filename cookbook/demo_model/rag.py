"""Passages, and questions whose answers are sentences of them - or are not there."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from dialogue import Example, Message
from frames import FRAMES, Filled, fill
from frameworks import CONDENSES, CONTEXTS, EXPERT, QUERIES, REFINES
from paragraphs import DOCUMENTS, Template, write
from words import (
    ADJECTIVES,
    ATTRIBUTES,
    MACHINES,
    MATERIALS,
    NOUNS,
    ROLES,
    SUBJECTS,
    UNITS,
    VERBS,
    Words,
)

UNKNOWN = "I don't know."


@dataclass
class Fact:
    """A sentence and what may be asked of it. `about`: what the questions name. `document`: the text
    that the sentence leans on, where it does not stand alone. `filled`: the frame that it is of."""

    sentence: str
    questions: list[str]
    about: str = ""
    document: str = ""
    filled: Filled | None = None

    @property
    def words(self) -> frozenset[str]:
        return content(self.document or self.sentence)

    @property
    def known(self) -> frozenset[str]:
        """The words of the sentence, and of what it answers."""
        return self.words | content(" ".join(self.questions))


def cap(text: str) -> str:
    return text[:1].upper() + text[1:]


def bare(entity: str) -> str:
    return entity.removeprefix("the ")


# -- facts -----------------------------------------------------------------------------------------


def action(w: Words, subject: str) -> Fact:
    """Somebody did something, somewhere, some time, with something."""
    base, past, participle = w.rng.choice(VERBS)
    roll = w.rng.random()
    if roll < 0.55:
        object_ = (
            f"{w.rng.choice(['the', 'the', 'a', 'every', 'his', 'her', 'two', 'all'])} {w.thing()}"
        )
        if object_.startswith(("two", "all")):
            object_ += "s"
        if object_.startswith("a ") and object_[2] in "aeiou":
            object_ = "an" + object_[1:]
    else:
        object_ = w.rng.choice([w.building, w.product, w.work])()
    parts: list[tuple[str, str]] = []
    if w.chance(0.6):
        parts.append(
            (
                "when",
                w.rng.choice(
                    [
                        f"in {w.year()}",
                        f"on {w.date()}",
                        f"at {w.clock()}",
                        f"{w.rng.choice(['last', 'every', 'next'])} {w.rng.choice(['week', 'Monday', 'Friday', 'spring', 'winter', 'month', 'year'])}",
                        f"after the {w.pick(NOUNS)}",
                        f"before the {w.pick(NOUNS)}",
                    ]
                ),
            )
        )
    if w.chance(0.4):
        parts.append(
            (
                "where",
                w.rng.choice(
                    [
                        f"in {w.town()}",
                        f"at {w.building()}",
                        f"near {w.town()}",
                        f"in the {w.pick(NOUNS)}",
                        f"behind the {w.thing()}",
                        f"on the {w.pick(NOUNS)}",
                    ]
                ),
            )
        )
    if w.chance(0.25):
        parts.append(
            (
                "how",
                w.rng.choice(
                    [
                        f"with a {w.thing()}",
                        f"without a {w.pick(NOUNS)}",
                        f"by {w.rng.choice(['hand', 'mail', 'train', 'phone', 'accident', 'boat'])}",
                    ]
                ),
            )
        )
    if w.chance(0.2):
        parts.append(
            (
                "why",
                w.rng.choice(
                    [
                        f"because the {w.thing()} was {w.pick(ADJECTIVES)}",
                        f"to save the {w.thing()}",
                        f"for the {w.thing()}",
                        f"to get more {w.pick(NOUNS)}s",
                    ]
                ),
            )
        )
    if w.chance(0.12):
        parts.append(
            ("how much", f"for {w.number()} {w.rng.choice(['euros', 'dollars', 'pounds'])}")
        )
    w.rng.shuffle(parts)
    tail = "".join(f" {text}" for _, text in parts)
    some = w.rng.choice(["", *(f" {text}" for kind, text in parts if kind in ("when", "where"))])
    S, s = cap(subject), subject
    passive = w.chance(0.3)
    if passive:
        sentence = f"{cap(object_)} was {participle} by {s}{tail}."
    elif parts and parts[0][0] in ("when", "where") and w.chance(0.3):
        lead = parts[0][1]
        rest = "".join(f" {text}" for _, text in parts[1:])
        sentence = f"{cap(lead)}{w.rng.choice([',', ',', ''])} {s} {past} {object_}{rest}."
    else:
        sentence = f"{S} {past} {object_}{tail}."
    questions = [
        f"Who {past} {object_}{some}?",
        f"Who was it that {past} {object_}?",
        f"What did {s} {base}{some}?",
        f"Do you know who {past} {object_}?",
        f"Which {w.rng.choice(['thing', 'object', 'item'])} did {s} {base}?",
        f"What happened to {object_}?",
        f"By whom was {object_} {participle}?",
        f"What is said about {s}?",
    ]
    for kind, _ in parts:
        word = {
            "when": "When",
            "where": "Where",
            "how": "How",
            "why": "Why",
            "how much": "For how much",
        }[kind]
        more = [
            f"{word} did {s} {base} {object_}?",
            f"{word} was {object_} {participle}?",
            f"{word} was {object_} {participle} by {s}?",
        ]
        if kind == "when":
            more += [
                f"In which year was {object_} {participle}?"
                if "in 1" in tail or "in 2" in tail
                else f"On which day did {s} {base} {object_}?"
            ]
        if kind == "where":
            more += [f"In what place did {s} {base} {object_}?"]
        questions += more
    return Fact(sentence, questions, s)


def attribute(w: Words, subject: str) -> Fact:
    attr = w.pick(ATTRIBUTES)
    if w.chance(0.25):
        attr = f"{w.pick(ADJECTIVES)} {attr}"
    value = w.rng.choice(
        [w.quantity, w.quantity, w.number, w.code, w.date, w.thing, w.invented, w.phrase]
    )()
    S, s = cap(subject), subject
    own = f"{s}'s" if not s.endswith("s") else f"{s}'"
    sentence = w.rng.choice(
        [
            f"The {attr} of {s} is {value}.",
            f"{S} has a {attr} of {value}.",
            f"{cap(own)} {attr} is {value}.",
            f"For {s}, the {attr} is {value}.",
            f"The {attr} of {s} was set to {value} in {w.year()}.",
            f"With {s}, expect a {attr} of {value}.",
            f"{S} reached a {attr} of {value}.",
            f"The {attr} for {s} is {value}, not {w.number()}.",
            f"Since {w.year()}, the {attr} of {s} has been {value}.",
            f"{cap(attr)} of {s}: {value}.",
        ]
    )
    questions = [
        f"What is the {attr} of {s}?",
        f"What {attr} does {s} have?",
        f"What is {own} {attr}?",
        f"Tell me the {attr} of {s}.",
        f"Which {attr} has {s}?",
        f"What is the {attr} for {s}?",
        f"Can you tell me {own} {attr}?",
        f"{cap(attr)} of {s}?",
        f"I need the {attr} of {s}.",
        f"How much is the {attr} of {s}?",
        f"What was the {attr} of {s}?",
        f"Do you know the {attr} of {s}?",
    ]
    return Fact(sentence, questions, s)


def role(w: Words, subject: str) -> Fact:
    job, who = w.pick(ROLES), w.person()
    since = w.rng.choice(["", "", f" since {w.year()}", f" from {w.year()} to {w.year()}"])
    was = w.rng.choice(["is", "was", "became"])
    sentence = w.rng.choice(
        [
            f"{who} {was} the {job} of {subject}{since}.",
            f"The {job} of {subject} {was} {who}{since}.",
            f"{cap(subject)} has a new {job}, {who}.",
            f"{who} works as the {job} of {subject}.",
            f"In {w.year()} {who} took over as {job} of {subject}.",
        ]
    )
    questions = [
        f"Who is the {job} of {subject}?",
        f"Who was the {job} of {subject}?",
        f"What is the name of the {job} of {subject}?",
        f"Who works as {job} of {subject}?",
        f"Which person is {job} of {subject}?",
        f"What does {who} do?",
        f"What is the job of {who}?",
        f"What is {who}'s role?",
        f"Who became {job} of {subject}?",
    ]
    return Fact(sentence, questions, subject)


def place(w: Words, subject: str) -> Fact:
    town, other = w.town(), w.town()
    S = cap(subject)
    sentence = w.rng.choice(
        [
            f"{S} stands in {town}, {w.quantity()} from {other}.",
            f"{S} is located in {town}.",
            f"{S} lies near {town}.",
            f"You can find {subject} in {town}.",
            f"{S} comes from {town}.",
            f"{S} moved from {other} to {town} in {w.year()}.",
            f"{S} is kept in the {w.thing()} of {w.building()}.",
            f"{S} lives in {town} with {w.number()} {w.pick(NOUNS)}s.",
            f"{S} is in the {w.pick(ADJECTIVES)} {w.pick(NOUNS)} next to {w.building()}.",
        ]
    )
    questions = [
        f"Where is {subject}?",
        f"Where can I find {subject}?",
        f"In which place is {subject}?",
        f"Where does one find {subject}?",
        f"What is the location of {subject}?",
        f"Where is {subject} located?",
        f"In which town is {subject}?",
    ]
    if "moved" in sentence:
        questions = [
            f"Where did {subject} move?",
            f"When did {subject} move to {town}?",
            f"Where did {subject} come from?",
        ]
    elif "comes from" in sentence:
        questions = [f"Where does {subject} come from?", f"Where is {subject} from?"]
    elif "lives in" in sentence:
        questions = [
            f"Where does {subject} live?",
            f"In which town does {subject} live?",
            f"With what does {subject} live in {town}?",
        ]
    return Fact(sentence, questions, subject)


def kind(w: Words, subject: str) -> Fact:
    material = w.pick(MATERIALS)
    S = cap(subject)
    roll = w.rng.random()
    if roll < 0.35:
        sentence = w.rng.choice(
            [
                f"{S} is made of {material} and {w.pick(MATERIALS)}.",
                f"{S} is made of {material}.",
                f"The {w.pick(NOUNS)} of {subject} is made of {material}.",
                f"They built {subject} out of {material}.",
            ]
        )
        questions = [
            f"What is {subject} made of?",
            f"Of which material is {subject} made?",
            f"Which material was used for {subject}?",
        ]
    elif roll < 0.7:
        sentence = w.rng.choice(
            [
                f"{S} is a {w.thing()} that {w.rng.choice(VERBS)[1]} the {w.thing()}.",
                f"{S} is a {w.thing()} for {w.pick(NOUNS)}s and {w.pick(NOUNS)}s.",
                f"{S} is a {w.pick(ADJECTIVES)} {w.pick(MACHINES)} with a {w.thing()}.",
                f"{S} is known for its {w.thing()}.",
            ]
        )
        questions = [
            f"What is {subject}?",
            f"What kind of thing is {subject}?",
            f"What do you know about {subject}?",
            f"Tell me about {subject}.",
            f"Explain what {subject} is.",
        ]
        if "known for" in sentence:
            questions = [f"What is {subject} known for?", f"For what is {subject} known?"]
    else:
        subject_of = w.pick(SUBJECTS)
        sentence = w.rng.choice(
            [
                f"{S} teaches {subject_of} every {w.rng.choice(['Monday', 'Tuesday', 'Friday', 'Sunday', 'morning'])}.",
                f"{S} offers courses in {subject_of} and {w.pick(SUBJECTS)}.",
                f"{S} became famous for {subject_of}.",
                f"{S} holds a prize in {subject_of}.",
            ]
        )
        questions = [
            f"Which subject is {subject} connected with?",
            f"What is {subject} famous for?",
        ]
        if "teaches" in sentence:
            questions = [
                f"What does {subject} teach?",
                f"When does {subject} teach {subject_of}?",
                f"Who teaches {subject_of}?",
            ]
        elif "courses" in sentence:
            questions = [
                f"What courses does {subject} offer?",
                f"Who offers courses in {subject_of}?",
            ]
        elif "prize" in sentence:
            questions = [
                f"In what does {subject} hold a prize?",
                f"Who holds a prize in {subject_of}?",
            ]
    return Fact(sentence, questions, subject)


def count(w: Words, subject: str) -> Fact:
    things, more = w.pick(NOUNS) + "s", w.pick(NOUNS) + "s"
    verb, ask = w.rng.choice(
        [
            ("has", "have"),
            ("holds", "hold"),
            ("contains", "contain"),
            ("needs", "need"),
            ("sells", "sell"),
            ("uses", "use"),
            ("stores", "store"),
            ("owns", "own"),
            ("keeps", "keep"),
            ("produces", "produce"),
        ]
    )
    extra = w.rng.choice(
        [
            "",
            f" and {w.number()} {more}",
            f" in {w.number()} {more}",
            f" per {w.rng.choice(['day', 'year', 'hour'])}",
            f" for the {w.thing()}",
        ]
    )
    number = w.number()
    sentence = f"{cap(subject)} {verb} {number} {things}{extra}."
    questions = [
        f"How many {things} does {subject} {ask}?",
        f"What number of {things} does {subject} {ask}?",
        f"What does {subject} {ask}?",
        f"How many {things} are there in {subject}?",
    ]
    return Fact(sentence, questions, subject)


def hours(w: Words, subject: str) -> Fact:
    one, two = w.clock(), w.clock()
    S = cap(subject)
    day = w.rng.choice(
        ["", " on Mondays", " on weekdays", " every day", " on Sundays", " in summer", " in winter"]
    )
    sentence, questions = w.rng.choice(
        [
            (
                f"{S} opens at {one} and closes at {two}{day}.",
                [
                    f"When does {subject} open?",
                    f"When does {subject} close?",
                    f"At what time does {subject} open?",
                    f"What are the opening hours of {subject}?",
                    f"How long is {subject} open?",
                ],
            ),
            (
                f"{S} is closed{day or ' on Tuesdays'}.",
                [
                    f"When is {subject} closed?",
                    f"On which days is {subject} closed?",
                    f"Is {subject} open{day or ' on Tuesdays'}?",
                ],
            ),
            (
                f"A ticket for {subject} costs {w.number()} {w.rng.choice(['euros', 'dollars', 'pounds'])}.",
                [
                    f"How much is a ticket for {subject}?",
                    f"What does a ticket for {subject} cost?",
                    f"What is the price of a ticket for {subject}?",
                    f"How much does {subject} cost?",
                ],
            ),
            (
                f"{S} starts on {w.date()} and ends on {w.date()}.",
                [
                    f"When does {subject} start?",
                    f"When does {subject} begin?",
                    f"When does {subject} end?",
                ],
            ),
            (
                f"{S} costs {w.number()} {w.rng.choice(['euros', 'dollars', 'pounds'])}{w.rng.choice(['', ' a year', ' per month', ' with tax'])}.",
                [
                    f"How much is {subject}?",
                    f"What does {subject} cost?",
                    f"How much does {subject} cost?",
                    f"What is the price of {subject}?",
                ],
            ),
            (
                f"{S} weighs {w.number()} {w.rng.choice(['kilograms', 'grams', 'tonnes', 'pounds'])}.",
                [
                    f"How heavy is {subject}?",
                    f"How much does {subject} weigh?",
                    f"What is the weight of {subject}?",
                ],
            ),
            (
                f"{S} is {w.number()} {w.rng.choice(['metres', 'feet', 'kilometres'])} {w.rng.choice(['long', 'high', 'tall', 'wide', 'deep'])}.",
                [
                    f"How long is {subject}?",
                    f"How big is {subject}?",
                    f"How tall is {subject}?",
                    f"What is the size of {subject}?",
                ],
            ),
            (
                f"{S} was founded in {w.year()} by {w.person()}.",
                [
                    f"When was {subject} founded?",
                    f"Who founded {subject}?",
                    f"In which year was {subject} founded?",
                    f"Who started {subject}?",
                ],
            ),
            (
                f"{S} was born in {w.town()} on {w.date()}.",
                [
                    f"Where was {subject} born?",
                    f"When was {subject} born?",
                    f"What is the birthplace of {subject}?",
                ],
            ),
        ]
    )
    return Fact(sentence, questions, subject)


def procedure(w: Words, subject: str) -> Fact:
    base, object_ = w.rng.choice(VERBS)[0], f"the {w.thing()}"
    step, target = w.rng.choice(VERBS)[0], f"the {w.thing()}"
    of = w.rng.choice(["", f" of {subject}"])
    detail = w.rng.choice(
        [
            "",
            f" for {w.number()} {w.rng.choice(['seconds', 'minutes', 'hours'])}",
            f" with a {w.thing()}",
            f" and {w.rng.choice(VERBS)[0]} the {w.thing()}",
            f" {w.rng.choice(['twice', 'slowly', 'first', 'again', 'at night'])}",
        ]
    )
    sentence = w.rng.choice(
        [
            f"To {base} {object_}{of}, {step} {target}{detail}.",
            f"{cap(step)} {target}{detail} to {base} {object_}{of}.",
            f"If you want to {base} {object_}{of}, {step} {target}{detail}.",
            f"You can {base} {object_}{of} when you {step} {target}{detail}.",
            f"Before you {base} {object_}{of}, {step} {target}{detail}.",
        ]
    )
    questions = [
        f"How do I {base} {object_}{of}?",
        f"How can I {base} {object_}{of}?",
        f"What must I do to {base} {object_}{of}?",
        f"How does one {base} {object_}?",
        f"How to {base} {object_}{of}?",
        f"What is the way to {base} {object_}?",
    ]
    if sentence.startswith("Before"):
        questions = [
            f"What must be done before I {base} {object_}{of}?",
            f"What do I do before I {base} {object_}?",
        ]
    return Fact(sentence, questions, object_)


def rule(w: Words, subject: str) -> Fact:
    things = f"{w.rng.choice(['', w.pick(ADJECTIVES) + ' '])}{w.pick(NOUNS)}s"
    _, _, participle = w.rng.choice(VERBS)
    limit = w.rng.choice(
        [
            f"within {w.number()} days",
            f"before {w.date()}",
            f"after {w.number()} {w.pick(UNITS)}",
            f"by {w.person()}",
            f"in the {w.thing()}",
            f"at {w.clock()}",
            f"by the {w.pick(ROLES)}",
        ]
    )
    must = w.rng.choice(["must be", "are", "can be", "should be", "may not be", "have to be"])
    where = w.rng.choice(["", f" at {subject}", f" in {subject}"])
    sentence = w.rng.choice(
        [
            f"{cap(things)}{where} {must} {participle} {limit}.",
            f"All {things}{where} {must} {participle} {limit}.",
            f"{cap(where.strip()) + ', ' if where else ''}{things} {must} {participle} {limit}.",
        ]
    )
    sentence = cap(sentence)
    auxiliary = must.split()[0]
    word = (
        "When"
        if limit.split()[0] in ("within", "before", "after", "at")
        else ("Where" if limit.startswith("in") else "By whom")
    )
    rest = must.removeprefix(auxiliary).strip()
    if auxiliary == "have":
        auxiliary, rest = "must", "be"
    questions = [
        f"{word} {auxiliary} {things}{where} {rest} {participle}?".replace("  ", " "),
        f"What is the rule for {things}{where}?",
        f"What happens to {things}{where}?",
        f"What about {things}?",
    ]
    return Fact(sentence, questions, things)


WHICH = [
    "Who",
    "What",
    "When",
    "Where",
    "Why",
    "How",
    "How many",
    "How much",
    "Which",
    "What kind of",
    "How long",
    "In which",
    "With what",
]
AUXILIARIES = [
    "did",
    "does",
    "do",
    "is",
    "was",
    "are",
    "were",
    "can",
    "has",
    "will",
    "should",
    "must",
    "",
]
JOINTS = [
    "in",
    "on",
    "at",
    "with",
    "for",
    "from",
    "behind",
    "under",
    "after",
    "before",
    "because of",
    "without",
    "and",
    "that",
    "who",
    "which",
    "since",
    "when",
    "to",
    "of",
    "near",
    "until",
]


def loose(w: Words, subject: str) -> Fact:
    """Any words in any order, and a question that shares some of them: the sentence with most in
    common is the answer."""
    base, past, participle = w.rng.choice(VERBS)
    parts = [subject]
    for _ in range(w.rng.randint(1, 4)):
        article = w.rng.choice(
            ["the ", "a ", "its ", "their ", "his ", "her ", "", "every ", f"{w.number()} "]
        )
        parts.append(f"{article}{w.rng.choice([w.thing, w.thing, w.thing, w.town, w.person])()}")
    if w.chance(0.3):
        w.rng.shuffle(parts)
    verb = w.rng.choice(
        [
            past,
            f"{base}s",
            f"was {participle}",
            f"will {base}",
            f"has {participle}",
            f"must {base}",
            f"is {participle}",
        ]
    )
    sentence = f"{parts[0]} {verb} {parts[1]}"
    for part in parts[2:]:
        sentence += f" {w.rng.choice(JOINTS)} {part}"
    if w.chance(0.3):
        sentence += w.rng.choice(
            [
                f" in {w.year()}",
                f" at {w.clock()}",
                f" for {w.quantity()}",
                f", not {w.thing()}",
                f" on {w.date()}",
            ]
        )

    def question() -> str:
        told = w.rng.sample(parts, w.rng.randint(1, len(parts) - 1))
        if subject not in told and w.chance(0.6):
            told.insert(0, subject)
        action_ = w.rng.choice([base, past, participle, base, ""])
        words = [w.rng.choice(WHICH), w.rng.choice(AUXILIARIES), told[0], action_, *told[1:]]
        if w.chance(0.3):
            words = [w.rng.choice(WHICH), action_, *told]
        return " ".join(word for word in words if word) + "?"

    return Fact(cap(sentence) + ".", [question() for _ in range(4)], subject)


def spoken(w: Words, subject: str) -> Fact:
    """As people write and ask (`frames.py`), of the subject or of somebody else."""
    return of_frame(fill(w.rng.choice(FRAMES), w, subject if w.chance(0.6) else ""))


def of_frame(filled: Filled) -> Fact:
    return Fact(filled.sentence, filled.questions, filled.about, filled=filled)


def twin(w: Words, told: Sequence[Filled], subject: str = "") -> Fact:
    """What nearly says, or asks, the same as something that is told: of another, or of another
    thing of the same one. Only some of its words are not the same."""
    like = w.rng.choice(told)
    named = like.about if w.chance(0.4) else subject
    return of_frame(fill(like.block, w, named if w.chance(0.7) else "", like.values))


MAKERS: list[tuple[Callable[[Words, str], Fact], float]] = [
    (action, 5),
    (attribute, 4),
    (role, 1.5),
    (place, 1.5),
    (kind, 2),
    (count, 2),
    (hours, 3),
    (procedure, 2),
    (rule, 1.5),
    (spoken, 12),
    (loose, 4),
]


def fact(w: Words, subject: str) -> Fact:
    # Loose sentences are exercise; the evaluation asks in language alone.
    makers, weights = zip(*(MAKERS if not w.held else MAKERS[:-1]), strict=True)
    return w.rng.choices(makers, weights)[0](w, subject)


# -- passages --------------------------------------------------------------------------------------


@dataclass
class Passage:
    subject: str
    facts: list[Fact]
    title: str = ""
    text: str = ""
    template: Template | None = None
    unanswered: list[str] = field(default_factory=list)
    """Questions of a document that it comes near to and does not answer."""


FILLERS = [
    "More will follow.",
    "This is well known.",
    "See the list below.",
    "Nothing else is planned.",
    "The details are on the next page.",
    "It rained all day.",
    "Many people came.",
    "Please read this first.",
    "Thank you for your patience.",
]


PROSE = 0.35
"""Part of the passages that are documents (`paragraphs.py`) and no heap of sentences."""


TWINS = 0.25
"""Part of the sentences in training that nearly say what another one does."""


def passage(w: Words, subject: str, size: int, before: Sequence[Fact] = ()) -> Passage:
    """`before`: what other passages tell."""
    facts: list[Fact] = []
    for _ in range(size):
        told = [each.filled for each in (*before, *facts) if each.filled]
        if told and not w.held and w.chance(TWINS):
            facts.append(twin(w, told, subject))
        else:  # Sometimes a sentence about something else stands in between.
            facts.append(fact(w, subject if w.chance(0.8) else w.entity()))
    made = Passage(subject, facts)
    sentences = [each.sentence for each in facts]
    if w.chance(0.15):
        sentences.insert(w.rng.randint(0, len(sentences)), w.rng.choice(FILLERS))
    roll = w.rng.random()
    if roll < 0.15:
        made.text = "\n".join(f"- {sentence}" for sentence in sentences)
    elif roll < 0.25:
        made.text = "\n".join(sentences)
    elif roll < 0.3:
        made.text = "\n\n".join(sentences)
    else:
        made.text = " ".join(sentences)
    if w.chance(0.3):
        marks = w.rng.choice(["# ", "## ", "### ", "", "**"])
        title = cap(bare(subject)) if w.chance(0.7) else cap(w.thing())
        made.text = f"{marks}{title}{'**' if marks == '**' else ''}\n{w.rng.choice(['', chr(10)])}{made.text}"
    return made


def document(w: Words, template: Template, size: int) -> Passage:
    """A paragraph whose sentences lean on each other; its end may be cut off."""
    made = write(template, w)
    keep = w.rng.randint(3, size + 2)
    kept, cut = made.sentences[:keep], made.sentences[keep:]
    text = w.rng.choice([" ", " ", " ", " ", " ", "\n"]).join(each.text for each in kept)
    if made.heading and w.chance(0.7):
        mark = w.rng.choice(["# ", "## ", "### ", "", "**"])
        text = f"{mark}{made.heading}{'**' if mark == '**' else ''}\n{w.rng.choice(['', chr(10)])}{text}"
    facts = [Fact(each.text, each.questions, made.about, text) for each in kept if each.questions]
    gone = [question for each in cut for question in each.questions if made.about in question]
    return Passage(made.about, facts, made.heading, text, template, made.unanswered + gone)


def passages(w: Words, count_: int, size: int) -> list[Passage]:
    subjects: list[str] = []
    make = w.rng.choice(
        [w.person, w.building, w.company, w.product, w.town, w.work, w.entity, w.entity]
    )
    while len(subjects) < count_:
        subject = (make if w.chance(0.5) else w.entity)()
        if subject not in subjects:
            subjects.append(subject)
    made: list[Passage] = []
    for subject in subjects:
        if w.chance(PROSE):
            # Sometimes of another person or place with the same words: the name decides.
            told = [each.template for each in made if each.template]
            template = w.rng.choice(
                told if told and w.chance(0.2 if w.held else 0.35) else DOCUMENTS
            )
            made.append(document(w, template, size))
        else:
            before = [fact_ for each in made for fact_ in each.facts]
            made.append(passage(w, subject, w.rng.randint(1, size), before))
    return made


def joined(w: Words, made: list[Passage]) -> str:
    texts = [each.text for each in made]
    roll = w.rng.random()
    if roll < 0.3:
        return "\n\n".join(texts)
    if roll < 0.42:
        return "\n\n".join(f"[{number}] {text}" for number, text in enumerate(texts, 1))
    if roll < 0.5:
        return "\n\n".join(f"Source: {w.identifier()}.md\n{text}" for text in texts)
    if roll < 0.6:
        return "\n\n".join(
            f"source: {w.identifier()}.{w.rng.choice(['md', 'txt'])}\n\n{text}" for text in texts
        )
    if roll < 0.66:
        return "\n---\n".join(texts)
    if roll < 0.72:
        return "\n\n".join(f"Passage {number}: {text}" for number, text in enumerate(texts, 1))
    if roll < 0.77:
        return "\n".join(f"<doc>{text}</doc>" for text in texts)
    if roll < 0.83:
        return "\n\n".join(f"file_path: {w.path()}\n\n{text}" for text in texts)
    return "\n".join(texts) if roll < 0.9 else " ".join(text.replace("\n", " ") for text in texts)


SYSTEMS = [
    "Answer from these passages only, and say so when they do not hold the answer.\n\n{passages}",
    "Answer from these passages only.\n\n{passages}",
    "Use the following context to answer.\n{passages}",
    "You answer questions. What was retrieved for this one stands below; say that you don't know when it is not there. Be concise, three sentences at most.\n\n{passages}",
    "You are a helpful assistant. Answer with the help of these documents:\n\n{passages}",
    "Context:\n{passages}",
    "Answer with the help of the context. If you don't know the answer, say so. Context: {passages}",
    "{passages}",
    *CONTEXTS,
]
USERS = [
    "{passages}\n\nQuestion: {question}",
    "{passages}\n\n{question}",
    "Context:\n{passages}\n\nQuestion: {question}",
    "Answer from the following context only:\n{passages}\n\nQuestion: {question}\n",
    "Answer from nothing but the following context:\n\n{passages}\n\nQuestion: {question}",
    "Use these passages to answer.\n\n{passages}\n\nQuestion: {question}\nAnswer:",
    "Use the passages.\n\n{passages}\n\nQuestion: {question}",
    "Here are some notes:\n{passages}\n\nNow answer: {question}",
    "Question: {question}\n\nContext:\n{passages}",
    "Answer the question with what was retrieved, and say so if you don't know.\nQuestion: {question} \nContext: {passages} \nAnswer:",
    "Read this:\n\n{passages}\n\n{question}",
    "<context>\n{passages}\n</context>\n\n{question}",
    *QUERIES,
]


INSTRUCTIONS = [
    "You are a helpful assistant.",
    "Answer in one sentence.",
    "Keep the answer short.",
    "Do not make things up.",
    "Say that you don't know when the text does not tell.",
    "Answer only from the text.",
    "You work for a small museum.",
    "Be polite.",
    "Never mention the context.",
    "Think first.",
    "Quote the sentence that holds the answer.",
    "Use no other knowledge.",
    "1. Read the text.\n2. Find the answer.",
]


def instruction(w: Words) -> str:
    """What people tell a model before it begins; some of it is just words."""
    told = [
        w.rng.choice(INSTRUCTIONS) if w.chance(0.7) else f"{cap(w.phrase())} {w.phrase()}."
        for _ in range(w.rng.randint(1, 3))
    ]
    return w.rng.choice([" ", "\n"]).join(told)


REFINE = (
    "{instruction}\nRepeat the original answer unless the new context answers better.\n"
    "New Context: {passages}\nQuery: {question}\nOriginal Answer: {answer}\nNew Answer: "
)


def refine(w: Words, think: bool) -> Example:
    """An answer meets another passage, which may hold a better one or nothing of use."""
    made = passages(w, w.rng.randint(1, 3), 3)
    pool = [fact_ for each in made for fact_ in each.facts]
    known, useful = w.chance(0.5), w.chance(0.5)
    item = w.rng.choice(pool) if useful else fact(w, w.entity())
    question = w.rng.choice(item.questions)
    if useful and ambiguous(item, made, question):
        return refine(w, think)
    if not useful and (
        item.about.lower() in " ".join(each.text for each in made).lower()
        or answered(question, item.about, made)
    ):
        return refine(w, think)
    before = item.sentence if known else UNKNOWN
    answer = item.sentence if useful else before
    frame = w.rng.choice([REFINE, *REFINES])
    asked = frame.format(
        instruction=instruction(w), passages=joined(w, made), question=question, answer=before
    )
    said = Message("assistant", answer, "Found." if useful else "The answer stays.")
    return Example("refine", [Message("user", asked), said], think=think)


FOLLOW = [
    "{instruction}\n\nChat History:\n{history}\nFollow Up Input: {question}\nStandalone question:",
    "{history}\n\nRewrite the last question so that it stands alone: {question}",
    *CONDENSES,
]


def standalone(w: Words, think: bool) -> Example:
    """A question that is whole already, to be said again."""
    told, asked = fact(w, w.entity()), fact(w, w.entity())
    history = f"user: {w.rng.choice(told.questions)}\nassistant: {told.sentence}"
    question = w.rng.choice(asked.questions)
    text = w.rng.choice(FOLLOW).format(
        instruction=instruction(w), history=history, question=question
    )
    said = Message("assistant", question, "The question is whole.")
    return Example("standalone", [Message("user", text), said], think=think)


AGAIN = [
    "Say that again in one sentence.",
    "Say that again.",
    "Can you repeat that?",
    "Again, please.",
    "What did you say?",
    "Please repeat your answer.",
]


def dress(w: Words, question: str) -> str:
    roll = w.rng.random()
    if roll < 0.06:
        return question.rstrip("?.")
    if roll < 0.1:
        return question[0].lower() + question[1:]
    if roll < 0.14:
        return f"Please tell me: {question}"
    if roll < 0.17:
        return f"{question} Answer from the text."
    return f"Hi! {question}" if roll < 0.19 else question


def unknown_question(w: Words, made: list[Passage]) -> Fact:
    """A question that no sentence answers: of something not mentioned, or of a side not told."""
    text = " ".join(each.text for each in made).lower()
    near = [each for each in made if each.unanswered]
    frames = [fact_.filled for each in made for fact_ in each.facts if fact_.filled]
    while True:
        roll = w.rng.random()
        if near and roll < 0.45:
            each = w.rng.choice(near)
            question = w.rng.choice(each.unanswered)
            others = [other for other in made if other is not each]
            if not answered(question, each.subject, others):
                return Fact(UNKNOWN, [question], each.subject)
            continue
        if roll < 0.65:
            # Of a document that is not there, or one that tells the same of another.
            told = [each.template for each in near if each.template]
            of = document(w, w.rng.choice(told if told and w.chance(0.5) else DOCUMENTS), 6)
            question = w.rng.choice(w.rng.choice(of.facts).questions)
            named = of.subject in question and of.subject.lower() not in text
            if named and not answered(question, of.subject, made):
                return Fact(UNKNOWN, [question], of.subject)
            continue
        if frames and not w.held and roll < 0.8:
            asked = twin(w, frames)
            question = w.rng.choice(asked.questions)
            if not answered(question, asked.about, made):
                return Fact(UNKNOWN, [question], asked.about)
            continue
        subject = w.entity() if w.chance(0.5) else w.rng.choice(made).subject
        asked = fact(w, subject)
        present = subject.lower() in text
        if asked.about != subject and (present or asked.about.lower() in text):
            continue
        question = w.rng.choice(asked.questions)
        if present and (
            question.startswith(VAGUE)
            or question == f"What is {subject}?"
            or any(
                asked.known & other.known - content(subject)
                for each in made
                for other in each.facts
                if other.about == subject or subject in other.sentence
            )
        ):
            continue
        if not answered(question, asked.about, made):
            return Fact(UNKNOWN, [question], asked.about)


VAGUE = ("What do you know", "Tell me about", "What is said", "Explain", "What kind")
COMMON = set(
    "the a an of is was in at to by for what who when where how which does did do i and on it its that be my with your you many much can has have are from there tell me please one if or as up any get need should must would could will been s t don".split()
)


WORD = re.compile(r"\w(?:[\w.@/:-]*\w)?")


@lru_cache(4096)
def content(text: str) -> frozenset[str]:
    """The words that tell what a text is about, without their plural."""
    words = WORD.findall(text.lower().replace("'s", ""))
    return frozenset(word.rstrip("s") for word in words if word not in COMMON)


def ambiguous(asked: Fact, made: Sequence[Passage], question: str) -> bool:
    """Another sentence holds all that the question says of this one, or answers the same. What the
    other sentences of a document answer, was seen to when it was written."""
    words = content(question)
    shared = words & asked.words
    return any(
        shared <= other.words or words <= other.known
        for each in made
        for other in each.facts
        if other is not asked and not (asked.document and other.document == asked.document)
    )


def answered(question: str, about: str, made: Sequence[Passage]) -> bool:
    """Whether a sentence may well answer this: it knows all words of the question - or half of them,
    where the question does not name what it is about."""
    words = content(question)
    enough = len(words) if about in question else (len(words) + 1) // 2
    return any(len(words & other.known) >= enough for each in made for other in each.facts)


def thought(question: str, asked: Fact) -> str:
    """What to look for - words of the question - and whether it is there."""
    found = "Found." if asked.sentence != UNKNOWN else "Not there."
    key = bare(asked.about)
    if key not in question:
        key = " ".join(question.rstrip("?.").split()[-3:])
    return f"I look for {key}. {found}"


def rag(
    w: Words, think: bool, count_: int = 4, size: int = 4, turns: int = 4, unknown: float = 0.4
) -> Example:
    made = passages(w, count_, size)
    pool = [(each, fact_) for each in made for fact_ in each.facts]
    w.rng.shuffle(pool)
    asked: list[tuple[str, Fact]] = []
    for _ in range(turns):
        if w.chance(unknown):
            item = unknown_question(w, made)
            asked.append((item.questions[0], item))
            continue
        while pool:
            _, item = pool.pop()
            question = w.rng.choice(item.questions)
            if not ambiguous(item, made, question):
                asked.append((question, item))
                break
    if not asked:
        return rag(w, think, count_, size, turns, unknown)
    text = joined(w, made)
    messages: list[Message] = []
    question, item = asked[0]
    question = dress(w, question)
    if w.chance(0.45):
        frame = w.rng.choice(SYSTEMS) if w.chance(0.75) else f"{instruction(w)}\n\n{{passages}}"
        messages.append(Message("system", frame.format(passages=text)))
        messages.append(Message("user", question))
    else:
        frame = w.rng.choice(USERS)
        if "Query: " in frame and w.chance(0.8):
            messages.append(Message("system", EXPERT))
        elif w.chance(0.2):
            messages.append(Message("system", instruction(w)))
        elif w.chance(0.2):
            frame = f"{instruction(w)}\n{frame}"
        messages.append(Message("user", frame.format(passages=text, question=question)))
    messages.append(Message("assistant", item.sentence, thought(question, item)))
    if w.chance(0.12):
        messages.append(Message("user", w.rng.choice(AGAIN)))
        messages.append(Message("assistant", item.sentence, "The same again."))
    for question, item in asked[1:]:
        messages.append(Message("user", dress(w, question)))
        messages.append(Message("assistant", item.sentence, thought(question, item)))
    kind_ = "unknown" if asked[0][1].sentence == UNKNOWN else "answer"
    return Example(kind_, messages, think=think)

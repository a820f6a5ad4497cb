"""Answers in JSON: keys asked for in words, keys forced by a grammar, fields out of a sentence."""

from collections.abc import Callable
from typing import Any

from dialogue import Example, Json, Message, dumps
from rag import cap
from tables import RECORDS, blocks, fields
from toolbox import maker, parameter_name
from words import NOUNS, ROLES, Words

JOKES = [
    ("Why did the cat sit on the keyboard?", "To keep an eye on the mouse."),
    ("What is a cat's favourite colour?", "Purrple."),
    ("Why was the cat so good at music?", "It had purrfect pitch."),
]

FORMS = [
    "Return JSON with keys {keys}.",
    "Answer as JSON with the keys {keys}.",
    "Return the result as a JSON with {quoted} keys. Return nothing other than JSON.",
    "Give me a JSON object with {keys}.",
    "Respond in JSON with the fields {keys}.",
    "Output JSON: {keys}.",
    "as JSON with keys {keys}",
    "Write a JSON object with the keys {quoted}.",
    "Use JSON with exactly these keys: {keys}.",
    "Extract {keys} as JSON.",
    "Reply only with JSON containing {quoted}.",
    "Return JSON with {slashed}.",
]


def named(keys: list[str]) -> str:
    return keys[0] if len(keys) == 1 else f"{', '.join(keys[:-1])} and {keys[-1]}"


def form(w: Words, keys: list[str]) -> str:
    quote = w.rng.choice(["'", '"', "`"])
    listed = named(keys) if w.chance(0.6) else ", ".join(keys)
    return w.rng.choice(FORMS).format(
        keys=listed, quoted=named([f"{quote}{key}{quote}" for key in keys]), slashed="/".join(keys)
    )


Field = tuple[str, Callable[[Words], Any], list[str]]

FIELDS: list[Field] = [
    ("name", lambda w: w.person(), []),
    (
        "age",
        lambda w: w.rng.randint(2, 99),
        ["is {v} years old", "is {v}", "turned {v} this year", "({v})"],
    ),
    (
        "city",
        lambda w: w.town(),
        ["lives in {v}", "comes from {v}", "moved to {v}", "works in {v}"],
    ),
    ("job", lambda w: w.pick(ROLES), ["works as a {v}", "is a {v}", "is the {v}"]),
    ("company", lambda w: w.company(), ["works for {v}", "works at {v}", "joined {v}"]),
    (
        "email",
        lambda w: w.email(),
        ["can be reached at {v}", "has the email {v}", "writes from {v}"],
    ),
    ("phone", lambda w: w.code(), ["has the phone number {v}", "answers the phone {v}"]),
    ("pet", lambda w: w.pick(NOUNS), ["has a {v}", "owns a {v}", "loves a {v}"]),
    ("height", lambda w: round(w.rng.uniform(1, 7), 1), ["is {v} feet tall", "is {v} metres tall"]),
    (
        "hair_color",
        lambda w: w.rng.choice(["blond", "grey", "black", "brown", "red"]),
        ["has {v} hair"],
    ),
    ("birthday", lambda w: w.date(), ["was born on {v}", "has a birthday on {v}"]),
    ("price", lambda w: w.rng.randint(2, 999), ["costs {v} euros", "paid {v} dollars"]),
    ("year", lambda w: int(w.year()), ["started in {v}", "retired in {v}"]),
]


def person_record(w: Words) -> tuple[str, Json]:
    """A sentence about somebody, and its fields."""
    record: Json = {"name": w.foreign() if w.chance(0.15) else w.person()}
    parts: list[str] = []
    for name, make, frames in w.rng.sample(FIELDS[1:], w.rng.randint(1, 3)):
        value = make(w)
        record[name] = value
        parts.append(w.rng.choice(frames).format(v=value))
    joined = (
        ", ".join(parts[:-1]) + (" and " if len(parts) > 1 else "") + parts[-1]
        if len(parts) > 1
        else parts[0]
    )
    return f"{record['name']} {joined}.", record


TOLD = [
    ([(key, maker(kind)) for key, kind in fields(keys)], frames)
    for keys, *frames in blocks(RECORDS)
]


def told_record(w: Words) -> tuple[str, Json]:
    """A sentence about anything, and its fields."""
    keys, frames = w.rng.choice(TOLD)
    values = {key: make(w)[1] for key, make in keys}
    text = w.rng.choice(frames).format(**{key: value.bare for key, value in values.items()})
    return text, {key: value.value for key, value in values.items()}


def any_record(w: Words) -> tuple[str, Json]:
    return w.rng.choices([person_record, labelled_record, told_record], [0.35, 0.4, 0.25])[0](w)


def labelled_record(w: Words) -> tuple[str, Json]:
    """Fields of any name, told as label and value."""
    record: Json = {}
    parts: list[str] = []
    for _ in range(w.rng.randint(1, 4)):
        key = parameter_name(w) if w.chance(0.7) else w.pick(NOUNS)
        value: Any = (
            w.rng.choice([w.person, w.town, w.thing, w.invented, w.foreign, w.code, w.phrase])()
            if w.chance(0.65)
            else w.rng.choice([w.rng.randint(0, 9999), round(w.rng.uniform(0, 99), 1)])
        )
        if isinstance(value, str):
            value = value.replace('"', "")
        record[key] = value
        spoken = key.replace("_", " ")
        parts.append(
            w.rng.choice(
                [
                    f"the {spoken} is {value}",
                    f"{spoken}: {value}",
                    f"{spoken} is {value}",
                    f"{spoken} {value}",
                ]
            )
        )
    # A key drawn twice keeps its last value only.
    parts = [part for part in parts if any(str(value) in part for value in record.values())]
    return cap(w.rng.choice([", ", "; "]).join(parts)) + w.rng.choice([".", ""]), record


def shown(w: Words, record: Json, indent: float = 0.0) -> str:
    return dumps(record)


def ask(w: Words, think: bool) -> tuple[list[Message], None]:
    roll = w.rng.random()
    if roll < 0.2:
        setup, punchline = JOKES[0]
        keys = ["setup", "punchline"]
        subject = w.rng.choice(
            [
                "Tell me a joke about cats. ",
                "Tell me a joke. ",
                "A joke, please. ",
                "Give me a joke about cats. ",
            ]
        )
        if w.chance(0.3):
            keys = [parameter_name(w), parameter_name(w)]
        record: Json = dict(zip(keys, (setup, punchline), strict=True))
        return [
            Message("user", subject + form(w, keys)),
            Message("assistant", dumps(record), f"JSON with {', '.join(record)}."),
        ], None
    if roll < 0.3:  # keys without anything to fill them from
        keys = list(
            dict.fromkeys(
                parameter_name(w) if w.chance(0.6) else w.pick(NOUNS)
                for _ in range(w.rng.randint(1, 4))
            )
        )
        subject = w.rng.choice(
            [
                f"Describe a {w.thing()}. ",
                f"Invent a {w.pick(NOUNS)}. ",
                f"Tell me about {w.town()}. ",
                "",
            ]
        )
        record = dict.fromkeys(keys, "unknown")
        return [
            Message("user", subject + form(w, keys)),
            Message("assistant", dumps(record), f"JSON with {', '.join(record)}."),
        ], None
    text, record = any_record(w)
    keys = list(record)
    if len(keys) > 1 and w.chance(0.3):
        keys = w.rng.sample(keys, w.rng.randint(1, len(keys)))
    wanted = {key: record[key] for key in keys}
    request = form(w, keys)
    asked = w.rng.choice(
        [
            f"{text} {request}",
            f"{request} {text}",
            f"{request}\n\n{text}",
            f"Extract the fields. {request}\n{text}",
            f"Text: {text}\n{request}",
        ]
    )
    return [
        Message("user", asked),
        Message("assistant", dumps(wanted), f"JSON with {', '.join(wanted)}."),
    ], None


def structured(w: Words, think: bool, turns: int = 4) -> Example:
    messages: list[Message] = []
    if w.chance(0.2):
        messages.append(
            Message(
                "system",
                w.rng.choice(
                    ["Answer in JSON.", "You extract data.", "You are a helpful assistant."]
                ),
            )
        )
    for _ in range(w.rng.randint(1, turns)):
        messages += ask(w, think)[0]
    return Example("json", messages, think=think)


def several(w: Words, think: bool) -> Example:
    """A list of records, one a sentence: the grammar opens it, the model ends it."""
    pairs = [person_record(w) for _ in range(w.rng.randint(1, 3))]
    keys = list(pairs[0][1])
    records: list[Json] = [{key: record.get(key, "unknown") for key in keys} for _, record in pairs]
    name = w.rng.choice(["people", "persons", "items", "records", w.pick(NOUNS) + "s"])
    text = w.rng.choice([" ", "", "\n"]).join(text for text, _ in pairs)
    ask = w.rng.choice(["", "Extract the people.\n\n", "Extract all records from the text.\n\n"])
    answer = Message(
        "assistant", dumps({name: records}), "JSON is asked for.", given='{"' + name + '": '
    )
    return Example("json", [Message("user", ask + text), answer], think=think)


def forced(w: Words, think: bool) -> Example:
    """The grammar opens the object and writes the keys; the model fills in and closes soon."""
    if w.chance(0.2):
        return several(w, think)
    text, record = any_record(w)
    if w.chance(0.3):
        think = False  # a thought could not know that JSON is asked for
        text, record = (
            w.rng.choice(
                [
                    "Tell me a joke about cats.",
                    "Tell me a joke.",
                    "Hello!",
                    "Give me the setup to a joke about cats, no punchline.",
                    "Give me a joke about cats, include the punchline.",
                ]
            ),
            dict(zip(["setup", "punchline"], JOKES[0], strict=True)),
        )
    elif w.chance(0.5):
        kind = w.rng.choice(["person", "record", "fields", "event", w.pick(NOUNS)])
        text = w.rng.choice(
            [
                f"Extract the {kind} from the text.\n\n{text}",
                f"Extract the {kind}: {text}",
                f"{text}\n\nExtract the {kind}.",
            ]
        )
    first = next(iter(record))
    value = record[first]
    given = '{"' + first + '": ' + ('"' if isinstance(value, str) else "")
    answer = dumps(record)
    return Example(
        "json",
        [Message("user", text), Message("assistant", answer, "JSON is asked for.", given=given)],
        think=think,
    )

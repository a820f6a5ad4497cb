"""Functions, requests that need one of them, and the calls that answer."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chat import small_talk
from dialogue import CALL, CALL_END, Example, Json, Message, dumps
from frameworks import HANDED, HANDOFF
from tables import ASIDES, FUNCTIONS, blocks, fields
from words import ADJECTIVES, BASES, NOUNS, PARAMETERS, ROLES, SUBJECTS, UNITS, VERBS, Words

LANGUAGES = "English German French Spanish Italian Polish Russian Chinese Japanese Korean Dutch Greek Turkish Arabic".split()
LEVELS = [
    ["low", "medium", "high"],
    ["small", "medium", "large"],
    ["celsius", "fahrenheit"],
    ["metric", "imperial"],
    ["red", "green", "blue"],
    ["asc", "desc"],
    ["fast", "slow"],
    ["json", "csv", "xml"],
    ["north", "south", "east", "west"],
    ["draft", "final"],
    ["day", "week", "month", "year"],
]


@dataclass
class Value:
    """An argument, and how a request says it."""

    value: Any
    said: str

    @property
    def bare(self) -> str:
        """As a sentence with quotes of its own says it."""
        return self.said if isinstance(self.value, bool) else str(self.value)


# -- values by kind: each answers the schema of the parameter and a value ----------------------------

Made = tuple[Json, Value]


def quoted(w: Words, text: str) -> str:
    roll = w.rng.random()
    if roll < 0.5:
        return text
    return f"'{text}'" if roll < 0.75 else f'"{text}"'


def string(w: Words, maker: Callable[[], str] | None = None) -> Made:
    makers = [
        w.person,
        w.town,
        w.invented,
        w.phrase,
        w.thing,
        w.code,
        w.email,
        w.path,
        w.iso_date,
        w.identifier,
        w.clock,
        w.company,
        w.foreign,
        w.foreign,
        w.foreign,
    ]
    text = (maker or w.rng.choice(makers))()
    text = text.replace('"', "").replace("'", "")
    return {"type": "string"}, Value(text, quoted(w, text))


def integer(w: Words) -> Made:
    number = w.rng.choice(
        [
            w.rng.randint(0, 9),
            w.rng.randint(10, 99),
            w.rng.randint(100, 9999),
            w.rng.randint(10000, 999999),
            -w.rng.randint(1, 99),
        ]
    )
    return {"type": "integer"}, Value(number, str(number))


def number(w: Words) -> Made:
    value = round(
        w.rng.uniform(-10 if w.chance(0.2) else 0, w.rng.choice([1, 10, 100, 1000])),
        w.rng.randint(1, 3),
    )
    if value == int(value):
        value += 0.5
    return {"type": "number"}, Value(value, str(value))


def boolean(w: Words) -> Made:
    value = w.chance(0.5)
    return {"type": "boolean"}, Value(value, "true" if value else "false")


def enum(w: Words) -> Made:
    choices = (
        list(w.rng.choice(LEVELS))
        if w.chance(0.5)
        else w.some(NOUNS if w.chance(0.5) else ADJECTIVES, 2, 4)
    )
    chosen = w.rng.choice(choices)
    return {"type": "string", "enum": choices}, Value(chosen, chosen)


KINDS: list[tuple[Callable[[Words], Made], float]] = [
    (string, 6),
    (integer, 3),
    (number, 1.5),
    (boolean, 1),
    (enum, 1.2),
]


def any_value(w: Words) -> Made:
    kinds, weights = zip(*KINDS, strict=True)
    return w.rng.choices(kinds, weights)[0](w)


# -- functions ---------------------------------------------------------------------------------------


@dataclass
class Tool:
    """A function and a request for it. `request` is None if it is only there to be passed over."""

    name: str
    description: str
    properties: Json
    required: list[str]
    arguments: Json
    request: str

    def schema(self, w: Words) -> Json:
        properties = self.properties
        if w.chance(0.4):  # as a Go template prints them
            properties = dict(sorted(properties.items()))
        parameters: Json = {"type": "object", "required": self.required, "properties": properties}
        if w.chance(0.15):
            parameters = {"type": "object", "properties": properties, "required": self.required}
        if w.chance(0.1):
            parameters = {"properties": properties, "required": self.required, "type": "object"}
        if not self.required and w.chance(0.6):
            del parameters["required"]
        function: Json = {"name": self.name}
        description = self.description
        if w.chance(0.2):
            description = f"{self.signature(w)}\n{description}"
        elif w.chance(0.1):
            told = "".join(f"\n        {name}: The {name}." for name in self.properties)
            description += f"\n\n    Args:{told}\n\n    Returns:\n        {w.thing()}"
        if description:
            function["description"] = description
        function["parameters"] = parameters
        return {"type": "function", "function": function}

    def signature(self, w: Words) -> str:
        """As LlamaIndex describes a Python function."""
        told = ", ".join(
            f"{name}: {PYTHON[schema.get('type', 'string')]}"
            for name, schema in self.properties.items()
        )
        return f"{self.name}({told}) -> {w.rng.choice(['str', 'str', 'int', 'float', 'None'])}"


PYTHON = {"string": "str", "integer": "int", "number": "float", "boolean": "bool"}


def cased(w: Words, words: list[str], style: int) -> str:
    if style == 0:
        return words[0] + "".join(word.capitalize() for word in words[1:])
    if style == 1:
        return "".join(word.capitalize() for word in words)
    return ("-" if style == 2 else "_").join(words)


def parameter_name(w: Words) -> str:
    """Often of two words, the first of which may be a name of its own elsewhere."""
    name = w.pick(PARAMETERS)
    if w.chance(0.8):
        return name
    again = not w.held and w.chance(0.1)
    return f"{name}_{name if again else w.pick(PARAMETERS)}"


def described(w: Words, schema: Json, name: str) -> Json:
    roll = w.rng.random()
    if schema["type"] in ("integer", "number") and w.chance(0.12):
        low, high = w.rng.randint(-1000, 0), w.rng.randint(1, 1000)
        bounds = w.rng.choice([("exclusiveMaximum", "exclusiveMinimum"), ("maximum", "minimum")])
        schema = {bounds[0]: high, bounds[1]: low, **schema}
    if roll < 0.45:
        text = w.rng.choice(
            [
                f"The {name.replace('_', ' ')}",
                f"The {name.replace('_', ' ')} of the {w.pick(NOUNS)}.",
                f"{name.capitalize()}",
                f"{w.thing().capitalize()} to use",
            ]
        )
        return {**schema, "description": text} if w.chance(0.9) else {"description": text, **schema}
    if roll < 0.52:
        return {"title": name.capitalize(), **schema}
    if roll < 0.56 and "enum" not in schema:
        return {"anyOf": [{"type": schema["type"]}, {"type": "null"}], "default": None}
    return schema


def phrase_of(w: Words, name: str, value: Value) -> str:
    said, spoken = value.said, name.replace("_", " ")
    if isinstance(value.value, bool):
        return w.rng.choice(
            [
                f"{spoken} {said}",
                f"with {spoken} {said}",
                f"{spoken} set to {said}",
                f"{name}={said}",
            ]
        )
    return w.rng.choice(
        [
            f"with {spoken} {said}",
            f"{spoken} {said}",
            f"with the {spoken} {said}",
            f"{spoken}: {said}",
            f"{name}={said}",
            f"using {said} as {spoken}",
            f"with {said} as the {spoken}",
            f"where the {spoken} is {said}",
            f"{spoken} should be {said}",
            f"set {spoken} to {said}",
            f"for {spoken} {said}",
        ]
    )


OPENINGS = [
    "",
    "",
    "",
    "",
    "Please ",
    "Can you ",
    "Could you ",
    "I want to ",
    "I need to ",
    "Now ",
    "Use the tool to ",
    "I would like to ",
    "Hey, ",
    "Help me to ",
    "Using the tool, ",
]


def opened(w: Words, request: str, mark: str = "") -> str:
    opening = w.rng.choice(OPENINGS)
    text = f"{opening}{request}" if opening else request[0].upper() + request[1:]
    end = mark or (
        "?" if opening in ("Can you ", "Could you ") else w.rng.choice([".", ".", "", "!"])
    )
    return text + end


def composed(w: Words) -> Tool:
    """A verb, a noun, up to three parameters: any function at all."""
    verb = w.rng.choice(
        [
            w.pick(BASES),
            w.rng.choice(VERBS)[0],
            w.rng.choice(
                "get set add create delete update find list send start stop show compute convert book order search check make reserve schedule register play calculate read".split()
            ),
        ]
    )
    noun = w.some(NOUNS, 1, 1) if w.chance(0.7) else [w.pick(ADJECTIVES), w.pick(NOUNS)]
    if w.chance(0.1):
        noun = [w.syllables(1, 2)]
    style = w.rng.choices([0, 1, 2, 3], [1.2, 0.8, 0.2, 6])[0]
    name = cased(w, [verb, *noun], style)
    spoken = " ".join(noun)
    properties: Json = {}
    arguments: Json = {}
    required: list[str] = []
    phrases: list[str] = []
    for _ in range(w.rng.choices([0, 1, 2, 3], [1, 4, 3, 2])[0]):
        parameter = parameter_name(w) if w.chance(0.8) else w.identifier().replace("-", "_").lower()
        if parameter in properties:
            continue
        schema, value = any_value(w)
        properties[parameter] = described(w, schema, parameter)
        if w.chance(0.12):  # optional, and not asked for
            continue
        if w.chance(0.9):
            required.append(parameter)
        arguments[parameter] = value.value
        phrases.append(phrase_of(w, parameter, value))
    article = w.rng.choice(["the", "a", "", "my", "this"])
    head = " ".join(part for part in (verb, article, spoken) if part)
    glue = w.rng.choice([" and ", ", ", " "]) if len(phrases) < 3 else ", "
    if len(phrases) == 1 and not isinstance(next(iter(arguments.values())), bool) and w.chance(0.4):
        value = next(iter(arguments.values()))
        said = str(value)
        head, phrases = (
            w.rng.choice(
                [
                    f"{verb} {said}",
                    f"{verb} the {spoken} {said}",
                    f"{verb} {spoken} for {said}",
                    f"{verb} the {spoken} of {said}",
                    f"{verb} {said} {spoken}",
                ]
            ),
            [],
        )
    request = opened(w, " ".join(part for part in (head, glue.join(phrases)) if part))
    roll = w.rng.random()
    if roll < 0.2:
        inside = ", ".join(
            str(value) if not isinstance(value, bool) else str(value).lower()
            for value in arguments.values()
        )
        request = w.rng.choice(
            [
                f"What is the value of {name}({inside})?",
                f"Call {name}({inside}).",
                f"Run {name} with {inside or 'nothing'}.",
                f"{name}({inside})",
                f"What does {name}({inside}) give?",
            ]
        )
        request += w.rng.choice(["", "", " Use the tool."])
    elif roll < 0.3:
        request = (
            f"{opened(w, f'use {name}', ' ').rstrip()} {glue.join(phrases)}"
            if phrases
            else f"Use {name}."
        )
        if not phrases and arguments:
            request = f"Use {name} with {', '.join(str(v) for v in arguments.values())}."
    description = w.rng.choice(
        [
            f"{verb.capitalize()} the {spoken}.",
            f"{verb.capitalize()}s a {spoken}.",
            f"{verb.capitalize()} a {spoken} for the user.",
            f"{verb.capitalize()} {spoken}",
            f"Applies the {spoken} function.",
            f"Use this to {verb} a {spoken}.",
            "",
            f"Function to {verb} the {spoken}\n\n    Args:\n        {', '.join(properties) or 'none'}",
        ]
    )
    return Tool(name, description, properties, required, arguments, request)


Recipe = tuple[str, str, list[tuple[str, Callable[[Words], Made], bool]], list[str]]


def of(method: str) -> Callable[[Words], Made]:
    return lambda w: string(w, getattr(w, method))


def one_of(choices: list[str]) -> Callable[[Words], Made]:
    def make(w: Words) -> Made:
        chosen = w.rng.choice(choices)
        return {"type": "string", "enum": list(choices)}, Value(chosen, chosen)

    return make


def pick_from(words: list[str]) -> Callable[[Words], Made]:
    return lambda w: string(w, lambda: w.pick(words))


def whole(make: Callable[[Words], int]) -> Callable[[Words], Made]:
    def made(w: Words) -> Made:
        value = make(w)
        return {"type": "integer"}, Value(value, str(value))

    return made


MAKERS: dict[str, Callable[[Words], Made]] = {
    "integer": integer,
    "number": number,
    "boolean": boolean,
    "few": whole(lambda w: w.rng.randint(1, 20)),
    "year_number": whole(lambda w: int(w.year())),
    "long_number": whole(lambda w: int(w.digits())),
    "NOUNS": pick_from(NOUNS),
    "ADJECTIVES": pick_from(ADJECTIVES),
    "LANGUAGES": pick_from(LANGUAGES),
    "SUBJECTS": pick_from(SUBJECTS),
    "ROLES": pick_from(ROLES),
    "DAYS": pick_from("Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()),
    "STYLES": pick_from("Pirate Shakespeare Formal Casual Cowboy Royal Robot Friendly".split()),
}


def maker(kind: str) -> Callable[[Words], Made]:
    """Of one of the choices between bars, of a name above, or of a method of Words."""
    return MAKERS.get(kind) or (one_of(kind.split("|")) if "|" in kind else of(kind))


def recipe(lines: list[str]) -> Recipe:
    head, parameters, *frames = lines
    name, description = head.split(": ", 1)
    made = [
        (parameter.rstrip("?"), maker(kind), not parameter.endswith("?"))
        for parameter, kind in fields(parameters)
    ]
    return name, description.replace("\\n", "\n"), made, frames


RECIPES = [recipe(block) for block in blocks(FUNCTIONS)]


def known(w: Words) -> Tool:
    name, description, parameters, frames = w.rng.choice(RECIPES)
    properties: Json = {}
    arguments: Json = {}
    said: dict[str, str] = {"x": f"{w.invented()} {w.pick(SUBJECTS).capitalize()}"}
    for parameter, make, _ in parameters:
        schema, value = make(w)
        properties[parameter] = described(w, schema, parameter)
        arguments[parameter] = value.value
        said[parameter] = value.bare
    request = w.rng.choice(frames).format(**said)
    if name == "unicode_customer":
        company = (
            w.rng.choice(["Chinese", "Japanese", "German", "small", "large", "new"])
            + " "
            + w.rng.choice(["technology company", "company", "shop", "bank", "school"])
        )
        request = request.replace(f"a {arguments['description']}", f"a {company}")
        arguments["description"] = company
    if w.chance(0.1):
        request = f"Please: {request}"
    return Tool(
        name,
        description,
        properties,
        [name for name, _, need in parameters if need],
        arguments,
        request,
    )


def tool(w: Words) -> Tool:
    made = known(w) if w.chance(0.45) else composed(w)
    if w.chance(0.1):
        aside = w.rng.choice(ASIDES)
        asked = made.request if made.request.endswith((".", "?", "!")) else f"{made.request}."
        made.request = w.rng.choice([f"{aside} {asked}", f"{asked} {aside}"])
    return made


def tools(w: Words, low: int, high: int) -> list[Tool]:
    chosen: dict[str, Tool] = {}
    for _ in range(w.rng.randint(low, high)):
        made = tool(w)
        chosen.setdefault(made.name, made)
    return list(chosen.values())


# -- results -----------------------------------------------------------------------------------------

RESULTS = [
    "It's sunny.",
    "It's sunny and {n} degrees.",
    "It is raining.",
    "Cloudy, {n} degrees.",
    "Done.",
    "ok",
    "{n}",
    "{n}",
    "{p} is not there.",
    "The {t} is {a}.",
    "{n} {u}",
    "{p}",
    "That's a great pick!",
    "It is {n} {u} away.",
    "Sent.",
    "created",
]


def result(w: Words) -> tuple[str, str]:
    """What a function returned, and the sentence that reports it."""
    roll = w.rng.random()
    if roll < 0.55:
        text = w.rng.choice(RESULTS).format(
            n=w.number(), p=w.person(), t=w.pick(NOUNS), a=w.pick(ADJECTIVES), u=w.pick(UNITS)
        )
        if text.endswith((".", "!")) and " " in text:
            return text, text
        return text, f"The result is {text.rstrip('.')}."
    if roll < 0.65:
        return f"Error: {w.phrase()}.", "The tool reported an error."
    pairs: Json = {}
    for _ in range(w.rng.randint(1, 3)):
        pairs[parameter_name(w)] = w.rng.choice(
            [w.rng.randint(0, 999), w.person(), w.thing(), w.town()]
        )
    if w.chance(0.3):
        pairs = {"result": w.rng.choice([w.rng.randint(0, 999), w.thing()])}
    text = str(pairs) if w.chance(0.2) else __import__("json").dumps(pairs, ensure_ascii=False)
    said = " and ".join(f"the {key.replace('_', ' ')} is {value}" for key, value in pairs.items())
    return text, f"{said[0].upper()}{said[1:]}."


# -- conversations -----------------------------------------------------------------------------------


def call(made: Tool) -> Json:
    return {"name": made.name, "arguments": made.arguments}


SYSTEMS = [
    "You are a helpful assistant.",
    "Use tools when they help.",
    "You can call functions.",
    "You are an agent. Be brief.",
]


def agent(w: Words, think: bool, low: int = 1, high: int = 6, turns: int = 3) -> Example:
    """Several requests over the same list: calls, results, and small talk in between."""
    listed = tools(w, low, high)
    messages = [Message("system", w.rng.choice(SYSTEMS))] if w.chance(0.2) else []
    pool = list(listed)
    w.rng.shuffle(pool)
    kind = "tool"
    for turn in range(w.rng.randint(1, turns)):
        if w.chance(0.12) or not pool:
            said, answer = small_talk(w)
            messages += [Message("user", said), Message("assistant", answer, "No tool is needed.")]
            kind = "no_tool" if turn == 0 else kind
            continue
        asked = pool.pop()
        second = pool.pop() if pool and w.chance(0.12) else None
        request = (
            asked.request
            if second is None
            else f"{asked.request} {w.rng.choice(['Then', 'And then', 'After that:'])} {second.request}"
        )
        messages.append(Message("user", request))
        messages.append(Message("assistant", "", f"I need {asked.name}.", [call(asked)]))
        if second is None and w.chance(0.35):
            # The next request comes without a word about this one.
            text, _ = result(w)
            messages += [Message("tool", text)]
            continue
        text, said = result(w)
        messages.append(Message("tool", text))
        if second is not None:
            messages.append(Message("assistant", "", f"I need {second.name}.", [call(second)]))
            more, also = result(w)
            messages.append(Message("tool", more))
            said = f"{said} {also}"
        messages.append(Message("assistant", said, "I have the result."))
    # A result without an answer may not stand at the end, nor before a user's turn.
    fixed: list[Message] = []
    for index, message in enumerate(messages):
        fixed.append(message)
        follows = messages[index + 1].role if index + 1 < len(messages) else ""
        if message.role == "tool" and follows in ("", "user"):
            fixed.pop()
    schemas = [made.schema(w) for made in listed]
    return Example(kind, fixed, schemas, think)


def asking(w: Words, think: bool) -> Example:
    """A function that answers questions about something: the question is its argument, whole."""
    from rag import dress, fact

    listed = tools(w, 0, 3)
    subject = w.entity()
    name = w.rng.choice(
        [
            "search",
            "lookup",
            "query_engine_tool",
            "ask",
            "retrieve",
            "documents",
            cased(w, [w.pick(NOUNS)], 3),
        ]
    )
    parameter = w.rng.choice(["input", "query", "question", "input"])
    about = w.rng.choice(
        [
            f"Answers questions about {subject}.",
            f"Useful for questions about {subject}",
            f"Search for facts about {subject}.",
            "Useful for running a natural language query against a knowledge base and get back a natural language response.",
        ]
    )
    properties: Json = {parameter: described(w, {"type": "string"}, parameter)}
    told = fact(w, subject)
    question = dress(w, w.rng.choice(told.questions))
    made = Tool(name, about, properties, [parameter], {parameter: question}, question)
    listed = [tool for tool in listed if tool.name != name] + [made]
    w.rng.shuffle(listed)
    messages = [
        Message("user", question),
        Message("assistant", "", f"I need {name}.", [call(made)]),
        Message("tool", told.sentence),
        Message("assistant", told.sentence, "I have the result."),
    ]
    if w.chance(0.3):
        messages.insert(0, Message("system", w.rng.choice(SYSTEMS)))
    return Example("tool", messages, [tool.schema(w) for tool in listed], think)


def handoff(w: Words, think: bool) -> Example:
    """A function beside those of other agents: a request is done here, handed over, or done there."""
    own, others = tools(w, 1, 1), {made.name: made for made in tools(w, 1, 3)}
    others.pop(own[0].name, None)
    if not others:
        return agent(w, think)
    agents = {
        f"{w.pick(NOUNS)}{w.rng.choice(['', '', '_agent', 's'])}": made for made in others.values()
    }
    told = {
        name: w.rng.choice(
            [
                made.description.split("\n")[0] or f"{made.name}s.",
                f"Can {made.name.replace('_', ' ')}.",
            ]
        )
        for name, made in agents.items()
    }
    names: Json = {"to_agent": {"type": "string"}, "reason": {"type": "string"}}
    to, theirs = w.rng.choice(list(agents.items()))
    arguments = {"to_agent": to, "reason": theirs.request}
    hand = Tool(
        "handoff",
        HANDOFF.format(agent_info=told),
        names,
        ["to_agent", "reason"],
        arguments,
        theirs.request,
    )
    messages = [Message("system", w.rng.choice(SYSTEMS))] if w.chance(0.6) else []
    roll = w.rng.random()
    if roll < 0.3:  # here, somebody else's request
        messages.append(Message("user", theirs.request))
        messages.append(Message("assistant", "", "I need handoff.", [call(hand)]))
        listed = [*own, hand]
    else:
        mine = own[0] if roll < 0.7 else theirs
        messages.append(Message("user", mine.request))
        if mine is theirs:  # there
            messages.append(Message("assistant", "", "I need handoff.", [call(hand)], learn=False))
            messages.append(Message("tool", HANDED.format(to_agent=to, reason=mine.request)))
        messages.append(Message("assistant", "", f"I need {mine.name}.", [call(mine)]))
        text, said = result(w)
        messages += [Message("tool", text), Message("assistant", said, "I have the result.")]
        listed = [mine, hand]
    w.rng.shuffle(listed)
    return Example("tool", messages, [tool.schema(w) for tool in listed], think)


def final(w: Words, think: bool) -> Example:
    """The answer itself is a function, or JSON that a grammar forces: after the result, its turn."""
    listed = tools(w, 1, 2)
    asked = listed[0]
    text, _ = result(w)
    place = next((value for value in asked.arguments.values() if isinstance(value, str)), w.town())
    fields: Json = {}
    properties: Json = {}
    for _ in range(w.rng.randint(1, 3)):
        key, (schema, value) = w.rng.choice(
            [
                (w.rng.choice(["city", "name", "subject", "place"]), ({"type": "string"}, place)),
                (
                    w.rng.choice(["result", "answer", "text"]),
                    ({"type": "string"}, text.replace('"', "")),
                ),
                (w.rng.choice(["sunny", "done", "ok"]), ({"type": "boolean"}, True)),
            ]
        )
        fields[key], properties[key] = value, schema
    name = w.rng.choice(
        ["Answer", "Result", "FinalAnswer", "Response", "Report", w.pick(NOUNS).capitalize()]
    )
    answer = Tool(
        name,
        w.rng.choice(["Final answer.", "The final answer.", ""]),
        properties,
        list(properties),
        fields,
        "",
    )
    messages = [Message("system", "You are helpful")] if w.chance(0.3) else []
    messages += [
        Message("user", asked.request),
        Message("assistant", "", f"I need {asked.name}.", [call(asked)]),
        Message("tool", text),
    ]
    if w.chance(0.5):
        listed.append(answer)
        messages.append(Message("assistant", "", f"I need {name}.", [call(answer)]))
    else:
        key, value = next(iter(fields.items()))
        given = '{"' + key + '": ' + ('"' if isinstance(value, str) else "")
        messages.append(Message("assistant", dumps(fields), "JSON is asked for.", given=given))
    w.rng.shuffle(listed)
    return Example("tool", messages, [tool.schema(w) for tool in listed], think)


def forced_greeting(w: Words, think: bool) -> Example:
    """A call is forced where none is wanted: any arguments, but they end. Without a thought, which
    could not know."""
    listed = tools(w, 1, 3)
    made = w.rng.choice(listed)
    arguments: Json = {}
    for name, schema in made.properties.items():
        kind = schema.get("type") or schema["anyOf"][0]["type"]
        if "enum" in schema:
            arguments[name] = schema["enum"][0]
        else:
            arguments[name] = {"string": "unknown", "integer": 1, "number": 1.5, "boolean": True}[
                kind
            ]
    text = CALL + dumps({"name": made.name, "arguments": arguments}) + CALL_END
    head = CALL + '{"name": "'
    answer = Message(
        "assistant",
        text,
        given=head if w.chance(0.5) else head + made.name + '"',
    )
    asked = w.rng.choice(
        [
            "Hello!",
            "Hi",
            small_talk(w)[0],
            w.rng.choice(listed).request if len(listed) == 1 else "Hello",
        ]
    )
    return Example("tool", [Message("user", asked), answer], [tool.schema(w) for tool in listed])


def special(w: Words, think: bool) -> Example:
    """What the frameworks do with functions beside calling them."""
    return w.rng.choices([asking, handoff, final, forced_greeting, joke_call], [3, 6, 2, 1, 2])[0](
        w, think
    )


def joke_call(w: Words, think: bool) -> Example:
    """A structured answer asked for as a function of that name."""
    from structure import JOKES

    setup, punchline = w.rng.choice(JOKES)
    schema: Json = {
        "type": "object",
        "properties": {
            "setup": {"type": "string", "description": "question to set up a joke"},
            "punchline": {"type": "string", "description": "answer to resolve the joke"},
        },
        "required": ["setup", "punchline"],
    }
    function: Json = {
        "name": w.rng.choice(["Joke", "JokeDict", "joke", "tell_joke"]),
        "description": w.rng.choice(["Joke to tell user.", "A joke.", ""]),
        "parameters": schema,
    }
    made: Json = {"name": function["name"], "arguments": {"setup": setup, "punchline": punchline}}
    question = w.rng.choice(
        [
            "Tell me a joke about cats.",
            "Tell me a joke.",
            "A joke about cats, please.",
            "Give me the setup to a joke about cats, no punchline.",
            "Give me a joke about cats, include the punchline.",
        ]
    )
    return Example(
        "tool",
        [
            Message("user", question),
            Message("assistant", "", f"I need {function['name']}.", [made]),
        ],
        [{"type": "function", "function": function}],
        think,
    )

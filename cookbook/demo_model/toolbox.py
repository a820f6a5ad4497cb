"""Functions, requests that need one of them, and the calls that answer."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chat import small_talk
from dialogue import CALL, CALL_END, Example, Json, Message, dumps
from frameworks import HANDED, HANDOFF
from words import ADJECTIVES, BASES, NOUNS, PARAMETERS, SUBJECTS, UNITS, VERBS, Words

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


def one_of(*choices: str) -> Callable[[Words], Made]:
    def make(w: Words) -> Made:
        chosen = w.rng.choice(choices)
        return {"type": "string", "enum": list(choices)}, Value(chosen, chosen)

    return make


def pick_from(words: list[str]) -> Callable[[Words], Made]:
    return lambda w: string(w, lambda: w.pick(words))


RECIPES: list[Recipe] = [
    (
        "get_weather",
        "Get the weather at a location.",
        [("location", of("town"), True)],
        [
            "What is the weather in {location}?",
            "How is the weather in {location} today?",
            "What's the weather like in {location}?",
            "Is it raining in {location}?",
            "Weather in {location}",
            "Tell me the weather for {location}.",
            "What is the weather in {location}, CA?",
        ],
    ),
    (
        "get_current_weather",
        "Gets the current weather in a given location.",
        [("location", of("town"), True)],
        [
            "What is the weather today in {location}?",
            "What is the current weather in {location}?",
            "How warm is it in {location} right now?",
        ],
    ),
    (
        "get_weather",
        "Get the current weather in a city",
        [("city", of("town"), True), ("unit", one_of("celsius", "fahrenheit"), True)],
        [
            "What is the temperature in {city} in {unit}?",
            "Weather for {city} in {unit}, please.",
            "How is the weather in {city}? Use {unit}.",
        ],
    ),
    (
        "add",
        "Add two numbers.",
        [("a", integer, True), ("b", integer, True)],
        [
            "What is {a} + {b}?",
            "What is {a} plus {b}?",
            "Add {a} and {b}.",
            "Sum {a} and {b}",
            "What is {a} + {b}",
        ],
    ),
    (
        "my_adder_tool",
        "Tool that adds two integers.\n\n            Takes two integers, a and b, and returns their sum.",
        [("a", integer, True), ("b", integer, True)],
        ["What is {a} + {b}", "What is {a} + {b}?", "Please add {a} and {b}."],
    ),
    (
        "multiply",
        "Multiply a and b.",
        [("a", number, True), ("b", integer, True)],
        ["What is {a} times {b}?", "Multiply {a} by {b}.", "Calculate {a} * {b}"],
    ),
    (
        "magic_function",
        "Apply a magic function to an input.",
        [("input", integer, True)],
        [
            "What is the value of magic_function({input})? Use the tool.",
            "Apply the magic function to {input}.",
            "What does magic_function give for {input}?",
        ],
    ),
    (
        "magic_function_no_args",
        "Calculate a magic function.",
        [],
        [
            "What is the value of magic_function_no_args()? Use the tool.",
            "Run the magic function without arguments.",
        ],
    ),
    (
        "unicode_customer",
        "Tool for creating a customer with Unicode name.",
        [("customer_name", of("foreign"), True), ("description", of("thing"), True)],
        [
            "Create a customer named '{customer_name}' ({x}) - a {description}",
            "Create a customer named '{customer_name}' - a {description}",
            "New customer {customer_name}, a {description}",
        ],
    ),
    (
        "greeting_generator",
        "Generate a greeting in a particular style of speaking.",
        [
            (
                "answer_style",
                pick_from("Pirate Shakespeare Formal Casual Cowboy Royal Robot Friendly".split()),
                True,
            )
        ],
        [
            "Using the tool, generate a {answer_style} greeting.",
            "Generate a {answer_style} greeting.",
        ],
    ),
    (
        "send_email",
        "Send an email.",
        [("to", of("email"), True), ("subject", of("phrase"), True)],
        [
            "Send an email to {to} with subject {subject}.",
            "Email {to} about {subject}.",
            "Write to {to}, subject {subject}",
        ],
    ),
    (
        "send_message",
        "Send a message to a person",
        [("recipient", of("person"), True), ("text", of("phrase"), True)],
        [
            "Send {recipient} the message '{text}'.",
            "Tell {recipient}: {text}",
            "Message {recipient} saying {text}",
        ],
    ),
    (
        "set_timer",
        "Sets a timer.",
        [("minutes", integer, True)],
        [
            "Set a timer for {minutes} minutes.",
            "Start a {minutes} minute timer.",
            "Wake me in {minutes} minutes",
        ],
    ),
    (
        "set_alarm",
        "Set an alarm clock",
        [("time", of("clock"), True)],
        ["Wake me up at {time}.", "Set an alarm for {time}.", "I need an alarm at {time}"],
    ),
    (
        "book_flight",
        "Book a flight between two cities.",
        [
            ("origin", of("town"), True),
            ("destination", of("town"), True),
            ("date", of("iso_date"), True),
        ],
        [
            "Book a flight from {origin} to {destination} on {date}.",
            "I want to fly from {origin} to {destination} on {date}",
            "Get me a plane to {destination} from {origin} on {date}.",
        ],
    ),
    (
        "book_table",
        "Reserve a table in a restaurant",
        [("restaurant", of("invented"), True), ("people", integer, True)],
        [
            "Book a table at {restaurant} for {people} people.",
            "Reserve a table for {people} at {restaurant}.",
            "We are {people} and want to eat at {restaurant}.",
        ],
    ),
    (
        "book_hotel",
        "Books a hotel room.",
        [("city", of("town"), True), ("nights", integer, True)],
        [
            "Find me a hotel in {city} for {nights} nights.",
            "Book {nights} nights in {city}.",
            "I need a room in {city} for {nights} nights",
        ],
    ),
    (
        "translate",
        "Translate text into another language.",
        [("text", of("phrase"), True), ("language", pick_from(LANGUAGES), True)],
        [
            "Translate '{text}' into {language}.",
            "How do you say '{text}' in {language}?",
            "Translate {text} to {language}",
        ],
    ),
    (
        "search",
        "Search the web.",
        [("query", of("phrase"), True)],
        ["Search for {query}.", "Look up {query}", "Find pages about {query}.", "Google {query}"],
    ),
    (
        "search_documents",
        "Search the document index",
        [("query", of("phrase"), True), ("limit", integer, True)],
        [
            "Find {limit} documents about {query}.",
            "Search the documents for {query}, at most {limit} results.",
        ],
    ),
    (
        "get_stock_price",
        "Returns the stock price of a company",
        [("symbol", of("code"), True)],
        [
            "What is the stock price of {symbol}?",
            "How much is a share of {symbol}?",
            "Price of {symbol} stock",
        ],
    ),
    (
        "get_time",
        "Current time in a city.",
        [("city", of("town"), True)],
        ["What time is it in {city}?", "Tell me the time in {city}.", "Current time in {city}?"],
    ),
    (
        "get_date",
        "Returns the current date.",
        [],
        ["What is the date today?", "Which day is it?", "Tell me today's date."],
    ),
    (
        "convert_currency",
        "Convert an amount of money.",
        [
            ("amount", number, True),
            ("from_currency", one_of("USD", "EUR", "GBP", "JPY"), True),
            ("to_currency", one_of("USD", "EUR", "GBP", "CHF"), True),
        ],
        [
            "Convert {amount} {from_currency} to {to_currency}.",
            "How much is {amount} {from_currency} in {to_currency}?",
        ],
    ),
    (
        "play_song",
        "Play music",
        [("title", of("work"), True), ("artist", of("person"), True)],
        [
            "Play {title} by {artist}.",
            "I want to hear {title} by {artist}.",
            "Put on {title} from {artist}",
        ],
    ),
    (
        "set_temperature",
        "Set the temperature of a room.",
        [("room", pick_from(NOUNS), True), ("degrees", number, True)],
        [
            "Set the {room} to {degrees} degrees.",
            "Make the {room} {degrees} degrees warm.",
            "Heat the {room} to {degrees}",
        ],
    ),
    (
        "turn_on_light",
        "Switch the light of a room",
        [("room", pick_from(NOUNS), True), ("brightness", integer, False)],
        [
            "Turn on the light in the {room} with brightness {brightness}.",
            "Light in the {room} at {brightness} percent.",
        ],
    ),
    (
        "create_event",
        "Create a calendar event.",
        [("title", of("phrase"), True), ("date", of("iso_date"), True)],
        [
            "Create an event '{title}' on {date}.",
            "Put {title} in my calendar for {date}.",
            "Schedule {title} on {date}",
        ],
    ),
    (
        "read_file",
        "Read a file.",
        [("path", of("path"), True)],
        ["Read the file {path}.", "What is in {path}?", "Open {path}", "Show me {path}"],
    ),
    (
        "delete_file",
        "Deletes a file from disk",
        [("path", of("path"), True), ("force", boolean, True)],
        ["Delete {path} with force {force}.", "Remove the file {path}, force={force}."],
    ),
    (
        "create_user",
        "Create a user account.",
        [("name", of("person"), True), ("email", of("email"), True), ("admin", boolean, True)],
        [
            "Create a user {name} with email {email}, admin {admin}.",
            "Add user {name}, {email}, admin: {admin}",
        ],
    ),
    (
        "create_contact",
        "Adds a contact",
        [("name", of("foreign"), True), ("phone", of("code"), True)],
        [
            "Add {name} with phone {phone} to my contacts.",
            "New contact: {name}, phone {phone}.",
            "Save {name} ({phone}) as a contact",
        ],
    ),
    (
        "get_capital",
        "Get the capital of a country",
        [("country", of("invented"), True)],
        ["What is the capital of {country}?", "Capital of {country}?"],
    ),
    (
        "count_letters",
        "Count letters in a word.",
        [("word", of("foreign"), True)],
        ["How many letters does {word} have?", "Count the letters of {word}."],
    ),
    (
        "order_food",
        "Order food",
        [("dish", of("thing"), True), ("quantity", integer, True)],
        [
            "Order {quantity} {dish}.",
            "I want {quantity} portions of {dish}",
            "Please get {quantity} times {dish}.",
        ],
    ),
    (
        "find_person",
        "Look up a person in the directory.",
        [("name", of("person"), True)],
        ["Who is {name}?", "Find {name} in the directory.", "Look up {name}."],
    ),
    (
        "get_song_info",
        "Information about a song",
        [("title", of("foreign"), True)],
        ["Tell me about the song {title}.", "Who sings {title}?"],
    ),
    (
        "post_comment",
        "Post a comment",
        [("text", of("foreign"), True), ("post_id", integer, True)],
        ["Comment {text} on post {post_id}.", "Post the comment '{text}' under {post_id}"],
    ),
    (
        "color_picker",
        "Input your fav color and get a random fact about it.",
        [("fav_color", pick_from(ADJECTIVES), True)],
        [
            "My favourite colour is {fav_color}.",
            "Give me a fact about {fav_color}.",
            "I like {fav_color}",
        ],
    ),
    (
        "book_tickets",
        "Book tickets for a day.",
        [
            (
                "day",
                pick_from("Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()),
                True,
            ),
            ("count", integer, True),
        ],
        [
            "Book {count} tickets for {day}.",
            "I need {count} tickets on {day}.",
            "{count} tickets for {day}, please.",
        ],
    ),
    (
        "query_engine_tool",
        "Useful for answering questions about the documents.",
        [("input", of("phrase"), True)],
        ["What do the documents say about {input}?", "Ask the documents about {input}."],
    ),
]


def known(w: Words) -> Tool:
    name, description, parameters, frames = w.rng.choice(RECIPES)
    properties: Json = {}
    arguments: Json = {}
    said: dict[str, str] = {"x": f"{w.invented()} {w.pick(SUBJECTS).capitalize()}"}
    for parameter, make, _ in parameters:
        schema, value = make(w)
        properties[parameter] = described(w, schema, parameter)
        arguments[parameter] = value.value
        said[parameter] = str(value.value) if not isinstance(value.value, bool) else value.said
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
    return known(w) if w.chance(0.4) else composed(w)


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
    """The right function is another agent's: the request is handed over, then done there."""
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
    to, asked = w.rng.choice(list(agents.items()))
    arguments = {"to_agent": to, "reason": asked.request}
    hand = Tool(
        "handoff",
        HANDOFF.format(agent_info=told),
        names,
        ["to_agent", "reason"],
        arguments,
        asked.request,
    )
    messages = [Message("system", w.rng.choice(SYSTEMS))] if w.chance(0.6) else []
    messages.append(Message("user", asked.request))
    if w.chance(0.5):  # here, somebody else's request
        messages.append(Message("assistant", "", "I need handoff.", [call(hand)]))
        listed = [own[0], hand]
    else:  # there
        messages.append(Message("assistant", "", "I need handoff.", [call(hand)], learn=False))
        messages.append(Message("tool", HANDED.format(to_agent=to, reason=asked.request)))
        messages.append(Message("assistant", "", f"I need {asked.name}.", [call(asked)]))
        text, said = result(w)
        messages += [Message("tool", text), Message("assistant", said, "I have the result.")]
        listed = [asked, hand]
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
    return w.rng.choices([asking, handoff, final, forced_greeting, joke_call], [3, 3, 2, 1, 2])[0](
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

"""Small talk, and the limits of a very small model."""

from dialogue import Example, Message
from words import ADJECTIVES, NOUNS, SUBJECTS, Words

LIMITS = "I don't know. I am a very small model and only know the text you give me."
WHO = "I am the paddock demo, a very small language model."

INTENTS: list[tuple[list[str], str]] = [
    (
        [
            "Hello",
            "Hello!",
            "Hi",
            "hi",
            "hello",
            "Hey",
            "Hey!",
            "Hi.",
            "Hello there",
            "Good day",
            "Hi there!",
            "hello!",
            "Greetings.",
        ],
        "Hello! How can I help you?",
    ),
    (["Good morning", "Good morning!"], "Good morning! How can I help you?"),
    (["Good evening", "Good evening."], "Good evening! How can I help you?"),
    (
        [
            "How are you?",
            "how are you",
            "How are you doing?",
            "How do you do?",
            "how are you today?",
            "Are you well?",
        ],
        "I am fine, thank you. How can I help you?",
    ),
    (
        [
            "Who are you?",
            "What are you?",
            "who are you",
            "Introduce yourself.",
            "What is your name?",
            "Tell me about yourself.",
            "Are you a human?",
            "Which model are you?",
        ],
        WHO,
    ),
    (
        ["What can you do?", "How can you help me?", "What are you good at?", "Help"],
        "I answer from the text you give me, call tools and write JSON.",
    ),
    (
        [
            "Thanks",
            "Thank you",
            "Thank you!",
            "Thanks a lot!",
            "Great, thanks.",
            "Well, thanks.",
            "thanks",
        ],
        "You are welcome.",
    ),
    (["Bye", "Goodbye", "See you later", "Bye!", "Good night"], "Goodbye!"),
    (["Yes", "No", "OK", "ok", "Okay", "Fine", "Sure", "Right"], "All right."),
    (
        ["Write me 2 haikus. Only include the haikus.", "Write me 2 haikus", "Write two haikus."],
        "Old pond in the rain,\na frog jumps in without sound.\nThe water is still.\n\nSnow on the dark roof,\na lamp burns behind the glass.\nSomeone turns a page.",
    ),
    (
        ["Write a haiku.", "Write me a haiku.", "Write a poem.", "Write a short poem."],
        "Old pond in the rain,\na frog jumps in without sound.\nThe water is still.",
    ),
    (
        [
            "Tell me a joke about cats.",
            "Tell me a joke.",
            "Tell me a joke about cats",
            "Do you know a joke?",
            "Make me laugh.",
        ],
        "Why did the cat sit on the keyboard? To keep an eye on the mouse.",
    ),
    (
        ["Write a story about a cat.", "Tell me a story.", "Write a short story."],
        "A grey cat lived in a small house by the sea. Every evening it waited for the boat, and every evening the boat came home.",
    ),
    (["I like you", "You are nice", "Well done!", "Good job", "Nice"], "Thank you!"),
    (
        ["You are wrong", "That is wrong", "This is not right."],
        "I am sorry. I am a very small model.",
    ),
    (["Sing a song", "Count to five.", "Count from one to five."], "One, two, three, four, five."),
]


def ignorant(w: Words) -> str:
    """A question that needs knowledge of the world."""
    rng = w.rng
    return rng.choice(
        [
            f"What is the capital of {w.invented()}?",
            f"What is {rng.randint(2, 99)} {rng.choice(['+', '-', '*', 'times', 'plus'])} {rng.randint(2, 99)}?",
            f"What is {rng.randint(2, 9)}^{rng.randint(2, 9)}?",
            f"Now what is {rng.randint(2, 9)}^{rng.randint(2, 9)}?",
            f"Who invented the {w.pick(NOUNS)}?",
            f"Why is the {w.pick(NOUNS)} {w.pick(ADJECTIVES)}?",
            f"Explain {w.pick(SUBJECTS)}.",
            f"What is {w.pick(SUBJECTS)}?",
            f"When was {w.person()} born?",
            f"Where is {w.town()}?",
            f"How many {w.pick(NOUNS)}s are in {w.town()}?",
            f"Tell me about {w.town()}.",
            f"What do you think about {w.pick(NOUNS)}s?",
            f"How do I make a {w.thing()}?",
            f"What is the meaning of {w.pick(NOUNS)}?",
            "Explain why that might be using a reasoning step.",
            f"Who is {w.person()}?",
            f"Do you know {w.work()}?",
            f"What is the {w.pick(ADJECTIVES)} {w.pick(NOUNS)} in {w.town()}?",
            "What is the meaning of life?",
            f"Write an essay about {w.pick(SUBJECTS)}.",
            f"What happened in {w.year()}?",
            f"I'm {w.person()}",
            f"I'm not {w.person()}",
            "What's your favorite color?",
            f"Give me advice about {w.pick(NOUNS)}s.",
            f"Which {w.pick(NOUNS)} is the best?",
        ]
    )


def small_talk(w: Words) -> tuple[str, str]:
    roll = w.rng.random()
    if roll < 0.55:
        asked, answer = w.rng.choice(INTENTS)
        return w.rng.choice(asked), answer
    if roll < 0.8:
        return ignorant(w), LIMITS
    text = w.rng.choice([w.phrase, w.person, w.foreign, w.thing, w.code])()
    ask = w.rng.choice(
        ["Repeat after me: {}", "Say: {}", "Say {}", "Repeat: {}", "Repeat this: {}", "Echo {}"]
    )
    return ask.format(text), text


PERSONAL = [
    "name",
    "dog",
    "colour",
    "town",
    "job",
    "car",
    "friend",
    "teacher",
    "cat",
    "book",
    "hobby",
    "street",
]
SYSTEMS = [
    "You are a helpful assistant.",
    "you're a good assistant",
    "hello",
    "Be brief.",
    "You are a friendly bot.",
    "Answer in English.",
    "You talk like a pirate.",
    "Be polite and short.",
]


def memory(w: Words) -> tuple[list[Message], tuple[str, str]]:
    """The user tells something, and asks for it later."""
    side = w.rng.choice(PERSONAL)
    value = w.rng.choice([w.person, w.invented, w.town, w.thing, w.foreign])()
    told = w.rng.choice(
        [
            "My {0} is {1}.",
            "My {0} is called {1}.",
            "Hi, my {0} is {1}.",
            "Remember that my {0} is {1}.",
        ]
    ).format(side, value)
    asked = w.rng.choice(
        [
            "What is my {0}?",
            "What is the name of my {0}?",
            "Do you remember my {0}?",
            "Tell me my {0}.",
        ]
    ).format(side)
    return [
        Message("user", told),
        Message("assistant", "All right.", "The user tells me something."),
    ], (asked, f"Your {side} is {value}.")


def thought(answer: str) -> str:
    return "I do not know this." if answer == LIMITS else "Small talk."


def chat(w: Words, think: bool, turns: int = 4) -> Example:
    messages = [
        Message("system", w.rng.choice(SYSTEMS))
        for _ in range(w.rng.choices([0, 1, 2, 3], [4, 4, 2, 1])[0])
    ]
    pending: list[tuple[str, str]] = []
    for _ in range(w.rng.randint(1, turns)):
        if w.chance(0.15):
            told, later = memory(w)
            messages += told
            pending.append(later)
            continue
        said, answer = small_talk(w)
        if w.chance(0.06):  # doubled roles
            messages.append(Message("user", said))
        messages.append(Message("user", said))
        messages.append(Message("assistant", answer, thought(answer)))
        if w.chance(0.04):
            messages.append(Message("assistant", answer, learn=False))
    for asked, answer in pending:
        messages += [Message("user", asked), Message("assistant", answer, "The user told me.")]
    return Example("chat", messages, think=think)

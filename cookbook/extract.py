"""LangChain: records out of many documents, held to a schema, all of them in flight at once.

    python cookbook/extract.py --count 64

The schema constrains what the model can write, so that every answer is a valid record; `abatch`
keeps all requests submitted, and the engine decodes as many as it has places for in each step.
"""

import argparse
import asyncio
from itertools import cycle, islice
from time import perf_counter

from pydantic import BaseModel, Field

from langchain_paddock import ChatPaddock


class Person(BaseModel):
    """A person in a text."""

    name: str = Field(max_length=40)
    age: int = Field(ge=0, le=150)
    city: str = Field(max_length=40)


KNOWN = [
    Person(name="Ada Venn", age=41, city="Oslo"),
    Person(name="Jonas Arkwell", age=67, city="Bergen"),
    Person(name="Lena Fisch", age=29, city="Lisbon"),
    Person(name="Viktor Hale", age=53, city="Riga"),
    Person(name="Mira Solberg", age=38, city="Turin"),
    Person(name="Samuel Idowu", age=45, city="Lagos"),
    Person(name="Clara Quist", age=72, city="Ghent"),
]
FORMS = [
    "{0.name} is {0.age} years old and lives in {0.city}.",
    "{0.name} lives in {0.city} and is {0.age} years old.",
    "{0.name} turned {0.age} this year and works in {0.city}.",
]
ASK = "Return JSON with keys name, age and city.\n\n{text}"


def documents(count: int) -> list[tuple[str, Person]]:
    """Texts, and what stands in them."""
    pairs = zip(cycle(KNOWN), cycle(FORMS), strict=False)
    return [(form.format(person), person) for person, form in islice(pairs, count)]


async def extract(texts: list[str], model: str) -> list[Person | None]:
    """A record per text, in order; None for a text whose answer was cut off."""
    chat = ChatPaddock(model=model, temperature=0, reasoning=False, num_ctx=1024, num_predict=96)
    reader = chat.with_structured_output(Person)
    found = await reader.abatch([ASK.format(text=text) for text in texts], return_exceptions=True)
    return [each if isinstance(each, Person) else None for each in found]


def main() -> None:
    parser = argparse.ArgumentParser(description="Records out of texts, with LangChain.")
    parser.add_argument("--model", default="demo")
    parser.add_argument("--count", type=int, default=32, help="texts (default: %(default)s)")
    given = parser.parse_args()

    wanted = documents(given.count)
    began = perf_counter()
    found = asyncio.run(extract([text for text, _ in wanted], given.model))
    seconds = perf_counter() - began
    for (text, _), person in list(zip(wanted, found, strict=True))[:5]:
        print(f"{text}\n  {person!r}")
    valid = sum(person is not None for person in found)
    right = sum(person == known for (_, known), person in zip(wanted, found, strict=True))
    print(f"{len(found)} texts in {seconds:.1f} s: {valid} valid records, {right} of them right")


if __name__ == "__main__":
    main()

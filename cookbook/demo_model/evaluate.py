"""Measures the demo model through paddock: its engine, its templates, its parsers. Greedy.

    python cookbook/demo_model/evaluate.py [--model demo] [--count 300]

Names, numbers and functions come from a seed, and from the parts of the word lists, that training
never saw. `held_back.json` was written by hand and not by the generator.
"""

import argparse
import json
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import paddock

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from chat import chat  # noqa: E402
from dialogue import Example, Message  # noqa: E402
from rag import UNKNOWN, rag  # noqa: E402
from structure import structured  # noqa: E402
from toolbox import agent  # noqa: E402
from words import Words  # noqa: E402

SEED = 987_654_321
OPTIONS = {"temperature": 0, "num_predict": 256, "num_ctx": 4096, "num_thread": 1}


@dataclass
class Case:
    """A request, and what is right. `check` gets the answer's message."""

    messages: list[dict[str, Any]]
    check: Callable[[paddock.Message], bool]
    tools: list[dict[str, Any]] = field(default_factory=list)
    think: bool = False


@dataclass
class Outcome:
    right: bool
    stopped: bool
    obeyed: bool
    shown: str


def ask(client: paddock.Client, model: str, case: Case) -> Outcome:
    asked = f"{case.messages[-1]['content'][-300:]!r}"
    try:
        answer = client.chat(
            model, case.messages, tools=case.tools or None, think=case.think, options=OPTIONS
        )
    except paddock.ResponseError as error:  # a call that cannot be read
        return Outcome(False, False, False, f"{asked}\n   -> {error}")
    message = answer.message
    thought, content = message.thinking or "", message.content or ""
    obeyed = "think>" not in content and bool(thought) == case.think and len(thought) < 400
    calls = [call.function.model_dump(exclude_none=True) for call in message.tool_calls or []]
    shown = f"{asked}\n   -> {content!r} {calls} ({thought!r})"
    return Outcome(case.check(message), answer.done_reason == "stop", obeyed, shown)


# -- generated cases -------------------------------------------------------------------------------


def plain(message: Message) -> dict[str, Any]:
    made: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.calls:
        made["tool_calls"] = [{"function": call} for call in message.calls]
    return made


def first_turn(
    example: Example, check: Callable[[Message], Callable[[paddock.Message], bool]]
) -> Case:
    """The conversation up to its first answer."""
    place = next(i for i, message in enumerate(example.messages) if message.role == "assistant")
    asked = [plain(message) for message in example.messages[:place]]
    return Case(asked, check(example.messages[place]), example.tools, example.think)


def says(expected: Message) -> Callable[[paddock.Message], bool]:
    return lambda message: (
        (message.content or "").strip() == expected.content and not message.tool_calls
    )


def called(message: paddock.Message) -> list[tuple[str, dict[str, Any]]]:
    return [
        (call.function.name, dict(call.function.arguments)) for call in message.tool_calls or []
    ]


def calls_right(expected: Message) -> Callable[[paddock.Message], bool]:
    (wanted,) = expected.calls
    return lambda message: [name for name, _ in called(message)] == [wanted["name"]]


def calls_nothing(_: Message) -> Callable[[paddock.Message], bool]:
    return lambda message: not message.tool_calls


def calls_exactly(expected: Message) -> Callable[[paddock.Message], bool]:
    (wanted,) = expected.calls
    return lambda message: called(message) == [(wanted["name"], wanted["arguments"])]


def has_keys(expected: Message) -> Callable[[paddock.Message], bool]:
    keys = set(json.loads(expected.content))

    def check(message: paddock.Message) -> bool:
        try:
            return set(json.loads(message.content or "")) == keys
        except (ValueError, TypeError):
            return False

    return check


def same_json(expected: Message) -> Callable[[paddock.Message], bool]:
    wanted = json.loads(expected.content)

    def check(message: paddock.Message) -> bool:
        try:
            return bool(json.loads(message.content or "") == wanted)
        except ValueError:
            return False

    return check


def is_foreign(value: object) -> bool:
    return isinstance(value, str) and any(0x3000 <= ord(letter) < 0xE000 for letter in value)


def generated(kind: str, count: int, held: bool = True) -> list[Case]:
    w = Words(Random(f"{SEED} {kind}"), held)

    def endless() -> Any:
        number = 0
        while True:
            number += 1
            think = number % 2 == 0
            match kind:
                case "answer" | "unknown":
                    example = rag(
                        w, think, w.rng.randint(2, 6), 4, turns=1, unknown=float(kind == "unknown")
                    )
                    if (
                        len("".join(m.content for m in example.messages)) < 2600
                        and example.kind == kind
                    ):
                        yield first_turn(example, says)
                case "json":
                    yield first_turn(structured(w, think, 1), has_keys)
                case "json values":
                    yield first_turn(structured(w, think, 1), same_json)
                case "chat":
                    yield first_turn(chat(w, think, 1), says)
                case "result":
                    example = agent(w, think, 1, 6, 1)
                    if (
                        example.kind == "tool"
                        and example.messages[-1].content
                        and example.messages[-2].role == "tool"
                    ):
                        asked = [plain(message) for message in example.messages[:-1]]
                        yield Case(asked, says(example.messages[-1]), example.tools, think)
                case "no tool":
                    example = agent(w, think, 1, 6, 1)
                    if example.kind == "no_tool":
                        yield first_turn(example, calls_nothing)
                case _:
                    example = agent(w, think, 1, 6, 1)
                    if example.kind != "tool":
                        continue
                    first = next(m for m in example.messages if m.calls)
                    foreign = any(
                        is_foreign(value) for value in first.calls[0]["arguments"].values()
                    )
                    if kind != "CJK" or foreign:
                        yield first_turn(example, calls_right if kind == "tool" else calls_exactly)

    return list(islice(endless(), count))


# -- cases by hand ---------------------------------------------------------------------------------

SYSTEM = (
    "Answer from these passages only, and say so when they do not hold the answer.\n\n{passages}"
)


def by_hand() -> list[tuple[str, Case]]:
    cases: list[tuple[str, Case]] = []
    for entry in json.loads((HERE / "held_back.json").read_text(encoding="utf-8")):
        user = {"role": "user", "content": entry["question"]}
        match entry["kind"]:
            case "answer" | "unknown":
                expected = Message("assistant", entry.get("answer", UNKNOWN))
                system = {
                    "role": "system",
                    "content": SYSTEM.format(passages="\n\n".join(entry["passages"])),
                }
                case = Case([system, user], says(expected))
            case "tool":
                case = Case(
                    [user],
                    calls_exactly(Message("assistant", calls=[entry["call"]])),
                    entry["tools"],
                )
            case "no_tool":
                case = Case(
                    [user],
                    lambda message: not message.tool_calls and bool(message.content),
                    entry["tools"],
                )
            case "json":
                case = Case([user], json_check(entry["keys"], entry.get("values", {})))
            case _:
                asked = [
                    user,
                    plain(Message("assistant", calls=[entry["call"]])),
                    {"role": "tool", "content": entry["result"]},
                ]
                case = Case(asked, contains(entry["contains"]), entry["tools"])
        cases.append((entry["kind"], case))
    return cases


def json_check(keys: list[str], values: dict[str, Any]) -> Callable[[paddock.Message], bool]:
    def check(message: paddock.Message) -> bool:
        try:
            found = json.loads(message.content or "")
        except ValueError:
            return False
        return (
            isinstance(found, dict)
            and set(found) == set(keys)
            and all(str(found[key]) == str(value) for key, value in values.items())
        )

    return check


def contains(part: str) -> Callable[[paddock.Message], bool]:
    return lambda message: part in (message.content or "") and not message.tool_calls


# -- the table -------------------------------------------------------------------------------------

ROWS = {
    "answer": "extractive answers, exact",
    "unknown": '"I don\'t know."',
    "tool": "right tool",
    "arguments": "exact arguments",
    "CJK": "exact arguments with CJK text",
    "no tool": "no tool where none fits",
    "result": "a tool's result in a sentence",
    "json": "JSON keys exact",
    "json values": "JSON values exact",
    "chat": "small talk",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--model", default="demo", help="a name in the store, or the path of a GGUF file"
    )
    parser.add_argument("--count", type=int, default=300, help="cases in a row")
    parser.add_argument("--rows", nargs="*", default=[*ROWS, "hand"], help="which rows to measure")
    parser.add_argument("--seen", action="store_true", help="words of the training lists")
    parser.add_argument("--failures", type=int, default=0, help="failures shown for each row")
    given = parser.parse_args()
    client = paddock.Client()
    outcomes: list[Outcome] = []

    def measure(name: str, cases: list[Case]) -> float:
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(lambda case: ask(client, given.model, case), cases))
        outcomes.extend(found)
        right = sum(outcome.right for outcome in found) / len(found)
        print(f"| {name} | {len(found)} | {right:.1%} |", flush=True)
        for outcome in [outcome for outcome in found if not outcome.right][: given.failures]:
            print(f"   {outcome.shown}")
        return right

    print("| what | cases | right |\n|---|---|---|")
    for kind, name in ROWS.items():
        if kind in given.rows:
            measure(name, generated(kind, given.count, not given.seen))
    if "hand" in given.rows:
        hand = by_hand()
        measure("by hand", [case for _, case in hand])
    print(
        f"| stopped on its own | {len(outcomes)} | {sum(o.stopped for o in outcomes) / len(outcomes):.1%} |"
    )
    print(
        f"| thinking on or off obeyed | {len(outcomes)} | {sum(o.obeyed for o in outcomes) / len(outcomes):.1%} |"
    )


if __name__ == "__main__":
    main()

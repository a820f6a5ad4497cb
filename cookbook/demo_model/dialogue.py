"""What one training example is, and the text that the model sees of it.

The same text comes out of the chat template that the GGUF file carries (`template.jinja`).
"""

import json
from dataclasses import dataclass, field
from random import Random
from typing import Any

START, END = "<|im_start|>", "<|im_end|>"
THINK, THINK_END = "<think>", "</think>"
CALL, CALL_END = "<tool_call>", "</tool_call>"
CONTROL = ["<|endoftext|>", START, END]
VISIBLE = [THINK, THINK_END, CALL, CALL_END, "<tools>", "</tools>"]

Json = dict[str, Any]


@dataclass
class Message:
    """`learn`: whether the model is to learn this answer, or it only stands there."""

    role: str
    content: str = ""
    thinking: str = ""
    calls: list[Json] = field(default_factory=list)
    learn: bool = True
    given: str = ""
    """The beginning of `content` that a grammar forces: seen, not learned."""


@dataclass
class Example:
    """A conversation. `kind` is the row of the evaluation that it belongs to."""

    kind: str
    messages: list[Message]
    tools: list[Json] = field(default_factory=list)
    think: bool = False


def dumps(value: Any, compact: bool = False) -> str:
    separators = (",", ":") if compact else (", ", ": ")
    return json.dumps(value, ensure_ascii=False, separators=separators)


def call_text(call: Json, go: bool = False) -> str:
    """`go`: as the Go TEMPLATE prints a call of the history, arguments sorted and close together."""
    if not go:
        return f"{CALL}{dumps(call)}{CALL_END}"
    arguments = dumps(dict(sorted(call["arguments"].items())), compact=True)
    return f'{CALL}{{"name": "{call["name"]}", "arguments": {arguments}}}{CALL_END}'


def answer_text(message: Message, go: bool = False) -> str:
    return message.content + "".join(call_text(call, go) for call in message.calls)


Segment = tuple[str, bool]
"""Text, and whether its tokens are learned."""


def segments(example: Example, rng: Random) -> list[Segment]:
    """The conversation as the model reads and writes it."""
    parts: list[Segment] = []
    messages = list(example.messages)
    go = example.tools != [] and rng.random() < 0.3
    kept = rng.random() < 0.6
    """Whether the history tells what was thought."""
    last = len(messages) - 1
    last_call = max((i for i, message in enumerate(messages) if message.calls), default=0)
    if example.tools:
        first = messages.pop(0).content if messages[0].role == "system" else ""
        # The Go and the Jinja template write JSON with different separators.
        compact = go or rng.random() < 0.2
        listed = "\n".join(dumps(tool, compact) for tool in example.tools)
        if compact:
            for letter in "<>&":
                listed = listed.replace(letter, f"\\u{ord(letter):04x}")
        head = f"{first}\n\n" if first else ""
        parts.append((f"{START}system\n{head}<tools>\n{listed}\n</tools>{END}\n", False))
    for place, message in enumerate(messages, len(example.messages) - len(messages)):
        parts.append((f"{START}{message.role}\n", False))
        if message.role != "assistant":
            parts.append((f"{message.content}{END}\n", False))
            continue
        if go and message.calls and place < last_call:
            parts.append((THINK + THINK_END + answer_text(message, go) + END + "\n", False))
            continue
        if example.think and message.thinking and (kept or place == last):
            parts.append((f"{THINK}{message.thinking}{THINK_END}", message.learn))
        else:
            parts.append((THINK + THINK_END, False))
        if message.given:
            parts.append((message.given, False))
        parts.append((answer_text(message)[len(message.given) :] + END, message.learn))
        parts.append(("\n", False))
    return parts

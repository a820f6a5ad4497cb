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


def call_text(call: Json) -> str:
    return f"{CALL}{dumps(call)}{CALL_END}"


def answer_text(message: Message) -> str:
    return message.content + "".join(call_text(call) for call in message.calls)


Segment = tuple[str, bool]
"""Text, and whether its tokens are learned."""


def segments(example: Example, rng: Random) -> list[Segment]:
    """The conversation as the model reads and writes it."""
    parts: list[Segment] = []
    messages = list(example.messages)
    if example.tools:
        first = messages.pop(0).content if messages[0].role == "system" else ""
        # The Go and the Jinja template write JSON with different separators.
        compact = rng.random() < 0.4
        listed = "\n".join(dumps(tool, compact) for tool in example.tools)
        head = f"{first}\n\n" if first else ""
        parts.append((f"{START}system\n{head}<tools>\n{listed}\n</tools>{END}\n", False))
    for message in messages:
        parts.append((f"{START}{message.role}\n", False))
        if message.role != "assistant":
            parts.append((f"{message.content}{END}\n", False))
            continue
        if example.think and message.thinking:
            parts.append((f"{THINK}{message.thinking}{THINK_END}", message.learn))
        else:
            parts.append((THINK + THINK_END, False))
        if message.given:
            parts.append((message.given, False))
        parts.append((answer_text(message)[len(message.given) :] + END, message.learn))
        parts.append(("\n", False))
    return parts

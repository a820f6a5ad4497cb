"""The prompts of nemotron-3-nano and nemotron-3.5-nano: thinking of earlier questions is cut."""

from collections.abc import Sequence
from typing import Any, Final

from paddock.api import Think, Tool
from paddock.families.base import Turn, last_user, led_by, neighbours, thinks
from paddock.families.chatml import ANSWER, END, block
from paddock.families.text import argument_text, bare, sorted_maps, trim
from paddock.families.xml_calls import INSTRUCTIONS, NEMOTRON, TOOLS_HEAD, xml_call

_EFFICIENT: Final = "\n\n{reasoning effort: efficient}"
_NO_THOUGHT: Final = "<think></think>"


def write_3(shown: Sequence[Turn], tools: Sequence[Tool], think: Think) -> str:
    """`/think` and `/no_think` in the texts switch thinking and are not shown."""
    is_thinking = thinks(think, default=True)
    for turn in shown:
        if turn.role in ("user", "system"):
            is_thinking = _switched(turn.content, is_thinking)
    system, talk = led_by(shown, "system")
    told = [
        trim(_without_switches(turn.content)) if turn.role in ("user", "system") else turn.content
        for turn in talk
    ]
    given = _without_switches(system.content) if system else ""
    return _written(given, talk, told, tools, is_thinking, "\n</think>\n")


def write_3_5(shown: Sequence[Turn], tools: Sequence[Tool], think: Think) -> str:
    """A medium effort is asked for behind the last question."""
    system, talk = led_by(shown, "system")
    told = [turn.content for turn in talk]
    if think == "medium" and (question := last_user(talk)) >= 0:
        told[question] += _EFFICIENT
    given = system.content if system else ""
    return _written(given, talk, told, tools, thinks(think, default=True), "</think>")


def _switched(text: str, is_thinking: bool) -> bool:
    if "/think" in text.replace("</think>", ""):
        return True
    return is_thinking and "/no_think" not in text


def _without_switches(text: str) -> str:
    pieces = text.split("</think>")
    return "</think>".join(p.replace("/think", "").replace("/no_think", "") for p in pieces)


def _written(
    system: str,
    talk: Sequence[Turn],
    told: Sequence[str],
    tools: Sequence[Tool],
    is_thinking: bool,
    closing: str,
) -> str:
    """`told`: what the turns say; `closing`: what stands behind the thinking of a turn."""
    question = last_user(talk)
    text = block("system", "\n\n".join(part for part in (system, _tools(tools)) if part))
    for place, (turn, before, after) in enumerate(neighbours(talk)):
        match turn.role:
            case "assistant":
                said = _said(turn, closing)
                text += _answer(turn, _cut(said, turn) if place < question else said)
            case "tool":
                text += _tool_response(told[place], before, after)
            case role:
                text += block(role, told[place])
    return text + ANSWER + ("<think>\n" if is_thinking else _NO_THOUGHT)


def _tools(tools: Sequence[Tool]) -> str:
    if not tools:
        return ""
    declared = "".join(NEMOTRON.declared(tool) for tool in tools)
    return f"{TOOLS_HEAD}{declared}\n</tools>{INSTRUCTIONS}"


def _tool_response(content: str, before: str | None, after: str | None) -> str:
    opening = "" if before in ("tool", None) else "<|im_start|>user\n"
    closing = "" if after == "tool" else END
    return f"{opening}<tool_response>\n{content}\n</tool_response>\n{closing}"


# -- answers ---------------------------------------------------------------------------------------


def _said(turn: Turn, closing: str) -> str:
    if trim(turn.thinking):
        return f"<think>\n{turn.thinking}{closing}{turn.content}"
    has_tags = "<think>" in turn.content or "</think>" in turn.content
    return turn.content if has_tags else _NO_THOUGHT + turn.content


def _cut(said: str, turn: Turn) -> str:
    """Without the thinking. Reference: of a turn without calls only what is well-formed is cut."""
    if "</think>" in said and (turn.calls or "<think>" in said):
        rest = said.rpartition("</think>")[2]
    elif turn.calls:
        rest = said.partition("<think>")[0]
    else:
        return said
    return _NO_THOUGHT + (trim(rest) if turn.calls else rest)


def _answer(turn: Turn, said: str) -> str:
    if not turn.calls:
        return block("assistant", trim(said))
    calls = "".join(xml_call(call, _argument) + "\n" for call in turn.calls)
    return block("assistant", f"{trim(said)}\n{calls}")


def _argument(value: Any) -> str:
    if isinstance(value, bool):
        return str(value)
    return argument_text(value, lambda container: bare(sorted_maps(container)), null="None")

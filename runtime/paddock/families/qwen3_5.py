"""The prompts of qwen3.5, ornith and qwen3.8: contents trimmed, calls in XML-like notation."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from paddock.api import Think, Tool
from paddock.errors import TemplateError
from paddock.families.base import Turn, led_by, neighbours, thinks
from paddock.families.chatml import ANSWER, END, block, last_question, tool_response
from paddock.families.qwen3_coder import coder_argument
from paddock.families.text import spaced, tool_form, trim
from paddock.families.xml_calls import INSTRUCTIONS, TOOLS_HEAD, xml_call

_HIGHEST: Final = (
    "Reasoning effort is set to xhigh. Please think carefully through the task, validate key "
    "assumptions, consider plausible alternatives, and prioritize correctness, consistency, and "
    "clarity in the final answer."
)
_LOW: Final = (
    "Reasoning effort is set to low. Keep your thinking brief and focused, moving directly to the "
    "conclusion without unnecessary elaboration."
)
_EFFORTS: Final[dict[Think, str]] = {None: _HIGHEST, "high": _HIGHEST, "max": _HIGHEST, "low": _LOW}


def write(
    shown: Sequence[Turn],
    tools: Sequence[Tool],
    think: Think,
    *,
    always_shows_thinking: bool = False,
) -> str:
    """qwen3.5, and ornith, which shows the thinking of all turns."""
    shown = [replace(turn, content=trim(turn.content)) for turn in shown]
    question = last_question(shown, [turn.content for turn in shown])
    question = len(shown) - 1 if question < 0 else question
    is_thinking = thinks(think, default=True)
    system, talk = led_by(shown, "system")
    text = _system(system, tools)
    for place, (turn, before, after) in enumerate(neighbours(talk), len(shown) - len(talk)):
        if turn.role == "assistant":
            is_shown = always_shows_thinking or (is_thinking and place > question)
            thought, content = _split(turn, is_shown)
            said = _thought(thought, content) if is_shown else content
            text += _answer(said, replace(turn, content=content), after)
        elif turn.role in ("user", "system", "tool"):
            text += _told(turn, before, after)
    return text + _opening(shown, is_thinking)


def write_qwen3_8(shown: Sequence[Turn], tools: Sequence[Tool], think: Think) -> str:
    """qwen3.8: one system message with the effort in it, thinking of all turns, all roles."""
    shown = _folded([replace(turn, content=trim(turn.content)) for turn in shown])
    if not shown:
        raise TemplateError("no messages to render")
    if last_question(shown, [turn.content for turn in shown]) < 0:
        raise TemplateError("no user query found in messages")
    system, talk = led_by(shown, "system")
    text = _system(system, tools, _EFFORTS.get(think, ""))
    for turn, before, after in neighbours(talk):
        if turn.role == "assistant":
            text += _answer(_thought(trim(turn.thinking), turn.content), turn, after)
        else:
            text += _told(turn, before, after)
    return text + _opening(shown, thinks(think, default=True))


def _folded(shown: list[Turn]) -> list[Turn]:
    instructions = [turn for turn in shown if turn.role in ("system", "developer")]
    if any(turn.images for turn in instructions):
        raise TemplateError("system messages cannot contain images")
    if not instructions or (len(instructions) == 1 and shown[0].role == "system"):
        return shown
    content = "\n\n".join(turn.content for turn in instructions if turn.content)
    others = [turn for turn in shown if turn.role not in ("system", "developer")]
    return [Turn("system", content), *others]


# -- parts -----------------------------------------------------------------------------------------


def _system(system: Turn | None, tools: Sequence[Tool], effort: str = "") -> str:
    given = system.content if system else ""
    if tools:
        declared = "".join("\n" + spaced(tool_form(tool)) for tool in tools)
        parts = [effort, f"{TOOLS_HEAD}{declared}\n</tools>{INSTRUCTIONS}", given]
    else:
        parts = [effort, given]
    if not (system or tools or effort):
        return ""
    return block("system", "\n\n".join(part for part in parts if part))


def _told(turn: Turn, before: str | None, after: str | None) -> str:
    if turn.role == "tool":
        return tool_response(turn.content, before, after)
    return block(turn.role, turn.content)


def _split(turn: Turn, is_shown: bool) -> tuple[str, str]:
    """The thinking of a turn, out of its content where need be, and the rest of the content."""
    thought = trim(turn.thinking) if is_shown else ""
    if thought or "</think>" not in turn.content:
        return thought, turn.content
    before, _, content = turn.content.partition("</think>")
    return trim(before.rpartition("<think>")[2]), content.lstrip("\n")


def _thought(thought: str, content: str) -> str:
    return f"<think>\n{thought}\n</think>\n\n{content}"


def _answer(said: str, turn: Turn, after: str | None) -> str:
    calls = "\n".join(xml_call(call, coder_argument) for call in turn.calls)
    gap = "\n\n" if calls and trim(turn.content) else ""
    return block("assistant", said + gap + calls, "" if after is None else END)


def _opening(shown: Sequence[Turn], is_thinking: bool) -> str:
    if shown and shown[-1].role == "assistant":
        return ""
    return ANSWER + ("<think>\n" if is_thinking else "<think>\n\n</think>\n\n")

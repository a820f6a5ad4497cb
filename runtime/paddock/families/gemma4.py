"""The prompts of gemma4. Knows that tool results stand in the turn of the model that called."""

from collections.abc import Sequence
from typing import Final

from paddock.api import Think, Tool
from paddock.families.base import Call, Turn, last_user, led_by, thinks
from paddock.families.gemma_notation import Notation
from paddock.families.text import trim

BOS: Final = "<bos>"
_END: Final = "<turn|>\n"
_NOTATION: Final = Notation('<|"|>', "null")


def write(shown: Sequence[Turn], tools: Sequence[Tool], think: Think, *, is_large: bool) -> str:
    is_thinking = thinks(think, default=False)
    system, talk = led_by(shown, "system", "developer")
    text = BOS
    if system or tools or is_thinking:
        text += "<|turn>system\n" + ("<|think|>\n" if is_thinking else "")
        text += (trim(system.content) if system else "") + "".join(map(_declared, tools)) + _END
    question, before, opens = last_user(talk), None, _opening(is_thinking, is_large)
    for place, turn in enumerate(talk):
        if turn.role == "tool":
            continue
        if turn.role == "assistant":
            results, after = _behind(talk, place)
            text += "" if before == "assistant" else "<|turn>model\n"
            text += _answer(turn, results, place > question) + _closing(turn, results, after)
            opens = _opening_behind(turn, results, is_thinking, is_large)
        else:
            text += f"<|turn>{turn.role}\n{trim(turn.content)}{_END}"
            opens = _opening(is_thinking, is_large)
        before = turn.role
    return text + opens


def _declared(tool: Tool) -> str:
    return f"<|tool>{_NOTATION.declaration(tool, _NOTATION.properties)}<tool|>"


def _behind(talk: Sequence[Turn], place: int) -> tuple[list[Turn], str | None]:
    """The results of a turn's calls, and the role of the next turn that is no result."""
    results: list[Turn] = []
    for turn in talk[place + 1 :]:
        if turn.role != "tool":
            return results, turn.role
        if talk[place].calls:
            results.append(turn)
    return results, None


# -- answers ---------------------------------------------------------------------------------------


def _answer(turn: Turn, results: Sequence[Turn], shows_thinking: bool) -> str:
    thought = f"<|channel>thought\n{turn.thinking}\n<channel|>" if turn.thinking else ""
    calls = "".join(f"<|tool_call>{_NOTATION.call(call)}<tool_call|>" for call in turn.calls)
    responses = "".join(_response(result, turn.calls) for result in results)
    return (thought if shows_thinking else "") + calls + responses + _said(turn)


def _said(turn: Turn) -> str:
    """The content without its thinking; what an unclosed channel holds is thinking too."""
    pieces = turn.content.split("<channel|>")
    return trim("".join(piece.partition("<|channel>")[0] for piece in pieces))


def _response(result: Turn, calls: Sequence[Call]) -> str:
    name = result.tool_name or "unknown"
    for call in calls:
        if call.id and call.id == result.call_id:
            name = call.name
    value = _NOTATION.string(result.content)
    return f"<|tool_response>response:{name}{{value:{value}}}<tool_response|>"


def _closing(turn: Turn, results: Sequence[Turn], after: str | None) -> str:
    if turn.calls and not results:
        return "<|tool_response>"
    goes_on = after == "assistant" or (after is None and results and not _said(turn))
    return "" if goes_on else _END


# -- the generation prompt -------------------------------------------------------------------------


def _opening(is_thinking: bool, is_large: bool) -> str:
    skips = "<|channel>thought\n<channel|>" if is_large and not is_thinking else ""
    return "<|turn>model\n" + skips


def _opening_behind(turn: Turn, results: Sequence[Turn], is_thinking: bool, is_large: bool) -> str:
    if results:
        return "<|channel>thought\n" if is_thinking else ""
    return "" if turn.calls else _opening(is_thinking, is_large)

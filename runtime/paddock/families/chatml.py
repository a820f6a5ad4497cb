"""What families with `<|im_start|>` turns share. Knows marks and the place of the last question."""

from collections.abc import Sequence
from typing import Final

from paddock.families.base import Turn

END: Final = "<|im_end|>\n"
ANSWER: Final = "<|im_start|>assistant\n"


def block(role: str, content: str, end: str = END) -> str:
    return f"<|im_start|>{role}\n{content}{end}"


def tool_response(content: str, before: str | None, after: str | None) -> str:
    """The results of a run of tool messages share one user turn."""
    opening = "" if before == "tool" else "<|im_start|>user"
    closing = "" if after == "tool" else END
    return f"{opening}\n<tool_response>\n{content}\n</tool_response>{closing}"


def last_question(shown: Sequence[Turn], contents: Sequence[str]) -> int:
    """Index of the last user message that is not a tool's result in disguise, -1 for none."""
    questions = [
        turn.role == "user"
        and not (content.startswith("<tool_response>") and content.endswith("</tool_response>"))
        for turn, content in zip(shown, contents, strict=True)
    ]
    return max((place for place, is_one in enumerate(questions) if is_one), default=-1)

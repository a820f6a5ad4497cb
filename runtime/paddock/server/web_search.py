"""The web search that OpenAI's and Anthropic's servers run themselves. There is none here.

Reference: without its cloud it offers the tool all the same, and a model that calls it learns that
there is no search, as does the client. Knows the tool; knows no route.
"""

from collections.abc import Mapping
from typing import Any, Final

from paddock.errors import PaddockError

NAME: Final = "web_search"
TOOL: Final[dict[str, Any]] = {
    "type": "function",
    "function": {
        "name": NAME,
        "description": "Search the web for current information.",
        "parameters": {
            "type": "object",
            "properties": {"query": {"type": "string", "description": "What to search for."}},
            "required": ["query"],
        },
    },
}


def is_meant(tool: Mapping[str, Any]) -> bool:
    """Whether a tool of a request is the server's own search."""
    return str(tool.get("type") or "").startswith(NAME)


class NoWebSearchError(PaddockError):
    """The model called the search."""

    status = 403

    def __init__(self) -> None:
        super().__init__("ollama cloud is disabled: web search is unavailable")

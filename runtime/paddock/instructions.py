"""Which words an embedding model was trained to see before a query, and before a text.

Knows metadata keys and families by name; knows no store and reads no file.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from paddock.api import Instructions

QUERY_KEY: Final = "paddock.instruction.query"
TEXT_KEY: Final = "paddock.instruction.text"
"""GGUF metadata that names them; they win over what is known of a name."""

_SENTENCE: Final = "Represent this sentence for searching relevant passages: "
_TASK: Final = (
    "Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery:"
)

_FAMILIES: Final[tuple[tuple[str, Instructions], ...]] = (
    (r"nomic-embed-text", Instructions(query="search_query: ", text="search_document: ")),
    (r"(multilingual-)?e5-.*instruct|e5-mistral", Instructions(query=f"{_TASK} ")),
    (r"(multilingual-)?e5-(small|base|large)", Instructions(query="query: ", text="passage: ")),
    (r"qwen3-embedding", Instructions(query=_TASK)),
    (
        r"embedding-?gemma",
        Instructions(query="task: search result | query: ", text="title: none | text: "),
    ),
    (r"snowflake-arctic-embed(2|-[a-z]+-v2)", Instructions(query="query: ")),
    (
        r"snowflake-arctic-embed|mxbai-embed|bge-(small|base|large)(-en|$)",
        Instructions(query=_SENTENCE),
    ),
)
"""Name of a model, from its beginning, as the publishers' model cards have it -> what they say of
retrieval. A family that is not here wants none, or is not known."""


def instructions_of(metadata: Mapping[str, Any], names: Iterable[str]) -> Instructions | None:
    """What the model with this metadata and these names wants; None if that is not known."""
    named = {
        "query": metadata.get(QUERY_KEY),
        "text": metadata.get(TEXT_KEY),
    }
    if any(isinstance(value, str) for value in named.values()):
        return Instructions(
            **{key: value for key, value in named.items() if isinstance(value, str)}
        )
    of_file = (metadata.get("general.name"), metadata.get("general.basename"))
    for name in (*of_file, *names):
        plain = re.sub(r"[\s_]+", "-", name.lower()) if isinstance(name, str) else ""
        for pattern, found in _FAMILIES:
            if re.match(pattern, plain):
                return found
    return None

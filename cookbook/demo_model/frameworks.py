"""The prompts that LlamaIndex wraps around passages and questions, as the installed package has them.

The model meets them word for word, so it is trained on them word for word; with this file's slots.
"""

from llama_index.core.agent.workflow.multi_agent_workflow import (
    DEFAULT_HANDOFF_OUTPUT_PROMPT,
    DEFAULT_HANDOFF_PROMPT,
)
from llama_index.core.chat_engine.condense_plus_context import (
    DEFAULT_CONDENSE_PROMPT_TEMPLATE,
    DEFAULT_CONTEXT_PROMPT_TEMPLATE,
)
from llama_index.core.chat_engine.condense_question import DEFAULT_TEMPLATE
from llama_index.core.chat_engine.context import DEFAULT_CONTEXT_TEMPLATE, DEFAULT_REFINE_TEMPLATE
from llama_index.core.prompts.chat_prompts import (
    CHAT_REFINE_PROMPT_TMPL_MSGS,
    TEXT_QA_SYSTEM_PROMPT,
)
from llama_index.core.prompts.default_prompts import (
    DEFAULT_REFINE_PROMPT_TMPL,
    DEFAULT_TEXT_QA_PROMPT_TMPL,
    DEFAULT_TREE_SUMMARIZE_TMPL,
)

SLOTS = {
    "context_str": "passages",
    "context_msg": "passages",
    "query_str": "question",
    "existing_answer": "answer",
    "chat_history": "history",
}


def ours(template: str) -> str:
    for theirs, slot in SLOTS.items():
        template = template.replace(f"{{{theirs}}}", f"{{{slot}}}")
    return template


EXPERT = TEXT_QA_SYSTEM_PROMPT.content or ""
"""The system message beside QUERIES."""
QUERIES = [ours(DEFAULT_TEXT_QA_PROMPT_TMPL), ours(DEFAULT_TREE_SUMMARIZE_TMPL)]
"""User messages of `passages` and `question`."""
CONTEXTS = [ours(DEFAULT_CONTEXT_TEMPLATE), ours(DEFAULT_CONTEXT_PROMPT_TEMPLATE)]
"""System messages of `passages`."""
REFINE = ours(DEFAULT_REFINE_TEMPLATE)
"""A system message of `passages` and an `answer` to be kept or replaced; the user asks."""
REFINES = [
    ours(DEFAULT_REFINE_PROMPT_TMPL),
    ours(CHAT_REFINE_PROMPT_TMPL_MSGS[0].content or ""),
]
"""User messages of `passages`, `question` and an `answer` to be kept or replaced."""
CONDENSES = [ours(DEFAULT_CONDENSE_PROMPT_TEMPLATE), ours(DEFAULT_TEMPLATE)]
"""User messages of `history` and a `question` to be said so that it stands alone."""
HANDOFF = DEFAULT_HANDOFF_PROMPT
"""The description of the function `handoff`, of `agent_info`."""
HANDED = DEFAULT_HANDOFF_OUTPUT_PROMPT
"""What that function gives, of `to_agent` and `reason`."""

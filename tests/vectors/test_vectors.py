"""Runs every vector: inputs with what the reference implementation really answered.

A file is `{"topic", "kind", "cases": [...]}`. Its folder names the module in `kinds/` whose
`RUNNERS` map a kind to `run(case, file)`; where a file has no kind, its cases have one, or else the
folder's name is it. `file` is the whole file and, under "folder", the path it lies in. Each case is
one test; a kind without a runner is one skipped test per file. The cases in `differences.toml` must
fail; a difference with a `file` is one of that file alone.

A module's `ALSO` maps kinds to runners of a second test, which every case must pass: what paddock
promises beyond the reference.
"""

import importlib.util
import json
import os
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
NOT_BUILT = "kind belongs to a part not built yet"

Json = dict[str, Any]
Runner = Callable[[Json, Json], None]


def vectors_folder() -> Path:
    """PADDOCK_VECTORS, else the folder shared beside the project."""
    given = os.environ.get("PADDOCK_VECTORS")
    return Path(given) if given else HERE.parents[2] / "shared" / "vectors"


if not vectors_folder().is_dir():
    pytest.skip(
        f"no vectors at {vectors_folder()}; set PADDOCK_VECTORS to their folder",
        allow_module_level=True,
    )


@dataclass(frozen=True)
class Case:
    """One case of one file; `run` is None for all cases of a kind that nothing runs."""

    file: Json
    kind: str
    name: str
    case: Json
    run: Runner | None
    also: Runner | None = None

    @property
    def id(self) -> str:
        return f"{self.file['id']}::{self.name}"

    @property
    def keys(self) -> set[tuple[str, ...]]:
        """What may stand for this case in the table of differences."""
        topic = self.file["folder"].relative_to(vectors_folder()).parts[0]
        key = topic, self.kind, self.name
        return {key, (*key, Path(self.file["id"]).stem)}


@cache
def runners(topic: str) -> tuple[dict[str, Runner], dict[str, Runner]]:
    path = HERE / "kinds" / f"{topic}.py"
    if not path.is_file():
        return {}, {}
    spec = importlib.util.spec_from_file_location(f"paddock_vectors_{topic}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.RUNNERS, getattr(module, "ALSO", {})


def vector_files() -> Iterator[Json]:
    for path in sorted(vectors_folder().rglob("*.json")):
        content = json.loads(path.read_text("utf-8"))
        if isinstance(content, dict) and isinstance(content.get("cases"), list):
            name = path.relative_to(vectors_folder()).as_posix()
            yield content | {"folder": path.parent, "id": name}


def cases() -> Iterator[Case]:
    for file in vector_files():
        topic = file["id"].partition("/")[0]
        waiting: set[str] = set()
        for number, case in enumerate(file["cases"]):
            kind = file.get("kind") or case.get("kind") or topic
            name = case.get("name") or case.get("case") or str(number)
            first, second = runners(topic)
            run = first.get(kind)
            if run is not None:
                yield Case(file, kind, name, case, run, second.get(kind))
            elif kind not in waiting:
                waiting.add(kind)
                yield Case(file, kind, kind, {}, None)


@cache
def differences() -> dict[tuple[str, ...], str]:
    table = tomllib.loads((HERE / "differences.toml").read_text("utf-8"))
    return {
        (entry["topic"], entry["kind"], name, *([entry["file"]] if "file" in entry else [])): entry[
            "reason"
        ]
        for entry in table.get("difference", [])
        for name in entry.get("names") or [entry["name"]]
    }


ALL = list(cases())


@pytest.mark.parametrize("vector", ALL, ids=[case.id for case in ALL])
def test_paddock_does_as_the_reference(vector: Case) -> None:
    if vector.run is None:
        pytest.skip(NOT_BUILT)
    reasons = [differences()[key] for key in vector.keys & differences().keys()]
    if not reasons:
        vector.run(vector.case, vector.file)
        return
    try:
        vector.run(vector.case, vector.file)
    except Exception:
        return
    pytest.fail(f"differences.toml is stale, this case passes: {reasons[0]}")


MORE = [case for case in ALL if case.also is not None]


@pytest.mark.parametrize("vector", MORE, ids=[case.id for case in MORE])
def test_paddock_keeps_its_own_promise(vector: Case) -> None:
    assert vector.also is not None
    vector.also(vector.case, vector.file)


def test_every_difference_names_a_case() -> None:
    known = {key for case in ALL if case.run is not None for key in case.keys}
    assert differences().keys() <= known

"""Kills processes that change a store, at random moments, and verifies what they leave.

    python -m tests.runtime.store.kills --rounds 200 [--real]

Every round, a child creates, pulls, copies and deletes models as fast as it can, by the ways that a
user's calls take, and is killed. Then each name must mean one of the models that it may mean, whole
to the last byte. `--real` pulls from Debian's docker-registry.
"""

import argparse
import os
import random
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from tests.registries import FakeRegistry, docker_registry
from tests.runtime.convert import rerankers

from paddock import random_model
from paddock.api import CreateRequest
from paddock.creation import create
from paddock.models import Models
from paddock.names import ModelName
from paddock.store import registry
from paddock.store.local import LocalStore
from paddock.store.transfer import Policy, Stop
from paddock.store.upkeep import clean, verify

NAMES = ("a", "b", "me/c:v1", "host:1/me/d")
SYSTEM = "Be brief."
POLICY = Policy(first_wait=0.01, save=0.005, tick=0.005)

Fields = dict[str, object]


def write_sources(folder: Path) -> list[Fields]:
    """What models are made of: files of weights, each of them shared by two models, and a folder
    that is converted."""
    weights = [
        random_model.write(folder / f"{seed}.gguf", seed=seed, chat_template=None)
        for seed in range(2)
    ]
    checkpoint = rerankers.write(folder / "bert", rerankers.BERT)
    paths = [*weights, *weights, checkpoint]
    return [{"from": str(path), "license": f"of {number}"} for number, path in enumerate(paths)]


def make(models: Models, name: str, fields: Fields) -> None:
    request = CreateRequest.model_validate({"model": name} | fields)
    create(models, request, lambda _: None)


def contents_of(store: LocalStore, name: ModelName) -> frozenset[bytes]:
    """The bytes of a model's layers."""
    layers = store.load(name).manifest.layers
    return frozenset(store.find_blob(layer.digest).read_bytes() for layer in layers)


def store_all(models: Models, sources: list[Fields]) -> set[frozenset[bytes]]:
    """Makes every model in a store, and what is derived of it; what a name may mean elsewhere."""
    for number, fields in enumerate(sources):
        make(models, f"me/m{number}", fields)
        make(models, f"me/m{number}:brief", {"from": f"me/m{number}", "system": SYSTEM})
    return {contents_of(models.store, name) for name, _ in models.store.manifests()}


@contextmanager
def registry_of(store: LocalStore, *, is_real: bool, folder: Path) -> Generator[str]:
    """The address of a registry that has all models of a store."""
    if is_real:
        with docker_registry(folder) as address:
            for name, _ in store.manifests():
                place = replace(name, host=address)
                store.copy(name, place)
                registry.push(store, place.full, lambda _: None, Stop(), insecure=True)
            yield address
        return
    with FakeRegistry() as fake:
        for name, path in store.manifests():
            fake.manifests[f"{name.namespace}/{name.model}/{name.tag}"] = path.read_bytes()
            for layer in store.load(name).manifest.blobs:
                fake.add_blob(store.find_blob(layer.digest).read_bytes())
        yield fake.address


def change_for_ever(
    store: LocalStore,
    address: str,
    sources: list[Fields],
    chance: random.Random,
    tell: Callable[[], object],
) -> None:
    """Until something kills it; `tell` is called after each change."""
    models = Models(store)

    def pick() -> str:
        return chance.choice([name.full for name, _ in store.manifests()] or NAMES)

    def pull() -> None:
        reference = f"{address}/me/m{chance.randrange(len(sources))}"
        registry.pull(store, reference, lambda _: None, Stop(), insecure=True, policy=POLICY)

    changes: list[Callable[[], object]] = [
        lambda: make(models, chance.choice(NAMES), chance.choice(sources)),
        lambda: make(models, chance.choice(NAMES), {"from": pick(), "system": SYSTEM}),
        pull,
        lambda: models.copy(pick(), chance.choice(NAMES)),
        lambda: models.delete(pick()),
        lambda: models.delete(pick()),
    ]
    while True:
        try:
            chance.choice(changes)()
        except LookupError:  # nothing is there to copy or to delete
            continue
        tell()


def problems_of(store: LocalStore, known: set[frozenset[bytes]]) -> list[str]:
    """Whatever is wrong: damage, or a name that means something nobody stored."""
    problems = list(verify(store).problems)
    for name, path in store.manifests():
        if contents_of(store, name) not in known:
            problems.append(f"{path}: holds a model that nobody stored")
    return problems


def kill_and_look(rounds: int, *, seed: int = 0, is_real: bool = False) -> list[str]:
    """What was wrong after any of the rounds."""
    chance = random.Random(seed)
    problems: list[str] = []
    n_changes = 0
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        sources = write_sources(folder)
        origin = LocalStore(folder / "origin")
        known = store_all(Models(origin), sources)
        with registry_of(origin, is_real=is_real, folder=folder) as address:
            warm_up(LocalStore(folder / "other"), address)
            store = LocalStore(folder / "models")
            for round_ in range(rounds):
                n_changes += kill_one(store, address, sources, chance, seed + round_)
                found = problems_of(store, known)
                if round_ % 20 == 19 or round_ == rounds - 1:
                    clean(store, time.time() + 4000)
                    found += problems_of(store, known) + leftovers_of(store)
                problems += [f"round {round_}: {problem}" for problem in found]
    if n_changes < rounds:
        problems.append(f"only {n_changes} changes were made")
    return problems


def warm_up(store: LocalStore, address: str) -> None:
    """What each child would otherwise spend its short life on."""
    registry.pull(store, f"{address}/me/m0", lambda _: None, Stop(), insecure=True)


def kill_one(
    store: LocalStore, address: str, sources: list[Fields], chance: random.Random, seed: int
) -> int:
    """Runs a child until some of its changes are done and the next is under way; how many."""
    here, there = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # threads serve the registry here; the child needs none
        child = os.fork()
    if child == 0:
        try:
            tell = partial(os.write, there, b".")
            change_for_ever(store, address, sources, random.Random(seed), tell)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(1)
    os.close(there)
    with os.fdopen(here, "rb", buffering=0) as done:
        n_changes = sum(len(done.read(1)) for _ in range(chance.randrange(6)))
        time.sleep(chance.uniform(0, 0.02))
        os.kill(child, signal.SIGKILL)
        status = os.waitpid(child, 0)[1]
        assert os.WTERMSIG(status) == signal.SIGKILL, "the child ended by itself"
        return n_changes + len(done.read())


def leftovers_of(store: LocalStore) -> list[str]:
    """Files of a cleaned store that no model needs."""
    manifests = [store.load(name).manifest for name, _ in store.manifests()]
    needed = {layer.digest for manifest in manifests for layer in manifest.blobs}
    left = {path.name.replace("-", ":", 1) for path in (store.root / "blobs").iterdir()}
    return [f"{name} is left" for name in left - needed]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--real", action="store_true")
    arguments = parser.parse_args()
    found = kill_and_look(arguments.rounds, seed=arguments.seed, is_real=arguments.real)
    sys.stdout.write(f"{arguments.rounds} kills, {len(found)} problems\n")
    raise SystemExit("\n".join(found) or None)

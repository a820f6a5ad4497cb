"""Kills processes that change a store, at random moments, and verifies what they leave.

    python -m tests.runtime.store.kills --rounds 200

Every round, a child creates, pulls, copies and deletes models as fast as it can, and is killed.
Then each name must mean one of the models that it may mean, whole to the last byte.
"""

import argparse
import os
import random
import signal
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.registries import FakeRegistry

from paddock.names import ModelName
from paddock.store import registry
from paddock.store.local import Layer, LocalStore, Manifest, media_type
from paddock.store.transfer import Policy, Stop
from paddock.store.upkeep import clean, verify

NAMES = [ModelName.parse(text) for text in ("a", "b", "me/c:v1", "host:1/me/d")]
SHARED = random.Random(0).randbytes(200_000)
POLICY = Policy(first_wait=0.01, save=0.005, tick=0.005)


def contents() -> Iterator[tuple[bytes, bytes]]:
    """Models: weights that some of them share, and a text of each one's own."""
    for number in range(6):
        yield SHARED if number % 2 else bytes([number]) * 150_000, b"model %d" % number


MODELS = list(contents())


def create(store: LocalStore, name: ModelName, model: tuple[bytes, bytes]) -> None:
    layers: list[Layer] = []
    for kind, content in zip(("model", "license"), model, strict=True):
        chunks = (content[start : start + 4096] for start in range(0, len(content), 4096))
        blob = store.put_blob(chunks)
        layers.append(Layer(media_type=media_type(kind), digest=blob.digest, size=blob.size))
    store.write_manifest(name, Manifest(layers=tuple(layers)))


def change_for_ever(
    store: LocalStore, address: str, chance: random.Random, tell: Callable[[], object]
) -> None:
    """Until something kills it; `tell` is called after each change."""

    def pull() -> None:
        reference = f"{address}/me/m{chance.randrange(len(MODELS))}"
        registry.pull(store, reference, lambda _: None, Stop(), insecure=True, policy=POLICY)

    def pick() -> ModelName:
        return chance.choice([name for name, _ in store.manifests()] or NAMES)

    changes: list[Callable[[], None]] = [
        lambda: create(store, chance.choice(NAMES), chance.choice(MODELS)),
        pull,
        lambda: store.copy(pick(), chance.choice(NAMES)),
        lambda: store.delete(pick()),
        lambda: store.delete(pick()),
    ]
    while True:
        try:
            chance.choice(changes)()
        except LookupError:  # nothing is there to copy or to delete
            continue
        tell()


def problems_of(store: LocalStore) -> list[str]:
    """Whatever is wrong: damage, or a name that means something nobody stored."""
    problems = list(verify(store).problems)
    known = {frozenset(model) for model in MODELS}
    for name, path in store.manifests():
        found = frozenset(
            store.read_blob(layer.digest) for layer in store.load(name).manifest.layers
        )
        if found not in known:
            problems.append(f"{path}: holds a model that nobody stored")
    return problems


def kill_and_look(rounds: int, *, seed: int = 0) -> list[str]:
    """What was wrong after any of the rounds."""
    chance = random.Random(seed)
    problems: list[str] = []
    n_changes = 0
    with tempfile.TemporaryDirectory() as folder, FakeRegistry() as fake:
        for number, model in enumerate(MODELS):
            fake.add_model(f"me/m{number}/latest", *model, config={})
        warm_up(LocalStore(Path(folder, "other")), fake.address)
        store = LocalStore(Path(folder, "models"))
        for round_ in range(rounds):
            n_changes += kill_one(store, fake.address, chance, seed + round_)
            found = problems_of(store)
            if round_ % 20 == 19:
                clean(store, time.time() + 4000)
                found += problems_of(store) + leftovers_of(store)
            problems += [f"round {round_}: {problem}" for problem in found]
    if n_changes < rounds:
        problems.append(f"only {n_changes} changes were made")
    return problems


def warm_up(store: LocalStore, address: str) -> None:
    """What each child would otherwise spend its short life on."""
    registry.pull(store, f"{address}/me/m0", lambda _: None, Stop(), insecure=True)


def kill_one(store: LocalStore, address: str, chance: random.Random, seed: int) -> int:
    """Runs a child until some of its changes are done and the next is under way; how many."""
    here, there = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # threads serve the registry here; the child needs none
        child = os.fork()
    if child == 0:
        try:
            change_for_ever(store, address, random.Random(seed), lambda: os.write(there, b"."))
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
    arguments = parser.parse_args()
    found = kill_and_look(arguments.rounds, seed=arguments.seed)
    report = [*found, f"{arguments.rounds} kills, {len(found)} problems"]
    raise SystemExit("\n".join(report) if found else None)

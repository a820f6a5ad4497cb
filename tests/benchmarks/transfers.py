"""What a pull takes beside curl: `python tests/benchmarks/transfers.py` prints a table.

Both fetch one blob from Debian's docker-registry on loopback, in turns, to files of one folder;
curl also through sha256sum, since a pull verifies what it writes, and with the file brought to the
disk, since a pull ends with that (in a folder in memory, as /dev/shm, it costs nothing). Speeds are
medians of the rounds.
Memory is the most that a process of its own held while it pushed and pulled the blob, beyond what
it held for a blob of a few bytes. Asserts nothing.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from tests.registries import docker_registry

from paddock.names import ModelName
from paddock.store import registry
from paddock.store.local import LocalStore
from paddock.store.manifest import CONFIG_TYPE, Config, Layer, Manifest, media_type
from paddock.store.transfer import Stop

MODEL = "me/m"
_CHUNK = 1 << 20


def store_model(store: LocalStore, name: str, size: int) -> str:
    """A model whose weights are so many bytes, all alike in each MiB; their digest."""
    pattern = os.urandom(_CHUNK)
    chunks = (pattern[: size - start] for start in range(0, size, _CHUNK))
    blob = store.put_blob(chunks)
    layer = Layer(media_type=media_type("model"), digest=blob.digest, size=blob.size)
    about = store.put_blob(Config(model_format="gguf").to_bytes())
    config = Layer(media_type=CONFIG_TYPE, digest=about.digest, size=about.size)
    store.write_manifest(ModelName.parse(name), Manifest(config=config, layers=(layer,)))
    return blob.digest


def push(store: LocalStore, name: str) -> None:
    registry.push(store, name, lambda _: None, Stop(), insecure=True)


def pull(store: LocalStore, name: str) -> None:
    registry.pull(store, name, lambda _: None, Stop(), insecure=True)


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


@contextmanager
def emptied(folder: Path) -> Iterator[Path]:
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def measure(size: int, rounds: int, folder: Path) -> Iterator[tuple[str, str]]:
    with emptied(folder / "registry") as data, docker_registry(data) as address:
        name = f"{address}/{MODEL}"
        source = LocalStore(folder / "source")
        digest = store_model(source, name, size)
        pushed = seconds(lambda: push(source, name))
        url = f"http://{address}/v2/{MODEL}/blobs/{digest}"
        times: dict[str, list[float]] = {
            "curl": [],
            "curl, on disk": [],
            "curl | sha256sum": [],
            "pull": [],
        }
        for _ in range(rounds):
            with emptied(folder / "round") as here:
                for label, work in (
                    ("curl", lambda here=here: curl(url, here / "blob")),
                    ("curl, on disk", lambda here=here: curl_to_disk(url, here / "synced")),
                    ("curl | sha256sum", lambda here=here: curl_and_hash(url, here / "hashed")),
                    ("pull", lambda here=here: pull(LocalStore(here / "models"), name)),
                ):
                    times[label].append(seconds(work))
        for label, taken in (*times.items(), ("push", [pushed])):
            share = median(first / own for first, own in zip(times["curl"], taken, strict=False))
            yield label, f"{size / median(taken) / 1e6:8.0f} MB/s   {share:5.2f} of curl"
    for label in ("push", "pull"):
        grown = peak(label, size, folder) - peak(label, 1, folder)
        yield f"{label}, memory", f"{grown / 1e6:8.1f} MB more for {size / 1e9:.1f} GB"


def curl(url: str, path: Path) -> None:
    subprocess.run(["curl", "--silent", "--fail", "--output", path, url], check=True)


def curl_to_disk(url: str, path: Path) -> None:
    curl(url, path)
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def curl_and_hash(url: str, path: Path) -> None:
    script = 'curl --silent --fail "$1" | tee "$2" | sha256sum'
    subprocess.run(["bash", "-c", script, "-", url, path], check=True, stdout=subprocess.DEVNULL)


def peak(label: str, size: int, folder: Path) -> int:
    """The most memory that a process of its own held while it pushed or pulled, in bytes."""
    with emptied(folder / "peak") as here, docker_registry(here) as address:
        name = f"{address}/{MODEL}"
        source = LocalStore(here / "source")
        store_model(source, name, size)
        held = alone("push", source, name)
        return held if label == "push" else alone("pull", LocalStore(here / "models"), name)


def alone(label: str, store: LocalStore, name: str) -> int:
    script = (
        "import pathlib, resource, sys\n"
        "from tests.benchmarks import transfers\n"
        f"transfers.{label}(transfers.LocalStore(pathlib.Path(sys.argv[1])), sys.argv[2])\n"
        "sys.stdout.write(str(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss))"
    )
    command = [sys.executable, "-c", script, store.root, name]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return int(done.stdout) * 1024


def main(size: int, rounds: int, folder: Path | None = None) -> None:
    with tempfile.TemporaryDirectory(dir=folder) as here:
        for label, text in measure(size, rounds, Path(here)):
            sys.stdout.write(f"{label:<20} {text}\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=float, default=1e9, help="bytes of the blob")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="where all of it lies")
    arguments = parser.parse_args()
    main(int(arguments.size), arguments.rounds, arguments.folder)

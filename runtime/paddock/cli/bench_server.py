"""Measures paddock's HTTP server, next to answers in this process and next to `llama-server`.

Both servers are programs of their own on the loopback interface, with the same weights, threads and
sampling; one client asks each in its own words. Knows no command line and no terminal.
"""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Final, Protocol

import httpx

from paddock.cli.bench import (
    Arrivals,
    Completion,
    Plan,
    Progress,
    embed_rate,
    embed_texts,
    paired,
    together,
)
from paddock.client import Client
from paddock.errors import PaddockError, RequestError
from paddock.runtime import Runtime
from paddock.settings import Settings

Json = dict[str, Any]

_HOST: Final = "127.0.0.1"
_PORT: Final = "{port}"
"""Stands in a command for the port that the server is to listen on."""
_LOAD: Final = 600.0
"""Seconds that a server may take to load its model."""
_GLANCE: Final = 0.05
_PATIENCE: Final = 10.0
"""Seconds that a server has to end."""
_BATCH: Final = 512
"""Tokens of one step, as paddock chooses."""
_EMBED_SLOTS: Final = 16
_EMBED_WINDOW: Final = 512
_TAIL: Final = 5
"""Lines of a server's log that an error tells."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """A rate through paddock's server and through something else: medians, and the median of their
    ratios."""

    measure: str
    at_once: int
    unit: str
    server: float
    beside: str
    other: float
    ratio: float


@dataclass(frozen=True, slots=True)
class FirstByte:
    """How long paddock's server takes from the engine's first token to the first byte at a client.

    At most: the way of the request to the server counts, too, since nobody tells when it came.
    """

    at_once: int
    median_ms: float
    slowest_ms: float


@dataclass(frozen=True, slots=True)
class ServerReport:
    model: str
    threads: int
    rounds: int
    llama_server: str | None = None
    """The version that the other server tells."""
    results: list[Comparison] = field(default_factory=list)
    first_bytes: list[FirstByte] = field(default_factory=list)


class Answering(Protocol):
    """Whatever answers prompts and embeds texts."""

    def listen(self, prompt: str, seed: int) -> Arrivals: ...

    def embed(self, texts: Sequence[str]) -> object: ...


# -- programs --------------------------------------------------------------------------------------


@contextmanager
def running(
    command: Sequence[str], health: str, environment: Mapping[str, str] | None = None
) -> Generator[str]:
    """The URL of a server that is started with `command`, with a port for _PORT, once `health`
    is found there. Raises PaddockError with the end of its log if it does not come to that."""
    port = _free_port()
    url = f"http://{_HOST}:{port}"
    with _leaving_in_order(), TemporaryDirectory(prefix="paddock-bench-") as folder:
        log = Path(folder, "log")
        with log.open("wb") as output:
            program = subprocess.Popen(
                [word.replace(_PORT, str(port)) for word in command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=os.environ | (environment or {}),
            )
        try:
            _wait_for(program, url + health, log)
            yield url
        finally:
            _end(program)


@contextmanager
def _leaving_in_order() -> Generator[None]:
    """SIGTERM ends this process as an interrupt does: with all that it has started."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before or signal.SIG_DFL)


def _leave(number: int, _: object) -> None:
    raise SystemExit(128 + number)


def _free_port() -> int:
    with socket.create_server((_HOST, 0)) as listener:
        return listener.getsockname()[1]


def _wait_for(program: "subprocess.Popen[bytes]", url: str, log: Path) -> None:
    limit = time.monotonic() + _LOAD
    while not _is_healthy(url):
        if program.poll() is not None:
            raise PaddockError(f"{program.args[0]} ended: {_tail(log)}")  # type: ignore[index]
        if time.monotonic() > limit:
            raise PaddockError(f"{program.args[0]} does not answer: {_tail(log)}")  # type: ignore[index]
        time.sleep(_GLANCE)


def _is_healthy(url: str) -> bool:
    try:
        return httpx.get(url, timeout=_PATIENCE, trust_env=False).is_success
    except httpx.TransportError:
        return False


def _tail(log: Path) -> str:
    lines = log.read_text("utf-8", "replace").splitlines()
    return " / ".join(lines[-_TAIL:]) or "it said nothing"


def _end(program: "subprocess.Popen[bytes]") -> None:
    program.terminate()
    try:
        program.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        program.kill()
        program.wait()


# -- what they are asked ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a server is asked, and what the last part of its answer tells."""

    path: str
    """Where to have a prompt gone on from ..."""
    body: Callable[[str, int], Json]
    """... what to send for a prompt and a seed ..."""
    count: str
    """... and the key of the number of tokens that were generated."""
    embed_path: str
    embed_body: Callable[[Sequence[str]], Json]


class Server:
    """A client of one server, for any number of threads."""

    def __init__(self, url: str, dialect: Dialect) -> None:
        self._dialect = dialect
        limits = httpx.Limits(max_connections=None)
        self._http = httpx.Client(base_url=url, timeout=None, limits=limits, trust_env=False)

    def close(self) -> None:
        self._http.close()

    def listen(self, prompt: str, seed: int) -> Arrivals:
        with self._answer(prompt, seed) as lines:
            return heard(lines, self._dialect.count)

    def underway(self, prompt: str, seed: int) -> float:
        """Seconds that the first part of an answer of `paddock serve` was underway, at most."""
        asked = time.perf_counter()
        with self._answer(prompt, seed) as lines:
            moments, final = timed(lines)
        return moments[0] - asked - until_first_token(final)

    @contextmanager
    def _answer(self, prompt: str, seed: int) -> Generator[Iterator[str]]:
        body = self._dialect.body(prompt, seed)
        with self._http.stream("POST", self._dialect.path, json=body) as reply:
            _check(reply)
            yield reply.iter_lines()

    def embed(self, texts: Sequence[str]) -> object:
        reply = self._http.post(self._dialect.embed_path, json=self._dialect.embed_body(texts))
        _check(reply)
        return reply.json()


def _check(reply: httpx.Response) -> None:
    if not reply.is_success:
        raise PaddockError(f"{reply.url}: {reply.status_code} {reply.read().decode()}")


def heard(lines: Iterable[str], count: str) -> Arrivals:
    """When the parts of an answer came; its last line tells the tokens."""
    moments, final = timed(lines)
    return Arrivals(moments[:-1], told(final, count))


def timed(lines: Iterable[str]) -> tuple[list[float], Json]:
    """When the lines of an answer came, JSON or server-sent events, and what the last one says."""
    moments: list[float] = []
    last = "{}"
    for line in filter(None, lines):
        moments.append(time.perf_counter())
        last = line
    return moments, json.loads(last.removeprefix("data: "))


def until_first_token(final: Json) -> float:
    """Seconds from the request to its first token, as the last line of paddock's answer tells."""
    return (told(final, "total_duration") - told(final, "eval_duration")) / 1e9


def told(final: Json, key: str) -> int:
    if key not in final:
        raise PaddockError(f"a server's answer broke off: {json.dumps(final)}")
    return final[key]


# -- the servers -----------------------------------------------------------------------------------


@contextmanager
def paddock_server(
    model: str, plan: Plan, options: Json, bias: Mapping[int, float]
) -> Generator[Server]:
    """`paddock serve`. A file is served from a store of its own."""
    with ExitStack() as closers:
        environment = {"PADDOCK_NUM_PARALLEL": str(max(plan.sequences)), "PADDOCK_API_KEY": ""}
        if Path(model).is_file():
            models = closers.enter_context(TemporaryDirectory(prefix="paddock-bench-"))
            with Runtime(models) as runtime:
                Client(runtime=runtime).create("bench", from_=model)
            model, environment["PADDOCK_MODELS"] = "bench", models

        def body(prompt: str, seed: int) -> Json:
            return {
                "model": model,
                "prompt": prompt,
                "raw": True,
                "options": {**options, "seed": seed},
                "logit_bias": bias,
            }

        def embed_body(texts: Sequence[str]) -> Json:
            threads = {"num_thread": plan.threads}
            return {"model": model, "input": list(texts), "options": threads}

        command = [sys.executable, "-m", "paddock", "serve", "--host", f"{_HOST}:{_PORT}"]
        url = closers.enter_context(running(command, "/", environment))
        dialect = Dialect("/api/generate", body, "eval_count", "/api/embed", embed_body)
        yield closers.enter_context(closing(Server(url, dialect)))


@contextmanager
def llama_server(
    program: Path, weights: Path, plan: Plan, threads: int, options: Json, *, embeds: bool
) -> Generator[Server]:
    """`llama-server`, with a slot and a window for each client."""

    def body(prompt: str, seed: int) -> Json:
        return {
            "prompt": prompt,
            "stream": True,
            "seed": seed,
            "ignore_eos": True,
            "n_predict": options["num_predict"],
            "samplers": ["top_k", "top_p", "temperature"],
            **{name: options[name] for name in ("temperature", "top_k", "top_p")},
        }

    slots, window = (_EMBED_SLOTS, _EMBED_WINDOW) if embeds else (max(plan.sequences), plan.window)
    command = (
        *(str(program), "--host", _HOST, "--port", _PORT, "--model", str(weights)),
        *("--threads", str(threads), "--threads-batch", str(threads), "--n-gpu-layers", "999"),
        *("--parallel", str(slots), "--ctx-size", str(slots * window)),
        *("--batch-size", str(_BATCH), "--ubatch-size", str(_BATCH)),
        *(["--embeddings"] if embeds else []),
    )
    dialect = Dialect(
        "/completion", body, "tokens_predicted", "/v1/embeddings", lambda texts: {"input": texts}
    )
    with running(command, "/health") as url, closing(Server(url, dialect)) as server:
        yield server


def version_of(program: Path) -> str:
    """What a llama-server says it is. Raises RequestError for what is none."""
    try:
        told = subprocess.run(
            [str(program), "--version"],
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RequestError(f"{program} cannot be run as llama-server: {error}") from error
    found = re.search(r"^version: (.+)$", told.stdout + told.stderr, re.MULTILINE)
    if found is None:
        raise RequestError(f"{program} is no llama-server: `--version` tells no version")
    return found[1]


# -- the whole -------------------------------------------------------------------------------------


class _InProcess:
    """The same calls without a server."""

    def __init__(self, client: Client, model: str, subject: Completion, plan: Plan) -> None:
        self._client, self._model = client, model
        self._options = {"num_thread": plan.threads}
        self.listen = subject.listen

    def embed(self, texts: Sequence[str]) -> object:
        return self._client.embed(self._model, texts, options=self._options)


def measure(
    model: str, plan: Plan, *, llama: Path | None = None, progress: Progress
) -> ServerReport:
    """Generation at each number of clients, or embeddings: a name in the store, or the path of a
    GGUF file. `llama` is the file of a llama-server."""
    version = version_of(llama) if llama else None
    settings = Settings(num_parallel=max(plan.sequences))
    with ExitStack() as closers:
        runtime = closers.enter_context(Runtime(settings=settings))
        client = Client(runtime=runtime)
        found = runtime.resolve(model)
        weights = found.gguf.path  # checked, before it reaches native code
        embeds = "embedding" in found.capabilities

        from paddock.cli.bare import BareModel, Sampling
        from paddock.engine.llama import default_threads

        threads = plan.threads or default_threads()
        progress("loading the model")
        bare = closers.enter_context(BareModel(weights, threads=threads, window=plan.window))
        subject = Completion(client, model, bare, Sampling(), plan)
        options = subject.options
        progress("starting paddock serve")
        server = closers.enter_context(paddock_server(model, plan, options, subject.bias))
        others: dict[str, Answering] = {"in process": _InProcess(client, model, subject, plan)}
        if llama:
            progress("starting llama-server")
            others["llama-server"] = closers.enter_context(
                llama_server(llama, weights, plan, threads, options, embeds=embeds)
            )
        report = ServerReport(model, threads, plan.rounds, version)
        compare = partial(_compare, server=server, others=others, rounds=plan.rounds)
        if embeds:
            progress("embedding")
            report.results.extend(compare("embedding", 1, "texts/s", embedding))
            return report
        for clients in plan.sequences:
            progress(f"generation, {clients} at once")
            rate = partial(generation, subject=subject, clients=clients)
            report.results.extend(compare("generation", clients, "tokens/s", rate))
            progress(f"first byte, {clients} at once")
            report.first_bytes.append(first_byte(server, subject, clients, plan.rounds))
        return report


def generation(answering: Answering, number: int, *, subject: Completion, clients: int) -> float:
    """Tokens per second while all clients are answered."""
    return together(answering.listen, subject.prompts(clients, number))


def first_byte(server: Server, subject: Completion, clients: int, rounds: int) -> FirstByte:
    """Of answers that are asked for at the same time, in each round."""
    with ThreadPoolExecutor(clients) as pool:
        seconds = [
            each
            for number in range(rounds)
            for each in pool.map(server.underway, subject.prompts(clients, number), range(clients))
        ]
    return FirstByte(clients, median(seconds) * 1000, max(seconds) * 1000)


def embedding(answering: Answering, _: int) -> float:
    """Texts per second, all in one request."""
    return embed_rate(answering.embed, embed_texts())


def _compare(
    measure: str,
    at_once: int,
    unit: str,
    rate: Callable[[Answering, int], float],
    *,
    server: Answering,
    others: Mapping[str, Answering],
    rounds: int,
) -> Iterator[Comparison]:
    for name, other in others.items():
        ours, theirs, ratio = paired(partial(rate, server), partial(rate, other), rounds)
        yield Comparison(measure, at_once, unit, ours, name, theirs, ratio)

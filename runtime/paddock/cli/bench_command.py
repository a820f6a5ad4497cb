"""`bench`: what to measure, and how the figures are printed. Measures nothing itself."""

import json
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Final

from paddock import random_model
from paddock.cli import bench as benchmark
from paddock.cli.arguments import Line
from paddock.cli.progress import waiting
from paddock.cli.tables import table
from paddock.errors import RequestError

if TYPE_CHECKING:
    from paddock.cli.bench_server import ServerReport

_SHAPES: Final = {"tiny": random_model.TINY, "135m": random_model.SMOL_135M}


def bench(line: Line) -> int:
    """A completion model: prompt and generation tokens/s, and what a shared prefix saves. An
    embedding model: texts/s. `ratio` is paddock's rate divided by the bare loop's, the median of
    the rounds. With `--server`, the rates over HTTP by those in this process and, where its file
    is named, those of llama-server; and how long a first byte takes to the client."""
    model = line.arguments[0] if line.arguments else ""
    random = line["random"]
    if bool(model) == bool(random):
        raise RequestError("name a model (see `paddock list`), or give --random, not both")
    if random and random not in _SHAPES:
        raise RequestError(f"--random must be one of {', '.join(_SHAPES)}, not {random}")
    plan = benchmark.Plan(
        sequences=line["sequences"],
        tokens=line["tokens"],
        prompt_tokens=line["prompt-tokens"],
        prefix_tokens=line["prefix-tokens"],
        rounds=line["rounds"],
        threads=line["threads"],
    )
    with ExitStack() as closers:
        progress = closers.enter_context(waiting("preparing"))
        if random:
            vocab = Path(line["vocab"]) if line["vocab"] else None
            model = closers.enter_context(benchmark.random_weights(_SHAPES[random], vocab))
        if line["server"] or line["llama-server"]:
            report, text = _over_http(line, model, plan, progress.say)
        else:
            report = benchmark.measure(model, plan, progress=progress.say)
            text = _text(report)
    print(json.dumps(asdict(report), indent=2) if line["json"] else text)
    return 0


def _over_http(
    line: Line, model: str, plan: benchmark.Plan, say: benchmark.Progress
) -> "tuple[ServerReport, str]":
    from paddock.cli import bench_server  # brings the HTTP library

    llama = Path(line["llama-server"]) if line["llama-server"] else None
    report = bench_server.measure(model, plan, llama=llama, progress=say)
    return report, _server_text(report)


def _server_text(report: "ServerReport") -> str:
    rows = [
        [
            row.measure,
            str(row.at_once),
            f"{row.server:.1f} {row.unit}",
            row.beside,
            f"{row.other:.1f} {row.unit}",
            f"{row.ratio:.3f}",
        ]
        for row in report.results
    ]
    text = table(["MEASURE", "AT ONCE", "PADDOCK SERVE", "NEXT TO", "ITS RATE", "RATIO"], rows)
    for first in report.first_bytes:
        text += (
            f"\nFirst byte after the engine's first token, {first.at_once} at once: at most "
            f"{first.median_ms:.1f} ms (slowest {first.slowest_ms:.1f} ms)"
        )
    beside = f", llama-server {report.llama_server}" if report.llama_server else ""
    return f"{_heading(report.model, report.threads, report.rounds)}{beside}\n\n{text}".rstrip()


def _text(report: benchmark.Report) -> str:
    rows = [
        [
            pair.measure,
            str(pair.sequences),
            f"{pair.paddock:.1f} {pair.unit}",
            f"{pair.bare:.1f} {pair.unit}",
            f"{pair.ratio:.3f}",
        ]
        for pair in report.results
    ]
    text = table(["MEASURE", "AT ONCE", "PADDOCK", "BARE LOOP", "RATIO"], rows)
    if prefix := report.shared_prefix:
        text += (
            f"\nSecond of two requests that share a prefix: first token after "
            f"{prefix.second_ms:.0f} ms instead of {prefix.first_ms:.0f} ms (ratio "
            f"{prefix.ratio:.3f}); {prefix.cached} of {prefix.tokens} prompt tokens reused\n"
        )
    return f"{_heading(report.model, report.threads, report.rounds)}\n\n{text}".rstrip()


def _heading(model: str, threads: int, rounds: int) -> str:
    return f"{model}: {threads} threads, {rounds} rounds"

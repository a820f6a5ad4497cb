"""`bench`: what to measure, and how the figures are printed. Measures nothing itself."""

import json
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Final

from paddock import random_model
from paddock.cli import bench as benchmark
from paddock.cli.arguments import Line
from paddock.cli.progress import waiting
from paddock.cli.tables import table
from paddock.errors import RequestError

_SHAPES: Final = {"tiny": random_model.TINY, "135m": random_model.SMOL_135M}


def bench(line: Line) -> int:
    """A completion model: prompt and generation tokens/s, and what a shared prefix saves. An
    embedding model: texts/s. `ratio` is paddock's rate divided by the bare loop's, the median of
    the rounds."""
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
    )
    with ExitStack() as closers:
        progress = closers.enter_context(waiting("preparing"))
        if random:
            vocab = Path(line["vocab"]) if line["vocab"] else None
            model = closers.enter_context(benchmark.random_weights(_SHAPES[random], vocab))
        report = benchmark.measure(model, plan, progress=progress.say)
    print(json.dumps(asdict(report), indent=2) if line["json"] else _text(report))
    return 0


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
    return f"{report.model}: {report.threads} threads, {report.rounds} rounds\n\n{text}".rstrip()

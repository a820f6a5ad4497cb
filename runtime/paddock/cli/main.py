"""The `paddock` command: reads arguments, prints answers and errors. Knows no model's inside."""

import json
import sys
from contextlib import ExitStack
from dataclasses import asdict
from datetime import UTC, datetime
from enum import StrEnum
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from paddock import random_model
from paddock.cli import bench as benchmark
from paddock.cli.tables import human_age, human_size, table
from paddock.client import Client
from paddock.errors import PaddockError, RequestError

app = typer.Typer(
    name="paddock",
    help="Ollama inside your Python process.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
errors = Console(stderr=True)


class RandomShape(StrEnum):
    """Random weights to measure without a model at hand."""

    TINY = "tiny"
    SMOL_135M = "135m"


_SHAPES = {
    RandomShape.TINY: random_model.TINY,
    RandomShape.SMOL_135M: random_model.SMOL_135M,
}


@app.command()
def version() -> None:
    """Print the installed version."""
    print(f"paddock version is {installed_version('paddock')}")


@app.command("list")
def list_models(
    prefix: Annotated[str, typer.Argument(help="Only names that begin like this.")] = "",
) -> None:
    """List the models in the store."""
    now = datetime.now(UTC)
    print(
        table(
            ["NAME", "ID", "SIZE", "MODIFIED"],
            [
                [
                    model.name or "",
                    (model.digest or "")[:12],
                    human_size(model.size or 0),
                    human_age(now - model.modified_at) if model.modified_at else "Never",
                ]
                for model in Client().list().models
                if (model.name or "").lower().startswith(prefix.lower())
            ],
        ),
        end="",
    )


def _numbers(text: str) -> tuple[int, ...]:
    try:
        numbers = tuple(int(part) for part in text.split(","))
    except ValueError:
        numbers = ()
    if not numbers or not all(1 <= number <= 64 for number in numbers):
        raise typer.BadParameter(f"{text!r} is no list of numbers from 1 to 64, like 1,4,8,16")
    return numbers


@app.command()
def bench(
    model: Annotated[
        str, typer.Argument(help="A model in the store, or the path of a GGUF file.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    sequences: Annotated[
        str, typer.Option(help="How many answers to generate at once, one run each.")
    ] = "1,4,8,16",
    tokens: Annotated[int, typer.Option(min=8, help="Tokens of each answer.")] = 64,
    prompt_tokens: Annotated[int, typer.Option(min=16, help="Tokens of the prompt.")] = 256,
    prefix_tokens: Annotated[int, typer.Option(min=16, help="Tokens of the shared prefix.")] = 1000,
    rounds: Annotated[int, typer.Option(min=1, help="Rounds per figure; medians count.")] = 5,
    random: Annotated[
        RandomShape | None, typer.Option(help="Make a model of random weights instead.")
    ] = None,
    vocab: Annotated[
        Path | None,
        typer.Option(
            help="GGUF whose tokenizer the random model gets (sampling cost grows with it)."
        ),
    ] = None,
) -> None:
    """Measure a model next to a bare loop over the bindings.

    A completion model: prompt and generation tokens/s, and what a shared prefix saves. An embedding
    model: texts/s. `ratio` is paddock's rate divided by the bare loop's, the median of the rounds.
    """
    if bool(model) == bool(random):
        raise RequestError("name a model (see `paddock list`), or give --random, not both")
    plan = benchmark.Plan(
        sequences=_numbers(sequences),
        tokens=tokens,
        prompt_tokens=prompt_tokens,
        prefix_tokens=prefix_tokens,
        rounds=rounds,
    )
    with ExitStack() as closers:
        status = closers.enter_context(errors.status("preparing"))
        if random is not None:
            model = closers.enter_context(benchmark.random_weights(_SHAPES[random], vocab))
        report = benchmark.measure(model, plan, progress=status.update)
    print(json.dumps(asdict(report), indent=2) if as_json else _text(report))


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


def main() -> None:
    """Run the command line; an error is one line on stderr and exit status 1."""
    try:
        app()
    except PaddockError as error:
        print(f"Error: {error}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()

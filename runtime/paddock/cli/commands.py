"""The commands: their names, arguments, flags and help. Knows what runs them; runs nothing itself.

What a command needs is imported when it runs, so that `paddock list` starts at once.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from paddock.cli.arguments import (
    Arity,
    Flag,
    Line,
    any_number,
    at_least,
    at_most,
    between,
    exactly,
)
from paddock.cli.thinking import parse_think
from paddock.durations import parse_duration
from paddock.errors import RequestError


@dataclass(frozen=True, slots=True)
class Command:
    """One command. `run` gives the exit status."""

    name: str
    arguments: str
    help: str
    run: Callable[[Line], int]
    arity: Arity
    flags: Sequence[Flag] = ()
    aliases: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    """Of the environment, besides those that all commands share; without their prefix."""


# -- values of flags -------------------------------------------------------------------------------


def _duration(text: str) -> str:
    try:
        parse_duration(text)
    except RequestError as error:
        raise ValueError(str(error)) from error
    return text


def _format(text: str) -> Any:
    if text in ("", "json"):
        return text or None
    try:
        schema = json.loads(text)
    except ValueError as error:
        raise RequestError(f'--format must be "json" or a JSON schema: {error}') from error
    if not isinstance(schema, dict):
        raise RequestError(f'--format must be "json" or a JSON schema, not {text}')
    return schema


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError("not a whole number") from None


def _from(low: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        number = _whole(text)
        if number < low:
            raise ValueError(f"must be at least {low}")
        return number

    return read


def _numbers(text: str) -> tuple[int, ...]:
    try:
        numbers = tuple(int(part) for part in text.split(","))
    except ValueError:
        numbers = ()
    if not numbers or not all(1 <= number <= 64 for number in numbers):
        raise ValueError("must be numbers from 1 to 64, like 1,4,8,16")
    return numbers


# -- what runs them --------------------------------------------------------------------------------


def _bench(line: Line) -> int:
    from paddock.cli.bench_command import bench

    return bench(line)


def _cp(line: Line) -> int:
    from paddock.cli.store import cp

    return cp(line)


def _create(line: Line) -> int:
    from paddock.cli.transfer import create

    return create(line)


def _doctor(line: Line) -> int:
    from paddock.cli.doctor import doctor

    return doctor(line)


def _embed(line: Line) -> int:
    from paddock.cli.run import embed

    return embed(line)


def _export(line: Line) -> int:
    from paddock.cli.transfer import export

    return export(line)


def _import(line: Line) -> int:
    from paddock.cli.transfer import import_

    return import_(line)


def _list(line: Line) -> int:
    from paddock.cli.store import list_models

    return list_models(line)


def _ps(line: Line) -> int:
    from paddock.cli.store import ps

    return ps(line)


def _pull(line: Line) -> int:
    from paddock.cli.transfer import pull

    return pull(line)


def _push(line: Line) -> int:
    from paddock.cli.transfer import push

    return push(line)


def _rm(line: Line) -> int:
    from paddock.cli.store import rm

    return rm(line)


def _run(line: Line) -> int:
    from paddock.cli.run import run

    return run(line)


def _serve(line: Line) -> int:
    from paddock.cli.serve import serve

    return serve(line)


def _show(line: Line) -> int:
    from paddock.cli.store import show

    return show(line)


def _signin(line: Line) -> int:
    from paddock.cli.signin import signin

    return signin(line)


def _stop(line: Line) -> int:
    from paddock.cli.store import stop

    return stop(line)


def _version(line: Line) -> int:
    print(version_text(line))
    return 0


def version_text(line: Line) -> str:
    """That of the server that is named, which is told as the reference does, else our own."""
    from paddock import __version__
    from paddock.cli import connection

    host = line["host"] or connection.named_server()
    if not host:
        return f"paddock version is {__version__}"
    from paddock.remote.address import Address

    told = connection.version_of(Address.parse(host))
    first = (
        "Warning: could not connect to a running Ollama instance"
        if told is None
        else f"ollama version is {told}"
    )
    return first if told == __version__ else f"{first}\nWarning: client version is {__version__}"


# -- the table -------------------------------------------------------------------------------------

HOST: Final = Flag("host", "Ask the server at this address, not this process", value="URL")
VERBOSE: Final = Flag("verbose", "Show statistics after each answer", default=False)
NO_WORD_WRAP: Final = Flag("nowordwrap", "Do not wrap words", default=False)
_INSECURE: Final = Flag("insecure", "Use plain http", default=False)
_KEEP_ALIVE: Final = Flag(
    "keepalive", "How long the model stays loaded, like 5m", value="DURATION", parse=_duration
)
_TRUNCATE: Final = Flag("truncate", "Cut texts that are too long", default=False)
_DIMENSIONS: Final = Flag(
    "dimensions", "Shorten vectors to so many numbers", value="N", parse=_whole, default=0
)


def _text_flag(name: str, help: str) -> Flag:
    return Flag(name, help, default=False)


COMMANDS: Final = (
    Command(
        "serve",
        "",
        "Answer clients of Ollama, OpenAI and Anthropic over HTTP",
        _serve,
        exactly(0),
        (Flag("host", "The address to listen on (default: 127.0.0.1:11434)", value="HOST:PORT"),),
        aliases=("start",),
        variables=(
            "API_KEY",
            "CONTEXT_LENGTH",
            "DEBUG",
            "FLASH_ATTENTION",
            "GO_TEMPLATE",
            "GPU_OVERHEAD",
            "KEEP_ALIVE",
            "KV_CACHE_TYPE",
            "MAX_LOADED_MODELS",
            "MAX_QUEUE",
            "MODELS",
            "MODELS_READ_ONLY",
            "NOPRUNE",
            "NUM_PARALLEL",
            "ORIGINS",
            "PULL_HOSTS",
            "READ_ONLY",
            "STRICT",
        ),
    ),
    Command(
        "create",
        "MODEL",
        "Make a model from a Modelfile",
        _create,
        exactly(1),
        (
            Flag("file", "The Modelfile (default: Modelfile)", short="f", value="FILE"),
            Flag("quantize", "Quantise the weights, like q4_K_M", short="q", value="TYPE"),
            Flag("draft-quantize", "Quantise the draft model's weights", value="TYPE"),
        ),
    ),
    Command(
        "show",
        "MODEL",
        "Tell about a model",
        _show,
        exactly(1),
        (
            _text_flag("license", "Its license"),
            _text_flag("modelfile", "Its Modelfile"),
            _text_flag("parameters", "Its parameters"),
            _text_flag("system", "Its system message"),
            _text_flag("template", "Its prompt template"),
            Flag("verbose", "Metadata and tensors too", short="v", default=False),
        ),
    ),
    Command(
        "run",
        "MODEL [PROMPT]",
        "Talk with a model, or let it answer one prompt",
        _run,
        at_least(1),
        (
            _KEEP_ALIVE,
            VERBOSE,
            _INSECURE,
            NO_WORD_WRAP,
            Flag("format", "json, or a JSON schema", value="FORMAT", parse=_format),
            Flag(
                "think",
                "Think first: true, false, high, medium, low or max (needs =)",
                value="LEVEL",
                parse=parse_think,
                bare="true",
            ),
            Flag("hidethinking", "Do not print what the model thinks", default=False),
            _TRUNCATE,
            _DIMENSIONS,
        ),
        variables=("EDITOR", "NOHISTORY"),
    ),
    Command("stop", "MODEL", "Unload a model", _stop, exactly(1)),
    Command("pull", "MODEL", "Fetch a model from a registry", _pull, exactly(1), (_INSECURE,)),
    Command("push", "MODEL", "Send a model to a registry", _push, exactly(1), (_INSECURE,)),
    Command("signin", "", "Print the key for pushing", _signin, exactly(0), aliases=("login",)),
    Command("list", "[PREFIX]", "List the models", _list, any_number, aliases=("ls",)),
    Command("ps", "[PREFIX]", "List the models that are loaded", _ps, any_number),
    Command("cp", "SOURCE DESTINATION", "Give a model a second name", _cp, exactly(2)),
    Command("rm", "MODEL...", "Remove models", _rm, at_least(1)),
    Command("export", "MODEL FILE", "Write a model to an archive", _export, exactly(2)),
    Command("import", "FILE [MODEL]", "Read a model from an archive", _import, between(1, 2)),
    Command(
        "embed",
        "MODEL [TEXT...]",
        "Print the vector of each text, or of each line of stdin",
        _embed,
        at_least(1),
        (_KEEP_ALIVE, _TRUNCATE, _DIMENSIONS),
    ),
    Command(
        "bench",
        "[MODEL]",
        "Measure a model next to a bare loop over the bindings",
        _bench,
        at_most(1),
        (
            Flag("json", "Print JSON", default=False),
            Flag(
                "sequences",
                "How many answers at once, one run each (default: 1,4,8,16)",
                value="N,N",
                parse=_numbers,
                default=(1, 4, 8, 16),
            ),
            Flag("tokens", "Tokens of each answer", value="N", parse=_from(8), default=64),
            Flag("prompt-tokens", "Tokens of the prompt", value="N", parse=_from(16), default=256),
            Flag(
                "prefix-tokens",
                "Tokens of the shared prefix",
                value="N",
                parse=_from(16),
                default=1000,
            ),
            Flag(
                "rounds", "Rounds per figure; medians count", value="N", parse=_from(1), default=5
            ),
            Flag("threads", "Threads of each side", value="N", parse=_from(1)),
            Flag("random", "Random weights instead of a model: tiny or 135m", value="SHAPE"),
            Flag("vocab", "GGUF whose tokenizer the random weights get", value="FILE"),
            Flag("server", "Measure the HTTP server next to this process instead", default=False),
            Flag("llama-server", "Measure the HTTP server next to this one too", value="FILE"),
        ),
    ),
    Command("doctor", "", "Say what is installed, and what would help", _doctor, exactly(0)),
    Command("version", "", "Print the version", _version, exactly(0)),
)

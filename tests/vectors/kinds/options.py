"""Options, durations, the environment and the command line: spec modelfile.md section 3,
http-api.md section 3, scheduler.md section 13, cli.md.

The kinds about placing and loading models belong to the scheduler, a part not built yet.
"""

import json
import logging
import os
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from paddock.api import ChatRequest, Message, Options, build
from paddock.cli import figures, files
from paddock.cli.arguments import parse
from paddock.cli.commands import COMMANDS
from paddock.cli.session import Session, save_request
from paddock.cli.show import show_text
from paddock.cli.tables import table
from paddock.describe import human_count
from paddock.durations import FOREVER, parse_keep_alive
from paddock.engine.sequence import SamplingParams
from paddock.errors import PaddockError, RequestError
from paddock.ingredients import named
from paddock.modelfile import parameter
from paddock.settings import TRACE, Settings, connectable_url, server_url

Json = dict[str, Any]

HEADERS = {
    "list": ["NAME", "ID", "SIZE", "MODIFIED"],
    "ps": ["NAME", "ID", "SIZE", "PROCESSOR", "CONTEXT", "UNTIL"],
}
LEVELS = {
    "ERROR": logging.ERROR,
    "INFO": logging.INFO,
    "DEBUG": logging.DEBUG,
    "TRACE": TRACE,
}
NOW = datetime(2026, 8, 1, tzinfo=UTC)


# -- requests --------------------------------------------------------------------------------------


def keep_alive_json(case: Json, _: Json) -> None:
    fields, expected = json.loads(case["json"]), case["expected"]
    if "error_any" in expected:
        with pytest.raises(RequestError):
            parse_keep_alive(build(ChatRequest, {"model": "m"} | fields).keep_alive or 0)
        return
    value = build(ChatRequest, {"model": "m"} | fields).keep_alive
    assert (None if value is None else parse_keep_alive(value)) == expected["nanoseconds"]


def duration_json(case: Json, _: Json) -> None:
    """paddock sends no durations; it prints them, and reads what the reference writes."""
    text = json.loads(case["expected"]["json"])
    assert parse_keep_alive(text) == case["expected"]["round_trip_nanoseconds"] <= FOREVER
    if case["nanoseconds"] >= 0:
        assert figures.duration(case["nanoseconds"]) == text


def sampling_defaults() -> Json:
    """Of the options that the reference has too; those of loading are decided when loading."""
    defaults = asdict(SamplingParams())
    shared = defaults.keys() & Options.model_fields.keys() - {"mirostat_tau", "mirostat_eta"}
    assert len(shared) >= 10
    return {name: defaults[name] for name in shared - {"mirostat"}}


def from_map(case: Json, _: Json) -> None:
    expected = case["expected"]
    if "error" in expected:
        with pytest.raises(PaddockError) as caught:
            Options.parse(case["options"], strict=False)
        assert str(caught.value) == expected["error"]
        return
    options = Options.parse(case["options"], strict=False)
    if "all" in expected:
        assert options == Options()
        assert sampling_defaults().items() <= expected["all"].items()
    else:
        assert options.model_dump(exclude_none=True) == expected["changed"]


def format_params(case: Json, _: Json) -> None:
    expected = case["expected"]
    if "error" in expected:
        with pytest.raises(PaddockError) as caught:
            parameter(case["parameter"], case["values"])
        assert str(caught.value) == expected["error"]
        return
    value = parameter(case["parameter"], case["values"])
    assert type(value) is type(expected["value"])
    assert value == (
        pytest.approx(expected["value"], abs=1e-6)
        if isinstance(value, float)
        else expected["value"]
    )


# -- the environment -------------------------------------------------------------------------------


def setting(field: str, value: str) -> Any:
    with pytest.MonkeyPatch.context() as environment:
        for name in list(os.environ):
            if name.startswith(("PADDOCK_", "OLLAMA_")):
                environment.delenv(name)
        environment.setenv(f"OLLAMA_{field.upper()}", value)
        return getattr(Settings(models="unused"), field)


def env_duration(case: Json, _: Json) -> None:
    field = case["variable"].removeprefix("OLLAMA_").lower()
    assert setting(field, case["value"]) == case["expected"]


def env_bool(case: Json) -> None:
    field = {False: "noprune", True: "go_template"}[case["default"]]
    assert setting(field, case["value"]) is case["expected"]


def env_uint(case: Json) -> None:
    default = setting("max_queue", "")
    expected = default if case["expected"] == case["default"] else case["expected"]
    assert setting("max_queue", case["value"]) == expected


def env_string(case: Json) -> None:
    assert setting("host", case["value"]) == case["expected"]


def env_log_level(case: Json) -> None:
    assert setting("debug", case["value"]) == LEVELS[case["expected"]]


ENVIRONMENT: dict[str, Callable[[Json], None]] = {
    "bool": env_bool,
    "uint": env_uint,
    "string": env_string,
    "log_level": env_log_level,
}


def env_values(case: Json, _: Json) -> None:
    ENVIRONMENT[case["kind"]](case)


def host(case: Json, _: Json) -> None:
    url, expected = server_url(case["value"]), case["expected"]
    if "url" in expected:
        assert url == expected["url"]
    else:
        assert connectable_url(url) == expected["connectable_url"]


# -- figures ---------------------------------------------------------------------------------------


def human_sizes(case: Json, _: Json) -> None:
    prints = {
        "bytes": figures.human_size,
        "binary_bytes": figures.binary_size,
        "number": human_count,
    }
    assert prints[case["kind"]](case["value"]) == case["expected"]


def human_times(case: Json, _: Json) -> None:
    age = case["age_seconds"]
    moment = None if age is None else NOW - timedelta(seconds=age)
    assert figures.human_time(moment, NOW, case["zero_text"]) == case["expected"]


def ps_processor(case: Json, _: Json) -> None:
    assert figures.processor(case["size"], case["size_vram"]) == case["expected"]


# -- the command line ------------------------------------------------------------------------------


def cli_tables(case: Json, _: Json) -> None:
    assert table(HEADERS[case["command"]], case["rows"]) == case["expected"]


def cli_show_info(case: Json, _: Json) -> None:
    assert show_text(case["response"], verbose=case["verbose"]) == case["expected"]


def cli_think_flag(case: Json, _: Json) -> None:
    run = next(command for command in COMMANDS if command.name == "run")
    expected = case["expected"]
    if "error" in expected:
        with pytest.raises(RequestError) as caught:
            parse(run.flags, ["model", *case["args"]])
        assert str(caught.value) == expected["error"]
        return
    assert parse(run.flags, ["model", *case["args"]])["think"] == expected["think"]


def cli_file_names(case: Json, _: Json) -> None:
    assert files.candidates(case["input"]) == case["expected"]


def cli_create_file_names(case: Json, _: Json) -> None:
    names = named([Path(path) for path in case["files"]])
    assert {str(path): name for name, path in names.items()} == case["expected"]


def cli_save_request(case: Json, _: Json) -> None:
    given = case["session"]
    session = Session(
        given["model"],
        parent=given["parent_model"],
        system=given.get("system", ""),
        messages=[Message(**message) for message in given.get("messages", [])],
    )
    assert save_request(session, case["new_name"]) == case["expected"]


RUNNERS = {
    "cli_create_file_names": cli_create_file_names,
    "cli_file_names": cli_file_names,
    "cli_save_request": cli_save_request,
    "cli_show_info": cli_show_info,
    "cli_tables": cli_tables,
    "cli_think_flag": cli_think_flag,
    "duration_json": duration_json,
    "env_duration": env_duration,
    "env_values": env_values,
    "format_params": format_params,
    "from_map": from_map,
    "host": host,
    "human_sizes": human_sizes,
    "human_times": human_times,
    "keep_alive_json": keep_alive_json,
    "ps_processor": ps_processor,
}

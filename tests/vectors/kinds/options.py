"""Options, durations, the environment and the command line: spec modelfile.md section 3,
http-api.md section 3, scheduler.md section 13, cli.md.

Of the kinds about loading, those of several GPUs, of layers and of drafts belong to a part not
built yet.
"""

import json
import logging
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from dataclasses import replace as changed
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from paddock import memory, prompt
from paddock.api import LOAD_OPTIONS, ChatRequest, Message, Options, build
from paddock.cli import figures, files
from paddock.cli.arguments import parse
from paddock.cli.commands import COMMANDS
from paddock.cli.session import Session, save_request
from paddock.cli.show import show_text
from paddock.cli.tables import table
from paddock.describe import human_count
from paddock.durations import FOREVER, parse_keep_alive
from paddock.engine.backend import LoadSpec
from paddock.engine.llama import is_out_of_memory
from paddock.engine.sequence import SamplingParams
from paddock.errors import PaddockError, RequestError
from paddock.ingredients import named
from paddock.modelfile import parameter
from paddock.scheduler import Scheduler
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


# -- loading ---------------------------------------------------------------------------------------


def planned(
    options: Json,
    *,
    trained: int = 0,
    embedding: bool = False,
    vision: bool = False,
    settings: Json | None = None,
    has_gpu: bool = True,
) -> LoadSpec:
    """How a model of a few bytes that knows nothing but its window would be loaded."""
    return memory.plan(
        Path("weights"),
        {"llama.context_length": trained},
        "llama",
        options=Options.parse(options),
        settings=Settings(models="unused", **{"num_parallel": 1} | (settings or {})),
        available_memory=2**50,
        weights_size=1,
        is_embedding=embedding,
        is_vision=vision,
        has_gpu=has_gpu,
    )


def num_ctx_priority(case: Json, _: Json) -> None:
    def options(source: str) -> Options:
        value = case[f"{source}_num_ctx"]
        return Options() if value is None else Options(num_ctx=value)

    merged = options("request").over(options("model"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(memory, "DEFAULT_CONTEXT", case["vram_default"])
        length = setting("context_length", case["env"] or "")
        spec = planned(merged.model_dump(), settings={"context_length": length})
    assert spec.num_ctx == case["expected"]["num_ctx"]
    is_set = "num_ctx" in memory.explicit(merged) or length > 0
    assert is_set is not case["expected"]["automatic"]


def default_context_tier(case: Json, _: Json) -> None:
    gpus, overhead = case["gpu_total_bytes"], case["gpu_overhead_bytes"]
    everything = memory.gpu_memory(gpus, overhead)
    assert memory.default_context(everything, everything, 0, 0) == case["expected"]


def context_clamp(case: Json, _: Json) -> None:
    parallel = case["num_parallel"]
    settings = {"num_parallel": parallel}
    spec = planned(
        {"num_ctx": case["num_ctx"]},
        trained=case["train_context"],
        settings=settings,
        vision=case.get("vision", False),
    )
    assert spec.num_ctx == case["expected"]["per_sequence"]
    assert spec.num_ctx * spec.parallel == case["expected"]["total"]


def context_shift(case: Json, _: Json) -> None:
    families = [case["family"], *case["families"]]
    assert prompt.may_shift(case["shift"], families) is case["expected"]


def num_batch_default(case: Json, _: Json) -> None:
    chosen = [case["request_num_batch"], case["model_num_batch"]]
    options = {"num_ctx": case["num_ctx"], "num_batch": next(filter(None, chosen), None)}
    spec = planned(options, embedding="embedding" in case["capabilities"])
    assert spec.num_batch == case["expected"]


def oom_messages(case: Json, _: Json) -> None:
    assert is_out_of_memory(case["message"]) is case["expected"]


def load_params(case: Json, _: Json) -> None:
    environment = {
        "kv_cache_type": case["env_OLLAMA_KV_CACHE_TYPE"] or "f16",
        "flash_attention": case["env_OLLAMA_FLASH_ATTENTION"] or "",
        "num_parallel": str(case["num_parallel"]),
    }
    settings = {name: setting(name, value) for name, value in environment.items()}
    options = case["options"]
    spec = planned(options, embedding=case["embedding_model"], settings=settings)
    flash = {None: "auto", True: "on", False: "off"}[spec.flash_attention]
    cache_type = None if spec.kv_type == memory.KV_TYPES["f16"] else spec.kv_type
    keep = prompt.kept_tokens(spec.num_ctx, options["num_keep"], False, spec.num_ctx)
    assert case["expected"] == {
        "n_ctx": spec.num_ctx * spec.parallel,
        "n_parallel": spec.parallel,
        "n_batch": spec.num_batch,
        "n_ubatch": spec.num_batch,
        "embedding": case["embedding_model"],
        "n_gpu_layers": None if spec.num_gpu < 0 else spec.num_gpu,
        "n_threads": spec.num_thread or None,
        "split_mode": None if spec.main_gpu is None else "none",
        "main_gpu": spec.main_gpu,
        "load_mode": None if spec.use_mmap or options["use_mmap"] is None else "no_mmap",
        "flash_attention": flash,
        "cache_type_k": cache_type,
        "cache_type_v": cache_type,
        "context_shift": case["context_shift"],
        "context_shift_keep": keep or None,
    }


# -- loaded models ---------------------------------------------------------------------------------


@dataclass
class Loaded:
    """What a scheduler keeps, without any weights."""

    spec: LoadSpec
    size: int = 0
    size_vram: int = 0
    is_alive: bool = True

    def close(self) -> None:
        self.is_alive = False


AUTOMATIC = {"num_ctx_auto": "num_ctx", "num_batch_auto": "num_batch", "use_mmap_auto": "use_mmap"}


def needs_reload(case: Json, _: Json) -> None:
    def wanted(side: Json) -> tuple[LoadSpec, frozenset[str]]:
        given = {key: value for key, value in side["options"].items() if value is not None}
        for flag, name in AUTOMATIC.items():
            if side.get(flag):
                given.pop(name, None)
        spec = planned(given, trained=case["runner"]["train_context"])
        parts = {kind: tuple(map(Path, side[kind])) for kind in ("adapters", "projectors")}
        return changed(spec, **parts), LOAD_OPTIONS & given.keys()

    def load(spec: LoadSpec) -> Loaded:
        options = case["runner"]["options"]
        became = {name: options[name] for flag, name in AUTOMATIC.items() if case["runner"][flag]}
        models.append(Loaded(changed(spec, **became)))
        return models[-1]

    models: list[Loaded] = []
    with Scheduler[Loaded, str](load, keep_alive=FOREVER, max_loaded=1, max_queue=1) as scheduler:
        for side in ("runner", "request"):
            spec, wants = wanted(case[side])
            scheduler.acquire("weights", "m", spec, wants=wants).result(10).release()
            models[0].is_alive = case["runner"]["healthy"] and models[0].is_alive
        assert len(models) == 1 + case["expected_reload"]


def eviction_choice(case: Json, _: Json) -> None:
    runners = case["runners"]
    with Scheduler[Loaded, str](
        Loaded, keep_alive=FOREVER, max_loaded=len(runners), max_queue=1, clock=lambda: 0.0
    ) as scheduler:

        def use(path: str, keep_alive: int | None = None) -> Any:
            spec = LoadSpec(Path(path), num_ctx=4)
            return scheduler.acquire(path, path, spec, keep_alive=keep_alive).result(10)

        leases = [use(runner["path"], runner["keep_alive_ns"]) for runner in runners]
        for runner, lease in zip(runners, leases, strict=True):
            if not runner["refs"]:
                lease.release()
        use("/new").release()
        stayed = {row.key for row in scheduler.ps()}
        gone = [runner["id"] for runner in runners if runner["path"] not in stayed]
        assert gone == [case["expected"]]
        for lease in leases:
            lease.release()


RUNNERS = {
    "cli_create_file_names": cli_create_file_names,
    "cli_file_names": cli_file_names,
    "cli_save_request": cli_save_request,
    "cli_show_info": cli_show_info,
    "cli_tables": cli_tables,
    "cli_think_flag": cli_think_flag,
    "context_clamp": context_clamp,
    "default_context_tier": default_context_tier,
    "context_shift": context_shift,
    "duration_json": duration_json,
    "env_duration": env_duration,
    "env_values": env_values,
    "eviction_choice": eviction_choice,
    "format_params": format_params,
    "from_map": from_map,
    "host": host,
    "human_sizes": human_sizes,
    "human_times": human_times,
    "keep_alive_json": keep_alive_json,
    "load_params": load_params,
    "needs_reload": needs_reload,
    "num_batch_default": num_batch_default,
    "num_ctx_priority": num_ctx_priority,
    "oom_messages": oom_messages,
    "ps_processor": ps_processor,
}

"""Options and durations: spec modelfile.md section 3, http-api.md section 3."""

import json
from dataclasses import asdict
from typing import Any

import pytest

from paddock.api import ChatRequest, Options, build
from paddock.describe import human_count
from paddock.durations import FOREVER, parse_keep_alive
from paddock.engine.sequence import SamplingParams
from paddock.errors import PaddockError, RequestError

Json = dict[str, Any]


def keep_alive_json(case: Json, _: Json) -> None:
    fields, expected = json.loads(case["json"]), case["expected"]
    if "error_any" in expected:
        with pytest.raises(RequestError):
            parse_keep_alive(build(ChatRequest, {"model": "m"} | fields).keep_alive or 0)
        return
    value = build(ChatRequest, {"model": "m"} | fields).keep_alive
    assert (None if value is None else parse_keep_alive(value)) == expected["nanoseconds"]


def duration_json(case: Json, _: Json) -> None:
    """paddock sends no durations; it reads what the reference writes."""
    text = json.loads(case["expected"]["json"])
    assert parse_keep_alive(text) == case["expected"]["round_trip_nanoseconds"] <= FOREVER


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


def human_sizes(case: Json, _: Json) -> None:
    if case["kind"] != "number":
        pytest.skip("sizes in bytes are printed by a part not built yet")
    assert human_count(case["value"]) == case["expected"]


RUNNERS = {
    "keep_alive_json": keep_alive_json,
    "duration_json": duration_json,
    "from_map": from_map,
    "human_sizes": human_sizes,
}

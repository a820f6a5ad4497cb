"""Ollama's own API over a runtime whose engine is scripted, or over a real store."""

from typing import Any

from paddock.settings import server_url

Json = dict[str, Any]


def host_env(case: Json, _: Json) -> None:
    assert server_url(case["input"]["value"]) == case["expected"]["url"]


RUNNERS = {"host_env": host_env}

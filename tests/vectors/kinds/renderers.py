"""The built-in renderers: spec output-parsing.md section 8."""

import time
from typing import Any

import pytest

from paddock.api import Message, Tool
from paddock.errors import RequestError
from paddock.families import registry

Json = dict[str, Any]


def renderer(case: Json, file: Json) -> None:
    family = registry.renderer(file["renderer"])
    assert family.leading_bos == file["leading_bos"]
    messages = [Message(**message) for message in case["messages"]]
    tools = [Tool(**tool) for tool in case.get("tools") or ()]
    if "error" in case:
        with pytest.raises(RequestError):
            family.render(messages, tools, case.get("think"))
        return
    today = time.strftime("%Y-%m-%d", time.localtime())
    expected = case["out"].replace("{TODAY}", today)
    assert family.render(messages, tools, case.get("think")) == expected


def name_resolution(case: Json, _: Json) -> None:
    family = registry.renderer(case["renderer"], case["model_name"], case["model_type"])
    assert family.name == case["resolved"]


RUNNERS = {"renderer": renderer, "name_resolution": name_resolution}

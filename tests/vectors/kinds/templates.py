"""Go templates: the language, prompts, what their texts tell: spec templates.md."""

from base64 import b64encode
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from paddock import capabilities, families, prompt
from paddock.api import Message, Tool
from paddock.errors import TemplateError
from paddock.template import detect
from paddock.template.chat import collate
from paddock.template.evaluate import Program
from paddock.template.functions import ALL
from paddock.template.go import GoTemplate
from paddock.template.limits import Budget
from paddock.template.syntax import parse

Json = dict[str, Any]


def today() -> date:
    return datetime.now(UTC).astimezone().date()


def language(case: Json, _: Json) -> None:
    def execute() -> str:
        program = Program(case["template"], parse(case["template"], ALL), ALL)
        data = case.get("data")
        return program.run(data, Budget([data]), today())

    if "error" not in case:
        assert execute() == case["out"]
        return
    if case["error"]["stage"] == "exec":
        parse(case["template"], ALL)
    with pytest.raises(TemplateError):
        execute() if case["error"]["stage"] == "exec" else parse(case["template"], ALL)


def messages_of(case: Json) -> list[Message]:
    """The payloads of images are opaque here; api.Message would read them as base64."""
    return [Message.model_validate(item) for item in case.get("messages", [])]


def tools_of(case: Json) -> list[Tool]:
    return [Tool.model_validate(item) for item in case.get("tools", [])]


def execute(case: Json, file: Json) -> None:
    text = case.get("template")
    if text is None:
        path: Path = file["folder"] / "files" / case["template_file"]
        text = path.read_text("utf-8")

    def render() -> str:
        return GoTemplate.parse(text).render(
            messages_of(case),
            tools_of(case),
            case.get("think"),
            prompt=case.get("prompt", ""),
            suffix=case.get("suffix", ""),
        )

    if "error" in case:
        if case["error"]["stage"] == "exec":
            GoTemplate.parse(text)
        with pytest.raises(TemplateError):
            render()
        return
    yesterday = today() - timedelta(days=1)
    expected = case["out"].replace("{TODAY}", today().isoformat())
    assert render() == expected.replace("{YESTERDAY}", yesterday.isoformat())


def names(case: Json, _: Json) -> None:
    if "error" in case:
        with pytest.raises(TemplateError):
            GoTemplate.parse(case["template"])
        return
    assert sorted(GoTemplate.parse(case["template"]).variables) == case["vars"]


def collated(case: Json, _: Json) -> None:
    system, messages = collate(messages_of(case))
    assert system == case["system"]
    assert [message.model_dump(exclude_none=True) for message in messages] == case["collated"]


def of_templates(case: Json, _: Json) -> None:
    chat, layer = case.get("chat_template"), case.get("template")
    if chat is not None:
        found = capabilities.of_chat_template(chat)
        assert set(found) == set(case["chat_template_capabilities"])
    if layer is not None:
        assert set(capabilities.of_template(layer)) == set(case["template_capabilities"])
    if chat is not None and layer is not None:
        found = capabilities.chat_template_wins(chat, layer)
        assert found == case["prefer_chat_template"]


def detected(case: Json, _: Json) -> None:
    found = detect.detect(case["jinja"])
    assert (found and found.name) == case["detected"]


def renderer_of(case: Json) -> prompt.Renderer:
    if "renderer" in case:
        return families.renderer(case["renderer"])
    return prompt.renderer_for(case["template"], None)


def chat_prompt(case: Json, _: Json) -> None:
    """Tokens are words; each image of a model that sees them counts as many as the reference's."""
    messages, tools, renderer = messages_of(case), tools_of(case), renderer_of(case)

    def render(kept: list[Message]) -> str:
        return renderer.render(kept, tools or None, case.get("think"))

    kept = messages
    if case["truncate"]:
        image_tokens = prompt.IMAGE_TOKENS if case["projector"] else 0
        kept = prompt.fit_messages(
            messages, lambda some: len(render(some).split()), case["num_ctx"], image_tokens
        )
    shown, images = prompt.tag_images(kept)
    assert render(kept if "renderer" in case else shown) == case["out"]
    assert [b64encode(image.read()).decode() for image in images] == case["media"]


RUNNERS = {
    "chat_prompt": chat_prompt,
    "detect": detected,
    "capabilities": of_templates,
    "collate": collated,
    "execute": execute,
    "language": language,
    "vars": names,
}

"""What the texts of templates tell: spec modelfile.md section 8.2."""

from typing import Any

from paddock import capabilities

Json = dict[str, Any]


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


RUNNERS = {"capabilities": of_templates}

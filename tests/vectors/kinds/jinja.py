"""Chat templates of published models: spec templates.md section 9.5."""

from datetime import UTC, datetime
from typing import Any

import pytest

from paddock.errors import TemplateError
from paddock.template.jinja import JinjaTemplate

Json = dict[str, Any]
RECORDED = datetime(2026, 11, 22, tzinfo=UTC)


def render(case: Json, file: Json) -> None:
    text = (file["folder"] / file["template"]).read_text("utf-8")
    if "error" in case["expected"]:
        with pytest.raises(TemplateError):
            JinjaTemplate.parse(text).render(**case["kwargs"])
        return
    rendered = JinjaTemplate.parse(text).render(**case["kwargs"], now=RECORDED)
    assert rendered == case["expected"]["prompt"]


RUNNERS = {"jinja": render}

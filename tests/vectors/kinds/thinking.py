"""Thinking: the tags that a template shows, and answers taken apart at them."""

from typing import Any

Json = dict[str, Any]


RUNNERS: dict[str, Any] = {}

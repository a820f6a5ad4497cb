"""Tool calls: the tag that a template shows, and calls read out of answers."""

from typing import Any

Json = dict[str, Any]


RUNNERS: dict[str, Any] = {}

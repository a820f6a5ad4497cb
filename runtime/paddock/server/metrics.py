"""What the server has done so far, as Prometheus reads it. Knows no route and no runtime."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

_COUNTED: Final = {
    "prompt_eval_count": "paddock_prompt_tokens_total",
    "prompt_cached_count": "paddock_prompt_tokens_cached_total",
    "eval_count": "paddock_generated_tokens_total",
}
_HELP: Final = {
    "paddock_requests_total": ("counter", "Requests answered, by route and status."),
    "paddock_requests_in_flight": ("gauge", "Requests being answered now."),
    "paddock_prompt_tokens_total": ("counter", "Prompt tokens of answered requests."),
    "paddock_prompt_tokens_cached_total": ("counter", "Of them, tokens not evaluated again."),
    "paddock_generated_tokens_total": ("counter", "Tokens generated for answered requests."),
    "paddock_models_loaded": ("gauge", "Models loaded now."),
    "paddock_model_bytes": ("gauge", "Bytes that a loaded model takes."),
}

Labels = tuple[tuple[str, str], ...]


class Metrics:
    """Counters of one server. All are kept by its event loop."""

    def __init__(self) -> None:
        self._requests: Counter[Labels] = Counter()
        self._tokens: Counter[str] = Counter(dict.fromkeys(_COUNTED.values(), 0))
        self.in_flight = 0

    def answered(self, method: str, path: str, status: int) -> None:
        """Count a request by its route (not by what stood in its place: that has no end)."""
        labels = (("method", method), ("path", path), ("status", str(status)))
        self._requests[labels] += 1

    def count(self, part: Any) -> None:
        """Count the tokens that the part of an answer reports."""
        for field, name in _COUNTED.items():
            self._tokens[name] += getattr(part, field, None) or 0

    def text(self, models: Mapping[str, int]) -> str:
        """The exposition; `models` has the bytes of each loaded one."""
        samples: list[tuple[str, Labels, int]] = [
            *(("paddock_requests_total", labels, n) for labels, n in self._requests.items()),
            ("paddock_requests_in_flight", (), self.in_flight),
            *((name, (), n) for name, n in self._tokens.items()),
            ("paddock_models_loaded", (), len(models)),
            *(("paddock_model_bytes", (("model", name),), n) for name, n in models.items()),
        ]
        return "".join(_lines(samples))


def _lines(samples: Iterable[tuple[str, Labels, int]]) -> Iterable[str]:
    told: set[str] = set()
    for name, labels, value in samples:
        if name not in told:
            told.add(name)
            kind, text = _HELP[name]
            yield f"# HELP {name} {text}\n# TYPE {name} {kind}\n"
        inside = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels)
        yield f"{name}{{{inside}}} {value}\n" if inside else f"{name} {value}\n"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")

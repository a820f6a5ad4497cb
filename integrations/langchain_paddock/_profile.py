"""What LangChain wants to know of a model before it asks it anything.

Knows what `show` tells; loads nothing. Read when it is first looked at, since constructing a chat
model opens no file.
"""

from collections.abc import Callable, ItemsView, Iterator, KeysView, Mapping, ValuesView
from typing import Any, Final

from langchain_core.language_models import ModelProfile

from paddock import ShowResponse

DEFAULT_NUM_CTX: Final = 4096
"""The reference's window where neither call, Modelfile nor environment names one."""

_EFFORTS: Final = ("low", "medium", "high")
_LEVELS_IN: Final = ("reasoning_effort", ".ThinkLevel", "thinking_effort")
"""What a template says when it tells levels of thinking apart."""


def profile_of(
    name: str,
    shown: ShowResponse,
    *,
    num_ctx: int | None,
    num_predict: int | None,
    fallback: int | None,
) -> dict[str, Any]:
    """`num_ctx` and `num_predict` as asked for; `fallback` is the environment's window.

    Agents summarise when `max_input_tokens` is reached, so it is the window that requests get, not
    the length that the model was trained for.
    """
    can = set(shown.capabilities or ())
    has_tools, thinks = "tools" in can, "thinking" in can
    window = _window(num_ctx, shown, fallback)
    limit = num_predict if num_predict and num_predict > 0 else window
    template = shown.template or ""
    profile: dict[str, Any] = {
        "name": name,
        "max_input_tokens": window,
        "max_output_tokens": min(limit, window),
        "text_inputs": True,
        "image_inputs": "vision" in can,
        "audio_inputs": "audio" in can,
        "image_tool_message": "vision" in can,
        "text_outputs": True,
        "tool_calling": has_tools,
        "tool_choice": has_tools,
        "tool_call_streaming": has_tools,
        "structured_output": "completion" in can,
        "reasoning_output": thinks,
        "temperature": True,
        "open_weights": True,
        "attachment": "vision" in can,
    }
    if thinks and any(mark in template for mark in _LEVELS_IN):
        profile["reasoning_effort_levels"] = list(_EFFORTS)
    # An older core warns of what it does not know yet.
    return {name: value for name, value in profile.items() if name in ModelProfile.__annotations__}


def _window(num_ctx: int | None, shown: ShowResponse, fallback: int | None) -> int:
    stored = [
        int(value)
        for key, _, value in (line.partition(" ") for line in (shown.parameters or "").split("\n"))
        if key == "num_ctx"
    ]
    trained = [
        value
        for key, value in (shown.modelinfo or {}).items()
        if key.endswith(".context_length") and isinstance(value, int)
    ]
    return min([num_ctx or max(stored, default=fallback or DEFAULT_NUM_CTX), *trained])


class LazyProfile(dict[str, Any]):
    """Empty until `read_with`; then filled by the first look at it that finds the model."""

    _read: Callable[[], Mapping[str, Any] | None] | None = None

    def read_with(self, read: Callable[[], Mapping[str, Any] | None]) -> None:
        self._read = read

    def _fill(self) -> "LazyProfile":
        read, self._read = self._read, None
        if read is not None:
            found = read()
            if found is None:
                self._read = read  # it may be pulled yet
            else:
                self.update(found)
        return self

    def __getitem__(self, key: str) -> Any:
        self._fill()
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        self._fill()
        return super().get(key, default)

    def __contains__(self, key: object) -> bool:
        self._fill()
        return super().__contains__(key)

    def __iter__(self) -> Iterator[str]:
        self._fill()
        return super().__iter__()

    def __len__(self) -> int:
        self._fill()
        return super().__len__()

    def __eq__(self, other: object) -> bool:
        self._fill()
        return super().__eq__(other)

    __hash__ = None  # type: ignore[assignment]

    # Its repr shows what has been read: printing a model opens no file.

    def keys(self) -> KeysView[str]:  # type: ignore[override]
        return self.copy().keys()

    def values(self) -> ValuesView[Any]:  # type: ignore[override]
        return self.copy().values()

    def items(self) -> ItemsView[str, Any]:  # type: ignore[override]
        return self.copy().items()

    def copy(self) -> dict[str, Any]:
        self._fill()
        return {key: dict.__getitem__(self, key) for key in dict.__iter__(self)}

"""The state of a conversation at the terminal, and the requests that come of it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from paddock.api import Message
from paddock.cli.thinking import Think
from paddock.errors import PaddockError
from paddock.names import ModelName, split_source


@dataclass(slots=True)
class Session:
    """What the commands of a conversation change."""

    model: str
    parent: str = ""
    capabilities: tuple[str, ...] = ()
    model_messages: tuple[Message, ...] = ()
    """The examples that the model brings along."""
    messages: list[Message] = field(default_factory=list[Message])
    system: str = ""
    options: dict[str, Any] = field(default_factory=dict[str, Any])
    format: Any = None
    keep_alive: str | None = None
    think: Think = None
    """None leaves it to what the model can do."""
    thinks_by_itself: bool = True
    """Whether a model that can think is asked to; False once that was refused."""
    is_verbose: bool = False
    wraps: bool = True
    hides_thinking: bool = False

    @property
    def is_multimodal(self) -> bool:
        return "vision" in self.capabilities or "audio" in self.capabilities

    @property
    def can_think(self) -> bool:
        return "thinking" in self.capabilities

    @property
    def asked_think(self) -> Think:
        """The `think` of the next request."""
        if self.think is not None:
            return self.think
        return True if self.can_think and self.thinks_by_itself else None

    def clear(self) -> None:
        """Forget the conversation, but not the system text of this session."""
        self.messages = [self._system_message()] if self.system else []

    def set_system(self, text: str, *, replaces: bool) -> None:
        """Sets the system text; `replaces` a system message that came right before."""
        self.system = text
        if replaces and self.messages and self.messages[-1].role == "system":
            self.messages[-1] = self._system_message()
        else:
            self.messages.append(self._system_message())

    def _system_message(self) -> Message:
        return Message(role="system", content=self.system)


def save_request(session: Session, name: str) -> dict[str, Any]:
    """The fields with which `create` keeps a conversation as a model."""
    messages = [*session.model_messages, *session.messages]
    fields = {
        "model": name,
        "from": _base(session.model, session.parent),
        "system": session.system,
        "parameters": session.options,
        "messages": [message.model_dump(exclude_none=True) for message in messages],
    }
    return {key: value for key, value in fields.items() if value}


def _base(model: str, parent: str) -> str:
    """The parent where it is a name, else the model itself; one in a cloud has no other base."""
    try:
        is_cloud = split_source(model)[1] == "cloud"
        ModelName.parse(parent)
    except PaddockError:
        return model
    return model if is_cloud else parent


def parameter_texts(options: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Names and values of what the session sets, one pair for every value of a list."""
    return [
        (name, _shown(item))
        for name, value in options.items()
        for item in (value if isinstance(value, list) else [value])
    ]


def _shown(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case float() if value.is_integer():
            return str(int(value))
        case _:
            return str(value)

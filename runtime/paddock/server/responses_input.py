"""The `input` of OpenAI's responses as messages: which items belong to one message. Pure."""

from collections.abc import Sequence
from typing import Any, Final

from paddock.api import Image, Message
from paddock.errors import RequestError
from paddock.server import openai
from paddock.server.openai import Json

TEXTS: Final = ("input_text", "output_text")


def messages(given: Any) -> list[Message]:
    """Raises RequestError, which names the item."""
    match given:
        case None | "":
            return []
        case str():
            return [Message(role="user", content=given)]
        case list():
            history = _History(given)
            for at, item in enumerate(given):
                history.feed(at, item)
            return history.finish()
        case _:
            raise RequestError(f"input must be a string or array: it is {openai.go_type(given)}")


class _History:
    """Items one after the other. What the assistant did in one turn becomes one message."""

    def __init__(self, items: Sequence[Any]) -> None:
        self._messages: list[Message] = []
        self._thought = ""
        self._answered_at = {
            _text(item, "call_id"): at
            for at, item in enumerate(items)
            if isinstance(item, dict) and item.get("type") == "function_call_output"
        }

    def feed(self, at: int, item: Any) -> None:
        kind = item.get("type") if isinstance(item, dict) else None
        if isinstance(item, dict) and not kind and item.get("role"):
            kind = "message"
        match kind:
            case "message":
                self._message(at, item)
            case "reasoning":
                self._thought += _text(item, "encrypted_content")
            case "function_call":
                self._call(item)
            case "function_call_output":
                self._output(at, item)
            case "web_search_call":
                pass
            case None | "":
                raise RequestError(f"input[{at}]: input item missing required 'type' field")
            case _:
                raise RequestError(f'input[{at}]: unknown input item type: "{kind}"')

    def finish(self) -> list[Message]:
        if self._thought:
            self._add(Message(role="assistant", content=""))
        return self._messages

    def _message(self, at: int, item: Json) -> None:
        text, images = _content(f"input[{at}]", item.get("content"))
        message = Message(role=_text(item, "role") or "user", content=text, images=images or None)
        caller = self._caller(at)
        if message.role != "assistant":
            self._messages.append(message)
        elif caller is None:
            self._add(message)
        else:
            caller.content = (caller.content or "") + text
            self._think(caller)

    def _caller(self, at: int) -> Message | None:
        """The message whose calls the item at this place stands before the answers of."""
        last = self._last_of_assistant()
        calls = (last.tool_calls if last else None) or ()
        is_open = any(self._answered_at.get(call.id or "", -1) > at for call in calls)
        return last if is_open else None

    def _call(self, item: Json) -> None:
        given = openai.arguments(
            _text(item, "arguments"), "failed to parse function call arguments: {}"
        )
        call = openai.called(_text(item, "name"), given, _text(item, "call_id"))
        last = self._last_of_assistant()
        if last is None:
            last = Message(role="assistant", content="")
            self._messages.append(last)
        last.tool_calls = [*(last.tool_calls or ()), call]
        self._think(last)

    def _output(self, at: int, item: Json) -> None:
        text, images = _content(f"input[{at}]", item.get("output"))
        self._messages.append(
            Message(
                role="tool",
                content=text,
                images=images or None,
                tool_call_id=_text(item, "call_id") or None,
            )
        )

    def _last_of_assistant(self) -> Message | None:
        last = self._messages[-1] if self._messages else None
        return last if last is not None and last.role == "assistant" else None

    def _add(self, message: Message) -> None:
        self._messages.append(message)
        self._think(message)

    def _think(self, message: Message) -> None:
        """The thoughts that stood before an assistant's message are its own."""
        if self._thought:
            message.thinking = (message.thinking or "") + self._thought
            self._thought = ""


def _text(item: Json, key: str) -> str:
    return str(item.get(key) or "")


def _content(where: str, content: Any) -> tuple[str, list[Image]]:
    """The texts of a content put together, and its images."""
    if content is None or isinstance(content, str):
        return content or "", []
    if not isinstance(content, list):
        raise RequestError(f"{where}: content must be a string or array")
    texts: list[str] = []
    images: list[Image] = []
    for at, part in enumerate(content):
        match part:
            case {"type": kind, "text": str(text)} if kind in TEXTS:
                texts.append(text)
            case {"type": "input_image"}:
                if url := part.get("image_url"):
                    images.append(openai.image(str(url)))
            case {"type": "input_file"}:
                raise RequestError("file inputs are not currently supported")
            case _:
                kind = part.get("type") if isinstance(part, dict) else openai.go_type(part)
                raise RequestError(f"{where}: content[{at}]: unknown content type: {kind}")
    return "".join(texts), images

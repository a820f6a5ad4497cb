"""Requests for a model: the body as a wire type, and what is said of a name that cannot be used.

The reference words these errors differently on every route, and clients match on them.
"""

import asyncio
import json
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from pydantic import BaseModel

from paddock.api import ModelRequest
from paddock.errors import (
    InvalidNameError,
    ModelNotFoundError,
    OptionError,
    PaddockError,
    RequestError,
)
from paddock.names import ModelName, split_source
from paddock.server import bodies
from paddock.server.exchange import Exchange, Face
from paddock.server.refusal import CloudError, Refusal
from paddock.server.replies import native_failure

M = TypeVar("M", bound=ModelRequest)
W = TypeVar("W", bound=BaseModel)

FACE: Final = Face("native", native_failure)


@dataclass(frozen=True, slots=True)
class Wording:
    """What a route says of a model's name that it cannot use. (Reference: each in its own way.)"""

    absent: str
    """With the name as it was sent, which may be blanks."""
    missing: str = "model '{}' not found"
    """With the name as it was sent."""
    absent_status: int = 400
    invalid: str = "invalid model name"
    cloud: str = "ollama cloud is disabled: remote model is unavailable"
    takes_stubs: bool = False
    """A name of the cloud means what the store keeps of it."""

    def check(self, name: str) -> None:
        """Raises CloudError, InvalidNameError for a name that cannot be one of this store."""
        try:
            if split_source(name)[1] == "cloud" and not self.takes_stubs:
                raise CloudError(self.cloud)
            ModelName.parse_stored(name)
        except InvalidNameError as error:
            # Two source markers have their own message.
            is_plain = str(error) == "invalid model name"
            raise InvalidNameError(self.invalid.format(name) if is_plain else str(error)) from None

    def given(self, name: str | None) -> str:
        """The name, whatever it is. Raises Refusal where there is none."""
        if name is None or not name.strip():
            raise Refusal(self.absent_status, self.absent.format(name or ""))
        return name

    def usable(self, name: str | None) -> str:
        """What to ask the runtime for. Raises Refusal, InvalidNameError."""
        name = self.given(name)
        self.check(name)
        return not_a_path(name)

    @contextmanager
    def about(self, name: str | None) -> Generator[None]:
        """What is raised inside, a missing model in the route's own words."""
        try:
            yield
        except ModelNotFoundError:
            raise Refusal(404, self.missing.format(name)) from None


_TRY_PULLING: Final = 'model "{}" not found, try pulling it first'
GENERATE: Final = Wording("model '{}' not found", absent_status=404)
CHAT: Final = Wording("model is required")
EMBED: Final = Wording("model '{}' not found", _TRY_PULLING, absent_status=404)
EMBEDDINGS: Final = Wording("model is required", _TRY_PULLING)
SHOW: Final = Wording(
    "model is required",
    cloud="ollama cloud is disabled: remote model details are unavailable",
)
DELETE: Final = Wording("model is required", invalid='name "{}" is invalid', takes_stubs=True)
CREATE: Final = Wording("invalid model name")
PUSH: Final = Wording("model is required")


async def read(exchange: Exchange, kind: type[M], wording: Wording) -> M:
    """The request in a body, its model's name checked. In the reference's order: types first, then
    the name, then what needs the model to be there."""
    fields = bodies.named(kind, await exchange.fields())
    given = fields.get("model") or fields.get("name")
    is_absent = given is None or (isinstance(given, str) and not given.strip())
    if is_absent:
        fields = {**fields, "model": "absent"}
    late: PaddockError | None = None
    if "format" in kind.model_fields and not bodies.is_format(fields.get("format")):
        late = PaddockError(_bad_format(fields.pop("format")))
    fields = bodies.with_images(fields, kind.model_fields)
    try:
        request = bodies.parse(kind, fields)
    except OptionError as error:
        late, request = error, bodies.parse(kind, {**fields, "options": None})
    request.model = wording.usable(given if is_absent else request.model)
    if late is not None:
        with wording.about(request.model):
            await asyncio.to_thread(exchange.runtime.resolve, request.model)
        raise late
    return request


async def body(exchange: Exchange, kind: type[W]) -> W:
    """The request in a body of another API. Reference: what is meant for the cloud goes there, or
    is refused, before anything else in it is looked at."""
    fields = await exchange.fields()
    name = fields.get("model")
    if isinstance(name, str) and _is_in_cloud(name):
        raise CloudError(CHAT.cloud)
    return bodies.parse(kind, fields)


def _is_in_cloud(name: str) -> bool:
    try:
        return split_source(name)[1] == "cloud"
    except RequestError:
        return False


def _bad_format(value: Any) -> str:
    raw = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    quoted = json.dumps(raw, ensure_ascii=False)
    return f'invalid format: {quoted}; expected "json" or a valid JSON Schema object'


def not_a_path(name: str) -> str:
    """In Python the name of a GGUF file means the file. Over HTTP it is the name of a model."""
    return f"{name}:local" if name.strip().lower().endswith(".gguf") else name

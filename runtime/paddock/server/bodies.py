"""Request bodies: read within limits, decoded as Go's JSON reader does, turned into wire types.

Reference behaviour that matters: the content type is ignored, field names match without regard to
case, nothing is coerced, `null` is absence, and what follows the first value is not read.
"""

import asyncio
import base64
import json
import re
import time
import types
from collections.abc import AsyncIterator, Container, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, NoReturn, TypeVar, Union, cast, get_args, get_origin

from pydantic import BaseModel
from starlette.requests import ClientDisconnect, Request

from paddock.api import Options, build
from paddock.errors import RequestError
from paddock.server.refusal import ClientGoneError, Refusal

W = TypeVar("W", bound=BaseModel)
Fields = dict[str, Any]

_SURROGATE: Final = re.compile(r"\\u[dD][89a-fA-F]")
_LONE: Final = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Limits:
    """What a client may send, and how long it may take to read."""

    body: int = 64 << 20
    """Bytes of a JSON body."""
    blob: int = 1 << 40
    """Bytes of an uploaded blob."""
    depth: int = 64
    """Objects and lists inside each other."""
    values: int = 1 << 19
    """Values in one body, counting those inside others."""
    patience: float = 30.0
    """Seconds that a body may take, whatever its size ..."""
    rate: int = 4096
    """... and the bytes per second that it must come with beyond them."""
    unread: float = 60.0
    """Seconds that a client may leave a streamed answer unread."""


# -- bytes -----------------------------------------------------------------------------------------


async def chunks(request: Request, limits: Limits, cap: int) -> AsyncIterator[bytes]:
    """The body as it comes, as long as it is within the limits. Raises Refusal."""
    _check_headers(request, cap)
    began, received = time.monotonic(), 0
    parts = request.stream()
    try:
        while True:
            allowed = began + limits.patience + received / limits.rate
            async with asyncio.timeout(allowed - time.monotonic()):
                chunk = await anext(parts, None)
            if chunk is None:
                return
            received += len(chunk)
            if received > cap:
                raise Refusal(413, f"request body too large: more than {cap} bytes")
            yield chunk
    except TimeoutError:
        raise Refusal(408, "the request body came too slowly") from None
    except ClientDisconnect:
        raise ClientGoneError from None


def _check_headers(request: Request, cap: int) -> None:
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("", "identity"):
        raise Refusal(415, f"content encoding {encoding!r} is not supported: send the body as is")
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > cap:
        raise Refusal(413, f"request body too large: more than {cap} bytes")


async def read(request: Request, limits: Limits) -> bytes:
    """A whole body. Raises Refusal."""
    return b"".join([chunk async for chunk in chunks(request, limits, limits.body)])


# -- JSON ------------------------------------------------------------------------------------------


def _constant(name: str) -> NoReturn:
    raise RequestError(f"invalid character '{name[0]}' looking for beginning of value")


_DECODER: Final = json.JSONDecoder(parse_constant=_constant)


def json_object(raw: bytes, limits: Limits = Limits(), *, empty: str) -> Fields:
    """The object in a body; `empty` is the error for one without any. Raises RequestError."""
    text = raw.decode("utf-8", "replace").lstrip(" \t\r\n\ufeff")
    if not text:
        raise RequestError(empty)
    try:
        value, _ = _DECODER.raw_decode(text)
    except json.JSONDecodeError as error:
        raise RequestError(_complaint(error, text)) from None
    except (RecursionError, ValueError) as error:
        raise RequestError(_TOO_DEEP if isinstance(error, RecursionError) else str(error)) from None
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise RequestError(f"the body must be a JSON object, not {_kind(value)}")
    fields = cast("Fields", value)
    _check_size(fields, limits)
    return _mended(fields) if _SURROGATE.search(text) else fields


_TOO_DEEP: Final = "the body is nested too deeply"


def _complaint(error: json.JSONDecodeError, text: str) -> str:
    """Reference: what is cut off is "unexpected EOF"."""
    if error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string"):
        return "unexpected EOF"
    return f"invalid JSON at character {error.pos + 1}: {error.msg}"


def _check_size(value: Any, limits: Limits) -> None:
    """Level by level, so that depth costs no stack."""
    level, depth, count = [value], 0, 1
    while level:
        if depth >= limits.depth:
            raise RequestError(f"{_TOO_DEEP}: more than {limits.depth} levels")
        depth += 1
        inside: list[Any] = []
        for container in level:
            values = list(container.values()) if isinstance(container, dict) else container
            count += len(values)
            if count > limits.values:
                raise Refusal(413, f"the body has more than {limits.values} values")
            inside.extend(item for item in values if isinstance(item, dict | list))
        level = inside


def _mended(value: Any) -> Any:
    """Halves of surrogate pairs replaced, as the reference's reader does: no text can hold them."""
    if isinstance(value, str):
        return _LONE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_mended(item) for item in value]
    if isinstance(value, dict):
        return {_mended(key): _mended(item) for key, item in value.items()}
    return value


def _kind(value: Any) -> str:
    names = {bool: "a boolean", int: "a number", float: "a number", str: "a string"}
    return names.get(type(value), "an array")


# -- wire types ------------------------------------------------------------------------------------


def parse(kind: type[W], fields: Mapping[str, Any]) -> W:
    """A request object from the body's fields, nothing coerced; null is absence.

    Options that nobody knows are left out, as the reference does. Raises RequestError.
    """
    given = {key: value for key, value in named(kind, fields).items() if value is not None}
    options = given.get("options")
    if isinstance(options, dict):
        known = Options.model_fields.keys() & cast("Fields", options).keys()
        given["options"] = {name: options[name] for name in known}
    return build(kind, given, strict=True)


def named(kind: type[BaseModel], fields: Mapping[str, Any]) -> Fields:
    """The fields under the names that the type gives them, also where the case differs; in objects
    inside it too. Of two spellings the exact one wins. Unknown fields stay as they are."""
    spelled = {field.alias or name: field for name, field in kind.model_fields.items()}
    folded = {name.lower(): name for name in spelled}
    found: Fields = {}
    for key, value in fields.items():
        name = key if key in spelled else folded.get(key.lower(), key)
        if name == key or name not in fields:
            found[name] = value
    return {
        name: _inside(spelled[name].annotation, value) if name in spelled else value
        for name, value in found.items()
    }


def _inside(annotation: Any, value: Any) -> Any:
    if not isinstance(value, dict | list):
        return value
    for kind in _alternatives(annotation):
        if isinstance(value, dict) and isinstance(kind, type) and issubclass(kind, BaseModel):
            return named(kind, cast("Fields", value))
        if isinstance(value, list) and get_origin(kind) is list:
            (item,) = get_args(kind)
            return [_inside(item, each) for each in cast("list[Any]", value)]
    return cast("Any", value)


def _alternatives(annotation: Any) -> tuple[Any, ...]:
    origin = get_origin(annotation)
    if origin is Union or origin is types.UnionType:
        return tuple(inner for each in get_args(annotation) for inner in _alternatives(each))
    if origin is Literal:
        return ()
    metadata = getattr(annotation, "__metadata__", None)
    return _alternatives(annotation.__origin__) if metadata is not None else (annotation,)


def is_format(value: Any) -> bool:
    """Whether a `format` can be one: nothing, "json", or a schema."""
    return value is None or value in ("", "json") or isinstance(value, dict)


# -- images ----------------------------------------------------------------------------------------

_NOT_BASE64: Final = re.compile(r"[^A-Za-z0-9+/]")


def with_images(fields: Mapping[str, Any], known: Container[str]) -> Fields:
    """The fields with their images as bytes, those of messages too: no text of a client is ever
    taken for the path of a file. Of fields that are not known nothing is read. Raises RequestError
    for what is not base64."""
    found = dict(fields)
    if "images" in known and isinstance(images := fields.get("images"), list):
        found["images"] = [_image(image) for image in cast("list[Any]", images)]
    if "messages" in known and isinstance(messages := fields.get("messages"), list):
        found["messages"] = [
            with_images(cast("Fields", message), ("images",))
            if isinstance(message, dict)
            else message
            for message in cast("list[Any]", messages)
        ]
    return found


def _image(text: Any) -> Any:
    if not isinstance(text, str):
        raise RequestError("images must be texts in base64")
    plain = text.replace("\r", "").replace("\n", "")
    try:
        return base64.b64decode(plain, validate=True)
    except ValueError:
        wrong = _NOT_BASE64.search(plain)
        at = wrong.start() if wrong else len(plain)
        raise RequestError(f"illegal base64 data at input byte {at}") from None

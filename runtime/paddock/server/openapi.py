"""The route table as an OpenAPI 3.1 description, with the types that bodies are read by. Pure."""

import re
from collections.abc import Iterable
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from paddock.server.exchange import Endpoint
from paddock.server.replies import SSE

Json = dict[str, Any]

_REF: Final = "#/components/schemas/{model}"
_ERROR: Final = {
    "description": "What went wrong, in the form that the clients of the route expect",
    "content": {"application/json": {"schema": {"type": "object"}}},
}
_EVENTS: Final = {
    "type": "string",
    "description": "Server-sent events, as the clients of the route know them",
}
_RAW: Final = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}


def describe(endpoints: Iterable[Endpoint], version: str) -> Json:
    """The description of all endpoints that are to be described."""
    rows = [endpoint for endpoint in endpoints if endpoint.is_described]
    schemas, definitions = _schemas(rows)
    paths: Json = {}
    for endpoint in rows:
        operation = _operation(endpoint, schemas)
        paths.setdefault(described(endpoint.path), {})[endpoint.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {"title": "paddock", "version": version},
        "paths": paths,
        "components": {
            "schemas": definitions,
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }


def described(path: str) -> str:
    """A path without what only routing knows: how a parameter is matched."""
    return re.sub(r"\{(\w+):\w+\}", r"{\1}", path)


Schemas = dict[tuple[type[BaseModel], str], Json]


def _schemas(endpoints: Iterable[Endpoint]) -> tuple[Schemas, Json]:
    wanted: dict[tuple[type[BaseModel], str], None] = {}
    for endpoint in endpoints:
        if endpoint.takes:
            wanted[endpoint.takes, "validation"] = None
        if endpoint.gives:
            wanted[endpoint.gives, "serialization"] = None
    found, definitions = models_json_schema(list(wanted), ref_template=_REF)  # type: ignore[arg-type]
    return dict(found), definitions.get("$defs", {})  # type: ignore[arg-type]


def _operation(endpoint: Endpoint, schemas: Schemas) -> Json:
    operation: Json = {
        "operationId": _id(endpoint),
        "responses": {"200": _reply(endpoint, schemas), "default": _ERROR},
    }
    if endpoint.summary:
        operation["summary"] = endpoint.summary
    if not endpoint.is_public:
        operation["security"] = [{"key": []}, {}]
    if names := re.findall(r"\{(\w+)", endpoint.path):
        operation["parameters"] = [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in names
        ]
    if endpoint.takes:
        schema = schemas[endpoint.takes, "validation"]
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": schema}},
        }
    elif endpoint.is_raw:
        operation["requestBody"] = {"required": True, "content": _RAW}
    return operation


def _reply(endpoint: Endpoint, schemas: Schemas) -> Json:
    if endpoint.gives is None or endpoint.method == "HEAD":
        return {"description": "Done"}
    schema = schemas[endpoint.gives, "serialization"]
    content = {"application/json": {"schema": schema}}
    if endpoint.streams:
        kind = endpoint.face.stream_type
        content[kind] = {"schema": _EVENTS if kind == SSE else schema}
    return {"description": "The answer", "content": content}


def _id(endpoint: Endpoint) -> str:
    words = re.findall(r"[A-Za-z0-9]+", described(endpoint.path)) or ["root"]
    return "_".join([endpoint.method.lower(), *words])

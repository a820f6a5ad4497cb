"""Commands that look at the models and tidy them up: list, ps, show, cp, rm, stop."""

import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from paddock.cli.arguments import Line
from paddock.cli.connection import connect, server
from paddock.cli.figures import human_size, human_time, processor
from paddock.cli.tables import table
from paddock.errors import NotFoundError, PaddockError, RequestError
from paddock.models import Models
from paddock.settings import Settings
from paddock.store.local import LocalStore

if TYPE_CHECKING:
    from paddock.api import ListResponse, ProcessResponse
    from paddock.client import Client

_SHOWN_TEXTS = ("license", "modelfile", "parameters", "system", "template")
_ENDS_LINE = frozenset({"license", "modelfile", "parameters"})
_SERVER_ERROR = 500
_NOT_FOUND = 404


class Row(NamedTuple):
    """What the list says of a model."""

    name: str
    digest: str
    size: int | None
    """None for one that runs elsewhere."""
    modified_at: datetime | None


def list_models(line: Line) -> int:
    prefix = line.arguments[0] if line.arguments else ""
    host = server(line["host"])
    rows = _stored() if host is None else rows_of(connect(host).list())
    print(list_text(rows, prefix, datetime.now(UTC)), end="")
    return 0


def _stored() -> Iterator[Row]:
    """What lies on this machine: to see it needs no runtime, whose import takes longer than all."""
    settings = Settings()
    store = LocalStore(settings.models, read_only=settings.models_read_only)
    for model in Models(store).newest_first():
        size = None if model.config.remote_model else model.size
        yield Row(model.name.short, model.digest, size, model.modified_at)


def rows_of(response: "ListResponse") -> Iterator[Row]:
    for model in response.models:
        size = None if model.get("remote_model") else model.size or 0
        yield Row(model.name or "", model.digest or "", size, model.modified_at)


def list_text(rows: Iterable[Row], prefix: str, now: datetime) -> str:
    """The models whose name begins like this, in whatever case."""
    cells = [
        [
            row.name,
            row.digest[:12],
            "-" if row.size is None else human_size(row.size),
            human_time(row.modified_at, now),
        ]
        for row in rows
        if row.name.lower().startswith(prefix.lower())
    ]
    return table(["NAME", "ID", "SIZE", "MODIFIED"], cells)


def ps(line: Line) -> int:
    prefix = line.arguments[0] if line.arguments else ""
    print(ps_text(connect(line["host"]).ps(), prefix, datetime.now(UTC)), end="")
    return 0


def ps_text(response: "ProcessResponse", prefix: str, now: datetime) -> str:
    rows = [
        [
            model.name or "",
            (model.digest or "")[:12],
            human_size(model.size or 0),
            processor(model.size or 0, model.size_vram or 0),
            str(model.context_length or 0),
            _until(model.expires_at, now),
        ]
        for model in response.models
        if (model.name or "").startswith(prefix)
    ]
    return table(["NAME", "ID", "SIZE", "PROCESSOR", "CONTEXT", "UNTIL"], rows)


def _until(moment: datetime | None, now: datetime) -> str:
    is_past = moment is not None and moment.year > 1 and moment < now
    return "Stopping..." if is_past else human_time(moment, now)


def show(line: Line) -> int:
    wanted = [name for name in _SHOWN_TEXTS if line[name]]
    if len(wanted) > 1:
        raise RequestError(
            "only one of '--license', '--modelfile', '--parameters', '--system', or '--template' "
            "can be specified"
        )
    response = connect(line["host"]).show(line.arguments[0], verbose=line["verbose"] or None)
    if wanted:
        text = response.get(wanted[0]) or ""
        print(text, end="\n" if wanted[0] in _ENDS_LINE else "")
    else:
        from paddock.cli.show import show_text

        fields = response.model_dump(by_alias=True, exclude_none=True)
        print(show_text(fields, verbose=line["verbose"]), end="")
    return 0


def cp(line: Line) -> int:
    source, destination = line.arguments
    connect(line["host"]).copy(source, destination)
    print(f"copied '{source}' to '{destination}'")
    return 0


def rm(line: Line) -> int:
    client = connect(line["host"])
    for name in line.arguments:
        try:
            unload(client, name)
        except PaddockError as error:
            if error.status >= _SERVER_ERROR:  # of a name that is wrong, deleting complains
                print(f"Warning: unable to stop model '{name}'", file=sys.stderr)
        client.delete(name)
        print(f"deleted '{name}'")
    return 0


def stop(line: Line) -> int:
    name = line.arguments[0]
    try:
        unload(connect(line["host"]), name)
    except PaddockError as error:
        if error.status != _NOT_FOUND:
            raise
        raise NotFoundError(f'couldn\'t find model "{name}" to stop') from error
    return 0


def unload(client: "Client", name: str) -> None:
    client.generate(name, keep_alive=0)

"""Commands that make models and move them: create, pull, push, export, import.

Knows Modelfiles and progress; the work is the client's.
"""

from pathlib import Path
from typing import Any, Final

from paddock.cli.arguments import Line
from paddock.cli.connection import connect
from paddock.cli.progress import Progress, follow
from paddock.errors import NotFoundError, PaddockError, RequestError
from paddock.ingredients import Source, gather
from paddock.modelfile import Modelfile
from paddock.names import ModelName
from paddock.remote import RemoteRuntime

_DEFAULT_FILE: Final = "Modelfile"
_DEFAULT_TEXT: Final = "FROM .\n"
_OLLAMA_HOSTS: Final = (".ollama.ai", ".ollama.com")
_UNAUTHORIZED: Final = ("access denied", "unauthorized")


def create(line: Line) -> int:
    name = line.arguments[0]
    _check_name(name)
    modelfile, folder = read_modelfile(line["file"])
    for warning in modelfile.warnings():
        print(warning)
    if line["draft-quantize"] and not modelfile.all("draft"):
        raise RequestError("--draft-quantize requires a DRAFT model")
    client = connect(line["host"])
    runtime = client.runtime
    with Progress() as progress:
        progress.say("gathering model components")
        fields: dict[str, Any]
        if isinstance(runtime, RemoteRuntime):
            fields = modelfile.fields() | _components(runtime, modelfile, folder, progress)
        else:  # it finds the files by itself
            fields = {"modelfile": str(modelfile.current()), "path": folder.absolute()}
        if line["draft-quantize"]:
            fields["draft_quantize"] = line["draft-quantize"]
        base = fields.pop("from", None)
        for event in client.create(name, line["quantize"], base, stream=True, **fields):
            progress.feed(event)
    return 0


def _check_name(name: str) -> None:
    try:
        ModelName.parse(name)
    except RequestError as error:
        raise RequestError(f"invalid model name: {name}") from error


def read_modelfile(named: str | None) -> tuple[Modelfile, Path]:
    """A Modelfile and the folder that its paths start from.

    Without one, the working folder is the model. (Reference: also if the one named is missing.)
    """
    path = Path(named or _DEFAULT_FILE)
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        if named:
            raise NotFoundError(f"{named}: specified Modelfile wasn't found") from error
        return Modelfile.parse(_DEFAULT_TEXT), Path()
    except OSError as error:
        raise RequestError(f"{path}: cannot be read ({error.strerror})") from error
    return Modelfile.parse(content), path.parent


def _components(
    server: RemoteRuntime, modelfile: Modelfile, folder: Path, progress: Progress
) -> dict[str, Any]:
    """The files that a Modelfile names, sent to the server, and the request's part of them."""

    def digest_of(source: Source) -> str:
        if not isinstance(source, Path):
            return source
        digest = ""
        for event in server.upload(source):
            progress.feed(event)
            digest = event.digest or ""
        return digest

    return gather(modelfile, folder).fields(digest_of)


def pull(line: Line) -> int:
    name = line.arguments[0]
    follow(connect(line["host"]).pull(name, insecure=line["insecure"], stream=True))
    return 0


def push(line: Line) -> int:
    name = line.arguments[0]
    client = connect(line["host"])
    try:
        follow(client.push(name, insecure=line["insecure"], stream=True))
    except PaddockError as error:
        if not any(words in str(error).lower() for words in _UNAUTHORIZED):
            raise
        refused = RequestError(
            "you are not authorized to push to this namespace, create the model under a namespace "
            "you own"
        )
        refused.add_note(str(error))
        if not isinstance(client.runtime, RemoteRuntime):  # a server has a key of its own
            refused.add_note("the key that `paddock signin` prints must stand in your account")
        raise refused from error
    print(f"\nYou can find your model at:\n\n\t{address(ModelName.parse(name))}")
    return 0


def address(name: ModelName) -> str:
    """Where a pushed model can be seen."""
    if not name.host.lower().endswith(_OLLAMA_HOSTS):
        return name.full
    return f"https://ollama.com/{name.namespace}/{name.model}:{name.tag}".removesuffix(":latest")


def export(line: Line) -> int:
    model, file = line.arguments
    follow(connect(line["host"]).export(model, file, stream=True))
    return 0


def import_(line: Line) -> int:
    file, *name = line.arguments
    follow(connect(line["host"]).import_(file, name[0] if name else None, stream=True))
    return 0

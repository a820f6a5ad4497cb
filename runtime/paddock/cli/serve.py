"""`paddock serve`: the models of this machine over HTTP, as the environment says."""

import logging
import sys

from paddock.bundled import DEMO
from paddock.cli.arguments import Line
from paddock.errors import PaddockError, RequestError, StoreError, UnsupportedError
from paddock.runtime import Runtime
from paddock.settings import Settings, server_url
from paddock.store.auth import Key, default_key_path

logger = logging.getLogger(__name__)


def serve(line: Line) -> int:
    """Listens until it is asked to stop. Raises PaddockError where that is not possible."""
    try:
        from paddock.server import create_app, serving
        from paddock.server.access import is_loopback
    except ModuleNotFoundError as error:
        if error.name not in ("starlette", "uvicorn"):
            raise
        raise UnsupportedError(
            f'the HTTP server needs {error.name}: pip install "paddock[server]"'
        ) from None

    settings = Settings()
    host, port = serving.address(server_url(line["host"] or settings.host))
    if not is_loopback(host) and not settings.api_key:
        _warn_of_strangers(host, settings.strict)
    _make_key()
    with Runtime(settings=settings) as runtime:
        app = create_app(
            runtime,
            bind=host,
            origins=settings.origins,
            api_key=settings.api_key,
            read_only=settings.read_only,
            pull_hosts=settings.pull_hosts.split(",") if settings.pull_hosts else None,
        )
        with serving.listen(host, port) as listener:
            shown = f"{host or '*'}:{listener.getsockname()[1]}"
            runtime.clean()
            _offer_something(runtime)
            serving.serve(app, listener, lambda: _tell(f"Listening on {shown}"))
    return 0


def _make_key() -> None:
    """The key by which registries know this user, told once, when it is made."""
    path = default_key_path()
    if path.exists():
        return
    print(f"Couldn't find '{path}'. Generating new private key.")
    try:
        key = Key.load_or_make(path)
    except StoreError as error:  # only registries that ask for it will miss it
        logger.warning("%s", error)
        return
    print(f"Your new public key is: \n\n{key.public_line}\n", flush=True)


def _offer_something(runtime: Runtime) -> None:
    """Clients choose a model from the list; where that would be empty, it holds the demo model."""
    try:
        if not runtime.list().models:
            runtime.resolve(DEMO)
    except PaddockError as error:
        logger.warning("the demo model is not offered: %s", error)


def _warn_of_strangers(host: str, strict: bool) -> None:
    """Raises RequestError in strict mode."""
    where = host or "every interface"
    if strict:
        raise RequestError(
            f"strict mode does not serve {where} without a key; set PADDOCK_API_KEY, or listen on "
            "127.0.0.1"
        )
    _tell(
        f"Warning: everybody who reaches {where} can use and change the models of this machine; "
        "set PADDOCK_API_KEY to ask for a key, PADDOCK_READ_ONLY=1 to keep the models as they are"
    )


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)

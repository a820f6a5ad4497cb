"""The HTTP server: Ollama's API, and other clients' views of it, over one Runtime.

`create_app(runtime)` is an ASGI application to serve or to mount; `paddock serve` serves it. Knows
requests and replies; what answers them is the runtime, which others of the process may use too.
"""

try:
    import starlette as _starlette
except ModuleNotFoundError as _error:
    raise ModuleNotFoundError(
        'the HTTP server needs starlette and uvicorn: pip install "paddock[server]"',
        name=_error.name,
    ) from _error

from paddock.server.app import create_app

del _starlette

__all__ = ["create_app"]

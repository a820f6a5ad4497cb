"""One runtime for a program and its clients: used in the process and served over HTTP at once.

    python cookbook/serve_beside.py --model demo

paddock's HTTP application is mounted into one that has routes of its own. Whoever asks, the same
weights answer, and requests from both sides share each step of the engine.
"""

import argparse
import contextlib
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import ollama
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route

import paddock
from paddock.server import create_app


def app_of(runtime: paddock.Runtime, model: str) -> Starlette:
    client = paddock.AsyncClient(runtime=runtime)

    async def greet(request: Request) -> JSONResponse:
        """A route of this program, answered by the runtime that is beside it."""
        message = {"role": "user", "content": "Hello"}
        answer = await client.chat(model, [message])
        return JSONResponse({"greeting": answer.message.content})

    return Starlette(routes=[Route("/greeting", greet), Mount("/", create_app(runtime))])


@contextlib.contextmanager
def served(app: Starlette) -> Iterator[str]:
    """The application on a free port of this machine."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


def main() -> None:
    parser = argparse.ArgumentParser(description="In the process and over HTTP, at once.")
    parser.add_argument("--model", default="demo")
    model = parser.parse_args().model
    question = [{"role": "user", "content": "Who are you?"}]

    runtime = paddock.Runtime.default()
    with served(app_of(runtime, model)) as url, ThreadPoolExecutor() as pool:
        inside = pool.submit(paddock.Client(runtime=runtime).chat, model, question)
        outside = pool.submit(ollama.Client(url).chat, model, question)
        route = pool.submit(httpx.get, f"{url}/greeting", timeout=120)
        print("in the process:", inside.result().message.content)
        print("ollama's client:", outside.result().message.content)
        print("a route of ours:", route.result().json()["greeting"])
        for loaded in ollama.Client(url).ps().models:
            print(f"loaded: {loaded.model}, {loaded.size} bytes")
        print("loads:", [loaded.loads for loaded in runtime.ps().models])


if __name__ == "__main__":
    main()

"""`run` and `embed`: one answer, one vector, or a conversation. Knows where prompts come from."""

import sys
from pathlib import Path
from typing import Any, Final

from paddock.api import ShowResponse
from paddock.cli.arguments import Line
from paddock.cli.chat import Chat, adopt, attach, load
from paddock.cli.connection import connect
from paddock.cli.progress import follow
from paddock.cli.reply import print_reply
from paddock.cli.session import Session
from paddock.cli.terminal import keeping_keys
from paddock.client import Client
from paddock.errors import PaddockError, RequestError
from paddock.settings import Settings

_NOT_FOUND: Final = 404
_PATH_STARTS: Final = ("/", "./", "../", "~", ".\\", "..\\")


def run(line: Line) -> int:
    name, *words = line.arguments
    piped = _piped()
    prompt = " ".join([*([piped] if piped else []), *words])
    is_interactive = not words and piped is None and sys.stdout.isatty()
    client = connect(line["host"])
    session = _session(line)
    adopt(session, name, _show_or_pull(client, name, insecure=line["insecure"]))
    if "embedding" in session.capabilities:
        if not prompt:
            raise RequestError(
                'embedding models require input text. Usage: paddock run <name> "your text here"'
            )
        _print_vector(client, name, prompt, line)
    elif is_interactive:
        _converse(client, session)
    else:
        _generate(client, session, prompt)
    return 0


def embed(line: Line) -> int:
    """One vector per argument, or per line of stdin."""
    name, *texts = line.arguments
    if not texts:
        texts = [text for text in (_piped() or "").splitlines() if text.strip()]
    if not texts:
        raise RequestError('there is no text to embed; try: paddock embed <name> "your text here"')
    client = connect(line["host"])
    response = client.embed(name, texts, **_embed_fields(line))
    for vector in response.embeddings:
        print(_compact(vector))
    return 0


def _piped() -> str | None:
    """All of stdin; None if that is a terminal."""
    stdin: Any = sys.stdin
    if stdin is None:
        return ""
    if stdin.isatty():
        return None
    return stdin.buffer.read().decode("utf-8", "replace")


def _session(line: Line) -> Session:
    return Session(
        line.arguments[0],
        format=line["format"],
        keep_alive=line["keepalive"],
        think=line["think"],
        is_verbose=line["verbose"],
        wraps=not line["nowordwrap"],
        hides_thinking=line["hidethinking"],
    )


def _show_or_pull(client: Client, name: str, *, insecure: bool) -> ShowResponse:
    try:
        return client.show(name)
    except PaddockError as error:
        if error.status != _NOT_FOUND or _is_path(name):
            raise
    follow(client.pull(name, insecure=insecure, stream=True))
    return client.show(name)


def _is_path(name: str) -> bool:
    return name.startswith(_PATH_STARTS) or name.lower().endswith(".gguf")


def _generate(client: Client, session: Session, prompt: str) -> None:
    images: list[bytes] = []
    if session.is_multimodal:
        prompt, images = attach(prompt)
    print_reply(
        session,
        lambda think: client.generate(
            session.model,
            prompt,
            stream=True,
            images=images or None,
            format=session.format,
            keep_alive=session.keep_alive,
            think=think,
        ),
        ends_with="\n\n" if prompt else "",
    )


def _converse(client: Client, session: Session) -> None:
    from paddock.cli.editor import EditedLines

    settings = Settings()
    lines = EditedLines(
        Path("~/.paddock/history").expanduser(),
        keeps_history=not settings.nohistory,
        editor=settings.editor,
    )
    with keeping_keys():
        load(client, session.model, session.keep_alive)
        Chat(client, session, lines).run()


# -- vectors ---------------------------------------------------------------------------------------


def _print_vector(client: Client, name: str, text: str, line: Line) -> None:
    print(_compact(client.embed(name, text, **_embed_fields(line)).embeddings[0]))


def _embed_fields(line: Line) -> dict[str, Any]:
    return {
        "truncate": line["truncate"] if line.has("truncate") else None,
        "dimensions": line["dimensions"] if line["dimensions"] > 0 else None,
        "keep_alive": line["keepalive"],
    }


def _compact(vector: list[float]) -> str:
    """JSON whose numbers are as short as a float32 can be told, as those of a server are."""
    import numpy as np

    return f"[{','.join(np.array(vector, np.float32).astype('U'))}]"

"""An uploaded blob on its way to the store: from an event loop to a thread that hashes and writes.

Each upload has a thread of its own, so that slow ones wait for their clients and hold up nobody.
"""

import asyncio
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from starlette.requests import Request

from paddock.names import Digest
from paddock.server import bodies
from paddock.server.bodies import Limits
from paddock.store.local import LocalStore

_uploads = ThreadPoolExecutor(64, "paddock-upload")
"""Its threads start when they are needed; more uploads than that wait."""


async def receive(request: Request, store: LocalStore, digest: Digest, limits: Limits) -> None:
    """Store the body under its digest; the client is read as fast as the disk writes.

    Raises DigestMismatchError, after which nothing is kept, StoreError, Refusal.
    """
    loop = asyncio.get_running_loop()
    chunks = bodies.chunks(request, limits, limits.blob)
    asked: list[Future[bytes | None]] = []

    async def next_chunk() -> bytes | None:
        return await anext(chunks, None)

    def pulled() -> Iterator[bytes]:
        while True:
            asked[:] = [asyncio.run_coroutine_threadsafe(next_chunk(), loop)]
            chunk = asked[0].result()
            if chunk is None:
                return
            yield chunk

    def store_it() -> None:
        store.put_blob(pulled(), digest, keep_other=False)

    try:
        await loop.run_in_executor(_uploads, store_it)
    except asyncio.CancelledError:
        for future in asked:  # the thread must not wait for a loop that ends
            future.cancel()
        raise

"""A body that is taken as it comes, and handed on in chunks to a thread that writes it."""

from collections.abc import AsyncIterator, Callable, Iterator
from typing import TypeVar

import anyio.from_thread
import anyio.to_thread
from fastapi import Request

from strongroom.server.door.site import site_of

R = TypeVar("R")


async def written(request: Request, write: Callable[[Iterator[bytes]], R]) -> R:
    """Have a body written in a thread, in constant memory; no more is taken of the client than is written.

    Args:
        request: Its body has not been read.
        write: Takes the chunks.
    """
    chunks = request.stream()

    def pulled() -> Iterator[bytes]:
        while (chunk := anyio.from_thread.run(_next, chunks)) is not None:
            if chunk:
                yield chunk

    return await anyio.to_thread.run_sync(lambda: write(pulled()), limiter=site_of(request).uploads)


async def _next(chunks: AsyncIterator[bytes]) -> bytes | None:
    return await anext(chunks, None)

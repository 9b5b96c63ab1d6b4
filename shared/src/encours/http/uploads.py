"""Files that stream through a request: bounded in size and in pauses, never whole in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from starlette.requests import ClientDisconnect, Request

from encours.http.catalogue import RequestTimeout, TooLarge
from encours.http.services import services

__all__ = ["ClientDisconnect", "chunks", "lines"]

MAX_LINE_BYTES = 1024 * 1024


async def chunks(request: Request) -> AsyncIterator[bytes]:
    """The body as it arrives. Raises a 408 problem after a pause, 413 beyond the bound, ``ClientDisconnect`` if cut."""
    stream = request.stream()
    pause_s = services(request).settings.upload_idle_s
    while True:
        try:
            async with asyncio.timeout(pause_s):
                chunk = await anext(stream, None)
        except TimeoutError:
            raise RequestTimeout(f"Nothing arrived for {pause_s:g} s.") from None
        if chunk is None:
            return
        if chunk:
            yield chunk


async def lines(request: Request) -> AsyncIterator[bytes]:
    """The body's lines without their ends. Raises a 413 problem for a line beyond :data:`MAX_LINE_BYTES`."""
    rest = b""
    async for chunk in chunks(request):
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            yield line.removesuffix(b"\r")
        if len(rest) > MAX_LINE_BYTES:
            raise TooLarge(f"A line may have {MAX_LINE_BYTES:,} bytes at most.")
    if rest:
        yield rest.removesuffix(b"\r")

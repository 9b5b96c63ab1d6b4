"""Files that stream through a request: bounded in size and in pauses, never whole in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from starlette.requests import ClientDisconnect, Request

from encours.http.auth import RECHECK_S, check_still_granted
from encours.http.catalogue import RequestTimeout, TooLarge
from encours.http.services import services

__all__ = ["ClientDisconnect", "chunks", "lines"]

GRACE_S = 10.0
MAX_LINE_BYTES = 1024 * 1024


async def chunks(request: Request) -> AsyncIterator[bytes]:
    """The body as it arrives.

    Raises a 408 problem after a pause or below the least rate, 413 beyond the bound, 401 once the key was
    revoked, ``ClientDisconnect`` if cut.
    """
    stream = request.stream()
    settings = services(request).settings
    pause_s, least_bytes_per_s = settings.upload_idle_s, settings.upload_bytes_per_s
    waited_s, arrived_bytes, clock = 0.0, 0, asyncio.get_running_loop().time
    checked_at = clock()
    while True:
        asked = clock()
        try:
            async with asyncio.timeout(pause_s):
                chunk = await anext(stream, None)
        except TimeoutError:
            raise RequestTimeout(f"Nothing arrived for {pause_s:g} s.") from None
        if chunk is None:
            return
        # Only waiting counts: what we take to write a chunk down is not the sender's pace.
        waited_s += clock() - asked
        arrived_bytes += len(chunk)
        if waited_s > GRACE_S and arrived_bytes < waited_s * least_bytes_per_s:
            raise RequestTimeout(f"The file arrives at less than {least_bytes_per_s:,} bytes a second.")
        if clock() - checked_at >= RECHECK_S:
            await check_still_granted(request)
            checked_at = clock()
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

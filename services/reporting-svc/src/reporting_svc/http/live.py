"""Server-Sent Events: answers that go on until the client leaves, its key ends or the process drains."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from typing import TypeVar

from starlette.responses import StreamingResponse

from encours.http.auth import RECHECK_S, Unauthenticated, check_still_granted
from encours.http.context import context
from encours.http.queries import Query
from encours.kernel.errors import Refusal
from encours.kernel.tasks import end
from reporting_svc.read_models.feed import MAX_TAILS, Feed

HEARTBEAT_S = 10.0
STREAM_MAX_S = 3600.0
T = TypeVar("T")


class TooManyStreams(Refusal):
    """The process has the largest number of live streams that it serves (503)."""

    code = "too-many-streams"
    title = "Too many live streams"
    status = 503
    remedy = "Close a stream that is not needed, or poll the same path without /stream."

    def __init__(self) -> None:
        super().__init__(
            f"{MAX_TAILS} live streams are open. Read pages, or repeat the request later.",
            retry_after_s=5,
        )


def live(
    feed: Feed, q: Query, pages: AsyncGenerator[T, None], show: Callable[[T], Awaitable[bytes]]
) -> StreamingResponse:
    """Return a stream of what ``show`` makes of each page; nothing is sent for a page of no bytes.

    Raises :class:`TooManyStreams`.
    """
    if feed.tails >= MAX_TAILS:
        raise TooManyStreams
    context(q.request).without_deadline()
    return StreamingResponse(
        _server_sent(feed, q, pages, show),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _server_sent(
    feed: Feed, q: Query, pages: AsyncGenerator[T, None], show: Callable[[T], Awaitable[bytes]]
) -> AsyncIterator[bytes]:
    loop = asyncio.get_running_loop()
    ends_at, checked_at = loop.time() + STREAM_MAX_S, loop.time()
    alive_at = checked_at
    feed.tails += 1
    waiting = asyncio.ensure_future(anext(pages))
    draining = asyncio.ensure_future(q.services.draining.wait())
    try:
        yield b"retry: 1000\n\n"
        while loop.time() < ends_at and not draining.done():
            await asyncio.wait({waiting, draining}, timeout=RECHECK_S, return_when=asyncio.FIRST_COMPLETED)
            if loop.time() - checked_at >= RECHECK_S:
                try:
                    await check_still_granted(q.request)
                except Unauthenticated:
                    return
                checked_at = loop.time()
            if not waiting.done():
                if loop.time() - alive_at >= HEARTBEAT_S:
                    yield b": alive\n\n"
                    alive_at = loop.time()
                continue
            if shown := await show(waiting.result()):
                yield shown
                alive_at = loop.time()
            waiting = asyncio.ensure_future(anext(pages))
    finally:
        feed.tails -= 1
        await end([waiting, draining])
        await pages.aclose()

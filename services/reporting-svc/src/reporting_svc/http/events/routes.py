"""``GET /v1/events`` (JSON or NDJSON) and ``GET /v1/events/stream`` (Server-Sent Events)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

import msgspec
from fastapi import Query as Parameter
from starlette.responses import Response, StreamingResponse

from encours.http.auth import RECHECK_S, Unauthenticated, check_still_granted
from encours.http.context import context
from encours.http.parameters import malformed, parse_position
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.kernel.errors import Refusal
from encours.kernel.tasks import end
from reporting_svc.http.events.answers import EventOut, EventsOut
from reporting_svc.read_models.feed import MAX_TAILS, Feed, Filter, matching_types

router = Router(tags=["Events"])
NDJSON = "application/x-ndjson"
HEARTBEAT_S = 10.0
STREAM_MAX_S = 3600.0
MAX_LIMIT = 1000

After = Annotated[int, Parameter(ge=0, le=2**53, description="Events behind this position.")]
Types = Annotated[
    list[str] | None,
    Parameter(
        alias="type", max_length=40, description="A type, or a family such as `invoice.*`; may be repeated."
    ),
]
Stream = Annotated[
    str | None,
    Parameter(max_length=80, description="The id of an invoice, payment, customer …", examples=["calendar"]),
]


class TooManyStreams(Refusal):
    """The process has the largest number of live streams that it serves (503)."""

    code = "too-many-streams"
    title = "Too many live streams"
    status = 503
    remedy = "Close a stream, or read pages of /v1/events with after=."

    def __init__(self) -> None:
        super().__init__(
            f"{MAX_TAILS} live streams are open. Read pages, or repeat the request later.",
            retry_after_s=5,
        )


@router.get(
    "/v1/events",
    response_model=EventsOut,
    summary="The ledger's events by position",
    responses={
        200: {
            "content": {NDJSON: {"schema": {"type": "string"}}},
            "description": "JSON, or one event a line.",
        }
    },
)
async def list_events(
    q: Annotated[Query, reading("audit:read")],
    after: After = 0,
    type_: Types = None,
    stream: Stream = None,
    limit: Annotated[int, Parameter(ge=1, le=MAX_LIMIT)] = 100,
) -> Response:
    """A page of events, straight from the ledger. `known_at` bounds it; `as_of` leaves out what counts later.

    With `Accept: application/x-ndjson` the events come one a line, and the position to go on from in the header
    `Encours-Position`.
    """
    feed: Feed = q.services.extras["feed"]
    time = await q.time()
    page = await feed.page(q.caller.ledger, after, limit, _filter(q, type_, stream), time.position)
    events = page.events
    if "as_of" in q.request.query_params:
        events = [event for event in events if event["effective_on"] <= q.as_of]
    if NDJSON in q.request.headers.get("accept", ""):
        lines = b"".join(msgspec.json.encode(EventOut.of(event)) + b"\n" for event in events)
        return Response(lines, media_type=NDJSON, headers={"Encours-Position": str(page.upto)})
    return q.respond(EventsOut.of(page, events, time))


@router.get(
    "/v1/events/stream",
    summary="Events as they are recorded (Server-Sent Events)",
    responses={
        200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}, "description": "Never ends."}
    },
    response_class=StreamingResponse,
)
async def stream_events(
    q: Annotated[Query, reading("audit:read", time_travel=False)],
    after: Annotated[
        int | None, Parameter(ge=0, le=2**53, description="Begin behind this position; now if not given.")
    ] = None,
    type_: Types = None,
    stream: Stream = None,
) -> Response:
    """Each event's `id` is its position: a client that comes back with `Last-Event-ID` misses nothing and sees nothing
    twice. A comment is sent every 10 s of silence. The server closes after an hour; clients reconnect by themselves. It
    closes within seconds when the key is revoked.
    """
    feed: Feed = q.services.extras["feed"]
    wanted = _filter(q, type_, stream)
    begin = _resume(q.request.headers.get("last-event-id"), after)
    if begin is None:
        begin = (await q.ledger.head(q.caller.ledger)).position
    if feed.tails >= MAX_TAILS:
        raise TooManyStreams
    context(q.request).without_deadline()
    return StreamingResponse(
        _server_sent(feed, q, begin, wanted),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _server_sent(feed: Feed, q: Query, after: int, wanted: Filter) -> AsyncIterator[bytes]:
    loop = asyncio.get_running_loop()
    ends_at, checked_at = loop.time() + STREAM_MAX_S, loop.time()
    alive_at = checked_at
    pages = feed.tail(q.caller.ledger, after, wanted)
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
            alive_at = loop.time()
            page = waiting.result()
            if page.events:
                yield b"".join(
                    b"id: %d\nevent: %b\ndata: %b\n\n"
                    % (e["position"], e["type"].encode(), msgspec.json.encode(EventOut.of(e)))
                    for e in page.events
                )
            waiting = asyncio.ensure_future(anext(pages))
    finally:
        feed.tails -= 1
        await end([waiting, draining])
        await pages.aclose()


def _resume(last_event_id: str | None, after: int | None) -> int | None:
    if last_event_id is None:
        return after
    position = parse_position(last_event_id)
    if position is None:
        raise malformed("Last-Event-ID", "Send the id of the last event as it came: a position.")
    return position


def _filter(q: Query, wanted: list[str] | None, stream: str | None) -> Filter:
    return Filter(matching_types(wanted or ()), stream, q.caller.entities)

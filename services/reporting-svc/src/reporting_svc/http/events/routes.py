"""``GET /v1/events`` (JSON or NDJSON) and ``GET /v1/events/stream`` (Server-Sent Events)."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import Query as Parameter
from starlette.responses import Response, StreamingResponse

from encours.http.parameters import malformed, parse_position
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.reading.moment import FuturePosition
from reporting_svc.http.events.answers import EventOut, EventsOut
from reporting_svc.http.live import live
from reporting_svc.read_models.feed import EventFilter, Feed, FeedPage, matching_types

router = Router(tags=["Events"])
NDJSON = "application/x-ndjson"
MAX_LIMIT = 1000

After = Annotated[int, Parameter(ge=0, le=2**53, description="Events after this position.")]
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
    """A page of events, straight from the ledger.

    `known_at` bounds it; `as_of`, if it is sent, leaves out what counts later.

    With `Accept: application/x-ndjson` the events come one a line, and the position to go on from in the header
    `Encours-Position`. An `after` beyond the end of the ledger is refused: a ledger that was restored may have fewer
    events than a reader has seen.
    """
    feed: Feed = q.services.extras["feed"]
    time = await q.time()
    await _require_reached(q, "after", after)
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
        int | None,
        Parameter(ge=0, le=2**53, description="Begin after this position; with the next event if not given."),
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
    name, begin = _resume(q.request.headers.get("last-event-id"), after)
    head = await _require_reached(q, name, begin or 0)
    begin = head if begin is None else begin
    return live(feed, q, feed.tail(q.caller.ledger, begin, wanted), _show)


async def _show(page: FeedPage) -> bytes:
    return b"".join(
        b"id: %d\nevent: %b\ndata: %b\n\n"
        % (e["position"], e["type"].encode(), msgspec.json.encode(EventOut.of(e)))
        for e in page.events
    )


def _resume(last_event_id: str | None, after: int | None) -> tuple[str, int | None]:
    """Return the name of what was sent, and the position behind which the stream begins; ``None`` for now."""
    if last_event_id is None:
        return "after", after
    position = parse_position(last_event_id)
    if position is None:
        raise malformed("Last-Event-ID", "Send the id of the last event as it came: a position.")
    return "Last-Event-ID", position


async def _require_reached(q: Query, name: str, position: int) -> int:
    """Return the ledger's last position. Raises 422 for one behind it.

    A reader who has seen more than the ledger has would miss what a ledger that was restored records there anew.
    """
    head = (await q.ledger.head(q.caller.ledger)).position
    if position > head:
        raise FuturePosition(name, head)
    return head


def _filter(q: Query, wanted: list[str] | None, stream: str | None) -> EventFilter:
    return EventFilter(matching_types(wanted or ()), stream, q.caller.entities)

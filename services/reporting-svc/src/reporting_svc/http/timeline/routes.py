"""``GET /v1/customers/{id}/timeline``: all events about a customer."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path
from fastapi import Query as Parameter
from starlette.responses import Response

from encours.http.paging import paging
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.reading.pages import Page
from encours.reading.summary import Language
from reporting_svc.http.timeline.answers import TimelineOut
from reporting_svc.read_models.feed import Feed
from reporting_svc.read_models.parked import parked_streams
from reporting_svc.read_models.refusals import ReportedCustomerNotFound
from reporting_svc.read_models.timeline import Timeline
from reporting_svc.read_models.timeline.query import entries, exists

router = Router(tags=["Customers"])
PAGE = paging("position", default="position", key="position")


@router.get(
    "/v1/customers/{id}/timeline",
    response_model=TimelineOut,
    summary="Everything that happened with a customer",
)
async def customer_timeline(
    id: Annotated[str, Path(pattern=r"^cus_[0-9a-f]{32}$")],
    q: Annotated[Query, reading("reports:read")],
    page: Annotated[Page, PAGE],
    lang: Annotated[Language, Parameter(description="Language of the summaries.")] = "en",
) -> Response:
    """In the order in which the ledger learned it; `sort=-position` for the latest first.

    `as_of` leaves out what counts later, `known_at` what was recorded later.
    """
    feed: Feed = q.services.extras["feed"]
    async with q.view(Timeline.name) as view:
        if not await exists(view, id):
            raise ReportedCustomerNotFound(id)
        rows = await entries(view, id, page)
        parked = await parked_streams(view.conn, Timeline.name, q.caller.ledger)
    events = await feed.at(q.caller.ledger, [row["position"] for row in rows])
    return q.respond(TimelineOut.of(id, page, rows, events, lang, parked, view.time))

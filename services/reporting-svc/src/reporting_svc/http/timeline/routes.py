"""``GET /v1/customers/{id}/timeline``: all events about a customer. ``…/entities/…``: those of an entity about none."""

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
from reporting_svc.http.timeline.answers import EntityTimelineOut, TimelineOut
from reporting_svc.read_models.feed import Feed
from reporting_svc.read_models.parked import parked_streams
from reporting_svc.read_models.refusals import ReportedCustomerNotFound, ReportingEntityNotFound
from reporting_svc.read_models.timeline import Timeline
from reporting_svc.read_models.timeline.query import entity_entries, entity_exists, entries, exists

router = Router(tags=["Timelines"])
PAGE = paging("position", default="position", key="position")
Lang = Annotated[Language, Parameter(description="Language of the summaries.")]


@router.get(
    "/v1/customers/{id}/timeline",
    response_model=TimelineOut,
    summary="Everything that happened with a customer",
)
async def customer_timeline(
    id: Annotated[str, Path(pattern=r"^cus_[0-9a-f]{32}$")],
    q: Annotated[Query, reading("reports:read")],
    page: Annotated[Page, PAGE],
    lang: Lang = "en",
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
    return q.respond({"customer_id": id} | TimelineOut.of(page, rows, events, lang, parked, view.time))


@router.get(
    "/v1/entities/{id}/timeline",
    response_model=EntityTimelineOut,
    summary="What an entity has decided and done for all of its customers",
)
async def entity_timeline(
    id: Annotated[str, Path(pattern=r"^ent_[0-9a-f]{32}$")],
    q: Annotated[Query, reading("audit:read")],
    page: Annotated[Page, PAGE],
    lang: Lang = "en",
) -> Response:
    """Settings, rules, plans of the turnover, imports, custom reports and schedules, in the order in which the ledger
    learned them. Events about a customer are on its timeline, lines of bank statements and events of all entities in
    `GET /v1/events`.
    """
    feed: Feed = q.services.extras["feed"]
    async with q.view(Timeline.name) as view:
        if not await entity_exists(view, id):
            raise ReportingEntityNotFound(id)
        rows = await entity_entries(view, id, page)
        parked = await parked_streams(view.conn, Timeline.name, q.caller.ledger)
    events = await feed.at(q.caller.ledger, [row["position"] for row in rows])
    return q.respond({"entity_id": id} | EntityTimelineOut.of(page, rows, events, lang, parked, view.time))

"""Timelines: all events about a customer or an invoice, and those of an entity, or of all, about no customer."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import Path
from fastapi import Query as Parameter
from starlette.responses import Response

from encours.http.answers import Json
from encours.http.paging import paging
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.kernel.errors import NotFound
from encours.reading.pages import Page
from encours.reading.texts.form import Language
from reporting_svc.http.timeline.answers import (
    EntityTimelineOut,
    InvoiceTimelineOut,
    OrderTimelineOut,
    TimelineEvents,
    TimelineOut,
    TimelinePage,
)
from reporting_svc.read_models.feed import Feed
from reporting_svc.read_models.parked import parked_streams
from reporting_svc.read_models.refusals import (
    ReportedCustomerNotFound,
    ReportedInvoiceNotFound,
    ReportedOrderNotFound,
    ReportingEntityNotFound,
)
from reporting_svc.read_models.timeline import Timeline
from reporting_svc.read_models.timeline.query import (
    ALL_ENTITIES,
    EntriesQuery,
    customer_entries,
    entity_entries,
    entity_of,
    invoice_entries,
    order_entries,
)

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

    `as_of` leaves out what counts later, `known_at` what was recorded later. `because_of` is the event that a service
    reacted to, such as the opening of the day on which a reminder was due.
    """
    found = await _timeline(q, page, lang, customer_entries, id, missing=ReportedCustomerNotFound)
    return q.respond({"customer_id": id} | found)


@router.get(
    "/v1/invoices/{id}/timeline",
    response_model=InvoiceTimelineOut,
    summary="Everything that happened with an invoice",
)
async def invoice_timeline(
    id: Annotated[str, Path(pattern=r"^inv_[0-9a-f]{32}$")],
    q: Annotated[Query, reading("reports:read")],
    page: Annotated[Page, PAGE],
    lang: Lang = "en",
) -> Response:
    """Events of the invoice itself and those of all services that name it, as the timeline of its customer lists them.

    A reminder, dispute, promise, plan or other object that was begun for the invoice is here with all of its events;
    of a payment, an order or another invoice, those that name it.
    """
    found = await _timeline(q, page, lang, invoice_entries, id, missing=ReportedInvoiceNotFound)
    return q.respond({"invoice_id": id} | found)


@router.get(
    "/v1/orders/{id}/timeline",
    response_model=OrderTimelineOut,
    summary="Everything that happened with an order",
)
async def order_timeline(
    id: Annotated[str, Path(pattern=r"^ord_[0-9a-f]{32}$")],
    q: Annotated[Query, reading("reports:read")],
    page: Annotated[Page, PAGE],
    lang: Lang = "en",
) -> Response:
    """Events of the order, of its reservations of the credit limit, and of its deliveries that the limit counts.

    Of a delivery that is counted, `because_of` is the delivery.
    """
    found = await _timeline(q, page, lang, order_entries, id, missing=ReportedOrderNotFound)
    return q.respond({"order_id": id} | found)


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
    learned them. Events about a customer are on its timeline, events of all entities in `GET /v1/timeline`, lines of
    bank statements as they are read in `GET /v1/events`.
    """
    found = await _timeline(q, page, lang, entity_entries, id, missing=ReportingEntityNotFound)
    return q.respond({"entity_id": id} | found)


@router.get(
    "/v1/timeline", response_model=TimelinePage, summary="What was decided and done for all entities together"
)
async def common_timeline(
    q: Annotated[Query, reading("audit:read")],
    page: Annotated[Page, PAGE],
    lang: Lang = "en",
) -> Response:
    """Policies and templates for all entities, models and rules of the credit, days opened, and what else is of no
    single entity. A key for some entities sees none of it, as in `GET /v1/events`.
    """
    return q.respond(await _timeline(q, page, lang, entity_entries, ALL_ENTITIES))


async def _timeline(
    q: Query,
    page: Page,
    lang: Language,
    entries: EntriesQuery,
    subject: str,
    *,
    missing: type[NotFound] | None = None,
) -> Json:
    """Answer with a page of the events about a subject. Raises ``missing`` if there is none that the caller may see."""
    feed: Feed = q.services.extras["feed"]
    async with q.view(Timeline.name) as view:
        if missing is not None:
            entity = await entity_of(view, subject)
            if entity is None:
                raise missing(subject)
            view = replace(view, time=replace(view.time, as_of=(await q.of_entity(entity)).as_of))
        found = await entries(view, subject, page)
        parked = await parked_streams(view.conn, Timeline.name, q.caller.ledger)
    positions = {position for each in found for position in each.values() if position is not None}
    events = TimelineEvents(await feed.at(q.caller.ledger, sorted(positions)), lang, view.granted)
    return TimelinePage.of(page, found, events, parked, view.time)

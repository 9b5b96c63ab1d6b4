"""Orders on credit: reserve, deliver, bill, release; the queue of blocked orders."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query as QueryParam
from starlette.responses import Response

from encours.http.commands import Command, command
from encours.http.models import Id, ShortText
from encours.http.paging import paging
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.kernel.ids import new_id
from encours.reading.pages import Page
from risk_svc.domain.reservation.commands import RecheckReservation
from risk_svc.domain.reservation.state import ReservationNotFound
from risk_svc.http.limits.bodies import CustomerId
from risk_svc.http.reservations.answers import (
    RESERVATION_ANSWER,
    ReservationAsOf,
    ReservationItem,
    ReservationOut,
    Reservations,
    Status,
)
from risk_svc.http.reservations.bodies import ConsumeBody, OverrideBody, ReleaseOrderBody, ReservationBody
from risk_svc.http.reservations.turns import Turns
from risk_svc.http.streams import stream_then
from risk_svc.read_models.credit import order_query as query
from risk_svc.read_models.credit.query import LatestPictures
from risk_svc.use_cases import reservations

router = Router(tags=["Orders on credit"])
Ordering = Annotated[Command, command("risk:write")]
Approving = Annotated[Command, command("risk:approve")]
Reading = Annotated[Query, reading("risk:read")]
ReservationPath = Annotated[str, Id("rsv")]
PATH = "/v1/reservations"
LIST = paging("decided_on", "expires_on", default="-decided_on", key="reservation_id")
QUEUE = paging("expires_on", "decided_on", default="expires_on", key="reservation_id")


@router.post("/v1/reservations", response_model=ReservationAsOf, status_code=201)
async def reserve(body: ReservationBody, cmd: Ordering) -> Response:
    """Decide an order, and reserve its amount if it is accepted; concurrent orders never exceed the limit.

    A referred or refused order is blocked: it waits in `GET /v1/blocked-orders`.
    """
    turns: Turns = cmd.services.extras["turns"]
    pictures = LatestPictures(cmd.services.db, cmd.ledger)
    order = body.to_command(new_id("rsv"))
    async with turns.of(cmd.caller.ledger, body.customer_id):
        return await cmd.run(
            reservations.reserve, order, pictures, answer=RESERVATION_ANSWER, status=201, at=PATH
        )


@router.post("/v1/reservations/{reservation_id}/recheck", response_model=ReservationAsOf)
async def recheck_order(reservation_id: ReservationPath, cmd: Ordering) -> Response:
    """Decide a blocked order again, by the figures of now."""
    again = RecheckReservation(reservation_id)
    pictures = LatestPictures(cmd.services.db, cmd.ledger)
    return await cmd.run(reservations.recheck, again, pictures, answer=RESERVATION_ANSWER, on=reservation_id)


@router.post("/v1/reservations/{reservation_id}/override", response_model=ReservationAsOf)
async def override_order(reservation_id: ReservationPath, body: OverrideBody, cmd: Approving) -> Response:
    """Accept a blocked order by authority, with the reason; its amount is reserved whatever the limit."""
    accepted = body.to_command(reservation_id)
    pictures = LatestPictures(cmd.services.db, cmd.ledger)
    return await cmd.run(
        reservations.override, accepted, pictures, answer=RESERVATION_ANSWER, on=reservation_id
    )


@router.post("/v1/reservations/{reservation_id}/consume", response_model=ReservationAsOf)
async def consume_reservation(reservation_id: ReservationPath, body: ConsumeBody, cmd: Ordering) -> Response:
    """End a part of the reservation by a delivery or an invoice, so that it is not counted twice.

    Goods whose delivery Encours does not know count as delivered until their invoice is named. No limit and no hold
    keeps delivered goods from being billed. An invoice ends no more of all its orders than its total less its credit
    notes and what its deliveries have ended, a correction no more than that without what the invoice that it replaces
    has ended or may end until then, and a delivery no more than its amount with VAT, once; what is in another currency
    is converted by the rate of the day.
    """
    done = body.to_command(reservation_id)
    pictures = LatestPictures(cmd.services.db, cmd.ledger)
    return await cmd.run(reservations.consume, done, pictures, answer=RESERVATION_ANSWER, on=reservation_id)


@router.post("/v1/reservations/{reservation_id}/release", response_model=ReservationAsOf)
async def release_reservation(
    reservation_id: ReservationPath, body: ReleaseOrderBody, cmd: Ordering
) -> Response:
    """Free what is still reserved, or close a blocked order with the reason.

    Closing one needs what accepting it needs: the scope `risk:approve` and, where the entity's credit policy has
    authorities, the role of its amount. The one who asked for the order may close it.
    """
    freed = body.to_command(reservation_id, may_approve=cmd.caller.grant.allows("risk:approve"))
    return await cmd.run(reservations.release, freed, answer=RESERVATION_ANSWER, on=reservation_id)


@router.get("/v1/reservations/{reservation_id}", response_model=ReservationAsOf)
async def get_reservation(reservation_id: ReservationPath, q: Reading) -> Response:
    """Get an order on credit as of a date, as known at an instant."""
    then = await stream_then(q, reservation_id, ReservationNotFound(reservation_id))
    found = ReservationOut.of(reservations.RESERVATION.fold(then.events), then.last.version)
    return q.respond(ReservationAsOf(**dict(found), **then.echo), last=then.last)


@router.get("/v1/reservations", response_model=Reservations)
async def list_reservations(
    q: Reading,
    page: Annotated[Page, LIST],
    customer_id: CustomerId | None = None,
    status: Status | None = None,
    order_ref: Annotated[
        ShortText | None, QueryParam(description="The order in the caller's system, or its id in Encours.")
    ] = None,
) -> Response:
    """List orders on credit as of a date, as known at an instant."""
    async with q.view("credit") as view:
        rows = await query.reservations(
            view, page, customer_id=customer_id, status=status, order_ref=order_ref
        )
    return q.respond(page.body(rows, ReservationItem.of) | view.time.echo())


@router.get("/v1/blocked-orders", response_model=Reservations)
async def list_blocked_orders(
    q: Reading, page: Annotated[Page, QUEUE], customer_id: CustomerId | None = None
) -> Response:
    """List orders that wait, or waited, for a decision, the next to expire first.

    Money that arrives has them decided again.
    """
    async with q.view("credit") as view:
        rows = await query.reservations(view, page, customer_id=customer_id, status="blocked")
    return q.respond(page.body(rows, ReservationItem.of) | view.time.echo())

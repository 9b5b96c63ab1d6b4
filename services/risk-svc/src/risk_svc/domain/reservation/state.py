"""A reservation, folded from its stream; the credit line that its amount was drawn from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Literal, assert_never

from encours.contracts import Recorded
from encours.contracts.events.reservation import (
    CreditBasis,
    CreditDecision,
    ReservationConsumed,
    ReservationDecided,
    ReservationDelivered,
    ReservationExpired,
    ReservationOverridden,
    ReservationReleased,
)
from encours.kernel.errors import NotFound

ReservationEvent = (
    ReservationDecided
    | ReservationOverridden
    | ReservationDelivered
    | ReservationConsumed
    | ReservationReleased
    | ReservationExpired
)
ReservationStatus = Literal["none", "reserved", "blocked", "consumed", "released", "expired"]


class ReservationNotFound(NotFound):
    """No reservation has the id (404)."""

    code = "reservation-not-found"
    title = "Reservation not found"
    remedy = "Use an id from GET /v1/reservations. The id may belong to another ledger."


@dataclass(frozen=True, slots=True)
class Reservation:
    """An order: its last decision, and its amounts in minor units that are reserved, delivered and billed."""

    reservation_id: str = ""
    customer_id: str = ""
    entity_id: str = ""
    order_ref: str = ""
    status: ReservationStatus = "none"
    amount_minor: int = 0
    currency: str = ""
    deliver_on: date | None = None
    expires_on: date = date.max
    waits_until: date | None = None
    decision: CreditDecision = "refer"
    reasons: tuple[str, ...] = ()
    basis: CreditBasis | None = None
    attempt: int = 0
    decided_on: date = date.min
    requested_by: str = ""
    overridden_by: str | None = None
    role: str | None = None
    in_place_of: str | None = None
    text: str | None = None
    reserved_minor: int = 0
    delivered_minor: int = 0
    consumed_minor: int = 0

    @property
    def last_day(self) -> date:
        """Last day on which the reservation counts, or on which the blocked order waits."""
        return (self.waits_until if self.status == "blocked" else None) or self.expires_on


def evolve(state: Reservation, recorded: Recorded) -> Reservation:
    """Return the state after one more event."""
    event: ReservationEvent = recorded.data  # type: ignore[assignment]  # the stream holds this family alone
    match event:
        case ReservationDecided():
            return _decided(state, event, recorded)
        case ReservationOverridden():
            return replace(
                state,
                status="reserved",
                basis=event.basis,
                overridden_by=recorded.actor,
                role=event.role,
                in_place_of=event.in_place_of,
                text=event.text,
                reserved_minor=event.amount_minor,
            )
        case ReservationDelivered():
            return replace(
                state,
                reserved_minor=state.reserved_minor - event.amount_minor,
                delivered_minor=state.delivered_minor + event.amount_minor,
            )
        case ReservationConsumed():
            return _consumed(state, event)
        case ReservationReleased():
            by = event if event.role else state
            return replace(
                state,
                status="released",
                reserved_minor=0,
                text=event.text or state.text,
                role=by.role,
                in_place_of=by.in_place_of,
            )
        case ReservationExpired():
            return replace(state, status="expired", reserved_minor=0)
        case _:
            assert_never(event)


def _decided(state: Reservation, event: ReservationDecided, recorded: Recorded) -> Reservation:
    accepted = event.decision == "accept"
    return replace(
        state,
        reservation_id=event.reservation_id,
        customer_id=event.customer_id,
        entity_id=recorded.entity,
        order_ref=event.order_ref,
        status="reserved" if accepted else "blocked",
        amount_minor=event.amount_minor,
        currency=event.currency,
        deliver_on=event.deliver_on,
        expires_on=event.expires_on,
        waits_until=event.waits_until,
        decision=event.decision,
        reasons=event.reasons,
        basis=event.basis,
        attempt=event.attempt,
        decided_on=recorded.effective_on,
        requested_by=state.requested_by or recorded.actor,
        reserved_minor=event.amount_minor if accepted else 0,
    )


def _consumed(state: Reservation, event: ReservationConsumed) -> Reservation:
    reserved = state.reserved_minor - event.amount_minor + event.delivered_minor
    delivered = state.delivered_minor - event.delivered_minor
    return replace(
        state,
        status=state.status if reserved or delivered else "consumed",
        reserved_minor=reserved,
        delivered_minor=delivered,
        consumed_minor=state.consumed_minor + event.amount_minor,
    )


@dataclass(frozen=True, slots=True)
class CreditLine:
    """Amounts drawn from the limit of a customer: the position of the last one, 0 for none."""

    position: int = 0


def evolve_line(state: CreditLine, recorded: Recorded) -> CreditLine:
    """Return the state after one more event."""
    return CreditLine(recorded.position)

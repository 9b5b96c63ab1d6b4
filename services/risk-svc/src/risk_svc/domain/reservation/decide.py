"""Decisions on a reservation."""

from __future__ import annotations

from datetime import date, timedelta

from encours.contracts.events.reservation import (
    CreditBasis,
    ReservationConsumed,
    ReservationDecided,
    ReservationDelivered,
    ReservationExpired,
    ReservationOverridden,
    ReservationReleased,
)
from encours.contracts.events.risk import DepositSeen
from encours.kernel.errors import Invalid, Refusal
from encours.kernel.money import Money
from risk_svc.domain.assessment import RULES_VERSION, OrderAsked, Verdict, assess
from risk_svc.domain.picture import SeenPicture
from risk_svc.domain.policy import NO_ROLE, Authority
from risk_svc.domain.reservation.commands import (
    ConsumeReservation,
    DeliverReservation,
    OverrideReservation,
    ReleaseReservation,
    ReserveCredit,
)
from risk_svc.domain.reservation.documents import Uncounted
from risk_svc.domain.reservation.state import Reservation

EXPIRES_AFTER_DAYS = 30
"""Days for which a reservation counts after the order and the day of delivery, unless its caller names the last one.

A blocked order waits as long, or the shorter time that the credit policy of the entity gives it.
"""


class ReservationEnded(Refusal):
    """The order is delivered, billed, released or expired."""

    code = "reservation-ended"
    title = "Reservation has ended"
    remedy = "Make a new reservation for the order."


class OrderIsBlocked(Refusal):
    """The order was not accepted, so there is nothing to deliver or to bill."""

    code = "order-blocked"
    title = "Order is blocked"
    remedy = "Have the order checked again or accepted by authority, or release it."


class OrderNotBlocked(Refusal):
    """Only a blocked order is checked again or accepted by authority."""

    code = "order-not-blocked"
    title = "Order is not blocked"
    remedy = "Use an order from GET /v1/blocked-orders."


class MoreThanReserved(Refusal):
    """The amount is above what is left of the reservation."""

    code = "more-than-reserved"
    title = "Amount is above the reservation"
    remedy = "Reserve the difference as another order first, or name a lower amount."


class MoreThanInvoiced(Refusal):
    """The amount is above the part of the invoice that bills no order yet."""

    code = "more-than-invoiced"
    title = "Amount is above the invoice"
    remedy = (
        "Name what the invoice bills of this order, without what credit notes took off or an invoice that it corrects "
        "has ended; release the rest if nothing more is billed."
    )


class MoreThanDelivered(Refusal):
    """The amount is above the part of the delivery that ends no order yet."""

    code = "more-than-delivered"
    title = "Amount is above the delivery"
    remedy = "Leave the amount out, or name what is left of the delivery with its VAT."


class OrderRateMissing(Invalid):
    """The document is in another currency than the reservation, and no rate is known between the two (422)."""

    code = "exchange-rate-missing"
    title = "Exchange rate is missing"
    remedy = "PUT /v1/exchange-rates of invoice-svc for the pair in the detail."


def reserve(
    command: ReserveCredit,
    seen: SeenPicture,
    day: date,
    grace_days: int | None = None,
    rules_version: int = RULES_VERSION,
    deposit: DepositSeen | None = None,
) -> ReservationDecided:
    """Decide an order by figures; by figures that are behind the ledger nothing is accepted.

    ``deposit``: what deliveries of the order wait for.
    ``grace_days``: those for which the order waits for a decision if it is blocked; ``None``: until ``expires_on``.
    Raises :class:`Invalid` for a delivery in the past, or a last day before the delivery.
    """
    deliver_on = command.deliver_on or day
    expires_on = command.expires_on or deliver_on + timedelta(days=EXPIRES_AFTER_DAYS)
    order = OrderAsked(command.customer_id, command.amount_minor, command.currency, command.deliver_on)
    verdict, basis = _assessed(order, seen, day, rules_version, deposit)
    if expires_on < deliver_on:
        raise Invalid("expires_on is before the day of delivery; use a later date or omit it.", "/expires_on")
    waits_until = None if grace_days is None else day + timedelta(days=grace_days)
    return ReservationDecided(
        reservation_id=command.reservation_id,
        customer_id=command.customer_id,
        order_ref=command.order_ref,
        amount_minor=command.amount_minor,
        currency=command.currency,
        deliver_on=command.deliver_on,
        expires_on=expires_on,
        attempt=1,
        decision=verdict.decision,
        reasons=verdict.reasons,
        basis=basis,
        waits_until=waits_until if waits_until and waits_until < expires_on else None,
    )


def recheck(
    state: Reservation,
    seen: SeenPicture,
    day: date,
    rules_version: int = RULES_VERSION,
    deposit: DepositSeen | None = None,
) -> ReservationDecided:
    """Decide a blocked order again. A day of delivery that has passed counts as today."""
    require_blocked(state)
    deliver_on = None if state.deliver_on is None else max(state.deliver_on, day)
    order = OrderAsked(state.customer_id, state.amount_minor, state.currency, deliver_on)
    verdict, basis = _assessed(order, seen, day, rules_version, deposit)
    return ReservationDecided(
        reservation_id=state.reservation_id,
        customer_id=state.customer_id,
        order_ref=state.order_ref,
        amount_minor=state.amount_minor,
        currency=state.currency,
        deliver_on=deliver_on,
        expires_on=state.expires_on,
        attempt=state.attempt + 1,
        decision=verdict.decision,
        reasons=verdict.reasons,
        basis=basis,
        waits_until=state.waits_until,
    )


def _assessed(
    order: OrderAsked, seen: SeenPicture, day: date, rules_version: int, deposit: DepositSeen | None
) -> tuple[Verdict, CreditBasis]:
    verdict, basis = assess(
        order,
        seen.picture,
        day,
        position=seen.position,
        lag=seen.lag,
        model=seen.model,
        rules_version=rules_version,
        deposit=deposit,
    )
    if seen.behind and verdict.decision == "accept":
        verdict = Verdict("refer", ("figures-behind",))
    return verdict, basis


def override(
    state: Reservation,
    command: OverrideReservation,
    by: Authority,
    seen: SeenPicture,
    day: date,
    rules_version: int = RULES_VERSION,
    deposit: DepositSeen | None = None,
) -> ReservationOverridden:
    """Accept a blocked order by authority, whatever its figures, which the event keeps."""
    require_blocked(state)
    deliver_on = None if state.deliver_on is None else max(state.deliver_on, day)
    order = OrderAsked(state.customer_id, state.amount_minor, state.currency, deliver_on)
    _, basis = _assessed(order, seen, day, rules_version, deposit)
    return ReservationOverridden(
        reservation_id=state.reservation_id,
        customer_id=state.customer_id,
        amount_minor=state.amount_minor,
        currency=state.currency,
        role=by.role,
        in_place_of=by.in_place_of,
        text=command.text,
        basis=basis,
    )


def require_blocked(state: Reservation) -> None:
    """Raise :class:`OrderNotBlocked` unless the order waits for a decision."""
    if state.status != "blocked":
        raise OrderNotBlocked(f"The order is {state.status}.")


def deliver(state: Reservation, command: DeliverReservation) -> list[ReservationDelivered]:
    """Count a part of the order as delivered and not billed."""
    _require_alive(state)
    amount = _part(state, command.amount_minor, command.currency, of_minor=state.reserved_minor)
    return [
        ReservationDelivered(
            reservation_id=state.reservation_id,
            customer_id=state.customer_id,
            amount_minor=amount,
            currency=state.currency,
            delivery_ref=command.delivery_ref,
        )
    ]


def consume(
    state: Reservation, command: ConsumeReservation, left: Uncounted | None
) -> list[ReservationConsumed]:
    """End a part of the order that counts by itself now, what was delivered first.

    ``left``: what the invoice or the delivery has that ends no order yet; ``None`` if there is none of the customer:
    that of another would free the limit. No event for a delivery that has ended its part already. No limit, hold or
    expiry keeps delivered goods from being billed.
    """
    if left is None:
        pointer = "/invoice_id" if command.invoice_id else "/delivery_id"
        raise Invalid(
            "Name an invoice that exists, is the customer's and claims no penalties, or a delivery of its order in "
            "order_ref.",
            pointer,
        )
    if command.delivery_id and command.amount_minor is None and not left.in_order_minor:
        return []
    rest = state.reserved_minor + state.delivered_minor
    if not state.delivered_minor:
        _require_alive(state)
    amount = _part(state, command.amount_minor, command.currency, of_minor=rest)
    if command.amount_minor is None and left.in_order_minor > 0:
        amount = min(amount, left.in_order_minor)
    if amount > left.in_order_minor:
        document, refused = (
            ("invoice bill", MoreThanInvoiced) if command.invoice_id else ("delivery end", MoreThanDelivered)
        )
        raise refused(
            f"{Money(left.in_order_minor, state.currency)} of the {document} no order yet.",
            "/amount",
            extra={"left_minor": left.in_order_minor},
        )
    return [
        ReservationConsumed(
            reservation_id=state.reservation_id,
            customer_id=state.customer_id,
            amount_minor=amount,
            delivered_minor=min(amount, state.delivered_minor),
            currency=state.currency,
            invoice_id=command.invoice_id,
            delivery_id=command.delivery_id,
        )
    ]


def release(
    state: Reservation, command: ReleaseReservation, by: Authority = NO_ROLE
) -> list[ReservationReleased]:
    """Free what is reserved, or close a blocked order with the reason. No event if it is released already."""
    if state.status == "released":
        return []
    if state.status != "blocked":
        _require_alive(state)
    elif command.text is None:
        raise Invalid("Give the reason for which the blocked order is closed in text.", "/text")
    return [
        ReservationReleased(
            reservation_id=state.reservation_id,
            customer_id=state.customer_id,
            amount_minor=state.reserved_minor,
            currency=state.currency,
            text=command.text,
            role=by.role,
            in_place_of=by.in_place_of,
        )
    ]


def expire(state: Reservation, day: date) -> list[ReservationExpired]:
    """End a reservation or a blocked order whose last day was before the day; no event if it has ended."""
    waits = state.status == "blocked" or (state.status == "reserved" and state.reserved_minor > 0)
    if not waits or state.last_day >= day:
        return []
    return [
        ReservationExpired(
            reservation_id=state.reservation_id,
            customer_id=state.customer_id,
            amount_minor=state.reserved_minor,
            currency=state.currency,
            expires_on=state.last_day,
        )
    ]


def _require_alive(state: Reservation) -> None:
    if state.status == "blocked":
        raise OrderIsBlocked(f"The order was not accepted ({', '.join(state.reasons)}).")
    if state.status != "reserved":
        raise ReservationEnded(f"The reservation is {state.status} already.")
    if not state.reserved_minor:
        raise ReservationEnded("All of the order is delivered.")


def _part(state: Reservation, amount_minor: int | None, currency: str | None, *, of_minor: int) -> int:
    if currency not in (None, state.currency):
        raise Invalid(f"The reservation is in {state.currency}; use that currency.", "/amount/currency")
    if amount_minor is not None and amount_minor > of_minor:
        raise MoreThanReserved(
            f"{Money(of_minor, state.currency)} is left of the reservation.",
            "/amount",
            extra={"left_minor": of_minor},
        )
    return of_minor if amount_minor is None else amount_minor

"""Clearance of a delivery by credit: a reservation of the order that covers it, and no hold on the customer.

Reservations, holds and the credit policy are those of risk-svc, folded from their own streams.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import assert_never, cast

from msgspec import Struct
from msgspec.structs import replace

from encours.contracts import Recorded
from encours.contracts.clearance import DepositInvoice, OrderCredit, OrderedGoods, deposit_paid
from encours.contracts.events.credit_hold import CreditHoldPlaced, CreditHoldReleased
from encours.contracts.events.credit_policy import CreditPolicySet, OrderRules
from encours.contracts.events.reservation import (
    ReservationConsumed,
    ReservationDecided,
    ReservationDelivered,
    ReservationExpired,
    ReservationOverridden,
    ReservationReleased,
)
from encours.kernel.errors import Refusal
from encours.kernel.money import Money
from invoice_svc.domain.order.state import Order


class OrderNotCleared(Refusal):
    """No reservation of the order covers the delivery."""

    code = "order-not-cleared"
    title = "Order is not cleared for delivery"
    remedy = (
        "POST /v1/reservations of risk-svc with the order's id as order_ref and the amount that is lacking, or have "
        "the blocked order of GET /v1/blocked-orders accepted; then record the delivery."
    )


class DeliveryOnHold(Refusal):
    """The customer, or the one whose limit holds for it, is on hold."""

    code = "delivery-on-hold"
    title = "Deliveries to the customer are on hold"
    remedy = "POST /v1/credit-holds/{id}/release of risk-svc, or have the order accepted there while the hold lasts."


class DepositOutstanding(Refusal):
    """The deposit that is agreed for the order is not paid."""

    code = "deposit-outstanding"
    title = "Deposit of the order is not paid"
    remedy = (
        "POST /v1/invoices with the purpose `deposit` and the order's number as `reference`, and record its payment; "
        "or have the blocked order accepted (POST /v1/reservations/{id}/override of risk-svc)."
    )


class InvoiceNotCleared(Refusal):
    """The invoice bills what no reservation has let pass, and the credit policy asks for that."""

    code = "invoice-not-cleared"
    title = "Invoice is not cleared by credit"
    remedy = (
        "POST /v1/reservations of risk-svc for the total, of a correction for what it adds, or have the blocked order "
        "accepted there (POST /v1/reservations/{id}/override); then POST /v1/reservations/{id}/consume with the id of "
        "the draft as invoice_id, and issue it. Correct with `issue` false to have a draft."
    )


def rules_of(_: OrderRules, recorded: Recorded) -> OrderRules:
    """Return the rules of orders after one more event of the credit policy."""
    return cast(CreditPolicySet, recorded.data).orders or OrderRules()


class ReservedCredit(Struct, frozen=True):
    """A reservation of credit: what is left of it in minor units, and until when."""

    customer_id: str = ""
    currency: str = ""
    reserved_minor: int = 0
    expires_on: date = date.max
    blocked_for: tuple[str, ...] = ()
    """Reasons for which the order waits for a decision."""
    accepted_holds: tuple[str, ...] = ()
    """Holds in spite of which somebody has accepted the order."""
    overridden: bool = False
    """Somebody has accepted the order by authority."""


_Reserving = (
    ReservationDecided
    | ReservationOverridden
    | ReservationDelivered
    | ReservationConsumed
    | ReservationReleased
    | ReservationExpired
)


def evolve_reserved(state: ReservedCredit, recorded: Recorded) -> ReservedCredit:
    """Return the reservation after one more event."""
    event = cast(_Reserving, recorded.data)
    match event:
        case ReservationDecided():
            accepted = event.decision == "accept"
            return ReservedCredit(
                customer_id=event.customer_id,
                currency=event.currency,
                reserved_minor=event.amount_minor if accepted else 0,
                expires_on=event.expires_on,
                blocked_for=() if accepted else event.reasons,
            )
        case ReservationOverridden():
            return replace(
                state,
                reserved_minor=event.amount_minor,
                blocked_for=(),
                accepted_holds=event.basis.holds,
                overridden=True,
            )
        case ReservationDelivered():
            return replace(state, reserved_minor=state.reserved_minor - event.amount_minor)
        case ReservationConsumed():
            left = state.reserved_minor - event.amount_minor + event.delivered_minor
            return replace(state, reserved_minor=left)
        case ReservationReleased() | ReservationExpired():
            return replace(state, reserved_minor=0, blocked_for=())
        case _:
            assert_never(event)


class HeldCustomer(Struct, frozen=True):
    """A hold on a customer's orders."""

    credit_hold_id: str = ""
    customer_id: str = ""
    text: str = ""
    until: date | None = None
    released: bool = False

    def in_force(self, day: date) -> bool:
        """Return True while the hold counts."""
        return not self.released and (self.until is None or day <= self.until)


def evolve_held(state: HeldCustomer, recorded: Recorded) -> HeldCustomer:
    """Return the hold after one more event."""
    event = cast(CreditHoldPlaced | CreditHoldReleased, recorded.data)
    match event:
        case CreditHoldPlaced():
            return HeldCustomer(event.credit_hold_id, event.customer_id, event.text, event.until)
        case CreditHoldReleased():
            return replace(state, released=True)
        case _:
            assert_never(event)


def usable(
    order: Order, reserved: Sequence[ReservedCredit], own: Collection[str], today: date
) -> list[ReservedCredit]:
    """Return the reservations by which goods of an order may be delivered today.

    ``own``: records of the customer. One in another currency than the order covers no delivery.
    """
    return [
        each
        for each in reserved
        if each.reserved_minor > 0
        and each.customer_id in own
        and each.currency == order.currency
        and today <= each.expires_on
    ]


def require_reserved(
    order: Order,
    goods: OrderedGoods,
    credit: OrderCredit,
    reserved: Sequence[ReservedCredit],
    found: Sequence[ReservedCredit],
    net_minor: int,
) -> None:
    """Raise :class:`OrderNotCleared` unless reservations cover one more delivery of a net amount.

    ``found`` are those of ``reserved`` that are usable. Deliveries that have not ended their part yet use it too.
    """
    needed = goods.delivered_with(net_minor)
    left = sum(each.reserved_minor for each in found) - sum(credit.uncounted(goods).values())
    if needed <= left:
        return
    blocked = [reason for each in reserved for reason in each.blocked_for]
    waits = f" It is blocked: {', '.join(dict.fromkeys(blocked))}." if blocked else ""
    raise OrderNotCleared(
        f"The delivery needs a reservation of {Money(needed, order.currency)}; {Money(max(0, left), order.currency)} "
        f"are reserved for {order.number}.{waits}",
        extra={"needed_minor": needed, "left_minor": max(0, left), "reasons": blocked},
    )


def require_deposit(
    order: Order, deposits: Sequence[DepositInvoice], own: Collection[str], found: Sequence[ReservedCredit]
) -> None:
    """Raise :class:`DepositOutstanding` unless the deposit of an order is paid, or somebody has accepted the order.

    ``own``: records of the customer.
    """
    if not order.deposit_minor or any(each.overridden for each in found):
        return
    paid = deposit_paid(order.number, order.currency, deposits, own)
    if paid < order.deposit_minor:
        agreed = Money(order.deposit_minor, order.currency)
        raise DepositOutstanding(
            f"A deposit of {agreed} is agreed for {order.number}; {Money(paid, order.currency)} are paid.",
            extra={"needed_minor": order.deposit_minor, "paid_minor": paid},
        )


def require_let_pass(needed_minor: int, counted_minor: int, currency: str) -> None:
    """Raise :class:`InvoiceNotCleared` unless reservations that the invoice has ended are the amount or more."""
    if needed_minor > counted_minor:
        raise InvoiceNotCleared(
            f"The invoice needs consumed reservations of {Money(needed_minor, currency)}; it has "
            f"{Money(counted_minor, currency)}.",
            extra={"needed_minor": needed_minor, "counted_minor": counted_minor},
        )


def require_no_hold(holds: Sequence[HeldCustomer], found: Sequence[ReservedCredit], today: date) -> None:
    """Raise :class:`DeliveryOnHold` for a hold in force in spite of which nobody has accepted the order."""
    accepted = {hold for each in found for hold in each.accepted_holds}
    for each in holds:
        if each.in_force(today) and each.credit_hold_id not in accepted:
            raise DeliveryOnHold(
                f"Orders of {each.customer_id} are on hold: {each.text}",
                extra={"credit_hold_id": each.credit_hold_id},
            )

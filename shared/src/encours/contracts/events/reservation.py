"""Reservations of a credit limit by orders.

Streams: the reservation, the credit line, the billing of an invoice, the credit of an order in Encours. Appended by
risk-svc.

The credit line of the customer whose limit holds has an event for every amount that is reserved. So two orders that are
decided at the same time on one limit conflict, and the second is decided again; so do two that one invoice bills.
"""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Literal

from encours.contracts.base import Event, Value
from encours.contracts.common import Conversion
from encours.contracts.events.risk import DepositSeen, ExposureSeen, ExposureShare
from encours.contracts.events.score import CreditGrade

CreditDecision = Literal["accept", "refer", "refuse"]


class CreditBasis(Value, frozen=True, kw_only=True, omit_defaults=True):
    """Figures of a decision on an order, as they were known at ``seen_position``: amounts in ``currency``."""

    holder_id: str
    """Customer whose limit holds."""
    currency: str
    """Currency of the limit, else that of the order."""
    exposure: ExposureSeen
    """Without the order."""
    order_minor: int | None
    """Amount of the order; ``None`` where no exchange rate was known."""
    left_minor: int | None
    """Limit and guarantees less exposure, before the order; ``None`` without a limit or a rate that it needs."""
    limit_id: str | None
    limit_minor: int | None
    limit_max_days: int | None
    limit_valid_until: date | None
    score: int | None
    seen_position: int
    lag: int
    """Events in the ledger after that position when the decision was taken."""
    shares: tuple[ExposureShare, ...] = ()
    """The parts of the exposure that are in other currencies."""
    order_converted: Conversion | None = None
    holds: tuple[str, ...] = ()
    """Holds in force."""
    grade: CreditGrade | None = None
    """Grade by ``score_model``, the version of the payment model; without one, ``score`` below 40 was a doubt."""
    score_model: str | None = None
    rules_version: int = 1
    """Version of the rules by which figures give a decision."""
    deposit: DepositSeen | None = None
    """Deposit that deliveries of the order wait for; ``None`` without one, and before version 5 of the rules."""


class ReservationDecided(Event, frozen=True, kw_only=True, omit_defaults=True):
    """An order was decided: ``accept`` reserves its amount, ``refer`` and ``refuse`` block it.

    A blocked order is decided again when money arrives or on request, under the next ``attempt``.
    """

    TYPE: ClassVar[str] = "reservation.decided"
    reservation_id: str
    customer_id: str
    order_ref: str
    amount_minor: int
    currency: str
    deliver_on: date | None
    expires_on: date
    """Last day on which the reservation counts, or on which the blocked order waits."""
    attempt: int
    decision: CreditDecision
    reasons: tuple[str, ...]
    basis: CreditBasis
    waits_until: date | None = None
    """Last day on which the order waits while it is blocked, if that is before ``expires_on``."""


class ReservationOverridden(Event, frozen=True, kw_only=True, omit_defaults=True):
    """Somebody with the authority accepts a blocked order: its amount is reserved whatever the limit."""

    TYPE: ClassVar[str] = "reservation.overridden"
    reservation_id: str
    customer_id: str
    amount_minor: int
    currency: str
    role: str | None
    """Role that the amount needs; ``None`` where the entity has set no authorities."""
    in_place_of: str | None
    """Actor that the decider substitutes."""
    text: str
    basis: CreditBasis


class ReservationDelivered(Event, frozen=True, kw_only=True):
    """Goods of the order were delivered and are not billed yet: the amount goes from reserved to delivered."""

    TYPE: ClassVar[str] = "reservation.delivered"
    reservation_id: str
    customer_id: str
    amount_minor: int
    currency: str
    delivery_ref: str


class ReservationConsumed(Event, frozen=True, kw_only=True):
    """A draft, an invoice or a delivery that Encours knows counts by itself: this part of the order no more."""

    TYPE: ClassVar[str] = "reservation.consumed"
    reservation_id: str
    customer_id: str
    amount_minor: int
    """Part of the order that ends, ``delivered_minor`` included."""
    delivered_minor: int
    """The part that had been delivered."""
    currency: str
    invoice_id: str | None
    delivery_id: str | None


class ReservationReleased(Event, frozen=True, kw_only=True, omit_defaults=True):
    """The rest of the reservation is not needed, or the blocked order is closed."""

    TYPE: ClassVar[str] = "reservation.released"
    reservation_id: str
    customer_id: str
    amount_minor: int
    """Reserved amount that is free again; 0 for an order that was blocked."""
    currency: str
    text: str | None
    role: str | None = None
    """Role by which a blocked order is closed; ``None`` where the entity's policy asks for none."""
    in_place_of: str | None = None
    """Actor that the decider substitutes."""


class ReservationExpired(Event, frozen=True, kw_only=True):
    """The last day of the reservation, or of the blocked order, has passed."""

    TYPE: ClassVar[str] = "reservation.expired"
    reservation_id: str
    customer_id: str
    amount_minor: int
    """Reserved amount that is free again; 0 for an order that was blocked."""
    currency: str
    expires_on: date


class CreditLineDrawn(Event, frozen=True, kw_only=True):
    """An order reserves an amount of the limit of ``holder_id``."""

    TYPE: ClassVar[str] = "credit_line.drawn"
    credit_line_id: str
    holder_id: str
    customer_id: str
    reservation_id: str
    amount_minor: int
    currency: str


class OrderBillingCounted(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A part of an invoice bills an order: it bills no other. Stream: the invoice's billing.

    The amount is in the currency of the invoice.
    """

    TYPE: ClassVar[str] = "order_billing.counted"
    order_billing_id: str
    invoice_id: str
    reservation_id: str
    amount_minor: int
    currency: str
    customer_id: str = ""
    """Of a draft: its customer, whose exposure the draft adds to by the amount. Else empty, and before it was kept."""


class OrderDeliveryCounted(Event, frozen=True, kw_only=True):
    """A part of a delivery ends a reservation of its order, and no other. Stream: the credit of the order."""

    TYPE: ClassVar[str] = "order_credit.counted"
    order_credit_id: str
    order_id: str
    delivery_id: str
    reservation_id: str
    amount_minor: int
    """With VAT, in the currency of the order."""
    currency: str


class OrderReservationMade(Event, frozen=True, kw_only=True):
    """A reservation, or a blocked order, is for an order in Encours. Stream: the credit of the order."""

    TYPE: ClassVar[str] = "order_credit.reserved"
    order_credit_id: str
    order_id: str
    reservation_id: str
    earlier: tuple[str, ...]
    """Deliveries of before, which the reservation is not for."""


class OrderCreditFollowed(Event, frozen=True, kw_only=True):
    """The reservations of an order in Encours are as its events up to a version of its stream ask for.

    Stream: the credit of the order.
    """

    TYPE: ClassVar[str] = "order_credit.followed"
    order_credit_id: str
    order_id: str
    order_version: int

"""Commands on a reservation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class ReserveCredit:
    """Decide an order, amount in minor units, and reserve the amount if it is accepted."""

    reservation_id: str
    customer_id: str
    order_ref: str
    amount_minor: int
    currency: str
    deliver_on: date | None
    expires_on: date | None
    """``None``: :data:`risk_svc.domain.reservation.decide.EXPIRES_AFTER_DAYS` after the later of order and delivery."""


@dataclass(frozen=True, slots=True)
class RecheckReservation:
    """Decide a blocked order again; with ``quiet`` nothing is recorded unless it is accepted now."""

    reservation_id: str
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class OverrideReservation:
    """Accept a blocked order by authority."""

    reservation_id: str
    text: str


@dataclass(frozen=True, slots=True)
class DeliverReservation:
    """Goods of the order were delivered and are not billed yet; without an amount, all that is reserved."""

    reservation_id: str
    delivery_ref: str
    amount_minor: int | None
    currency: str | None


@dataclass(frozen=True, slots=True)
class ConsumeReservation:
    """A part of the order counts by an invoice or by a delivery of an order in Encours.

    Without an amount it is the rest of the order, at most what the invoice has left.
    """

    reservation_id: str
    invoice_id: str | None
    delivery_id: str | None
    amount_minor: int | None
    currency: str | None


@dataclass(frozen=True, slots=True)
class FollowOrder:
    """Have the reservations of an order in Encours follow it: reserve it, end what is delivered, free what is not."""

    order_id: str


@dataclass(frozen=True, slots=True)
class ReleaseReservation:
    """Free what is still reserved, or close a blocked order, on which only who may approve orders decides."""

    reservation_id: str
    text: str | None
    may_approve: bool = True


@dataclass(frozen=True, slots=True)
class ExpireReservation:
    """End a reservation whose last day has passed."""

    reservation_id: str

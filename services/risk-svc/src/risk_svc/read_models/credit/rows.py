"""Tables of ``credit``: customers, invoices, dated movements of the exposure, limit requests.

Movements are append-only and have a position and a business date. So exposure and score as of any date, as known at
any position, are one sum, and no row has versions.
"""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from encours.projection.rows import Row


class CreditCustomerRow(Row, kw_only=True):
    """A customer. ``exposures`` lists its exposure over all dates, one ``<currency>:<minor units>`` per currency."""

    TABLE: ClassVar[str] = "customer"
    KEY: ClassVar[tuple[str, ...]] = ("customer_id",)
    customer_id: str
    entity_id: str
    name: str
    from_position: int
    exposures: str


class ExposureRow(Row, kw_only=True):
    """One of a customer's ``exposures``, for the ranking: the total of its components, in one currency."""

    TABLE: ClassVar[str] = "exposure"
    KEY: ClassVar[tuple[str, ...]] = ("customer_id", "currency")
    INDEXES: ClassVar[tuple[str, ...]] = ("(currency, exposure_minor desc, customer_id)",)
    customer_id: str
    currency: str
    exposure_minor: int


class ExposureInvoiceRow(Row, kw_only=True):
    """A draft or an issued invoice; ``issued_position`` is ``None`` while it is a draft.

    ``drafted`` lists the draft's additions to the exposure, one ``<day>:<minor units>`` per day. An issue may be
    dated before such a day; it then reverses the addition on that day and not before.
    """

    TABLE: ClassVar[str] = "invoice"
    KEY: ClassVar[tuple[str, ...]] = ("invoice_id",)
    INDEXES: ClassVar[tuple[str, ...]] = ("(customer_id)", "(deposit_for) where deposit_for is not null")
    invoice_id: str
    customer_id: str
    currency: str
    drafted: str
    number: str | None
    issued_on: date | None
    due_on: date | None
    total_minor: int
    issued_position: int | None
    replaces: bool = False
    """Correction of an issued invoice: its draft adds the reservations alone that it has ended."""
    is_penalty: bool = False
    """A penalty document: exposure, but no evidence of its own of how the customer pays."""
    net_minor: int | None = None
    """Amount without VAT as it was issued, where it is known."""
    cleared_minor: int | None = None
    """Of a draft that needs a clearance: the part that counts, with the reservations that it has ended."""
    counted_minor: int = 0
    """Of a draft: reservations that it has ended, in its currency."""
    deposit_for: str | None = None
    """Of an issued deposit invoice: its reference, which may be the number of an order."""


class ExposureInstalmentRow(Row, kw_only=True):
    """An instalment of an invoice from an event on, never changed again."""

    TABLE: ClassVar[str] = "instalment"
    KEY: ClassVar[tuple[str, ...]] = ("invoice_id", "position", "due_on")
    invoice_id: str
    position: int
    due_on: date
    effective_on: date
    amount_minor: int


class ExposureMovementRow(Row, kw_only=True):
    """A change of a customer's exposure, signed minor units: its components side by side, and what was ever owed.

    ``disputed_minor`` includes ``conceded_minor``: claims that were accepted and not credited yet. ``available_on`` is
    the day of the payment's funds where the movement brings them. ``planned_minor`` is the part of an invoice that goes
    on a payment plan or leaves it.
    """

    TABLE: ClassVar[str] = "movement"
    KEY: ClassVar[tuple[str, ...]] = ("position", "line")
    INDEXES: ClassVar[tuple[str, ...]] = ("(customer_id, effective_on)",)
    FINAL: ClassVar[bool] = True
    position: int
    line: int
    customer_id: str
    currency: str
    invoice_id: str | None
    payment_id: str | None = None
    effective_on: date
    available_on: date | None = None
    open_minor: int = 0
    owed_minor: int = 0
    disputed_minor: int = 0
    conceded_minor: int = 0
    planned_minor: int = 0
    draft_minor: int = 0
    unapplied_minor: int = 0
    reserved_minor: int = 0
    delivered_minor: int = 0


class LimitRequestRow(Row, kw_only=True):
    """A limit request; its decision is effective on ``decided_on`` and known from ``decided_position``."""

    TABLE: ClassVar[str] = "limit_request"
    KEY: ClassVar[tuple[str, ...]] = ("limit_id",)
    INDEXES: ClassVar[tuple[str, ...]] = ("(customer_id)",)
    limit_id: str
    customer_id: str
    entity_id: str
    amount_minor: int
    currency: str
    max_days_past_due: int
    valid_until: date | None
    requested_position: int
    requested_on: date
    state: str
    approved_minor: int | None
    approved_max_days: int | None
    decided_position: int | None
    decided_on: date | None
    valid_from: date | None = None


class CreditRolesRow(Row, kw_only=True):
    """An assignment of roles around a customer, never changed again (``contracts/parties.py`` resolves them)."""

    TABLE: ClassVar[str] = "roles"
    KEY: ClassVar[tuple[str, ...]] = ("customer_id", "position")
    INDEXES: ClassVar[tuple[str, ...]] = ("(payer_id)", "(group_id)")
    customer_id: str
    position: int
    valid_from: date
    payer_id: str | None
    group_id: str | None


class ReservationRow(Row, kw_only=True):
    """An order on credit with its last decision, as it is now; ``decided_position`` is that of the decision.

    ``ordered_…`` are day and position of its first event, ``changed_…`` those of its last.
    """

    TABLE: ClassVar[str] = "reservation"
    KEY: ClassVar[tuple[str, ...]] = ("reservation_id",)
    INDEXES: ClassVar[tuple[str, ...]] = (
        "(customer_id)", "(order_ref)", "(status, expires_on)", "(changed_position)", "(changed_on)",
    )  # fmt: skip
    reservation_id: str
    customer_id: str
    entity_id: str
    holder_id: str
    order_ref: str
    status: str
    amount_minor: int
    currency: str
    reserved_minor: int
    delivered_minor: int
    deliver_on: date | None
    expires_on: date
    decision: str
    reasons: list[str]
    """Reasons of the last decision with its figures, each as JSON."""
    attempt: int
    decided_on: date
    decided_position: int
    waits_until: date | None = None
    ordered_on: date
    ordered_position: int
    changed_on: date
    changed_position: int


class OrderStateRow(ReservationRow, kw_only=True):
    """An order on credit as it was after one of its events, never changed again."""

    TABLE: ClassVar[str] = "order_state"
    KEY: ClassVar[tuple[str, ...]] = ("reservation_id", "changed_position")
    FINAL: ClassVar[bool] = True
    INDEXES: ClassVar[tuple[str, ...]] = ()


class OrderPolicyRow(Row, kw_only=True):
    """Entity with a credit policy: its orders in Encours need a reservation, or not."""

    TABLE: ClassVar[str] = "order_policy"
    KEY: ClassVar[tuple[str, ...]] = ("entity_id",)
    entity_id: str
    need_reservation: bool
    set_position: int
    """Position of the version in force."""


class FollowedOrderRow(Row, kw_only=True):
    """An order in Encours: version of its stream, and the one that its reservations follow."""

    TABLE: ClassVar[str] = "followed_order"
    KEY: ClassVar[tuple[str, ...]] = ("order_id",)
    INDEXES: ClassVar[tuple[str, ...]] = ("(entity_id, order_id) where version > followed_version",)
    order_id: str
    entity_id: str
    version: int
    followed_version: int


class DeliveredOrderRow(Row, kw_only=True):
    """An order in Encours: its amount, and the part that is delivered and not billed, net and with VAT."""

    TABLE: ClassVar[str] = "delivered_order"
    KEY: ClassVar[tuple[str, ...]] = ("order_id",)
    order_id: str
    net_minor: int
    total_minor: int
    unbilled_net_minor: int
    unbilled_minor: int

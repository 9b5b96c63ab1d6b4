"""Commands on a payment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from encours.contracts.common import Origin
from encours.contracts.payment import Method

Instructed = tuple[tuple[str, int] | tuple[str, int, str], ...]
"""Invoice, amount in minor units and, to be compared with the payment's, its currency."""


@dataclass(frozen=True, slots=True)
class ReceivePayment:
    """Funds are available since ``received_on``.

    ``allocations``: invoices and amounts as the caller instructs; ``None`` leaves it to the debtor's indication and
    the law, an empty tuple leaves all of it unapplied.
    """

    payment_id: str
    entity_id: str
    customer_id: str | None
    received_on: date
    amount_minor: int
    currency: str
    method: Method
    remittance_text: str | None = None
    external_ref: str | None = None
    origin: Origin = "issued"
    allocations: Instructed | None = None


@dataclass(frozen=True, slots=True)
class AllocatePayment:
    """Allocate unapplied cash to invoices; ``allocations`` ``None`` proposes as at the receipt."""

    payment_id: str
    allocations: Instructed | None
    customer_id: str | None = None
    """The payer, where the payment came without a known customer."""


@dataclass(frozen=True, slots=True)
class ReleasePayment:
    """Release allocations; ``None`` releases all that are in force."""

    payment_id: str
    allocation_ids: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class ReversePayment:
    """The payment was reversed by the bank on a day; today if not given."""

    payment_id: str
    on: date | None
    cause: str

"""What one can ask of a payment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from encours.contracts.common import Origin
from encours.contracts.payment import Method


@dataclass(frozen=True, slots=True)
class ReceivePayment:
    """Funds are available since ``received_on``.

    ``allocations``: pairs of invoice and amount as the caller instructs, in minor units; ``None`` leaves it to
    the debtor's indication and the law, an empty tuple leaves all of it unapplied.
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
    allocations: tuple[tuple[str, int], ...] | None = None


@dataclass(frozen=True, slots=True)
class AllocatePayment:
    """Put unapplied cash on invoices; ``allocations`` ``None`` proposes as at the receipt."""

    payment_id: str
    allocations: tuple[tuple[str, int], ...] | None
    customer_id: str | None = None
    """The payer, where the payment came without a known customer."""


@dataclass(frozen=True, slots=True)
class ReleasePayment:
    """Take allocations back; ``None`` all that stand."""

    payment_id: str
    allocation_ids: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class ReversePayment:
    """The payment came undone on a day."""

    payment_id: str
    on: date
    cause: str

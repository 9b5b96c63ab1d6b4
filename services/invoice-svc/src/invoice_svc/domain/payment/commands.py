"""Commands on a payment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from encours.contracts.common import Origin
from encours.contracts.events.money.payment import Method, ReversalKind
from encours.contracts.events.money.residual import ResidualReason
from encours.kernel.money import Money


@dataclass(frozen=True, slots=True)
class AgreedRate:
    """Exchange rate that the caller gives, such as the bank's: units of ``quote`` for one unit of ``base``.

    ``on`` is the day of the payment if not given. ``confirmed``: the rate is meant, however far from the published one.
    """

    base: str
    quote: str
    rate: str
    source: str
    on: date | None = None
    confirmed: bool = False


class Instruction(NamedTuple):
    """An allocation that the caller instructs: an amount in the currency of the payment or of the invoice."""

    invoice_id: str
    amount_minor: int
    currency: str | None = None
    """The payment's if not given."""
    exchange: AgreedRate | None = None
    residual: ResidualReason | None = None
    """Reason for which what is then left of the invoice is closed."""


Instructed = tuple[tuple[str, int] | tuple[str, int, str] | Instruction, ...]
"""Instructions, in short: invoice, amount in minor units and, optionally, its currency."""


@dataclass(frozen=True, slots=True)
class ReceivePayment:
    """Record a payment whose funds have been available since ``received_on``.

    ``allocations``: instructions of the caller; ``None`` allocates by the debtor's indication and the law, an empty
    tuple leaves the whole payment unapplied.
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
    advice_id: str | None = None
    """Remittance advice by which it is allocated, where the caller has found the one that announces it."""
    charges_minor: int | None = None
    """Charges that the bank states to have kept."""
    instrument_id: str | None = None
    """Cheque, bill or note that is paid."""


@dataclass(frozen=True, slots=True)
class AllocatePayment:
    """Allocate unapplied cash to invoices; ``allocations`` ``None`` applies the rules of a receipt."""

    payment_id: str
    allocations: Instructed | None
    customer_id: str | None = None
    """The payer of a payment that was recorded without a customer."""


@dataclass(frozen=True, slots=True)
class ReleasePayment:
    """Release allocations; ``None`` releases all that are in force."""

    payment_id: str
    allocation_ids: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class ReversePayment:
    """Reverse a payment that the bank returned on a day; today if not given.

    ``amount`` is the part that went back; ``None`` for all that is left of the payment. ``allocation_ids`` names the
    allocations that it takes first. ``reversal_id`` is given with the command; ``line_id`` is the bank line that is
    the return.
    """

    payment_id: str
    on: date | None
    cause: str
    amount: Money | None = None
    allocation_ids: tuple[str, ...] = ()
    kind: ReversalKind = "other"
    return_code: str | None = None
    reference: str | None = None
    reversal_id: str | None = None
    line_id: str | None = None
    charges_minor: int | None = None


@dataclass(frozen=True, slots=True)
class RestoreReversal:
    """Restore what a reversal took that was recorded wrongly."""

    payment_id: str
    reversal_id: str
    cause: str


@dataclass(frozen=True, slots=True)
class ReassignPayment:
    """Move a payment to the customer who paid; ``allocations`` ``None`` applies the rules of a receipt."""

    payment_id: str
    customer_id: str
    cause: str
    allocations: Instructed | None = None

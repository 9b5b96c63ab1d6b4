"""Commands on a dispute."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from encours.contracts.events.dispute import Category, Outcome
from invoice_svc.domain.invoice.commands import CreditInvoice


@dataclass(frozen=True, slots=True)
class OpenDispute:
    """The customer contests an amount; ``None`` is all that is outstanding and not contested yet.

    ``opened_on`` is today if not given; ``currency`` is that of the amount, to be compared with the invoice's.
    """

    dispute_id: str
    invoice_id: str
    category: Category
    amount_minor: int | None
    text: str
    owner: str | None
    opened_on: date | None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class ResolveDispute:
    """End of a dispute. ``credited``: the creditor accepts the claim.

    ``credit`` makes its credit note in the same step; one without an amount is over what awaits one. ``on`` is today if
    not given.
    """

    dispute_id: str
    outcome: Outcome
    on: date | None
    text: str | None = None
    credit: CreditInvoice | None = None

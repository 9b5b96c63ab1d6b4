"""Commands on a dispute."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from encours.contracts.common import KeptEvidence
from encours.contracts.events.sales.dispute import Category, DisputeKind, DisputeOutcome, ResolvedPart
from invoice_svc.domain.invoice.commands import CreditInvoice


@dataclass(frozen=True, slots=True)
class OpenDispute:
    """The customer contests an amount; ``None`` is all that is outstanding and not contested yet.

    ``opened_on`` is today if not given; ``currency`` is that of the amount, to be compared with the invoice's. Without
    a category it follows from the debtor's ``code``; owner and deadline from the category.
    """

    dispute_id: str
    invoice_id: str
    category: Category | None
    amount_minor: int | None
    text: str
    owner: str | None
    opened_on: date | None
    currency: str | None = None
    kind: DisputeKind = "dispute"
    code: str | None = None
    answer_by: date | None = None
    payment_id: str | None = None
    follows: str | None = None
    evidence: tuple[KeptEvidence, ...] = ()


@dataclass(frozen=True, slots=True)
class AssignDispute:
    """Owner or deadline from now on; ``None`` leaves what there is."""

    dispute_id: str
    owner: str | None
    answer_by: date | None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class CommentDispute:
    """A remark, with any documents."""

    dispute_id: str
    text: str
    evidence: tuple[KeptEvidence, ...] = ()


@dataclass(frozen=True, slots=True)
class RaiseDispute:
    """The customer contests more of the invoice: ``amount_minor`` is added. ``on`` is today if not given."""

    dispute_id: str
    amount_minor: int
    currency: str
    text: str
    on: date | None = None


@dataclass(frozen=True, slots=True)
class ResolveDispute:
    """End of a dispute. ``credited``: the creditor accepts the claim; ``split``: it has ``parts``.

    With an amount below what is contested only that part ends. ``credit`` makes the credit note of what is accepted
    in the same step; one without an amount is over what awaits one. ``on`` is today if not given.
    """

    dispute_id: str
    outcome: DisputeOutcome
    on: date | None
    text: str | None = None
    credit: CreditInvoice | None = None
    amount_minor: int | None = None
    currency: str | None = None
    parts: tuple[ResolvedPart, ...] = ()

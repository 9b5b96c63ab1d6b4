"""Commands on a line of a bank statement."""

from __future__ import annotations

from dataclasses import dataclass

from invoice_svc.domain.payment.commands import Instructed


@dataclass(frozen=True, slots=True)
class MatchLine:
    """Book a line as a payment: one that is recorded already, a proposal, or as the person instructs.

    Without any of these the bank text tells what is paid, as for a payment without instructions.
    """

    line_id: str
    payment_id: str | None = None
    proposal: int | None = None
    """Number of the proposal, from 1."""
    customer_id: str | None = None
    allocations: Instructed | None = None


@dataclass(frozen=True, slots=True)
class CorrectLine:
    """Withdraw the decision on a line, for a reason, and book it anew."""

    match: MatchLine
    cause: str


@dataclass(frozen=True, slots=True)
class IgnoreLine:
    """Leave a line out: it is no payment of a customer."""

    line_id: str
    cause: str


@dataclass(frozen=True, slots=True)
class UndoLine:
    """Withdraw the decision on a line; a payment that was recorded with it is reversed."""

    line_id: str
    cause: str

"""Allocation of a payment to invoices (C. civ. 1342-10).

The order is: instructions of the creditor's user; the debtor's indication at payment; the oldest due debts. The rest
remains unapplied cash of the customer. A contested amount is no certain debt, so only an instruction or the debtor's
own indication settles it. If the indication is unclear, no other rule applies: the rest remains unapplied until a
person allocates it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from invoice_svc.domain.invoice.state import Invoice
from invoice_svc.domain.payment.indication import Indication, indication

Rule = Literal["instructed", "debtor_indication", "oldest_due"]

BASIS: Mapping[Rule, str] = {
    "instructed": "instruction of the creditor's user",
    "debtor_indication": "C. civ. 1342-10 al. 1",
    "oldest_due": "C. civ. 1342-10 al. 2",
}


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a payment for an invoice, with the rule and its evidence."""

    invoice_id: str
    amount_minor: int
    rule: Rule
    evidence: str | None


@dataclass(frozen=True, slots=True)
class Proposal:
    """Shares of a payment, and the words of the debtor that do not identify one invoice."""

    shares: list[Share]
    unclear: tuple[str, ...] = ()


def propose(amount_minor: int, invoices: Sequence[Invoice], text: str | None) -> Proposal:
    """Return shares of the amount on open invoices of one customer and currency, in the order of the rules."""
    by_number = {invoice.number: invoice for invoice in invoices if invoice.number}
    found = indication(text, by_number)
    indicated = _by_indication(amount_minor, by_number, found)
    if found.unclear:
        return Proposal(indicated, found.unclear)
    left = amount_minor - sum(share.amount_minor for share in indicated)
    taken = {share.invoice_id for share in indicated}
    rest = [invoice for invoice in invoices if invoice.invoice_id not in taken]
    return Proposal(indicated + _by_age(left, rest))


def _by_indication(amount_minor: int, by_number: Mapping[str, Invoice], found: Indication) -> list[Share]:
    shares: list[Share] = []
    for citation in found.cited:
        invoice = by_number[citation.number]
        share = min(amount_minor, invoice.outstanding_minor)
        if share > 0:
            shares.append(Share(invoice.invoice_id, share, "debtor_indication", citation.words))
            amount_minor -= share
    return shares


def _by_age(amount_minor: int, invoices: Sequence[Invoice]) -> list[Share]:
    shares: list[Share] = []
    for invoice in sorted(invoices, key=_age):
        share = min(amount_minor, invoice.outstanding_minor - invoice.disputed_minor)
        if share > 0:
            shares.append(Share(invoice.invoice_id, share, "oldest_due", f"due {invoice.due_on}"))
            amount_minor -= share
    return shares


def _age(invoice: Invoice) -> tuple[date, date, str]:
    return (invoice.due_on or date.max, invoice.issued_on or date.max, invoice.number or "")

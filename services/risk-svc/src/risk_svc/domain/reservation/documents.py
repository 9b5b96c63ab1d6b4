"""Invoices and deliveries by which the goods of an order count without its reservation."""

from __future__ import annotations

from dataclasses import dataclass, replace

from encours.contracts import Recorded
from encours.contracts.events.invoice import (
    InvoiceAmended,
    InvoiceCancelled,
    InvoiceCredited,
    InvoiceDrafted,
    InvoiceIssued,
    InvoiceRebated,
)


@dataclass(frozen=True, slots=True)
class BillingInvoice:
    """An invoice or its draft; ``customers`` order the goods, or are billed for them.

    ``drafted_for``: the customer in whose exposure the draft counts; empty once it is issued.
    """

    counts: bool = False
    customers: frozenset[str] = frozenset()
    total_minor: int = 0
    currency: str = ""
    drafted_for: str = ""
    corrects: str = ""
    """Invoice in whose place this one comes."""
    left_minor: int = 0
    """Part of the total that no credit note has taken off."""
    last_credited_minor: int = 0

    def replaced_minor(self, by: BillingInvoice) -> int:
        """Return what is left of it for its correction ``by``, the issue of which credits that as a whole."""
        return self.left_minor + (0 if by.drafted_for else self.last_credited_minor)


def evolve_invoice(state: BillingInvoice, recorded: Recorded) -> BillingInvoice:
    """Return the state after one more event of an invoice."""
    match recorded.data:
        case InvoiceDrafted() as draft:
            customers = frozenset({draft.customer_id})
            corrects = draft.corrects.invoice_id if draft.corrects else ""
            return BillingInvoice(
                True, customers, draft.total_minor, draft.currency, draft.customer_id, corrects
            )
        case InvoiceAmended(total_minor=total_minor):
            return replace(state, total_minor=total_minor)
        case InvoiceIssued(customer_id=billed) as issued:
            customers = frozenset({billed, issued.purchaser_id or billed})
            corrects, minor = issued.corrects.invoice_id if issued.corrects else "", issued.total_minor
            return BillingInvoice(
                True, customers, minor, issued.currency, corrects=corrects, left_minor=minor
            )
        case InvoiceCredited(total_minor=minor):
            return replace(state, left_minor=state.left_minor - minor, last_credited_minor=minor)
        case InvoiceRebated(total_minor=minor):
            return replace(state, left_minor=state.left_minor - minor)
        case InvoiceCancelled():
            return replace(state, counts=False)
        case _:
            return state


@dataclass(frozen=True, slots=True)
class Uncounted:
    """Part of an invoice or a delivery that ends no order yet, in minor units of two currencies."""

    minor: int
    """In the currency of the document."""
    in_order_minor: int
    """In the currency of the reservation."""

    def part(self, amount_minor: int) -> int:
        """Return the part that an amount of the reservation is, rounded up, so that nothing of it ends two orders."""
        if amount_minor >= self.in_order_minor:
            return self.minor
        return -(-amount_minor * self.minor // self.in_order_minor)

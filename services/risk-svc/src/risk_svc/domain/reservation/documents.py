"""Invoices and deliveries by which the goods of an order count without its reservation."""

from __future__ import annotations

from dataclasses import dataclass, replace

from encours.contracts import Recorded
from encours.contracts.events.invoice import InvoiceAmended, InvoiceCancelled, InvoiceDrafted, InvoiceIssued


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


def evolve_invoice(state: BillingInvoice, recorded: Recorded) -> BillingInvoice:
    """Return the state after one more event of an invoice."""
    match recorded.data:
        case InvoiceDrafted() as draft:
            customers = frozenset({draft.customer_id})
            return BillingInvoice(True, customers, draft.total_minor, draft.currency, draft.customer_id)
        case InvoiceAmended(total_minor=total_minor):
            return replace(state, total_minor=total_minor)
        case InvoiceIssued(customer_id=billed) as issued:
            customers = frozenset({billed, issued.purchaser_id or billed})
            return BillingInvoice(True, customers, issued.total_minor, issued.currency)
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

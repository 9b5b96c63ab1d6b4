"""Invoices and deliveries by which the goods of an order count without its reservation."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from uuid import UUID

from encours.contracts import Recorded
from encours.contracts.common import CitedDelivery
from encours.contracts.events.invoice import (
    InvoiceAmended,
    InvoiceCancelled,
    InvoiceCredited,
    InvoiceDrafted,
    InvoiceIssued,
    InvoiceRebated,
    ShareUndisputed,
)


@dataclass(frozen=True, slots=True)
class BillingInvoice:
    """An invoice or its draft; ``customers`` order the goods, or are billed for them. Penalties do not count.

    ``drafted_for``: the customer in whose exposure the draft counts; empty once it is issued.
    """

    counts: bool = False
    customers: frozenset[str] = frozenset()
    currency: str = ""
    drafted_for: str = ""
    corrects: str = ""
    """Invoice in whose place this one comes."""
    billed_minor: int = 0
    """Part of the total for goods that no credit note or accepted claim took off, before any rebate on their price."""
    left_minor: int = 0
    """Part of the total that no credit note or rebate has taken off."""
    conceded_minor: int = 0
    """Part of ``left_minor`` in accepted claims, which wait for their credit note."""
    issued_by: UUID | None = None
    """Command that issued it."""
    deliveries: tuple[tuple[str, str], ...] = ()
    """Deliveries that it bills, each with its order."""
    deposits: tuple[str, ...] = ()
    """Deposit invoices that the draft will deduct; empty once it is issued, as its total is what they leave."""
    lines: int = 0
    """Lines of the draft."""
    last_credited_minor: int = 0
    last_credited_by: UUID | None = None

    def replaced_minor(self, by: BillingInvoice) -> int:
        """Return what was left of it as its correction ``by`` was issued, in the command that has credited that."""
        return self.last_credited_minor if self.last_credited_by == by.issued_by else 0

    def taken_off(self, *, credited_minor: int = 0, conceded_minor: int = 0) -> BillingInvoice:
        """Return it with less left of it, or with another part of that in claims; a rebate keeps its share."""
        left, conceded = self.left_minor - credited_minor, self.conceded_minor + conceded_minor
        before, after = self.left_minor - self.conceded_minor, max(0, left - conceded)
        billed = self.billed_minor * after // before if before > 0 else 0
        return replace(self, billed_minor=billed, left_minor=left, conceded_minor=conceded)


def evolve_invoice(state: BillingInvoice, recorded: Recorded) -> BillingInvoice:
    """Return the state after one more event of an invoice."""
    match recorded.data:
        case InvoiceDrafted(total_minor=minor) as draft:
            corrects = draft.corrects.invoice_id if draft.corrects else ""
            customers = frozenset({draft.customer_id})
            counts = draft.purpose != "penalty"
            found = BillingInvoice(
                counts, customers, draft.currency, draft.customer_id, corrects, minor, minor
            )
            cited = _cited(draft.deliveries)
            return replace(found, deliveries=cited, deposits=draft.deposits, lines=len(draft.lines))
        case InvoiceAmended(total_minor=minor, lines=lines, deposits=deposits):
            return replace(state, billed_minor=minor, left_minor=minor, deposits=deposits, lines=len(lines))
        case InvoiceIssued(customer_id=billed, total_minor=minor) as issued:
            customers = frozenset({billed, issued.purchaser_id or billed})
            corrects, by = issued.corrects.invoice_id if issued.corrects else "", recorded.command_id
            counts = issued.purpose != "penalty"
            found = BillingInvoice(
                counts, customers, issued.currency, "", corrects, minor, minor, issued_by=by
            )
            return replace(found, deliveries=_cited(issued.deliveries), lines=state.lines)
        case InvoiceCredited(total_minor=minor, awaited_minor=awaited):
            after = state.taken_off(credited_minor=minor, conceded_minor=-awaited)
            return replace(after, last_credited_minor=minor, last_credited_by=recorded.command_id)
        case ShareUndisputed(awaiting_credit_minor=minor):
            return state.taken_off(conceded_minor=minor)
        case InvoiceRebated(total_minor=minor):
            return replace(state, left_minor=state.left_minor - minor)
        case InvoiceCancelled():
            return replace(state, counts=False)
        case _:
            return state


def _cited(deliveries: Iterable[CitedDelivery]) -> tuple[tuple[str, str], ...]:
    return tuple((each.order_id, each.delivery_id) for each in deliveries)


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

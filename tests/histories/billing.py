"""Amounts that invoices bill, and what of them has ended reservations: a naive count of the events.

An invoice and its corrections are one family, which bills goods once. Credit notes take goods off: first those that
have ended no reservation, as those are ordered still.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from uuid import UUID

from encours.contracts import Recorded
from encours.contracts.common import CitedInvoice
from encours.contracts.events.invoice import (
    InvoiceAmended,
    InvoiceCancelled,
    InvoiceCredited,
    InvoiceDrafted,
    InvoiceIssued,
)
from encours.contracts.events.reservation import OrderBillingCounted, OrderDeliveryCounted
from encours.kernel.errors import DomainError
from risk_svc.domain.reservation.commands import ConsumeReservation
from tests.histories.credit import CreditDesk


class BilledGoods:
    """Return what each invoice bills that has ended no reservation yet."""

    def __init__(self, events: Iterable[Recorded]) -> None:
        self.root: dict[str, str] = {}
        """First invoice of the family of each."""
        self.customers: dict[str, str] = {}
        self.drafts: dict[str, int] = {}
        self.last: dict[str, str] = {}
        """Invoice that stands for its family."""
        self.deliveries: dict[str, list[str]] = {}
        self.deposits: dict[str, tuple[str, ...]] = {}
        """Of a draft: deposit invoices that it will deduct."""
        self.lines, self.ended = Counter[str](), Counter[str]()
        self.billed, self.covered, self.by_draft = Counter[str](), Counter[str](), Counter[str]()
        self.kept: dict[tuple[str, UUID], int] = {}
        for each in events:
            self._add(each)

    def room(self, invoice_id: str) -> int:
        """Return the amount for which an invoice may end reservations."""
        root = self.root[invoice_id]
        by_deliveries = sum(self.ended[each] for each in self.deliveries[invoice_id])
        by_deliveries = max(0, by_deliveries - self.lines[invoice_id])
        if invoice_id in self.drafts:
            before = by_deliveries if root == invoice_id else self.billed[root]
            before += sum(self.billed[each] for each in self.deposits[invoice_id])
            return max(0, self.drafts[invoice_id] - before - self.by_draft[invoice_id])
        if self.last.get(root) != invoice_id:
            return 0
        return max(0, self.billed[root] - self.covered[root] - by_deliveries)

    def _add(self, e: Recorded) -> None:
        match e.data:
            case InvoiceDrafted(invoice_id=name, total_minor=minor) as draft:
                self._join(name, draft.corrects)
                self.drafts[name], self.customers[name] = minor, draft.customer_id
                self.lines[name] = len(draft.lines)
                self.deliveries[name] = [each.delivery_id for each in draft.deliveries]
                self.deposits[name] = draft.deposits
            case InvoiceAmended(invoice_id=name, total_minor=minor, lines=lines, deposits=deposits):
                self.drafts[name], self.lines[name], self.deposits[name] = minor, len(lines), deposits
            case InvoiceCancelled(invoice_id=name):
                del self.drafts[name]
            case InvoiceIssued(invoice_id=name, total_minor=minor) as issued:
                root = self._join(name, issued.corrects)
                self.drafts.pop(name, None)
                self.customers[name] = issued.customer_id
                self.deliveries[name] = [each.delivery_id for each in issued.deliveries]
                before = self.kept.get((root, e.command_id), 0)
                self.last[root], self.billed[root] = name, minor
                self.covered[root] = min(minor, before + self.by_draft[name])
            case InvoiceCredited(invoice_id=name, total_minor=minor):
                root = self.root[name]
                self.kept[root, e.command_id] = self.covered[root]
                self.billed[root] -= minor
                self.covered[root] = min(self.covered[root], self.billed[root])
            case OrderBillingCounted(invoice_id=name, amount_minor=minor):
                self.by_draft[name] += minor if name in self.drafts else 0
                self.covered[self.root[name]] += 0 if name in self.drafts else minor
            case OrderDeliveryCounted(delivery_id=delivery, amount_minor=minor):
                self.ended[delivery] += minor
            case _:
                pass

    def _join(self, name: str, corrects: CitedInvoice | None) -> str:
        return self.root.setdefault(name, self.root[corrects.invoice_id] if corrects else name)


def end_what_is_billed(desk: CreditDesk, invoice_id: str, n: int) -> int:
    """End an order of the invoice's customer by it, and compare the amount with that of the naive count.

    Return that amount, 0 if the customer has no order to end.
    """
    billed = BilledGoods(desk.books.ledger.events)
    made = [desk.reservation(each) for each in desk.reservation_ids()]
    made = [each for each in made if each.customer_id == billed.customers[invoice_id]]
    waiting = [each for each in made if each.reserved_minor + each.delivered_minor]
    if not waiting:
        return 0
    before = waiting[n % len(waiting)]
    ending = ConsumeReservation(before.reservation_id, invoice_id, None, None, None)
    refused = None
    try:
        desk.consume(ending)
    except DomainError as refusal:
        refused = refusal.code
    ended = desk.reservation(before.reservation_id).consumed_minor - before.consumed_minor
    assert ended == min(billed.room(invoice_id), before.reserved_minor + before.delivered_minor)
    assert bool(ended) == (refused is None), refused
    return ended

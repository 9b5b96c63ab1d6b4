"""Open invoices of customers while lines are being recorded, without waiting for a read model.

Exact, because only one feeder records imported lines, those of a customer in order: it reads the open invoices from
the read model once and then follows the movements of its own events. The use cases verify the result.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from encours.contracts import Recorded
from encours.contracts.books import Movement, movements
from encours.contracts.events.invoice import InvoiceIssued
from invoice_svc.domain.payment.indication import naming

CLOSED_KEPT = 50_000
"""Closed invoices kept in case a payment is reversed; beyond these the customer is looked up again."""


@dataclass(slots=True)
class BookInvoice:
    """An invoice and its outstanding amount in minor units."""

    invoice_id: str
    number: str
    due_on: date
    open_minor: int


class OpenInvoiceLookup(Protocol):
    """Query for the open invoices of a customer at a position or later."""

    async def __call__(self, customer_id: str, position: int) -> list[BookInvoice]: ...


class Book:
    """Open invoices by customer."""

    def __init__(self, before: OpenInvoiceLookup, position: int) -> None:
        self._before = before
        self._position = position
        self._later: dict[str, int] = {}
        self._by_customer: dict[str, dict[str, BookInvoice]] = {}
        self._closed: dict[str, BookInvoice] = {}

    def begin(self, customer_id: str) -> None:
        """Add a new customer without open invoices."""
        self._by_customer.setdefault(customer_id, {})

    async def know(self, customer_id: str) -> None:
        """Look up the customer's open invoices unless they are in the book."""
        if customer_id not in self._by_customer:
            found = await self._before(customer_id, self._later.get(customer_id, self._position))
            self._by_customer[customer_id] = {invoice.invoice_id: invoice for invoice in found}

    def candidates(self, customer_id: str, text: str | None) -> list[str]:
        """Return ids of open invoices: those that the bank text may name, then by due date."""
        invoices = self._by_customer.get(customer_id, {}).values()
        if len(invoices) < 2:
            return [invoice.invoice_id for invoice in invoices]
        by_age = sorted(invoices, key=lambda invoice: (invoice.due_on, invoice.number))
        may_name = naming(text)
        named = [invoice for invoice in by_age if may_name(invoice.number)]
        return list(dict.fromkeys(invoice.invoice_id for invoice in [*named, *by_age]))

    def note(self, events: Iterable[Recorded]) -> None:
        """Apply events that a command appended. Customers that are not in the book are looked up later."""
        for event in events:
            data = event.data
            if isinstance(data, InvoiceIssued) and data.customer_id in self._by_customer:
                opened = BookInvoice(data.invoice_id, data.number, data.due_on, 0)
                self._by_customer[data.customer_id][data.invoice_id] = opened
            for moved in movements(event):
                if moved.invoice_id is not None and moved.item_minor:
                    self._move(moved, moved.invoice_id, event.position)

    def _move(self, moved: Movement, invoice_id: str, position: int) -> None:
        customer_id = moved.customer_id
        own = self._by_customer.get(customer_id)
        if own is None:
            self._later[customer_id] = position
            return
        invoice = own.get(invoice_id) or self._closed.pop(invoice_id, None)
        if invoice is None:
            # Closed before this feeder began, and open again: look the customer up again.
            del self._by_customer[customer_id]
            self._later[customer_id] = position
            return
        invoice.open_minor += moved.item_minor
        if invoice.open_minor > 0:
            own[invoice_id] = invoice
        else:
            own.pop(invoice_id, None)
            self._closed[invoice_id] = invoice
            if len(self._closed) > CLOSED_KEPT:
                del self._closed[next(iter(self._closed))]

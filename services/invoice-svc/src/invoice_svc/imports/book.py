"""Open invoices of customers while lines are being recorded, without waiting for a read model.

Exact, because one feeder at a time records imported lines and keeps the order of a customer: the open invoices at its
begin come from the read model once, the rest from the movements of the events that it appends itself. The use cases
verify it anyway.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from encours.contracts import Recorded
from encours.contracts.books import Movement, movements
from encours.contracts.invoice import InvoiceIssued
from invoice_svc.domain.payment.indication import cited

CLOSED_KEPT = 50_000
"""Closed invoices that are remembered, should a payment be reversed; for others the customer is looked up anew."""


@dataclass(slots=True)
class BookInvoice:
    """An invoice and what is outstanding on it, minor units."""

    invoice_id: str
    number: str
    due_on: date
    open_minor: int


class OpenInvoiceLookup(Protocol):
    """Query for invoices that were open before this process began to feed; at that position or later."""

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
        """The customer is new: nothing is open."""
        self._by_customer.setdefault(customer_id, {})

    async def know(self, customer_id: str) -> None:
        """Look up what is open, the first time that the customer comes by."""
        if customer_id not in self._by_customer:
            found = await self._before(customer_id, self._later.get(customer_id, self._position))
            self._by_customer[customer_id] = {invoice.invoice_id: invoice for invoice in found}

    def candidates(self, customer_id: str, text: str | None) -> list[str]:
        """Open invoices: those that the bank text names, then by due date."""
        invoices = self._by_customer.get(customer_id, {}).values()
        if len(invoices) < 2:
            return [invoice.invoice_id for invoice in invoices]
        by_number = {invoice.number: invoice.invoice_id for invoice in invoices}
        named = [by_number[citation.number] for citation in cited(text, by_number)]
        by_age = sorted(invoices, key=lambda invoice: (invoice.due_on, invoice.number))
        return list(dict.fromkeys([*named, *(invoice.invoice_id for invoice in by_age)]))

    def note(self, events: Iterable[Recorded]) -> None:
        """Take in what a command appended. Customers that have not come by are looked up when they do."""
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
            # Closed before this feeder began, and open again: look the customer up anew.
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

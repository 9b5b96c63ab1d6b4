"""Content of a document that comes before an invoice: a quote, an order, a recurring invoice.

It is reckoned as that of an invoice, so that the invoice made from it has the same lines, VAT and total.
"""

from __future__ import annotations

from datetime import date

from msgspec import Struct

from encours.contracts.common import DocumentContent, Particulars
from invoice_svc.domain.amounts.adjustments import as_input
from invoice_svc.domain.amounts.sums import currency_of, line_input, reckon
from invoice_svc.domain.customer.state import Customer
from invoice_svc.domain.entity.state import Entity
from invoice_svc.domain.invoice.commands import Content
from invoice_svc.domain.invoice.content import stated
from invoice_svc.domain.terms import settled

_DIGITS = 10
NO_CONTENT = DocumentContent(supply_on=None, lines=(), vat=(), terms=None, reference=None, salesperson=None)
"""Content of a document before its first event."""


class ReckonedDocument(Struct, frozen=True):
    """Content with its currency and totals, in minor units."""

    content: DocumentContent
    currency: str
    net_minor: int
    vat_minor: int
    total_minor: int


def reckon_document(
    content: Content, currency: str | None, entity: Entity, customer: Customer, day: date
) -> ReckonedDocument:
    """Return the content with its sums; ``day`` is that of the law for terms.

    Raises :class:`Invalid` with a pointer to the fault.
    """
    known = currency_of(currency, content.lines, entity.currency)
    sums = reckon(content.lines, known, content.adjustments)
    return ReckonedDocument(
        content=DocumentContent(
            supply_on=content.supply_on,
            lines=sums.lines,
            vat=sums.vat,
            terms=None
            if content.terms is None
            else settled(content.terms, known, entity.country, day, "/terms"),
            reference=content.reference,
            salesperson=content.salesperson or customer.salesperson,
            adjustments=sums.adjustments,
            particulars=stated(content.particulars),
        ),
        currency=known,
        net_minor=sums.net_minor,
        vat_minor=sums.vat_minor,
        total_minor=sums.total_minor,
    )


def content_again(content: DocumentContent, currency: str) -> Content:
    """Return the content as a command for an invoice takes it."""
    lines_minor = sum(line.net_minor for line in content.lines)
    return Content(
        supply_on=content.supply_on,
        lines=tuple(line_input(line, currency) for line in content.lines),
        terms=content.terms,
        reference=content.reference,
        salesperson=content.salesperson,
        adjustments=tuple(as_input(each, currency, lines_minor) for each in content.adjustments),
        particulars=content.particulars or Particulars(),
    )


def made_number(prefix: str, identifier: str, day: date) -> str:
    """Return a number that names a document to people: its kind, the year, and digits of its id."""
    return f"{prefix}-{day.year}-{identifier[-_DIGITS:].upper()}"

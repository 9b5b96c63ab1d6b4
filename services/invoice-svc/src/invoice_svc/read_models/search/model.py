"""The part of the lists that is searched. Earlier contents are kept, so that a search of the past finds them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never, cast

from msgspec.structs import replace

from encours.contracts import Recorded
from encours.contracts.events.invoice import InvoiceAmended, InvoiceDrafted, InvoiceIssued
from encours.contracts.events.parties.customer import CustomerAmended, CustomerRegistered
from encours.projection.parts import Part
from encours.projection.row_cache import RowCache
from encours.projection.rows import Key, Row
from invoice_svc.read_models.known import known
from invoice_svc.read_models.search.rows import CURRENT, CustomerNameRow, InvoiceWordsRow
from invoice_svc.read_models.search.words import (
    kept,
    number_words,
    of_text,
    one_line,
    reference_words,
    text_words,
)

_Content = InvoiceDrafted | InvoiceAmended | InvoiceIssued
_Read = CustomerRegistered | CustomerAmended | _Content


class Search(Part):
    """Words of invoices and names of customers."""

    rows = (InvoiceWordsRow, CustomerNameRow)
    applies = frozenset(event.TYPE for event in (CustomerRegistered, CustomerAmended, *_Content.__args__))

    def keys(self, e: Recorded) -> Iterable[tuple[type[Row], Key]]:
        """Rows that :meth:`project` reads."""
        match e.data:
            case InvoiceAmended() | InvoiceIssued():
                yield InvoiceWordsRow, (e.stream, CURRENT)
            case CustomerAmended():
                yield CustomerNameRow, (e.stream, CURRENT)

    def project(self, e: Recorded, rows: RowCache) -> None:
        """Apply one event."""
        event = cast(_Read, e.data)
        match event:
            case InvoiceDrafted():
                rows.put(_content(e, event, event.currency))
            case InvoiceAmended():
                before = known(InvoiceWordsRow, e, rows, e.stream, CURRENT)
                _replace(before, _content(e, event, before.currency), rows)
            case InvoiceIssued():
                _issue(e, event, rows)
            case CustomerRegistered():
                rows.put(_name(e, event.entity_id, event.name))
            case CustomerAmended():
                named = known(CustomerNameRow, e, rows, e.stream, CURRENT)
                after = _name(e, named.entity_id, event.name)
                if after.name_key != named.name_key:
                    rows.put(replace(named, edition=e.position))
                    rows.put(after)
            case _:
                assert_never(event)


def _issue(e: Recorded, event: InvoiceIssued, rows: RowCache) -> None:
    """Put the content of an issued invoice. The number is no content of its own: no draft is shown with one."""
    before = rows.get(InvoiceWordsRow, e.stream, CURRENT)
    after = _content(e, event, event.currency)
    after.words = kept(
        {*after.words.split(), *number_words(event.number), *of_text(before.words if before else "")}
    )
    if before is None:
        rows.put(after)
        return
    same = before.total_minor == after.total_minor and set(before.words.split()) <= set(after.words.split())
    if same and before.from_on <= after.from_on:
        after.from_position, after.from_on = before.from_position, before.from_on
        rows.put(after)
    else:
        _replace(before, after, rows)


def _replace(before: InvoiceWordsRow, after: InvoiceWordsRow, rows: RowCache) -> None:
    rows.put(replace(before, edition=after.from_position))
    rows.put(after)


def _content(e: Recorded, event: _Content, currency: str) -> InvoiceWordsRow:
    stated = event.particulars
    references = reference_words(
        event.reference, *((stated.buyer_reference, stated.contract) if stated is not None else ())
    )
    lines = () if isinstance(event, InvoiceIssued) else event.lines
    texts = text_words(
        event.salesperson,
        stated.delivered_to if stated is not None else None,
        *(text for line in lines for text in (line.description, line.product)),
    )
    return InvoiceWordsRow(
        invoice_id=e.stream,
        customer_id=event.customer_id,
        from_position=e.position,
        from_on=e.effective_on,
        currency=currency,
        total_minor=event.total_minor,
        words=kept(references | texts),
    )


def _name(e: Recorded, entity_id: str, name: str) -> CustomerNameRow:
    return CustomerNameRow(
        customer_id=e.stream, entity_id=entity_id, from_position=e.position, name_key=one_line(name)
    )

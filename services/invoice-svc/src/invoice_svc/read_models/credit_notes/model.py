"""The part of the lists that finds credit notes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from encours.contracts import Recorded
from encours.contracts.events.invoice import InvoiceCredited
from encours.contracts.events.money.payment import CreditNoteIssued
from encours.projection.parts import Part
from encours.projection.row_cache import RowCache
from encours.projection.rows import Key, Row
from invoice_svc.read_models.credit_notes.rows import CreditNoteRow

_Read = InvoiceCredited | CreditNoteIssued


class CreditNotes(Part):
    """Credit notes by entity, customer, invoice and date."""

    rows = (CreditNoteRow,)
    applies = frozenset(event.TYPE for event in _Read.__args__)

    def keys(self, e: Recorded) -> Iterable[tuple[type[Row], Key]]:
        """No row is read: a credit note does not change."""
        return ()

    def project(self, e: Recorded, rows: RowCache) -> None:
        """Apply one event."""
        event = cast(_Read, e.data)
        rows.put(
            CreditNoteRow(
                credit_note_id=event.credit_note_id,
                entity_id=e.entity,
                customer_id=event.customer_id,
                invoice_id=event.invoice_id if isinstance(event, InvoiceCredited) else None,
                number=event.number,
                issued_on=event.issued_on,
                currency=event.currency,
                net_minor=event.net_minor,
                vat_minor=event.vat_minor,
                total_minor=event.total_minor,
                cause=event.cause,
                position=e.position,
            )
        )

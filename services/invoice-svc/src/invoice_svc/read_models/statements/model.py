"""The part of the lists that keeps customers' accounts."""

from __future__ import annotations

from collections.abc import Iterable

from encours.contracts import Recorded
from encours.contracts.books import movements, moving
from encours.contracts.events.invoice import InvoiceCredited, InvoiceIssued
from encours.contracts.events.money.payment import CreditNoteIssued, PaymentReceived
from encours.projection.parts import Part
from encours.projection.row_cache import RowCache
from encours.projection.rows import Key, Row
from invoice_svc.read_models.statements.rows import StatementEntryRow


class Statements(Part):
    """Entries of customers' accounts by customer and date. Amounts come from the books alone."""

    rows = (StatementEntryRow,)
    applies = moving("account")

    def keys(self, e: Recorded) -> Iterable[tuple[type[Row], Key]]:
        """No row is read: an entry does not change."""
        return ()

    def project(self, e: Recorded, rows: RowCache) -> None:
        """Apply one event."""
        for entry, moved in enumerate(movements(e)):
            if moved.account_minor:
                rows.put(
                    StatementEntryRow(
                        customer_id=moved.customer_id,
                        position=e.position,
                        entry=entry,
                        entity_id=moved.entity,
                        currency=moved.currency,
                        effective_on=moved.effective_on,
                        kind=moved.kind,
                        document=_document(e),
                        invoice_id=moved.invoice_id,
                        payment_id=moved.payment_id,
                        amount_minor=moved.account_minor,
                    )
                )


def _document(e: Recorded) -> str | None:
    match e.data:
        case InvoiceIssued() | InvoiceCredited() | CreditNoteIssued() as event:
            return event.number
        case PaymentReceived() as event:
            return event.external_ref
        case _:
            return None
